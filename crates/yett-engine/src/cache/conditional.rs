//! Conditional requests answered from what is kept (RFC 9110 section 13), and what a 304 of the upstream changes
//! (RFC 9111 section 3.2).

use super::freshness::date_ms;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, TRANSFER_ENCODING,
};

/// The conditions of a caller under which it needs no body.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    none_match: Vec<HeaderValue>,
    modified_since: Option<HeaderValue>,
}

impl Conditions {
    /// Takes the conditions off a request: what is fetched for the cache is fetched whole.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        Self {
            none_match: headers.get_all(IF_NONE_MATCH).iter().cloned().collect(),
            modified_since: headers.get(IF_MODIFIED_SINCE).cloned(),
        }
    }

    /// Whether the caller has the answer with these fields already. `If-None-Match` alone counts where it is there.
    #[must_use]
    pub fn met(&self, answer: &HeaderMap) -> bool {
        if !self.none_match.is_empty() {
            return answer.get(ETAG).is_some_and(|tag| self.none_match.iter().any(|list| names(list.as_bytes(), tag.as_bytes())));
        }
        let (since, modified) = (date_ms(self.modified_since.as_ref()), date_ms(answer.get(LAST_MODIFIED)));
        since.zip(modified).is_some_and(|(since, modified)| modified <= since)
    }
}

/// Whether a list of entity tags names one, by weak comparison, or is `*`.
fn names(list: &[u8], tag: &[u8]) -> bool {
    let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    if list.trim_ascii() == b"*" {
        return true;
    }
    let wanted = opaque(tag);
    split_tags(list).any(|one| opaque(one) == wanted)
}

/// Entity tags may have commas in them, so that the list is split at commas between quotes' ends only.
fn split_tags(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    list.split(move |byte| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    })
    .map(<[u8]>::trim_ascii)
    .filter(|tag| !tag.is_empty())
}

/// Puts the validators of a kept answer on a request.
pub fn confirm(request: &mut HeaderMap, kept: &HeaderMap) {
    for (validator, condition) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
        if let Some(value) = kept.get(&validator) {
            request.insert(condition, value.clone());
        }
    }
}

/// Renews a kept head with the fields of a 304; `false` if that is about another answer.
#[must_use]
pub fn renew(kept: &mut HeaderMap, told: &HeaderMap) -> bool {
    const STAY: [HeaderName; 6] = [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, TRANSFER_ENCODING, CONNECTION];
    let opaque = |tag: &HeaderValue| tag.as_bytes().strip_prefix(b"W/").unwrap_or(tag.as_bytes()).to_vec();
    let same = match (kept.get(ETAG), told.get(ETAG)) {
        (Some(kept), Some(told)) => opaque(kept) == opaque(told),
        (None, Some(_)) => false,
        (_, None) => true,
    };
    if !same {
        return false;
    }
    for name in told.keys().filter(|name| !STAY.contains(name)) {
        kept.remove(name);
        told.get_all(name).iter().for_each(|value| {
            kept.append(name.clone(), value.clone());
        });
    }
    if !told.contains_key(DATE) {
        // Its age counts from the confirmation.
        kept.remove(DATE);
    }
    if !told.contains_key(http::header::AGE) {
        kept.remove(http::header::AGE);
    }
    true
}

/// Fields that a 304 has no use for: they tell of a body (RFC 9110 section 15.4.5).
pub fn strip_for_not_modified(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, CONTENT_TYPE, CONTENT_ENCODING, http::header::CONTENT_LANGUAGE, CONTENT_RANGE] {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn entity_tags_are_compared_weakly_and_beat_dates() {
        let answer = head(&[("etag", "\"a,b\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")]);
        let met = |fields: &[(&'static str, &'static str)]| Conditions::read(&head(fields)).met(&answer);
        assert!(met(&[("if-none-match", "\"a,b\"")]));
        assert!(met(&[("if-none-match", "\"x\", W/\"a,b\" ")]));
        assert!(met(&[("if-none-match", "*")]));
        assert!(!met(&[("if-none-match", "\"a\"")]));
        assert!(!met(&[("if-none-match", "\"x\""), ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]));
        assert!(met(&[("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT")]));
        assert!(!met(&[("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT")]));
        assert!(!met(&[("if-modified-since", "yesterday")]));
        assert!(!met(&[]));
    }

    #[test]
    fn a_304_renews_what_it_tells_and_leaves_what_describes_the_body() {
        let mut kept = head(&[("etag", "\"1\""), ("x", "old"), ("content-type", "a/b"), ("content-length", "5"), ("age", "9")]);
        assert!(renew(&mut kept, &head(&[("etag", "W/\"1\""), ("x", "new"), ("content-length", "0"), ("content-type", "c/d")])));
        assert_eq!((kept["x"].as_bytes(), kept["content-length"].as_bytes()), (&b"new"[..], &b"5"[..]));
        assert_eq!(kept["content-type"], "a/b");
        assert!(!kept.contains_key("age"));
    }

    #[test]
    fn a_304_about_another_answer_renews_nothing() {
        let mut kept = head(&[("etag", "\"1\""), ("x", "old")]);
        assert!(!renew(&mut kept, &head(&[("etag", "\"2\""), ("x", "new")])));
        assert_eq!(kept["x"], "old");
    }
}
