//! Smooth weighted round robin: every target gets its share, and no target gets its share in one burst.

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct RoundRobin {
    credit: Vec<i64>,
}

impl RoundRobin {
    /// The target whose turn it is. All gain their weight, the richest is taken and pays the sum. Weights may change from
    /// call to call; those of 0 are passed over and keep what they have.
    pub(super) fn pick(&mut self, weights: &[u32]) -> Option<usize> {
        self.credit.resize(weights.len(), 0);
        let mut total = 0;
        let mut best: Option<(usize, i64)> = None;
        for (index, (credit, weight)) in self.credit.iter_mut().zip(weights).enumerate().filter(|(_, (_, weight))| **weight > 0) {
            let weight = i64::from(*weight);
            // What a target saved up under other weights must not come due at once.
            *credit = (*credit + weight).clamp(-(1 << 40), 1 << 40);
            total += weight;
            if best.is_none_or(|(_, most)| *credit > most) {
                best = Some((index, *credit));
            }
        }
        let (index, _) = best?;
        if let Some(credit) = self.credit.get_mut(index) {
            *credit -= total;
        }
        Some(index)
    }

    /// Begins somewhere: workers that all began with the first target would flood it together.
    pub(super) fn start_at(&mut self, index: usize, weights: &[u32]) {
        self.credit = vec![0; weights.len()];
        if let (Some(credit), Some(weight)) = (self.credit.get_mut(index), weights.get(index)) {
            *credit = i64::from(*weight);
        }
    }
}
