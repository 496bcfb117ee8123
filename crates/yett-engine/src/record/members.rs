//! The members of one JSON object, written one after the other: an event is written for every request, and the general
//! serializer looks at each byte of each name and value.

use serde::Serialize;

/// What stands before the value of a member; [`name!`] makes it.
#[derive(Clone, Copy)]
pub(super) struct Name(pub(super) &'static str);

/// A [`Name`] with its marks, in one piece.
macro_rules! name {
    ($name:literal) => {
        crate::record::members::Name(concat!(",\"", $name, "\":"))
    };
}
pub(super) use name;

/// An object under construction.
pub(super) struct Members<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
}

impl<'o> Members<'o> {
    /// Opens the object.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    /// Closes the object, which must have a member: the brace that opens it takes the place of the first comma.
    pub(super) fn end(self) {
        if let Some(first) = self.out.get_mut(self.start) {
            *first = b'{';
        }
        self.out.push(b'}');
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: Name, text: &str) {
        self.out.extend_from_slice(name.0.as_bytes());
        quote(self.out, text);
    }

    /// Adds a text if there is one.
    pub(super) fn may_have(&mut self, name: Name, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Adds anything.
    pub(super) fn value(&mut self, name: Name, value: &impl Serialize) {
        self.out.extend_from_slice(name.0.as_bytes());
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }

    /// Adds a list of texts if there are any.
    pub(super) fn texts<T: Serialize>(&mut self, name: Name, texts: &[T]) {
        if !texts.is_empty() {
            self.value(name, &texts);
        }
    }
}

/// A JSON string. Most texts have nothing to escape, and that is seen many bytes at once.
fn quote(out: &mut Vec<u8>, text: &str) {
    let odd = text.bytes().fold(false, |odd, byte| odd | (byte < b' ') | (byte == b'"') | (byte == b'\\'));
    if odd {
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn members_are_one_object() {
        let mut out = Vec::new();
        let mut members = Members::begin(&mut out);
        members.text(name!("a"), "x\"\n");
        members.may_have(name!("b"), None);
        members.may_have(name!("c"), Some("y"));
        members.value(name!("d"), &7);
        members.texts::<&str>(name!("e"), &[]);
        members.texts(name!("f"), &["z"]);
        members.end();
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, json!({"a": "x\"\n", "c": "y", "d": 7, "f": ["z"]}));
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_the_library_writes_it(text in "\\PC{0,40}|[\"\\\\\u{0}-\u{1f}a]{0,9}") {
            let mut out = Vec::new();
            quote(&mut out, &text);
            prop_assert_eq!(out, serde_json::to_vec(&text).unwrap());
        }
    }
}
