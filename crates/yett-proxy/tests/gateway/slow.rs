//! Callers that are slow, and callers that take more than their share: each limit refuses, and is counted.

use crate::common::{Message, Origin, PATIENCE, Stage, get, options, post, reply, snapshot};
use serde_json::json;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use yett_model::Code;
use yett_proxy::Options;

fn before(origin: SocketAddr, choose: impl FnOnce(&mut Options)) -> Stage {
    let mut options = options();
    choose(&mut options);
    Stage::start(options, &snapshot(&json!({"targets": [{"url": format!("http://{origin}")}]})))
}

fn metric(stage: &Stage, name: &str) -> f64 {
    let page = stage.telemetry("/metrics");
    let line = page.text().lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
    line.trim().parse().unwrap()
}

/// Waits for something that another thread will do.
fn eventually(mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "it did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn an_address_with_too_many_connections_is_turned_away_until_one_ends() {
    let origin = Origin::echo();
    let stage = before(origin.address, |options| options.max_connections_per_address = 2);
    let mut callers = [stage.caller(), stage.caller()];
    for caller in &mut callers {
        caller.send(get("/shop/books"));
        assert_eq!(caller.read().unwrap().status(), 200);
    }
    let answer = stage.caller().read().unwrap();
    assert_eq!((answer.status(), answer.field("retry-after")), (429, Some("1")));
    assert_eq!(metric(&stage, "yett_connections_refused_total{reason=\"address\"}"), 1.0);
    assert_eq!(metric(&stage, "yett_refusals_total{code=\"connections-exceeded\"}"), 1.0);
    drop(callers);
    eventually(|| stage.gateway.stats().connections == 0);
    assert_eq!(stage.ask(&get("/shop/books")).status(), 200);
}

/// Reads so many bytes at a time until the connection ends or so many came; says how many came.
fn trickle(stream: &mut impl Read, part: usize, pause: Duration, most: usize) -> usize {
    let (mut buffer, mut got) = (vec![0; part], 0);
    while got < most {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => got += read,
            _ => break,
        }
        std::thread::sleep(pause);
    }
    got
}

fn large_origin(bytes: usize) -> Origin {
    Origin::start(move |_, stream| reply(stream, "200 OK", "", &vec![b'x'; bytes]))
}

#[test]
fn a_caller_that_takes_its_answer_at_a_trickle_is_cut_and_one_that_keeps_the_rate_is_not() {
    let whole = 24_000_000;
    let origin = large_origin(whole);
    let stage = before(origin.address, |options| {
        options.idle_timeout_ms = 1_000;
        options.min_download_rate = 1_000_000;
    });
    let (mut slow, mut fast) = (stage.caller(), stage.caller());
    for caller in [&mut slow, &mut fast] {
        let socket = socket2::SockRef::from(&caller.stream);
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        caller.send(get("/shop/books"));
    }
    // Some 100 kB a second: far below the rate, but a part within every idle timeout.
    let slow = std::thread::spawn(move || trickle(&mut slow.stream, 2_000, Duration::from_millis(20), whole));
    let got = trickle(&mut fast.stream, 256 * 1024, Duration::from_millis(10), whole);
    assert!(got >= whole, "a caller that kept the rate got {got} of {whole}");
    assert!(slow.join().unwrap() < whole);
    assert_eq!(metric(&stage, "yett_callers_cut_total{cause=\"untaken\"}"), 1.0);
    let events = stage.finish();
    assert_eq!(events.iter().filter(|event| event.code == Some(Code::CallerSlow)).count(), 1, "{events:?}");
}

#[test]
fn a_caller_that_sends_its_body_at_a_trickle_is_refused_by_the_rate_that_is_set() {
    let origin = Origin::echo();
    let stage = before(origin.address, |options| {
        options.body_timeout_ms = 300;
        options.min_upload_rate = 1_000_000;
    });
    let mut caller = stage.caller();
    caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-length: 900000\r\n\r\n");
    caller.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut first = [0];
    // 100 kB a second would do for the default.
    let answered = (0..400).any(|_| {
        let _ = caller.stream.write_all(&[b'x'; 2_000]);
        caller.stream.peek(&mut first).is_ok()
    });
    assert!(answered, "the gateway goes on waiting");
    caller.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(caller.read().unwrap().status(), 408);
    assert_eq!(stage.finish()[0].code, Some(Code::RequestTimeout));
}

#[test]
fn a_request_that_takes_too_long_in_all_is_refused() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let origin = Origin::start(move |_, stream| {
        let _ = held.lock().unwrap().recv_timeout(PATIENCE);
        reply(stream, "200 OK", "", b"late")
    });
    let stage = before(origin.address, |options| options.request_timeout_ms = Some(200));
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (504, Some("request-overdue")));
    release.send(()).unwrap();
    assert_eq!(stage.finish()[0].code, Some(Code::RequestOverdue));
}

fn dripping_origin() -> Origin {
    Origin::start(|_, stream| {
        let head = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n").is_ok();
        head && (0..40).all(|_| {
            std::thread::sleep(Duration::from_millis(20));
            stream.write_all(b"x").is_ok()
        })
    })
}

