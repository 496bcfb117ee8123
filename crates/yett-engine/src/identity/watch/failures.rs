//! Brute force: credentials that are not accepted are counted for their source and for the credential they claim to be.
//!
//! A source that has failed too often is refused before any credential is looked at, be it a good one: otherwise an
//! attacker would learn from the difference which guess was right. A credential under attack from many sources is
//! refused, right or wrong, to sources that have not proven it lately: its owner, who has, is not locked out.

use super::Watch;
use super::cells::{Cells, Slope};
use super::findings::network;
use super::known::Known;
use crate::Refusal;
use crate::exchange::Now;
use crate::identity::jwt::NONCE;
use http::HeaderValue;
use http::header::RETRY_AFTER;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use yett_model::snapshot::Failures as Settings;
use yett_model::{Code, FindingKind};

/// What was failed, and by whom.
#[derive(Default)]
pub struct Failures {
    hashing: RandomState,
    sources: Cells,
    credentials: Cells,
    known: Known,
    reports: Cells,
}

/// How delays grow by the settings.
fn slope(settings: &Settings, free: u32) -> Slope {
    let us = |ms: u64| ms.saturating_mul(1000);
    Slope { free, window_us: us(settings.window_ms), delay_us: us(settings.delay_ms), longest_us: us(settings.longest_ms) }
}

/// Whether a refusal tells of a wrong credential: one that is missing, or was right once, is no guess. Nor is a proof
/// that is right but for the nonce, which its maker is told now.
#[must_use]
pub fn is_failure(refusal: &Refusal) -> bool {
    let lacks_nonce = refusal.headers.iter().any(|(name, _)| *name == NONCE);
    refusal.status() == 401 && !lacks_nonce && !matches!(refusal.code, Code::CredentialMissing | Code::CredentialExpired)
}

fn refusal(wait_us: u64, reason: impl Into<String>) -> Box<Refusal> {
    Refusal::new(Code::TooManyFailures, reason).with_header(RETRY_AFTER, HeaderValue::from(wait_us.div_ceil(1_000_000)))
}

impl Failures {
    pub(crate) fn source(&self, address: IpAddr) -> u64 {
        match address.to_canonical() {
            IpAddr::V4(v4) => self.hashing.hash_one(v4.to_bits()),
            // The first 64 bits: a caller chooses the others freely.
            IpAddr::V6(v6) => self.hashing.hash_one((v6.to_bits() >> 64) as u64),
        }
    }

    fn credential(&self, credential: &str) -> u64 {
        self.hashing.hash_one(credential)
    }

    fn pair(&self, credential: &str, address: IpAddr) -> u64 {
        self.hashing.hash_one((credential, crate::record::truncate_address(address)))
    }

    /// Notes that a credential was proven from an address: its network is known to be good for it. While it is under
    /// attack nothing is learned: a guess that is right must not make the guesser's network a good one.
    pub fn proven(&self, credential: &str, address: IpAddr, now: Now) {
        if self.credentials.wait(self.credential(credential), now.mono_us) > 0 {
            return;
        }
        self.known.note(self.pair(credential, address), now.unix_ms);
    }

    /// Whether nobody is delayed: then nothing else need be asked. Two loads.
    #[must_use]
    pub fn is_quiet(&self, now: Now) -> bool {
        self.sources.is_quiet(now.mono_us) && self.credentials.is_quiet(now.mono_us)
    }

    /// Counts a request to a place that answers everybody, such as where leaked keys are handed in.
    ///
    /// # Errors
    /// 429 with `Retry-After`, for one who sends too many.
    pub(crate) fn check_report(&self, address: IpAddr, per_source: u32, window_ms: u64, now: Now) -> Result<(), Box<Refusal>> {
        let window_us = window_ms.saturating_mul(1000);
        let slope = Slope { free: per_source, window_us, delay_us: 1_000_000, longest_us: window_us.max(1_000_000) };
        let source = self.source(address);
        let wait = self.reports.wait(source, now.mono_us).max(self.reports.fail(source, now.mono_us, slope));
        match wait {
            0 => Ok(()),
            wait => Err(Refusal::new(Code::RateExceeded, "this source hands in too many keys")
                .with_header(RETRY_AFTER, HeaderValue::from(wait.div_ceil(1_000_000)))),
        }
    }
}

