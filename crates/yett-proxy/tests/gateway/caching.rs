//! Kept answers: when the upstream is spared, when it is not, and that nobody gets another's.

use crate::common::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use yett_model::CacheUse;

/// An origin whose answers are numbered, with these fields.
fn numbered(fields: &'static str) -> Origin {
    let count = AtomicUsize::new(0);
    Origin::start(move |_, stream| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        reply(stream, "200 OK", fields, format!("answer {number}").as_bytes())
    })
}

/// A gateway that keeps answers of `/books` and `/secret`.
fn keeping(origin: &Origin, settings: &Value) -> Stage {
    Stage::start(options(), &cached(origin, settings))
}

fn cached(origin: &Origin, settings: &Value) -> Value {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
    for number in [0, 4] {
        snapshot["apis"][0]["operations"][number]["cache"] = settings.clone();
    }
    snapshot["profiles"][0]["operations"] = json!(["shop:secret"]);
    snapshot["apps"][1]["profiles"] = json!(["reader"]);
    snapshot
}

fn asking(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: shop.example\r\n{fields}\r\n")
}

fn secret(key: &str) -> String {
    asking("/shop/secret", &format!("x-api-key: {key}\r\n"))
}

fn reached(origin: &Origin) -> Vec<Message> {
    origin.requests.try_iter().collect()
}

#[test]
fn a_fresh_answer_is_given_without_asking_the_upstream() {
    let origin = numbered("cache-control: max-age=60\r\netag: \"e\"\r\n");
    let stage = keeping(&origin, &json!({}));
    let first = stage.ask(&get("/shop/books?a=1"));
    let second = stage.ask(&get("/shop/books?a=1"));
    assert_eq!((first.text(), second.text()), ("answer 0", "answer 0"));
    assert_eq!(first.field("cache-status"), Some("yett; fwd=uri-miss; stored"));
    assert!(second.field("cache-status").unwrap().starts_with("yett; hit; ttl="));
    assert_eq!(second.field("age"), Some("0"));
    assert_ne!(first.field("yett-decision"), second.field("yett-decision"));
    assert_eq!(stage.ask(&get("/shop/books?a=2")).text(), "answer 1");
    let metrics = stage.telemetry("/metrics");
    for line in
        ["yett_cache_requests_total{cache=\"hit\"} 1", "yett_cache_requests_total{cache=\"miss\"} 2", "yett_cache_answers 2"]
    {
        assert!(metrics.text().contains(line), "{line}");
    }
    let uses: Vec<_> = stage.finish().iter().map(|event| event.cache).collect();
    assert_eq!(uses, [Some(CacheUse::Miss), Some(CacheUse::Hit), Some(CacheUse::Miss)]);
}

#[test]
fn without_the_setting_nothing_is_kept() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let stage = Stage::before(origin.address);
    assert_eq!([0, 1].map(|_| stage.ask(&get("/shop/books")).text().to_owned()), ["answer 0", "answer 1"]);
    assert!(stage.finish().iter().all(|event| event.cache.is_none()));
}

#[test]
fn an_answer_that_must_not_be_kept_is_not() {
    for fields in [
        "",
        "cache-control: no-store, max-age=60\r\n",
        "cache-control: private, max-age=60\r\n",
        "cache-control: max-age=60\r\nset-cookie: a=b\r\n",
        "cache-control: max-age=60\r\nvary: *\r\n",
        "cache-control: max-age=60\r\ncontent-encoding: gzip\r\n",
    ] {
        let origin = numbered(fields);
        let stage = keeping(&origin, &json!({"max_object": 1000}));
        assert_eq!([0, 1].map(|_| stage.ask(&get("/shop/books")).text().to_owned()), ["answer 0", "answer 1"], "{fields}");
    }
    let origin = numbered("cache-control: max-age=60\r\n");
    let stage = keeping(&origin, &json!({"max_object": 3}));
    assert_eq!([0, 1].map(|_| stage.ask(&get("/shop/books")).text().to_owned()), ["answer 0", "answer 1"]);
}

#[test]
fn what_comes_in_chunks_is_kept_if_it_fits_and_whole_either_way() {
    let origin = Origin::start(|_, stream| {
        use std::io::Write;
        let head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n").as_bytes()).is_ok()
    });
    for (most, requests) in [(100, 1), (8, 2)] {
        let stage = keeping(&origin, &json!({"max_object": most}));
        assert_eq!([0, 1].map(|_| stage.ask(&get("/shop/books")).text().to_owned()), ["hello world", "hello world"]);
        assert_eq!(reached(&origin).len(), requests, "{most}");
    }
}

