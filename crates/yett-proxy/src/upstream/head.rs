//! Request heads out, response heads in (RFC 9112), strictly.

use super::{Failure, broken};
use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::io::Write;
use std::mem::MaybeUninit;

const MOST_FIELDS: usize = 100;
const LONGEST_HEAD: usize = 64 * 1024;
/// Most interim answers before the final one: an upstream that only hints never answers.
const MOST_INTERIM: u32 = 32;

/// How long the body of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// This many bytes.
    Length(u64),
    /// Until the last chunk.
    Chunked,
    /// Until the connection ends.
    Close,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) framing: Framing,
    /// Whether the connection may be used again.
    pub(crate) keep_alive: bool,
}

/// The head of a request. Its framing is written from `framing`; whatever the caller sent of it is left out.
pub(crate) fn encode(parts: &Parts, framing: Framing, room: usize) -> BytesMut {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let fields: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let mut head = BytesMut::with_capacity(64 + target.len() + fields + room);
    for part in [parts.method.as_str(), " ", target, " HTTP/1.1\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    if let Some(host) = parts.headers.get(HOST) {
        field(&mut head, &HOST, host);
    }
    for (name, value) in &parts.headers {
        if !matches!(*name, HOST | CONTENT_LENGTH | TRANSFER_ENCODING | CONNECTION) {
            field(&mut head, name, value);
        }
    }
    if parts.headers.contains_key(UPGRADE) {
        head.extend_from_slice(b"connection: upgrade\r\n");
    }
    match framing {
        Framing::Length(length) => length_field(&mut head, length),
        Framing::Chunked => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        // RFC 9110 section 8.6: methods that expect a body say that there is none.
        Framing::None | Framing::Close if expects_body(&parts.method) => length_field(&mut head, 0),
        Framing::None | Framing::Close => {}
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn expects_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn field(head: &mut BytesMut, name: &HeaderName, value: &HeaderValue) {
    head.extend_from_slice(name.as_str().as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value.as_bytes());
    head.extend_from_slice(b"\r\n");
}

fn length_field(head: &mut BytesMut, length: u64) {
    let mut digits = [0; 20];
    let mut rest: &mut [u8] = &mut digits;
    let _ = write!(rest, "{length}");
    let unused = rest.len();
    head.extend_from_slice(b"content-length: ");
    head.extend_from_slice(digits.get(..20 - unused).unwrap_or(b"0"));
    head.extend_from_slice(b"\r\n");
}

/// Takes a final response head from the buffer: `None` if more bytes are needed. Interim answers (1xx) are skipped and
/// counted, but for 101, after which no more HTTP follows.
///
/// # Errors
/// [`Failure::Broken`] for anything that could be read in two ways.
pub(crate) fn take(buffer: &mut BytesMut, method: &Method, interim: &mut u32) -> Result<Option<Answered>, Failure> {
    loop {
        match parse(buffer, method)? {
            Some(answered) if answered.status == StatusCode::SWITCHING_PROTOCOLS => return Ok(Some(answered)),
            Some(answered) if answered.status.is_informational() => *interim += 1,
            other => return Ok(other),
        }
        if *interim > MOST_INTERIM {
            return Err(broken("the upstream sends interim answers without end"));
        }
    }
}

fn parse(buffer: &mut BytesMut, method: &Method) -> Result<Option<Answered>, Failure> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let parsed = parser.parse_response_with_uninit_headers(&mut response, buffer, &mut fields);
    let length = match parsed.map_err(|error| broken(format!("the upstream's answer is not HTTP/1: {error}")))? {
        httparse::Status::Partial if buffer.len() > LONGEST_HEAD => return Err(broken("the upstream's head is too large")),
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(length) => length,
    };
    let http_11 = response.version == Some(1);
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or_else(|| broken("odd status"))?;
    let base = buffer.as_ptr() as usize;
    let mut places = Vec::with_capacity(response.headers.len());
    for field in response.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| broken("odd field name"))?;
        places.push((name, field.value.as_ptr() as usize - base, field.value.len()));
    }
    let head = buffer.split_to(length).freeze();
    let headers = collect(&head, places)?;
    let keep_alive = http_11 && !headers.get_all(CONNECTION).iter().any(names_close);
    let framing = framing(method, status, &headers, http_11)?;
    Ok(Some(Answered { status, headers, framing, keep_alive: keep_alive && framing != Framing::Close }))
}

fn collect(head: &Bytes, places: Vec<(HeaderName, usize, usize)>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(places.len() + 4);
    for (name, start, length) in places {
        // An empty value may point anywhere.
        let value = if length == 0 { Bytes::new() } else { head.slice(start..start + length) };
        headers.append(name, HeaderValue::from_maybe_shared(value).map_err(|_| broken("odd field value"))?);
    }
    Ok(headers)
}

