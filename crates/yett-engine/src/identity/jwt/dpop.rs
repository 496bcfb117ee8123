//! Proofs of possession (DPoP, RFC 9449): a small token that the caller signs for one request.

use super::verified::Verified;
use crate::Refusal;
use crate::identity::replays::{Owner, Used};
use crate::identity::{Asked, refuse};
use crate::jose::{Compact, check_own_key, seconds, text};
use crate::routing::target;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderName, HeaderValue, Uri};
use yett_model::Code;

/// The field that carries a proof.
pub(super) const PROOF: HeaderName = HeaderName::from_static("dpop");
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What a caller without a proof, or with a bad one, is told (RFC 9449 section 7.1).
const INVALID_PROOF: &str =
    "DPoP realm=\"yett\", error=\"invalid_dpop_proof\", algs=\"ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512\"";
const USE_NONCE: &str = "DPoP realm=\"yett\", error=\"use_dpop_nonce\"";

/// Seconds since it was made that a proof is accepted for, and by which the caller's clock may be ahead.
const WINDOW_S: u64 = 60;
const AHEAD_S: u64 = 10;
const LONGEST_ID: usize = 256;
/// Seconds for which a nonce is given out; it is accepted for as long again.
const NONCE_PERIOD_S: u64 = 150;

/// Checks the proof that a token needs which is bound to the key of this thumbprint.
pub(super) fn check(
    asked: &Asked<'_>,
    token: &str,
    key: &str,
    (needs_nonce, verified): (bool, &Verified),
) -> Result<(), Box<Refusal>> {
    let invalid = |reason: &str| refuse(INVALID_PROOF, Code::ProofInvalid, reason);
    let mut sent = asked.headers.get_all(PROOF).iter();
    let (Some(proof), None) = (sent.next(), sent.next()) else {
        return Err(invalid("a token that is bound to a key needs exactly one proof"));
    };
    let proof = proof.to_str().map_err(|_| invalid("the proof is not visible ASCII"))?;
    let read = |fault: crate::jose::Fault| invalid(&fault.detail);
    let proof = Compact::read(proof).map_err(read)?;
    if proof.header.typ.as_deref() != Some("dpop+jwt") {
        return Err(invalid("the proof is of another type"));
    }
    let own = check_own_key(&proof).map_err(read)?;
    if verify_slices_are_equal(own.as_bytes(), key.as_bytes()).is_err() {
        return Err(invalid("the token is bound to another key than the proof's"));
    }
    let claims = proof.claims().map_err(read)?;
    let claim = |name: &str| text(&claims, name).map_err(read)?.ok_or_else(|| invalid(&format!("the proof has no `{name}`")));
    if claim("htm")? != asked.method.as_str() {
        return Err(invalid("the proof is for another method"));
    }
    if !is_place(claim("htu")?, asked) {
        return Err(invalid("the proof is for another URL"));
    }
    let hash = BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    if claim("ath")? != hash {
        return Err(invalid("the proof is for another token"));
    }
    let now_s = asked.now.unix_ms / 1000;
    let made = seconds(&claims, "iat").map_err(read)?.ok_or_else(|| invalid("the proof has no `iat`"))?;
    if made > now_s + AHEAD_S || made + WINDOW_S < now_s {
        return Err(invalid("the proof was made at another time"));
    }
    if needs_nonce && !text(&claims, "nonce").map_err(read)?.is_some_and(|nonce| is_nonce(asked, nonce)) {
        return Err(ask_for_nonce(asked));
    }
    let id = claim("jti")?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(invalid("the proof's `jti` is empty or too long"));
    }
    // Last of all: only what the holder of the key made takes room.
    let owner = Owner { app: &verified.principal.app.name, key: &own };
    match asked.replays.note(owner, id, now_s, made + WINDOW_S) {
        Used::First => Ok(()),
        Used::Again => {
            asked.credentials.watch.replayed(verified.id(), "a proof that was used before", asked.caller.address, asked.now);
            Err(refuse(INVALID_PROOF, Code::ProofInvalid, "the proof was used before"))
        }
        Used::Full => Err(Refusal::new(Code::IdentityUnavailable, "there is no room to remember another proof")),
    }
}

/// Whether a URL is that of the request, without query and fragment (RFC 9449 section 4.3), each in its one spelling.
fn is_place(url: &str, asked: &Asked<'_>) -> bool {
    let url = url.split(['?', '#']).next().unwrap_or("");
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let scheme = if asked.caller.tls { "https" } else { "http" };
    let (Some(told), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let default = if asked.caller.tls { 443 } else { 80 };
    let port = authority.port_u16().filter(|port| *port != default);
    let wanted = asked.authority().unwrap_or(asked.host);
    let (wanted_host, wanted_port) = split_port(wanted);
    let path = target::normalise(uri.path()).map(|target| target.path.into_owned());
    told.eq_ignore_ascii_case(scheme)
        && !authority.as_str().contains('@')
        && authority.host().eq_ignore_ascii_case(wanted_host)
        && port == wanted_port.filter(|port| *port != default)
        && path.is_ok_and(|path| path == asked.path)
}

/// Host and port; the brackets of an address of IPv6 are the host's.
fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
        _ => (host, None),
    }
}

/// A nonce is a keyed hash of the time: every gateway with the same pepper knows it, and none remembers it.
fn nonce(asked: &Asked<'_>, period: u64) -> String {
    let hash = asked.pepper.hash(&format!("dpop-nonce:{period}"));
    BASE64URL_NOPAD.encode(hash.get(..16).unwrap_or(&hash))
}

fn is_nonce(asked: &Asked<'_>, told: &str) -> bool {
    let period = asked.now.unix_ms / 1000 / NONCE_PERIOD_S;
    [period, period.saturating_sub(1)].iter().any(|period| {
        let nonce = nonce(asked, *period);
        verify_slices_are_equal(nonce.as_bytes(), told.as_bytes()).is_ok()
    })
}

fn ask_for_nonce(asked: &Asked<'_>) -> Box<Refusal> {
    let refusal = refuse(USE_NONCE, Code::ProofInvalid, "the proof has no nonce of ours, or an old one");
    let nonce = nonce(asked, asked.now.unix_ms / 1000 / NONCE_PERIOD_S);
    match HeaderValue::from_str(&nonce) {
        Ok(nonce) => refusal.with_header(NONCE, nonce),
        Err(_) => refusal,
    }
}