#[test]
fn a_stale_answer_is_confirmed_by_its_validators() {
    let origin = Origin::start(|request, stream| match request.field("if-none-match") {
        Some("\"e\"") => reply(stream, "304 Not Modified", "cache-control: max-age=60\r\nx-new: 1\r\n", b""),
        _ => reply(stream, "200 OK", "cache-control: max-age=0\r\netag: \"e\"\r\n", b"body"),
    });
    let stage = keeping(&origin, &json!({}));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "body");
    let confirmed = stage.ask(&get("/shop/books"));
    assert_eq!((confirmed.status(), confirmed.text(), confirmed.field("x-new")), (200, "body", Some("1")));
    assert!(confirmed.field("cache-status").unwrap().starts_with("yett; fwd=stale; fwd-status=304"));
    assert!(stage.ask(&get("/shop/books")).field("cache-status").unwrap().starts_with("yett; hit"));
    assert_eq!(reached(&origin).len(), 2);
}

#[test]
fn a_304_about_another_answer_makes_the_gateway_ask_again() {
    let origin = Origin::start(|request, stream| match request.field("if-none-match") {
        Some(_) => reply(stream, "304 Not Modified", "etag: \"other\"\r\n", b""),
        None => reply(stream, "200 OK", "cache-control: max-age=0\r\netag: \"e\"\r\n", b"body"),
    });
    let stage = keeping(&origin, &json!({}));
    assert_eq!([0, 1].map(|_| stage.ask(&get("/shop/books")).text().to_owned()), ["body", "body"]);
    assert_eq!(reached(&origin).len(), 3);
}

