//! Origins of web pages (RFC 6454): those that are named, those that are the API's own, and what a request says of its.

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Uri};

/// Origins by name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Origins {
    any: bool,
    exact: Vec<Box<str>>,
    /// What stands before and behind a label: `https://` and `.example.org:8443`.
    below: Vec<(Box<str>, Box<str>)>,
}

/// What a request says of the page that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent<'h> {
    /// No page did, or a page of the same origin that only reads.
    Nothing,
    /// A page of this origin; not yet in lower case.
    Origin(&'h str),
    /// `null`, several, or no text: a page that hides where it is from.
    Hidden,
}

impl Origins {
    /// Reads a list of origins, of `https://*.example.org` and its like, or of `*` alone.
    ///
    /// # Errors
    /// The number of the one that is none, and why.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, (usize, &'static str)> {
        let mut origins = Self::default();
        for (index, text) in texts.iter().enumerate() {
            if text == "*" {
                origins.any = true;
                continue;
            }
            origins.add(&text.to_ascii_lowercase()).map_err(|reason| (index, reason))?;
        }
        match origins.any && texts.len() > 1 {
            true => Err((0, "`*` is every origin, so that it stands alone")),
            false => Ok(origins),
        }
    }

    fn add(&mut self, text: &str) -> Result<(), &'static str> {
        const FORM: &str = "an origin is a scheme, a host and perhaps a port: `https://app.example`";
        let (scheme, authority) = text.split_once("://").ok_or(FORM)?;
        if scheme != "http" && scheme != "https" {
            return Err("an origin has the scheme http or https");
        }
        let text = format!("{scheme}://{}", bare(authority, scheme));
        let authority = bare(authority, scheme);
        match authority.strip_prefix('*') {
            None if is_authority(authority) => self.exact.push(text.into()),
            Some(rest) if rest.starts_with('.') && is_authority(rest.get(1..).unwrap_or("")) => {
                let host = rest.split(':').next().unwrap_or("");
                if host.matches('.').count() < 2 {
                    return Err("names below a whole top-level domain are everybody's");
                }
                self.below.push((format!("{scheme}://").into(), rest.into()));
            }
            _ => return Err(FORM),
        }
        Ok(())
    }

    pub(crate) fn is_any(&self) -> bool {
        self.any
    }

    /// Whether an origin is among them. `null` never is, not even where all are.
    pub(crate) fn allow(&self, origin: &str) -> bool {
        if !origin.contains("://") {
            return false;
        }
        self.any || self.name(origin)
    }

    fn name(&self, origin: &str) -> bool {
        let is = |one: &str| one.eq_ignore_ascii_case(origin);
        self.exact.iter().any(|one| is(one)) || self.below.iter().any(|(before, behind)| is_below(origin, before, behind))
    }
}

/// One label, and nothing but a label, between what stands before and behind it.
fn is_below(origin: &str, before: &str, behind: &str) -> bool {
    let Some(length) = origin.len().checked_sub(behind.len()) else { return false };
    let (Some(start), Some(end)) = (origin.get(..length), origin.get(length..)) else { return false };
    let label = start.get(..before.len()).filter(|scheme| scheme.eq_ignore_ascii_case(before)).and(start.get(before.len()..));
    end.eq_ignore_ascii_case(behind)
        && label.is_some_and(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

fn is_authority(text: &str) -> bool {
    crate::receive::host_name(text).is_some()
}

/// An authority without the port that its scheme has anyway.
fn bare<'t>(authority: &'t str, scheme: &str) -> &'t str {
    authority.strip_suffix(if scheme == "https" { ":443" } else { ":80" }).unwrap_or(authority)
}

/// What a request says of the page that sent it.
pub(crate) fn sent(headers: &HeaderMap) -> Sent<'_> {
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (None, _) => Sent::Nothing,
        (Some(value), None) => match value.to_str() {
            Ok(origin) if origin.contains("://") => Sent::Origin(origin),
            _ => Sent::Hidden,
        },
        (Some(_), Some(_)) => Sent::Hidden,
    }
}

/// The authority that a request asks for, with its port if it was told.
pub(crate) fn asked<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    let authority = uri.authority().map(|authority| authority.as_str());
    authority.or_else(|| headers.get(HOST)?.to_str().ok())
}

/// The same of a head.
pub(crate) fn asked_of(parts: &Parts) -> Option<&str> {
    asked(&parts.uri, &parts.headers)
}

/// Whether an origin has the host and port that a request asks for. A page that came without TLS may be anybody's on the
/// way, so it is not of an API that is asked over TLS.
pub(crate) fn is_own(origin: &str, asked: Option<&str>, tls: bool) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let scheme = match scheme {
        scheme if scheme.eq_ignore_ascii_case("https") => "https",
        scheme if scheme.eq_ignore_ascii_case("http") && !tls => "http",
        _ => return false,
    };
    asked.is_some_and(|asked| !asked.is_empty() && bare(asked, scheme).eq_ignore_ascii_case(bare(authority, scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn origins(texts: &[&str]) -> Origins {
        Origins::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn an_origin_is_allowed_by_its_whole_name_only() {
        let named = origins(&["https://App.example:443", "http://dev.example:8080"]);
        for origin in ["https://app.example", "HTTPS://APP.EXAMPLE", "http://dev.example:8080"] {
            assert!(named.allow(origin), "{origin}");
        }
        for origin in [
            "http://app.example",
            "https://app.example.evil.example",
            "https://evilapp.example",
            "https://app.example:444",
            "null",
            "",
            "https://",
            "http://dev.example",
            "https://app.example/",
        ] {
            assert!(!named.allow(origin), "{origin}");
        }
    }

    #[test]
    fn a_pattern_stands_for_one_label() {
        let named = origins(&["https://*.example.org"]);
        assert!(named.allow("https://a-1.example.org"));
        for origin in [
            "https://example.org",
            "https://a.b.example.org",
            "https://.example.org",
            "https://evil.example/.example.org",
            "https://evil.example#.example.org",
            "https://evil.example\\.example.org",
            "http://a.example.org",
            "https://a.example.org:8443",
            "https://evil@.example.org",
            "https://aexample.org",
        ] {
            assert!(!named.allow(origin), "{origin}");
        }
        assert!(origins(&["https://*.example.org:8443"]).allow("https://a.example.org:8443"));
    }

    #[test]
    fn what_is_no_origin_is_told() {
        for text in [
            "null",
            "app.example",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://*",
            "https://*.com",
            "https://a.*.b",
            "https://u@a",
        ] {
            assert_eq!(Origins::parse(&["https://ok.example".to_owned(), text.to_owned()]).unwrap_err().0, 1, "{text}");
        }
        assert!(Origins::parse(&["*".to_owned(), "https://a.example".to_owned()]).is_err());
        assert!(origins(&["*"]).allow("https://any.example") && !origins(&["*"]).allow("null"));
    }

    proptest! {
        #[test]
        fn no_text_but_a_label_passes_for_one(text in ".{0,24}") {
            let named = origins(&["https://*.example.org"]);
            let label = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            prop_assert_eq!(named.allow(&format!("https://{text}.example.org")), label);
        }
    }
}
