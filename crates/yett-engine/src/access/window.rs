//! Spans of time in which something holds.

/// From a Unix second, until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    /// First second.
    pub from: u64,
    /// First second after; `u64::MAX` for ever.
    pub until: u64,
}

impl Window {
    /// For ever.
    pub const ALWAYS: Self = Self { from: 0, until: u64::MAX };

    /// From and until when given.
    #[must_use]
    pub fn new(from: Option<u64>, until: Option<u64>) -> Self {
        Self { from: from.unwrap_or(0), until: until.unwrap_or(u64::MAX) }
    }

    /// Whether it holds at a second.
    #[must_use]
    pub fn holds(&self, second: u64) -> bool {
        (self.from..self.until).contains(&second)
    }

    /// When both hold.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    /// The seconds at which it begins and ends, if it ever holds.
    pub fn edges(&self) -> impl Iterator<Item = u64> + use<> {
        let ever = self.from < self.until;
        [self.from, self.until].into_iter().filter(move |edge| ever && *edge != 0 && *edge != u64::MAX)
    }
}
