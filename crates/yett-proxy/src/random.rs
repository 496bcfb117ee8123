//! Unpredictable numbers for decision ids and the choice of targets, drawn from the system's generator in blocks.

use aws_lc_rs::rand;

const BLOCK: usize = 4096;
const TAKE: usize = size_of::<u128>();

/// A block of random bytes, refilled when used up.
pub(crate) struct Random {
    block: Box<[u8; BLOCK]>,
    used: usize,
}

impl Random {
    /// Filled at once: the first block seeds the generator, which takes too long for a request.
    pub(crate) fn new() -> Self {
        let mut random = Self { block: Box::new([0; BLOCK]), used: 0 };
        random.refill();
        random
    }

    fn refill(&mut self) {
        // Fails only where the system has no randomness at all; ids then repeat, decisions stay right.
        let _ = rand::fill(&mut *self.block);
        self.used = 0;
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u128 {
        if self.used + TAKE > BLOCK {
            self.refill();
        }
        let taken = self.block.get(self.used..self.used + TAKE).and_then(|bytes| bytes.try_into().ok());
        self.used += TAKE;
        taken.map_or(0, u128::from_ne_bytes)
    }
}

/// One unpredictable number, for hosts that decide without a running gateway.
#[must_use]
pub fn random() -> u128 {
    Random::new().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ_over_several_blocks() {
        let mut random = Random::new();
        let numbers: std::collections::HashSet<u128> = (0..1000).map(|_| random.next()).collect();
        assert_eq!(numbers.len(), 1000);
    }
}
