//! Content codings of answers as they are sent: in one go where all of it is here, part by part where it is not.
//!
//! Levels are low: a gateway compresses each answer once for one caller. What is compressed at once is bounded by the
//! pieces that are handed over, so that one answer cannot hold a worker.

use crate::answer::Rest;
use crate::serve::Refused;
use crate::trip::Trip;
use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::CONTENT_LENGTH;
use http::response::Parts;
use std::io::{self, Write};
use yett_engine::compression::Chosen;
use yett_model::Code;
use yett_model::snapshot::Coding;

const GZIP_LEVEL: u32 = 5;
const BROTLI_LEVEL: u32 = 4;
/// Bits of the window: 256 KiB, more would cost every stream its memory.
const BROTLI_WINDOW: u32 = 18;
const ZSTD_LEVEL: i32 = 3;
/// Bits of the window: RFC 9659 lets callers refuse more than 8 MiB, and this costs less.
const ZSTD_WINDOW: u32 = 19;

enum Codec {
    Gzip(GzEncoder<Vec<u8>>),
    Br(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

/// A body on its way through a coding.
pub(crate) struct Coder {
    codec: Codec,
    /// Whether every part goes out at once.
    eager: bool,
}

impl Coder {
    /// A coder for the chosen coding.
    ///
    /// # Errors
    /// If the library has no memory for it.
    pub(crate) fn new(chosen: Chosen) -> io::Result<Self> {
        let out = Vec::new();
        let codec = match chosen.coding {
            Coding::Gzip => Codec::Gzip(GzEncoder::new(out, flate2::Compression::new(GZIP_LEVEL))),
            Coding::Br => Codec::Br(Box::new(brotli::CompressorWriter::new(out, 4096, BROTLI_LEVEL, BROTLI_WINDOW))),
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(out, ZSTD_LEVEL)?;
                encoder.window_log(ZSTD_WINDOW)?;
                Codec::Zstd(encoder)
            }
        };
        Ok(Self { codec, eager: chosen.eager })
    }

    /// Takes a part; gives what can be sent already, which may be nothing.
    ///
    /// # Errors
    /// If the library fails.
    pub(crate) fn push(&mut self, part: &[u8]) -> io::Result<Bytes> {
        self.writer().write_all(part)?;
        if self.eager {
            self.writer().flush()?;
        }
        Ok(std::mem::take(self.out()).into())
    }

    /// The last of it.
    ///
    /// # Errors
    /// If the library fails.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        Ok(match self.codec {
            Codec::Gzip(encoder) => encoder.finish()?,
            Codec::Br(encoder) => encoder.into_inner(),
            Codec::Zstd(encoder) => encoder.finish()?,
        }
        .into())
    }

    fn writer(&mut self) -> &mut dyn Write {
        match &mut self.codec {
            Codec::Gzip(encoder) => encoder,
            Codec::Br(encoder) => encoder,
            Codec::Zstd(encoder) => encoder,
        }
    }

    fn out(&mut self) -> &mut Vec<u8> {
        match &mut self.codec {
            Codec::Gzip(encoder) => encoder.get_mut(),
            Codec::Br(encoder) => encoder.get_mut(),
            Codec::Zstd(encoder) => encoder.get_mut(),
        }
    }
}

/// Bodies that are here, up to this size, are compressed before their head goes out, so that it tells their length.
const AT_ONCE: usize = 64 * 1024;

/// Compresses an answer if its caller asked for it and it may be.
pub(crate) fn answer(trip: &mut Trip, head: &mut Parts, rest: Rest) -> Result<Rest, Refused> {
    let Some(facts) = trip.coding.take() else { return Ok(rest) };
    let length = match trip.head_only {
        true => head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()),
        false => rest.length(),
    };
    let Some(chosen) = trip.exchange.choose_coding(&facts, head.status, &mut head.headers, length) else { return Ok(rest) };
    let coded = match rest {
        _ if trip.head_only => return Ok(Rest::Nothing),
        Rest::Whole(bytes) if bytes.len() <= AT_ONCE => whole(chosen, &bytes).map(Rest::whole),
        rest => Coder::new(chosen).map(|coder| rest.coded(coder)),
    };
    coded.map_err(|error| trip.exchange.fail(Code::GatewayError, format!("the answer could not be compressed: {error}")))
}

/// A small body in one go.
///
/// # Errors
/// If the library fails.
fn whole(chosen: Chosen, body: &[u8]) -> io::Result<Bytes> {
    let mut coder = Coder::new(Chosen { eager: false, ..chosen })?;
    let first = coder.push(body)?;
    let last = coder.finish()?;
    Ok(if first.is_empty() { last } else { [first, last].concat().into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    fn decode(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            Coding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
            Coding::Br => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap(),
            Coding::Zstd => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut plain).unwrap(),
        };
        plain
    }

    fn codings() -> [Coding; 3] {
        [Coding::Gzip, Coding::Br, Coding::Zstd]
    }

    #[test]
    fn an_eager_coder_holds_nothing_back() {
        for coding in codings() {
            let mut coder = Coder::new(Chosen { coding, eager: true }).unwrap();
            let first = coder.push(b"hello").unwrap();
            let mut heard = vec![0; 5];
            match coding {
                Coding::Gzip => flate2::read::GzDecoder::new(&first[..]).read_exact(&mut heard).unwrap(),
                Coding::Br => brotli::Decompressor::new(&first[..], 4096).read_exact(&mut heard).unwrap(),
                Coding::Zstd => zstd::stream::read::Decoder::new(&first[..]).unwrap().read_exact(&mut heard).unwrap(),
            }
            assert_eq!(heard, b"hello", "{coding:?}");
        }
    }

    #[test]
    fn text_becomes_shorter() {
        let text = r#"{"title": "a book", "pages": 100}"#.repeat(100);
        for coding in codings() {
            let coded = whole(Chosen { coding, eager: false }, text.as_bytes()).unwrap();
            assert!(coded.len() * 10 < text.len(), "{coding:?}: {}", coded.len());
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..8), eager in any::<bool>()) {
            for coding in codings() {
                let mut coder = Coder::new(Chosen { coding, eager }).unwrap();
                let mut coded = Vec::new();
                parts.iter().for_each(|part| coded.extend(coder.push(part).unwrap()));
                coded.extend(coder.finish().unwrap());
                prop_assert_eq!(decode(coding, &coded), parts.concat());
                prop_assert_eq!(decode(coding, &whole(Chosen { coding, eager }, &parts.concat()).unwrap()), parts.concat());
            }
        }
    }
}
