//! Runs the cases of `GUARD.md`.

use super::{decide, request};
use crate::Engine;
use crate::guards::cases::{block, cases, staged};
use yett_model::decision::Response;
use yett_model::{Code, Decision, Outcome};

/// The first line, header fields and body of a message.
fn message(block: &str) -> (&str, Vec<(&str, &str)>, &str) {
    let (head, body) = block.split_once("\n\n").unwrap_or((block, ""));
    let (first, fields) = head.split_once('\n').unwrap_or((head, ""));
    (first, fields.lines().map(|field| field.split_once(": ").unwrap()).collect(), body)
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
    for case in cases(include_str!("../GUARD.md")) {
        let ended = match (block(case, "request"), staged(case)) {
            (Some(sent), Ok(engine)) => outcome(&run(&engine, case, sent)),
            (_, staged) => {
                staged.err().unwrap().into_iter().map(|mistake| format!("{} {}", mistake.path, mistake.code)).collect()
            }
        };
        assert_eq!(ended, block(case, "expect").unwrap().lines().collect::<Vec<_>>(), "{case}");
    }
}
