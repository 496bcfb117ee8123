//! The one door through which the gateway fetches configured URLs by itself: key sets, metadata, the state of tokens, the
//! opinion of callouts.
//!
//! HTTPS, or plain HTTP on this machine where the configuration says so; only to addresses within reach; never after a
//! redirect; no more bytes and no longer than agreed. Nothing that comes back is trusted here but its form.

mod address;
mod reach;

pub(crate) use address::Address;
pub(crate) use reach::Reach;

use crate::clock::Clock;
use crate::upstream::{self, Call, Content, Failure, Peer, Upstream};
use address::reach;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use serde::Deserialize;
use std::rc::Rc;
use std::time::Duration;
use yett_model::Diagnostic;
use yett_model::snapshot::{Introspection, KeyFetch, Remote};

/// What is asked.
pub(crate) struct Inquiry {
    pub(crate) method: Method,
    /// Fields besides those that every fetch has.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// Longest body of an answer.
    pub(crate) most_bytes: u64,
}

impl Inquiry {
    /// A question without a body.
    pub(crate) fn get(most_bytes: u64) -> Self {
        Self { method: Method::GET, headers: Vec::new(), body: Bytes::new(), most_bytes }
    }

    /// A question with one.
    pub(crate) fn post(media_type: &'static str, body: Bytes, most_bytes: u64) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static(media_type))];
        Self { method: Method::POST, headers, body, most_bytes }
    }

    fn parts(&self, address: &Address) -> Result<Parts, String> {
        let mut request = Request::builder().method(&self.method).uri(address.target.as_str()).header(HOST, &address.host);
        request = request.header(USER_AGENT, concat!("yett/", env!("CARGO_PKG_VERSION"))).header(ACCEPT, "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(()).map(|request| request.into_parts().0).map_err(|error| format!("the question cannot be asked: {error}"))
    }
}

/// An answer of JSON with status 200; whether it is JSON is not known yet.
pub(crate) struct Told {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Somebody who is asked.
pub(crate) struct Site {
    address: Address,
    upstream: Rc<Upstream>,
    limit: Duration,
}

impl Site {
    /// The site of a configured URL.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(crate) fn new(remote: &Remote) -> Result<Self, &'static str> {
        Self::at(remote, Address::read(&remote.url, remote.plain)?)
    }

    /// The site of a URL that a trusted answer named: it is asked under the same rules as the one that was configured.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub(crate) fn named(remote: &Remote, url: &str) -> Result<Self, &'static str> {
        Self::at(remote, Address::read(url, remote.plain)?)
    }

    fn at(remote: &Remote, address: Address) -> Result<Self, &'static str> {
        let limit = Duration::from_millis(remote.timeout_ms);
        let upstream = Upstream::guarded(&Peer {
            name: &address.name,
            port: address.port,
            secure: address.secure,
            ca_pem: remote.ca_pem.as_deref(),
            tls: remote.tls.as_ref(),
            connect_timeout: limit,
            reach: reach(remote),
        });
        Ok(Self { address, upstream, limit })
    }

    /// Asks, and takes the whole answer within the time that is set.
    ///
    /// # Errors
    /// Why there is no answer that can be used; for the log, and without anything of question or answer but a status.
    pub(crate) async fn ask(&self, clock: &Rc<Clock>, inquiry: &Inquiry) -> Result<Told, String> {
        clock.now();
        let asked = tokio::time::timeout(self.limit, self.exchange(clock, inquiry)).await;
        asked.unwrap_or_else(|_| Err(format!("no answer within {} ms", self.limit.as_millis())))
    }

    async fn exchange(&self, clock: &Rc<Clock>, inquiry: &Inquiry) -> Result<Told, String> {
        let parts = inquiry.parts(&self.address)?;
        // A connection that was idle may have been closed meanwhile; every question may be asked twice.
        if let Some(connection) = self.upstream.idle(clock) {
            let mut call = Call::new(self.upstream.clone(), clock.clone(), connection, &parts, content(inquiry));
            match call.head(self.limit).await {
                Ok(answered) => return self.take(call, answered, inquiry.most_bytes).await,
                Err(Failure::Closed) => {}
                Err(failure) => return Err(failure.explain().1),
            }
        }
        let connection = self.upstream.connect(clock).await.map_err(|failure| failure.explain().1)?;
        let mut call = Call::new(self.upstream.clone(), clock.clone(), connection, &parts, content(inquiry));
        let answered = call.head(self.limit).await.map_err(|failure| failure.explain().1)?;
        self.take(call, answered, inquiry.most_bytes).await
    }

    async fn take(&self, mut call: Call, answered: upstream::Answered, most: u64) -> Result<Told, String> {
        check_head(answered.status, &answered.headers)?;
        let too_long = || format!("the answer is longer than {most} bytes");
        if call.remaining().is_some_and(|length| length > most) {
            return Err(too_long());
        }
        let body = call.collect(most, self.limit).await.map_err(|failure| failure.explain().1)?.join();
        match body.len() as u64 > most {
            true => Err(too_long()),
            false => Ok(Told { headers: answered.headers, body }),
        }
    }

    /// How long an answer may take.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Closes connections that are of no more use.
    pub(crate) fn sweep(&self, clock: &Clock) {
        self.upstream.sweep(clock);
    }
}

