//! What a credential's use leaves behind: when it was last used, and from about how many networks.
//!
//! Sixteen bytes a credential, written without a lock, and only when they say something new: a key that is used all day
//! from one network costs two loads a request.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Keyed anew in each process: nobody can choose networks that look like one.
static HASHING: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// One use of a credential.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    minute: u32,
    bit: u64,
}

impl Use {
    /// A use at a Unix time in milliseconds, from the /24 or /48 of an address.
    #[must_use]
    pub fn new(unix_ms: u64, address: IpAddr) -> Self {
        let network = match address.to_canonical() {
            IpAddr::V4(v4) => u64::from(v4.to_bits() >> 8),
            IpAddr::V6(v6) => 1 << 63 | (v6.to_bits() >> 80) as u64,
        };
        Self { minute: u32::try_from(unix_ms / 60_000).unwrap_or(u32::MAX), bit: 1 << (HASHING.hash_one(network) % 64) }
    }
}

/// The traces of a credential's uses. A bit stands for a sixty-fourth of all networks: few of them are told apart well,
/// many are estimated (linear counting).
#[derive(Debug, Default)]
pub(crate) struct Marks {
    used: AtomicU32,
    since: AtomicU32,
    networks: AtomicU64,
}

/// What a use told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marked {
    /// About how many networks the credential was used from lately; `None` if this one was known.
    pub networks: Option<u32>,
}

impl Marks {
    /// Notes a use; what is older than `window` minutes no longer counts.
    pub(crate) fn note(&self, one: Use, window: u32) -> Marked {
        if self.used.load(Ordering::Relaxed) != one.minute {
            self.used.store(one.minute, Ordering::Relaxed);
            if one.minute.wrapping_sub(self.since.load(Ordering::Relaxed)) >= window {
                self.since.store(one.minute, Ordering::Relaxed);
                self.networks.store(0, Ordering::Relaxed);
            }
        }
        if self.networks.load(Ordering::Relaxed) & one.bit != 0 {
            return Marked::default();
        }
        let before = self.networks.fetch_or(one.bit, Ordering::Relaxed);
        Marked { networks: (before & one.bit == 0).then(|| estimate(before | one.bit)) }
    }

    /// Unix minute of the last use; 0 for never.
    pub(super) fn used(&self) -> u32 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes over what another's uses told.
    pub(super) fn inherit(&self, other: &Self) {
        for (mine, theirs) in [(&self.used, &other.used), (&self.since, &other.since)] {
            mine.fetch_max(theirs.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.networks.fetch_or(other.networks.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// About how many networks set these bits: `-64 ln(z / 64)` for `z` bits that are not set.
fn estimate(bits: u64) -> u32 {
    let unset = f64::from(bits.count_zeros().max(1));
    (-64.0 * (unset / 64.0).ln()).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn from(unix_ms: u64, address: &str) -> Use {
        Use::new(unix_ms, address.parse().unwrap())
    }

    #[test]
    fn a_network_counts_once_however_many_addresses_it_has() {
        let marks = Marks::default();
        assert_eq!(marks.note(from(60_000, "192.0.2.1"), 60), Marked { networks: Some(1) });
        for address in ["192.0.2.1", "192.0.2.250", "::ffff:192.0.2.9"] {
            assert_eq!(marks.note(from(60_000, address), 60), Marked::default(), "{address}");
        }
    }

    #[test]
    fn networks_are_forgotten_after_the_window() {
        let marks = Marks::default();
        marks.note(from(100 * 60_000, "192.0.2.1"), 60);
        assert_eq!(marks.note(from(159 * 60_000, "192.0.2.1"), 60).networks, None);
        assert_eq!(marks.note(from(160 * 60_000, "192.0.2.1"), 60).networks, Some(1));
        assert_eq!(marks.used(), 160);
    }

    #[test]
    fn a_new_plan_goes_on_with_what_was_seen() {
        let (old, new) = (Marks::default(), Marks::default());
        old.note(from(100 * 60_000, "192.0.2.1"), 60);
        new.inherit(&old);
        assert_eq!(new.used(), 100);
        assert_eq!(new.note(from(101 * 60_000, "192.0.2.1"), 60).networks, None);
    }

    proptest! {
        #[test]
        fn few_networks_are_never_taken_for_many(networks in prop::collection::hash_set(any::<u32>(), 1..200)) {
            let marks = Marks::default();
            let distinct: std::collections::HashSet<u32> = networks.iter().map(|address| address >> 8).collect();
            let seen = networks.iter().filter_map(|&address| marks.note(Use::new(60_000, IpAddr::V4(address.into())), 60).networks);
            let most = seen.max().unwrap_or(0);
            prop_assert!(f64::from(most) <= 2.0 * distinct.len() as f64 + 2.0 || distinct.len() > 60, "{} as {}", distinct.len(), most);
        }
    }
}
