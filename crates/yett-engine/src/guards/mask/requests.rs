//! Requests: classes that they must not hold, and those that are masked before they go upstream.
//!
//! The path, the query and forms cannot be changed without making another request of them: what would be masked there is
//! refused.

use super::answers::is_json;
use super::rules::Sees;
use super::values::{Masker, Spot, Tally};
use super::{MaskGuard, RequestView, Reshaped, Sent, Verdict, media, texts};
use crate::Refusal;
use crate::body::scan;
use crate::detect::{Kinds, find};
use crate::outline::Set;
use bytes::Bytes;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::collections::BTreeSet;
use yett_model::Code;
use yett_model::snapshot::Mode;

const FORM: &str = "application/x-www-form-urlencoded";

impl MaskGuard {
    /// Path and query, as an upstream reads them.
    pub(super) fn inspect_head(&self, request: &RequestView<'_>) -> Verdict {
        let kinds = self.forbid.and(self.redact);
        let path = request.path_parameters.iter().map(|(_, value)| percent_decode_str(value).decode_utf8_lossy());
        for value in path.chain(fields(request.query)) {
            refuse("the path or query", &value, kinds)?;
        }
        Ok(())
    }

    /// A body without what is masked.
    pub(super) fn reshape_body(&self, request: &RequestView<'_>, bytes: &Bytes) -> Result<Option<Reshaped>, Box<Refusal>> {
        if !media::is_plain(request.headers) {
            return Err(Refusal::open(Code::DataForbidden, "a body with a content coding cannot be looked through"));
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return Ok(None) };
        let kinds = self.forbid.and(self.redact);
        match () {
            () if is_json(request.headers) => self.redact_json(text),
            () if is_plain_text(request.headers) => {
                refuse("the body", text, self.forbid)?;
                let mut found = Tally::default();
                let masked = texts::masked(text, self.redact, &self.rules, &mut found);
                Ok(masked.map(|masked| self.redacted(masked.into(), &found)))
            }
            () if is_form(request.headers) => {
                fields(text).try_for_each(|value| refuse("the form", &value, kinds))?;
                Ok(None)
            }
            () => refuse("the body", text, kinds).map(|()| None),
        }
    }

    fn redact_json(&self, text: &str) -> Result<Option<Reshaped>, Box<Refusal>> {
        let look = |kinds: Kinds| {
            let mut masker = Masker {
                outline: &self.outline,
                rules: &self.rules,
                sees: Sees::default(),
                kinds,
                masks: false,
                masks_found: true,
                classified: Tally::default(),
                found: Tally::default(),
                in_names: Some(Tally::default()),
            };
            let root = Spot { set: Set::Borrowed(&[]), class: None, is_secret: false };
            let edits = scan::walk(text, self.max_depth, root, &mut masker);
            let unread = |_| Refusal::open(Code::DataForbidden, "a body that is no JSON cannot be looked through");
            let edits = edits.map_err(unread)?;
            let names = masker.in_names.filter(|names| !names.is_empty());
            match names {
                Some(names) => Err(forbidden("a name in the body", &names.told().join(", "))),
                None => Ok((edits, masker.found)),
            }
        };
        if !self.forbid.is_empty() {
            let (_, found) = look(self.forbid)?;
            if !found.is_empty() {
                return Err(forbidden("the body", &found.told().join(", ")));
            }
        }
        if self.redact.is_empty() {
            return Ok(None);
        }
        let (edits, found) = look(self.redact)?;
        Ok((!edits.is_empty()).then(|| self.redacted(scan::splice(text, &edits), &found)))
    }

    fn redacted(&self, body: Bytes, found: &Tally) -> Reshaped {
        match self.mode {
            Mode::Enforce => Reshaped { body: Some(body), changed: found.told(), would_change: Vec::new() },
            _ => Reshaped { body: None, changed: Vec::new(), would_change: found.told() },
        }
    }
}

/// Names and values of a query or form.
fn fields(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split(['&', '=']).filter(|part| !part.is_empty()).map(|part| match part.contains(['%', '+']) {
        true => Cow::Owned(percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned()),
        false => Cow::Borrowed(part),
    })
}

/// # Errors
/// The refusal, if a text holds any of these.
fn refuse(place: &str, text: &str, kinds: Kinds) -> Verdict {
    let found = find(text, kinds);
    let classes: BTreeSet<&str> = found.iter().map(|one| one.kind.class()).collect();
    match classes.is_empty() {
        true => Ok(()),
        false => Err(forbidden(place, &classes.into_iter().collect::<Vec<_>>().join(", "))),
    }
}

fn forbidden(place: &str, what: &str) -> Box<Refusal> {
    Refusal::open(Code::DataForbidden, format!("{place} holds {what}"))
}

fn is_form(headers: &HeaderMap) -> bool {
    matches!(media::sent(headers), Sent::Type(sent) if sent.value == FORM)
}

fn is_plain_text(headers: &HeaderMap) -> bool {
    matches!(media::sent(headers), Sent::Type(sent) if sent.value.starts_with("text/"))
}
