//! The PROXY protocol, versions 1 and 2: a proxy before the gateway tells whose connection it passes on.

use crate::options::Network;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Longest header of version 1, by its specification.
const MOST_V1: usize = 107;
/// Longest header of version 2 that is read: addresses, and more extensions than any proxy sends.
const MOST_V2: usize = 4096;
const V2_HEAD: usize = 16;
const CRC32C: u8 = 0x03;

/// A header that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Whose connection it is; `None` if the proxy speaks for itself, or cannot tell.
    pub(crate) source: Option<SocketAddr>,
    /// Bytes it takes.
    pub(crate) length: usize,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads a header from the start of `bytes`; `None` if more bytes are needed to tell.
///
/// # Errors
/// The bytes are no header, whatever comes after them.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    let start = bytes.get(..SIGNATURE.len()).unwrap_or(bytes);
    match SIGNATURE.starts_with(start) {
        true if start.len() < SIGNATURE.len() => Ok(None),
        true => parse_v2(bytes),
        false => parse_v1(bytes),
    }
}

fn parse_v1(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    const START: &[u8] = b"PROXY ";
    let start = bytes.get(..START.len()).unwrap_or(bytes);
    if !START.starts_with(start) {
        return Err(Malformed);
    }
    let Some(end) = bytes.iter().take(MOST_V1).position(|byte| *byte == b'\n') else {
        return if bytes.len() < MOST_V1 { Ok(None) } else { Err(Malformed) };
    };
    let line = bytes.get(START.len()..end).and_then(|line| line.strip_suffix(b"\r")).ok_or(Malformed)?;
    let line = std::str::from_utf8(line).map_err(|_| Malformed)?;
    Ok(Some(Header { source: source_v1(line)?, length: end + 1 }))
}

fn source_v1(line: &str) -> Result<Option<SocketAddr>, Malformed> {
    let words: Vec<&str> = line.split(' ').collect();
    match *words.as_slice() {
        ["UNKNOWN", ..] => Ok(None),
        ["TCP4", from, to, from_port, to_port] => {
            let _: (Ipv4Addr, u16) = (word(to)?, port(to_port)?);
            Ok(Some(SocketAddr::new(IpAddr::V4(word(from)?), port(from_port)?)))
        }
        ["TCP6", from, to, from_port, to_port] => {
            let _: (Ipv6Addr, u16) = (word(to)?, port(to_port)?);
            Ok(Some(SocketAddr::new(IpAddr::V6(word(from)?), port(from_port)?)))
        }
        _ => Err(Malformed),
    }
}

fn word<T: std::str::FromStr>(text: &str) -> Result<T, Malformed> {
    text.parse().map_err(|_| Malformed)
}

/// Digits only, without zeros before them.
fn port(text: &str) -> Result<u16, Malformed> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { word(text) } else { Err(Malformed) }
}

fn parse_v2(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    let Some(&[version, family, high, low]) = bytes.get(SIGNATURE.len()..V2_HEAD) else {
        // What is there can be wrong already.
        return if bytes.get(SIGNATURE.len()).is_none_or(|version| is_known(*version)) { Ok(None) } else { Err(Malformed) };
    };
    let length = V2_HEAD + usize::from(u16::from_be_bytes([high, low]));
    if !is_known(version) || length > MOST_V2 {
        return Err(Malformed);
    }
    let Some(whole) = bytes.get(..length) else { return Ok(None) };
    let content = whole.get(V2_HEAD..).unwrap_or_default();
    // LOCAL (0) is the proxy's own connection, such as a health check: its addresses are not to be used.
    let (source, extensions) = match (version & 0xF, family) {
        (0, _) => (None, None),
        (_, 0x11 | 0x12) => (Some(source_v2::<4>(content)?), content.get(12..)),
        (_, 0x21 | 0x22) => (Some(source_v2::<16>(content)?), content.get(36..)),
        (_, 0x00) => (None, Some(content)),
        // Unix sockets have no address that means anything here.
        (_, 0x31 | 0x32) if content.len() >= 216 => (None, content.get(216..)),
        _ => return Err(Malformed),
    };
    check_extensions(whole, extensions.unwrap_or_default())?;
    Ok(Some(Header { source, length }))
}

/// Version 2, LOCAL or PROXY.
fn is_known(version: u8) -> bool {
    matches!(version, 0x20 | 0x21)
}

