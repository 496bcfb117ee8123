//! The schema of Cedar, made from the contracts: what a policy may read of an operation, and of which type it is.

use cedar_policy::Schema;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use yett_model::snapshot::{Api, ClaimType, Location, MediaKind, NetworkFact, Operation, Parameter, PolicyContext, SimpleType};

/// Deepest chain of references and compositions that is followed.
const DEEPEST: u32 = 32;
/// Facts of `context.time`, all of them whole numbers.
/// Facts of `context.network`.
const NETWORK: [(&str, NetworkFact, Kind); 2] =
    [("country", NetworkFact::Country, Kind::Text), ("asn", NetworkFact::Asn, Kind::Long)];
const TIME: [&str; 7] = ["year", "month", "day", "weekday", "hour", "minute", "unix"];

/// Type of a value of the context.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Long,
    Boolean,
    Text,
    Decimal,
    Address,
    Set(Box<Kind>),
    /// What policies read of an object.
    Record(BTreeMap<String, Field>),
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Field {
    pub(super) required: bool,
    pub(super) kind: Kind,
}

impl Kind {
    pub(super) fn is_record(&self) -> bool {
        matches!(self, Self::Record(_))
    }

    fn as_json(&self) -> Value {
        match self {
            Self::Long => json!({"type": "Long"}),
            Self::Boolean => json!({"type": "Boolean"}),
            Self::Text => json!({"type": "String"}),
            Self::Decimal => json!({"type": "Extension", "name": "decimal"}),
            Self::Address => json!({"type": "Extension", "name": "ipaddr"}),
            Self::Set(kind) => json!({"type": "Set", "element": kind.as_json()}),
            Self::Record(fields) => record(fields),
        }
    }
}

fn record(fields: &BTreeMap<String, Field>) -> Value {
    let attribute = |field: &Field| {
        let mut kind = field.kind.as_json();
        kind.as_object_mut().map(|kind| kind.insert("required".to_owned(), Value::Bool(field.required)));
        kind
    };
    let attributes: Map<String, Value> = fields.iter().map(|(name, field)| (name.clone(), attribute(field))).collect();
    json!({"type": "Record", "attributes": attributes})
}

/// Why a path leads to nothing that a policy can read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// There is no such name among these.
    Unknown { what: &'static str, name: String, known: Vec<String> },
    /// It is there, but has no type in Cedar.
    Untyped(String),
}

/// What an operation's context may have.
pub(super) struct Facts<'s> {
    pub(super) operation: &'s Operation,
    pub(super) api: &'s Api,
    pub(super) context: &'s PolicyContext,
}

/// Top of the context: what there is whatever the operation.
fn common(name: &str) -> Option<Field> {
    let required = |kind| Some(Field { required: true, kind });
    let optional = |kind| Some(Field { required: false, kind });
    match name {
        "address" => required(Kind::Address),
        "tls" | "anonymous" => required(Kind::Boolean),
        "risk" => required(Kind::Long),
        "plan" => optional(Kind::Text),
        "actors" => required(Kind::Set(Box::new(Kind::Text))),
        "user" | "credential" | "issuer" | "method" => optional(Kind::Text),
        _ => None,
    }
}

const TOP: [&str; 16] = [
    "actors",
    "address",
    "anonymous",
    "body",
    "claims",
    "credential",
    "issuer",
    "method",
    "network",
    "parameters",
    "plan",
    "response",
    "risk",
    "time",
    "tls",
    "user",
];

