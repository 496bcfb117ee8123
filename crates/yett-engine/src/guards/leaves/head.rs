//! Leaves of the head.

use super::{Leaf, Part, Place, Spot, Visit, Watch, percent};
use crate::guards::RequestView;
use http::header::COOKIE;
use std::ops::ControlFlow;

/// Fields that are read by the gateway or by nobody, or hold a credential.
const UNWATCHED: [&str; 24] = [
    "authorization",
    "proxy-authorization",
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "accept",
    "accept-encoding",
    "cookie",
    "date",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "dpop",
    "signature",
    "signature-input",
];

impl Watch {
    /// Path, query, header and cookie parameters.
    pub(crate) fn head(&self, request: &RequestView<'_>, visit: Visit<'_>) -> ControlFlow<()> {
        for (name, raw) in request.path_parameters.iter().filter(|(name, _)| *self.path.get(&**name).unwrap_or(&true)) {
            visit(&named(Place::Path, Part::Value, name, &percent(raw, false)))?;
        }
        self.query(request, visit)?;
        self.headers(request, visit)
    }

    fn query(&self, request: &RequestView<'_>, visit: Visit<'_>) -> ControlFlow<()> {
        if request.query.is_empty() || (!self.others_in_query && self.query.values().all(|open| !open)) {
            return ControlFlow::Continue(());
        }
        for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
            let (raw_name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent(raw_name, true);
            if request.credential_query.is_some_and(|credential| credential == name) {
                continue;
            }
            match self.query.get(&*name) {
                Some(false) => {}
                Some(true) => visit(&named(Place::Query, Part::Value, &name, &percent(raw, true)))?,
                None => {
                    visit(&named(Place::Query, Part::Name, &name, &name))?;
                    visit(&named(Place::Query, Part::Value, &name, &percent(raw, true)))?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn headers(&self, request: &RequestView<'_>, visit: Visit<'_>) -> ControlFlow<()> {
        for (name, value) in request.headers.iter() {
            let name = name.as_str();
            let place = match self.headers.get(name) {
                Some(true) => Place::Header,
                Some(false) => continue,
                None if UNWATCHED.contains(&name) || name.starts_with("sec-") => continue,
                None => Place::OtherHeader,
            };
            visit(&named(place, Part::Value, name, &String::from_utf8_lossy(value.as_bytes())))?;
        }
        for value in request.headers.get_all(COOKIE) {
            self.cookies(&String::from_utf8_lossy(value.as_bytes()), visit)?;
        }
        ControlFlow::Continue(())
    }

    fn cookies(&self, text: &str, visit: Visit<'_>) -> ControlFlow<()> {
        for pair in text.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let known = self.cookies.get(name).copied();
            if known.is_none() {
                visit(&named(Place::Cookie, Part::Name, name, name))?;
            }
            if known.unwrap_or(true) {
                visit(&named(Place::Cookie, Part::Value, name, &percent(raw, false)))?;
            }
        }
        ControlFlow::Continue(())
    }
}

pub(super) fn named<'l>(place: Place, part: Part, name: &'l str, text: &'l str) -> Leaf<'l> {
    Leaf { place, part, text, spot: Spot::Named(name) }
}
