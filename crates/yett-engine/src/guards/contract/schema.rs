//! The schemas of an API, compiled once per direction.
//!
//! All schemas of a direction stand in one document, `urn:yett:request` or `urn:yett:response`: shared ones below
//! `$defs`, those of the operations below `properties`, equal ones once. The document is compiled whole when the
//! snapshot is applied. So a component is compiled once however many operations refer to it (a validator for each
//! schema would repeat everything it reaches), and nothing is left that could fail while a request waits, as it could
//! if validators were compiled on first use. To check a value, it is wrapped as the one property that names its schema,
//! which costs nothing. Measured: reading and compiling GitHub's contract (873 operations) takes 0.14 s, Stripe's
//! 0.3 s, neither more than 55 MB; checking 1 KB of JSON takes about 1 microsecond besides parsing it. The document
//! itself stays too, to bound what explaining a value costs.

use super::effort;
use super::explain;
use super::formats;
use super::instance::{Instance, Instances, Wrapped};
use super::names::{NO_TWINS, Twins};
use super::violation::{MOST, Place, Violations};
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use yett_model::Diagnostic;
use yett_model::snapshot::{self, Api, Mode};

/// Most bytes that one compiled pattern may take.
const PATTERN_SIZE: usize = 1 << 20;
/// Deepest JSON that is read: `serde_json` stops at 128.
const DEEPEST: u32 = 120;

/// The compiled schemas of an API.
pub struct Schemas {
    request: Direction,
    response: Direction,
}

/// The schemas of one direction by their text.
struct Direction {
    keys: HashMap<String, Arc<str>>,
    document: Option<Arc<Document>>,
}

/// A document and its compiled form.
pub(super) struct Document {
    source: Value,
    validator: Validator<Instances>,
    twins: Twins,
}

/// One schema of a compiled document.
#[derive(Clone)]
pub(super) enum Schema {
    /// Anything fits.
    Any,
    /// Nothing fits: the schema is not in the document, which a built plan rules out.
    Nothing,
    /// The property `key` of the document.
    Of { document: Arc<Document>, key: Arc<str> },
}

impl Schemas {
    /// Compiles every schema of an API. `path` is the JSON pointer of the API in the snapshot.
    pub fn build(api: &Api, path: &str, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let guard = &api.guards.contract;
        if guard.max_depth == 0 || guard.max_depth > DEEPEST {
            let message = format!("{} is not a depth from 1 to {DEEPEST}", guard.max_depth);
            diagnostics.push(Diagnostic::new(format!("{path}/guards/contract/max_depth"), "max-depth-invalid", message));
        }
        let request = if guard.mode == Mode::Off { Vec::new() } else { request_schemas(api, path) };
        let response = if guard.responses == Mode::Off { Vec::new() } else { response_schemas(api, path) };
        let defs = format!("{path}/schemas");
        Self {
            request: Direction::build("request", &api.schemas.request, &defs, request, diagnostics),
            response: Direction::build("response", &api.schemas.response, &defs, response, diagnostics),
        }
    }

    /// The compiled form of a schema of a request.
    pub(super) fn request(&self, schema: &Value) -> Schema {
        self.request.find(schema)
    }

    /// The compiled form of a schema of a response.
    pub(super) fn response(&self, schema: &Value) -> Schema {
        self.response.find(schema)
    }
}

fn request_schemas<'a>(api: &'a Api, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for (index, operation) in api.operations.iter().enumerate() {
        let path = format!("{path}/operations/{index}");
        parameter_schemas(&operation.parameters, &format!("{path}/parameters"), &mut found);
        let media = operation.body.as_ref().map_or(&[][..], |body| &body.media);
        media_schemas(media, &format!("{path}/body/media"), &mut found);
    }
    found
}

fn response_schemas<'a>(api: &'a Api, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for (index, operation) in api.operations.iter().enumerate() {
        for (number, response) in operation.responses.iter().enumerate() {
            let path = format!("{path}/operations/{index}/responses/{number}");
            parameter_schemas(&response.headers, &format!("{path}/headers"), &mut found);
            media_schemas(&response.media, &format!("{path}/media"), &mut found);
        }
    }
    found
}

fn parameter_schemas<'a>(parameters: &'a [snapshot::Parameter], path: &str, found: &mut Vec<(String, &'a Value)>) {
    found.extend(parameters.iter().enumerate().map(|(index, parameter)| (format!("{path}/{index}/schema"), &parameter.schema)));
}

fn media_schemas<'a>(media: &'a [snapshot::Media], path: &str, found: &mut Vec<(String, &'a Value)>) {
    let schemas = media.iter().enumerate().filter_map(|(index, media)| Some((index, media.schema.as_ref()?)));
    found.extend(schemas.map(|(index, schema)| (format!("{path}/{index}/schema"), schema)));
}

