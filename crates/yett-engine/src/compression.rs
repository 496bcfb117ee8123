//! Content coding of answers, the decision: whether, and which (RFC 9110 sections 8.4 and 12.5.3).
//!
//! The length of a compressed answer tells how alike its parts are. Who can put text of his choice into an answer that
//! also holds a secret, and sees the length, learns the secret (BREACH). So nothing is compressed where a browser adds
//! credentials by itself (cookies, `Basic` and its like, an answer that sets a cookie), whatever is configured; and for
//! callers that were identified only if the operation says so.

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    COOKIE, ETAG, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use yett_model::snapshot::{Coding, Compression};

/// Fields that hold a digest of the body as it is.
pub(crate) const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("content-md5"),
];

/// The settings of one operation.
#[derive(Debug)]
pub struct CompressionPlan {
    codings: Vec<Coding>,
    min_size: u64,
    types: Vec<Box<str>>,
    identified: bool,
}

/// What a caller said, as far as codings go.
#[derive(Debug)]
pub struct Facts {
    accept: Accept,
    /// No answer to this caller may be compressed.
    private: bool,
}

/// A coding that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The coding.
    pub coding: Coding,
    /// Whether the answer is a stream of events: each part goes out at once.
    pub eager: bool,
}

/// Weights in thousandths; `None` where nothing was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Accept {
    zstd: Option<u16>,
    br: Option<u16>,
    gzip: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl Accept {
    fn read(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        for value in headers.get_all(ACCEPT_ENCODING) {
            for element in value.to_str().unwrap_or("").split(',') {
                let (name, parameters) = element.split_once(';').map_or((element, None), |(name, rest)| (name, Some(rest)));
                let weight = parameters.map_or(Some(1000), weight);
                let slot = match name.trim().to_ascii_lowercase().as_str() {
                    "zstd" => &mut read.zstd,
                    "br" => &mut read.br,
                    "gzip" | "x-gzip" => &mut read.gzip,
                    "identity" => &mut read.identity,
                    "*" => &mut read.any,
                    _ => continue,
                };
                // What cannot be read is not asked for.
                *slot = Some(weight.unwrap_or(0));
            }
        }
        read
    }

    fn of(&self, coding: Coding) -> u16 {
        let own = match coding {
            Coding::Zstd => self.zstd,
            Coding::Br => self.br,
            Coding::Gzip => self.gzip,
        };
        own.or(self.any).unwrap_or(0)
    }

    /// Sent as it is: always welcome unless refused.
    fn of_identity(&self) -> u16 {
        self.identity.or(self.any.filter(|weight| *weight == 0)).unwrap_or(1)
    }
}

/// `q=0.5` in thousandths.
fn weight(parameters: &str) -> Option<u16> {
    let (name, value) = parameters.split_once('=')?;
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let fits = name.trim().eq_ignore_ascii_case("q") && fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = format!("{fraction:0<3}").parse::<u16>().ok().filter(|_| fits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

impl CompressionPlan {
    pub(crate) fn new(settings: &Compression) -> Self {
        Self {
            codings: settings.algorithms.clone(),
            min_size: settings.min_size,
            types: settings.types.iter().map(|range| range.to_ascii_lowercase().into()).collect(),
            identified: settings.identified,
        }
    }

    pub(crate) fn listen(&self, headers: &HeaderMap, identified: bool) -> Facts {
        let ambient = headers.contains_key(COOKIE) || headers.get_all(AUTHORIZATION).iter().any(is_ambient);
        Facts { accept: Accept::read(headers), private: ambient || (identified && !self.identified) }
    }

    /// The coding, and the head of the answer as it becomes with it. `Vary` is told whenever another caller might get
    /// another form.
    pub(crate) fn choose(
        &self,
        facts: &Facts,
        status: StatusCode,
        headers: &mut HeaderMap,
        length: Option<u64>,
    ) -> Option<Chosen> {
        if facts.private || !self.may_code(status, headers) {
            return None;
        }
        if status == StatusCode::NOT_MODIFIED {
            add_vary(headers, "accept-encoding");
            if self.best(&facts.accept, true).is_some() {
                weaken(headers);
            }
            return None;
        }
        let must = facts.accept.of_identity() == 0;
        if length.is_some_and(|length| length < self.min_size) && !must {
            return None;
        }
        add_vary(headers, "accept-encoding");
        let coding = self.best(&facts.accept, must)?;
        weaken(headers);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name(coding)));
        headers.remove(CONTENT_LENGTH);
        headers.remove(ACCEPT_RANGES);
        Some(Chosen { coding, eager: length.is_none() })
    }

    fn may_code(&self, status: StatusCode, headers: &HeaderMap) -> bool {
        if status == StatusCode::NOT_MODIFIED {
            return true;
        }
        let bodiless = status.is_informational() || matches!(status.as_u16(), 204..=206);
        let spoken_for =
            [CONTENT_ENCODING, CONTENT_RANGE, SET_COOKIE].iter().chain(&DIGESTS).any(|name| headers.contains_key(name));
        !bodiless && !spoken_for && !forbids_transforming(headers) && self.is_worthwhile(headers)
    }

    fn is_worthwhile(&self, headers: &HeaderMap) -> bool {
        let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
        let essence = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        // Events must not wait in a compressor, and their streams mix what many say.
        essence != "text/event-stream" && self.types.iter().any(|range| fits(range, &essence))
    }

    /// The coding the caller weighs most; of equals the one preferred here. Not what it likes less than no coding.
    fn best(&self, accept: &Accept, must: bool) -> Option<Coding> {
        let least = accept.identity.filter(|_| !must).unwrap_or(0);
        let wanted = self.codings.iter().filter(|coding| accept.of(**coding) > 0 && accept.of(**coding) >= least);
        // The first of equals.
        wanted.rev().max_by_key(|coding| accept.of(**coding)).copied()
    }
}

