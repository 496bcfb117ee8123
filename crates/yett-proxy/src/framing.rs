//! Where the heads of an HTTP/1 caller's requests begin and end, and which of them have two framings.
//!
//! hyper takes `Content-Length` away where `Transfer-Encoding` is, so nobody after it can tell. This reads along and
//! decides nothing about a request with one framing. What it does not understand hyper refuses; should that ever differ,
//! it has lost its place, and any later request with `Transfer-Encoding` counts as having two framings.

use memchr::memchr;

/// Bytes kept of a line that arrives in parts: names, lengths and chunk sizes are shorter.
const LINE: usize = 256;
/// A length that could not be read.
const UNKNOWN: u64 = u64::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Head,
    Body(u64),
    ChunkSize,
    Chunk(u64),
    Trailers,
    Lost,
}

/// What a head said so far.
#[derive(Debug, Default)]
struct Head {
    begun: bool,
    coded: bool,
    length: Option<u64>,
}

/// A reader of framings.
#[derive(Debug)]
pub(crate) struct Framing {
    at: At,
    head: Head,
    held: Vec<u8>,
    heads: u64,
    doubtful: Option<u64>,
}

impl Framing {
    /// At the begin of a connection.
    pub(crate) fn new() -> Self {
        Self { at: At::Head, head: Head::default(), held: Vec::new(), heads: 0, doubtful: None }
    }

    /// Whether request `number` of the connection, counted from 1, has both framings if it has `Transfer-Encoding`.
    pub(crate) fn is_doubtful(&self, number: u64) -> bool {
        self.doubtful.is_some_and(|doubtful| number >= doubtful)
    }

    /// Reads what the caller sent.
    pub(crate) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.at {
                At::Lost => return,
                At::Body(left) => self.pass(bytes, left, At::Body, At::Head),
                At::Chunk(left) => self.pass(bytes, left, At::Chunk, At::ChunkSize),
                At::Head | At::ChunkSize | At::Trailers => self.read_line(bytes),
            };
        }
    }

    fn pass<'a>(&mut self, bytes: &'a [u8], left: u64, more: fn(u64) -> At, then: At) -> &'a [u8] {
        let passed = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - passed as u64;
        self.at = if left == 0 { then } else { more(left) };
        bytes.get(passed..).unwrap_or_default()
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some((line, rest)) = memchr(b'\n', bytes).and_then(|end| bytes.split_at_checked(end + 1)) else {
            self.hold(bytes);
            return b"";
        };
        if self.held.is_empty() {
            self.line(line);
        } else {
            self.hold(line);
            let whole = std::mem::take(&mut self.held);
            self.line(&whole);
        }
        rest
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LINE - self.held.len().min(LINE);
        self.held.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn line(&mut self, line: &[u8]) {
        match (self.at, line) {
            (At::Head, b"\n" | b"\r\n") => self.end_head(),
            (At::Head, field) => self.field(field),
            (At::Trailers, b"\r\n") => self.at = At::Head,
            // Around chunks hyper takes no bare line feed for the end of a line.
            (_, line) if line.ends_with(b"\n") && !line.ends_with(b"\r\n") => self.lose(),
            (At::ChunkSize, line) => self.chunk(line),
            (_, _) => {}
        }
    }

    fn chunk(&mut self, line: &[u8]) {
        match chunk_size(line) {
            Some(0) => self.at = At::Trailers,
            Some(size) => self.at = At::Chunk(size.saturating_add(2)),
            None => self.lose(),
        }
    }

    /// A line of a head, of which the end may not have been kept.
    fn field(&mut self, line: &[u8]) {
        self.head.begun = true;
        let Some((name, value)) = memchr(b':', line).and_then(|colon| Some((line.get(..colon)?, line.get(colon + 1..)?))) else {
            return;
        };
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.head.coded = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let whole = std::str::from_utf8(value).ok().filter(|value| value.ends_with('\n'));
            self.head.length = Some(whole.and_then(|value| value.trim().parse().ok()).unwrap_or(UNKNOWN));
        }
    }

    /// Empty lines before a request are no head (RFC 9112 section 2.2).
    fn end_head(&mut self) {
        let head = std::mem::take(&mut self.head);
        if !head.begun {
            return;
        }
        self.heads += 1;
        match (head.coded, head.length) {
            (true, Some(_)) => {
                self.at = At::Lost;
                self.doubtful = Some(self.heads);
            }
            (true, None) => self.at = At::ChunkSize,
            (false, Some(UNKNOWN)) => self.lose(),
            (false, Some(length @ 1..)) => self.at = At::Body(length),
            (false, _) => self.at = At::Head,
        }
    }

    fn lose(&mut self) {
        self.at = At::Lost;
        self.doubtful = Some(self.heads + 1);
    }
}

/// The size before any chunk extension.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_whole = line.len() < LINE || line.ends_with(b"\n");
    u64::from_str_radix(std::str::from_utf8(line.get(..digits)?).ok()?, 16).ok().filter(|_| is_whole || digits < 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "POST / HTTP/1.1\r\ncontent-length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
    const CHUNKED: &str = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";

    /// The first doubtful request, when the bytes arrive in parts of this size.
    fn doubtful(text: &str, part: usize) -> Option<u64> {
        let mut framing = Framing::new();
        text.as_bytes().chunks(part).for_each(|part| framing.follow(part));
        (1..10).find(|number| framing.is_doubtful(*number))
    }

    #[test]
    fn two_framings_are_seen_wherever_they_come() {
        let long = format!("GET /{} HTTP/1.1\r\n{}: x\r\n\r\n", "x".repeat(600), "y".repeat(600));
        let sized = "POST / HTTP/1.1\nContent-Length: 5\n\nhe\r\n\n";
        let chunked = format!("{CHUNKED}5;x=y\r\n\r\n\r\n\n\r\n0\r\ncontent-length: 1\r\n{}: x\r\n\r\n", "z".repeat(600));
        for part in [1, 2, 3, 7, 1000, 10_000] {
            for before in ["", "\r\n\n", &long, sized, &chunked] {
                let first = u64::from(before.len() > 3) * 2 + 1;
                assert_eq!(doubtful(&format!("{before}{before}{BOTH}"), part), Some(first), "{part} {before}");
                assert_eq!(doubtful(&format!("{before}{before}{CHUNKED}"), part), None, "{part} {before}");
            }
        }
    }

    #[test]
    fn padding_hides_no_length() {
        let padded = format!("POST / HTTP/1.1\r\ncontent-length:{}5\r\n\r\nhello", " ".repeat(600));
        for part in [10, 10_000] {
            assert_eq!(doubtful(&format!("{padded}{BOTH}"), part), Some(2), "{part}");
            let both = padded.replacen("\r\n", "\r\ntransfer-encoding: chunked\r\n", 1);
            assert_eq!(doubtful(&both, part), Some(1), "{part}");
        }
    }

    #[test]
    fn a_lost_place_makes_what_follows_doubtful() {
        for chunks in ["x\r\n", "5\nhello\r\n", "0\r\na: b\n\n", "fffffffffffffffff\r\n"] {
            assert_eq!(doubtful(&format!("{CHUNKED}{chunks}"), 1000), Some(2), "{chunks:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parts_make_no_difference(text in "(POST / HTTP/1\\.1\r\n|content-length: [0-9]{1,2}\r\n|transfer-encoding: chunked\r\n|[0-9a-f]\r\n|\r\n|\n|x){0,20}", part in 1usize..9) {
            proptest::prop_assert_eq!(doubtful(&text, part), doubtful(&text, usize::MAX));
        }
    }
}
