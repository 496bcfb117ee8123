//! Phase `record`: every exchange, however it ended, becomes one event.

mod members;
mod people;

use crate::address::spelled;
use crate::exchange::{End, Exchange, Now};
use crate::identity::{Principal, pair_name};
use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;
use members::{Members, name};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use yett_model::{CacheUse, Code, Matched, Source};

const LONGEST_PATH: usize = 512;
const LONGEST_HOST: usize = 253;
const LONGEST_METHOD: usize = 32;
const LONGEST_REASON: usize = 512;
const LONGEST_PERSON: usize = 256;
const MOST_NAMES: usize = 32;
const LONGEST_NAME: usize = 64;
const KEY_MARK: &str = "yett_";

/// [`yett_model::Event`] without a copy of anything.
struct Line<'a> {
    time: Moment,
    decision: &'a str,
    digest: &'a str,
    method: &'a str,
    path: Cow<'a, str>,
    query: Vec<Cow<'a, str>>,
    host: &'a str,
    protocol: &'static str,
    address: IpAddr,
    api: Option<&'a str>,
    operation: Option<&'a str>,
    app: Option<&'a str>,
    team: Option<&'a str>,
    credential: Option<&'a str>,
    identified_by: Vec<&'static str>,
    user: Option<Cow<'a, str>>,
    actors: Vec<Cow<'a, str>>,
    status: u16,
    code: Option<Code>,
    source: Option<Source>,
    reason: Option<Cow<'a, str>>,
    policy: Option<&'a str>,
    control: Option<&'a str>,
    would_deny: Vec<String>,
    matched: Option<&'a Matched>,
    changed: &'a [String],
    would_change: &'a [String],
    target: Option<&'a str>,
    version: Option<&'a str>,
    attempts: Option<u32>,
    mirrored: bool,
    trace: Option<String>,
    span: Option<String>,
    cache: Option<CacheUse>,
    bytes_in: u64,
    bytes_out: u64,
    duration_us: u64,
    upstream_us: Option<u64>,
}

impl Exchange {
    /// Appends the event as one line of JSON, with its line feed.
    pub fn record(&self, end: &End, out: &mut Vec<u8>) {
        self.line(end).write(out);
        out.push(b'\n');
    }

    /// The path, without the values of parameters that the contract classifies.
    fn told_path(&self) -> Cow<'_, str> {
        let private = self.operation_plan().map_or(&[][..], |operation| &operation.private_path);
        if private.is_empty() {
            return mask_keys(shorten(&self.path, LONGEST_PATH));
        }
        let template = self.operation_plan().map_or("", |operation| &operation.template);
        let filled = self.parameters.iter().fold(template.to_owned(), |path, (name, value)| {
            let shown = if private.iter().any(|one| **one == **name) { "***" } else { value };
            path.replace(&format!("{{{name}}}"), shown)
        });
        let path = format!("{}{filled}", self.path.get(..self.base).unwrap_or(""));
        Cow::Owned(mask_keys(shorten(&path, LONGEST_PATH)).into_owned())
    }

    /// What was refused, or else the first that would have been.
    fn matched(&self) -> Option<&Matched> {
        let refused = self.refusal.iter().map(|(_, refusal)| refusal);
        refused.chain(self.would_deny.iter().map(|would| &would.refusal)).find_map(|refusal| refusal.matched.as_deref())
    }

    fn line<'a>(&'a self, end: &End) -> Line<'a> {
        let api = self.api.and_then(|api| self.plan.api(api));
        let principal = self.principal.as_ref();
        Line {
            time: Moment(self.now.unix_ms),
            decision: &self.id,
            digest: self.plan.short_digest(),
            method: shorten(self.method.as_str(), LONGEST_METHOD),
            path: self.told_path(),
            query: query_names(&self.query),
            host: shorten(&self.host, LONGEST_HOST),
            protocol: protocol(self.protocol),
            address: truncate_address(self.caller.address),
            api: api.map(|api| &*api.name),
            operation: self.operation.and_then(|operation| self.plan.operation(operation)).map(|operation| &*operation.id),
            app: principal.map(|principal| &*principal.app.name),
            team: principal.map(|principal| &*principal.app.team),
            credential: principal.and_then(|principal| principal.credentials().next()),
            identified_by: principal.map(methods).unwrap_or_default(),
            user: principal.and_then(|principal| people::user(&self.plan, principal)),
            actors: principal.map(|principal| people::actors(&self.plan, principal)).unwrap_or_default(),
            status: end.status,
            code: self.code(),
            source: self.source(),
            reason: self.refusal.as_ref().map(|(_, refusal)| mask_keys(shorten(&refusal.reason, LONGEST_REASON))),
            policy: self
                .refusal
                .as_ref()
                .and_then(|(_, refusal)| refusal.policy.as_deref())
                .map(|name| shorten(name, LONGEST_NAME)),
            control: self.refusal.as_ref().and_then(|(_, refusal)| refusal.control.as_deref()),
            would_deny: self.would_deny.iter().map(|would| would_deny(would.guard, &would.refusal)).collect(),
            matched: self.matched(),
            changed: &self.changes.made,
            would_change: &self.changes.watched,
            target: self.target.and_then(|target| api?.targets.get(target)).map(|target| &*target.url),
            version: self.target.and_then(|target| api?.version_of(target)),
            attempts: (end.attempts > 1).then_some(end.attempts),
            mirrored: end.mirrored,
            trace: self.trace.as_ref().map(|trace| trace.id_text()),
            span: self.trace.as_ref().map(|trace| trace.span_text()),
            cache: end.cache,
            bytes_in: end.bytes_in,
            bytes_out: end.bytes_out,
            duration_us: end.duration_us,
            upstream_us: end.upstream_us,
        }
    }
}

