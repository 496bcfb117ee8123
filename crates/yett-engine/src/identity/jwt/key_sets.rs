//! The keys of issuers that publish them: put here by the shell, which fetches them, and kept when plans change.

use crate::jose::KeySet;
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Issuers whose keys are kept. There are no more than a plan names, and those of plans that are going.
const MOST_ISSUERS: usize = 4096;

/// A key set in force.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) keys: KeySet,
    /// Differs between any two sets: what was verified with another set must be verified again.
    pub(crate) generation: u64,
    json: Box<[u8]>,
}

impl Kept {
    /// Keys that are part of a plan: their generation is that of no set that was fetched.
    pub(crate) fn given(keys: KeySet) -> Arc<Self> {
        Arc::new(Self { keys, generation: 0, json: Box::default() })
    }
}

/// The key sets, by source: name, issuer and place together, so that an issuer that was moved does not inherit the keys
/// of the one it was.
#[derive(Debug, Default)]
pub struct KeySets {
    sets: ArcSwap<HashMap<Arc<str>, Arc<Kept>>>,
    changing: Mutex<()>,
    generations: AtomicU64,
}

impl KeySets {
    /// Puts a key set as it was fetched, in the place of the one before; how many of its keys can be used. The same set
    /// again changes nothing.
    ///
    /// # Errors
    /// A sentence, if the set is malformed, gives away a secret, or has no key of use. The one before is kept.
    pub fn put(&self, source: &str, json: &[u8]) -> Result<usize, String> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.get(source);
        if let Some(before) = before.filter(|before| *before.json == *json) {
            return Ok(before.keys.len());
        }
        let keys = KeySet::public(json)?;
        let count = keys.len();
        let mut sets = HashMap::clone(&self.sets.load());
        if sets.len() >= MOST_ISSUERS && !sets.contains_key(source) {
            return Err("there is no room for the keys of another issuer".to_owned());
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        sets.insert(source.into(), Arc::new(Kept { keys, generation, json: json.into() }));
        self.sets.store(Arc::new(sets));
        Ok(count)
    }

    /// Forgets the keys of an issuer: they are too old to be believed.
    pub fn remove(&self, source: &str) {
        self.retain(|other| other != source);
    }

    /// Whether there is a set that could know a key of this name.
    #[must_use]
    pub fn may_know(&self, source: &str, kid: Option<&str>) -> bool {
        self.get(source).is_some_and(|kept| kept.keys.may_know(kid))
    }

    /// Whether there is a set.
    #[must_use]
    pub fn contains(&self, source: &str) -> bool {
        self.sets.load().contains_key(source)
    }

    /// The set as it was fetched.
    #[must_use]
    pub fn json(&self, source: &str) -> Option<Box<[u8]>> {
        self.get(source).map(|kept| kept.json.clone())
    }

    pub(crate) fn get(&self, source: &str) -> Option<Arc<Kept>> {
        self.sets.load().get(source).cloned()
    }

    /// Forgets the keys of issuers that are not among `sources`.
    pub(crate) fn retain(&self, sources: impl Fn(&str) -> bool) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sets = HashMap::clone(&self.sets.load());
        sets.retain(|source, _| sources(source));
        self.sets.store(Arc::new(sets));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::signing::Private;
    use serde_json::json;

    #[test]
    fn a_set_is_put_and_the_last_good_one_kept() {
        let sets = KeySets::default();
        assert!(!sets.contains("a") && sets.put("a", b"<html>").is_err() && !sets.contains("a"));
        let good = Private::ec().set("k1");
        assert_eq!(sets.put("a", &good), Ok(1));
        let first = sets.get("a").unwrap().generation;
        let leaked = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}]}).to_string();
        for poisoned in [&b""[..], b"{}", b"{\"keys\":[]}", leaked.as_bytes()] {
            assert!(sets.put("a", poisoned).is_err());
            assert_eq!(sets.get("a").unwrap().generation, first);
        }
        assert_eq!(sets.put("a", &good), Ok(1));
        assert_eq!(sets.get("a").unwrap().generation, first, "the same set is no new one");
        assert_eq!(sets.put("a", &Private::ec().set("k2")), Ok(1));
        assert!(sets.get("a").unwrap().generation > first);
        assert!(sets.may_know("a", Some("k2")) && !sets.may_know("a", Some("k1")) && !sets.may_know("b", None));
    }

    #[test]
    fn the_number_of_issuers_is_bounded_and_those_that_are_gone_are_forgotten() {
        let sets = KeySets::default();
        let set = Private::ed().set("k");
        assert!((0..MOST_ISSUERS).all(|number| sets.put(&number.to_string(), &set).is_ok()));
        assert!(sets.put("more", &set).is_err());
        sets.retain(|source| source == "7");
        assert!(sets.contains("7") && !sets.contains("8") && sets.put("more", &set).is_ok());
    }
}
