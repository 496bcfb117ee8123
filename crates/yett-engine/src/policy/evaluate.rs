//! Statements held against a request.

use super::Shared;
use super::context::{Known, Recipe, Unreadable};
use super::names::{ACTION, API, APP, COLLECTION, OPERATION, PROFILE, TEAM};
use super::read::{Statement, Who, sentence};
use super::slice::{Cut, Operations};
use crate::guards::RequestView;
use crate::guards::contract::ParameterReader;
use crate::identity::Principal;
use cedar_policy::{
    AuthorizationError, Context, Decision, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet,
    Request, RestrictedExpression,
};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use yett_model::Phase;
use yett_model::decision::{ContextReport, PolicyOutcome, PolicyReport};
use yett_model::snapshot::{App, Mode, Snapshot};

/// Up to so many statements are evaluated together whoever calls; of more, those that are for the caller.
const FEW: usize = 8;
/// Most policies that are named at once.
const MOST_NAMED: usize = 5;
/// Most statements that a simulation tells of.
const MOST_NOTED: usize = 50;

/// An entity of one of our own types, all of which are plain names.
pub(super) fn entity(kind: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(kind.parse::<EntityTypeName>().ok()?, EntityId::new(id)))
}

/// An app as the entities of the snapshot have it.
struct Usual {
    uid: EntityUid,
    profiles: Vec<Arc<str>>,
}

/// The entities of a snapshot, made once: apps with all their profiles, and operations.
#[derive(Default)]
pub(super) struct Population {
    all: Entities,
    /// The apps there.
    apps: HashMap<Arc<str>, Usual>,
    /// Whoever is anonymous: the app without a name, which has no attributes and is in no team.
    nobody: Option<EntityUid>,
    /// By profile, those that it inherits, near and far.
    inherited: HashMap<Arc<str>, Vec<Arc<str>>>,
}

impl Population {
    pub(super) fn of(snapshot: &Snapshot, operations: &Operations<'_>) -> Self {
        let teams: HashMap<&str, &[String]> = snapshot.teams.iter().map(|team| (&*team.name, &*team.profiles)).collect();
        let held = |app: &App| {
            let of_team = teams.get(&*app.team).copied().unwrap_or_default();
            let own = app.profiles.iter().chain(of_team.iter().filter(|name| !app.profiles.contains(name)));
            own.map(|name| name.as_str().into()).collect::<Vec<Arc<str>>>()
        };
        let usual = |app: &App| Some((app.name.as_str().into(), Usual { uid: entity(APP, &app.name)?, profiles: held(app) }));
        let mut population = Self {
            all: Entities::empty(),
            apps: snapshot.apps.iter().filter_map(usual).collect(),
            nobody: entity(APP, ""),
            inherited: inherited(snapshot),
        };
        let apps = snapshot.apps.iter().filter_map(|app| population.person(&app.name, &app.team, &held(app)));
        let of_operations = operations.iter().flat_map(|one| {
            let collections = one.collections.iter().filter_map(|name| entity(COLLECTION, name));
            let parents: HashSet<EntityUid> = collections.chain(entity(API, &one.facts.api.name)).collect();
            let id = &one.facts.operation.id;
            let operation = entity(OPERATION, id).map(|uid| Entity::new_no_attrs(uid, parents));
            operation.into_iter().chain(entity(ACTION, id).map(Entity::with_uid))
        });
        // Duplicate names are mistakes of their own; nothing is served with them.
        population.all = Entities::from_entities(apps.chain(of_operations), None).unwrap_or_default();
        population
    }

    fn person(&self, name: &str, team: &str, profiles: &[Arc<str>]) -> Option<Entity> {
        let parents = self.with_inherited(profiles).filter_map(|name| entity(PROFILE, name)).chain(entity(TEAM, team)).collect();
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let attributes = HashMap::from([("id".to_owned(), text(name)), ("team".to_owned(), text(team))]);
        Entity::new(entity(APP, name)?, attributes, parents).ok()
    }

    /// Whoever is anonymous, with the profiles of such callers.
    fn nobody(&self, profiles: &[Arc<str>]) -> Option<Entity> {
        let parents = self.with_inherited(profiles).filter_map(|name| entity(PROFILE, name)).collect();
        Some(Entity::new_no_attrs(self.nobody.clone()?, parents))
    }

