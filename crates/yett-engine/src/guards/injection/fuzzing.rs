//! The readings of the injection guard on arbitrary texts; see `crate::fuzzing`.

use super::signatures::{Role, SIGNATURES};
use super::{decode, sql, views};
use crate::guards::leaves::{Part, percent};

/// Every reading of a text ends, makes no text much longer than it was, and finds the same twice.
pub fn injection(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let plain = percent(&text, true);
    assert!(plain.len() <= 2 * text.len());
    let decoded = decode::decoded(&plain);
    assert!(decoded.as_ref().is_none_or(|decoded| decoded.len() <= 2 * plain.len()));
    for view in [views::shell(&plain), views::path(&plain), views::html(&plain)].into_iter().flatten() {
        assert!(view.len() <= plain.len());
    }
    for shape in sql::shapes(&plain) {
        assert!(shape.len() <= 16 * (plain.len() + 1));
    }
    for part in [Part::Value, Part::Name, Part::Document] {
        let role = Role { part, undescribed: false, agent: false };
        let find = || SIGNATURES.find(&text, role, &|_| true).map(|found| &found.id);
        assert_eq!(find(), find());
    }
}
