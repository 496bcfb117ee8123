//! Answers that hold for a while, over all workers. Memory is bounded: the oldest give way.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use yett_engine::identity::question::Answer;

/// What an answer is kept under: a keyed hash of the question.
pub(crate) type Key = [u8; 16];

const SHARDS: usize = 16;
/// Bytes of answers in all, as they came over the wire.
const MOST_BYTES: usize = 16 << 20;
/// Bytes that an answer takes besides its own: key, entry and place in the queue.
const OVERHEAD: usize = 256;

struct Entry {
    answer: Answer,
    until_us: u64,
    bytes: usize,
    /// Tells this entry from one that had its key before.
    number: u64,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Key, Entry>,
    order: VecDeque<(Key, u64)>,
    bytes: usize,
    next: u64,
}

/// The answers.
pub(crate) struct Kept {
    shards: [Mutex<Shard>; SHARDS],
}

impl Kept {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    fn shard(&self, key: &Key) -> Option<&Mutex<Shard>> {
        self.shards.get(usize::from(key.first().copied().unwrap_or_default()) % SHARDS)
    }

    /// What is known at the time `now_us`.
    pub(super) fn get(&self, key: &Key, now_us: u64) -> Option<Answer> {
        let shard = self.shard(key)?.lock().unwrap_or_else(PoisonError::into_inner);
        shard.entries.get(key).filter(|entry| entry.until_us > now_us).map(|entry| entry.answer.clone())
    }

    /// Keeps an answer of so many bytes until a time.
    pub(super) fn put(&self, key: Key, answer: Answer, bytes: usize, until_us: u64) {
        let Some(shard) = self.shard(&key) else { return };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = bytes.saturating_add(OVERHEAD);
        if bytes > MOST_BYTES / SHARDS {
            return;
        }
        shard.remove(&key);
        while shard.bytes + bytes > MOST_BYTES / SHARDS {
            let Some((oldest, number)) = shard.order.pop_front() else { break };
            shard.remove_numbered(&oldest, number);
        }
        let number = shard.next;
        shard.next += 1;
        shard.bytes += bytes;
        shard.order.push_back((key, number));
        shard.entries.insert(key, Entry { answer, until_us, bytes, number });
        shard.compact();
    }
}

impl Shard {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }

    fn remove_numbered(&mut self, key: &Key, number: u64) {
        if self.entries.get(key).is_some_and(|entry| entry.number == number) {
            self.remove(key);
        }
    }

    /// Places in the queue of entries that were replaced must not pile up.
    fn compact(&mut self) {
        if self.order.len() > 2 * self.entries.len() + 16 {
            let entries = &self.entries;
            self.order.retain(|(key, number)| entries.get(key).is_some_and(|entry| entry.number == *number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Key {
        let mut key = Key::default();
        key[..4].copy_from_slice(&number.to_le_bytes());
        key
    }

    #[test]
    fn an_answer_holds_until_its_time() {
        let kept = Kept::new();
        kept.put(key(1), Answer::Password(true), 10, 100);
        assert_eq!(kept.get(&key(1), 99), Some(Answer::Password(true)));
        assert_eq!(kept.get(&key(1), 100), None);
        assert_eq!(kept.get(&key(2), 0), None);
    }

    #[test]
    fn memory_is_bounded_whatever_is_put_in() {
        let kept = Kept::new();
        for number in 0..200_000 {
            kept.put(key(number), Answer::KeySet, 1000, u64::MAX);
        }
        let bytes: usize = kept.shards.iter().map(|shard| shard.lock().unwrap().bytes).sum();
        assert!(bytes <= MOST_BYTES);
        assert_eq!(kept.get(&key(0), 0), None);
        assert!(kept.get(&key(199_999), 0).is_some());
        kept.put(key(7), Answer::KeySet, usize::MAX, u64::MAX);
        assert_eq!(kept.get(&key(7), 0), None);
    }

    #[test]
    fn an_answer_that_is_put_in_again_and_again_takes_one_place() {
        let kept = Kept::new();
        (0..10_000).for_each(|turn| kept.put(key(0), Answer::Password(turn % 2 == 0), 10, u64::MAX));
        let shard = kept.shards[0].lock().unwrap();
        assert_eq!((shard.entries.len(), shard.bytes), (1, 10 + OVERHEAD));
        assert!(shard.order.len() <= 18);
    }
}
