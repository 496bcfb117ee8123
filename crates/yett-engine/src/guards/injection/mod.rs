//! The injection guard: values that look like attacks on what reads them do not go on.
//!
//! It looks at the leaves of a request ([`super::leaves`]) where the contract leaves room, undoes encodings, reads each as
//! SQL, shells, file systems and browsers would, and holds it against signatures. Everything is linear in the bytes of
//! the request. See `GUARD.md`.

#[cfg(test)]
mod cases;
mod decode;
mod exceptions;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod signatures;
mod sql;
mod sql_words;
#[cfg(test)]
mod tests;
mod views;

pub(crate) use exceptions::check;

use super::contract::reading;
use super::leaves::{Leaf, Part, Place, Watch};
use super::{Guard, RequestView, Verdict};
use crate::Refusal;
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::plan::Scope;
use exceptions::Exception;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HeaderValue};
use signatures::{Role, SIGNATURES, Signature};
use std::ops::ControlFlow;
use std::sync::Arc;
use yett_model::snapshot::{Level, Mode};
use yett_model::{Code, Matched};

/// Nobody does harm in less.
const SHORTEST: usize = 3;
/// Longest name that is told, in bytes.
const LONGEST_NAME: usize = 256;

/// The guard of one operation.
struct InjectionGuard {
    mode: Mode,
    level: Level,
    watch: Watch,
    exceptions: Vec<Exception>,
}

/// Builds the guard of one operation, or of what no operation describes.
pub fn build(scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    let settings = &scope.api.guards.injection;
    if settings.mode == Mode::Off {
        return None;
    }
    let id = scope.operation.map(|operation| operation.id.as_str());
    Some(Arc::new(InjectionGuard {
        mode: settings.mode,
        level: settings.level,
        watch: Watch::of(scope.api, scope.operation),
        exceptions: settings.exceptions.iter().filter_map(|exception| Exception::of(exception, id)).collect(),
    }))
}

impl Guard for InjectionGuard {
    fn name(&self) -> &'static str {
        "injection"
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn body_need(&self, request: &RequestView<'_>) -> Result<BodyNeed, Box<Refusal>> {
        let headers = request.headers;
        let empty = headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes().iter().all(|&byte| byte == b'0'));
        if empty || !self.watch.has_leaves(headers) {
            return Ok(BodyNeed::Pass);
        }
        if !reading::is_plain(headers) {
            let refusal = Refusal::open(Code::MediaTypeUnsupported, "the body must not have a content coding");
            return Err(refusal.with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
        }
        Ok(BodyNeed::Collect)
    }

    fn inspect(&self, request: &RequestView<'_>, body: Option<&Body>) -> Verdict {
        let mut found = None;
        let mut visit = |leaf: &Leaf<'_>| match self.look(leaf) {
            Some(matched) => {
                found = Some(matched);
                ControlFlow::Break(())
            }
            None => ControlFlow::Continue(()),
        };
        let mut all = self.watch.head(request, &mut visit);
        if let (ControlFlow::Continue(()), Some(body)) = (all, body) {
            all = self.watch.body(request.headers, body, &mut visit);
        }
        match (all, found) {
            (ControlFlow::Break(()), Some(matched)) => Err(refusal(matched)),
            _ => Ok(()),
        }
    }
}

impl InjectionGuard {
    fn look(&self, leaf: &Leaf<'_>) -> Option<Matched> {
        if leaf.text.len() < SHORTEST {
            return None;
        }
        let counts = |signature: &Signature| {
            signature.level <= self.level && !self.exceptions.iter().any(|exception| exception.covers(signature, leaf))
        };
        let signature = SIGNATURES.find(leaf.text, role(leaf), &counts)?;
        let mut name = leaf.name();
        name.truncate(name.floor_char_boundary(LONGEST_NAME));
        Some(Matched {
            guard: "injection".to_owned(),
            signature: signature.id.clone(),
            family: signature.family.clone(),
            place: leaf.place.as_str().to_owned(),
            name,
        })
    }
}

fn role(leaf: &Leaf<'_>) -> Role {
    let undescribed = leaf.place == Place::OtherHeader;
    Role { part: leaf.part, undescribed, agent: undescribed && leaf.part == Part::Value && leaf.is_named("user-agent") }
}

/// The caller learns that a value was refused, not which signature to write around.
fn refusal(matched: Matched) -> Box<Refusal> {
    let Matched { signature, place, name, .. } = &matched;
    Refusal::new(Code::InjectionDetected, format!("{signature} in {place} '{name}'")).of_match(matched)
}
