//! The entities that policies may name, and the nearest of them to a name that is none.

use std::collections::{BTreeMap, BTreeSet};
use yett_model::snapshot::Snapshot;

/// Entity types in Cedar's spelling.
pub(super) const APP: &str = "App";
pub(super) const TEAM: &str = "Team";
pub(super) const PROFILE: &str = "Profile";
pub(super) const API: &str = "Api";
pub(super) const COLLECTION: &str = "Collection";
pub(super) const OPERATION: &str = "Operation";
pub(super) const ACTION: &str = "Action";

/// Every id by its type.
pub(super) struct Names<'s>(BTreeMap<&'static str, BTreeSet<&'s str>>);

impl<'s> Names<'s> {
    pub(super) fn of(snapshot: &'s Snapshot) -> Self {
        let teams = snapshot.apps.iter().map(|app| &*app.team).chain(snapshot.policy_context.teams.iter().map(String::as_str));
        let operations = || snapshot.apis.iter().flat_map(|api| &api.operations).map(|operation| &*operation.id);
        Self(BTreeMap::from([
            (APP, snapshot.apps.iter().map(|app| &*app.name).collect()),
            (TEAM, teams.collect()),
            (PROFILE, snapshot.profiles.iter().map(|profile| &*profile.name).collect()),
            (API, snapshot.apis.iter().map(|api| &*api.name).collect()),
            (COLLECTION, snapshot.collections.iter().map(|collection| &*collection.name).collect()),
            (OPERATION, operations().collect()),
            (ACTION, operations().collect()),
        ]))
    }

    /// What is wrong with an entity, and how to mend it; `None` if it is there.
    pub(super) fn mistake(&self, kind: &str, id: &str) -> Option<(String, String)> {
        let Some(known) = self.0.get(kind) else {
            let hint = hint(kind, self.0.keys().copied());
            return Some((format!("there are no entities of type {kind}"), hint));
        };
        let noun = if kind == ACTION { "operation".to_owned() } else { kind.to_lowercase() };
        (!known.contains(id)).then(|| (format!("there is no {noun} '{id}'"), hint(id, known.iter().copied())))
    }
}

/// `Did you mean 'x'?`, or the few names that there are.
pub(super) fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("Did you mean '{near}'?");
    }
    let few: Vec<&str> = known.clone().take(9).collect();
    match few.len() {
        1..=8 => format!("Known: {}.", few.join(", ")),
        _ => String::new(),
    }
}

/// The name that takes the fewest changes, if they are few.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = name.chars().count().div_ceil(3);
    let near = known.take(5_000).map(|one| (distance(name, one, most), one)).filter(|(distance, _)| *distance <= most);
    near.min().map(|(_, one)| one)
}

/// Letters to insert, drop or replace, case aside; more than `most` where it is certainly more.
fn distance(one: &str, other: &str, most: usize) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.to_lowercase().chars().collect(), other.to_lowercase().chars().collect());
    if one.len().abs_diff(other.len()) > most {
        return most + 1;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.iter().enumerate() {
        let mut before = line;
        let mut last = line + 1;
        let mut next = vec![last];
        for (right, above) in other.iter().zip(row.iter().skip(1)) {
            last = (before + usize::from(left != right)).min(above + 1).min(last + 1);
            before = *above;
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not() {
        let known = ["bookshop:getBook", "bookshop:deleteBook", "bookshop:listBooks"];
        assert_eq!(nearest("bookshop:deletBook", known.into_iter()), Some("bookshop:deleteBook"));
        assert_eq!(nearest("BOOKSHOP:getbook", known.into_iter()), Some("bookshop:getBook"));
        assert_eq!(nearest("zebra", known.into_iter()), None);
        assert_eq!(hint("zebra", ["a", "b"].into_iter()), "Known: a, b.");
    }

    #[test]
    fn distances_count_letters() {
        for (one, other, expected) in
            [("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(one, other, 9), expected, "{one} {other}");
            assert_eq!(distance(other, one, 9), expected, "{other} {one}");
        }
    }
}
