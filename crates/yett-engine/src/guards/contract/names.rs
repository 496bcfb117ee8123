//! Names that are one name to some servers: many ignore case, and PHP alone trims names, cuts them at a bracket and
//! takes dots and spaces for underscores. A caller could send one value for the contract and another for the upstream.

use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// A name as those see it that ignore case.
pub(super) fn folded(name: &str) -> Cow<'_, str> {
    match name.is_ascii() {
        true if name.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Owned(name.to_ascii_lowercase()),
        true => Cow::Borrowed(name),
        // By way of upper case: the long s and the Kelvin sign are letters of ASCII to some.
        false => Cow::Owned(name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()),
    }
}

/// Names that a contract has in two spellings among the properties of one object: `id` and `ID`.
#[derive(Debug, Default)]
pub(super) struct Twins(BTreeSet<Box<str>>);

/// Those of no contract.
pub(super) static NO_TWINS: Twins = Twins(BTreeSet::new());

impl Twins {
    /// Those in any schema of a document.
    pub(super) fn of(document: &Value) -> Self {
        let mut twins = Self::default();
        twins.gather(document);
        twins
    }

    fn gather(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.gather(item)),
            Value::Object(object) => {
                if let Some(Value::Object(properties)) = object.get("properties") {
                    let same = same_names(properties.keys().map(String::as_str));
                    self.0.extend(same.into_iter().flat_map(|(one, other)| [one.into(), other.into()]));
                }
                object.values().for_each(|value| self.gather(value));
            }
            _ => {}
        }
    }

    /// The first of some names that is another spelling of one before it, and not by the contract.
    pub(super) fn clash<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        if are_far_apart(names.clone()) {
            return None;
        }
        let same = same_names(names);
        let mut foreign = same.into_iter().filter(|(one, other)| !(self.0.contains(*one) && self.0.contains(*other)));
        foreign.next().map(|(_, other)| other)
    }
}

/// Whether all names differ, and not only in case.
pub(super) fn differ<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    same_names(names).is_empty()
}

fn are_far_apart<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    let mut sieve = Sieve::default();
    names.all(|name| sieve.takes(name))
}

/// Tells by length and a few letters that no two names are the same but for case. Most names are plain and differ, and
/// this costs a tenth of putting them in order.
#[derive(Default)]
pub(super) struct Sieve([u64; 16]);

impl Sieve {
    /// Whether a name is surely none of those before it; if not, names must be compared.
    pub(super) fn takes(&mut self, name: &str) -> bool {
        // The bit that tells upper from lower case in ASCII is set in all; that others look alike then does no harm.
        let letter = |at: usize| u64::from(name.as_bytes().get(at).copied().unwrap_or_default() | 0x20);
        let (length, last) = (name.len(), name.len().saturating_sub(1));
        let letters = letter(0) | letter(length / 3) << 8 | letter(length / 2) << 16 | letter(last) << 24;
        let hash = (letters | (length as u64) << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let Some(word) = self.0.get_mut((hash >> 60) as usize) else { return false };
        let bit = 1 << (hash >> 54 & 63);
        let is_new = *word & bit == 0 && name.is_ascii();
        *word |= bit;
        is_new
    }
}

/// Neighbours in the order of their folded spelling that are the same.
fn same_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(&'a str, &'a str)> {
    let mut spelled: Vec<(Cow<'a, str>, &'a str)> = names.map(|name| (folded(name), name)).collect();
    spelled.sort_unstable();
    let neighbours = spelled.iter().zip(spelled.iter().skip(1));
    neighbours.filter(|(one, other)| one.0 == other.0).map(|(one, other)| (one.1, other.1)).collect()
}

/// Names of fields, each in every form in which some server could know it.
#[derive(Debug, Default)]
pub(super) struct Likenesses(HashSet<String>);

impl Likenesses {
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.flat_map(likenesses).collect())
    }

    /// Whether a name could be taken for one of these.
    pub(super) fn have(&self, name: &str) -> bool {
        !self.0.is_empty() && likenesses(name).iter().any(|likeness| self.0.contains(likeness))
    }
}

/// A name up to its first bracket or null, and whole with brackets, dots and spaces as underscores.
fn likenesses(name: &str) -> [String; 2] {
    let name = name.trim_matches(|character: char| character.is_whitespace() || character.is_control());
    let cut = name.find(['[', '\0']).and_then(|at| name.get(..at)).unwrap_or(name);
    [cut, name].map(|name| folded(name.trim()).replace(['[', '.', ' '], "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn test_likenesses_when_a_server_could_take_a_name_for_a_field_then_they_have_it() {
        let known = Likenesses::of(["role", "user_name", "tags[]"].into_iter());
        for name in [
            "ROLE",
            " role",
            "role\t",
            "role[]",
            "role[a][b]",
            "role\0x",
            "Role [",
            "user.name",
            "user name",
            "user[name",
            "tags",
        ] {
            assert!(known.have(name), "{name}");
        }
        for name in ["", "roles", "rol", "user-name", "username", "[role]"] {
            assert!(!known.have(name), "{name}");
        }
    }

    #[test]
    fn test_twins_when_gathered_then_they_are_properties_of_one_object() {
        let twins = Twins::of(&serde_json::json!([{"properties": {"a": {"properties": {"B": true}}, "b": true, "A": true}}]));
        assert_eq!(twins.0.iter().map(|name| &**name).collect::<Vec<_>>(), ["A", "a"]);
    }

    #[test]
    fn test_names_when_one_is_another_in_other_case_then_they_are_not_far_apart() {
        assert!(are_far_apart(["customer", "email", "address", "items", "note"].into_iter()));
        for list in [&["id", "x", "ID"][..], &["a", "\u{212a}ey"], &["key", "\u{212a}ey"]] {
            assert!(!are_far_apart(list.iter().copied()), "{list:?}");
        }
    }

    proptest! {
        #[test]
        fn test_names_when_they_are_said_to_be_far_apart_then_none_are_the_same(names in prop::collection::btree_set("[a-dA-D@`]{1,2}", 0..9)) {
            let names = || names.iter().map(String::as_str);
            prop_assert!(!are_far_apart(names()) || differ(names()));
        }

        #[test]
        fn test_names_when_only_case_differs_then_they_clash_and_are_alike(name in "[a-zà-þσ]{1,8}") {
            let upper = name.to_uppercase();
            prop_assume!(upper != name);
            prop_assert!(Twins::default().clash([name.as_str(), &upper].into_iter()).is_some());
            prop_assert!(Likenesses::of([name.as_str()].into_iter()).have(&upper));
        }
    }
}
