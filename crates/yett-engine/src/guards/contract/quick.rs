//! Ordinary JSON, read fast: most bodies are, and reading them is most of what checking them costs.
//!
//! Takes a text only if the strict reading of [`super::json`] takes it too, and as the same value; a property test
//! compares the two. Whatever else there is (a mistake, or a spelling that needs care) is left to the strict reading,
//! which also says what is wrong and where.

use super::names::Twins;
use serde_json::{Map, Number, Value};

/// Digits of which every number fits into 64 bits.
const SAFE_DIGITS: usize = 18;
/// Members that an object has room for from the start: to grow step by step costs more than to read them.
const USUAL_MEMBERS: usize = 7;

/// The value of a text with at most `most_values` values, nested at most `max_depth` deep; `None` leaves it to the
/// strict reading.
pub(super) fn read(text: &str, max_depth: u32, most_values: usize, twins: &Twins) -> Option<Value> {
    let mut reader = Reader { text, at: 0, left: most_values, twins };
    let value = reader.value(max_depth)?;
    reader.peek().is_none().then_some(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// How many values there may still be.
    left: usize,
    twins: &'t Twins,
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

    fn value(&mut self, depth: u32) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        match self.peek()? {
            b'"' => self.string().map(Value::String),
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => None,
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())?;
        Some(value)
    }

    fn array(&mut self, depth: u32) -> Option<Value> {
        let mut items = Vec::new();
        self.take(b'[')?;
        if self.peek()? == b']' {
            self.at += 1;
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if !self.goes_on(b']')? {
                return Some(Value::Array(items));
            }
        }
    }

    fn object(&mut self, depth: u32) -> Option<Value> {
        let mut members = Map::with_capacity(USUAL_MEMBERS);
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(Value::Object(members));
        }
        loop {
            let name = self.string()?;
            self.take(b':')?;
            if members.insert(name, self.value(depth)?).is_some() {
                return None;
            }
            if !self.goes_on(b'}')? {
                return self.twins.clash(members.keys()).is_none().then_some(Value::Object(members));
            }
        }
    }

    /// Whether a comma follows and not the end.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let next = self.peek()?;
        self.at += 1;
        matches!(next, b',').then_some(true).or_else(|| (next == end).then_some(false))
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let rest = self.rest();
        let length = plain_length(rest);
        match rest.get(length)? {
            b'"' => {
                let start = self.at;
                self.at += length + 1;
                self.text.get(start..start + length).map(str::to_owned)
            }
            b'\\' => self.escaped(length),
            _ => None,
        }
    }

    /// A string with an escape at `first`, from behind its opening quote.
    fn escaped(&mut self, first: usize) -> Option<String> {
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
        serde_json::from_str(quoted).ok()
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
    use serde_json::json;

    fn quick(text: &str) -> Option<Value> {
        read(text, 8, 100, &Twins::default())
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
