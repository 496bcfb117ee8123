//! Which requests a control is about.

use crate::network::{Network, as_bits};
use std::collections::HashSet;
use std::net::IpAddr;
use yett_model::ControlScope;

/// Most names or networks in one list of a scope.
const MOST_NAMES: usize = 1_000;

/// A scope compiled: a list that is empty says nothing.
#[derive(Debug)]
pub(crate) struct Scope {
    operations: HashSet<String>,
    apis: HashSet<String>,
    apps: HashSet<String>,
    users: HashSet<String>,
    credentials: HashSet<String>,
    networks: Vec<Network>,
}

/// What is known of a request so far.
pub(crate) struct Subject<'a> {
    pub(crate) api: Option<&'a str>,
    pub(crate) operation: Option<&'a str>,
    pub(crate) address: IpAddr,
    pub(crate) app: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) credentials: Vec<&'a str>,
}

impl Scope {
    /// Compiles it; `None` after what is wrong with it was told.
    pub(super) fn compile(scope: &ControlScope, wrong: &mut impl FnMut(&str, &str, String)) -> Option<Self> {
        let lists = [&scope.operations, &scope.apis, &scope.apps, &scope.users, &scope.credentials, &scope.networks];
        let mut sound = true;
        if lists.iter().all(|list| list.is_empty()) != scope.everything {
            let message = "a scope names something, or says `everything`: not neither, and not both";
            wrong("/scope", "control-scope-invalid", message.to_owned());
            sound = false;
        }
        if lists.iter().any(|list| list.len() > MOST_NAMES) {
            wrong("/scope", "control-scope-large", format!("a scope names at most {MOST_NAMES} of a kind"));
            sound = false;
        }
        let mut networks = Vec::new();
        for (index, text) in scope.networks.iter().enumerate().take(MOST_NAMES) {
            match Network::parse(text) {
                Some(network) => networks.push(network),
                None => {
                    let message = format!("'{text}' is neither an address nor a network");
                    wrong(&format!("/scope/networks/{index}"), "network-invalid", message);
                    sound = false;
                }
            }
        }
        let set = |list: &[String]| list.iter().cloned().collect();
        sound.then(|| Self {
            operations: set(&scope.operations),
            apis: set(&scope.apis),
            apps: set(&scope.apps),
            users: set(&scope.users),
            credentials: set(&scope.credentials),
            networks,
        })
    }

    /// Whether it can only be told once the caller is known.
    pub(super) fn names_callers(&self) -> bool {
        !self.apps.is_empty() || !self.users.is_empty() || !self.credentials.is_empty()
    }

    /// Whether it is about some callers only, however they are told.
    pub(crate) fn is_of_callers(&self) -> bool {
        self.names_callers() || !self.networks.is_empty()
    }

    /// Whether a request is in it.
    pub(crate) fn has(&self, subject: &Subject<'_>) -> bool {
        let named =
            |names: &HashSet<String>, name: Option<&str>| names.is_empty() || name.is_some_and(|name| names.contains(name));
        self.has_operation(subject)
            && named(&self.apis, subject.api)
            && named(&self.apps, subject.app)
            && named(&self.users, subject.user)
            && (self.credentials.is_empty() || subject.credentials.iter().any(|id| self.credentials.contains(*id)))
            && self.has_address(subject.address)
    }

    fn has_address(&self, address: IpAddr) -> bool {
        let bits = as_bits(address);
        self.networks.is_empty() || self.networks.iter().any(|network| network.has(bits))
    }

    /// What the contract does not describe, where that passes at all, may be taken by the upstream for any operation of
    /// its API (another case, a trailing slash): it is in every scope that names one of them.
    fn has_operation(&self, subject: &Subject<'_>) -> bool {
        match (subject.operation, subject.api) {
            _ if self.operations.is_empty() => true,
            (Some(operation), _) => self.operations.contains(operation),
            (None, Some(api)) => self.operations.iter().any(|name| name.split_once(':').is_some_and(|(of, _)| of == api)),
            (None, None) => false,
        }
    }
}
