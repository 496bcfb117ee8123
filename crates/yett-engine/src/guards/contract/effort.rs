//! What it could cost at most to explain why a value does not fit.
//!
//! The library gathers every error of every alternative, with a copy of the value at fault in each, before it gives
//! the first. Where alternatives nest, that doubles with every level: 400 bytes can take gigabytes. So the way that the
//! library goes through schema and value is walked before, as if every keyword failed everywhere, until a budget is
//! spent. The walk itself costs no more than the budget, whatever the contract and the value are.

use serde_json::{Map, Value};

/// Most bytes that the errors of one value may take; what an ordinary body could take stays far below.
const BUDGET: usize = 8 << 20;
/// Bytes of one error without its paths and copies.
const ERROR: usize = 512;
/// Bytes of one step in a path besides the name.
const STEP: usize = 32;
/// Bytes of one value besides its text.
const VALUE: usize = 64;
/// How many bytes of a text are looked at in the time that one byte of an error takes.
const SCAN: usize = 16;
/// Keywords that never fail.
const SILENT: [&str; 12] = [
    "$comment",
    "$defs",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "readOnly",
    "title",
    "writeOnly",
];

/// Whether the errors of a value held against `schema`, a part of `document`, are within the budget.
pub(super) fn is_affordable(document: &Value, schema: &Value, value: &Value) -> bool {
    cost(document, schema, value).is_some()
}

/// Most bytes that the errors can take; `None` beyond the budget.
fn cost(document: &Value, schema: &Value, value: &Value) -> Option<usize> {
    let mut walk = Walk { document, left: BUDGET, open: Vec::new() };
    walk.schema(schema, value, At { path: 0, choices: 0 })?;
    BUDGET.checked_sub(walk.left)
}

/// Where the walk stands.
#[derive(Clone, Copy)]
struct At {
    /// Bytes of the paths to the value and the schema.
    path: usize,
    /// How many alternatives are open: each copies the value and asks again which alternative fits.
    choices: usize,
}

impl At {
    fn deeper(self, name: usize) -> Self {
        Self { path: self.path.saturating_add(STEP).saturating_add(name), ..self }
    }

    fn choosing(self, more: bool) -> Self {
        Self { choices: self.choices.saturating_add(usize::from(more)), ..self }
    }
}

/// Every step returns `None` once the budget is spent. As paths grow with depth and are paid for, the depth of the
/// walk is bounded too.
struct Walk<'a> {
    document: &'a Value,
    left: usize,
    /// References that are being followed, and the value each is held against: the library stops at a circle.
    open: Vec<(&'a Value, &'a Value)>,
}

impl<'a> Walk<'a> {
    fn pay(&mut self, cost: usize) -> Option<()> {
        self.left = self.left.checked_sub(cost)?;
        Some(())
    }

    fn schema(&mut self, schema: &'a Value, value: &'a Value, at: At) -> Option<()> {
        let keywords = schema.as_object();
        let errors = keywords.map_or(1, most_errors);
        let copy = match value {
            Value::String(text) if at.choices == 0 => text.len() / SCAN,
            _ if at.choices == 0 => 0,
            _ => self.left.checked_sub(unspent(value, self.left)?)?,
        };
        let each = ERROR.saturating_add(at.path).saturating_add(copy);
        self.pay(each.saturating_mul(errors).saturating_mul(at.choices.saturating_add(1)))?;
        self.pay(members(value).saturating_mul(VALUE))?;
        let Some(keywords) = keywords else { return Some(()) };
        let counts = keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems");
        keywords.iter().try_for_each(|(keyword, of)| {
            self.same(keyword, of, value, at.deeper(0).choosing(counts))?;
            self.inside(keyword, of, keywords, value, at)
        })
    }

    /// Schemas of a keyword that look at the value itself.
    fn same(&mut self, keyword: &str, of: &'a Value, value: &'a Value, at: At) -> Option<()> {
        match (keyword, of) {
            ("$ref", Value::String(target)) => self.reference(target, value, at),
            // Only a pointer into the document is followed.
            ("$id" | "$dynamicRef" | "$recursiveRef", _) => None,
            ("allOf", Value::Array(all)) => all.iter().try_for_each(|one| self.schema(one, value, at)),
            ("anyOf" | "oneOf", Value::Array(all)) => all.iter().try_for_each(|one| self.schema(one, value, at.choosing(true))),
            ("if" | "then" | "else" | "not", one) => self.schema(one, value, at),
            ("dependentSchemas" | "dependencies", Value::Object(all)) => {
                all.values().try_for_each(|one| self.schema(one, value, at))
            }
            _ => Some(()),
        }
    }