impl Watch {
    /// Whether the source is delayed, told before any credential is looked at.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub(crate) fn check_source(&self, address: IpAddr, now: Now) -> Result<(), Box<Refusal>> {
        match self.failures.sources.wait(self.failures.source(address), now.mono_us) {
            0 => Ok(()),
            wait => Err(refusal(wait, "the source sent too many credentials that were not accepted")),
        }
    }

    /// Counts a credential that was not accepted. `claimed` is the id of the credential it was meant for, where that is
    /// known.
    pub(crate) fn failed(&self, settings: &Settings, claimed: Option<&str>, address: IpAddr, now: Now) {
        let failures = &self.failures;
        failures.sources.fail(failures.source(address), now.mono_us, slope(settings, settings.per_source));
        let Some(claimed) = claimed else { return };
        let slope = slope(settings, settings.per_credential);
        let delay = failures.credentials.fail(failures.credential(claimed), now.mono_us, slope);
        if delay > 0 {
            let evidence = [("delay_s", (delay / 1_000_000).to_string()), ("network", network(address))];
            self.findings.raise(FindingKind::CredentialAttacked, claimed, &evidence, now);
        }
    }

    /// Whether a credential is under attack and the source has not proven it lately: then neither a right nor a wrong
    /// one is told from the other.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub(crate) fn check_credential(&self, credential: &str, address: IpAddr, now: Now) -> Result<(), Box<Refusal>> {
        let failures = &self.failures;
        match failures.credentials.wait(failures.credential(credential), now.mono_us) {
            0 => Ok(()),
            _ if failures.known.has(failures.pair(credential, address), now.unix_ms) => Ok(()),
            wait => {
                Err(refusal(wait, format!("credential {credential} is under attack, and this source is not known to have it")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now { unix_ms: 1_700_000_000_000, mono_us: 5_000_000 };

    fn at(second: u64) -> Now {
        Now { unix_ms: NOW.unix_ms + second * 1000, mono_us: NOW.mono_us + second * 1_000_000 }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn fail(watch: &Watch, claimed: Option<&str>, from: &str, times: usize) {
        (0..times).for_each(|_| watch.failed(&Settings::default(), claimed, address(from), NOW));
    }

    #[test]
    fn a_source_is_delayed_after_its_free_failures_and_let_in_again_later() {
        let watch = Watch::default();
        fail(&watch, None, "192.0.2.1", 20);
        assert!(watch.check_source(address("192.0.2.1"), NOW).is_ok() && watch.failures.is_quiet(NOW));
        fail(&watch, None, "192.0.2.1", 1);
        let refused = watch.check_source(address("192.0.2.1"), NOW).unwrap_err();
        assert_eq!((refused.code, refused.headers[0].1.to_str().unwrap()), (Code::TooManyFailures, "1"));
        assert!(watch.check_source(address("192.0.2.2"), NOW).is_ok());
        assert!(watch.check_source(address("192.0.2.1"), at(1)).is_ok());
    }

    #[test]
    fn a_caller_of_ipv6_cannot_change_the_source() {
        let watch = Watch::default();
        (0..30).for_each(|host| fail(&watch, None, &format!("2001:db8:0:1::{host}"), 1));
        assert!(watch.check_source(address("2001:db8:0:1::ffff"), NOW).is_err());
        assert!(watch.check_source(address("2001:db8:0:2::1"), NOW).is_ok());
    }

    #[test]
    fn an_attack_from_many_sources_does_not_lock_the_owner_out() {
        let watch = Watch::default();
        watch.failures.proven("k1", address("198.51.100.7"), NOW);
        (0..60).for_each(|network| fail(&watch, Some("k1"), &format!("10.0.{network}.1"), 1));
        assert!(watch.check_credential("k1", address("10.9.9.9"), NOW).is_err());
        assert!(watch.check_credential("k1", address("198.51.100.200"), NOW).is_ok(), "the owner's network");
        assert!(watch.check_credential("k2", address("10.9.9.9"), NOW).is_ok());
        let found = watch.findings.take(9);
        assert_eq!((found.len(), found[0].kind, &*found[0].subject), (1, FindingKind::CredentialAttacked, "k1"));
    }

    #[test]
    fn only_wrong_credentials_are_failures() {
        for (code, expected) in [
            (Code::CredentialInvalid, true),
            (Code::CredentialDisagree, true),
            (Code::CredentialMissing, false),
            (Code::CredentialExpired, false),
            (Code::CredentialAmbiguous, false),
            (Code::AccessDenied, false),
        ] {
            assert_eq!(is_failure(&Refusal::new(code, "")), expected, "{code:?}");
        }
    }
}