impl Direction {
    fn build(
        name: &str,
        shared: &std::collections::BTreeMap<String, Value>,
        defs_path: &str,
        schemas: Vec<(String, &Value)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut keys = HashMap::new();
        let mut properties = Map::new();
        let mut places = HashMap::new();
        for (path, schema) in schemas.into_iter().filter(|(_, schema)| !is_anything(schema)) {
            let next = keys.len();
            let key = keys.entry(schema.to_string()).or_insert_with(|| Arc::<str>::from(format!("s{next}")));
            if let serde_json::map::Entry::Vacant(entry) = properties.entry(&**key) {
                entry.insert(schema.clone());
                places.insert(key.to_string(), path);
            }
        }
        if properties.is_empty() {
            return Self { keys, document: None };
        }
        let defs: Map<String, Value> = shared.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
        let source = serde_json::json!({"$defs": defs, "properties": properties});
        let base = format!("urn:yett:{name}");
        match compile(&base, &source) {
            Ok(validator) => {
                let twins = Twins::of(&source);
                Self { keys, document: Some(Arc::new(Document { source, validator, twins })) }
            }
            Err(error) => {
                let sources = explain::Sources { shared: format!("{defs_path}/{name}"), places };
                diagnostics.extend(explain::explain(&base, &source, &sources, &error));
                Self { keys, document: None }
            }
        }
    }

    fn find(&self, schema: &Value) -> Schema {
        if is_anything(schema) {
            return Schema::Any;
        }
        match (self.keys.get(&schema.to_string()), &self.document) {
            (Some(key), Some(document)) => Schema::Of { document: document.clone(), key: key.clone() },
            _ => Schema::Nothing,
        }
    }
}

fn is_anything(schema: &Value) -> bool {
    schema == &Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

/// Refuses to fetch: a `$ref` leads nowhere but into the document itself.
struct Deny;

impl Retrieve for Deny {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("'{uri}' is outside the contract").into())
    }
}

/// Compiles a document: patterns in linear time, formats asserted, unknown formats refused.
pub(super) fn compile(base: &str, document: &Value) -> Result<Validator<Instances>, Box<jsonschema::ValidationError<'static>>> {
    let options = jsonschema::options_for::<Instances>()
        .with_draft(Draft::Draft202012)
        .with_base_uri(base)
        .with_retriever(Deny)
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE))
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_format("byte", formats::is_base64)
        .with_format("idn-email", formats::is_idn_email)
        .with_format("idn-hostname", formats::is_idn_hostname);
    options.build(document).map_err(Box::new)
}

impl Document {
    /// Whether what does not fit can be told at a bounded cost.
    fn explains(&self, key: &str, value: &Value) -> bool {
        let schema = self.source.get("properties").and_then(|all| all.get(key));
        schema.is_some_and(|schema| effort::is_affordable(&self.source, schema, value))
    }
}

impl Schema {
    /// The names that the contract has in two spellings.
    pub(super) fn twins(&self) -> &Twins {
        match self {
            Self::Of { document, .. } => &document.twins,
            Self::Any | Self::Nothing => &NO_TWINS,
        }
    }

    /// Whether a value fits.
    pub(super) fn fits(&self, value: Instance<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Nothing => false,
            Self::Of { document, key } => document.validator.is_valid(Instance::Wrapped(&Wrapped { name: key, value })),
        }
    }

    /// Adds what does not fit. `field` names a parameter; without it the JSON pointer of the value does.
    pub(super) fn explain(&self, value: &Value, place: Place, field: Option<&str>, found: &mut Violations) {
        match self {
            Self::Any => {}
            Self::Nothing => found.push(place, field.unwrap_or(""), "invalid", "cannot be checked"),
            Self::Of { document, key } if !document.explains(key, value) => {
                found.push(
                    place,
                    field.unwrap_or(""),
                    "invalid",
                    "does not fit its schema; too much of it could be wrong to say what",
                );
            }
            Self::Of { document, key } => {
                let wrapped = Wrapped { name: key, value: Instance::Value(value) };
                for error in document.validator.iter_errors(Instance::Wrapped(&wrapped)).take(MOST) {
                    explain::violation(&error, place, field, found);
                }
            }
        }
    }

    /// Checks a value; errors are worked out only if it does not fit.
    pub(super) fn check(&self, value: &Value, place: Place, field: Option<&str>, found: &mut Violations) {
        if found.is_full() || self.fits(Instance::Value(value)) {
            return;
        }
        let before = found.is_empty();
        self.explain(value, place, field, found);
        if before && found.is_empty() {
            found.push(place, field.unwrap_or(""), "invalid", "does not fit its schema");
        }
    }
}
