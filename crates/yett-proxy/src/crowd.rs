//! How many connections each address has, over all workers. Looked at when a connection begins or ends, never for a
//! request.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 16;

/// Connections by address.
pub(crate) struct Crowd {
    hasher: RandomState,
    shards: [Mutex<HashMap<u64, u32>>; SHARDS],
}

/// The first 64 bits of an IPv6 address are one household; an IPv4 address stands for itself.
fn household(address: IpAddr) -> u64 {
    match address {
        // No global IPv6 address begins with 32 zero bits.
        IpAddr::V4(address) => u64::from(u32::from(address)),
        IpAddr::V6(address) => (u128::from(address) >> 64) as u64,
    }
}

impl Crowd {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| Mutex::default()) }
    }

    fn with<T>(&self, household: u64, act: impl FnOnce(&mut HashMap<u64, u32>) -> T) -> Option<T> {
        let shard = self.shards.get(self.hasher.hash_one(household) as usize % SHARDS)?;
        Some(act(&mut shard.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Books a connection, unless the address has as many as it may have.
    pub(crate) fn enter(&self, address: IpAddr, most: usize) -> bool {
        let household = household(address);
        let entered = self.with(household, |counts| {
            let count = counts.entry(household).or_default();
            let fits = (*count as usize) < most;
            *count += u32::from(fits);
            fits
        });
        entered.unwrap_or(false)
    }

    /// A connection ended.
    pub(crate) fn leave(&self, address: IpAddr) {
        let household = household(address);
        self.with(household, |counts| {
            if let Some(count) = counts.get_mut(&household) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    counts.remove(&household);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_places_and_gets_them_back() {
        let (crowd, one, other) = (Crowd::new(), [10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        assert!(crowd.enter(one, 2) && crowd.enter(one, 2));
        assert!(!crowd.enter(one, 2));
        assert!(crowd.enter(other, 2));
        crowd.leave(one);
        assert!(crowd.enter(one, 2));
        [one, one, other].into_iter().for_each(|address| crowd.leave(address));
        assert!(crowd.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }

    #[test]
    fn a_network_of_64_bits_is_one_address() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let crowd = Crowd::new();
        assert!(crowd.enter(address("2001:db8::1"), 1));
        assert!(!crowd.enter(address("2001:db8::ffff:2"), 1));
        assert!(crowd.enter(address("2001:db8:0:1::1"), 1));
    }
}
