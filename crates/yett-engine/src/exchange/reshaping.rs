//! Bodies that guards change on their way, and what a changed body means for the fields that tell of it.

use super::guarding::weigh;
use super::*;
use crate::compression::DIGESTS;
use crate::guards::{Reshaped, Reshapes};
use http::HeaderName;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_LENGTH, ETAG, EXPIRES, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};

/// What is signed is what was sent: nobody could verify it any more (RFC 9421).
const SIGNATURES: [HeaderName; 2] = [HeaderName::from_static("signature"), HeaderName::from_static("signature-input")];
/// What guards did to bodies that is told in one event.
const MOST_TOLD: usize = 32;

/// What guards did to the bodies of an exchange.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// `guard: what`.
    pub(crate) made: Vec<String>,
    /// What would have been done.
    pub(crate) watched: Vec<String>,
    /// Whether the request's body is another than the one that was sent.
    pub(super) request: bool,
    /// Whether the answer's body is another than the upstream's.
    pub(super) answer: bool,
}

/// A body on its way through the guards.
pub(super) struct Course {
    pub(super) body: Option<Body>,
    is_changed: bool,
    made: Vec<String>,
    watched: Vec<String>,
}

impl Course {
    pub(super) fn new(body: Option<Bytes>) -> Self {
        Self { body: body.map(Body::new), is_changed: false, made: Vec::new(), watched: Vec::new() }
    }

    /// Lets one guard change the body.
    pub(super) fn reshape(
        &mut self,
        (guard, mode, phase): (&'static str, Mode, Phase),
        reshape: impl FnOnce(&Body) -> Result<Option<Reshaped>, Box<Refusal>>,
        would_deny: &mut Vec<WouldDeny>,
    ) -> Result<(), Box<Refusal>> {
        let Some(body) = &self.body else { return Ok(()) };
        match reshape(body) {
            Ok(None) => Ok(()),
            Ok(Some(reshaped)) => {
                self.take(guard, reshaped);
                Ok(())
            }
            Err(refusal) => weigh(guard, mode, phase, Err(refusal), would_deny),
        }
    }

    fn take(&mut self, guard: &'static str, reshaped: Reshaped) {
        let told = |what: Vec<String>| what.into_iter().map(move |what| format!("{guard}: {what}"));
        self.made.extend(told(reshaped.changed));
        self.watched.extend(told(reshaped.would_change));
        if let Some(body) = reshaped.body {
            self.body = Some(Body::new(body));
            self.is_changed = true;
        }
    }

    /// The body, if it is another than the one that came.
    fn changed(&self) -> Option<Bytes> {
        self.body.as_ref().filter(|_| self.is_changed).map(|body| body.bytes().clone())
    }
}

impl Exchange {
    /// Notes what became of a request's body; the body, if it is another.
    pub(super) fn settle_request(&mut self, course: Course) -> Option<Bytes> {
        let changed = course.changed();
        self.changes.request = changed.is_some();
        self.tell_changes(course);
        changed
    }

    /// Notes what became of an answer's body, and takes off the head what told of the other.
    pub(super) fn settle_answer(&mut self, course: Course, head: &mut http::response::Parts) -> Option<Bytes> {
        let changed = course.changed();
        self.changes.answer = changed.is_some();
        self.tell_changes(course);
        if changed.is_some() {
            forget_bytes(&mut head.headers);
        }
        changed
    }

    fn tell_changes(&mut self, course: Course) {
        self.changes.made.extend(course.made);
        self.changes.watched.extend(course.watched);
        self.changes.made.truncate(MOST_TOLD);
        self.changes.watched.truncate(MOST_TOLD);
    }

    /// What guards may do to the bodies of the answers to this request.
    pub(super) fn reshapes(&self) -> Reshapes {
        match self.operation_plan() {
            Some(operation) => operation.reshapes,
            None => self.api_plan().map_or(Reshapes::Nothing, |api| api.reshapes),
        }
    }

    /// Whether guards may change the bodies of the answers to this request.
    #[must_use]
    pub fn changes_answers(&self) -> bool {
        self.reshapes() != Reshapes::Nothing
    }

    /// Phase `forward`: a changed body has other digests. What may be changed is asked for whole, and without a condition
    /// on what the upstream has: the caller has something else.
    pub(super) fn ask_for_whole(&self, headers: &mut HeaderMap) {
        if self.changes.request {
            DIGESTS.iter().chain(&SIGNATURES).for_each(|name| drop(headers.remove(name)));
        }
        if !self.changes_answers() {
            return;
        }
        if headers.contains_key(ACCEPT_ENCODING) {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        [RANGE, IF_RANGE].iter().for_each(|name| drop(headers.remove(name)));
        if self.method.is_safe() {
            let conditions = [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_MATCH, IF_UNMODIFIED_SINCE];
            conditions.iter().for_each(|name| drop(headers.remove(name)));
        }
    }

    /// Phase `respond`, the head, of an answer that guards may change: nothing in it tells of the bytes that the upstream
    /// had, and no cache gives it to another caller.
    pub(super) fn guard_bytes(&self, headers: &mut HeaderMap) {
        let reshapes = self.reshapes();
        if reshapes == Reshapes::Nothing {
            return;
        }
        [ETAG, LAST_MODIFIED, ACCEPT_RANGES].iter().for_each(|name| drop(headers.remove(name)));
        if self.method == Method::HEAD {
            forget_bytes(headers);
        }
        if reshapes == Reshapes::ByCaller {
            keep_private(headers);
        }
    }
}

/// Takes off what holds for other bytes only.
fn forget_bytes(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    DIGESTS.iter().chain(&SIGNATURES).chain(&[ETAG, LAST_MODIFIED, ACCEPT_RANGES]).for_each(|name| drop(headers.remove(name)));
}

/// Leaves the trailers that hold for a changed body too.
pub(super) fn forget_digests(trailers: &mut HeaderMap) {
    DIGESTS.iter().chain(&SIGNATURES).for_each(|name| drop(trailers.remove(name)));
}

/// Forbids shared caches to keep an answer (RFC 9111 section 5.2.2.7), whatever the upstream said.
fn keep_private(headers: &mut HeaderMap) {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let shared = |directive: &&str| {
        let name = directive.split('=').next().unwrap_or("").trim();
        !["public", "private", "s-maxage", "proxy-revalidate", ""].iter().any(|shared| name.eq_ignore_ascii_case(shared))
    };
    // A quoted list of fields has commas of its own: what is left of it is no directive that anybody knows.
    let kept: Vec<&str> = directives.flat_map(|value| value.split(',')).map(str::trim).filter(shared).collect();
    let told = ["private"].into_iter().chain(kept).collect::<Vec<_>>().join(", ");
    headers.remove(EXPIRES);
    headers.insert(CACHE_CONTROL, HeaderValue::from_str(&told).unwrap_or(HeaderValue::from_static("private, no-store")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_for_one_caller_is_kept_by_no_shared_cache() {
        for (told, kept) in [
            (&[][..], "private"),
            (&["public, max-age=60"], "private, max-age=60"),
            (&["s-maxage=9", "Public,no-transform"], "private, no-transform"),
            (&["no-store"], "private, no-store"),
            (&["private=\"set-cookie\", max-age=1"], "private, max-age=1"),
        ] {
            let mut headers: HeaderMap = told.iter().map(|value| (CACHE_CONTROL, HeaderValue::from_static(value))).collect();
            keep_private(&mut headers);
            assert_eq!(headers.get_all(CACHE_CONTROL).iter().collect::<Vec<_>>(), [kept]);
        }
    }
}
