//! One JSON Web Key (RFC 7517, 7518 section 6, 8037): what it may verify, and its thumbprint (RFC 7638).

use super::algorithm::{self, Curve};
use super::roca;
use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use aws_lc_rs::{digest, hmac};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use std::fmt;
use yett_model::snapshot::Algorithm;

/// Bits an RSA modulus may have; longer ones cost more to verify than any security they add.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const LONGEST_EXPONENT: usize = 4;
const LONGEST_KID: usize = 256;
/// Members that only a private key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];

/// A key and what it is good for.
pub(crate) struct Key {
    pub(super) kid: Option<String>,
    /// Whether the key itself says its algorithm, or its curve does.
    pub(super) bound: bool,
    pub(super) verifiers: Vec<(Algorithm, Verifier)>,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.verifiers.iter().map(|(algorithm, _)| algorithm).collect();
        formatter.debug_struct("Key").field("kid", &self.kid).field("algorithms", &algorithms).finish_non_exhaustive()
    }
}

/// How a signature is checked.
pub(super) enum Verifier {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl Verifier {
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

pub(crate) type Members = Map<String, Value>;

pub(super) fn is_private(members: &Members) -> bool {
    PRIVATE.iter().any(|name| members.contains_key(*name))
}

pub(super) fn is_secret(members: &Members) -> bool {
    member(members, "kty") == Some("oct") || members.contains_key("k")
}

impl Key {
    /// A key.
    ///
    /// # Errors
    /// A sentence, if it cannot be used for signatures.
    pub(crate) fn read(members: &Members) -> Result<Self, String> {
        check_purpose(members)?;
        let kid = match members.get("kid") {
            None => None,
            Some(Value::String(kid)) if kid.len() <= LONGEST_KID => Some(kid.clone()),
            Some(_) => return Err(format!("its `kid` is not a text of at most {LONGEST_KID} bytes")),
        };
        let alg = match members.get("alg") {
            None => None,
            Some(Value::String(alg)) => Some(alg.as_str()),
            Some(_) => return Err("its `alg` is not a text".to_owned()),
        };
        let (bound, verifiers) = match member(members, "kty") {
            Some("RSA") => (alg.is_some(), read_rsa(members, alg)?),
            Some("EC") => (true, vec![read_curve(members, alg, &["x", "y"])?]),
            Some("OKP") => (true, vec![read_curve(members, alg, &["x"])?]),
            Some("oct") => (true, vec![read_secret(members, alg)?]),
            _ => return Err("its `kty` is not known".to_owned()),
        };
        Ok(Self { kid, bound, verifiers })
    }

    /// A secret without a name.
    pub(super) fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, String> {
        let hashing = algorithm::hmac_of(algorithm).ok_or("a secret is for HS256, HS384 or HS512")?;
        Ok(Self { kid: None, bound: true, verifiers: vec![(algorithm, hmac_verifier(hashing, secret)?)] })
    }

