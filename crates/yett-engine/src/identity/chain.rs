//! The methods of an API in order, and what happens when several of them find a credential.

use super::anonymous::Anonymous;
use super::api_key::ByApiKey;
use super::basic::ByPassword;
use super::body_proof::BodyProof;
use super::certificate::method::ByCertificate;
use super::jwt::issuers::IssuerPlan;
use super::jwt::{ByIntrospection, ByToken};
use super::question::{Answer, Question};
use super::signature::BySignature;
use super::webhook::ByWebhook;
use super::{Asked, Found, Method, Principal, Sent, bearer_tokens, refuse};
use crate::Refusal;
use http::HeaderName;
use http::header::AUTHORIZATION;
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::Code;
use yett_model::snapshot::{Combine, Identify, MethodName};

/// The methods of an API.
#[derive(Debug, Default)]
pub struct Chain {
    methods: Vec<Arc<dyn Method>>,
    combine: Combine,
    anonymous: Option<Anonymous>,
}

/// How far a request has come through a chain.
#[derive(Debug, Default)]
pub struct Progress {
    next: usize,
    /// Whether a method has the credential in `Authorization`.
    taken: bool,
    found: Option<Principal>,
    /// What the body must prove yet.
    pub(crate) awaiting: Vec<BodyProof>,
    /// A method that found nothing.
    without: Option<&'static str>,
}

/// The methods of an API, each a line here.
pub(crate) fn build(identify: &Identify, anonymous: Option<Anonymous>, issuers: &HashMap<Arc<str>, Arc<IssuerPlan>>) -> Chain {
    let wanted = |name: MethodName| identify.order.is_empty() || identify.order.contains(&name);
    let place = |name: MethodName| identify.order.iter().position(|other| *other == name).unwrap_or(name as usize);
    let mut methods: Vec<(MethodName, Arc<dyn Method>)> = Vec::new();
    if let Some(places) = identify.api_key.clone() {
        methods.push((
            MethodName::ApiKey,
            Arc::new(ByApiKey { places, alone: identify.jwt.is_none() && identify.introspection.is_none() }),
        ));
    }
    if let Some(jwt) = &identify.jwt {
        let named = jwt.issuers.iter().filter_map(|name| issuers.get(name.as_str()).cloned()).collect();
        methods.push((MethodName::Jwt, Arc::new(ByToken::new(named, jwt.dpop_nonce))));
    }
    if identify.certificate {
        methods.push((MethodName::Certificate, Arc::new(ByCertificate)));
    }
    if let Some(settings) = identify.signature.clone() {
        methods.push((MethodName::Signature, Arc::new(BySignature { settings })));
    }
    if let Some(settings) = identify.webhook.clone() {
        methods.push((MethodName::Webhook, Arc::new(ByWebhook { settings })));
    }
    if identify.basic {
        methods.push((MethodName::Basic, Arc::new(ByPassword)));
    }
    if let Some(issuer) = identify.introspection.as_ref().and_then(|method| issuers.get(method.issuer.as_str())) {
        let leaves = (identify.api_key.is_some(), identify.jwt.is_some());
        methods.push((MethodName::Introspection, Arc::new(ByIntrospection::new(issuer.clone(), leaves))));
    }
    methods.retain(|(name, _)| wanted(*name));
    methods.sort_by_key(|(name, _)| place(*name));
    Chain { methods: methods.into_iter().map(|(_, method)| method).collect(), combine: identify.combine, anonymous }
}

impl Chain {
    /// Goes on until the caller is known, or somebody outside must be asked. `answer` is to the question asked last.
    ///
    /// # Errors
    /// 400 and 401 for credentials that are not accepted, or not together.
    pub fn go_on(
        &self,
        asked: &Asked<'_>,
        progress: &mut Progress,
        mut answer: Option<Answer>,
    ) -> Result<Option<Question>, Box<Refusal>> {
        if progress.next == 0 {
            self.check_room(asked)?;
        }
        if progress.next == 0 && self.methods.len() > 1 && self.combine == Combine::One {
            self.check_single(asked)?;
        }
        while let Some(method) = self.methods.get(progress.next) {
            let found = match answer.take() {
                Some(answer) => method.answered(asked, answer)?,
                None => self.look(method.as_ref(), asked, progress)?,
            };
            match found {
                Found::Asks(question) => return Ok(Some(question)),
                Found::Caller(caller) => self.take(caller, progress)?,
                Found::Bound(caller, proof) => {
                    self.take(caller, progress)?;
                    progress.awaiting.push(proof);
                }
                Found::Nothing => progress.without = Some(method.name()),
            }
            progress.next += 1;
        }
        Ok(None)
    }

    fn look(&self, method: &dyn Method, asked: &Asked<'_>, progress: &mut Progress) -> Result<Found, Box<Refusal>> {
        let settled = self.combine == Combine::First && progress.found.is_some();
        match method.sent(asked) {
            Sent::Nothing => return Ok(Found::Nothing),
            _ if settled => return Ok(Found::Nothing),
            Sent::Authorization if std::mem::replace(&mut progress.taken, true) => return Ok(Found::Nothing),
            Sent::Authorization | Sent::Elsewhere => {}
        }
        method.look(asked)
    }

