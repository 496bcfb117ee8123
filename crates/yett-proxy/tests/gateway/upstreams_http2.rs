//! Connections of HTTP/2 to an upstream: shared, bounded, given up and made anew.

use crate::common::{Origin, PATIENCE, Stage, get, options, snapshot};
use crate::http2::{all, call, connect, origin, plain, run, snapshot_before, stage, start};
use bytes::Bytes;
use h2::Reason;
use http::Response;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use yett_model::Code;

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
fn no_request_is_put_on_a_connection_before_the_upstream_has_said_how_many_it_takes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let (sender, arrived) = channel();
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // The other requests come meanwhile.
                tokio::time::sleep(Duration::from_millis(100)).await;
                let sender: Sender<()> = sender.clone();
                tokio::spawn(async move {
                    let mut connection = plain().max_concurrent_streams(1).handshake::<_, Bytes>(stream).await.unwrap();
                    let mut unanswered = Vec::new();
                    while let Some(Ok(asked)) = connection.accept().await {
                        unanswered.push(asked);
                        sender.send(()).unwrap();
                    }
                });
            }
        });
    });
    let stage = stage(origin);
    let mut callers: Vec<_> = (0..3).map(|_| stage.caller()).collect();
    callers.iter_mut().for_each(|caller| caller.send(get("/shop/books")));
    for _ in 0..3 {
        arrived.recv_timeout(PATIENCE).expect("a request waits for another");
    }
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
fn a_lone_target_that_is_watched_gets_what_it_has_not_begun_again_too() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    let origin = origin(plain(), move |_, mut respond, _| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            match number {
                1 => respond.send_reset(Reason::REFUSED_STREAM),
                _ => drop(respond.send_response(Response::new(()), true)),
            }
        }
    });
    let circuit = json!({"failures": 1, "open_ms": 60_000});
    let upstream = json!({"targets": [{"url": format!("http://{origin}")}], "protocol": "http2", "circuit": circuit});
    let stage = Stage::start(options(), &snapshot(&upstream));
    let post = "POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!([0, 1, 2].map(|_| stage.ask(post).status()), [200; 3]);
    assert_eq!(requests.load(Ordering::SeqCst), 4);
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

#[test]
fn an_answer_that_cannot_be_read_is_not_taken_for_a_request_that_was_not_begun() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    let origin = origin(plain(), move |_, mut respond, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let head = (0..40).fold(Response::builder(), |head, number| head.header(format!("x-{number}"), "y".repeat(4000)));
            let _ = respond.send_response(head.body(()).unwrap(), true);
        }
    });
    let stage = stage(origin);
    stage.ask(&get("/shop/books"));
    let before = requests.load(Ordering::SeqCst);
    let answer = stage.ask("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n");
    assert_eq!((answer.status(), requests.load(Ordering::SeqCst) - before), (502, 1));
}

/// An origin behind TLS that agrees to one of `protocols`, and its certificate.
fn secure(protocols: &[&str]) -> (SocketAddr, String) {
    let identity = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(identity.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![identity.cert.der().clone()], key).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((request, mut respond))) = connection.accept().await {
                        let scheme = Bytes::from(request.uri().scheme_str().unwrap().to_owned());
                        start(&mut respond).send_data(scheme, true).unwrap();
                    }
                });
            }
        });
    });
    (address, identity.cert.pem())
}

fn over_tls((origin, certificate): &(SocketAddr, String)) -> Stage {
    let target = json!({"url": format!("https://localhost:{}", origin.port())});
    Stage::start(options(), &snapshot(&json!({"targets": [target], "protocol": "http2", "ca_pem": certificate})))
}

#[test]
fn over_tls_both_sides_agree_on_http_2() {
    assert_eq!(over_tls(&secure(&["h2"])).ask(&get("/shop/books")).text(), "https");
}

#[test]
fn an_upstream_that_does_not_agree_to_http_2_is_not_spoken_to() {
    for protocols in [&["http/1.1"][..], &[]] {
        let answer = over_tls(&secure(protocols)).ask(&get("/shop/books"));
        assert_eq!((answer.status(), answer.json()["code"].as_str()), (502, Some("upstream-unreachable")), "{protocols:?}");
    }
}

#[test]
fn a_connection_on_which_nothing_comes_takes_no_more_requests() {
    let connections = Arc::new(AtomicUsize::new(0));
    let most = connections.clone();
    let origin = origin(plain(), move |_, mut respond, number| {
        most.fetch_max(number, Ordering::SeqCst);
        async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
            start(&mut respond).send_data(Bytes::from_static(b"ok"), true).unwrap();
        }
    });
    let mut snapshot = snapshot_before(origin);
    snapshot["apis"][0]["upstream"]["response_timeout_ms"] = json!(200);
    let stage = Stage::start(options(), &snapshot);
    assert_eq!(stage.ask(&get("/shop/books")).status(), 504);
    assert_eq!(stage.ask(&get("/shop/books")).text(), "ok");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[test]
