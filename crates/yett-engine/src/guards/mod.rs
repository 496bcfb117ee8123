//! Guards: the protective steps of the gateway, one folder each.
//!
//! A guard is built once per operation from the snapshot and implements only its phases. It returns a verdict and
//! never writes to the socket. What an operation does not use is not built for it. Adding a guard is one folder and
//! one line in [`build`].
//!
//! A guard may also change a body: [`Guard::reshape_request`] and [`Guard::reshape_response`] give other bytes. In both
//! phases the guards run in the order of [`build`], and each first changes the body and then judges it. So a guard sees
//! what those before it left, never what they took away: the contract guard judges what it has stripped, injection and
//! policies look at what goes upstream, and what masks comes last, as policies may need the values that are masked. What
//! was judged is what goes on: nothing is changed after the last guard, and what does not come whole is not changed but
//! refused by the guard that would have to change it.

#[cfg(test)]
mod cases;
pub mod contract;
pub mod cors;
pub mod csrf;
pub mod graphql;
pub mod injection;
mod leaks;
pub(crate) mod leaves;
pub mod limits;
pub(crate) mod mask;
pub mod structure;

use crate::Refusal;
use crate::body::Body;
use crate::exchange::{BodyNeed, Now};
use crate::identity::Principal;
use crate::plan::Scope;
use crate::{origins, policy};
use bytes::Bytes;
use cors::CorsPlan;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use yett_model::Phase;
use yett_model::decision::{ContextReport, PolicyReport};
use yett_model::snapshot::Mode;

/// What a guard says about a request or response.
pub type Verdict = Result<(), Box<Refusal>>;

/// The request as guards see it.
pub struct RequestView<'a> {
    /// Method.
    pub method: &'a Method,
    /// Path parameters in template order: name and percent-encoded value.
    pub path_parameters: &'a [(Arc<str>, String)],
    /// Raw query string without `?`; empty when absent.
    pub query: &'a str,
    /// Query parameter that carried the caller's credential: not the contract's business.
    pub credential_query: Option<&'a str>,
    /// Query parameter that says which version of the API is meant: not its contract's business either.
    pub version_query: Option<&'a str>,
    /// Header fields as received.
    pub headers: &'a HeaderMap,
    /// Target as received.
    pub uri: &'a Uri,
    /// Host that the caller asked a trusted proxy for.
    pub told_host: Option<&'a str>,
    /// Caller's address.
    pub address: IpAddr,
    /// Whether the caller came over TLS.
    pub tls: bool,
    /// Country of the address (ISO 3166-1, two capital letters), where that is known.
    pub country: Option<&'a str>,
    /// Autonomous system of the address, where that is known.
    pub asn: Option<u32>,
    /// How suspicious the request is, from 0 to 100: what the guards of `screen` made of it.
    pub risk: u8,
    /// Whether the caller showed a certificate.
    pub certified: bool,
    /// Who calls; absent before `identify` and for anonymous callers.
    pub principal: Option<&'a Principal>,
    /// Units the request takes from limits.
    pub cost: u32,
    /// The time.
    pub now: Now,
    /// Takes down how something was decided; in simulations only.
    pub notes: Option<&'a Notes>,
}

