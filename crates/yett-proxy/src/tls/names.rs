//! What belongs to a host name: an exact name goes before a wildcard of one label (RFC 9525 section 6.3), a wildcard
//! before what is for every other name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Values by the names they are for.
#[derive(Debug)]
pub(crate) struct Names<T> {
    exact: HashMap<String, T>,
    wild: HashMap<String, T>,
    others: Option<T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), wild: HashMap::new(), others: None }
    }
}

impl<T> Names<T> {
    /// Gives a name, `a.example` or `*.example`, to a value; `false` if it is another's already.
    pub(crate) fn add(&mut self, pattern: &str, value: T) -> bool {
        let pattern = plain(pattern);
        let (names, name) = match pattern.strip_prefix("*.") {
            Some(parent) => (&mut self.wild, parent.to_owned()),
            None => (&mut self.exact, pattern),
        };
        match names.entry(name) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(value);
                true
            }
        }
    }

    /// Gives every name that is nobody's to a value; `false` if it is another's already.
    pub(crate) fn add_others(&mut self, value: T) -> bool {
        let free = self.others.is_none();
        self.others.get_or_insert(value);
        free
    }

    /// The value of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&T> {
        let name = plain(name);
        let wild = || name.split_once('.').and_then(|(_, parent)| self.wild.get(parent));
        self.exact.get(&name).or_else(wild).or(self.others.as_ref())
    }
}

/// A name as it is compared: lower case, without the dot of the root.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(patterns: &[&str]) -> Names<usize> {
        let mut names = Names::default();
        patterns.iter().enumerate().for_each(|(number, pattern)| assert!(names.add(pattern, number)));
        names
    }

    #[test]
    fn an_exact_name_goes_before_a_wildcard() {
        let names = names(&["*.shop.example", "a.shop.example"]);
        assert_eq!(names.find("A.shop.example."), Some(&1));
        assert_eq!(names.find("b.shop.example"), Some(&0));
    }

    #[test]
    fn a_wildcard_is_one_label() {
        let names = names(&["*.shop.example"]);
        assert_eq!(names.find("shop.example"), None);
        assert_eq!(names.find("a.b.shop.example"), None);
    }

    #[test]
    fn a_name_has_one_owner_and_the_others_have_one_too() {
        let mut names = names(&["a.example"]);
        assert!(!names.add("A.example", 7));
        assert!(names.add_others(8) && !names.add_others(9));
        assert_eq!((names.find("a.example"), names.find("")), (Some(&0), Some(&8)));
    }
}
