//! Consistent hashing with bounded loads: the same key goes to the same target, as long as that has room.
//!
//! Every target draws a number from the key, and the highest wins (rendezvous hashing). A target that goes takes only
//! its own keys along, one that comes takes only its share, the order of the numbers is the order of the second
//! choices, and there is no table to build when weights ramp up. The price, one multiplication and one logarithm per
//! target and request, is paid only where hashing is asked for.

/// How much busier than its share a target may be, in percent, before keys go to their next choice.
const ROOM: u64 = 125;

/// A number for some bytes, the same in every process and version (FNV-1a, mixed).
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// Spreads a number over all of its bits (the finaliser of SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// The part of a whole that a key falls into, by the weights of the parts; always the same for the same key.
#[must_use]
pub fn split(weights: impl Iterator<Item = u32> + Clone, key: u64) -> Option<usize> {
    let total: u64 = weights.clone().map(u64::from).sum();
    let mut left = mix(key).checked_rem(total)?;
    weights.enumerate().find_map(|(index, weight)| match left.checked_sub(u64::from(weight)) {
        Some(rest) => {
            left = rest;
            None
        }
        None => Some(index),
    })
}

/// The target of a key while all have room.
#[must_use]
pub fn of_key(weights: &[u32], ids: &[u64], key: u64) -> Option<usize> {
    highest(weights, ids, key, |_, _| true)
}

/// The target of a key: the one with the highest number among those that have room; all have, when none has.
pub(super) fn pick(weights: &[u32], ids: &[u64], in_flight: impl Fn(usize) -> u32, key: u64) -> Option<usize> {
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    let busy: u64 =
        weights.iter().enumerate().filter(|(_, weight)| **weight > 0).map(|(index, _)| u64::from(in_flight(index))).sum();
    let has_room = |index: usize, weight: u32| {
        let share = ((busy + 1) * u64::from(weight) * ROOM).div_ceil(total.max(1) * 100);
        u64::from(in_flight(index)) < share
    };
    highest(weights, ids, key, has_room).or_else(|| highest(weights, ids, key, |_, _| true))
}

fn highest(weights: &[u32], ids: &[u64], key: u64, has_room: impl Fn(usize, u32) -> bool) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (index, (weight, id)) in weights.iter().zip(ids).enumerate().filter(|(_, (weight, _))| **weight > 0) {
        let drawn = draw(*id, key, *weight);
        if best.is_none_or(|(_, most)| drawn > most) && has_room(index, *weight) {
            best = Some((index, drawn));
        }
    }
    best.map(|(index, _)| index)
}

/// A target's number for a key: the highest of all is a target's with the probability of its weight.
fn draw(id: u64, key: u64, weight: u32) -> f64 {
    let fraction = ((mix(key ^ mix(id)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    f64::from(weight) / -fraction.ln()
}
