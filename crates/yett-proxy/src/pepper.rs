//! Reading the pepper: hex, base64, or a file with either.

use crate::error::Error;
use crate::options::Secret;
use std::path::Path;
use yett_engine::Pepper;

/// The pepper that an option names.
///
/// # Errors
/// `pepper-invalid`; the message says what was expected and never what was found.
pub(crate) fn read(secret: &Secret) -> Result<Pepper, Error> {
    let text = secret.reveal().trim();
    let bytes = match decode(text) {
        Some(bytes) => bytes,
        None if Path::new(text).is_file() => from_file(Path::new(text))?,
        None => return Err(Error::new("pepper-invalid", "the pepper is neither hex, base64 nor the path of a file")),
    };
    Pepper::new(&bytes).ok_or_else(|| {
        let message = format!("the pepper must have at least {} bytes: make one with `openssl rand -hex 32`", Pepper::MIN_BYTES);
        Error::new("pepper-invalid", message)
    })
}

fn from_file(path: &Path) -> Result<Vec<u8>, Error> {
    let invalid = |what: String| Error::new("pepper-invalid", format!("the pepper file {} {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| invalid(format!("cannot be read: {error}")))?;
    decode(text.trim()).ok_or_else(|| invalid("holds neither hex nor base64".to_owned()))
}

/// Hex first: 64 hex digits are 32 bytes even though they could be read as base64 too.
fn decode(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return None;
    }
    decode_hex(text).or_else(|| decode_base64(text))
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8)).collect())
}

/// Base64 with either alphabet, padding optional (RFC 4648). Text with a dot or another character is no base64, and
/// text shorter than a pepper is more likely a file name.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    if text.len() - unpadded.len() > 2 || unpadded.len() % 4 == 1 || unpadded.len() < 43 || Path::new(text).is_file() {
        return None;
    }
    let sextets: Option<Vec<u8>> = unpadded.bytes().map(sextet).collect();
    let sextets = sextets?;
    Some(sextets.chunks(4).flat_map(octets).collect())
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn octets(sextets: &[u8]) -> Vec<u8> {
    let bits = sextets.iter().fold(0u32, |bits, sextet| bits << 6 | u32::from(*sextet)) << (6 * (4 - sextets.len()));
    bits.to_be_bytes().into_iter().skip(1).take(sextets.len() - 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Option<String> {
        read(&Secret::new(text)).ok().map(|pepper| pepper.id().to_owned())
    }

    #[test]
    fn hex_and_base64_of_the_same_bytes_are_the_same_pepper() {
        let expected = Pepper::new(&[0xfb; 32]).unwrap().id().to_owned();
        assert_eq!(id(&"fb".repeat(32)), Some(expected.clone()));
        assert_eq!(id(&format!("{}s=", "+/v7".repeat(10) + "+/")), Some(expected.clone()));
        assert_eq!(id(&format!("{}s", "-_v7".repeat(10) + "-_")), Some(expected));
    }

    #[test]
    fn short_and_odd_peppers_are_refused_without_being_shown() {
        for wrong in ["", "ff", "not a pepper", "ümlaut", "/no/such/file"] {
            let error = read(&Secret::new(wrong)).unwrap_err();
            assert_eq!(error.code(), "pepper-invalid");
            assert!(wrong.is_empty() || wrong == "ff" || !error.message().contains(wrong), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn base64_gives_back_what_was_encoded(bytes in proptest::collection::vec(proptest::num::u8::ANY, 33..80)) {
            const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let mut text = String::new();
            for chunk in bytes.chunks(3) {
                let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
                for place in 0..=chunk.len() {
                    text.push(char::from(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize]));
                }
            }
            proptest::prop_assert_eq!(decode_base64(&text), Some(bytes));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,100}") {
            let _ = decode(&text);
        }
    }
}
