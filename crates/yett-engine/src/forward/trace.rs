//! W3C trace context (Level 1, with the random flag of Level 2): a trace that is trusted goes on, any other begins here.

use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;
/// Limits of the specification: members of `tracestate`, and the characters of it that must be passed on.
const MOST_MEMBERS: usize = 32;
const MOST_STATE: usize = 512;
const LARGE_MEMBER: usize = 128;

/// One hop of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// The trace.
    id: u128,
    /// This hop: the upstream's parent.
    span: u64,
    flags: u8,
    state: Option<String>,
    /// Whether it came from outside.
    continued: bool,
}

impl Trace {
    /// The caller's trace with a new hop, if it is taken and well-formed; otherwise a new trace.
    ///
    /// `random` is spread over ids of its own, so that the decision id says nothing about them.
    pub(crate) fn begin(headers: &HeaderMap, accept: bool, sample_percent: u8, random: u128) -> Self {
        let span = (spread(random ^ 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834) >> 64) as u64 | 1;
        match accept.then(|| parent(headers)).flatten() {
            Some((id, flags)) => Self { id, span, flags, state: state(headers), continued: true },
            None => {
                let id = spread(random) | 1;
                let sampled = (id >> 64) % 100 < u128::from(sample_percent);
                let flags = RANDOM | if sampled { SAMPLED } else { 0 };
                Self { id, span, flags, state: None, continued: false }
            }
        }
    }

    /// The trace's id: 32 hex digits.
    pub(crate) fn id_text(&self) -> String {
        HEXLOWER.encode(&self.id.to_be_bytes())
    }

    /// This hop's id: 16 hex digits.
    pub(crate) fn span_text(&self) -> String {
        HEXLOWER.encode(&self.span.to_be_bytes())
    }

    /// Puts the trace into the upstream's fields. Baggage goes along with a trace that goes on, and only then.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let mut text = String::with_capacity(55);
        text.push_str("00-");
        HEXLOWER.encode_append(&self.id.to_be_bytes(), &mut text);
        text.push('-');
        HEXLOWER.encode_append(&self.span.to_be_bytes(), &mut text);
        text.push_str(match self.flags {
            0 => "-00",
            SAMPLED => "-01",
            RANDOM => "-02",
            _ => "-03",
        });
        super::insert(headers, TRACEPARENT, &text);
        match &self.state {
            Some(state) => super::insert(headers, TRACESTATE, state),
            None => {
                headers.remove(TRACESTATE);
            }
        }
        if !self.continued {
            headers.remove(BAGGAGE);
        }
    }
}

/// Mixes 128 bits so that each bit of the result depends on all; different numbers stay different.
fn spread(mut number: u128) -> u128 {
    for _ in 0..3 {
        number ^= number >> 67;
        number = number.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645);
    }
    number ^ number >> 64
}

/// Trace id and flags of a well-formed `traceparent`. A version that is not known is read as far as version 0 goes.
fn parent(headers: &HeaderMap) -> Option<(u128, u8)> {
    let text = only(headers, &TRACEPARENT)?.to_str().ok()?;
    let fields = text.get(..55)?;
    let version = hex(fields.get(..2)?)? as u8;
    let fits = match version {
        0 => text.len() == 55,
        0xff => false,
        _ => text.len() == 55 || text.as_bytes().get(55) == Some(&b'-'),
    };
    let dashes = [2, 35, 52].iter().all(|&at| fields.as_bytes().get(at) == Some(&b'-'));
    let (id, span) = (hex(fields.get(3..35)?)?, hex(fields.get(36..52)?)?);
    let flags = hex(fields.get(53..55)?)? as u8;
    (fits && dashes && id != 0 && span != 0).then_some((id, flags & (SAMPLED | RANDOM)))
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    value.filter(|_| values.next().is_none())
}

/// Lower-case hex digits only.
fn hex(text: &str) -> Option<u128> {
    let lower = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    u128::from_str_radix(text, 16).ok().filter(|_| lower)
}

/// `tracestate` in one field; nothing of it if any member is malformed or there are too many.
fn state(headers: &HeaderMap) -> Option<String> {
    let mut members: Vec<&str> = Vec::new();
    for value in headers.get_all(TRACESTATE) {
        members.extend(value.to_str().ok()?.split(',').map(|one| one.trim_matches([' ', '\t'])).filter(|one| !one.is_empty()));
    }
    let keys: std::collections::BTreeSet<&str> = members.iter().map(|one| key(one)).collect::<Option<_>>()?;
    if members.is_empty() || members.len() > MOST_MEMBERS || keys.len() != members.len() {
        return None;
    }
    let length = |members: &[&str]| members.iter().map(|one| one.len() + 1).sum::<usize>();
    if length(&members) > MOST_STATE + 1 {
        members.retain(|one| one.len() <= LARGE_MEMBER);
    }
    while length(&members) > MOST_STATE + 1 {
        members.pop();
    }
    (!members.is_empty()).then(|| members.join(","))
}

