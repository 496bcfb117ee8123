//! Texts in which something was found.

use super::rules::Rules;
use super::values::Tally;
use crate::detect::{Kinds, find};

/// A text with all that was found in it disguised; `None` if nothing was.
pub(super) fn masked(text: &str, kinds: Kinds, rules: &Rules, tally: &mut Tally) -> Option<String> {
    let found = find(text, kinds);
    if found.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for one in &found {
        let (class, value) = (one.kind.class(), text.get(one.span.clone()).unwrap_or_default());
        tally.count(class);
        out.push_str(text.get(at..one.span.start).unwrap_or_default());
        out.push_str(&rules.disguise.text(rules.by(class), class, value));
        at = one.span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Some(out)
}
