//! Runs the cases of `GUARD.md`.

use crate::fixture::{KEY, NOW, bytes, change, pepper, snapshot};
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
    let (_, cases) = include_str!("GUARD.md").split_once("\n## Cases\n").unwrap();
    for case in cases.split("\n### ").skip(1) {
        let engine = Engine::new(pepper());
        let applied = engine.apply(&bytes(&configured(case)));
        let expected: Vec<&str> = block(case, "expect").unwrap().lines().collect();
        match block(case, "request") {
            None => assert_eq!(applied.unwrap_err()[0].code, expected[0], "{case}"),
            Some(requests) => {
                applied.unwrap();
                let told: Vec<String> = requests.lines().map(|line| told(&ask(&engine, line))).collect();
                assert_eq!(told, expected, "{case}");
            }
        }
    }
}
