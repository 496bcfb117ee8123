//! How large and how deep what a request holds may be.

use super::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Refuses bodies whose parts are too many, too deep or too long, and documents that make their reader fetch or expand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StructureGuard {
    /// What to do with such bodies.
    pub mode: Mode,
    /// Deepest nesting of JSON and XML.
    pub max_depth: u32,
    /// Values of a JSON body in all; elements of an XML body.
    pub max_values: u32,
    /// Names of one JSON object; attributes of one XML element.
    pub max_keys: u32,
    /// Values of one JSON array.
    pub max_items: u32,
    /// Bytes of one string, field of a form, text or attribute, as it is written.
    pub max_string_bytes: u64,
    /// Bytes of one name, as it is written.
    pub max_key_bytes: u32,
    /// Characters of one number.
    pub max_number_chars: u32,
    /// Fields of a form.
    pub max_fields: u32,
    /// Parts of a multipart body.
    pub max_parts: u32,
    /// Bytes of the fields at the head of one part.
    pub max_part_head_bytes: u32,
}

impl Default for StructureGuard {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            max_depth: 64,
            max_values: 100_000,
            max_keys: 1_000,
            max_items: 20_000,
            max_string_bytes: 1 << 20,
            max_key_bytes: 256,
            max_number_chars: 64,
            max_fields: 1_000,
            max_parts: 100,
            max_part_head_bytes: 8 << 10,
        }
    }
}

/// What the queries of a GraphQL operation may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GraphQl {
    /// What to do with queries that ask for more.
    pub mode: Mode,
    /// Deepest nesting of fields, fragments written out.
    pub max_depth: u32,
    /// Fields under another name, fragments written out.
    pub max_aliases: u32,
    /// Fields, each as often as its lists have entries, fragments written out; of all queries of a batch.
    pub max_cost: u64,
    /// Directives as they are written.
    pub max_directives: u32,
    /// Queries of one request.
    pub max_batch: u32,
    /// Tokens of one query.
    pub max_tokens: u32,
    /// Arguments that say how many entries a list has.
    pub list_arguments: Vec<String>,
    /// Whether the schema itself may be asked for.
    pub introspection: bool,
    /// Whether a query may be named by its SHA-256 in the place of its text.
    pub persisted: bool,
}

impl Default for GraphQl {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            max_depth: 10,
            max_aliases: 15,
            max_cost: 1_000,
            max_directives: 20,
            max_batch: 1,
            max_tokens: 2_000,
            list_arguments: ["first", "last", "limit"].map(str::to_owned).to_vec(),
            introspection: false,
            persisted: false,
        }
    }
}