#[test]
fn an_answer_that_goes_on_too_long_is_cut_unless_its_operation_is_long_lived() {
    let origin = dripping_origin();
    let stage = before(origin.address, |options| options.request_timeout_ms = Some(300));
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    let got = caller.read_to_end();
    assert!(got.starts_with(b"HTTP/1.1 200") && !got.ends_with(&[b'x'; 40]), "{}", String::from_utf8_lossy(&got));
    assert_eq!(metric(&stage, "yett_callers_cut_total{cause=\"overdue\"}"), 1.0);
    let mut patient = snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]}));
    patient["apis"][0]["operations"][0]["long_lived"] = json!(true);
    stage.gateway.apply(patient.to_string().as_bytes()).unwrap();
    assert_eq!(stage.ask(&get("/shop/books")).body.len(), 40);
    assert_eq!(stage.finish()[0].code, Some(Code::RequestOverdue));
}

#[test]
fn the_number_of_header_fields_is_limited() {
    let origin = Origin::echo();
    let stage = before(origin.address, |options| options.max_headers = 10);
    let request = |count: usize| {
        let fields: String = (1..count).map(|number| format!("x-{number}: 1\r\n")).collect();
        format!("GET /shop/books HTTP/1.1\r\nhost: h\r\n{fields}\r\n")
    };
    assert_eq!(stage.ask(&request(10)).status(), 200);
    let refused = stage.ask(&request(11)).json();
    assert_eq!(refused["code"], "headers-too-large");
    assert!(refused["detail"].as_str().unwrap().contains("more than 10 fields"), "{refused}");
}

fn on_http2<T>(address: SocketAddr, act: impl AsyncFnOnce(h2::client::SendRequest<bytes::Bytes>) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        tokio::time::timeout(PATIENCE, act(send)).await.expect("the gateway goes on")
    })
}

fn request() -> http::Request<()> {
    http::Request::get("http://shop.example/shop/books").version(http::Version::HTTP_2).body(()).unwrap()
}

#[test]
fn the_number_of_header_fields_is_limited_on_http2() {
    let origin = Origin::echo();
    let stage = before(origin.address, |options| options.max_headers = 10);
    let status = on_http2(stage.address, async |mut send| {
        let mut request = request();
        for number in 0..20 {
            let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
            request.headers_mut().insert(name, http::HeaderValue::from_static("1"));
        }
        send.send_request(request, true).unwrap().0.await.unwrap().status()
    });
    assert_eq!(status, 431);
}

#[test]
fn a_caller_that_abandons_request_after_request_is_cut() {
    let origin = Origin::start(|_, _| true);
    let stage = before(origin.address, |options| options.max_resets = 5);
    let sent = on_http2(stage.address, async |mut send| {
        for sent in 0..10_000 {
            let Ok(ready) = send.ready().await else { return sent };
            send = ready;
            let Ok((answer, mut stream)) = send.send_request(request(), true) else { return sent };
            // It has arrived before it is abandoned; a connection that has ended brings nothing more.
            while origin.requests.try_recv().is_err() {
                let Ok(ready) = send.ready().await else { return sent };
                send = ready;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            stream.send_reset(h2::Reason::CANCEL);
            drop(answer);
        }
        10_000
    });
    assert!((5..50).contains(&sent), "{sent} requests");
    assert_eq!(metric(&stage, "yett_callers_cut_total{cause=\"resets\"}"), 1.0);
}

#[test]
fn an_http2_stream_that_takes_too_long_in_all_is_reset_and_the_others_go_on() {
    let origin = dripping_origin();
    let stage = before(origin.address, |options| options.request_timeout_ms = Some(300));
    on_http2(stage.address, async |mut send| {
        let answer = send.send_request(request(), true).unwrap().0.await.unwrap();
        let mut body = answer.into_body();
        let end = loop {
            match body.data().await {
                Some(Ok(data)) => body.flow_control().release_capacity(data.len()).unwrap(),
                other => break other,
            }
        };
        assert!(end.unwrap().unwrap_err().is_reset());
        assert_eq!(send.send_request(request(), true).unwrap().0.await.unwrap().status(), 200);
    });
    assert_eq!(stage.finish()[0].code, Some(Code::RequestOverdue));
}

#[test]
fn body_limits_of_an_operation_hold_however_the_body_comes() {
    let origin = Origin::echo();
    let mut strict = snapshot(&json!({"targets": [{"url": format!("http://{}", origin.address)}]}));
    strict["apis"][0]["operations"][2]["max_body_bytes"] = json!(1000);
    let stage = Stage::start(options(), &strict);
    let body = "x".repeat(1001);
    let chunked = format!("POST /shop/books HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n");
    let answers: Vec<Message> = vec![stage.ask(&post("/shop/books", &body)), stage.ask(&chunked)];
    for answer in &answers {
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (413, Some("body-too-large")));
    }
    // Two bytes are announced: what follows them is no body, and no request.
    let mut liar = stage.caller();
    liar.send(format!("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{body}\r\n\r\n"));
    assert_eq!(liar.read().unwrap().json()["length"], 2);
    assert_eq!(liar.read().unwrap().status(), 400);
    let status = on_http2(stage.address, async |mut send| {
        let mut request = request();
        *request.method_mut() = http::Method::POST;
        let (answer, mut stream) = send.send_request(request, false).unwrap();
        stream.send_data(body.clone().into(), true).unwrap();
        answer.await.unwrap().status()
    });
    assert_eq!(status, 413);
    let passed = origin.requests.try_iter().filter(|request| request.body.len() > 1000).count();
    assert_eq!(passed, 0);
}
