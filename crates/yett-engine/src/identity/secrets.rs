//! Secrets by name: they travel among the options of the process, never in a snapshot.

use std::collections::HashMap;
use std::fmt;

/// Secrets by name. They never show in a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(HashMap<String, String>);

impl Secrets {
    /// Secrets by name.
    #[must_use]
    pub fn new(named: HashMap<String, String>) -> Self {
        Self(named)
    }

    /// The secret of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secrets = Secrets::new(HashMap::from([("a".to_owned(), "hush".to_owned())]));
        assert_eq!(format!("{secrets:?} {:?}", secrets.get("a").is_some()), "Secrets(1) true");
    }
}
