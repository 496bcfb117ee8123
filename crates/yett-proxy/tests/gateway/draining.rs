//! Changing and stopping a gateway under way.

use crate::common::{Caller, Origin, PATIENCE, Stage, get, options, reply, snapshot};
use serde_json::json;
use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use yett_model::Code;
use yett_proxy::Gateway;

/// An origin that answers only when told to.
fn held() -> (Origin, std::sync::mpsc::Sender<()>) {
    let (go, going) = channel::<()>();
    let going = Mutex::new(going);
    let origin = Origin::start(move |_, stream| {
        let _ = going.lock().unwrap().recv();
        reply(stream, "200 OK", "", b"late")
    });
    (origin, go)
}

/// Waits until the gateway takes no more connections.
/// Waits until nobody listens. Any other error, such as too many open files, says nothing about that.
fn refuses_connections(stage: &Stage) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match TcpStream::connect(stage.address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return true,
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
    false
}

#[test]
fn draining_finishes_requests_in_flight_and_takes_no_more() {
    let (origin, go) = held();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    origin.next();
    let gateway = stage.gateway.clone();
    let stopping = thread::spawn(move || gateway.stop(PATIENCE));
    assert!(refuses_connections(&stage));
    assert_eq!(stage.telemetry("/readyz").status(), 503);
    assert_eq!(stage.telemetry("/healthz").status(), 200);
    go.send(()).unwrap();
    let answer = caller.read().unwrap();
    assert_eq!((answer.status(), answer.text(), answer.field("connection")), (200, "late", Some("close")));
    assert_eq!(caller.read_to_end(), b"");
    assert_eq!(stopping.join().unwrap().cut, 0);
    let events = stage.events();
    assert_eq!((events.len(), events[0].code), (1, None));
}

#[test]
fn a_request_that_outlasts_the_grace_is_cut_off_and_recorded() {
    let (origin, go) = held();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    origin.next();
    assert_eq!(stage.gateway.stop(Duration::ZERO).cut, 1);
    assert!(caller.read().is_err());
    drop(go);
    let events = stage.events();
    assert_eq!((events.len(), events[0].code, events[0].status), (1, Some(Code::Draining), 503), "{events:?}");
}

#[test]
fn an_idle_connection_may_still_bring_its_last_request() {
    // The time for it is short; a machine that stops for that long lets it pass.
    assert!((0..20).any(|_| last_request_is_answered()), "an idle connection is closed at once");
}

/// Whether a request came in time after the gateway began to drain; it is answered then.
fn last_request_is_answered() -> bool {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let (mut idle, mut late) = (stage.caller(), stage.caller());
    for caller in [&mut idle, &mut late] {
        caller.send(get("/shop/books"));
        assert_eq!(caller.read().unwrap().status(), 200);
    }
    let gateway = stage.gateway.clone();
    let stopping = thread::spawn(move || gateway.stop(PATIENCE));
    assert!(refuses_connections(&stage));
    let answer =
        late.stream.write_all(get("/shop/books").as_bytes()).map_err(|error| error.to_string()).and_then(|()| late.read());
    assert_eq!(idle.read_to_end(), b"");
    assert_eq!(stopping.join().unwrap().cut, 0);
    let Ok(answer) = answer else { return false };
    assert_eq!((answer.status(), answer.field("connection")), (200, Some("close")));
    true
}

#[test]
fn a_connection_that_brings_nothing_does_not_delay_the_end() {
    let origin = Origin::echo();
    let mut options = options();
    options.header_timeout_ms = 3_600_000;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let (mut silent, mut slow) = (stage.caller(), stage.caller());
    slow.send("GET /shop");
    let gateway = stage.gateway.clone();
    let stopping = thread::spawn(move || gateway.stop(Duration::from_secs(3600)));
    let answer = slow.read().unwrap();
    assert_eq!((answer.status(), &answer.json()["code"]), (503, &json!("draining")));
    assert_eq!(silent.read_to_end(), b"");
    drop((silent, slow));
    assert_eq!(stopping.join().unwrap().cut, 0);
}

/// Callers that ask without a pause until told to stop; the number of good answers, or the first that was not.
fn load(stage: &Stage, stop: &Arc<AtomicBool>, seen: &Arc<AtomicUsize>) -> Vec<thread::JoinHandle<Result<usize, String>>> {
    let ask = |address, stop: Arc<AtomicBool>, seen: Arc<AtomicUsize>| {
        let mut caller = Caller::connect(address);
        let mut answered = 0;
        while !stop.load(Ordering::Relaxed) {
            caller.send(get("/shop/books"));
            let answer = caller.read()?;
            if answer.status() != 200 {
                return Err(answer.head);
            }
            answered += 1;
            seen.fetch_add(1, Ordering::Relaxed);
            if answer.field("connection") == Some("close") {
                break;
            }
        }
        Ok(answered)
    };
    (0..4)
        .map(|_| {
            let (address, stop, seen) = (stage.address, stop.clone(), seen.clone());
            thread::spawn(move || ask(address, stop, seen))
        })
        .collect()
}

