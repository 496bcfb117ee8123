//! Answers: which of them are masked, how, and which must not pass.

use super::rules::Sees;
use super::values::{Masker, Spot, Tally};
use super::{Described, MaskGuard, media, texts};
use super::{RequestView, Reshaped, ResponseView, Sent, content_length, may_have_body};
use crate::Refusal;
use crate::body::scan;
use crate::outline::{Id, Set};
use bytes::Bytes;
use http::HeaderMap;
use yett_model::Code;
use yett_model::snapshot::{MaskBy, MediaKind, Mode};

/// What is to be done about an answer.
pub(super) enum Case<'g> {
    /// Nothing in it is anybody's business.
    Untouched,
    /// It is JSON of which these speak.
    Json(&'g [Id]),
    /// It is another text.
    Text,
    /// It may hold what must be masked, and cannot be masked.
    Unmaskable(&'static str),
}

/// The refusal of an answer that must not be seen as it is.
pub(super) fn unmasked(why: &str) -> Box<Refusal> {
    Refusal::new(Code::ResponseUnmasked, why)
}

impl MaskGuard {
    pub(super) fn case(&self, request: &RequestView<'_>, response: &ResponseView<'_>) -> Case<'_> {
        let empty = content_length(response.headers) == Some(0);
        if empty || !may_have_body(request.method, response.status) {
            return Case::Untouched;
        }
        let sees = self.rules.sees(request);
        let hides = self.hides(&sees);
        let looks = !sees.hidden(self.detect).is_empty();
        if !hides && !looks {
            return Case::Untouched;
        }
        let must = hides || self.detected == Mode::Enforce;
        let fault = match () {
            () if response.status == 206 => "a part of an answer cannot be masked",
            () if !media::is_plain(response.headers) => "an answer with a content coding cannot be masked",
            () => return self.case_of_type(response, hides, looks),
        };
        if must { Case::Unmaskable(fault) } else { Case::Untouched }
    }

    fn case_of_type(&self, response: &ResponseView<'_>, hides: bool, looks: bool) -> Case<'_> {
        let essence = match media::sent(response.headers) {
            Sent::Type(sent) => sent.value.to_string(),
            // A reader may take it for anything.
            Sent::Nothing | Sent::Unreadable => String::new(),
        };
        let (is_status, described) = self.described(response.status, &essence);
        if media::is_json(&essence) {
            let set = described.filter(|described| described.kind == MediaKind::Json).map_or(&self.any, |one| &one.set);
            return Case::Json(set);
        }
        let classified = described.is_some_and(|described| self.outline.classifies(&described.set));
        // Errors that nobody describes are texts of the upstream's own.
        let unknown = described.is_none() && (response.status < 400 || is_status);
        match () {
            () if hides && (classified || unknown) => Case::Unmaskable("it holds classified data, and is no JSON"),
            () if looks && is_text(&essence) => Case::Text,
            () => Case::Untouched,
        }
    }

    /// Whether a status is documented with bodies, and what the contract says of a media type of it.
    fn described(&self, status: u16, essence: &str) -> (bool, Option<&Described>) {
        let ranked = self.answers.iter().filter_map(|answer| Some((answer.status.rank(status)?, answer)));
        let Some((_, answer)) = ranked.max_by_key(|(rank, _)| *rank) else { return (false, None) };
        let ranked = answer.media.iter().filter_map(|media| Some((media.range.rank(essence)?, media)));
        let described = ranked.rev().max_by_key(|(rank, _)| *rank).map(|(_, media)| media);
        (!answer.media.is_empty(), described)
    }

    /// An answer's body as the caller may see it.
    pub(super) fn reshape_answer(
        &self,
        request: &RequestView<'_>,
        response: &ResponseView<'_>,
        bytes: &Bytes,
    ) -> Result<Option<Reshaped>, Box<Refusal>> {
        let sees = self.rules.sees(request);
        let hides = self.hides(&sees);
        let (case, must) = (self.case(request, response), hides || self.detected == Mode::Enforce);
        let text = match case {
            Case::Json(_) | Case::Text => std::str::from_utf8(bytes),
            Case::Untouched | Case::Unmaskable(_) => return Ok(None),
        };
        let faulty = |why| if must { Err(unmasked(why)) } else { Ok(None) };
        match (case, text) {
            (Case::Text, Err(_)) => Ok(None),
            (_, Err(_)) => faulty("the answer is no UTF-8"),
            (Case::Json(set), Ok(text)) => self.mask_json(set, sees, text).map_or_else(|| faulty("the answer is no JSON"), Ok),
            (_, Ok(text)) => Ok(self.mask_text(&sees, text)),
        }
    }

    /// `None` if it is no JSON.
    fn mask_json(&self, set: &[Id], sees: Sees, text: &str) -> Option<Option<Reshaped>> {
        let enforces = self.mode == Mode::Enforce;
        let mut masker = Masker {
            outline: &self.outline,
            rules: &self.rules,
            kinds: sees.hidden(self.detect),
            sees,
            masks: enforces,
            masks_found: enforces && self.detected == Mode::Enforce,
            classified: Tally::default(),
            found: Tally::default(),
            in_names: None,
        };
        let class = masker.class(set);
        if let Some((class, MaskBy::Drop)) = &class {
            // A whole answer cannot go: nothing is left in its place.
            masker.classified.count(class);
            let body = masker.masks.then(|| Bytes::from_static(b"null"));
            return Some(Some(self.settle(body, &masker.classified, &masker.found)));
        }
        let root = Spot { set: Set::Borrowed(set), class, is_secret: false };
        let edits = scan::walk(text, self.max_depth, root, &mut masker).ok()?;
        let body = (!edits.is_empty()).then(|| scan::splice(text, &edits));
        let touched = !masker.classified.is_empty() || !masker.found.is_empty();
        Some(touched.then(|| self.settle(body, &masker.classified, &masker.found)))
    }

    fn mask_text(&self, sees: &Sees, text: &str) -> Option<Reshaped> {
        let mut found = Tally::default();
        let masked = texts::masked(text, sees.hidden(self.detect), &self.rules, &mut found)?;
        let body = (self.mode == Mode::Enforce && self.detected == Mode::Enforce).then(|| Bytes::from(masked));
        Some(self.settle(body, &Tally::default(), &found))
    }

    /// Which of what was counted was masked, and which only would have been.
    pub(super) fn settle(&self, body: Option<Bytes>, classified: &Tally, found: &Tally) -> Reshaped {
        let mut reshaped = Reshaped { body, ..Reshaped::default() };
        let masks = self.mode == Mode::Enforce;
        let told = if masks { &mut reshaped.changed } else { &mut reshaped.would_change };
        told.extend(classified.told());
        let told = if masks && self.detected == Mode::Enforce { &mut reshaped.changed } else { &mut reshaped.would_change };
        told.extend(found.told());
        reshaped
    }
}

/// Whether a media type is read as text.
pub(super) fn is_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "" | "application/xml"
                | "application/x-ndjson"
                | "application/jsonl"
                | "application/json-seq"
                | "application/javascript"
                | "application/yaml"
        )
}

/// Whether a body's type says JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    matches!(media::sent(headers), Sent::Type(sent) if media::is_json(&sent.value))
}
