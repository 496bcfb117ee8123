//! The graphql guard: what a query asks for once its fragments are written out, counted without writing them out.
//!
//! Depth, aliases and cost are worked out once for each fragment, so that fragments in fragments cost no more than their
//! text. Only documents that can be run are read; definitions of schemas are none. See `GUARD.md`.

mod document;
mod lexer;
mod measure;
mod request;
#[cfg(test)]
mod tests;

use super::{Guard, RequestView, Verdict};
use crate::Refusal;
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::plan::Scope;
use crate::xml::Fault;
use document::Document;
use http::Method;
use measure::Spent;
use request::Query;
use std::sync::Arc;
use yett_model::Code;
use yett_model::snapshot::{self, Mode};

struct GraphQl {
    limits: snapshot::GraphQl,
    /// Deepest nesting of the body, as for the contract.
    max_depth: u32,
}

/// Builds the guard of one operation; `None` where it takes no GraphQL.
pub fn build(scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    let limits = scope.operation.and_then(|operation| operation.graphql.as_ref()).filter(|limits| limits.mode != Mode::Off)?;
    Some(Arc::new(GraphQl { limits: limits.clone(), max_depth: scope.api.guards.contract.max_depth }))
}

impl Guard for GraphQl {
    fn name(&self) -> &'static str {
        "graphql"
    }

    fn mode(&self) -> Mode {
        self.limits.mode
    }

    fn response_mode(&self) -> Mode {
        Mode::Off
    }

    fn body_need(&self, request: &RequestView<'_>) -> Result<BodyNeed, Box<Refusal>> {
        Ok(if *request.method == Method::GET { BodyNeed::Pass } else { BodyNeed::Collect })
    }

    fn inspect(&self, request: &RequestView<'_>, body: Option<&Body>) -> Verdict {
        let judged = match *request.method {
            Method::GET => request::of_query(request.query, self.max_depth).and_then(|query| self.judge(&[query], true)),
            _ => {
                request::of_body(request, body, self.max_depth, self.limits.max_batch).and_then(|batch| self.judge(&batch, false))
            }
        };
        judged.map_err(|fault| match fault {
            Fault::Exceeds(reason) => Refusal::open(Code::StructureExceeded, format!("the query {reason}")),
            Fault::Refused(reason) => Refusal::open(Code::StructureRefused, format!("the query {reason}")),
        })
    }
}

impl GraphQl {
    /// `reads`: whether it came by `GET`, which changes nothing.
    fn judge(&self, batch: &[Query], reads: bool) -> Result<(), Fault> {
        let mut spent = Spent::default();
        batch.iter().try_for_each(|query| self.judge_one(query, reads, &mut spent))
    }

    fn judge_one(&self, query: &Query, reads: bool, spent: &mut Spent) -> Result<(), Fault> {
        let named = query.is_named(self.limits.persisted)?;
        let Some(text) = &query.text else {
            return if named { Ok(()) } else { Err(Fault::Refused("is missing")) };
        };
        let document = Document::read(text, &self.limits)?;
        if reads && document.changes() {
            return Err(Fault::Refused("changes something, so that it is sent by POST"));
        }
        measure::hold(&document, query.variables.as_ref(), &self.limits, spent)
    }
}

/// Arbitrary text: it is read or refused, and what is taken is within the limits.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn hold_text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let limits = snapshot::GraphQl { max_tokens: 500, ..snapshot::GraphQl::default() };
    let Ok(document) = Document::read(text, &limits) else { return };
    let mut spent = Spent::default();
    if measure::hold(&document, None, &limits, &mut spent).is_ok() {
        assert!(spent.cost <= limits.max_cost && spent.aliases <= u64::from(limits.max_aliases), "more than the limits is taken");
        assert!(
            !text.contains("__schema") || text.contains('#') || text.contains('"') || !document.asks_schema(),
            "the schema is told"
        );
    }
}
