//! Runs the cases of `GUARD.md`.

use crate::fixture::{KEY, NOW};
use crate::guards::cases::{block, cases, staged};
use crate::{Engine, decide};
use serde_json::json;
use yett_model::{Decision, Outcome};

/// Method, target and body of one line.
fn ask(engine: &Engine, line: &str) -> Decision {
    let mut words = line.splitn(3, ' ');
    let [method, target] = [words.next().unwrap(), words.next().unwrap()];
    let headers = json!([["x-api-key", KEY], ["content-type", "application/json"]]);
    let body = words.next().unwrap_or("");
    let headers = if body.is_empty() { json!([["x-api-key", KEY]]) } else { headers };
    let request = json!({"method": method, "target": target, "headers": headers, "body": body});
    decide(engine, &serde_json::from_value(request).unwrap(), NOW, 1).unwrap()
}

/// What became of the request, and what was found.
fn told(decision: &Decision) -> String {
    let inspected = decision.phases.iter().find(|report| report.phase == yett_model::Phase::Inspect).unwrap();
    let why = inspected.reasons.iter().find_map(|reason| reason.split_once("injection-detected").map(|(_, why)| why));
    let why = why.map(|why| why.trim_start_matches([':', ')', ' ']).to_owned()).unwrap_or_default();
    let verdict = match (decision.code, inspected.outcome) {
        (Some(code), _) => code.as_str(),
        (None, Outcome::WouldDeny) => "would-refuse",
        _ => "pass",
    };
    format!("{verdict} {why}").trim().to_owned()
}

#[test]
fn every_case_of_the_guards_page_ends_as_it_says() {
    for case in cases(include_str!("GUARD.md")) {
        let staged = staged(case);
        let expected: Vec<&str> = block(case, "expect").unwrap().lines().collect();
        match block(case, "request") {
            None => assert_eq!(staged.err().unwrap()[0].code, expected[0], "{case}"),
            Some(requests) => {
                let engine = staged.unwrap();
                let told: Vec<String> = requests.lines().map(|line| told(&ask(&engine, line))).collect();
                assert_eq!(told, expected, "{case}");
            }
        }
    }
}