/// The key of a well-formed member.
fn key(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    let good_value = (1..=256).contains(&value.len())
        && value.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b',' && byte != b'=')
        && !value.ends_with(' ');
    let part = |text: &str, longest: usize| {
        let first = text.as_bytes().first();
        first.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && text.len() <= longest
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(&byte))
    };
    let good_key = match key.split_once('@') {
        Some((tenant, system)) => part(tenant, 241) && part(system, 14),
        None => part(key, 256),
    };
    (good_key && good_value).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const ID: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn begin(fields: &[(&'static str, &str)]) -> Trace {
        Trace::begin(&headers(fields), true, 100, 7 << 90)
    }

    fn told(trace: &Trace, fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = headers(fields);
        trace.tell(&mut headers);
        headers
    }

    #[test]
    fn a_trace_goes_on_with_a_new_parent_and_the_sampled_flag_kept() {
        let trace = begin(&[("traceparent", PARENT), ("tracestate", "a=1,b@c=2")]);
        assert_eq!((trace.id, trace.flags, trace.state.as_deref()), (ID, 1, Some("a=1,b@c=2")));
        let told = told(&trace, &[("traceparent", PARENT), ("baggage", "k=v")]);
        let parent = told["traceparent"].to_str().unwrap();
        assert!(parent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && parent.ends_with("-01"), "{parent}");
        assert!(!parent.contains("00f067aa0ba902b7"));
        assert_eq!(told["baggage"], "k=v");
        let unsampled = begin(&[("traceparent", &PARENT.replace("-01", "-00"))]);
        assert_eq!(unsampled.flags, 0);
    }

    #[test]
    fn a_malformed_parent_begins_a_new_trace_and_drops_state_and_baggage() {
        for parent in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            let fields = [("traceparent", parent), ("tracestate", "a=1"), ("baggage", "k=v")];
            let trace = begin(&fields);
            assert_ne!(trace.id, ID, "{parent}");
            assert_eq!(trace.flags, SAMPLED | RANDOM);
            let told = told(&trace, &fields);
            assert!(!told.contains_key("tracestate") && !told.contains_key("baggage"), "{parent}");
        }
        let twice = begin(&[("traceparent", PARENT)]);
        let mut two = headers(&[("traceparent", PARENT)]);
        two.append("traceparent", HeaderValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"));
        assert_ne!(Trace::begin(&two, true, 100, 1).id, twice.id);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known_and_sent_as_version_0() {
        let trace = begin(&[("traceparent", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-more")]);
        assert_eq!((trace.id, trace.flags), (ID, 3));
        assert!(told(&trace, &[])["traceparent"].to_str().unwrap().starts_with("00-"));
    }

    #[test]
    fn who_is_not_trusted_begins_a_new_trace() {
        let fields = headers(&[("traceparent", PARENT), ("baggage", "k=v")]);
        assert_ne!(Trace::begin(&fields, false, 100, 5).id, ID);
    }

    #[test]
    fn a_state_beyond_its_limits_is_dropped_or_shortened() {
        let many: Vec<String> = (0..33).map(|n| format!("k{n}=v")).collect();
        let large = format!("a=1,b={},c={}", "x".repeat(256), "y".repeat(256));
        for (state, kept) in [
            (many.join(",").as_str(), None),
            ("a=1,a=2", None),
            ("A=1", None),
            ("a", None),
            ("a=1,,b=2", Some("a=1,b=2")),
            (large.as_str(), Some("a=1")),
        ] {
            let trace = begin(&[("traceparent", PARENT), ("tracestate", state)]);
            assert_eq!(trace.state.as_deref(), kept, "{state}");
        }
    }

    #[test]
    fn the_share_of_sampled_traces_is_as_asked() {
        let begin = |percent, n: &u128| Trace::begin(&HeaderMap::new(), true, percent, *n << 70);
        let sampled = |percent| (0..1000u128).filter(move |n| begin(percent, n).flags & 1 == 1);
        assert_eq!(sampled(0).count(), 0);
        assert_eq!(sampled(100).count(), 1000);
        assert!((200..400).contains(&sampled(30).count()));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_the_upstream_gets_a_well_formed_trace(parent in "\\PC{0,80}", state in "\\PC{0,80}", random in proptest::num::u128::ANY) {
            let mut fields = HeaderMap::new();
            for (name, value) in [("traceparent", &parent), ("tracestate", &state)] {
                if let Ok(value) = HeaderValue::from_str(value) { fields.insert(HeaderName::from_static(name), value); }
            }
            let trace = Trace::begin(&fields, true, 50, random);
            trace.tell(&mut fields);
            let again = super::parent(&fields).unwrap();
            proptest::prop_assert_eq!(again.0, trace.id);
        }
    }
}
