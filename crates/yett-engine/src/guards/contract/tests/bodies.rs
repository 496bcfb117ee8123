use super::*;
use proptest::prelude::*;

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

fn post(media: Value, required: bool) -> Engine {
    engine(json!({"method": "POST", "body": {"required": required, "media": media}}))
}

/// An API whose one body is JSON: `{"name": string, "tags"?: [string], "pet"?: cat or dog}`, closed.
fn book() -> Engine {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 8, "pattern": "^[a-z]+$"},
            "n": {"type": "integer", "minimum": 1},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "pet": {"oneOf": [
                {"type": "object", "required": ["kind", "lives"], "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}},
                {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}}},
            ]},
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    post(json!([{"range": "application/json", "kind": "json", "schema": schema}]), true)
}

fn send(engine: &Engine, header: (&str, &str), body: &str) -> Decision {
    ask(engine, "POST", "/x", &[header], body)
}

#[test]
fn test_json_bodies_when_they_fit_then_they_pass() {
    assert!(send(&book(), JSON, r#"{"name": "a", "n": 1, "tags": ["x"], "pet": {"kind": "dog"}}"#).allowed);
    assert!(send(&book(), ("content-type", "Application/JSON; charset=UTF-8"), r#"{"name": "a"}"#).allowed);
}

#[test]
fn test_json_bodies_when_fields_are_wrong_then_each_is_told_by_its_pointer() {
    let body = r#"{"n": 0, "tags": ["x", 1], "a/b": 1}"#;
    let decision = send(&book(), JSON, body);
    let mut violations = told(&decision);
    violations.sort();
    assert_eq!(violations, ["body /a~1b unknown", "body /n invalid", "body /name missing", "body /tags/1 invalid"]);
    let details: Vec<&str> = decision.violations.iter().map(|one| one.detail.as_str()).collect();
    assert!(details.contains(&"must be at least 1") && details.contains(&"must be a string"), "{details:?}");
}

#[test]
fn test_json_bodies_when_an_alternative_was_meant_then_its_fields_are_told() {
    let decision = send(&book(), JSON, r#"{"name": "a", "pet": {"kind": "cat"}}"#);
    assert_refused(&decision, &["body /pet/lives missing"]);
}

#[test]
fn test_json_bodies_when_malformed_then_they_are_refused() {
    for body in ["{", "{\"name\": \"a\"} x", "\u{feff}{\"name\": \"a\"}", "{\"name\": 1e999}", "{'name': 'a'}"] {
        let decision = send(&book(), JSON, body);
        assert_eq!((decision.code, decision.violations[0].code.as_str()), (Some(Code::RequestInvalid), "malformed"), "{body}");
    }
    assert_refused(&send(&book(), JSON, r#"{"name": "a", "name": "b"}"#), &["body /name duplicate"]);
    assert_refused(
        &send(&book(), JSON, &format!("{{\"tags\": {}", "[".repeat(100_000))),
        &[&format!("body /tags{} malformed", "/0".repeat(63))],
    );
}

#[test]
fn test_bodies_and_parameters_when_both_are_wrong_then_both_are_told() {
    let n = json!({"name": "n", "in": "query", "required": true, "style": "form", "explode": true, "shape": {}, "schema": true});
    let body = json!({"required": true, "media": [{"range": "application/json", "kind": "json", "schema": {"type": "object"}}]});
    let engine = engine(json!({"method": "POST", "parameters": [n], "body": body}));
    assert_refused(&send(&engine, JSON, "[]"), &["query n missing", "body  invalid"]);
    assert_refused(&ask(&engine, "POST", "/x", &[], ""), &["query n missing", "body  missing"]);
}

#[test]
fn test_bodies_when_large_and_wrong_everywhere_then_one_mistake_is_told() {
    let body = format!("{{\"tags\": [{}1]}}", "1,".repeat(50_000));
    assert_refused(&send(&book(), JSON, &body), &["body  invalid"]);
}

#[test]
fn test_media_types_when_not_in_the_contract_then_accept_names_what_is() {
    let engine = post(json!([{"range": "application/json", "kind": "json"}, {"range": "text/*", "kind": "text"}]), false);
    for header in [("content-type", "application/xml"), ("content-type", "json"), ("x", "y")] {
        let decision = ask(&engine, "POST", "/x", &[header, ("content-length", "1")], "1");
        assert_eq!(decision.code, Some(Code::MediaTypeUnsupported), "{header:?}");
        assert!(decision.headers.contains(&("accept".to_owned(), "application/json, text/*".to_owned())));
    }
    let twice = ask(&engine, "POST", "/x", &[JSON, JSON], "1");
    assert_eq!(twice.code, Some(Code::MediaTypeUnsupported));
    // Without a length, only the collected body shows that there is one.
    assert_eq!(ask(&engine, "POST", "/x", &[], "1").code, Some(Code::MediaTypeUnsupported));
    assert!(ask(&engine, "POST", "/x", &[], "").allowed);
}

#[test]
fn test_patch_when_the_media_type_is_wrong_then_accept_patch_is_there_too() {
    let body = json!({"media": [{"range": "application/merge-patch+json", "kind": "json"}]});
    let engine = engine(json!({"method": "PATCH", "body": body}));
    let decision = ask(&engine, "PATCH", "/x", &[JSON], "{}");
    assert!(decision.headers.contains(&("accept-patch".to_owned(), "application/merge-patch+json".to_owned())));
}

#[test]
fn test_charsets_and_codings_when_they_cannot_be_read_then_the_body_is_refused() {
    for headers in [&[("content-type", "application/json; charset=utf-16")][..], &[JSON, ("content-encoding", "gzip")]] {
        assert_eq!(ask(&book(), "POST", "/x", headers, "{}").code, Some(Code::MediaTypeUnsupported));
    }
    assert!(ask(&book(), "POST", "/x", &[JSON, ("content-encoding", "identity")], "{\"name\": \"a\"}").allowed);
}

#[test]
fn test_bodies_when_the_contract_has_none_then_only_empty_ones_pass() {
    let engine = engine(json!({}));
    assert!(ask(&engine, "GET", "/x", &[], "").allowed);
    assert!(ask(&engine, "GET", "/x", &[("content-length", "0"), JSON], "").allowed);
    assert_refused(&ask(&engine, "GET", "/x", &[], "x"), &["body  unknown"]);
    assert_refused(&ask(&engine, "GET", "/x", &[("content-length", "1")], "x"), &["body  unknown"]);
    assert_refused(&ask(&engine, "GET", "/x", &[("transfer-encoding", "chunked")], "x"), &["body  unknown"]);
}

#[test]
fn test_bodies_when_required_then_an_empty_one_is_missing() {
    let binary = post(json!([{"range": "*/*", "kind": "binary"}]), true);
    for engine in [&book(), &binary] {
        assert_refused(&ask(engine, "POST", "/x", &[JSON, ("content-length", "0")], ""), &["body  missing"]);
        assert_refused(&ask(engine, "POST", "/x", &[JSON], ""), &["body  missing"]);
    }
    let chunked = ("transfer-encoding", "chunked");
    assert_refused(&ask(&binary, "POST", "/x", &[JSON, chunked], ""), &["body  missing"]);
    assert!(ask(&binary, "POST", "/x", &[JSON, chunked], "x").allowed);
    assert!(ask(&binary, "POST", "/x", &[("content-length", "1")], "x").allowed);
    assert!(ask(&binary, "POST", "/x", &[], "x").allowed);
}

#[test]
fn test_monitor_when_nothing_fits_then_the_request_passes_and_all_is_told() {
    let operation =
        json!({"method": "POST", "body": {"required": true, "media": [{"range": "application/json", "kind": "json"}]}});
    let engine = apply(&snapshot(operation, json!({"mode": "monitor"}), json!({}))).unwrap();
    let decision = ask(&engine, "POST", "/x?a=1", &[("content-type", "text/plain")], "x");
    assert!(decision.allowed);
    assert_eq!(told(&decision), ["query a unknown"]);
    let reasons = serde_json::to_string(&decision.phases).unwrap();
    assert!(reasons.contains("media-type-unsupported") && reasons.contains("request-invalid"), "{reasons}");
    assert_eq!(told(&ask(&engine, "POST", "/x", &[JSON], "{")), ["body  malformed"]);
}

#[test]
fn test_text_bodies_when_they_have_a_schema_then_they_are_one_string() {
    let engine = post(json!([{"range": "text/plain", "kind": "text", "schema": {"type": "string", "maxLength": 2}}]), true);
    assert!(send(&engine, ("content-type", "text/plain"), "éé").allowed);
    assert_refused(&send(&engine, ("content-type", "text/plain"), "abc"), &["body  invalid"]);
}

/// `{"n": integer, "tags": [integer], "who": {"age": integer}, "f": {"min": integer}}`, closed; `f` as deepObject.
fn form_media(range: &str, kind: &str) -> Value {
    let integer = json!({"types": ["integer"]});
    json!([{
        "range": range, "kind": kind,
        "schema": {
            "type": "object",
            "properties": {
                "n": {"type": "integer"}, "tags": {"items": {"type": "integer"}}, "f": {"const": {"min": 1}},
                "who": {"properties": {"age": {"type": "integer"}}}, "file": {"type": "string", "minLength": 3},
            },
            "required": ["n"], "additionalProperties": false,
        },
        "shape": {"types": ["object"], "properties": {
            "n": integer, "tags": {"types": ["array"], "items": integer},
            "f": {"types": ["object"], "properties": {"min": integer}},
            "who": {"types": ["object"], "properties": {"age": integer}}, "file": {"types": ["string"]},
        }},
        "encoding": {"f": {"style": "deepObject"}, "file": {"content_types": ["image/*"]}},
    }])
}

#[test]
fn test_forms_when_they_fit_then_they_pass_and_fields_are_told_by_pointer() {
    let engine = post(form_media("application/x-www-form-urlencoded", "form"), true);
    assert!(send(&engine, FORM, "n=1&tags=2&tags=3&f%5Bmin%5D=1&who=%7B%22age%22%3A+4%7D").allowed);
    for (body, violation) in [
        ("n=x", "body /n invalid"),
        ("n=1&n=2", "body /n duplicate"),
        ("tags=1", "body /n missing"),
        ("n=1&tags=1&tags=x", "body /tags/1 invalid"),
        ("n=1&who=%7B", "body /who malformed"),
        ("n=1&who=%7B%22age%22:%22x%22%7D", "body /who/age invalid"),
        ("n=1&other=2", "body /other unknown"),
        ("n=1&first=1&other=2&other=3", "body /other duplicate"),
        ("n=1&first=1&other=%", "body /other malformed"),
        ("n=%", "body /n malformed"),
        ("n=1&f[max]=1", "body /f invalid"),
    ] {
        let decision = send(&engine, FORM, body);
        assert!(!decision.allowed, "{body}");
        assert_refused(&decision, &[violation]);
    }
    let many = format!("n=1{}", "&n=1".repeat(20_000));
    assert!(told(&send(&engine, FORM, &many)).contains(&"body / malformed".to_owned()));
}

/// `{"role": "user"}` and anything else.
fn open_form(range: &str, kind: &str) -> Engine {
    let schema = json!({"type": "object", "properties": {"role": {"const": "user"}}});
    let shape = json!({"types": ["object"], "properties": {"role": {"types": ["string"]}}, "additional": {}});
    post(json!([{"range": range, "kind": kind, "schema": schema, "shape": shape}]), true)
}

#[test]
fn test_forms_when_an_upstream_could_take_another_name_for_a_field_then_they_are_refused() {
    let engine = open_form("application/x-www-form-urlencoded", "form");
    assert!(send(&engine, FORM, "role=user&other=1&other%5Ba%5D=2").allowed);
    for (body, violation) in [
        ("role=user&role[]=admin", "body /role[] unknown"),
        ("role=user&+role=admin", "body / role unknown"),
        ("role=user&ROLE=admin", "body /ROLE unknown"),
        ("ROLE=admin", "body /ROLE unknown"),
        ("role%00x=admin", "body /role\0x unknown"),
        ("other=1;role=admin", "body /other malformed"),
    ] {
        assert_refused(&send(&engine, FORM, body), &[violation]);
    }
    let engine = open_form("multipart/form-data", "multipart");
    let role = part("name=role", "user");
    assert!(send(&engine, MULTIPART, &format!("{role}{}--b--", part("name=other", "admin"))).allowed);
    for head in ["name=Role", "name=Role; filename=x", "name=Role\r\nContent-Type: application/json"] {
        let body = format!("{role}{}--b--", part(head, "1"));
        assert_refused(&send(&engine, MULTIPART, &body), &["body /Role unknown"]);
    }
}

fn part(head: &str, body: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
}

#[test]
fn test_multipart_when_it_fits_then_it_passes_and_fields_are_told_by_pointer() {
    let engine = post(form_media("multipart/form-data", "multipart"), true);
    let file = |media: &str, body: &str| part(&format!("name=file; filename=\"a.png\"\r\nContent-Type: {media}"), body);
    let n = part("name=n", "1");
    let good = format!(
        "{n}{}{}{}{}--b--\r\n",
        part("name=tags", "2"),
        part("name=tags", "3"),
        part("name=who", r#"{"age": 4}"#),
        file("image/png", "123")
    );
    assert!(send(&engine, MULTIPART, &good).allowed);
    for (parts, violation) in [
        (part("name=n", "x"), "body /n invalid"),
        (format!("{n}{n}"), "body /n duplicate"),
        (format!("{n}{}", part("name=tags", "x")), "body /tags/0 invalid"),
        (format!("{n}{}", part("name=who", "{")), "body /who malformed"),
        (format!("{n}{}", part("name=other", "1")), "body /other unknown"),
        (format!("{n}{}", file("text/html", "123")), "body /file invalid"),
        (format!("{n}{}", file("image/png", "1")), "body /file invalid"),
        (format!("{n}{}", part("filename=x", "1")), "body  malformed"),
        (String::new(), "body /n missing"),
    ] {
        assert_refused(&send(&engine, MULTIPART, &format!("{parts}--b--")), &[violation]);
    }
}

#[test]
fn test_multipart_when_the_boundary_is_missing_or_wrong_then_it_is_refused() {
    let engine = post(form_media("multipart/form-data", "multipart"), true);
    let body = format!("{}--b--", part("name=n", "1"));
    for header in ["multipart/form-data", "multipart/form-data; boundary=c", "multipart/form-data; boundary=\"\""] {
        assert_refused(&send(&engine, ("content-type", header), &body), &["body  malformed"]);
    }
    assert_refused(&send(&engine, MULTIPART, &part("name=n", "1").repeat(10_000)), &["body  malformed"]);
}

proptest! {
    #[test]
    fn test_bodies_when_arbitrary_then_reading_never_panics(body in "(n|tags|f\\[min\\]|=|&|%|\\{|\\}|\"|:|--b|\r\n|--|name=n|Content-Disposition: form-data; |1|x){0,24}") {
        let _json = send(&book(), JSON, &body);
        let _form = send(&post(form_media("application/x-www-form-urlencoded", "form"), true), FORM, &body);
        let _parts = send(&post(form_media("multipart/form-data", "multipart"), true), MULTIPART, &body);
    }
}
