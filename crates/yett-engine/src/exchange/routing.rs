//! Phases `receive` to `screen`: who calls from where, and which operation is meant.

use super::*;

impl Exchange {
    /// Who calls, and in which trace: what a trusted proxy says of it, or the connection.
    pub(super) fn hear(&mut self, headers: &HeaderMap) -> Result<(), Box<Refusal>> {
        let trusted = !self.plan.trusted_proxies.is_empty()
            && !self.caller.nameless
            && self.plan.trusted_proxies.contains(self.caller.address);
        if trusted && let Some(told) = forwarded::told(&self.caller, headers, &self.plan.trusted_proxies)? {
            self.caller = told.caller;
            self.told_host = told.host;
        }
        let accept = match self.plan.tracing.accept {
            AcceptTraces::Trusted => trusted,
            AcceptTraces::Any => true,
            AcceptTraces::None => false,
        };
        self.trace = Some(Trace::begin(headers, accept, self.plan.tracing.sample_percent, self.random_bits));
        Ok(())
    }

    /// A request that leads nowhere is screened too: who guesses paths is limited like everybody.
    pub(super) fn stray(&mut self, parts: &Parts, refusal: Box<Refusal>) -> Box<Refusal> {
        self.phase = Phase::Screen;
        let screened = self.control(parts, Stage::Head, None).and_then(|()| {
            self.run_guards(parts, Phase::Screen, |guard, view, counters, effects| guard.screen(view, counters, effects))
        });
        match screened {
            Err(limited) => limited,
            Ok(()) => {
                self.phase = Phase::Route;
                refusal
            }
        }
    }

    /// Only an operation that offers it is upgraded: whoever asks elsewhere is refused, not served without.
    pub(super) fn screen_upgrade(&mut self, parts: &Parts) -> Result<(), Box<Refusal>> {
        if !upgrade::is_asked(&parts.headers) {
            return Ok(());
        }
        self.upgrades = true;
        upgrade::check(self.operation_plan().and_then(|operation| operation.websocket.as_ref()), parts, self.caller.tls)
    }

    pub(super) fn route(&mut self, parts: &Parts) -> Result<(), Box<Refusal>> {
        if self.plan.jwks_path.as_deref() == Some(&*self.path)
            && let Some(reply) = self.key_set()
        {
            self.reply = Some(reply);
            return Ok(());
        }
        if self.is_report() {
            self.reports = true;
            return Ok(());
        }
        let asked = placement::Asked { headers: &parts.headers, query: &self.query };
        match self.plan.routes.find(&self.host, &self.method, &self.path, asked) {
            Found::Operation { operation, base, parameters } => {
                self.api = self.plan.operation(operation).map(|plan| plan.api);
                self.operation = Some(operation);
                self.base = base;
                self.parameters = parameters;
                self.rewrite()?;
                self.check_semicolon()?;
                let retirement = self.operation_plan().and_then(|operation| operation.retirement.as_ref());
                retirement.map_or(Ok(()), |retirement| retirement.check(self.now.unix_ms / 1000))
            }
            Found::NoVersion { api, base, fault } => {
                self.api = Some(api);
                self.base = base;
                Err(unplaced(&fault))
            }
            Found::NoApi => Err(Refusal::new(Code::ApiUnknown, "no API has this host and base path")),
            Found::NoPath { api, base } => {
                self.undocumented(api, base, Refusal::new(Code::OperationUnknown, "the contract has no such path"))
            }
            Found::OtherMethods { api, base, methods } => {
                if let Some(answer) = self.preflight(parts, api, base, &methods) {
                    return answer;
                }
                let names = methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
                let allow = HeaderValue::from_str(&names).unwrap_or(HeaderValue::from_static(""));
                let refusal = Refusal::new(Code::MethodNotAllowed, format!("the contract has this path for {names} only"));
                self.undocumented(api, base, refusal.with_header(ALLOW, allow))
            }
        }
    }

    /// Some servers cut off `;x` from a segment: `/books/export;x` must not pass as `/books/{id}` and run as another path.
    pub(super) fn check_semicolon(&self) -> Result<(), Box<Refusal>> {
        let described = self.operation_plan().is_some_and(|operation| operation.semicolons);
        match self.path.contains(';') && !described {
            true => Err(Refusal::open(Code::TargetInvalid, "the path has a ';' that the contract does not describe")),
            false => Ok(()),
        }
    }

    /// Values of the caller's must not lead the upstream's path astray.
    pub(super) fn rewrite(&mut self) -> Result<(), Box<Refusal>> {
        let Some(template) = self.operation_plan().and_then(|operation| operation.upstream_path.as_ref()) else { return Ok(()) };
        let path = template.fill(&self.parameters);
        let astray = || Refusal::open(Code::TargetInvalid, "a part of the path would lead somewhere else at the API");
        self.rewritten = Some(path.ok_or_else(astray)?);
        Ok(())
    }

    pub(super) fn redirect(&self) -> Option<Box<Response<Bytes>>> {
        let api = self.api_plan()?;
        let redirects = api.proxy.redirects.as_ref()?;
        let (base, rest) = self.path.split_at_checked(self.base)?;
        let rest = if rest.is_empty() { "/" } else { rest };
        let credential = api.identity.query();
        redirects.answer(&self.method, base, rest, &self.query, credential).map(Box::new)
    }

    /// The public keys that tokens for upstreams are proven with.
    pub(super) fn key_set(&self) -> Option<Box<Response<Bytes>>> {
        let asks = self.method == Method::GET || self.method == Method::HEAD;
        let keys = match &self.plan.signer {
            _ if !asks => return None,
            Some(signer) => signer.jwks(),
            // Whoever looks at a configuration may not have its keys: that they are told here is to be seen all the same.
            None if self.plan.simulated => Bytes::from_static(br#"{"keys":[]}"#),
            None => return None,
        };
        let mut response = Response::new(keys);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Some(Box::new(response))
    }

    /// What the contract does not describe is refused, or recorded where the contract guard only monitors.
    pub(super) fn undocumented(&mut self, api: u32, base: usize, refusal: Box<Refusal>) -> Result<(), Box<Refusal>> {
        self.api = Some(api);
        self.base = base;
        self.reply = self.redirect();
        if self.reply.is_some() {
            return Ok(());
        }
        match self.api_plan().map_or(Mode::Enforce, |api| api.undocumented) {
            Mode::Enforce => Err(refusal),
            Mode::Monitor => {
                self.would_deny.push(WouldDeny { guard: "contract", phase: Phase::Route, refusal });
                Ok(())
            }
            Mode::Off => Ok(()),
        }
    }
}

/// Whoever may not know the API may know its versions: they are in every address and document about it.
fn unplaced(fault: &Unplaced) -> Box<Refusal> {
    let code = if fault.is_missing { Code::VersionMissing } else { Code::VersionUnknown };
    Refusal::open(code, format!("say one of {} in {}", fault.versions.join(", "), fault.place))
}
