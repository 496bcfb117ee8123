//! Runs the cases of `GUARD.md`.

use crate::fixture::NOW;
use crate::guards::cases::{block, cases, staged};
use crate::{Engine, decide};
use serde_json::json;
use yett_model::{Decision, Outcome};

fn ask(engine: &Engine, line: &str) -> Decision {
    let [method, target, at] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let at = NOW.unix_ms + at.parse::<u64>().unwrap();
    let request = json!({"method": method, "target": target, "at": at});
    decide(engine, &serde_json::from_value(request).unwrap(), NOW, 1).unwrap()
}

fn verdict(decision: &Decision) -> &'static str {
    let watched = decision.phases.iter().any(|report| report.outcome == Outcome::WouldDeny);
    decision.code.map_or(if watched { "would-refuse" } else { "pass" }, yett_model::Code::as_str)
}

fn assert_expected(decision: &Decision, line: &str) {
    let (word, header) = line.split_once(' ').unwrap_or((line, ""));
    assert_eq!(verdict(decision), word, "{line}");
    match header.split_once(": ") {
        Some((name, value)) => assert!(decision.headers.contains(&(name.to_owned(), value.to_owned())), "{decision:?}"),
        None => assert!(decision.headers.iter().all(|(name, _)| !name.starts_with("ratelimit")), "{decision:?}"),
    }
}

#[test]
fn test_every_case_of_the_guards_page_when_run_then_ends_as_it_says() {
    for case in cases(include_str!("GUARD.md")) {
        let staged = staged(case);
        let expected: Vec<&str> = block(case, "expect").unwrap().lines().collect();
        match block(case, "request") {
            None => assert_eq!(staged.err().unwrap()[0].code, expected[0], "{case}"),
            Some(requests) => {
                let engine = staged.unwrap();
                assert_eq!(requests.lines().count(), expected.len(), "{case}");
                requests.lines().zip(expected).for_each(|(line, expected)| assert_expected(&ask(&engine, line), expected));
            }
        }
    }
}
