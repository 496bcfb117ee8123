//! HTTP/2 to the upstream, trailers, and what gRPC needs of both.

use crate::common::{Origin, PATIENCE, Stage, get, options, snapshot};
use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version};
use serde_json::{Value, json};
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tokio::net::TcpStream;
use yett_model::Code;

type Asked = Request<RecvStream>;
type Answering = SendResponse<Bytes>;

/// An origin that speaks HTTP/2 with prior knowledge; `answer` gets each request and the number of its connection.
fn origin<F>(builder: h2::server::Builder, answer: impl Fn(Asked, Answering, usize) -> F + Send + Sync + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, builder) = (answer.clone(), builder.clone());
                tokio::spawn(async move {
                    let Ok(mut connection) = builder.handshake(stream).await else { return };
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        tokio::spawn(answer(request, respond, number));
                    }
                });
            }
        });
    });
    address
}

fn plain() -> h2::server::Builder {
    h2::server::Builder::new()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A gateway before an upstream of HTTP/2 with one gRPC method and the usual operations.
fn snapshot_before(origin: SocketAddr) -> Value {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{origin}")}], "protocol": "http2"}));
    let operations = snapshot["apis"][0]["operations"].as_array_mut().unwrap();
    operations.push(json!({"id": "shop:Talk", "method": "POST", "path": "/shop.Desk/Talk", "public": true}));
    operations.push(json!({"id": "shop:Hide", "method": "POST", "path": "/shop.Desk/Hide"}));
    snapshot["apis"][0]["guards"]["contract"]["mode"] = json!("enforce");
    for operation in snapshot["apis"][0]["operations"].as_array_mut().unwrap() {
        if operation["method"] == "POST" || operation["method"] == "PUT" {
            operation["body"] =
                json!({"required": operation["id"] == "shop:Talk", "media": [{"range": "*/*", "kind": "binary"}]});
        }
    }
    snapshot["apis"][0]["guards"]["contract"]["unknown_query"] = json!("allow");
    snapshot
}

fn stage(origin: SocketAddr) -> Stage {
    Stage::start(options(), &snapshot_before(origin))
}

async fn connect(stage: &Stage) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(stage.address).await.unwrap();
    let (send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    send.ready().await.unwrap()
}

fn call(path: &str) -> Request<()> {
    let request = Request::post(format!("http://shop.example{path}")).version(Version::HTTP_2);
    request.header("content-type", "application/grpc").header("te", "trailers").body(()).unwrap()
}

fn fields(named: &[(&'static str, &'static str)]) -> HeaderMap {
    named.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

async fn all(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut whole = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        let _ = body.flow_control().release_capacity(data.len());
        whole.extend(data);
    }
    Ok(whole)
}

fn start(respond: &mut Answering) -> h2::SendStream<Bytes> {
    let head = Response::builder().header("content-type", "application/grpc").header("server", "x").body(()).unwrap();
    respond.send_response(head, false).unwrap()
}

#[test]
fn a_call_and_its_trailers_pass_both_ways() {
    let (sender, asked) = channel();
    let origin = origin(plain(), move |mut request, mut respond, _| {
        let sender: Sender<_> = sender.clone();
        async move {
            let body = all(request.body_mut()).await.unwrap();
            let trailers = request.body_mut().trailers().await.unwrap();
            sender.send((request.uri().clone(), request.headers().clone(), trailers)).unwrap();
            let mut stream = start(&mut respond);
            stream.send_data(Bytes::from(body), false).unwrap();
            let trailers =
                [("grpc-status", "0"), ("grpc-message", "fine"), ("set-cookie", "a=b"), ("content-length", "3"), ("x_meta", "1")];
            stream.send_trailers(fields(&trailers)).unwrap();
        }
    });
    let stage = stage(origin);
    run(async {
        let mut send = connect(&stage).await;
        let (answer, mut stream) = send.send_request(call("/shop/shop.Desk/Talk"), false).unwrap();
        stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
        stream.send_trailers(fields(&[("x-checksum", "7"), ("authorization", "x"), ("yett-app", "admin")])).unwrap();
        let mut answer = answer.await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("server")), (200, None));
        assert_eq!(all(answer.body_mut()).await.unwrap(), b"hello");
        let trailers = answer.body_mut().trailers().await.unwrap().unwrap();
        assert_eq!(trailers, fields(&[("grpc-status", "0"), ("grpc-message", "fine"), ("x_meta", "1")]));
    });
    let (uri, headers, trailers) = asked.recv_timeout(PATIENCE).unwrap();
    assert_eq!(uri.to_string(), format!("http://{origin}/shop.Desk/Talk"));
    assert_eq!((headers["te"].to_str().unwrap(), headers["content-type"].to_str().unwrap()), ("trailers", "application/grpc"));
    assert_eq!(headers["x-forwarded-host"], "shop.example");
    assert_eq!(trailers, Some(fields(&[("x-checksum", "7")])));
    let events = stage.finish();
    assert_eq!((events[0].status, events[0].code, events[0].bytes_in, events[0].bytes_out), (200, None, 5, 5));
}

