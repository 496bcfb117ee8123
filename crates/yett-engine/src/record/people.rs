//! People in events: whom an app acts for, and who acts in between.
//!
//! The subject of a token is personal data, and events are read by many, kept long and passed on. So what stands there is
//! a keyed hash, unless it is said otherwise: the events of one person can still be joined, and whoever has the pepper
//! can find those of a person whose name they know, but nobody can read names out of a log. A bare hash would not do:
//! names are few enough to be tried one after the other.

use crate::identity::Principal;
use crate::plan::Plan;
use std::borrow::Cow;
use yett_model::snapshot::LogSubjects;

/// The person that the principal acts for.
pub(super) fn user<'a>(plan: &Plan, principal: &'a Principal) -> Option<Cow<'a, str>> {
    let name = principal.user.as_deref()?;
    match (plan.log_subjects, &principal.person) {
        (LogSubjects::Off, _) => None,
        (LogSubjects::Plain, _) => Some(Cow::Borrowed(name)),
        (LogSubjects::Hashed, Some(person)) => Some(hashed(plan, &person.issuer, &person.subject).into()),
        (LogSubjects::Hashed, None) => Some(hash(plan, "", name).into()),
    }
}

/// Who acts for that person. Programs that the configuration knows are no people, and stand by their ids.
pub(super) fn actors<'a>(plan: &Plan, principal: &'a Principal) -> Vec<Cow<'a, str>> {
    let issuer = principal.claims.as_ref().and_then(|claims| plan.issuers.get(&claims.issuer));
    let spelled = |actor: &'a str| match plan.log_subjects {
        _ if issuer.is_some_and(|issuer| issuer.knows_program(actor)) => Some(Cow::Borrowed(actor)),
        LogSubjects::Plain => Some(Cow::Borrowed(actor)),
        LogSubjects::Hashed => Some(hashed(plan, issuer.map_or("", |issuer| &issuer.issuer), actor).into()),
        LogSubjects::Off => None,
    };
    principal.actors.iter().filter_map(|actor| spelled(actor)).collect()
}

/// A user whom several issuers know has one hash.
fn hashed(plan: &Plan, issuer: &str, subject: &str) -> String {
    match plan.users.of(issuer, subject) {
        Some(user) => hash(plan, "", &user.name),
        None => hash(plan, issuer, subject),
    }
}

/// `hash:` and the first 128 bits of HMAC-SHA-256 under the pepper, over `yett-log-subject:`, the issuer, a line feed and
/// the subject; of a user of the configuration over their name, and no issuer.
fn hash(plan: &Plan, issuer: &str, subject: &str) -> String {
    let hash = plan.pepper.hash(&format!("yett-log-subject:{issuer}\n{subject}"));
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("hash:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{change, changed};
    use crate::identity::{Claims, Person};
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn plan(log_subjects: &str) -> Plan {
        let issuer = json!({
            "name": "corp", "issuer": "https://id.example", "jwks_url": "https://id.example/keys", "audiences": ["books"],
            "app": {"from": {"claim": "client_id", "map": {"robot": "reader-app"}}}, "user_from": "sub",
        });
        let identities = json!([{"issuer": "https://id.example", "subject": "u1"}]);
        let snapshot = change(changed("/issuers", json!([issuer])), "/log_subjects", json!(log_subjects));
        let snapshot = change(snapshot, "/users", json!([{"name": "mira", "identities": identities}]));
        Plan::build(&crate::fixture::bytes(&snapshot), Arc::new(crate::fixture::pepper()))
            .unwrap_or_else(|found| panic!("{found:?}"))
    }

    fn principal(plan: &Plan, issuer: &str, subject: &str) -> Principal {
        let mut principal = plan.assume("reader-app").unwrap();
        principal.person = Some(Arc::new(Person { issuer: issuer.into(), subject: subject.into() }));
        principal.actors = vec!["robot".into(), "otto@example.com".into()];
        principal.claims = Some(Arc::new(Claims { issuer: "corp".into(), all: serde_json::Map::new() }));
        plan.bind(&mut principal);
        principal
    }

    fn told(plan: &Plan, issuer: &str, subject: &str) -> Value {
        let principal = principal(plan, issuer, subject);
        json!([user(plan, &principal), actors(plan, &principal)])
    }

    #[test]
    fn a_person_is_a_hash_that_joins_their_events_and_tells_no_name() {
        let plan = plan("hashed");
        let mira = told(&plan, "https://id.example", "u1");
        let text = mira.to_string();
        assert!(mira[0].as_str().unwrap().starts_with("hash:") && mira[0].as_str().unwrap().len() == 37, "{text}");
        assert!(!text.contains("mira") && !text.contains("u1") && !text.contains("otto"), "{text}");
        assert_eq!(mira[1][0], "robot", "a program is no person");
        assert_eq!(mira, told(&plan, "https://id.example", "u1"));
        for (issuer, subject) in [("https://id.example", "u2"), ("https://other.example", "u1"), ("", "u1")] {
            assert_ne!(mira[0], told(&plan, issuer, subject)[0], "{issuer} {subject}");
        }
    }

    #[test]
    fn the_hash_is_keyed_so_that_names_cannot_be_tried() {
        let of = |pepper: &[u8]| {
            let mut plan = plan("hashed");
            plan.pepper = Arc::new(crate::Pepper::new(pepper).unwrap());
            told(&plan, "https://id.example", "u1")
        };
        assert_ne!(of(&[1; 32])[0], of(&[2; 32])[0]);
    }

    #[test]
    fn people_are_named_or_left_out_where_that_is_said() {
        let plain = plan("plain");
        assert_eq!(told(&plain, "https://id.example", "u1"), json!(["mira", ["robot", "otto@example.com"]]));
        assert_eq!(told(&plan("off"), "https://id.example", "u1"), json!([null, ["robot"]]));
    }
}
