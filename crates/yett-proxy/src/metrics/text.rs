//! The sums as Prometheus text (exposition format 0.0.4).

use super::{BOUNDS_US, Counter, Sums, TURNED_AWAY};
use crate::ask::Figures;
use crate::line::Cause;
use crate::shed::Shed;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Content type of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is known besides the sums.
pub(crate) struct Facts<'a> {
    pub(crate) events_dropped: u64,
    pub(crate) digest: Option<&'a str>,
    /// The gateway's own certificates: their files, and the Unix time in seconds when each expires.
    pub(crate) certificates: Vec<(String, i64)>,
    /// Bytes and answers in the cache, and how many it pushed out.
    pub(crate) cache: (u64, u64, u64),
    /// How often each kind of finding was noticed.
    pub(crate) findings: BTreeMap<&'static str, u64>,
    /// Credentials that are blocked.
    pub(crate) blocked: u64,
}

/// Everything a scraper reads.
pub(crate) fn render(sums: &Sums, facts: &Facts<'_>) -> String {
    let mut text = String::with_capacity(4096);
    let out = &mut text;
    requests(out, sums);
    labelled(out, "yett_refusals_total", "Refusals and failures.", "code", &sums.codes);
    labelled(out, "yett_would_deny_total", "What guards in monitor would have refused.", "guard", &sums.would_deny);
    histogram(out, "yett_request_duration_seconds", "From the request head to the last byte of the answer.", &sums.whole);
    histogram(out, "yett_upstream_duration_seconds", "From sending upstream to the head of its answer.", &sums.upstream);
    single(out, "yett_connections", "gauge", "Open connections of callers.", sums.connections);
    single(out, "yett_requests_in_flight", "gauge", "Requests that have not ended.", sums.in_flight);
    let turned_away = TURNED_AWAY.into_iter().zip(sums.turned_away).collect();
    labelled(out, "yett_connections_refused_total", "Connections turned away, by what is full.", "reason", &turned_away);
    let shed = Shed::LABELS.into_iter().zip(sums.shed).collect();
    labelled(out, "yett_requests_shed_total", "Requests for which there was no room, by what is overloaded.", "cause", &shed);
    let cut = Cause::LABELS.into_iter().zip(sums.cut).collect();
    labelled(out, "yett_callers_cut_total", "Connections and HTTP/2 streams of callers cut off.", "cause", &cut);
    single(out, "yett_responses_unchecked_total", "counter", "Answers too large to be checked.", sums.unchecked);
    single(out, "yett_events_dropped_total", "counter", "Events that could not be written or held.", facts.events_dropped);
    labelled(out, "yett_tls_handshakes_failed_total", "TLS handshakes that failed, by kind.", "kind", &sums.handshakes);
    header(out, "yett_certificate_expiry_seconds", "gauge", "Unix time at which a certificate of the gateway expires.");
    for (file, expires_s) in &facts.certificates {
        let _ = writeln!(out, "yett_certificate_expiry_seconds{{file=\"{}\"}} {expires_s}", escape(file));
    }
    labelled(out, "yett_cache_requests_total", "Requests of operations with a cache, by what it did.", "cache", &sums.cache);
    single(out, "yett_cache_bytes", "gauge", "Bytes of kept answers.", facts.cache.0);
    single(out, "yett_cache_answers", "gauge", "Kept answers.", facts.cache.1);
    single(out, "yett_cache_evictions_total", "counter", "Kept answers pushed out for want of room.", facts.cache.2);
    labelled(out, "yett_findings_total", "What was noticed of credentials, by kind.", "kind", &facts.findings);
    single(out, "yett_blocked_credentials", "gauge", "Credentials that are blocked.", facts.blocked);
    header(out, "yett_build_info", "gauge", "The running version.");
    let _ = writeln!(out, "yett_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
    header(out, "yett_snapshot_info", "gauge", "The snapshot in force.");
    if let Some(digest) = facts.digest {
        let _ = writeln!(out, "yett_snapshot_info{{digest=\"{digest}\"}} 1");
    }
    text
}

fn header(out: &mut String, name: &str, kind: &str, what: &str) {
    let _ = writeln!(out, "# HELP {name} {what}\n# TYPE {name} {kind}");
}

fn single(out: &mut String, name: &str, kind: &str, what: &str, value: u64) {
    header(out, name, kind, what);
    let _ = writeln!(out, "{name} {value}");
}

fn labelled(out: &mut String, name: &str, what: &str, label: &str, values: &BTreeMap<&'static str, u64>) {
    header(out, name, "counter", what);
    for (key, value) in values {
        let _ = writeln!(out, "{name}{{{label}=\"{key}\"}} {value}");
    }
}

fn requests(out: &mut String, sums: &Sums) {
    header(out, "yett_requests_total", "counter", "Requests that ended, by class of status.");
    for ((api, operation), classes) in &sums.requests {
        for (class, count) in CLASSES.iter().zip(classes).filter(|(_, count)| **count > 0) {
            let (api, operation) = (escape(api), escape(operation));
            let _ = writeln!(out, "yett_requests_total{{api=\"{api}\",operation=\"{operation}\",status=\"{class}\"}} {count}");
        }
    }
}

fn histogram(out: &mut String, name: &str, what: &str, values: &BTreeMap<Arc<str>, ([u64; BOUNDS_US.len() + 1], u64)>) {
    header(out, name, "histogram", what);
    for (api, (buckets, sum_us)) in values {
        series(out, name, &format!("api=\"{}\"", escape(api)), buckets, *sum_us);
    }
}

/// One histogram.
fn series(out: &mut String, name: &str, label: &str, buckets: &[u64], sum_us: u64) {
    let mut count = 0;
    for (bound, bucket) in BOUNDS_US.iter().zip(buckets) {
        count += bucket;
        let _ = writeln!(out, "{name}_bucket{{{label},le=\"{}\"}} {count}", seconds(*bound));
    }
    count += buckets.last().copied().unwrap_or(0);
    let _ = writeln!(out, "{name}_bucket{{{label},le=\"+Inf\"}} {count}");
    let _ = writeln!(out, "{name}_sum{{{label}}} {}", seconds(sum_us));
    let _ = writeln!(out, "{name}_count{{{label}}} {count}");
}

/// Whom the gateway asked by itself.
pub(crate) fn asks(out: &mut String, figures: &Figures) {
    let all = figures.all();
    header(out, "yett_asks_total", "counter", "Questions of the gateway's own, by whom they went to and what came of them.");
    for ((kind, name), figure) in &all {
        let label = format!("kind=\"{}\",name=\"{}\"", kind.as_str(), escape(name));
        for (outcome, count) in [("answered", &figure.answered), ("failed", &figure.failed), ("kept", &figure.kept)] {
            let _ = writeln!(out, "yett_asks_total{{{label},outcome=\"{outcome}\"}} {}", count.load(Ordering::Relaxed));
        }
    }
    header(out, "yett_ask_duration_seconds", "histogram", "From a question of the gateway's own to the end of its answer.");
    for ((kind, name), figure) in &all {
        let label = format!("kind=\"{}\",name=\"{}\"", kind.as_str(), escape(name));
        let buckets: Vec<u64> = figure.durations.buckets.iter().map(Counter::get).collect();
        series(out, "yett_ask_duration_seconds", &label, &buckets, figure.durations.sum_us.get());
    }
}

/// Microseconds as seconds, exactly.
fn seconds(microseconds: u64) -> String {
    let text = format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A label's value as the format wants it.
pub(crate) fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Shard;

    #[test]
    fn seconds_are_exact() {
        assert_eq!([0, 250, 1_000_000, 10_000_001].map(seconds), ["0", "0.00025", "1", "10.000001"]);
    }

    #[test]
    fn histograms_are_cumulative() {
        let shard = Arc::new(Shard::default());
        let durations = shard.durations(&"shop".into());
        [100, 300, 99_000_000].iter().for_each(|duration| durations.whole.observe(*duration));
        let text = render(
            &Sums::of(&[shard]),
            &Facts {
                events_dropped: 0,
                digest: Some("d1"),
                certificates: vec![("a.pem".to_owned(), 7)],
                cache: (0, 0, 0),
                findings: BTreeMap::from([("leaked-key", 2)]),
                blocked: 1,
            },
        );
        for line in [
            "yett_request_duration_seconds_bucket{api=\"shop\",le=\"0.00025\"} 1",
            "yett_request_duration_seconds_bucket{api=\"shop\",le=\"10\"} 2",
            "yett_request_duration_seconds_bucket{api=\"shop\",le=\"+Inf\"} 3",
            "yett_request_duration_seconds_count{api=\"shop\"} 3",
            "yett_request_duration_seconds_sum{api=\"shop\"} 99.0004",
            "yett_certificate_expiry_seconds{file=\"a.pem\"} 7",
            "yett_snapshot_info{digest=\"d1\"} 1",
            "yett_findings_total{kind=\"leaked-key\"} 2",
            "yett_blocked_credentials 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escape("a\"b\\c\n"), "a\\\"b\\\\c\\n");
    }
}
