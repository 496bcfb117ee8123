//! Phase `authorize`: whether the principal may call the operation.

use super::*;
use http::header::WWW_AUTHENTICATE;

impl Exchange {
    pub(super) fn authorize(&self) -> Result<(), Box<Refusal>> {
        let (Some(api), operation) = (self.api_plan(), self.operation_plan()) else {
            return Err(Refusal::new(Code::GatewayError, "the API of a routed request is gone"));
        };
        if operation.map_or(api.all_public, |operation| operation.public) {
            return Ok(());
        }
        let granted = self.principal.as_ref().is_some_and(|principal| match self.operation {
            Some(operation) => principal.grants.allows(operation, self.now),
            // Only reached where the contract guard does not enforce. The upstream may read the request as any of its
            // operations (another case, a trailing slash), so it is open only to who may call them all.
            None => api.operations.clone().all(|number| self.plan.is_public(number) || principal.grants.allows(number, self.now)),
        });
        match granted {
            true => Ok(()),
            false => Err(self.denied()),
        }
    }

    /// Whoever sent a token may get one that carries more (RFC 6750 section 3.1).
    fn denied(&self) -> Box<Refusal> {
        let refusal = Refusal::new(Code::AccessDenied, "no profile of the caller grants this operation");
        let more = HeaderValue::from_static("Bearer realm=\"yett\", error=\"insufficient_scope\"");
        match self.principal.as_ref().is_some_and(|principal| principal.claims.is_some()) {
            true => refusal.with_header(WWW_AUTHENTICATE, more),
            false => refusal,
        }
    }
}
