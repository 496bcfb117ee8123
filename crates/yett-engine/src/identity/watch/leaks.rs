//! Keys that were handed in as leaked: taken from anybody, looked at later.
//!
//! While the request lasts nothing is looked up: what is handed in is hashed and queued, real or not, so that neither
//! the answer nor its time tells a guesser anything.

use crate::identity::key::{self, Pepper};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Reports that wait at most; more are dropped, as whoever sends real ones sends them again.
const MOST_WAITING: usize = 4096;
/// Of these, of one source: whoever floods it leaves room for the others.
const MOST_OF_SOURCE: usize = 256;
/// Keys that one request may hand in.
const MOST_AT_ONCE: usize = 100;
const LONGEST_PLACE: usize = 200;

/// A key that was handed in, hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Its public prefix.
    pub prefix: String,
    /// Its keyed hash.
    pub hash: [u8; 32],
    /// Where it was found, as the reporter says.
    pub place: String,
}

/// The reports that wait, and how many of them are of each source.
#[derive(Default)]
struct Waiting {
    reports: VecDeque<Reported>,
    of_source: HashMap<u64, usize>,
}

/// The reports that wait.
#[derive(Default)]
pub struct Leaks {
    waiting: Mutex<Waiting>,
}

impl Leaks {
    /// Takes the keys of a request body: the key itself as text, `{"key": ...}`, or the list of `{"token": ..., "url":
    /// ...}` that secret scanners send. Of one `source` only so many wait. Whether the body had such a form: what is in it makes no difference.
    pub(crate) fn take_in(&self, body: &[u8], source: u64, pepper: &Pepper) -> bool {
        let Some(handed) = read(body) else { return false };
        for (text, place) in handed {
            // The checksum tells what cannot be a key without asking anybody.
            let Some(prefix) = key::prefix(&text) else { continue };
            let reported = Reported { prefix: prefix.to_owned(), hash: pepper.hash(&text), place };
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let of_source = waiting.of_source.get(&source).copied().unwrap_or_default();
            if waiting.reports.len() < MOST_WAITING && of_source < MOST_OF_SOURCE {
                waiting.of_source.insert(source, of_source + 1);
                waiting.reports.push_back(reported);
            }
        }
        true
    }

    /// The reports that wait, taken.
    pub(crate) fn drain(&self) -> VecDeque<Reported> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner)).reports
    }
}

type Handed = (String, String);

fn read(body: &[u8]) -> Option<Vec<Handed>> {
    let text = std::str::from_utf8(body).ok()?.trim();
    match text.chars().next()? {
        '{' | '[' => of_json(&serde_json::from_str(text).ok()?),
        _ if text.contains(char::is_whitespace) => None,
        _ => Some(vec![(text.to_owned(), String::new())]),
    }
}

fn of_json(value: &Value) -> Option<Vec<Handed>> {
    match value {
        Value::Object(_) => Some(vec![of_object(value)?]),
        Value::Array(items) if items.len() <= MOST_AT_ONCE => items.iter().map(of_object).collect(),
        _ => None,
    }
}

fn of_object(value: &Value) -> Option<Handed> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let key = text("key").or_else(|| text("token"))?;
    let place = text("url").filter(|url| url.len() <= LONGEST_PLACE && url.bytes().all(|byte| byte.is_ascii_graphic()));
    // Somebody may have written the key into the place too.
    let place = place.filter(|place| !key::is_in(place)).unwrap_or("");
    Some((key.trim().to_owned(), place.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{KEY, pepper};
    use proptest::prelude::*;

    fn taken(body: &str) -> Option<Vec<(String, String)>> {
        let leaks = Leaks::default();
        let good = leaks.take_in(body.as_bytes(), 1, &pepper());
        good.then(|| leaks.drain().into_iter().map(|one| (one.prefix, one.place)).collect())
    }

    #[test]
    fn a_key_is_taken_in_each_form() {
        let prefix = "yett_test_00000000".to_owned();
        for (body, place) in [
            (KEY.to_owned(), ""),
            (format!(" {KEY}\n"), ""),
            (format!(r#"{{"key":"{KEY}"}}"#), ""),
            (
                format!(r#"[{{"token":"{KEY}","type":"yett_key","url":"https://code.example/a","source":"content"}}]"#),
                "https://code.example/a",
            ),
            (format!(r#"{{"key":"{KEY}","url":"https://x/{KEY}"}}"#), ""),
        ] {
            assert_eq!(taken(&body), Some(vec![(prefix.clone(), place.to_owned())]), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_taken_and_dropped() {
        for body in ["hello", r#"{"key":"yett_test_x"}"#, "[]", r#"[{"token":""}]"#] {
            assert_eq!(taken(body), Some(vec![]), "{body}");
        }
    }

    #[test]
    fn a_body_of_no_known_form_is_told_from_the_others() {
        let many = format!("[{}]", vec![r#"{"token":"x"}"#; MOST_AT_ONCE + 1].join(","));
        for body in ["", "two words", "{", "{}", "[1]", r#"{"key":1}"#, &many] {
            assert_eq!(taken(body), None, "{body}");
        }
    }

    #[test]
    fn reports_do_not_grow_without_end() {
        let leaks = Leaks::default();
        let body = format!("[{}]", vec![format!(r#"{{"token":"{KEY}"}}"#); 100].join(","));
        (0..100).for_each(|source| assert!(leaks.take_in(body.as_bytes(), source, &pepper())));
        assert_eq!(leaks.drain().len(), MOST_WAITING);
    }

    #[test]
    fn a_source_that_floods_leaves_room_for_the_others() {
        let leaks = Leaks::default();
        let body = format!("[{}]", vec![format!(r#"{{"token":"{KEY}"}}"#); 100].join(","));
        (0..100).for_each(|_| assert!(leaks.take_in(body.as_bytes(), 1, &pepper())));
        assert!(leaks.take_in(KEY.as_bytes(), 2, &pepper()));
        assert_eq!(leaks.drain().len(), MOST_OF_SOURCE + 1);
        assert!(leaks.take_in(KEY.as_bytes(), 1, &pepper()) && leaks.drain().len() == 1, "what is settled is forgotten");
    }

    proptest! {
        #[test]
        fn no_body_breaks_it(body in prop::collection::vec(any::<u8>(), 0..200)) {
            Leaks::default().take_in(&body, 1, &pepper());
        }
    }
}
