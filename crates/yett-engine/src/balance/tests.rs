use super::outlier::{Tally, ejection_us, is_panic, may_eject, stands_out};
use super::round_robin::RoundRobin;
use super::*;
use crate::identity::key::Pepper;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use yett_model::snapshot::{Health, Outlier, RetryBudget, Upstream};

const SECOND: u64 = 1_000_000;
/// Long after every target has appeared.
const NOW: u64 = 1_000 * SECOND;

fn pool(targets: usize, settings: &Value) -> Pool {
    let mut upstream = json!({"slow_start_ms": 0});
    for (name, value) in settings.as_object().unwrap() {
        upstream[name] = value.clone();
    }
    let upstream: Upstream = serde_json::from_value(upstream).unwrap();
    let targets = (0..targets).map(|index| (Arc::new(TargetState::new(0)), 1, digest(&[index as u8])));
    Pool::new(targets.collect(), &upstream, Arc::new(AtomicU64::new(NOW)))
}

fn ask(now_us: u64) -> Ask<'static> {
    Ask { now_us, random: 7, key: 0, wanted: None, tried: &[] }
}

fn fail(pool: &Pool, index: usize, times: usize, now_us: u64) {
    (0..times).for_each(|_| pool.learn(index, Outcome::Failed, now_us));
}

/// How often each target is chosen in `times` requests that end at once.
fn shares(pool: &Pool, times: usize, now_us: u64) -> Vec<usize> {
    let mut picker = pool.picker(0);
    let mut counts = vec![0; pool.len()];
    for random in 0..times as u64 {
        let chosen = pool.choose(&mut picker, &Ask { random: digest(&random.to_be_bytes()), ..ask(now_us) }).unwrap();
        counts[chosen.index] += 1;
    }
    counts
}

