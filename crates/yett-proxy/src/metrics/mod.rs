//! Counters of each worker, summed when somebody looks.
//!
//! Every shard has one writer, so counting is a plain load and store. Labels come from the plan and the catalogue only:
//! never from what a caller sends. Series outlive plans.

pub(crate) mod text;

use crate::line::Cause;
use crate::shed::Shed;
use crate::tls::Failed;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use yett_model::{CacheUse, Code};

/// Upper bounds of the duration buckets, in microseconds.
pub(crate) const BOUNDS_US: [u64; 15] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// What has no room for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The gateway.
    Gateway,
    /// The caller's address.
    Address,
}

/// The label of each [`Full`] in metrics.
pub(crate) const TURNED_AWAY: [&str; 2] = ["gateway", "address"];

/// A number with one writer.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.get().wrapping_add(more), Ordering::Relaxed);
    }

    pub(crate) fn subtract(&self, less: u64) {
        self.0.store(self.get().saturating_sub(less), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Durations, counted by bucket; the last bucket takes what is longer than every bound.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    pub(crate) buckets: [Counter; BOUNDS_US.len() + 1],
    pub(crate) sum_us: Counter,
}

impl Histogram {
    pub(crate) fn observe(&self, duration_us: u64) {
        let bucket = BOUNDS_US.partition_point(|bound| *bound < duration_us);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.add(1);
        }
        self.sum_us.add(duration_us);
    }
}

/// Requests of one operation by class of status: `1xx` to `5xx`.
#[derive(Debug, Default)]
pub(crate) struct Requests(pub(crate) [Counter; 5]);

impl Requests {
    pub(crate) fn count(&self, status: u16) {
        if let Some(counter) = usize::from(status / 100).checked_sub(1).and_then(|class| self.0.get(class)) {
            counter.add(1);
        }
    }
}

/// Durations of one API.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    pub(crate) whole: Histogram,
    pub(crate) upstream: Histogram,
}

/// API and operation; empty where a request got no further.
pub(crate) type Operation = (Arc<str>, Arc<str>);

/// What one worker counted.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    pub(crate) connections: Counter,
    pub(crate) turned_away: [Counter; TURNED_AWAY.len()],
    cut: [Counter; Cause::LABELS.len()],
    shed: [Counter; Shed::LABELS.len()],
    pub(crate) in_flight: Counter,
    pub(crate) unchecked: Counter,
    handshakes: [Counter; Failed::ALL.len()],
    cache: [Counter; CacheUse::ALL.len()],
    codes: Codes,
    requests: Mutex<BTreeMap<Operation, Arc<Requests>>>,
    durations: Mutex<BTreeMap<Arc<str>, Arc<Durations>>>,
    would_deny: Mutex<BTreeMap<&'static str, u64>>,
}

#[derive(Debug)]
struct Codes(Vec<Counter>);

impl Default for Codes {
    fn default() -> Self {
        Self(Code::ALL.iter().map(|_| Counter::default()).collect())
    }
}

impl Shard {
    /// Counts a refusal or failure.
    pub(crate) fn refused(&self, code: Code) {
        if let Some(counter) = self.codes.0.get(code as usize) {
            counter.add(1);
        }
    }

    /// Counts what the cache did.
    pub(crate) fn cached(&self, cache: CacheUse) {
        if let Some(counter) = self.cache.get(cache as usize) {
            counter.add(1);
        }
    }

    /// Counts a request for which there was no room.
    pub(crate) fn shed(&self, shed: Shed) {
        if let Some(counter) = self.shed.get(shed as usize) {
            counter.add(1);
        }
    }

    /// Counts a caller that was cut off.
    pub(crate) fn cut(&self, cause: Cause) {
        if let Some(counter) = self.cut.get(cause as usize) {
            counter.add(1);
        }
    }

    /// Counts a handshake that failed.
    pub(crate) fn handshake_failed(&self, failed: Failed) {
        if let Some(counter) = self.handshakes.get(failed as usize) {
            counter.add(1);
        }
    }

    /// Counts a connection that was turned away.
    pub(crate) fn turn_away(&self, full: Full) {
        if let Some(counter) = self.turned_away.get(full as usize) {
            counter.add(1);
        }
    }

    /// Counts what a guard in `monitor` would have refused.
    pub(crate) fn would_deny(&self, guard: &'static str) {
        *self.would_deny.lock().unwrap_or_else(PoisonError::into_inner).entry(guard).or_default() += 1;
    }

    /// The counters of an operation; made when first asked for.
    pub(crate) fn requests(&self, api: &Arc<str>, operation: &Arc<str>) -> Arc<Requests> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.entry((api.clone(), operation.clone())).or_default().clone()
    }

    /// The durations of an API; made when first asked for.
    pub(crate) fn durations(&self, api: &Arc<str>) -> Arc<Durations> {
        self.durations.lock().unwrap_or_else(PoisonError::into_inner).entry(api.clone()).or_default().clone()
    }
}

