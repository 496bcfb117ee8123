//! The verifier under attack.

mod attacks;
mod claims;
mod keys;
mod wycheproof;

use super::signing::Private;
use super::*;
use serde_json::{Value, json};
use yett_model::snapshot::Algorithm;

const NOW_S: u64 = 1_700_000_000;

fn expected() -> Expectations {
    serde_json::from_value(json!({"issuer": "https://id.example", "audiences": ["books"], "leeway_s": 30})).unwrap()
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "aud": "books", "sub": "u1", "exp": NOW_S + 60, "iat": NOW_S - 10})
}

fn judge(token: &str, set: &[u8], expected: &Expectations) -> Result<(), FaultKind> {
    let keys = KeySet::public(set).unwrap();
    verify_jwt(token, &keys, expected, NOW_S).map(|_| ()).map_err(|fault| fault.kind)
}