proptest! {
    #[test]
    fn in_a_round_every_target_has_exactly_its_weight(weights in prop::collection::vec(0u32..20, 1..12)) {
        let total: u32 = weights.iter().sum();
        let mut round = RoundRobin::default();
        let mut counts = vec![0; weights.len()];
        for _ in 0..total * 3 {
            counts[round.pick(&weights).unwrap()] += 1;
        }
        let expected: Vec<u32> = weights.iter().map(|weight| weight * 3).collect();
        prop_assert_eq!(counts, expected);
    }

    #[test]
    fn no_target_gets_its_share_in_one_burst(weights in prop::collection::vec(1u32..10, 2..8)) {
        let total: u32 = weights.iter().sum();
        let mut round = RoundRobin::default();
        let turns: Vec<usize> = (0..total).map(|_| round.pick(&weights).unwrap()).collect();
        for (index, weight) in weights.iter().enumerate() {
            let most = (2 * weight).div_ceil(total.saturating_sub(*weight).max(1)) as usize + 1;
            let longest = turns.chunk_by(|a, b| a == b).filter(|run| run[0] == index).map(<[usize]>::len).max();
            prop_assert!(longest.unwrap() <= most, "{turns:?}");
        }
    }

    #[test]
    fn nothing_is_picked_where_nothing_has_weight(length in 0usize..9, random: u64) {
        let weights = vec![0; length];
        prop_assert_eq!(RoundRobin::default().pick(&weights), None);
        prop_assert_eq!(least_loaded::pick(&weights, |_| 0, random), None);
        prop_assert_eq!(of_key(&weights, &vec![1; length], random), None);
        prop_assert_eq!(split(weights.into_iter(), random), None);
    }

    #[test]
    fn the_busier_of_two_is_never_picked(busy in 1u32..1000, random: u64) {
        prop_assert_eq!(least_loaded::pick(&[1, 1], |index| if index == 0 { busy } else { 0 }, random), Some(1));
        // Twice the weight carries twice the load.
        prop_assert_eq!(least_loaded::pick(&[2, 1], |index| if index == 0 { 2 * busy + 2 } else { busy }, random), Some(1));
    }

    #[test]
    fn a_target_that_goes_takes_only_its_own_keys_along(keys in prop::collection::vec(any::<u64>(), 1..50), gone in 0usize..5) {
        let ids: Vec<u64> = (0..5u8).map(|id| digest(&[id])).collect();
        let mut weights = vec![3, 1, 2, 1, 5];
        let before: Vec<usize> = keys.iter().map(|key| of_key(&weights, &ids, *key).unwrap()).collect();
        weights[gone] = 0;
        for (key, before) in keys.iter().zip(before) {
            let after = of_key(&weights, &ids, *key).unwrap();
            prop_assert!(after != gone && (before == gone || before == after));
        }
    }

    #[test]
    fn no_target_of_a_hash_is_much_busier_than_its_share(key: u64, requests in 1usize..200) {
        let pool = pool(4, &json!({"balance": {"hash": "address"}}));
        let mut picker = pool.picker(0);
        let held: Vec<Chosen> = (0..requests).map(|_| pool.choose(&mut picker, &Ask { key, ..ask(NOW) }).unwrap()).collect();
        let busiest = (0..4).map(|index| held.iter().filter(|chosen| chosen.index == index).count()).max().unwrap();
        prop_assert!(busiest <= (requests * 125).div_ceil(400) + 1, "{busiest} of {requests}");
    }

    #[test]
    fn a_ramp_never_falls_and_ends_at_the_whole(window in 0u64..100 * SECOND, ages in prop::collection::vec(0u64..200 * SECOND, 2..20)) {
        let mut ages = ages;
        ages.sort_unstable();
        let shares: Vec<u32> = ages.iter().map(|age| slow_start::share(5, age + 5, window)).collect();
        prop_assert!(shares.is_sorted() && shares.iter().all(|share| (100..=1000).contains(share)));
        prop_assert_eq!(slow_start::share(5, window + 5, window), 1000);
    }

    #[test]
    fn repeats_never_exceed_the_budget(share in 0u32..100, minimum in 0u32..20, requests in 0u64..5000, seconds in 0u64..30) {
        let budget = Budget::new(&RetryBudget { share, minimum }, 0);
        let banked = (0..1_000_000).take_while(|_| budget.withdraw(0)).count() as u64;
        prop_assert!(banked <= 10.max(u64::from(minimum) * 10));
        let mut repeats = 0;
        for request in 0..requests {
            budget.deposit();
            repeats += u64::from(budget.withdraw(seconds * SECOND * request / requests.max(1)));
        }
        prop_assert!(repeats <= requests * u64::from(share) / 100 + u64::from(minimum) * seconds + 1);
    }

    #[test]
    fn whatever_happens_a_pool_without_a_circuit_has_a_target(events in prop::collection::vec((0usize..3, 0u8..3, 0u64..20 * SECOND), 0..200)) {
        let pool = pool(3, &json!({}));
        let mut picker = pool.picker(1);
        let mut now_us = NOW;
        for (index, kind, later) in events {
            now_us += later;
            pool.learn(index, [Outcome::Answered, Outcome::Erred, Outcome::Failed][usize::from(kind)], now_us);
            prop_assert!(pool.choose(&mut picker, &ask(now_us)).is_ok());
            let out = pool.targets().iter().filter(|state| !state.is_well(now_us)).count();
            prop_assert!(out <= 1, "{out} of 3 are out, which is more than half");
        }
    }

    #[test]
    fn a_cookie_opens_only_with_its_own_signature(id: u64, other: u64, forged in "[0-9a-f]{32}") {
        let pepper = Pepper::new(&[7; 32]).unwrap();
        let cookie = cookie_value(&pepper, "shop", id);
        prop_assert_eq!(read_cookie(&pepper, "shop", &cookie), Some(id));
        prop_assert_eq!(read_cookie(&pepper, "bank", &cookie), None);
        prop_assert_eq!(read_cookie(&Pepper::new(&[8; 32]).unwrap(), "shop", &cookie), None);
        prop_assert_eq!(read_cookie(&pepper, "shop", &format!("{id:016x}.{forged}")), None);
        let moved = format!("{other:016x}.{}", cookie.split_once('.').unwrap().1);
        prop_assert!(other == id || read_cookie(&pepper, "shop", &moved).is_none());
    }

    #[test]
    fn no_cookie_panics(value in ".{0,80}") {
        let _ = read_cookie(&Pepper::new(&[7; 32]).unwrap(), "shop", &value);
    }
}

