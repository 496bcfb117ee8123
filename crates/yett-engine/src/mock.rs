//! Answers that the gateway gives in the place of an upstream, made from the contract when it was compiled.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use yett_model::snapshot::MockAnswer;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The answers of an operation; the first is given to who prefers none.
pub(crate) struct Mock {
    answers: Vec<Made>,
}

struct Made {
    status: StatusCode,
    content_type: Option<HeaderValue>,
    body: Bytes,
}

impl Mock {
    /// `Ok(None)`: the upstream answers.
    ///
    /// # Errors
    /// A sentence, if an answer cannot be given.
    pub(crate) fn build(answers: &[MockAnswer]) -> Result<Option<Self>, String> {
        let answers: Vec<Made> = answers.iter().map(Made::new).collect::<Result<_, _>>()?;
        Ok((!answers.is_empty()).then_some(Self { answers }))
    }

    /// The answer to a request: of the status that `Prefer: code=404` names (RFC 7240), and of a form that `Accept`
    /// names. A preference that no answer meets is passed over, as the RFC has it.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response<Bytes> {
        let wanted = preferred(headers);
        let of_status = |made: &&Made| wanted == Some(made.status.as_u16());
        let preferred = self.answers.iter().any(|made| of_status(&made));
        let status = if preferred { wanted } else { self.answers.first().map(|made| made.status.as_u16()) };
        let mut fitting = self.answers.iter().filter(|made| Some(made.status.as_u16()) == status);
        let accepted = fitting.clone().find(|made| made.is_accepted(headers));
        let mut response = accepted.or_else(|| fitting.next()).map_or_else(Response::default, Made::response);
        if let Some(code) = wanted.filter(|_| preferred)
            && let Ok(applied) = HeaderValue::from_str(&format!("code={code}"))
        {
            response.headers_mut().insert(PREFERENCE_APPLIED, applied);
        }
        response
    }
}

impl Made {
    fn new(answer: &MockAnswer) -> Result<Self, String> {
        let status = StatusCode::from_u16(answer.status).ok().filter(|status| status.as_u16() >= 200);
        let status = status.ok_or_else(|| format!("{} is no status of an answer", answer.status))?;
        let content_type = answer.content_type.as_deref().map(HeaderValue::from_str).transpose();
        let content_type = content_type.map_err(|_| "a media type has characters that no field can have".to_owned())?;
        Ok(Self { status, content_type, body: Bytes::from(answer.body.clone()) })
    }

    /// Whether a media range of `Accept` names its form; who says nothing takes anything.
    fn is_accepted(&self, headers: &HeaderMap) -> bool {
        let Some(own) = self.content_type.as_ref().and_then(|own| own.to_str().ok()) else { return true };
        let mut ranges =
            headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let named = |range: &str| range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(own);
        !headers.contains_key(ACCEPT) || ranges.any(named)
    }

    fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(self.body.clone());
        *response.status_mut() = self.status;
        if let Some(content_type) = &self.content_type {
            response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
        }
        response
    }
}

/// The status that a request prefers: `code=404`, or `status=404`.
fn preferred(headers: &HeaderMap) -> Option<u16> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split([',', ';'])).filter_map(|preference| preference.split_once('='));
    preferences.find_map(|(name, value)| {
        let name = name.trim();
        let is_status = name.eq_ignore_ascii_case("code") || name.eq_ignore_ascii_case("status");
        is_status.then(|| value.trim().trim_matches('"').parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(status: u16, content_type: Option<&str>, body: &str) -> MockAnswer {
        MockAnswer { status, content_type: content_type.map(str::to_owned), body: body.to_owned() }
    }

    fn mock() -> Mock {
        let json = Some("application/json");
        let answers = [made(200, json, "{}"), made(200, Some("text/plain"), "hello"), made(404, json, "[]"), made(503, None, "")];
        Mock::build(&answers).unwrap().unwrap()
    }

    fn told(headers: &[(&'static str, &str)]) -> (u16, String, Option<String>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let response = mock().answer(&map);
        let applied = response.headers().get("preference-applied").map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap(), applied)
    }

    #[test]
    fn the_first_answer_is_given_to_who_prefers_none() {
        assert_eq!(told(&[]), (200, "{}".into(), None));
        assert_eq!(told(&[("accept", "image/png")]), (200, "{}".into(), None));
    }

    #[test]
    fn a_documented_status_is_given_to_who_prefers_it() {
        assert_eq!(told(&[("prefer", "respond-async, code=404")]), (404, "[]".into(), Some("code=404".into())));
        assert_eq!(told(&[("prefer", "status=\"503\"")]), (503, String::new(), Some("code=503".into())));
    }

    #[test]
    fn a_preference_that_no_answer_meets_is_passed_over() {
        for value in ["code=418", "code=", "code=99999", "wait=1"] {
            assert_eq!(told(&[("prefer", value)]), (200, "{}".into(), None), "{value}");
        }
    }

    #[test]
    fn the_form_is_one_that_the_caller_takes() {
        assert_eq!(told(&[("accept", "image/png, text/plain;q=0.5")]).1, "hello");
    }

    #[test]
    fn an_answer_that_cannot_be_given_is_refused() {
        assert!(Mock::build(&[made(100, None, "")]).is_err());
        assert!(Mock::build(&[made(1000, None, "")]).is_err());
        assert!(Mock::build(&[made(200, Some("a\nb"), "")]).is_err());
        assert!(Mock::build(&[]).unwrap().is_none());
    }
}
