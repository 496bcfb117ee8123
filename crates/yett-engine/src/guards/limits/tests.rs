use super::*;
use crate::Engine;
use crate::access::Grants;
use crate::exchange::{Caller, Exchange, Now};
use crate::identity::key::Pepper;
use crate::identity::{AppPlan, Principal};
use http::{HeaderMap, Method};
use proptest::prelude::*;
use serde_json::json;
use std::net::IpAddr;
use yett_model::Code;
use yett_model::snapshot::{Measure, Period, Subject};

const MINUTE: u64 = 60_000;
/// 2023-11-14T22:13:20Z, 6400 seconds before midnight.
const START_MS: u64 = 1_700_000_000_000;

fn limit(name: &str, by: Subject, measure: Measure) -> Limit {
    Limit { name: name.into(), measure, by }
}

fn per_minute(name: &str, by: Subject, amount: u64) -> Limit {
    limit(name, by, Measure::Rate { amount, period_ms: MINUTE, burst: amount })
}

fn per_day(name: &str, by: Subject, amount: u64) -> Limit {
    limit(name, by, Measure::Quota { amount, period: Period::Day })
}

fn at_once(name: &str, by: Subject, amount: u64) -> Limit {
    limit(name, by, Measure::Concurrent { amount })
}

fn app(subject: u64, limits: &[Limit]) -> Principal {
    let grants = Arc::new(Grants::default());
    let limits = limits.iter().map(LimitPlan::new).collect();
    let app = AppPlan {
        name: "a".into(),
        team: "t".into(),
        agent: false,
        plan: None,
        rules: Default::default(),
        subject,
        held: [].into(),
        limits,
        grants,
    };
    Principal::of(Arc::new(app))
}

/// A guard and all it needs to judge requests.
struct Gate {
    guard: Limits,
    counters: Counters,
    headers: HeaderMap,
}

impl Gate {
    fn new(mode: Mode, limits: &[Limit]) -> Self {
        let (screen, limit) = limits.iter().map(LimitPlan::new).partition(|limit| limit.by_address());
        let guard = Limits { mode, screen: Set::new(screen), limit: Set::new(limit) };
        Self { guard, counters: Counters::default(), headers: HeaderMap::new() }
    }

    fn enforcing(limits: &[Limit]) -> Self {
        Self::new(Mode::Enforce, limits)
    }

    /// Both phases, as far as the verdicts let the request go.
    fn judge(&self, request: &Ask<'_>) -> (Verdict, Effects) {
        let view = RequestView {
            method: &Method::GET,
            path_parameters: &[],
            query: "",
            credential_query: None,
            version_query: None,
            headers: &self.headers,
            uri: &http::Uri::from_static("/"),
            told_host: None,
            certified: false,
            address: request.address.parse().unwrap(),
            principal: request.principal,
            cost: request.cost,
            now: Now { unix_ms: START_MS + request.at_ms, mono_us: request.at_ms * 1000 },
            tls: true,
            country: None,
            asn: None,
            risk: 0,
            notes: None,
        };
        let mut effects = Effects::default();
        let before = RequestView { principal: None, ..view };
        let verdict = self.guard.screen(&before, &self.counters, &mut effects);
        let view = RequestView { principal: request.principal, ..before };
        let verdict = verdict.and_then(|()| self.guard.limit(&view, &self.counters, &mut effects));
        (verdict, effects)
    }

    fn passes(&self, request: &Ask<'_>) -> bool {
        self.judge(request).0.is_ok()
    }

    fn refusal(&self, request: &Ask<'_>) -> Box<Refusal> {
        self.judge(request).0.unwrap_err()
    }
}

#[derive(Clone, Copy)]
struct Ask<'a> {
    address: &'a str,
    principal: Option<&'a Principal>,
    cost: u32,
    at_ms: u64,
}

const ASK: Ask<'static> = Ask { address: "192.0.2.1", principal: None, cost: 1, at_ms: 0 };

fn header(effects: &Effects, name: &str) -> Option<String> {
    let mut found = effects.headers.iter().filter(|(other, _)| other == name);
    let value = found.next().map(|(_, value)| value.to_str().unwrap().to_owned());
    assert!(found.next().is_none(), "{name} is there twice");
    value
}

fn retry_after(refusal: &Refusal) -> Option<&str> {
    refusal.headers.iter().find(|(name, _)| name == RETRY_AFTER).map(|(_, value)| value.to_str().unwrap())
}

