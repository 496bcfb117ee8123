//! Statements held against a request.

use super::Shared;
use super::context::{Known, Recipe, Unreadable};
use super::names::{ACTION, API, APP, COLLECTION, OPERATION, PROFILE, TEAM};
use super::read::{Statement, Who};
use super::slice::{Cut, Operations};
use crate::guards::RequestView;
use crate::guards::contract::ParameterReader;
use crate::identity::Principal;
use cedar_policy::{Context, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request, RestrictedExpression};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use yett_model::snapshot::Snapshot;

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

/// The entities of a snapshot, made once: apps with all their profiles, and operations.
pub(super) struct Population {
    pub(super) all: Entities,
    /// The profiles that an app has there.
    pub(super) profiles: HashMap<Arc<str>, Vec<Arc<str>>>,
}

impl Population {
    pub(super) fn of(snapshot: &Snapshot, operations: &Operations<'_>) -> Self {
        let profiles: HashMap<Arc<str>, Vec<Arc<str>>> = snapshot
            .apps
            .iter()
            .map(|app| (app.name.as_str().into(), app.profiles.iter().map(|name| name.as_str().into()).collect()))
            .collect();
        let apps = snapshot.apps.iter().filter_map(|app| {
            let profiles = app.profiles.iter().map(String::as_str);
            person(&app.name, &app.team, profiles)
        });
        let of_operations = operations.iter().flat_map(|one| {
            let collections = one.collections.iter().filter_map(|name| entity(COLLECTION, name));
            let parents: HashSet<EntityUid> = collections.chain(entity(API, &one.facts.api.name)).collect();
            let id = &one.facts.operation.id;
            let operation = entity(OPERATION, id).map(|uid| Entity::new_no_attrs(uid, parents));
            operation.into_iter().chain(entity(ACTION, id).map(Entity::with_uid))
        });
        // Duplicate names are mistakes of their own; nothing is served with them.
        let all = Entities::from_entities(apps.chain(of_operations), None).unwrap_or_default();
        Self { all, profiles }
    }
}

fn person<'a>(name: &str, team: &str, profiles: impl Iterator<Item = &'a str>) -> Option<Entity> {
    let parents = profiles.filter_map(|name| entity(PROFILE, name)).chain(entity(TEAM, team)).collect();
    let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
    let attributes = HashMap::from([("id".to_owned(), text(name)), ("team".to_owned(), text(team))]);
    Entity::new(entity(APP, name)?, attributes, parents).ok()
}

/// Who may be meant by statements without conditions: found by name, nothing is evaluated.
#[derive(Default)]
struct Roles(HashMap<Who, usize>);

impl Roles {
    fn find(&self, request: &RequestView<'_>) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        of(request.principal).find_map(|who| self.0.get(&who).copied())
    }
}

/// What scopes may call a caller.
fn of(principal: Option<&Principal>) -> impl Iterator<Item = Who> {
    let named = principal.into_iter().flat_map(|principal| {
        let profiles = principal.profiles().iter().cloned().map(Who::Profile);
        [Who::App(principal.app.name.clone()), Who::Team(principal.app.team.clone())].into_iter().chain(profiles)
    });
    std::iter::once(Who::Anyone).chain(named)
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

    fn for_caller(&self, principal: Option<&Principal>) -> impl Iterator<Item = &PolicySet> {
        let own = (!self.own.is_empty()).then(|| of(principal).filter_map(|who| self.own.get(&who)));
        std::iter::once(&self.common).filter(|set| !set.is_empty()).chain(own.into_iter().flatten())
    }
}

/// Statements of one operation, to be evaluated at one moment.
pub(super) struct Bundle {
    forbid_roles: Roles,
    permit_roles: Roles,
    conditional: Conditional,
    /// The permits, one of which must match; none means that the grant is enough.
    permits: Vec<usize>,
    numbers: Vec<usize>,
    recipe: Recipe,
    action: EntityUid,
    resource: EntityUid,
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
    pub(super) fn new(shared: &Shared, operation: &str, cut: Cut, parameters: Option<ParameterReader>) -> Option<Self> {
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
        Some(Self {
            forbid_roles: roles(false),
            permit_roles: roles(true),
            conditional: Conditional::new(conditional),
            permits: cut.statements.iter().copied().filter(is_permit).collect(),
            recipe: Recipe::new(cut.context, parameters),
            numbers: cut.statements,
            action: entity(ACTION, operation)?,
            resource: entity(OPERATION, operation)?,
        })
    }

