use super::*;
use proptest::prelude::*;

/// Shapes and schemas of the three kinds of values that the tables of OpenAPI use.
fn kind(name: &str) -> (Value, Value) {
    match name {
        "scalar" => (json!({"types": ["integer"]}), json!({"type": "integer"})),
        "array" => (json!({"types": ["array"], "items": {"types": ["integer"]}}), json!({"const": [3, 4, 5]})),
        _ => (
            json!({"types": ["object"], "properties": {"R": {"types": ["integer"]}, "G": {"types": ["integer"]}}}),
            json!({"const": {"R": 100, "G": 200}}),
        ),
    }
}

fn parameter(location: &str, style: &str, explode: bool, value: &str) -> Value {
    let (shape, schema) = kind(value);
    json!({"name": "id", "in": location, "style": style, "explode": explode, "required": true, "shape": shape, "schema": schema})
}

/// Asks with `text` where `location` puts it: path segment, query string, header value or cookie header.
fn send(location: &str, parameter: Value, text: &str) -> Decision {
    let path = if location == "path" { "/x/{id}" } else { "/x" };
    let engine = engine(json!({"path": path, "parameters": [parameter]}));
    match location {
        "path" => ask(&engine, "GET", &format!("/x/{text}"), &[], ""),
        "query" => ask(&engine, "GET", &format!("/x?{text}"), &[], ""),
        "header" => ask(&engine, "GET", "/x", &[("id", text)], ""),
        _ => ask(&engine, "GET", "/x", &[("cookie", text)], ""),
    }
}

#[test]
fn test_every_cell_of_styles_when_spelled_right_then_it_is_read() {
    for (location, style, explode, value, text) in [
        ("path", "simple", false, "scalar", "5"),
        ("path", "simple", true, "scalar", "5"),
        ("path", "simple", false, "array", "3,4,5"),
        ("path", "simple", true, "array", "3,4,5"),
        ("path", "simple", false, "object", "R,100,G,200"),
        ("path", "simple", true, "object", "R=100,G=200"),
        ("path", "label", false, "scalar", ".5"),
        ("path", "label", false, "array", ".3,4,5"),
        ("path", "label", true, "array", ".3.4.5"),
        ("path", "label", false, "object", ".R,100,G,200"),
        ("path", "label", true, "object", ".R=100.G=200"),
        ("path", "matrix", false, "scalar", ";id=5"),
        ("path", "matrix", false, "array", ";id=3,4,5"),
        ("path", "matrix", true, "array", ";id=3;id=4;id=5"),
        ("path", "matrix", false, "object", ";id=R,100,G,200"),
        ("path", "matrix", true, "object", ";R=100;G=200"),
        ("query", "form", true, "scalar", "id=5"),
        ("query", "form", false, "scalar", "id=5"),
        ("query", "form", false, "array", "id=3,4,5"),
        ("query", "form", true, "array", "id=3&id=4&id=5"),
        ("query", "form", false, "object", "id=R,100,G,200"),
        ("query", "form", true, "object", "R=100&G=200"),
        ("query", "spaceDelimited", false, "array", "id=3%204+5"),
        ("query", "spaceDelimited", true, "array", "id=3&id=4&id=5"),
        ("query", "spaceDelimited", false, "object", "id=R%20100%20G%20200"),
        ("query", "pipeDelimited", false, "array", "id=3|4%7C5"),
        ("query", "pipeDelimited", true, "array", "id=3&id=4&id=5"),
        ("query", "pipeDelimited", false, "object", "id=R|100|G|200"),
        ("query", "deepObject", true, "object", "id[R]=100&id%5BG%5D=200"),
        ("query", "deepObject", true, "array", "id[]=3&id[]=4&id[]=5"),
        ("query", "deepObject", true, "array", "id[2]=5&id[0]=3&id[1]=4"),
        ("header", "simple", false, "scalar", "5"),
        ("header", "simple", false, "array", "3, 4,5"),
        ("header", "simple", true, "array", "3,4,5"),
        ("header", "simple", false, "object", "R,100,G,200"),
        ("header", "simple", true, "object", "R=100,G=200"),
        ("cookie", "form", true, "scalar", "a=1; id=5"),
        ("cookie", "form", false, "array", "id=3,4,5"),
        ("cookie", "form", true, "array", "id=3&id=4&id=5"),
        ("cookie", "form", false, "object", "id=R,100,G,200"),
        ("cookie", "form", true, "object", "R=100; G=200"),
        ("cookie", "cookie", true, "scalar", "id=5"),
        ("cookie", "cookie", true, "array", "id=3; id=4; id=5"),
        ("cookie", "cookie", false, "array", "id=3,4,5"),
        ("cookie", "cookie", true, "object", "R=100; G=200"),
    ] {
        let decision = send(location, parameter(location, style, explode, value), text);
        assert!(decision.allowed, "{location} {style} {explode} {value} {text}: {:?}", decision.violations);
    }
}

