//! Keys by the million: read line by line from a file, kept beside the plans, so that a change of configuration neither
//! reads nor copies them again.
//!
//! The first line of the file says what it is and under which pepper its hashes were made; each line after it is a
//! credential as in a snapshot, one JSON object.

use super::table::{Row, Table};
use crate::identity::key::{self, Pepper};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::Diagnostic;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// Whom keys belong to: an app, and which of its profiles they carry (`None` for all).
#[derive(Debug, PartialEq, Eq)]
pub struct Name {
    /// Name of the app.
    pub app: String,
    /// Names of profiles.
    pub profiles: Option<Vec<String>>,
}

/// The keys of a file.
pub struct Keyring {
    pub(super) table: Table<u32>,
    pub(super) holders: Vec<Name>,
}

impl Keyring {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes over what is known of the uses of the same keys.
    pub(crate) fn inherit(&self, earlier: &Self) {
        self.table.inherit(&earlier.table);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    yett_keys: u32,
    pepper_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    app: Cow<'a, str>,
    #[serde(borrow)]
    prefix: Cow<'a, str>,
    #[serde(borrow)]
    hash: Cow<'a, str>,
    #[serde(default)]
    expires_at: Option<u64>,
    #[serde(default)]
    profiles: Option<Vec<String>>,
    /// When it was made: for reports, not for the gateway.
    #[serde(default, rename = "made_at")]
    _made_at: Option<u64>,
}

/// Reads a file of keys, all or nothing.
pub struct Loader {
    pepper: Arc<Pepper>,
    table: Table<u32>,
    holders: Vec<Name>,
    /// Numbers of the holders seen before, by app and profiles.
    numbers: HashMap<String, u32>,
    scratch: String,
    lines: u64,
}

impl Loader {
    pub(crate) fn new(pepper: Arc<Pepper>) -> Self {
        let (holders, numbers, scratch) = (Vec::new(), HashMap::new(), String::new());
        Self { pepper, table: Table::default(), holders, numbers, scratch, lines: 0 }
    }

    /// Reads the next line; blank ones are passed over.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Diagnostic> {
        self.lines += 1;
        match line.trim_ascii() {
            [] => Ok(()),
            line if self.lines == 1 => self.head(line),
            line => self.key(line),
        }
    }

    /// The keyring.
    ///
    /// # Errors
    /// The file had no first line.
    pub fn finish(self) -> Result<Keyring, Diagnostic> {
        match self.lines {
            0 => Err(Diagnostic::new("/1", "keys-malformed", "the file of keys is empty").hint(HINT)),
            _ => {
                self.table.shrink();
                Ok(Keyring { table: self.table, holders: self.holders })
            }
        }
    }

    fn mistake(&self, code: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(format!("/{}", self.lines), code, message)
    }

    fn head(&self, line: &[u8]) -> Result<(), Diagnostic> {
        let head: Head = serde_json::from_slice(line).map_err(|error| {
            self.mistake("keys-malformed", format!("the first line of a file of keys says what it is: {error}")).hint(HINT)
        })?;
        if head.yett_keys != FORMAT {
            return Err(self.mistake("format-unknown", format!("format {} is not {FORMAT}", head.yett_keys)));
        }
        match head.pepper_id == self.pepper.id() {
            true => Ok(()),
            false => Err(self
                .mistake("pepper-mismatch", "the keys were hashed with another pepper")
                .hint("Start the gateway with the pepper of whoever made the file.")),
        }
    }

    fn key(&mut self, line: &[u8]) -> Result<(), Diagnostic> {
        // The text of the error may hold a part of the line, but no secret is in the file.
        let line: Line<'_> =
            serde_json::from_slice(line).map_err(|error| self.mistake("keys-malformed", format!("this is no key: {error}")))?;
        let mut hash = [0; 32];
        if data_encoding::HEXLOWER.decode_len(line.hash.len()) != Ok(32)
            || data_encoding::HEXLOWER.decode_mut(line.hash.as_bytes(), &mut hash).is_err()
        {
            return Err(self.mistake("hash-malformed", "a credential hash is 64 lower-case hex digits"));
        }
        if !key::is_prefix(&line.prefix) {
            return Err(self.mistake("prefix-malformed", "a prefix is `yett_<env>_` and 8 characters"));
        }
        if line.id.is_empty() || line.id.len() > LONGEST_ID {
            return Err(self.mistake("id-malformed", format!("an id has 1 to {LONGEST_ID} bytes")));
        }
        let holder = self.holder(&line.app, line.profiles);
        let id = Arc::from(&*line.id);
        match self.table.put(&line.prefix, Row { id, hash, expires_at: line.expires_at, holder }) {
            true => Ok(()),
            false => Err(self.mistake("key-duplicate", format!("a key with the id '{}' is there already", line.id))),
        }
    }

