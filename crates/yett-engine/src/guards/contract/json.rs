//! JSON in one strict reading (RFC 8259): what two parsers could take differently is refused.
//!
//! Refused besides what the grammar refuses: duplicate keys, keys that differ only in case unless the contract has both,
//! a byte order mark, numbers outside the range of a double, lone surrogates, invalid UTF-8, trailing data, nesting
//! beyond a limit, and more than [`MOST_VALUES`] values. Ordinary texts are read by [`quick`], to the same effect.

use super::names::Twins;
use super::quick;
use super::violation::joined;
use crate::body::tape::{Tape, Written};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::{Cell, RefCell};
use std::fmt;

/// Most values of a text: two bytes of it can become a value that takes a hundred times as much.
const MOST_VALUES: usize = 100_000;

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

/// A text that was read.
pub(super) enum Read<'t> {
    /// An ordinary one.
    Tape(&'t str, Tape),
    /// One that needed care.
    Value(Value),
}

/// Reads a text whose arrays and objects nest at most `max_depth` deep. `twins` are names that may stand together.
pub(super) fn read<'t>(bytes: &'t [u8], max_depth: u32, twins: &Twins) -> Result<Read<'t>, Fault> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(malformed("begins with a byte order mark"));
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(tape) = quick::read(text, max_depth, MOST_VALUES)
    {
        return Ok(Read::Tape(text, tape));
    }
    parse_strictly(bytes, max_depth, twins).map(Read::Value)
}

/// Reads a text as a tree.
pub(super) fn parse(bytes: &[u8], max_depth: u32, twins: &Twins) -> Result<Value, Fault> {
    read(bytes, max_depth, twins).map(|read| match read {
        Read::Tape(text, tape) => Written { text, tape: &tape }.value(0),
        Read::Value(value) => value,
    })
}

fn parse_strictly(bytes: &[u8], max_depth: u32, twins: &Twins) -> Result<Value, Fault> {
    let (path, found) = (RefCell::default(), RefCell::default());
    let reading = Reading { max_depth, twins, left: Cell::new(MOST_VALUES), path, found };
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
struct Reading<'t> {
    max_depth: u32,
    twins: &'t Twins,
    /// How many values there may still be.
    left: Cell<usize>,
    /// Segments from the fault outwards.
    path: RefCell<Vec<String>>,
    found: RefCell<Option<(&'static str, &'static str)>>,
}

