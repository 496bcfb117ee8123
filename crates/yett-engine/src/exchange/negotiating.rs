//! The exchange as the coding of its answer sees it.

use super::Exchange;
use crate::compression::{Chosen, CompressionPlan, Facts};
use http::HeaderMap;
use http::request::Parts;

impl Exchange {
    /// What the caller said about codings: asked before its fields go upstream. `None`: nothing is compressed here.
    #[must_use]
    pub fn wants_coding(&self, parts: &Parts) -> Option<Facts> {
        let plan = self.compression()?;
        Some(plan.listen(&parts.headers, self.principal.is_some()))
    }

    /// The coding of an answer with this head and length (`None`: not known), its head changed accordingly.
    pub fn choose_coding(
        &self,
        facts: &Facts,
        status: http::StatusCode,
        headers: &mut HeaderMap,
        length: Option<u64>,
    ) -> Option<Chosen> {
        self.compression()?.choose(facts, status, headers, length)
    }

    fn compression(&self) -> Option<&CompressionPlan> {
        self.operation_plan()?.compression.as_ref()
    }
}
