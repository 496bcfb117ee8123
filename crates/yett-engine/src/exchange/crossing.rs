//! What is told to browsers about pages of other origins.

use super::*;
use crate::origins;

impl Exchange {
    /// Notes what the answer, whatever it is, says to the page that sent the request.
    pub(super) fn hear_origin(&mut self, parts: &Parts) {
        let plan = self.plan.clone();
        let Some(cors) = self.api.and_then(|api| plan.api(api)).and_then(|api| api.cors.as_ref()) else { return };
        let own = |origin: &str| origins::is_own(origin, self.asked_host(parts), self.caller.tls);
        let told = cors.tell(&parts.headers, own);
        self.effects.headers.extend(told);
    }

    /// The answer to a browser that asks whether a page may send a request, where the contract leaves `OPTIONS` to the
    /// gateway; `None` if the request is something else.
    pub(super) fn preflight(
        &mut self,
        parts: &Parts,
        api: u32,
        base: usize,
        methods: &[Method],
    ) -> Option<Result<(), Box<Refusal>>> {
        let plan = self.plan.clone();
        let cors = plan.api(api)?.cors.as_ref()?;
        let wanted = cors.asks(&parts.method, &parts.headers)?;
        self.api = Some(api);
        self.base = base;
        let asked = placement::Asked { headers: &parts.headers, query: &self.query };
        let operation = match plan.routes.find(&self.host, &wanted, &self.path, asked) {
            Found::Operation { operation, .. } => plan.api(api).map(|api| operation.saturating_sub(api.operations.start)),
            _ => None,
        };
        let own = |origin: &str| origins::is_own(origin, self.asked_host(parts), self.caller.tls);
        Some(cors.answer(&parts.headers, own, operation, methods).map(|answer| self.reply = Some(Box::new(answer))))
    }

    fn asked_host<'a>(&'a self, parts: &'a Parts) -> Option<&'a str> {
        self.told_host.as_deref().or_else(|| origins::asked_of(parts))
    }
}
