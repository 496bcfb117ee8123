//! The state of all limits: shared by all workers, outlives plans, never grows beyond its bound.
//!
//! Cells lie in shards, each behind its own lock, found by a keyed hash that a caller cannot steer. Every new cell pays
//! for a look at a few old ones in the order of a clock's hand: one that carries no information any more is replaced.
//! In a full shard without such a cell the emptiest of those seen gives way: a caller who has spent much is never
//! forgotten for one who has spent little, so a flood of addresses frees nobody from a limit.

use super::concurrency::Room;
use super::gcra::Bucket;
use super::outcome::{Standing, Taken, Wait};
use super::plan::LimitPlan;
use crate::exchange::Now;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 64;
/// Cells a shard holds by default: half of what a table of 16384 buckets takes, so that replacing cells never makes it
/// grow. Some 450,000 cells and 120 MB in all, when a flood fills every shard.
const CELLS_A_SHARD: usize = 7168;
/// Old cells looked at for each new one while there is room, and when there is none.
const LOOKS: usize = 2;
const LOOKS_WHEN_FULL: usize = 8;

/// Whom a cell belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    All,
    App(u64),
    V4(u32),
    /// The first 64 bits: a caller chooses the others freely.
    V6(u64),
}

impl Owner {
    /// The owner of an address; IPv4 written as IPv6 is the same caller.
    pub(super) fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }
}

/// What one owner has spent of one limit.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Rate(Bucket),
    Quota(super::quota::Account),
    Places(Room),
}

impl Cell {
    fn take(&mut self, now: Now, cost: u32) -> Result<Taken, Wait> {
        match self {
            Cell::Rate(bucket) => bucket.take(now.mono_us, cost).map(Taken::Units),
            Cell::Quota(account) => account.take(now.unix_ms, cost).map(Taken::Units),
            Cell::Places(room) => room.take().map(Taken::Place),
        }
    }

    fn give_back(&mut self, now: Now, cost: u32) {
        match self {
            Cell::Rate(bucket) => bucket.give_back(cost),
            Cell::Quota(account) => account.give_back(now.unix_ms, cost),
            Cell::Places(_) => {}
        }
    }

    /// What is left, and whether a request of this cost must wait. Changes nothing.
    fn look(&self, now: Now, cost: u32) -> (Option<Standing>, Option<Wait>) {
        match self {
            Cell::Rate(bucket) => {
                let mut bucket = *bucket;
                (Some(bucket.standing(now.mono_us)), bucket.take(now.mono_us, cost).err())
            }
            Cell::Quota(account) => {
                let mut account = *account;
                (Some(account.standing(now.unix_ms)), account.take(now.unix_ms, cost).err())
            }
            Cell::Places(room) => (None, room.look().err()),
        }
    }

    /// How much would be forgotten with the cell, in 1/65535 of its limit.
    fn fill(&self, now: Now) -> u32 {
        match self {
            Cell::Rate(bucket) => bucket.fill(now.mono_us),
            Cell::Quota(account) => account.fill(now.unix_ms),
            Cell::Places(room) => room.fill(),
        }
    }
}

/// A limit's identity and an owner, with their hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    hash: u64,
    limit: u64,
    owner: Owner,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Passes on the hash that a [`Key`] already has.
#[derive(Default)]
struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, &byte| hash.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A part of the cells. Aligned so that the locks of two shards do not share a cache line.
#[derive(Default)]
#[repr(align(64))]
struct Shard {
    cells: HashMap<Key, Cell, BuildHasherDefault<Ready>>,
    /// The keys of all cells, in the order of the hand.
    ring: Vec<Key>,
    hand: usize,
}

impl Shard {
    fn insert(&mut self, key: Key, cell: Cell, most: usize, now: Now) {
        let full = self.ring.len() >= most;
        let (slot, fill) = self.emptiest(if full { LOOKS_WHEN_FULL } else { LOOKS }, now);
        match self.ring.get_mut(slot) {
            Some(old) if full || fill == 0 => {
                self.cells.remove(old);
                *old = key;
            }
            _ => self.ring.push(key),
        }
        self.cells.insert(key, cell);
    }

    /// Moves the hand over a few cells: the emptiest of them, and its fill.
    fn emptiest(&mut self, looks: usize, now: Now) -> (usize, u32) {
        let mut best = (usize::MAX, u32::MAX);
        for _ in 0..looks.min(self.ring.len()) {
            self.hand = (self.hand + 1) % self.ring.len();
            let cell = self.ring.get(self.hand).and_then(|key| self.cells.get(key));
            let fill = cell.map_or(0, |cell| cell.fill(now));
            if fill < best.1 {
                best = (self.hand, fill);
            }
            if fill == 0 {
                break;
            }
        }
        best
    }
}

/// The state of all limits; outlives plans. A limit that stays the same keeps its counts, a changed one starts anew.
pub struct Counters {
    hashing: RandomState,
    shards: Box<[Mutex<Shard>; SHARDS]>,
    cells_a_shard: usize,
}

impl Default for Counters {
    fn default() -> Self {
        Self::with_cells_a_shard(CELLS_A_SHARD)
    }
}

impl Counters {
    fn with_cells_a_shard(cells_a_shard: usize) -> Self {
        let shards = Box::new(std::array::from_fn(|_| Mutex::default()));
        Self { hashing: RandomState::new(), shards, cells_a_shard: cells_a_shard.max(1) }
    }

    /// Takes what a request costs from one owner's part of a limit.
    ///
    /// # Errors
    /// How long to wait, when the limit does not have it; nothing is taken then.
    pub(super) fn take(&self, limit: &LimitPlan, owner: Owner, now: Now, cost: u32) -> Result<Taken, Wait> {
        let key = self.key(limit, owner);
        let mut shard = self.shard(&key);
        if let Some(cell) = shard.cells.get_mut(&key) {
            return cell.take(now, cost);
        }
        let mut cell = limit.fresh();
        let taken = cell.take(now, cost);
        // What was not touched needs no memory.
        if cell.fill(now) > 0 {
            shard.insert(key, cell, self.cells_a_shard, now);
        }
        taken
    }

    /// Gives units back that [`take`](Self::take) took.
    pub(super) fn give_back(&self, limit: &LimitPlan, owner: Owner, now: Now, cost: u32) {
        let key = self.key(limit, owner);
        if let Some(cell) = self.shard(&key).cells.get_mut(&key) {
            cell.give_back(now, cost);
        }
    }

    /// What is left, and whether a request of this cost must wait. Takes nothing.
    pub(super) fn look(&self, limit: &LimitPlan, owner: Owner, now: Now, cost: u32) -> (Option<Standing>, Option<Wait>) {
        let key = self.key(limit, owner);
        match self.shard(&key).cells.get(&key) {
            Some(cell) => cell.look(now, cost),
            None => limit.fresh().look(now, cost),
        }
    }

    fn key(&self, limit: &LimitPlan, owner: Owner) -> Key {
        Key { hash: self.hashing.hash_one((limit.identity(), owner)), limit: limit.identity(), owner }
    }

    /// The shard of a key. A panic under the lock cannot leave a cell half changed, so a poisoned lock is taken too.
    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let [first, ..] = &*self.shards;
        // Bits that the hash table inside uses neither for its buckets nor for its tags. They are always in range.
        let shard = self.shards.get((key.hash >> 32) as usize % SHARDS).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
