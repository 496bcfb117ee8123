//! Where leaked keys are handed in: answered by the gateway itself, the same for every key, real or not.

use super::*;

/// Longest report in bytes: what a scanner sends of a hundred keys.
const LONGEST_REPORT: u64 = 64 << 10;

impl Exchange {
    /// Whether the request is for the place where leaked keys are handed in.
    pub(super) fn is_report(&self) -> bool {
        self.plan.leaks.as_ref().is_some_and(|leaks| leaks.path == self.path)
    }

    /// Longest body of a report; `None` for any other request.
    pub(super) fn longest_report(&self) -> Option<u64> {
        self.reports.then_some(LONGEST_REPORT)
    }

    pub(super) fn check_report(&self) -> Result<(), Box<Refusal>> {
        let Some(leaks) = &self.plan.leaks else { return Ok(()) };
        if self.method != Method::POST {
            let refusal = Refusal::new(Code::MethodNotAllowed, "leaked keys are handed in by POST");
            return Err(refusal.with_header(ALLOW, HeaderValue::from_static("POST")));
        }
        let failures = &self.plan.credentials.watch.failures;
        failures.check_report(self.caller.address, leaks.per_source, leaks.window_ms, self.now)
    }

    /// The answer to a report. Nothing is looked up before it is given.
    pub(super) fn take_report(&mut self, body: Option<&[u8]>) -> Box<Response<Bytes>> {
        let plan = self.plan.clone();
        let watch = &plan.credentials.watch;
        let source = watch.failures.source(self.caller.address);
        if !body.is_some_and(|body| watch.leaks.take_in(body, source, &plan.pepper)) {
            let reason = "a report is the key, {\"key\": ...}, or a list of at most 100 of {\"token\": ..., \"url\": ...}";
            return self.refuse(Refusal::open(Code::RequestInvalid, reason));
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::ACCEPTED;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        self.dress(Box::new(response))
    }
}
