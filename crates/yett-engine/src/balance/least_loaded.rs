//! The less busy of two: nearly as even as asking all, and no herd runs to the one that was idle a moment ago.

use super::hash::mix;

/// Draws two targets by weight and takes the one with fewer requests under way for its weight.
pub(super) fn pick(weights: &[u32], in_flight: impl Fn(usize) -> u32, random: u64) -> Option<usize> {
    let first = draw(weights, usize::MAX, random)?;
    let Some(second) = draw(weights, first, mix(random)) else { return Some(first) };
    let load = |index: usize| {
        let weight = weights.get(index).copied().unwrap_or(0);
        (u128::from(in_flight(index)) + 1, u128::from(weight))
    };
    let ((busy, weight), (other_busy, other_weight)) = (load(first), load(second));
    Some(if other_busy * weight < busy * other_weight { second } else { first })
}

/// One target by weight.
#[must_use]
pub fn of_weight(weights: &[u32], random: u64) -> Option<usize> {
    draw(weights, usize::MAX, random)
}

/// One target by weight, but not `without`.
pub(super) fn draw(weights: &[u32], without: usize, random: u64) -> Option<usize> {
    let open = || weights.iter().enumerate().filter(|(index, _)| *index != without);
    let total: u64 = open().map(|(_, weight)| u64::from(*weight)).sum();
    let mut left = random.checked_rem(total)?;
    open().find_map(|(index, weight)| match left.checked_sub(u64::from(*weight)) {
        Some(rest) => {
            left = rest;
            None
        }
        None => Some(index),
    })
}
