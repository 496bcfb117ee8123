//! Phase `identify`: who calls.

use super::*;
use crate::identity::refuse;
use crate::identity::watch::failures::is_failure;

impl Exchange {
    /// Asks the methods of the API in order; `Some`: somebody outside must be asked before it can go on.
    pub(super) fn identify(&mut self, parts: &Parts, answer: Option<Answer>) -> Result<Option<Question>, Box<Refusal>> {
        if let Some(mut assumed) = self.assumed.take() {
            self.plan.bind(&mut assumed);
            self.principal = Some(assumed);
            return Ok(None);
        }
        if answer.is_none() {
            self.check_source(parts)?;
        }
        match self.ask_methods(parts, answer) {
            Ok(None) => self.check_proven().map(|()| None),
            Ok(question) => Ok(question),
            Err(refusal) => Err(self.count_failure(refusal)),
        }
    }

    fn ask_methods(&mut self, parts: &Parts, answer: Option<Answer>) -> Result<Option<Question>, Box<Refusal>> {
        let mut progress = std::mem::take(&mut self.identifying);
        let Some(api) = self.api_plan() else {
            return Err(Refusal::new(Code::GatewayError, "the API of a routed request is gone"));
        };
        let asked = self.asked(parts);
        if let Some(question) = api.identity.go_on(&asked, &mut progress, answer)? {
            self.identifying = progress;
            return Ok(Some(question));
        }
        let awaiting = std::mem::take(&mut progress.awaiting);
        let mut principal = api.identity.conclude(&asked, progress)?;
        if principal.is_none() && !self.operation_plan().map_or(api.all_public, |operation| operation.public) {
            return Err(api.identity.missing());
        }
        if let Some(principal) = &mut principal {
            self.plan.bind(principal);
        }
        self.principal = principal;
        self.awaiting = awaiting;
        self.was_provisional = self.is_provisional();
        Ok(None)
    }

    /// A source that failed too often is refused whatever it sends; without a credential it is like any other.
    fn check_source(&mut self, parts: &Parts) -> Result<(), Box<Refusal>> {
        let watch = &self.plan.credentials.watch;
        let mode = self.plan.failures.mode;
        if mode == Mode::Off || watch.failures.is_quiet(self.now) {
            return Ok(());
        }
        if !self.api_plan().is_some_and(|api| api.identity.sends(&self.asked(parts))) {
            return Ok(());
        }
        let verdict = watch.check_source(self.caller.address, self.now);
        weigh("failures", mode, Phase::Identify, verdict, &mut self.would_deny)
    }

    /// A proven credential may be blocked, or under attack and unknown to come from here.
    fn check_proven(&mut self) -> Result<(), Box<Refusal>> {
        let Some(principal) = &self.principal else { return Ok(()) };
        let (credentials, method) = (principal.credentials().map(Arc::from).collect::<Vec<Arc<str>>>(), principal.method);
        let watch = self.plan.credentials.watch.clone();
        for credential in credentials {
            if let Some(because) = watch.check_blocked(&credential, self.caller.address, self.now) {
                self.principal = None;
                let challenge = self.api_plan().map_or("Bearer", |api| api.identity.challenge());
                let reason = format!("credential {credential} is blocked: {}", because.as_str());
                return Err(self.count_failure(refuse(challenge, Code::CredentialInvalid, reason)));
            }
            self.check_attacked(&credential).inspect_err(|_| self.principal = None)?;
            // Where keys were proven is noted as they are looked up, and only when it is new.
            if method != "api-key" {
                watch.failures.proven(&credential, self.caller.address, self.now);
            }
        }
        Ok(())
    }

    fn check_attacked(&mut self, credential: &str) -> Result<(), Box<Refusal>> {
        let watch = &self.plan.credentials.watch;
        let mode = self.plan.failures.mode;
        if mode == Mode::Off || watch.failures.is_quiet(self.now) {
            return Ok(());
        }
        let verdict = watch.check_credential(credential, self.caller.address, self.now);
        weigh("failures", mode, Phase::Identify, verdict, &mut self.would_deny)
    }

    /// Counts a wrong credential; the refusal to give, which under attack is not the one that tells right from wrong.
    fn count_failure(&mut self, refusal: Box<Refusal>) -> Box<Refusal> {
        let settings = self.plan.failures;
        if settings.mode == Mode::Off || !is_failure(&refusal) {
            return refusal;
        }
        let claimed = refusal.claimed.clone();
        self.plan.credentials.watch.failed(&settings, claimed.as_deref(), self.caller.address, self.now);
        claimed.and_then(|claimed| self.check_attacked(&claimed).err()).unwrap_or(refusal)
    }

    /// Whether the body must be collected because a credential is bound to it.
    pub(super) fn awaits_body(&self) -> bool {
        !self.awaiting.is_empty()
    }

    /// Whether the caller is only named yet, so that nothing may be counted against it.
    pub(super) fn is_provisional(&self) -> bool {
        self.awaiting.iter().any(BodyProof::is_provisional)
    }

    /// Holds a collected body, as it came, against the credentials that are bound to it; then counts what could not be
    /// counted before. `None`: there is none. Costs nothing where no credential is bound.
    ///
    /// # Errors
    /// The answer to send instead, if the request is refused.
    pub fn prove_body(&mut self, parts: &Parts, body: Option<&Bytes>) -> Result<(), Box<Response<Bytes>>> {
        if self.awaiting.is_empty() {
            return Ok(());
        }
        self.try_body(parts, body.map_or(&[][..], |body| body)).map_err(|refusal| self.refuse(refusal))
    }

    fn try_body(&mut self, parts: &Parts, body: &[u8]) -> Result<(), Box<Refusal>> {
        self.phase = Phase::Identify;
        let provisional = self.is_provisional();
        let proven = std::mem::take(&mut self.awaiting).iter().try_for_each(|proof| proof.check(body));
        // Whoever is not proven is nobody, in the record too.
        proven.map_err(|refusal| {
            self.principal = None;
            self.count_failure(refusal)
        })?;
        if provisional {
            self.count(parts)?;
        }
        self.phase = Phase::Inspect;
        Ok(())
    }

    /// Phase `limit`.
    pub(super) fn count(&mut self, parts: &Parts) -> Result<(), Box<Refusal>> {
        self.phase = Phase::Limit;
        self.run_guards(parts, Phase::Limit, |guard, view, counters, effects| guard.limit(view, counters, effects))
    }

    fn asked<'a>(&'a self, parts: &'a Parts) -> Asked<'a> {
        Asked {
            method: &self.method,
            host: &self.host,
            path: &self.path,
            query: &self.query,
            uri: &parts.uri,
            is_http2: parts.version == Version::HTTP_2,
            told_host: self.told_host.as_deref(),
            proofs: &self.plan.proofs,
            replays: &self.plan.replays,
            headers: &parts.headers,
            caller: &self.caller,
            now: self.now,
            profiles: &self.plan.profiles,
            key_sets: &self.plan.key_sets,
            revoked: &self.plan.revoked,
            credentials: &self.plan.credentials,
            pepper: &self.plan.pepper,
        }
    }
}
