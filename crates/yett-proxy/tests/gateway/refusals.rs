//! What is refused: with which answer, and with which event.

use crate::common::{Message, Origin, Stage, api_key, get, options, post, reply, snapshot, strange_key};
use serde_json::json;
use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;
use yett_model::{Code, Event};

fn stage() -> (Origin, Stage) {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    (origin, stage)
}

/// The answer is a problem with this status and code, and the event tells the same.
fn check(answer: &Message, events: &[Event], status: u16, code: Code) {
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(answer.field("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code.as_str())));
    assert_eq!(answer.field("yett-decision"), problem["decision"].as_str());
    let event = events.iter().find(|event| event.decision == problem["decision"].as_str().unwrap()).unwrap();
    assert_eq!((event.status, event.code), (status, Some(code)));
    assert_eq!(event.bytes_out, answer.body.len() as u64);
}

#[test]
fn each_refusal_has_its_problem_and_its_event() {
    let origin = Origin::echo();
    let stage = Stage::strictly_before(origin.address);
    let keyed = |key: &str| format!("GET /shop/secret HTTP/1.1\r\nhost: h\r\nx-api-key: {key}\r\n\r\n");
    let cases = [
        (get("/elsewhere"), 404, Code::ApiUnknown),
        (get("/shop/nothing"), 404, Code::OperationUnknown),
        (post("/shop/secret", "x"), 405, Code::MethodNotAllowed),
        (get("/shop/secret"), 401, Code::CredentialMissing),
        (keyed("yett_test_wrong"), 401, Code::CredentialInvalid),
        (keyed(&strange_key()), 403, Code::AccessDenied),
        (get("/shop/../shop/books"), 400, Code::TargetInvalid),
        ("GET /shop/books HTTP/1.1\r\nhost: a@b\r\n\r\n".to_owned(), 400, Code::HostInvalid),
        ("TRACE /shop/books HTTP/1.1\r\nhost: h\r\n\r\n".to_owned(), 405, Code::MethodRefused),
        (
            "GET /shop/books HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".to_owned(),
            400,
            Code::UpgradeRefused,
        ),
    ];
    let answers: Vec<Message> = cases.iter().map(|(request, ..)| stage.ask(request)).collect();
    let events = stage.finish();
    for (answer, (_, status, code)) in answers.iter().zip(&cases) {
        check(answer, &events, *status, *code);
    }
    assert_eq!(origin.requests.try_iter().count(), 0);
}

#[test]
fn a_connection_survives_a_refusal_with_a_small_body() {
    let origin = Origin::echo();
    let stage = Stage::strictly_before(origin.address);
    let mut caller = stage.caller();
    for _ in 0..3 {
        caller.send(post("/shop/nothing", "hello"));
        assert_eq!(caller.read().unwrap().status(), 404);
    }
    caller.send(get("/shop/books"));
    assert_eq!(caller.read().unwrap().status(), 200);
}

#[test]
fn a_body_announced_too_large_is_refused_before_it_is_read() {
    let (origin, stage) = stage();
    let mut caller = stage.caller();
    caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-length: 104857600\r\n\r\nbeginning");
    let answer = caller.read().unwrap();
    assert_eq!(answer.field("connection"), Some("close"));
    drop(caller);
    check(&answer, &stage.finish(), 413, Code::BodyTooLarge);
    assert_eq!(origin.requests.try_iter().count(), 0);
}

#[test]
fn a_caller_that_sends_too_much_can_still_read_the_refusal() {
    let (_origin, stage) = stage();
    let mut caller = stage.caller();
    caller.send(format!("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-length: 1500000\r\n\r\n{}", "x".repeat(900_000)));
    let answer = caller.read().unwrap();
    assert_eq!(caller.read_to_end(), b"");
    drop(caller);
    check(&answer, &stage.finish(), 413, Code::BodyTooLarge);
}

#[test]
fn a_chunked_body_that_grows_too_large_is_refused_and_never_ends_upstream() {
    let (origin, stage) = stage();
    let mut caller = stage.caller();
    caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut sent = 0;
    while sent < 40 && caller.stream.write_all(chunk.as_bytes()).is_ok() {
        sent += 1;
    }
    let answer = caller.read().unwrap();
    check(&answer, &stage.finish(), 413, Code::BodyTooLarge);
    assert_eq!(origin.requests.try_iter().count(), 0);
}

#[test]
fn a_body_that_ends_early_is_not_forwarded() {
    let (origin, stage) = stage();
    for framing in
        ["content-length: 10\r\n\r\nhello", "content-length: 200000\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhel"]
    {
        let mut caller = stage.caller();
        caller.send(format!("POST /shop/books HTTP/1.1\r\nhost: h\r\n{framing}"));
        caller.stream.shutdown(Shutdown::Write).unwrap();
        caller.read_to_end();
    }
    let events = stage.finish();
    assert_eq!(events.len(), 3, "{events:?}");
    assert!(events.iter().all(|event| matches!(event.code, Some(Code::BodyIncomplete | Code::CallerGone))), "{events:?}");
    assert_eq!(origin.requests.try_iter().count(), 0);
}

#[test]
fn a_body_that_stalls_is_given_up() {
    let origin = Origin::echo();
    let mut options = options();
    options.body_timeout_ms = 100;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let mut callers = Vec::new();
    for framing in ["content-length: 10\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhel"] {
        let mut caller = stage.caller();
        caller.send(format!("POST /shop/books HTTP/1.1\r\nhost: h\r\n{framing}"));
        callers.push(caller);
    }
    let answers: Vec<Message> = callers.iter_mut().map(|caller| caller.read().unwrap()).collect();
    drop(callers);
    let events = stage.finish();
    answers.iter().for_each(|answer| check(answer, &events, 408, Code::RequestTimeout));
}

#[test]
fn a_body_that_trickles_is_given_up() {
    let origin = Origin::echo();
    let mut options = options();
    options.body_timeout_ms = 300;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    for (framing, part) in [("content-length: 200000\r\n\r\n", "x"), ("transfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n")] {
        let mut caller = stage.caller();
        caller.send(format!("POST /shop/books HTTP/1.1\r\nhost: h\r\n{framing}"));
        caller.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut first = [0];
        let answered = (0..100).any(|_| {
            caller.send(part);
            caller.stream.peek(&mut first).is_ok()
        });
        assert!(answered, "{framing}: the gateway goes on waiting");
        caller.stream.set_read_timeout(Some(crate::common::PATIENCE)).unwrap();
        assert_eq!(caller.read().unwrap().status(), 408);
    }
    assert!(stage.finish().iter().all(|event| event.code == Some(Code::RequestTimeout)));
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let (_origin, stage) = stage();
    let many = (0..101).map(|number| format!("x-{number}: 1\r\n")).collect::<String>();
    for fields in [format!("x-long: {}\r\n", "x".repeat(40_000)), format!("x-long: {}\r\n", "x".repeat(80_000)), many] {
        let mut caller = stage.caller();
        let _ = caller.stream.write_all(format!("GET /shop/books HTTP/1.1\r\nhost: h\r\n{fields}\r\n").as_bytes());
        let answer = caller.read().unwrap();
        assert_eq!((answer.status(), answer.field("content-type")), (431, Some("application/problem+json")));
    }
    let events = stage.finish();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| (event.status, event.code) == (431, Some(Code::HeadersTooLarge))), "{events:?}");
}