/// What a browser sends without being told by the page's script.
fn is_ambient(value: &HeaderValue) -> bool {
    let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or(b"");
    !scheme.eq_ignore_ascii_case(b"bearer")
}

/// RFC 9111 section 5.2.2.6.
pub(crate) fn forbids_transforming(headers: &HeaderMap) -> bool {
    headers.contains_key(CACHE_CONTROL) && crate::cache::Directives::read(headers).no_transform
}

fn fits(range: &str, essence: &str) -> bool {
    if range == "*/*" || range == essence {
        return true;
    }
    let Some(((kind, subtype), (its_kind, its_subtype))) = range.split_once('/').zip(essence.split_once('/')) else {
        return false;
    };
    let suffix = subtype.strip_prefix('*');
    (kind == "*" || kind == its_kind) && suffix.is_some_and(|suffix| its_subtype.ends_with(suffix))
}

/// Name of a coding.
#[must_use]
pub fn name(coding: Coding) -> &'static str {
    match coding {
        Coding::Zstd => "zstd",
        Coding::Br => "br",
        Coding::Gzip => "gzip",
    }
}

/// Says that a field of requests chooses between answers.
pub(crate) fn add_vary(headers: &mut HeaderMap, field: &'static str) {
    let told = headers.get_all(VARY).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let is_told = told.map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case(field));
    if !is_told {
        headers.append(VARY, HeaderValue::from_static(field));
    }
}

