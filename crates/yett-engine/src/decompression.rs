//! Bodies of requests with a content coding: decoded before anything looks at them, and never coded again.
//!
//! A few bytes can become gigabytes, so the output has two limits: the bytes that the operation takes, and how many times
//! larger than what was sent it may be. And what two readers could take differently is refused: more than one coding, more
//! than one member, stream or frame, bytes behind the end, a checksum that is wrong, and windows larger than HTTP allows.

use brotli::enc::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::bufread::{GzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::io::{BufRead, Read};
use yett_model::snapshot::{DecompressRequests, RequestCoding};

/// What is decoded at once.
const PIECE: usize = 16 * 1024;
/// No ratio is asked of bodies up to this size: small ones are often mostly repetition.
const FREE: u64 = 64 * 1024;
/// RFC 9659: the largest window of zstd over HTTP is 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Fields that tell of the coded bytes (RFC 9530, and its forerunners).
const OF_CODED: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Why a body cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not what its coding says, or not that alone.
    Malformed,
    /// It is longer than the operation takes.
    Long,
    /// It grows more than is allowed.
    Grown,
}

impl Fault {
    /// What is wrong, as the end of a sentence about the body.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "is not what its content coding says, or has bytes behind the end",
            Self::Long => "is larger than the operation allows once it is decoded",
            Self::Grown => "becomes too many times larger when it is decoded",
        }
    }
}

/// The one coding of a body that is decoded here; anything else stays as it is.
pub(crate) fn coding(settings: &DecompressRequests, headers: &HeaderMap) -> Option<RequestCoding> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let value = values.next().filter(|_| values.next().is_none())?.as_bytes().trim_ascii();
    let named = |names: &[&[u8]]| names.iter().any(|name| value.eq_ignore_ascii_case(name));
    let coding = match () {
        // RFC 9110 section 8.4.1.3: the one means the other.
        () if named(&[b"gzip", b"x-gzip"]) => RequestCoding::Gzip,
        () if named(&[b"deflate"]) => RequestCoding::Deflate,
        () if named(&[b"br"]) => RequestCoding::Br,
        () if named(&[b"zstd"]) => RequestCoding::Zstd,
        () => return None,
    };
    settings.algorithms.contains(&coding).then_some(coding)
}

/// Makes a head that of the same request without a coding. `length`: of the decoded body, once it is known.
pub(crate) fn unlabel(headers: &mut HeaderMap, length: Option<usize>) {
    headers.remove(CONTENT_ENCODING);
    for name in &OF_CODED {
        headers.remove(name);
    }
    if let Some(length) = length.filter(|_| headers.contains_key(CONTENT_LENGTH)) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

/// Decodes a body to at most `most` bytes, and at most `max_ratio` times its own if that is more than 64 KiB.
///
/// # Errors
/// If the body is malformed, too long or grows too much.
pub fn decode(coding: RequestCoding, body: &[u8], most: u64, max_ratio: u32) -> Result<Vec<u8>, Fault> {
    let room = Room { most, grown: (body.len() as u64).saturating_mul(u64::from(max_ratio)).max(FREE) };
    match coding {
        RequestCoding::Gzip => {
            let mut decoder = GzDecoder::new(body);
            let plain = room.fill(&mut decoder)?;
            whole(plain, decoder.into_inner())
        }
        RequestCoding::Deflate => {
            let mut decoder = ZlibDecoder::new(body);
            let plain = room.fill(&mut decoder)?;
            whole(plain, decoder.into_inner())
        }
        RequestCoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(|_| Fault::Malformed)?.single_frame();
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|_| Fault::Malformed)?;
            let plain = room.fill(&mut decoder)?;
            whole(plain, decoder.finish())
        }
        RequestCoding::Br => brotli_decode(body, &room),
    }
}

fn whole(plain: Vec<u8>, mut rest: impl BufRead) -> Result<Vec<u8>, Fault> {
    match rest.fill_buf() {
        Ok([]) => Ok(plain),
        _ => Err(Fault::Malformed),
    }
}

/// The limits of a body.
struct Room {
    most: u64,
    grown: u64,
}

impl Room {
    /// Whether this many bytes are allowed.
    fn check(&self, length: usize) -> Result<(), Fault> {
        match length as u64 {
            length if length > self.most => Err(Fault::Long),
            length if length > self.grown => Err(Fault::Grown),
            _ => Ok(()),
        }
    }

    fn fill(&self, reader: &mut impl Read) -> Result<Vec<u8>, Fault> {
        let mut plain = Vec::new();
        let mut piece = [0; PIECE];
        loop {
            let read = reader.read(&mut piece).map_err(|_| Fault::Malformed)?;
            if read == 0 {
                return Ok(plain);
            }
            plain.extend_from_slice(piece.get(..read).unwrap_or_default());
            self.check(plain.len())?;
        }
    }
}

/// Bit by bit, because the ready-made reader takes windows of a gigabyte and says nothing of bytes behind the end.
fn brotli_decode(body: &[u8], room: &Room) -> Result<Vec<u8>, Fault> {
    let allocate = StandardAlloc::default();
    let mut state = BrotliState::new_strict(allocate, allocate, allocate);
    let mut plain = Vec::new();
    let mut piece = [0; PIECE];
    let (mut left, mut at, mut total) = (body.len(), 0, 0);
    loop {
        let (mut free, mut filled) = (PIECE, 0);
        let result = BrotliDecompressStream(&mut left, &mut at, body, &mut free, &mut filled, &mut piece, &mut total, &mut state);
        plain.extend_from_slice(piece.get(..filled).unwrap_or_default());
        room.check(plain.len())?;
        match result {
            BrotliResult::ResultSuccess if left == 0 => return Ok(plain),
            BrotliResult::NeedsMoreOutput => {}
            _ => return Err(Fault::Malformed),
        }
    }
}

#[cfg(test)]
mod tests;