impl Facts<'_> {
    /// Adds what `path` leads to.
    pub(super) fn add(&self, path: &[String], context: &mut BTreeMap<String, Field>) -> Result<Kind, Nothing> {
        let (top, rest) =
            path.split_first().ok_or_else(|| Nothing::Untyped("the context is read by its attributes".to_owned()))?;
        let field = self.top(top, rest)?;
        let kind = walk(&field.kind, rest).cloned().unwrap_or(Kind::Text);
        merge(context, top, field);
        Ok(kind)
    }

    fn top(&self, top: &str, rest: &[String]) -> Result<Field, Nothing> {
        if let Some(field) = common(top) {
            return Ok(field);
        }
        let named = rest.first();
        match top {
            "time" => {
                known(named, "fact of the time", TIME.iter().copied())?;
                let fields = named.map(|name| (name.clone(), Field { required: true, kind: Kind::Long }));
                Ok(Field { required: true, kind: Kind::Record(fields.into_iter().collect()) })
            }
            "network" => self.network(named),
            "claims" => self.claim(named),
            "parameters" => self.parameter(named),
            "body" => self.body(rest),
            "response" => self.response(rest),
            _ => {
                let known = TOP.iter().map(|name| (*name).to_owned()).collect();
                Err(Nothing::Unknown { what: "attribute of the context", name: top.to_owned(), known })
            }
        }
    }

    /// What no database tells would never be there: a rule about it would only seem to hold.
    fn network(&self, name: Option<&String>) -> Result<Field, Nothing> {
        known(name, "fact of a network", NETWORK.iter().map(|(name, ..)| *name))?;
        let mut fields = BTreeMap::new();
        for (fact, wanted, kind) in NETWORK.iter().filter(|(fact, ..)| name.is_some_and(|name| name == fact)) {
            if !self.context.network.contains(wanted) {
                return Err(Nothing::Untyped(format!("no database tells the gateway the {fact} of an address")));
            }
            fields.insert((*fact).to_owned(), Field { required: false, kind: kind.clone() });
        }
        Ok(Field { required: true, kind: Kind::Record(fields) })
    }

    fn claim(&self, name: Option<&String>) -> Result<Field, Nothing> {
        known(name, "claim", self.context.claims.keys().map(String::as_str))?;
        let kind = |kind: &ClaimType| match kind {
            ClaimType::String => Kind::Text,
            ClaimType::Integer => Kind::Long,
            ClaimType::Boolean => Kind::Boolean,
            ClaimType::Strings => Kind::Set(Box::new(Kind::Text)),
        };
        let claim = name.and_then(|name| Some((name.clone(), self.context.claims.get(name)?)));
        let fields = claim.map(|(name, claim)| (name, Field { required: false, kind: kind(claim) }));
        Ok(Field { required: true, kind: Kind::Record(fields.into_iter().collect()) })
    }

    fn parameter(&self, name: Option<&String>) -> Result<Field, Nothing> {
        let all = &self.operation.parameters;
        known(name, "parameter", all.iter().map(|one| &*one.name))?;
        let Some(name) = name else { return Ok(Field { required: true, kind: Kind::Record(BTreeMap::new()) }) };
        let mut same = all.iter().filter(|one| one.name == *name);
        let (Some(one), None) = (same.next(), same.next()) else {
            return Err(Nothing::Untyped(format!("two parameters are called '{name}', in different places")));
        };
        let kind = parameter_kind(one)?;
        let required = one.required || one.location == Location::Path;
        let field = Field { required: required && !one.allow_empty, kind };
        Ok(Field { required: true, kind: Kind::Record(BTreeMap::from([(name.clone(), field)])) })
    }

    fn body(&self, rest: &[String]) -> Result<Field, Nothing> {
        let none = || Nothing::Untyped(format!("{} takes no JSON body that the contract describes", self.operation.id));
        let body = self.operation.body.as_ref().ok_or_else(none)?;
        let media = body.media.iter().find(|media| media.kind == MediaKind::Json);
        let schema = media.and_then(|media| media.schema.as_ref()).ok_or_else(none)?;
        let field = Schemas { shared: &self.api.schemas.request }.field(&[schema], rest, "field of the body")?;
        Ok(Field { required: body.required, kind: field.kind })
    }

    fn response(&self, rest: &[String]) -> Result<Field, Nothing> {
        let none = || Nothing::Untyped(format!("the contract describes no JSON answer of {}", self.operation.id));
        let good =
            self.operation.responses.iter().filter(|response| response.status.starts_with('2') || response.status == "default");
        let media = good.flat_map(|response| &response.media).filter(|media| media.kind == MediaKind::Json);
        let all: Vec<&Value> = media.filter_map(|media| media.schema.as_ref()).collect();
        if all.is_empty() {
            return Err(none());
        }
        Schemas { shared: &self.api.schemas.response }.field(&all, rest, "field of the answer")
    }

    /// Locations of the parameters that a context has.
    pub(super) fn parameters(&self, names: &BTreeMap<String, Field>) -> Vec<(Location, String)> {
        let named = self.operation.parameters.iter().filter(|one| names.contains_key(&one.name));
        named.map(|one| (one.location, one.name.clone())).collect()
    }
}

