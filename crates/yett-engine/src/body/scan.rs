//! A JSON text walked with the places of all that stands in it, so that a part can be put in the place of another and
//! everything else stays as it is, byte for byte.
//!
//! The tape has the places of strings only, and none at all of a text that needed care to read. What walks here reads the
//! text once more, in one pass; whatever is not JSON is told, and then nothing may be changed.

use bytes::Bytes;
use std::borrow::Cow;
use std::ops::Range;

/// The text is not JSON, or nests too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault;

/// What becomes of a value.
#[derive(Debug)]
pub(crate) enum Step<P> {
    /// It is looked into, with what is known of its place.
    Into(P),
    /// It stays, unseen.
    Keep,
    /// It goes, with its name.
    Drop,
}

/// A value that holds no others.
#[derive(Debug)]
pub(crate) enum Scalar<'t> {
    /// A string: what it says, and whether it is written so, without escapes.
    Text(Cow<'t, str>),
    /// A number as it is written.
    Number(&'t str),
    /// `true` or `false`.
    Bool,
    /// `null`.
    Null,
}

/// Who is asked at every place of a text.
pub(crate) trait Visitor {
    /// What is known of a place.
    type Place;

    /// What becomes of a member of an object.
    fn member(&mut self, object: &Self::Place, name: &str) -> Step<Self::Place>;

    /// What becomes of an element of an array.
    fn element(&mut self, array: &Self::Place, index: usize) -> Step<Self::Place>;

    /// The JSON in the place of a value; `None` leaves it.
    fn scalar(&mut self, place: &Self::Place, scalar: &Scalar<'_>) -> Option<String>;
}

/// Bytes in the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) span: Range<usize>,
    pub(crate) with: String,
}

/// Walks a text whose arrays and objects nest at most `max_depth` deep; what is to be changed, in order.
///
/// # Errors
/// If the text is not JSON or nests deeper: then the visitor may have been asked about a part of it.
pub(crate) fn walk<V: Visitor>(text: &str, max_depth: u32, root: V::Place, visitor: &mut V) -> Result<Vec<Edit>, Fault> {
    let mut walk = Walk { text, at: 0, max_depth, visitor, edits: Vec::new() };
    walk.space();
    walk.value(&root, 0)?;
    walk.space();
    match walk.at == text.len() {
        true => Ok(walk.edits),
        false => Err(Fault),
    }
}

/// The text with its edits made.
pub(crate) fn splice(text: &str, edits: &[Edit]) -> Bytes {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.with.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start).unwrap_or_default());
        out.push_str(&edit.with);
        at = edit.span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out.into()
}

struct Walk<'t, 'v, V> {
    text: &'t str,
    at: usize,
    max_depth: u32,
    visitor: &'v mut V,
    edits: Vec<Edit>,
}

