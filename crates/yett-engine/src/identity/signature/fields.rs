//! Structured fields (RFC 8941), as far as signatures need them: dictionaries of items and inner lists.
//!
//! Strict: a field is read whole or not at all, and a key that comes twice makes it unreadable, where the standard would
//! take the last. Decimals are not read; no field that is looked at has one.

use data_encoding::BASE64;
use std::fmt;

/// A bare item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bare {
    /// An integer of up to 15 digits.
    Integer(i64),
    /// A string of printable ASCII.
    Text(String),
    /// A token.
    Token(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A truth value.
    Boolean(bool),
}

/// Parameters in their order.
pub type Parameters = Vec<(String, Bare)>;

/// A bare item with its parameters.
pub type Item = (Bare, Parameters);

/// A member of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// One item.
    Item(Item),
    /// An inner list with its parameters.
    List(Vec<Item>, Parameters),
}

/// The value of a parameter.
pub(super) fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a Bare> {
    parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Reads a dictionary; `None` if it is none.
#[must_use]
pub fn dictionary(text: &str) -> Option<Vec<(String, Member)>> {
    let mut reader = Reader(text.trim_matches(' '));
    let mut members: Vec<(String, Member)> = Vec::new();
    while !reader.0.is_empty() {
        let key = reader.key()?;
        let member = if reader.eat('=') { reader.member()? } else { Member::Item((Bare::Boolean(true), reader.parameters()?)) };
        if members.iter().any(|(other, _)| *other == key) {
            return None;
        }
        members.push((key, member));
        reader.0 = reader.0.trim_start_matches([' ', '\t']);
        if reader.0.is_empty() {
            break;
        }
        reader.eat(',').then_some(())?;
        reader.0 = reader.0.trim_start_matches([' ', '\t']);
        // A comma at the end.
        (!reader.0.is_empty()).then_some(())?;
    }
    Some(members)
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn eat(&mut self, character: char) -> bool {
        let rest = self.0.strip_prefix(character);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|character| !fits(character)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn key(&mut self) -> Option<String> {
        self.0.starts_with(|first: char| first.is_ascii_lowercase() || first == '*').then_some(())?;
        Some(self.take(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c)).to_owned())
    }

    fn member(&mut self) -> Option<Member> {
        if !self.eat('(') {
            return self.item().map(Member::Item);
        }
        let mut items = Vec::new();
        loop {
            self.take(|c| c == ' ');
            if self.eat(')') {
                return Some(Member::List(items, self.parameters()?));
            }
            items.push(self.item()?);
            self.0.starts_with([' ', ')']).then_some(())?;
        }
    }

    fn item(&mut self) -> Option<Item> {
        Some((self.bare()?, self.parameters()?))
    }

    fn parameters(&mut self) -> Option<Parameters> {
        let mut parameters = Parameters::new();
        while self.eat(';') {
            self.take(|c| c == ' ');
            let key = self.key()?;
            let value = if self.eat('=') { self.bare()? } else { Bare::Boolean(true) };
            if parameter(&parameters, &key).is_some() {
                return None;
            }
            parameters.push((key, value));
        }
        Some(parameters)
    }

    fn bare(&mut self) -> Option<Bare> {
        match self.0.chars().next()? {
            '"' => self.text().map(Bare::Text),
            ':' => self.bytes().map(Bare::Bytes),
            '?' => self.boolean(),
            '-' | '0'..='9' => self.integer(),
            first if first.is_ascii_alphabetic() || first == '*' => {
                let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
                Some(Bare::Token(self.take(token).to_owned()))
            }
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut rest = self.0.strip_prefix('"')?.char_indices();
        while let Some((at, character)) = rest.next() {
            match character {
                '"' => {
                    self.0 = self.0.get(1 + at + 1..)?;
                    return Some(text);
                }
                '\\' => text.push(rest.next().map(|(_, escaped)| escaped).filter(|escaped| "\"\\".contains(*escaped))?),
                ' '..='~' => text.push(character),
                _ => return None,
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let (encoded, rest) = self.0.strip_prefix(':')?.split_once(':')?;
        self.0 = rest;
        BASE64.decode(encoded.as_bytes()).ok()
    }

    fn boolean(&mut self) -> Option<Bare> {
        self.eat('?').then_some(())?;
        match self.eat('1') {
            true => Some(Bare::Boolean(true)),
            false => self.eat('0').then_some(Bare::Boolean(false)),
        }
    }

    fn integer(&mut self) -> Option<Bare> {
        let negative = self.eat('-');
        let digits = self.take(|c| c.is_ascii_digit());
        ((1..=15).contains(&digits.len()) && !self.0.starts_with('.')).then_some(())?;
        let number: i64 = digits.parse().ok()?;
        Some(Bare::Integer(if negative { -number } else { number }))
    }
}

impl fmt::Display for Bare {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Text(text) => write!(formatter, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            Self::Token(token) => formatter.write_str(token),
            Self::Bytes(bytes) => write!(formatter, ":{}:", BASE64.encode(bytes)),
            Self::Boolean(truth) => write!(formatter, "?{}", u8::from(*truth)),
        }
    }
}

/// Writes an item as section 4.1.3 of the standard wants.
pub(super) fn write_item((bare, parameters): &Item) -> String {
    format!("{bare}{}", write_parameters(parameters))
}

/// Writes parameters as section 4.1.1.2 of the standard wants.
pub(super) fn write_parameters(parameters: &Parameters) -> String {
    let written = parameters.iter().map(|(key, value)| match value {
        Bare::Boolean(true) => format!(";{key}"),
        value => format!(";{key}={value}"),
    });
    written.collect()
}

/// Writes an inner list as section 4.1.1.1 of the standard wants.
pub(super) fn write_list(items: &[Item], parameters: &Parameters) -> String {
    let items: Vec<String> = items.iter().map(write_item).collect();
    format!("({}){}", items.join(" "), write_parameters(parameters))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(members: &[(String, Member)]) -> String {
        let member = |member: &Member| match member {
            Member::Item(item) => write_item(item),
            Member::List(items, parameters) => write_list(items, parameters),
        };
        members.iter().map(|(key, value)| format!("{key}={}", member(value))).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_dictionary_is_read_and_written_as_it_was() {
        for text in [
            r#"sig1=("@method" "@query-param";name="Pet");created=1618884473;keyid="a\"b\\""#,
            "a=:aGVsbG8=:, b=-42, c=?0;x=*t/o",
            "sig=()",
        ] {
            assert_eq!(written(&dictionary(text).unwrap()), text);
        }
        assert_eq!(dictionary("a,\tb;c").unwrap().len(), 2);
        assert_eq!(dictionary(""), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_dictionary_is_not_read_by_halves() {
        for text in [
            "a=1,",
            "a=1 b=2",
            "A=1",
            "a=\"x",
            "a=\"\\n\"",
            "a=:x:",
            "a=:aGVsbG8:",
            "a=1.5",
            "a=1234567890123456",
            "a=(1",
            "a=(1\"x\")",
            "a=1;x=1;x=2",
            "a=1, a=2",
            "a=?2",
            "a=\u{e9}",
            "a=\"\u{7f}\"",
            "=1",
            "a=",
            ",a=1",
        ] {
            assert_eq!(dictionary(text), None, "{text}");
        }
    }

    fn bare() -> impl Strategy<Value = Bare> {
        prop_oneof![
            (-999_999_999_999_999i64..=999_999_999_999_999).prop_map(Bare::Integer),
            "[ -~]{0,12}".prop_map(Bare::Text),
            "[a-zA-Z*][a-zA-Z0-9!#$%&'*+.^_`|~:/-]{0,8}".prop_map(Bare::Token),
            proptest::collection::vec(any::<u8>(), 0..9).prop_map(Bare::Bytes),
            any::<bool>().prop_map(Bare::Boolean),
        ]
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[a-b=;,:()\"\\\\?0-2 \t.*é-]{0,40}") {
            let _ = dictionary(&text);
        }

        #[test]
        fn what_is_written_is_read_as_the_same(items in proptest::collection::vec((bare(), proptest::option::of(bare())), 0..4)) {
            let items: Vec<Item> = items.into_iter().map(|(bare, parameter)| (bare, parameter.map(|p| ("p".to_owned(), p)).into_iter().collect())).collect();
            let members = vec![("l".to_owned(), Member::List(items, vec![]))];
            prop_assert_eq!(dictionary(&written(&members)), Some(members));
        }
    }
}
