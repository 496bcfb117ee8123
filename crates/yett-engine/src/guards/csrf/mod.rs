//! The csrf guard: requests that a page of another site made a browser send, with what the browser sends of itself.
//!
//! Only browsers can be misled so, and they say where a request comes from: by `Sec-Fetch-Site` (Fetch Metadata), by
//! `Origin`, or by `Referer`. What changes nothing is free. See `GUARD.md`.

#[cfg(test)]
mod tests;
mod token;

use super::{Effects, Guard, RequestView, Verdict};
use crate::Refusal;
use crate::guards::limits::Counters;
use crate::identity::key::Pepper;
use crate::origins::{Origins, Sent, is_own, sent};
use http::header::{AUTHORIZATION, COOKIE, REFERER, SET_COOKIE};
use http::{HeaderMap, HeaderName, Method};
use std::sync::Arc;
use token::Tokens;
use yett_model::snapshot::{Api, CsrfGuard, Mode};
use yett_model::{Code, Diagnostic};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The guard of an API; the same for all of its operations.
struct Csrf {
    mode: Mode,
    /// Cookies that tell who calls; empty means any. `None`: cookies tell nobody who calls.
    cookies: Option<Vec<String>>,
    /// Whether a browser may add a user name and password, or a certificate, of itself.
    basic: bool,
    certificate: bool,
    /// Pages that may send requests with such credentials.
    trusted: Vec<Origins>,
    /// Pages that may send requests without.
    known: Vec<Origins>,
    tokens: Option<Tokens>,
}

/// What the browser sent of itself that tells who calls.
enum Ambient {
    /// Nothing.
    Nothing,
    /// Cookies: the session, as far as the guard knows it.
    Session(Vec<u8>),
    /// A password or a certificate.
    Proof,
}

/// Builds the guard of an API and tells every mistake; `None` where browsers send nothing that tells who calls.
pub(crate) fn build(api: &Api, pepper: &Pepper, path: &str, found: &mut Vec<Diagnostic>) -> Option<Arc<dyn Guard>> {
    let (basic, certificate) = (api.identify.basic, api.identify.certificate);
    let usual = CsrfGuard::default();
    let settings = match &api.guards.csrf {
        Some(settings) => settings,
        None if basic || certificate => &usual,
        None => return None,
    };
    if settings.mode == Mode::Off {
        return None;
    }
    let at = format!("{path}/guards/csrf");
    let own = Origins::parse(&settings.origins).unwrap_or_else(|(index, reason)| {
        found.push(Diagnostic::new(format!("{at}/origins/{index}"), "origin-invalid", reason));
        Origins::default()
    });
    if own.is_any() {
        let message = "if pages of every origin may send requests, nothing is refused: switch the guard off instead";
        found.push(Diagnostic::new(format!("{at}/origins"), "origin-invalid", message));
    }
    // Mistakes in the other guard's origins are told there.
    let cors = Origins::parse(&api.guards.cors.origins).unwrap_or_default();
    let mut trusted = vec![own.clone()];
    trusted.extend(api.guards.cors.credentials.then(|| cors.clone()));
    Some(Arc::new(Csrf {
        mode: settings.mode,
        cookies: api.guards.csrf.as_ref().map(|csrf| csrf.cookies.clone()),
        basic,
        certificate,
        trusted,
        known: vec![own, cors],
        tokens: settings.token.as_ref().and_then(|token| {
            Tokens::new(token, settings, &api.name, pepper)
                .map_err(|message| found.push(Diagnostic::new(format!("{at}/token"), "csrf-token-invalid", message)))
                .ok()
        }),
    }))
}

impl Guard for Csrf {
    fn name(&self) -> &'static str {
        "csrf"
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn screen(&self, request: &RequestView<'_>, _: &Counters, effects: &mut Effects) -> Verdict {
        if matches!(*request.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            self.give_token(request, effects);
            return Ok(());
        }
        self.judge(request).map_err(|reason| Refusal::open(Code::CrossSiteRequest, reason))
    }
}

