//! Policies without conditions as bits: by profile, app and team, which operations they forbid or permit.
//!
//! What a set of profiles is forbidden is computed with what it is granted ([`crate::access::Grants`]), so that a
//! request tests bits and looks nobody up. Only where it is refused is the policy looked for that says so.

use super::read::{Stage, Statement, Who};
use super::slice::{Operations as Known, matches};
use crate::access::Operations;
use cedar_policy::Effect;
use std::collections::HashMap;
use yett_model::snapshot::Mode;

/// What policies without conditions say of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Operations that a `forbid` takes away.
    pub(crate) forbidden: Operations,
    /// Operations for which a `permit` speaks.
    pub(crate) permitted: Operations,
}

impl Rules {
    fn none(operations: usize) -> Self {
        Self { forbidden: Operations::none(operations), permitted: Operations::none(operations) }
    }

    /// What is said of somebody who is both.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.forbidden.merge(&other.forbidden);
        self.permitted.merge(&other.permitted);
    }
}

/// The rules of all policies in force that have no conditions.
#[derive(Debug, Default)]
pub(crate) struct RoleRules {
    by: HashMap<Who, Rules>,
    operations: usize,
}

impl RoleRules {
    pub(super) fn of(statements: &[Statement], operations: &Known<'_>) -> Self {
        let mut rules = Self { by: HashMap::new(), operations: operations.len() };
        for statement in statements.iter().filter(|one| is_role_only(one)) {
            let own = rules.by.entry(statement.who.clone()).or_insert_with(|| Rules::none(operations.len()));
            let set = match statement.effect {
                Effect::Forbid => &mut own.forbidden,
                Effect::Permit => &mut own.permitted,
            };
            let numbers = (0..operations.len()).filter(|number| matches(statement, operations, *number));
            numbers.for_each(|number| set.add(number as u32));
        }
        rules
    }

    /// What is said of whoever has a profile, what it inherits aside.
    pub(crate) fn of_profile(&self, name: &str) -> Rules {
        self.by.get(&Who::Profile(name.into())).cloned().unwrap_or_else(|| self.nothing())
    }

    /// What is said of an app, for itself and for its team.
    pub(crate) fn of_app(&self, name: &str, team: &str) -> Rules {
        let mut rules = self.nothing();
        for who in [Who::App(name.into()), Who::Team(team.into())] {
            self.by.get(&who).into_iter().for_each(|own| rules.merge(own));
        }
        rules
    }

    /// Sets that have room, where there is anything to say at all.
    fn nothing(&self) -> Rules {
        if self.by.is_empty() { Rules::default() } else { Rules::none(self.operations) }
    }
}

/// Whether who calls which operation is all that a statement looks at.
pub(super) fn is_role_only(statement: &Statement) -> bool {
    statement.plain && statement.mode == Mode::Enforce && statement.stage() == Stage::Head
}