#[test]
fn test_every_place_when_spelled_wrong_then_the_parameter_is_named() {
    for (location, style, explode, value, text, code) in [
        ("path", "simple", false, "scalar", "five", "invalid"),
        ("path", "simple", false, "object", "R,100,G", "malformed"),
        ("path", "simple", true, "object", "R=100,G", "malformed"),
        ("path", "label", false, "scalar", "5", "malformed"),
        ("path", "matrix", false, "scalar", "id=5", "malformed"),
        ("path", "matrix", false, "scalar", ";ID=5", "malformed"),
        ("path", "matrix", true, "array", ";id=3;ix=4", "malformed"),
        ("query", "form", false, "array", "id=3&id=4,5", "duplicate"),
        ("query", "form", true, "array", "id=3&id=5", "invalid"),
        ("query", "form", true, "scalar", "id=%zz", "malformed"),
        ("query", "form", true, "scalar", "id=%e", "malformed"),
        ("query", "form", true, "scalar", "id=%ff", "malformed"),
        ("query", "form", true, "object", "R=1&R=2", "duplicate"),
        ("query", "deepObject", true, "object", "id[R]=1&id[R]=2", "duplicate"),
        ("header", "simple", false, "scalar", "5, 6", "invalid"),
        ("cookie", "form", true, "scalar", "id=5; id=6", "duplicate"),
    ] {
        let decision = send(location, parameter(location, style, explode, value), text);
        assert_refused(&decision, &[&format!("{location} id {code}")]);
    }
}

fn query(shape: Value, schema: Value) -> Engine {
    let parameter = json!({"name": "id", "in": "query", "style": "form", "explode": true, "shape": shape, "schema": schema});
    engine(json!({"parameters": [parameter]}))
}

fn fits(engine: &Engine, query: &str) -> bool {
    ask(engine, "GET", &format!("/x?{query}"), &[], "").allowed
}

#[test]
fn test_numbers_when_they_follow_json_then_they_are_read_and_nothing_else_is() {
    let integer = query(json!({"types": ["integer"]}), json!({"type": "integer"}));
    let number = query(json!({"types": ["number"]}), json!({"type": "number"}));
    for text in ["0", "-0", "12", "-7", "9007199254740993", "123456789012345678901234567890"] {
        assert!(fits(&integer, &format!("id={text}")) && fits(&number, &format!("id={text}")), "{text}");
    }
    for text in ["1.5", "1e3", "-1.25E-2"] {
        assert!(fits(&number, &format!("id={text}")) && !fits(&integer, &format!("id={text}")), "{text}");
    }
    for text in
        ["", "+", "%2B1", "01", "0x1f", "1e999", "NaN", "Infinity", "%201", "1%20", "1_000", "1,5", ".5", "5.", "%EF%BC%91"]
    {
        assert!(!fits(&integer, &format!("id={text}")) && !fits(&number, &format!("id={text}")), "{text}");
    }
}

#[test]
fn test_booleans_when_true_or_false_then_they_are_read_and_nothing_else_is() {
    let boolean = query(json!({"types": ["boolean"]}), json!({"type": "boolean"}));
    assert!(["true", "false"].iter().all(|text| fits(&boolean, &format!("id={text}"))));
    assert!(["True", "1", "0", "yes", "on", ""].iter().all(|text| !fits(&boolean, &format!("id={text}"))));
}

