//! Who sees what, and what becomes of what is not seen.

use super::super::RequestView;
use super::disguise::Disguise;
use crate::detect::{Kind, Kinds, covers};
use crate::identity::key::Pepper;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use yett_model::snapshot::{MaskBy, MaskGuard, Profile, Snapshot};

/// What the mask guards of all operations share.
pub(crate) struct Shared {
    /// By profile: the classes that it sees, those of the profiles it inherits too.
    sees: Arc<HashMap<Box<str>, Vec<Box<str>>>>,
    disguise: Arc<Disguise>,
}

impl Shared {
    /// From the profiles, and a key that the pepper gives: the same on every gateway that has the pepper.
    pub(crate) fn build(snapshot: &Snapshot, pepper: &Pepper) -> Self {
        let profiles: HashMap<&str, &Profile> = snapshot.profiles.iter().map(|one| (one.name.as_str(), one)).collect();
        let sees = snapshot.profiles.iter().map(|one| (one.name.as_str().into(), seen(one, &profiles)));
        let sees: HashMap<Box<str>, Vec<Box<str>>> = sees.filter(|(_, sees): &(_, Vec<_>)| !sees.is_empty()).collect();
        Self { sees: Arc::new(sees), disguise: Arc::new(Disguise::new(&pepper.hash("yett:mask:1"))) }
    }
}

/// The classes that a profile sees, with those it inherits. Cycles are told elsewhere, and end here.
fn seen(profile: &Profile, profiles: &HashMap<&str, &Profile>) -> Vec<Box<str>> {
    let (mut found, mut known, mut pending) = (Vec::new(), BTreeSet::new(), vec![profile]);
    while let Some(profile) = pending.pop() {
        if known.insert(profile.name.as_str()) {
            found.extend(profile.sees.iter().map(|class| class.as_str().into()));
            pending.extend(profile.inherits.iter().filter_map(|name| profiles.get(name.as_str()).copied()));
        }
    }
    found
}

/// What becomes of data of each class.
pub(super) struct Rules {
    by: BTreeMap<Box<str>, MaskBy>,
    sees: Arc<HashMap<Box<str>, Vec<Box<str>>>>,
    pub(super) disguise: Arc<Disguise>,
}

impl Rules {
    pub(super) fn new(settings: &MaskGuard, shared: &Shared) -> Self {
        let by = settings.rules.iter().map(|(class, by)| (class.as_str().into(), *by)).collect();
        Self { by, sees: shared.sees.clone(), disguise: shared.disguise.clone() }
    }

    /// What becomes of data of a class: the rule of the longest class that covers it.
    pub(super) fn by(&self, class: &str) -> MaskBy {
        let covering = self.by.iter().filter(|(rule, _)| covers(rule, class));
        covering.max_by_key(|(rule, _)| rule.len()).map_or(MaskBy::Mask, |(_, by)| *by)
    }

    /// What the caller sees: what any of its profiles in force does. Whoever is nobody sees nothing.
    pub(super) fn sees(&self, request: &RequestView<'_>) -> Sees {
        if self.sees.is_empty() {
            return Sees::default();
        }
        let profiles = request.principal.map(|principal| principal.profiles(request.now)).unwrap_or_default();
        let classes = profiles.iter().filter_map(|name| self.sees.get(&**name)).flatten().cloned();
        Sees(classes.collect())
    }
}

/// Classes that a caller sees.
#[derive(Debug, Default)]
pub(super) struct Sees(Vec<Box<str>>);

impl Sees {
    pub(super) fn covers(&self, class: &str) -> bool {
        self.0.iter().any(|seen| covers(seen, class))
    }

    /// The kinds that the caller does not see.
    pub(super) fn hidden(&self, kinds: Kinds) -> Kinds {
        let hidden = Kind::ALL.iter().filter(|kind| kinds.has(**kind) && !self.covers(kind.class()));
        Kinds::only(hidden.copied())
    }
}
