//! `Cache-Control` (RFC 9111 section 5.2, RFC 5861), read so that a doubt never makes an answer last longer.

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

/// Most seconds that are believed (RFC 9111 section 1.2.2).
const LONGEST: u64 = 1 << 31;

/// What `Cache-Control` says, in a request or an answer. Times are in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// It cannot be read.
    pub broken: bool,
    /// `no-store`
    pub no_store: bool,
    /// `no-cache`, with or without fields.
    pub no_cache: bool,
    /// `private`, with or without fields.
    pub private: bool,
    /// `public`
    pub public: bool,
    /// `must-revalidate` or `proxy-revalidate`
    pub must_revalidate: bool,
    /// `must-understand`
    pub must_understand: bool,
    /// `no-transform`
    pub no_transform: bool,
    /// `only-if-cached`
    pub only_if_cached: bool,
    /// `max-age`
    pub max_age: Option<u64>,
    /// `s-maxage`
    pub s_maxage: Option<u64>,
    /// `min-fresh`
    pub min_fresh: Option<u64>,
    /// `max-stale`; without a number any age will do.
    pub max_stale: Option<u64>,
    /// `stale-while-revalidate`
    pub stale_while_revalidate: Option<u64>,
    /// `stale-if-error`
    pub stale_if_error: Option<u64>,
}

impl Directives {
    /// Reads every `Cache-Control` of a head, and `Pragma: no-cache` where there is none.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        let mut values = headers.get_all(CACHE_CONTROL).iter().peekable();
        if values.peek().is_none() {
            let pragma = headers.get_all(PRAGMA).iter().filter_map(|value| value.to_str().ok());
            read.no_cache = pragma.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case("no-cache"));
        }
        for value in values {
            let elements = value.to_str().ok().and_then(elements);
            match elements {
                Some(elements) => elements.iter().for_each(|element| read.take(element)),
                None => read.broken = true,
            }
        }
        read
    }

    fn take(&mut self, element: &str) {
        let (name, value) = element.split_once('=').map_or((element, None), |(name, value)| (name, Some(value)));
        match name.to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "public" => self.public = true,
            "must-revalidate" | "proxy-revalidate" => self.must_revalidate = true,
            "must-understand" => self.must_understand = true,
            "no-transform" => self.no_transform = true,
            "only-if-cached" => self.only_if_cached = true,
            "max-age" => shorten(&mut self.max_age, seconds(value)),
            "s-maxage" => shorten(&mut self.s_maxage, seconds(value)),
            "min-fresh" => self.min_fresh = Some(value.and_then(number).unwrap_or(LONGEST)),
            "max-stale" => shorten(&mut self.max_stale, value.map_or(LONGEST, |value| seconds(Some(value)))),
            "stale-while-revalidate" => shorten(&mut self.stale_while_revalidate, seconds(value)),
            "stale-if-error" => shorten(&mut self.stale_if_error, seconds(value)),
            _ => {}
        }
    }
}

/// Of several times the shortest counts.
fn shorten(kept: &mut Option<u64>, seconds: u64) {
    *kept = Some(kept.map_or(seconds, |kept| kept.min(seconds)));
}

/// A time that is missing or no number is none at all.
fn seconds(value: Option<&str>) -> u64 {
    value.and_then(number).unwrap_or(0)
}

fn number(value: &str) -> Option<u64> {
    let digits = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // What is too long for a number is only large.
    all_digits.then(|| digits.parse().unwrap_or(LONGEST).min(LONGEST))
}

/// The elements of a list, where commas in quotes are no commas; `None` if a quote does not end.
fn elements(text: &str) -> Option<Vec<&str>> {
    let (mut elements, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                elements.push(text.get(start..at)?.trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    elements.push(text.get(start..)?.trim());
    (!quoted).then_some(elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn read(values: &[&str]) -> Directives {
        Directives::read(&values.iter().map(|value| (CACHE_CONTROL, HeaderValue::from_str(value).unwrap())).collect())
    }

    #[test]
    fn directives_are_read_whatever_their_case_and_spacing() {
        let found = read(&["Max-Age=5 ,NO-STORE", "private=\"set-cookie, x\", public"]);
        assert_eq!((found.max_age, found.no_store, found.private, found.public), (Some(5), true, true, true));
        assert!(!found.broken);
    }

    #[test]
    fn a_doubtful_time_never_lasts_longer() {
        for (value, expected) in [
            ("max-age=60", 60),
            ("max-age=\"60\"", 60),
            ("max-age=60, max-age=5", 5),
            ("max-age=5, max-age=60", 5),
            ("max-age", 0),
            ("max-age=", 0),
            ("max-age=-1", 0),
            ("max-age=1.5", 0),
            ("max-age= 60", 0),
            ("max-age=60s", 0),
            ("max-age=0x10", 0),
            ("max-age=99999999999999999999999", LONGEST),
        ] {
            assert_eq!(read(&[value]).max_age, Some(expected), "{value}");
        }
        assert_eq!(read(&["max-stale"]).max_stale, Some(LONGEST));
        assert_eq!(read(&["min-fresh=x"]).min_fresh, Some(LONGEST));
    }

    #[test]
    fn a_directive_within_quotes_is_none() {
        let found = read(&["x=\"no-store, max-age=5\", y=\"a\\\", public\""]);
        assert_eq!(found, Directives::default());
        assert!(read(&["max-age=60, x=\"never ends"]).broken);
    }

    #[test]
    fn pragma_counts_only_without_cache_control() {
        let head = |fields: &[(&'static str, &'static str)]| {
            Directives::read(
                &fields.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect(),
            )
        };
        assert!(head(&[("pragma", "x, No-Cache")]).no_cache);
        assert!(!head(&[("pragma", "no-cache"), ("cache-control", "max-age=1")]).no_cache);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[ -~]{0,64}") {
            let _read = read(&[&text]);
        }
    }
}
