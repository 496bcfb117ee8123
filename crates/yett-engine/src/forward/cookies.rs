//! `Set-Cookie` (RFC 6265): a cookie of the upstream becomes one of the public host and base path.

use super::places::{Origin, rewrite};
use http::HeaderMap;
use http::header::SET_COOKIE;
use std::borrow::Cow;
use yett_model::snapshot::{Cookies, SameSite, SecureCookies};

/// What the attributes of cookies are written by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub(super) rules: &'a Cookies,
    /// Whether the caller came over TLS.
    pub(super) tls: bool,
    /// Public host without port.
    pub(super) host: &'a str,
}

/// Writes every cookie anew for the public side.
pub(super) fn translate_cookies(headers: &mut HeaderMap, origin: &Origin<'_>, shelf: Shelf<'_>) {
    rewrite(headers, &SET_COOKIE, |cookie| translate(cookie, origin, shelf));
}

fn translate<'c>(cookie: &'c str, origin: &Origin<'_>, shelf: Shelf<'_>) -> Option<Cow<'c, str>> {
    let mut parts = cookie.split(';');
    let pair = parts.next()?.trim();
    let begins = |with: &str| pair.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    // Browsers drop a cookie whose name promises what its attributes do not keep.
    let bound_to_host = begins("__Host-");
    let name = pair.split('=').next().unwrap_or("").trim_end();
    let is_free = shelf.rules.exceptions.iter().any(|except| except == name);
    let mut written = vec![pair.to_owned()];
    let (mut secure, mut http_only, mut same_site) = (false, false, None);
    for attribute in parts.map(str::trim).filter(|attribute| !attribute.is_empty()) {
        let (name, value) = attribute.split_once('=').map_or((attribute, ""), |(name, value)| (name.trim(), value.trim()));
        match name.to_ascii_lowercase().as_str() {
            "domain" if bound_to_host => {}
            "path" if bound_to_host => {}
            "domain" => written.extend(domain(value, shelf.host).map(|domain| format!("Domain={domain}"))),
            "path" => written.push(format!("Path={}", path(value, origin))),
            "secure" => secure = true,
            "httponly" => http_only = true,
            "samesite" => same_site = Some(value.to_owned()),
            _ => written.push(attribute.to_owned()),
        }
    }
    written.extend(bound_to_host.then(|| "Path=/".to_owned()));
    let promised = bound_to_host || begins("__Secure-");
    let forced = match shelf.rules.secure {
        _ if is_free => false,
        SecureCookies::Tls => shelf.tls,
        SecureCookies::Always => true,
        SecureCookies::Keep => false,
    };
    let usual = shelf.rules.same_site.filter(|_| !is_free).map(|same_site| match same_site {
        SameSite::Strict => "Strict".to_owned(),
        SameSite::Lax => "Lax".to_owned(),
    });
    written.extend((secure || forced || promised).then(|| "Secure".to_owned()));
    written.extend((http_only || (shelf.rules.http_only && !is_free)).then(|| "HttpOnly".to_owned()));
    written.extend(same_site.or(usual).map(|value| format!("SameSite={value}")));
    Some(Cow::Owned(written.join("; ")))
}

/// A domain that the public host belongs to stays; any other is the upstream's, or one that no caller would accept: the
/// cookie is then for the public host alone.
fn domain<'d>(value: &'d str, host: &str) -> Option<&'d str> {
    let bare = value.strip_prefix('.').unwrap_or(value);
    let is_suffix =
        host.len().checked_sub(bare.len()).and_then(|start| host.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(bare));
    let whole = host.len() == bare.len() || host.as_bytes().get(host.len().wrapping_sub(bare.len() + 1)) == Some(&b'.');
    (!bare.is_empty() && is_suffix && whole).then_some(value)
}

/// The public spelling of a cookie's path; a path above the upstream's prefix becomes the base path.
fn path(value: &str, origin: &Origin<'_>) -> String {
    let base = if origin.base.is_empty() { "/" } else { origin.base };
    if value == "/" || !value.starts_with('/') {
        return base.to_owned();
    }
    // A trailing slash is kept: `/a/` and `/a` are the same path to the eye, but not to a browser.
    origin.public(value, &origin.target.prefix).unwrap_or_else(|| base.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::places::tests::{Setting, setting};
    use super::*;
    use http::HeaderValue;

    /// Rules that add nothing of themselves.
    fn plainly() -> Cookies {
        Cookies { http_only: false, same_site: None, ..Cookies::default() }
    }

    fn told(cookie: &str, setting: &Setting, tls: bool, rules: &Cookies) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(SET_COOKIE, HeaderValue::from_str(cookie).unwrap());
        translate_cookies(&mut headers, &setting.origin(), Shelf { rules, tls, host: "api.shop.example" });
        headers[SET_COOKIE].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_cookie_of_the_upstream_becomes_one_of_the_public_side() {
        let setting = setting(&["http://10.0.0.1:9000/v1"], "/shop");
        let plain = |cookie: &str| told(cookie, &setting, false, &plainly());
        for (cookie, expected) in [
            ("a=1", "a=1"),
            ("a=1; Path=/v1/orders; Domain=10.0.0.1", "a=1; Path=/shop/orders"),
            ("a=1; path=/; domain=internal.example", "a=1; Path=/shop"),
            ("a=1; Domain=.shop.example; Path=/elsewhere", "a=1; Domain=.shop.example; Path=/shop"),
            ("a=1; Domain=op.example", "a=1"),
            ("a=1; Max-Age=5; SameSite=None; Secure", "a=1; Max-Age=5; Secure; SameSite=None"),
            ("__Host-a=1; Path=/; Secure", "__Host-a=1; Path=/; Secure"),
            ("__host-a=1; Path=/v1; Domain=shop.example", "__host-a=1; Path=/; Secure"),
            ("__Secure-a=1; Domain=shop.example", "__Secure-a=1; Domain=shop.example; Secure"),
            ("a=\"x=y\"; HttpOnly", "a=\"x=y\"; HttpOnly"),
        ] {
            assert_eq!(plain(cookie), expected);
        }
    }

    #[test]
    fn attributes_are_added_as_asked_and_never_taken_off() {
        let setting = setting(&["http://10.0.0.1:9000"], "");
        assert_eq!(told("a=1", &setting, true, &plainly()), "a=1; Secure");
        let all = Cookies {
            secure: SecureCookies::Always,
            same_site: Some(SameSite::Strict),
            exceptions: vec!["b".to_owned()],
            ..Cookies::default()
        };
        assert_eq!(told("a=1", &setting, false, &all), "a=1; Secure; HttpOnly; SameSite=Strict");
        assert_eq!(told("b=1", &setting, true, &all), "b=1");
        let keep = Cookies { secure: SecureCookies::Keep, ..plainly() };
        assert_eq!(told("a=1", &setting, true, &keep), "a=1");
        assert_eq!(told("a=1; Secure; SameSite=lax", &setting, true, &keep), "a=1; Secure; SameSite=lax");
    }

    #[test]
    fn no_script_and_no_other_site_gets_a_cookie_unless_the_upstream_means_it() {
        let setting = setting(&["http://10.0.0.1:9000"], "");
        let usual = |cookie: &str| told(cookie, &setting, true, &Cookies::default());
        assert_eq!(usual("session=1; Path=/"), "session=1; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(usual("session=1; SameSite=None"), "session=1; Secure; HttpOnly; SameSite=None");
    }
}