/// Sums over all workers.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) connections: u64,
    pub(crate) turned_away: [u64; TURNED_AWAY.len()],
    pub(crate) cut: [u64; Cause::LABELS.len()],
    pub(crate) shed: [u64; Shed::LABELS.len()],
    pub(crate) in_flight: u64,
    pub(crate) unchecked: u64,
    pub(crate) handshakes: BTreeMap<&'static str, u64>,
    pub(crate) requests: BTreeMap<Operation, [u64; 5]>,
    pub(crate) cache: BTreeMap<&'static str, u64>,
    pub(crate) codes: BTreeMap<&'static str, u64>,
    pub(crate) would_deny: BTreeMap<&'static str, u64>,
    pub(crate) whole: BTreeMap<Arc<str>, ([u64; BOUNDS_US.len() + 1], u64)>,
    pub(crate) upstream: BTreeMap<Arc<str>, ([u64; BOUNDS_US.len() + 1], u64)>,
}

impl Sums {
    /// Adds up what the workers counted.
    pub(crate) fn of(shards: &[Arc<Shard>]) -> Self {
        let mut sums = Self::default();
        shards.iter().for_each(|shard| sums.add(shard));
        sums
    }

    fn add(&mut self, shard: &Shard) {
        self.connections += shard.connections.get();
        merge(&mut self.turned_away, &shard.turned_away);
        merge(&mut self.cut, &shard.cut);
        merge(&mut self.shed, &shard.shed);
        self.in_flight += shard.in_flight.get();
        self.unchecked += shard.unchecked.get();
        for ((_, kind), counter) in Failed::ALL.iter().zip(&shard.handshakes).filter(|(_, counter)| counter.get() > 0) {
            *self.handshakes.entry(kind).or_default() += counter.get();
        }
        for (operation, requests) in &*shard.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            merge(self.requests.entry(operation.clone()).or_default(), &requests.0);
        }
        for (cache, counter) in CacheUse::ALL.iter().zip(&shard.cache).filter(|(_, counter)| counter.get() > 0) {
            *self.cache.entry(cache.as_str()).or_default() += counter.get();
        }
        for (code, counter) in Code::ALL.iter().zip(&shard.codes.0).filter(|(_, counter)| counter.get() > 0) {
            *self.codes.entry(code.as_str()).or_default() += counter.get();
        }
        for (guard, count) in &*shard.would_deny.lock().unwrap_or_else(PoisonError::into_inner) {
            *self.would_deny.entry(guard).or_default() += count;
        }
        for (api, durations) in &*shard.durations.lock().unwrap_or_else(PoisonError::into_inner) {
            for (sums, histogram) in [(&mut self.whole, &durations.whole), (&mut self.upstream, &durations.upstream)] {
                let (buckets, sum_us) = sums.entry(api.clone()).or_default();
                merge(buckets, &histogram.buckets);
                *sum_us += histogram.sum_us.get();
            }
        }
    }

    /// Requests over all operations and statuses.
    pub(crate) fn total(&self) -> u64 {
        self.requests.values().flatten().sum()
    }
}

fn merge(sums: &mut [u64], counters: &[Counter]) {
    sums.iter_mut().zip(counters).for_each(|(sum, counter)| *sum += counter.get());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_into_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for duration in [0, 250, 251, 10_000_000, 10_000_001] {
            histogram.observe(duration);
        }
        let counts: Vec<u64> = histogram.buckets.iter().map(Counter::get).collect();
        assert_eq!((counts[0], counts[1], counts[14], counts[15]), (2, 1, 1, 1));
        assert_eq!(histogram.sum_us.get(), 20_000_502);
    }

    #[test]
    fn shards_are_summed() {
        let shards = [Arc::new(Shard::default()), Arc::new(Shard::default())];
        let (api, operation): (Arc<str>, Arc<str>) = ("a".into(), "a:b".into());
        for shard in &shards {
            shard.requests(&api, &operation).count(204);
            shard.refused(Code::CallerGone);
        }
        let sums = Sums::of(&shards);
        assert_eq!(sums.requests[&(api, operation)], [0, 2, 0, 0, 0]);
        assert_eq!(sums.codes["caller-gone"], 2);
        assert_eq!(sums.total(), 2);
    }

    #[test]
    fn every_code_has_a_counter() {
        let shard = Shard::default();
        Code::ALL.iter().for_each(|code| shard.refused(*code));
        assert_eq!(Sums::of(&[Arc::new(shard)]).codes.len(), Code::ALL.len());
    }
}