#[test]
fn test_several_types_when_the_schema_refuses_one_reading_then_the_next_is_taken() {
    let either = query(
        json!({"types": ["integer", "string"]}),
        json!({"anyOf": [{"type": "integer", "maximum": 9}, {"enum": ["10", "x"]}]}),
    );
    assert!(["9", "10", "x"].iter().all(|text| fits(&either, &format!("id={text}"))));
    assert!(["11", "y"].iter().all(|text| !fits(&either, &format!("id={text}"))));
    let nullable = query(json!({"types": ["null", "integer"]}), json!({"type": ["null", "integer"]}));
    assert!(["", "null", "4"].iter().all(|text| fits(&nullable, &format!("id={text}"))));
    let items = json!({"types": ["array"], "items": {"types": ["integer", "string"]}});
    let list = query(items, json!({"items": {"type": "string"}}));
    assert!(fits(&list, "id=1&id=x"));
    let list_or_one = query(json!({"types": ["array", "string"], "items": {"types": ["string"]}}), json!({"type": "string"}));
    assert!(fits(&list_or_one, "id=1") && !fits(&list_or_one, "id=1&id=2"));
}

#[test]
fn test_escapes_when_in_a_query_then_plus_is_a_space_and_delimiters_are_data() {
    let list = json!({"name": "id", "in": "query", "style": "form", "explode": false,
        "shape": {"types": ["array"], "items": {"types": ["string"]}}, "schema": {"const": ["a b", "c,d", "é+"]}});
    let engine = engine(json!({"parameters": [list]}));
    assert!(fits(&engine, "id=a+b,c%2Cd,%C3%A9%2B"));
    assert!(fits(&engine, "%69d=a%20b,c%2Cd,%C3%A9%2B"));
    let path = json!({"name": "id", "in": "path", "style": "simple", "explode": false, "shape": {"types": ["string"]}, "schema": {"const": "a+b"}});
    assert!(send("path", path, "a+b").allowed);
}

#[test]
fn test_query_parameters_when_unknown_then_they_are_refused_unless_allowed() {
    let one = json!({"parameters": [parameter("query", "form", true, "scalar")]});
    let strict = engine(one.clone());
    assert_refused(
        &ask(&strict, "GET", "/x?id=1&b=2&%63&d%5B%5D=1", &[], ""),
        &["query b unknown", "query c unknown", "query d[] unknown"],
    );
    assert_refused(&ask(&strict, "GET", "/x?ID=1", &[], ""), &["query ID unknown", "query id missing"]);
    let open = apply(&snapshot(one, json!({"unknown_query": "allow"}), json!({}))).unwrap();
    assert!(fits(&open, "id=1&b=2"));
    assert!(!fits(&engine(json!({})), "a=1"));
    assert!(fits(&engine(json!({})), "&&"));
}

#[test]
fn test_query_parameters_when_there_are_very_many_then_they_are_refused_and_few_are_told() {
    let engine = engine(json!({}));
    let many = (0..4000).map(|n| n.to_string()).collect::<Vec<_>>().join("&");
    let decision = ask(&engine, "GET", &format!("/x?{}", many.get(..15_000).unwrap()), &[], "");
    assert_eq!(decision.violations.len(), 20);
    assert_eq!(told(&decision).first().unwrap(), "query  malformed");
}

#[test]
fn test_several_parameters_when_wrong_then_all_are_told() {
    let header = json!({"name": "x-n", "in": "header", "required": true, "style": "simple", "explode": false, "shape": {"types": ["integer"]}, "schema": {"type": "integer"}});
    let cookie =
        json!({"name": "c", "in": "cookie", "required": true, "style": "form", "explode": true, "shape": {}, "schema": true});
    let engine = engine(json!({"parameters": [parameter("query", "form", true, "scalar"), header, cookie]}));
    assert_refused(
        &ask(&engine, "GET", "/x?id=x", &[("x-n", "many")], ""),
        &["query id invalid", "header x-n invalid", "cookie c missing"],
    );
}

