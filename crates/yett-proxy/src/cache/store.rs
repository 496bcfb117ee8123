//! Where kept answers lie: shared by all workers, in shards, bounded by bytes, the least recently used going first.

use super::flight::{Flight, Lead, Seat};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yett_engine::cache::{Freshness, Key};

/// What an answer costs besides its fields and body.
const OVERHEAD: usize = 512;
/// Answers of one resource: more than this many ways of asking push out the one that was not asked for longest.
const MOST_VARIANTS: usize = 64;
/// Least bytes of a shard: more shards would make the largest answer too small.
const SMALLEST_SHARD: usize = 4 << 20;
const MOST_SHARDS: usize = 16;

/// A kept answer, as the upstream gave it.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) freshness: Freshness,
}

impl Object {
    fn cost(&self) -> usize {
        let fields = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 64);
        OVERHEAD + self.body.len() + fields.sum::<usize>()
    }
}

struct Entry {
    variant: [u8; 16],
    object: Arc<Object>,
    tick: u64,
}

#[derive(Default)]
struct Shard {
    places: HashMap<[u8; 16], Vec<Entry>>,
    /// By last use.
    order: BTreeMap<u64, Key>,
    flights: HashMap<Key, Arc<Flight>>,
    ticks: u64,
    bytes: usize,
}

/// The store.
pub(crate) struct Store {
    shards: Box<[Mutex<Shard>]>,
    shard_bytes: usize,
    evicted: AtomicU64,
}

impl Store {
    /// A store of at most `bytes`.
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        let count = (bytes / SMALLEST_SHARD).clamp(1, MOST_SHARDS);
        let shards = (0..count).map(|_| Mutex::default()).collect();
        Arc::new(Self { shards, shard_bytes: bytes / count, evicted: AtomicU64::new(0) })
    }

    /// Places are digests, so that any of their bytes spreads them.
    fn shard(&self, place: &[u8; 16]) -> MutexGuard<'_, Shard> {
        let number = usize::from(place[0]) % self.shards.len();
        #[allow(clippy::indexing_slicing, reason = "a remainder is less than the length, which is never 0")]
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kept answer.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Object>> {
        self.shard(&key.place).get(key)
    }

    /// Takes a seat for a fetch: the first to come leads, others wait for it.
    pub(crate) fn seat(self: &Arc<Self>, key: &Key) -> Seat {
        let mut shard = self.shard(&key.place);
        if let Some(flight) = shard.flights.get(key) {
            return flight.wait();
        }
        let flight = Arc::new(Flight::new());
        shard.flights.insert(*key, flight.clone());
        Seat::Lead(Lead::new(self.clone(), *key, flight))
    }

    /// A fetch is over: others may begin the next.
    pub(super) fn land(&self, key: &Key, flight: &Arc<Flight>) {
        let mut shard = self.shard(&key.place);
        if shard.flights.get(key).is_some_and(|known| Arc::ptr_eq(known, flight)) {
            shard.flights.remove(key);
        }
    }

    /// Keeps an answer, unless its resource changed while it was fetched or it has no room.
    pub(super) fn put(&self, key: &Key, flight: &Flight, object: Object) {
        let cost = object.cost();
        if cost > self.shard_bytes {
            return;
        }
        let mut shard = self.shard(&key.place);
        // Under the lock: nothing can become invalid between the look and the deed.
        if flight.is_void() {
            return;
        }
        shard.put(key, Arc::new(object), cost);
        let mut evicted = 0;
        while shard.bytes > self.shard_bytes && shard.evict() {
            evicted += 1;
        }
        self.evicted.fetch_add(evicted, Ordering::Relaxed);
    }

    /// Forgets an answer.
    pub(crate) fn remove(&self, key: &Key) {
        self.shard(&key.place).remove(key);
    }

    /// Forgets every answer of a resource, those that are being fetched too.
    pub(crate) fn invalidate(&self, place: &[u8; 16]) {
        let mut shard = self.shard(place);
        let flights: Vec<Key> = shard.flights.keys().filter(|key| key.place == *place).copied().collect();
        for key in flights {
            if let Some(flight) = shard.flights.remove(&key) {
                flight.make_void();
            }
        }
        let variants: Vec<[u8; 16]> = shard.places.get(place).into_iter().flatten().map(|entry| entry.variant).collect();
        for variant in variants {
            shard.remove(&Key { place: *place, variant });
        }
    }

    /// Bytes, answers, and how many were pushed out.
    pub(crate) fn figures(&self) -> (u64, u64, u64) {
        let (mut bytes, mut objects) = (0, 0);
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            bytes += shard.bytes as u64;
            objects += shard.order.len() as u64;
        }
        (bytes, objects, self.evicted.load(Ordering::Relaxed))
    }
}

impl Shard {
    fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    fn get(&mut self, key: &Key) -> Option<Arc<Object>> {
        let tick = self.tick();
        let entry = self.places.get_mut(&key.place)?.iter_mut().find(|entry| entry.variant == key.variant)?;
        self.order.remove(&std::mem::replace(&mut entry.tick, tick));
        self.order.insert(tick, *key);
        Some(entry.object.clone())
    }

