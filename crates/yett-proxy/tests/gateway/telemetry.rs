//! Metrics, readiness, the access log and what the host can read.

use crate::common::{Caller, Origin, Stage, get, options, snapshot};
use serde_json::json;
use std::collections::BTreeMap;
use yett_model::Event;
use yett_proxy::Gateway;

/// The samples of an exposition; panics at a line that is none.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut declared = std::collections::HashSet::new();
    for line in text.lines() {
        if let Some(declaration) = line.strip_prefix("# TYPE ") {
            assert!(declared.insert(declaration.split(' ').next().unwrap()), "{line}");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let family = name.split('{').next().unwrap();
            let known = ["", "_bucket", "_sum", "_count"]
                .iter()
                .any(|end| family.strip_suffix(end).is_some_and(|family| declared.contains(family)));
            assert!(known, "{line} has no TYPE");
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "{line} is there twice");
        }
    }
    samples
}

#[test]
fn requests_are_counted_by_operation_and_status() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    for path in ["/shop/books", "/shop/books?x=1", "/shop/secret", "/elsewhere/a", "/elsewhere/b"] {
        stage.ask(&get(path));
    }
    let page = stage.telemetry("/metrics");
    assert!(page.field("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let samples = samples(page.text());
    let of = |name: &str| samples.get(name).copied();
    assert_eq!(of(r#"yett_requests_total{api="shop",operation="shop:list",status="2xx"}"#), Some(2.0));
    assert_eq!(of(r#"yett_requests_total{api="shop",operation="shop:secret",status="4xx"}"#), Some(1.0));
    assert_eq!(of(r#"yett_requests_total{api="",operation="",status="4xx"}"#), Some(2.0));
    assert_eq!(of(r#"yett_refusals_total{code="api-unknown"}"#), Some(2.0));
    assert_eq!(of(r#"yett_request_duration_seconds_count{api="shop"}"#), Some(3.0));
    assert_eq!(of(r#"yett_request_duration_seconds_bucket{api="shop",le="+Inf"}"#), Some(3.0));
    assert_eq!(of(r#"yett_upstream_duration_seconds_count{api="shop"}"#), Some(2.0));
    assert_eq!(of("yett_requests_in_flight"), Some(0.0));
    assert_eq!(of("yett_events_dropped_total"), Some(0.0));
    assert!(!page.text().contains("elsewhere"), "labels never come from what a caller sends");
    let stats = stage.gateway.stats();
    assert_eq!((stats.requests, stats.refusals["api-unknown"], stats.ready), (5, 2, true));
}

#[test]
fn counts_survive_a_change_of_the_snapshot() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    stage.ask(&get("/shop/books"));
    let next = snapshot(&json!({"targets": [{"url": format!("http://{}/v2", origin.address)}]}));
    let digest = stage.gateway.apply(next.to_string().as_bytes()).unwrap().digest;
    stage.ask(&get("/shop/books"));
    let samples = samples(stage.telemetry("/metrics").text());
    assert_eq!(samples[r#"yett_requests_total{api="shop",operation="shop:list",status="2xx"}"#], 2.0);
    assert_eq!(samples[&format!("yett_snapshot_info{{digest=\"{digest}\"}}")], 1.0);
}

#[test]
fn what_a_monitoring_guard_would_refuse_is_counted() {
    let origin = Origin::echo();
    let mut watched = snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]}));
    watched["apis"][0]["guards"]["contract"]["mode"] = json!("monitor");
    watched["apis"][0]["identify"] = json!({"public": true});
    let stage = Stage::start(options(), &watched);
    assert_eq!(stage.ask(&get("/shop/undocumented")).status(), 200);
    assert_eq!(samples(stage.telemetry("/metrics").text())[r#"yett_would_deny_total{guard="contract"}"#], 1.0);
    assert_eq!(stage.finish()[0].would_deny.len(), 1);
}

#[test]
fn a_gateway_is_ready_once_it_has_a_snapshot() {
    let gateway = Gateway::new(options()).unwrap();
    let telemetry = gateway.start().unwrap().telemetry.unwrap();
    let ask = |path: &str| {
        let mut caller = Caller::connect(telemetry);
        caller.send(get(path));
        caller.read().unwrap().status()
    };
    assert_eq!((ask("/healthz"), ask("/readyz"), ask("/metrics"), ask("/other")), (200, 503, 200, 404));
    gateway.apply(snapshot(&json!({"targets": [{"url": "http://127.0.0.1:1"}]})).to_string().as_bytes()).unwrap();
    assert_eq!(ask("/readyz"), 200);
}

#[test]
fn the_access_log_has_a_line_for_every_request() {
    let folder = std::env::temp_dir().join(format!("yett-access-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("access.log");
    let origin = Origin::echo();
    let mut options = options();
    options.access_log = path.display().to_string();
    options.event_capacity = 0;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let mut caller = stage.caller();
    for number in 0..500 {
        caller.send(get(&format!("/shop/books?n={number}")));
        assert_eq!(caller.read().unwrap().status(), 200);
    }
    drop(caller);
    assert!(stage.finish().is_empty());
    let log = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let events: Vec<Event> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 500);
    assert!(events.iter().all(|event| event.query == ["n"] && event.address == "127.0.0.0" && event.status == 200));
    let decisions: std::collections::HashSet<&str> = events.iter().map(|event| &*event.decision).collect();
    assert_eq!(decisions.len(), 500);
}

#[test]
fn events_beyond_the_capacity_give_way_and_are_counted() {
    let origin = Origin::echo();
    let mut options = options();
    options.event_capacity = 3;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let asked: Vec<String> = (0..5).map(|_| stage.ask(&get("/shop/books")).field("yett-decision").unwrap().to_owned()).collect();
    stage.gateway.stop(crate::common::PATIENCE);
    assert_eq!(stage.gateway.stats().events_dropped, 2);
    let held: Vec<String> = stage.events().into_iter().map(|event| event.decision).collect();
    assert_eq!(held, asked[2..]);
}

#[test]
fn silent_and_slow_connections_leave_room_for_whoever_asks_how_the_gateway_is() {
    let stage = Stage::before(Origin::echo().address);
    let mut silent: Vec<Caller> = (0..70).map(|_| Caller::connect(stage.telemetry)).collect();
    silent.iter_mut().skip(35).for_each(|caller| caller.send("GET /heal"));
    assert_eq!(stage.telemetry("/healthz").text(), "ok\n");
    silent.iter_mut().for_each(|caller| drop(caller.read_to_end()));
}

#[test]
fn a_connection_of_telemetry_has_one_answer() {
    let stage = Stage::before(Origin::echo().address);
    let mut caller = Caller::connect(stage.telemetry);
    caller.send(get("/healthz") + &get("/healthz"));
    let heard = String::from_utf8(caller.read_to_end()).unwrap();
    assert_eq!(heard.matches("HTTP/1.1 200").count(), 1, "{heard}");
}
