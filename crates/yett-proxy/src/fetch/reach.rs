//! Which addresses a configured URL may lead to. Judged where the connection is made, on the very addresses it is made to:
//! a name service that answers otherwise a moment later gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far a fetch may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To addresses of the public internet.
    Public,
    /// To those and private ones, the gateway's own machine among them.
    Private,
    /// To the gateway's own machine only.
    Loopback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    Private,
    Loopback,
    /// What no configuration opens: where clouds tell machines their secrets, and what is no host's address.
    Never,
}

/// Where clouds serve secrets at addresses that would otherwise be private.
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);

impl Reach {
    /// Whether a connection may be made to an address.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        match kind(address) {
            Kind::Never => false,
            Kind::Loopback => self != Self::Public,
            Kind::Private => self == Self::Private,
            Kind::Public => self != Self::Loopback,
        }
    }
}

fn kind(address: IpAddr) -> Kind {
    match address.to_canonical() {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        _ if METADATA_V4.contains(&address) => Kind::Never,
        // This network, link-local with the metadata of most clouds, protocol assignments, tests in documents.
        [0, ..] | [169, 254, ..] | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Kind::Never,
        [224..=255, ..] => Kind::Never,
        [127, ..] => Kind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        _ if address == METADATA_V6 => Kind::Never,
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address within.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            kind_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Teredo hides where it leads; 2001:db8 is for documents.
        [0x2001, 0 | 0x0db8, ..] => Kind::Never,
        [0x2000..=0x3fff, ..] => Kind::Public,
        [0xfc00..=0xfdff, ..] => Kind::Private,
        _ => Kind::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(address: &str) -> [bool; 3] {
        let address = address.parse().unwrap();
        [Reach::Public, Reach::Private, Reach::Loopback].map(|reach| reach.allows(address))
    }

    #[test]
    fn metadata_and_what_is_no_host_are_never_reached() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "ff02::1",
            "fe80::1",
            "fec0::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
        ] {
            assert_eq!(allowed(address), [false; 3], "{address}");
        }
    }

    #[test]
    fn private_addresses_are_reached_where_configured() {
        for address in ["10.0.0.1", "172.16.0.1", "172.31.255.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1"] {
            assert_eq!(allowed(address), [false, true, false], "{address}");
        }
        for address in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
            assert_eq!(allowed(address), [false, true, true], "{address}");
        }
    }

    #[test]
    fn public_addresses_are_reached_but_not_where_only_this_machine_is_meant() {
        for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"] {
            assert_eq!(allowed(address), [true, true, false], "{address}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_ipv4_address_is_judged_alike_in_every_disguise(bits in proptest::num::u32::ANY) {
            let plain = Ipv4Addr::from_bits(bits);
            let mapped = IpAddr::V6(plain.to_ipv6_mapped());
            proptest::prop_assert_eq!(kind(IpAddr::V4(plain)), kind(mapped));
        }
    }
}
