//! The contract guard.
use super::Guard;
use crate::plan::Scope;
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot;

/// The compiled shared schemas of an API.
pub struct Schemas {}

impl Schemas {
    /// Compiles the shared schemas.
    pub fn build(_schemas: &snapshot::Schemas, _path: &str, _diagnostics: &mut Vec<Diagnostic>) -> Self {
        Self {}
    }
}

/// Builds the guard of one operation.
pub fn build(_scope: &Scope<'_>, _diagnostics: &mut Vec<Diagnostic>) -> Option<Arc<dyn Guard>> {
    None
}
