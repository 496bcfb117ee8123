//! Versions of an API beside one another, and operations that go.

use super::*;
use crate::fixture::{change, engine, exchange, head, snapshot};
use serde_json::{Value, json};

/// The bookshop twice at one base path, in `api-version` 1 and 2; only 1 has `/health`, and 1 goes.
fn versions(placement: &Value, retirement: &Value) -> Value {
    let mut both = snapshot();
    let mut second = both["apis"][0].clone();
    second["name"] = json!("shop-2");
    for (number, operation) in second["operations"].as_array_mut().unwrap().iter_mut().enumerate() {
        operation["id"] = json!(format!("shop-2:{number}"));
        operation["public"] = json!(true);
    }
    second["operations"].as_array_mut().unwrap().truncate(3);
    both["apis"].as_array_mut().unwrap().push(second);
    for (index, version) in ["1", "2"].iter().enumerate() {
        let placement = json!({"version": version, "at": placement, "default": index == 1});
        both = change(both, &format!("/apis/{index}/placement"), placement);
    }
    change(both, "/apis/0/operations/3/retirement", retirement.clone())
}

fn asked(snapshot: &Value, target: &str, headers: &[(&str, &str)]) -> (Option<String>, Option<Response<Bytes>>) {
    let engine = engine(snapshot);
    let mut exchange = exchange(&engine, 1);
    let parts = head("GET", target, headers);
    let refused = exchange.judge_head(&parts).and_then(|_| exchange.judge_body(&parts, None)).err();
    (exchange.operation_plan().map(|operation| operation.id.to_string()), refused.map(|response| *response))
}

fn header() -> Value {
    json!({"header": "api-version"})
}

#[test]
fn the_header_field_chooses_the_version() {
    let both = versions(&header(), &Value::Null);
    assert_eq!(asked(&both, "/shop/health", &[("api-version", "1")]).0.as_deref(), Some("shop:health"));
    assert_eq!(asked(&both, "/shop/books/7", &[("api-version", "2")]).0.as_deref(), Some("shop-2:1"));
    assert_eq!(asked(&both, "/shop/books/7", &[]).0.as_deref(), Some("shop-2:1"));
    let (_, refused) = asked(&both, "/shop/health", &[]);
    assert_eq!(refused.unwrap().status(), 404);
}

#[test]
fn a_version_that_there_is_not_is_refused_and_the_others_are_named() {
    let both = versions(&header(), &Value::Null);
    let (_, refused) = asked(&both, "/shop/books", &[("api-version", "3")]);
    let refused = refused.unwrap();
    assert_eq!(refused.status(), 400);
    let problem: Value = serde_json::from_slice(refused.body()).unwrap();
    assert_eq!(
        (&problem["code"], &problem["detail"]),
        (&json!("version-unknown"), &json!("say one of 1, 2 in the header field api-version"))
    );
}

#[test]
fn a_query_parameter_that_chooses_is_not_the_contracts_business() {
    let both = versions(&json!({"query": "v"}), &Value::Null);
    let (operation, refused) = asked(&both, "/shop/health?v=1", &[]);
    assert_eq!((operation.as_deref(), refused.map(|answer| answer.status())), (Some("shop:health"), None));
    let (_, refused) = asked(&both, "/shop/health?v=1&w=1", &[]);
    assert_eq!(refused.unwrap().status(), 400);
}

#[test]
fn an_answer_says_what_chose_and_when_it_goes() {
    let told = json!({"deprecated_at": 1_600_000_000, "sunset_at": 1_800_000_000, "guide": "https://docs.example.org/2"});
    let engine = engine(&versions(&header(), &told));
    let mut exchange = exchange(&engine, 1);
    let parts = head("GET", "/shop/health", &[("api-version", "1")]);
    exchange.judge_head(&parts).unwrap();
    let mut answer = Response::builder().header("deprecation", "true").body(()).unwrap().into_parts().0;
    exchange.judge_response(&parts, &mut answer);
    assert_eq!(answer.headers["deprecation"], "@1600000000");
    assert_eq!(answer.headers["sunset"], "Fri, 15 Jan 2027 08:00:00 GMT");
    assert_eq!(answer.headers["link"], "<https://docs.example.org/2>; rel=\"deprecation\"; type=\"text/html\"");
    assert_eq!(answer.headers["vary"], "api-version");
}

#[test]
fn after_the_sunset_it_is_gone_and_the_answer_says_where_to_go() {
    let told = json!({"sunset_at": 1_650_000_000, "guide": "https://docs.example.org/2"});
    let (_, refused) = asked(&versions(&header(), &told), "/shop/health", &[("api-version", "1")]);
    let refused = refused.unwrap();
    assert_eq!(refused.status(), 410);
    assert!(refused.headers()["link"].to_str().unwrap().starts_with("<https://docs.example.org/2>"));
    assert!(refused.headers().contains_key("sunset"));
}

#[test]
fn a_brownout_refuses_for_a_while() {
    let told = json!({"brownouts": [{"from": 1_699_999_990, "until": 1_700_000_010}]});
    let (_, refused) = asked(&versions(&header(), &told), "/shop/health", &[("api-version", "1")]);
    let refused = refused.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (410, "10"));
}