fn wait_for(seen: &AtomicUsize, more: usize) {
    let enough = seen.load(Ordering::Relaxed) + more;
    while seen.load(Ordering::Relaxed) < enough {
        thread::yield_now();
    }
}

#[test]
fn changing_the_snapshot_under_load_loses_nothing() {
    let (one, two) = (Origin::echo(), Origin::echo());
    let mut options = options();
    options.workers = Some(2);
    let of = |origin: &Origin| snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})).to_string();
    let snapshots = [of(&one), of(&two)];
    let stage = Stage::start(options, &serde_json::from_str(&snapshots[0]).unwrap());
    let (stop, seen) = (Arc::default(), Arc::default());
    let callers = load(&stage, &stop, &seen);
    for turn in 1..20 {
        wait_for(&seen, 20);
        stage.gateway.apply(snapshots[turn % 2].as_bytes()).unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let answered: usize = callers.into_iter().map(|caller| caller.join().unwrap().unwrap()).sum();
    assert!(one.requests.try_iter().next().is_some() && two.requests.try_iter().next().is_some());
    let events = stage.finish();
    assert_eq!(events.len(), answered);
    let digests: std::collections::HashSet<String> = events.into_iter().map(|event| event.digest).collect();
    assert_eq!(digests.len(), 2);
}

#[test]
fn stopping_under_load_loses_no_request() {
    let origin = Origin::echo();
    let mut options = options();
    options.workers = Some(2);
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let (stop, seen) = (Arc::default(), Arc::default());
    let callers = load(&stage, &stop, &seen);
    wait_for(&seen, 100);
    assert_eq!(stage.gateway.stop(PATIENCE).cut, 0);
    let answered: usize = callers.into_iter().map(|caller| caller.join().unwrap().unwrap()).sum();
    assert_eq!(stage.events().len(), answered);
}

#[test]
fn a_bad_snapshot_is_refused_and_the_old_one_keeps_serving() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let digest = stage.gateway.stats().digest;
    let mut bad = snapshot(&json!({"targets": [{"url": "ftp://x"}], "ca_pem": "nonsense"}));
    assert_eq!(stage.gateway.apply(bad.to_string().as_bytes()).unwrap_err()[0].path, "/apis/0/upstream/ca_pem");
    bad["apis"][0]["upstream"]["ca_pem"] = json!(null);
    assert_eq!(stage.gateway.apply(bad.to_string().as_bytes()).unwrap_err()[0].path, "/apis/0/upstream/targets/0/url");
    assert!(stage.gateway.apply(b"not json").is_err());
    assert_eq!(stage.ask(&get("/shop/books")).status(), 200);
    assert_eq!(stage.gateway.stats().digest, digest);
}

#[test]
fn a_patch_drops_a_credential_at_once() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let request = format!("GET /shop/secret HTTP/1.1\r\nhost: h\r\nx-api-key: {}\r\n\r\n", crate::common::api_key());
    assert_eq!(stage.ask(&request).status(), 200);
    let patch = json!({"sequence": 1, "changes": [{"change": "drop-credential", "id": "reader"}]});
    assert_eq!(stage.gateway.patch(patch.to_string().as_bytes()).unwrap().sequence, 1);
    assert_eq!(stage.ask(&request).status(), 401);
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let first = Gateway::new(options()).unwrap();
    let bound = first.start().unwrap();
    let mut second = options();
    second.listen = vec![bound.listen[0].to_string().into()];
    let error = Gateway::new(second).unwrap().start().unwrap_err();
    assert_eq!(error.code(), "listen-failed");
    assert!(error.message().contains("another process has this port"), "{error}");
    assert_eq!(first.start().unwrap_err().code(), "already-started");
}

#[test]
fn a_dropped_gateway_lets_go_of_its_ports() {
    let gateway = Gateway::new(options()).unwrap();
    let address = gateway.start().unwrap().listen[0];
    drop(gateway);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn stopping_twice_and_stopping_before_starting_do_nothing() {
    let gateway = Gateway::new(options()).unwrap();
    assert_eq!(gateway.stop(PATIENCE).cut, 0);
    assert_eq!(gateway.stop(PATIENCE).cut, 0);
    assert_eq!(gateway.start().unwrap_err().code(), "already-started");
}
