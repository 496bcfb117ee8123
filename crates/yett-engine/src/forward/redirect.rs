//! Redirects that the gateway answers itself: an old path, and where it is now.

use super::request::public_query;
use crate::routing::template::Template;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, LOCATION};
use http::{HeaderValue, Method, Response, StatusCode};
use std::collections::BTreeSet;
use yett_model::Diagnostic;
use yett_model::snapshot::{Api, Redirect, Snapshot};

/// The redirects of an API.
#[derive(Debug, Default)]
pub(crate) struct Redirects(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    from: Template,
    /// `https://host`, or empty for the API's own base path.
    origin: String,
    to: Template,
    status: StatusCode,
    keep_query: bool,
}

impl Redirects {
    /// Compiles redirects and tells every mistake.
    pub(super) fn build(api: &Api, snapshot: &Snapshot, path: &str, found: &mut Vec<Diagnostic>) -> Self {
        let mut all = Vec::new();
        for (index, redirect) in api.proxy.redirects.iter().enumerate() {
            match compile(redirect, api, snapshot) {
                Ok(compiled) => all.push(compiled),
                Err(message) => {
                    let hint = "redirect a path that the contract does not have to one that it has, such as `/books/{id}`";
                    found.push(Diagnostic::new(format!("{path}/redirects/{index}"), "redirect-invalid", message).hint(hint));
                }
            }
        }
        Self(all)
    }

    /// The answer for a path below the base path, if it is an old one. Nothing of the caller's gets into it but values
    /// of single path segments, in their one spelling, and the query.
    pub(crate) fn answer(
        &self,
        method: &Method,
        base: &str,
        rest: &str,
        query: &str,
        credential: Option<&str>,
    ) -> Option<Response<Bytes>> {
        let asks = method == Method::GET || method == Method::HEAD;
        let (compiled, values) =
            self.0.iter().filter(|one| asks || one.keeps_method()).find_map(|one| Some((one, one.from.capture(rest)?)))?;
        let base = if compiled.origin.is_empty() { base } else { "" };
        let mut place = format!("{}{base}{}", compiled.origin, compiled.to.fill(&values)?);
        let query = if compiled.keep_query { public_query(query, credential) } else { None };
        if let Some(query) = query {
            place.push('?');
            place.push_str(&query);
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = compiled.status;
        let headers = response.headers_mut();
        headers.insert(LOCATION, HeaderValue::from_str(&place).ok()?);
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Some(response)
    }
}

impl Compiled {
    /// Whether the caller will ask again with the same method and body.
    fn keeps_method(&self) -> bool {
        self.status == StatusCode::TEMPORARY_REDIRECT || self.status == StatusCode::PERMANENT_REDIRECT
    }
}

fn compile(redirect: &Redirect, api: &Api, snapshot: &Snapshot) -> Result<Compiled, String> {
    let status = match redirect.status {
        301 | 302 | 303 | 307 | 308 => StatusCode::from_u16(redirect.status).map_err(|error| error.to_string())?,
        other => return Err(format!("{other} is no redirect: use 301, 302, 303, 307 or 308")),
    };
    let from = Template::parse(&redirect.from)?;
    if api.operations.iter().any(|one| Template::parse(&one.path).is_ok_and(|path| path.same_shape(&from))) {
        return Err(format!("'{}' is a path of the contract: it cannot be redirected too", redirect.from));
    }
    let (origin, to) = split_origin(&redirect.to, snapshot)?;
    let to = Template::parse(to)?;
    if from.is_crooked() || to.is_crooked() {
        return Err("a path has no dot segments and no empty ones".to_owned());
    }
    let known: BTreeSet<&str> = from.names().map(|name| &**name).collect();
    if let Some(unknown) = to.names().find(|name| !known.contains(&***name)) {
        return Err(format!("'{}' has no parameter '{unknown}'", redirect.from));
    }
    Ok(Compiled { from, origin: origin.to_owned(), to, status, keep_query: redirect.keep_query })
}

/// The scheme and host of a target elsewhere, which must be one of the public hosts; and its path.
fn split_origin<'t>(to: &'t str, snapshot: &Snapshot) -> Result<(&'t str, &'t str), String> {
    if to.starts_with('/') && !to.starts_with("//") {
        return Ok(("", to));
    }
    let rest = to.strip_prefix("https://").ok_or("a redirect leads to '/path' or 'https://host/path'")?;
    let slash = rest.find('/').ok_or("a redirect to another host needs a path")?;
    let host = rest.get(..slash).unwrap_or("");
    let declared = snapshot.apis.iter().any(|api| api.hosts.iter().any(|known| known == host));
    match declared {
        true => Ok(to.split_at(to.len() - rest.len() + slash)),
        false => Err(format!("'{host}' is not a public host of any API: a redirect never leads elsewhere")),
    }
}
