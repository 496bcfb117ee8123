//! What people should look at: each thing once, however often it happens, until somebody takes the news.

use crate::exchange::Now;
use crate::plan::stable_number;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use yett_model::{Finding, FindingKind};

/// How many are kept; the one seen longest ago gives way.
const MOST: usize = 4096;
const LONGEST: usize = 256;

/// A finding, and whether anything of it is news.
struct Kept {
    finding: Finding,
    news: bool,
    /// The Unix second at which it was news last.
    told: u64,
}

/// The findings of this process.
#[derive(Default)]
pub struct Findings {
    kept: Mutex<HashMap<u64, Kept>>,
    counts: [AtomicU64; FindingKind::ALL.len()],
}

impl Findings {
    /// Notices something. `evidence` is of the last time.
    pub fn raise(&self, kind: FindingKind, subject: &str, evidence: &[(&str, String)], now: Now) {
        let at = now.unix_ms / 1000;
        if let Some(count) = self.counts.get(kind as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let subject = shortened(subject);
        let number = stable_number(&format!("{}\n{subject}", kind.as_str()));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST && !kept.contains_key(&number) {
            forget_one(&mut kept);
        }
        let known =
            kept.entry(number).or_insert_with(|| Kept { finding: fresh(number, kind, subject, at), news: true, told: at });
        let before = known.news;
        // A finding that happens all the time is news now and then.
        known.news |= known.finding.count > 0 && at >= known.told + kind.quiet_s();
        if known.news && !before {
            known.told = at;
        }
        known.finding.count += 1;
        known.finding.last_seen = at.max(known.finding.last_seen);
        known.finding.evidence = evidence.iter().map(|(name, value)| ((*name).to_owned(), shortened(value).to_owned())).collect();
    }

    /// Takes up to `most` findings that are new, or were seen again.
    #[must_use]
    pub fn take(&self, most: usize) -> Vec<Finding> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let news = kept.values_mut().filter(|kept| kept.news).take(most);
        let taken = news.map(|kept| {
            kept.news = false;
            kept.finding.clone()
        });
        taken.collect()
    }

    /// How often each kind was noticed.
    pub fn counts(&self) -> impl Iterator<Item = (FindingKind, u64)> + '_ {
        FindingKind::ALL.into_iter().zip(&self.counts).map(|(kind, count)| (kind, count.load(Ordering::Relaxed)))
    }
}

fn fresh(number: u64, kind: FindingKind, subject: &str, at: u64) -> Finding {
    Finding {
        id: format!("finding-{number:016x}"),
        kind,
        severity: kind.severity(),
        subject: subject.to_owned(),
        evidence: std::collections::BTreeMap::new(),
        first_seen: at,
        last_seen: at,
        count: 0,
    }
}

fn forget_one(kept: &mut HashMap<u64, Kept>) {
    let oldest = kept.iter().min_by_key(|(_, kept)| (kept.news, kept.finding.last_seen)).map(|(number, _)| *number);
    oldest.map(|number| kept.remove(&number));
}

fn shortened(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or("")
}

/// The network of an address, as in events.
pub(super) fn network(address: IpAddr) -> String {
    crate::record::truncate_address(address).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Now {
        Now { unix_ms: second * 1000, mono_us: 0 }
    }

    #[test]
    fn the_same_thing_is_one_finding_and_news_once_a_minute() {
        let findings = Findings::default();
        let raise =
            |second: u64| findings.raise(FindingKind::TokenReplayed, "issuer", &[("jti", second.to_string())], at(second));
        (100..105).for_each(raise);
        let [one] = &*findings.take(9) else { panic!() };
        assert_eq!((one.count, one.first_seen, one.last_seen, &*one.evidence["jti"]), (5, 100, 104, "104"));
        raise(110);
        assert!(findings.take(9).is_empty());
        raise(161);
        let [again] = &*findings.take(9) else { panic!() };
        assert_eq!((&again.id, again.count, again.first_seen), (&one.id, 7, 100));
        assert_eq!(
            findings.counts().find(|(kind, _)| *kind == FindingKind::TokenReplayed),
            Some((FindingKind::TokenReplayed, 7))
        );
    }

    #[test]
    fn a_blocked_credential_that_is_tried_all_day_is_news_once_an_hour() {
        let findings = Findings::default();
        let mut told = 0;
        for second in (0..86_400).step_by(10) {
            findings.raise(FindingKind::BlockedCredentialUsed, "k1", &[], at(second));
            told += findings.take(9).len();
        }
        assert_eq!(told, 24);
    }

    #[test]
    fn findings_do_not_grow_without_end() {
        let findings = Findings::default();
        for number in 0..MOST as u64 + 100 {
            findings.raise(FindingKind::LeakedKey, &format!("k{number}"), &[("where", "x".repeat(9999))], at(number));
        }
        let found = findings.take(usize::MAX);
        assert_eq!(found.len(), MOST);
        assert!(found.iter().all(|finding| finding.evidence["where"].len() == LONGEST && finding.subject != "k0"));
    }
}
