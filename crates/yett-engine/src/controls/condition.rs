//! The conditions of a virtual patch: places in a request and what is told of them, all in time linear in the request.
//!
//! A value is looked at as it came and as it reads when its escapes are undone, again and again, at most three times:
//! whoever hides a value from the patch hides it from the upstream too.

use crate::body::Body;
use crate::guards::RequestView;
use http::HeaderMap;
use http::header::COOKIE;
use percent_encoding::percent_decode_str;
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::borrow::Cow;
use yett_model::Condition;
use yett_model::control::{Place, Test};

const MOST_CONDITIONS: usize = 8;
const LONGEST_TEXT: usize = 1_024;
const MOST_SEGMENTS: usize = 16;
/// What a compiled expression may take.
const MOST_REGEX_BYTES: usize = 256 << 10;
const MOST_DECODINGS: usize = 3;

/// All of which must be met.
#[derive(Debug)]
pub(crate) struct Conditions(Vec<One>);

#[derive(Debug)]
struct One {
    place: Place,
    name: Option<String>,
    /// Of the body: the parts of the pointer.
    pointer: Vec<String>,
    probe: Probe,
}

#[derive(Debug)]
enum Probe {
    Present,
    Absent,
    Equals(String),
    Contains(String),
    StartsWith(String),
    Longer(u64),
    Above(i64),
    Matches(Regex),
}

impl Probe {
    fn compile(test: &Test) -> Result<Self, String> {
        let text = |value: &String| match value.len() {
            0 => Err("the text is empty: it would be met by everything".to_owned()),
            length if length > LONGEST_TEXT => Err(format!("a text has at most {LONGEST_TEXT} bytes")),
            _ => Ok(value.clone()),
        };
        match test {
            Test::Present => Ok(Self::Present),
            Test::Absent => Ok(Self::Absent),
            Test::Equals { value } if value.len() <= LONGEST_TEXT => Ok(Self::Equals(value.clone())),
            Test::Equals { value } => text(value).map(Self::Equals),
            Test::Contains { value } => text(value).map(|value| Self::Contains(value.to_ascii_lowercase())),
            Test::StartsWith { value } => text(value).map(|value| Self::StartsWith(value.to_ascii_lowercase())),
            Test::Longer { bytes } => Ok(Self::Longer(*bytes)),
            Test::Above { number } => Ok(Self::Above(*number)),
            Test::Matches { pattern } => {
                let pattern = text(pattern)?;
                let built = RegexBuilder::new(&pattern).case_insensitive(true).size_limit(MOST_REGEX_BYTES).build();
                built
                    .map(Self::Matches)
                    .map_err(|_| "the expression is none, has look-around or back references, or is too large".to_owned())
            }
        }
    }

    /// Whether a value meets it. `Absent` is told by there being none.
    fn is_met(&self, value: &str) -> bool {
        match self {
            Self::Present => true,
            Self::Absent => false,
            Self::Equals(text) => value == text,
            Self::Contains(text) => value.to_ascii_lowercase().contains(text),
            Self::StartsWith(text) => value.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text)),
            Self::Longer(bytes) => value.len() as u64 > *bytes,
            Self::Above(number) => value.trim().parse::<f64>().is_ok_and(|value| value > *number as f64),
            Self::Matches(regex) => regex.is_match(value),
        }
    }

    fn is_met_somehow(&self, value: &str) -> bool {
        decodings(value).any(|value| self.is_met(&value))
    }
}

/// A value as it came, and as it reads with its escapes undone.
fn decodings(value: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut next = Some(Cow::Borrowed(value));
    let mut left = MOST_DECODINGS;
    std::iter::from_fn(move || {
        let value = next.take()?;
        if left > 0 && value.contains('%') {
            left -= 1;
            let decoded = percent_decode_str(&value).decode_utf8_lossy();
            next = (*decoded != *value).then(|| Cow::Owned(decoded.into_owned()));
        }
        Some(value)
    })
}

impl Conditions {
    /// Compiles them; `None` after what is wrong was told.
    pub(super) fn compile(when: &[Condition], wrong: &mut impl FnMut(&str, &str, String)) -> Option<Self> {
        if when.is_empty() || when.len() > MOST_CONDITIONS {
            wrong("/action/when", "patch-conditions-invalid", format!("a virtual patch has 1 to {MOST_CONDITIONS} conditions"));
            return None;
        }
        let mut conditions = Vec::new();
        for (index, condition) in when.iter().enumerate() {
            match One::compile(condition) {
                Ok(one) => conditions.push(one),
                Err(message) => wrong(&format!("/action/when/{index}"), "patch-condition-invalid", message),
            }
        }
        (conditions.len() == when.len()).then_some(Self(conditions))
    }