/// A strong entity tag is of the bytes, and these are others now (RFC 9110 section 8.8.1).
pub(crate) fn weaken(headers: &mut HeaderMap) {
    let strong = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    let weak = strong.and_then(|tag| HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()).ok());
    if let Some(weak) = weak {
        headers.insert(ETAG, weak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(fields: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        fields.iter().map(pair).collect()
    }

    fn plan(identified: bool) -> CompressionPlan {
        let types = ["application/json", "text/*", "*/*+json"].map(str::to_owned).to_vec();
        CompressionPlan::new(&Compression {
            algorithms: vec![Coding::Zstd, Coding::Br, Coding::Gzip],
            min_size: 100,
            types,
            identified,
        })
    }

    fn chosen(accept: &str) -> Option<Coding> {
        with(&[("accept-encoding", accept)], &[("content-type", "application/json")], Some(1000))
    }

    fn with(request: &[(&str, &str)], answer: &[(&str, &str)], length: Option<u64>) -> Option<Coding> {
        let plan = plan(false);
        let facts = plan.listen(&head(request), false);
        plan.choose(&facts, StatusCode::OK, &mut head(answer), length).map(|chosen| chosen.coding)
    }

    #[test]
    fn the_caller_chooses_by_weight_and_the_gateway_between_equals() {
        use Coding::{Br, Gzip, Zstd};
        for (accept, coding) in [
            ("gzip, br, zstd", Some(Zstd)),
            ("gzip, br", Some(Br)),
            ("GZIP", Some(Gzip)),
            ("x-gzip", Some(Gzip)),
            ("gzip;q=1.0, br;q=0.5", Some(Gzip)),
            ("gzip;q=0.5, br;q=0.501", Some(Br)),
            ("gzip; q=0", None),
            ("*", Some(Zstd)),
            ("*, zstd;q=0", Some(Br)),
            ("*;q=0", None),
            ("gzip, *;q=0", Some(Gzip)),
            ("identity", None),
            ("identity;q=1, gzip;q=0.5", None),
            ("identity;q=0.5, gzip;q=1", Some(Gzip)),
            ("identity;q=0, gzip", Some(Gzip)),
            ("identity;q=0", None),
            ("deflate", None),
            ("", None),
            ("gzip;q=2", None),
            ("gzip;q=x", None),
            ("gzip;q=0.1234", None),
            ("gzip;level=9", None),
        ] {
            assert_eq!(chosen(accept), coding, "{accept}");
        }
        assert_eq!(with(&[], &[("content-type", "text/plain")], None), None);
    }

    #[test]
    fn only_what_is_worth_it_and_may_be_changed_is_compressed() {
        let json = ("content-type", "application/json; charset=utf-8");
        let accept = [("accept-encoding", "gzip")];
        assert!(with(&accept, &[json], Some(100)).is_some());
        assert!(with(&accept, &[json], Some(99)).is_none());
        assert!(with(&[("accept-encoding", "gzip, identity;q=0")], &[json], Some(9)).is_some());
        assert!(with(&accept, &[("content-type", "application/problem+json")], None).is_some());
        for answer in [
            &[][..],
            &[("content-type", "image/png")],
            &[("content-type", "text/event-stream")],
            &[json, ("content-encoding", "br")],
            &[json, ("content-range", "bytes 0-1/2")],
            &[json, ("cache-control", "no-transform")],
            &[json, ("set-cookie", "a=b")],
            &[json, ("content-digest", "x")],
            &[json, ("repr-digest", "x")],
        ] {
            assert_eq!(with(&accept, answer, Some(1000)), None, "{answer:?}");
        }
        let plan = plan(false);
        let facts = plan.listen(&head(&accept), false);
        for status in [204, 205, 206] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(plan.choose(&facts, status, &mut head(&[json]), None).is_none());
        }
    }

    #[test]
    fn nothing_is_compressed_where_a_secret_could_be_guessed_by_its_length() {
        let json = [("content-type", "application/json")];
        for credential in
            [("cookie", "a=b"), ("authorization", "Basic x"), ("authorization", "Negotiate x"), ("authorization", "x")]
        {
            assert_eq!(with(&[("accept-encoding", "gzip"), credential], &json, None), None, "{credential:?}");
        }
        assert!(with(&[("accept-encoding", "gzip"), ("authorization", "Bearer x")], &json, None).is_some());
        for (says_so, compressed) in [(false, false), (true, true)] {
            let plan = plan(says_so);
            let facts = plan.listen(&head(&[("accept-encoding", "gzip")]), true);
            assert_eq!(plan.choose(&facts, StatusCode::OK, &mut head(&json), None).is_some(), compressed);
            let facts = plan.listen(&head(&[("accept-encoding", "gzip"), ("cookie", "a=b")]), true);
            assert!(plan.choose(&facts, StatusCode::OK, &mut head(&json), None).is_none());
        }
    }

    #[test]
    fn the_head_tells_what_was_done() {
        let plan = plan(false);
        let mut answer = head(&[
            ("content-type", "application/json"),
            ("etag", "\"e\""),
            ("content-length", "1000"),
            ("accept-ranges", "bytes"),
            ("vary", "Origin"),
        ]);
        let plain = plan.listen(&head(&[]), false);
        assert!(plan.choose(&plain, StatusCode::OK, &mut answer, Some(1000)).is_none());
        let varies: Vec<&[u8]> = answer.get_all(VARY).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!((varies, answer["etag"].as_bytes()), (vec![&b"Origin"[..], b"accept-encoding"], &b"\"e\""[..]));
        let gzip = plan.listen(&head(&[("accept-encoding", "gzip")]), false);
        plan.choose(&gzip, StatusCode::OK, &mut answer, Some(1000)).unwrap();
        assert_eq!((answer["content-encoding"].as_bytes(), answer["etag"].as_bytes()), (&b"gzip"[..], &b"W/\"e\""[..]));
        assert!(!answer.contains_key(CONTENT_LENGTH) && !answer.contains_key(ACCEPT_RANGES));
        assert_eq!(answer.get_all(VARY).iter().count(), 2);
    }

    proptest! {
        #[test]
        fn arbitrary_wishes_never_panic_and_never_bring_what_was_refused(accept in "[a-z;=., 0-9*]{0,48}") {
            let _any = chosen(&accept);
            prop_assert_eq!(chosen(&format!("{accept}, gzip;q=0, br;q=0, zstd;q=0.000")), None);
        }
    }
}
