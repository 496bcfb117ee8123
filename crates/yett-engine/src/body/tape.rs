//! A JSON text as one list of what stands in it: reading it copies no string, makes no map, and is undone in one go.
//!
//! A text is read far more often than it is changed, and most of what reading cost was to build a tree and to take it
//! apart. What needs a tree ([`serde_json::Value`]) gets one made from here.

use serde_json::{Map, Number, Value};

/// What stands in a text, in its order: an object or array before what is in it, a name before its value.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tape {
    pub(crate) entries: Vec<Entry>,
    /// Strings that had escapes, without them, one behind the other.
    pub(crate) unescaped: String,
}

/// One value or name. Places are bytes of the text, or of [`Tape::unescaped`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    Null,
    Bool(bool),
    Number(Number),
    Text {
        start: u32,
        length: u32,
    },
    Unescaped {
        start: u32,
        length: u32,
    },
    /// `end` is the number of the first entry behind it.
    Array {
        count: u32,
        end: u32,
    },
    Object {
        count: u32,
        end: u32,
    },
}

impl Tape {
    /// The text between two places, as an entry says.
    pub(crate) fn string<'a>(&'a self, text: &'a str, entry: &Entry) -> &'a str {
        let cut = |text: &'a str, start: u32, length: u32| text.get(start as usize..start as usize + length as usize);
        match *entry {
            Entry::Text { start, length } => cut(text, start, length).unwrap_or_default(),
            Entry::Unescaped { start, length } => cut(&self.unescaped, start, length).unwrap_or_default(),
            _ => "",
        }
    }
}

/// A tape with its text.
pub(crate) struct Written<'a> {
    pub(crate) text: &'a str,
    pub(crate) tape: &'a Tape,
}

impl<'a> Written<'a> {
    /// What stands at a place; nothing outside of the tape is asked for.
    pub(crate) fn entry(&self, at: u32) -> &'a Entry {
        self.tape.entries.get(at as usize).unwrap_or(&Entry::Null)
    }

    /// A string or name.
    pub(crate) fn string(&self, at: u32) -> &'a str {
        self.tape.string(self.text, self.entry(at))
    }

    /// The place behind a value and all that is in it.
    pub(crate) fn behind(&self, at: u32) -> u32 {
        match *self.entry(at) {
            Entry::Array { end, .. } | Entry::Object { end, .. } => end,
            _ => at + 1,
        }
    }

    /// The places of the values of the array that stands at a place.
    pub(crate) fn elements(&'a self, at: u32) -> Elements<'a> {
        Elements { written: self, at: at + 1, end: self.behind(at) }
    }

    /// The names and the places of the values of the object that stands at a place.
    pub(crate) fn members(&'a self, at: u32) -> Members<'a> {
        Members(self.elements(at))
    }

    /// The value at a place as a tree. Nests no deeper than the text was allowed to.
    pub(crate) fn value(&'a self, at: u32) -> Value {
        match self.entry(at) {
            Entry::Null => Value::Null,
            Entry::Bool(value) => Value::Bool(*value),
            Entry::Number(number) => Value::Number(number.clone()),
            Entry::Text { .. } | Entry::Unescaped { .. } => Value::String(self.string(at).to_owned()),
            Entry::Array { .. } => Value::Array(self.elements(at).map(|at| self.value(at)).collect()),
            Entry::Object { count, .. } => {
                let mut object = Map::with_capacity(*count as usize);
                object.extend(self.members(at).map(|(name, at)| (name.to_owned(), self.value(at))));
                Value::Object(object)
            }
        }
    }
}

/// The places of an array's values.
#[derive(Clone)]
pub(crate) struct Elements<'a> {
    written: &'a Written<'a>,
    at: u32,
    end: u32,
}

impl Iterator for Elements<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let at = self.at;
        (at < self.end).then(|| {
            self.at = self.written.behind(at);
            at
        })
    }
}

/// An object's names and the places of their values.
#[derive(Clone)]
pub(crate) struct Members<'a>(Elements<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, u32);

    fn next(&mut self) -> Option<(&'a str, u32)> {
        let name = self.0.next()?;
        Some((self.0.written.string(name), self.0.next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_tape_when_an_entry_is_stored_then_it_takes_two_words() {
        assert_eq!(size_of::<Entry>(), 16);
    }

    #[test]
    fn test_tape_when_a_place_is_outside_of_it_then_nothing_is_there() {
        let written = Written { text: "", tape: &Tape::default() };
        assert_eq!((written.value(7), written.string(7), written.members(7).count()), (Value::Null, "", 0));
    }
}
