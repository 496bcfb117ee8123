//! Checksums. Digits are numbers from 0 to 9, not characters.

/// ISO/IEC 7812: payment cards.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().map(|(index, digit)| luhn_part(index, *digit)).sum();
    sum.is_multiple_of(10)
}

/// The digit behind `digits` with which they pass [`luhn`].
pub(crate) fn luhn_digit(digits: &[u8]) -> u8 {
    let sum: u32 = digits.iter().rev().enumerate().map(|(index, digit)| luhn_part(index + 1, *digit)).sum();
    ((10 - sum % 10) % 10) as u8
}

fn luhn_part(index: usize, digit: u8) -> u32 {
    let digit = u32::from(digit);
    match index % 2 {
        0 => digit,
        _ if digit > 4 => digit * 2 - 9,
        _ => digit * 2,
    }
}

/// ISO/IEC 7064 MOD 97-10, the sum of numbers below 100 one after the other.
pub(crate) fn mod_97(values: impl Iterator<Item = u32>) -> u32 {
    values.fold(0, |rest, value| if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 })
}

/// The weighted sum of digits.
pub(crate) fn weighted(digits: &[u8], weights: impl Iterator<Item = u32>) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

/// ISO/IEC 7064 MOD 11,10: the last digit checks the others.
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10_u32, |product, digit| {
        let sum = match (u32::from(*digit) + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    (11 - product) % 10 == u32::from(*check)
}

/// Verhoeff's check over the dihedral group of order ten.
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    let rest = digits.iter().rev().enumerate().fold(0_u8, |rest, (place, digit)| multiply(rest, permute(*digit, place % 8)));
    rest == 0
}

/// The product of two elements: 0 to 4 are turns, 5 to 9 turns after a flip.
fn multiply(one: u8, other: u8) -> u8 {
    match (one < 5, other < 5) {
        (true, true) => (one + other) % 5,
        (true, false) => (one + other - 5) % 5 + 5,
        (false, true) => (one + 5 - other) % 5 + 5,
        (false, false) => (one + 5 - other) % 5,
    }
}

/// A digit permuted as often as its place says.
fn permute(digit: u8, times: usize) -> u8 {
    const ONCE: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    (0..times).fold(digit, |digit, _| ONCE.get(usize::from(digit)).copied().unwrap_or(0))
}
