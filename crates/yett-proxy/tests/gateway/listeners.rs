//! Listeners: what a proxy before the gateway tells, and the one that only redirects.

use crate::common::{Caller, Origin, PATIENCE, Stage, get, options, snapshot};
use crate::secure::{Authority, BOTH, Folder, Secured, client, secure, stage};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use yett_proxy::{Options, Redirect, Tls};

fn behind_a_proxy(mut options: Options, trusted: &str) -> Options {
    options.listen[0].proxy_protocol = true;
    options.proxy_protocol_from = vec![trusted.to_owned()];
    options
}

const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x0a\x7f\0\0\x01\x1f\x90\0\x50";

#[test]
fn a_proxy_tells_whose_connection_it_is() {
    let origin = Origin::echo();
    let stage = stage(&origin, behind_a_proxy(options(), "127.0.0.0/8"));
    for (header, source) in [
        (&b"PROXY TCP4 192.0.2.9 127.0.0.1 8080 80\r\n"[..], "192.0.2.9"),
        (b"PROXY TCP6 2001:db8::9 ::1 8080 80\r\n", "2001:db8::9"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (V2, "192.0.2.10"),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "127.0.0.1"),
    ] {
        let mut caller = stage.caller();
        caller.send([header, get("/shop/books").as_bytes()].concat());
        assert_eq!(caller.read().unwrap().status(), 200);
        assert_eq!(origin.next().field("x-forwarded-for"), Some(source));
    }
    // However it is cut.
    let mut caller = stage.caller();
    V2.iter().for_each(|byte| caller.send([*byte]));
    caller.send(get("/shop/books"));
    assert_eq!(caller.read().unwrap().status(), 200);
}

#[test]
fn nothing_is_believed_of_a_caller_whom_the_proxy_does_not_name() {
    let origin = Origin::echo();
    let mut trusting = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
    trusting["trusted_proxies"] = json!(["127.0.0.0/8"]);
    let stage = Stage::start(behind_a_proxy(options(), "127.0.0.0/8"), &trusting);
    let request = get("/shop/books").replace("\r\n\r\n", "\r\nx-forwarded-for: 192.0.2.66\r\n\r\n");
    for header in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"] {
        let mut caller = stage.caller();
        caller.send([header, request.as_bytes()].concat());
        assert_eq!(caller.read().unwrap().status(), 200);
        assert_eq!(origin.next().field("x-forwarded-for"), Some("127.0.0.1"));
    }
    // A proxy that is named, and trusted, may speak for others.
    let mut caller = stage.caller();
    caller.send(format!("PROXY TCP4 127.0.0.7 127.0.0.1 8080 80\r\n{request}"));
    assert_eq!(caller.read().unwrap().status(), 200);
    assert_eq!(origin.next().field("x-forwarded-for"), Some("192.0.2.66"));
}

#[test]
fn connections_are_counted_for_the_address_that_is_told() {
    let origin = Origin::echo();
    let mut options = behind_a_proxy(options(), "127.0.0.1");
    options.max_connections_per_address = 2;
    let stage = stage(&origin, options);
    let open = |address: &str| {
        let mut caller = stage.caller();
        caller.send(format!("PROXY TCP4 {address} 127.0.0.1 8080 80\r\n{}", get("/shop/books")));
        caller
    };
    let mut kept: Vec<_> = (0..2).map(|_| open("192.0.2.9")).collect();
    kept.iter_mut().for_each(|caller| assert_eq!(caller.read().unwrap().status(), 200));
    assert!(open("192.0.2.9").read_to_end().is_empty());
    assert_eq!(open("192.0.2.10").read().unwrap().status(), 200);
    // A place that is given back can be had again.
    let mut first = kept.remove(0);
    first.send("GET /shop/books HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n");
    first.read_to_end();
    let began = std::time::Instant::now();
    while open("192.0.2.9").read().is_err() {
        assert!(began.elapsed() < PATIENCE, "the place is not given back");
    }
}

