//! Runs the cases of `GUARD.md`.

use super::{decide, request};
use crate::Engine;
use crate::fixture::{bytes, change, pepper, snapshot};
use serde_json::{Map, Value};
use yett_model::decision::Response;
use yett_model::{Code, Decision, Outcome};

/// The fenced block of this kind in a case.
fn block<'a>(case: &'a str, kind: &str) -> Option<&'a str> {
    let (_, after) = case.split_once(&format!("```{kind}\n"))?;
    after.split_once("\n```").map(|(block, _)| block)
}

/// The first line, header fields and body of a message.
fn message(block: &str) -> (&str, Vec<(&str, &str)>, &str) {
    let (head, body) = block.split_once("\n\n").unwrap_or((block, ""));
    let (first, fields) = head.split_once('\n').unwrap_or((head, ""));
    (first, fields.lines().map(|field| field.split_once(": ").unwrap()).collect(), body)
}

fn configured(case: &str) -> Value {
    let changes: Map<String, Value> = serde_json::from_str(block(case, "config").unwrap()).unwrap();
    changes.into_iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, &pointer, value))
}

fn run(engine: &Engine, case: &str, sent: &str) -> Decision {
    let (line, headers, body) = message(sent);
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = request(method, target, &headers, body);
    request.response = block(case, "response").map(|answer| {
        let (status, headers, body) = message(answer);
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Response { status: status.parse().unwrap(), headers, body: body.to_owned() }
    });
    decide(engine, &request)
}

fn outcome(decision: &Decision) -> Vec<String> {
    let watched = decision.phases.iter().any(|report| report.outcome == Outcome::WouldDeny);
    let verdict = decision.code.map_or(if watched { "would-refuse" } else { "pass" }, Code::as_str);
    [verdict.to_owned()].into_iter().chain(super::told(decision)).collect()
}

#[test]
fn test_every_case_of_the_guards_page_when_run_then_ends_as_it_says() {
    let (_, cases) = include_str!("../GUARD.md").split_once("\n## Cases\n").unwrap();
    for case in cases.split("\n### ").skip(1) {
        let engine = Engine::new(pepper());
        let applied = engine.apply(&bytes(&configured(case)));
        let ended = match (block(case, "request"), applied) {
            (Some(sent), Ok(_)) => outcome(&run(&engine, case, sent)),
            (_, applied) => {
                applied.unwrap_err().into_iter().map(|mistake| format!("{} {}", mistake.path, mistake.code)).collect()
            }
        };
        assert_eq!(ended, block(case, "expect").unwrap().lines().collect::<Vec<_>>(), "{case}");
    }
}
