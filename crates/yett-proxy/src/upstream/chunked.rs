//! The chunked transfer coding (RFC 9112 section 7.1), read strictly. Extensions are dropped.

use super::{Failure, broken};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

const LONGEST_LINE: usize = 4096;
const MOST_TRAILER_BYTES: usize = 16 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    Data(u64),
    DataEnd,
    Trailers(usize),
    End,
}

/// What a step found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Data(Bytes),
    More,
    End,
}

/// A reader of one chunked body.
#[derive(Debug)]
pub(super) struct Chunked {
    state: State,
    trailers: Option<HeaderMap>,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self { state: State::Size, trailers: None }
    }

    /// The fields after the last chunk, if there were any.
    pub(super) fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// Takes the next data from the buffer.
    ///
    /// # Errors
    /// [`Failure::Broken`] if the coding is malformed.
    pub(super) fn step(&mut self, buffer: &mut BytesMut) -> Result<Step, Failure> {
        loop {
            match self.state {
                State::End => return Ok(Step::End),
                State::Data(left) => {
                    if buffer.is_empty() {
                        return Ok(Step::More);
                    }
                    let taken = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let left = left - taken as u64;
                    self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                    return Ok(Step::Data(buffer.split_to(taken).freeze()));
                }
                State::Size | State::DataEnd | State::Trailers(_) => {
                    let Some(line) = line(buffer)? else { return Ok(Step::More) };
                    if matches!(self.state, State::Trailers(_)) && !line.is_empty() {
                        let (name, value) = field(&line)?;
                        self.trailers.get_or_insert_default().append(name, value);
                    }
                    self.state = next(self.state, &line)?;
                }
            }
        }
    }
}

fn next(state: State, line: &[u8]) -> Result<State, Failure> {
    match state {
        State::Size => Ok(match size(line)? {
            0 => State::Trailers(0),
            size => State::Data(size),
        }),
        State::DataEnd if line.is_empty() => Ok(State::Size),
        State::Trailers(_) if line.is_empty() => Ok(State::End),
        State::Trailers(seen) if seen + line.len() <= MOST_TRAILER_BYTES => Ok(State::Trailers(seen + line.len() + 2)),
        _ => Err(broken("a chunk of the upstream's answer is malformed")),
    }
}

/// A line without its CRLF.
fn line(buffer: &mut BytesMut) -> Result<Option<BytesMut>, Failure> {
    let end = memchr::memchr(b'\n', buffer);
    match end {
        None if buffer.len() > LONGEST_LINE => Err(broken("a chunk line of the upstream's answer is too long")),
        None => Ok(None),
        Some(end) => {
            let mut line = buffer.split_to(end + 1);
            match line.strip_suffix(b"\r\n").map(<[u8]>::len) {
                Some(length) if length <= LONGEST_LINE && !line.get(..length).unwrap_or_default().contains(&b'\r') => {
                    line.truncate(length);
                    Ok(Some(line))
                }
                _ => Err(broken("a chunk line of the upstream's answer is malformed")),
            }
        }
    }
}

fn field(line: &[u8]) -> Result<(HeaderName, HeaderValue), Failure> {
    let malformed = || broken("a trailer of the upstream's answer is malformed");
    let (name, value) = memchr::memchr(b':', line).and_then(|colon| line.split_at_checked(colon)).ok_or_else(malformed)?;
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    let name = HeaderName::from_bytes(name).map_err(|_| malformed())?;
    Ok((name, HeaderValue::from_bytes(value).map_err(|_| malformed())?))
}

fn size(line: &[u8]) -> Result<u64, Failure> {
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default();
    // Blanks may follow (RFC 9112 section 7.1.1), but nothing else that some call white space.
    let length = size.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    let digits = size.get(..length).unwrap_or_default();
    let hex = !digits.is_empty() && digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| hex);
    text.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or_else(|| broken("a chunk size of the upstream is malformed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body, whether it ended, and what is left, when the bytes come in pieces of `piece`.
    fn decode(bytes: &[u8], piece: usize) -> Result<(Vec<u8>, bool, Vec<u8>), Failure> {
        let (mut chunked, mut buffer, mut body, mut ended) = (Chunked::new(), BytesMut::new(), Vec::new(), false);
        for piece in bytes.chunks(piece) {
            buffer.extend_from_slice(piece);
            loop {
                match chunked.step(&mut buffer)? {
                    Step::Data(data) => body.extend_from_slice(&data),
                    Step::More => break,
                    Step::End => {
                        ended = true;
                        break;
                    }
                }
            }
        }
        Ok((body, ended, buffer.to_vec()))
    }

    #[test]
    fn a_body_is_read_however_it_is_cut() {
        let bytes = b"4;ext=\"1\"\r\nWiki\r\nA \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nrest";
        for piece in 1..bytes.len() + 1 {
            let (body, ended, rest) = decode(bytes, piece).unwrap();
            assert_eq!((&body[..], ended, &rest[..]), (&b"Wiki0123456789"[..], true, &b"rest"[..]), "{piece}");
        }
    }

    #[test]
    fn malformed_chunks_are_broken() {
        for bytes in [
            &b"\r\n"[..],
            b"x\r\n",
            b"-1\r\n",
            b"+1\r\na\r\n",
            b"0x1\r\na",
            b"1\na\r\n",
            b"1\r\nab\r\n",
            b"11111111111111111\r\n",
            b"1 1\r\na\r\n",
            b"1\r\r\n",
        ] {
            assert!(decode(bytes, 64).is_err(), "{bytes:?}");
        }
        assert!(decode(&[b'1'; LONGEST_LINE + 1], 1 << 20).is_err());
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(MOST_TRAILER_BYTES));
        assert!(decode(trailers.as_bytes(), 1000).is_err());
    }

    proptest::proptest! {
        #[test]
        fn what_was_chunked_comes_back(
            parts in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 1..50), 0..8),
            piece in 1usize..64,
        ) {
            let mut bytes = Vec::new();
            for part in &parts {
                bytes.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
                bytes.extend_from_slice(part);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            let (body, ended, rest) = decode(&bytes, piece).unwrap();
            proptest::prop_assert_eq!(body, parts.concat());
            proptest::prop_assert!(ended && rest.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = decode(&bytes, 7);
        }
    }
}
