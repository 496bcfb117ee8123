//! What is run on arbitrary bytes: by `fuzz/` under coverage, and by a test on the seeds of `fuzz/` and changes of them.
//!
//! Each function holds what must be true of any input. It panics when that is not so, which is how a fuzzer is told.

pub use crate::upstream::fuzzing::{answer, chunked};

use crate::framing::Framing;

/// Framings of requests: how the bytes were cut on their way makes no difference. The first byte says how.
pub fn framing(bytes: &[u8]) {
    let Some((part, text)) = bytes.split_first() else { return };
    let mut whole = Framing::new();
    whole.follow(text);
    let mut parts = Framing::new();
    text.chunks(usize::from(*part).max(1)).for_each(|part| parts.follow(part));
    for number in 0..text.len() as u64 {
        assert_eq!(whole.is_doubtful(number), parts.is_doubtful(number), "request {number}");
    }
}

#[cfg(test)]
#[path = "../../yett-engine/src/fuzzing/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn framings_hold_on_seeds_and_changes() {
        replay("framing", super::framing);
    }

    #[test]
    fn answers_hold_on_seeds_and_changes() {
        replay("answer", super::answer);
    }

    #[test]
    fn chunks_hold_on_seeds_and_changes() {
        replay("chunked", super::chunked);
    }
}