    fn with_inherited<'p>(&'p self, profiles: &'p [Arc<str>]) -> impl Iterator<Item = &'p Arc<str>> {
        let above = profiles.iter().filter_map(|name| self.inherited.get(name)).flatten();
        profiles.iter().chain(above)
    }

    /// The entities as they are with these profiles of the caller: those of the snapshot where nothing differs.
    fn entities(&self, principal: &Principal, profiles: &[Arc<str>], resource: &EntityUid) -> Option<Cow<'_, Entities>> {
        if self.apps.get(&principal.app.name).is_some_and(|usual| *usual.profiles == *profiles) {
            return Some(Cow::Borrowed(&self.all));
        }
        let person = match principal.is_anonymous() {
            true => self.nobody(profiles),
            false => self.person(&principal.app.name, &principal.app.team, profiles),
        };
        let person = person?;
        let operation = self.all.get(resource).cloned();
        Entities::from_entities(operation.into_iter().chain([person]), None).ok().map(Cow::Owned)
    }
}

/// Circles are mistakes of their own; here they only must not be endless.
fn inherited(snapshot: &Snapshot) -> HashMap<Arc<str>, Vec<Arc<str>>> {
    let parents: HashMap<&str, &[String]> = snapshot.profiles.iter().map(|one| (&*one.name, &*one.inherits)).collect();
    let above = |name: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![name]);
        while let Some(next) = open.pop() {
            let more = parents.get(next).copied().unwrap_or_default().iter().map(String::as_str);
            open.extend(more.filter(|parent| seen.insert(*parent)));
        }
        seen.into_iter().map(Arc::from).collect()
    };
    let inheriting = snapshot.profiles.iter().filter(|profile| !profile.inherits.is_empty());
    inheriting.map(|profile| (profile.name.as_str().into(), above(&profile.name))).collect()
}

/// Who calls, and as what. A forbid binds whoever the app is, and whoever it acts for; a permit is for what the credential
/// carries: a narrower key opens nothing that the app cannot.
struct CallerView<'r> {
    principal: Option<&'r Principal>,
    carried: Arc<[Arc<str>]>,
    /// Other sets of profiles, each of which is forbidden what it is forbidden: the app's, and the user's.
    bound: Vec<Arc<[Arc<str>]>>,
}

impl<'r> CallerView<'r> {
    fn new(request: &RequestView<'r>) -> Self {
        let principal = request.principal;
        let carried = principal.map(|principal| principal.profiles(request.now)).unwrap_or_default();
        let all = principal.into_iter().flat_map(|principal| std::iter::once(&principal.app.grants).chain(&principal.of_user));
        let all = all.map(|grants| grants.profiles(request.now));
        let bound = all.filter(|held| !Arc::ptr_eq(held, &carried) && *held != carried).collect();
        Self { principal, carried, bound }
    }

    /// What scopes may call it, as it is and as its credential is.
    fn all_roles(&self, population: &Population) -> HashSet<Who> {
        let bound = self.bound.iter().flat_map(|profiles| self.roles(population, profiles));
        self.roles(population, &self.carried).chain(bound).collect()
    }

    /// What scopes may call it.
    fn roles<'s>(&'s self, population: &'s Population, profiles: &'s [Arc<str>]) -> impl Iterator<Item = Who> + 's {
        let named = self
            .principal
            .filter(|principal| !principal.is_anonymous())
            .into_iter()
            .flat_map(|principal| [Who::App(principal.app.name.clone()), Who::Team(principal.app.team.clone())]);
        let profiles = population.with_inherited(profiles).cloned().map(Who::Profile);
        std::iter::once(Who::Anyone).chain(named).chain(profiles)
    }
}

/// Statements without conditions, by whom they are for: nothing is evaluated.
#[derive(Default)]
struct Roles(HashMap<Who, usize>);

impl Roles {
    fn find(&self, population: &Population, caller: &CallerView<'_>, profiles: &[Arc<str>]) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        caller.roles(population, profiles).find_map(|who| self.0.get(&who).copied())
    }
}

