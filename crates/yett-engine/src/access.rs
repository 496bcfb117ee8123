//! Access: which operations a principal may use, as bit sets over the operations of a plan.

/// A set of operations, one bit each, indexed by the operation's number in the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    words: Vec<u64>,
}

impl Grants {
    /// The empty set for a plan of `operations` operations.
    #[must_use]
    pub fn none(operations: usize) -> Self {
        Self { words: vec![0; operations.div_ceil(64)] }
    }

    /// Adds an operation; numbers outside the plan are ignored.
    pub fn grant(&mut self, operation: u32) {
        if let Some(word) = self.words.get_mut(operation as usize / 64) {
            *word |= 1 << (operation % 64);
        }
    }

    /// Adds every operation of another set.
    pub fn merge(&mut self, other: &Grants) {
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// Whether the operation is in the set.
    #[must_use]
    pub fn allows(&self, operation: u32) -> bool {
        self.words.get(operation as usize / 64).is_some_and(|word| word >> (operation % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_allows_that_operation_and_no_other() {
        let mut grants = Grants::none(130);
        grants.grant(64);
        grants.grant(129);
        let allowed: Vec<u32> = (0..200).filter(|&n| grants.allows(n)).collect();
        assert_eq!(allowed, [64, 129]);
    }

    #[test]
    fn a_number_outside_the_plan_grants_nothing() {
        let mut grants = Grants::none(3);
        grants.grant(64);
        assert!(!(0..200).any(|n| grants.allows(n)));
    }
}