impl Reading<'_> {
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
    reading: &'r Reading<'r>,
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
        let left = self.reading.left.get().checked_sub(1);
        self.reading.left.set(left.ok_or_else(|| self.reading.refuse("malformed", "has more than 100000 values"))?);
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
        if let Some(name) = self.reading.twins.clash(object.keys().map(String::as_str)) {
            self.reading.path.borrow_mut().push(name.to_owned());
            return Err(self.reading.refuse("duplicate", "is there in two spellings"));
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> Fault {
        parse(text.as_bytes(), 64, &Twins::default()).unwrap_err()
    }

    #[test]
    fn test_json_when_well_formed_then_it_is_read() {
        let text = r#" {"a": [1, -2.5, "x\u00e9", true, null, 18446744073709551615], "b": {}} "#;
        assert_eq!(parse(text.as_bytes(), 64, &Twins::default()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn test_json_when_a_key_is_there_twice_then_its_pointer_is_told() {
        let fault = fault(r#"{"a": [{}, {"b/c": 1, "b/c": 1}]}"#);
        assert_eq!((fault.code, &*fault.pointer), ("duplicate", "/a/1/b~1c"));
        assert_eq!(super::tests::fault(r#"{"a":1,"\u0061":2}"#).code, "duplicate");
    }

    #[test]
    fn test_json_when_two_keys_are_one_to_those_that_ignore_case_then_it_is_refused() {
        for (text, pointer) in [
            (r#"{"role": 1, "ROLE": 2}"#, "/role"),
            (r#"[{"b": 1, "x": 1, "B": 2, "X": 3}]"#, "/0/b"),
            ("{\"\u{212a}ey\": 1, \"key\": 2}", "/\u{212a}ey"),
            ("{\"a\u{17f}\": 1, \"as\": 2}", "/a\u{17f}"),
        ] {
            let fault = fault(text);
            assert_eq!((fault.code, &*fault.pointer), ("duplicate", pointer), "{text}");
        }
        assert!(parse(br#"{"ab": 1, "a_b": 2, "c": {"AB": 1}}"#, 64, &Twins::default()).is_ok());
    }

    #[test]
    fn test_json_when_the_contract_has_both_keys_then_they_are_two() {
        let twins = Twins::of(&serde_json::json!({"$defs": {"A": {"properties": {"id": true, "ID": true, "x": true}}}}));
        assert!(parse(br#"{"id": 1, "ID": 2}"#, 64, &twins).is_ok());
        for text in [r#"{"id": 1, "Id": 2}"#, r#"{"id": 1, "ID": 2, "iD": 3}"#, r#"{"x": 1, "X": 2}"#] {
            assert!(parse(text.as_bytes(), 64, &twins).is_err(), "{text}");
        }
    }

    #[test]
    fn test_json_when_it_has_too_many_values_then_it_is_refused() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
        assert!(parse(list(MOST_VALUES).as_bytes(), 64, &Twins::default()).is_ok());
        assert_eq!(fault(&list(MOST_VALUES + 1)).detail, "has more than 100000 values");
        assert_eq!(fault(&format!("[{}{{}}]", r#"{"a":{}},"#.repeat(MOST_VALUES))).code, "malformed");
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
        assert!(parse(b"\"\xff\"", 64, &Twins::default()).is_err());
        assert!(parse(b"\"\xed\xa0\x80\"", 64, &Twins::default()).is_err());
    }

    #[test]
    fn test_json_when_a_number_is_out_of_range_then_its_pointer_is_told() {
        assert_eq!(fault(r#"{"a":[1,1e999]}"#).pointer, "/a/1");
    }

    #[test]
    fn test_json_when_it_nests_to_the_limit_then_it_is_read_and_beyond_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(64).as_bytes(), 64, &Twins::default()).is_ok());
        assert_eq!(parse(nested(65).as_bytes(), 64, &Twins::default()).unwrap_err().detail, "nests too deep");
        assert!(parse(nested(100_000).as_bytes(), 120, &Twins::default()).is_err());
        assert!(parse("{\"a\":".repeat(100_000).as_bytes(), 120, &Twins::default()).is_err());
        assert!(parse("[".repeat(100_000).as_bytes(), 120, &Twins::default()).is_err());
    }

    #[test]
    fn test_json_when_keys_repeat_far_down_then_it_is_refused_there() {
        let text = format!("{}{{\"k\":1,\"k\":2}}{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(fault(&text).pointer, format!("{}/k", "/0".repeat(60)));
    }

    fn quickly(text: &str, max_depth: u32) -> Option<Value> {
        quick::read(text, max_depth, MOST_VALUES).map(|tape| Written { text, tape: &tape }.value(0))
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
                .prop_filter("no twins", |object| Twins::default().clash(object.keys().map(String::as_str)).is_none())
                .prop_map(|object| Value::Object(object.into_iter().collect()));
            prop_oneof![list, object]
        })
    }

    proptest! {
        #[test]
        fn test_json_when_written_and_read_then_it_is_the_same(value in values()) {
            prop_assert_eq!(parse(value.to_string().as_bytes(), 64, &Twins::default()).unwrap(), value);
        }

        #[test]
        fn test_json_when_an_ordinary_text_is_read_quickly_then_it_is_what_is_read_strictly(value in values()) {
            let text = value.to_string();
            let strictly = parse_strictly(text.as_bytes(), 64, &Twins::default());
            prop_assert_eq!(quickly(&text, 64), strictly.ok());
        }

        #[test]
        fn test_json_when_any_text_is_read_quickly_then_it_is_what_is_read_strictly(
            text in "([\\[\\]{}\":,ab\\\\u0-9eE+.\\- \n]{0,24}|[\\[{]{1,3}([\\[\\]{}:,]|\"[aAb]?\"|[0-9]|-|\\.){0,12})",
            depth in 0u32..6,
        ) {
            if let Some(value) = quickly(&text, depth) {
                prop_assert_eq!(parse_strictly(text.as_bytes(), depth, &Twins::default()), Ok(value));
            }
        }

        #[test]
        fn test_json_when_bytes_are_arbitrary_then_reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _read = parse(&bytes, 8, &Twins::default());
        }

        #[test]
        fn test_json_when_the_library_refuses_then_so_do_we(text in "[\\[\\]{}\",:a1e.\\- ]{0,24}") {
            if parse(text.as_bytes(), 64, &Twins::default()).is_ok() {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }
    }
}