/// Where statements without conditions are bits of the caller: the operation's number, and what holds for everybody.
struct Bits {
    /// `None` for policies that only watch: there the roles are looked up.
    operation: Option<u32>,
    forbidden: bool,
    permitted: bool,
}

impl Bits {
    fn forbid(&self, request: &RequestView<'_>) -> bool {
        let Some(operation) = self.operation else { return true };
        let says = |principal: &Principal| {
            let mut grants = [&principal.grants, &principal.app.grants].into_iter().chain(&principal.of_user);
            principal.app.rules.forbidden.has(operation) || grants.any(|grants| grants.forbids(operation, request.now))
        };
        self.forbidden || request.principal.is_some_and(says)
    }

    fn permit(&self, request: &RequestView<'_>) -> bool {
        let Some(operation) = self.operation else { return true };
        let says = |principal: &Principal| {
            principal.app.rules.permitted.has(operation) || principal.grants.permits(operation, request.now)
        };
        self.permitted || request.principal.is_some_and(says)
    }
}

/// Statements with conditions.
#[derive(Default)]
struct Conditional {
    /// Those that everybody meets.
    common: PolicySet,
    /// Those of a long list that are for some callers only.
    own: HashMap<Who, PolicySet>,
}

impl Conditional {
    fn new(statements: Vec<&Statement>) -> Self {
        let few = statements.len() <= FEW;
        let mut all = Self::default();
        for statement in statements {
            let set = match &statement.who {
                Who::Anyone => &mut all.common,
                _ if few => &mut all.common,
                who => all.own.entry(who.clone()).or_default(),
            };
            // Their numbers are their own.
            let _added = set.add(statement.cedar.clone());
        }
        all
    }

    fn is_empty(&self) -> bool {
        self.common.is_empty() && self.own.is_empty()
    }

    fn for_caller<'s>(&'s self, population: &'s Population, caller: &'s CallerView<'_>) -> impl Iterator<Item = &'s PolicySet> {
        let roles = if self.own.is_empty() { HashSet::new() } else { caller.all_roles(population) };
        let own = roles.into_iter().filter_map(|who| self.own.get(&who));
        std::iter::once(&self.common).filter(|set| !set.is_empty()).chain(own)
    }
}

/// Statements of one operation, to be evaluated at one moment.
pub(super) struct Bundle {
    forbid_roles: Roles,
    permit_roles: Roles,
    bits: Bits,
    conditional: Conditional,
    /// The permits, one of which must match; none means that the grant is enough.
    permits: Vec<usize>,
    numbers: Vec<usize>,
    /// Whom some statement is for; `None` where that is everybody.
    audience: Option<Vec<Who>>,
    recipe: Recipe,
    action: EntityUid,
    resource: EntityUid,
    phase: Phase,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Objection {
    /// The statements that decided.
    pub(super) statements: Vec<usize>,
    /// For the log: names, and no value of the request.
    pub(super) reason: String,
}

/// What one evaluation found.
#[derive(Default)]
struct Outcome {
    forbids: BTreeSet<usize>,
    permits: BTreeSet<usize>,
    failed: BTreeSet<usize>,
}

impl Bundle {
    /// `None` where there is nothing to evaluate.
    pub(super) fn new(
        shared: &Shared,
        (operation, number): (&str, Option<u32>),
        phase: Phase,
        cut: Cut,
        parameters: Option<ParameterReader>,
    ) -> Option<Self> {
        let of = |number: &usize| shared.statements.get(*number);
        let is_permit = |number: &usize| of(number).is_some_and(|statement| statement.effect == Effect::Permit);
        let roles = |permit: bool| {
            let plain = cut.statements.iter().filter(|number| is_permit(number) == permit);
            let plain = plain.filter_map(|number| Some((of(number)?, *number))).filter(|(statement, _)| statement.plain);
            Roles(plain.map(|(statement, number)| (statement.who.clone(), number)).collect())
        };
        let conditional = cut.statements.iter().filter_map(of).filter(|statement| !statement.plain).collect();
        if cut.statements.is_empty() {
            return None;
        }
        let of_cut = || cut.statements.iter().filter_map(of);
        let for_all = of_cut().any(|statement| statement.effect == Effect::Permit || statement.who == Who::Anyone);
        let (forbid_roles, permit_roles) = (roles(false), roles(true));
        Some(Self {
            bits: Bits {
                operation: number,
                forbidden: forbid_roles.0.contains_key(&Who::Anyone),
                permitted: permit_roles.0.contains_key(&Who::Anyone),
            },
            audience: (!for_all).then(|| of_cut().map(|statement| statement.who.clone()).collect()),
            forbid_roles,
            permit_roles,
            conditional: Conditional::new(conditional),
            permits: cut.statements.iter().copied().filter(is_permit).collect(),
            recipe: Recipe::new(cut.context, parameters),
            numbers: cut.statements,
            action: entity(ACTION, operation)?,
            resource: entity(OPERATION, operation)?,
            phase,
        })
    }

