//! Names with brackets, `filter[price][min]`, as a tree of bounded depth.

use super::style::{DUPLICATE, Fault, malformed};
use std::collections::BTreeMap;

/// Most brackets in a name.
const MOST_SEGMENTS: usize = 8;

/// What stands below one name.
#[derive(Debug, PartialEq)]
pub(super) enum Tree<'a> {
    /// Texts, their escapes still in them.
    Leaf(Vec<&'a str>),
    /// Names to what stands below them; the empty name appends to a list.
    Branch(BTreeMap<String, Tree<'a>>),
}

impl<'a> Tree<'a> {
    /// A tree without anything.
    pub(super) fn new() -> Self {
        Self::Branch(BTreeMap::new())
    }

    /// Adds a text at the place that `brackets` names, such as `[price][min]`.
    pub(super) fn insert(&mut self, brackets: &str, text: &'a str) -> Result<(), Fault> {
        let segments = segments(brackets)?;
        let mut place = self;
        for segment in segments {
            match place {
                Tree::Branch(children) => {
                    place = children.entry(segment.to_owned()).or_insert_with(|| Tree::Branch(BTreeMap::new()));
                }
                Tree::Leaf(_) => return Err(malformed("is both a value and an object")),
            }
        }
        match place {
            Tree::Leaf(texts) => texts.push(text),
            Tree::Branch(children) if children.is_empty() => *place = Tree::Leaf(vec![text]),
            Tree::Branch(_) => return Err(malformed("is both a value and an object")),
        }
        Ok(())
    }

    /// The children of a list: indices from 0 without a gap.
    pub(super) fn items(&self) -> Result<Vec<&Tree<'a>>, Fault> {
        let Tree::Branch(children) = self else { return Err(DUPLICATE) };
        let index = |name: &str| name.parse::<usize>().ok().filter(|index| index.to_string() == name);
        let mut items = Vec::with_capacity(children.len());
        for (name, child) in children {
            items.push((index(name).ok_or(malformed("has a list index that is no number"))?, child));
        }
        items.sort_by_key(|(index, _)| *index);
        match items.iter().enumerate().all(|(expected, (index, _))| expected == *index) {
            true => Ok(items.into_iter().map(|(_, child)| child).collect()),
            false => Err(malformed("has a gap between its list indices")),
        }
    }
}

fn segments(brackets: &str) -> Result<Vec<&str>, Fault> {
    let inner = brackets.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or(malformed("has brackets that do not match"))?;
    let segments: Vec<&str> = inner.split("][").collect();
    if segments.len() > MOST_SEGMENTS {
        return Err(malformed("nests too deep"));
    }
    match segments.iter().any(|segment| segment.contains(['[', ']'])) {
        true => Err(malformed("has brackets that do not match")),
        false => Ok(segments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_brackets_when_they_do_not_match_or_nest_too_deep_then_they_are_refused() {
        for brackets in ["", "[", "]", "[a", "a]", "[a]b", "[a]b[c]", "[[a]]", "[a]]", &"[a]".repeat(9)] {
            assert!(Tree::new().insert(brackets, "1").is_err(), "{brackets}");
        }
    }

    #[test]
    fn test_trees_when_a_name_is_a_value_and_an_object_then_they_are_refused() {
        for (one, other) in [("[a]", "[a][b]"), ("[a][b]", "[a]")] {
            let mut tree = Tree::new();
            tree.insert(one, "1").unwrap();
            assert!(tree.insert(other, "2").is_err());
        }
    }

    #[test]
    fn test_list_indices_when_there_is_a_gap_then_they_are_refused() {
        let tree = |names: &[&'static str]| {
            let mut tree = Tree::new();
            names.iter().for_each(|name| tree.insert(name, "x").unwrap());
            tree
        };
        assert_eq!(tree(&["[1]", "[0]", "[2]"]).items().unwrap().len(), 3);
        for names in [&["[1]"][..], &["[0]", "[2]"], &["[00]"], &["[0]", "[a]"], &["[99999999999999999999]"]] {
            assert!(tree(names).items().is_err(), "{names:?}");
        }
    }
}
