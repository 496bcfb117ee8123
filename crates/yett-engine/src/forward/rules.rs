//! Rules for header fields: which pass, which go, which are put in. They never touch framing, or what only the gateway
//! may say.

use super::request::is_owned;
use crate::receive::HOP_BY_HOP;
use http::{HeaderMap, HeaderName, HeaderValue};
use yett_model::Diagnostic;
use yett_model::snapshot::{self, HeaderRules};

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Upstream,
    Caller,
}

/// What passes whatever an `allow` list says: without it the message would not be understood, or not be the same.
const CORE_OF_REQUESTS: [&str; 18] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "content-encoding",
    "content-language",
    "content-type",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
    "te",
    "traceparent",
    "tracestate",
    "user-agent",
];
const CORE_OF_ANSWERS: [&str; 21] = [
    "accept-ranges",
    "allow",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "vary",
    "www-authenticate",
];

/// Fields that protocols on top of HTTP cannot do without.
const OF_PROTOCOLS: [&str; 2] = ["sec-websocket-", "grpc-"];

/// How a mistake in a name is mended.
const OWN_NAME: &str = "name a field of the application's own, such as `x-tenant`";

/// The rules of one direction, ready to run.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    allow: Option<Vec<HeaderName>>,
    remove: Vec<HeaderName>,
    set: Vec<(HeaderName, Text)>,
}

/// A value with placeholders.
#[derive(Debug)]
enum Text {
    Fixed(HeaderValue),
    Parts(Vec<Part>),
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Word(Word),
}

/// What a value may say of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Api,
    Operation,
    App,
    Team,
    Decision,
    Address,
    Host,
}

/// The words' meaning for one request; absent for what is not known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Words<'a> {
    pub(crate) api: Option<&'a str>,
    pub(crate) operation: Option<&'a str>,
    pub(crate) app: Option<&'a str>,
    pub(crate) team: Option<&'a str>,
    pub(crate) decision: &'a str,
    pub(crate) address: Option<std::net::IpAddr>,
    pub(crate) host: &'a str,
}

impl Rules {
    /// Compiles rules; `None` if there are none. Every mistake is told.
    pub(super) fn build(rules: &HeaderRules, way: Way, path: &str, found: &mut Vec<Diagnostic>) -> Option<Self> {
        if *rules == snapshot::HeaderRules::default() {
            return None;
        }
        let allow = rules.allow.as_ref().map(|names| names_of(names, way, &format!("{path}/allow"), found));
        let remove = names_of(&rules.remove, way, &format!("{path}/remove"), found);
        let mut set = Vec::new();
        for (name, text) in &rules.set {
            let at = format!("{path}/set/{name}");
            let mut told = |code: &str, message: String, hint: &str| {
                found.push(Diagnostic::new(at.as_str(), code, message).hint(hint));
            };
            let name = usable(name, way).map_err(|message| told("header-rule-invalid", message, OWN_NAME));
            let text = Text::parse(text)
                .map_err(|message| told("header-value-invalid", message, "write text, or a placeholder such as `${app}`"));
            set.extend(name.ok().zip(text.ok()));
        }
        Some(Self { allow, remove, set })
    }

    /// Takes off what may not pass.
    pub(super) fn strip(&self, headers: &mut HeaderMap, way: Way) {
        if let Some(allow) = &self.allow {
            let core: &[&str] = if way == Way::Upstream { &CORE_OF_REQUESTS } else { &CORE_OF_ANSWERS };
            let of_protocol = |name: &HeaderName| OF_PROTOCOLS.iter().any(|start| name.as_str().starts_with(start));
            let passes = |name: &HeaderName| {
                of_protocol(name) || allow.contains(name) || core.contains(&name.as_str()) || usable(name.as_str(), way).is_err()
            };
            let others: Vec<HeaderName> = headers.keys().filter(|name| !passes(name)).cloned().collect();
            others.iter().for_each(|name| drop(headers.remove(name)));
        }
        self.remove.iter().for_each(|name| drop(headers.remove(name)));
    }

    /// Takes off trailers of the names that are set in heads: one value is ours, and another beside it is not.
    pub(super) fn forget(&self, trailers: &mut HeaderMap) {
        self.set.iter().for_each(|(name, _)| drop(trailers.remove(name)));
    }

    /// Puts in what is set. A value that speaks of something unknown takes the field off: the other side must not take
    /// what came from elsewhere for it.
    pub(super) fn put(&self, headers: &mut HeaderMap, words: &Words<'_>) {
        for (name, text) in &self.set {
            match text.fill(words) {
                Some(value) => drop(headers.insert(name.clone(), value)),
                None => drop(headers.remove(name)),
            }
        }
    }
}

fn names_of(names: &[String], way: Way, path: &str, found: &mut Vec<Diagnostic>) -> Vec<HeaderName> {
    let mut good = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match usable(name, way) {
            Ok(name) => good.push(name),
            Err(message) => {
                found.push(Diagnostic::new(format!("{path}/{index}"), "header-rule-invalid", message).hint(OWN_NAME));
            }
        }
    }
    good
}

