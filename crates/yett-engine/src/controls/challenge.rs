//! Proof of work: whoever wants in finds a number that makes a hash begin with zeros (as Hashcash does).
//!
//! Nothing is kept of a challenge: it is signed, says when it ends and how hard it is, and is worth something only for the
//! control, the API and the network (IPv4 address, or IPv6 /64) it was given out for. An answer holds until it ends, so
//! that a browser works once for many requests.

use super::ControlPlan;
use crate::exchange::Now;
use crate::identity::key::Pepper;
use crate::plan::stable_number;
use aws_lc_rs::digest;
use bytes::Bytes;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::header::{ACCEPT, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use std::net::IpAddr;
use std::sync::LazyLock;

/// Field that carries answers.
pub(crate) const ANSWER: HeaderName = HeaderName::from_static("yett-challenge-answer");
/// How the names of cookies with answers begin.
pub(crate) const COOKIE_START: &str = "yett-answer-";
const PAYLOAD_BYTES: usize = 17;
/// Most answers that are looked at in one request.
const MOST_ANSWERS: usize = 8;
const LONGEST_ANSWER: usize = 128;
const SCRIPT: &str = include_str!("challenge.js");

/// The page may run this one script, and nothing else.
pub(crate) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64.encode(digest::digest(&digest::SHA256, SCRIPT.as_bytes()).as_ref());
    let policy =
        format!("default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// What a caller is asked to do, as a member of the problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Challenge {
    /// `sha-256`: of the token, `:` and a decimal number.
    algorithm: &'static str,
    /// What is hashed with the number.
    token: String,
    /// Bits at the beginning of the hash that must be zero.
    difficulty: u8,
    /// Seconds for which the answer holds.
    seconds: u32,
    /// Where the answer goes: the token, `.` and the number.
    header: &'static str,
    /// The same for browsers.
    cookie: String,
    /// Whether the caller is a browser that wants a page.
    #[serde(skip)]
    pub(crate) page: bool,
}

/// Whom an answer is for.
pub(crate) struct Bearer<'a> {
    pub(crate) api: &'a str,
    pub(crate) address: IpAddr,
}

/// How hard, and for how long.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) difficulty: u8,
    pub(crate) valid_s: u32,
}

impl Challenge {
    /// A challenge for one caller.
    pub(crate) fn new(control: &ControlPlan, work: Work, bearer: &Bearer<'_>, pepper: &Pepper, now: Now, nonce: u64) -> Self {
        let mut bytes = Vec::with_capacity(PAYLOAD_BYTES + 32);
        let ends = now.unix_ms / 1000 + u64::from(work.valid_s);
        bytes.extend_from_slice(&ends.to_be_bytes());
        bytes.push(work.difficulty);
        bytes.extend_from_slice(&nonce.to_be_bytes());
        let mac = pepper.hash(&signed(&bytes, control, bearer));
        bytes.extend_from_slice(&mac);
        Self {
            algorithm: "sha-256",
            token: BASE64URL_NOPAD.encode(&bytes),
            difficulty: work.difficulty,
            seconds: work.valid_s,
            header: "Yett-Challenge-Answer",
            cookie: cookie_name(control),
            page: false,
        }
    }

    /// The same, as a page where a browser asks for one.
    pub(crate) fn for_caller(mut self, method: &Method, headers: &HeaderMap) -> Self {
        let html = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("text/html"));
        self.page = (method == Method::GET || method == Method::HEAD) && headers.get_all(ACCEPT).iter().any(html);
        self
    }

    /// The page: it works, keeps the answer in a cookie and loads itself again. Every value in it is the gateway's own, and
    /// in an alphabet that needs no escaping.
    pub(crate) fn html(&self) -> Bytes {
        let Self { token, difficulty, seconds, cookie, .. } = self;
        Bytes::from(format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>One moment</title></head><body>\
             <main id=\"task\" data-token=\"{token}\" data-bits=\"{difficulty}\" data-seconds=\"{seconds}\" data-cookie=\"{cookie}\">\
             <h1>One moment</h1><p id=\"told\">Your browser is doing a little work to show that it is one.</p>\
             <noscript><p>This page needs JavaScript.</p></noscript></main><script>{SCRIPT}</script></body></html>"
        ))
    }
}

