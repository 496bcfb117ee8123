//! Properties that the contract does not name, or names as not the sender's to say: refused, or taken out.
//!
//! JSON Schema lets any property be unless it is told otherwise, and few contracts tell. Whoever binds what comes to an
//! object of a program (mass assignment), or sends whole records out (excessive data), needs a name for each. What is
//! named is decided by all schemas that may speak of the object ([`Outline::naming`]).

use super::media::{self, Range, Sent};
use super::response::Status;
use super::violation::{Place, Violations, joined};
use crate::Refusal;
use crate::body::Body;
use crate::body::scan::{self, Scalar, Step, Visitor};
use crate::guards::{RequestView, Reshaped, Reshapes, ResponseView};
use crate::outline::{Id, Naming, Outline, Outlines, Set};
use http::HeaderMap;
use std::sync::Arc;
use yett_model::Code;
use yett_model::snapshot::{self, ContractGuard, MediaKind, Mode, Operation, Surplus, UnknownProperties, Unwanted};

/// Most properties that are told by name.
const MOST_TOLD: usize = 8;
/// Most characters of a pointer that are told.
const LONGEST_TOLD: usize = 64;

/// What is done about properties in the bodies of an operation.
pub(super) struct Properties {
    unknown: UnknownProperties,
    read_only: Unwanted,
    surplus: Surplus,
    mode: Mode,
    max_depth: u32,
    max_answer: u64,
    request: Vec<Known>,
    answers: Vec<(Status, Vec<Known>)>,
    outlines: (Arc<Outline>, Arc<Outline>),
}

/// A media range with its schemas.
struct Known {
    range: Range,
    kind: MediaKind,
    set: Vec<Id>,
}

impl Properties {
    /// `None` if the schemas alone decide.
    pub(super) fn new(operation: &Operation, guard: &ContractGuard, outlines: &Outlines) -> Option<Self> {
        let of_requests = guard.unknown_properties != UnknownProperties::Contract || guard.read_only == Unwanted::Strip;
        if !of_requests && guard.response_unknown == Surplus::Keep {
            return None;
        }
        let known = |outline: &Outline, media: &[snapshot::Media]| -> Vec<Known> {
            let described = media.iter().filter_map(|media| Some((media, outline.root(media.schema.as_ref()?).into_owned())));
            described.map(|(media, set)| Known { range: Range::new(&media.range), kind: media.kind, set }).collect()
        };
        let body = operation.body.as_ref().filter(|_| of_requests);
        let responses = operation.responses.iter().filter(|_| guard.response_unknown != Surplus::Keep);
        let answer =
            |response: &snapshot::Response| Some((Status::parse(&response.status)?, known(&outlines.response, &response.media)));
        Some(Self {
            unknown: guard.unknown_properties,
            read_only: guard.read_only,
            surplus: guard.response_unknown,
            mode: guard.mode,
            max_depth: guard.max_depth,
            max_answer: guard.max_response_bytes,
            request: body.map_or_else(Vec::new, |body| known(&outlines.request, &body.media)),
            answers: responses.filter_map(answer).collect(),
            outlines: (outlines.request.clone(), outlines.response.clone()),
        })
    }

    pub(super) fn reshapes_answers(&self) -> Reshapes {
        if self.surplus == Surplus::Drop { Reshapes::Answers } else { Reshapes::Nothing }
    }

    /// A request's body without what is to be taken out. What is no JSON is left to whoever judges the body.
    ///
    /// # Errors
    /// The refusal, if properties are there that must not be.
    pub(super) fn of_request(&self, request: &RequestView<'_>, bytes: &[u8]) -> Result<Option<Reshaped>, Box<Refusal>> {
        let Some(known) = find(&self.request, request.headers).filter(|known| known.kind == MediaKind::Json) else {
            return Ok(None);
        };
        let Ok(text) = std::str::from_utf8(bytes) else { return Ok(None) };
        let mut sorter = Sorter {
            outline: &self.outlines.0,
            takes_unnamed: self.unknown == UnknownProperties::Strip,
            takes_hidden: self.read_only == Unwanted::Strip,
            found: Vec::new(),
            refused: Vec::new(),
            refuses: self.unknown == UnknownProperties::Refuse,
        };
        let place = Spot { set: Set::Borrowed(&known.set), pointer: String::new() };
        let Ok(edits) = scan::walk(text, self.max_depth, place, &mut sorter) else { return Ok(None) };
        if !sorter.refused.is_empty() {
            return Err(refusal(sorter.refused));
        }
        let what = told(&sorter.found);
        Ok((!edits.is_empty()).then(|| match self.mode {
            Mode::Enforce => Reshaped { body: Some(scan::splice(text, &edits)), changed: what, would_change: Vec::new() },
            _ => Reshaped { body: None, changed: Vec::new(), would_change: what },
        }))
    }