    fn holder(&mut self, app: &str, profiles: Option<Vec<String>>) -> u32 {
        self.scratch.clear();
        self.scratch.push_str(app);
        for profile in profiles.iter().flatten() {
            self.scratch.push('\n');
            self.scratch.push_str(profile);
        }
        if profiles.is_some() {
            self.scratch.push('\n');
        }
        if let Some(number) = self.numbers.get(self.scratch.as_str()) {
            return *number;
        }
        let number = u32::try_from(self.holders.len()).unwrap_or(u32::MAX);
        self.holders.push(Name { app: app.to_owned(), profiles });
        self.numbers.insert(self.scratch.clone(), number);
        number
    }
}

const LONGEST_ID: usize = 128;
const HINT: &str = "Begin it with {\"yett_keys\":1,\"pepper_id\":\"...\"}.";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn loader() -> Loader {
        Loader::new(Arc::new(Pepper::new(&[9; 32]).unwrap()))
    }

    fn head() -> String {
        format!(r#"{{"yett_keys":1,"pepper_id":"{}"}}"#, Pepper::new(&[9; 32]).unwrap().id())
    }

    fn line(id: &str) -> String {
        format!(r#"{{"id":"{id}","app":"a","prefix":"yett_live_0000000{}","hash":"{}"}}"#, id.len() % 10, "ab".repeat(32))
    }

    fn load(lines: &[&str]) -> Result<Keyring, Diagnostic> {
        let mut loader = loader();
        lines.iter().try_for_each(|line| loader.line(line.as_bytes()))?;
        loader.finish()
    }

    #[test]
    fn a_file_of_keys_is_read_and_its_holders_are_kept_once() {
        let other = line("k2").replace(r#""a","#, r#""a","profiles":["p"],"#);
        let keyring = load(&[&head(), &line("k"), "", &line("k1x"), &other]).ok().unwrap();
        assert_eq!(keyring.len(), 3);
        assert_eq!(keyring.holders.len(), 2);
        assert!(keyring.table.find("yett_live_00000001", |hash| hash == [0xab; 32], None).is_some());
    }

    #[test]
    fn a_bad_line_is_told_with_its_number() {
        for (lines, path, code) in [
            (vec![], "/1", "keys-malformed"),
            (vec![line("k")], "/1", "keys-malformed"),
            (vec![r#"{"yett_keys":2,"pepper_id":"x"}"#.to_owned()], "/1", "format-unknown"),
            (vec![r#"{"yett_keys":1,"pepper_id":"x"}"#.to_owned()], "/1", "pepper-mismatch"),
            (vec![head(), "{".to_owned()], "/2", "keys-malformed"),
            (vec![head(), line("k").replace("ab", "AB")], "/2", "hash-malformed"),
            (vec![head(), line("k").replace("yett_live", "yet_live")], "/2", "prefix-malformed"),
            (vec![head(), line("")], "/2", "id-malformed"),
            (vec![head(), line("k"), line("k")], "/3", "key-duplicate"),
            (vec![head(), line("k").replace("}", r#","secret":"x"}"#)], "/2", "keys-malformed"),
        ] {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let mistake = load(&lines).err().unwrap();
            assert_eq!((&*mistake.path, &*mistake.code), (path, code), "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn reading_a_line_never_panics(text in "\\PC{0,200}") {
            let mut loader = loader();
            loader.line(head().as_bytes()).unwrap();
            let _ = loader.line(text.as_bytes());
        }

        #[test]
        fn a_table_holds_what_was_put_and_not_dropped(steps in prop::collection::vec((any::<bool>(), 0_u8..20, 0_u8..6), 0..200)) {
            let table = Table::default();
            let mut expected: HashMap<u8, u8> = HashMap::new();
            for (put, id, prefix) in steps {
                let (name, hash) = (id.to_string(), [id; 32]);
                if put {
                    let row = Row { id: name.as_str().into(), hash, expires_at: Some(u64::from(id)), holder: id };
                    prop_assert_eq!(table.put(&prefix.to_string(), row), expected.insert(id, prefix).is_none());
                } else {
                    prop_assert_eq!(table.drop(&name), expected.remove(&id).is_some());
                }
                prop_assert_eq!(table.len(), expected.len());
            }
            for id in 0_u8..20 {
                for prefix in 0_u8..6 {
                    let found = table.find(&prefix.to_string(), |hash| hash == [id; 32], None);
                    prop_assert_eq!(found.is_some(), expected.get(&id) == Some(&prefix));
                    prop_assert!(found.is_none_or(|(row, _)| row.holder == id && row.expires_at == Some(u64::from(id))));
                }
            }
        }
    }
}
