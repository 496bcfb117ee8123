//! Access policies: statements of Cedar that narrow what profiles grant.
//!
//! Profiles grant, policies narrow: a `forbid` that matches refuses; where a `permit` is written for an operation, one of
//! its permits must match besides the grant. Everything is parsed, typed against the contracts and cut into slices, one
//! an operation, when the snapshot is compiled. A request makes its context, of those facts alone that its slice reads,
//! and nothing else. What cannot be evaluated refuses.

mod check;
mod context;
mod evaluate;
mod guard;
mod names;
mod read;
mod report;
mod roles;
mod schema;
mod slice;
#[cfg(test)]
mod tests;

use crate::plan::Scope;
use cedar_policy::Authorizer;
use evaluate::Population;
use jiff::tz::TimeZone;
use read::Statement;
pub use report::{StatementReport, statements};
pub(crate) use roles::{RoleRules, Rules};
use slice::Slices;
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot::Snapshot;

/// Bytes of stack that compiling takes at most, with much to spare.
const STACK: usize = 64 << 20;

/// The policies of a snapshot, compiled.
pub(crate) struct Policies {
    shared: Arc<Shared>,
    slices: Slices,
    /// Operations by id, as the plan numbers them.
    numbers: HashMap<String, u32>,
    /// Those without conditions, as bits.
    pub(crate) roles: RoleRules,
    /// What is worth telling but refuses nothing.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// What the guards of all operations have in common.
pub(super) struct Shared {
    statements: Vec<Statement>,
    population: Population,
    authorizer: Authorizer,
    zone: TimeZone,
}

impl Policies {
    /// Compiles the policies; mistakes go to `diagnostics`, and what holds one is left out.
    ///
    /// Cedar's parser calls itself for every bracket, a dozen calls deep each time: it gets a stack of its own.
    pub(crate) fn build(snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> Self {
        if snapshot.policies.is_empty() {
            return Self::compile(snapshot, diagnostics);
        }
        let compiled = std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().name("policies".to_owned()).stack_size(STACK);
            builder.spawn_scoped(scope, || Self::compile(snapshot, diagnostics)).ok()?.join().ok()
        });
        compiled.unwrap_or_else(|| {
            diagnostics.push(Diagnostic::new("/policies", "policy-invalid", "the policies cannot be compiled"));
            Self::compile(&Snapshot { policies: Vec::new(), ..snapshot.clone() }, diagnostics)
        })
    }

    fn compile(snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let zone = zone(snapshot, diagnostics);
        let names = names::Names::of(snapshot);
        let operations = slice::operations(snapshot);
        let mut found = check::Found::default();
        let mut statements = read::read(snapshot, &mut found);
        statements.retain(|statement| check::check(statement, snapshot, &names, &operations, &mut found));
        for (number, statement) in statements.iter_mut().enumerate() {
            statement.number(number);
        }
        let slices = Slices::cut(&statements, &operations);
        check::check_slices(&slices, &statements, &operations, &mut found);
        diagnostics.append(&mut found.mistakes);
        let number = |(number, one): (usize, &slice::OperationFacts<'_>)| (one.facts.operation.id.clone(), number as u32);
        let numbers = operations.iter().enumerate().map(number).collect();
        let roles = RoleRules::of(&statements, &operations);
        let population = match statements.is_empty() {
            true => Population::default(),
            false => Population::of(snapshot, &operations),
        };
        let shared = Arc::new(Shared { statements, population, authorizer: Authorizer::new(), zone });
        Self { shared, slices, numbers, roles, warnings: found.warnings }
    }

    /// Whether answers of an operation are judged, so that they must be readable.
    pub(crate) fn judges_answers(&self, operation: &str) -> bool {
        self.slices.of(operation).is_some_and(|slice| slice.judges_answers())
    }
}

fn zone(snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> TimeZone {
    let Some(name) = &snapshot.policy_context.time_zone else { return TimeZone::UTC };
    TimeZone::get(name).unwrap_or_else(|_| {
        let message = format!("there is no time zone '{name}'");
        let hint = "Write an IANA name, such as Europe/Stockholm.";
        diagnostics.push(Diagnostic::new("/policy_context/time_zone", "time-zone-unknown", message).hint(hint));
        TimeZone::UTC
    })
}

/// The guards of an operation: one of the policies in force, one of those in `monitor`.
pub(crate) fn build(scope: &Scope<'_>) -> Vec<Arc<dyn crate::guards::Guard>> {
    guard::build(scope, scope.policies)
}