fn source_v2<const N: usize>(content: &[u8]) -> Result<SocketAddr, Malformed>
where
    IpAddr: From<[u8; N]>,
{
    let address: [u8; N] = *content.first_chunk().ok_or(Malformed)?;
    let port = content.get(2 * N..2 * N + 4).and_then(|ports| ports.first_chunk().copied()).ok_or(Malformed)?;
    Ok(SocketAddr::new(IpAddr::from(address), u16::from_be_bytes(port)))
}

/// Walks over the extensions, which must fill the header; a checksum among them must be right.
fn check_extensions(whole: &[u8], mut extensions: &[u8]) -> Result<(), Malformed> {
    while let Some((&[kind, high, low], rest)) = extensions.split_first_chunk::<3>() {
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low]))).ok_or(Malformed)?;
        if kind == CRC32C {
            check_sum(whole, value, whole.len() - rest.len())?;
        }
        extensions = rest;
    }
    if extensions.is_empty() { Ok(()) } else { Err(Malformed) }
}

/// The checksum covers the whole header, itself taken as zero; `end` is where it ends.
fn check_sum(whole: &[u8], sum: &[u8], end: usize) -> Result<(), Malformed> {
    let sum: [u8; 4] = sum.try_into().map_err(|_| Malformed)?;
    let place = end.saturating_sub(4)..end;
    let blanked = whole.iter().enumerate().map(|(at, byte)| if place.contains(&at) { 0 } else { *byte });
    let found = !blanked.fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ (0x82F6_3B78 & (crc & 1).wrapping_neg()))
    });
    if found == u32::from_be_bytes(sum) { Ok(()) } else { Err(Malformed) }
}

