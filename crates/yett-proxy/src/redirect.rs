//! The plain listener that only sends callers to HTTPS, and shows an authority what an ACME client left for it.

use crate::aside::{self, Page, page};
use crate::options::Redirect;
use http::header::{CONTENT_TYPE, HOST, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use std::io;
use std::net::{Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use tokio::sync::watch;

const MOST_CONNECTIONS: usize = 512;
const CHALLENGES: &str = "/.well-known/acme-challenge/";
const MOST_TOKEN: usize = 128;
const MOST_ANSWER: u64 = 4096;
const HTTPS: u16 = 443;

/// What the listener knows.
#[derive(Debug)]
pub(crate) struct Door {
    port: u16,
    webroot: Option<PathBuf>,
}

impl Door {
    /// `port` is that of the first listener with TLS.
    pub(crate) fn new(options: &Redirect, port: u16) -> Self {
        Self { port: options.port.unwrap_or(port), webroot: options.acme_challenges.clone() }
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<Page> {
        if let (Some(webroot), Some(token)) = (&self.webroot, request.uri().path().strip_prefix(CHALLENGES)) {
            return match request.method() == Method::GET || request.method() == Method::HEAD {
                true => challenge(webroot, token),
                false => page(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n"),
            };
        }
        self.redirect(request).unwrap_or_else(|| page(StatusCode::BAD_REQUEST, "this is no request that HTTPS could take\n"))
    }

    fn redirect<B>(&self, request: &Request<B>) -> Option<Response<Page>> {
        let mut fields = request.headers().get_all(HOST).iter();
        let field = fields.next().map(HeaderValue::to_str).transpose().ok()?;
        let authority = request.uri().authority().map(|authority| authority.as_str());
        let host = host(authority.or(field).filter(|_| fields.next().is_none())?)?;
        let target = request.uri().path_and_query().map(|target| target.as_str()).filter(|target| target.starts_with('/'))?;
        let place = match self.port {
            HTTPS => format!("https://{host}{target}"),
            port => format!("https://{host}:{port}{target}"),
        };
        let mut response = page(StatusCode::PERMANENT_REDIRECT, "use HTTPS\n");
        response.headers_mut().insert(LOCATION, HeaderValue::from_str(&place).ok()?);
        Some(response)
    }
}

/// The host without its port; `None` for what is no name and no address.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => (authority.get(..colon)?, authority.get(colon + 1..)?),
        _ => (authority, ""),
    };
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => literal.parse::<Ipv6Addr>().is_ok(),
        None => {
            (1..=253).contains(&host.len()) && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        }
    };
    (is_host && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
}

/// What the ACME client left under a token (RFC 8555 section 8.3). A token is letters, digits, `-` and `_`: no path.
fn challenge(webroot: &Path, token: &str) -> Response<Page> {
    let is_token = (1..=MOST_TOKEN).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let left = is_token.then(|| read(&webroot.join(CHALLENGES.trim_start_matches('/')).join(token))).flatten();
    let Some(left) = left else { return page(StatusCode::NOT_FOUND, "there is no such challenge\n") };
    let mut response = page(StatusCode::OK, left);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response
}

/// A small regular file; a link could lead out of the folder.
fn read(path: &Path) -> Option<Vec<u8>> {
    let found = path.symlink_metadata().ok()?;
    (found.is_file() && found.len() <= MOST_ANSWER).then(|| std::fs::read(path).ok()).flatten()
}

/// Serves until told to stop.
pub(crate) fn run(listener: TcpListener, door: Door, stop: watch::Receiver<bool>) -> io::Result<()> {
    aside::run(listener, MOST_CONNECTIONS, move |request| door.answer(request), stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(door: &Door, host: &str, target: &str) -> (u16, Option<String>) {
        let request = Request::get(target).header(HOST, host).body(()).unwrap();
        let response = door.answer(&request);
        let place = response.headers().get(LOCATION).map(|place| place.to_str().unwrap().to_owned());
        (response.status().as_u16(), place)
    }

    #[test]
    fn callers_are_sent_to_the_same_place_behind_tls() {
        let door = |port: u16| Door { port, webroot: None };
        let sent = |place: &str| (308, Some(place.to_owned()));
        assert_eq!(ask(&door(443), "a.example:80", "/x?y=1"), sent("https://a.example/x?y=1"));
        assert_eq!(ask(&door(8443), "[::1]:80", "//evil.example/"), sent("https://[::1]:8443//evil.example/"));
        assert_eq!(ask(&door(443), "b", "http://a.example/x"), sent("https://a.example/x"));
    }

    #[test]
    fn a_host_that_is_none_leads_nowhere() {
        for host in ["", "a/b", "a@b", "a b", "[x]", "a:b", "a\\b", "a?b"] {
            assert_eq!(ask(&Door { port: 443, webroot: None }, host, "/"), (400, None), "{host}");
        }
    }

    #[test]
    fn only_what_lies_under_a_token_is_shown() {
        let webroot = std::env::temp_dir().join(format!("yett-acme-{}", std::process::id()));
        let folder = webroot.join(".well-known/acme-challenge");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("to-ken_1"), "proof").unwrap();
        std::fs::write(webroot.join("secret"), "secret").unwrap();
        std::fs::write(folder.join("large"), vec![b'x'; 5000]).unwrap();
        std::os::unix::fs::symlink(webroot.join("secret"), folder.join("link")).unwrap();
        let door = Door { port: 443, webroot: Some(webroot.clone()) };
        assert_eq!(ask(&door, "a.example", "/.well-known/acme-challenge/to-ken_1"), (200, None));
        for token in ["", "no", "../../secret", "..%2f..%2fsecret", "to-ken_1/", "link", "large", ".", "to-ken_1%00"] {
            assert_eq!(ask(&door, "a.example", &format!("/.well-known/acme-challenge/{token}")), (404, None), "{token}");
        }
        assert_eq!(ask(&door, "a.example", "/.well-known/other").0, 308);
        std::fs::remove_dir_all(webroot).unwrap();
    }
}
