//! Compressed answers: for whom, how, and never where their length would give a secret away.

use crate::common::*;
use serde_json::{Value, json};
use std::io::{Read, Write};

const TEXT: &str = "a book is a book is a book is a book; ";

fn settings() -> Value {
    json!({"algorithms": ["zstd", "br", "gzip"], "min_size": 100, "types": ["application/json", "text/*"]})
}

fn compressing(origin: &Origin, settings: &Value) -> Stage {
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
    for number in [0, 1, 4] {
        snapshot["apis"][0]["operations"][number]["compression"] = settings.clone();
    }
    Stage::start(options(), &snapshot)
}

fn telling(fields: &'static str, body: String) -> Origin {
    Origin::start(move |_, stream| reply(stream, "200 OK", fields, body.as_bytes()))
}

fn asking(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: shop.example\r\n{fields}\r\n")
}

fn plain(message: &Message) -> Vec<u8> {
    let (mut plain, bytes) = (Vec::new(), &message.body[..]);
    match message.field("content-encoding") {
        Some("gzip") => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        Some("br") => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap(),
        Some("zstd") => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut plain).unwrap(),
        _ => return bytes.to_vec(),
    };
    plain
}

#[test]
fn the_caller_gets_the_coding_it_asks_for() {
    for size in [10, 10_000] {
        let origin = telling("content-type: text/plain\r\netag: \"e\"\r\n", TEXT.repeat(size));
        let stage = compressing(&origin, &settings());
        for (accept, coding) in
            [("gzip", Some("gzip")), ("br", Some("br")), ("gzip, zstd", Some("zstd")), ("gzip;q=0", None), ("identity", None)]
        {
            let answer = stage.ask(&asking("/shop/books", &format!("accept-encoding: {accept}\r\n")));
            assert_eq!(answer.field("content-encoding"), coding, "{accept}");
            assert_eq!(plain(&answer), TEXT.repeat(size).as_bytes(), "{accept}");
            assert_eq!(answer.field("vary"), Some("accept-encoding"));
            assert_eq!(answer.field("etag"), Some(if coding.is_some() { "W/\"e\"" } else { "\"e\"" }));
            assert!(coding.is_none() || answer.body.len() * 2 < TEXT.len() * size);
        }
        let counted = stage.finish();
        assert!(counted[0].bytes_out < (TEXT.len() * size / 2) as u64);
    }
}

#[test]
fn without_the_setting_or_the_wish_nothing_is_compressed() {
    let origin = telling("content-type: text/plain\r\n", TEXT.repeat(100));
    let stage = Stage::before(origin.address);
    let answer = stage.ask(&asking("/shop/books", "accept-encoding: gzip\r\n"));
    assert_eq!((answer.field("content-encoding"), answer.field("vary")), (None, None));
    let stage = compressing(&origin, &settings());
    assert_eq!(stage.ask(&get("/shop/books")).text(), TEXT.repeat(100));
}

#[test]
fn head_tells_what_get_would() {
    let origin = Origin::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4000\r\n\r\n").is_ok()
    });
    let stage = compressing(&origin, &settings());
    let mut caller = stage.caller();
    caller.send("HEAD /shop/books HTTP/1.1\r\nhost: shop.example\r\naccept-encoding: br\r\n\r\n");
    let head = read_message(&mut caller.stream, true).unwrap();
    assert_eq!((head.field("content-encoding"), head.field("content-length")), (Some("br"), None));
}

#[test]
fn a_stream_is_compressed_without_being_held_back() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let origin = Origin::start(move |_, stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}5\r\nhello\r\n").as_bytes()).unwrap();
        held.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        stream.write_all(b"6\r\n world\r\n0\r\n\r\n").is_ok()
    });
    let stage = compressing(&origin, &settings());
    let mut caller = stage.caller();
    caller.send(asking("/shop/books", "accept-encoding: gzip\r\n"));
    let mut decoder = flate2::read::GzDecoder::new(Chunks { stream: caller.stream, left: None });
    let mut first = [0; 5];
    decoder.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"hello");
    release.send(()).unwrap();
    let mut rest = String::new();
    decoder.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, " world");
}

/// The data of a chunked answer, as it comes.
struct Chunks {
    stream: std::net::TcpStream,
    left: Option<usize>,
}