#[test]
fn test_a_request_when_over_its_rate_then_gets_429_and_is_told_when_to_come_back() {
    let gate = Gate::enforcing(&[per_minute("all", Subject::All, 2)]);
    assert!(gate.passes(&ASK) && gate.passes(&ASK));
    let refusal = gate.refusal(&Ask { at_ms: 100, ..ASK });
    assert_eq!((refusal.code, retry_after(&refusal)), (Code::RateExceeded, Some("30")));
    assert_eq!(refusal.detail, "The limit is 2 requests per minute; try again in 30 seconds.");
    assert!(gate.passes(&Ask { at_ms: 30_000, ..ASK }));
}

#[test]
fn test_a_request_when_over_its_quota_then_waits_for_the_next_period() {
    let gate = Gate::enforcing(&[per_day("daily", Subject::All, 1)]);
    assert!(gate.passes(&ASK));
    let refusal = gate.refusal(&ASK);
    assert_eq!((refusal.code, retry_after(&refusal)), (Code::QuotaExceeded, Some("6400")));
    assert!(!gate.passes(&Ask { at_ms: 6_399_999, ..ASK }));
    assert!(gate.passes(&Ask { at_ms: 6_400_000, ..ASK }));
}

#[test]
fn test_a_request_when_all_places_are_taken_then_waits_for_one_to_come_free() {
    let gate = Gate::enforcing(&[at_once("few", Subject::All, 1)]);
    let (verdict, running) = gate.judge(&ASK);
    assert!(verdict.is_ok());
    let refusal = gate.refusal(&ASK);
    assert_eq!((refusal.code, retry_after(&refusal)), (Code::ConcurrencyExceeded, Some("1")));
    drop(running);
    assert!(gate.passes(&ASK));
}

#[test]
fn test_apps_when_counted_each_then_do_not_spend_each_others_share() {
    let gate = Gate::enforcing(&[per_minute("each", Subject::App, 1)]);
    let (one, two) = (app(1, &[]), app(2, &[]));
    for principal in [Some(&one), Some(&two), None] {
        assert!(gate.passes(&Ask { principal, ..ASK }));
        assert!(!gate.passes(&Ask { principal, ..ASK }));
    }
    assert!(gate.passes(&Ask { address: "192.0.2.2", ..ASK }));
}

#[test]
fn test_addresses_when_counted_each_then_a_network_of_ipv6_is_one() {
    let gate = Gate::enforcing(&[per_minute("each", Subject::Address, 1)]);
    let passes = |address| gate.passes(&Ask { address, ..ASK });
    assert!(passes("2001:db8::1") && !passes("2001:db8::2") && passes("2001:db8:0:1::1"));
    assert!(passes("::ffff:192.0.2.9") && !passes("192.0.2.9"));
}

#[test]
fn test_limits_of_an_app_when_it_calls_then_are_counted_beside_those_of_the_operation() {
    let gate = Gate::enforcing(&[per_minute("operation", Subject::All, 10)]);
    let small = app(1, &[per_minute("profile-small-0", Subject::App, 1)]);
    let asking = Ask { principal: Some(&small), ..ASK };
    let (verdict, effects) = gate.judge(&asking);
    assert!(verdict.is_ok());
    assert_eq!(header(&effects, "ratelimit-policy").unwrap(), "\"operation\";q=10;w=60, \"profile-small-0\";q=1;w=60");
    assert_eq!(header(&effects, "ratelimit").unwrap(), "\"operation\";r=9;t=6, \"profile-small-0\";r=0;t=60");
    assert_eq!(gate.refusal(&asking).detail, "The limit is 1 request per minute for each app; try again in 60 seconds.");
}

#[test]
fn test_a_refused_request_when_some_limits_had_room_then_consumes_nothing_of_them() {
    let gate =
        Gate::enforcing(&[per_day("day", Subject::All, 9), at_once("few", Subject::All, 5), per_minute("rate", Subject::All, 1)]);
    let running = gate.judge(&ASK);
    for _ in 0..20 {
        let (verdict, effects) = gate.judge(&ASK);
        assert!(verdict.is_err() && effects.permits.is_empty());
        assert_eq!(header(&effects, "ratelimit").unwrap(), "\"day\";r=8;t=6400, \"rate\";r=0;t=60");
    }
    assert!((1..9).all(|n| gate.passes(&Ask { at_ms: n * MINUTE, ..ASK })));
    drop(running);
}

