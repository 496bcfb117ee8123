//! A JSON text, value by value: what is classified, and what is found.

use super::rules::{Rules, Sees};
use super::texts;
use crate::body::scan::{Scalar, Step, Visitor};
use crate::detect::{Kind, Kinds, find, is_random, is_secret_name};
use crate::outline::{Outline, Set};
use std::collections::BTreeMap;
use std::sync::Arc;
use yett_model::snapshot::MaskBy;

/// Fewest digits of a number that is looked into.
const SHORTEST_NUMBER: usize = 9;

/// How much of each class was masked.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<String, u32>);

impl Tally {
    pub(super) fn count(&mut self, class: &str) {
        *self.0.entry(class.to_owned()).or_default() += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `pii.email x3`.
    pub(super) fn told(&self) -> Vec<String> {
        self.0.iter().map(|(class, count)| format!("{class} x{count}")).collect()
    }
}

/// A place of a text.
pub(super) struct Spot<'o> {
    pub(super) set: Set<'o>,
    /// The class of what it is in, where that is classified as a whole.
    pub(super) class: Option<(Arc<str>, MaskBy)>,
    /// Whether its name says that it is secret.
    pub(super) is_secret: bool,
}

/// Masks one text.
pub(super) struct Masker<'o> {
    pub(super) outline: &'o Outline,
    pub(super) rules: &'o Rules,
    pub(super) sees: Sees,
    /// What is looked for.
    pub(super) kinds: Kinds,
    /// Whether what is classified is masked, or only counted.
    pub(super) masks: bool,
    /// Whether what is found is masked, or only counted.
    pub(super) masks_found: bool,
    pub(super) classified: Tally,
    pub(super) found: Tally,
    /// What was found in names, where those are looked at: they are not masked.
    pub(super) in_names: Option<Tally>,
}

impl<'o> Masker<'o> {
    /// The class of a value by which it is masked: the strictest that the caller does not see.
    pub(super) fn class(&self, set: &[u32]) -> Option<(Arc<str>, MaskBy)> {
        let hidden = self.outline.classes(set).filter(|class| !self.sees.covers(class));
        hidden.map(|class| (class.clone(), self.rules.by(class))).min_by_key(|(_, by)| *by)
    }

    fn step(&mut self, parent: &Spot<'o>, set: Set<'o>, is_secret: bool) -> Step<Spot<'o>> {
        let class = self.class(&set).or_else(|| parent.class.clone());
        if let Some((class, MaskBy::Drop)) = &class {
            self.classified.count(class);
            return if self.masks { Step::Drop } else { Step::Keep };
        }
        if class.is_none() && self.kinds.is_empty() && !self.outline.classifies(&set) {
            return Step::Keep;
        }
        Step::Into(Spot { set, class, is_secret })
    }

    fn found(&mut self, scalar: &Scalar<'_>, is_secret: bool) -> Option<String> {
        let text = match scalar {
            Scalar::Text(text) => text,
            Scalar::Number(number) if number.len() >= SHORTEST_NUMBER => *number,
            Scalar::Number(_) | Scalar::Bool | Scalar::Null => return None,
        };
        let masked = match is_secret && is_random(text) {
            true => {
                let class = Kind::Named.class();
                self.found.count(class);
                Some(self.rules.disguise.text(self.rules.by(class), class, text))
            }
            false => texts::masked(text, self.kinds, self.rules, &mut self.found),
        }?;
        let is_text = matches!(scalar, Scalar::Text(_));
        self.masks_found.then(|| if is_text { quoted(&masked) } else { "null".to_owned() })
    }
}

impl<'o> Visitor for Masker<'o> {
    type Place = Spot<'o>;

    fn member(&mut self, object: &Spot<'o>, name: &str) -> Step<Spot<'o>> {
        let is_secret = self.kinds.has(Kind::Named) && is_secret_name(name);
        if let Some(tally) = &mut self.in_names {
            find(name, self.kinds).iter().for_each(|one| tally.count(one.kind.class()));
        }
        self.step(object, self.outline.member(&object.set, name), is_secret)
    }

    fn element(&mut self, array: &Spot<'o>, _index: usize) -> Step<Spot<'o>> {
        self.step(array, self.outline.element(&array.set), array.is_secret)
    }

    fn scalar(&mut self, place: &Spot<'o>, scalar: &Scalar<'_>) -> Option<String> {
        let Some((class, by)) = &place.class else {
            return if self.kinds.is_empty() { None } else { self.found(scalar, place.is_secret) };
        };
        let text = match scalar {
            Scalar::Null => return None,
            Scalar::Text(text) => Some(&**text),
            Scalar::Number(number) => Some(*number),
            Scalar::Bool => None,
        };
        self.classified.count(class);
        let keeps = !matches!(by, MaskBy::Drop | MaskBy::Mask);
        let masked = match (scalar, text) {
            (Scalar::Text(text), _) => quoted(&self.rules.disguise.text(*by, class, text)),
            (Scalar::Number(_), Some(number)) if *by == MaskBy::FormatPreserving => {
                number_like(&self.rules.disguise.text(*by, class, number))
            }
            (Scalar::Number(_), Some(number)) if keeps => quoted(&self.rules.disguise.text(*by, class, number)),
            _ => "null".to_owned(),
        };
        self.masks.then_some(masked)
    }
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Digits in the places of a number's: whatever they are, a number begins with none that is zero.
fn number_like(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let whole = digits.split(['.', 'e', 'E']).next().unwrap_or("");
    match whole.len() > 1 && whole.starts_with('0') {
        true => format!("{sign}1{}", digits.get(1..).unwrap_or_default()),
        // An exponent may be too large for a number that was not.
        false if digits.contains(|character: char| character.is_ascii_alphabetic()) => "null".to_owned(),
        false => text.to_owned(),
    }
}
