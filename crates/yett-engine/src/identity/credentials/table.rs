//! A table of credentials: found by prefix, changed by id, small enough for a million.
//!
//! A credential is about a hundred bytes and its id. The prefix itself is not kept: its hash finds the few entries whose
//! keyed hash is then compared, and that decides.

use super::marks::{Marked, Marks, Use};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Many small locks instead of one: look-ups by different workers do not meet.
const SHARDS: usize = 64;

/// A credential on its way into a table or out of it. `H` is whom it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<H> {
    /// Id, shown in logs.
    pub id: Arc<str>,
    /// HMAC-SHA-256 of the key.
    pub hash: [u8; 32],
    /// Unix second from which it is refused.
    pub expires_at: Option<u64>,
    /// Whom it belongs to.
    pub holder: H,
}

struct Entry<H> {
    prefix: u64,
    hash: [u8; 32],
    id: Arc<str>,
    expires_at: Option<NonZeroU64>,
    holder: H,
    marks: Marks,
}

impl<H: Clone> Entry<H> {
    fn row(&self) -> Row<H> {
        let expires_at = self.expires_at.map(|at| at.get() - 1);
        Row { id: self.id.clone(), hash: self.hash, expires_at, holder: self.holder.clone() }
    }
}

/// Entries one after the other, and where those of a prefix are.
struct Shard<H> {
    index: HashTable<u32>,
    entries: Vec<Entry<H>>,
}

impl<H> Default for Shard<H> {
    fn default() -> Self {
        Self { index: HashTable::new(), entries: Vec::new() }
    }
}

impl<H> Shard<H> {
    fn of_prefix(&self, prefix: u64) -> impl Iterator<Item = &Entry<H>> {
        let found = self.index.iter_hash(prefix).filter_map(|&at| self.entries.get(at as usize));
        found.filter(move |entry| entry.prefix == prefix)
    }

    fn position(&self, prefix: u64, id: &str) -> Option<u32> {
        let is_it = |at: &&u32| self.entries.get(**at as usize).is_some_and(|entry| *entry.id == *id);
        self.index.iter_hash(prefix).find(is_it).copied()
    }

    fn insert(&mut self, entry: Entry<H>) {
        let Ok(at) = u32::try_from(self.entries.len()) else { return };
        let prefix = entry.prefix;
        self.entries.push(entry);
        let entries = &self.entries;
        self.index.insert_unique(prefix, at, |&at| entries.get(at as usize).map_or(0, |entry| entry.prefix));
    }

    fn remove(&mut self, prefix: u64, id: &str) -> Option<Entry<H>> {
        let at = self.position(prefix, id)?;
        self.unlink(prefix, at);
        let removed = self.entries.swap_remove(at as usize);
        // The last one has moved into the gap.
        if let Some(moved) = self.entries.get(at as usize) {
            let before = self.entries.len() as u32;
            if let Ok(mut slot) = self.index.find_entry(moved.prefix, |&slot| slot == before) {
                *slot.get_mut() = at;
            }
        }
        Some(removed)
    }

    fn unlink(&mut self, prefix: u64, at: u32) {
        if let Ok(slot) = self.index.find_entry(prefix, |&slot| slot == at) {
            slot.remove();
        }
    }
}

/// The hash of an id, and that of the prefix under which it stands.
type Name = (u64, u64);

/// All credentials of one kind of holder.
pub struct Table<H> {
    shards: Box<[RwLock<Shard<H>>; SHARDS]>,
    names: RwLock<HashTable<Name>>,
    hasher: RandomState,
}

impl<H> Default for Table<H> {
    fn default() -> Self {
        Self {
            shards: Box::new(std::array::from_fn(|_| RwLock::default())),
            names: RwLock::new(HashTable::new()),
            hasher: RandomState::new(),
        }
    }
}

impl<H: Clone> Table<H> {
    /// Adds a credential, or replaces the one with the same id; whether it is new. There is no moment at which neither
    /// is there.
    pub fn put(&self, prefix: &str, row: Row<H>) -> bool {
        let (prefix, name) = (self.hasher.hash_one(prefix), self.hasher.hash_one(&*row.id));
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let before = self.prefix_of(&names, name, &row.id);
        let id = row.id.clone();
        let expires_at = row.expires_at.map(|at| NonZeroU64::MIN.saturating_add(at));
        let entry = Entry { prefix, hash: row.hash, id: row.id, expires_at, holder: row.holder, marks: Marks::default() };
        if before == Some(prefix) {
            let mut shard = self.write(prefix);
            if let Some(old) = shard.remove(prefix, &id) {
                entry.marks.inherit(&old.marks);
            }
            shard.insert(entry);
            return false;
        }
        self.write(prefix).insert(entry);
        names.insert_unique(name, (name, prefix), |&(name, _)| name);
        if let Some(before) = before {
            Self::unname(&mut names, (name, before));
            self.write(before).remove(before, &id);
        }
        before.is_none()
    }