#[test]
fn test_several_exceeded_limits_when_refused_then_the_longest_wait_is_told() {
    let gate = Gate::enforcing(&[per_minute("rate", Subject::All, 1), per_day("day", Subject::All, 1)]);
    assert!(gate.passes(&ASK));
    assert_eq!(gate.refusal(&ASK).code, Code::QuotaExceeded);
    let gate = Gate::enforcing(&[per_day("day", Subject::All, 1), per_minute("rate", Subject::All, 1)]);
    assert!(gate.passes(&ASK));
    assert_eq!(gate.refusal(&ASK).code, Code::QuotaExceeded);
}

#[test]
fn test_a_cost_when_declared_then_takes_so_many_units_but_one_place() {
    let gate = Gate::enforcing(&[per_minute("rate", Subject::All, 10), at_once("few", Subject::All, 2)]);
    let (verdict, effects) = gate.judge(&Ask { cost: 7, ..ASK });
    assert!(verdict.is_ok());
    assert_eq!((header(&effects, "ratelimit").unwrap().as_str(), effects.permits.len()), ("\"rate\";r=3;t=42", 1));
    assert_eq!(retry_after(&gate.refusal(&Ask { cost: 4, ..ASK })), Some("6"));
    assert!(gate.passes(&Ask { cost: 0, ..ASK }) && gate.passes(&Ask { cost: 3, ..ASK }));
}

#[test]
fn test_a_cost_above_the_burst_when_asked_then_is_told_that_it_can_never_pass() {
    let burst = limit("rate", Subject::All, Measure::Rate { amount: 100, period_ms: MINUTE, burst: 5 });
    let refusal = Gate::enforcing(&[burst]).refusal(&Ask { cost: 6, ..ASK });
    let told = "The limit is 100 requests per minute; this request counts as 6 and at most 5 pass at once, so it can never pass.";
    assert_eq!((refusal.detail.as_str(), retry_after(&refusal)), (told, None));
}

#[test]
fn test_a_guard_in_monitor_when_limits_are_passed_then_counts_alike_and_shows_nothing() {
    let limits = [per_minute("each", Subject::Address, 2), per_minute("all", Subject::All, 1)];
    let (enforcing, monitoring) = (Gate::enforcing(&limits), Gate::new(Mode::Monitor, &limits));
    for at_ms in [0, 1, 20_000, 60_000, 60_001] {
        let (verdict, effects) = monitoring.judge(&Ask { at_ms, ..ASK });
        assert_eq!(verdict.is_ok(), enforcing.passes(&Ask { at_ms, ..ASK }));
        assert!(effects.headers.is_empty());
    }
}

#[test]
fn test_both_phases_when_they_count_then_write_one_field_each() {
    let gate = Gate::enforcing(&[per_minute("each", Subject::Address, 5), per_minute("all", Subject::All, 9)]);
    let (_, effects) = gate.judge(&ASK);
    assert_eq!(header(&effects, "ratelimit-policy").unwrap(), "\"each\";q=5;w=60, \"all\";q=9;w=60");
    assert_eq!(header(&effects, "ratelimit").unwrap(), "\"each\";r=4;t=12, \"all\";r=8;t=7");
}

#[test]
fn test_concurrency_when_it_is_the_only_limit_then_no_field_speaks_of_it() {
    let (_, effects) = Gate::enforcing(&[at_once("few", Subject::All, 2)]).judge(&ASK);
    assert!(effects.headers.is_empty());
}

/// A string and its integer parameters.
type Item = (String, Vec<(String, u64)>);

/// A strict reader of what the guard writes: a structured-field list of strings with integer parameters (RFC 9651).
fn read_list(field: &str) -> Option<Vec<Item>> {
    let (mut items, mut rest) = (Vec::new(), field);
    loop {
        let (text, after) = read_string(rest)?;
        let end = after.find(", ").unwrap_or(after.len());
        let parameters = after[..end].split(';').skip(1).map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let good = key.bytes().all(|b| b.is_ascii_lowercase()) && value.len() <= 15 && !value.starts_with('+');
            Some((key.to_owned(), value.parse().ok().filter(|_| good)?))
        });
        items.push((text, parameters.collect::<Option<Vec<_>>>()?));
        match after[end..].strip_prefix(", ") {
            Some(more) => rest = more,
            None => return Some(items),
        }
    }
}

fn read_string(text: &str) -> Option<(String, &str)> {
    let mut characters = text.strip_prefix('"')?.char_indices();
    let mut read = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((read, &text[at + 2..])),
            '\\' => read.push(characters.next().map(|(_, escaped)| escaped).filter(|c| "\"\\".contains(*c))?),
            ' '..='~' => read.push(character),
            _ => return None,
        }
    }
    None
}

