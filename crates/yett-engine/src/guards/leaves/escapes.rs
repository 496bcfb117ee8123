//! Percent-encoding, read as the most forgiving reader would.

use std::borrow::Cow;

/// The value of a hexadecimal digit.
pub(crate) fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Text without its percent-encoding (`plus`: and with spaces for `+`); what is no encoding stays as it is.
pub(crate) fn percent(text: &str, plus: bool) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    if memchr::memchr2(b'%', if plus { b'+' } else { b'%' }, bytes).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        let pair = || Some(hex(*after.first()?)? << 4 | hex(*after.get(1)?)?);
        match (byte, (byte == b'%').then(pair).flatten()) {
            (_, Some(decoded)) => {
                out.push(decoded);
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) if plus => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        rest = after;
    }
    Cow::Owned(text_of(out))
}

/// Bytes as text: what is not UTF-8 is taken for overlong UTF-8 of ASCII where it is that, and for Latin-1 otherwise.
pub(crate) fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|broken| leniently(broken.as_bytes()))
}

fn leniently(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                break;
            }
            Err(error) => {
                let (valid, broken) = rest.split_at(error.valid_up_to());
                text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                let (character, length) = broken_character(broken);
                text.push(character);
                rest = broken.get(length..).unwrap_or_default();
            }
        }
    }
    text
}

/// The character that begins broken UTF-8, and how many bytes it takes.
fn broken_character(bytes: &[u8]) -> (char, usize) {
    let follow = |at: usize| bytes.get(at).map(|&byte| u32::from(byte & 0x3f));
    let overlong = match bytes {
        [lead @ 0xc0..=0xc1, _, ..] => follow(1).map(|low| (u32::from(lead & 1) << 6 | low, 2)),
        [0xe0, 0x80..=0x81, ..] => follow(1).zip(follow(2)).map(|(high, low)| ((high & 1) << 6 | low, 3)),
        [0xf0, 0x80, 0x80..=0x81, ..] => follow(2).zip(follow(3)).map(|(high, low)| ((high & 1) << 6 | low, 4)),
        _ => None,
    };
    let read = overlong.and_then(|(code, length)| Some((char::from_u32(code)?, length)));
    read.unwrap_or((char::from(bytes.first().copied().unwrap_or(b'?')), 1))
}