fn an_upstream_that_refuses_connections_fails_all_who_wait_at_once() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = stage(closed);
    let mut callers: Vec<_> = (0..20).map(|_| stage.caller()).collect();
    callers.iter_mut().for_each(|caller| caller.send(get("/shop/books")));
    for caller in &mut callers {
        assert_eq!(caller.read().unwrap().status(), 502);
    }
}

#[test]
fn an_upstream_that_takes_no_streams_is_not_connected_to_for_every_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                // SETTINGS with MAX_CONCURRENT_STREAMS of 0, and nothing else.
                let _ = stream.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\0");
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    let mut snapshot = snapshot_before(address);
    snapshot["apis"][0]["upstream"]["connect_timeout_ms"] = json!(50);
    let stage = Stage::start(options(), &snapshot);
    for _ in 0..20 {
        assert_eq!(stage.ask(&get("/shop/books")).json()["code"], "upstream-unreachable");
    }
    assert!(connections.load(Ordering::SeqCst) <= 3, "{connections:?}");
}

/// Reads frames up to HEADERS.
fn wait_for_head(stream: &mut impl Read) -> bool {
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        if stream.read_exact(&mut vec![0; length]).is_err() {
            return false;
        }
        if head[3] == 1 {
            return true;
        }
    }
    false
}

#[test]
fn an_upstream_that_changes_its_mind_about_streams_gets_the_next_request_on_another_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, opened) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                sender.send(()).unwrap();
                stream.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64").unwrap();
                // The head of a request: it is answered with 200 and nothing else, and from then on none is taken.
                if stream.read_exact(&mut [0; 24]).is_err() || !wait_for_head(&mut stream) {
                    return;
                }
                stream.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\0").unwrap();
                stream.write_all(b"\0\0\x01\x01\x05\0\0\0\x01\x88").unwrap();
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    let stage = stage(address);
    for number in 1..=5 {
        assert_eq!(stage.ask(&get("/shop/books")).status(), 200, "{number}");
        opened.recv_timeout(PATIENCE).unwrap();
        assert!(opened.try_recv().is_err(), "one connection for each request, and no more");
    }
}

#[test]
fn a_caller_that_stalls_its_upload_is_not_held_against_the_connection() {
    let origin = origin(plain(), |mut request, mut respond, _| async move {
        if all(request.body_mut()).await.is_ok() {
            start(&mut respond).send_data(Bytes::from_static(b"well"), true).unwrap();
        }
    });
    let circuit = json!({"failures": 1, "open_ms": 60_000});
    let target = json!([{"url": format!("http://{origin}")}]);
    let upstream = json!({"targets": target, "protocol": "http2", "circuit": circuit, "response_timeout_ms": 150});
    let mut options = options();
    options.body_timeout_ms = 600;
    let stage = Stage::start(options, &snapshot(&upstream));
    let mut caller = stage.caller();
    caller.send("POST /shop/books HTTP/1.1\r\nhost: h\r\ncontent-type: text/plain\r\ncontent-length: 200000\r\n\r\nhello");
    assert_eq!(caller.read().unwrap().status(), 408);
    assert_eq!(stage.ask(&get("/shop/books")).text(), "well");
}

#[test]
fn no_host_of_a_callers_choice_is_held_against_the_target() {
    let origin = origin(plain(), |_, mut respond, _| async move {
        start(&mut respond).send_data(Bytes::from_static(b"well"), true).unwrap();
    });
    let circuit = json!({"failures": 1, "open_ms": 60_000});
    let target = json!([{"url": format!("http://{origin}")}]);
    let upstream = json!({"targets": target, "protocol": "http2", "circuit": circuit, "preserve_host": true});
    let stage = Stage::start(options(), &snapshot(&upstream));
    for host in ["shop.example:", "shop.example:99999", "a..b", "-", "_", ".", "[::1]", "[::1]:", "1.2.3.4:0"] {
        stage.ask(&format!("GET /shop/books HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        assert_eq!(stage.ask(&get("/shop/books")).text(), "well", "{host}");
    }
    let mut caller = stage.caller();
    caller.send("GET /shop/books HTTP/1.0\r\n\r\n");
    let _ = caller.read();
    assert_eq!(stage.ask(&get("/shop/books")).text(), "well", "no host");
}
