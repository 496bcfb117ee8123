//! Reading the pepper: hex, base64, or a file with either.

use crate::error::Error;
use crate::options::Secret;
use data_encoding::{BASE64_NOPAD, HEXLOWER_PERMISSIVE};
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
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().or_else(|| decode_base64(text))
}

/// Base64 with either alphabet, padding optional (RFC 4648). Text with a dot or another character is no base64, and
/// text shorter than a pepper is more likely a file name.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    if text.len() - unpadded.len() > 2 || unpadded.len() < 43 || Path::new(text).is_file() {
        return None;
    }
    let mut base64 = BASE64_NOPAD.specification();
    base64.check_trailing_bits = false;
    base64.translate.from.push_str("-_");
    base64.translate.to.push_str("+/");
    base64.encoding().ok()?.decode(unpadded.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64, BASE64URL};

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
    fn any_characters_of_base64_are_bytes() {
        assert_eq!(decode_base64(&"z".repeat(43)).map(|bytes| bytes.len()), Some(32));
        assert_eq!(decode_base64(&"z".repeat(45)), None);
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
            for text in [BASE64.encode(&bytes), BASE64_NOPAD.encode(&bytes), BASE64URL.encode(&bytes)] {
                proptest::prop_assert_eq!(decode_base64(&text), Some(bytes.clone()));
            }
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,100}") {
            let _ = decode(&text);
        }
    }
}
