//! Callers without a credential, where an API has profiles for them.

use super::{AppPlan, Principal};
use crate::access::{Profiles, held};
use std::sync::Arc;
use yett_model::Diagnostic;

/// The name of such callers: no app can have it where there are any.
pub(crate) const NAME: &str = "anonymous";

/// Who calls where nobody says.
#[derive(Debug)]
pub struct Anonymous(Arc<AppPlan>);

impl Anonymous {
    /// With exactly these profiles; mistakes are reported at `path`.
    pub(crate) fn new(names: &[String], profiles: &Profiles, path: &str, found: &mut Vec<Diagnostic>) -> Self {
        let held = held(profiles, names, &[], path, found);
        Self(Arc::new(AppPlan {
            name: NAME.into(),
            team: NAME.into(),
            agent: false,
            plan: None,
            rules: Default::default(),
            subject: 0,
            limits: Vec::new(),
            grants: profiles.grants(&held, &[]),
            held: held.into(),
        }))
    }

    pub(crate) fn principal(&self) -> Principal {
        Principal { method: NAME, ..Principal::of(self.0.clone()) }
    }
}
