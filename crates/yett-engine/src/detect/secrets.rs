//! Secrets: keys and tokens that their issuers made to be recognised, private keys, and what a name says is secret.

use super::names::is_secret_name;
use super::{Found, Kind, Kinds, found};
use crate::identity::key;

/// Longest token that is looked at.
const LONGEST: usize = 4096;
/// Longest private key: RSA with 16384 bits takes less.
const LONGEST_KEY: usize = 16 * 1024;
/// Longest name before a secret.
const LONGEST_NAME: usize = 64;
/// Most characters of a secret that only its name tells.
const LONGEST_NAMED: usize = 256;
/// Fewest characters of a secret that only its name tells.
const SHORTEST: usize = 8;

/// How an issuer's tokens begin, and what follows.
struct Form {
    kind: Kind,
    begin: &'static str,
    least: usize,
    most: usize,
    marks: &'static [u8],
}

const fn form(kind: Kind, begin: &'static str, least: usize, most: usize, marks: &'static [u8]) -> Form {
    Form { kind, begin, least, most, marks }
}

const FORMS: [Form; 22] = [
    form(Kind::AwsKey, "AKIA", 16, 16, b""),
    form(Kind::AwsKey, "ASIA", 16, 16, b""),
    form(Kind::GithubToken, "ghp_", 36, 251, b""),
    form(Kind::GithubToken, "gho_", 36, 251, b""),
    form(Kind::GithubToken, "ghu_", 36, 251, b""),
    form(Kind::GithubToken, "ghs_", 36, 251, b""),
    form(Kind::GithubToken, "ghr_", 36, 251, b""),
    form(Kind::GithubToken, "github_pat_", 40, 251, b"_"),
    form(Kind::GitlabToken, "glpat-", 20, 64, b"_-"),
    form(Kind::SlackToken, "xoxb-", 20, 255, b"-"),
    form(Kind::SlackToken, "xoxp-", 20, 255, b"-"),
    form(Kind::SlackToken, "xoxa-", 20, 255, b"-"),
    form(Kind::SlackToken, "xoxr-", 20, 255, b"-"),
    form(Kind::SlackToken, "xapp-", 20, 255, b"-"),
    form(Kind::StripeKey, "sk_live_", 16, 255, b""),
    form(Kind::StripeKey, "sk_test_", 16, 255, b""),
    form(Kind::StripeKey, "rk_live_", 16, 255, b""),
    form(Kind::StripeKey, "rk_test_", 16, 255, b""),
    form(Kind::StripeKey, "whsec_", 16, 255, b"+/="),
    form(Kind::GoogleKey, "AIza", 35, 35, b"_-"),
    form(Kind::GoogleKey, "ya29.", 20, 2048, b"_-."),
    form(Kind::NpmToken, "npm_", 36, 36, b""),
];

/// The token that begins at a place.
pub(super) fn token(text: &str, at: usize, kinds: Kinds) -> Option<Found> {
    // Within a token no other is looked for: each would be read to its end.
    let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
    if before.is_some_and(|byte| b"_-.".contains(byte)) {
        return None;
    }
    let rest = text.get(at..)?;
    match *rest.as_bytes().first()? {
        b'e' if rest.starts_with("eyJ") => jwt(rest, at, kinds),
        b'y' if rest.starts_with("yett_") => own(rest, at, kinds),
        b'A' | b'g' | b'x' | b's' | b'r' | b'w' | b'y' | b'n' => FORMS.iter().find_map(|form| of_form(form, rest, at, kinds)),
        _ => None,
    }
}

fn of_form(form: &Form, rest: &str, at: usize, kinds: Kinds) -> Option<Found> {
    let body = rest.strip_prefix(form.begin).filter(|_| kinds.has(form.kind))?;
    let length = run(body, form.marks);
    let fits = (form.least..=form.most).contains(&length);
    fits.then_some(())?;
    found(kinds, form.kind, at..at + form.begin.len() + length)
}

/// Letters, digits and marks from the beginning.
fn run(text: &str, marks: &[u8]) -> usize {
    text.bytes().take(LONGEST).take_while(|byte| byte.is_ascii_alphanumeric() || marks.contains(byte)).count()
}

/// Three parts in base64url, the first of which begins an object.
fn jwt(rest: &str, at: usize, kinds: Kinds) -> Option<Found> {
    let length = run(rest, b"_-.");
    let parts: Vec<&str> = rest.get(..length)?.split('.').collect();
    let [header, payload, signature, ..] = *parts.as_slice() else { return None };
    let fits = header.len() >= 16 && payload.len() >= 4 && signature.len() >= 16;
    fits.then_some(())?;
    found(kinds, Kind::Jwt, at..at + header.len() + payload.len() + signature.len() + 2)
}

/// One of our own keys: its checksum tells it from whatever looks like it.
fn own(rest: &str, at: usize, kinds: Kinds) -> Option<Found> {
    let length = run(rest, b"_");
    key::prefix(rest.get(..length)?)?;
    found(kinds, Kind::YettKey, at..at + length)
}

/// A private key in PEM (RFC 7468), to its end, or as far as it goes.
pub(super) fn private_key(text: &str, at: usize, kinds: Kinds) -> Option<Found> {
    let rest = text.get(at..).filter(|_| kinds.has(Kind::PrivateKey))?;
    let label = rest.strip_prefix("-----BEGIN ")?;
    let line = label.get(..label.find("-----").filter(|end| *end < LONGEST_NAME)?)?;
    line.ends_with("PRIVATE KEY").then_some(())?;
    let window = (0..=LONGEST_KEY.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end))?;
    let whole = rest.get(..window)?;
    let end = whole.find("-----END ").map_or(whole.len(), |end| {
        let closing = whole.get(end + 9..).and_then(|tail| tail.find("-----"));
        closing.map_or(whole.len(), |closing| end + 9 + closing + 5)
    });
    found(kinds, Kind::PrivateKey, at..at + end)
}

/// What a name before it says is secret: `password = ...`, `"api_key": "..."`. The span is the value.
pub(super) fn named(text: &str, at: usize, kinds: Kinds) -> Option<Found> {
    let rest = text.get(at..).filter(|_| kinds.has(Kind::Named))?;
    let name =
        rest.bytes().take(LONGEST_NAME + 1).take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)).count();
    if !is_secret_name(rest.get(..name)?) {
        return None;
    }
    let after = rest.get(name..)?;
    let quoted = after.trim_start_matches(['"', '\'', '\\']);
    let spaced = quoted.trim_start_matches(' ');
    let value = spaced.strip_prefix([':', '='])?.trim_start_matches([' ', '"', '\'', '\\']);
    let length =
        value.bytes().take(LONGEST_NAMED).take_while(|byte| byte.is_ascii_graphic() && !b"\"'\\,;<>&".contains(byte)).count();
    let start = at + rest.len() - value.len();
    (length >= SHORTEST && is_random(value.get(..length)?)).then_some(())?;
    found(kinds, Kind::Named, start..start + length)
}

/// Whether a text looks made by chance rather than written: long enough, of several kinds of characters, none common.
#[must_use]
pub fn is_random(text: &str) -> bool {
    let bytes = text.as_bytes().get(..LONGEST.min(text.len())).unwrap_or_default();
    if bytes.len() < SHORTEST || !bytes.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    let mut counts = [0_u32; 128];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let total = bytes.len() as f64;
    let entropy: f64 =
        counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum();
    let has = |is: fn(&u8) -> bool| u32::from(bytes.iter().any(is));
    let mixed =
        has(u8::is_ascii_digit) + has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_punctuation);
    entropy >= 2.75 && mixed >= 2
}