impl<'t, V: Visitor> Walk<'t, '_, V> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }

    fn take(&mut self, byte: u8) -> Result<(), Fault> {
        let is_there = self.peek() == Some(byte);
        self.at += 1;
        if is_there { Ok(()) } else { Err(Fault) }
    }

    fn value(&mut self, place: &V::Place, depth: u32) -> Result<(), Fault> {
        match self.peek().ok_or(Fault)? {
            b'{' | b'[' if depth >= self.max_depth => Err(Fault),
            b'{' => self.object(Some(place), depth),
            b'[' => self.array(Some(place), depth),
            _ => self.scalar(Some(place)),
        }
    }

    /// A value that nobody looks at, but that must be one.
    fn skip(&mut self, depth: u32) -> Result<(), Fault> {
        match self.peek().ok_or(Fault)? {
            b'{' | b'[' if depth >= self.max_depth => Err(Fault),
            b'{' => self.object(None, depth),
            b'[' => self.array(None, depth),
            _ => self.scalar(None),
        }
    }

    fn object(&mut self, place: Option<&V::Place>, depth: u32) -> Result<(), Fault> {
        self.take(b'{')?;
        let mut list = List::default();
        self.space();
        while self.peek() != Some(b'}') {
            self.separate(&mut list)?;
            let start = self.at;
            let name = self.string()?;
            self.space();
            self.take(b':')?;
            self.space();
            let step = match place {
                Some(place) => self.visitor.member(place, &name),
                None => Step::Keep,
            };
            self.item(step, start, depth, &mut list)?;
        }
        self.close(list, b'}')
    }

    fn array(&mut self, place: Option<&V::Place>, depth: u32) -> Result<(), Fault> {
        self.take(b'[')?;
        let mut list = List::default();
        self.space();
        while self.peek() != Some(b']') {
            self.separate(&mut list)?;
            let step = match place {
                Some(place) => self.visitor.element(place, list.count - 1),
                None => Step::Keep,
            };
            self.item(step, self.at, depth, &mut list)?;
        }
        self.close(list, b']')
    }

    /// The comma before every item but the first.
    fn separate(&mut self, list: &mut List) -> Result<(), Fault> {
        if list.count > 0 {
            self.take(b',')?;
            self.space();
        }
        if let Some(start) = list.leading.take() {
            // What went before was the first of what is left: its comma goes with it.
            self.edits.push(Edit { span: start..self.at, with: String::new() });
        }
        list.count += 1;
        Ok(())
    }

    /// An item from where its name or value starts. One that goes takes the comma before it along, if there is one.
    fn item(&mut self, step: Step<V::Place>, start: usize, depth: u32, list: &mut List) -> Result<(), Fault> {
        let goes = matches!(step, Step::Drop);
        match step {
            Step::Into(place) => self.value(&place, depth + 1)?,
            Step::Keep | Step::Drop => self.skip(depth + 1)?,
        }
        match (goes, list.kept) {
            (false, _) => list.kept = true,
            (true, true) => self.edits.push(Edit { span: list.end..self.at, with: String::new() }),
            (true, false) => list.leading = Some(start),
        }
        list.end = self.at;
        self.space();
        Ok(())
    }

    fn close(&mut self, list: List, byte: u8) -> Result<(), Fault> {
        if let Some(start) = list.leading {
            self.edits.push(Edit { span: start..list.end, with: String::new() });
        }
        self.take(byte)
    }

    fn scalar(&mut self, place: Option<&V::Place>) -> Result<(), Fault> {
        let start = self.at;
        let scalar = match self.peek() {
            Some(b'"') => Scalar::Text(self.string()?),
            _ => self.word()?,
        };
        if let Some(with) = place.and_then(|place| self.visitor.scalar(place, &scalar)) {
            self.edits.push(Edit { span: start..self.at, with });
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        self.take(b'"')?;
        let start = self.at;
        let rest = self.text.get(start..).ok_or(Fault)?;
        let end = memchr::memchr2(b'"', b'\\', rest.as_bytes()).ok_or(Fault)?;
        let plain = rest.get(..end).ok_or(Fault)?;
        if rest.as_bytes().get(end) == Some(&b'"') {
            self.at = start + end + 1;
            return if plain.bytes().any(|byte| byte < b' ') { Err(Fault) } else { Ok(Cow::Borrowed(plain)) };
        }
        self.escaped(start)
    }

    /// A string with escapes, read by the library.
    fn escaped(&mut self, start: usize) -> Result<Cow<'t, str>, Fault> {
        let bytes = self.text.as_bytes();
        let mut end = start;
        loop {
            end += memchr::memchr2(b'"', b'\\', bytes.get(end..).ok_or(Fault)?).ok_or(Fault)?;
            match bytes.get(end) {
                Some(b'"') => break,
                _ => end += 2,
            }
        }
        self.at = end + 1;
        let written = self.text.get(start - 1..end + 1).ok_or(Fault)?;
        serde_json::from_str::<String>(written).map(Cow::Owned).map_err(|_| Fault)
    }

    fn word(&mut self) -> Result<Scalar<'t>, Fault> {
        let rest = self.text.get(self.at..).ok_or(Fault)?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let word = rest.get(..rest.bytes().take_while(|byte| is_word(*byte)).count()).ok_or(Fault)?;
        self.at += word.len();
        match word {
            "true" | "false" => Ok(Scalar::Bool),
            "null" => Ok(Scalar::Null),
            _ if is_number(word) => Ok(Scalar::Number(word)),
            _ => Err(Fault),
        }
    }
}