impl Line<'_> {
    /// Every field in the order of [`yett_model::Event`]: none can be forgotten.
    fn write(self, out: &mut Vec<u8>) {
        let Self {
            time,
            decision,
            digest,
            method,
            path,
            query,
            host,
            protocol,
            address,
            api,
            operation,
            app,
            team,
            credential,
            identified_by,
            user,
            actors,
            status,
            code,
            source,
            reason,
            policy,
            control,
            would_deny,
            matched,
            changed,
            would_change,
            target,
            version,
            attempts,
            mirrored,
            trace,
            span,
            cache,
            bytes_in,
            bytes_out,
            duration_us,
            upstream_us,
        } = self;
        let mut event = Members::begin(out);
        event.value(name!("time"), &time);
        event.text(name!("decision"), decision);
        event.text(name!("digest"), digest);
        event.text(name!("method"), method);
        event.text(name!("path"), &path);
        event.texts(name!("query"), &query);
        event.text(name!("host"), host);
        event.text(name!("protocol"), protocol);
        event.text(name!("address"), &spelled(address));
        event.may_have(name!("api"), api);
        event.may_have(name!("operation"), operation);
        event.may_have(name!("app"), app);
        event.may_have(name!("team"), team);
        event.may_have(name!("credential"), credential);
        event.texts(name!("identified_by"), &identified_by);
        event.may_have(name!("user"), user.as_deref().map(|user| shorten(user, LONGEST_PERSON)));
        event.texts(name!("actors"), &actors);
        event.value(name!("status"), &status);
        event.may_have(name!("code"), code.map(Code::as_str));
        if let Some(source) = source {
            event.value(name!("source"), &source);
        }
        event.may_have(name!("reason"), reason.as_deref());
        event.may_have(name!("policy"), policy);
        event.may_have(name!("control"), control);
        event.texts(name!("would_deny"), &would_deny);
        if let Some(matched) = matched {
            event.value(name!("matched"), &matched);
        }
        event.texts(name!("changed"), changed);
        event.texts(name!("would_change"), would_change);
        event.may_have(name!("target"), target);
        event.may_have(name!("version"), version);
        if let Some(attempts) = attempts {
            event.value(name!("attempts"), &attempts);
        }
        if mirrored {
            event.value(name!("mirrored"), &mirrored);
        }
        event.may_have(name!("trace"), trace.as_deref());
        event.may_have(name!("span"), span.as_deref());
        event.may_have(name!("cache"), cache.map(CacheUse::as_str));
        event.value(name!("bytes_in"), &bytes_in);
        event.value(name!("bytes_out"), &bytes_out);
        event.value(name!("duration_us"), &duration_us);
        if let Some(upstream_us) = upstream_us {
            event.value(name!("upstream_us"), &upstream_us);
        }
        event.end();
    }
}

