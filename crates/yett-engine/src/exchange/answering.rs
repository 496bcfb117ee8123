//! Phase `respond`: the upstream's answer becomes the caller's, and refusals become answers.

use super::*;
use crate::compression::add_vary;
use http::HeaderName;
use http::header::SET_COOKIE;

impl Exchange {
    /// Writes the answer's fields for the caller.
    pub(super) fn answer_headers(&self, headers: &mut HeaderMap) {
        let answering = self.api_plan().zip(self.target).and_then(|(api, target)| Some((api, api.targets.get(target)?)));
        let is_path = |path: &str| self.plan.routes.has_path(&self.host, path);
        let answering = answering.map(|(api, target)| Answering {
            proxy: &api.proxy,
            origin: Origin {
                targets: &api.targets,
                target,
                spoken: api.preserve_host.then_some(&*self.host),
                base: self.path.get(..self.base).unwrap_or(""),
                keeps_base: !api.proxy.strip_base_path,
                rewritten: &api.proxy.rewritten,
                is_path: &is_path,
            },
            words: self.words(),
            tls: self.caller.tls,
            known: self.is_for_one_caller(),
        });
        forward::response_headers(headers, &self.id, answering.as_ref());
    }

    /// Phase `respond`, the head: hop and revealing fields go, the gateway's come.
    pub fn judge_response(&mut self, request: &Parts, response: &mut http::response::Parts) -> BodyNeed {
        self.phase = Phase::Respond;
        let announced =
            trailers::announced(&response.headers).filter(|_| self.takes_trailers && self.protocol == Version::HTTP_11);
        self.answer_headers(&mut response.headers);
        self.guard_bytes(&mut response.headers);
        if let Some(announced) = announced {
            response.headers.insert(TRAILER, announced);
        }
        if self.upgrades && response.status == StatusCode::SWITCHING_PROTOCOLS {
            response.headers.insert(UPGRADE, WEBSOCKET);
            response.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            return BodyNeed::Pass;
        }
        let status = response.status.as_u16();
        self.replacing = (self.sealed && status >= 400) || self.api_plan().is_some_and(|api| api.proxy.replaces(status));
        let need = {
            let view = self.view(request);
            let answer = ResponseView { status: response.status.as_u16(), headers: &response.headers };
            let watching = self.guards().iter().filter(|guard| guard.response_mode() != Mode::Off);
            watching.map(|guard| guard.response_need(&view, &answer)).max().unwrap_or(BodyNeed::Pass)
        };
        let need = if self.is_converted(response.status, &response.headers) { BodyNeed::Collect } else { need };
        for (name, value) in &self.effects.headers {
            put(&mut response.headers, name, value);
        }
        self.tell_version(&mut response.headers);
        need
    }

    /// Phase `respond`, the body: `None` when it was not collected. Gives the body that the caller gets in its place,
    /// where a guard has changed it; the head then tells nothing of the other any more.
    ///
    /// # Errors
    /// The answer to send instead, if the upstream's is refused.
    pub fn judge_response_body(
        &mut self,
        request: &Parts,
        response: &mut http::response::Parts,
        body: Option<Bytes>,
    ) -> Result<Option<Bytes>, Box<Response<Bytes>>> {
        let mut course = Course::new(body);
        let mut would_deny = Vec::new();
        let verdict = {
            let view = self.view(request);
            let answer = ResponseView { status: response.status.as_u16(), headers: &response.headers };
            if self.replacing && (self.sealed || !self.is_described(&view, &answer, course.body.as_ref())) {
                return Err(self.refuse(forward::replacement(answer.status, answer.headers)));
            }
            self.guards().iter().filter(|guard| guard.response_mode() != Mode::Off).try_for_each(|guard| {
                let step = (guard.name(), guard.response_mode(), Phase::Respond);
                course.reshape(step, |body| guard.reshape_response(&view, &answer, body), &mut would_deny)?;
                weigh(step.0, step.1, step.2, guard.respond(&view, &answer, course.body.as_ref()), &mut would_deny)
            })
        };
        self.would_deny.append(&mut would_deny);
        let changed = self.settle_answer(course, response);
        verdict.map(|()| changed).map_err(|refusal| self.refuse(refusal))
    }

    /// Phase `respond`, the trailers: leaves those that may go to the caller. What follows an answer that was judged, was
    /// not.
    pub fn keep_trailers(&self, trailers: &mut HeaderMap) {
        match self.api_plan().filter(|_| !self.sealed) {
            Some(api) => trailers::of_response(trailers, api),
            None => trailers.clear(),
        }
        if self.changes.answer {
            reshaping::forget_digests(trailers);
        }
    }

