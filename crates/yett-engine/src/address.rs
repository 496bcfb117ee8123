//! Addresses as text.

use std::net::IpAddr;

/// An address as everybody spells it. Most are IPv4, which the general formatter takes ten times as long for.
pub(crate) fn spelled(address: IpAddr) -> String {
    let IpAddr::V4(address) = address else { return address.to_string() };
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in address.octets() {
        let digits = [(100, octet / 100), (10, octet / 10 % 10), (0, octet % 10)];
        let needed = digits.iter().filter(|(least, _)| octet >= *least);
        text.extend(needed.map(|(_, digit)| char::from(b'0' + digit)));
        text.push('.');
    }
    text.pop();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_spelled_as_everybody_spells_them() {
        for text in ["0.0.0.0", "1.20.100.255", "105.10.9.99", "127.0.0.1", "2001:db8::1"] {
            assert_eq!(spelled(text.parse().unwrap()), text);
        }
    }
}
