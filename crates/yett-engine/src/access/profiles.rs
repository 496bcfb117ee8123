//! The profiles of a plan, and what any set of them gives.

use super::grants::Span;
use super::inheritance::{self, DEEPEST, Fault};
use super::{Grants, Operations, Window};
use crate::guards::limits::LimitPlan;
use crate::policy::{self, RoleRules};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use yett_model::Diagnostic;
use yett_model::snapshot::{Collection, Profile, Snapshot, TimedProfile};

/// Most sets of profiles whose grants are kept to be shared; what more there are is computed for each holder.
const MOST_SHARED: usize = 65_536;

/// A profile that somebody has, by number, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held {
    /// Number of the profile.
    pub profile: u32,
    /// When it is held.
    pub window: Window,
}

/// What a profile says itself, and with what it inherits.
#[derive(Debug)]
pub(super) struct ProfilePlan {
    pub name: Arc<str>,
    pub inherits: Vec<u32>,
    pub own: Rules,
    pub all: Rules,
    limits: Vec<Arc<LimitPlan>>,
}

/// Grants and denies.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub always: Operations,
    pub timed: Vec<(Window, Arc<Operations>)>,
    pub denied: Operations,
    /// What policies without conditions say.
    pub said: policy::Rules,
}

impl Rules {
    fn none(operations: usize) -> Self {
        let said = policy::Rules::default();
        Self { always: Operations::none(operations), timed: Vec::new(), denied: Operations::none(operations), said }
    }

    fn merge(&mut self, other: &Self) {
        self.always.merge(&other.always);
        self.denied.merge(&other.denied);
        self.said.merge(&other.said);
        self.timed.extend(other.timed.iter().cloned());
    }
}

/// A set of profiles: those that grant, and those whose denies and limits bind beside them.
type Set = (Box<[Held]>, Box<[Held]>);

/// The profiles of a plan.
#[derive(Debug, Default)]
pub struct Profiles {
    pub(super) plans: Vec<ProfilePlan>,
    numbers: HashMap<Arc<str>, u32>,
    operations: usize,
    shared: RwLock<HashMap<Set, Arc<Grants>>>,
}

impl Profiles {
    /// Number of a profile.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Name of a profile.
    #[must_use]
    pub fn name(&self, profile: u32) -> Option<&Arc<str>> {
        self.plans.get(profile as usize).map(|plan| &plan.name)
    }

    /// A profile and those it inherits, each once, nearest first.
    pub(super) fn with_inherited(&self, profile: u32) -> Vec<u32> {
        inheritance::with_inherited(|profile| self.plans.get(profile as usize).map(|plan| plan.inherits.as_slice()), profile)
    }

    /// What profiles give that somebody has by name and for ever, such as those that a token names. Names that no
    /// profile has give nothing.
    pub fn grants_of<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Arc<Grants> {
        let numbers = names.into_iter().filter_map(|name| self.number(name));
        let held: Vec<Held> = numbers.map(|profile| Held { profile, window: Window::ALWAYS }).collect();
        self.grants(&held, &[])
    }

    /// What a set of profiles gives, shared by all who hold it. `binding` grant nothing, but their denies and limits
    /// bind: the app's other profiles, where a credential is narrowed to some.
    pub fn grants(&self, held: &[Held], binding: &[Held]) -> Arc<Grants> {
        let set: Set = (held.into(), binding.into());
        if let Some(known) = self.shared.read().unwrap_or_else(PoisonError::into_inner).get(&set) {
            return known.clone();
        }
        let grants = Arc::new(self.compute(held, binding));
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        if shared.len() < MOST_SHARED {
            return shared.entry(set).or_insert(grants).clone();
        }
        grants
    }

    /// How often what the profiles give changes with time.
    pub(crate) fn edges(&self, held: &[Held]) -> BTreeSet<u64> {
        let of_grants = |held: &Held| {
            let timed = self.plans.get(held.profile as usize).map_or(&[][..], |plan| &plan.all.timed);
            timed.iter().flat_map(|(window, _)| window.and(&held.window).edges()).collect::<Vec<_>>()
        };
        held.iter().flat_map(|held| held.window.edges().chain(of_grants(held))).collect()
    }

    fn compute(&self, held: &[Held], binding: &[Held]) -> Grants {
        let mut edges = self.edges(held);
        edges.extend(binding.iter().flat_map(|held| held.window.edges()));
        let spans = [0].into_iter().chain(edges).map(|from| self.span(held, binding, from)).collect();
        Grants::new(spans)
    }

