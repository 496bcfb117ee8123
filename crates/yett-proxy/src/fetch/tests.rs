use super::*;
use crate::clock::TICK;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::task::{LocalSet, spawn_local};

/// Runs as the thread that asks does: one runtime, and a clock that goes.
fn run<F: Future>(work: impl FnOnce(Rc<Clock>) -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let clock = Clock::new(Instant::now());
        let ticking = clock.clone();
        spawn_local(async move {
            loop {
                tokio::time::sleep(TICK).await;
                ticking.tick();
            }
        });
        work(clock).await
    })
}

/// Somebody who answers each connection's first request; and how many connections came.
fn site(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read_exact(&mut byte).is_err() {
                    break;
                }
                request.push(byte[0]);
            }
            answer(&mut stream);
        }
    });
    (address, count)
}

fn says(text: impl Into<String>) -> (SocketAddr, Arc<AtomicUsize>) {
    let text = text.into();
    site(move |stream| stream.write_all(text.as_bytes()).unwrap())
}

fn json(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn remote(url: String, plain: bool) -> Remote {
    Remote { url, private: false, plain, ca_pem: None, tls: None, timeout_ms: 2_000 }
}

fn fetch_within(address: SocketAddr, timeout_ms: u64) -> Result<Bytes, String> {
    let remote = Remote { timeout_ms, ..remote(format!("http://{address}/x"), true) };
    run(async |clock| Site::new(&remote).unwrap().ask(&clock, &Inquiry::get(1000)).await.map(|told| told.body))
}

fn fetch(address: SocketAddr) -> Result<Bytes, String> {
    fetch_within(address, 2_000)
}

#[test]
fn an_answer_of_json_is_taken() {
    assert_eq!(fetch(says(json("{}")).0).unwrap(), "{}");
}

#[test]
fn a_redirect_is_not_followed() {
    let (secret, asked) = says(json("{}"));
    let (address, _) = says(format!("HTTP/1.1 302 Found\r\nlocation: http://{secret}/\r\ncontent-length: 0\r\n\r\n"));
    assert!(fetch(address).unwrap_err().contains("302"));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn an_answer_that_is_too_long_is_refused_by_its_length_and_by_its_bytes() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n";
    assert!(fetch(says(announced).0).unwrap_err().contains("longer than 1000"));
    let endless = site(|stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        let mut sent = stream.write_all(head.as_bytes());
        while sent.is_ok() {
            sent = stream.write_all(&[b' '; 4096]);
        }
    });
    assert!(fetch(endless.0).unwrap_err().contains("longer than 1000"));
}

#[test]
fn an_answer_that_drips_is_given_up() {
    let (address, _) = site(|stream| {
        let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n");
        while sent.is_ok() {
            std::thread::sleep(Duration::from_millis(20));
            sent = stream.write_all(b" ");
        }
    });
    let began = Instant::now();
    assert!(fetch_within(address, 300).unwrap_err().contains("300 ms"));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_is_no_plain_json_is_refused() {
    for fields in ["content-type: text/html", "x: y", "content-type: application/json\r\ncontent-encoding: gzip"] {
        let (address, _) = says(format!("HTTP/1.1 200 OK\r\n{fields}\r\ncontent-length: 2\r\n\r\n{{}}"));
        assert!(fetch(address).is_err(), "{fields}");
    }
    assert!(fetch(says("HTTP/1.1 204 No Content\r\n\r\n").0).unwrap_err().contains("204"));
    assert!(fetch(says("SSH-2.0-x\r\n").0).is_err());
}

#[test]
fn plain_http_leads_nowhere_but_to_this_machine() {
    let site = Site::new(&remote("http://192.0.2.7/x".to_owned(), true)).unwrap();
    let refused = run(async |clock| site.ask(&clock, &Inquiry::get(10)).await.err().unwrap());
    assert!(refused.contains("does not ask"), "{refused}");
}

/// A site whose name resolves as the script says.
fn resolving(reach: Reach, port: u16, answers: &[&[&str]]) -> Site {
    let socket = |address: &&str| SocketAddr::new(address.parse().unwrap(), port);
    let answers = answers.iter().map(|answer| answer.iter().map(socket).collect()).collect();
    let (name, limit) = ("id.example", Duration::from_secs(2));
    let peer = Peer { name, port, secure: false, ca_pem: None, tls: None, connect_timeout: limit, reach };
    let address = Address::read(&format!("http://{name}:{port}/"), true).unwrap();
    Site { address, upstream: Upstream::guarded_with(&peer, answers), limit }
}

#[test]
fn a_name_that_moves_to_a_metadata_address_is_not_followed_there() {
    let (address, asked) = says(json("{}"));
    let site = resolving(Reach::Private, address.port(), &[&["127.0.0.1"], &["169.254.169.254"], &["127.0.0.1"]]);
    run(async |clock| {
        assert!(site.ask(&clock, &Inquiry::get(1000)).await.is_ok());
        assert!(site.ask(&clock, &Inquiry::get(1000)).await.err().unwrap().contains("169.254.169.254"));
        assert!(site.ask(&clock, &Inquiry::get(1000)).await.is_ok());
    });
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_private_address_among_public_ones_spoils_them() {
    let (address, asked) = says(json("{}"));
    let site = resolving(Reach::Public, address.port(), &[&["1.1.1.1", "127.0.0.1"], &["127.0.0.1"], &["10.0.0.1"]]);
    run(async |clock| {
        for _ in 0..3 {
            assert!(site.ask(&clock, &Inquiry::get(1000)).await.err().unwrap().contains("does not ask"));
        }
    });
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_remote_that_cannot_be_asked_is_a_mistake() {
    let good = remote("https://id.example/jwks".to_owned(), false);
    assert_eq!(check("/a", &good), None);
    let pointer = |remote: Remote| check("/a", &remote).unwrap().path;
    assert_eq!(pointer(Remote { url: "http://id.example".to_owned(), ..good.clone() }), "/a/url");
    assert_eq!(pointer(Remote { timeout_ms: 0, ..good.clone() }), "/a/timeout_ms");
    assert_eq!(pointer(Remote { ca_pem: Some("no PEM".to_owned()), ..good }), "/a/ca_pem");
}