    /// Whether some statement is for the caller. Where there are permits, whoever has none needs one.
    pub(super) fn concerns(&self, shared: &Shared, request: &RequestView<'_>) -> bool {
        let Some(audience) = &self.audience else { return true };
        let roles = CallerView::new(request).all_roles(&shared.population);
        audience.iter().any(|who| roles.contains(who))
    }

    /// Holds the statements against a request.
    ///
    /// # Errors
    /// Why it must not go on.
    pub(super) fn judge(&self, shared: &Shared, request: &RequestView<'_>, known: Known<'_>) -> Result<(), Objection> {
        let population = &shared.population;
        let mut outcome = Outcome {
            forbids: self.forbidding(population, request).into_iter().collect(),
            permits: self.permitting(population, request).into_iter().collect(),
            ..Outcome::default()
        };
        if outcome.forbids.is_empty() && !self.conditional.is_empty() {
            let context = self.recipe.make(shared, request, known);
            let context = context.map_err(|Unreadable(name)| self.unjudged(shared, &format!("context.{name} cannot be read")))?;
            self.note_context(request, &context);
            self.evaluate(shared, request, &CallerView::new(request), context, &mut outcome);
        }
        self.note_all(shared, request, &outcome);
        self.conclude(shared, &outcome)
    }

    /// The statement without conditions that forbids the request. It is looked for only where the bits say that there is
    /// one: any of them, should none be found.
    fn forbidding(&self, population: &Population, request: &RequestView<'_>) -> Option<usize> {
        if self.forbid_roles.0.is_empty() || !self.bits.forbid(request) {
            return None;
        }
        let caller = CallerView::new(request);
        let mut sets = std::iter::once(&caller.carried).chain(&caller.bound);
        let found = sets.find_map(|profiles| self.forbid_roles.find(population, &caller, profiles));
        found.or_else(|| self.numbers.first().copied().filter(|_| self.bits.operation.is_some()))
    }

    /// A statement without conditions that permits it.
    fn permitting(&self, population: &Population, request: &RequestView<'_>) -> Option<usize> {
        if self.permit_roles.0.is_empty() || !self.bits.permit(request) {
            return None;
        }
        if self.bits.operation.is_some() && request.notes.is_none() {
            return self.permits.first().copied();
        }
        let caller = CallerView::new(request);
        self.permit_roles.find(population, &caller, &caller.carried)
    }

    fn evaluate(
        &self,
        shared: &Shared,
        request: &RequestView<'_>,
        caller: &CallerView<'_>,
        context: Context,
        outcome: &mut Outcome,
    ) {
        let population = &shared.population;
        let uid = match caller.principal.filter(|principal| !principal.is_anonymous()) {
            Some(principal) => population.apps.get(&principal.app.name).map(|usual| &usual.uid),
            None => population.nobody.as_ref(),
        };
        let asked = uid.and_then(|uid| Request::new(uid.clone(), self.action.clone(), self.resource.clone(), context, None).ok());
        let entities = |profiles: &[Arc<str>]| match caller.principal {
            Some(principal) => population.entities(principal, profiles, &self.resource),
            None => Some(Cow::Borrowed(&population.all)),
        };
        let bound: Option<Vec<_>> = caller.bound.iter().map(|profiles| entities(profiles)).collect();
        let (Some(asked), Some(carried), Some(bound)) = (asked, entities(&caller.carried), bound) else {
            outcome.failed.extend(&self.numbers);
            return;
        };
        for set in self.conditional.for_caller(population, caller) {
            self.ask(shared, request, (&asked, set, &carried), true, outcome);
            for others in &bound {
                self.ask(shared, request, (&asked, set, others), false, outcome);
            }
        }
    }

