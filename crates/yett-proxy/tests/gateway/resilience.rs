//! Several targets: who gets what, who is taken out, what is sent again, and what it costs.

use crate::common::{Message, Origin, PATIENCE, Stage, api_key, get, options, post, reply, snapshot};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// An origin that answers with its name, until it is told to fail; it counts what it gets.
struct Named {
    origin: Origin,
    count: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
}

impl Named {
    fn start(name: &'static str) -> Self {
        let (count, fails) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, failing) = (count.clone(), fails.clone());
        let origin = Origin::start(move |_, stream| {
            counted.fetch_add(1, Ordering::SeqCst);
            match failing.load(Ordering::SeqCst) {
                true => false,
                false => reply(stream, "200 OK", "", name.as_bytes()),
            }
        });
        Self { origin, count, fails }
    }

    fn target(&self) -> Value {
        target(self.origin.address)
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

pub(crate) fn target(address: SocketAddr) -> Value {
    json!({"url": format!("http://{address}")})
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn upstream(targets: &[Value], settings: &Value) -> Value {
    let mut upstream = json!({"targets": targets, "slow_start_ms": 0});
    for (name, value) in settings.as_object().unwrap() {
        upstream[name] = value.clone();
    }
    upstream
}

pub(crate) fn before(targets: &[Value], settings: &Value) -> Stage {
    Stage::start(options(), &snapshot(&upstream(targets, settings)))
}

/// Answers to so many requests, each on a connection of its own.
fn ask(stage: &Stage, times: usize, request: &str) -> Vec<Message> {
    (0..times).map(|_| stage.ask(request)).collect()
}

fn texts(answers: &[Message]) -> Vec<&str> {
    answers.iter().map(Message::text).collect()
}

/// Waits until something holds that other threads bring about.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what} never came about");
        std::thread::yield_now();
    }
}

fn metric(stage: &Stage, line: &str) -> bool {
    stage.telemetry("/metrics").text().lines().any(|found| found == line)
}

#[test]
fn targets_get_their_turns_by_weight() {
    let (a, b) = (Named::start("a"), Named::start("b"));
    let mut heavy = a.target();
    heavy["weight"] = json!(3);
    let stage = before(&[heavy, b.target()], &json!({}));
    ask(&stage, 40, &get("/shop/books"));
    assert_eq!((a.count(), b.count()), (30, 10));
}

#[test]
fn a_dead_target_costs_callers_nothing_whatever_the_method() {
    let alive = Named::start("alive");
    let stage = before(&[target(nobody()), alive.target()], &json!({}));
    for request in [get("/shop/books"), post("/shop/books", "once")] {
        for answer in ask(&stage, 10, &request) {
            assert_eq!((answer.status(), answer.text()), (200, "alive"));
        }
    }
    assert_eq!(alive.count(), 20);
    let events = stage.finish();
    assert!(events.iter().any(|event| event.attempts == Some(2)));
    assert!(events.iter().all(|event| event.target.as_deref() == Some(&format!("http://{}", alive.origin.address)[..])));
}

#[test]
fn a_request_that_is_sent_elsewhere_names_the_other_host_and_path() {
    let echo = Origin::echo();
    let stage = before(
        &[json!({"url": format!("http://{}/one", nobody())}), json!({"url": format!("http://{}/two", echo.address)})],
        &json!({}),
    );
    for _ in 0..4 {
        assert_eq!(stage.ask(&get("/shop/books?a=1")).json()["target"], "/two/books?a=1");
        assert_eq!(echo.next().field("host"), Some(&echo.address.to_string()[..]));
    }
}

#[test]
fn a_streamed_body_goes_elsewhere_while_nothing_of_it_was_sent() {
    let echo = Origin::echo();
    let stage = before(&[target(nobody()), target(echo.address)], &json!({}));
    for _ in 0..4 {
        let mut caller = stage.caller();
        caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(caller.read().unwrap().json()["length"], 5);
    }
}

