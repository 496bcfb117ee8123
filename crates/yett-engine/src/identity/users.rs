//! The users of a plan, and as whom issuers know them.
//!
//! A name means nothing without whoever gave it: two issuers may each have somebody called `mira`, and the one that is
//! trusted least must not speak for the other's. So a user is found by issuer and subject, both. One who is bound to no
//! issuer is known by name to the one issuer there is; where there are several, to none.

use super::{Principal, UserPlan};
use crate::identity::jwt::issuers::IssuerPlan;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot::User;

/// The users of a plan.
#[derive(Debug, Default)]
pub(crate) struct Users {
    named: HashMap<Arc<str>, Arc<UserPlan>>,
    /// By issuer and subject.
    known: HashMap<Box<str>, HashMap<Box<str>, Arc<UserPlan>>>,
}

impl Users {
    /// Adds a user; whether the name was free.
    pub(crate) fn add(&mut self, user: UserPlan) -> bool {
        self.named.insert(user.name.clone(), Arc::new(user)).is_none()
    }

    /// The user of a name in the configuration: for whoever may name users without a token.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<UserPlan>> {
        self.named.get(name)
    }

    /// The user whom an issuer calls so.
    pub(crate) fn of(&self, issuer: &str, subject: &str) -> Option<&Arc<UserPlan>> {
        self.known.get(issuer)?.get(subject)
    }

    /// Who the principal acts for. Gives the person their name in the configuration; somebody whom it does not know
    /// never gets the name of one whom it does.
    pub(crate) fn recognise(&self, principal: &mut Principal) -> Option<&Arc<UserPlan>> {
        let Some(person) = &principal.person else { return self.named(principal.user.as_deref()?) };
        let known = self.of(&person.issuer, &person.subject);
        principal.user = Some(match known {
            Some(user) => user.name.clone(),
            None if self.named.contains_key(&person.subject) => format!("{}/{}", person.issuer, person.subject).into(),
            None => person.subject.clone(),
        });
        known
    }

    /// Binds users to what issuers call them; mistakes are reported.
    pub(crate) fn bind(&mut self, users: &[User], issuers: &HashMap<Arc<str>, Arc<IssuerPlan>>, found: &mut Vec<Diagnostic>) {
        let all: BTreeSet<&str> = issuers.values().flat_map(|issuer| issuer.namers()).collect();
        let of_agents = || issuers.values().filter(|issuer| issuer.serves_agents()).flat_map(|issuer| issuer.namers());
        let speaking = if all.len() > 1 { of_agents().collect() } else { all.clone() };
        for (index, user) in users.iter().enumerate() {
            let path = format!("/users/{index}");
            if user.identities.is_empty() {
                self.bind_by_name(user, &speaking, &path, found);
            }
            for (number, identity) in user.identities.iter().enumerate() {
                let path = format!("{path}/identities/{number}");
                match all.contains(identity.issuer.as_str()) {
                    true => self.insert(&user.name, &identity.issuer, &identity.subject, &path, found),
                    false => {
                        let message = format!("no tokens tell of users of the issuer '{}'", identity.issuer);
                        found.push(Diagnostic::new(format!("{path}/issuer"), "issuer-unknown", message));
                    }
                }
            }
        }
    }

    fn bind_by_name(&mut self, user: &User, speaking: &BTreeSet<&str>, path: &str, found: &mut Vec<Diagnostic>) {
        match (speaking.first(), speaking.len()) {
            (Some(only), 1) => self.insert(&user.name, only, &user.name, path, found),
            (Some(_), _) => {
                let message = format!("'{}' could be a user of each of {} issuers", user.name, speaking.len());
                found.push(Diagnostic::new(path, "user-unbound", message).hint("Say as whom an issuer knows the user."));
            }
            (None, _) => {}
        }
    }

    fn insert(&mut self, name: &str, issuer: &str, subject: &str, path: &str, found: &mut Vec<Diagnostic>) {
        let Some(user) = self.named.get(name).cloned() else { return };
        let of_issuer = self.known.entry(issuer.into()).or_default();
        if let Some(other) = of_issuer.insert(subject.into(), user) {
            let message = format!("'{subject}' of {issuer} is '{}' too", other.name);
            found.push(Diagnostic::new(path, "user-ambiguous", message));
        }
    }
}
