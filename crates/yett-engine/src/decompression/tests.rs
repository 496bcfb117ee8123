use super::*;
use proptest::prelude::*;
use std::io::Write;

const CODINGS: [RequestCoding; 4] = [RequestCoding::Gzip, RequestCoding::Deflate, RequestCoding::Br, RequestCoding::Zstd];

fn code(coding: RequestCoding, plain: &[u8]) -> Vec<u8> {
    match coding {
        RequestCoding::Gzip => {
            let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            coder.write_all(plain).unwrap();
            coder.finish().unwrap()
        }
        RequestCoding::Deflate => {
            let mut coder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            coder.write_all(plain).unwrap();
            coder.finish().unwrap()
        }
        RequestCoding::Br => brotli_of(plain, 22),
        RequestCoding::Zstd => zstd::stream::encode_all(plain, 19).unwrap(),
    }
}

fn brotli_of(plain: &[u8], window: i32) -> Vec<u8> {
    let settings = brotli::enc::BrotliEncoderParams { lgwin: window, large_window: window > 24, ..Default::default() };
    let mut coded = Vec::new();
    brotli::BrotliCompress(&mut &plain[..], &mut coded, &settings).unwrap();
    coded
}

#[test]
fn what_was_coded_is_decoded() {
    for coding in CODINGS {
        for plain in ["", "{}", &"books and more books ".repeat(3000)] {
            assert_eq!(decode(coding, &code(coding, plain.as_bytes()), 1 << 20, 1000).unwrap(), plain.as_bytes(), "{coding:?}");
        }
    }
}

#[test]
fn a_bomb_stops_at_the_limits_whatever_its_coding() {
    let zeros = vec![0; 32 << 20];
    for coding in CODINGS {
        let bomb = code(coding, &zeros);
        assert!(bomb.len() < 64 << 10, "{coding:?}: {}", bomb.len());
        assert_eq!(decode(coding, &bomb, 1 << 20, u32::MAX), Err(Fault::Long), "{coding:?}");
        assert_eq!(decode(coding, &bomb, u64::MAX, 10), Err(Fault::Grown), "{coding:?}");
        // Without the limits it goes off.
        assert_eq!(decode(coding, &bomb, u64::MAX, u32::MAX).unwrap().len(), zeros.len(), "{coding:?}");
    }
}

#[test]
fn a_small_body_may_be_mostly_repetition() {
    for coding in CODINGS {
        let plain = vec![b' '; 60_000];
        assert_eq!(decode(coding, &code(coding, &plain), 1 << 20, 1).unwrap(), plain, "{coding:?}");
        let larger = vec![b' '; 70_000];
        assert_eq!(decode(coding, &code(coding, &larger), 1 << 20, 1), Err(Fault::Grown), "{coding:?}");
    }
}

#[test]
fn bytes_behind_the_end_are_refused_and_so_is_half_a_body() {
    for coding in CODINGS {
        let coded = code(coding, b"one body and no other");
        for more in [&b"\0"[..], b"garbage", &coded] {
            assert_eq!(decode(coding, &[&coded, more].concat(), 1 << 20, 100), Err(Fault::Malformed), "{coding:?} {more:?}");
        }
        for length in 0..coded.len() {
            assert_eq!(decode(coding, &coded[..length], 1 << 20, 100), Err(Fault::Malformed), "{coding:?} {length}");
        }
    }
}

#[test]
fn windows_beyond_those_of_http_are_refused() {
    let mut coder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    coder.window_log(24).unwrap();
    coder.write_all(&vec![b'x'; 20 << 20]).unwrap();
    assert_eq!(decode(RequestCoding::Zstd, &coder.finish().unwrap(), u64::MAX, u32::MAX), Err(Fault::Malformed));
    let large = brotli_of(b"a window of more than 16 MiB", 30);
    assert_eq!(decode(RequestCoding::Br, &large, u64::MAX, u32::MAX), Err(Fault::Malformed));
}

#[test]
fn a_wrong_checksum_is_refused() {
    for coding in [RequestCoding::Gzip, RequestCoding::Deflate] {
        let mut coded = code(coding, b"checked");
        let place = coded.len() - if coding == RequestCoding::Gzip { 5 } else { 1 };
        coded[place] ^= 1;
        assert_eq!(decode(coding, &coded, 1 << 20, 100), Err(Fault::Malformed), "{coding:?}");
    }
}

#[test]
fn only_one_known_coding_is_taken() {
    let settings = DecompressRequests { algorithms: vec![RequestCoding::Gzip, RequestCoding::Br], max_ratio: 100 };
    let of = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
        }
        coding(&settings, &headers)
    };
    for (values, expected) in [
        (&["gzip"][..], Some(RequestCoding::Gzip)),
        (&[" X-Gzip "], Some(RequestCoding::Gzip)),
        (&["BR"], Some(RequestCoding::Br)),
        (&["zstd"], None),
        (&["identity"], None),
        (&["gzip, br"], None),
        (&["gzip", "br"], None),
        (&["gzip", "gzip"], None),
        (&[""], None),
        (&[], None),
    ] {
        assert_eq!(of(values), expected, "{values:?}");
    }
}

#[test]
fn a_decoded_head_says_nothing_of_the_coded_bytes() {
    let mut headers = HeaderMap::new();
    for name in ["content-encoding", "content-digest", "repr-digest", "digest", "content-md5", "content-length", "content-type"] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static("7"));
    }
    unlabel(&mut headers, Some(99));
    assert_eq!(
        (headers.len(), &headers["content-length"], &headers["content-type"]),
        (2, &HeaderValue::from(99), &HeaderValue::from(7))
    );
}

proptest! {
    #[test]
    fn every_body_comes_back(plain in proptest::collection::vec(any::<u8>(), 0..5000), coding in 0..4usize) {
        prop_assert_eq!(decode(CODINGS[coding], &code(CODINGS[coding], &plain), 1 << 20, 1), Ok(plain));
    }

    #[test]
    fn any_bytes_are_read_without_panic_and_within_the_limits(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), coding in 0..4usize, most in 0..10_000u64,
    ) {
        if let Ok(plain) = decode(CODINGS[coding], &bytes, most, 100) {
            prop_assert!(plain.len() as u64 <= most);
        }
    }

    #[test]
    fn a_changed_byte_is_read_without_panic(at in 0..200usize, byte in any::<u8>(), coding in 0..4usize) {
        let mut coded = code(CODINGS[coding], &b"some words, some more words, and words ".repeat(20));
        let place = at % coded.len();
        coded[place] = byte;
        let _ = decode(CODINGS[coding], &coded, 1 << 16, 100);
    }
}