    fn reference(&mut self, target: &str, value: &'a Value, at: At) -> Option<()> {
        let (_, fragment) = target.split_once('#')?;
        let pointer = percent_encoding::percent_decode_str(fragment).decode_utf8().ok()?;
        let target = self.document.pointer(&pointer)?;
        if self.open.iter().any(|(schema, of)| std::ptr::eq(*schema, target) && std::ptr::eq(*of, value)) {
            return Some(());
        }
        self.open.push((target, value));
        self.schema(target, value, at)?;
        self.open.pop();
        Some(())
    }

    /// Schemas of a keyword that look at what is in the value.
    fn inside(&mut self, keyword: &str, of: &'a Value, siblings: &'a Map<String, Value>, value: &'a Value, at: At) -> Option<()> {
        match (value, keyword) {
            (Value::Object(object), _) => object.iter().try_for_each(|(name, member)| {
                let at = at.deeper(name.len());
                match (keyword, of) {
                    ("properties", of) => of.get(name).map_or(Some(()), |one| self.schema(one, member, at)),
                    ("patternProperties", Value::Object(all)) => all.values().try_for_each(|one| self.schema(one, member, at)),
                    ("additionalProperties", _) if is_named(siblings, name) => Some(()),
                    ("additionalProperties" | "unevaluatedProperties", one) => self.schema(one, member, at),
                    // The name is in the path already.
                    ("propertyNames", one) => self.schema(one, &Value::Null, at),
                    _ => Some(()),
                }
            }),
            (Value::Array(items), "prefixItems") => {
                let mut pairs = of.as_array().into_iter().flatten().zip(items);
                pairs.try_for_each(|(one, item)| self.schema(one, item, at.deeper(0)))
            }
            (Value::Array(items), "items" | "contains" | "unevaluatedItems") => {
                items.iter().try_for_each(|item| self.schema(of, item, at.deeper(0)))
            }
            _ => Some(()),
        }
    }
}

fn is_named(keywords: &Map<String, Value>, name: &str) -> bool {
    keywords.get("properties").is_some_and(|properties| properties.get(name).is_some())
}

fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    }
}

/// Most errors of the keywords themselves, each with what it repeats of the schema; at least one for the look.
fn most_errors(keywords: &Map<String, Value>) -> usize {
    let loud = keywords.iter().filter(|(keyword, _)| !SILENT.contains(&keyword.as_str()));
    loud.map(|(keyword, of)| match (keyword.as_str(), of) {
        ("required", Value::Array(names)) => names.len(),
        ("dependentRequired", Value::Object(all)) => all.values().map(members).sum(),
        ("const", of) => 1 + of.to_string().len() / ERROR,
        (_, Value::String(text)) => 1 + text.len() / ERROR,
        _ => 1,
    })
    .sum::<usize>()
    .max(1)
}

/// What is left of `left` bytes when a value is copied. Its depth is bounded where it is parsed.
fn unspent(value: &Value, left: usize) -> Option<usize> {
    let left = left.checked_sub(VALUE)?;
    match value {
        Value::String(text) => left.checked_sub(text.len()),
        Value::Array(items) => items.iter().try_fold(left, |left, item| unspent(item, left)),
        Value::Object(object) => {
            object.iter().try_fold(left, |left, (name, member)| unspent(member, left.checked_sub(name.len())?))
        }
        _ => Some(left),
    }
}

#[cfg(test)]
mod tests {
    use super::super::instance::Instance;
    use super::*;
    use jsonschema::ValidationError;
    use jsonschema::error::ValidationErrorKind as Kind;
    use proptest::prelude::*;
    use serde_json::json;

