//! The signed double-submit token: in a cookie that no other host can set, and in a field that no other page can send.
//!
//! It holds when it expires and a keyed hash of that and of the session, so that the token of one session is worth
//! nothing in another, and no gateway needs to remember it. The key is made from the pepper that all gateways share.

use super::cookies;
use crate::guards::RequestView;
use crate::identity::key::Pepper;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderName, HeaderValue};
use yett_model::snapshot::{CsrfGuard, CsrfToken};

const EXPIRY: usize = 8;
const LONGEST: u32 = 7 * 86_400;

/// Makes and proves tokens.
pub(super) struct Tokens {
    pub(super) cookie: String,
    header: HeaderName,
    lifetime_s: u64,
    key: hmac::Key,
}

impl Tokens {
    /// # Errors
    /// What is wrong with the settings.
    pub(super) fn new(token: &CsrfToken, guard: &CsrfGuard, api: &str, pepper: &Pepper) -> Result<Self, String> {
        let name = token.cookie.strip_prefix("__Host-").unwrap_or("");
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err("the cookie's name begins with `__Host-`, so that no other host can set it".to_owned());
        }
        if guard.cookies.is_empty() {
            return Err("a token belongs to a session: name the session's `cookies`".to_owned());
        }
        if !(60..=LONGEST).contains(&token.lifetime_s) {
            return Err("a token is good for one minute to seven days".to_owned());
        }
        let header = token.header.parse().map_err(|_| format!("'{}' is no name of a header field", token.header))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &pepper.hash(&format!("yett-csrf-token:{api}")));
        Ok(Self { cookie: token.cookie.clone(), header, lifetime_s: u64::from(token.lifetime_s), key })
    }

    fn make(&self, session: &[u8], expires_s: u64) -> String {
        let expires = expires_s.to_be_bytes();
        BASE64URL_NOPAD.encode(&[&expires[..], self.sign(&expires, session).as_ref()].concat())
    }

    fn sign(&self, expires: &[u8], session: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, &[expires, session].concat())
    }

    /// Seconds that a token of this session is still good for; `None` if it is none, or no longer.
    fn left(&self, token: &[u8], session: &[u8], now_s: u64) -> Option<u64> {
        let decoded = BASE64URL_NOPAD.decode(token).ok()?;
        let (expires, tag) = decoded.split_at_checked(EXPIRY)?;
        hmac::verify(&self.key, &[expires, session].concat(), tag).ok()?;
        u64::from_be_bytes(expires.try_into().ok()?).checked_sub(now_s).filter(|left| *left > 0)
    }

    /// The tokens in the request's cookies.
    fn sent<'r>(&'r self, request: &'r RequestView<'_>) -> impl Iterator<Item = &'r [u8]> {
        let own = cookies(request.headers).filter(|(name, _)| *name == self.cookie.as_bytes());
        own.filter_map(|(name, pair)| pair.get(name.len() + 1..)).map(<[u8]>::trim_ascii)
    }

    /// Holds the request's field against its cookie, and both against the session.
    pub(super) fn check(&self, request: &RequestView<'_>, session: &[u8]) -> Result<(), &'static str> {
        let mut fields = request.headers.get_all(&self.header).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return Err("the token is missing") };
        let field = field.as_bytes();
        if !self.sent(request).any(|cookie| verify_slices_are_equal(cookie, field).is_ok()) {
            return Err("the token in the field is not the one in the cookie");
        }
        self.left(field, session, request.now.unix_ms / 1000).map(|_| ()).ok_or("the token is of another session, or has expired")
    }

    /// `Set-Cookie` with a new token, once half of the one that was sent is over.
    pub(super) fn renew(&self, request: &RequestView<'_>, session: &[u8]) -> Option<HeaderValue> {
        let now_s = request.now.unix_ms / 1000;
        let left = self.sent(request).filter_map(|token| self.left(token, session, now_s)).max();
        if left.is_some_and(|left| left > self.lifetime_s / 2) {
            return None;
        }
        let token = self.make(session, now_s + self.lifetime_s);
        // Pages read it, so that it is not HttpOnly.
        let cookie = format!("{}={token}; Path=/; Max-Age={}; Secure; SameSite=Strict", self.cookie, self.lifetime_s);
        HeaderValue::from_str(&cookie).ok()
    }
}
