//! The members of one JSON object, written one after the other: an event is written for every request, and the general
//! serializer looks at each byte of each name and value.

use serde::Serialize;

/// An object under construction.
pub(super) struct Members<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Members<'o> {
    /// Opens the object.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out }
    }

    /// Closes the object.
    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    fn name(&mut self, name: &'static str) {
        // No value ends with a brace.
        self.out.extend_from_slice(if self.out.ends_with(b"{") { b"\"" } else { b",\"" });
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        self.name(name);
        quote(self.out, text);
    }

    /// Adds a text if there is one.
    pub(super) fn may_have(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Adds anything but an object.
    pub(super) fn value(&mut self, name: &'static str, value: &impl Serialize) {
        self.name(name);
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut *self.out, value);
    }

    /// Adds a list of texts if there are any.
    pub(super) fn texts<T: Serialize>(&mut self, name: &'static str, texts: &[T]) {
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
        members.text("a", "x\"\n");
        members.may_have("b", None);
        members.may_have("c", Some("y"));
        members.value("d", &7);
        members.texts::<&str>("e", &[]);
        members.texts("f", &["z"]);
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