#[test]
fn a_head_that_does_not_arrive_is_cut_off() {
    let origin = Origin::echo();
    let mut options = options();
    options.header_timeout_ms = 100;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let mut fresh = stage.caller();
    fresh.send("GET /shop/books HTTP/1.1\r\nx-slow: ");
    let answer = fresh.read().unwrap();
    assert_eq!(fresh.read_to_end(), b"");
    let mut silent = stage.caller();
    assert_eq!(silent.read_to_end(), b"");
    let mut used = stage.caller();
    used.send(get("/shop/books"));
    assert_eq!(used.read().unwrap().status(), 200);
    used.send("GET /shop/books HTTP/1.1\r\n");
    assert_eq!(used.read().unwrap().status(), 408);
    assert_eq!(used.read_to_end(), b"");
    drop((fresh, silent, used));
    let events = stage.finish();
    check(&answer, &events, 408, Code::RequestTimeout);
    assert_eq!(events.len(), 3, "{events:?}");
}

#[test]
fn an_idle_connection_is_closed() {
    let origin = Origin::echo();
    let mut options = options();
    options.idle_timeout_ms = 100;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    assert_eq!(caller.read().unwrap().status(), 200);
    assert_eq!(caller.read_to_end(), b"");
}

#[test]
fn a_caller_that_takes_no_byte_of_its_answer_is_cut_off() {
    let (ended, end) = std::sync::mpsc::channel();
    let ended = std::sync::Mutex::new(ended);
    let origin = Origin::start(move |_, stream| {
        let whole = reply(stream, "200 OK", "", &vec![0; 100_000_000]);
        ended.lock().unwrap().send(whole).unwrap();
        whole
    });
    let mut options = options();
    options.idle_timeout_ms = 100;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    assert!(!end.recv_timeout(crate::common::PATIENCE).unwrap(), "the whole answer was taken");
    assert_eq!(stage.finish()[0].code, Some(Code::CallerSlow));
    drop(caller);
}

#[test]
fn connections_beyond_the_limit_are_turned_away() {
    let origin = Origin::echo();
    let mut options = options();
    options.max_connections = 1;
    let stage = Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]})));
    let mut first = stage.caller();
    first.send(get("/shop/books"));
    assert_eq!(first.read().unwrap().status(), 200);
    let mut second = stage.caller();
    assert_eq!(second.read().unwrap().status(), 503);
    first.send(get("/shop/books"));
    assert_eq!(first.read().unwrap().status(), 200);
    let metric = "\nyett_connections_refused_total{reason=\"gateway\"} 1\n";
    assert!(stage.telemetry("/metrics").text().contains(metric));
}

#[test]
fn a_key_is_in_no_event_and_no_answer() {
    let origin = Origin::start(|_, stream| reply(stream, "200 OK", "", b"ok"));
    let stage = Stage::before(origin.address);
    let key = api_key();
    for request in [
        format!("GET /shop/secret HTTP/1.1\r\nhost: h\r\nx-api-key: {key}\r\n\r\n"),
        format!("GET /shop/{key} HTTP/1.1\r\nhost: h\r\n\r\n"),
        format!("GET /shop/books?key={key} HTTP/1.1\r\nhost: h\r\n\r\n"),
        format!("GET /shop/secret HTTP/1.1\r\nhost: h\r\nx-api-key: {key}\r\nx-api-key: {key}\r\n\r\n"),
        format!("GET /shop/books HTTP/1.1\r\nhost: h\r\nx\x01: {key}\r\n\r\n"),
    ] {
        let answer = stage.ask(&request);
        assert!(!answer.head.contains(&key) && !answer.body.windows(key.len()).any(|part| part == key.as_bytes()));
    }
    assert!(!stage.telemetry("/metrics").text().contains(&key));
    stage.gateway.stop(crate::common::PATIENCE);
    let lines = stage.gateway.events(100);
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| !String::from_utf8_lossy(line).contains(&key[..30])));
}