#[test]
fn parts_get_callers_by_their_weights_and_keep_them() {
    let counts = (0..10_000u64).fold([0; 2], |mut counts, key| {
        let part = split([95, 5].into_iter(), digest(&key.to_be_bytes())).unwrap();
        assert_eq!(split([95, 5].into_iter(), digest(&key.to_be_bytes())), Some(part));
        counts[part] += 1;
        counts
    });
    assert!((350..650).contains(&counts[1]), "{counts:?}");
}

#[test]
fn hashing_follows_the_weights() {
    let ids: Vec<u64> = (0..3u8).map(|id| digest(&[id])).collect();
    let mut counts = [0; 3];
    (0..30_000u64).for_each(|key| counts[of_key(&[1, 2, 3], &ids, digest(&key.to_be_bytes())).unwrap()] += 1);
    for (index, count) in counts.iter().enumerate() {
        assert!((count - 5_000 * (index as i32 + 1)).abs() < 600, "{counts:?}");
    }
}

#[test]
fn failures_in_a_row_take_a_target_out_and_time_brings_it_back_slowly() {
    let pool = pool(2, &json!({"slow_start_ms": 10_000}));
    fail(&pool, 0, 4, NOW);
    pool.learn(0, Outcome::Answered, NOW);
    fail(&pool, 0, 4, NOW);
    assert!(pool.targets()[0].is_well(NOW));
    fail(&pool, 0, 1, NOW);
    assert!(!pool.targets()[0].is_well(NOW));
    assert_eq!(shares(&pool, 100, NOW), [0, 100]);
    let back = NOW + 10 * SECOND;
    let few = shares(&pool, 110, back);
    assert_eq!(few, [10, 100]);
    assert_eq!(shares(&pool, 100, back + 10 * SECOND), [50, 50]);
    assert_eq!(pool.targets()[0].ejected(Ejection::Consecutive), 1);
}

#[test]
fn each_ejection_lasts_longer_up_to_a_limit_and_good_conduct_makes_up_for_it() {
    let settings = Outlier::default();
    let lasts: Vec<u64> = [1, 2, 3, 1000].map(|times| ejection_us(times, &settings) / SECOND).to_vec();
    assert_eq!(lasts, [10, 20, 30, 300]);
    let pool = pool(2, &json!({}));
    fail(&pool, 0, 5, NOW);
    let again = NOW + 11 * SECOND;
    fail(&pool, 0, 5, again);
    assert!(!pool.targets()[0].is_well(again + 19 * SECOND) && pool.targets()[0].is_well(again + 21 * SECOND));
    let mut picker = pool.picker(0);
    let mut now_us = again + 30 * SECOND;
    for _ in 0..4 {
        pool.learn(0, Outcome::Answered, now_us);
        now_us += 11 * SECOND;
        drop(pool.choose(&mut picker, &ask(now_us)));
    }
    fail(&pool, 0, 5, now_us);
    assert!(pool.targets()[0].is_well(now_us + 11 * SECOND));
}

#[test]
fn only_so_many_are_taken_out_and_never_the_last() {
    let settings = Outlier::default();
    assert!(may_eject(0, 2, &settings) && !may_eject(1, 2, &settings));
    assert!(!may_eject(0, 1, &settings));
    assert!(may_eject(4, 10, &settings) && !may_eject(5, 10, &settings));
    let all = Outlier { max_ejected: 100, ..settings };
    assert!(may_eject(2, 4, &all) && !may_eject(3, 4, &all));
}