    pub(super) fn verifier(&self, algorithm: Algorithm) -> Option<&Verifier> {
        self.verifiers.iter().find(|(known, _)| *known == algorithm).map(|(_, verifier)| verifier)
    }
}

/// Whether a key is for checking signatures, as far as it says.
pub(super) fn check_purpose(members: &Members) -> Result<(), String> {
    if members.get("use").is_some_and(|purpose| purpose != "sig") {
        return Err("its `use` is not `sig`".to_owned());
    }
    let verifies = |operations: &Value| operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
    match members.get("key_ops").is_none_or(verifies) {
        true => Ok(()),
        false => Err("its `key_ops` do not contain `verify`".to_owned()),
    }
}

fn read_rsa(members: &Members, alg: Option<&str>) -> Result<Vec<(Algorithm, Verifier)>, String> {
    let (n, e) = (bytes(members, "n")?, bytes(members, "e")?);
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) || n.first() == Some(&0) {
        return Err(format!("an RSA modulus has {} to {} bits, this one has {bits}", RSA_BITS.start(), RSA_BITS.end()));
    }
    let odd = e.last().is_some_and(|last| last % 2 == 1);
    if e.is_empty() || e.len() > LONGEST_EXPONENT || !odd || e == [1] || e.first() == Some(&0) {
        return Err("an RSA exponent is an odd number of at most 32 bits, from 3".to_owned());
    }
    if roca::is_marked(&n) {
        return Err("its factors can be found (CVE-2017-15361)".to_owned());
    }
    let named = alg.map(|alg| algorithm::named(alg).ok_or("its `alg` is none for signatures")).transpose()?;
    let algorithms = algorithm::of_rsa(named);
    if algorithms.is_empty() {
        return Err("its `alg` does not fit its `kty`".to_owned());
    }
    let components = RsaPublicKeyComponents { n, e };
    let verifier = |algorithm: &Algorithm| {
        let key = algorithm::rsa(*algorithm).and_then(|parameters| components.to_parsed_public_key(parameters).ok());
        Some((*algorithm, Verifier::Public(key?)))
    };
    algorithms.iter().map(verifier).collect::<Option<_>>().ok_or_else(|| "it is no RSA key".to_owned())
}

fn read_curve(members: &Members, alg: Option<&str>, coordinates: &[&str]) -> Result<(Algorithm, Verifier), String> {
    let curve = member(members, "crv").and_then(Curve::named).ok_or("its `crv` is not known")?;
    if (curve.algorithm == Algorithm::EdDsa) != (coordinates.len() == 1) {
        return Err("its `crv` does not fit its `kty`".to_owned());
    }
    if alg.is_some_and(|alg| !curve.fits(alg)) {
        return Err("its `alg` does not fit its `crv`".to_owned());
    }
    // RFC 7518 section 6.2.1.2: all octets of a coordinate, leading zeros too.
    let mut point = if coordinates.len() == 2 { vec![4] } else { Vec::new() };
    for name in coordinates {
        let coordinate = bytes(members, name)?;
        if coordinate.len() != curve.size {
            return Err(format!("its `{name}` has not {} bytes", curve.size));
        }
        point.extend(coordinate);
    }
    let key = ParsedPublicKey::new(curve.verification, point).map_err(|_| "it is no point of its curve".to_owned())?;
    Ok((curve.algorithm, Verifier::Public(key)))
}

fn read_secret(members: &Members, alg: Option<&str>) -> Result<(Algorithm, Verifier), String> {
    let algorithm = alg.and_then(algorithm::named).filter(|algorithm| algorithm::is_symmetric(*algorithm));
    let algorithm = algorithm.ok_or("a secret says its `alg`: HS256, HS384 or HS512")?;
    let hashing = algorithm::hmac_of(algorithm).ok_or("a secret is for HMAC")?;
    Ok((algorithm, hmac_verifier(hashing, &bytes(members, "k")?)?))
}

fn hmac_verifier(hashing: hmac::Algorithm, secret: &[u8]) -> Result<Verifier, String> {
    // RFC 7518 section 3.2: at least as long as the hash.
    if secret.len() < hashing.tag_len() {
        return Err(format!("a secret of this algorithm has at least {} bytes", hashing.tag_len()));
    }
    // Somebody's public key that was put where a secret belongs is known to everybody.
    let text = secret.trim_ascii();
    if [&b"-----BEGIN"[..], b"ssh-", b"{"].iter().any(|start| text.starts_with(start)) {
        return Err("what looks like a public key is no secret".to_owned());
    }
    Ok(Verifier::Secret(Box::new(hmac::Key::new(hashing, secret))))
}

fn member<'m>(members: &'m Members, name: &str) -> Option<&'m str> {
    members.get(name).and_then(Value::as_str)
}

fn bytes(members: &Members, name: &str) -> Result<Vec<u8>, String> {
    let text = member(members, name).ok_or_else(|| format!("it has no text `{name}`"))?;
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| format!("its `{name}` is not in base64url"))
}

/// RFC 7638: the digest of a key's required members in their one order, in base64url. `None` if one is missing.
pub(crate) fn thumbprint(members: &Members) -> Option<String> {
    let required: &[&str] = match member(members, "kty")? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        _ => return None,
    };
    let mut canonical = String::from("{");
    for (index, name) in required.iter().enumerate() {
        let value = serde_json::to_string(member(members, name)?).ok()?;
        let comma = if index == 0 { "" } else { "," };
        canonical.push_str(&format!("{comma}\"{name}\":{value}"));
    }
    canonical.push('}');
    Some(BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref()))
}