/// Whether a request carries a good answer, or why not.
///
/// # Errors
/// What is wrong, for the log.
pub(crate) fn check(
    headers: &HeaderMap,
    control: &ControlPlan,
    least: u8,
    bearer: &Bearer<'_>,
    pepper: &Pepper,
    now: Now,
) -> Result<(), &'static str> {
    let mut fault = "no answer was sent";
    for answer in answers(headers, &cookie_name(control)) {
        match verify(&answer, control, least, bearer, pepper, now) {
            Ok(()) => return Ok(()),
            Err(why) => fault = why,
        }
    }
    Err(fault)
}

fn answers(headers: &HeaderMap, cookie: &str) -> Vec<String> {
    let of_field = headers.get_all(ANSWER).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let of_cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let of_cookies = of_cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let of_cookies = of_cookies.filter(|(name, _)| *name == cookie).map(|(_, value)| value);
    of_field.chain(of_cookies).map(|answer| answer.trim().to_owned()).take(MOST_ANSWERS).collect()
}

fn verify(
    answer: &str,
    control: &ControlPlan,
    least: u8,
    bearer: &Bearer<'_>,
    pepper: &Pepper,
    now: Now,
) -> Result<(), &'static str> {
    const MALFORMED: &str = "the answer cannot be read";
    if answer.len() > LONGEST_ANSWER {
        return Err(MALFORMED);
    }
    let (token, number) = answer.split_once('.').ok_or(MALFORMED)?;
    if number.is_empty() || number.len() > 20 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MALFORMED);
    }
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| MALFORMED)?;
    let (payload, mac) = bytes.split_at_checked(PAYLOAD_BYTES).ok_or(MALFORMED)?;
    if !pepper.verify(&signed(payload, control, bearer), mac) {
        return Err("the challenge is not one of ours for this caller");
    }
    let (ends, rest) = payload.split_first_chunk::<8>().ok_or(MALFORMED)?;
    if u64::from_be_bytes(*ends) <= now.unix_ms / 1000 {
        return Err("the challenge has expired");
    }
    let difficulty = rest.first().copied().unwrap_or_default();
    if difficulty < least {
        return Err("the challenge was easier than those of today");
    }
    let hash = digest::digest(&digest::SHA256, format!("{token}:{number}").as_bytes());
    match zeros(hash.as_ref()) >= u32::from(difficulty) {
        true => Ok(()),
        false => Err("the answer is wrong"),
    }
}

/// How many bits at the beginning are zero.
fn zeros(hash: &[u8]) -> u32 {
    let full = hash.iter().take_while(|byte| **byte == 0).count();
    8 * full as u32 + hash.get(full).map_or(0, |byte| byte.leading_zeros())
}

/// What is signed. The parts before the last have an alphabet without the separator.
fn signed(payload: &[u8], control: &ControlPlan, bearer: &Bearer<'_>) -> String {
    format!("yett-challenge:{}:{}:{}:{}", BASE64URL_NOPAD.encode(payload), control.id, bearer.api, network(bearer.address))
}

/// The first 64 bits of an IPv6 address: a caller chooses the others freely.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{:x}/64", v6.to_bits() >> 64),
    }
}

fn cookie_name(control: &ControlPlan) -> String {
    format!("{COOKIE_START}{:08x}", stable_number(&control.id) >> 32)
}

/// The `Cookie` field without answers to challenges; `None` if nothing is left.
pub(crate) fn without_answers(cookies: &str) -> Option<String> {
    let kept: Vec<&str> = cookies.split(';').map(str::trim).filter(|pair| !pair.starts_with(COOKIE_START)).collect();
    (!kept.is_empty()).then(|| kept.join("; "))
}
