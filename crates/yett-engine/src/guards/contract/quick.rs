//! Ordinary JSON, read fast: most bodies are, and reading them is most of what checking them costs.
//!
//! Takes a text only if the strict reading of [`super::json`] takes it too, and as the same value; a property test
//! compares the two. Whatever else there is (a mistake, or a spelling that needs care) is left to the strict reading,
//! which also says what is wrong and where.

use super::names::{Sieve, differ};
use crate::body::tape::{Entry, Tape, Written};
use serde_json::Number;

/// Digits of which every number fits into 64 bits.
const SAFE_DIGITS: usize = 18;
/// Most members of an object that is read as a tape: looking for a name goes through all of them, in a tree it does not.
const MOST_MEMBERS: u32 = 64;
/// Bytes of a text for each entry that its tape has room for from the start.
const USUAL_BYTES: usize = 8;
/// Most entries that a tape has room for from the start.
const MOST_ROOM: usize = 1024;

/// The tape of a text with at most `most_values` values, nested at most `max_depth` deep; `None` leaves it to the strict
/// reading.
pub(super) fn read(text: &str, max_depth: u32, most_values: usize) -> Option<Tape> {
    u32::try_from(text.len()).ok()?;
    let entries = Vec::with_capacity((text.len() / USUAL_BYTES).min(MOST_ROOM));
    let mut reader = Reader { text, at: 0, left: most_values, tape: Tape { entries, unescaped: String::new() } };
    reader.value(max_depth)?;
    reader.peek().is_none().then_some(reader.tape)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// How many values there may still be.
    left: usize,
    tape: Tape,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space, not yet taken.
    fn peek(&mut self) -> Option<u8> {
        match self.rest().first() {
            Some(&byte) if byte > b' ' => Some(byte),
            _ => self.peek_behind_blanks(),
        }
    }

    fn peek_behind_blanks(&mut self) -> Option<u8> {
        let rest = self.rest();
        let blanks = rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.at += blanks.unwrap_or(rest.len());
        rest.get(blanks?).copied()
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        let entry = match self.peek()? {
            b'"' => self.string()?,
            b'{' => return self.object(depth.checked_sub(1)?),
            b'[' => return self.array(depth.checked_sub(1)?),
            b'-' | b'0'..=b'9' => Entry::Number(self.number()?),
            b't' => self.word("true", Entry::Bool(true))?,
            b'f' => self.word("false", Entry::Bool(false))?,
            b'n' => self.word("null", Entry::Null)?,
            _ => return None,
        };
        self.tape.entries.push(entry);
        Some(())
    }

    fn word(&mut self, word: &str, entry: Entry) -> Option<Entry> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())?;
        Some(entry)
    }

    /// Takes the bracket that opens an array or object, and gives it an entry to be filled in at its end.
    fn open(&mut self) -> usize {
        self.at += 1;
        self.tape.entries.push(Entry::Null);
        self.tape.entries.len() - 1
    }

    fn close(&mut self, place: usize, entry: impl FnOnce(u32) -> Entry) -> Option<()> {
        let end = u32::try_from(self.tape.entries.len()).ok()?;
        *self.tape.entries.get_mut(place)? = entry(end);
        Some(())
    }

    fn array(&mut self, depth: u32) -> Option<()> {
        let place = self.open();
        let mut count = 0;
        if self.peek()? == b']' {
            self.at += 1;
        } else {
            loop {
                self.value(depth)?;
                count += 1;
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        self.close(place, |end| Entry::Array { count, end })
    }

    fn object(&mut self, depth: u32) -> Option<()> {
        let place = self.open();
        let (mut count, mut sieve, mut are_apart) = (0, Sieve::default(), true);
        if self.peek()? == b'}' {
            self.at += 1;
        } else {
            loop {
                let name = self.string()?;
                are_apart = are_apart && sieve.takes(self.tape.string(self.text, &name));
                self.tape.entries.push(name);
                self.take(b':')?;
                self.value(depth)?;
                count += 1;
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.close(place, |end| Entry::Object { count, end })?;
        (count <= MOST_MEMBERS && (are_apart || self.names_differ(place))).then_some(())
    }

    /// Names that are there twice, or in two spellings, are left to the strict reading.
    fn names_differ(&self, place: usize) -> bool {
        let written = Written { text: self.text, tape: &self.tape };
        u32::try_from(place).is_ok_and(|place| differ(written.members(place).map(|(name, _)| name)))
    }

    /// Whether a comma follows and not the end.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let next = self.peek()?;
        self.at += 1;
        matches!(next, b',').then_some(true).or_else(|| (next == end).then_some(false))
    }

    fn string(&mut self) -> Option<Entry> {
        self.take(b'"')?;
        let rest = self.rest();
        let length = plain_length(rest);
        match rest.get(length)? {
            b'"' => {
                let start = u32::try_from(self.at).ok()?;
                self.at += length + 1;
                Some(Entry::Text { start, length: u32::try_from(length).ok()? })
            }
            b'\\' => self.escaped(length),
            _ => None,
        }
    }

    /// A string with an escape at `first`, from behind its opening quote.
    fn escaped(&mut self, first: usize) -> Option<Entry> {
        let mut bytes = self.rest().iter().enumerate().skip(first);
        let end = loop {
            match bytes.next()? {
                (_, b'\\') => {
                    bytes.next()?;
                }
                (end, b'"') => break end,
                _ => {}
            }
        };
        let quoted = self.text.get(self.at - 1..=self.at + end)?;
        self.at += end + 1;
        let string: String = serde_json::from_str(quoted).ok()?;
        let start = u32::try_from(self.tape.unescaped.len()).ok()?;
        self.tape.unescaped.push_str(&string);
        Some(Entry::Unescaped { start, length: u32::try_from(string.len()).ok()? })
    }

    fn number(&mut self) -> Option<Number> {
        let rest = self.rest();
        let end = rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let length = end.unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        let digits = self.text.get(start..self.at)?;
        let plain = length <= SAFE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        match plain && (length == 1 || !digits.starts_with('0')) {
            true => Some(digits.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')).into()),
            false => serde_json::from_str(digits).ok(),
        }
    }
}

/// How many bytes come before a quote, a backslash or a control character, looked at eight at a time.
fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return number * 8 + marks.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    words.len() * 8 + rest.iter().take_while(is_plain).count()
}

/// The highest bit of the first byte that is a quote, a backslash or a control character, and maybe of some behind it:
/// taking more from a byte than it has shows in that bit, and borrows from the next.
fn marks(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word & (ONES << 7);
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, b' ') | is(b'"') | is(b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn quick(text: &str) -> Option<Value> {
        read(text, 8, 100).map(|tape| Written { text, tape: &tape }.value(0))
    }

    #[test]
    fn test_quick_when_a_text_is_ordinary_then_it_is_read() {
        let text =
            " {\"a\" : [1, -2.5, \"x\\u00e9\\\"\", true, null, 18446744073709551615, \"\u{e9}\"],\n\"b\": {}, \"c\": [ ] } ";
        let value = json!({"a": [1, -2.5, "x\u{e9}\"", true, null, u64::MAX, "\u{e9}"], "b": {}, "c": []});
        assert_eq!(quick(text), Some(value));
    }

    #[test]
    fn test_quick_when_a_text_has_a_mistake_then_it_is_left() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "1 2",
            "{} x",
            "\u{feff}{}",
            "1e999",
            "NaN",
            "01",
            "-",
            "-01",
            "1.",
            "+1",
            ".5",
            "'a'",
            "{a:1}",
            "\"\\ud800\"",
            "\"a",
            "\"\\",
            "\"a\u{1}\"",
            "nul",
            "[1 2]",
            "{\"a\" 1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"A\":2}",
            "[[[[[[[[[]]]]]]]]]",
        ] {
            assert_eq!(quick(text), None, "{text:?}");
        }
    }

    #[test]
    fn test_quick_when_there_are_too_many_values_then_it_is_left() {
        assert!(quick(&json!(vec![0; 99]).to_string()).is_some());
        assert_eq!(quick(&json!(vec![0; 100]).to_string()), None);
    }

    #[test]
    fn test_quick_when_an_object_has_too_many_members_then_it_is_left() {
        let object = |count: u32| Value::Object((0..count).map(|number| (number.to_string(), Value::Null)).collect());
        assert!(quick(&object(MOST_MEMBERS).to_string()).is_some());
        assert_eq!(quick(&object(MOST_MEMBERS + 1).to_string()), None);
    }

    proptest! {
        #[test]
        fn test_quick_when_eight_bytes_are_looked_at_then_it_is_as_if_each_were(
            bytes in prop::collection::vec(prop_oneof![3 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 20 => b' '..], 0..40),
        ) {
            let slowly = bytes.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < b' ');
            prop_assert_eq!(plain_length(&bytes), slowly.unwrap_or(bytes.len()));
        }
    }
}
