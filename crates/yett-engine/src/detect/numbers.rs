//! What is written as a number: payment cards, national ids of digits, phone numbers.

use super::checks::{luhn, weighted};
use super::contacts::is_phone;
use super::{Found, Kind, Kinds, ends_word, found, identities};

/// Fewest and most digits of anything that is looked for.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=19;
/// Most groups that such a number is written in.
const MOST_GROUPS: usize = 7;
/// Most characters that such a number takes with what stands between its digits.
const LONGEST: usize = 40;

/// Digits that stand together, and what stands between them.
pub(super) struct Written<'t> {
    /// All of it.
    pub(super) text: &'t [u8],
    /// The digits as numbers.
    pub(super) digits: Vec<u8>,
    /// How many digits stand in each group.
    pub(super) groups: Vec<usize>,
}

/// The number that begins at a place: of those that can end at different groups, the longest that is something.
pub(super) fn at(bytes: &[u8], at: usize, kinds: Kinds) -> Option<Found> {
    let ends = ends(bytes, at);
    ends.iter().rev().find_map(|end| {
        let text = bytes.get(at..*end)?;
        let written = Written::read(text);
        let kind = kind(&written, kinds)?;
        found(kinds, kind, at..*end)
    })
}

/// Where the number that begins at a place may end: behind each of its groups.
fn ends(bytes: &[u8], at: usize) -> Vec<usize> {
    let mut ends = Vec::new();
    let (mut digits, mut groups, mut end) = (0, 0, at);
    let window = bytes.len().min(at + LONGEST);
    while end < window && digits <= *DIGITS.end() && groups < MOST_GROUPS {
        let group = bytes.get(end..window).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits += group;
        groups += usize::from(group > 0);
        end += group;
        if group > 0 && DIGITS.contains(&digits) && ends_word(bytes, end) {
            ends.push(end);
        }
        let between = bytes.get(end..window).unwrap_or_default().iter().take(2).take_while(|byte| is_between(**byte)).count();
        if between == 0 {
            break;
        }
        end += between;
    }
    ends
}

fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/' | b'+')
}

impl<'t> Written<'t> {
    fn read(text: &'t [u8]) -> Self {
        let digits = text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').collect();
        let groups = text.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).filter(|length| *length > 0).collect();
        Self { text, digits, groups }
    }

    /// Whether nothing but this stands between the groups.
    pub(super) fn is_parted_by(&self, allowed: &[u8]) -> bool {
        self.text.iter().all(|byte| byte.is_ascii_digit() || allowed.contains(byte))
    }
}

fn kind(written: &Written<'_>, kinds: Kinds) -> Option<Kind> {
    if kinds.has(Kind::Card) && is_card(written) {
        return Some(Kind::Card);
    }
    if let Some(kind) = identities::number(written, kinds) {
        return Some(kind);
    }
    (kinds.has(Kind::Phone) && is_phone(written.text, written.digits.len())).then_some(Kind::Phone)
}

/// A payment card: written in one or as cards are printed, with the length and beginning of an issuer, and its checksum.
fn is_card(written: &Written<'_>) -> bool {
    let printed = matches!(*written.groups.as_slice(), [_] | [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 4, 3]);
    printed && written.is_parted_by(b" -") && is_issued(&written.digits) && luhn(&written.digits)
}

/// Whether an issuer has cards of this length that begin so. Of the blocks 35 and 22 parts are given out; what is made for
/// tests is often of the rest of 35, which is nobody else's.
fn is_issued(digits: &[u8]) -> bool {
    let begin = |count: usize| digits.iter().take(count).fold(0_u32, |number, digit| number * 10 + u32::from(*digit));
    let (one, two, three, four) = (begin(1), begin(2), begin(3), begin(4));
    match digits.len() {
        12 => matches!(two, 50 | 56..=58 | 67) || matches!(four, 6304 | 6390),
        13 => one == 4 || matches!(two, 50 | 56..=58 | 67),
        14 => matches!(three, 300..=305 | 309) || matches!(two, 36 | 38 | 39),
        15 => matches!(two, 34 | 37) || matches!(four, 1800 | 2131),
        16 => {
            one == 4
                || matches!(two, 35 | 36 | 38 | 39 | 50..=58 | 60..=65 | 67 | 81 | 82)
                || matches!(four, 2200..=2204 | 2221..=2720)
        }
        17..=19 => one == 4 || matches!(two, 50 | 56..=58 | 60 | 62 | 64 | 65 | 67) || matches!(four, 2200..=2204 | 3528..=3589),
        _ => false,
    }
}

/// The remainder that checks numbers by eleven.
pub(super) fn rest_of_11(digits: &[u8], weights: impl Iterator<Item = u32>) -> u32 {
    weighted(digits, weights) % 11
}
