//! The credentials of a plan: looked up by prefix, changed in place by patches.
//!
//! Those of the snapshot and its patches come first; a keyring loaded from a file, which outlives plans, after them.

pub mod keyring;
mod marks;
mod table;

use super::AppPlan;
use super::watch::Watch;
use crate::access::Grants;
use arc_swap::ArcSwapOption;
use keyring::Keyring;
pub(crate) use marks::Marks;
pub use marks::{Marked, Use};
use std::sync::Arc;
pub use table::{Row, Table};
use yett_model::snapshot::Networks;

/// A credential as the plan knows it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Id, shown in logs.
    pub id: Arc<str>,
    /// HMAC-SHA-256 of the key.
    pub hash: [u8; 32],
    /// Unix second from which it is refused.
    pub expires_at: Option<u64>,
    /// App it belongs to.
    pub app: Arc<AppPlan>,
    /// What it may use.
    pub grants: Arc<Grants>,
}

/// Whom credentials belong to, and what they may use.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The app.
    pub app: Arc<AppPlan>,
    /// What the credential may use.
    pub grants: Arc<Grants>,
}

impl Stored {
    fn of(row: Row<Holder>) -> Self {
        let Row { id, hash, expires_at, holder: Holder { app, grants } } = row;
        Self { id, hash, expires_at, app, grants }
    }
}

/// A keyring with what its holders are in this plan: `None` for an app that the plan does not have.
struct Hung {
    keyring: Arc<Keyring>,
    holders: Box<[Option<Holder>]>,
}

/// All credentials of a plan.
#[derive(Default)]
pub struct Credentials {
    own: Table<Holder>,
    hung: ArcSwapOption<Hung>,
    /// What is noticed of their use.
    pub watch: Arc<Watch>,
    /// When they are used from too many networks.
    pub(crate) networks: Networks,
}

impl Credentials {
    /// None yet; when they are used from too many networks is said by `networks`.
    #[must_use]
    pub fn watched(networks: Networks) -> Self {
        Self { networks, ..Self::default() }
    }

    /// Adds a credential, or replaces the one with the same id. There is no moment at which neither is there.
    pub fn put(&self, prefix: &str, stored: Stored) {
        let Stored { id, hash, expires_at, app, grants } = stored;
        self.own.put(prefix, Row { id, hash, expires_at, holder: Holder { app, grants } });
    }

    /// Removes a credential; whether there was one.
    pub fn drop(&self, id: &str) -> bool {
        let of_file = self.hung.load().as_ref().is_some_and(|hung| hung.keyring.table.drop(id));
        self.own.drop(id) | of_file
    }

    /// The credential with this prefix whose hash `matches` accepts.
    pub fn find(&self, prefix: &str, matches: impl Fn(&[u8]) -> bool) -> Option<Stored> {
        self.look(prefix, matches, None).map(|(stored, _)| stored)
    }

    /// The same, for a use of the credential: it is noted.
    pub fn find_used(&self, prefix: &str, matches: impl Fn(&[u8]) -> bool, seen: Use) -> Option<(Stored, Marked)> {
        self.look(prefix, matches, Some((seen, self.networks.window_minutes)))
    }

    fn look(&self, prefix: &str, matches: impl Fn(&[u8]) -> bool, seen: Option<(Use, u32)>) -> Option<(Stored, Marked)> {
        if let Some((row, marked)) = self.own.find(prefix, &matches, seen) {
            return Some((Stored::of(row), marked));
        }
        let hung = self.hung.load();
        let hung = hung.as_ref()?;
        let (row, marked) = hung.keyring.table.find(prefix, matches, seen)?;
        let holder = hung.holders.get(row.holder as usize)?.clone()?;
        Some((Stored::of(Row { id: row.id, hash: row.hash, expires_at: row.expires_at, holder }), marked))
    }

    /// The credential of an id.
    pub(crate) fn by_id(&self, id: &str) -> Option<Stored> {
        if let Some(row) = self.own.by_id(id) {
            return Some(Stored::of(row));
        }
        let hung = self.hung.load();
        let hung = hung.as_ref()?;
        let row = hung.keyring.table.by_id(id)?;
        let holder = hung.holders.get(row.holder as usize)?.clone()?;
        Some(Stored::of(Row { id: row.id, hash: row.hash, expires_at: row.expires_at, holder }))
    }

    /// The id of a credential with this prefix.
    #[must_use]
    pub fn named(&self, prefix: &str) -> Option<Arc<str>> {
        self.own.named(prefix).or_else(|| self.hung.load().as_ref()?.keyring.table.named(prefix))
    }

    /// The ids that were used in the Unix minute `since` or later, with the minute; at most `most` of them.
    #[must_use]
    pub fn used(&self, since: u32, most: usize) -> Vec<(Arc<str>, u32)> {
        let mut found = self.own.used(since, most);
        if let Some(hung) = self.hung.load().as_ref() {
            found.extend(hung.keyring.table.used(since, most - found.len()));
        }
        found
    }

    /// Takes over what is known of the uses of the same credentials in an earlier plan.
    pub(crate) fn inherit(&self, earlier: &Self) {
        self.own.inherit(&earlier.own);
    }

    /// Hangs up a keyring in the place of the one before; `resolve` says what a holder is in this plan. How many
    /// holders are nobody here.
    pub(crate) fn hang(&self, keyring: &Arc<Keyring>, resolve: impl Fn(&keyring::Name) -> Option<Holder>) -> usize {
        let holders: Box<[Option<Holder>]> = keyring.holders.iter().map(resolve).collect();
        let nobody = holders.iter().filter(|holder| holder.is_none()).count();
        self.hung.store(Some(Arc::new(Hung { keyring: keyring.clone(), holders })));
        nobody
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.len() + self.hung.load().as_ref().map_or(0, |hung| hung.keyring.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
