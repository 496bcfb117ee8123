//! Shedding: an API that slows down is sent what it can answer soon, the rest is refused at once.

use crate::common::{Origin, PATIENCE, Stage, get, options, post, reply, snapshot};
use serde_json::json;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use yett_model::Code;
use yett_model::snapshot::Mode;

/// What an origin saw: it works on so many requests at a time, each for so many milliseconds.
struct Busy {
    millis: AtomicU64,
    /// Microseconds that its places were taken, all together.
    worked_us: AtomicU64,
    here: AtomicUsize,
    /// How many requests each found there, itself among them.
    found: Mutex<Vec<usize>>,
}

fn busy_origin(workers: usize, millis: u64) -> (Origin, Arc<Busy>) {
    let free = Arc::new((Mutex::new(workers), Condvar::new()));
    let busy = Arc::new(Busy {
        millis: AtomicU64::new(millis),
        worked_us: AtomicU64::new(0),
        here: AtomicUsize::new(0),
        found: Mutex::default(),
    });
    let seen = busy.clone();
    let origin = Origin::start(move |_, stream| {
        let here = seen.here.fetch_add(1, Ordering::SeqCst) + 1;
        seen.found.lock().unwrap().push(here);
        let (count, changed) = &*free;
        let mut guard = changed.wait_while(count.lock().unwrap(), |free| *free == 0).unwrap();
        *guard -= 1;
        drop(guard);
        let began = Instant::now();
        std::thread::sleep(Duration::from_millis(seen.millis.load(Ordering::Relaxed)));
        seen.worked_us.fetch_add(began.elapsed().as_micros() as u64, Ordering::SeqCst);
        *count.lock().unwrap() += 1;
        changed.notify_one();
        seen.here.fetch_sub(1, Ordering::SeqCst);
        reply(stream, "200 OK", "", b"done")
    });
    (origin, busy)
}

#[derive(Default)]
struct Tally {
    answered: Vec<Duration>,
    shed: Vec<Duration>,
}

fn hundredth(sorted: &mut [usize], part: usize) -> usize {
    sorted.sort_unstable();
    sorted.get(sorted.len() * part / 100).copied().unwrap_or_default()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// So many callers, each of which asks again when it is answered, and a while later when it is not.
fn press(stage: &Stage, callers: usize, time: Duration) -> Tally {
    let (began, tally) = (Instant::now(), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                let mut caller = stage.caller();
                while began.elapsed() < time {
                    let asked = Instant::now();
                    caller.send(get("/shop/books"));
                    let answer = caller.read().unwrap();
                    match answer.status() {
                        200 => tally.lock().unwrap().answered.push(asked.elapsed()),
                        503 => {
                            assert_eq!(answer.json()["code"], "overload-shed");
                            let wait: u64 = answer.field("retry-after").unwrap().parse().unwrap();
                            assert!((1..=3).contains(&wait));
                            tally.lock().unwrap().shed.push(asked.elapsed());
                            std::thread::sleep(Duration::from_millis(200));
                        }
                        other => panic!("{other}"),
                    }
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

fn stage(origin: &Origin, mode: Mode) -> Stage {
    let mut options = options();
    options.overload.mode = mode;
    options.overload.slack_ms = 50;
    Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})))
}