#[test]
fn a_reset_is_repeated_for_a_get_and_never_for_a_post() {
    let (bad, good) = (Named::start("bad"), Named::start("good"));
    bad.fails.store(true, Ordering::SeqCst);
    let stage = before(&[bad.target(), good.target()], &json!({"outlier": {"consecutive": 0, "failure_share": 0}}));
    assert!(texts(&ask(&stage, 10, &get("/shop/books"))).iter().all(|text| *text == "good"));
    let (bad_before, good_before) = (bad.count(), good.count());
    let answers = ask(&stage, 10, &post("/shop/books", "once"));
    let failed = answers.iter().filter(|answer| answer.status() == 502).count();
    assert_eq!((bad.count() - bad_before, good.count() - good_before), (failed, 10 - failed));
    assert_eq!(failed, 5);
}

#[test]
fn an_answer_of_503_is_repeated_and_the_last_one_passed_on() {
    let busy = || Origin::start(|_, stream| reply(stream, "503 Service Unavailable", "retry-after: 7\r\n", b"busy"));
    let (first, second) = (busy(), busy());
    let stage = before(&[target(first.address), target(second.address)], &json!({}));
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!((answer.status(), answer.field("retry-after")), (503, Some("7")));
    assert_eq!((first.requests.try_iter().count(), second.requests.try_iter().count()), (1, 1));
    assert_eq!(stage.finish()[0].attempts, Some(2));
}

#[test]
fn an_answer_of_503_is_passed_on_where_there_is_nobody_else_to_ask() {
    let busy = Origin::start(|_, stream| reply(stream, "503 Service Unavailable", "retry-after: 7\r\n", b"busy"));
    let circuit = json!({"circuit": {"failures": 1, "open_ms": 60_000}, "retries": {"attempts": 3}});
    let stage = before(&[target(busy.address)], &circuit);
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!((answer.status(), answer.field("retry-after")), (503, Some("7")));
    assert_eq!(answer.json()["code"], "upstream-error");
    assert_eq!(stage.finish()[0].attempts, None);
}

#[test]
fn a_caller_that_sends_slowly_does_not_keep_a_circuit_open_for_others() {
    let named = Named::start("back");
    named.fails.store(true, Ordering::SeqCst);
    let stage = before(&[named.target()], &json!({"circuit": {"failures": 1, "open_ms": 200}}));
    assert_eq!(stage.ask(&get("/shop/books")).status(), 502);
    named.fails.store(false, Ordering::SeqCst);
    let mut slow = stage.caller();
    wait_until("the place of a half-open circuit", || {
        slow = stage.caller();
        slow.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-type: text/plain\r\ncontent-length: 200000\r\n\r\nhello");
        slow.stream.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
        slow.read().is_err()
    });
    wait_until("a circuit that closes", || stage.ask(&get("/shop/books")).status() == 200);
}

#[test]
fn what_is_not_on_the_list_is_not_repeated() {
    let bad = Named::start("bad");
    bad.fails.store(true, Ordering::SeqCst);
    let stage = before(&[bad.target(), bad.target()], &json!({"retries": {"on": ["503"]}}));
    assert_eq!(stage.ask(&get("/shop/books")).status(), 502);
    assert_eq!(bad.count(), 1);
}

