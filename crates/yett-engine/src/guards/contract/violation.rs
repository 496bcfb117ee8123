//! What does not fit, gathered: at most [`MOST`] fields, each with its place, a stable code and a sentence.
//!
//! Values are never echoed: a refusal must not carry a password from a request into an answer or a log. Names that the
//! caller chose are cut to [`LONGEST_NAME`] characters.

use yett_model::Violation;

/// Most violations that one refusal lists.
pub(super) const MOST: usize = 20;
/// Longest name of the caller's choosing that is repeated, in characters.
pub(super) const LONGEST_NAME: usize = 64;

/// Where a value travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Cookie,
    Body,
    Status,
}

impl Place {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
            Self::Status => "status",
        }
    }
}

/// Violations of one message, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Violations(Vec<Violation>);

impl Violations {
    /// Adds one; beyond [`MOST`] it is dropped.
    pub(super) fn push(&mut self, place: Place, field: impl Into<String>, code: &str, detail: impl Into<String>) {
        if !self.is_full() {
            let (field, detail) = (field.into(), detail.into());
            self.0.push(Violation { location: place.as_str().to_owned(), field, code: code.to_owned(), detail });
        }
    }

    /// Adds those of another, as far as there is room.
    pub(super) fn append(&mut self, other: Self) {
        let room = MOST.saturating_sub(self.0.len());
        self.0.extend(other.0.into_iter().take(room));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// One line for the log: places and codes, not the sentences.
    pub(super) fn summary(&self) -> String {
        let parts = self.0.iter().map(|one| format!("{} '{}' {}", one.location, one.field, one.code));
        parts.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn into_vec(self) -> Vec<Violation> {
        self.0
    }
}

/// A name as it may be repeated to the caller.
pub(super) fn shown(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}...", name.get(..end).unwrap_or("")),
        None => name.to_owned(),
    }
}

/// `pointer` with one more segment (RFC 6901), which is cut like any name.
pub(super) fn joined(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", shown(segment).replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_violations_when_there_are_many_then_the_first_twenty_are_kept() {
        let mut found = Violations::default();
        (0..100).for_each(|n| found.push(Place::Query, n.to_string(), "unknown", "no such parameter"));
        assert!(found.is_full());
        let fields: Vec<String> = found.into_vec().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, (0..MOST).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn test_names_when_long_then_they_are_cut_between_characters() {
        assert_eq!(shown(&"é".repeat(65)), format!("{}...", "é".repeat(64)));
        assert_eq!(shown("short"), "short");
    }

    #[test]
    fn test_pointers_when_a_segment_has_special_characters_then_they_are_escaped() {
        assert_eq!(joined("/a", "b/c~d"), "/a/b~1c~0d");
    }
}
