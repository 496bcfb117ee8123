//! Whether what a stream was opened with still holds.
//!
//! A request is over in a moment, a stream may last for days: meanwhile its credential is revoked, its token expires, a
//! grant ends, or another snapshot takes the access away. So the shell asks again and again, and at once when something
//! changes. What is asked anew is who calls and what profiles grant, by the plan that is in force now; policies and
//! callouts have judged the request when it came.

use super::*;
use crate::access::Grants;
use crate::identity::jwt;

impl Exchange {
    /// Whether the caller could still open what it has open, by the plan that is in force now.
    ///
    /// # Errors
    /// Why not, for the log.
    pub fn still_holds(&self, plan: &Plan, now: Now) -> Result<(), String> {
        let (Some(api), Some(operation)) = (self.api_plan(), self.operation_plan()) else { return Ok(()) };
        let named = plan.operations().iter().zip(0_u32..).find(|(other, _)| other.id == operation.id);
        let (there, number) = named.ok_or_else(|| format!("there is no operation {} any more", operation.id))?;
        let chain = plan.api(there.api).filter(|there| there.name == api.name);
        let chain = chain.ok_or_else(|| format!("there is no API {} any more", api.name))?;
        let Some(principal) = &self.principal else {
            return if there.public { Ok(()) } else { Err("the operation is not open to everybody any more".to_owned()) };
        };
        let now_s = now.unix_ms / 1000;
        self.still_proven(plan, chain, principal, now_s)?;
        if there.public {
            return Ok(());
        }
        let grants = self.grants_in(plan, chain, principal, now_s)?;
        match grants.allows(number, now) {
            true => Ok(()),
            false => Err(format!("no profile of the caller grants {} any more", operation.id)),
        }
    }

    /// Whether no credential was taken back, and no token has expired.
    fn still_proven(&self, plan: &Plan, api: &ApiPlan, principal: &Principal, now_s: u64) -> Result<(), String> {
        let blocked =
            |id: &str| Some(format!("credential {id} is blocked: {}", plan.credentials.watch.blocked.why(id)?.as_str()));
        if let Some(reason) = principal.credentials().find_map(blocked) {
            return Err(reason);
        }
        let Some(claims) = &principal.claims else { return Ok(()) };
        let issuer = plan.issuers.get(&claims.issuer);
        let issuer = issuer.ok_or_else(|| format!("there is no issuer {} any more", claims.issuer))?;
        let jti = claims.all.get("jti").and_then(serde_json::Value::as_str);
        if jti.is_some_and(|jti| plan.revoked.contains(&issuer.issuer, jti)) {
            return Err("the token was revoked".to_owned());
        }
        let expired = || issuer.ends(&claims.all).is_some_and(|until| until <= now_s);
        match !api.streams_outlive_tokens && expired() {
            true => Err("the token has expired".to_owned()),
            false => Ok(()),
        }
    }

    /// What the caller may use by another plan: what each of its credentials allows.
    fn grants_in(&self, plan: &Plan, api: &ApiPlan, principal: &Principal, now_s: u64) -> Result<Arc<Grants>, String> {
        if principal.is_anonymous() {
            return api
                .identity
                .nobody()
                .map(|nobody| nobody.grants)
                .ok_or_else(|| "nobody is let in unnamed any more".to_owned());
        }
        let app = plan.apps.get(&principal.app.name);
        let app = app.ok_or_else(|| format!("there is no app {} any more", principal.app.name))?;
        let mut grants: Option<Arc<Grants>> = None;
        for (method, credential) in principal.proofs() {
            if !method.is_empty() && !api.identity.has(method) {
                return Err(format!("the API does not accept {method} any more"));
            }
            let own = match (method, credential) {
                ("api-key", Some(id)) => self.of_key(plan, principal, id, now_s)?,
                ("jwt" | "introspection", _) => self.of_token(plan, principal)?,
                _ if self.is_proof_in(plan, method, credential, principal) => app.grants.clone(),
                _ => return Err(format!("the {method} of the caller is not known any more")),
            };
            grants = Some(match grants {
                Some(before) => Arc::new(before.both(&own)),
                None => own,
            });
        }
        Ok(grants.unwrap_or_else(|| app.grants.clone()))
    }

    fn of_key(&self, plan: &Plan, principal: &Principal, id: &str, now_s: u64) -> Result<Arc<Grants>, String> {
        let stored = plan.credentials.by_id(id).filter(|stored| stored.app.name == principal.app.name);
        let stored = stored.ok_or_else(|| format!("there is no credential {id} any more"))?;
        match stored.expires_at.is_some_and(|at| at <= now_s) {
            true => Err(format!("credential {id} has expired")),
            false => Ok(stored.grants),
        }
    }

    fn of_token(&self, plan: &Plan, principal: &Principal) -> Result<Arc<Grants>, String> {
        let claims = principal.claims.as_ref().ok_or("the token is gone")?;
        let issuer = plan.issuers.get(&claims.issuer).ok_or("the issuer is gone")?;
        let mut again = jwt::again(&plan.profiles, issuer, claims).map_err(|refusal| refusal.reason.clone())?;
        if again.app.name != principal.app.name {
            return Err("the token stands for another app now".to_owned());
        }
        plan.bind(&mut again);
        Ok(again.grants)
    }

    /// Whether a proof that is neither key nor token is one of the same app in another plan, and the same.
    fn is_proof_in(&self, plan: &Plan, method: &str, credential: Option<&str>, principal: &Principal) -> bool {
        let is_same = |app: &Arc<crate::identity::AppPlan>| app.name == principal.app.name;
        match (method, credential) {
            ("certificate", _) => {
                self.caller.certificate.as_ref().is_some_and(|certificate| plan.proofs.app_of(certificate).is_ok_and(is_same))
            }
            ("basic", Some(user)) => match (self.plan.proofs.password(user), plan.proofs.password(user)) {
                (Some(before), Some(now)) => before.hash == now.hash && is_same(&now.app),
                _ => false,
            },
            ("signature", Some(id)) => plan.proofs.signing_key(id).is_some_and(|key| is_same(&key.app)),
            ("webhook", _) => plan.proofs.webhook(&principal.app.name).is_some(),
            // A simulation has no proof.
            ("", _) => true,
            _ => false,
        }
    }
}
