//! Phase `identify`: who calls.

use super::*;

impl Exchange {
    /// Asks the methods of the API in order; `Some`: somebody outside must be asked before it can go on.
    pub(super) fn identify(&mut self, parts: &Parts, answer: Option<Answer>) -> Result<Option<Question>, Box<Refusal>> {
        if let Some(mut assumed) = self.assumed.take() {
            self.plan.bind(&mut assumed);
            self.principal = Some(assumed);
            return Ok(None);
        }
        let mut progress = std::mem::take(&mut self.identifying);
        let Some(api) = self.api_plan() else {
            return Err(Refusal::new(Code::GatewayError, "the API of a routed request is gone"));
        };
        let asked = self.asked(parts);
        if let Some(question) = api.identity.go_on(&asked, &mut progress, answer)? {
            self.identifying = progress;
            return Ok(Some(question));
        }
        let mut principal = api.identity.conclude(&asked, progress)?;
        if principal.is_none() && !self.operation_plan().map_or(api.all_public, |operation| operation.public) {
            return Err(api.identity.missing());
        }
        if let Some(principal) = &mut principal {
            self.plan.bind(principal);
        }
        self.principal = principal;
        Ok(None)
    }

    fn asked<'a>(&'a self, parts: &'a Parts) -> Asked<'a> {
        Asked {
            method: &self.method,
            host: &self.host,
            path: &self.path,
            query: &self.query,
            headers: &parts.headers,
            caller: &self.caller,
            now: self.now,
            credentials: &self.plan.credentials,
            pepper: &self.plan.pepper,
        }
    }
}
