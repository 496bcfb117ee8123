//! Runs the cases of the guards' pages: a configuration, a request, and how it ends.

use crate::fixture::{NOW, bytes, change, pepper, snapshot};
use crate::{Engine, decide};
use serde_json::{Map, Value, json};
use yett_model::{Code, Decision, Diagnostic, Outcome};

/// The fenced block of this kind in a case.
pub(crate) fn block<'a>(case: &'a str, kind: &str) -> Option<&'a str> {
    let (_, after) = case.split_once(&format!("```{kind}\n"))?;
    after.split_once("\n```").map(|(block, _)| block)
}

/// The cases of a page, one text each.
pub(crate) fn cases(page: &str) -> impl Iterator<Item = &str> {
    page.split_once("\n## Cases\n").unwrap().1.split("\n### ").skip(1)
}

/// An engine with the configuration of a case: the small snapshot with values changed; or what is wrong with it.
pub(crate) fn staged(case: &str) -> Result<Engine, Vec<Diagnostic>> {
    let changes: Map<String, Value> = serde_json::from_str(block(case, "config").unwrap()).unwrap();
    let snapshot = changes.into_iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, &pointer, value));
    let engine = Engine::new(pepper());
    engine.apply(&bytes(&snapshot)).map(|_| engine)
}

fn run(engine: &Engine, sent: &str) -> Decision {
    let (head, body) = sent.split_once("\n\n").unwrap_or((sent, ""));
    let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
    let (method, target) = line.split_once(' ').unwrap();
    let mut headers: Vec<(&str, &str)> = fields.lines().map(|field| field.split_once(": ").unwrap()).collect();
    let length = body.len().to_string();
    headers.extend((!body.is_empty()).then_some(("content-length", &*length)));
    let request = json!({"method": method, "target": target, "host": "shop.example", "headers": headers, "body": body});
    decide(engine, &serde_json::from_value(request).unwrap(), NOW, 1).unwrap()
}

fn ending(decision: &Decision) -> String {
    let watched = decision.phases.iter().any(|report| report.outcome == Outcome::WouldDeny);
    match (decision.code, decision.status) {
        (Some(code), _) => Code::as_str(code).to_owned(),
        (None, Some(status)) => format!("answered {status}"),
        (None, None) => if watched { "would-refuse" } else { "pass" }.to_owned(),
    }
}

fn check(page: &str) {
    for case in cases(page) {
        let ended = match (block(case, "request"), staged(case)) {
            (Some(sent), Ok(engine)) => ending(&run(&engine, sent)),
            (_, staged) => staged.err().unwrap().remove(0).code,
        };
        assert_eq!(ended, block(case, "expect").unwrap(), "{case}");
    }
}

#[test]
fn every_case_of_the_page_of_cors_ends_as_it_says() {
    check(include_str!("cors/GUARD.md"));
}

#[test]
fn every_case_of_the_page_of_csrf_ends_as_it_says() {
    check(include_str!("csrf/GUARD.md"));
}

#[test]
fn every_case_of_the_page_of_structure_ends_as_it_says() {
    check(include_str!("structure/GUARD.md"));
}

#[test]
fn every_case_of_the_page_of_graphql_ends_as_it_says() {
    check(include_str!("graphql/GUARD.md"));
}