#[test]
fn an_attempt_that_stalls_is_given_up_for_another() {
    let stalled = Origin::raw(|_, mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let good = Named::start("good");
    let retries = json!({"retries": {"on": ["timeout"], "per_try_timeout_ms": 100}});
    let stage = before(&[target(stalled), good.target()], &retries);
    assert_eq!(texts(&ask(&stage, 4, &get("/shop/books"))), ["good"; 4]);
}

#[test]
fn the_time_for_all_attempts_is_the_end_of_it() {
    let stalled = Origin::raw(|_, mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let stage = before(&[target(stalled)], &json!({"timeout_ms": 150, "retries": {"attempts": 10, "on": ["timeout"]}}));
    let began = Instant::now();
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!((answer.status(), &answer.json()["code"]), (504, &json!("upstream-timeout")));
    assert!(began.elapsed().as_secs() < 5);
}

#[test]
fn a_storm_of_repeats_is_bounded_by_the_budget() {
    let bad = Named::start("bad");
    bad.fails.store(true, Ordering::SeqCst);
    let settings = json!({
        "retries": {"attempts": 4, "budget": {"share": 10, "minimum": 0}},
        "outlier": {"consecutive": 0, "failure_share": 0},
    });
    let stage = before(&[bad.target(), bad.target()], &settings);
    assert!(ask(&stage, 200, &get("/shop/books")).iter().all(|answer| answer.status() == 502));
    // The bank of ten, and one in ten.
    assert!((200..=231).contains(&bad.count()), "{}", bad.count());
    assert!(stage.telemetry("/metrics").text().contains("yett_retries_refused_total{api=\"shop\"} "));
}

#[test]
fn a_target_that_fails_is_taken_out_and_comes_back() {
    let (a, b) = (Named::start("a"), Named::start("b"));
    a.fails.store(true, Ordering::SeqCst);
    let stage = before(&[a.target(), b.target()], &json!({"outlier": {"consecutive": 2, "ejection_ms": 300}}));
    assert_eq!(texts(&ask(&stage, 20, &get("/shop/books"))), ["b"; 20]);
    assert!(a.count() <= 3, "{}", a.count());
    let url = format!("http://{}", a.origin.address);
    assert!(metric(&stage, &format!("yett_target_ejections_total{{api=\"shop\",target=\"{url}\",reason=\"consecutive\"}} 1")));
    a.fails.store(false, Ordering::SeqCst);
    wait_until("the return of a target", || stage.ask(&get("/shop/books")).text() == "a");
}

#[test]
fn a_target_killed_under_load_fails_no_request_that_may_be_repeated() {
    let alive = Named::start("alive");
    let dying = Named::start("dying");
    let mut settings = options();
    settings.workers = Some(2);
    let stage = Stage::start(settings, &snapshot(&upstream(&[alive.target(), dying.target()], &json!({}))));
    let done = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (address, done) = (stage.address, done.clone());
            std::thread::spawn(move || {
                let mut caller = crate::common::Caller::connect(address);
                let mut statuses = Vec::new();
                while !done.load(Ordering::SeqCst) {
                    caller.send(get("/shop/books"));
                    statuses.push(caller.read().unwrap().status());
                }
                statuses
            })
        })
        .collect();
    wait_until("load on both", || alive.count() > 100 && dying.count() > 100);
    dying.fails.store(true, Ordering::SeqCst);
    let before = alive.count();
    wait_until("load on the other", || alive.count() > before + 500);
    done.store(true, Ordering::SeqCst);
    let statuses: Vec<u16> = callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
    assert!(
        statuses.iter().all(|status| *status == 200),
        "{:?}",
        statuses.iter().filter(|status| **status != 200).collect::<Vec<_>>()
    );
}

#[test]
fn health_checks_take_a_target_out_and_in() {
    let well = Arc::new(AtomicBool::new(false));
    let health = well.clone();
    let sick = Origin::start(move |request, stream| match request.head.starts_with("GET /healthz ") {
        true => reply(stream, if health.load(Ordering::SeqCst) { "200 OK" } else { "500 Internal Server Error" }, "", b""),
        false => reply(stream, "200 OK", "", b"sick"),
    });
    let good = Origin::start(|_, stream| reply(stream, "200 OK", "", b"good"));
    let health = json!({"health": {"path": "/healthz", "interval_ms": 20, "unhealthy_after": 2, "healthy_after": 2}});
    let stage = before(&[target(sick.address), target(good.address)], &health);
    let gauge = |value: u8| format!("yett_target_well{{api=\"shop\",target=\"http://{}\"}} {value}", sick.address);
    wait_until("the checks of a sick target", || metric(&stage, &gauge(0)));
    assert_eq!(texts(&ask(&stage, 10, &get("/shop/books"))), ["good"; 10]);
    well.store(true, Ordering::SeqCst);
    wait_until("the checks of a well target", || metric(&stage, &gauge(1)));
    let answers = ask(&stage, 10, &get("/shop/books"));
    assert!(texts(&answers).contains(&"sick"));
}

