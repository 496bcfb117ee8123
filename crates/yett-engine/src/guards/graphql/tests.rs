use super::document::Document;
use super::hold_text;
use super::measure::{self, Spent};
use crate::Engine;
use crate::fixture::{KEY, change, engine, exchange, head, snapshot};
use crate::xml::Fault;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use yett_model::snapshot::GraphQl;

fn shop(graphql: Value) -> Engine {
    let body =
        json!({"media": [{"range": "application/json", "kind": "json"}, {"range": "application/graphql", "kind": "binary"}]});
    let query = json!({
        "name": "query", "in": "query", "style": "form", "explode": true, "shape": {"types": ["string"]}, "schema": true,
    });
    let changes = [
        ("/apis/0/operations/2/body", body),
        ("/apis/0/operations/2/max_body_bytes", json!(100_000)),
        ("/apis/0/operations/2/public", json!(true)),
        ("/apis/0/operations/2/graphql", graphql.clone()),
        ("/apis/0/operations/0/graphql", graphql),
        ("/apis/0/operations/0/parameters/0", query),
    ];
    engine(&changes.into_iter().fold(snapshot(), |snapshot, (pointer, value)| change(snapshot, pointer, value)))
}

/// The code of the refusal, if the request is refused.
fn judged(engine: &Engine, method: &str, target: &str, media: &str, body: &str) -> Option<&'static str> {
    let length = body.len().to_string();
    let fields = [("x-api-key", KEY), ("content-type", media), ("content-length", &*length)];
    let parts = head(method, target, if method == "GET" { &fields[..1] } else { &fields });
    let mut exchange = exchange(engine, 1);
    if exchange.judge_head(&parts).is_ok() {
        let _answer = exchange.judge_body(&parts, (method != "GET").then(|| Bytes::from(body.to_owned())));
    }
    exchange.code().map(yett_model::Code::as_str)
}

fn posted(engine: &Engine, body: &Value) -> Option<&'static str> {
    judged(engine, "POST", "/shop/books", "application/json", &body.to_string())
}

fn asked(engine: &Engine, query: &str) -> Option<&'static str> {
    posted(engine, &json!({ "query": query }))
}

const EXCEEDED: Option<&str> = Some("structure-exceeded");
const REFUSED: Option<&str> = Some("structure-refused");

fn small() -> Engine {
    shop(json!({"max_depth": 4, "max_aliases": 3, "max_cost": 30, "max_directives": 2, "max_batch": 2, "max_tokens": 120}))
}

#[test]
fn an_ordinary_query_passes() {
    let engine = small();
    for query in [
        "{ books { title } }",
        "query Q($n: Int! = 3, $ids: [ID!]) @live { books(first: $n, ids: $ids, where: {a: [1, \"x\", {b: $n}]}) { ...T __typename } } fragment T on Book { title }",
        "mutation { a: add(text: \"\"\"two \\\"\"\" lines\"\"\") { id } }",
        "# a comment\nsubscription { books { ... on Book @include(if: true) { title } } }",
        "query ($on: Boolean) { on(on: $on) { fragment query on } }",
    ] {
        assert_eq!(asked(&engine, query), None, "{query}");
    }
    assert_eq!(judged(&engine, "POST", "/shop/books", "application/graphql", "{ books { title } }"), None);
    assert_eq!(judged(&engine, "GET", "/shop/books?query=%7Bbooks%7Btitle+%7D%7D", "", ""), None);
}

#[test]
fn what_asks_for_too_much_is_refused_with_its_fragments_written_out() {
    let engine = small();
    for query in [
        "{ a { b { c { d { e } } } } }",
        "{ a { b { ...F } } } fragment F on T { c { d { e } } }",
        "{ a { ... { ... on T { b { c { d { e } } } } } } }",
        "{ a: x b: x c: x d: x }",
        "{ ...A ...A } fragment A on T { a: x b: x }",
        "{ books(first: 31) }",
        "{ books(first: 6) { pages(last: 5) } }",
        "{ books(limit: 99999999999999999999999) { title } }",
        "query ($n: Int = 40) { books(first: $n) }",
        "{ a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a }",
        "{ a @b @c @d }",
        "{ a(x: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]) }",
        "query A { a } query B { a { b { c { d { e } } } } }",
    ] {
        assert_eq!(asked(&engine, query), EXCEEDED, "{query}");
    }
    assert_eq!(posted(&engine, &json!({"query": "query ($n: Int) { books(first: $n) }", "variables": {"n": 40}})), EXCEEDED);
    assert_eq!(posted(&engine, &json!({"query": "query ($n: Int) { books(first: $n) }", "variables": {"n": 4e9}})), EXCEEDED);
    assert_eq!(posted(&engine, &json!({"query": "query ($n: Int = 40) { books(first: $n) }", "variables": {"n": 4}})), None);
}