#[test]
fn when_too_few_are_well_all_are_used() {
    let settings = Outlier::default();
    assert!(is_panic(0, 2, &settings) && is_panic(2, 10, &settings) && !is_panic(3, 10, &settings));
    let health: Health = serde_json::from_value(json!({"path": "/", "unhealthy_after": 1})).unwrap();
    let pool = pool(4, &json!({}));
    pool.targets().iter().take(2).for_each(|state| state.checked(false, &health, NOW));
    assert_eq!(shares(&pool, 100, NOW), [0, 0, 50, 50]);
    pool.targets()[2].checked(false, &health, NOW);
    assert_eq!(shares(&pool, 100, NOW), [25, 25, 25, 25]);
}

#[test]
fn a_target_stands_out_only_against_others_that_do_better() {
    let settings = Outlier::default();
    let tally = |requests, failed| Tally { requests, failed };
    assert!(stands_out(tally(20, 10), tally(100, 5), &settings));
    assert!(!stands_out(tally(20, 10), tally(100, 50), &settings), "all fail");
    assert!(!stands_out(tally(19, 19), tally(100, 0), &settings), "too few to judge");
    assert!(!stands_out(tally(20, 9), tally(100, 0), &settings), "below the share");
    assert!(!stands_out(tally(20, 20), tally(0, 0), &settings), "there is nobody to compare with");
}

#[test]
fn a_share_of_errors_takes_a_target_out_at_the_end_of_the_window() {
    let pool = pool(3, &json!({}));
    for _ in 0..40 {
        pool.learn(0, Outcome::Erred, NOW);
        pool.learn(1, Outcome::Answered, NOW);
        pool.learn(2, Outcome::Answered, NOW);
    }
    let mut picker = pool.picker(0);
    drop(pool.choose(&mut picker, &ask(NOW + 9 * SECOND)));
    assert!(pool.targets()[0].is_well(NOW + 9 * SECOND));
    let end = NOW + 10 * SECOND;
    drop(pool.choose(&mut picker, &ask(end)));
    assert!(!pool.targets()[0].is_well(end));
    assert_eq!(pool.targets()[0].ejected(Ejection::Share), 1);
}

#[test]
fn health_checks_take_a_target_out_and_in_again_after_enough_of_them() {
    let health: Health = serde_json::from_value(json!({"path": "/", "healthy_after": 2, "unhealthy_after": 3})).unwrap();
    let state = TargetState::new(0);
    let well = |passed: bool, now_us| {
        state.checked(passed, &health, now_us);
        state.is_well(now_us)
    };
    assert!(well(false, 1) && well(false, 2) && well(true, 3) && well(false, 4) && well(false, 5));
    assert!(!well(false, 6));
    assert!(!well(true, 7) && !well(false, 8) && !well(true, 9));
    assert!(well(true, 10));
    assert_eq!(state.since_us(), 10);
}