impl RequestView<'_> {
    /// Host, with its port if it was told, that the caller asked for.
    pub(crate) fn asked(&self) -> Option<&str> {
        self.told_host.or_else(|| origins::asked(self.uri, self.headers))
    }

    /// Takes down a sentence, if anybody will read it.
    pub(crate) fn note(&self, phase: Phase, sentence: impl FnOnce() -> String) {
        self.take_down(|noted| noted.lines.push((phase, sentence())));
    }

    /// Takes down something, if anybody will read it.
    pub(crate) fn take_down(&self, note: impl FnOnce(&mut Noted)) {
        if let Some(notes) = self.notes {
            note(&mut notes.0.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// How decisions came about.
#[derive(Default)]
pub struct Notes(Mutex<Noted>);

/// What was taken down.
#[derive(Default, Clone)]
pub(crate) struct Noted {
    /// Sentences, by phase.
    pub(crate) lines: Vec<(Phase, String)>,
    /// What policies came to.
    pub(crate) policies: Vec<PolicyReport>,
    /// What they saw.
    pub(crate) contexts: Vec<ContextReport>,
}

impl Notes {
    /// What was taken down in a phase.
    #[must_use]
    pub fn of(&self, phase: Phase) -> Vec<String> {
        self.all().lines.into_iter().filter(|(at, _)| *at == phase).map(|(_, line)| line).collect()
    }

    /// All that was taken down.
    pub(crate) fn all(&self) -> Noted {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The upstream's answer as guards see it.
pub struct ResponseView<'a> {
    /// HTTP status.
    pub status: u16,
    /// Header fields as received.
    pub headers: &'a HeaderMap,
}

/// What a guard makes of a body.
#[derive(Debug, Default)]
pub struct Reshaped {
    /// The body in the place of the one that was shown; `None` leaves that.
    pub body: Option<Bytes>,
    /// What was changed, for the log: places and kinds, never a value.
    pub changed: Vec<String>,
    /// What would have been changed if it were not only watched.
    pub would_change: Vec<String>,
}

/// What a guard may do to the bodies of answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reshapes {
    /// It only judges them.
    #[default]
    Nothing,
    /// It may change them, whoever asks.
    Answers,
    /// It may change them, and how depends on who asks: no other caller may get the answer.
    ByCaller,
}

/// What guards leave behind besides their verdict.
#[derive(Default)]
pub struct Effects {
    /// Headers to add to the answer, whatever it is.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Places taken in concurrency limits, given back when the exchange ends.
    pub permits: Vec<limits::Permit>,
    /// How suspicious the request is, from 0 to 100. A guard of `screen` that has a signal adds to it, and policies read
    /// the sum as `context.risk`.
    pub risk: u8,
}

/// One protective step. Every method has a default that does nothing: implement only the guard's phases.
pub trait Guard: Send + Sync {
    /// Name as in the configuration.
    fn name(&self) -> &'static str;

    /// What happens with the guard's refusals of requests.
    fn mode(&self) -> Mode;

    /// What happens with the guard's refusals of responses.
    fn response_mode(&self) -> Mode {
        self.mode()
    }

    /// Phase `screen`: before identity.
    ///
    /// # Errors
    /// The refusal, if the request must not go on.
    fn screen(&self, _request: &RequestView<'_>, _counters: &limits::Counters, _effects: &mut Effects) -> Verdict {
        Ok(())
    }

    /// Phase `authorize`: the caller is known, and a profile grants the operation or it is public.
    ///
    /// # Errors
    /// The refusal, if the request must not go on.
    fn authorize(&self, _request: &RequestView<'_>) -> Verdict {
        Ok(())
    }

    /// Phase `limit`: the caller is known and may use the operation.
    ///
    /// # Errors
    /// The refusal, if the request must not go on.
    fn limit(&self, _request: &RequestView<'_>, _counters: &limits::Counters, _effects: &mut Effects) -> Verdict {
        Ok(())
    }

    /// Phase `inspect`, before the body is read: whether the guard must see it whole.
    ///
    /// # Errors
    /// The refusal, if the head alone shows that the body cannot be accepted.
    fn body_need(&self, _request: &RequestView<'_>) -> Result<BodyNeed, Box<Refusal>> {
        Ok(BodyNeed::Pass)
    }

    /// Phase `inspect`: the head, and the body if [`body_need`](Self::body_need) asked for it and there was one.
    ///
    /// # Errors
    /// The refusal, if the request must not go on.
    fn inspect(&self, _request: &RequestView<'_>, _body: Option<&Body>) -> Verdict {
        Ok(())
    }

    /// Phase `inspect`, before [`inspect`](Self::inspect): the body in the place of the one that was sent. Asked only
    /// where the body was collected.
    ///
    /// # Errors
    /// The refusal, if the body must be changed and cannot be.
    fn reshape_request(&self, _request: &RequestView<'_>, _body: &Body) -> Result<Option<Reshaped>, Box<Refusal>> {
        Ok(None)
    }

    /// What the guard may do to the bodies of the operation's answers. Those that may be changed are asked for whole,
    /// without conditions and without a content coding, and lose what tells of their bytes.
    fn reshapes_answers(&self) -> Reshapes {
        Reshapes::Nothing
    }

    /// Whether the contract has a schema for this answer's body, so that an error may be told in the upstream's words.
    fn describes(&self, _response: &ResponseView<'_>) -> bool {
        false
    }

    /// Whether the answer to this request must be seen whole to be judged: then it is asked for without conditions, and
    /// what cannot be the object that was asked for, such as an error, is told in the gateway's own words.
    fn judges_answer(&self, _request: &RequestView<'_>) -> bool {
        false
    }

    /// Phase `respond`, before the answer's body is read: whether the guard must see it whole.
    fn response_need(&self, _request: &RequestView<'_>, _response: &ResponseView<'_>) -> BodyNeed {
        BodyNeed::Pass
    }

    /// Phase `respond`, before [`respond`](Self::respond): the body in the place of the upstream's. Asked only where it was
    /// collected: a guard that would have had to change one that was not refuses it in [`respond`](Self::respond).
    ///
    /// # Errors
    /// The refusal, if the body must be changed and cannot be.
    fn reshape_response(
        &self,
        _request: &RequestView<'_>,
        _response: &ResponseView<'_>,
        _body: &Body,
    ) -> Result<Option<Reshaped>, Box<Refusal>> {
        Ok(None)
    }

    /// Phase `respond`: the head, and the body if [`response_need`](Self::response_need) asked for it.
    ///
    /// # Errors
    /// The refusal, if the answer must not reach the caller.
    fn respond(&self, _request: &RequestView<'_>, _response: &ResponseView<'_>, _body: Option<&Body>) -> Verdict {
        Ok(())
    }
}

/// Builds the guards of one operation, in the order in which they run within each phase.
pub fn build(scope: &Scope<'_>) -> Vec<Arc<dyn Guard>> {
    let mut guards: Vec<Arc<dyn Guard>> = Vec::new();
    // Limits first: a caller over its rate must not make us parse a body.
    guards.extend(limits::build(scope));
    // What pages of other sites send is refused before anybody looks for a credential; it counts as a request all the same.
    guards.extend(scope.cors.and_then(CorsPlan::guard));
    guards.extend(scope.csrf.cloned());
    // Contract before anything that looks into values: later guards reuse its parse and trust its types.
    guards.extend(contract::build(scope));
    // Structure after it, as it knows better which value is at fault; and before what looks into values.
    guards.extend(structure::build(scope));
    guards.extend(graphql::build(scope));
    // Injection after the contract: it looks only where the contract leaves room, in what the contract guard read.
    guards.extend(injection::build(scope));
    // Policies after it: those that look into bodies see what the contract guard read.
    guards.extend(policy::build(scope));
    // What errors tell of the inside, before it is masked: a trace is a trace whatever data is in it.
    guards.extend(leaks::build(scope));
    // Masking last: nothing after it could put back what it took, and policies have read what it takes.
    guards.extend(mask::build(scope));
    guards
}

/// What some of the guards may do to the bodies of answers.
pub(crate) fn reshapes(guards: &[Arc<dyn Guard>]) -> Reshapes {
    guards.iter().map(|guard| guard.reshapes_answers()).max().unwrap_or_default()
}
