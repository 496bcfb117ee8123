//! A configured URL, read once and strictly.

use super::Reach;
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use yett_model::snapshot::Remote;

/// Where a fetch goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) secure: bool,
    /// Name or address, without brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
    /// What `Host` says.
    pub(crate) host: HeaderValue,
    /// Path and query.
    pub(crate) target: String,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, without repeating it: it may hold what was meant to be a secret.
    pub(crate) fn read(url: &str, plain: bool) -> Result<Self, &'static str> {
        if !url.is_ascii() || url.contains('#') {
            return Err("a URL is ASCII and has no fragment");
        }
        let uri: Uri = url.parse().map_err(|_| "this is no URL")?;
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP && plain => false,
            Some(scheme) if *scheme == Scheme::HTTP => return Err("only https is asked"),
            _ => return Err("the scheme is https"),
        };
        let authority = uri.authority().ok_or("the URL has no host")?;
        if authority.as_str().contains('@') {
            return Err("a URL holds no user name or password");
        }
        let name = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if name.is_empty() || (authority.as_str() != authority.host() && authority.port_u16().is_none()) {
            return Err("the URL has no host, or an odd port");
        }
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| "the host is odd")?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { secure, name, port, host, target: target.to_owned() })
    }
}

/// How far a fetch of a configured URL may go.
pub(crate) fn reach(remote: &Remote) -> Reach {
    match (remote.plain, remote.private) {
        (true, _) => Reach::Loopback,
        (false, true) => Reach::Private,
        (false, false) => Reach::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let address = Address::read("https://id.example:8443/realms/a?b=c", false).unwrap();
        assert_eq!((address.secure, address.name.as_str(), address.port), (true, "id.example", 8443));
        assert_eq!((address.host.to_str().unwrap(), address.target.as_str()), ("id.example:8443", "/realms/a?b=c"));
        let address = Address::read("https://[2606:4700::1111]", false).unwrap();
        assert_eq!((address.name.as_str(), address.port, address.target.as_str()), ("2606:4700::1111", 443, "/"));
        assert!(!Address::read("http://127.0.0.1:9/x", true).unwrap().secure);
    }

    #[test]
    fn what_is_not_https_or_holds_a_password_is_refused() {
        for url in [
            "http://id.example",
            "ftp://id.example",
            "file:///etc/passwd",
            "id.example",
            "/path",
            "",
            "https://user:hush@id.example",
            "https://id.example/#a",
            "https://id.example:99999/",
            "https://:80/",
            "https://exämple/",
        ] {
            let refused = Address::read(url, false).unwrap_err();
            assert!(!refused.contains("hush"), "{url}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(url in "(https?://)?\\PC{0,40}") {
            let _ = Address::read(&url, true);
        }
    }
}
