//! Several versions of an API at one host and base path: a request says which it is for in a header field, a query
//! parameter or a parameter of its media types. A version in the path needs nothing of this: it is a base path.

use super::ApiRoutes;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use yett_model::snapshot::{PlacedAt, Placement};

/// What of a request may say which version it is for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Header fields as received.
    pub headers: &'a HeaderMap,
    /// Raw query string without `?`; empty when absent.
    pub query: &'a str,
}

/// Why no version could be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// Whether the request says nothing, rather than something that there is not, or two things.
    pub is_missing: bool,
    /// Where it has to be said: `the header field api-version`.
    pub place: String,
    /// The versions there are.
    pub versions: Vec<String>,
}

/// What is served at a host and base path: an API, or versions of one.
pub(crate) struct Mount {
    at: Option<PlacedAt>,
    versions: Vec<Version>,
}

struct Version {
    name: String,
    is_default: bool,
    is_fallback: bool,
    routes: ApiRoutes,
}

impl Version {
    fn new(placement: Option<&Placement>, api: u32) -> Self {
        Self {
            name: placement.map(|placement| placement.version.clone()).unwrap_or_default(),
            is_default: placement.is_some_and(|placement| placement.default),
            is_fallback: placement.is_some_and(|placement| placement.default && placement.fallback),
            routes: ApiRoutes::new(api),
        }
    }
}

impl Mount {
    pub(crate) fn new(placement: Option<&Placement>, api: u32) -> Self {
        Self { at: placement.map(|placement| placement.at.clone()), versions: vec![Version::new(placement, api)] }
    }

    /// Adds a version. The error is the API that is in its way.
    pub(crate) fn share(&mut self, placement: Option<&Placement>, api: u32) -> Result<(), u32> {
        let Some(placement) = placement.filter(|placement| self.at.as_ref() == Some(&placement.at)) else {
            return Err(self.first());
        };
        let twin = |known: &&Version| known.name == placement.version || (known.is_default && placement.default);
        if let Some(known) = self.versions.iter().find(twin) {
            return Err(known.routes.api);
        }
        self.versions.push(Version::new(Some(placement), api));
        Ok(())
    }

    /// The API that was there first.
    pub(crate) fn first(&self) -> u32 {
        self.versions.first().map_or(0, |version| version.routes.api)
    }

    pub(crate) fn of(&mut self, api: u32) -> Option<&mut ApiRoutes> {
        self.versions.iter_mut().map(|version| &mut version.routes).find(|routes| routes.api == api)
    }

    pub(crate) fn versions(&self) -> impl Iterator<Item = &ApiRoutes> {
        self.versions.iter().map(|version| &version.routes)
    }

    /// The version that a request is for.
    pub(crate) fn choose(&self, asked: Asked<'_>) -> Result<&ApiRoutes, Unplaced> {
        let Some(at) = &self.at else {
            return self.versions().next().ok_or_else(|| self.unplaced(true));
        };
        let said = said(at, asked);
        let found = match &*said {
            [] => self.versions.iter().find(|version| version.is_default),
            [wanted] => {
                let named = self.versions.iter().find(|version| version.name == *wanted);
                named.or_else(|| self.versions.iter().find(|version| version.is_fallback))
            }
            // Two versions in one request: whoever reads the other one would be somebody else.
            _ => None,
        };
        found.map(|version| &version.routes).ok_or_else(|| self.unplaced(said.is_empty()))
    }

    fn unplaced(&self, is_missing: bool) -> Unplaced {
        let place = match &self.at {
            Some(PlacedAt::Header(name)) => format!("the header field {name}"),
            Some(PlacedAt::Query(name)) => format!("the query parameter {name}"),
            Some(PlacedAt::MediaType(name)) => format!("the parameter {name} of the media type in Accept"),
            None => String::new(),
        };
        Unplaced { is_missing, place, versions: self.versions.iter().map(|version| version.name.clone()).collect() }
    }
}

