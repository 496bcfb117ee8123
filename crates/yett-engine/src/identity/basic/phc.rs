//! argon2id hashes in PHC form: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.

use data_encoding::BASE64_NOPAD;

/// Most memory that a hash may take, in KiB: it is taken for every check.
const MOST_MEMORY: u32 = 1 << 17;
const MOST_PASSES: u32 = 64;
const MOST_LANES: u32 = 16;

/// A hash with what it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phc {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Salt.
    pub salt: Vec<u8>,
    /// Hash.
    pub hash: Vec<u8>,
}

impl Phc {
    /// Reads a hash; `None` if it is none, is weak beyond use, or would cost too much to check.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut costs = costs.split(',');
        let memory = number(costs.next()?, "m=")?;
        let passes = number(costs.next()?, "t=")?;
        let lanes = number(costs.next()?, "p=")?;
        let salt = BASE64_NOPAD.decode(salt.as_bytes()).ok()?;
        let hash = BASE64_NOPAD.decode(hash.as_bytes()).ok()?;
        let sound = parts.next().is_none()
            && costs.next().is_none()
            && (1..=MOST_PASSES).contains(&passes)
            && (1..=MOST_LANES).contains(&lanes)
            && (8 * lanes..=MOST_MEMORY).contains(&memory)
            && (8..=64).contains(&salt.len())
            && (16..=64).contains(&hash.len());
        sound.then_some(Self { memory, passes, lanes, salt, hash })
    }

    /// What a check costs, to be compared.
    pub(crate) fn cost(&self) -> u64 {
        u64::from(self.memory) * u64::from(self.passes)
    }

    /// A hash of the same cost that no password has: nobody can choose what it hashes to.
    pub(crate) fn nobodys(&self) -> String {
        let (salt, hash) = (BASE64_NOPAD.encode(&self.salt), BASE64_NOPAD.encode(&vec![0; self.hash.len()]));
        format!("$argon2id$v=19$m={},t={},p={}${salt}${hash}", self.memory, self.passes, self.lanes)
    }
}

fn number(text: &str, name: &str) -> Option<u32> {
    let digits = text.strip_prefix(name)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OTAxMjM0NQ";

    #[test]
    fn a_hash_is_read_and_nobodys_costs_the_same() {
        let read = Phc::parse(HASH).unwrap();
        assert_eq!((read.memory, read.passes, read.lanes, &*read.salt), (19456, 2, 1, &b"somesalt"[..]));
        let nobodys = Phc::parse(&read.nobodys()).unwrap();
        assert_eq!((nobodys.cost(), nobodys.hash.len()), (read.cost(), read.hash.len()));
        assert_ne!(nobodys.hash, read.hash);
    }

    #[test]
    fn what_is_no_argon2id_or_costs_too_much_is_refused() {
        for (from, to) in [
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("m=19456", "m=4"),
            ("m=19456", "m=4194304"),
            ("t=2", "t=0"),
            ("t=2", "t=+2"),
            ("p=1", "p=1,x=1"),
            ("c29tZXNhbHQ", "c29"),
            ("NQ", "NQ$x"),
        ] {
            assert_eq!(Phc::parse(&HASH.replace(from, to)), None, "{to}");
        }
    }
}
