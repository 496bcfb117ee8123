//! National ids: of digits, and of letters and digits. All but the American and the British one have a checksum.

use super::checks::{mod_11_10, mod_97, verhoeff, weighted};
use super::numbers::{Written, rest_of_11};
use super::{Found, Kind, Kinds, ends_word, found};

/// Which id a number is.
pub(super) fn number(written: &Written<'_>, kinds: Kinds) -> Option<Kind> {
    type Check = fn(&Written<'_>) -> bool;
    const CHECKS: [(Kind, Check); 7] = [
        (Kind::UsSsn, is_ssn),
        (Kind::FrNir, is_nir),
        (Kind::BrCpf, is_cpf),
        (Kind::PlPesel, is_pesel),
        (Kind::DeTax, is_steuer_id),
        (Kind::InAadhaar, is_aadhaar),
        (Kind::NlBsn, is_bsn),
    ];
    CHECKS.iter().find(|(kind, check)| kinds.has(*kind) && check(written)).map(|(kind, _)| *kind)
}

fn value(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |number, digit| number * 10 + u32::from(*digit))
}

/// Written in its three groups: without them it is any number.
fn is_ssn(written: &Written<'_>) -> bool {
    let [a, b, c, d, e, serial @ ..] = written.digits.as_slice() else { return false };
    let (area, group) = (value(&[*a, *b, *c]), value(&[*d, *e]));
    written.groups == [3, 2, 4]
        && written.is_parted_by(b"- ")
        && !matches!(area, 0 | 666 | 900..)
        && group != 0
        && value(serial) != 0
}

/// Sex, year, month, department, municipality, number, and the key.
fn is_nir(written: &Written<'_>) -> bool {
    let (Some(body), Some(key)) = (written.digits.get(..13), written.digits.get(13..)) else { return false };
    let month = value(body.get(3..5).unwrap_or_default());
    key.len() == 2
        && matches!(body.first(), Some(1 | 2))
        && matches!(month, 1..=12 | 20..=42 | 50..)
        && written.is_parted_by(b" ")
        && 97 - mod_97(body.iter().map(|digit| u32::from(*digit))) == value(key)
}

fn is_cpf(written: &Written<'_>) -> bool {
    let digits = written.digits.as_slice();
    let check = |length: usize| {
        let rest = weighted(digits.get(..length).unwrap_or_default(), (2..=length as u32 + 1).rev()) * 10 % 11 % 10;
        digits.get(length).is_some_and(|digit| u32::from(*digit) == rest)
    };
    digits.len() == 11
        && digits.windows(2).any(|pair| pair.first() != pair.last())
        && matches!(*written.groups.as_slice(), [11] | [3, 3, 3, 2])
        && written.is_parted_by(b".-")
        && check(9)
        && check(10)
}

/// The month tells the century, so that few numbers are dates.
fn is_pesel(written: &Written<'_>) -> bool {
    let digits = written.digits.as_slice();
    let (month, day) = (value(digits.get(2..4).unwrap_or_default()), value(digits.get(4..6).unwrap_or_default()));
    written.groups == [11]
        && (1..=12).contains(&(month % 20))
        && (1..=31).contains(&day)
        && weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1].into_iter()) % 10 == 0
}

/// One of the first ten digits is there twice or three times, and the others once.
fn is_steuer_id(written: &Written<'_>) -> bool {
    let digits = written.digits.as_slice();
    let Some(body) = digits.get(..10) else { return false };
    let counts = (0..10_u8).map(|digit| body.iter().filter(|one| **one == digit).count());
    let repeated: Vec<usize> = counts.filter(|count| *count > 1).collect();
    digits.len() == 11
        && matches!(*written.groups.as_slice(), [11] | [2, 3, 3, 3])
        && written.is_parted_by(b" ")
        && digits.first() != Some(&0)
        && matches!(repeated.as_slice(), [2] | [3])
        && mod_11_10(digits)
}

fn is_aadhaar(written: &Written<'_>) -> bool {
    written.digits.len() == 12
        && matches!(*written.groups.as_slice(), [12] | [4, 4, 4])
        && written.is_parted_by(b" -")
        && written.digits.first().is_some_and(|first| *first > 1)
        && verhoeff(&written.digits)
}