fn any_measure() -> impl Strategy<Value = Measure> {
    prop_oneof![
        (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(amount, period_ms, burst)| Measure::Rate {
            amount,
            period_ms,
            burst
        }),
        (1u64..20, 1u64..100_000, 1u64..20).prop_map(|(amount, period_ms, burst)| Measure::Rate { amount, period_ms, burst }),
        (any::<u64>(), 0usize..4).prop_map(|(amount, n)| {
            Measure::Quota { amount, period: [Period::Hour, Period::Day, Period::Week, Period::Month][n] }
        }),
        (0u64..4).prop_map(|amount| Measure::Concurrent { amount }),
    ]
}

proptest! {
    #[test]
    fn test_any_limits_when_counted_then_the_fields_are_lists_of_strings_with_integers(
        measures in prop::collection::vec((any_measure(), 0usize..3, ".{0,12}"), 1..5),
        asks in prop::collection::vec((0u64..1 << 44, 0u32..9), 1..6),
    ) {
        let subjects = [Subject::All, Subject::App, Subject::Address];
        let limits: Vec<Limit> =
            measures.iter().enumerate().map(|(n, (measure, by, name))| limit(&format!("{n}{name}"), subjects[*by], *measure)).collect();
        let gate = Gate::enforcing(&limits);
        for (at_ms, cost) in asks {
            let (verdict, effects) = gate.judge(&Ask { at_ms, cost, ..ASK });
            for (name, keys) in [("ratelimit-policy", ["q", "w"]), ("ratelimit", ["r", "t"])] {
                for (_, parameters) in header(&effects, name).map_or(Vec::new(), |field| read_list(&field).expect(&field)) {
                    let names: Vec<&str> = parameters.iter().map(|(key, _)| key.as_str()).collect();
                    prop_assert_eq!(names, keys);
                }
            }
            if let Err(refusal) = verdict {
                prop_assert!(retry_after(&refusal).is_none_or(|seconds| seconds.parse::<u64>().unwrap() >= 1));
                let of_screen = limits.iter().filter(|limit| matches!((limit.by, limit.measure), (Subject::Address, Measure::Concurrent { .. })));
                prop_assert!(effects.permits.len() <= of_screen.count());
            }
        }
    }

    #[test]
    fn test_any_requests_when_refused_then_leave_every_limit_as_it_was(
        asks in prop::collection::vec((0u64..20_000, 1u32..4, any::<bool>()), 1..60),
    ) {
        let limits = [
            per_minute("rate", Subject::All, 20), per_day("day", Subject::All, 40),
            at_once("few", Subject::All, 3), per_minute("late", Subject::App, 5),
        ];
        let gate = Gate::enforcing(&limits);
        let plans: Vec<_> = limits.iter().map(LimitPlan::new).collect();
        let (mut at_ms, mut running) = (0, Vec::new());
        for (gap, cost, ends) in asks {
            at_ms += gap;
            let now = Now { unix_ms: START_MS + at_ms, mono_us: at_ms * 1000 };
            let owner = |plan: &LimitPlan| match plan.name() {
                "late" => counters::Owner::of_address("192.0.2.1".parse().unwrap()),
                _ => counters::Owner::All,
            };
            let look = || plans.iter().map(|plan| gate.counters.look(plan, owner(plan), now, 1)).collect::<Vec<_>>();
            let before = look();
            let (verdict, effects) = gate.judge(&Ask { at_ms, cost, ..ASK });
            match verdict {
                Ok(()) => running.push(effects),
                Err(_) => prop_assert_eq!(look(), before),
            }
            if ends {
                running.clear();
            }
        }
    }
}

fn snapshot(mode: &str, limits: serde_json::Value) -> Vec<u8> {
    let operation = json!({"id": "shop:list", "method": "GET", "path": "/books", "cost": 1});
    let api = json!({
        "name": "shop", "version": "1.0.0", "base_path": "/", "upstream": {"targets": [{"url": "http://127.0.0.1:9"}]},
        "identify": {"public": true}, "operations": [operation], "guards": {"limits": {"mode": mode}},
    });
    serde_json::to_vec(&json!({"format": yett_model::SNAPSHOT_FORMAT, "apis": [api], "limits": limits})).unwrap()
}

fn begin(engine: &Engine) -> (Exchange, Option<u16>) {
    let caller = Caller::new(IpAddr::from([192, 0, 2, 1]), false);
    let now = Now { unix_ms: START_MS, mono_us: 0 };
    let mut exchange = Exchange::new(engine.plan().unwrap(), engine.counters().clone(), caller, now, 1);
    let request = http::Request::builder().uri("/books").header("host", "a").body(()).unwrap();
    let answer = exchange.judge_head(&request.into_parts().0).err();
    let status = answer.map(|answer| {
        assert!(answer.headers().contains_key(RETRY_AFTER));
        answer.status().as_u16()
    });
    (exchange, status)
}