#[test]
fn test_headers_when_openapi_describes_them_elsewhere_then_they_are_ignored() {
    let header = |name: &str| json!({"name": name, "in": "header", "required": true, "style": "simple", "explode": false, "shape": {}, "schema": false});
    let engine = engine(json!({"parameters": [header("accept"), header("content-type"), header("authorization")]}));
    assert!(ask(&engine, "GET", "/x", &[("accept", "a/b")], "").allowed);
}

#[test]
fn test_headers_when_a_list_stands_on_several_lines_then_it_is_one_list_and_a_scalar_is_a_duplicate() {
    let list = engine(json!({"parameters": [parameter("header", "simple", false, "array")]}));
    assert!(ask(&list, "GET", "/x", &[("id", "3"), ("id", "4, 5")], "").allowed);
    let scalar = engine(json!({"parameters": [parameter("header", "simple", false, "scalar")]}));
    assert_refused(&ask(&scalar, "GET", "/x", &[("id", "3"), ("id", "4")], ""), &["header id duplicate"]);
}

#[test]
fn test_empty_values_when_allowed_then_the_schema_is_not_asked() {
    let mut allowed = parameter("query", "form", true, "scalar");
    allowed["allow_empty"] = json!(true);
    let engine = engine(json!({"parameters": [allowed]}));
    assert!(fits(&engine, "id=") && fits(&engine, "id") && !fits(&engine, "id=x"));
}

