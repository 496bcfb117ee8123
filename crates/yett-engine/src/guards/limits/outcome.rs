//! What counting one request against one limit says.

use super::concurrency::Permit;

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Units that could be taken now.
    pub remaining: u64,
    /// Microseconds until nothing counts as spent any more.
    pub reset_us: u64,
}

/// How long a refused request must wait before it could pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    /// Microseconds.
    For(u64),
    /// It costs more than the limit ever has.
    Never,
}

/// What a limit gave to a request that passes.
#[derive(Debug)]
pub(super) enum Taken {
    /// Units; this much is left.
    Units(Standing),
    /// A place.
    Place(Permit),
}

/// `part` of `whole` in 1/65535, at least 1 unless there is nothing.
pub(super) fn share(part: u128, whole: u128) -> u32 {
    match part {
        0 => 0,
        part => u32::try_from((part.saturating_mul(65_535) / whole.max(1)).clamp(1, 65_535)).unwrap_or(65_535),
    }
}
