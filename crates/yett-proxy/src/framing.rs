//! Where the heads of an HTTP/1 caller's requests begin and end, and what they say that hyper does not tell.
//!
//! hyper takes `Content-Length` away where `Transfer-Encoding` is, makes one of two alike, ends lines at a bare line feed
//! and cuts fragments off, so nobody after it can tell. This reads along and decides nothing about a request without any
//! of these. What it does not understand hyper refuses; should that ever differ, it has lost its place, and any later
//! request with `Transfer-Encoding` counts as having two framings.

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
    fault: Option<&'static str>,
}

/// A reader of framings.
#[derive(Debug)]
pub(crate) struct Framing {
    at: At,
    head: Head,
    held: Vec<u8>,
    /// Whether the last byte that was held, or would have been with more room, is a CR.
    held_cr: bool,
    heads: u64,
    /// The first request that has two framings if it has `Transfer-Encoding`: the place is lost there.
    doubtful: Option<u64>,
    /// The first request with another fault.
    fault: Option<(u64, &'static str)>,
}

impl Framing {
    /// At the begin of a connection.
    pub(crate) fn new() -> Self {
        Self { at: At::Head, head: Head::default(), held: Vec::new(), held_cr: false, heads: 0, doubtful: None, fault: None }
    }

    /// Whether request `number` of the connection, counted from 1, has both framings if it has `Transfer-Encoding`.
    pub(crate) fn is_doubtful(&self, number: u64) -> bool {
        self.doubtful.is_some_and(|doubtful| number >= doubtful)
    }

    /// What is wrong with request `number` of the connection, or with one before it, whatever its framing.
    pub(crate) fn fault(&self, number: u64) -> Option<&'static str> {
        self.fault.filter(|(first, _)| number >= *first).map(|(_, fault)| fault)
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
            self.look_at_target(bytes);
            self.hold(bytes);
            return b"";
        };
        self.look_at_target(line);
        if self.held.is_empty() {
            self.line(line, line.ends_with(b"\r\n"));
        } else {
            let is_crlf = line.ends_with(b"\r\n") || (line == b"\n" && self.held_cr);
            self.hold(line);
            let whole = std::mem::take(&mut self.held);
            self.line(&whole, is_crlf);
        }
        rest
    }

    /// Looks at any part of a request line: its end is not always kept.
    fn look_at_target(&mut self, part: &[u8]) {
        if self.at == At::Head && !self.head.begun && memchr(b'#', part).is_some() {
            self.head.fault = Some("the request line has a '#'");
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LINE - self.held.len().min(LINE);
        self.held.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.held_cr = bytes.ends_with(b"\r");
    }

    fn line(&mut self, line: &[u8], is_crlf: bool) {
        match (self.at, line) {
            (At::Head, line) => {
                // Empty lines before a request are no head (RFC 9112 section 2.2), whatever they end with.
                if !is_crlf && (self.head.begun || line != b"\n") {
                    self.head.fault = Some("a line of the head ends with a bare line feed");
                }
                if matches!(line, b"\n" | b"\r\n") { self.end_head() } else { self.field(line) }
            }
            // Around chunks hyper takes no bare line feed for the end of a line.
            (_, _) if !is_crlf => self.lose(),
            (At::Trailers, b"\r\n") => self.at = At::Head,
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
            if self.head.length.is_some() {
                self.head.fault = Some("the request has more than one Content-Length");
            }
            let whole = std::str::from_utf8(value).ok().filter(|value| value.ends_with('\n'));
            self.head.length = Some(whole.and_then(|value| value.trim().parse().ok()).unwrap_or(UNKNOWN));
        }
    }

    fn end_head(&mut self) {
        let head = std::mem::take(&mut self.head);
        if !head.begun {
            return;
        }
        self.heads += 1;
        if let Some(fault) = head.fault {
            self.fault.get_or_insert((self.heads, fault));
        }
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

    /// The first request at fault, when the bytes arrive in parts of this size.
    fn fault(text: &str, part: usize) -> Option<u64> {
        let mut framing = Framing::new();
        text.as_bytes().chunks(part).for_each(|part| framing.follow(part));
        (1..10).find(|number| framing.fault(*number).is_some())
    }

    #[test]
    fn what_hyper_would_hide_is_a_fault() {
        let long = "x".repeat(600);
        let sound = format!("\r\n\nGET /{long} HTTP/1.1\r\n{long}: #\r\nContent-Length: 1\r\n\r\n#");
        for part in [1, 2, 7, 255, 256, 257, 10_000] {
            assert_eq!(fault(&format!("{sound}{sound}{CHUNKED}1\r\n#\r\n0\r\n\r\n{sound}"), part), None, "{part}");
            for (from, to) in [
                ("HTTP/1.1\r\n", "HTTP/1.1\n"),
                (": #\r\n", ": #\n"),
                ("\r\n\r\n#", "\r\n\n#"),
                (" HTTP/1.1", "#x HTTP/1.1"),
                ("Content-Length", "content-length: 1\r\nContent-Length"),
            ] {
                let unsound = sound.replacen(from, to, 1);
                assert_eq!(fault(&format!("{sound}{unsound}{sound}"), part), Some(2), "{part} {from:?}");
            }
        }
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