#[test]
fn what_is_not_to_be_asked_is_refused() {
    let engine = small();
    for query in [
        "{ __schema { types { name } } }",
        "{ a { ...S } } fragment S on T { __type(name: \"x\") { name } }",
        "{ ...A } fragment A on T { ...B } fragment B on T { ...A }",
        "{ ...A } fragment A on T { a { ...A } }",
        "{ ...Missing }",
        "{ a } fragment A on T { a } fragment A on T { b }",
        "fragment A on T { a }",
        "type T { a: Int }",
        "{ a",
        "{ }",
        "",
        "{ a(b: ) }",
        "{ a(b: \"x }",
        "query { a } }",
        "{ a: }",
        "{ .. a }",
        "{ a % b }",
        "{ a(b: \"\"\"x\") }",
    ] {
        assert_eq!(asked(&engine, query), REFUSED, "{query}");
    }
    assert_eq!(asked(&shop(json!({"introspection": true})), "{ __schema { types { name } } }"), None);
}

#[test]
fn a_batch_is_measured_as_one() {
    let engine = small();
    let one = json!({"query": "{ books(first: 16) }"});
    assert_eq!(posted(&engine, &json!([one])), None);
    assert_eq!(posted(&engine, &json!([one, one])), EXCEEDED);
    assert_eq!(posted(&engine, &json!([{"query": "{a}"}, {"query": "{a}"}, {"query": "{a}"}])), EXCEEDED);
    for body in [json!([]), json!([1]), json!("x"), json!({"query": 1}), json!({"query": "{a}", "variables": [1]}), json!({})] {
        assert_eq!(posted(&engine, &body), REFUSED, "{body}");
    }
}

#[test]
fn a_query_is_named_by_a_hash_only_where_that_is_allowed_and_only_by_its_own() {
    let hash = "7b4f5c2d3f1d5b0d4b8d2fca4e3d9c0a6b1e2f3a4c5d6e7f8091a2b3c4d5e6f7";
    let named = |query: Option<&str>, hash: &str| json!({"query": query, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}});
    assert_eq!(posted(&small(), &named(None, hash)), REFUSED);
    let engine = shop(json!({"persisted": true}));
    assert_eq!(posted(&engine, &named(None, hash)), None);
    assert_eq!(posted(&engine, &named(Some("{ a }"), hash)), REFUSED);
    assert_eq!(posted(&engine, &named(None, "short")), REFUSED);
    assert_eq!(posted(&engine, &json!({"extensions": {"persistedQuery": 1}})), REFUSED);
}

#[test]
fn a_query_in_the_target_only_reads_and_is_there_once() {
    let engine = small();
    let get = |target: &str| judged(&engine, "GET", target, "", "");
    assert_eq!(get("/shop/books?query=mutation%7Ba%7D"), REFUSED);
    assert_eq!(get("/shop/books?query=%7Ba%7Bb%7Bc%7Bd%7Be%7D%7D%7D%7D%7D"), EXCEEDED);
    assert_eq!(get("/shop/books"), REFUSED);
    assert_eq!(judged(&engine, "POST", "/shop/books", "application/graphql", "{ a { b { c { d { e } } } } }"), EXCEEDED);
    assert_eq!(asked(&shop(json!({"mode": "monitor"})), "{ __schema { types { name } } }"), None);
}

/// A document whose fragments would be 3 to the power of `count` fields.
fn bomb(count: usize) -> String {
    let middle: String = (0..count).map(|at| format!("fragment F{at} on T {{ ...F{0} ...F{0} ...F{0} }}\n", at + 1)).collect();
    format!("{{ ...F0 }}\n{middle}fragment F{count} on T {{ x }}")
}

#[test]
fn a_bomb_of_fragments_is_measured_in_no_time() {
    let limits = GraphQl { max_tokens: 100_000, max_cost: u64::MAX - 1, ..GraphQl::default() };
    let text = bomb(5_000);
    let started = Instant::now();
    let document = Document::read(&text, &limits).unwrap();
    assert_eq!(measure::hold(&document, None, &limits, &mut Spent::default()), Err(Fault::Exceeds("costs too much")));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

/// The cost of a selection written out by hand.
fn written_out(text: &str, fragments: &[String]) -> u64 {
    text.split_whitespace()
        .map(|word| match word.strip_prefix("...F").and_then(|at| at.parse::<usize>().ok()) {
            Some(at) => written_out(&fragments[at], fragments),
            None => u64::from(word == "x"),
        })
        .sum()
}

proptest! {
    #[test]
    fn the_cost_is_that_of_the_fragments_written_out(
        shapes in prop::collection::vec(prop::collection::vec(prop::option::of(0usize..6), 1..5), 1..6),
    ) {
        // A fragment spreads only those behind it, so that there is no circle.
        let count = shapes.len();
        let bodies: Vec<String> = shapes.iter().enumerate().map(|(at, words)| {
            words.iter().map(|word| match word {
                Some(ahead) if at + 1 + ahead < count => format!("...F{}", at + 1 + ahead),
                _ => "x".to_owned(),
            }).collect::<Vec<_>>().join(" ")
        }).collect();
        let definitions: String = bodies.iter().enumerate().map(|(at, body)| format!("fragment F{at} on T {{ {body} }} ")).collect();
        let text = format!("{{ ...F0 }} {definitions}");
        let limits = GraphQl { max_cost: u64::MAX, ..GraphQl::default() };
        let document = Document::read(&text, &limits).unwrap();
        let mut spent = Spent::default();
        measure::hold(&document, None, &limits, &mut spent).unwrap();
        prop_assert_eq!(spent.cost, written_out("...F0", &bodies));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[{}()\\[\\]:!=@$&|.\"\\\\#, \nabon_0-9-]{0,80}") {
        hold_text(text.as_bytes());
    }
}