#[test]
fn health_checks_end_with_the_plan() {
    let checked = Origin::start(|_, stream| reply(stream, "200 OK", "", b""));
    let health = json!({"health": {"path": "/healthz", "interval_ms": 20}});
    let stage = before(&[target(checked.address)], &health);
    checked.next();
    checked.next();
    let other = snapshot(&upstream(&[target(nobody())], &json!({})));
    stage.gateway.apply(other.to_string().as_bytes()).unwrap();
    let began = Instant::now();
    // At most the one that was under way still comes.
    while began.elapsed().as_millis() < 50 {
        std::thread::yield_now();
    }
    checked.requests.try_iter().for_each(drop);
    let began = Instant::now();
    while began.elapsed().as_millis() < 200 {
        std::thread::yield_now();
    }
    assert_eq!(checked.requests.try_iter().count(), 0);
}

#[test]
fn a_full_target_refuses_at_once_and_says_when_to_come_back() {
    let (go, gate) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (opened, waiting) = (go.clone(), gate.clone());
    let slow = Origin::start(move |_, stream| {
        waiting.fetch_add(1, Ordering::SeqCst);
        while !opened.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        reply(stream, "200 OK", "", b"done")
    });
    let stage = before(&[target(slow.address)], &json!({"circuit": {"max_in_flight": 2}}));
    let mut callers: Vec<_> = (0..2).map(|_| stage.caller()).collect();
    callers.iter_mut().for_each(|caller| caller.send(get("/shop/books")));
    wait_until("two requests with the target", || gate.load(Ordering::SeqCst) == 2);
    let refused = stage.ask(&get("/shop/books"));
    assert_eq!(
        (refused.status(), &refused.json()["code"], refused.field("retry-after")),
        (503, &json!("upstream-overloaded"), Some("1"))
    );
    go.store(true, Ordering::SeqCst);
    callers.iter_mut().for_each(|caller| assert_eq!(caller.read().unwrap().status(), 200));
    wait_until("places that are free again", || stage.ask(&get("/shop/books")).status() == 200);
}

#[test]
fn an_open_circuit_spares_the_target_and_closes_after_a_success() {
    let named = Named::start("back");
    named.fails.store(true, Ordering::SeqCst);
    let stage = before(&[named.target()], &json!({"circuit": {"failures": 3, "open_ms": 300}}));
    let statuses: Vec<u16> = ask(&stage, 10, &get("/shop/books")).iter().map(Message::status).collect();
    assert_eq!((&statuses[..3], &statuses[3..]), (&[502; 3][..], &[503; 7][..]));
    assert_eq!(named.count(), 3);
    let refused = stage.ask(&get("/shop/books"));
    assert_eq!((&refused.json()["code"], refused.field("retry-after")), (&json!("circuit-open"), Some("1")));
    named.fails.store(false, Ordering::SeqCst);
    wait_until("a circuit that closes", || stage.ask(&get("/shop/books")).status() == 200);
    assert_eq!(texts(&ask(&stage, 5, &get("/shop/books"))), ["back"; 5]);
}

#[test]
fn the_same_key_goes_to_the_same_target() {
    let named: Vec<Named> = ["a", "b", "c"].map(Named::start).into();
    let targets: Vec<Value> = named.iter().map(Named::target).collect();
    let stage = before(&targets, &json!({"balance": {"hash": {"header": "x-session"}}}));
    let of = |session: usize| {
        stage.ask(&get("/shop/books").replace("\r\n\r\n", &format!("\r\nx-session: {session}\r\n\r\n"))).text().to_owned()
    };
    let first: Vec<String> = (0..30).map(of).collect();
    assert_eq!((0..30).map(of).collect::<Vec<_>>(), first);
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 3);
}