#[test]
fn a_caller_that_has_the_answer_gets_304_without_the_upstream() {
    let origin = numbered("cache-control: max-age=60\r\netag: \"e\"\r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    let stage = keeping(&origin, &json!({}));
    let first = stage.ask(&asking("/shop/books", "if-none-match: \"e\"\r\n"));
    assert_eq!((first.status(), first.field("etag")), (304, Some("\"e\"")));
    let second = stage.ask(&asking("/shop/books", "if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_eq!((second.status(), second.field("content-length")), (304, None));
    assert_eq!(stage.ask(&asking("/shop/books", "if-none-match: \"x\"\r\n")).text(), "answer 0");
    let reached = reached(&origin);
    assert_eq!((reached.len(), reached[0].field("if-none-match")), (1, None));
}

#[test]
fn head_is_answered_from_what_get_kept() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let mut snapshot = cached(&origin, &json!({}));
    snapshot["apis"][0]["operations"].as_array_mut().unwrap().remove(1);
    let stage = Stage::start(options(), &snapshot);
    stage.ask(&get("/shop/books"));
    let mut caller = stage.caller();
    caller.send("HEAD /shop/books HTTP/1.1\r\nhost: shop.example\r\n\r\n");
    let head = read_message(&mut caller.stream, true).unwrap();
    assert_eq!((head.status(), head.field("content-length")), (200, Some("8")));
    assert_eq!(reached(&origin).len(), 1);
}

#[test]
fn one_apps_answers_are_not_given_to_another() {
    let origin = numbered("cache-control: public, max-age=60\r\n");
    let stage = keeping(&origin, &json!({}));
    let answers = [api_key(), strange_key(), api_key(), strange_key()].map(|key| stage.ask(&secret(&key)).text().to_owned());
    assert_eq!(answers, ["answer 0", "answer 1", "answer 0", "answer 1"]);
    assert_eq!(stage.ask(&get("/shop/secret")).status(), 401);
    assert_eq!(reached(&origin)[0].field("yett-app"), Some("reader"));
}

#[test]
fn shared_answers_go_to_every_app_that_may_have_them_and_cannot_depend_on_the_app() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let mut snapshot = cached(&origin, &json!({"shared_between_callers": true}));
    let stage = Stage::start(options(), &snapshot);
    assert_eq!([api_key(), strange_key()].map(|key| stage.ask(&secret(&key)).text().to_owned()), ["answer 0", "answer 0"]);
    assert_eq!(stage.ask(&get("/shop/secret")).status(), 401);
    let reached = reached(&origin);
    assert_eq!((reached.len(), reached[0].field("yett-app")), (1, None));
    snapshot["apps"][1]["profiles"] = json!([]);
    stage.gateway.apply(snapshot.to_string().as_bytes()).unwrap();
    assert_eq!(stage.ask(&secret(&strange_key())).status(), 403);
}

#[test]
fn no_field_can_change_an_answer_without_changing_its_key() {
    // The origin reflects everything that it gets: a poisoner's dream.
    let origin = Origin::start(|request, stream| {
        let fields: Vec<&str> = request.head.lines().filter(|line| !line.starts_with("yett-decision")).collect();
        let body = [fields.join("\n").as_bytes(), &request.body].concat();
        reply(stream, "200 OK", "cache-control: max-age=60\r\n", &body)
    });
    for evil in [
        "x-forwarded-host: evil.example\r\n",
        "x-forwarded-for: evil\r\n",
        "x-forwarded-scheme: evil\r\n",
        "x-forwarded-port: evil\r\n",
        "forwarded: host=evil\r\n",
        "x-host: evil\r\n",
        "x-original-url: /evil\r\n",
        "x-rewrite-url: /evil\r\n",
        "x-http-method-override: evil\r\n",
        "x_forwarded_host: evil\r\n",
        "origin: https://evil\r\n",
        "referer: https://evil\r\n",
        "user-agent: evil\r\n",
        "x-evil: evil\r\n",
        "via: evil\r\n",
        "yett-app: evil\r\n",
        "transfer-encoding: chunked\r\n",
    ] {
        let stage = keeping(&origin, &json!({}));
        let body = if evil.starts_with("transfer") { "4\r\nevil\r\n0\r\n\r\n" } else { "" };
        let poisoned = stage.ask(&format!("{}{body}", asking("/shop/books", evil)));
        let clean = stage.ask(&get("/shop/books"));
        assert_eq!((poisoned.status(), clean.status()), (200, 200), "{evil}");
        assert!(!clean.text().contains("evil"), "{evil}: {}", clean.text());
    }
    for (evil, path) in [
        ("accept: evil\r\n", "/shop/books"),
        ("accept-language: evil\r\n", "/shop/books"),
        ("authorization: evil\r\n", "/shop/books"),
        ("", "/shop/books?x=evil"),
        ("", "/shop/books?;x=evil"),
        ("", "/shop/books?a=1&a=evil"),
        ("", "/shop/books?%61=evil"),
    ] {
        let stage = keeping(&origin, &json!({}));
        stage.ask(&asking(path, evil));
        assert!(!stage.ask(&get("/shop/books")).text().contains("evil"), "{evil} {path}");
    }
    let stage = keeping(&origin, &json!({}));
    stage.ask("GET /shop/books HTTP/1.1\r\nhost: evil.example\r\n\r\n");
    assert!(!stage.ask(&get("/shop/books")).text().contains("evil"));
}

#[test]
fn a_host_that_the_upstream_gets_as_it_was_spelled_is_keyed_as_it_was_spelled() {
    let origin = Origin::start(|request, stream| {
        let link = format!("https://{}/", request.field("host").unwrap());
        reply(stream, "200 OK", "cache-control: max-age=60\r\n", link.as_bytes())
    });
    let mut settings = cached(&origin, &json!({}));
    settings["apis"][0]["upstream"]["preserve_host"] = json!(true);
    let stage = Stage::start(options(), &settings);
    for host in ["shop.example:1337", "SHOP.example", "shop.example:"] {
        stage.ask(&format!("GET /shop/books HTTP/1.1\r\nhost: {host}\r\n\r\n"));
    }
    assert_eq!(stage.ask(&get("/shop/books")).text(), "https://shop.example/");
}

#[test]
fn a_body_in_a_get_goes_past_the_cache() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let stage = keeping(&origin, &json!({}));
    let fat = "GET /shop/books HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 4\r\n\r\nevil";
    assert_eq!([fat, fat].map(|fat| stage.ask(fat).text().to_owned()), ["answer 0", "answer 1"]);
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 2");
    assert_eq!(stage.finish()[0].cache, Some(CacheUse::Bypass));
}

#[test]
fn a_page_of_ones_own_is_not_kept_under_a_name_that_looks_public() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let mut snapshot = cached(&origin, &json!({"default_ttl_ms": 60_000}));
    let lax = Stage::start(options(), &snapshot);
    snapshot["apis"][0]["guards"]["contract"]["mode"] = json!("enforce");
    let stage = Stage::start(options(), &snapshot);
    for path in
        ["/shop/secret/x.css", "/shop/secret;x.css", "/shop/secret%2fx.css", "/shop/secret/..%2fbooks", "/shop/secret%00.css"]
    {
        let status = stage.ask(&asking(path, &format!("x-api-key: {}\r\n", api_key()))).status();
        assert!(status == 404 || status == 400, "{path}: {status}");
    }
    assert!(reached(&origin).is_empty());
    // What no operation describes is never kept, even where it passes.
    let own = asking("/shop/secret/x.css", &format!("x-api-key: {}\r\n", api_key()));
    assert_ne!(lax.ask(&own).text(), lax.ask(&own).text());
}