#[test]
fn test_an_exchange_when_dropped_half_way_then_gives_its_place_back() {
    let engine = Engine::new(Pepper::new(&[7; 32]).unwrap());
    let limits = json!([{"name": "few", "measure": {"kind": "concurrent", "amount": 1}, "by": "all"}]);
    engine.apply(&snapshot("enforce", limits)).unwrap();
    let (running, status) = begin(&engine);
    assert_eq!(status, None);
    assert_eq!(begin(&engine).1, Some(429));
    drop(running);
    assert_eq!(begin(&engine).1, None);
}

#[test]
fn test_a_new_plan_when_its_limit_is_unchanged_then_goes_on_counting() {
    let engine = Engine::new(Pepper::new(&[7; 32]).unwrap());
    let rate = |amount: u64| {
        let measure = json!({"kind": "rate", "amount": amount, "period_ms": 60_000, "burst": 1});
        json!([{"name": "slow", "measure": measure, "by": "address"}])
    };
    engine.apply(&snapshot("enforce", rate(1))).unwrap();
    assert_eq!((begin(&engine).1, begin(&engine).1), (None, Some(429)));
    engine.apply(&snapshot("enforce", rate(1))).unwrap();
    assert_eq!(begin(&engine).1, Some(429));
    engine.apply(&snapshot("enforce", rate(2))).unwrap();
    assert_eq!(begin(&engine).1, None);
}

#[test]
fn test_an_operation_when_nothing_could_limit_it_then_has_no_guard() {
    let guards = |mode: &str, limits: serde_json::Value| {
        let engine = Engine::new(Pepper::new(&[7; 32]).unwrap());
        engine.apply(&snapshot(mode, limits)).unwrap();
        let plan = engine.plan().unwrap();
        plan.operations()[0].guards.iter().filter(|guard| guard.name() == "limits").count()
    };
    let some = json!([{"name": "few", "measure": {"kind": "concurrent", "amount": 1}, "by": "all"}]);
    assert_eq!(guards("enforce", json!([])), 0);
    assert_eq!(guards("off", some.clone()), 0);
    assert_eq!(guards("monitor", some), 1);
}

/// Prints nanoseconds a check, one thread: `cargo test --release -p yett-engine limits -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn measure_one_check() {
    let (rate, day) = (per_minute("a", Subject::App, 1 << 30), per_day("b", Subject::App, 1 << 30));
    for keys in [1u64, 1_000, 100_000, 400_000] {
        for limits in
            [vec![rate.clone()], vec![day.clone()], vec![at_once("c", Subject::App, 9)], vec![rate.clone(), day.clone()]]
        {
            let names: Vec<_> = limits.iter().map(|limit| limit.name.as_str()).collect();
            let (check, guard) = measure(keys, &limits);
            println!("{keys:>7} keys, {names:?}: check {check} ns, both phases with fields {guard} ns");
        }
    }
}

fn measure(keys: u64, limits: &[Limit]) -> (u64, u64) {
    // The best of many short runs: others use the machine too.
    const RUNS: u64 = 40;
    const TURNS: u64 = 100_000;
    let gate = Gate::enforcing(limits);
    let apps: Vec<_> = (0..keys).map(|n| app(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), &[])).collect();
    let plans: Vec<_> = limits.iter().map(LimitPlan::new).collect();
    let check = |n: u64| {
        let owner = counters::Owner::App(apps[(n * 7919 % keys) as usize].app.subject);
        let now = Now { unix_ms: START_MS, mono_us: n };
        plans.iter().for_each(|plan| drop(gate.counters.take(plan, owner, now, 1)));
    };
    let guard = |n: u64| {
        let principal = Some(&apps[(n * 7919 % keys) as usize]);
        assert!(gate.passes(&Ask { principal, at_ms: n / 1000, ..ASK }));
    };
    let time = |turn: &dyn Fn(u64), from: u64| {
        let run = |run: u64| {
            let (first, start) = (from + run * TURNS, std::time::Instant::now());
            (first..first + TURNS).for_each(turn);
            start.elapsed().as_nanos() as u64 / TURNS
        };
        (0..RUNS).map(run).min().unwrap_or(0)
    };
    (time(&check, 0), time(&guard, RUNS * TURNS))
}