    /// What is given from a second on.
    fn span(&self, held: &[Held], binding: &[Held], from: u64) -> Span {
        let in_force = |held: &&Held| held.window.holds(from);
        let plan = |held: &Held| self.plans.get(held.profile as usize);
        let granting: Vec<&ProfilePlan> = held.iter().filter(in_force).filter_map(plan).collect();
        let mut operations = Operations::none(self.operations);
        for rules in granting.iter().map(|plan| &plan.all) {
            operations.merge(&rules.always);
            rules.timed.iter().filter(|(window, _)| window.holds(from)).for_each(|(_, set)| operations.merge(set));
        }
        let mut said = policy::Rules::default();
        granting.iter().for_each(|plan| said.merge(&plan.all.said));
        let mut limits = Vec::new();
        for plan in granting.iter().copied().chain(binding.iter().filter(in_force).filter_map(plan)) {
            operations.subtract(&plan.all.denied);
            said.forbidden.merge(&plan.all.said.forbidden);
            add_limits(&mut limits, &plan.limits);
        }
        let profiles = granting.iter().map(|plan| plan.name.clone()).collect();
        Span { from, operations, rules: said, limits: limits.into(), profiles }
    }
}

/// Adds limits that are not there yet: one that is reached by two ways counts once.
fn add_limits(limits: &mut Vec<Arc<LimitPlan>>, more: &[Arc<LimitPlan>]) {
    for limit in more {
        if limits.iter().all(|other| other.identity() != limit.identity()) {
            limits.push(limit.clone());
        }
    }
}

/// Compiles the profiles of a snapshot; `numbers` are those of its operations.
pub(crate) fn build(
    snapshot: &Snapshot,
    numbers: &HashMap<&str, u32>,
    roles: &RoleRules,
    found: &mut Vec<Diagnostic>,
) -> Profiles {
    let collections = snapshot.collections.iter().map(|one| (one.name.as_str(), one)).collect();
    let mut profiles = Profiles { operations: numbers.len(), ..Profiles::default() };
    for (index, profile) in snapshot.profiles.iter().enumerate() {
        if profiles.numbers.insert(profile.name.as_str().into(), index as u32).is_some() {
            let message = format!("'{}' is there twice", profile.name);
            found.push(Diagnostic::new(format!("/profiles/{index}/name"), "profile-duplicate", message));
        }
    }
    let mut builder = Builder { profiles, numbers, collections: &collections, roles, found };
    for (index, profile) in snapshot.profiles.iter().enumerate() {
        builder.profile(profile, &format!("/profiles/{index}"));
    }
    builder.inherit();
    builder.profiles
}

struct Builder<'a> {
    profiles: Profiles,
    numbers: &'a HashMap<&'a str, u32>,
    collections: &'a HashMap<&'a str, &'a Collection>,
    roles: &'a RoleRules,
    found: &'a mut Vec<Diagnostic>,
}