    fn affordable(schema: &Value, value: &Value) -> bool {
        is_affordable(
            &json!({"$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}},
            "Ring": {"oneOf": [{"allOf": [{"$ref": "#/$defs/Ring"}, {"required": ["a"]}]}]}}}),
            schema,
            value,
        )
    }

    #[test]
    fn test_effort_when_schema_and_value_are_ordinary_then_it_is_affordable() {
        let line = json!({"type": "object", "required": ["id", "count"], "additionalProperties": false, "properties": {
            "id": {"type": "string", "format": "uuid", "maxLength": 36}, "count": {"type": "integer", "minimum": 1}}});
        let order = json!({"type": "object", "properties": {"lines": {"type": "array", "items": line}}});
        let lines: Vec<Value> = (0..100).map(|n| json!({"id": "x", "count": n})).collect();
        assert!(affordable(&order, &json!({"lines": lines})));
    }

    #[test]
    fn test_effort_when_schemas_go_in_circles_then_the_walk_ends() {
        assert!(affordable(&json!({"$ref": "#/$defs/Ring"}), &json!({})));
        let deep = (0..100).fold(json!(1), |inner, _| json!({"next": inner}));
        assert!(affordable(&json!({"$ref": "#/$defs/Node"}), &deep));
    }

    #[test]
    fn test_effort_when_many_are_wrong_or_long_names_repeat_in_paths_then_it_is_not_affordable() {
        let many = |count| Value::from(vec![json!({}); count]);
        let items = json!({"items": {"required": ["a", "b", "c", "d"]}});
        assert!(affordable(&items, &many(1000)) && !affordable(&items, &many(5000)));
        let long = |items: Value| json!({"x".repeat(100_000): items});
        let named = json!({"additionalProperties": items});
        assert!(affordable(&named, &long(many(10))) && !affordable(&named, &long(many(100))));
    }

    #[test]
    fn test_effort_when_alternatives_copy_a_long_text_then_it_is_not_affordable() {
        let branch = json!({"required": ["a", "b", "c", "d", "e"]});
        let schema = json!({"oneOf": vec![branch; 60]});
        assert!(affordable(&schema, &json!({"x": "short"})));
        assert!(!affordable(&schema, &json!({"x": "y".repeat(1 << 20)})));
    }

    #[test]
    fn test_effort_when_a_reference_cannot_be_followed_then_it_is_not_affordable() {
        for schema in [json!({"$ref": "#anchor"}), json!({"$dynamicRef": "#x"}), json!({"$id": "urn:x"})] {
            assert!(!affordable(&schema, &json!(1)), "{schema}");
        }
    }
    fn schemas() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(true)),
            Just(json!(false)),
            Just(json!({"type": "string", "minLength": 2})),
            Just(json!({"required": ["a", "b", "c"], "additionalProperties": false})),
            Just(json!({"enum": [1, 2], "minimum": 3, "multipleOf": 2})),
            Just(json!({"minItems": 4, "uniqueItems": true, "minProperties": 4})),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let pair = (inner.clone(), inner.clone());
            prop_oneof![
                (pair.clone(), "allOf|anyOf|oneOf").prop_map(|((a, b), list)| json!({list: [a, b]})),
                (pair.clone(), inner.clone()).prop_map(|((a, b), c)| json!({"if": a, "then": b, "else": c})),
                pair.clone().prop_map(|(a, b)| json!({"properties": {"a": a}, "patternProperties": {"^[ab]": b}})),
                pair.clone().prop_map(|(a, b)| json!({"prefixItems": [a], "items": b})),
                pair.prop_map(|(a, b)| json!({"anyOf": [a], "unevaluatedProperties": b, "unevaluatedItems": false})),
                inner.clone().prop_map(|a| json!({"not": a, "dependentSchemas": {"a": a}})),
                inner.prop_map(|a| json!({"propertyNames": a, "additionalProperties": a, "contains": a})),
            ]
        })
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(json!(1)), Just(json!("x")), Just(json!(null))];
        leaf.prop_recursive(3, 24, 3, |inner| {
            let object = prop::collection::btree_map("[abd]", inner.clone(), 0..3);
            prop_oneof![prop::collection::vec(inner, 0..3).prop_map(Value::from), object.prop_map(|all| json!(all))]
        })
    }

    fn count(error: &ValidationError<'_>) -> usize {
        1 + match error.kind() {
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => context.iter().flatten().map(count).sum(),
            Kind::PropertyNames { error } => count(error),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn test_effort_when_errors_are_gathered_then_each_was_paid_for(schema in schemas(), value in values()) {
            let validator = super::super::schema::compile("urn:yett:request", &schema).unwrap();
            let errors: usize = validator.iter_errors(Instance::Value(&value)).map(|error| count(&error)).sum();
            prop_assert!(cost(&schema, &schema, &value).is_none_or(|cost| errors * ERROR <= cost), "{errors} errors");
        }
    }
}
