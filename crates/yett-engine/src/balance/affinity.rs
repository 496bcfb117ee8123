//! Affinity by cookie: the cookie names a target, signed so that no caller can choose one.

use crate::identity::key::Pepper;
use std::fmt::Write;

/// The value of the cookie that leads to the target `id` of `api`.
#[must_use]
pub fn cookie_value(pepper: &Pepper, api: &str, id: u64) -> String {
    let mut value = format!("{id:016x}.");
    for byte in pepper.hash(&text(api, id)).iter().take(16) {
        let _ = write!(value, "{byte:02x}");
    }
    value
}

/// The target a cookie names, if this gateway, or one with the same pepper, has signed it for `api`.
#[must_use]
pub fn read_cookie(pepper: &Pepper, api: &str, value: &str) -> Option<u64> {
    let (id, _) = value.split_once('.')?;
    let id = u64::from_str_radix(id, 16).ok()?;
    let expected = cookie_value(pepper, api, id);
    aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), value.as_bytes()).ok().map(|()| id)
}

/// What is signed; no API key begins like this, so that no signature is the hash of one.
fn text(api: &str, id: u64) -> String {
    format!("affinity:{api}:{id:016x}")
}