    /// Removes a credential; whether there was one.
    pub fn drop(&self, id: &str) -> bool {
        let name = self.hasher.hash_one(id);
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        let Some(prefix) = self.prefix_of(&names, name, id) else { return false };
        Self::unname(&mut names, (name, prefix));
        self.write(prefix).remove(prefix, id).is_some()
    }

    /// The credential with this prefix whose hash `matches` accepts. Its use is noted, where it is one; what is older
    /// than `window` minutes no longer counts.
    pub fn find(&self, prefix: &str, matches: impl Fn(&[u8]) -> bool, seen: Option<(Use, u32)>) -> Option<(Row<H>, Marked)> {
        let prefix = self.hasher.hash_one(prefix);
        let shard = self.read(prefix);
        let entry = shard.of_prefix(prefix).find(|entry| matches(&entry.hash))?;
        let marked = seen.map_or_else(Marked::default, |(seen, window)| entry.marks.note(seen, window));
        Some((entry.row(), marked))
    }

    /// The credential of an id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<Row<H>> {
        let mut found = None;
        self.with(id, |entry| found = Some(entry.row()));
        found
    }

    /// The id of the first credential with this prefix.
    #[must_use]
    pub fn named(&self, prefix: &str) -> Option<Arc<str>> {
        let prefix = self.hasher.hash_one(prefix);
        self.read(prefix).of_prefix(prefix).next().map(|entry| entry.id.clone())
    }

    /// The ids that were used in the Unix minute `since` or later, with the minute; at most `most` of them.
    #[must_use]
    pub fn used(&self, since: u32, most: usize) -> Vec<(Arc<str>, u32)> {
        let mut found = Vec::new();
        for shard in self.shards.iter() {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let used = shard.entries.iter().map(|entry| (entry, entry.marks.used())).filter(|&(_, at)| at >= since.max(1));
            found.extend(used.take(most - found.len()).map(|(entry, at)| (entry.id.clone(), at)));
        }
        found
    }

    /// Takes over what is known of the uses of the same credentials in another table.
    pub fn inherit(&self, other: &Self) {
        for shard in self.shards.iter() {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            for entry in &shard.entries {
                other.with(&entry.id, |theirs| entry.marks.inherit(&theirs.marks));
            }
        }
    }

    fn with(&self, id: &str, act: impl FnOnce(&Entry<H>)) {
        let name = self.hasher.hash_one(id);
        let prefix = self.prefix_of(&self.names.read().unwrap_or_else(PoisonError::into_inner), name, id);
        let Some(prefix) = prefix else { return };
        if let Some(entry) = self.read(prefix).of_prefix(prefix).find(|entry| *entry.id == *id) {
            act(entry);
        }
    }

    /// Gives back the memory that growing took too much of.
    pub fn shrink(&self) {
        for shard in self.shards.iter() {
            shard.write().unwrap_or_else(PoisonError::into_inner).entries.shrink_to_fit();
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Under which prefix an id stands. Hashes of two ids may be the same: the shard says which it is.
    fn prefix_of(&self, names: &HashTable<Name>, name: u64, id: &str) -> Option<u64> {
        let same = names.iter_hash(name).filter(|(other, _)| *other == name);
        same.map(|&(_, prefix)| prefix).find(|&prefix| self.read(prefix).position(prefix, id).is_some())
    }

    fn unname(names: &mut HashTable<Name>, name: Name) {
        if let Ok(slot) = names.find_entry(name.0, |&other| other == name) {
            slot.remove();
        }
    }

    fn shard(&self, prefix: u64) -> &RwLock<Shard<H>> {
        // Bits that the table inside uses neither for its buckets nor for its tags.
        let [first, ..] = &*self.shards;
        self.shards.get((prefix >> 32) as usize % SHARDS).unwrap_or(first)
    }

    fn read(&self, prefix: u64) -> RwLockReadGuard<'_, Shard<H>> {
        self.shard(prefix).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, prefix: u64) -> RwLockWriteGuard<'_, Shard<H>> {
        self.shard(prefix).write().unwrap_or_else(PoisonError::into_inner)
    }
}