#[test]
fn an_answer_of_trailers_alone_stays_one() {
    let origin = origin(plain(), |_, mut respond, _| async move {
        let head = Response::builder().header("content-type", "application/grpc").header("grpc-status", "5").body(()).unwrap();
        respond.send_response(head, true).unwrap();
    });
    let stage = stage(origin);
    run(async {
        let mut send = connect(&stage).await;
        let answer = send.send_request(call("/shop/shop.Desk/Talk"), true).unwrap().0.await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], "5");
        assert!(answer.body().is_end_stream());
    });
    assert_eq!(stage.finish()[0].code, None);
}

#[test]
fn both_sides_of_a_call_can_speak_in_turns() {
    let origin = origin(plain(), |mut request, mut respond, _| async move {
        let mut stream = start(&mut respond);
        while let Some(Ok(data)) = request.body_mut().data().await {
            let _ = request.body_mut().flow_control().release_capacity(data.len());
            stream.send_data(data, false).unwrap();
        }
        stream.send_trailers(fields(&[("grpc-status", "0")])).unwrap();
    });
    let stage = stage(origin);
    run(async {
        let mut send = connect(&stage).await;
        let (answer, mut stream) = send.send_request(call("/shop/shop.Desk/Talk"), false).unwrap();
        let mut answer = answer.await.unwrap();
        for word in ["one", "two", "three"] {
            stream.send_data(Bytes::from(word), false).unwrap();
            let echoed = tokio::time::timeout(PATIENCE, answer.body_mut().data()).await.expect("the turn never came");
            assert_eq!(echoed.unwrap().unwrap(), word);
        }
        stream.send_data(Bytes::new(), true).unwrap();
        assert_eq!(all(answer.body_mut()).await.unwrap(), b"");
        assert_eq!(answer.body_mut().trailers().await.unwrap().unwrap()["grpc-status"], "0");
    });
}

#[test]
fn a_refused_call_is_told_in_words_of_grpc() {
    let stage = stage(origin(plain(), |_, _, _| async { panic!("a refused call reached the upstream") }));
    run(async {
        for (path, status, code) in [
            ("/shop/shop.Desk/Hide", "16", "credential-missing"),
            ("/shop/shop.Desk/Nothing", "12", "operation-unknown"),
            ("/shop/a%2fb", "13", "target-invalid"),
        ] {
            let mut send = connect(&stage).await;
            let answer = send.send_request(call(path), true).unwrap().0.await.unwrap();
            let headers = answer.headers();
            assert_eq!((answer.status().as_u16(), headers["grpc-status"].to_str().unwrap()), (200, status), "{path}");
            assert_eq!(
                (headers["yett-code"].to_str().unwrap(), headers["content-type"].to_str().unwrap()),
                (code, "application/grpc")
            );
            assert!(headers.contains_key("grpc-message") && headers.contains_key("yett-decision"));
            assert!(answer.body().is_end_stream());
        }
        let mut send = connect(&stage).await;
        let mut ordinary = call("/shop/shop.Desk/Hide");
        ordinary.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        assert_eq!(send.send_request(ordinary, true).unwrap().0.await.unwrap().status(), 401);
    });
    assert_eq!(stage.finish()[0].code, Some(Code::CredentialMissing));
}

#[test]
fn an_upstream_that_is_not_there_is_unavailable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = stage(closed);
    run(async {
        let mut send = connect(&stage).await;
        let answer = send.send_request(call("/shop/shop.Desk/Talk"), true).unwrap().0.await.unwrap();
        assert_eq!(answer.headers()["grpc-status"], "14");
    });
}

