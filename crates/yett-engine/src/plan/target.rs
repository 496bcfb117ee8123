//! Where an upstream is: a URL read once.

use super::TargetPlan;
use http::HeaderValue;
use yett_model::snapshot::Target;

/// Reads a target's URL.
///
/// # Errors
/// A sentence saying what is wrong with it.
pub(crate) fn parse_target(target: &Target, api: u32) -> Result<TargetPlan, String> {
    let uri: http::Uri = target.url.parse().map_err(|error| format!("'{}' is no URL: {error}", target.url))?;
    let tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(format!("'{}' must begin with http:// or https://", target.url)),
    };
    let authority = uri.authority().ok_or_else(|| format!("'{}' names no host", target.url))?;
    if authority.as_str().contains('@') || uri.query().is_some() {
        return Err("a target has no user name and no query".to_owned());
    }
    Ok(TargetPlan {
        url: target.url.clone(),
        tls,
        name: authority.host().trim_matches(['[', ']']).to_owned(),
        port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        host: HeaderValue::from_str(authority.as_str()).map_err(|_| "the host has odd characters".to_owned())?,
        prefix: uri.path().trim_end_matches('/').to_owned(),
        api,
        weight: target.weight,
    })
}