/// What was seen of an object or array so far.
#[derive(Default)]
struct List {
    count: usize,
    /// Whether an item before stays.
    kept: bool,
    /// Where the last item ended.
    end: usize,
    /// Where the first of what goes starts, while nothing before it stays.
    leading: Option<usize>,
}

/// RFC 8259 section 6.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) =
        word.split_once(['e', 'E']).map_or((word, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Drops members called `drop` and elements that it is told of, and blanks strings that begin with `x`.
    struct Editor;

    impl Visitor for Editor {
        type Place = ();

        fn member(&mut self, (): &(), name: &str) -> Step<()> {
            match name {
                _ if name.starts_with('d') => Step::Drop,
                _ if name.starts_with('k') => Step::Keep,
                _ => Step::Into(()),
            }
        }

        fn element(&mut self, (): &(), index: usize) -> Step<()> {
            if index % 3 == 1 { Step::Drop } else { Step::Into(()) }
        }

        fn scalar(&mut self, (): &(), scalar: &Scalar<'_>) -> Option<String> {
            match scalar {
                Scalar::Text(text) => text.starts_with('x').then(|| "\"***\"".to_owned()),
                _ => None,
            }
        }
    }

    fn edited(text: &str) -> Option<String> {
        let edits = walk(text, 8, (), &mut Editor).ok()?;
        String::from_utf8(splice(text, &edits).to_vec()).ok()
    }

    /// The same on a tree.
    fn on_tree(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let kept = members.iter().filter(|(name, _)| !name.starts_with('d'));
                let looked = |(name, value): (&String, &Value)| {
                    (name.clone(), if name.starts_with('k') { value.clone() } else { on_tree(value) })
                };
                Value::Object(kept.map(looked).collect())
            }
            Value::Array(items) => {
                items.iter().enumerate().filter(|(index, _)| index % 3 != 1).map(|(_, item)| on_tree(item)).collect()
            }
            Value::String(text) if text.starts_with('x') => "***".into(),
            other => other.clone(),
        }
    }

    #[test]
    fn what_is_not_edited_stays_byte_for_byte() {
        for (text, after) in [
            (r#" { "a" : "x\u00e9" , "b":1.50e+2 } "#, r#" { "a" : "***" , "b":1.50e+2 } "#),
            (r#"{"d":1,"b":2}"#, r#"{"b":2}"#),
            (r#"{"d":1, "d2":[2], "b": 2 , "d3":3 }"#, r#"{"b": 2 }"#),
            (r#"{ "d" : {"a":"x"} }"#, "{  }"),
            ("[1, 2,\n3]", "[1,\n3]"),
            (r#"{"k":{"d":"x"}}"#, r#"{"k":{"d":"x"}}"#),
        ] {
            assert_eq!(edited(text).as_deref(), Some(after), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_not_edited() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "1 2",
            "01",
            "nul",
            "\"a\u{1}\"",
            "{\"a\" 1}",
            "[[[[[[[[[1]]]]]]]]]",
            "\"\\",
            "\"\\ud800\"",
            "-",
            "1e",
            "+1",
        ] {
            assert_eq!(walk(text, 8, (), &mut Editor).err(), Some(Fault), "{text}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[xé\"\\\\ ]{0,4}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from);
            let object = prop::collection::btree_map("[adk][a-c]?", inner, 0..6)
                .prop_map(|object| Value::Object(object.into_iter().collect()));
            prop_oneof![list, object]
        })
    }

    proptest! {
        #[test]
        fn edits_come_to_what_they_would_on_a_tree(value in values(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let after: Value = serde_json::from_str(&edited(&text).unwrap()).unwrap();
            prop_assert_eq!(after, on_tree(&value));
        }

        #[test]
        fn whatever_the_library_reads_is_walked_and_nothing_else(text in "[\\[\\]{}\":,ab\\\\u0-9eE+.\\- \n]{0,24}") {
            let library = serde_json::from_str::<Value>(&text).is_ok();
            let walked = walk(&text, 120, (), &mut Editor).is_ok();
            // Here no number is too large: what is walked is not computed with.
            prop_assert!(walked == library || (walked && text.contains(['e', 'E'])), "{}", text);
        }
    }
}