#[test]
fn requests_share_a_connection_and_open_another_when_it_is_full() {
    let connections = Arc::new(AtomicUsize::new(0));
    let most = connections.clone();
    let (go, going) = tokio::sync::watch::channel(false);
    let (sender, arrived) = channel();
    let mut builder = plain();
    builder.max_concurrent_streams(2);
    let origin = origin(builder, move |_, mut respond, number| {
        most.fetch_max(number + 1, Ordering::SeqCst);
        let (mut going, sender) = (going.clone(), sender.clone());
        async move {
            sender.send(()).unwrap();
            going.wait_for(|go| *go).await.unwrap();
            start(&mut respond).send_data(Bytes::from_static(b"ok"), true).unwrap();
        }
    });
    let stage = stage(origin);
    for _ in 0..3 {
        // One after another share the first.
        let mut caller = stage.caller();
        caller.send(get("/shop/books"));
        arrived.recv_timeout(PATIENCE).unwrap();
        go.send(true).unwrap();
        assert_eq!(caller.read().unwrap().text(), "ok");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    go.send(false).unwrap();
    let mut callers: Vec<_> = (0..5).map(|_| stage.caller()).collect();
    for caller in &mut callers {
        caller.send(get("/shop/books"));
    }
    for _ in 0..5 {
        arrived.recv_timeout(PATIENCE).expect("a request waits for another");
    }
    go.send(true).unwrap();
    for caller in &mut callers {
        assert_eq!(caller.read().unwrap().text(), "ok");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[test]
fn a_request_that_the_upstream_has_not_begun_is_sent_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    let origin = origin(plain(), move |mut request, mut respond, _| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match number {
                0 => drop(respond.send_response(Response::new(()), true)),
                1 => respond.send_reset(Reason::REFUSED_STREAM),
                _ => {
                    let body = all(request.body_mut()).await.unwrap();
                    start(&mut respond).send_data(Bytes::from(body), true).unwrap();
                }
            }
        }
    });
    let stage = stage(origin);
    let post = "POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(stage.ask(post).status(), 200);
    assert_eq!(stage.ask(post).text(), "hello");
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[test]
fn a_request_that_may_have_been_begun_is_not_sent_again() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    let origin = origin(plain(), move |_, mut respond, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { respond.send_reset(Reason::INTERNAL_ERROR) }
    });
    let stage = stage(origin);
    let post = "POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(stage.ask(post).status(), 502);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[test]
fn an_upstream_that_says_goodbye_is_connected_to_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut connection = h2::server::handshake(stream).await.unwrap();
                let (_, mut respond) = connection.accept().await.unwrap().unwrap();
                connection.graceful_shutdown();
                start(&mut respond).send_data(Bytes::from_static(b"bye"), true).unwrap();
                tokio::spawn(async move { while connection.accept().await.is_some() {} });
            }
        });
    });
    let stage = stage(origin);
    for _ in 0..5 {
        assert_eq!(stage.ask(&get("/shop/books")).text(), "bye");
    }
}

#[test]
fn a_caller_of_http_1_gets_the_answer_with_its_trailers_if_it_takes_them() {
    let origin = origin(plain(), |_, mut respond, _| async move {
        let head = Response::builder().header("trailer", "x-checksum, content-length").body(()).unwrap();
        let mut stream = respond.send_response(head, false).unwrap();
        stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
        stream.send_trailers(fields(&[("x-checksum", "7"), ("via", "x")])).unwrap();
    });
    let stage = stage(origin);
    let ask = |fields: &str| {
        let mut caller = stage.caller();
        caller.send(format!("GET /shop/books HTTP/1.1\r\nhost: h\r\nconnection: close, te\r\n{fields}\r\n"));
        String::from_utf8(caller.read_to_end()).unwrap()
    };
    let with = ask("te: trailers\r\n");
    assert!(with.contains("\r\ntrailer: x-checksum\r\n"), "{with}");
    assert!(with.ends_with("5\r\nhello\r\n0\r\nx-checksum: 7\r\n\r\n"), "{with}");
    let without = ask("");
    assert!(without.contains("hello") && !without.contains("x-checksum"), "{without}");
}

