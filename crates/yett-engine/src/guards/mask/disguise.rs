//! What stands in the place of a value that must not be seen.
//!
//! Digests and tokens are HMAC-SHA-256 under a key that the pepper gives: equal values of a class stay equal, so that
//! they can be joined and counted, and without the pepper nobody can try values. There is no vault: nobody, the gateway
//! neither, turns a token back. What keeps the form is no encryption either (not FF1): letters and digits are chosen by
//! the same keyed digest, in one way.

use crate::detect::luhn_digit;
use aws_lc_rs::hmac;
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use yett_model::snapshot::MaskBy;

/// What stands in the place of anything.
pub(super) const ASTERISKS: &str = "***";
/// Bytes of a digest that a token shows: 80 bits.
const TOKEN_BYTES: usize = 10;
/// Bytes of a digest that a digest shows: 128 bits.
const HASH_BYTES: usize = 16;

/// Makes values unrecognisable, by a key.
pub(super) struct Disguise(hmac::Key);

impl Disguise {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// What stands in the place of a text. What is dropped within a text is masked.
    pub(super) fn text(&self, by: MaskBy, class: &str, text: &str) -> String {
        match by {
            MaskBy::Drop | MaskBy::Mask => ASTERISKS.to_owned(),
            MaskBy::Hash => HEXLOWER.encode(self.digest("hash", class, text, 0).get(..HASH_BYTES).unwrap_or_default()),
            MaskBy::Tokenise => {
                let digest = self.digest("token", class, text, 0);
                let code = BASE32_NOPAD.encode(digest.get(..TOKEN_BYTES).unwrap_or_default()).to_ascii_lowercase();
                format!("tok_{}_{code}", class.replace(['.', '-'], "_"))
            }
            MaskBy::FormatPreserving => self.alike(class, text),
        }
    }

    fn digest(&self, use_: &str, class: &str, text: &str, block: u32) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        for part in [use_, class, text] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.update(&block.to_be_bytes());
        context.sign().as_ref().to_vec()
    }

    /// A text as long, of the same kinds of characters in the same places. What passes the checksum of cards passes it.
    fn alike(&self, class: &str, text: &str) -> String {
        let mut block = 0;
        let mut stream = self.digest("form", class, text, block).into_iter();
        let mut next = |below: u8| loop {
            let Some(byte) = stream.next() else {
                block += 1;
                stream = self.digest("form", class, text, block).into_iter();
                continue;
            };
            // Bytes that would make some characters likelier than others are passed over.
            if byte < u8::MAX - u8::MAX % below {
                break byte % below;
            }
        };
        let replaced: String = text
            .chars()
            .map(|character| match character {
                '0'..='9' => char::from(b'0' + next(10)),
                'A'..='Z' => char::from(b'A' + next(26)),
                'a'..='z' => char::from(b'a' + next(26)),
                _ if character.is_alphanumeric() => char::from(b'a' + next(26)),
                other => other,
            })
            .collect();
        if is_card_like(text) { with_luhn(&replaced) } else { replaced }
    }
}

fn digits(text: &str) -> Vec<u8> {
    text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect()
}

fn is_card_like(text: &str) -> bool {
    let digits = digits(text);
    let parted = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-'));
    let checked = digits.split_last().is_some_and(|(last, body)| luhn_digit(body) == *last);
    parted && (12..=19).contains(&digits.len()) && checked
}

/// The text with its last digit replaced by the one that checks the others.
fn with_luhn(text: &str) -> String {
    let digits = digits(text);
    let check = digits.split_last().map_or(0, |(_, body)| luhn_digit(body));
    let last = text.rfind(|character: char| character.is_ascii_digit()).unwrap_or(0);
    let (before, after) = (text.get(..last).unwrap_or_default(), text.get(last + 1..).unwrap_or_default());
    format!("{before}{}{after}", char::from(b'0' + check))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn disguise() -> Disguise {
        Disguise::new(&[7; 32])
    }

    #[test]
    fn a_digest_or_token_is_the_same_for_the_same_value_class_and_key_only() {
        for by in [MaskBy::Hash, MaskBy::Tokenise, MaskBy::FormatPreserving] {
            let one = disguise().text(by, "pii.email", "a.reader@example.com");
            assert_eq!(one, disguise().text(by, "pii.email", "a.reader@example.com"));
            assert_ne!(one, disguise().text(by, "pii.name", "a.reader@example.com"));
            assert_ne!(one, disguise().text(by, "pii.email", "b.reader@example.com"));
            assert_ne!(one, Disguise::new(&[8; 32]).text(by, "pii.email", "a.reader@example.com"));
            assert!(!one.contains("reader"), "{one}");
        }
        assert!(disguise().text(MaskBy::Tokenise, "pii.email", "x").starts_with("tok_pii_email_"));
    }

    #[test]
    fn a_card_stays_a_card() {
        let alike = disguise().text(MaskBy::FormatPreserving, "pii.card", "4539 1488 0343 6467");
        assert!(is_card_like(&alike) && alike != "4539 1488 0343 6467", "{alike}");
        assert_eq!(alike.find(' '), Some(4));
    }

    proptest! {
        #[test]
        fn what_keeps_the_form_keeps_length_and_kinds(text in "\\PC{0,40}") {
            let alike = disguise().text(MaskBy::FormatPreserving, "pii", &text);
            prop_assert_eq!(alike.chars().count(), text.chars().count());
            for (was, is) in text.chars().zip(alike.chars()) {
                prop_assert_eq!(was.is_ascii_digit(), is.is_ascii_digit());
                prop_assert_eq!(was.is_ascii_uppercase(), is.is_ascii_uppercase());
                prop_assert!(was.is_alphanumeric() || was == is);
            }
        }
    }
}
