//! Header values with parameters, `type/subtype; name=value` (RFC 9110 sections 5.6.6 and 8.3.1), in one strict reading.
//!
//! Extended and continued parameters (`name*`, `name*0`: RFC 2231, RFC 8187) are refused: they spell `name` again for
//! those that know them, and are other names for the rest.

use std::borrow::Cow;

/// A value and its parameters, names in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::guards) struct Parametrised<'t> {
    /// What stands before the first `;`, in lower case.
    pub(in crate::guards) value: Cow<'t, str>,
    parameters: Vec<(String, String)>,
}

impl<'t> Parametrised<'t> {
    /// A value without parameters, in lower case already.
    pub(super) fn plain(value: &'t str) -> Self {
        Self { value: Cow::Borrowed(value), parameters: Vec::new() }
    }

    /// Reads a field value; `None` if it is malformed, or names a parameter twice or in an extended form.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let end = text.bytes().position(|byte| byte == b';').unwrap_or(text.len());
        let (value, mut rest) = text.split_at(end);
        let value = lower_case(value.trim_matches([' ', '\t']));
        let mut parameters: Vec<(String, String)> = Vec::new();
        while let Some(after) = rest.trim_start_matches([' ', '\t']).strip_prefix(';') {
            rest = after.trim_start_matches([' ', '\t']);
            if rest.is_empty() || rest.starts_with(';') {
                continue;
            }
            let (name, after) = rest.split_once('=')?;
            let name = name.to_ascii_lowercase();
            if !is_token(&name) || name.contains('*') || parameters.iter().any(|(known, _)| *known == name) {
                return None;
            }
            let (value, after) = parameter_value(after)?;
            parameters.push((name, value));
            rest = after;
        }
        rest.trim_matches([' ', '\t']).is_empty().then_some(Self { value, parameters })
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn lower_case(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// A token or quoted string, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return is_token(token).then(|| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// RFC 9110 section 5.6.2.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_values_when_they_have_parameters_then_names_are_lower_case_and_quotes_are_undone() {
        let read = Parametrised::parse("Text/Plain ; CharSet=\"u\\\"t;f\"; a=b ;").unwrap();
        assert_eq!(read.value, "text/plain");
        assert_eq!((read.parameter("charset"), read.parameter("a")), (Some("u\"t;f"), Some("b")));
    }

    #[test]
    fn test_values_when_they_have_two_readings_then_they_are_refused() {
        for text in [
            "a/b; x=1; X=2",
            "a/b; x",
            "a/b; x=\"1",
            "a/b; x=1 y",
            "a/b; =1",
            "a/b; x=",
            "a/b; x=\"1\"2",
            "a/b; x y=1",
            "a/b; x*=1",
            "a/b; x*0=1",
        ] {
            assert_eq!(Parametrised::parse(text), None, "{text}");
        }
    }
}
