//! Networks: an address and how many of its bits count.

use std::net::IpAddr;

/// A network; IPv4 in its mapped form, so that both kinds are compared alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    bits: u128,
    mask: u128,
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or a single address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let network = Self::parse_loosely(text)?;
        let address = text.split('/').next()?.parse().ok()?;
        // A network with bits beyond its length is a slip of the pen: better told than guessed.
        (network.bits == as_bits(address)).then_some(network)
    }

    /// The same, where bits beyond the length are passed over: what others publish cannot be mended here.
    pub(crate) fn parse_loosely(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let digits = |length: &str| !length.is_empty() && length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit());
        let length: u32 = match length {
            Some(length) => length.parse().ok().filter(|_| digits(length)).filter(|length| *length <= width)?,
            None => width,
        };
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Some(Self { bits: as_bits(address) & mask, mask })
    }

    /// Whether an address, as [`as_bits`] tells it, is in it.
    pub(crate) fn has(&self, bits: u128) -> bool {
        bits & self.mask == self.bits
    }
}

/// Every address as IPv6: IPv4 in its mapped form.
pub(crate) fn as_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_addresses_in_either_dress() {
        let network = Network::parse("10.1.0.0/16").unwrap();
        let has = |address: &str| network.has(as_bits(address.parse().unwrap()));
        assert!(has("10.1.255.255") && has("::ffff:10.1.2.3"));
        assert!(!has("10.2.0.0") && !has("::10.1.2.3"));
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "host", "::/129"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
