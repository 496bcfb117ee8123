//! Multipart bodies (RFC 2046 section 5.1, RFC 7578) in one strict reading, over bytes that are already collected.
//!
//! Refused: a preamble or epilogue, padding after a boundary, bare line feeds in part headers, `filename*` and its like,
//! two headers of one name, transfer encodings, a boundary that is only the beginning of a line, and one whose line
//! begins after a bare CR or LF. Each of them is read differently by servers in use.

use super::header::Parametrised;
use super::style::{Fault, malformed};
use httparse::{EMPTY_HEADER, Status};
use memchr::memmem;

/// Most parts of a body.
pub(super) const MOST_PARTS: usize = 1000;
/// Most header fields of a part.
const MOST_HEADERS: usize = 16;
/// Longest header block of a part, in bytes.
const LONGEST_HEAD: usize = 8 * 1024;

/// One part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// From Content-Disposition; only `multipart/form-data` must have it.
    pub(super) name: Option<String>,
    pub(super) filename: Option<String>,
    /// Content-Type.
    pub(super) media: Option<Parametrised<'a>>,
    pub(super) bytes: &'a [u8],
}

/// Cuts a body into its parts.
pub(super) fn parse<'a>(bytes: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, Fault> {
    if !is_boundary(boundary) {
        return Err(malformed("has a boundary that is not allowed"));
    }
    let delimiter = format!("\r\n--{boundary}");
    let finder = memmem::Finder::new(&delimiter);
    let opening = delimiter.as_bytes().get(2..).unwrap_or_default();
    let mut rest = bytes.strip_prefix(opening).ok_or(malformed("does not begin with its boundary"))?;
    let mut parts = Vec::new();
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            return match end {
                b"" | b"\r\n" => Ok(parts),
                _ => Err(malformed("goes on after its last boundary")),
            };
        }
        if parts.len() == MOST_PARTS {
            return Err(malformed("has more than 1000 parts"));
        }
        let part = rest.strip_prefix(b"\r\n").ok_or(malformed("has a boundary that does not end its line"))?;
        let end = finder.find(part).ok_or(malformed("ends without its last boundary"))?;
        let (this, after) = part.split_at(end);
        if begins_a_line(opening, this) {
            return Err(malformed("has a boundary in a part"));
        }
        parts.push(read_part(this)?);
        rest = after.get(delimiter.len()..).unwrap_or_default();
    }
}

/// Whether `bytes` have a line that begins with `text`, whatever ends the line before.
fn begins_a_line(text: &[u8], bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, text)
        .any(|at| at.checked_sub(1).is_none_or(|before| matches!(bytes.get(before), Some(b'\r' | b'\n'))))
}

/// RFC 2046 section 5.1.1.
fn is_boundary(boundary: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=70).contains(&boundary.len()) && boundary.bytes().all(allowed) && !boundary.ends_with(' ')
}

fn read_part(part: &[u8]) -> Result<Part<'_>, Fault> {
    let (head, bytes) = match part.strip_prefix(b"\r\n") {
        Some(bytes) => (&b"\r\n"[..], bytes),
        None => {
            let end = memmem::find(part, b"\r\n\r\n").ok_or(malformed("has a part without an end of its headers"))? + 4;
            part.split_at(end)
        }
    };
    if head.len() > LONGEST_HEAD {
        return Err(malformed("has a part with too many headers"));
    }
    let mut read = Part { name: None, filename: None, media: None, bytes };
    if head.len() > 2 {
        read_head(head, &mut read)?;
    }
    Ok(read)
}

