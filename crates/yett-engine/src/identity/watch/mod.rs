//! Guessed and stolen credentials: who fails is delayed, what looks stolen is found, what is blocked stays out.
//!
//! One [`Watch`] outlives all plans and is shared by all workers. What happens all the time costs a load or two; locks
//! are for what goes wrong. Nothing grows beyond its bound, whoever sends what.

mod blocked;
mod cells;
pub mod failures;
mod findings;
mod known;
mod leaks;

use crate::exchange::Now;
pub use blocked::{Blocked, MOST_BLOCKED};
pub use failures::Failures;
pub use findings::Findings;
pub use leaks::{Leaks, Reported};
use std::net::IpAddr;
use yett_model::FindingKind;

/// What is noticed of credentials.
#[derive(Default)]
pub struct Watch {
    /// Delays for whoever fails.
    pub failures: Failures,
    /// What people should look at.
    pub findings: Findings,
    /// Credentials that are refused whatever a snapshot says.
    pub blocked: Blocked,
    /// Keys that were handed in as leaked.
    pub leaks: Leaks,
}

impl Watch {
    /// A credential was proven from a network that is new for it; `networks` is how many there are by now, and more than
    /// `most` are a finding (0: never).
    pub(super) fn widened(&self, credential: &str, (networks, most): (u32, u32), address: IpAddr, now: Now) {
        self.failures.proven(credential, address, now);
        if most > 0 && networks > most {
            let evidence = [("networks", networks.to_string()), ("network", findings::network(address))];
            self.findings.raise(FindingKind::KeyFromManyNetworks, credential, &evidence, now);
        }
    }

    /// A token or proof was used by somebody else than it was made for; `what` says which and how.
    pub(crate) fn replayed(&self, credential: &str, what: &str, address: IpAddr, now: Now) {
        let evidence = [("what", what.to_owned()), ("network", findings::network(address))];
        self.findings.raise(FindingKind::TokenReplayed, credential, &evidence, now);
    }

    /// A token was sent from a network that is new for it; more than `most` are a finding (0: never).
    pub(crate) fn token_widened(&self, credential: &str, (networks, most): (u32, u32), address: IpAddr, now: Now) {
        if most > 0 && networks > most {
            self.replayed(credential, &format!("a token from {networks} networks"), address, now);
        }
    }

    /// Whether a credential is blocked; its use is a finding.
    pub(crate) fn check_blocked(&self, credential: &str, address: IpAddr, now: Now) -> Option<yett_model::Block> {
        let because = self.blocked.why(credential)?;
        let evidence = [("because", because.as_str().to_owned()), ("network", findings::network(address))];
        self.findings.raise(FindingKind::BlockedCredentialUsed, credential, &evidence, now);
        Some(because)
    }
}

#[cfg(test)]
mod tests;