fn content(inquiry: &Inquiry) -> Content {
    match inquiry.body.is_empty() {
        true => Content::None,
        false => Content::Whole(inquiry.body.clone()),
    }
}

/// Only a plain answer of JSON is one: a redirect leads where nobody was trusted to lead.
fn check_head(status: StatusCode, headers: &HeaderMap) -> Result<(), String> {
    if status != StatusCode::OK {
        return Err(format!("the answer has status {}", status.as_u16()));
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err("the answer has a content coding that was not asked for".to_owned());
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        true => Ok(()),
        false => Err("the answer is not JSON by its Content-Type".to_owned()),
    }
}

/// The part of a snapshot that names whom the gateway asks. Anything else wrong with it is the engine's to say.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    callouts: Vec<AskedCallout>,
    #[serde(default)]
    issuers: Vec<AskedIssuer>,
}

#[derive(Deserialize)]
struct AskedIssuer {
    issuer: String,
    jwks_url: Option<String>,
    fetch: Option<KeyFetch>,
    introspection: Option<Introspection>,
}

#[derive(Deserialize)]
struct AskedCallout {
    remote: Remote,
}

/// What is wrong with whom a snapshot has the gateway ask.
pub(crate) fn check_all(snapshot: &[u8]) -> Vec<Diagnostic> {
    let is_there = |name: &[u8]| memchr::memmem::find(snapshot, name).is_some();
    if !is_there(b"\"remote\"") && !is_there(b"\"issuers\"") {
        return Vec::new();
    }
    let Ok(Asked { callouts, issuers }) = serde_json::from_slice(snapshot) else { return Vec::new() };
    let mut remotes: Vec<(String, &Remote)> = Vec::new();
    for (number, callout) in callouts.iter().enumerate() {
        remotes.push((format!("/callouts/{number}/remote"), &callout.remote));
    }
    for (number, issuer) in issuers.iter().enumerate() {
        let introspection = issuer.introspection.iter();
        remotes.extend(introspection.map(|asked| (format!("/issuers/{number}/introspection/remote"), &asked.remote)));
    }
    let of_remotes = remotes.iter().filter_map(|(path, remote)| check(path, remote));
    of_remotes.chain(issuers.iter().enumerate().filter_map(|(number, issuer)| issuer.mistake(number))).collect()
}

impl AskedIssuer {
    /// What is wrong with how its keys are fetched.
    fn mistake(&self, number: usize) -> Option<Diagnostic> {
        let fetch = self.fetch.clone().unwrap_or_default();
        if let Some(url) = &self.jwks_url
            && let Err(message) = Address::read(url, true)
        {
            return Some(Diagnostic::new(format!("/issuers/{number}/jwks_url"), "url-invalid", message));
        }
        let url = fetch.metadata_url.unwrap_or_else(|| self.issuer.clone());
        let remote = Remote {
            plain: url.starts_with("http:"),
            url,
            private: fetch.private,
            ca_pem: fetch.ca_pem,
            tls: fetch.tls,
            timeout_ms: fetch.timeout_ms,
        };
        self.fetch.as_ref().and_then(|_| check(&format!("/issuers/{number}/fetch"), &remote))
    }
}

/// What is wrong with a remote that is described at `path` of a snapshot.
fn check(path: &str, remote: &Remote) -> Option<Diagnostic> {
    if let Err(message) = Address::read(&remote.url, remote.plain) {
        return Some(Diagnostic::new(format!("{path}/url"), "url-invalid", message).hint("Write `https://` and a host."));
    }
    if !(1..=60_000).contains(&remote.timeout_ms) {
        return Some(Diagnostic::new(format!("{path}/timeout_ms"), "timeout-invalid", "a timeout is 1 to 60000 milliseconds"));
    }
    upstream::check_trust(path, remote.ca_pem.as_deref(), remote.tls.as_ref())
}

#[cfg(test)]
mod tests;