    /// `Authorization` has one value (RFC 9110 section 11.6.2): of two, one would be ignored here and read elsewhere.
    fn check_room(&self, asked: &Asked<'_>) -> Result<(), Box<Refusal>> {
        match asked.headers.get_all(AUTHORIZATION).iter().nth(1).is_some() && self.takes(&AUTHORIZATION) {
            true => Err(Refusal::open(Code::CredentialAmbiguous, "the request carries more than one credential")),
            false => Ok(()),
        }
    }

    /// Told before anything is proven: who sends two credentials learns nothing about either.
    fn check_single(&self, asked: &Asked<'_>) -> Result<(), Box<Refusal>> {
        let sent = self.methods.iter().map(|method| method.sent(asked)).filter(|sent| *sent != Sent::Nothing);
        let (in_authorization, elsewhere): (Vec<Sent>, Vec<Sent>) = sent.partition(|sent| *sent == Sent::Authorization);
        match in_authorization.len().min(1) + elsewhere.len() {
            0 | 1 => Ok(()),
            _ => Err(Refusal::open(Code::CredentialAmbiguous, "the request carries credentials of several methods")),
        }
    }

    fn take(&self, caller: Principal, progress: &mut Progress) -> Result<(), Box<Refusal>> {
        let Some(first) = progress.found.as_mut() else {
            progress.found = Some(caller);
            return Ok(());
        };
        if first.app.name != caller.app.name
            || (first.person.is_some() && caller.person.is_some() && first.person != caller.person)
        {
            let reason = format!("{} proves {}, and {} proves {}", first.method, first.app.name, caller.method, caller.app.name);
            return Err(refuse(self.challenge(), Code::CredentialDisagree, reason));
        }
        first.join(caller);
        Ok(())
    }

    /// Who calls, once every method was asked; `None`: nobody said.
    ///
    /// # Errors
    /// 401 if a credential is missing, or one was sent that no method knows.
    pub fn conclude(&self, asked: &Asked<'_>, progress: Progress) -> Result<Option<Principal>, Box<Refusal>> {
        if progress.found.is_none() && self.is_stray(asked, &progress) {
            return Err(refuse(self.challenge(), Code::CredentialInvalid, "no method of this API knows such a token"));
        }
        match progress.without.filter(|_| self.combine == Combine::All && progress.found.is_some()) {
            Some(method) => Err(self.missing_of(method)),
            None => Ok(progress.found.or_else(|| self.anonymous.as_ref().map(Anonymous::principal))),
        }
    }

    /// Whether a credential was sent that is none of the methods' business: its sender is not nobody.
    fn is_stray(&self, asked: &Asked<'_>, progress: &Progress) -> bool {
        let any = self.anonymous.is_some() && asked.headers.contains_key(AUTHORIZATION);
        !progress.taken && (any || (self.takes(&AUTHORIZATION) && bearer_tokens(asked.headers).next().is_some()))
    }

    fn missing_of(&self, name: &'static str) -> Box<Refusal> {
        let method = self.methods.iter().find(|method| method.name() == name);
        let challenge = method.map_or("Bearer realm=\"yett\"", |method| method.challenge());
        let mut refusal = refuse(challenge, Code::CredentialMissing, format!("{name} is needed too, and was not sent"));
        refusal.detail = method.and_then(|method| method.hint()).unwrap_or_default();
        refusal
    }

    /// The refusal of a request without a credential.
    #[must_use]
    pub fn missing(&self) -> Box<Refusal> {
        let mut refusal = refuse(self.challenge(), Code::CredentialMissing, "no credential was sent");
        let hints: Vec<String> = self.methods.iter().filter_map(|method| method.hint()).collect();
        refusal.detail = match hints.is_empty() {
            true => "This API accepts no credential yet.".to_owned(),
            false => hints.join(" Or: "),
        };
        refusal
    }

    /// Whether callers may prove themselves by a method.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.methods.iter().any(|method| method.name() == name)
    }

    /// The caller without a credential, where there is one.
    pub(crate) fn nobody(&self) -> Option<Principal> {
        self.anonymous.as_ref().map(Anonymous::principal)
    }

    pub(crate) fn challenge(&self) -> &'static str {
        self.methods.first().map_or("Bearer realm=\"yett\"", |method| method.challenge())
    }

    /// Whether a credential of any kind was sent, told without proving anything.
    pub(crate) fn sends(&self, asked: &Asked<'_>) -> bool {
        let stray = || self.takes(&AUTHORIZATION) && bearer_tokens(asked.headers).next().is_some();
        self.methods.iter().any(|method| method.sent(asked) != Sent::Nothing) || stray()
    }

    /// Whether a field carries a credential: it is spent here.
    #[must_use]
    pub fn takes(&self, name: &HeaderName) -> bool {
        self.methods.iter().any(|method| method.takes(name))
    }

    /// The query parameter that carries a credential.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.methods.iter().find_map(|method| method.query())
    }
}

#[cfg(test)]
mod tests;