    /// Adds the fields of a form that no schema names: out of a form nothing is taken.
    pub(super) fn inspect_fields(&self, request: &RequestView<'_>, body: &Body, found: &mut Violations) {
        if self.unknown == UnknownProperties::Contract {
            return;
        }
        let form = find(&self.request, request.headers);
        let Some(known) = form.filter(|known| matches!(known.kind, MediaKind::Form | MediaKind::Multipart)) else { return };
        let Some(fields) = body.value().and_then(serde_json::Value::as_object) else { return };
        for name in fields.keys().filter(|name| self.outlines.0.naming(&known.set, name) == Naming::Unnamed) {
            found.push(Place::Body, joined("", name), "unknown", UNNAMED);
        }
    }

    /// An answer's body without what the contract does not promise.
    pub(super) fn of_answer(&self, response: &ResponseView<'_>, bytes: &[u8]) -> Option<Reshaped> {
        let ranked = self.answers.iter().filter_map(|(status, known)| Some((status.rank(response.status)?, known)));
        let (_, known) = ranked.max_by_key(|(rank, _)| *rank)?;
        let known = find(known, response.headers).filter(|known| known.kind == MediaKind::Json)?;
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= self.max_answer)?;
        let mut sorter = Sorter {
            outline: &self.outlines.1,
            takes_unnamed: true,
            takes_hidden: true,
            found: Vec::new(),
            refused: Vec::new(),
            refuses: false,
        };
        let place = Spot { set: Set::Borrowed(&known.set), pointer: String::new() };
        let edits = scan::walk(text, self.max_depth, place, &mut sorter).ok().filter(|edits| !edits.is_empty())?;
        let what = told(&sorter.found);
        Some(match self.surplus {
            Surplus::Drop => Reshaped { body: Some(scan::splice(text, &edits)), changed: what, would_change: Vec::new() },
            _ => Reshaped { body: None, changed: Vec::new(), would_change: what },
        })
    }
}

const UNNAMED: &str = "is not a property of the contract";

fn refusal(pointers: Vec<String>) -> Box<Refusal> {
    let mut found = Violations::default();
    pointers.into_iter().for_each(|pointer| found.push(Place::Body, pointer, "unknown", UNNAMED));
    Refusal::new(Code::RequestInvalid, found.summary()).with_violations(found.into_vec())
}

fn told(pointers: &[String]) -> Vec<String> {
    let more = pointers.len().saturating_sub(MOST_TOLD);
    let mut told: Vec<String> =
        pointers.iter().take(MOST_TOLD).map(|pointer| format!("took out {}", shortened(pointer))).collect();
    if more > 0 {
        told.push(format!("took out {more} more"));
    }
    told
}

/// Callers choose names: what is too long for one is cut.
fn shortened(pointer: &str) -> String {
    pointer.chars().take(LONGEST_TOLD).collect()
}

/// What of the contract is meant by the type of a body that can be read.
fn find<'k>(known: &'k [Known], headers: &HeaderMap) -> Option<&'k Known> {
    let Sent::Type(sent) = media::sent(headers) else { return None };
    let ranked = known.iter().filter_map(|known| Some((known.range.rank(&sent.value)?, known)));
    ranked.rev().max_by_key(|(rank, _)| *rank).map(|(_, known)| known).filter(|_| media::is_plain(headers))
}

/// A place of a body.
struct Spot<'o> {
    set: Set<'o>,
    pointer: String,
}

/// Tells what stays from what goes.
struct Sorter<'o> {
    outline: &'o Outline,
    takes_unnamed: bool,
    takes_hidden: bool,
    refuses: bool,
    /// Pointers of what goes; list indexes are left out, as there may be many.
    found: Vec<String>,
    refused: Vec<String>,
}

impl<'o> Visitor for Sorter<'o> {
    type Place = Spot<'o>;

    fn member(&mut self, object: &Spot<'o>, name: &str) -> Step<Spot<'o>> {
        let naming = match object.set.is_empty() {
            true => Naming::Named,
            false => self.outline.naming(&object.set, name),
        };
        let pointer = joined(&object.pointer, name);
        let goes = match naming {
            Naming::Named => false,
            Naming::Hidden => self.takes_hidden,
            Naming::Unnamed => self.takes_unnamed,
        };
        if goes {
            if !self.found.contains(&pointer) && self.found.len() < 64 {
                self.found.push(pointer);
            }
            return Step::Drop;
        }
        if naming == Naming::Unnamed && self.refuses {
            self.refused.push(pointer);
            return Step::Keep;
        }
        self.enter(self.outline.member(&object.set, name), pointer)
    }

    fn element(&mut self, array: &Spot<'o>, _index: usize) -> Step<Spot<'o>> {
        self.enter(self.outline.element(&array.set), array.pointer.clone())
    }

    fn scalar(&mut self, _place: &Spot<'o>, _scalar: &Scalar<'_>) -> Option<String> {
        None
    }
}

impl<'o> Sorter<'o> {
    fn enter(&self, set: Set<'o>, pointer: String) -> Step<Spot<'o>> {
        if set.is_empty() { Step::Keep } else { Step::Into(Spot { set, pointer }) }
    }
}
