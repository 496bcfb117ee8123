//! How operations go: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) tell callers, brownouts make them notice, and after
//! the sunset they are refused with where to go.

use crate::Refusal;
use http::header::{LINK, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::{Duration, UNIX_EPOCH};
use yett_model::Code;
use yett_model::snapshot::{Brownout, Retirement};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The retirement of an operation, its fields spelled once.
pub(crate) struct RetirementPlan {
    sunset_at: Option<u64>,
    brownouts: Vec<Brownout>,
    fields: Vec<(HeaderName, HeaderValue)>,
}

impl RetirementPlan {
    /// Spells the fields. The error is a sentence saying what is wrong.
    pub(crate) fn build(retirement: &Retirement) -> Result<Self, &'static str> {
        let mut fields = Vec::new();
        let value = |text: String| HeaderValue::from_str(&text).map_err(|_| "the guide is no URL");
        if let Some(at) = retirement.deprecated_at {
            fields.push((DEPRECATION, value(format!("@{at}"))?));
        }
        if let Some(at) = retirement.sunset_at {
            let moment = UNIX_EPOCH.checked_add(Duration::from_secs(at)).filter(|_| at < YEAR_9999);
            fields.push((SUNSET, value(httpdate::fmt_http_date(moment.ok_or("the sunset is too far away")?))?));
        }
        if let Some(guide) = &retirement.guide {
            if guide.contains(['<', '>', ' ', '"']) {
                return Err("the guide is no URL");
            }
            fields.push((LINK, value(format!("<{guide}>; rel=\"deprecation\"; type=\"text/html\""))?));
            fields.push((LINK, value(format!("<{guide}>; rel=\"sunset\"; type=\"text/html\""))?));
        }
        Ok(Self { sunset_at: retirement.sunset_at, brownouts: retirement.brownouts.clone(), fields })
    }

    /// Refuses what is gone, or gone for a while, at the Unix second.
    pub(crate) fn check(&self, now: u64) -> Result<(), Box<Refusal>> {
        if self.sunset_at.is_some_and(|at| at <= now) {
            return Err(Refusal::new(Code::OperationRetired, "the operation has come to its sunset"));
        }
        match self.brownouts.iter().find(|brownout| brownout.from <= now && now < brownout.until) {
            Some(brownout) => Err(Refusal::new(Code::OperationBrownout, "the operation is in a brownout")
                .with_header(RETRY_AFTER, HeaderValue::from(brownout.until - now))),
            None => Ok(()),
        }
    }

    /// Tells the caller of an answer, beside what links it has already.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        // What the upstream says of itself gives way: the gateway enforces what it says.
        headers.remove(DEPRECATION);
        headers.remove(SUNSET);
        for (name, value) in &self.fields {
            headers.append(name, value.clone());
        }
    }
}

/// The last second that an HTTP date can tell.
const YEAR_9999: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> RetirementPlan {
        let brownouts = vec![Brownout { from: 1_790_000_000, until: 1_790_000_600 }];
        let guide = Some("https://docs.example.org/v2".to_owned());
        let told = Retirement { deprecated_at: Some(1_767_225_600), sunset_at: Some(1_798_761_600), guide, brownouts };
        RetirementPlan::build(&told).unwrap()
    }

    #[test]
    fn callers_are_told_beside_other_links() {
        let mut headers = HeaderMap::from_iter([(LINK, HeaderValue::from_static("</a>; rel=\"next\""))]);
        plan().announce(&mut headers);
        assert_eq!(headers["deprecation"], "@1767225600");
        assert_eq!(headers["sunset"], "Fri, 01 Jan 2027 00:00:00 GMT");
        assert_eq!(headers.get_all(LINK).iter().count(), 3);
    }

    #[test]
    fn a_brownout_is_as_long_as_it_says() {
        let refused = |now| plan().check(now).err().map(|refusal| (refusal.code, refusal.headers.len()));
        assert_eq!(refused(1_789_999_999), None);
        assert_eq!(refused(1_790_000_000), Some((Code::OperationBrownout, 1)));
        assert_eq!(refused(1_790_000_600), None);
    }

    #[test]
    fn the_sunset_ends_it() {
        assert!(plan().check(1_798_761_599).is_ok());
        assert_eq!(plan().check(1_798_761_600).unwrap_err().code, Code::OperationRetired);
    }

    #[test]
    fn what_cannot_be_a_field_is_refused() {
        let guide = |text: &str| Retirement { guide: Some(text.to_owned()), ..Retirement::default() };
        assert!(RetirementPlan::build(&guide("https://a\r\nx: y")).is_err());
        assert!(RetirementPlan::build(&guide("https://a>; rel=x")).is_err());
        let far = Retirement { sunset_at: Some(u64::MAX), ..Retirement::default() };
        assert!(RetirementPlan::build(&far).is_err());
    }
}