#[test]
fn test_documents_in_parameters_when_json_then_they_are_parsed_strictly() {
    let json = json!({"name": "id", "in": "query", "style": "form", "explode": true, "media": "application/json", "shape": {},
        "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}});
    let engine = engine(json!({"parameters": [json]}));
    assert!(fits(&engine, "id=%7B%22n%22:1%7D"));
    for text in ["id=%7B%22n%22:%22x%22%7D", "id=%7B", "id=%7B%22n%22:1,%22n%22:2%7D", "id=%7B%7D&id=%7B%7D"] {
        assert!(!fits(&engine, text), "{text}");
    }
}

#[test]
fn test_querystring_when_it_is_one_document_then_it_is_checked_whole() {
    let whole = |media: &str| {
        let shape = json!({"types": ["object"], "properties": {"n": {"types": ["integer"]}}});
        engine(
            json!({"parameters": [{"name": "q", "in": "querystring", "required": true, "style": "form", "explode": true, "media": media,
            "shape": shape, "schema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false}}]}),
        )
    };
    let form = whole("application/x-www-form-urlencoded");
    assert!(fits(&form, "n=1"));
    assert!(!fits(&form, "n=x") && !fits(&form, "n=1&m=2") && !fits(&form, ""));
    let json = whole("application/json");
    assert!(fits(&json, "%7B%22n%22:1%7D"));
    assert!(!fits(&json, "n=1"));
}

#[test]
fn test_deep_objects_when_nested_then_they_are_read_and_what_is_ambiguous_is_refused() {
    let leaf = json!({"types": ["integer"]});
    let inner = json!({"types": ["object"], "properties": {"min": leaf, "tags": {"types": ["array"], "items": leaf}}});
    let deep = json!({"name": "f", "in": "query", "style": "deepObject", "explode": true,
        "shape": {"types": ["object"], "properties": {"price": inner}},
        "schema": {"const": {"price": {"min": 1, "tags": [2, 3]}}}});
    let engine = engine(json!({"parameters": [deep]}));
    assert!(fits(&engine, "f[price][min]=1&f[price][tags][]=2&f[price][tags][]=3"));
    assert!(fits(&engine, "f[price][min]=1&f[price][tags]=2&f[price][tags]=3"));
    assert!(fits(&engine, "f[price][min]=1&f[price][tags][0]=2&f[price][tags][1]=3"));
    for text in [
        "f=1",
        "f[price]=1",
        "f[price][min]=1&f[price][min]=1",
        "f[price]=1&f[price][min]=2",
        "f[price",
        "f[a][b][c][d][e][f][g][h][i]=1",
    ] {
        assert!(!fits(&engine, text), "{text}");
    }
}

#[test]
fn test_refusals_when_a_value_is_secret_or_a_name_is_long_then_neither_is_repeated_whole() {
    let engine = query(json!({"types": ["integer"]}), json!({"type": "integer"}));
    let decision = ask(&engine, "GET", &format!("/x?id=hunter2&{}=1", "n".repeat(500)), &[], "");
    let text = serde_json::to_string(&decision.violations).unwrap();
    assert!(!text.contains("hunter2") && !text.contains(&"n".repeat(65)), "{text}");
}

proptest! {
    #[test]
    fn test_lists_when_encoded_and_read_then_they_are_the_same(
        items in prop::collection::vec("\\PC{1,6}", 1..5),
        style in prop::sample::select(vec![("form", true), ("form", false), ("spaceDelimited", false), ("pipeDelimited", false)]),
    ) {
        let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        // Space and pipe are the delimiters themselves, escaped or not.
        prop_assume!(style.1 || style.0 == "form" || !items.iter().any(|item| item.contains([' ', '|'])));
        let join = |mark: &str| items.iter().map(|item| encode(item)).collect::<Vec<_>>().join(mark);
        let query = match style {
            (_, true) => format!("id={}", join("&id=")),
            ("form", _) => format!("id={}", join(",")),
            ("spaceDelimited", _) => format!("id={}", join("%20")),
            _ => format!("id={}", join("|")),
        };
        let parameter = json!({"name": "id", "in": "query", "style": style.0, "explode": style.1,
            "shape": {"types": ["array"], "items": {"types": ["string"]}}, "schema": {"const": items}});
        let decision = ask(&engine(json!({"parameters": [parameter]})), "GET", &format!("/x?{query}"), &[], "");
        prop_assert!(decision.allowed, "{query}: {:?}", decision.violations);
    }

    #[test]
    fn test_queries_when_arbitrary_then_reading_never_panics(query in "(id|\\[|\\]|=|&|%|5B|\\+|,|a|%7C|;){0,30}") {
        for (style, value) in [("form", "array"), ("form", "object"), ("deepObject", "object"), ("deepObject", "array"), ("pipeDelimited", "object")] {
            let engine = engine(json!({"parameters": [parameter("query", style, style != "pipeDelimited", value)]}));
            let _decision = ask(&engine, "GET", &format!("/x?{query}"), &[], "");
        }
    }
}

#[test]
fn test_credentials_when_in_the_query_then_they_are_not_the_contracts_business() {
    let engine = crate::fixture::engine(&crate::fixture::snapshot());
    let target = |rest: &str| format!("/shop/books?key={}{rest}", crate::fixture::KEY);
    assert!(ask(&engine, "GET", &target("&page=1"), &[], "").allowed);
    assert_refused(&ask(&engine, "GET", &target("&Key=1"), &[], ""), &["query Key unknown"]);
}

#[test]
fn test_queries_when_an_upstream_could_take_another_name_for_a_parameter_then_they_are_refused() {
    let parameter =
        json!({"name": "role", "in": "query", "style": "form", "explode": true, "shape": {}, "schema": {"const": "user"}});
    let operation = json!({"parameters": [parameter]});
    for guard in [json!({}), json!({"unknown_query": "allow"})] {
        let engine = apply(&snapshot(operation.clone(), guard, json!({}))).unwrap();
        for (query, violation) in [
            ("role=user&Role=admin", "query Role unknown"),
            ("role=user&role[]=admin", "query role[] unknown"),
            ("role=user&%20role=admin", "query  role unknown"),
            ("role=user;role=admin", "query role malformed"),
            ("a;role=admin", "query a;role malformed"),
        ] {
            let decision = ask(&engine, "GET", &format!("/x?{query}"), &[], "");
            assert!(told(&decision).contains(&violation.to_owned()), "{query}: {decision:?}");
        }
    }
    let open = apply(&snapshot(operation, json!({"unknown_query": "allow"}), json!({}))).unwrap();
    assert!(fits(&open, "role=user&other=1&roles=2&x=a%3Bb"));
}
