//! Slow start: a target that is new or back gets a growing share, for caches, pools and compilers to warm up.

/// The least share, in thousandths: without any request nothing would warm up.
const LEAST: u64 = 100;

/// The share, in thousandths, of a target that has been usable since `since_us`. Grows evenly over the window.
pub(super) fn share(since_us: u64, now_us: u64, window_us: u64) -> u32 {
    let age_us = now_us.saturating_sub(since_us);
    if age_us >= window_us {
        return 1000;
    }
    (LEAST + (1000 - LEAST) * age_us / window_us.max(1)) as u32
}