    /// Holds the statements against a request.
    ///
    /// # Errors
    /// Why it must not go on.
    pub(super) fn judge(&self, shared: &Shared, request: &RequestView<'_>, known: Known<'_>) -> Result<(), Objection> {
        if let Some(number) = self.forbid_roles.find(request) {
            self.note(shared, request, "forbids", &[number].into());
            return Err(self.object(shared, vec![number], "forbidden by"));
        }
        let by_role = self.permit_roles.find(request);
        if self.conditional.is_empty() {
            let outcome = Outcome { permits: by_role.into_iter().collect(), ..Outcome::default() };
            return self.conclude(shared, &outcome);
        }
        let context = match self.recipe.make(shared, request, known) {
            Ok(context) => context,
            Err(Unreadable(name)) => {
                request.note(|| format!("context.{name} cannot be read as the contract has it"));
                return Err(self.unjudged(shared, &format!("context.{name} cannot be read")));
            }
        };
        request.note(|| format!("context: {}", spelled(&context)));
        let mut outcome = self.evaluate(shared, request, context);
        outcome.permits.extend(by_role);
        self.note_all(shared, request, &outcome);
        self.conclude(shared, &outcome)
    }

    fn evaluate(&self, shared: &Shared, request: &RequestView<'_>, context: Context) -> Outcome {
        let mut outcome = Outcome::default();
        let (principal, own) = caller(shared, request.principal, &self.resource);
        let asked = principal.and_then(|principal| {
            Request::new(principal, self.action.clone(), self.resource.clone(), context, None).ok()
        });
        let Some(asked) = asked else {
            outcome.failed.extend(&self.numbers);
            return outcome;
        };
        let entities = own.as_ref().unwrap_or(&shared.population.all);
        for set in self.conditional.for_caller(request.principal) {
            let answer = shared.authorizer.is_authorized(&asked, set, entities);
            for id in answer.diagnostics().reason() {
                let Some(number) = number(id) else { continue };
                match answer.decision() {
                    cedar_policy::Decision::Allow => outcome.permits.insert(number),
                    cedar_policy::Decision::Deny => outcome.forbids.insert(number),
                };
            }
            for error in answer.diagnostics().errors() {
                request.note(|| super::read::sentence(&error.to_string()));
                let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
                outcome.failed.extend(number(error.policy_id()));
            }
        }
        outcome
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
        let labels: BTreeSet<&str> = statements.iter().filter_map(|number| shared.statements.get(*number)).map(|one| &*one.label).collect();
        let named = labels.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
        let noun = if labels.len() == 1 { "policy" } else { "policies" };
        let more = match labels.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Objection { statements, reason: format!("{why} {noun} {named}{more}") }
    }

    fn note(&self, shared: &Shared, request: &RequestView<'_>, what: &str, numbers: &BTreeSet<usize>) {
        for statement in numbers.iter().filter_map(|number| shared.statements.get(*number)) {
            request.note(|| format!("policy {} {what}", statement.label));
        }
    }

    fn note_all(&self, shared: &Shared, request: &RequestView<'_>, outcome: &Outcome) {
        if request.notes.is_none() {
            return;
        }
        self.note(shared, request, "forbids", &outcome.forbids);
        self.note(shared, request, "cannot be evaluated", &outcome.failed);
        self.note(shared, request, "permits", &outcome.permits);
        let told = [&outcome.forbids, &outcome.failed, &outcome.permits];
        let rest = self.numbers.iter().copied().filter(|number| !told.iter().any(|told| told.contains(number)));
        self.note(shared, request, "does not match", &rest.take(MOST_NOTED).collect());
    }
}

fn number(id: &cedar_policy::PolicyId) -> Option<usize> {
    AsRef::<str>::as_ref(id).parse().ok()
}

/// The caller, and the entities to judge it with where those of the snapshot do not have it as it is now. Whoever is
/// anonymous is the app without a name, which has no attributes and is in nothing.
fn caller(shared: &Shared, principal: Option<&Principal>, resource: &EntityUid) -> (Option<EntityUid>, Option<Entities>) {
    let Some(principal) = principal else { return (entity(APP, ""), None) };
    let (name, team) = (&*principal.app.name, &*principal.app.team);
    let usual = shared.population.profiles.get(name).is_some_and(|usual| usual[..] == *principal.profiles());
    if usual {
        return (entity(APP, name), None);
    }
    let person = person(name, team, principal.profiles().iter().map(|profile| &**profile));
    let operation = shared.population.all.get(resource).cloned();
    let own = Entities::from_entities(person.into_iter().chain(operation), None).ok();
    // Without entities of its own the caller must not be taken for the usual one.
    (own.is_some().then(|| entity(APP, name)).flatten(), own)
}

/// The context as a person reads it.
fn spelled(context: &Context) -> String {
    context.to_json_value().map_or_else(|_| "unknown".to_owned(), |value| value.to_string())
}
