//! gRPC: calls, their trailers, and refusals in words that its clients understand.

use crate::common::PATIENCE;
use crate::http2::{all, call, connect, fields, origin, plain, run, stage, start};
use bytes::Bytes;
use http::{HeaderValue, Response};
use std::net::TcpListener;
use std::sync::mpsc::{Sender, channel};
use yett_model::Code;

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