fn cookie_of(answer: &Message) -> String {
    answer.field("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[test]
fn affinity_survives_a_reload_and_no_caller_can_forge_it() {
    let (a, b) = (Named::start("a"), Named::start("b"));
    let settings = json!({"affinity": {"cookie": "at"}});
    let stage = before(&[a.target(), b.target()], &settings);
    let first = stage.ask(&get("/shop/books"));
    let set = first.field("set-cookie").unwrap();
    assert!(set.contains("; Path=/shop; HttpOnly; SameSite=Lax") && !set.contains("Secure"), "{set}");
    let with =
        |cookie: &str| stage.ask(&get("/shop/books").replace("\r\n\r\n", &format!("\r\ncookie: x=1; {cookie}; y=2\r\n\r\n")));
    let cookie = cookie_of(&first);
    for _ in 0..6 {
        let again = with(&cookie);
        assert_eq!((again.text(), again.field("set-cookie")), (first.text(), None));
    }
    // Other order, other weights, another digest: the cookie means what it meant.
    let reloaded = snapshot(&upstream(&[b.target(), a.target()], &settings));
    stage.gateway.apply(reloaded.to_string().as_bytes()).unwrap();
    assert!((0..6).all(|_| with(&cookie).text() == first.text()));
    let (id, signature) = cookie.split_once('.').unwrap();
    let forged = format!("{id}.{}", signature.chars().rev().collect::<String>());
    let answers: Vec<Message> = (0..6).map(|_| with(&forged)).collect();
    assert!(answers.iter().all(|answer| answer.field("set-cookie").is_some()));
    assert_eq!(answers.iter().map(Message::text).collect::<HashSet<_>>().len(), 2);
    let mut seen = a.origin.requests.try_iter().chain(b.origin.requests.try_iter());
    assert!(seen.all(|request| request.field("cookie").is_none_or(|cookie| cookie == "x=1; y=2")));
}

fn versions(stable: &Named, canary: &Named, weight: u32) -> Value {
    json!({"slow_start_ms": 0, "versions": [
        {"name": "stable", "weight": 100 - weight, "targets": [stable.target()]},
        {"name": "canary", "weight": weight, "targets": [canary.target()], "header": [{"name": "x-canary", "value": "1"}]},
    ]})
}

#[test]
fn one_caller_sees_one_version_and_a_header_leads_to_the_other() {
    let (stable, canary) = (Named::start("stable"), Named::start("canary"));
    let stage = Stage::start(options(), &snapshot(&versions(&stable, &canary, 0)));
    assert_eq!(texts(&ask(&stage, 10, &get("/shop/books"))), ["stable"; 10]);
    let led = get("/shop/books").replace("\r\n\r\n", "\r\nx-canary: 1\r\n\r\n");
    assert_eq!(texts(&ask(&stage, 3, &led)), ["canary"; 3]);
    let keyed = get("/shop/secret").replace("\r\n\r\n", &format!("\r\nx-api-key: {}\r\n\r\n", api_key()));
    let answers = ask(&stage, 10, &keyed);
    assert_eq!(texts(&answers).into_iter().collect::<HashSet<_>>().len(), 1);
    let events = stage.finish();
    assert_eq!(events.iter().filter(|event| event.version.as_deref() == Some("canary")).count(), 3);
}

#[test]
fn a_mirror_gets_copies_without_credentials_and_can_do_no_harm() {
    let good = Named::start("good");
    let copies = Origin::start(|_, stream| reply(stream, "500 Internal Server Error", "", b"ignored"));
    let mirror = json!({"mirror": {"url": format!("http://{}/copy", copies.address)}});
    let stage = before(&[good.target()], &mirror);
    let request =
        post("/shop/books", "hello").replace("\r\n\r\n", "\r\nauthorization: Basic c2VjcmV0\r\ncookie: session=secret\r\n\r\n");
    assert_eq!(stage.ask(&request).text(), "good");
    let copy = copies.next();
    assert!(copy.head.starts_with("POST /copy/books HTTP/1.1\r\n") && copy.body == b"hello", "{copy:?}");
    assert!(!copy.head.to_lowercase().contains("secret") && !copy.head.contains("c2VjcmV0"), "{}", copy.head);
    let events = stage.finish();
    assert!(events[0].mirrored && events[0].status == 200);
}

#[test]
fn a_mirror_that_is_dead_or_hangs_neither_delays_nor_fails_and_is_bounded() {
    let hanging = Arc::new(AtomicUsize::new(0));
    let counted = hanging.clone();
    let hung = Origin::raw(move |_, mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    for address in [nobody(), hung] {
        let good = Named::start("good");
        let mirror = json!({"mirror": {"url": format!("http://{address}"), "max_in_flight": 3}, "response_timeout_ms": 60_000});
        let stage = before(&[good.target()], &mirror);
        assert_eq!(texts(&ask(&stage, 20, &get("/shop/books"))), ["good"; 20]);
        assert!(stage.telemetry("/metrics").text().contains("yett_mirrored_total{api=\"shop\"} "));
    }
    assert!(hanging.load(Ordering::SeqCst) <= 3, "{hanging:?}");
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let url = "http://127.0.0.1:1";
    for (settings, path) in [
        (json!({"targets": []}), "/apis/0/upstream/targets"),
        (json!({"targets": [{"url": url}], "versions": [{"name": "a", "targets": [{"url": url}]}]}), "/apis/0/upstream/versions"),
        (json!({"versions": [{"name": "a", "weight": 0, "targets": [{"url": url}]}]}), "/apis/0/upstream/versions"),
        (
            json!({"versions": [{"name": "a", "targets": [{"url": url}]}, {"name": "a", "targets": [{"url": url}]}]}),
            "/apis/0/upstream/versions/1/name",
        ),
        (json!({"targets": [{"url": url}], "retries": {"attempts": 0}}), "/apis/0/upstream/retries/attempts"),
        (json!({"targets": [{"url": url}], "health": {"path": "healthz"}}), "/apis/0/upstream/health/path"),
        (json!({"targets": [{"url": url}], "affinity": {"cookie": "a b"}}), "/apis/0/upstream/affinity/cookie"),
        (json!({"targets": [{"url": url}], "mirror": {"url": "ftp://x"}}), "/apis/0/upstream/mirror/url"),
        (json!({"targets": [{"url": url}], "balance": {"hash": {"header": "a b"}}}), "/apis/0/upstream/balance"),
    ] {
        let gateway = yett_proxy::Gateway::new(options()).unwrap();
        let mistakes = gateway.apply(snapshot(&settings).to_string().as_bytes()).unwrap_err();
        assert!(mistakes.iter().any(|mistake| mistake.path == path), "{settings} {mistakes:?}");
    }
}

/// A caller that begins a long upload and then waits for an answer.
fn stalling(stage: &Stage) -> u16 {
    let mut caller = stage.caller();
    caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-type: text/plain\r\ncontent-length: 200000\r\n\r\nhello");
    caller.read().unwrap().status()
}

#[test]
fn a_caller_that_stalls_its_upload_is_not_held_against_the_target() {
    for timeout in ["response_timeout_ms", "timeout_ms"] {
        let origin = Named::start("well");
        let circuit = json!({"failures": 1, "open_ms": 60_000});
        let mut options = options();
        options.body_timeout_ms = 600;
        let settings = json!({"circuit": circuit, timeout: 150});
        let stage = Stage::start(options, &snapshot(&upstream(&[origin.target()], &settings)));
        let refused = stalling(&stage);
        assert_eq!(stage.ask(&get("/shop/books")).text(), "well", "{timeout}");
        assert_eq!(refused, if timeout == "timeout_ms" { 504 } else { 408 });
    }
}