fn known<'a>(name: Option<&String>, what: &'static str, known: impl Iterator<Item = &'a str> + Clone) -> Result<(), Nothing> {
    match name {
        Some(name) if !known.clone().any(|one| one == name) => {
            Err(Nothing::Unknown { what, name: name.clone(), known: known.map(str::to_owned).collect() })
        }
        _ => Ok(()),
    }
}

fn walk<'k>(kind: &'k Kind, path: &[String]) -> Option<&'k Kind> {
    match (path.split_first(), kind) {
        (None, kind) => Some(kind),
        (Some((name, rest)), Kind::Record(fields)) => walk(&fields.get(name)?.kind, rest),
        // An attribute of what has none: the validator says so.
        (Some(_), _) => Some(kind),
    }
}

fn merge(into: &mut BTreeMap<String, Field>, name: &str, field: Field) {
    match into.get_mut(name).map(|there| &mut there.kind) {
        Some(Kind::Record(there)) => {
            if let Kind::Record(more) = field.kind {
                more.into_iter().for_each(|(name, field)| merge(there, &name, field));
            }
        }
        Some(_) => {}
        None => drop(into.insert(name.to_owned(), field)),
    }
}

fn parameter_kind(parameter: &Parameter) -> Result<Kind, Nothing> {
    let untyped = || Nothing::Untyped(format!("the parameter '{}' has no single simple type in the contract", parameter.name));
    let plain = parameter.media.is_none() && parameter.location != Location::Querystring;
    let shape = Some(&parameter.shape).filter(|_| plain).ok_or_else(untyped)?;
    let types: Vec<SimpleType> = shape.types.iter().copied().filter(|kind| *kind != SimpleType::Null).collect();
    match (types.as_slice(), &shape.items) {
        ([] | [SimpleType::String], _) => Ok(Kind::Text),
        ([SimpleType::Array], Some(items)) => match items.types.as_slice() {
            [one] => simple(*one).map(|kind| Kind::Set(Box::new(kind))).ok_or_else(untyped),
            _ => Err(untyped()),
        },
        ([one], _) => simple(*one).ok_or_else(untyped),
        _ => Err(untyped()),
    }
}

fn simple(kind: SimpleType) -> Option<Kind> {
    match kind {
        SimpleType::Boolean => Some(Kind::Boolean),
        SimpleType::Integer => Some(Kind::Long),
        SimpleType::Number => Some(Kind::Decimal),
        SimpleType::String => Some(Kind::Text),
        SimpleType::Null | SimpleType::Array | SimpleType::Object => None,
    }
}

/// JSON Schemas of one direction, looked into for fields.
struct Schemas<'s> {
    shared: &'s BTreeMap<String, Value>,
}

