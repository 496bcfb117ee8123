//! The cors guard: which pages of other origins may read an API's answers, and whether their requests go on.
//!
//! Browsers ask the server (Fetch standard, CORS protocol); the gateway answers in the upstream's place, out of the
//! contract: the methods are those of the path, the fields those of the operation. See `GUARD.md`.

mod preflight;
#[cfg(test)]
mod tests;

use super::{Effects, Guard, RequestView, Verdict};
use crate::Refusal;
use crate::guards::limits::Counters;
use crate::origins::{Origins, Sent, is_own, sent};
use crate::upgrade;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, COOKIE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use preflight::Preflight;
use std::sync::Arc;
use yett_model::snapshot::{Api, Foreign, Mode};
use yett_model::{Code, Diagnostic};

const TRUE: HeaderValue = HeaderValue::from_static("true");
const ANY: HeaderValue = HeaderValue::from_static("*");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");

/// The API's part: what browsers are told.
pub(crate) struct CorsPlan {
    origins: Arc<Origins>,
    credentials: bool,
    expose: Option<HeaderValue>,
    max_age: HeaderValue,
    private_network: bool,
    /// Of each operation, in the order of the API.
    operations: Vec<Preflight>,
    /// Refuses requests of other origins; shared by the API's operations.
    guard: Option<Arc<dyn Guard>>,
}

impl CorsPlan {
    /// Compiles the API's part and tells every mistake; `None` where no page of another origin is spoken of.
    pub(crate) fn build(api: &Api, path: &str, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let settings = &api.guards.cors;
        if settings.mode == Mode::Off || settings.origins.is_empty() {
            return None;
        }
        let at = format!("{path}/guards/cors");
        let origins = Origins::parse(&settings.origins).unwrap_or_else(|(index, reason)| {
            found.push(Diagnostic::new(format!("{at}/origins/{index}"), "origin-invalid", reason));
            Origins::default()
        });
        if origins.is_any() && settings.credentials {
            let message = "every page of the web could read answers with its user's credentials";
            let hint = "name the origins, or take `credentials` away";
            found.push(Diagnostic::new(format!("{at}/credentials"), "cors-credentials-for-all", message).hint(hint));
        }
        let origins = Arc::new(origins);
        let guard = Outsiders { mode: settings.mode, foreign: settings.foreign, origins: origins.clone() };
        let refuses = settings.foreign != Foreign::Pass && !origins.is_any();
        Some(Self {
            origins,
            credentials: settings.credentials,
            expose: list(&settings.expose, &format!("{at}/expose"), found),
            max_age: HeaderValue::from(settings.max_age_s),
            private_network: settings.private_network,
            operations: preflight::of_api(api, &at, found),
            guard: refuses.then(|| Arc::new(guard) as Arc<dyn Guard>),
        })
    }

    /// The guard that refuses requests of other origins; one for all operations.
    pub(crate) fn guard(&self) -> Option<Arc<dyn Guard>> {
        self.guard.clone()
    }

    /// What the answer says to the page that sent the request. It may be kept by caches on the way, so that it always
    /// says that it depends on the origin, if it does.
    pub(crate) fn tell(&self, headers: &HeaderMap, own: impl Fn(&str) -> bool) -> Vec<(HeaderName, HeaderValue)> {
        if self.origins.is_any() {
            return self.grant(ANY);
        }
        let granted = match sent(headers) {
            Sent::Origin(origin) if !own(origin) && self.origins.allow(origin) => HeaderValue::from_str(origin).ok(),
            _ => None,
        };
        let mut told = granted.map_or_else(Vec::new, |origin| self.grant(origin));
        told.push((VARY, BY_ORIGIN));
        told
    }

    fn grant(&self, origin: HeaderValue) -> Vec<(HeaderName, HeaderValue)> {
        let mut told = vec![(ACCESS_CONTROL_ALLOW_ORIGIN, origin)];
        told.extend(self.credentials.then_some((ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE)));
        told.extend(self.expose.clone().map(|names| (ACCESS_CONTROL_EXPOSE_HEADERS, names)));
        told
    }
}

/// Names as one field.
fn list(names: &[String], path: &str, found: &mut Vec<Diagnostic>) -> Option<HeaderValue> {
    for (index, name) in names.iter().enumerate() {
        if name.parse::<HeaderName>().is_err() {
            let message = format!("'{name}' is no name of a header field");
            found.push(Diagnostic::new(format!("{path}/{index}"), "header-invalid", message));
        }
    }
    HeaderValue::from_str(&names.join(", ")).ok().filter(|_| !names.is_empty())
}

/// Refuses requests of pages of origins that are not named.
struct Outsiders {
    mode: Mode,
    foreign: Foreign,
    origins: Arc<Origins>,
}

impl Guard for Outsiders {
    fn name(&self) -> &'static str {
        "cors"
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn screen(&self, request: &RequestView<'_>, _: &Counters, _: &mut Effects) -> Verdict {
        let origin = match sent(request.headers) {
            Sent::Nothing => return Ok(()),
            Sent::Origin(origin) => Some(origin),
            Sent::Hidden => None,
        };
        let known = origin.is_some_and(|origin| self.origins.allow(origin) || is_own(origin, request.asked(), request.tls));
        // Who may open a WebSocket, the operation says.
        if known || !self.refuses(request) || upgrade::is_asked(request.headers) {
            return Ok(());
        }
        Err(Refusal::open(Code::OriginRefused, "the page's origin is neither the API's own nor one it names"))
    }
}

impl Outsiders {
    fn refuses(&self, request: &RequestView<'_>) -> bool {
        let carries = |name| request.headers.contains_key(name);
        self.foreign == Foreign::Refuse || carries(COOKIE) || carries(AUTHORIZATION) || request.certified
    }
}