#[test]
fn a_header_that_is_missing_or_malformed_closes_the_connection() {
    let origin = Origin::echo();
    let stage = stage(&origin, behind_a_proxy(options(), "127.0.0.1"));
    for start in ["", "PROXY TCP4 192.0.2.9\r\n", "PROXY TCP4 a b 1 2\r\n", "\r\n\r\n\0\r\nQUIT\n\x33\x11\0\0"] {
        let mut caller = stage.caller();
        caller.send(format!("{start}{}", get("/shop/books")));
        assert!(caller.read_to_end().is_empty(), "{start:?}");
    }
    assert!(origin.requests.try_recv().is_err());
}

#[test]
fn a_header_from_anyone_else_closes_the_connection() {
    let origin = Origin::echo();
    let stage = stage(&origin, behind_a_proxy(options(), "192.0.2.0/24"));
    let mut caller = stage.caller();
    caller.send([V2, get("/shop/books").as_bytes()].concat());
    assert!(caller.read_to_end().is_empty());
    assert!(origin.requests.try_recv().is_err());
}

#[test]
fn a_header_that_does_not_come_ends_with_the_header_timeout() {
    let origin = Origin::echo();
    let mut options = behind_a_proxy(options(), "127.0.0.1");
    options.header_timeout_ms = 200;
    let stage = stage(&origin, options);
    let mut caller = stage.caller();
    caller.send("PROXY TCP4");
    assert!(caller.read_to_end().is_empty());
}

#[test]
fn a_header_on_a_listener_that_expects_none_is_no_request() {
    let origin = Origin::echo();
    let stage = Stage::before(origin.address);
    let mut caller = stage.caller();
    caller.send(format!("PROXY TCP4 192.0.2.9 127.0.0.1 8080 80\r\n{}", get("/shop/books")));
    assert!(caller.read_to_end().starts_with(b"HTTP/1.1 400"));
}

#[test]
fn the_header_comes_before_the_handshake() {
    let (authority, folder, origin) = (Authority::new(), Folder::new("proxied"), Origin::echo());
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    let options = secure(Tls { certificates: vec![pair], ..Tls::default() });
    let stage = stage(&origin, behind_a_proxy(options, "127.0.0.1"));
    let mut stream = TcpStream::connect(stage.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(V2).unwrap();
    let mut caller = Secured::over(stream, "a.example", &Arc::new(client(&authority, None, BOTH)));
    assert_eq!(caller.ask("a.example").unwrap().status(), 200);
    let seen = origin.next();
    assert_eq!((seen.field("x-forwarded-for"), seen.field("x-forwarded-proto")), (Some("192.0.2.10"), Some("https")));
}

#[test]
fn the_redirecting_listener_redirects_and_shows_challenges() {
    let (authority, folder) = (Authority::new(), Folder::new("redirect"));
    let pair = folder.pair("a", &authority.issue(&["a.example"], 1));
    std::fs::create_dir_all(folder.path().join(".well-known/acme-challenge")).unwrap();
    folder.write(".well-known/acme-challenge/token", "proof");
    let mut options = secure(Tls { certificates: vec![pair], ..Tls::default() });
    options.redirect =
        Some(Redirect { address: "127.0.0.1:0".to_owned(), port: None, acme_challenges: Some(folder.path().to_owned()) });
    let gateway = yett_proxy::Gateway::new(options).unwrap();
    let bound = gateway.start().unwrap();
    let ask = |request: &str| {
        let mut caller = Caller::connect(bound.redirect.unwrap());
        caller.send(request);
        caller.read().unwrap()
    };
    let redirected = ask(&get("/shop/books?a=1"));
    let place = format!("https://shop.example:{}/shop/books?a=1", bound.listen[0].port());
    assert_eq!((redirected.status(), redirected.field("location")), (308, Some(&*place)));
    assert_eq!(ask(&get("/.well-known/acme-challenge/token")).text(), "proof");
    assert_eq!(ask(&get("/.well-known/acme-challenge/..%2f..%2fa.key")).status(), 404);
    assert_eq!(ask("GET / HTTP/1.1\r\nhost: a/b\r\n\r\n").status(), 400);
    gateway.stop(PATIENCE);
}
