//! Controls in force: applied where what they ask for is known.

use super::*;
use crate::controls::challenge::{self, Bearer as Answering, Challenge, Work};
use crate::controls::{ControlPlan, Deed, Stage, Subject};
use crate::guards::limits;

impl Exchange {
    /// Applies the controls of a stage. Costs a load while there are none.
    pub(super) fn control(&mut self, parts: &Parts, stage: Stage, body: Option<&Body>) -> Result<(), Box<Refusal>> {
        if self.plan.controls.is_empty() {
            return Ok(());
        }
        for control in self.controls_of(stage) {
            let verdict = {
                let view = self.view(parts);
                view.note(self.phase, || format!("control {} ({}) is in force here", control.id, control.told));
                self.judge_control(&control, &view, body)
            };
            let verdict = verdict.map_err(|mut refusal| {
                refusal.reason = format!("control {} ({}): {}", control.id, control.told, refusal.reason);
                refusal.control = Some(control.id.clone());
                refusal
            });
            weigh("control", control.mode, self.phase, verdict, &mut self.would_deny)?;
        }
        Ok(())
    }

    /// Whether a control looks into the body.
    pub(super) fn controls_body(&self) -> bool {
        !self.plan.controls.is_empty() && !self.controls_of(Stage::Body).is_empty()
    }

    fn controls_of(&self, stage: Stage) -> Vec<Arc<ControlPlan>> {
        let principal = self.principal.as_ref();
        let subject = Subject {
            api: self.api_plan().map(|api| &*api.name),
            operation: self.operation_plan().map(|operation| &*operation.id),
            address: self.caller.address,
            app: principal.map(|principal| &*principal.app.name),
            user: principal.and_then(|principal| principal.user.as_deref()),
            credentials: principal.map(|principal| principal.credentials().collect()).unwrap_or_default(),
        };
        self.plan.controls.of(stage, &subject, self.now.unix_ms / 1000)
    }

    fn judge_control(&self, control: &ControlPlan, view: &RequestView<'_>, body: Option<&Body>) -> Verdict {
        match &control.deed {
            Deed::Block => Err(self.blocked(control)),
            Deed::Patch(conditions) => match conditions.are_met(view, body) {
                true => Err(Refusal::new(Code::VirtualPatch, "the request meets its conditions")),
                false => Ok(()),
            },
            Deed::Throttle(limit) => limits::take_alone(limit, view, &self.counters).map_err(|mut refusal| {
                refusal.code = Code::Throttled;
                refusal
            }),
            Deed::StepUp(wanted) => {
                let claims = self.principal.as_ref().and_then(|principal| principal.claims.as_deref());
                wanted.refuse(claims, self.now.unix_ms / 1000)
            }
            Deed::Challenge { difficulty, valid_s } => {
                self.check_work(control, Work { difficulty: *difficulty, valid_s: *valid_s }, view)
            }
        }
    }

    /// Whoever is meant is blocked; where everybody is, the operation is closed, and nobody is to blame.
    fn blocked(&self, control: &ControlPlan) -> Box<Refusal> {
        if control.scope.is_of_callers() {
            return Refusal::new(Code::Blocked, "the caller is in its scope");
        }
        let left = control.expires_at.saturating_sub(self.now.unix_ms / 1000).clamp(1, 3_600);
        Refusal::new(Code::OperationClosed, "everybody is in its scope").with_header(RETRY_AFTER, HeaderValue::from(left))
    }

    fn check_work(&self, control: &ControlPlan, work: Work, view: &RequestView<'_>) -> Verdict {
        let bearer = Answering { api: self.api_plan().map_or("", |api| &*api.name), address: self.caller.address };
        let (pepper, now) = (&self.plan.pepper, self.now);
        challenge::check(view.headers, control, work.difficulty, &bearer, pepper, now).map_err(|fault| {
            let challenge = Challenge::new(control, work, &bearer, pepper, now, self.random);
            let mut refusal = Refusal::new(Code::ChallengeRequired, fault);
            refusal.challenge = Some(Box::new(challenge.for_caller(view.method, view.headers)));
            refusal
        })
    }
}