impl Builder<'_> {
    fn report(&mut self, path: String, code: &str, message: String) {
        self.found.push(Diagnostic::new(path, code, message));
    }

    fn profile(&mut self, profile: &Profile, path: &str) {
        let mut inherits = Vec::new();
        for name in &profile.inherits {
            match self.profiles.number(name) {
                Some(number) => inherits.push(number),
                None => self.report(format!("{path}/inherits"), "profile-unknown", format!("there is no profile '{name}'")),
            }
        }
        let (c, o) = ("collections", "operations");
        let own = Rules {
            always: self.set(&profile.collections, &profile.operations, path, (c, o)),
            timed: self.timed(profile, path),
            denied: self.set(
                &profile.denied_collections,
                &profile.denied_operations,
                path,
                ("denied_collections", "denied_operations"),
            ),
            said: self.roles.of_profile(&profile.name),
        };
        let limits = profile.limits.iter().map(LimitPlan::new).collect();
        let all = Rules::none(self.profiles.operations);
        self.profiles.plans.push(ProfilePlan { name: profile.name.as_str().into(), inherits, own, all, limits });
    }

    fn timed(&mut self, profile: &Profile, path: &str) -> Vec<(Window, Arc<Operations>)> {
        let mut timed = Vec::new();
        for (index, grant) in profile.timed.iter().enumerate() {
            let path = format!("{path}/timed/{index}");
            let window = Window::new(grant.from, grant.until);
            check_window(window, &path, self.found);
            let set = self.set(&grant.collections, &grant.operations, &path, ("collections", "operations"));
            timed.push((window, Arc::new(set)));
        }
        timed
    }

    fn set(&mut self, collections: &[String], operations: &[String], path: &str, keys: (&str, &str)) -> Operations {
        let mut set = Operations::none(self.profiles.operations);
        let mut named: Vec<&str> = operations.iter().map(String::as_str).collect();
        for name in collections {
            match self.collections.get(name.as_str()) {
                Some(collection) => named.extend(collection.operations.iter().map(String::as_str)),
                None => {
                    self.report(format!("{path}/{}", keys.0), "collection-unknown", format!("there is no collection '{name}'"));
                }
            }
        }
        for operation in named {
            match self.numbers.get(operation) {
                Some(&number) => set.add(number),
                None => {
                    self.report(
                        format!("{path}/{}", keys.1),
                        "operation-unknown",
                        format!("there is no operation '{operation}'"),
                    );
                }
            }
        }
        set
    }

    /// Lays what is inherited over what each profile says itself.
    fn inherit(&mut self) {
        let parents: Vec<Vec<u32>> = self.profiles.plans.iter().map(|plan| plan.inherits.clone()).collect();
        match inheritance::order(&parents) {
            Err(faults) => faults.iter().for_each(|fault| self.report_fault(fault)),
            Ok(order) => order.iter().for_each(|profile| self.lay(&parents, *profile)),
        }
    }

    /// The limits of what is inherited count where a profile has none of its own.
    fn lay(&mut self, parents: &[Vec<u32>], profile: u32) {
        let mut all = Rules::none(self.profiles.operations);
        for number in self.profiles.with_inherited(profile) {
            if let Some(plan) = self.profiles.plans.get(number as usize) {
                all.merge(&plan.own);
            }
        }
        let mut inherited = Vec::new();
        for parent in parents.get(profile as usize).into_iter().flatten() {
            let of_parent = self.profiles.plans.get(*parent as usize).map_or(&[][..], |plan| &plan.limits);
            add_limits(&mut inherited, of_parent);
        }
        let Some(plan) = self.profiles.plans.get_mut(profile as usize) else { return };
        plan.all = all;
        if plan.limits.is_empty() {
            plan.limits = inherited;
        }
    }

    fn report_fault(&mut self, fault: &Fault) {
        let name = |number: &u32| self.profiles.name(*number).map_or("", |name| &**name).to_owned();
        let (at, code, message) = match fault {
            Fault::Cycle(circle) => {
                let names = circle.iter().map(name).collect::<Vec<_>>().join("' inherits '");
                (circle.first().copied(), "profile-cycle", format!("'{names}'"))
            }
            Fault::TooDeep(profile) => {
                let message = format!("'{}' is the end of a line of more than {DEEPEST} profiles", name(profile));
                (Some(*profile), "inheritance-too-deep", message)
            }
        };
        self.report(format!("/profiles/{}/inherits", at.unwrap_or_default()), code, message);
    }
}

/// Reports a window that never holds.
pub(super) fn check_window(window: Window, path: &str, found: &mut Vec<Diagnostic>) {
    if window.from >= window.until {
        found.push(Diagnostic::new(path, "window-empty", "it ends before it begins"));
    }
}

/// The profiles that somebody has, by their names; mistakes are reported at `path`.
pub(crate) fn held(
    profiles: &Profiles,
    names: &[String],
    timed: &[TimedProfile],
    path: &str,
    found: &mut Vec<Diagnostic>,
) -> Vec<Held> {
    let mut held: Vec<Held> = Vec::new();
    let timed = timed.iter().enumerate().map(|(index, one)| {
        let path = format!("{path}/timed_profiles/{index}");
        let window = Window::new(one.from, one.until);
        check_window(window, &path, found);
        (&one.profile, window, format!("{path}/profile"))
    });
    let timed: Vec<_> = timed.collect();
    let always = names.iter().map(|name| (name, Window::ALWAYS, format!("{path}/profiles")));
    for (name, window, path) in always.chain(timed) {
        match profiles.number(name) {
            None => found.push(Diagnostic::new(path, "profile-unknown", format!("there is no profile '{name}'"))),
            Some(profile) => add_held(&mut held, &[Held { profile, window }]),
        }
    }
    held
}

/// Adds profiles that are not there yet.
pub(crate) fn add_held(held: &mut Vec<Held>, more: &[Held]) {
    for one in more {
        if !held.contains(one) {
            held.push(*one);
        }
    }
}