impl Chunks {
    fn line(&mut self, end: &[u8]) -> std::io::Result<String> {
        let mut line = Vec::new();
        while !line.ends_with(end) {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        Ok(String::from_utf8(line).unwrap())
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.left {
            None => drop(self.line(b"\r\n\r\n")?),
            Some(0) => drop(self.line(b"\r\n")?),
            Some(_) => {}
        }
        if matches!(self.left, None | Some(0)) {
            let size = self.line(b"\r\n")?;
            self.left = Some(usize::from_str_radix(size.trim(), 16).unwrap());
        }
        let left = self.left.unwrap_or(0);
        let most = left.min(buffer.len());
        let read = self.stream.read(&mut buffer[..most])?;
        self.left = Some(left - read);
        Ok(read)
    }
}

#[test]
fn a_cut_answer_does_not_look_whole_when_compressed() {
    let origin = Origin::start(|_, stream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 500000\r\n\r\n";
        let _sent = stream.write_all(format!("{head}{}", TEXT.repeat(5_000)).as_bytes());
        false
    });
    let stage = compressing(&origin, &settings());
    let mut caller = stage.caller();
    caller.send(asking("/shop/books", "accept-encoding: gzip\r\n"));
    assert!(caller.read().is_err());
}

#[test]
fn an_answer_that_mixes_secrets_and_input_is_never_compressed() {
    // The origin says back what it was asked, beside a secret: the length would tell how alike they are.
    let origin = Origin::start(|request, stream| {
        let target = request.head.split(' ').nth(1).unwrap();
        let fields = match target.contains("login") {
            true => "content-type: text/plain\r\nset-cookie: session=1\r\n",
            false => "content-type: text/plain\r\n",
        };
        reply(stream, "200 OK", fields, format!("{target} token=8c41f0 {}", TEXT.repeat(20)).as_bytes())
    });
    let guesses = ["?q=token=8c41f0", "?q=token=000000"];
    let sizes = |stage: &Stage, path: &str, fields: &str| {
        guesses.map(|guess| {
            let answer = stage.ask(&asking(&format!("{path}{guess}"), &format!("accept-encoding: gzip, br, zstd\r\n{fields}")));
            assert_eq!(answer.status(), 200);
            (answer.field("content-encoding").is_some(), answer.body.len())
        })
    };
    let key = format!("x-api-key: {}\r\n", api_key());
    let stage = compressing(&origin, &settings());
    for (path, fields) in [
        ("/shop/books", "cookie: session=1\r\n"),
        ("/shop/books", "authorization: Basic eDp5\r\n"),
        ("/shop/secret", &*key),
        ("/shop/books", &*key),
    ] {
        let [right, wrong] = sizes(&stage, path, fields);
        assert!(!right.0 && right.1 == wrong.1, "{path} {fields}");
    }
    let login = stage.ask(&asking("/shop/books?login", "accept-encoding: gzip\r\n"));
    assert_eq!(login.field("content-encoding"), None);
    // Said aloud, a caller that was identified gets it, and its cookie still forbids it.
    let mut aloud = settings();
    aloud["identified"] = json!(true);
    let stage = compressing(&origin, &aloud);
    assert!(sizes(&stage, "/shop/secret", &key)[0].0);
    assert!(!sizes(&stage, "/shop/secret", &format!("{key}cookie: session=1\r\n"))[0].0);
}

#[test]
fn a_coding_of_the_upstream_passes_as_it_is() {
    let origin = telling("content-type: text/plain\r\ncontent-encoding: br\r\n", TEXT.repeat(10));
    let stage = compressing(&origin, &settings());
    let answer = stage.ask(&asking("/shop/books", "accept-encoding: gzip, br\r\n"));
    assert_eq!((answer.field("content-encoding"), answer.text()), (Some("br"), &*TEXT.repeat(10)));
}

#[test]
fn what_is_kept_is_plain_and_every_caller_gets_its_coding() {
    let origin = telling("content-type: text/plain\r\ncache-control: max-age=60\r\netag: \"e\"\r\n", TEXT.repeat(10));
    let mut snapshot = snapshot(&json!({"targets": [{"url": format!("http://{}/v1", origin.address)}]}));
    snapshot["apis"][0]["operations"][0]["compression"] = settings();
    snapshot["apis"][0]["operations"][0]["cache"] = json!({});
    let stage = Stage::start(options(), &snapshot);
    for coding in ["gzip", "br", "zstd", "identity"] {
        let answer = stage.ask(&asking("/shop/books", &format!("accept-encoding: {coding}\r\n")));
        assert_eq!(plain(&answer), TEXT.repeat(10).as_bytes());
    }
    let known = stage.ask(&asking("/shop/books", "accept-encoding: gzip\r\nif-none-match: W/\"e\"\r\n"));
    assert_eq!((known.status(), known.field("content-encoding"), known.field("vary")), (304, None, Some("accept-encoding")));
    assert_eq!(origin.requests.try_iter().count(), 1);
}
