//! The leaks guard: stack traces, SQL errors, internal addresses and versions of the upstream stay inside.
//!
//! An error that tells of the inside is replaced by a problem of the gateway's, with its status; where other answers hold
//! a trace or an SQL error, that is recorded, or they are refused. See `GUARD.md`.

mod signatures;

use super::contract::media::{self, Sent};
use super::contract::response::{content_length, may_have_body};
use super::{Guard, RequestView, ResponseView, Verdict};
use crate::Refusal;
use crate::body::Body;
use crate::exchange::BodyNeed;
use crate::forward::replacement;
use crate::plan::Scope;
use http::HeaderMap;
use signatures::Depth;
use std::sync::Arc;
use yett_model::Code;
use yett_model::snapshot::{LeaksGuard as Settings, Mode};

/// The guard of one operation.
struct LeaksGuard {
    settings: Settings,
}

/// Builds the guard of one operation.
pub(super) fn build(scope: &Scope<'_>) -> Option<Arc<dyn Guard>> {
    let settings = scope.api.guards.leaks.clone();
    let is_on = settings.mode != Mode::Off || settings.answers != Mode::Off;
    is_on.then(|| Arc::new(LeaksGuard { settings }) as Arc<dyn Guard>)
}

impl LeaksGuard {
    fn mode_of(&self, status: u16) -> Mode {
        if status >= 400 { self.settings.mode } else { self.settings.answers }
    }
}

impl Guard for LeaksGuard {
    fn name(&self) -> &'static str {
        "leaks"
    }

    /// It looks at no request.
    fn mode(&self) -> Mode {
        Mode::Off
    }

    /// Its own verdicts say what is only watched.
    fn response_mode(&self) -> Mode {
        Mode::Enforce
    }

    fn response_need(&self, request: &RequestView<'_>, response: &ResponseView<'_>) -> BodyNeed {
        let asks = match response.status {
            400.. => self.settings.mode != Mode::Off,
            _ => self.settings.answers == Mode::Enforce,
        };
        let looks = asks && may_have_body(request.method, response.status) && media::is_plain(response.headers);
        if looks && is_readable(response.headers) { BodyNeed::Collect } else { BodyNeed::Pass }
    }

    fn reshape_response(
        &self,
        _request: &RequestView<'_>,
        response: &ResponseView<'_>,
        body: &Body,
    ) -> Result<Option<super::Reshaped>, Box<Refusal>> {
        let told = (self.mode_of(response.status) == Mode::Monitor).then(|| leak(response, body)).flatten();
        Ok(told.map(|what| super::Reshaped { would_change: vec![format!("hid {what}")], ..super::Reshaped::default() }))
    }

    fn respond(&self, request: &RequestView<'_>, response: &ResponseView<'_>, body: Option<&Body>) -> Verdict {
        if self.mode_of(response.status) != Mode::Enforce || !may_have_body(request.method, response.status) {
            return Ok(());
        }
        let empty = content_length(response.headers) == Some(0);
        match body {
            Some(body) => leak(response, body).map_or(Ok(()), |what| Err(refusal(response, what))),
            None if empty || !is_readable(response.headers) => Ok(()),
            None if !media::is_plain(response.headers) => Err(refusal(response, "a text in a content coding")),
            None => Err(refusal(response, "a text too long to be looked through")),
        }
    }
}