#[test]
fn cookies_ranges_and_preconditions_go_past_the_cache() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let stage = keeping(&origin, &json!({}));
    stage.ask(&get("/shop/books"));
    for fields in ["cookie: a=b\r\n", "range: bytes=0-1\r\n", "if-match: \"x\"\r\n", "if-range: \"x\"\r\nrange: bytes=0-1\r\n"] {
        assert_ne!(stage.ask(&asking("/shop/books", fields)).text(), "answer 0", "{fields}");
    }
    let name = |message: &Message, field: &str| message.field(field).map(str::to_owned);
    let reached = reached(&origin);
    assert_eq!(name(&reached[1], "cookie"), Some("a=b".to_owned()));
    assert_eq!(name(&reached[2], "range"), Some("bytes=0-1".to_owned()));
}

#[test]
fn a_request_that_changes_a_resource_makes_its_answers_invalid_and_a_failed_one_does_not() {
    let count = AtomicUsize::new(0);
    let origin = Origin::start(move |request, stream| {
        let status = if request.body == b"bad" { "400 Bad Request" } else { "200 OK" };
        let number = count.fetch_add(1, Ordering::Relaxed);
        reply(stream, status, "cache-control: max-age=60\r\n", format!("answer {number}").as_bytes())
    });
    let stage = keeping(&origin, &json!({}));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 0");
    assert_eq!(stage.ask(&post("/shop/books", "bad")).status(), 400);
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 0");
    assert_eq!(stage.ask(&post("/shop/books", "good")).status(), 200);
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 3");
}

#[test]
fn a_change_of_the_apis_settings_forgets_its_answers() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let mut snapshot = cached(&origin, &json!({}));
    let stage = Stage::start(options(), &snapshot);
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 0");
    snapshot["generation"] = json!(2);
    stage.gateway.apply(snapshot.to_string().as_bytes()).unwrap();
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 0");
    snapshot["apis"][0]["version"] = json!("1.0.1");
    stage.gateway.apply(snapshot.to_string().as_bytes()).unwrap();
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 1");
}

/// An origin that answers when the test says so.
fn held() -> (Origin, Sender<&'static str>) {
    let (release, held): (Sender<&'static str>, Receiver<&'static str>) = channel();
    let held = Arc::new(std::sync::Mutex::new(held));
    let origin = Origin::start(move |_, stream| {
        let fields = held.lock().unwrap().recv_timeout(PATIENCE).unwrap_or("");
        reply(stream, if fields.is_empty() { "503 Gone" } else { "200 OK" }, fields, b"body")
    });
    (origin, release)
}

#[test]
fn who_asks_for_the_same_at_the_same_time_causes_one_fetch() {
    let (origin, release) = held();
    let stage = keeping(&origin, &json!({}));
    let mut callers: Vec<Caller> = (0..8).map(|_| stage.caller()).collect();
    callers.iter_mut().for_each(|caller| caller.send(get("/shop/books")));
    origin.next();
    while stage.gateway.stats().in_flight < 8 {
        std::thread::yield_now();
    }
    release.send("cache-control: max-age=60\r\n").unwrap();
    callers.iter_mut().for_each(|caller| assert_eq!(caller.read().unwrap().text(), "body"));
    assert!(reached(&origin).is_empty());
}

#[test]
fn a_fetch_that_fails_wakes_all_who_wait() {
    let (origin, release) = held();
    let stage = keeping(&origin, &json!({}));
    let mut callers: Vec<Caller> = (0..4).map(|_| stage.caller()).collect();
    callers.iter_mut().for_each(|caller| caller.send(get("/shop/books")));
    (0..8).for_each(|_| release.send("").unwrap());
    callers.iter_mut().for_each(|caller| assert_eq!(caller.read().unwrap().status(), 503));
}

#[test]
fn a_stale_answer_is_given_while_it_is_fetched_anew() {
    let (origin, release) = held();
    let stage = keeping(&origin, &json!({}));
    release.send("cache-control: max-age=0, stale-while-revalidate=60\r\netag: \"e\"\r\n").unwrap();
    assert_eq!(stage.ask(&get("/shop/books")).text(), "body");
    origin.next();
    let stale = stage.ask(&get("/shop/books"));
    assert_eq!(stale.text(), "body");
    assert!(stale.field("cache-status").unwrap().starts_with("yett; hit; ttl="));
    // The fetch is under way and held: the answer did not wait for it, and nobody begins a second.
    assert_eq!(origin.next().field("if-none-match"), Some("\"e\""));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "body");
    release.send("cache-control: max-age=60\r\nx-new: 1\r\n").unwrap();
    while stage.ask(&get("/shop/books")).field("x-new").is_none() {
        std::thread::yield_now();
    }
    assert!(reached(&origin).is_empty());
    let events = stage.finish();
    assert_eq!(events[1].cache, Some(CacheUse::Stale));
    assert_eq!(events.last().unwrap().cache, Some(CacheUse::Hit));
}

