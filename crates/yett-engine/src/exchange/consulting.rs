//! The end of phase `authorize`: whoever has a say outside is asked.

use super::forwarding::take_off;
use super::*;
use crate::callout::{CalloutPlan, Consulting, Subject, Verdict, message};

impl Exchange {
    /// Asks the callouts in order that are not told the body, or with `body` those that are; `Some`: this one is asked next.
    pub(super) fn consult(
        &mut self,
        parts: &Parts,
        body: Option<Option<&Bytes>>,
        mut answer: Option<Answer>,
    ) -> Result<Option<Question>, Box<Refusal>> {
        if self.plan.callouts_of(self.api, self.operation).is_empty() {
            return Ok(None);
        }
        let plan = self.plan.clone();
        let callouts = plan.callouts_of(self.api, self.operation);
        let mut consulting = std::mem::take(&mut self.consulting).unwrap_or_default();
        while let Some(callout) = callouts.get(consulting.next) {
            if self.is_asked_late(callout) == body.is_some() {
                match answer.take() {
                    Some(answer) => self.hear_callout(callout, answer, &mut consulting)?,
                    None => {
                        let body = body.flatten().filter(|_| callout.wants_body());
                        let question = self.ask_callout(callout, parts, body, &consulting)?;
                        self.consulting = Some(consulting);
                        return Ok(Some(question));
                    }
                }
            }
            consulting.next += 1;
        }
        // From the start again, for those that are told the body.
        consulting.next = 0;
        self.consulting = Some(consulting);
        Ok(None)
    }

    fn ask_callout(
        &self,
        callout: &Arc<CalloutPlan>,
        parts: &Parts,
        body: Option<&Bytes>,
        consulting: &Consulting,
    ) -> Result<Question, Box<Refusal>> {
        let most = callout.settings.send.body.unwrap_or_default();
        if body.is_some_and(|body| body.len() as u64 > most) {
            let reason = format!("the callout {} takes no body longer than {most} bytes", callout.name);
            return Err(Refusal::new(Code::BodyTooLarge, reason));
        }
        let api = self.api_plan();
        let subject = Subject {
            api: api.map_or("", |api| &*api.name),
            operation: self.operation_plan().map(|operation| &*operation.id),
            method: self.method.as_str(),
            path: &self.path,
            parameters: &self.parameters,
            query: &self.query,
            secret: api.and_then(|api| api.identity.query()),
            principal: self.principal.as_ref(),
            address: self.caller.address,
            headers: &parts.headers,
            is_secret: &|name| {
                *name == AUTHORIZATION || *name == PROXY_AUTHORIZATION || api.is_some_and(|api| api.identity.takes(name))
            },
            context: &consulting.context,
            body,
        };
        Ok(Question::Callout { callout: callout.name.clone(), message: message(callout, &subject) })
    }

    fn hear_callout(&mut self, callout: &CalloutPlan, answer: Answer, consulting: &mut Consulting) -> Result<(), Box<Refusal>> {
        let verdict = match answer {
            Answer::Callout(said) => Verdict::read(callout, said).map_err(str::to_owned),
            Answer::Unavailable(reason) => Err(reason),
            _ => Err("the answer is to another question".to_owned()),
        };
        match verdict {
            Ok(Verdict::Allow(fields, context)) => {
                consulting.added.extend(fields);
                if !context.is_empty() {
                    consulting.context.insert(callout.name.to_string(), context.into());
                }
                Ok(())
            }
            Ok(Verdict::Deny(reason)) => Err(Refusal::new(Code::CalloutDenied, format!("{} says no: {reason}", callout.name))),
            Err(reason) => {
                let refusal = Refusal::new(Code::CalloutUnavailable, format!("{} did not answer: {reason}", callout.name));
                let mode = if callout.allows_on_failure() { Mode::Monitor } else { Mode::Enforce };
                weigh("callout", mode, Phase::Authorize, Err(refusal), &mut self.would_deny)
            }
        }
    }

    /// Nobody is told of a caller who is only named until the body has proven it.
    fn is_asked_late(&self, callout: &CalloutPlan) -> bool {
        callout.wants_body() || self.was_provisional
    }

    /// Whether a callout is asked only once the body is here.
    #[must_use]
    pub fn tells_body(&self) -> bool {
        self.plan.callouts_of(self.api, self.operation).iter().any(|callout| self.is_asked_late(callout))
    }

    /// The last of phase `authorize`, once the body is here and was judged: asks the callouts that are told it. `answer` is
    /// to the question that was asked last.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn consult_with(
        &mut self,
        parts: &Parts,
        body: Option<&Bytes>,
        answer: Option<Answer>,
    ) -> Result<Option<Question>, Box<Response<Bytes>>> {
        if answer.is_none() && !self.tells_body() {
            return Ok(None);
        }
        self.phase = Phase::Authorize;
        let question = self.consult(parts, Some(body), answer).map_err(|refusal| self.refuse(refusal))?;
        if question.is_none() {
            self.phase = Phase::Inspect;
        }
        Ok(question)
    }

    /// Puts on what callouts said, and takes off what only they may say.
    pub(super) fn tell_opinions(&self, headers: &mut HeaderMap) {
        for name in self.plan.callouts_of(self.api, self.operation).iter().flat_map(|callout| &callout.gives) {
            take_off(headers, name);
        }
        for (name, value) in self.consulting.iter().flat_map(|consulting| &consulting.added) {
            headers.insert(name.clone(), value.clone());
        }
    }
}
