//! IBANs (ISO 13616): the length that the country has, and the checksum.

use super::checks::mod_97;
use super::{Found, Kind, Kinds, ends_word, found};

/// Length by country.
fn length(country: [u8; 2]) -> Option<usize> {
    Some(match &country {
        b"NO" => 15,
        b"BE" => 16,
        b"DK" | b"FO" | b"FI" | b"GL" | b"NL" | b"SD" | b"FK" => 18,
        b"MK" | b"SI" => 19,
        b"AT" | b"BA" | b"EE" | b"KZ" | b"LT" | b"LU" | b"XK" | b"MN" => 20,
        b"CH" | b"HR" | b"LI" | b"LV" => 21,
        b"BG" | b"BH" | b"CR" | b"DE" | b"GB" | b"GE" | b"IE" | b"ME" | b"RS" | b"VA" => 22,
        b"AE" | b"GI" | b"IL" | b"IQ" | b"TL" | b"SO" | b"OM" => 23,
        b"AD" | b"CZ" | b"ES" | b"MD" | b"PK" | b"RO" | b"SA" | b"SE" | b"SK" | b"TN" | b"VG" => 24,
        b"LY" | b"PT" | b"ST" => 25,
        b"IS" | b"TR" => 26,
        b"BI" | b"DJ" | b"FR" | b"GR" | b"IT" | b"MC" | b"MR" | b"SM" => 27,
        b"AL" | b"AZ" | b"BY" | b"CY" | b"DO" | b"GT" | b"HU" | b"LB" | b"NI" | b"PL" | b"SV" => 28,
        b"BR" | b"EG" | b"PS" | b"QA" | b"UA" => 29,
        b"JO" | b"KW" | b"MU" | b"YE" => 30,
        b"MT" | b"SC" => 31,
        b"LC" => 32,
        b"RU" => 33,
        _ => return None,
    })
}

/// The IBAN that begins at a place, in one word or in groups of four.
pub(super) fn at(bytes: &[u8], at: usize, kinds: Kinds) -> Option<Found> {
    if !kinds.has(Kind::Iban) {
        return None;
    }
    let head = bytes.get(at..at + 4)?;
    let [first, second, third, fourth] = *head else { return None };
    if !(second.is_ascii_alphabetic() && third.is_ascii_digit() && fourth.is_ascii_digit()) {
        return None;
    }
    let length = length([first.to_ascii_uppercase(), second.to_ascii_uppercase()])?;
    let (characters, end) = characters(bytes, at, length)?;
    let values = characters.iter().cycle().skip(4).take(length).map(|byte| value(*byte));
    (ends_word(bytes, end) && mod_97(values) == 1).then_some(())?;
    found(kinds, Kind::Iban, at..end)
}

/// So many letters and digits, spaces between groups of four left out, and where they end.
fn characters(bytes: &[u8], at: usize, length: usize) -> Option<(Vec<u8>, usize)> {
    let (mut found, mut end) = (Vec::with_capacity(length), at);
    while found.len() < length {
        match *bytes.get(end)? {
            byte if byte.is_ascii_alphanumeric() => found.push(byte.to_ascii_uppercase()),
            b' ' | b'-' if found.len() % 4 == 0 && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric) => {}
            _ => return None,
        }
        end += 1;
    }
    Some((found, end))
}

fn value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        _ => u32::from(byte.saturating_sub(b'A')) + 10,
    }
}