fn is_bsn(written: &Written<'_>) -> bool {
    let digits = written.digits.as_slice();
    let (Some(body), Some(last)) = (digits.get(..8), digits.get(8)) else { return false };
    let sum = weighted(body, (2..=9).rev());
    digits.len() == 9
        && written.groups == [9]
        && value(digits) != 0
        && sum % 11 == u32::from(*last)
        && rest_of_11(body, (2..=9).rev()) != 10
}

/// The id of letters and digits that begins at a place.
pub(super) fn word(bytes: &[u8], at: usize, kinds: Kinds) -> Option<Found> {
    type Check = fn(&[u8]) -> bool;
    const CHECKS: [(Kind, usize, Check); 3] =
        [(Kind::ItCodice, 16, is_codice), (Kind::EsDni, 9, is_nie), (Kind::UkNino, 9, is_nino)];
    CHECKS.iter().filter(|(kind, ..)| kinds.has(*kind)).find_map(|(kind, length, check)| {
        let (word, end) = compact(bytes, at, *length, *kind == Kind::UkNino)?;
        (ends_word(bytes, end) && check(&word)).then_some(())?;
        found(kinds, *kind, at..end)
    })
}

/// The eight digits and the letter of a Spanish id, which begins as a number.
pub(super) fn dni(bytes: &[u8], at: usize, kinds: Kinds) -> Option<Found> {
    let word = bytes.get(at..at + 9).filter(|_| kinds.has(Kind::EsDni))?;
    let (letter, digits) = word.split_last()?;
    let digits = digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().map(|byte| byte - b'0').collect::<Vec<_>>())?;
    (ends_word(bytes, at + 9) && control(value(&digits)) == Some(letter.to_ascii_uppercase())).then_some(())?;
    found(kinds, Kind::EsDni, at..at + 9)
}

/// So many letters and digits, single spaces left out where they may stand, and where they end.
fn compact(bytes: &[u8], at: usize, length: usize, spaced: bool) -> Option<(Vec<u8>, usize)> {
    let (mut word, mut end) = (Vec::with_capacity(length), at);
    while word.len() < length {
        match *bytes.get(end)? {
            byte if byte.is_ascii_alphanumeric() => word.push(byte.to_ascii_uppercase()),
            b' ' if spaced && word.len() >= 2 && bytes.get(end.checked_sub(1)?) != Some(&b' ') => {}
            _ => return None,
        }
        end += 1;
    }
    Some((word, end))
}

fn control(number: u32) -> Option<u8> {
    b"TRWAGMYFPDXBNJZSQVHLCKE".get((number % 23) as usize).copied()
}

fn is_nie(word: &[u8]) -> bool {
    let [first @ b'X'..=b'Z', digits @ .., letter] = word else { return false };
    let mut number = u32::from(first - b'X');
    for digit in digits {
        if !digit.is_ascii_digit() {
            return false;
        }
        number = number * 10 + u32::from(digit - b'0');
    }
    control(number) == Some(*letter)
}

/// Two letters of those that are given out, six digits, and A to D.
fn is_nino(word: &[u8]) -> bool {
    let [first, second, digits @ .., last] = word else { return false };
    let never = [*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"];
    first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(first)
        && !b"DFIQUVO".contains(second)
        && !never.contains(&[*first, *second])
        && digits.iter().all(u8::is_ascii_digit)
        && (b'A'..=b'D').contains(last)
}

/// Letters of the names, the date of birth, the place, and a letter that checks them.
fn is_codice(word: &[u8]) -> bool {
    const LETTERS: [usize; 7] = [0, 1, 2, 3, 4, 5, 8];
    const ODD: [u8; 26] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let Some((check, body)) = word.split_last() else { return false };
    let formed = body.iter().enumerate().all(|(index, byte)| match LETTERS.contains(&index) || index == 11 {
        true => byte.is_ascii_uppercase(),
        // Letters stand for digits where two people would have the same id.
        false => byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte),
    });
    let letter = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte.saturating_sub(b'A') };
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(|(index, byte)| {
            let place = usize::from(letter(*byte));
            u32::from(if index % 2 == 0 { ODD.get(place).copied().unwrap_or(0) } else { place as u8 })
        })
        .sum();
    formed && word.len() == 16 && u32::from(letter(*check)) == sum % 26 && check.is_ascii_uppercase()
}