    /// Whether a request meets all of them.
    pub(crate) fn are_met(&self, request: &RequestView<'_>, body: Option<&Body>) -> bool {
        self.0.iter().all(|one| one.is_met(request, body))
    }
}

impl One {
    fn compile(condition: &Condition) -> Result<Self, String> {
        let (place, name) = (condition.place, condition.name.clone());
        let pointer = match (place, name.as_deref()) {
            (_, Some("")) => return Err("a name that is empty names nothing: leave it out".to_owned()),
            (Place::Body, Some(pointer)) => segments(pointer)?,
            _ => Vec::new(),
        };
        let name = match place {
            Place::Header => name.map(|name| name.to_ascii_lowercase()),
            _ => name,
        };
        Ok(Self { place, name, pointer, probe: Probe::compile(&condition.test)? })
    }

    fn is_met(&self, request: &RequestView<'_>, body: Option<&Body>) -> bool {
        let mut found = Found { probe: &self.probe, any: false, met: false };
        match self.place {
            Place::Path => {
                let named = request.path_parameters.iter().filter(|(name, _)| self.is_named(name));
                named.for_each(|(_, value)| found.look(value));
            }
            Place::Query => self.look_at_query(request.query, &mut found),
            Place::Header => self.look_at_headers(request.headers, &mut found),
            Place::Cookie => self.look_at_cookies(request.headers, &mut found),
            Place::Body => self.look_at_body(body, &mut found),
        }
        found.is_met()
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.as_deref().is_none_or(|wanted| decodings(name).any(|name| name == wanted))
    }

    fn look_at_query(&self, query: &str, found: &mut Found<'_>) {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if self.is_named(&name.replace('+', " ")) {
                found.look(&value.replace('+', " "));
            }
        }
    }

    fn look_at_headers(&self, headers: &HeaderMap, found: &mut Found<'_>) {
        let named = headers.iter().filter(|(name, _)| self.name.as_deref().is_none_or(|wanted| name.as_str() == wanted));
        named.for_each(|(_, value)| found.look(&String::from_utf8_lossy(value.as_bytes())));
    }

    fn look_at_cookies(&self, headers: &HeaderMap, found: &mut Found<'_>) {
        for field in headers.get_all(COOKIE) {
            for pair in String::from_utf8_lossy(field.as_bytes()).split(';') {
                let (name, value) = pair.trim().split_once('=').unwrap_or((pair.trim(), ""));
                if !name.is_empty() && self.is_named(name) {
                    found.look(value.trim_matches('"'));
                }
            }
        }
    }

    fn look_at_body(&self, body: Option<&Body>, found: &mut Found<'_>) {
        let Some(body) = body.filter(|body| !body.bytes().is_empty()) else { return };
        if self.name.is_none() {
            return found.look(&String::from_utf8_lossy(body.bytes()));
        }
        match body.value().map(Cow::Borrowed).or_else(|| serde_json::from_slice(body.bytes()).ok().map(Cow::Owned)) {
            Some(value) => walk(&value, &self.pointer, found),
            // What cannot be read cannot be cleared.
            None => (found.any, found.met) = (true, true),
        }
    }
}

/// What was found at the place of a condition.
struct Found<'a> {
    probe: &'a Probe,
    any: bool,
    met: bool,
}

impl Found<'_> {
    fn look(&mut self, value: &str) {
        self.any = true;
        self.met = self.met || self.probe.is_met_somehow(value);
    }

    fn is_met(&self) -> bool {
        match self.probe {
            Probe::Absent => !self.any,
            _ => self.met,
        }
    }
}

fn segments(pointer: &str) -> Result<Vec<String>, String> {
    let rest = pointer.strip_prefix('/').ok_or("a name in the body is a JSON pointer, such as `/items/*/id`")?;
    let parts: Vec<String> = rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    match pointer.len() <= LONGEST_TEXT && parts.len() <= MOST_SEGMENTS {
        true => Ok(parts),
        false => Err(format!("a pointer has at most {MOST_SEGMENTS} parts")),
    }
}

/// Looks at every value a pointer leads to. No deeper than the pointer is long.
fn walk(value: &Value, parts: &[String], found: &mut Found<'_>) {
    let Some((part, rest)) = parts.split_first() else {
        return match value {
            Value::String(text) => found.look(text),
            Value::Null => found.look("null"),
            other => found.look(&other.to_string()),
        };
    };
    match value {
        Value::Object(members) if part == "*" => members.values().for_each(|value| walk(value, rest, found)),
        Value::Array(elements) if part == "*" => elements.iter().for_each(|value| walk(value, rest, found)),
        Value::Object(members) => members.get(part).into_iter().for_each(|value| walk(value, rest, found)),
        Value::Array(elements) => {
            let at = part.parse::<usize>().ok().and_then(|at| elements.get(at));
            at.into_iter().for_each(|value| walk(value, rest, found));
        }
        _ => {}
    }
}