#[test]
fn a_full_target_gets_nothing_and_full_targets_refuse() {
    let pool = pool(2, &json!({"circuit": {"max_in_flight": 2}}));
    let mut picker = pool.picker(0);
    let mut held: Vec<Chosen> = (0..4).map(|_| pool.choose(&mut picker, &ask(NOW)).unwrap()).collect();
    assert_eq!(pool.targets().iter().map(|state| state.in_flight()).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(pool.choose(&mut picker, &ask(NOW)).unwrap_err(), NoTarget::Full);
    let freed = held.pop().unwrap().index;
    assert_eq!(pool.choose(&mut picker, &ask(NOW)).unwrap().index, freed);
}

#[test]
fn those_that_are_well_but_full_are_not_relieved_by_those_that_are_not() {
    let pool = pool(2, &json!({"circuit": {"max_in_flight": 1}}));
    fail(&pool, 0, 5, NOW);
    let mut picker = pool.picker(0);
    let held = pool.choose(&mut picker, &ask(NOW)).unwrap();
    assert_eq!(held.index, 1);
    assert_eq!(pool.choose(&mut picker, &ask(NOW)).unwrap_err(), NoTarget::Full);
}

#[test]
fn too_many_that_wait_for_a_connection_are_no_more() {
    let pool = pool(1, &json!({"circuit": {"max_pending": 1}}));
    let mut picker = pool.picker(0);
    let mut first = pool.choose(&mut picker, &ask(NOW)).unwrap();
    assert!(first.place.wait(Some(1)));
    assert_eq!(pool.choose(&mut picker, &ask(NOW)).unwrap_err(), NoTarget::Full);
    first.place.connected();
    assert!(pool.choose(&mut picker, &ask(NOW)).is_ok());
}

#[test]
fn a_circuit_opens_lets_one_request_through_and_closes() {
    let pool = pool(1, &json!({"circuit": {"failures": 3, "open_ms": 1000}}));
    let mut picker = pool.picker(0);
    fail(&pool, 0, 3, NOW);
    assert_eq!(pool.choose(&mut picker, &ask(NOW)).unwrap_err(), NoTarget::Open);
    let later = NOW + SECOND;
    let probe = pool.choose(&mut picker, &ask(later)).unwrap();
    assert_eq!(pool.choose(&mut picker, &ask(later)).unwrap_err(), NoTarget::Open);
    fail(&pool, 0, 1, later);
    drop(probe);
    assert_eq!(pool.choose(&mut picker, &ask(later)).unwrap_err(), NoTarget::Open);
    let later = later + SECOND;
    let probe = pool.choose(&mut picker, &ask(later)).unwrap();
    pool.learn(0, Outcome::Answered, later);
    drop(probe);
    assert!((0..9).all(|_| pool.choose(&mut picker, &ask(later)).is_ok()));
    assert_eq!(pool.targets()[0].breaker(later), Breaker::Closed);
}

#[test]
fn a_probe_that_is_left_makes_room_for_the_next() {
    let pool = pool(1, &json!({"circuit": {"failures": 1, "open_ms": 1000}}));
    let mut picker = pool.picker(0);
    fail(&pool, 0, 1, NOW);
    drop(pool.choose(&mut picker, &ask(NOW + SECOND)).unwrap());
    assert!(pool.choose(&mut picker, &ask(NOW + SECOND)).is_ok());
}

#[test]
fn a_probe_that_takes_too_long_does_not_keep_the_next_one_out() {
    let pool = pool(1, &json!({"circuit": {"failures": 1, "open_ms": 1000}}));
    let mut picker = pool.picker(0);
    fail(&pool, 0, 1, NOW);
    let slow = pool.choose(&mut picker, &ask(NOW + SECOND)).unwrap();
    assert_eq!(pool.choose(&mut picker, &ask(NOW + 2 * SECOND - 1)).unwrap_err(), NoTarget::Open);
    let next = pool.choose(&mut picker, &ask(NOW + 2 * SECOND)).unwrap();
    // The one that took too long has no place to give back any more.
    drop(slow);
    assert_eq!(pool.choose(&mut picker, &ask(NOW + 2 * SECOND)).unwrap_err(), NoTarget::Open);
    drop(next);
    assert!(pool.choose(&mut picker, &ask(NOW + 2 * SECOND)).is_ok());
}

#[test]
fn a_second_attempt_goes_elsewhere_if_it_can() {
    let pool = pool(3, &json!({}));
    fail(&pool, 1, 5, NOW);
    let mut picker = pool.picker(0);
    for _ in 0..10 {
        assert_eq!(pool.choose(&mut picker, &Ask { tried: &[0], ..ask(NOW) }).unwrap().index, 2);
        // One that is out is better than one that has just failed this very request.
        assert_eq!(pool.choose(&mut picker, &Ask { tried: &[0, 2], ..ask(NOW) }).unwrap().index, 1);
        assert!(pool.choose(&mut picker, &Ask { tried: &[0, 1, 2], ..ask(NOW) }).is_ok());
    }
}

#[test]
fn affinity_holds_until_its_target_is_out() {
    let pool = pool(3, &json!({}));
    let mut picker = pool.picker(0);
    let wish = Ask { wanted: Some(2), ..ask(NOW) };
    assert!((0..9).all(|_| pool.choose(&mut picker, &wish).unwrap().index == 2));
    fail(&pool, 2, 5, NOW);
    assert!((0..9).all(|_| pool.choose(&mut picker, &wish).unwrap().index != 2));
}
