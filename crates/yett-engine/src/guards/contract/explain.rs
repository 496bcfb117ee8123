//! Errors of the JSON Schema library in our own words: of values as violations, of schemas as diagnostics.

use super::schema::compile;
use super::violation::{Place, Violations, joined, shown};
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::{Value, json};
use std::collections::HashMap;
use yett_model::Diagnostic;

/// Deepest nesting of alternatives that is explained.
const DEEPEST_CHOICE: u32 = 4;

/// Adds what one error says. Without `field`, the field is the pointer of the value below the wrapping property.
pub(super) fn violation(error: &ValidationError<'_>, place: Place, field: Option<&str>, found: &mut Violations) {
    explain_error(error, &Report { place, field }, DEEPEST_CHOICE, found);
}

struct Report<'a> {
    place: Place,
    field: Option<&'a str>,
}

impl Report<'_> {
    /// Parameters are named; the way into their value goes to the sentence.
    fn push(&self, pointer: &str, code: &str, detail: &str, found: &mut Violations) {
        match self.field {
            None => found.push(self.place, pointer, code, detail),
            Some(field) if pointer.is_empty() => found.push(self.place, field, code, detail),
            Some(field) => found.push(self.place, field, code, format!("at {pointer}: {detail}")),
        }
    }
}

fn explain_error(error: &ValidationError<'_>, report: &Report<'_>, depth: u32, found: &mut Violations) {
    let pointer = below_key(error.instance_path().as_str());
    match error.kind() {
        Kind::Required { property } => {
            report.push(&joined(&pointer, property.as_str().unwrap_or("")), "missing", "is required", found);
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected.iter().take(super::violation::MOST) {
                report.push(&joined(&pointer, name), "unknown", "is not in the contract", found);
            }
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => match meant(context, error) {
            Some(branch) if depth > 0 => branch.iter().for_each(|error| explain_error(error, report, depth - 1, found)),
            _ => report.push(&pointer, "invalid", "fits none of the alternatives", found),
        },
        Kind::PropertyNames { .. } => report.push(&pointer, "invalid", "has a property whose name is not allowed", found),
        Kind::FalseSchema => report.push(&pointer, "unknown", "is not allowed here", found),
        kind => report.push(&pointer, "invalid", &sentence(kind), found),
    }
}

/// The pointer below the property that wraps the value, its segments cut like any name.
fn below_key(path: &str) -> String {
    let below = path.get(1..).and_then(|rest| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("");
    below.split('/').skip(1).fold(String::new(), |pointer, segment| pointer + "/" + &shown(segment))
}

/// The alternative that was meant: the only one, or the shortest, whose errors lie inside the value.
fn meant<'a>(context: &'a [Vec<ValidationError<'static>>], at: &ValidationError<'_>) -> Option<&'a [ValidationError<'static>]> {
    let inside = |error: &ValidationError<'_>| match error.kind() {
        Kind::Required { .. } | Kind::AdditionalProperties { .. } => true,
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => true,
        _ => error.instance_path().as_str().len() > at.instance_path().as_str().len(),
    };
    let same_type = |branch: &&Vec<ValidationError<'static>>| !branch.is_empty() && branch.iter().all(inside);
    let only = if let [one] = context { Some(one) } else { None };
    only.or_else(|| context.iter().filter(same_type).min_by_key(|branch| branch.len())).map(Vec::as_slice)
}

fn sentence(kind: &Kind) -> String {
    match kind {
        Kind::Type { kind } => format!("must be {}", types(kind)),
        Kind::Enum { options } => listed(options),
        Kind::Constant { expected_value } => format!("must be {}", brief(expected_value)),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("must have at least {}", counted(*limit, "character", "characters")),
        Kind::MaxLength { limit } => format!("must have at most {}", counted(*limit, "character", "characters")),
        Kind::MinItems { limit } => format!("must have at least {}", counted(*limit, "item", "items")),
        Kind::MaxItems { limit } => format!("must have at most {}", counted(*limit, "item", "items")),
        Kind::AdditionalItems { limit } => format!("must have at most {}", counted(*limit as u64, "item", "items")),
        Kind::MinProperties { limit } => format!("must have at least {}", counted(*limit, "property", "properties")),
        Kind::MaxProperties { limit } => format!("must have at most {}", counted(*limit, "property", "properties")),
        Kind::UniqueItems => "must not have the same item twice".to_owned(),
        Kind::UnevaluatedItems { .. } => "has more items than the contract allows".to_owned(),
        Kind::Contains => "lacks an item that the contract asks for".to_owned(),
        Kind::Pattern { pattern } => format!("must match {}", shown(pattern)),
        Kind::Format { format } => format!("must be a valid {format}"),
        Kind::OneOfMultipleValid { .. } => "fits more than one of the alternatives".to_owned(),
        _ => "does not fit its schema".to_owned(),
    }
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => with_article(*one),
        TypeKind::Multiple(set) => set.iter().map(with_article).collect::<Vec<_>>().join(" or "),
    }
}