/// How the caller proved themselves; nothing in a simulation.
fn methods(principal: &Principal) -> Vec<&'static str> {
    principal.proofs().map(|(method, _)| method).filter(|method| !method.is_empty()).collect()
}

/// Unix milliseconds, written as RFC 3339 in UTC with three digits of a second.
struct Moment(u64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        let timestamp = i64::try_from(self.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        PRINTER.print_timestamp(&timestamp.unwrap_or_default(), StdFmtWrite(f)).map_err(|_| fmt::Error)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn would_deny(guard: &str, refusal: &crate::Refusal) -> String {
    format!("{guard}: {}: {}", refusal.code.as_str(), mask_keys(shorten(&refusal.reason, LONGEST_REASON)))
}

fn protocol(version: http::Version) -> &'static str {
    match version {
        http::Version::HTTP_10 => "HTTP/1.0",
        http::Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn query_names(query: &str) -> Vec<Cow<'_, str>> {
    let names = query.split('&').filter(|pair| !pair.is_empty()).take(MOST_NAMES);
    names.map(|pair| mask_keys(shorten(pair_name(pair), LONGEST_NAME))).collect()
}

fn shorten(text: &str, longest: usize) -> &str {
    let end = (0..=longest.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or("")
}

/// Hides API keys that were sent where they do not belong, such as in the path.
fn mask_keys(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'_') || !text.contains(KEY_MARK) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(KEY_MARK) {
        let (before, key) = rest.split_at(at);
        let end = key.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(key.len());
        masked.push_str(before);
        masked.push_str("yett_***");
        rest = key.get(end..).unwrap_or("");
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// Enough of an address to see a network, not a person: /24 or /48.
pub(crate) fn truncate_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & !0xff).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !(u128::MAX >> 48)).into()),
    }
}

/// A decision id: 48 bits of time and 80 random bits as 26 Crockford base-32 characters, so that ids sort by time.
pub(crate) fn decision_id(now: Now, random: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let value = u128::from(now.unix_ms) << 80 | random >> 48;
    let digit =
        |number: u64, place: u32| ALPHABET.get((number >> (place * 5) & 31) as usize).map_or('0', |&byte| char::from(byte));
    // In parts of at most 64 bits, which processors shift at once.
    let high = (0..13).rev().map(|place| digit((value >> 65) as u64, place));
    let low = (0..12).rev().map(|place| digit((value >> 5) as u64, place));
    high.chain(low).chain([digit(value as u64, 0)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decision_ids_sort_by_time() {
        let id = |unix_ms, random| decision_id(Now { unix_ms, mono_us: 0 }, random);
        assert_eq!(id(1, 0).len(), 26);
        assert!(id(1, u128::MAX) < id(2, 0));
        assert_ne!(id(1, 1 << 48), id(1, 2 << 48));
    }

    #[test]
    fn times_always_have_three_digits_of_a_second() {
        assert_eq!(Moment(1_700_000_000_330).to_string(), "2023-11-14T22:13:20.330Z");
        assert_eq!(Moment(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Moment(u64::MAX).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn keys_are_hidden_wherever_they_stand() {
        assert_eq!(mask_keys("/a/yett_live_abc_1/b/yett_x"), "/a/yett_***/b/yett_***");
        assert_eq!(mask_keys("/plain"), "/plain");
    }

    #[test]
    fn addresses_are_truncated() {
        for (full, short) in
            [("192.0.2.77", "192.0.2.0"), ("::ffff:192.0.2.77", "192.0.2.0"), ("2001:db8:1:2::5", "2001:db8:1::")]
        {
            assert_eq!(truncate_address(full.parse().unwrap()), short.parse::<IpAddr>().unwrap());
        }
    }

    #[test]
    fn query_values_never_show() {
        assert_eq!(query_names("a=secret&b&=x&yett_k=1"), ["a", "b", "", "yett_***"]);
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shorten("aé", 2), "a");
    }
}
