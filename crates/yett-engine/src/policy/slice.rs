//! Slices: which statements an operation meets, by their scopes, and when.

use super::read::{Resource, Stage, Statement};
use super::schema::{Facts, Field};
use cedar_policy::Effect;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use yett_model::snapshot::{Mode, Snapshot};

/// An operation as scopes see it.
pub(super) struct OperationFacts<'s> {
    pub(super) facts: Facts<'s>,
    pub(super) collections: BTreeSet<&'s str>,
}

pub(super) type Operations<'s> = [OperationFacts<'s>];

/// Every operation, in the order of the plan.
pub(super) fn operations(snapshot: &Snapshot) -> Vec<OperationFacts<'_>> {
    if snapshot.policies.is_empty() {
        return Vec::new();
    }
    let mut collections: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for collection in &snapshot.collections {
        for operation in &collection.operations {
            collections.entry(operation).or_default().insert(&collection.name);
        }
    }
    let all = snapshot.apis.iter().flat_map(|api| api.operations.iter().map(move |operation| (api, operation)));
    let context = &snapshot.policy_context;
    all.map(|(api, operation)| OperationFacts {
        collections: collections.get(&*operation.id).cloned().unwrap_or_default(),
        facts: Facts { operation, api, context },
    })
    .collect()
}

/// Whether the scope of a statement has an operation.
pub(super) fn matches(statement: &Statement, operations: &Operations<'_>, number: usize) -> bool {
    let Some(one) = operations.get(number) else { return false };
    let operation = one.facts.operation.id.as_str();
    let action = statement.place.actions.as_ref().is_none_or(|actions| actions.contains(operation));
    action
        && match &statement.place.resource {
            Resource::Any => true,
            Resource::Operation(id) => **id == *operation,
            Resource::Api(name) => **name == *one.facts.api.name,
            Resource::Collection(name) => one.collections.contains(&**name),
            Resource::Nothing => false,
        }
}

/// Statements to hold a request or answer against at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// By number.
    pub(super) statements: Vec<usize>,
    /// What the context must hold.
    pub(super) context: BTreeMap<String, Field>,
}

/// The cuts of one operation for the statements of one mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cuts {
    pub(super) head: Cut,
    pub(super) body: Cut,
    pub(super) response: Cut,
}

/// What an operation meets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slice {
    pub(super) enforced: Cuts,
    pub(super) monitored: Cuts,
}

impl Slice {
    pub(super) fn judges_answers(&self) -> bool {
        [&self.enforced, &self.monitored].iter().any(|cuts| !cuts.response.statements.is_empty())
    }

    pub(super) fn statements(&self) -> impl Iterator<Item = usize> {
        let cuts = [&self.enforced, &self.monitored].into_iter().flat_map(|cuts| [&cuts.head, &cuts.body, &cuts.response]);
        cuts.flat_map(|cut| cut.statements.iter().copied()).collect::<BTreeSet<_>>().into_iter()
    }
}

/// Slices by operation; one that no statement is for has none.
#[derive(Default)]
pub(crate) struct Slices(HashMap<String, Slice>);

impl Slices {
    pub(super) fn of(&self, operation: &str) -> Option<&Slice> {
        self.0.get(operation)
    }

    /// Whether some operation of an API has policies that refuse.
    pub(super) fn refuse_in(&self, operations: &[yett_model::snapshot::Operation]) -> bool {
        let refuses = |slice: &Slice| slice.enforced != Cuts::default();
        operations.iter().any(|operation| self.of(&operation.id).is_some_and(refuses))
    }

    /// Cuts the statements.
    pub(super) fn cut(statements: &[Statement], operations: &Operations<'_>) -> Self {
        let mut slices = HashMap::new();
        for (number, operation) in operations.iter().enumerate() {
            let own: Vec<usize> = (0..statements.len())
                .filter(|index| statements.get(*index).is_some_and(|statement| matches(statement, operations, number)))
                .collect();
            if own.is_empty() {
                continue;
            }
            let cutting = Cutting { statements, own: &own, facts: &operation.facts };
            let slice = Slice { enforced: cutting.cuts(Mode::Enforce), monitored: cutting.cuts(Mode::Monitor) };
            slices.insert(operation.facts.operation.id.clone(), slice);
        }
        Self(slices)
    }
}

struct Cutting<'a> {
    statements: &'a [Statement],
    own: &'a [usize],
    facts: &'a Facts<'a>,
}

impl Cutting<'_> {
    fn pick(&self, wanted: impl Fn(&Statement) -> bool) -> Vec<usize> {
        self.own.iter().copied().filter(|number| self.statements.get(*number).is_some_and(&wanted)).collect()
    }

    /// The statements of a mode. One permit is enough, whenever it is found: those of the head wait for the body if some
    /// need it. In `monitor`, permits that are in force count too.
    fn cuts(&self, mode: Mode) -> Cuts {
        let is = |statement: &Statement, effect: Effect| statement.effect == effect;
        let own = |statement: &Statement| statement.mode == mode;
        let of_request = |statement: &Statement| statement.stage() != Stage::Response;
        let permits = |of_request_wanted: bool| {
            let wanted = |statement: &Statement| is(statement, Effect::Permit) && of_request(statement) == of_request_wanted;
            let needed = !self.pick(|statement| wanted(statement) && own(statement)).is_empty();
            let counted = |statement: &Statement| own(statement) || statement.mode == Mode::Enforce;
            self.pick(|statement| needed && wanted(statement) && counted(statement))
        };
        let forbids = |stage: Stage| self.pick(|one| is(one, Effect::Forbid) && own(one) && one.stage() == stage);
        let of_request = permits(true);
        let waits = of_request.iter().any(|number| self.statements.get(*number).is_some_and(|one| one.stage() == Stage::Body));
        let (head, body) = if waits { (Vec::new(), of_request) } else { (of_request, Vec::new()) };
        Cuts {
            head: self.cut(forbids(Stage::Head), head),
            body: self.cut(forbids(Stage::Body), body),
            response: self.cut(forbids(Stage::Response), permits(false)),
        }
    }

    fn cut(&self, mut statements: Vec<usize>, permits: Vec<usize>) -> Cut {
        statements.extend(permits);
        let mut context = BTreeMap::new();
        for statement in statements.iter().filter_map(|number| self.statements.get(*number)) {
            for path in &statement.reads {
                // What an operation does not have, a sound statement asks for with `has` only.
                let _absent = self.facts.add(path, &mut context);
            }
        }
        Cut { statements, context }
    }
}