/// The versions that a request names, each once.
fn said<'a>(at: &PlacedAt, asked: Asked<'a>) -> Vec<Cow<'a, str>> {
    let mut found: Vec<Cow<'a, str>> = match at {
        PlacedAt::Header(name) => fields(asked.headers, name).map(Cow::Borrowed).collect(),
        PlacedAt::Query(name) => {
            let pairs = asked.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            pairs.filter(|(key, _)| decoded(key) == name.as_str()).map(|(_, value)| decoded(value)).collect()
        }
        PlacedAt::MediaType(name) => {
            let both = fields(asked.headers, ACCEPT.as_str()).chain(fields(asked.headers, CONTENT_TYPE.as_str()));
            both.flat_map(|value| value.split([',', ';'])).filter_map(|part| parameter(part, name)).map(Cow::Borrowed).collect()
        }
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// The values of a field; what is no text is no version either, and stands for itself.
fn fields<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}").trim())
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn parameter<'a>(part: &'a str, name: &str) -> Option<&'a str> {
    let (key, value) = part.split_once('=')?;
    key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn mount(at: &PlacedAt) -> Mount {
        let placement = |version: &str, default| Placement { version: version.into(), at: at.clone(), default, fallback: false };
        let mut mount = Mount::new(Some(&placement("1", false)), 0);
        mount.share(Some(&placement("2", true)), 1).unwrap();
        mount
    }

    fn chosen(at: &PlacedAt, query: &str, headers: &[(&'static str, &'static str)]) -> Result<u32, bool> {
        let fields = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(name, value);
        }
        let asked = Asked { headers: &map, query };
        mount(at).choose(asked).map(|routes| routes.api).map_err(|fault| fault.is_missing)
    }

    #[test]
    fn a_header_field_chooses_and_nothing_is_the_default() {
        let at = PlacedAt::Header("api-version".into());
        assert_eq!(chosen(&at, "", &[("api-version", "1")]), Ok(0));
        assert_eq!(chosen(&at, "", &[("api-version", " 2 ")]), Ok(1));
        assert_eq!(chosen(&at, "api-version=1", &[]), Ok(1));
        assert_eq!(chosen(&at, "", &[("api-version", "3")]), Err(false));
    }

    #[test]
    fn two_versions_in_one_request_are_refused() {
        let at = PlacedAt::Header("api-version".into());
        assert_eq!(chosen(&at, "", &[("api-version", "1"), ("api-version", "2")]), Err(false));
        assert_eq!(chosen(&at, "", &[("api-version", "1"), ("api-version", "1")]), Ok(0));
        let at = PlacedAt::Query("v".into());
        assert_eq!(chosen(&at, "v=1&%76=2", &[]), Err(false));
    }

    #[test]
    fn a_query_parameter_chooses_in_any_spelling() {
        let at = PlacedAt::Query("v".into());
        assert_eq!(chosen(&at, "a=b&v=1", &[]), Ok(0));
        assert_eq!(chosen(&at, "%76=%31", &[]), Ok(0));
        assert_eq!(chosen(&at, "", &[]), Ok(1));
    }

    #[test]
    fn a_parameter_of_a_media_type_chooses() {
        let at = PlacedAt::MediaType("version".into());
        assert_eq!(chosen(&at, "", &[("accept", "application/json;version=1")]), Ok(0));
        assert_eq!(chosen(&at, "", &[("accept", "text/html, application/json; Version=\"1\"")]), Ok(0));
        assert_eq!(chosen(&at, "", &[("accept", "*/*"), ("content-type", "application/json; version=1")]), Ok(0));
        assert_eq!(chosen(&at, "", &[("accept", "a/b;version=1, a/b;version=2")]), Err(false));
    }

    #[test]
    fn a_version_is_there_once_and_shares_only_its_place() {
        let at = PlacedAt::Header("api-version".into());
        let placement = |version: &str, default| Placement { version: version.into(), at: at.clone(), default, fallback: false };
        assert_eq!(mount(&at).share(Some(&placement("1", false)), 9), Err(0));
        assert_eq!(mount(&at).share(Some(&placement("3", true)), 9), Err(1));
        assert_eq!(mount(&at).share(None, 9), Err(0));
        assert_eq!(mount(&PlacedAt::Query("v".into())).share(Some(&placement("3", false)), 9), Err(0));
    }
}