    fn put(&mut self, key: &Key, object: Arc<Object>, cost: usize) {
        self.remove(key);
        if let Some(oldest) = self.places.get(&key.place).filter(|entries| entries.len() >= MOST_VARIANTS) {
            let oldest = oldest.iter().min_by_key(|entry| entry.tick).map(|entry| entry.variant);
            oldest.into_iter().for_each(|variant| self.remove(&Key { place: key.place, variant }));
        }
        let tick = self.tick();
        self.places.entry(key.place).or_default().push(Entry { variant: key.variant, object, tick });
        self.order.insert(tick, *key);
        self.bytes += cost;
    }

    fn remove(&mut self, key: &Key) {
        let Some(entries) = self.places.get_mut(&key.place) else { return };
        let Some(at) = entries.iter().position(|entry| entry.variant == key.variant) else { return };
        let entry = entries.swap_remove(at);
        if entries.is_empty() {
            self.places.remove(&key.place);
        }
        self.order.remove(&entry.tick);
        self.bytes = self.bytes.saturating_sub(entry.object.cost());
    }

    /// Pushes out what was not asked for longest; `false` if there is nothing.
    fn evict(&mut self) -> bool {
        let oldest = self.order.first_key_value().map(|(_, key)| *key);
        oldest.iter().for_each(|key| self.remove(key));
        oldest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use yett_engine::cache::{Defaults, Directives, Fetched, storable};

    fn object(length: usize) -> Object {
        let headers: HeaderMap =
            [(http::header::CACHE_CONTROL, http::HeaderValue::from_static("max-age=60"))].into_iter().collect();
        let fetched = Fetched { sent_ms: 0, came_ms: 0 };
        let freshness = storable(&Directives::default(), false, StatusCode::OK, &headers, Defaults::default(), fetched).unwrap();
        Object { status: StatusCode::OK, headers, body: vec![0; length].into(), freshness }
    }

    fn key(place: u8, variant: u8) -> Key {
        Key { place: [place; 16], variant: [variant; 16] }
    }

    fn lead(store: &Arc<Store>, key: &Key) -> Lead {
        match store.seat(key) {
            Seat::Lead(lead) => lead,
            Seat::Wait(_) | Seat::Full => panic!("somebody leads already"),
        }
    }

    fn keep(store: &Arc<Store>, key: &Key, length: usize) {
        lead(store, key).keep(object(length));
    }

    #[test]
    fn the_least_recently_used_goes_when_there_is_no_room() {
        let store = Store::new(10_000);
        (0..3).for_each(|number| keep(&store, &key(number, 0), 2_000));
        assert!(store.get(&key(0, 0)).is_some());
        keep(&store, &key(3, 0), 2_000);
        assert!(store.get(&key(1, 0)).is_none());
        assert!([0, 2, 3].iter().all(|number| store.get(&key(*number, 0)).is_some()));
        assert_eq!(store.figures().2, 1);
    }

    #[test]
    fn what_is_larger_than_a_shard_is_not_kept() {
        let store = Store::new(10_000);
        keep(&store, &key(0, 0), 10_000);
        assert_eq!(store.figures(), (0, 0, 0));
    }

    #[test]
    fn a_resource_that_changes_takes_all_its_answers_and_those_on_their_way() {
        let store = Store::new(100_000);
        (0..3).for_each(|variant| keep(&store, &key(1, variant), 10));
        keep(&store, &key(2, 0), 10);
        let under_way = lead(&store, &key(1, 9));
        store.invalidate(&[1; 16]);
        let after = lead(&store, &key(1, 9));
        under_way.keep(object(10));
        assert!(store.get(&key(1, 9)).is_none() && store.get(&key(1, 0)).is_none());
        after.keep(object(10));
        assert!(store.get(&key(1, 9)).is_some() && store.get(&key(2, 0)).is_some());
    }

    #[test]
    fn one_resource_has_a_bounded_number_of_answers() {
        let store = Store::new(1 << 20);
        (0..=255).for_each(|variant| keep(&store, &key(1, variant), 10));
        assert_eq!(store.figures().1, MOST_VARIANTS as u64);
        assert!(store.get(&key(1, 255)).is_some() && store.get(&key(1, 0)).is_none());
    }

    proptest! {
        #[test]
        fn bytes_never_exceed_the_bound_and_always_add_up(steps in prop::collection::vec((0u8..4, 0u8..6, 0u8..4, 0usize..3000), 0..60)) {
            let store = Store::new(8_000);
            for (what, place, variant, length) in steps {
                let key = key(place, variant);
                match what {
                    0 => store.invalidate(&key.place),
                    1 => store.remove(&key),
                    _ => keep(&store, &key, length),
                }
                let (bytes, objects, _) = store.figures();
                prop_assert!(bytes <= 8_000);
                prop_assert_eq!(objects == 0, bytes == 0);
                prop_assert!(store.shards[0].lock().unwrap().flights.is_empty());
            }
        }
    }
}