#[test]
fn a_slow_caller_holds_up_its_own_stream_and_no_other() {
    let (sender, sent) = channel();
    let origin = origin(plain(), move |request, mut respond, _| {
        let sender: Sender<usize> = sender.clone();
        async move {
            let mut stream = start(&mut respond);
            if request.uri().query() != Some("endless") {
                stream.send_data(Bytes::from_static(b"short"), true).unwrap();
                return;
            }
            let mut total = 0;
            loop {
                stream.reserve_capacity(16_384);
                let room = tokio::time::timeout(Duration::from_millis(700), std::future::poll_fn(|cx| stream.poll_capacity(cx)));
                let Ok(Some(Ok(room))) = room.await else { break };
                total += room;
                stream.send_data(Bytes::from(vec![0; room]), false).unwrap();
            }
            sender.send(total).unwrap();
            std::future::pending::<()>().await;
        }
    });
    let stage = stage(origin);
    let mut slow: Vec<_> = (0..8).map(|_| stage.caller()).collect();
    for caller in &mut slow {
        caller.send(get("/shop/books?endless"));
    }
    for _ in 0..8 {
        let total = sent.recv_timeout(PATIENCE).unwrap();
        assert!(total < 64 << 20, "{total} bytes were taken for a caller that reads none");
    }
    assert_eq!(stage.ask(&get("/shop/books")).text(), "short");
}

#[test]
fn a_caller_that_leaves_ends_its_stream_upstream() {
    let (sender, ended) = channel();
    let origin = origin(plain(), move |_, mut respond, _| {
        let sender: Sender<_> = sender.clone();
        async move {
            let mut stream = start(&mut respond);
            stream.send_data(Bytes::from_static(b"first"), false).unwrap();
            sender.send(std::future::poll_fn(|cx| stream.poll_reset(cx)).await).unwrap();
        }
    });
    let stage = stage(origin);
    run(async {
        let mut send = connect(&stage).await;
        let (answer, mut stream) = send.send_request(call("/shop/shop.Desk/Talk"), false).unwrap();
        let mut answer = answer.await.unwrap();
        assert_eq!(answer.body_mut().data().await.unwrap().unwrap(), "first");
        stream.send_reset(Reason::CANCEL);
        drop(answer);
        tokio::task::spawn_blocking(move || assert_eq!(ended.recv_timeout(PATIENCE).unwrap().unwrap(), Reason::CANCEL))
            .await
            .unwrap();
    });
    assert_eq!(stage.finish()[0].code, Some(Code::CallerGone));
}

#[test]
fn a_body_over_the_limit_is_not_passed_on_whole() {
    let (sender, ended) = channel();
    let origin = origin(plain(), move |mut request, _respond, _| {
        let sender: Sender<_> = sender.clone();
        async move {
            sender.send(all(request.body_mut()).await.is_err()).unwrap();
        }
    });
    let mut snapshot = snapshot_before(origin);
    for operation in snapshot["apis"][0]["operations"].as_array_mut().unwrap() {
        operation["max_body_bytes"] = json!(100_000);
    }
    let stage = Stage::start(options(), &snapshot);
    let mut caller = stage.caller();
    caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n");
    caller.send(format!("{:x}\r\n{}\r\n", 200_000, "x".repeat(200_000)));
    let answer = caller.read().unwrap();
    assert_eq!((answer.status(), answer.json()["code"].as_str()), (413, Some("body-too-large")));
    assert!(ended.recv_timeout(PATIENCE).unwrap(), "the upstream took the cut body for a whole one");
}

#[test]
fn an_answer_that_is_cut_short_does_not_look_whole() {
    let origin = origin(plain(), |_, mut respond, _| async move {
        let mut stream = start(&mut respond);
        stream.send_data(Bytes::from_static(b"half"), false).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.send_reset(Reason::INTERNAL_ERROR);
    });
    let stage = stage(origin);
    let mut caller = stage.caller();
    caller.send(get("/shop/books"));
    let bytes = String::from_utf8(caller.read_to_end()).unwrap();
    assert!(bytes.contains("half") && !bytes.ends_with("0\r\n\r\n"), "{bytes}");
    drop(caller);
    assert_eq!(stage.finish()[0].code, Some(Code::UpstreamBroken));
}

#[test]
fn an_upstream_of_http_1_is_not_taken_for_one_of_http_2() {
    let origin = Origin::echo();
    let stage = stage(origin.address);
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!(answer.status(), 502);
}

#[test]
fn an_answer_with_a_length_ends_there_for_every_caller() {
    let origin = origin(plain(), |_, mut respond, _| async move {
        let head = Response::builder().header("content-length", "5").body(()).unwrap();
        let mut stream = respond.send_response(head, false).unwrap();
        stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.send_data(Bytes::new(), true).unwrap();
    });
    let stage = stage(origin);
    let answer = stage.ask(&get("/shop/books"));
    assert_eq!((answer.field("content-length"), answer.text()), (Some("5"), "hello"));
    assert_eq!(stage.finish()[0].code, None);
}