/// Reads the header that a connection must begin with; not a byte more, for what follows may be TLS.
///
/// # Errors
/// The peer may not write one, or did not.
pub(crate) async fn read(stream: &mut TcpStream, peer: IpAddr, trusted: &[Network]) -> io::Result<Option<SocketAddr>> {
    if !trusted.iter().any(|network| network.contains(peer)) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut bytes = vec![0; MOST_V2];
    let mut known = 0;
    loop {
        let free = bytes.get_mut(known..).filter(|free| !free.is_empty()).ok_or(io::ErrorKind::InvalidData)?;
        let seen = known + stream.peek(free).await?;
        if seen == known {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = parse(bytes.get(..seen).unwrap_or_default()).map_err(|Malformed| io::ErrorKind::InvalidData)?;
        let end = header.map_or(seen, |header| header.length);
        stream.read_exact(bytes.get_mut(known..end).unwrap_or_default()).await?;
        known = end;
        if let Some(header) = header {
            return Ok(header.source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v2(version: u8, family: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[version, family], &length, content].concat()
    }

    fn source(bytes: &[u8]) -> Option<SocketAddr> {
        parse(bytes).unwrap().unwrap().source
    }

    const V4: &[u8] = &[192, 0, 2, 9, 127, 0, 0, 1, 0x1F, 0x90, 0, 80];

    #[test]
    fn version_1_tells_the_source() {
        assert_eq!(source(b"PROXY TCP4 192.0.2.9 127.0.0.1 8080 80\r\nGET"), Some("192.0.2.9:8080".parse().unwrap()));
        assert_eq!(source(b"PROXY TCP6 2001:db8::9 ::1 8080 80\r\n"), Some("[2001:db8::9]:8080".parse().unwrap()));
        assert_eq!(source(b"PROXY UNKNOWN\r\n"), None);
        assert_eq!(source(b"PROXY UNKNOWN whatever else\r\n"), None);
    }

    #[test]
    fn what_is_no_version_1_is_malformed() {
        for line in [
            "GET / HTTP/1.1\r\n",
            "PROXY TCP4 192.0.2.9 127.0.0.1 8080 80\n",
            "PROXY TCP4 192.0.2.9 127.0.0.1 8080\r\n",
            "PROXY TCP4 192.0.2.9 127.0.0.1 08080 80\r\n",
            "PROXY TCP4 192.0.2.9 127.0.0.1 +8080 80\r\n",
            "PROXY TCP4 192.0.2.9 127.0.0.1 65536 80\r\n",
            "PROXY TCP4 ::1 ::1 8080 80\r\n",
            "PROXY TCP4  192.0.2.9 127.0.0.1 8080 80\r\n",
            "PROXY tcp4 192.0.2.9 127.0.0.1 8080 80\r\n",
            "PROXY \r\n",
        ] {
            assert_eq!(parse(line.as_bytes()), Err(Malformed), "{line:?}");
        }
        assert_eq!(parse(format!("PROXY UNKNOWN {}\r\n", "x".repeat(100)).as_bytes()), Err(Malformed));
    }

    #[test]
    fn version_2_tells_the_source_and_extensions_are_skipped() {
        assert_eq!(source(&v2(0x21, 0x11, V4)), Some("192.0.2.9:8080".parse().unwrap()));
        let extended = [V4, &[0x04, 0, 2, 1, 1, 0xEA, 0, 0]].concat();
        assert_eq!(source(&v2(0x21, 0x11, &extended)), Some("192.0.2.9:8080".parse().unwrap()));
        assert_eq!(source(&v2(0x20, 0x11, V4)), None, "LOCAL");
        assert_eq!(source(&v2(0x21, 0x00, b"")), None, "UNSPEC");
        let v6 = [&Ipv6Addr::LOCALHOST.octets()[..], &[0; 16], &[0, 9, 0, 80]].concat();
        assert_eq!(source(&v2(0x21, 0x21, &v6)), Some("[::1]:9".parse().unwrap()));
    }

    #[test]
    fn what_is_no_version_2_is_malformed() {
        for bytes in [
            v2(0x11, 0x11, V4),
            v2(0x22, 0x11, V4),
            v2(0x21, 0x13, V4),
            v2(0x21, 0x11, &V4[..11]),
            v2(0x21, 0x21, V4),
            v2(0x21, 0x11, &[V4, &[4, 0, 9]].concat()),
            v2(0x21, 0x11, &[V4, &[4]].concat()),
            v2(0x21, 0x11, &[V4, &vec![0; MOST_V2]].concat()),
        ] {
            assert_eq!(parse(&bytes), Err(Malformed), "{bytes:?}");
        }
        assert_eq!(parse(b"\r\n\r\n\0\r\nQUIT\n\x11"), Err(Malformed), "told before the rest is there");
    }

    #[test]
    fn a_checksum_must_be_right() {
        let header = |sum: u32| v2(0x21, 0x11, &[V4, &[CRC32C, 0, 4], &sum.to_be_bytes()].concat());
        let right = (0..=1).fold(0, |_, _| {
            let blank = header(0);
            !blank.iter().fold(!0u32, |crc, byte| {
                (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82F6_3B78 } else { crc >> 1 })
            })
        });
        assert!(parse(&header(right)).unwrap().is_some());
        assert_eq!(parse(&header(right ^ 1)), Err(Malformed));
        assert_eq!(parse(&v2(0x21, 0x11, &[V4, &[CRC32C, 0, 3, 0, 0, 0]].concat())), Err(Malformed));
    }

    fn headers() -> impl Strategy<Value = Vec<u8>> {
        let v1 = (any::<[u8; 4]>(), any::<u16>())
            .prop_map(|(from, port)| format!("PROXY TCP4 {} 127.0.0.1 {port} 80\r\n", Ipv4Addr::from(from)).into_bytes());
        let v2 = (0x1Fu8..0x23, any::<u8>(), proptest::collection::vec(any::<u8>(), 0..60))
            .prop_map(|(version, family, content)| v2(version, family, &content));
        prop_oneof![v1, v2, proptest::collection::vec(any::<u8>(), 0..200)]
    }

    proptest! {
        /// However bytes are cut, more of them never change what was told of fewer.
        #[test]
        fn what_was_told_is_never_taken_back(bytes in headers(), more in proptest::collection::vec(any::<u8>(), 0..20)) {
            let whole = [&bytes[..], &more].concat();
            let told = (0..=whole.len()).map(|length| parse(&whole[..length])).find(|told| *told != Ok(None));
            if let Some(told) = told {
                prop_assert_eq!(parse(&whole), told);
                prop_assert!(told.is_err() || told.unwrap().unwrap().length <= whole.len());
            }
        }

        #[test]
        fn something_is_always_told_in_the_end(start in headers()) {
            prop_assert_ne!(parse(&[&start[..], &[b'x'; MOST_V2]].concat()), Ok(None));
        }
    }
}
