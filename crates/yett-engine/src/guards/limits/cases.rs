//! Runs the cases of `GUARD.md`.

use crate::fixture::{NOW, bytes, change, pepper, snapshot};
use crate::{Engine, decide};
use serde_json::{Map, Value, json};
use yett_model::{Decision, Outcome};

/// The fenced block of this kind in a case.
fn block<'a>(case: &'a str, kind: &str) -> Option<&'a str> {
    let (_, after) = case.split_once(&format!("```{kind}\n"))?;
    after.split_once("\n```").map(|(block, _)| block)
}

fn configured(case: &str) -> Value {
    let changes: Map<String, Value> = serde_json::from_str(block(case, "config").unwrap()).unwrap();
    changes.into_iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, &pointer, value))
}

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
    let (_, cases) = include_str!("GUARD.md").split_once("\n## Cases\n").unwrap();
    for case in cases.split("\n### ").skip(1) {
        let engine = Engine::new(pepper());
        let applied = engine.apply(&bytes(&configured(case)));
        let expected: Vec<&str> = block(case, "expect").unwrap().lines().collect();
        match block(case, "request") {
            None => assert_eq!(applied.unwrap_err()[0].code, expected[0], "{case}"),
            Some(requests) => {
                assert_eq!(requests.lines().count(), expected.len(), "{case}");
                requests.lines().zip(expected).for_each(|(line, expected)| assert_expected(&ask(&engine, line), expected));
            }
        }
    }
}