impl Csrf {
    fn judge(&self, request: &RequestView<'_>) -> Result<(), &'static str> {
        let ambient = self.ambient(request);
        let is_watched = self.cookies.is_some() || !matches!(ambient, Ambient::Nothing);
        if is_watched {
            self.check_page(request, &ambient)?;
        }
        match (&self.tokens, &ambient) {
            (Some(tokens), Ambient::Session(session)) => tokens.check(request, session),
            _ => Ok(()),
        }
    }

    fn ambient(&self, request: &RequestView<'_>) -> Ambient {
        if let Some(names) = &self.cookies {
            let session = self.session(names, request.headers);
            if !session.is_empty() {
                return Ambient::Session(session);
            }
        }
        let is_basic = |value: &[u8]| value.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"basic "));
        let basic = self.basic && request.headers.get_all(AUTHORIZATION).iter().any(|value| is_basic(value.as_bytes()));
        if basic || (self.certificate && request.certified) { Ambient::Proof } else { Ambient::Nothing }
    }

    /// The cookies that tell who calls, as they were sent; empty where there are none.
    fn session(&self, names: &[String], headers: &HeaderMap) -> Vec<u8> {
        let own = self.tokens.as_ref().map(|tokens| tokens.cookie.as_bytes());
        let is_named = |name: &[u8]| match names.is_empty() {
            true => own != Some(name),
            false => names.iter().any(|one| one.as_bytes() == name),
        };
        let named: Vec<&[u8]> = cookies(headers).filter(|(name, _)| is_named(name)).map(|(_, whole)| whole).collect();
        named.join(&b';')
    }

    /// Refuses what a page of another site sent, or, with a session, what might be.
    fn check_page(&self, request: &RequestView<'_>, ambient: &Ambient) -> Result<(), &'static str> {
        match fetch_site(request.headers) {
            Some(b"same-origin" | b"none") => return Ok(()),
            Some(b"same-site" | b"cross-site") | None => {}
            Some(_) => return Err("Sec-Fetch-Site cannot be read"),
        }
        let told = match sent(request.headers) {
            Sent::Origin(origin) => Some(origin),
            Sent::Hidden => return Err("the page hides its origin"),
            Sent::Nothing => referrer(request.headers)?,
        };
        let pages = if matches!(ambient, Ambient::Nothing) { &self.known } else { &self.trusted };
        match told {
            Some(origin) if is_own(origin, request.asked(), request.tls) => Ok(()),
            Some(origin) if pages.iter().any(|pages| pages.allow(origin)) => Ok(()),
            Some(_) => Err("the page is of another site"),
            None if fetch_site(request.headers).is_some() => Err("the page is of another site"),
            // Every browser says where a request with a body comes from; the token decides where there is one.
            None if matches!(ambient, Ambient::Session(_)) && self.tokens.is_none() => {
                Err("the request does not say which page sent it")
            }
            None => Ok(()),
        }
    }

    fn give_token(&self, request: &RequestView<'_>, effects: &mut Effects) {
        let (Some(tokens), Some(names)) = (&self.tokens, &self.cookies) else { return };
        let session = self.session(names, request.headers);
        if !session.is_empty()
            && let Some(cookie) = tokens.renew(request, &session)
        {
            effects.headers.push((SET_COOKIE, cookie));
        }
    }
}

/// Each cookie of a request: its name, and the whole pair.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs.map(<[u8]>::trim_ascii).filter_map(|pair| Some((pair.split(|byte| *byte == b'=').next()?.trim_ascii(), pair)))
}

/// `Sec-Fetch-Site`; something that is no value of it where it is there twice.
fn fetch_site(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(FETCH_SITE).iter();
    let first = values.next()?;
    Some(if values.next().is_some() { b"" } else { first.as_bytes() })
}

/// The origin of the page that `Referer` names.
fn referrer(headers: &HeaderMap) -> Result<Option<&str>, &'static str> {
    const ODD: &str = "Referer is no address of a page";
    let Some(value) = headers.get(REFERER) else { return Ok(None) };
    let text = value.to_str().map_err(|_| ODD)?;
    let (scheme, rest) = text.split_once("://").ok_or(ODD)?;
    let authority = rest.find(['/', '?', '#']).map_or(rest.len(), |end| end);
    text.get(..scheme.len() + 3 + authority).map(Some).ok_or(ODD)
}
