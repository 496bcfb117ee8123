//! The guards of the operation, asked phase by phase, and the phase `inspect`.

use super::*;

/// The risk of a request that nothing good is expected of.
const MOST_RISK: u8 = 100;

impl Exchange {
    pub(super) fn view<'a>(&'a self, parts: &'a Parts) -> RequestView<'a> {
        RequestView {
            method: &self.method,
            path_parameters: &self.parameters,
            query: &self.query,
            credential_query: self.api_plan().and_then(|api| api.identity.query()),
            version_query: match self.api_plan().and_then(|api| api.placed_at.as_ref()) {
                Some(PlacedAt::Query(name)) => Some(name),
                _ => None,
            },
            headers: &parts.headers,
            uri: &parts.uri,
            told_host: self.told_host.as_deref(),
            address: self.caller.address,
            tls: self.caller.tls,
            country: self.caller.country.as_deref(),
            asn: self.caller.asn,
            risk: self.risk,
            certified: self.caller.certificate.is_some(),
            principal: self.principal.as_ref(),
            cost: self.operation_plan().map_or(1, |operation| operation.cost),
            now: self.now,
            notes: self.notes.as_ref(),
        }
    }

    pub(super) fn run_guards(
        &mut self,
        parts: &Parts,
        phase: Phase,
        run: impl Fn(&dyn Guard, &RequestView<'_>, &Counters, &mut Effects) -> Verdict,
    ) -> Result<(), Box<Refusal>> {
        let mut effects = std::mem::take(&mut self.effects);
        let mut would_deny = Vec::new();
        let verdict = {
            let view = self.view(parts);
            self.guards().iter().filter(|guard| guard.mode() != Mode::Off).try_for_each(|guard| {
                weigh(guard.name(), guard.mode(), phase, run(&**guard, &view, &self.counters, &mut effects), &mut would_deny)
            })
        };
        self.risk = effects.risk.min(MOST_RISK);
        self.effects = effects;
        self.would_deny.append(&mut would_deny);
        verdict
    }

    /// The operation's guards; undocumented requests (in `monitor`) still meet the limits of the API.
    pub(crate) fn guards(&self) -> &[Arc<dyn Guard>] {
        match self.operation_plan() {
            Some(operation) => &operation.guards,
            None => self.api_plan().map_or(&self.plan.guards, |api| &api.guards),
        }
    }

    pub(super) fn body_need(&mut self, parts: &Parts) -> Result<BodyNeed, Box<Refusal>> {
        let mut need = if self.tells_body() { BodyNeed::Collect } else { BodyNeed::Pass };
        let mut would_deny = Vec::new();
        let view = self.view(parts);
        let verdict = self.guards().iter().filter(|guard| guard.mode() != Mode::Off).try_for_each(|guard| {
            let verdict = guard.body_need(&view).map(|more| need = need.max(more));
            weigh(guard.name(), guard.mode(), Phase::Inspect, verdict, &mut would_deny)
        });
        self.would_deny.append(&mut would_deny);
        verdict.map(|()| need)
    }

    /// Phase `inspect` with the body: `None` when it was not collected or there is none. Gives the body that goes
    /// upstream in its place, where a guard has changed it.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn judge_body(&mut self, parts: &Parts, body: Option<Bytes>) -> Result<Option<Bytes>, Box<Response<Bytes>>> {
        if self.reports {
            return Err(self.take_report(body.as_deref()));
        }
        let mut course = Course::new(body);
        let mut would_deny = Vec::new();
        let verdict = {
            let view = self.view(parts);
            self.guards().iter().filter(|guard| guard.mode() != Mode::Off).try_for_each(|guard| {
                let step = (guard.name(), guard.mode(), Phase::Inspect);
                course.reshape(step, |body| guard.reshape_request(&view, body), &mut would_deny)?;
                weigh(step.0, step.1, step.2, guard.inspect(&view, course.body.as_ref()), &mut would_deny)
            })
        };
        self.would_deny.append(&mut would_deny);
        let verdict = verdict.and_then(|()| self.control(parts, Stage::Body, course.body.as_ref()));
        let changed = self.settle_request(course);
        verdict.map(|()| changed).map_err(|refusal| self.refuse(refusal))
    }

    /// The answer in the place of an upstream, where the operation is mocked: asked for last, when nothing is left to judge.
    ///
    /// # Errors
    /// That answer.
    pub fn answer_here(&mut self, parts: &Parts) -> Result<(), Box<Response<Bytes>>> {
        let mock = self.operation_plan().and_then(|operation| operation.mock.as_ref());
        let Some(reply) = mock.map(|mock| mock.answer(&parts.headers)) else { return Ok(()) };
        self.phase = Phase::Forward;
        Err(self.dress(Box::new(reply)))
    }
}

/// Turns a guard's verdict into what its mode makes of it.
pub(super) fn weigh(
    guard: &'static str,
    mode: Mode,
    phase: Phase,
    verdict: Verdict,
    would_deny: &mut Vec<WouldDeny>,
) -> Result<(), Box<Refusal>> {
    match (verdict, mode) {
        (Err(refusal), Mode::Enforce) => Err(refusal),
        (Err(refusal), Mode::Monitor) => {
            would_deny.push(WouldDeny { guard, phase, refusal });
            Ok(())
        }
        (Ok(()), _) | (Err(_), Mode::Off) => Ok(()),
    }
}
