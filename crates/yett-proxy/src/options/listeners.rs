//! Where callers are accepted, and from whom the word of a proxy is taken.

use super::Options;
use crate::error::Error;
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where callers are accepted, and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "Form")]
#[schemars(with = "Form")]
pub struct Listener {
    /// `host:port`; port 0 lets the system choose.
    pub address: String,
    /// Whether TLS is spoken; absent means whenever the gateway has certificates.
    pub tls: Option<bool>,
    /// Whether each connection begins with a PROXY header, version 1 or 2.
    pub proxy_protocol: bool,
}

/// A listener as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Form {
    /// An address.
    Address(String),
    /// An address with settings.
    Settings(Settings),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// `host:port`; port 0 lets the system choose.
    address: String,
    /// Whether TLS is spoken; absent means whenever the gateway has certificates.
    #[serde(default)]
    tls: Option<bool>,
    /// Whether each connection begins with a PROXY header, version 1 or 2.
    #[serde(default)]
    proxy_protocol: bool,
}

impl From<Form> for Listener {
    fn from(form: Form) -> Self {
        match form {
            Form::Address(address) => address.as_str().into(),
            Form::Settings(Settings { address, tls, proxy_protocol }) => Self { address, tls, proxy_protocol },
        }
    }
}

impl From<&str> for Listener {
    fn from(address: &str) -> Self {
        Self { address: address.to_owned(), tls: None, proxy_protocol: false }
    }
}

impl From<String> for Listener {
    fn from(address: String) -> Self {
        address.as_str().into()
    }
}

/// A plain listener that sends callers to HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// `host:port`; port 0 lets the system choose.
    pub address: String,
    /// Port that callers are sent to; absent means that of the first listener with TLS.
    #[serde(default)]
    pub port: Option<u16>,
    /// The webroot of an ACME client: what it leaves under `.well-known/acme-challenge` is served.
    #[serde(default)]
    pub acme_challenges: Option<PathBuf>,
}

/// An address or a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address is in it.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let (base, address, width) = match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => (u128::from(base.to_bits()), u128::from(address.to_bits()), 32),
            (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits(), address.to_bits(), 128),
            _ => return false,
        };
        let differing = (base ^ address).checked_shr(width - u32::from(self.bits));
        differing.unwrap_or(0) == 0
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            let message = format!("'{text}' is no address or network: write 10.0.0.7, 10.0.0.0/8 or fd00::/8");
            Error::new("option-invalid", message)
        };
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).ok().filter(|bits| *bits <= width).ok_or_else(wrong)?;
        Ok(Self { base, bits })
    }
}

impl Options {
    pub(super) fn check_listeners(&self) -> Result<(), Error> {
        let wrong = |message: &str| Err(Error::new("option-invalid", message));
        self.proxies()?;
        let headers = self.listen.iter().any(|listener| listener.proxy_protocol);
        if let Some(message) = self.tls.as_ref().and_then(super::Tls::mistake) {
            return wrong(message);
        }
        match () {
            () if self.listen.is_empty() => wrong("`listen` must name at least one address"),
            () if self.tls.is_none() && self.listen.iter().any(|listener| listener.tls == Some(true)) => {
                wrong("a listener with `tls` needs a certificate: set `tls`")
            }
            () if self.tls.is_some() && self.listen.iter().all(|listener| listener.tls == Some(false)) => {
                wrong("`tls` has certificates, and no listener shows them: leave out `tls: false`")
            }
            () if headers && self.proxy_protocol_from.is_empty() => {
                wrong("a listener with `proxy_protocol` must know from whom: set `proxy_protocol_from`")
            }
            () if self.redirect.is_some() && self.tls.is_none() => wrong("a redirect to HTTPS leads nowhere without `tls`"),
            () => Ok(()),
        }
    }

    /// From whom a PROXY header is taken.
    pub(crate) fn proxies(&self) -> Result<Vec<Network>, Error> {
        self.proxy_protocol_from.iter().map(|text| text.parse()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_is_its_first_bits() {
        for (network, address) in
            [("10.0.0.0/8", "10.9.9.9"), ("10.0.0.1", "10.0.0.1"), ("::/0", "fe80::1"), ("10.0.0.0/8", "::ffff:10.1.2.3")]
        {
            assert!(contains(network, address), "{network} {address}");
        }
        for (network, address) in [("10.0.0.0/8", "11.0.0.0"), ("10.0.0.1", "10.0.0.2"), ("0.0.0.0/0", "::1")] {
            assert!(!contains(network, address), "{network} {address}");
        }
    }

    #[test]
    fn nonsense_is_no_network() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "10.0.0.0/-1", "example"] {
            assert_eq!(text.parse::<Network>().unwrap_err().code(), "option-invalid", "{text}");
        }
    }

    #[test]
    fn a_listener_is_an_address_or_settings() {
        let options = r#"{"pepper": "x", "listen": ["a:1", {"address": "b:2", "proxy_protocol": true}]}"#;
        let options = Options::from_json(options).unwrap();
        let address = |number: usize| options.listen[number].address.as_str();
        assert_eq!((address(0), address(1), options.listen[1].proxy_protocol), ("a:1", "b:2", true));
    }

    #[test]
    fn listeners_that_cannot_do_what_they_say_are_refused() {
        for wrong in [
            r#""listen": [{"address": "a:1", "tls": true}]"#,
            r#""listen": [{"address": "a:1", "proxy_protocol": true}]"#,
            r#""listen": [{"address": "a:1", "tls": false}], "tls": {"certificate": "c", "key": "k"}"#,
            r#""redirect": {"address": "a:1"}"#,
            r#""proxy_protocol_from": ["x"]"#,
            r#""tls": {"certificate": "c"}"#,
            r#""tls": {}"#,
        ] {
            let options = Options::from_json(&format!(r#"{{"pepper": "x", {wrong}}}"#)).unwrap();
            assert_eq!(options.check().unwrap_err().code(), "option-invalid", "{wrong}");
        }
    }
}
