//! The parsers of upstream answers on arbitrary bytes; see `crate::fuzzing`.

use super::chunked::{Chunked, Step};
use super::head::{Framing, take};
use bytes::BytesMut;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, StatusCode};

/// The head of an answer: one framing, or none is taken; and it is the same when the bytes come one by one.
pub fn answer(bytes: &[u8]) {
    let mut buffer = BytesMut::from(bytes);
    let Ok(Some(answered)) = take(&mut buffer, &Method::GET, &mut 0) else { return };
    let (coded, sized) = (answered.headers.contains_key(TRANSFER_ENCODING), answered.headers.contains_key(CONTENT_LENGTH));
    assert!(!(coded && sized), "an answer with two framings is taken");
    assert!(coded || answered.framing != Framing::Chunked);
    assert!(
        !answered.status.is_informational() || answered.status == StatusCode::SWITCHING_PROTOCOLS,
        "an interim answer is taken for the answer"
    );
    assert!(!answered.keep_alive || answered.framing != Framing::Close);
    let (mut buffer, mut interim) = (BytesMut::new(), 0);
    let slowly = bytes.iter().find_map(|byte| {
        buffer.extend_from_slice(&[*byte]);
        take(&mut buffer, &Method::GET, &mut interim).transpose()
    });
    let slowly = slowly.and_then(Result::ok).map(|slowly| (slowly.status, slowly.headers, slowly.framing));
    assert_eq!(slowly, Some((answered.status, answered.headers, answered.framing)));
}

/// A chunked body: what is taken whole, a simple reader built on another parser takes too, with the same bytes and the
/// same end. The first byte says how the rest is cut on its way.
pub fn chunked(bytes: &[u8]) {
    let Some((part, text)) = bytes.split_first() else { return };
    let Some((body, left)) = ours(text, usize::from(*part).max(1)) else { return };
    let end = text.len() - left;
    assert_eq!(simply(text.get(..end).unwrap_or_default()), Some(body), "two readings of one body");
}

/// The body, and how many bytes follow it.
fn ours(text: &[u8], part: usize) -> Option<(Vec<u8>, usize)> {
    let (mut chunked, mut buffer, mut body) = (Chunked::new(), BytesMut::new(), Vec::new());
    let mut came = 0;
    for part in text.chunks(part) {
        buffer.extend_from_slice(part);
        came += part.len();
        loop {
            match chunked.step(&mut buffer).ok()? {
                Step::Data(data) => body.extend_from_slice(&data),
                Step::More => break,
                Step::End => return Some((body, text.len() - came + buffer.len())),
            }
        }
    }
    None
}

/// A body that takes all of the text; trailers are not looked at.
fn simply(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let httparse::Status::Complete((length, size)) = httparse::parse_chunk_size(text).ok()? else { return None };
        text = text.get(length..)?;
        if size == 0 {
            return (text == b"\r\n" || text.ends_with(b"\r\n\r\n")).then_some(body);
        }
        let size = usize::try_from(size).ok()?;
        body.extend_from_slice(text.get(..size)?);
        text = text.get(size..)?.strip_prefix(b"\r\n")?;
    }
}
