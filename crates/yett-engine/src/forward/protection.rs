//! Fields that protect the reader of an answer: nothing in it is run, framed, guessed at or kept.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, EXPIRES, LAST_MODIFIED, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use yett_model::Diagnostic;
use yett_model::snapshot::Proxy;

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// What has a validator may be kept by its caller, who asks each time whether it is still good.
const ASK: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The fields of an API, made once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Protecting {
    fields: Vec<(HeaderName, HeaderValue)>,
    replace: bool,
    no_store: bool,
}

impl Protecting {
    /// What answers get that no API gives.
    pub(crate) fn usual() -> Self {
        Self::build(&Proxy::default(), "", &mut Vec::new())
    }

    /// Makes the fields and tells every mistake.
    pub(super) fn build(proxy: &Proxy, path: &str, found: &mut Vec<Diagnostic>) -> Self {
        if !proxy.security_headers {
            return Self::default();
        }
        let settings = &proxy.protection;
        let mut fields = vec![(X_CONTENT_TYPE_OPTIONS, NOSNIFF)];
        for (key, name, text) in [
            ("content_security_policy", CONTENT_SECURITY_POLICY, &settings.content_security_policy),
            ("referrer_policy", REFERRER_POLICY, &settings.referrer_policy),
            ("cross_origin_resource_policy", RESOURCE_POLICY, &settings.cross_origin_resource_policy),
            ("permissions_policy", PERMISSIONS, &settings.permissions_policy),
            ("frame_options", X_FRAME_OPTIONS, &settings.frame_options),
        ] {
            let Some(text) = text else { continue };
            match HeaderValue::from_str(text) {
                Ok(value) if !text.is_empty() => fields.push((name, value)),
                _ => {
                    let message = "this is no value of a header field";
                    found.push(Diagnostic::new(format!("{path}/protection/{key}"), "header-invalid", message));
                }
            }
        }
        Self { fields, replace: settings.replace, no_store: settings.no_store }
    }

    /// Puts them on an answer; `known`: whether it is for one caller alone.
    pub(crate) fn put(&self, headers: &mut HeaderMap, known: bool) {
        for (name, value) in &self.fields {
            match self.replace {
                true => drop(headers.insert(name, value.clone())),
                false => drop(headers.entry(name).or_insert_with(|| value.clone())),
            }
        }
        if known && self.no_store && !headers.contains_key(CACHE_CONTROL) && !headers.contains_key(EXPIRES) {
            let validated = headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED);
            headers.insert(CACHE_CONTROL, if validated { ASK } else { NO_STORE });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yett_model::snapshot::Protection;

    fn protecting(protection: Protection) -> Protecting {
        let mut found = Vec::new();
        let made = Protecting::build(&Proxy { protection, ..Proxy::default() }, "/proxy", &mut found);
        assert_eq!(found, []);
        made
    }

    fn put(protecting: &Protecting, fields: &[(&'static str, &'static str)], known: bool) -> HeaderMap {
        let fields = fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers: HeaderMap = fields.collect();
        protecting.put(&mut headers, known);
        headers
    }

    #[test]
    fn what_the_upstream_says_stays_unless_it_is_to_be_replaced() {
        let own = [("referrer-policy", "origin"), ("content-security-policy", "default-src 'self'")];
        let headers = put(&Protecting::usual(), &own, false);
        assert_eq!(headers["referrer-policy"], "origin");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        assert!(!headers.contains_key("permissions-policy") && !headers.contains_key("cache-control"));
        let replacing = Protection { replace: true, frame_options: Some("DENY".to_owned()), ..Protection::default() };
        let headers = put(&protecting(replacing), &own, false);
        assert_eq!(
            (&headers["referrer-policy"], &headers["x-frame-options"]),
            (&"no-referrer".parse().unwrap(), &"DENY".parse().unwrap())
        );
        let none = Protecting::build(&Proxy { security_headers: false, ..Proxy::default() }, "", &mut Vec::new());
        assert!(put(&none, &[], true).is_empty());
    }

    #[test]
    fn an_answer_for_one_caller_is_not_kept_unless_the_upstream_says_so() {
        let usual = Protecting::usual();
        assert_eq!(put(&usual, &[], true)["cache-control"], "no-store");
        assert_eq!(put(&usual, &[("etag", "\"e\"")], true)["cache-control"], "private, no-cache");
        assert_eq!(put(&usual, &[("cache-control", "max-age=5")], true)["cache-control"], "max-age=5");
        assert!(!put(&usual, &[("expires", "0")], true).contains_key("cache-control"));
    }

    #[test]
    fn a_text_that_is_no_value_is_told() {
        let protection = Protection { referrer_policy: Some("a\nb".to_owned()), ..Protection::default() };
        let mut found = Vec::new();
        Protecting::build(&Proxy { protection, ..Proxy::default() }, "/proxy", &mut found);
        assert_eq!((found.len(), &*found[0].path), (1, "/proxy/protection/referrer_policy"));
    }
}