/// What an answer tells of the inside.
fn leak(response: &ResponseView<'_>, body: &Body) -> Option<&'static str> {
    let depth = if response.status >= 400 { Depth::Error } else { Depth::Answer };
    is_readable(response.headers).then(|| signatures::find(body.bytes(), depth)).flatten()
}

fn refusal(response: &ResponseView<'_>, what: &str) -> Box<Refusal> {
    match response.status {
        status @ 400.. => {
            let mut refusal = replacement(status, response.headers);
            refusal.reason = format!("the upstream answered {status}, and told {what}");
            refusal
        }
        _ => Refusal::new(Code::ResponseLeaks, format!("the answer tells {what}")),
    }
}

/// Whether a body is text, as far as its type says; one without a type may be. Streams of events never end.
fn is_readable(headers: &HeaderMap) -> bool {
    let Sent::Type(sent) = media::sent(headers) else { return true };
    let essence = &*sent.value;
    essence != "text/event-stream"
        && (media::is_json(essence)
            || essence.starts_with("text/")
            || essence.ends_with("xml")
            || essence.ends_with("javascript"))
}

#[cfg(test)]
mod tests {
    use crate::BodyNeed;
    use crate::fixture::{KEY, changed, engine, exchange, head};
    use bytes::Bytes;
    use http::Response;
    use serde_json::{Value, json};

    /// What the caller gets of an answer, and what the event says of it.
    fn answered(guard: &Value, status: u16, kind: &str, body: &str) -> (u16, String, Value) {
        let engine = engine(&changed("/apis/0/guards", json!({"leaks": guard})));
        let mut exchange = exchange(&engine, 1);
        let parts = head("GET", "/shop/books/7", &[("x-api-key", KEY)]);
        exchange.judge_head(&parts).unwrap();
        exchange.judge_body(&parts, None).unwrap();
        let answer = Response::builder().status(status).header("content-type", kind);
        let mut answer = answer.body(()).unwrap().into_parts().0;
        let need = exchange.judge_response(&parts, &mut answer);
        let collected = (need == BodyNeed::Collect).then(|| Bytes::from(body.to_owned()));
        let given = match exchange.judge_response_body(&parts, &mut answer, collected) {
            Ok(changed) => (status, changed.map_or(body.to_owned(), |body| String::from_utf8(body.to_vec()).unwrap())),
            Err(refused) => (refused.status().as_u16(), String::from_utf8(refused.body().to_vec()).unwrap()),
        };
        let mut line = Vec::new();
        exchange.record(&crate::End::default(), &mut line);
        (given.0, given.1, serde_json::from_slice(&line).unwrap())
    }

    const TRACE: &str = "Traceback (most recent call last):\n  File \"/srv/shop/app.py\", line 7, in get\nKeyError: 'x'";

    #[test]
    fn an_error_that_tells_of_the_inside_is_replaced_and_keeps_its_status() {
        for (kind, body) in [
            ("text/plain", TRACE),
            ("application/json", r#"{"error":"near \"'\": syntax error","sql":"sqlite3.OperationalError"}"#),
            ("text/html", "<hr>nginx/1.18.0 (Ubuntu)"),
            ("application/json", r#"{"error":"cannot reach 10.1.2.3:5432"}"#),
        ] {
            let (status, told, event) = answered(&json!({}), 404, kind, body);
            assert_eq!((status, told.contains("upstream-error")), (404, true), "{body}");
            assert!(event["reason"].as_str().unwrap().contains("and told"), "{event}");
            assert_eq!(answered(&json!({"mode": "off"}), 404, kind, body).1, body);
        }
        let plain = r#"{"error":"there is no book 7 in 2024, version 1.2"}"#;
        assert_eq!(answered(&json!({}), 404, "application/json", plain).1, plain);
    }

    #[test]
    fn what_is_only_watched_is_recorded_and_passes() {
        let (status, told, event) = answered(&json!({"mode": "monitor"}), 400, "text/plain", TRACE);
        assert_eq!((status, told.as_str()), (400, TRACE));
        assert_eq!(event["would_change"], json!(["leaks: hid a stack trace (Python)"]));
    }

    #[test]
    fn an_answer_with_a_trace_is_refused_where_that_is_asked_for() {
        let (status, told, _) = answered(&json!({"answers": "enforce"}), 200, "text/plain", TRACE);
        assert_eq!((status, told.contains("response-leaks")), (502, true));
        // Addresses and paths may be what an answer is about.
        let host = "the printer is at 192.168.0.7, its files in /home/printer/";
        assert_eq!(answered(&json!({"answers": "enforce"}), 200, "text/plain", host).1, host);
    }
}
