use super::*;

/// An operation whose query parameter `q` has this schema.
fn with_schema(schema: Value) -> Value {
    json!({"parameters": [{"name": "q", "in": "query", "style": "form", "explode": true, "shape": {}, "schema": schema}]})
}

fn mistakes(operation: Value, schemas: Value) -> Vec<(String, String)> {
    let result = apply(&snapshot(operation, json!({}), schemas));
    result.err().unwrap_or_default().into_iter().map(|one| (one.path, one.code)).collect()
}

const SCHEMA: &str = "/apis/0/operations/0/parameters/0/schema";

#[test]
fn test_schemas_when_they_cannot_be_compiled_then_the_snapshot_is_refused_with_their_place() {
    for (schema, path, code) in [
        (json!({"pattern": "(?=x)y"}), "/pattern", "pattern-unsupported"),
        (json!({"pattern": "(a)\\1"}), "/pattern", "pattern-unsupported"),
        (json!({"pattern": "("}), "/pattern", "pattern-unsupported"),
        (json!({"pattern": "((a{1,1000}){1,1000}){1,1000}"}), "/pattern", "pattern-unsupported"),
        (json!({"patternProperties": {"(?<!x)y": true}}), "/patternProperties", "pattern-unsupported"),
        (json!({"items": {"format": "no-such-format"}}), "/items/format", "format-unknown"),
        (json!({"anyOf": [{"$ref": "urn:yett:request#/$defs/None"}]}), "/anyOf/0/$ref", "reference-unresolved"),
        (json!({"$ref": "http://127.0.0.1:9/secret"}), "/$ref", "reference-unresolved"),
        (json!({"$ref": "file:///etc/passwd"}), "/$ref", "reference-unresolved"),
    ] {
        assert_eq!(mistakes(with_schema(schema), json!({})), [(format!("{SCHEMA}{path}"), code.to_owned())]);
    }
    assert_eq!(mistakes(with_schema(json!({"type": "no"})), json!({}))[0].1, "schema-invalid");
}

#[test]
fn test_schemas_when_several_are_wrong_then_all_are_told() {
    let shared = json!({"request": {"A/b": {"pattern": "(?=x)"}, "C": {"format": "odd"}}});
    let operation =
        with_schema(json!({"anyOf": [{"$ref": "urn:yett:request#/$defs/A~1b"}, {"$ref": "#/$defs/C"}, {"pattern": "("}]}));
    let paths: Vec<String> = mistakes(operation, shared).into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        paths,
        ["/apis/0/schemas/request/A~1b/pattern", "/apis/0/schemas/request/C/format", &format!("{SCHEMA}/anyOf/2/pattern")]
    );
}