#[test]
fn a_stale_answer_takes_the_place_of_a_failure_where_the_setting_says_so() {
    let count = Arc::new(AtomicUsize::new(0));
    let origin = Origin::start(move |_, stream| match count.fetch_add(1, Ordering::Relaxed) {
        0 => reply(stream, "200 OK", "cache-control: max-age=0\r\netag: \"e\"\r\n", b"kept"),
        1 => reply(stream, "503 Busy", "", b"busy"),
        2 => false,
        _ => reply(stream, "404 Not Found", "", b"gone"),
    });
    let stage = keeping(&origin, &json!({"stale_if_error_ms": 60_000}));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "kept");
    for failure in ["told", "closed"] {
        let answer = stage.ask(&get("/shop/books"));
        assert_eq!((answer.status(), answer.text()), (200, "kept"), "{failure}");
    }
    assert_eq!(stage.ask(&get("/shop/books")).status(), 404);
    let events = stage.finish();
    assert!(events[1..3].iter().all(|event| event.cache == Some(CacheUse::Stale) && event.code.is_none() && event.status == 200));
    assert_eq!(events[3].cache, Some(CacheUse::Miss));
}

#[test]
fn a_failure_is_told_where_stale_answers_are_not_allowed() {
    let count = AtomicUsize::new(0);
    let origin = Origin::start(move |_, stream| match count.fetch_add(1, Ordering::Relaxed) {
        0 => reply(stream, "200 OK", "cache-control: max-age=0, must-revalidate\r\netag: \"e\"\r\n", b"kept"),
        _ => false,
    });
    let stage = keeping(&origin, &json!({"stale_if_error_ms": 60_000, "stale_while_revalidate_ms": 60_000}));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "kept");
    assert_eq!(stage.ask(&get("/shop/books")).status(), 502);
}

#[test]
fn the_caller_may_insist_on_the_upstream_or_do_without_it() {
    let origin = numbered("cache-control: max-age=60\r\netag: \"e\"\r\n");
    let stage = keeping(&origin, &json!({}));
    let absent = stage.ask(&asking("/shop/books", "cache-control: only-if-cached\r\n"));
    assert_eq!((absent.status(), &absent.json()["code"]), (504, &json!("not-cached")));
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 0");
    assert_eq!(stage.ask(&asking("/shop/books", "cache-control: only-if-cached\r\n")).text(), "answer 0");
    assert_eq!(stage.ask(&asking("/shop/books", "cache-control: no-cache\r\n")).text(), "answer 1");
    assert_eq!(stage.ask(&asking("/shop/books", "cache-control: no-store\r\n")).text(), "answer 2");
    assert_eq!(stage.ask(&get("/shop/books")).text(), "answer 1");
}

#[test]
fn limits_hold_for_kept_answers_too() {
    let origin = numbered("cache-control: max-age=60\r\n");
    let mut snapshot = cached(&origin, &json!({}));
    snapshot["apis"][0]["guards"]["limits"]["mode"] = json!("enforce");
    snapshot["apis"][0]["limits"] =
        json!([{"name": "few", "by": "address", "measure": {"kind": "quota", "amount": 2, "period": "month"}}]);
    let stage = Stage::start(options(), &snapshot);
    assert_eq!([0; 3].map(|_| stage.ask(&get("/shop/books")).status()), [200, 200, 429]);
}

#[test]
fn the_cache_stays_within_its_memory() {
    let origin = Origin::start(|_, stream| reply(stream, "200 OK", "cache-control: max-age=60\r\n", &[b'x'; 50_000]));
    let mut options = options();
    options.cache_bytes = 200_000;
    let stage = Stage::start(options, &cached(&origin, &json!({})));
    (0..10).for_each(|number| assert_eq!(stage.ask(&get(&format!("/shop/books?n={number}"))).status(), 200));
    let metrics = stage.telemetry("/metrics");
    assert!(metrics.text().contains("yett_cache_answers 3\n"), "{}", metrics.text());
    assert!(metrics.text().contains("yett_cache_evictions_total 7\n"));
}
