//! What policies say, as plain data: for whoever asks who may call what without sending a request.

use super::read::{Stage, Statement, Who};
use super::slice::{self, matches};
use super::{Policies, names};
use cedar_policy::Effect;
use serde::Serialize;
use yett_model::Diagnostic;
use yett_model::snapshot::{Mode, Snapshot};

/// Whom a statement is for, where it is not everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// `app`, `team` or `profile`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// One statement of a policy that is in force or watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementReport {
    /// Name of the policy, and the id of the statement behind it if it has one.
    pub label: String,
    /// Whether it is a `permit`; else it is a `forbid`.
    pub permits: bool,
    /// Whether it only watches.
    pub monitored: bool,
    /// Whether it has conditions.
    pub conditional: bool,
    /// What it needs to be judged: `head`, `body` or `response`.
    pub stage: &'static str,
    /// Whom it is for; `None` for everybody.
    pub caller: Option<Caller>,
    /// Ids of the operations in its scope.
    pub operations: Vec<String>,
}

/// Every sound statement of a snapshot's policies, in order.
///
/// # Errors
/// Every mistake in the policies, or that the snapshot cannot be read.
pub fn statements(snapshot: &[u8]) -> Result<Vec<StatementReport>, Vec<Diagnostic>> {
    let snapshot: Snapshot = serde_json::from_slice(snapshot)
        .map_err(|error| vec![Diagnostic::new("", "snapshot-malformed", format!("the snapshot cannot be read: {error}"))])?;
    let mut found = Vec::new();
    let policies = Policies::build(&snapshot, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let operations = slice::operations(&snapshot);
    let ids = |statement: &Statement| {
        let inside = operations.iter().enumerate().filter(|(number, _)| matches(statement, &operations, *number));
        inside.map(|(_, one)| one.facts.operation.id.clone()).collect()
    };
    Ok(policies.shared.statements.iter().map(|statement| report(statement, ids(statement))).collect())
}

fn report(statement: &Statement, operations: Vec<String>) -> StatementReport {
    let named = |kind: &str, name: &str| {
        let kind =
            [(names::APP, "app"), (names::TEAM, "team"), (names::PROFILE, "profile")].into_iter().find(|one| one.0 == kind);
        kind.map(|(_, kind)| Caller { kind, name: name.to_owned() })
    };
    StatementReport {
        label: statement.label.to_string(),
        permits: statement.effect == Effect::Permit,
        monitored: statement.mode == Mode::Monitor,
        conditional: !statement.plain,
        stage: match statement.stage() {
            Stage::Head => "head",
            Stage::Body => "body",
            Stage::Response => "response",
        },
        caller: match &statement.who {
            Who::App(name) => named(names::APP, name),
            Who::Team(name) => named(names::TEAM, name),
            Who::Profile(name) => named(names::PROFILE, name),
            Who::Anyone | Who::Nobody => None,
        },
        operations,
    }
}
