//! The engine's handle: the plan in force, the counters that outlive it, and the patches laid over it.

use crate::controls::{self, ControlPlan, Controls};
use crate::exchange::Now;
use crate::forward::token::Signer;
use crate::guards::limits::Counters;
use crate::identity::credentials::Stored;
use crate::identity::credentials::keyring::{Keyring, Loader};
use crate::identity::jwt::key_sets::KeySets;
use crate::identity::key::Pepper;
use crate::identity::replays::Replays;
use crate::identity::revoked::Revoked;
use crate::identity::secrets::Secrets;
use crate::identity::watch::{MOST_BLOCKED, Watch};
use crate::plan::Plan;
use arc_swap::{ArcSwap, ArcSwapOption};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use yett_model::{Block, Change, Diagnostic, FindingKind, Patch};

/// What is in force after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// SHA-256 of the snapshot, hex.
    pub digest: String,
    /// Number of the last patch.
    pub sequence: u64,
}

/// Keys that were loaded from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LoadedKeys {
    /// How many there are.
    pub keys: usize,
    /// How many of their holders (an app, or an app with some of its profiles) the plan in force does not have: their
    /// keys are refused.
    pub strangers: usize,
}

/// Holds the plan in force. Changes are all or nothing; requests in flight keep the plan they began with.
pub struct Engine {
    plan: ArcSwapOption<Plan>,
    counters: Arc<Counters>,
    pepper: Arc<Pepper>,
    revoked: Arc<Revoked>,
    controls: Arc<Controls>,
    watch: Arc<Watch>,
    keyring: ArcSwapOption<Keyring>,
    replays: Arc<Replays>,
    /// Secrets by name, for the plans to come.
    secrets: ArcSwap<Secrets>,
    key_sets: Arc<KeySets>,
    signer: Option<Arc<Signer>>,
    /// Whether tokens that cannot be signed are a mistake: a simulation has no key and leaves them out.
    must_sign: bool,
    patches: Mutex<PatchLog>,
    epoch: AtomicU64,
}

/// Patches newer than the snapshot in force, to be laid over the next one too.
#[derive(Default)]
struct PatchLog {
    /// Number up to which patches are contained in a snapshot that was applied, and no longer kept.
    contained: u64,
    /// Number of the last patch, kept or not.
    last: u64,
    newer: Vec<Patch>,
}

impl PatchLog {
    /// The patches that a snapshot lacks.
    fn lacked_by(&self, plan: &Plan) -> Result<Vec<Patch>, Vec<Diagnostic>> {
        if plan.sequence < self.contained {
            // Applying it would quietly undo revocations.
            let message =
                format!("the snapshot lacks patches {} to {}, which are not kept here", plan.sequence + 1, self.contained);
            return Err(vec![Diagnostic::new("/sequence", "snapshot-stale", message).hint("Compile the snapshot again.")]);
        }
        Ok(self.newer.iter().filter(|patch| patch.sequence > plan.sequence).cloned().collect())
    }

    /// Notes a patch that was applied. What was revoked or blocked outlives every snapshot by
    /// itself, and is not kept here.
    fn push(&mut self, mut patch: Patch) {
        self.last = patch.sequence;
        patch.changes.retain(|change| matches!(change, Change::PutCredential { .. } | Change::DropCredential { .. }));
        if !patch.changes.is_empty() {
            self.newer.push(patch);
        }
    }
}

impl Engine {
    /// An engine without a plan: every request is refused until one is applied.
    #[must_use]
    pub fn new(pepper: Pepper) -> Self {
        Self {
            plan: ArcSwapOption::empty(),
            counters: Arc::default(),
            pepper: Arc::new(pepper),
            revoked: Arc::default(),
            controls: Arc::default(),
            watch: Arc::default(),
            keyring: ArcSwapOption::empty(),
            replays: Arc::default(),
            secrets: ArcSwap::default(),
            key_sets: Arc::default(),
            signer: None,
            must_sign: false,
            patches: Mutex::default(),
            epoch: AtomicU64::new(0),
        }
    }

    /// The same engine for real traffic: a snapshot with tokens for upstreams is refused if there is no key.
    #[must_use]
    pub fn signing(self, signer: Option<Signer>) -> Self {
        Self { signer: signer.map(Arc::new), must_sign: true, ..self }
    }

    /// Differs whenever somebody may have lost access: by a snapshot, a patch, other keys, or a key that leaked.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    fn advance(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// The signer of tokens for upstreams.
    #[must_use]
    pub fn signer(&self) -> Option<&Arc<Signer>> {
        self.signer.as_ref()
    }

