//! Encodings undone until the text stays as it is: whoever reads a value after us may undo them too.

use crate::guards::leaves::{hex, text_of};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use std::borrow::Cow;

/// Most encodings around a text that are undone; real attacks have two or three.
const ROUNDS: usize = 5;
/// Shortest text that is taken for base64.
const SHORTEST_BASE64: usize = 12;

/// What begins an encoding: `%`, `&` and `\`, and characters beyond ASCII that look like ones of it.
pub(super) fn is_encoded(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'%' | b'&' | b'\\') || byte >= 0x80)
}

/// The text without any encoding, if that is another text.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut current = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        match once(&current) {
            Some(next) if next != *current => current = Cow::Owned(next),
            _ => break,
        }
    }
    match current {
        Cow::Owned(changed) if changed != text => Some(changed),
        _ => None,
    }
}

/// One layer of every encoding there is in the text.
fn once(text: &str) -> Option<String> {
    if !is_encoded(text) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(&byte) = rest.first() {
        let read = match byte {
            b'%' => percent(rest),
            b'&' => entity(rest),
            b'\\' => escape(rest),
            0x80.. => lookalike(rest),
            _ => None,
        };
        let length = match read {
            Some((character, length)) => {
                push(&mut out, character);
                length
            }
            None => {
                out.push(byte);
                1
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Some(text_of(out))
}

/// Characters of one byte are kept as that byte: bytes of UTF-8 may each have been encoded.
enum Read {
    Byte(u8),
    Character(char),
}

fn push(out: &mut Vec<u8>, read: Read) {
    match read {
        Read::Byte(byte) => out.push(byte),
        Read::Character(character) => out.extend_from_slice(folded(character).encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, radix).ok())
}

fn character(code: u32) -> Read {
    Read::Character(char::from_u32(code).unwrap_or('\u{fffd}'))
}

/// `%27`, `%u0027`.
fn percent(text: &[u8]) -> Option<(Read, usize)> {
    if let [_, b'u' | b'U', digits @ ..] = text {
        let digits = digits.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
        return Some((character(number(digits, 16)?), 6));
    }
    let [_, high, low, ..] = text else { return None };
    Some((Read::Byte(hex(*high)? << 4 | hex(*low)?), 3))
}

/// `\u0027`, `\u{27}`, `\x27`.
fn escape(text: &[u8]) -> Option<(Read, usize)> {
    match text {
        [_, b'u', b'{', rest @ ..] => {
            let length = rest.iter().take(7).position(|&byte| byte == b'}')?;
            Some((character(number(rest.get(..length)?, 16)?), length + 4))
        }
        [_, b'u' | b'U', rest @ ..] => {
            let digits = rest.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
            Some((character(number(digits, 16)?), 6))
        }
        [_, b'x', high, low, ..] => Some((Read::Byte(hex(*high)? << 4 | hex(*low)?), 4)),
        _ => None,
    }
}

/// Named references that hide what matters.
const ENTITIES: [(&str, char); 30] = [
    ("lt", '<'),
    ("gt", '>'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("colon", ':'),
    ("sol", '/'),
    ("bsol", '\\'),
    ("lpar", '('),
    ("rpar", ')'),
    ("tab", '\t'),
    ("newline", '\n'),
    ("nbsp", ' '),
    ("period", '.'),
    ("comma", ','),
    ("equals", '='),
    ("excl", '!'),
    ("num", '#'),
    ("lcub", '{'),
    ("lbrace", '{'),
    ("rcub", '}'),
    ("rbrace", '}'),
    ("grave", '`'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("semi", ';'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("ast", '*'),
    ("plus", '+'),
];

/// `&#39;`, `&#x27`, `&quot;`.
fn entity(text: &[u8]) -> Option<(Read, usize)> {
    let semicolon = |end: usize| end + usize::from(text.get(end) == Some(&b';'));
    if let [_, b'#', rest @ ..] = text {
        let (radix, skipped) = if matches!(rest.first(), Some(b'x' | b'X')) { (16, 1) } else { (10, 0) };
        let digits = rest.get(skipped..)?;
        let length = digits.iter().take(10).take_while(|byte| char::from(**byte).is_digit(radix)).count();
        let code = number(digits.get(..length)?, radix)?;
        return Some((character(code), semicolon(2 + skipped + length)));
    }
    let name = text.get(1..)?;
    let length = name.iter().take(8).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let end = 1 + length;
    // Without a semicolon `&lt` is one too, but so is the rest of a query: `a&num=1`.
    let known =
        ENTITIES.iter().find(|(known, _)| name.get(..length).is_some_and(|name| name.eq_ignore_ascii_case(known.as_bytes())))?;
    (text.get(end) == Some(&b';')).then_some((Read::Character(known.1), end + 1))
}

/// A character beyond ASCII that is folded to one of it.
fn lookalike(text: &[u8]) -> Option<(Read, usize)> {
    let length = match text.first()? {
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => return None,
    };
    let character = std::str::from_utf8(text.get(..length)?).ok()?.chars().next()?;
    (folded(character) != character).then_some((Read::Character(character), length))
}

/// Full-width forms and what databases and file systems take for ASCII.
fn folded(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{2bc}' | '\u{2032}' => '\'',
        '\u{2215}' | '\u{2044}' | '\u{efc8}' | '\u{f025}' => '/',
        '\u{2216}' => '\\',
        _ => character,
    }
}

/// What stands in base64, if the whole text is that and what stands in it is text.
pub(super) fn from_base64(text: &str) -> Option<String> {
    let text = text.trim_end_matches('=');
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    if text.len() < SHORTEST_BASE64 || text.len() % 4 == 1 || !text.bytes().all(alphabet) {
        return None;
    }
    let encoding = if text.contains(['-', '_']) { BASE64URL_NOPAD } else { BASE64_NOPAD };
    let decoded = String::from_utf8(encoding.decode(text.as_bytes()).ok()?).ok()?;
    let printable = |character: char| !character.is_control() || matches!(character, '\t' | '\n' | '\r');
    decoded.chars().all(printable).then_some(decoded)
}
