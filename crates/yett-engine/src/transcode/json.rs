//! From a notation to JSON text, item by item, without a tree.

use super::{cbor, msgpack};
use std::borrow::Cow;
use std::collections::HashSet;
use yett_model::snapshot::Notation;

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It ends within an item, or has one that the notation does not know.
    Malformed,
    /// It goes on after its value.
    Trailing,
    /// It has something that JSON cannot say.
    Foreign(&'static str),
    /// A key is there twice.
    Duplicate,
    /// It nests too deep.
    Deep,
    /// As JSON it is longer than allowed.
    Long,
}

impl Fault {
    /// One sentence without any value of the body.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "is malformed",
            Self::Trailing => "goes on after its value",
            Self::Foreign(what) => what,
            Self::Duplicate => "has a key twice",
            Self::Deep => "nests too deep",
            Self::Long => "is too long as JSON",
        }
    }
}

/// One item as both notations have it.
#[derive(Debug, PartialEq)]
pub(super) enum Item<'b> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'b str),
    /// With its length; `None` ends with a break.
    List(Option<u64>),
    Map(Option<u64>),
    Break,
}

/// Reads a body and writes it as JSON of at most `most` bytes, nesting at most `depth` deep.
///
/// # Errors
/// What is wrong with it.
pub fn to_json(notation: Notation, body: &[u8], depth: u32, most: usize) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer { notation, rest: body, out: Vec::new(), most };
    let item = writer.next()?;
    writer.value(item, depth)?;
    match writer.rest.is_empty() {
        true => Ok(writer.out),
        false => Err(Fault::Trailing),
    }
}

struct Writer<'b> {
    notation: Notation,
    rest: &'b [u8],
    out: Vec<u8>,
    most: usize,
}

impl<'b> Writer<'b> {
    fn next(&mut self) -> Result<Item<'b>, Fault> {
        match self.notation {
            Notation::Msgpack => msgpack::next(&mut self.rest),
            Notation::Cbor => cbor::next(&mut self.rest),
        }
    }

    fn put(&mut self, text: &[u8]) -> Result<(), Fault> {
        match self.out.len() + text.len() <= self.most {
            true => {
                self.out.extend_from_slice(text);
                Ok(())
            }
            false => Err(Fault::Long),
        }
    }

    fn value(&mut self, item: Item<'b>, depth: u32) -> Result<(), Fault> {
        let text = match item {
            Item::Null => Cow::Borrowed("null"),
            Item::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Item::Unsigned(value) => Cow::Owned(value.to_string()),
            Item::Signed(value) => Cow::Owned(value.to_string()),
            Item::Float(value) if !value.is_finite() => return Err(Fault::Foreign("has a number that JSON cannot say")),
            Item::Float(value) => Cow::Owned(serde_json::Value::from(value).to_string()),
            Item::Text(text) => return self.text(text),
            Item::List(count) => return self.list(count, depth.checked_sub(1).ok_or(Fault::Deep)?),
            Item::Map(count) => return self.map(count, depth.checked_sub(1).ok_or(Fault::Deep)?),
            Item::Break => return Err(Fault::Malformed),
        };
        self.put(text.as_bytes())
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        // It gets no shorter as JSON: nothing is made for what cannot fit.
        if self.out.len() + text.len() > self.most {
            return Err(Fault::Long);
        }
        let written = serde_json::to_vec(text).map_err(|_| Fault::Malformed)?;
        self.put(&written)
    }

    /// The next item of a list or map; `None` at its end. A length is only counted down, never believed.
    fn item(&mut self, left: &mut Option<u64>) -> Result<Option<Item<'b>>, Fault> {
        match left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None => {}
        }
        match (self.next()?, left) {
            (Item::Break, None) => Ok(None),
            (item, _) => Ok(Some(item)),
        }
    }

    fn list(&mut self, mut left: Option<u64>, depth: u32) -> Result<(), Fault> {
        self.put(b"[")?;
        let mut first = true;
        while let Some(item) = self.item(&mut left)? {
            if !std::mem::take(&mut first) {
                self.put(b",")?;
            }
            self.value(item, depth)?;
        }
        self.put(b"]")
    }

    fn map(&mut self, mut left: Option<u64>, depth: u32) -> Result<(), Fault> {
        self.put(b"{")?;
        let mut seen = HashSet::new();
        while let Some(key) = self.item(&mut left)? {
            let Item::Text(key) = key else { return Err(Fault::Foreign("has a key that is no text")) };
            if !seen.insert(key) {
                return Err(Fault::Duplicate);
            }
            if seen.len() > 1 {
                self.put(b",")?;
            }
            self.text(key)?;
            self.put(b":")?;
            let value = self.next()?;
            self.value(value, depth)?;
        }
        self.put(b"}")
    }
}

/// Takes `length` bytes off the front.
pub(super) fn take<'b>(rest: &mut &'b [u8], length: u64) -> Result<&'b [u8], Fault> {
    let length = usize::try_from(length).map_err(|_| Fault::Malformed)?;
    let (taken, left) = rest.split_at_checked(length).ok_or(Fault::Malformed)?;
    *rest = left;
    Ok(taken)
}

/// A number of `N` bytes, the most significant first.
pub(super) fn number<const N: usize>(rest: &mut &[u8]) -> Result<u64, Fault> {
    let bytes = take(rest, N as u64)?;
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

pub(super) fn text<'b>(rest: &mut &'b [u8], length: u64) -> Result<Item<'b>, Fault> {
    let bytes = take(rest, length)?;
    std::str::from_utf8(bytes).map(Item::Text).map_err(|_| Fault::Foreign("has text that is not UTF-8"))
}