fn read_head<'p>(head: &'p [u8], part: &mut Part<'p>) -> Result<(), Fault> {
    let mut fields = [EMPTY_HEADER; MOST_HEADERS];
    let fields = match httparse::parse_headers(head, &mut fields) {
        Ok(Status::Complete((length, fields))) if length == head.len() && lines_are_whole(head) => fields,
        Err(httparse::Error::TooManyHeaders) => return Err(malformed("has a part with too many headers")),
        _ => return Err(malformed("has a part with malformed headers")),
    };
    let mut disposed = false;
    for field in fields.iter() {
        let value = std::str::from_utf8(field.value).map_err(|_| malformed("has a part header that is not UTF-8"))?;
        match field.name.to_ascii_lowercase().as_str() {
            "content-disposition" if !disposed => {
                disposed = true;
                read_disposition(value, part)?;
            }
            "content-type" if part.media.is_none() => {
                part.media = Some(Parametrised::parse(value).ok_or(malformed("has a part with a malformed Content-Type"))?);
            }
            "content-disposition" | "content-type" => return Err(malformed("has a part with two headers of one name")),
            "content-transfer-encoding" if !["7bit", "8bit", "binary"].iter().any(|one| value.eq_ignore_ascii_case(one)) => {
                return Err(malformed("has a part with a transfer encoding"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Every line ends in CR LF, and neither stands alone.
fn lines_are_whole(head: &[u8]) -> bool {
    let mut before = 0;
    let whole = head.iter().all(|&byte| {
        let fine = (byte == b'\n') == (before == b'\r');
        before = byte;
        fine
    });
    whole && before != b'\r'
}

fn read_disposition(value: &str, part: &mut Part<'_>) -> Result<(), Fault> {
    let read = Parametrised::parse(value).ok_or(malformed("has a part with a malformed Content-Disposition"))?;
    part.name = read.parameter("name").filter(|_| read.value == "form-data").map(str::to_owned);
    part.filename = read.parameter("filename").map(str::to_owned);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Named<'a> = (Option<String>, &'a [u8]);

    fn names(text: &str) -> Result<Vec<Named<'_>>, Fault> {
        parse(text.as_bytes(), "b").map(|parts| parts.into_iter().map(|part| (part.name, part.bytes)).collect())
    }

    #[test]
    fn test_multipart_when_well_formed_then_its_parts_are_read() {
        let text = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--b\r\n\r\nplain\r\n--b--\r\n";
        assert_eq!(names(text).unwrap(), [(Some("a".to_owned()), &b"1\r\n2"[..]), (None, b"plain")]);
        assert_eq!(names("--b--").unwrap(), []);
    }

    #[test]
    fn test_multipart_when_it_has_two_readings_then_it_is_refused() {
        for text in [
            "",
            "--b",
            "--b\r\n",
            "--b\r\n\r\nx",
            "--b\r\n\r\nx\r\n--b",
            "preamble\r\n--b\r\n\r\nx\r\n--b--",
            "--b\r\n\r\nx\r\n--b--epilogue",
            "--b \r\n\r\nx\r\n--b--",
            "--b\n\nx\n--b--",
            "--bc\r\n\r\nx\r\n--bc--",
            "--b\r\nA: 1\nB: 2\r\n\r\nx\r\n--b--",
            "--b\r\nA: 1\r\n folded\r\n\r\nx\r\n--b--",
            "--b\r\nno colon\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=a; filename*=utf-8''x\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=a; name*0=b\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=a; x*=b\r\n\r\nx\r\n--b--",
            "--b\r\nContent-Type: text/plain; charset*=utf-16''\r\n\r\nx\r\n--b--",
            "--b\r\n\r\nx\n--b\r\nContent-Disposition: form-data; name=c\r\n\r\ny\r\n--b--",
            "--b\r\n\r\nx\r--b--\r\n--b--",
            "--b\r\n\r\nx\n--bc\r\n--b--",
        ] {
            assert!(names(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn test_boundaries_when_empty_long_or_odd_then_they_are_refused() {
        for boundary in ["", "a ", "a\"b", "é", &"x".repeat(71)] {
            assert!(parse(b"--a--", boundary).is_err(), "{boundary}");
        }
    }

    #[test]
    fn test_multipart_when_there_are_ten_thousand_parts_or_headers_then_it_is_refused() {
        let parts = "--b\r\n\r\nx\r\n".repeat(10_000) + "--b--";
        assert_eq!(names(&parts).unwrap_err(), malformed("has more than 1000 parts"));
        let headers = format!("--b\r\n{}\r\nx\r\n--b--", "A: 1\r\n".repeat(17));
        assert_eq!(names(&headers).unwrap_err(), malformed("has a part with too many headers"));
        let long = format!("--b\r\nA: {}\r\n\r\nx\r\n--b--", "x".repeat(9000));
        assert_eq!(names(&long).unwrap_err(), malformed("has a part with too many headers"));
    }

    proptest! {
        #[test]
        fn test_multipart_when_written_and_read_then_it_is_the_same(
            parts in prop::collection::vec(("[a-z]{1,8}", prop::collection::vec(any::<u8>(), 0..40)), 0..6),
        ) {
            prop_assume!(parts.iter().all(|(_, bytes)| memmem::find(bytes, b"\r\n--limit").is_none()));
            let mut body = b"--limit".to_vec();
            for (name, bytes) in &parts {
                body.extend(format!("\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
                body.extend(bytes);
                body.extend(b"\r\n--limit");
            }
            body.extend(b"--\r\n");
            let read = parse(&body, "limit").unwrap();
            let read: Vec<(String, Vec<u8>)> = read.into_iter().map(|part| (part.name.unwrap(), part.bytes.to_vec())).collect();
            prop_assert_eq!(read, parts);
        }

        #[test]
        fn test_multipart_when_bytes_are_arbitrary_then_reading_never_panics(text in "(--b|\r\n|A: 1|\"|;|name=|--|x|\u{0}|content-disposition: form-data){0,20}") {
            let _read = parse(text.as_bytes(), "b");
        }
    }
}