#[test]
fn test_schemas_when_shared_then_operations_reach_them_and_recursion_ends() {
    let tree = json!({"type": "object", "properties": {"child": {"$ref": "urn:yett:request#/$defs/Tree"}, "n": {"type": "integer"}}, "additionalProperties": false});
    let ring = json!({"allOf": [{"$ref": "#/$defs/Ring"}]});
    let body =
        json!({"media": [{"range": "application/json", "kind": "json", "schema": {"$ref": "urn:yett:request#/$defs/Tree"}}]});
    let schemas = json!({"request": {"Tree": tree, "Ring": ring}});
    let engine = apply(&snapshot(json!({"method": "POST", "body": body}), json!({}), schemas.clone())).unwrap();
    let post = |body: &str| ask(&engine, "POST", "/x", &[("content-type", "application/json")], body);
    assert!(post(r#"{"child": {"child": {"n": 1}}}"#).allowed);
    assert_refused(&post(r#"{"child": {"child": {"n": "x"}}}"#), &["body /child/child/n invalid"]);
    let ring = apply(&snapshot(with_schema(json!({"$ref": "#/$defs/Ring"})), json!({}), schemas)).unwrap();
    let _ends = ask(&ring, "GET", "/x?q=1", &[], "");
}

#[test]
fn test_schemas_when_of_the_other_direction_then_they_are_out_of_reach() {
    let schemas = json!({"response": {"Only": {"type": "string"}}});
    assert_eq!(mistakes(with_schema(json!({"$ref": "urn:yett:response#/$defs/Only"})), schemas)[0].1, "reference-unresolved");
}

#[test]
fn test_patterns_and_formats_when_known_then_they_are_asserted() {
    for (schema, good, bad) in [
        (json!({"pattern": "^\\d{2}$"}), "12", "123"),
        (json!({"format": "date"}), "2024-02-29", "2023-02-29"),
        (json!({"format": "uuid"}), "123e4567-e89b-12d3-a456-426614174000", "x"),
        (json!({"format": "ipv4"}), "192.0.2.1", "192.0.2"),
        (json!({"format": "byte"}), "YWI=", "YWI"),
        (json!({"format": "byte"}), "", "a==="),
    ] {
        let engine = engine(with_schema(schema.clone()));
        assert!(ask(&engine, "GET", &format!("/x?q={good}"), &[], "").allowed, "{schema} {good}");
        assert_refused(&ask(&engine, "GET", &format!("/x?q={bad}"), &[], ""), &["query q invalid"]);
    }
}

#[test]
fn test_depth_when_the_parser_cannot_go_there_then_the_snapshot_is_refused() {
    for depth in [0, 121] {
        let refused = apply(&snapshot(json!({}), json!({"max_depth": depth}), json!({}))).err().unwrap();
        assert_eq!(refused[0].path, "/apis/0/guards/contract/max_depth");
    }
}

#[test]
fn test_schemas_when_the_guard_is_off_then_they_are_not_compiled() {
    let off = json!({"mode": "off", "responses": "off"});
    assert!(apply(&snapshot(with_schema(json!({"pattern": "("})), off, json!({}))).is_ok());
}

#[test]
fn test_schemas_when_they_rename_or_redefine_their_document_then_nothing_panics_or_is_fetched() {
    for schema in [
        json!({"$id": "urn:yett:request", "type": "string"}),
        json!({"$id": "http://127.0.0.1:9/a", "$ref": "b"}),
        json!({"$id": "::", "type": "string"}),
        json!({"$schema": "http://127.0.0.1:9/meta", "type": "string"}),
        json!({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true}),
        json!({"$anchor": "a", "anyOf": [{"$ref": "#a"}]}),
        json!({"$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}),
        json!({"$dynamicRef": "#nowhere"}),
        json!({"$ref": "#"}),
        json!({"$ref": "#/properties/s0"}),
        json!({"$ref": "#/%zz"}),
        json!({"$ref": "#/$defs/%ff"}),
        json!({"$ref": ""}),
        json!({"$vocabulary": {"urn:x": true}}),
        json!({"enum": []}),
        json!({"maxLength": 1e300}),
        json!({"multipleOf": 1e-300}),
        json!({"required": "q"}),
        json!([]),
        json!(null),
    ] {
        if let Ok(engine) = apply(&snapshot(with_schema(schema), json!({}), json!({}))) {
            let _ends = ask(&engine, "GET", "/x?q=1", &[], "");
        }
    }
}

/// Animals whose friends are animals: each level has two alternatives.
fn animals() -> Engine {
    let kind = |kind: &str| json!({"allOf": [{"$ref": "#/$defs/Pet"}, {"properties": {"kind": {"const": kind}}}]});
    let pet = json!({"type": "object", "properties": {"friends": {"type": "array", "items": {"$ref": "#/$defs/Any"}}}});
    let any = json!({"oneOf": [{"$ref": "#/$defs/Dog"}, {"$ref": "#/$defs/Cat"}]});
    let schemas = json!({"request": {"Pet": pet, "Any": any, "Dog": kind("dog"), "Cat": kind("cat")}});
    let media = json!([{"range": "application/json", "kind": "json", "schema": {"$ref": "#/$defs/Any"}}]);
    let operation = json!({"method": "POST", "body": {"required": true, "media": media}});
    apply(&snapshot(operation, json!({}), schemas)).unwrap()
}

fn friends(levels: usize) -> String {
    (0..levels).fold(r#"{"kind": "cow"}"#.to_owned(), |inner, _| format!(r#"{{"kind": "dog", "friends": [{inner}]}}"#))
}

fn befriend(engine: &Engine, body: &str) -> Decision {
    ask(engine, "POST", "/x", &[("content-type", "application/json")], body)
}

#[test]
fn test_bodies_when_alternatives_nest_then_what_is_wrong_is_told_as_long_as_it_is_cheap() {
    let engine = animals();
    let shallow = told(&befriend(&engine, &friends(2)));
    assert!(!shallow.is_empty() && shallow.iter().all(|one| one.starts_with("body /friends/0")), "{shallow:?}");
    let before = std::time::Instant::now();
    for levels in [14, 17, 30] {
        assert_refused(&befriend(&engine, &friends(levels)), &["body  invalid"]);
    }
    assert!(before.elapsed() < std::time::Duration::from_secs(5), "{:?}", before.elapsed());
}
