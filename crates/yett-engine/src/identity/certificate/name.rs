//! Distinguished names, read from certificates (RFC 5280 section 4.1.2.4) and from their written form (RFC 4514).

use crate::der::Der;
use std::fmt;

const SET: u8 = 0x31;
const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;

/// Types that have a short name: those of RFC 4514 section 3, and what certificate tools write besides.
const TYPES: [(&str, &str); 16] = [
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("TITLE", "2.5.4.12"),
    ("POSTALCODE", "2.5.4.17"),
    ("GN", "2.5.4.42"),
    ("DNQUALIFIER", "2.5.4.46"),
    ("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
];
const EMAIL: (&str, &str) = ("EMAILADDRESS", "1.2.840.113549.1.9.1");

/// A type, as object identifier, and its value.
type Attribute = (String, String);

/// A distinguished name. The most specific part comes first, as RFC 4514 writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(Vec<Vec<Attribute>>);

impl Name {
    /// Reads a name in DER; `None` if a part of it is no text.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut parts: Vec<Vec<Attribute>> = Vec::new();
        let mut rest = Der(der);
        while let Some(set) = rest.read(SET) {
            let mut part = Vec::new();
            let mut pairs = Der(set);
            while let Some(pair) = pairs.read(SEQUENCE) {
                part.push(attribute(pair)?);
            }
            part.sort();
            parts.push(part);
            if !pairs.0.is_empty() {
                return None;
            }
        }
        parts.reverse();
        rest.0.is_empty().then_some(Self(parts))
    }

    /// Reads a written name: `CN=orders,O=Example Ltd`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = vec![Vec::new()];
        for (joint, pair) in split(text)? {
            if joint == ',' {
                parts.push(Vec::new());
            }
            let pair = written(&pair)?;
            parts.last_mut().into_iter().for_each(|part: &mut Vec<Attribute>| part.push(pair.clone()));
        }
        parts.iter_mut().for_each(|part| part.sort());
        Ok(Self(parts))
    }
}

/// The pairs of a name, each with what joins it to the one before.
fn split(text: &str) -> Result<Vec<(char, String)>, String> {
    let mut pairs = vec![('+', String::new())];
    let mut escaped = false;
    for character in text.chars() {
        match character {
            ',' | '+' if !escaped => pairs.push((character, String::new())),
            _ => pairs.last_mut().into_iter().for_each(|(_, pair)| pair.push(character)),
        }
        escaped = character == '\\' && !escaped;
    }
    if escaped { Err("it ends in the middle of an escape".to_owned()) } else { Ok(pairs) }
}

fn written(pair: &str) -> Result<Attribute, String> {
    let (kind, value) = pair.split_once('=').ok_or_else(|| format!("`{}` is no `TYPE=value`", pair.trim()))?;
    let kind = kind.trim();
    let upper = kind.to_ascii_uppercase();
    let known = TYPES.iter().chain([&EMAIL]).find(|(short, _)| *short == upper).map(|(_, id)| (*id).to_owned());
    let is_id = kind.contains('.') && kind.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let kind = known.or_else(|| is_id.then(|| kind.to_owned())).ok_or_else(|| format!("`{kind}` is no type of a name"))?;
    match unescape(value) {
        Some(value) if !value.is_empty() => Ok((kind, value)),
        _ => Err(format!("the value of `{}` cannot be read", pair.trim())),
    }
}

/// RFC 4514 section 3: `\` before a character, or before two hex digits of a byte. Spaces around the value are not part
/// of it unless they are escaped.
fn unescape(value: &str) -> Option<String> {
    let value = value.trim_start_matches(' ');
    let (mut bytes, mut kept) = (Vec::new(), 0);
    let mut rest = value.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => {
                let text = rest.as_str();
                match text.get(..2).filter(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                    Some(two) => {
                        bytes.push(u8::from_str_radix(two, 16).ok()?);
                        rest = text.get(2..)?.chars();
                    }
                    None => bytes.extend_from_slice(rest.next()?.encode_utf8(&mut [0; 4]).as_bytes()),
                }
                kept = bytes.len();
            }
            '"' | ';' | '<' | '>' => return None,
            ' ' => bytes.push(b' '),
            other => {
                bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                kept = bytes.len();
            }
        }
    }
    bytes.truncate(kept);
    String::from_utf8(bytes).ok()
}

