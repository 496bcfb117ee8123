//! JSON in one strict reading (RFC 8259): what two parsers could take differently is refused.
//!
//! Refused besides what the grammar refuses: duplicate keys, a byte order mark, numbers outside the range of a double,
//! lone surrogates, invalid UTF-8, trailing data and nesting beyond a limit.

use super::violation::joined;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// What is wrong with a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// JSON pointer of the value at fault; empty when it is not known.
    pub(super) pointer: String,
    /// `malformed` or `duplicate`.
    pub(super) code: &'static str,
    /// One sentence without any value of the text.
    pub(super) detail: String,
}

/// Reads a text whose arrays and objects nest at most `max_depth` deep.
pub(super) fn parse(bytes: &[u8], max_depth: u32) -> Result<Value, Fault> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(malformed("begins with a byte order mark"));
    }
    let reading = Reading { max_depth, path: RefCell::default(), found: RefCell::default() };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Seed { reading: &reading, depth: 0 }.deserialize(&mut deserializer);
    match value.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => Err(reading.fault(&error)),
    }
}

fn malformed(detail: impl Into<String>) -> Fault {
    Fault { pointer: String::new(), code: "malformed", detail: detail.into() }
}

/// What is known besides the library's error: filled only when something is wrong.
struct Reading {
    max_depth: u32,
    /// Segments from the fault outwards.
    path: RefCell<Vec<String>>,
    found: RefCell<Option<(&'static str, &'static str)>>,
}

impl Reading {
    fn refuse<E: Error>(&self, code: &'static str, detail: &'static str) -> E {
        *self.found.borrow_mut() = Some((code, detail));
        E::custom(detail)
    }

    /// Notes a segment of the way to a fault, on the way out.
    fn note<E>(&self, segment: impl FnOnce() -> String) -> impl FnOnce(E) -> E {
        move |error| {
            self.path.borrow_mut().push(segment());
            error
        }
    }

    fn fault(self, error: &serde_json::Error) -> Fault {
        let pointer = self.path.into_inner().iter().rev().fold(String::new(), |pointer, segment| joined(&pointer, segment));
        match self.found.into_inner() {
            Some((code, detail)) => Fault { pointer, code, detail: detail.to_owned() },
            None => Fault { pointer, code: "malformed", detail: format!("is not JSON: {error}") },
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'r> {
    reading: &'r Reading,
    depth: u32,
}

impl Seed<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth < self.reading.max_depth {
            true => Ok(Self { depth: self.depth + 1, ..self }),
            false => Err(self.reading.refuse("malformed", "nests too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| self.reading.refuse("malformed", "has a number out of range"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut items = Vec::new();
        loop {
            let index = items.len();
            match access.next_element_seed(seed).map_err(self.reading.note(|| index.to_string()))? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let seed = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            match object.entry(key) {
                serde_json::map::Entry::Occupied(entry) => {
                    self.reading.path.borrow_mut().push(entry.key().clone());
                    return Err(self.reading.refuse("duplicate", "is there twice"));
                }
                serde_json::map::Entry::Vacant(entry) => {
                    let value = access.next_value_seed(seed).map_err(self.reading.note(|| entry.key().clone()))?;
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> Fault {
        parse(text.as_bytes(), 64).unwrap_err()
    }

    #[test]
    fn test_json_when_well_formed_then_it_is_read() {
        let text = r#" {"a": [1, -2.5, "x\u00e9", true, null, 18446744073709551615], "b": {}} "#;
        assert_eq!(parse(text.as_bytes(), 64).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn test_json_when_a_key_is_there_twice_then_its_pointer_is_told() {
        let fault = fault(r#"{"a": [{}, {"b/c": 1, "b/c": 1}]}"#);
        assert_eq!((fault.code, &*fault.pointer), ("duplicate", "/a/1/b~1c"));
        assert_eq!(super::tests::fault(r#"{"a":1,"\u0061":2}"#).code, "duplicate");
    }

    #[test]
    fn test_json_when_two_parsers_could_differ_then_it_is_refused() {
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
            "-1e999",
            "[1e400]",
            "NaN",
            "Infinity",
            "01",
            "+1",
            ".5",
            "0x1f",
            "'a'",
            "{a:1}",
            "\"\\ud800\"",
            "\"\\x41\"",
            "\"a\u{1}\"",
            "// c\n1",
            "nul",
            "tru",
        ] {
            assert_eq!(fault(text).code, "malformed", "{text:?}");
        }
        assert!(parse(b"\"\xff\"", 64).is_err());
        assert!(parse(b"\"\xed\xa0\x80\"", 64).is_err());
    }

    #[test]
    fn test_json_when_a_number_is_out_of_range_then_its_pointer_is_told() {
        assert_eq!(fault(r#"{"a":[1,1e999]}"#).pointer, "/a/1");
    }

    #[test]
    fn test_json_when_it_nests_to_the_limit_then_it_is_read_and_beyond_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(64).as_bytes(), 64).is_ok());
        assert_eq!(parse(nested(65).as_bytes(), 64).unwrap_err().detail, "nests too deep");
        assert!(parse(nested(100_000).as_bytes(), 120).is_err());
        assert!(parse("{\"a\":".repeat(100_000).as_bytes(), 120).is_err());
        assert!(parse("[".repeat(100_000).as_bytes(), 120).is_err());
    }

    #[test]
    fn test_json_when_keys_repeat_far_down_then_it_is_refused_there() {
        let text = format!("{}{{\"k\":1,\"k\":2}}{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(fault(&text).pointer, format!("{}/k", "/0".repeat(60)));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from);
            let object = prop::collection::btree_map("\\PC{0,4}", inner, 0..5)
                .prop_map(|object| Value::Object(object.into_iter().collect()));
            prop_oneof![list, object]
        })
    }

    proptest! {
        #[test]
        fn test_json_when_written_and_read_then_it_is_the_same(value in values()) {
            prop_assert_eq!(parse(value.to_string().as_bytes(), 64).unwrap(), value);
        }

        #[test]
        fn test_json_when_bytes_are_arbitrary_then_reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _read = parse(&bytes, 8);
        }

        #[test]
        fn test_json_when_the_library_refuses_then_so_do_we(text in "[\\[\\]{}\",:a1e.\\- ]{0,24}") {
            if parse(text.as_bytes(), 64).is_ok() {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }
}
