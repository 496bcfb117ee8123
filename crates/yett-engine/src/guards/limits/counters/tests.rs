use super::*;
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use yett_model::snapshot::{Limit, Measure, Period, Subject};

fn plan(measure: Measure) -> Arc<LimitPlan> {
    LimitPlan::new(&Limit { name: "a".into(), measure, by: Subject::Address })
}

fn rate(amount: u64, period_ms: u64, burst: u64) -> Arc<LimitPlan> {
    plan(Measure::Rate { amount, period_ms, burst })
}

fn at(mono_us: u64) -> Now {
    Now { unix_ms: 1_700_000_000_000 + mono_us / 1000, mono_us }
}

fn passes(counters: &Counters, limit: &LimitPlan, owner: Owner, now: Now) -> bool {
    counters.take(limit, owner, now, 1).is_ok()
}

fn cells(counters: &Counters) -> usize {
    let sizes = counters.shards.iter().map(|shard| {
        let shard = shard.lock().unwrap();
        assert_eq!(shard.cells.len(), shard.ring.len());
        assert_eq!(shard.ring.iter().collect::<HashSet<_>>().len(), shard.ring.len());
        assert!(shard.ring.iter().all(|key| shard.cells.contains_key(key)));
        shard.ring.len()
    });
    sizes.sum()
}

#[test]
fn test_owners_when_they_differ_then_do_not_share_a_cell() {
    let counters = Counters::default();
    let limit = rate(1, 60_000, 1);
    for owner in [Owner::All, Owner::App(1), Owner::App(2), Owner::V4(1), Owner::V6(1)] {
        assert!(passes(&counters, &limit, owner, at(0)), "{owner:?}");
        assert!(!passes(&counters, &limit, owner, at(0)), "{owner:?}");
    }
}

#[test]
fn test_addresses_when_in_one_ipv6_network_or_mapped_then_are_one_owner() {
    let owner = |address: &str| Owner::of_address(address.parse().unwrap());
    assert_eq!(owner("2001:db8:0:1::1"), owner("2001:db8:0:1:ffff::2"));
    assert_ne!(owner("2001:db8:0:1::1"), owner("2001:db8:0:2::1"));
    assert_eq!(owner("::ffff:192.0.2.1"), owner("192.0.2.1"));
    assert_ne!(owner("192.0.2.1"), owner("192.0.2.2"));
}

#[test]
fn test_a_limit_when_compiled_again_unchanged_then_keeps_its_counts() {
    let counters = Counters::default();
    assert!(passes(&counters, &rate(1, 60_000, 1), Owner::All, at(0)));
    assert!(!passes(&counters, &rate(1, 60_000, 1), Owner::All, at(0)));
    assert!(passes(&counters, &rate(2, 60_000, 1), Owner::All, at(0)));
}

#[test]
fn test_looking_when_nothing_was_spent_then_makes_no_cell() {
    let counters = Counters::default();
    let limit = rate(5, 1_000, 5);
    let (standing, wait) = counters.look(&limit, Owner::All, at(0), 1);
    assert_eq!((standing.unwrap().remaining, wait), (5, None));
    assert!(counters.take(&limit, Owner::All, at(0), 0).is_ok());
    assert!(counters.take(&limit, Owner::All, at(0), 6).is_err());
    assert_eq!(cells(&counters), 0);
}

#[test]
fn test_cells_when_they_carry_nothing_any_more_then_give_way_before_the_memory_grows() {
    let counters = Counters::with_cells_a_shard(1_000);
    let limit = rate(1, 1, 1);
    for n in 0..50_000u32 {
        assert!(passes(&counters, &limit, Owner::V4(n), at(u64::from(n) * 1_000)));
    }
    assert!(cells(&counters) <= SHARDS * 2, "{}", cells(&counters));
}

#[test]
fn test_a_full_shard_when_flooded_by_running_requests_then_keeps_the_fullest_room() {
    let counters = Counters::with_cells_a_shard(8);
    let limit = plan(Measure::Concurrent { amount: 3 });
    let hot: Vec<_> = (0..3).map(|_| counters.take(&limit, Owner::V6(7), at(0), 1).unwrap()).collect();
    let flood: Vec<_> = (0..10_000).map(|n| counters.take(&limit, Owner::V4(n), at(0), 1).unwrap()).collect();
    assert!(!passes(&counters, &limit, Owner::V6(7), at(0)));
    assert_eq!(cells(&counters), SHARDS * 8);
    drop((hot, flood));
    assert!(passes(&counters, &limit, Owner::V6(7), at(0)));
}

#[test]
fn test_a_flooded_table_when_it_turns_over_many_times_then_does_not_allocate_more() {
    let counters = Counters::with_cells_a_shard(56);
    let limit = plan(Measure::Quota { amount: 2, period: Period::Month });
    for n in 0..400_000u32 {
        assert!(passes(&counters, &limit, Owner::V4(n), at(0)));
    }
    let widest = counters.shards.iter().map(|shard| shard.lock().unwrap().cells.capacity()).max().unwrap();
    assert!(widest <= 4 * 56, "{widest}");
}

#[test]
fn test_threads_when_they_race_for_a_limit_then_never_take_more_than_it_has() {
    let counters = Counters::default();
    let measures =
        [Measure::Rate { amount: 1, period_ms: 3_600_000, burst: 500 }, Measure::Quota { amount: 500, period: Period::Day }];
    for limit in measures.map(plan) {
        let passed = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mine = (0..1_000).filter(|_| passes(&counters, &limit, Owner::All, at(0))).count();
                    passed.fetch_add(mine as u64, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(passed.into_inner(), 500);
    }
}

#[test]
fn test_threads_when_they_come_and_go_then_never_hold_more_places_than_there_are_and_all_come_back() {
    let counters = Counters::default();
    let limit = plan(Measure::Concurrent { amount: 3 });
    let (inside, most) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    if let Ok(place) = counters.take(&limit, Owner::All, at(0), 1) {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(place);
                    }
                }
            });
        }
    });
    assert!(most.into_inner() <= 3);
    let places: Vec<_> = (0..3).map(|_| counters.take(&limit, Owner::All, at(0), 1)).collect();
    assert!(places.iter().all(Result::is_ok));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn test_any_flood_of_addresses_when_it_comes_then_memory_stays_bounded_and_a_hot_caller_stays_limited(
        addresses in prop::collection::vec(any::<u32>(), 1..6_000), most in 1usize..40,
    ) {
        let counters = Counters::with_cells_a_shard(most);
        let limits = [rate(10, 60_000, 10), plan(Measure::Quota { amount: 10, period: Period::Month })];
        let hot = Owner::V6(1);
        for limit in &limits {
            while passes(&counters, limit, hot, at(0)) {}
        }
        for (n, address) in addresses.iter().enumerate() {
            let _ = counters.take(&limits[n % 2], Owner::V4(*address), at(n as u64), 1);
        }
        prop_assert!(cells(&counters) <= SHARDS * most);
        // In a shard of two cells the two hot ones may leave no other to give way.
        if most > 2 {
            for limit in &limits {
                prop_assert!(!passes(&counters, limit, hot, at(addresses.len() as u64)));
            }
        }
    }
}
