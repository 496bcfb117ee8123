//! A set of operations as bits.

/// A set of operations, one bit each, indexed by the operation's number in the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operations {
    words: Box<[u64]>,
}

impl Operations {
    /// The empty set for a plan of `operations` operations.
    #[must_use]
    pub fn none(operations: usize) -> Self {
        Self { words: vec![0; operations.div_ceil(64)].into() }
    }

    /// Adds an operation; numbers outside the plan are ignored.
    pub fn add(&mut self, operation: u32) {
        if let Some(word) = self.words.get_mut(operation as usize / 64) {
            *word |= 1 << (operation % 64);
        }
    }

    /// Adds every operation of another set.
    pub fn merge(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            let more = other.words.iter().skip(self.words.len()).map(|_| 0);
            self.words = self.words.iter().copied().chain(more).collect();
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// Takes every operation of another set away.
    pub fn subtract(&mut self, other: &Self) {
        for (word, less) in self.words.iter_mut().zip(&other.words) {
            *word &= !less;
        }
    }

    /// Keeps the operations that are in another set too.
    pub fn intersect(&mut self, other: &Self) {
        for (index, word) in self.words.iter_mut().enumerate() {
            *word &= other.words.get(index).copied().unwrap_or(0);
        }
    }

    /// Whether the operation is in the set.
    #[must_use]
    pub fn has(&self, operation: u32) -> bool {
        self.words.get(operation as usize / 64).is_some_and(|word| word >> (operation % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(operations: usize, members: &[u32]) -> Operations {
        let mut set = Operations::none(operations);
        members.iter().for_each(|member| set.add(*member));
        set
    }

    fn members(set: &Operations) -> Vec<u32> {
        (0..200).filter(|&number| set.has(number)).collect()
    }

    #[test]
    fn a_set_has_what_was_added_and_no_other() {
        assert_eq!(members(&set(130, &[64, 129])), [64, 129]);
    }

    #[test]
    fn a_number_outside_the_plan_is_never_in_a_set() {
        assert!(members(&set(3, &[64])).is_empty());
    }

    #[test]
    fn sets_are_merged_and_subtracted_bit_by_bit() {
        let mut one = set(130, &[1, 64]);
        one.merge(&set(130, &[2, 129]));
        assert_eq!(members(&one), [1, 2, 64, 129]);
        one.subtract(&set(130, &[64, 65]));
        assert_eq!(members(&one), [1, 2, 129]);
        one.intersect(&set(130, &[2, 64, 129]));
        assert_eq!(members(&one), [2, 129]);
        one.intersect(&set(3, &[2]));
        assert_eq!(members(&one), [2]);
    }
}