    /// The keys of issuers that publish them. They are fetched by the shell, and kept when plans change.
    #[must_use]
    pub fn key_sets(&self) -> &Arc<KeySets> {
        &self.key_sets
    }

    fn check_signer(&self, plan: &Plan) -> Result<(), Vec<Diagnostic>> {
        match plan.signs_for().filter(|_| self.must_sign && self.signer.is_none()) {
            None => Ok(()),
            Some(api) => {
                let path = format!("/apis/{api}/proxy/upstream_identity");
                let message = "there is no key to sign tokens for upstreams with";
                let hint = "Start the gateway with an identity key.";
                Err(vec![Diagnostic::new(path, "identity-key-missing", message).hint(hint)])
            }
        }
    }

    /// Takes secrets for the plans to come; the one in force keeps those it has.
    pub fn renew_secrets(&self, secrets: Secrets) {
        self.secrets.store(Arc::new(secrets));
    }

    /// Secrets by name.
    #[must_use]
    pub fn secrets(&self) -> Arc<Secrets> {
        self.secrets.load_full()
    }

    /// A simulation has no secrets, and proves nobody by them.
    fn bind_secrets(&self, plan: &mut Plan) -> Result<(), Vec<Diagnostic>> {
        let secrets = self.secrets.load();
        if !self.must_sign && **secrets == Secrets::default() {
            return Ok(());
        }
        let mut mistakes = plan.proofs.bind(&secrets);
        mistakes.extend(plan.issuers.values().filter_map(|issuer| issuer.bind(&secrets).err()));
        let wanted = plan.issuers.values().filter_map(|issuer| Some(&issuer.introspection.as_ref()?.client_secret));
        mistakes.extend(
            wanted.filter(|name| secrets.get(name).is_none()).map(|name| {
                Diagnostic::new("/issuers", "secret-missing", format!("there is no secret '{name}' among the options"))
            }),
        );
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// The plan in force. Load it once per request.
    #[must_use]
    pub fn plan(&self) -> Option<Arc<Plan>> {
        self.plan.load_full()
    }

    /// The counters.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Compiles a snapshot and puts it in force.
    ///
    /// # Errors
    /// Every mistake in it; the old plan keeps serving.
    pub fn apply(&self, snapshot: &[u8]) -> Result<Applied, Vec<Diagnostic>> {
        let mut plan = Plan::build(snapshot, self.pepper.clone())?;
        self.check_signer(&plan)?;
        plan.signer.clone_from(&self.signer);
        plan.simulated = !self.must_sign;
        plan.revoked = self.revoked.clone();
        plan.controls = self.controls.clone();
        plan.credentials.watch = self.watch.clone();
        plan.replays = self.replays.clone();
        self.bind_secrets(&mut plan)?;
        plan.key_sets = self.key_sets.clone();
        let mut patches = self.patches.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = patches.lacked_by(&plan)?;
        let contained = plan.sequence;
        for patch in &newer {
            lay(&mut plan, patch);
        }
        plan.sequence = plan.sequence.max(patches.last);
        *patches = PatchLog { contained, last: plan.sequence, newer };
        if let Some(keyring) = self.keyring.load_full() {
            plan.hang(&keyring);
        }
        if let Some(earlier) = self.plan() {
            plan.credentials.inherit(&earlier.credentials);
        }
        let applied = Applied { digest: plan.digest().to_owned(), sequence: plan.sequence };
        let sources: HashSet<Arc<str>> = plan.issuers.values().map(|issuer| issuer.source.clone()).collect();
        self.plan.store(Some(Arc::new(plan)));
        self.advance();
        self.key_sets.retain(|source| sources.contains(source));
        Ok(applied)
    }

    /// Everything that is wrong with a snapshot or, where nothing is, what is worth a warning. A good one is in force
    /// afterwards.
    pub fn check(&self, snapshot: &[u8]) -> Vec<Diagnostic> {
        match self.apply(snapshot) {
            Err(mistakes) => mistakes,
            Ok(_) => self.plan().map(|plan| plan.warnings().to_vec()).unwrap_or_default(),
        }
    }

    /// What is noticed of credentials.
    #[must_use]
    pub fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Reads a file of keys, line by line; [`Self::load_keys`] puts them in force.
    #[must_use]
    pub fn key_loader(&self) -> Loader {
        Loader::new(self.pepper.clone())
    }

    /// Puts the keys of a file in force, in the place of those loaded before.
    ///
    /// # Errors
    /// The file was empty; the earlier keys stay.
    pub fn load_keys(&self, loader: Loader) -> Result<LoadedKeys, Diagnostic> {
        let keyring = Arc::new(loader.finish()?);
        let _one_at_a_time = self.patches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = self.keyring.load().as_ref() {
            keyring.inherit(earlier);
        }
        let strangers = self.plan().map_or(0, |plan| plan.hang(&keyring));
        let keys = keyring.len();
        self.keyring.store(Some(keyring));
        self.advance();
        Ok(LoadedKeys { keys, strangers })
    }

    /// The ids of credentials that were used in the Unix minute `since` or later, with the minute; at most `most`.
    #[must_use]
    pub fn used_keys(&self, since: u32, most: usize) -> Vec<(Arc<str>, u32)> {
        self.plan().map(|plan| plan.credentials.used(since, most)).unwrap_or_default()
    }

    /// Looks at the keys that were handed in as leaked: those that are real are blocked. Call it often.
    pub fn settle_leaks(&self, now: Now) {
        let waiting = self.watch.leaks.drain();
        let Some(plan) = self.plan().filter(|_| !waiting.is_empty()) else { return };
        for reported in waiting {
            let same = |hash: &[u8]| aws_lc_rs::constant_time::verify_slices_are_equal(hash, &reported.hash).is_ok();
            let Some(found) = plan.credentials.find(&reported.prefix, same) else { continue };
            if self.watch.blocked.has_room(1) {
                self.watch.blocked.insert(&found.id, Block::Leaked);
                self.advance();
            }
            let app = ("app", found.app.name.to_string());
            let evidence = [app, ("place", reported.place)];
            self.watch.findings.raise(FindingKind::LeakedKey, &found.id, &evidence, now);
        }
    }

    /// Applies changes (a JSON array) as the next patch: for simulations.
    ///
    /// # Errors
    /// As for [`Self::patch`].
    pub fn change(&self, changes: &[u8]) -> Result<(), Vec<Diagnostic>> {
        let changes: Vec<Change> = serde_json::from_slice(changes)
            .map_err(|error| vec![Diagnostic::new("", "patch-malformed", format!("the changes cannot be read: {error}"))])?;
        if changes.is_empty() {
            return Ok(());
        }
        let sequence = self.plan().map_or(0, |plan| plan.sequence) + 1;
        let patch = serde_json::to_vec(&Patch { sequence, changes }).unwrap_or_default();
        self.patch(&patch).map(drop)
    }

    /// Applies a patch to the plan in force.
    ///
    /// # Errors
    /// Every mistake in it, also a number that is not the next one; nothing is changed then.
    pub fn patch(&self, patch: &[u8]) -> Result<Applied, Vec<Diagnostic>> {
        let patch: Patch = serde_json::from_slice(patch)
            .map_err(|error| vec![Diagnostic::new("", "patch-malformed", format!("the patch cannot be read: {error}"))])?;
        let mut patches = self.patches.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = self.plan().ok_or_else(|| vec![Diagnostic::new("", "not-configured", "there is no snapshot to patch")])?;
        if Some(patch.sequence) != patches.last.checked_add(1) {
            let message = format!("patch {} does not follow {}", patch.sequence, patches.last);
            return Err(vec![Diagnostic::new("/sequence", "patch-out-of-order", message)]);
        }
        change(&plan, &patch)?;
        self.advance();
        let applied = Applied { digest: plan.digest().to_owned(), sequence: patch.sequence };
        patches.push(patch);
        Ok(applied)
    }

    /// Forgets what has lapsed at the Unix second `now`. Call it now and then, and before a patch.
    pub fn sweep(&self, now: u64) {
        self.revoked.sweep(now);
        self.controls.sweep(now);
    }
}

/// Lays an earlier patch over a new plan. A credential whose app is gone is left out: it must not block the snapshot,
/// and without its app it opens nothing.
fn lay(plan: &mut Plan, patch: &Patch) {
    for change in &patch.changes {
        match change {
            Change::DropCredential { id } => {
                plan.credentials.drop(id);
            }
            Change::PutCredential { credential } => {
                if let Ok(stored) = plan.resolve(credential, "") {
                    plan.credentials.put(&credential.prefix, stored);
                }
            }
            // Kept by the engine, not by a plan.
            Change::RevokeToken { .. }
            | Change::BlockCredential { .. }
            | Change::ReleaseCredential { .. }
            | Change::PutControl { .. }
            | Change::EndControl { .. } => {}
        }
    }
    plan.sequence = patch.sequence;
}

/// A change that was checked and can be made.
enum Ready<'a> {
    Put(&'a str, Stored),
    Drop(&'a str),
    Revoke(&'a str, &'a str, u64),
    Block(&'a str, Block),
    Release(&'a str),
    Control(Box<ControlPlan>),
    EndControl(&'a str),
}

/// Checks every change before making the first.
fn change(plan: &Plan, patch: &Patch) -> Result<(), Vec<Diagnostic>> {
    let mut mistakes = Vec::new();
    let mut ready = Vec::new();
    for (index, change) in patch.changes.iter().enumerate() {
        match checked(plan, change, &format!("/changes/{index}")) {
            Ok(change) => ready.push(change),
            Err(found) => mistakes.extend(found),
        }
    }
    mistakes.extend(overcontrolled(&plan.controls, &ready));
    mistakes.extend(crowded(&plan.revoked, &ready));
    mistakes.extend(overblocked(&plan.credentials.watch, &ready));
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    for change in ready {
        make(plan, change);
    }
    Ok(())
}

fn checked<'a>(plan: &Plan, change: &'a Change, path: &str) -> Result<Ready<'a>, Vec<Diagnostic>> {
    match change {
        Change::DropCredential { id } => Ok(Ready::Drop(id)),
        Change::BlockCredential { id, because } => Ok(Ready::Block(id, *because)),
        Change::ReleaseCredential { id } => Ok(Ready::Release(id)),
        Change::PutCredential { credential } => {
            let stored = plan.resolve(credential, &format!("{path}/credential")).map_err(|mistake| vec![mistake])?;
            Ok(Ready::Put(&credential.prefix, stored))
        }
        Change::RevokeToken { issuer, jti, expires_at } if !issuer.is_empty() && !jti.is_empty() => {
            Ok(Ready::Revoke(issuer, jti, *expires_at))
        }
        Change::RevokeToken { .. } => {
            let message = "a token is revoked by its issuer and its jti, neither of them empty";
            Err(vec![Diagnostic::new(path, "token-unnamed", message)])
        }
        Change::PutControl { control } => {
            controls::compile(control, &format!("{path}/control")).map(|control| Ready::Control(Box::new(control)))
        }
        Change::EndControl { id } => Ok(Ready::EndControl(id)),
    }
}

/// The mistake of a patch that revokes more tokens than there is room for: none may be forgotten for another.
fn crowded(revoked: &Revoked, ready: &[Ready<'_>]) -> Option<Diagnostic> {
    let more = ready.iter().filter(|change| matches!(change, Ready::Revoke(..))).count();
    (more > 0 && !revoked.has_room(more)).then(|| {
        let message = format!("{} revoked tokens have not expired yet, and there is no room for more", revoked.len());
        Diagnostic::new("/changes", "revocations-full", message).hint("Issue tokens with a shorter lifetime.")
    })
}

/// The mistake of a patch that blocks more credentials than there is room for.
fn overblocked(watch: &Watch, ready: &[Ready<'_>]) -> Option<Diagnostic> {
    let more = ready.iter().filter(|change| matches!(change, Ready::Block(..))).count();
    (more > 0 && !watch.blocked.has_room(more)).then(|| {
        let message = format!("more than {MOST_BLOCKED} credentials would be blocked");
        Diagnostic::new("/changes", "blocks-full", message).hint("Remove keys that are blocked for good, and release their ids.")
    })
}

/// The mistake of a patch that puts more controls in force than there may be.
fn overcontrolled(controls: &Controls, ready: &[Ready<'_>]) -> Option<Diagnostic> {
    let changed: HashMap<&str, bool> = ready
        .iter()
        .filter_map(|change| match change {
            Ready::Control(control) => Some((&*control.id, true)),
            Ready::EndControl(id) => Some((*id, false)),
            _ => None,
        })
        .collect();
    (changed.values().any(|put| *put) && !controls.has_room(&changed)).then(|| {
        let message = format!("more than {} controls would be in force", controls::MOST_CONTROLS);
        Diagnostic::new("/changes", "controls-full", message).hint("End some, or name several networks or apps in one.")
    })
}

fn make(plan: &Plan, change: Ready<'_>) {
    match change {
        Ready::Put(prefix, stored) => plan.credentials.put(prefix, stored),
        Ready::Drop(id) => {
            plan.credentials.drop(id);
        }
        Ready::Block(id, because) => {
            plan.credentials.watch.blocked.insert(id, because);
        }
        Ready::Release(id) => plan.credentials.watch.blocked.remove(id),
        Ready::Control(control) => plan.controls.put(*control),
        Ready::EndControl(id) => plan.controls.end(id),
        Ready::Revoke(issuer, jti, expires_at) => plan.revoked.insert(issuer, jti, expires_at),
    }
}

#[cfg(test)]
mod tests;