fn with_article(kind: JsonType) -> String {
    let article = match kind {
        JsonType::Array | JsonType::Integer | JsonType::Object => "an ",
        JsonType::Null => "",
        JsonType::Boolean | JsonType::Number | JsonType::String => "a ",
    };
    format!("{article}{kind}")
}

fn listed(options: &Value) -> String {
    let options = options.as_array().map_or(&[][..], Vec::as_slice);
    let some = options.iter().take(10).map(brief).collect::<Vec<_>>().join(", ");
    format!("must be one of {some}{}", if options.len() > 10 { ", ..." } else { "" })
}

/// A value of the contract, short.
fn brief(value: &Value) -> String {
    shown(&value.to_string())
}

/// Where the parts of a document come from in the snapshot.
pub(super) struct Sources {
    /// JSON pointer of the shared schemas.
    pub(super) shared: String,
    /// JSON pointers of the operations' schemas by their key in the document.
    pub(super) places: HashMap<String, String>,
}

impl Sources {
    /// The pointer in the snapshot of a pointer in the document.
    fn place(&self, pointer: &str) -> String {
        if let Some(rest) = pointer.strip_prefix("/$defs") {
            return format!("{}{rest}", self.shared);
        }
        let rest = pointer.strip_prefix("/properties/").unwrap_or("");
        let (key, rest) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        self.places.get(key).map_or_else(|| self.shared.clone(), |place| format!("{place}{rest}"))
    }
}

/// Every mistake of a document that does not compile, found one by one; if none is, what the library said.
pub(super) fn explain(base: &str, document: &Value, sources: &Sources, error: &ValidationError<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for error in jsonschema::draft202012::meta::validator().iter_errors(document) {
        let path = sources.place(error.instance_path().as_str());
        found.push(Diagnostic::new(path, "schema-invalid", format!("this is no JSON Schema: {}", error.masked())));
    }
    Search { base, document, sources, found: &mut found }.schema(document, "");
    if found.is_empty() {
        let path = sources.place(error.schema_path().as_str());
        found.push(Diagnostic::new(path, "schema-invalid", format!("the schema cannot be compiled: {error}")));
    }
    found
}

/// Looks for what cannot be compiled, keyword by keyword.
struct Search<'a> {
    base: &'a str,
    document: &'a Value,
    sources: &'a Sources,
    found: &'a mut Vec<Diagnostic>,
}

/// Keywords whose value is a schema, a list of schemas or a mapping to schemas.
const ONE: [&str; 10] = [
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPPINGS: [&str; 4] = ["$defs", "dependentSchemas", "patternProperties", "properties"];

impl Search<'_> {
    fn schema(&mut self, schema: &Value, pointer: &str) {
        let Some(keywords) = schema.as_object() else { return };
        for (keyword, value) in keywords {
            let at = format!("{pointer}/{keyword}");
            self.keyword(keyword, value, &at);
            match value {
                Value::Object(mapping) if MAPPINGS.contains(&keyword.as_str()) => {
                    mapping.iter().for_each(|(name, schema)| self.schema(schema, &pointer_to(&at, name)));
                }
                Value::Array(list) if LISTS.contains(&keyword.as_str()) => {
                    list.iter().enumerate().for_each(|(index, schema)| self.schema(schema, &format!("{at}/{index}")));
                }
                value if ONE.contains(&keyword.as_str()) => self.schema(value, &at),
                _ => {}
            }
        }
    }

    fn keyword(&mut self, keyword: &str, value: &Value, at: &str) {
        match (keyword, value) {
            ("pattern", Value::String(pattern)) => self.pattern(pattern, at),
            ("patternProperties", Value::Object(patterns)) => patterns.keys().for_each(|pattern| self.pattern(pattern, at)),
            ("format", Value::String(format)) if compile(self.base, &json!({"format": format})).is_err() => {
                self.report(at, "format-unknown", format!("no check for format '{}' exists", shown(format)), "Drop it.");
            }
            ("$ref" | "$dynamicRef", Value::String(target)) if !self.leads_somewhere(target) => {
                let message = format!("'{}' leads nowhere in the contract", shown(target));
                self.report(at, "reference-unresolved", message, "Refer to a shared schema of this API.");
            }
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &str, at: &str) {
        if compile(self.base, &json!({"pattern": pattern})).is_err() {
            let message = format!("the pattern '{}' cannot be matched in linear time", shown(pattern));
            self.report(at, "pattern-unsupported", message, "Write it without look-around, back references and huge counts.");
        }
    }

    /// Only pointers into the document itself are looked up; the rest is left to the library's own message.
    fn leads_somewhere(&self, target: &str) -> bool {
        let target = target.strip_prefix(self.base).unwrap_or(target);
        match target.strip_prefix('#') {
            Some(fragment) if fragment.is_empty() || fragment.starts_with('/') => {
                let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
                self.document.pointer(&decoded).is_some()
            }
            Some(_) => true,
            None => false,
        }
    }

    fn report(&mut self, at: &str, code: &str, message: String, hint: &str) {
        self.found.push(Diagnostic::new(self.sources.place(at), code, message).hint(hint));
    }
}

fn pointer_to(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