fn attribute(pair: &[u8]) -> Option<Attribute> {
    let mut pair = Der(pair);
    let kind = object_id(pair.read(OBJECT_ID)?)?;
    let (tag, value) = pair.next()?;
    pair.0.is_empty().then_some((kind, text(tag, value)?))
}

/// A value of one of the string types; what is written in another is not compared, and so is never equal.
fn text(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        // UTF8String, NumericString, PrintableString, IA5String
        0x0C | 0x12 | 0x13 | 0x16 => String::from_utf8(value.to_vec()).ok(),
        // BMPString
        0x1E => {
            let units = value.chunks(2).map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
        }
        _ => None,
    }
}

fn object_id(content: &[u8]) -> Option<String> {
    let mut arcs = Vec::new();
    let mut arc: u64 = 0;
    for byte in content {
        arc = arc.checked_mul(128)? | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    let first = *arcs.first()?;
    let top = (first / 40).min(2);
    let others = arcs.iter().skip(1).map(|arc| format!(".{arc}"));
    Some(format!("{top}.{}{}", first - 40 * top, others.collect::<String>()))
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            for (number, (kind, value)) in part.iter().enumerate() {
                let joint = if number > 0 { "+" } else { "," };
                let joint = if index + number == 0 { "" } else { joint };
                let kind = TYPES.iter().chain([&EMAIL]).find(|(_, id)| id == kind).map_or(&**kind, |(short, _)| short);
                write!(formatter, "{joint}{kind}={}", escape(value))?;
            }
        }
        Ok(())
    }
}

fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for (at, character) in value.char_indices() {
        let at_edge = at == 0 || at + 1 == value.len();
        if ",+\"\\<>;=".contains(character) || (character == ' ' && at_edge) || (character == '#' && at == 0) {
            escaped.push('\\');
        }
        match character.is_control() {
            true => character.to_string().bytes().for_each(|byte| escaped.push_str(&format!("\\{byte:02X}"))),
            false => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `C=GB, O=Example, Ltd, CN=orders` in the order of a certificate.
    const DER: &[u8] = b"\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02GB\x31\x15\x30\x13\x06\x03\x55\x04\x0a\x0c\x0cExample, Ltd\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x0c\x06orders";

    #[test]
    fn a_name_is_written_the_most_specific_part_first() {
        assert_eq!(Name::from_der(DER).unwrap().to_string(), "CN=orders,O=Example\\, Ltd,C=GB");
    }

    #[test]
    fn spelling_does_not_tell_names_apart_but_values_do() {
        let name = Name::from_der(DER).unwrap();
        for same in ["CN=orders,O=Example\\, Ltd,C=GB", "cn = orders , 2.5.4.10=Example\\2c Ltd, C=GB"] {
            assert_eq!(Name::parse(same).unwrap(), name, "{same}");
        }
        for other in ["CN=orders", "CN=Orders,O=Example\\, Ltd,C=GB", "C=GB,O=Example\\, Ltd,CN=orders", "CN=orders+C=GB"] {
            assert_ne!(Name::parse(other).unwrap(), name, "{other}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in ["", "orders", "CN=", "CN=a,", "XX=a", "CN=a\\", "CN=\"a\"", "2.=a", "CN=\\ff"] {
            assert!(Name::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn parts_in_strings_of_no_known_kind_are_no_name() {
        let mut teletex = DER.to_vec();
        teletex[9] = 0x14;
        assert_eq!(Name::from_der(&teletex), None);
    }

    proptest! {
        #[test]
        fn reading_a_name_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), text in "\\PC{0,40}") {
            let _ = Name::from_der(&bytes);
            let _ = Name::parse(&text);
        }

        #[test]
        fn what_is_written_is_read_as_the_same(values in proptest::collection::vec("\\PC{1,12}", 1..4)) {
            let name = Name(values.into_iter().map(|value| vec![("2.5.4.3".to_owned(), value)]).collect());
            prop_assert_eq!(Name::parse(&name.to_string()).unwrap(), name);
        }
    }
}