    fn ask(
        &self,
        shared: &Shared,
        request: &RequestView<'_>,
        (asked, set, entities): (&Request, &PolicySet, &Entities),
        permits: bool,
        outcome: &mut Outcome,
    ) {
        #[cfg(test)]
        super::tests::note_evaluated(set.num_of_policies());
        let answer = shared.authorizer.is_authorized(asked, set, entities);
        let reasons = answer.diagnostics().reason().filter_map(number);
        match answer.decision() {
            Decision::Deny => outcome.forbids.extend(reasons),
            Decision::Allow if permits => outcome.permits.extend(reasons),
            Decision::Allow => {}
        }
        for error in answer.diagnostics().errors() {
            request.note(self.phase, || sentence(&error.to_string()));
            let AuthorizationError::PolicyEvaluationError(error) = error;
            outcome.failed.extend(number(error.policy_id()));
        }
    }

    /// Forbid wins; what could not be evaluated might have forbidden; where there are permits, one must match.
    fn conclude(&self, shared: &Shared, outcome: &Outcome) -> Result<(), Objection> {
        let listed = |numbers: &BTreeSet<usize>| numbers.iter().copied().collect();
        match () {
            () if !outcome.forbids.is_empty() => Err(self.object(shared, listed(&outcome.forbids), "forbidden by")),
            () if !outcome.failed.is_empty() => Err(self.object(shared, listed(&outcome.failed), "cannot be evaluated:")),
            () if !self.permits.is_empty() && outcome.permits.is_empty() => {
                Err(self.object(shared, self.permits.clone(), "permitted by none of"))
            }
            () => Ok(()),
        }
    }

    /// The objection to what cannot be judged.
    pub(super) fn unjudged(&self, shared: &Shared, why: &str) -> Objection {
        let objection = self.object(shared, self.numbers.clone(), "");
        Objection { reason: format!("{why} for{}", objection.reason), ..objection }
    }

    fn object(&self, shared: &Shared, statements: Vec<usize>, why: &str) -> Objection {
        let labels: BTreeSet<&str> =
            statements.iter().filter_map(|number| shared.statements.get(*number)).map(|one| &*one.label).collect();
        let named = labels.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
        let noun = if labels.len() == 1 { "policy" } else { "policies" };
        let more = match labels.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Objection { statements, reason: format!("{why} {noun} {named}{more}") }
    }

    fn note_all(&self, shared: &Shared, request: &RequestView<'_>, outcome: &Outcome) {
        if request.notes.is_none() {
            return;
        }
        for number in self.numbers.iter().take(MOST_NOTED) {
            let Some(statement) = shared.statements.get(*number) else { continue };
            let (outcome, what) = match number {
                number if outcome.forbids.contains(number) => (PolicyOutcome::Forbids, "forbids"),
                number if outcome.failed.contains(number) => (PolicyOutcome::Fails, "cannot be evaluated"),
                number if outcome.permits.contains(number) => (PolicyOutcome::Permits, "permits"),
                _ => (PolicyOutcome::Silent, "does not match"),
            };
            let (policy, phase) = (statement.label.to_string(), self.phase);
            let monitored = statement.mode == Mode::Monitor;
            request.take_down(|noted| {
                noted.lines.push((phase, format!("policy {policy} {what}")));
                noted.policies.push(PolicyReport { policy, phase, outcome, monitored });
            });
        }
    }

    fn note_context(&self, request: &RequestView<'_>, context: &Context) {
        request.take_down(|noted| {
            let values = context.to_json_value().unwrap_or_default();
            noted.lines.push((self.phase, format!("context: {values}")));
            noted.contexts.push(ContextReport { phase: self.phase, values });
        });
    }
}

fn number(id: &PolicyId) -> Option<usize> {
    AsRef::<str>::as_ref(id).parse().ok()
}
