//! API keys: `yett_<env>_<random>_<checksum>`.
//!
//! The fixed beginning and the checksum let a scanner recognise a leaked key offline; the checksum also lets the gateway
//! drop guesses without a look-up. Keys have far more entropy than any guesser can try, so a keyed fast hash
//! (HMAC-SHA-256, RFC 2104) protects them at rest; a slow one would only let callers exhaust the gateway.

use aws_lc_rs::{digest, hmac};

const RANDOM_LENGTH: usize = 40;
const CHECKSUM_LENGTH: usize = 6;
const PREFIX_RANDOM: usize = 8;
const MAX_ENV: usize = 16;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The secret that credential hashes are made with. It never leaves the process and is not printed.
pub struct Pepper {
    key: hmac::Key,
    id: String,
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pepper").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Pepper {
    /// Fewest bytes a pepper may have.
    pub const MIN_BYTES: usize = 32;

    /// A pepper from its bytes; `None` if there are fewer than [`Self::MIN_BYTES`].
    #[must_use]
    pub fn new(secret: &[u8]) -> Option<Self> {
        let id = digest::digest(&digest::SHA256, &[b"yett-pepper-id:", secret].concat());
        let id = id.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        (secret.len() >= Self::MIN_BYTES).then(|| Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret), id })
    }

    /// Public name of the pepper: first 16 hex digits of a hash of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether `hash` is this key's; in constant time.
    #[must_use]
    pub fn verify(&self, key: &str, hash: &[u8]) -> bool {
        hmac::verify(&self.key, key.as_bytes(), hash).is_ok()
    }

    /// The keyed hash of a key.
    #[must_use]
    pub fn hash(&self, key: &str) -> [u8; 32] {
        // HMAC-SHA-256 always has 32 bytes.
        hmac::sign(&self.key, key.as_bytes()).as_ref().try_into().unwrap_or_default()
    }
}

/// The public part of a well-formed key, by which it is looked up; `None` if the key is malformed.
#[must_use]
pub fn prefix(key: &str) -> Option<&str> {
    let (body, checksum) = key.rsplit_once('_')?;
    let (env, random) = body.strip_prefix("yett_")?.split_once('_')?;
    let well_formed = is_env(env) && random.len() == RANDOM_LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (well_formed && checksum.as_bytes() == checksum_of(body)).then_some(())?;
    key.get(.."yett_".len() + env.len() + 1 + PREFIX_RANDOM)
}

/// Whether a text has the form of a key's public part.
pub(crate) fn is_prefix(text: &str) -> bool {
    let parts = text.strip_prefix(START).and_then(|rest| rest.split_once('_'));
    parts.is_some_and(|(env, random)| {
        is_env(env) && random.len() == PREFIX_RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn is_env(env: &str) -> bool {
    (1..=MAX_ENV).contains(&env.len()) && env.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Fewest bytes a key can have.
/// How every key begins.
pub(crate) const START: &str = "yett_";
pub(crate) const SHORTEST: usize = "yett_x_".len() + RANDOM_LENGTH + 1 + CHECKSUM_LENGTH;

/// Whether a well-formed key stands anywhere in a text.
pub(crate) fn is_in(text: &str) -> bool {
    let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    text.match_indices("yett_").any(|(at, _)| {
        let rest = text.get(at..).unwrap_or("");
        prefix(rest.split(ends).next().unwrap_or("")).is_some()
    })
}

/// CRC-32 (ISO-HDLC) as six base-62 digits, most significant first.
fn checksum_of(body: &str) -> [u8; CHECKSUM_LENGTH] {
    let mut rest = crc32(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62.get(rest as usize % 62).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits
}

/// What four zero bits make of each value of the lowest four bits.
const CRC_STEPS: [u32; 16] = [
    0x0000_0000,
    0x1DB7_1064,
    0x3B6E_20C8,
    0x26D9_30AC,
    0x76DC_4190,
    0x6B6B_51F4,
    0x4DB2_6158,
    0x5005_713C, //
    0xEDB8_8320,
    0xF00F_9344,
    0xD6D6_A3E8,
    0xCB61_B38C,
    0x9B64_C2B0,
    0x86D3_D2D4,
    0xA00A_E278,
    0xBDBD_F21C,
];

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| crc >> 4 ^ CRC_STEPS.get((crc & 15) as usize).copied().unwrap_or_default();
    !bytes.iter().fold(!0, |crc: u32, byte| step(step(crc ^ u32::from(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(env: &str, random: &str) -> String {
        let body = format!("yett_{env}_{random}");
        format!("{body}_{}", std::str::from_utf8(&checksum_of(&body)).unwrap())
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_well_formed_key_has_a_prefix() {
        let key = key("live", &"Ab3".repeat(14)[..40]);
        assert_eq!(prefix(&key), Some("yett_live_Ab3Ab3Ab"));
    }

    #[test]
    fn a_key_is_found_wherever_it_stands() {
        let key = key("live", &"x".repeat(40));
        assert!(is_in(&key) && is_in(&format!("Bearer {key}, yett_")) && is_in(&format!("yett_{key}")));
        assert!(!is_in("yett_live_nothing") && !is_in(""));
        assert!(key.len() >= SHORTEST);
    }

    #[test]
    fn a_key_with_any_character_changed_is_malformed() {
        let good = key("live", &"x".repeat(40));
        for index in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[index] = if bytes[index] == b'Q' { b'R' } else { b'Q' };
            assert_eq!(prefix(std::str::from_utf8(&bytes).unwrap()), None, "{index}");
        }
    }

    #[test]
    fn odd_keys_are_malformed() {
        for bad in [
            "",
            "_",
            "yett_",
            "yett__x_000000",
            "yett_live_short_000000",
            &key("LIVE", &"x".repeat(40)),
            &key("a", &"é".repeat(20)),
        ] {
            assert_eq!(prefix(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_hash_verifies_only_its_own_key_and_pepper() {
        let pepper = Pepper::new(&[7; 32]).unwrap();
        let hash = pepper.hash("one");
        assert!(pepper.verify("one", &hash));
        assert!(!pepper.verify("two", &hash));
        assert!(!Pepper::new(&[8; 32]).unwrap().verify("one", &hash));
        assert!(!pepper.verify("one", &hash[..31]));
    }

    #[test]
    fn a_short_pepper_is_refused() {
        assert!(Pepper::new(&[1; 31]).is_none());
    }

    proptest::proptest! {
        #[test]
        fn reading_a_key_never_panics(text in "(yett_)?\\PC{0,70}") {
            let _ = prefix(&text);
        }
    }
}