#[test]
fn an_api_that_slows_down_twentyfold_answers_what_is_let_in_soon_and_the_rest_is_shed_at_once() {
    let (origin, busy) = busy_origin(8, 10);
    let stage = stage(&origin, Mode::Enforce);
    let healthy = press(&stage, 6, Duration::from_secs(1));
    assert_eq!(healthy.shed.len(), 0, "healthy traffic was shed");
    busy.millis.store(200, Ordering::Relaxed);
    // 40 a second can be answered; without a limit 160 callers would all be with the API and wait four seconds each.
    press(&stage, 160, Duration::from_secs(6));
    busy.found.lock().unwrap().clear();
    let (worked_us, began) = (busy.worked_us.load(Ordering::SeqCst), Instant::now());
    let mut then = press(&stage, 160, Duration::from_secs(5));
    // Counted in requests, not in seconds: how fast the machine is does not matter. 80 wait two seconds.
    let crowd = hundredth(&mut busy.found.lock().unwrap(), 99);
    assert!(crowd < 80, "{crowd} requests with an API that works on eight");
    let could_us = 8 * began.elapsed().as_micros() as u64;
    let worked_us = busy.worked_us.load(Ordering::SeqCst) - worked_us;
    assert!(worked_us * 10 >= could_us * 6, "the API worked {worked_us} of {could_us} microseconds");
    let (shed, answered) = (median(&mut then.shed), median(&mut then.answered));
    assert!(shed > Duration::ZERO && shed < answered, "a refusal took {shed:?}, an answer {answered:?}");
    let page = stage.telemetry("/metrics");
    assert!(!page.text().contains("yett_requests_shed_total{cause=\"upstream\"} 0\n"));
    let events = stage.finish();
    let shed = events.iter().find(|event| event.code == Some(Code::OverloadShed)).unwrap();
    assert_eq!((shed.status, shed.upstream_us), (503, None), "nothing is sent upstream");
}

#[test]
fn an_api_that_answers_in_constant_time_is_never_held_back_whatever_the_concurrency() {
    // Its time is long beside what a busy machine adds to it, or it would not be constant.
    let (origin, _) = busy_origin(10_000, 500);
    let stage = stage(&origin, Mode::Enforce);
    for callers in [4, 200, 20, 200] {
        assert_eq!(press(&stage, callers, Duration::from_millis(1_500)).shed.len(), 0, "{callers} callers");
    }
}

#[test]
fn in_monitor_nothing_is_shed_and_what_would_have_been_is_told() {
    let (origin, busy) = busy_origin(2, 5);
    let stage = stage(&origin, Mode::Monitor);
    press(&stage, 2, Duration::from_millis(500));
    busy.millis.store(100, Ordering::Relaxed);
    assert_eq!(press(&stage, 60, Duration::from_secs(4)).shed.len(), 0);
    assert!(stage.telemetry("/metrics").text().contains("yett_would_deny_total{guard=\"overload\"}"));
}

#[test]
fn a_fetch_for_the_cache_is_a_request_like_any_other() {
    let (origin, busy) = busy_origin(2, 5);
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]}));
    // Nothing that the origin says may be kept, so that everybody fetches.
    snapshot["apis"][0]["operations"][0]["cache"] = json!({});
    let mut options = options();
    (options.overload.mode, options.overload.slack_ms) = (Mode::Monitor, 50);
    let stage = Stage::start(options, &snapshot);
    press(&stage, 2, Duration::from_millis(500));
    busy.millis.store(100, Ordering::Relaxed);
    press(&stage, 60, Duration::from_secs(4));
    assert!(stage.telemetry("/metrics").text().contains("yett_would_deny_total{guard=\"overload\"}"));
}

#[test]
fn a_request_is_shed_before_its_body_is_read_and_its_credential_looked_at() {
    let (origin, busy) = busy_origin(1, 5);
    let mut options = options();
    (options.overload.slack_ms, options.overload.floor) = (10, 1);
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    press(&stage, 1, Duration::from_millis(300));
    busy.millis.store(300, Ordering::Relaxed);
    let hold = std::thread::scope(|scope| {
        scope.spawn(|| press(&stage, 40, Duration::from_secs(3)));
        std::thread::sleep(Duration::from_millis(1500));
        // Most of the body never comes, and the answer is there all the same.
        let began = Instant::now();
        loop {
            let mut caller = stage.caller();
            let whole = post("/shop/books", &"x".repeat(50_000));
            caller.send(whole.get(..whole.len() - 40_000).unwrap());
            caller.stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
            if let Ok(answer) = caller.read() {
                break answer;
            }
            assert!(began.elapsed() < PATIENCE, "it is not shed");
        }
    });
    assert_eq!((hold.status(), hold.json()["code"].as_str()), (503, Some("overload-shed")));
}