impl<'s> Schemas<'s> {
    /// The record of the one field that `path` leads to. Several schemas are alternatives.
    fn field(&self, schemas: &[&'s Value], path: &[String], what: &'static str) -> Result<Field, Nothing> {
        let Some((name, rest)) = path.split_first() else {
            return Ok(Field { required: true, kind: Kind::Record(BTreeMap::new()) });
        };
        let mut names = BTreeSet::new();
        let (mut found, mut required) = (Vec::new(), true);
        for schema in schemas {
            let mut held = Held::default();
            self.gather(schema, DEEPEST, true, &mut held);
            names.extend(held.properties.iter().map(|(name, _)| (*name).to_owned()));
            let own: Vec<&Value> = held.properties.iter().filter(|(one, _)| one == name).map(|(_, schema)| *schema).collect();
            required &= held.required.contains(name.as_str()) && !own.is_empty();
            found.extend(own);
        }
        if found.is_empty() {
            return Err(Nothing::Unknown { what, name: name.clone(), known: names.into_iter().collect() });
        }
        let (kind, nullable) = match rest.is_empty() {
            false => (self.field(&found, rest, what)?.kind, self.kind(&found).is_ok_and(|(_, nullable)| nullable)),
            true => self.kind(&found)?,
        };
        let field = Field { required: required && !nullable, kind };
        Ok(Field { required: true, kind: Kind::Record(BTreeMap::from([(name.clone(), field)])) })
    }

    /// The one kind that all of some schemas allow, and whether they allow null beside it.
    fn kind(&self, schemas: &[&'s Value]) -> Result<(Kind, bool), Nothing> {
        let (mut types, mut items) = (BTreeSet::new(), Vec::new());
        for schema in schemas {
            self.types(schema, DEEPEST, &mut types, &mut items);
        }
        let nullable = types.remove("null");
        let mut types = types.into_iter();
        let kind = match (types.next(), types.next()) {
            (Some("string"), None) => Kind::Text,
            (Some("integer"), None) => Kind::Long,
            (Some("number"), None) | (Some("integer"), Some("number")) => Kind::Decimal,
            (Some("boolean"), None) => Kind::Boolean,
            (Some("object"), None) => Kind::Record(BTreeMap::new()),
            (Some("array"), None) if !items.is_empty() => match self.kind(&items)? {
                (kind @ (Kind::Text | Kind::Long | Kind::Boolean | Kind::Decimal), false) => Kind::Set(Box::new(kind)),
                _ => return Err(Nothing::Untyped("a list of anything but simple values cannot be read".to_owned())),
            },
            _ => return Err(Nothing::Untyped("the contract gives the field no single type".to_owned())),
        };
        Ok((kind, nullable))
    }

    fn resolve(&self, schema: &'s Value) -> Option<&'s Value> {
        let name = schema.get("$ref")?.as_str()?.rsplit_once("#/$defs/")?.1;
        self.shared.get(&name.replace("~1", "/").replace("~0", "~"))
    }

    fn types(&self, schema: &'s Value, depth: u32, types: &mut BTreeSet<&'s str>, items: &mut Vec<&'s Value>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match schema.get("type") {
            Some(Value::String(one)) => drop(types.insert(one)),
            Some(Value::Array(several)) => types.extend(several.iter().filter_map(Value::as_str)),
            _ => {
                let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
                types.extend(listed.chain(schema.get("const")).map(|value| -> &'s str { type_of(value) }));
            }
        }
        items.extend(schema.get("items"));
        let inner = self.resolve(schema).into_iter().chain(parts(schema, &["allOf", "anyOf", "oneOf"]));
        inner.for_each(|one| self.types(one, depth, types, items));
    }

    fn gather(&self, schema: &'s Value, depth: u32, sure: bool, held: &mut Held<'s>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        held.properties.extend(properties.map(|(name, schema)| (name.as_str(), schema)));
        if sure {
            held.required
                .extend(schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
        }
        let all = self.resolve(schema).into_iter().chain(parts(schema, &["allOf"]));
        all.for_each(|one| self.gather(one, depth, sure, held));
        // One of these is true, and nobody knows which.
        parts(schema, &["anyOf", "oneOf"]).for_each(|one| self.gather(one, depth, false, held));
    }
}

/// What an object may hold.
#[derive(Default)]
struct Held<'s> {
    properties: Vec<(&'s str, &'s Value)>,
    required: BTreeSet<&'s str>,
}

fn parts<'s>(schema: &'s Value, keywords: &'static [&'static str]) -> impl Iterator<Item = &'s Value> {
    keywords.iter().filter_map(|keyword| schema.get(keyword)).filter_map(Value::as_array).flatten()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The schema of Cedar with these operations, each with its context; those without one are only known by name.
pub(super) fn schema(operations: &[(&str, Option<&BTreeMap<String, Field>>)]) -> Option<Schema> {
    let action = |context: &Option<&BTreeMap<String, Field>>| match context {
        Some(context) => {
            json!({"appliesTo": {"principalTypes": ["App"], "resourceTypes": ["Operation"], "context": record(context)}})
        }
        None => json!({}),
    };
    let actions: Map<String, Value> = operations.iter().map(|(id, context)| ((*id).to_owned(), action(context))).collect();
    let app = json!({"type": "Record", "attributes": {"id": {"type": "String"}, "team": {"type": "String"}}});
    Schema::from_json_value(json!({"": {
        "entityTypes": {
            "Team": {}, "Profile": {}, "Api": {}, "Collection": {},
            "App": {"memberOfTypes": ["Team", "Profile"], "shape": app},
            "Operation": {"memberOfTypes": ["Api", "Collection"]},
        },
        "actions": actions,
    }}))
    .ok()
}