fn names_close(value: &HeaderValue) -> bool {
    value.as_bytes().split(|byte| *byte == b',').any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
}

/// RFC 9112 section 6.3, without its leniency: a response framed in two ways is not passed on.
fn framing(method: &Method, status: StatusCode, headers: &HeaderMap, http_11: bool) -> Result<Framing, Failure> {
    let length = content_length(headers)?;
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding = codings.next();
    if codings.next().is_some() || coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err(broken("the upstream used a transfer coding other than chunked"));
    }
    if coding.is_some() && (length.is_some() || !http_11) {
        return Err(broken("the upstream's answer is framed in two ways"));
    }
    let bodiless = *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    Ok(match (bodiless, coding, length) {
        (true, _, _) | (false, None, Some(0)) => Framing::None,
        (false, Some(_), _) => Framing::Chunked,
        (false, None, Some(length)) => Framing::Length(length),
        (false, None, None) => Framing::Close,
    })
}

fn content_length(headers: &HeaderMap) -> Result<Option<u64>, Failure> {
    let mut length = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let digits = value.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        let this: u64 = digits.and_then(|text| text.parse().ok()).ok_or_else(|| broken("odd Content-Length"))?;
        if length.is_some_and(|length| length != this) {
            return Err(broken("the upstream sent several lengths"));
        }
        length = Some(this);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Answered>, Failure> {
        take(&mut BytesMut::from(text), &Method::GET, &mut 0)
    }

    #[test]
    fn a_head_is_taken_and_the_body_left() {
        let mut buffer = BytesMut::from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Empty:\r\n\r\nhi");
        let answered = take(&mut buffer, &Method::GET, &mut 0).unwrap().unwrap();
        assert_eq!((answered.status, answered.framing, answered.keep_alive), (StatusCode::OK, Framing::Length(2), true));
        assert_eq!(answered.headers["x-empty"], "");
        assert_eq!(&buffer[..], b"hi");
    }

    #[test]
    fn a_part_of_a_head_waits_for_the_rest() {
        assert!(read("HTTP/1.1 200 OK\r\nContent-Le").unwrap().is_none());
        assert!(read(&format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(LONGEST_HEAD))).is_err());
    }

    #[test]
    fn interim_answers_are_skipped_but_switching_is_final() {
        let answered = read("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap();
        assert_eq!((answered.status, answered.framing), (StatusCode::NO_CONTENT, Framing::None));
        assert_eq!(read("HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap().unwrap().status, StatusCode::SWITCHING_PROTOCOLS);
        assert!(read(&"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(32)).unwrap().is_none());
        assert!(read(&"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(33)).is_err());
    }

    #[test]
    fn answers_framed_in_two_ways_are_broken() {
        for fields in [
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Content-Length: 1\r\nContent-Length: 2",
            "Content-Length: +1",
            "Content-Length: ",
            "Content-Length: 99999999999999999999",
            "A: b\r\n c",
            "A : b",
            "A: \0",
        ] {
            assert!(read(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n")).is_err(), "{fields}");
        }
        assert!(read("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(read("SSH-2.0-OpenSSH\r\n").is_err());
    }

    #[test]
    fn a_connection_is_kept_only_when_both_sides_know_where_the_answer_ends() {
        let keep = |text: &str| read(text).unwrap().unwrap().keep_alive;
        assert!(keep("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        assert!(!keep("HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!keep("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
        assert!(!keep("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n"));
    }

    #[test]
    fn the_callers_framing_is_never_copied() {
        let request = http::Request::post("/a?b=1").header("content-length", "99").header("transfer-encoding", "x");
        let parts = request.header("host", "h").header("x-a", "1").body(()).unwrap().into_parts().0;
        let text = |framing| String::from_utf8(encode(&parts, framing, 0).to_vec()).unwrap();
        assert_eq!(text(Framing::Length(7)), "POST /a?b=1 HTTP/1.1\r\nhost: h\r\nx-a: 1\r\ncontent-length: 7\r\n\r\n");
        assert!(text(Framing::Chunked).ends_with("x-a: 1\r\ntransfer-encoding: chunked\r\n\r\n"));
        assert!(text(Framing::None).ends_with("x-a: 1\r\ncontent-length: 0\r\n\r\n"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = take(&mut BytesMut::from(&bytes[..]), &Method::GET, &mut 0);
        }

        #[test]
        fn any_fields_are_read_without_panic(fields in "([a-zA-Z-]{1,12}: ?[ -~]{0,20}\r\n){0,6}") {
            let _ = read(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
        }
    }
}