/// The name of a field that rules may touch.
fn usable(name: &str, way: Way) -> Result<HeaderName, String> {
    let parsed: HeaderName = name.parse().map_err(|_| format!("'{name}' is no header name"))?;
    let framing = ["content-length", "host", "date"].contains(&parsed.as_str());
    let of_body = way == Way::Caller && ["content-encoding", "content-type", "content-range"].contains(&parsed.as_str());
    if HOP_BY_HOP.contains(&parsed) || framing || of_body {
        return Err(format!("{name} belongs to the framing of the message: no rule may touch it"));
    }
    if is_owned(parsed.as_str()) || ["traceparent", "tracestate"].contains(&parsed.as_str()) {
        return Err(format!("{name} is the gateway's to say: no rule may touch it"));
    }
    Ok(parsed)
}

impl Text {
    fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once("${") {
            let (word, tail) = after.split_once('}').ok_or("a placeholder is not closed")?;
            parts.push(Part::Literal(literal.to_owned()));
            parts.push(Part::Word(Word::parse(word)?));
            rest = tail;
        }
        parts.push(Part::Literal(rest.to_owned()));
        let literals = parts.iter().filter_map(|part| if let Part::Literal(text) = part { Some(text) } else { None });
        for literal in literals {
            HeaderValue::from_str(literal).map_err(|_| "the value has a control character")?;
        }
        match parts.as_slice() {
            [Part::Literal(text)] => {
                HeaderValue::from_str(text).map(Self::Fixed).map_err(|_| "the value has a control character".to_owned())
            }
            _ => Ok(Self::Parts(parts)),
        }
    }

    fn fill(&self, words: &Words<'_>) -> Option<HeaderValue> {
        let parts = match self {
            Self::Fixed(value) => return Some(value.clone()),
            Self::Parts(parts) => parts,
        };
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Word(word) => word.push(words, &mut text)?,
            }
        }
        HeaderValue::from_str(&text).ok()
    }
}

impl Word {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "api" => Self::Api,
            "operation" => Self::Operation,
            "app" => Self::App,
            "team" => Self::Team,
            "decision" => Self::Decision,
            "address" => Self::Address,
            "host" => Self::Host,
            other => {
                return Err(format!(
                    "there is no placeholder '{other}': only api, operation, app, team, decision, address and host"
                ));
            }
        })
    }

    fn push(self, words: &Words<'_>, text: &mut String) -> Option<()> {
        match self {
            Self::Api => text.push_str(words.api?),
            Self::Operation => text.push_str(words.operation?),
            Self::App => text.push_str(words.app?),
            Self::Team => text.push_str(words.team?),
            Self::Decision => text.push_str(words.decision),
            Self::Address => text.push_str(&words.address?.to_string()),
            Self::Host => text.push_str(words.host),
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn build(way: Way, rules: serde_json::Value) -> Result<Rules, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let rules = Rules::build(&serde_json::from_value(rules).unwrap(), way, "/r", &mut found);
        if found.is_empty() { Ok(rules.unwrap()) } else { Err(found) }
    }

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn an_allow_list_leaves_itself_and_the_core() {
        let rules = build(Way::Upstream, json!({"allow": ["x-tenant"]})).unwrap();
        let mut fields = headers(&[
            ("x-tenant", "a"),
            ("x-debug", "1"),
            ("cookie", "c=1"),
            ("content-type", "a/b"),
            ("grpc-timeout", "1S"),
            ("host", "h"),
        ]);
        rules.strip(&mut fields, Way::Upstream);
        let mut names: Vec<&str> = fields.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "grpc-timeout", "host", "x-tenant"]);
    }

    #[test]
    fn a_value_speaks_of_the_request_or_the_field_goes() {
        let rules = build(Way::Upstream, json!({"set": {"x-app": "app:${app}", "x-fixed": "1", "x-id": "${decision}"}})).unwrap();
        let mut fields = headers(&[("x-app", "forged")]);
        rules.put(&mut fields, &Words { app: Some("a"), decision: "D", ..Words::default() });
        assert!(fields["x-app"] == "app:a" && fields["x-fixed"] == "1" && fields["x-id"] == "D");
        rules.put(&mut fields, &Words { decision: "D", ..Words::default() });
        assert!(!fields.contains_key("x-app"));
    }

    #[test]
    fn no_rule_touches_framing_or_what_is_the_gateways_to_say() {
        for name in
            ["content-length", "transfer-encoding", "host", "connection", "te", "yett-app", "x-forwarded-for", "Forwarded"]
        {
            for rule in [json!({"remove": [name]}), json!({"set": {name: "x"}}), json!({"allow": [name]})] {
                assert_eq!(build(Way::Upstream, rule).unwrap_err()[0].code, "header-rule-invalid", "{name}");
            }
        }
        assert!(build(Way::Caller, json!({"set": {"content-type": "text/html"}})).is_err());
    }

    #[test]
    fn a_name_and_its_value_are_both_told() {
        let found = build(Way::Upstream, json!({"set": {"Content-Length": "${nope}"}})).unwrap_err();
        let codes: Vec<&str> = found.iter().map(|one| one.code.as_ref()).collect();
        assert_eq!(codes, ["header-rule-invalid", "header-value-invalid"]);
    }

    #[test]
    fn values_that_cannot_be_sent_are_refused() {
        for value in ["a\r\nb: c", "a\0", "${secret}", "${app", "${}"] {
            assert!(build(Way::Caller, json!({"set": {"x-a": value}})).is_err(), "{value:?}");
        }
    }
}