    /// The same as [`Exchange::fail`], with the seconds after which the caller may try again.
    pub fn fail_for(&mut self, code: Code, reason: impl Into<String>, retry_after_s: u64) -> Box<Response<Bytes>> {
        self.refuse(Refusal::new(code, reason).with_header(RETRY_AFTER, HeaderValue::from(retry_after_s)))
    }

    /// Whether the contract describes an error's body and it was seen to fit, as the guard leaves it.
    pub(super) fn is_described(&self, view: &RequestView<'_>, answer: &ResponseView<'_>, body: Option<&Body>) -> bool {
        let Some(body) = body else { return false };
        let fits = |guard: &Arc<dyn Guard>| match guard.reshape_response(view, answer, body) {
            Ok(reshaped) => {
                let left = reshaped.and_then(|reshaped| reshaped.body).map(Body::new);
                guard.respond(view, answer, Some(left.as_ref().unwrap_or(body))).is_ok()
            }
            Err(_) => false,
        };
        self.guards()
            .iter()
            .filter(|guard| guard.response_mode() != Mode::Off)
            .any(|guard| guard.describes(answer) && fits(guard))
    }

    /// The answer to a failure that the shell met: an unreachable upstream, a body that ended early.
    pub fn fail(&mut self, code: Code, reason: impl Into<String>) -> Box<Response<Bytes>> {
        self.refuse(Refusal::new(code, reason))
    }

    /// The failure is made good: another answer takes its place.
    pub fn recover(&mut self) {
        self.refusal = None;
    }

    /// The same, where the caller may read the reason.
    pub fn fail_openly(&mut self, code: Code, reason: impl Into<String>) -> Box<Response<Bytes>> {
        self.refuse(Refusal::open(code, reason))
    }

    pub(super) fn refuse(&mut self, refusal: Box<Refusal>) -> Box<Response<Bytes>> {
        let response = if self.grpc { grpc::answer(&refusal) } else { refusal.response(&self.id) };
        let response = self.dress(Box::new(response));
        self.refusal = Some((self.phase, refusal));
        response
    }

    /// Puts the decision's id and the guards' fields on an answer of the gateway's own.
    pub(super) fn dress(&self, mut response: Box<Response<Bytes>>) -> Box<Response<Bytes>> {
        match self.api_plan() {
            Some(api) => api.proxy.protection.put(response.headers_mut(), self.is_for_one_caller()),
            None => self.plan.protection.put(response.headers_mut(), false),
        }
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            response.headers_mut().insert(forward::DECISION, id);
        }
        for (name, value) in &self.effects.headers {
            match *name {
                SET_COOKIE | VARY => put(response.headers_mut(), name, value),
                _ => drop(response.headers_mut().entry(name.clone()).or_insert_with(|| value.clone())),
            }
        }
        self.tell_version(response.headers_mut());
        response
    }

    /// Tells caches and callers of the version: what chose it, and when it goes.
    fn tell_version(&self, headers: &mut HeaderMap) {
        let placed = self.api_plan().and_then(|api| api.placed_at.as_ref());
        let varies = match placed {
            Some(PlacedAt::Header(name)) => HeaderValue::from_str(name).ok(),
            Some(PlacedAt::MediaType(_)) => Some(HeaderValue::from_static("accept")),
            Some(PlacedAt::Query(_)) | None => None,
        };
        if let Some(varies) = varies {
            headers.append(VARY, varies);
        }
        if let Some(retirement) = self.operation_plan().and_then(|operation| operation.retirement.as_ref()) {
            retirement.announce(headers);
        }
    }

    /// Whether the answer is for the caller alone: it is known, and the operation does not say that answers are kept.
    fn is_for_one_caller(&self) -> bool {
        self.principal.is_some() && self.operation_plan().is_none_or(|operation| operation.cache.is_none())
    }

    /// Who was at fault, when something was.
    pub(crate) fn source(&self) -> Option<Source> {
        self.code().map(|code| code.entry().source)
    }
}

/// Puts a guard's field on an answer: in the place of the upstream's, except where a field has many.
fn put(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    match *name {
        VARY => add_vary(headers, "origin"),
        SET_COOKIE => drop(headers.append(SET_COOKIE, value.clone())),
        _ => drop(headers.insert(name.clone(), value.clone())),
    }
}
