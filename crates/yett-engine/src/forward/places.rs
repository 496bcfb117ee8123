//! Places that an answer names, told as the caller must spell them.

use crate::plan::TargetPlan;
use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, HeaderValue};

/// Where an answer comes from and under which base path the caller knows it.
pub(crate) struct Origin<'a> {
    pub target: &'a TargetPlan,
    pub base: &'a str,
    /// Whether a public path is one of the contract's.
    pub is_path: &'a dyn Fn(&str) -> bool,
}

/// Writes `Location` and `Content-Location` as the caller must spell them: the upstream's own address means nothing to
/// it, and is not its business. Other hosts' addresses stay as they are.
pub(super) fn translate_locations(headers: &mut HeaderMap, origin: &Origin<'_>) {
    for name in [LOCATION, CONTENT_LOCATION] {
        let translated = headers.get(&name).and_then(|value| value.to_str().ok()).and_then(|place| translate(place, origin));
        if let Some(value) = translated.and_then(|place| HeaderValue::from_str(&place).ok()) {
            headers.insert(name, value);
        }
    }
}

/// The place below the base path; `None` if it is relative already or somebody else's.
fn translate(place: &str, origin: &Origin<'_>) -> Option<String> {
    let scheme = if origin.target.tls { "https://" } else { "http://" };
    let host = origin.target.host.to_str().ok()?;
    let path = match place.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)) {
        Some(_) => {
            let rest = place.get(scheme.len()..)?;
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            rest.get(..end).filter(|authority| authority.eq_ignore_ascii_case(host))?;
            rest.get(end..)?
        }
        None if place.starts_with('/') && !place.starts_with("//") => place,
        None => return None,
    };
    let below = below(path, &origin.target.prefix)?;
    let public = format!("{}{below}", origin.base);
    let public = if public.starts_with('/') { public } else { format!("/{public}") };
    // An upstream that knows its base path spells it already; only the contract can tell.
    let may_be_public = !origin.base.is_empty() && self::below(path, origin.base).is_some();
    let bare = public.split(['?', '#']).next().unwrap_or("");
    (!may_be_public || (origin.is_path)(bare)).then_some(public)
}

/// What follows a prefix of whole segments.
fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use yett_model::snapshot::Target;

    #[test]
    fn places_of_the_upstream_are_told_as_the_caller_must_spell_them() {
        let target = |url: &str| crate::plan::target::parse_target(&Target { url: url.to_owned(), weight: 1 }, 0).unwrap();
        let told = |url: &str, base: &str, place: &str| {
            translate(place, &Origin { target: &target(url), base, is_path: &|path| path == "/shop/shop/of-the-contract" })
        };
        for (url, base, place, expected) in [
            ("http://10.0.0.1:9000", "/shop", "/orders/1", Some("/shop/orders/1")),
            ("http://10.0.0.1:9000", "/shop", "http://10.0.0.1:9000/orders/1?a#b", Some("/shop/orders/1?a#b")),
            ("http://10.0.0.1:9000", "/shop", "HTTP://10.0.0.1:9000", Some("/shop")),
            ("http://10.0.0.1:9000", "/shop", "/shop/orders/1", None),
            ("http://10.0.0.1:9000", "/shop", "/shop/of-the-contract?a", Some("/shop/shop/of-the-contract?a")),
            ("http://10.0.0.1:9000/v1", "", "/v1/orders", Some("/orders")),
            ("http://10.0.0.1:9000/v1", "", "/v1", Some("/")),
            ("http://10.0.0.1:9000/v1", "/shop", "/v10/orders", None),
            ("http://10.0.0.1:9000", "/shop", "https://elsewhere.example/x", None),
            ("http://10.0.0.1:9000", "/shop", "//elsewhere.example/x", None),
            ("http://10.0.0.1:9000", "/shop", "orders/1", None),
        ] {
            assert_eq!(told(url, base, place).as_deref(), expected, "{url} {base} {place}");
        }
    }
}
