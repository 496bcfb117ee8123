//! The mask guard: personal data and secrets reach only those that may see them.
//!
//! In answers the contract says what is what (`x-yett-data`), and what none of the caller's profiles sees is masked, by the
//! rule of its class. What no contract classifies can be looked for in texts. In requests, classes can be forbidden, or
//! masked before they go upstream. What cannot be masked does not pass. See `GUARD.md`.

mod answers;
mod disguise;
mod requests;
mod rules;
#[cfg(test)]
mod tests;
mod texts;
mod values;

use super::contract::media::{self, Range, Sent};
use super::contract::response::{Status, content_length, may_have_body};
use super::{Guard, RequestView, Reshaped, Reshapes, ResponseView, Verdict};
use crate::Refusal;
use crate::body::Body;
use crate::detect::Kinds;
use crate::exchange::BodyNeed;
use crate::outline::{Id, Outline, Outlines};
use crate::plan::Scope;
use answers::Case;
use rules::Rules;
pub(crate) use rules::Shared;
use std::collections::BTreeSet;
use std::sync::Arc;
use yett_model::snapshot::{self, Location, MediaKind, Mode, Operation};

/// The guard of one operation.
struct MaskGuard {
    mode: Mode,
    detected: Mode,
    rules: Rules,
    /// Looked for in answers.
    detect: Kinds,
    forbid: Kinds,
    redact: Kinds,
    max_depth: u32,
    outline: Arc<Outline>,
    answers: Vec<Documented>,
    /// Every class that the operation's answers may hold.
    classes: BTreeSet<Arc<str>>,
    /// What speaks of an answer that the contract does not describe: all that it describes.
    any: Vec<Id>,
}

/// A documented answer.
struct Documented {
    status: Status,
    media: Vec<Described>,
}

/// A media range of an answer.
struct Described {
    range: Range,
    kind: MediaKind,
    set: Vec<Id>,
}

/// Builds the guard of one operation; `None` where nothing is classified, looked for or forbidden.
pub(super) fn build(scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    let settings = scope.operation.and_then(|operation| operation.mask.as_ref()).unwrap_or(&scope.api.guards.mask);
    let outline = scope.outlines.response.clone();
    let answers = scope.operation.map_or_else(Vec::new, |operation| documented(operation, &outline));
    let any: BTreeSet<Id> = answers.iter().flat_map(|answer| &answer.media).flat_map(|media| &media.set).copied().collect();
    let any: Vec<Id> = any.into_iter().collect();
    let kinds = |classes: &[String]| Kinds::of(classes.iter().map(String::as_str));
    let guard = MaskGuard {
        mode: settings.mode,
        detected: settings.detected,
        rules: Rules::new(settings, scope.masking),
        detect: if settings.detected == Mode::Off { Kinds::default() } else { kinds(&settings.detect) },
        forbid: kinds(&settings.forbid),
        redact: kinds(&settings.redact),
        max_depth: scope.api.guards.contract.max_depth,
        classes: outline.all_classes(&any),
        outline,
        answers,
        any,
    };
    (guard.mode != Mode::Off && guard.has_work()).then(|| Arc::new(guard) as Arc<dyn Guard>)
}

fn documented(operation: &Operation, outline: &Outline) -> Vec<Documented> {
    let described = |media: &snapshot::Media| {
        let set = media.schema.as_ref().map(|schema| outline.root(schema).into_owned()).unwrap_or_default();
        Described { range: Range::new(&media.range), kind: media.kind, set }
    };
    let answers = operation.responses.iter().filter_map(|response| {
        let status = Status::parse(&response.status)?;
        Some(Documented { status, media: response.media.iter().map(described).collect() })
    });
    answers.collect()
}

/// Names of the path parameters that are classified.
pub(crate) fn private_path(operation: &Operation, outlines: &Outlines) -> Vec<Box<str>> {
    let in_path = operation.parameters.iter().filter(|parameter| parameter.location == Location::Path);
    let classified = in_path.filter(|parameter| outlines.request.classifies(&outlines.request.root(&parameter.schema)));
    classified.map(|parameter| parameter.name.as_str().into()).collect()
}

impl MaskGuard {
    fn has_work(&self) -> bool {
        !self.classes.is_empty() || !self.detect.is_empty() || self.inspects()
    }

    fn inspects(&self) -> bool {
        !self.forbid.is_empty() || !self.redact.is_empty()
    }

    /// Whether an answer holds, or may hold, what the caller does not see.
    fn hides(&self, sees: &rules::Sees) -> bool {
        self.classes.iter().any(|class| !sees.covers(class))
    }
}

impl Guard for MaskGuard {
    fn name(&self) -> &'static str {
        "mask"
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn body_need(&self, _request: &RequestView<'_>) -> Result<BodyNeed, Box<Refusal>> {
        Ok(if self.inspects() { BodyNeed::Collect } else { BodyNeed::Pass })
    }

    fn reshape_request(&self, request: &RequestView<'_>, body: &Body) -> Result<Option<Reshaped>, Box<Refusal>> {
        if self.inspects() { self.reshape_body(request, body.bytes()) } else { Ok(None) }
    }

    fn inspect(&self, request: &RequestView<'_>, _body: Option<&Body>) -> Verdict {
        if self.inspects() { self.inspect_head(request) } else { Ok(()) }
    }

    fn reshapes_answers(&self) -> Reshapes {
        match self.classes.is_empty() && self.detect.is_empty() {
            true => Reshapes::Nothing,
            // What is detected is told to those whose profiles see its class, too.
            false => Reshapes::ByCaller,
        }
    }

    fn response_need(&self, request: &RequestView<'_>, response: &ResponseView<'_>) -> BodyNeed {
        match self.case(request, response) {
            Case::Untouched | Case::Unmaskable(_) => BodyNeed::Pass,
            Case::Json(_) | Case::Text => BodyNeed::Collect,
        }
    }

    fn reshape_response(
        &self,
        request: &RequestView<'_>,
        response: &ResponseView<'_>,
        body: &Body,
    ) -> Result<Option<Reshaped>, Box<Refusal>> {
        self.reshape_answer(request, response, body.bytes())
    }

    fn respond(&self, request: &RequestView<'_>, response: &ResponseView<'_>, body: Option<&Body>) -> Verdict {
        match self.case(request, response) {
            Case::Untouched => Ok(()),
            Case::Unmaskable(why) => Err(answers::unmasked(why)),
            Case::Json(_) | Case::Text if body.is_some() => Ok(()),
            // What is only watched may pass unseen: it is counted as unchecked.
            Case::Json(_) if self.hides(&self.rules.sees(request)) => {
                Err(answers::unmasked("the answer is too large or endless"))
            }
            Case::Json(_) | Case::Text if self.detected == Mode::Enforce => {
                Err(answers::unmasked("the answer is too large or endless to be looked through"))
            }
            Case::Json(_) | Case::Text => Ok(()),
        }
    }
}
