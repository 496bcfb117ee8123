//! What a contract's schemas say about the places of a value besides what fits there: the class of the data, and which
//! properties have a name.
//!
//! A schema may come to the same value on several ways (`$ref`, `allOf`, `anyOf`, `oneOf`, `if`). Which of the
//! alternatives a value is meant to be is not asked: data is classified if any of them classifies it, and a property is
//! named if any of them names it. So nothing that must be masked is missed, and nothing that may be there is taken away.
//! What stands below `not` says nothing about a value that fits.

use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use yett_model::snapshot::{Api, Surplus, UnknownProperties, Unwanted};

/// The keyword that classifies data.
const CLASS: &str = "x-yett-data";
/// Where the shared schemas of an API are.
const SHARED: &str = "urn:yett:";
/// Schemas for the same value.
const BESIDE: [&str; 3] = ["if", "then", "else"];
const BESIDE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Most schemas that are taken to speak of one value: contracts with more are refused before.
const MOST_BESIDE: usize = 20_000;

/// What the schemas of an API say, for each direction; nothing is read where nothing asks for it.
#[derive(Debug, Default)]
pub(crate) struct Outlines {
    pub(crate) request: Arc<Outline>,
    pub(crate) response: Arc<Outline>,
}

impl Outlines {
    pub(crate) fn build(api: &Api) -> Self {
        let contract = &api.guards.contract;
        let strips = contract.unknown_properties != UnknownProperties::Contract || contract.read_only == Unwanted::Strip;
        let (request, response) = (request_schemas(api), response_schemas(api));
        let shared = &api.schemas;
        let asked = |asked: bool, shared: &BTreeMap<String, Value>, schemas: &[&Value]| {
            let classified = || shared.values().chain(schemas.iter().copied()).any(has_class);
            let built = (asked || classified()).then(|| Outline::build(shared, schemas.iter().copied()));
            Arc::new(built.unwrap_or_default())
        };
        Self {
            request: asked(strips, &shared.request, &request),
            response: asked(contract.response_unknown != Surplus::Keep, &shared.response, &response),
        }
    }
}

fn request_schemas(api: &Api) -> Vec<&Value> {
    let bodies = api.operations.iter().filter_map(|operation| operation.body.as_ref()).flat_map(|body| &body.media);
    let parameters = api.operations.iter().flat_map(|operation| &operation.parameters).map(|parameter| &parameter.schema);
    bodies.filter_map(|media| media.schema.as_ref()).chain(parameters).collect()
}

fn response_schemas(api: &Api) -> Vec<&Value> {
    let media = api.operations.iter().flat_map(|operation| &operation.responses).flat_map(|response| &response.media);
    media.filter_map(|media| media.schema.as_ref()).collect()
}

/// Whether a class is said somewhere in a schema.
fn has_class(value: &Value) -> bool {
    search(value, &|keywords| keywords.contains_key(CLASS)).is_some()
}

/// Number of a schema.
pub(crate) type Id = u32;

/// The schemas that speak of one value.
pub(crate) type Set<'o> = Cow<'o, [Id]>;

/// What a name is to the schemas of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Some schema names it or lets any name be.
    Named,
    /// It is named, and nothing may be there in this direction: it is only read, or only written.
    Hidden,
    /// Schemas name properties, and it is none of them.
    Unnamed,
}

/// The schemas of one direction of an API.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    nodes: Vec<Node>,
    /// For each schema, all that speak of its value.
    beside: Vec<Arc<[Id]>>,
    roots: HashMap<String, Id>,
}

#[derive(Debug, Default)]
struct Node {
    class: Option<Arc<str>>,
    /// Nothing fits.
    never: bool,
    /// Anything fits, or it cannot be told what.
    open: bool,
    names: HashMap<Box<str>, Id>,
    /// Of properties by pattern: any name may be one.
    patterns: Vec<Id>,
    /// Of all other properties.
    rest: Vec<Id>,
    items: Vec<Id>,
    beside: Vec<Id>,
    /// Whether a class is said here or further in.
    classifies: bool,
}

impl Node {
    /// The schemas that it leads to.
    fn onwards(&self) -> impl Iterator<Item = Id> + '_ {
        self.names.values().chain(&self.patterns).chain(&self.rest).chain(&self.items).chain(&self.beside).copied()
    }
}

impl Outline {
    /// Reads the schemas of the operations of one direction, and what they refer to.
    pub(crate) fn build<'a>(shared: &'a BTreeMap<String, Value>, schemas: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut reader = Reader { shared, ids: HashMap::new(), nodes: Vec::new(), pending: Vec::new() };
        let mut roots = HashMap::new();
        for schema in schemas {
            let id = reader.number(schema, None);
            roots.insert(schema.to_string(), id);
        }
        reader.read();
        let mut outline = Self { nodes: reader.nodes, beside: Vec::new(), roots };
        outline.beside = (0..outline.nodes.len() as Id).map(|id| outline.closure(id)).collect();
        outline.find_classes();
        outline
    }

    /// What speaks of a value that is held against a schema; nothing for one that was not read.
    pub(crate) fn root(&self, schema: &Value) -> Set<'_> {
        self.roots.get(&schema.to_string()).map_or(Cow::Borrowed(&[]), |id| Cow::Borrowed(self.of(*id)))
    }

    /// All classes that are said of a value or of something in it.
    pub(crate) fn all_classes(&self, set: &[Id]) -> BTreeSet<Arc<str>> {
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut pending: Vec<Id> = set.to_vec();
        while let Some(id) = pending.pop() {
            let Some(node) = self.nodes.get(id as usize).filter(|node| node.classifies && seen.insert(id)) else { continue };
            found.extend(node.class.clone());
            pending.extend(node.onwards());
        }
        found
    }

    /// Whether any of them says a class, of the value or of something in it.
    pub(crate) fn classifies(&self, set: &[Id]) -> bool {
        self.of_set(set).any(|node| node.classifies)
    }

    /// The classes of a value.
    pub(crate) fn classes<'s>(&'s self, set: &'s [Id]) -> impl Iterator<Item = &'s Arc<str>> {
        self.of_set(set).filter_map(|node| node.class.as_ref())
    }

    /// What speaks of a member.
    pub(crate) fn member(&self, set: &[Id], name: &str) -> Set<'_> {
        self.join(self.of_set(set).flat_map(|node| match node.names.get(name) {
            Some(id) => std::slice::from_ref(id).iter().chain(&node.patterns),
            None => node.rest.iter().chain(&node.patterns),
        }))
    }

    /// What speaks of an element.
    pub(crate) fn element(&self, set: &[Id]) -> Set<'_> {
        self.join(self.of_set(set).flat_map(|node| &node.items))
    }

    /// What a name is to an object of which these speak.
    pub(crate) fn naming(&self, set: &[Id], name: &str) -> Naming {
        let (mut speaks, mut hidden) = (false, false);
        for node in self.of_set(set) {
            let of_name = node.names.get(name).and_then(|id| self.nodes.get(*id as usize));
            let lets_be = !node.patterns.is_empty() || !self.are_never(&node.rest);
            match of_name {
                Some(of_name) if !of_name.never => return Naming::Named,
                Some(_) => hidden = true,
                None if node.open || lets_be => return Naming::Named,
                None => {}
            }
            speaks |= !node.names.is_empty() || !node.rest.is_empty();
        }
        match (hidden, speaks) {
            (true, _) => Naming::Hidden,
            (false, true) => Naming::Unnamed,
            (false, false) => Naming::Named,
        }
    }

    fn are_never(&self, ids: &[Id]) -> bool {
        ids.iter().all(|id| self.nodes.get(*id as usize).is_some_and(|node| node.never))
    }

    fn of(&self, id: Id) -> &[Id] {
        self.beside.get(id as usize).map_or(&[], |beside| &**beside)
    }

    fn of_set<'s>(&'s self, set: &'s [Id]) -> impl Iterator<Item = &'s Node> {
        set.iter().filter_map(|id| self.nodes.get(*id as usize))
    }

    /// All that speaks of what these do: nothing is copied where that is but one schema.
    fn join<'i>(&self, mut ids: impl Iterator<Item = &'i Id>) -> Set<'_> {
        let Some(first) = ids.next() else { return Cow::Borrowed(&[]) };
        let Some(second) = ids.next() else { return Cow::Borrowed(self.of(*first)) };
        let all: BTreeSet<Id> = [first, second].into_iter().chain(ids).flat_map(|id| self.of(*id)).copied().collect();
        Cow::Owned(all.into_iter().collect())
    }

    /// A schema and all that look at the same value with it.
    fn closure(&self, id: Id) -> Arc<[Id]> {
        let (mut found, mut pending) = (BTreeSet::from([id]), vec![id]);
        while let Some(node) = pending.pop().and_then(|id| self.nodes.get(id as usize)) {
            pending.extend(node.beside.iter().filter(|id| found.len() < MOST_BESIDE && found.insert(**id)));
        }
        found.into_iter().collect()
    }

    /// Marks every schema from which a class is reached.
    fn find_classes(&mut self) {
        let mut into: Vec<Vec<Id>> = vec![Vec::new(); self.nodes.len()];
        for (from, node) in self.nodes.iter().enumerate() {
            for to in node.onwards() {
                if let Some(from_here) = into.get_mut(to as usize) {
                    from_here.push(from as Id);
                }
            }
        }
        let with_class = |(id, node): (usize, &Node)| node.class.is_some().then_some(id as Id);
        let mut pending: Vec<Id> = self.nodes.iter().enumerate().filter_map(with_class).collect();
        while let Some(id) = pending.pop() {
            let Some(node) = self.nodes.get_mut(id as usize).filter(|node| !node.classifies) else { continue };
            node.classifies = true;
            pending.extend(into.get(id as usize).into_iter().flatten());
        }
    }
}

/// A schema and the resource that its references start from; none is the whole document.
type Pending<'a> = (Id, &'a Value, Option<&'a Value>);

struct Reader<'a> {
    shared: &'a BTreeMap<String, Value>,
    /// By where the schema lies: nothing of it moves while it is read.
    ids: HashMap<*const Value, Id>,
    nodes: Vec<Node>,
    pending: Vec<Pending<'a>>,
}

impl<'a> Reader<'a> {
    fn number(&mut self, schema: &'a Value, resource: Option<&'a Value>) -> Id {
        let next = self.nodes.len() as Id;
        let id = *self.ids.entry(std::ptr::from_ref(schema)).or_insert(next);
        if id == next {
            self.nodes.push(Node::default());
            self.pending.push((id, schema, resource));
        }
        id
    }

    fn read(&mut self) {
        while let Some((id, schema, resource)) = self.pending.pop() {
            let node = self.node(schema, resource);
            if let Some(place) = self.nodes.get_mut(id as usize) {
                *place = node;
            }
        }
    }

    fn node(&mut self, schema: &'a Value, resource: Option<&'a Value>) -> Node {
        match schema {
            Value::Bool(false) => Node { never: true, ..Node::default() },
            Value::Object(keywords) if !keywords.is_empty() => {
                let resource = if keywords.contains_key("$id") { Some(schema) } else { resource };
                self.object(keywords, resource)
            }
            _ => Node { open: true, ..Node::default() },
        }
    }

    fn object(&mut self, keywords: &'a Map<String, Value>, resource: Option<&'a Value>) -> Node {
        let mut node = Node { class: class(keywords), ..Node::default() };
        for keyword in ["$ref", "$dynamicRef"] {
            let Some(reference) = keywords.get(keyword).and_then(Value::as_str) else { continue };
            match self.target(reference, resource) {
                Some((target, resource)) => node.beside.push(self.number(target, resource)),
                None => node.open = true,
            }
        }
        for schema in BESIDE.iter().filter_map(|keyword| keywords.get(*keyword)) {
            node.beside.push(self.number(schema, resource));
        }
        let listed = BESIDE_LISTS.iter().filter_map(|keyword| keywords.get(*keyword)?.as_array()).flatten();
        let by_name = keywords.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values);
        for schema in listed.chain(by_name) {
            node.beside.push(self.number(schema, resource));
        }
        self.insides(keywords, resource, &mut node);
        node
    }

    fn insides(&mut self, keywords: &'a Map<String, Value>, resource: Option<&'a Value>, node: &mut Node) {
        let members = |keyword: &str| keywords.get(keyword).and_then(Value::as_object).into_iter().flatten();
        for (name, schema) in members("properties") {
            node.names.insert(name.as_str().into(), self.number(schema, resource));
        }
        node.patterns = members("patternProperties").map(|(_, schema)| self.number(schema, resource)).collect();
        let one = |keywords: &[&str], of: &'a Map<String, Value>| {
            keywords.iter().filter_map(|keyword| of.get(*keyword)).collect::<Vec<&'a Value>>()
        };
        for schema in one(&["additionalProperties", "unevaluatedProperties"], keywords) {
            node.rest.push(self.number(schema, resource));
        }
        let items = one(&["items", "contains", "unevaluatedItems"], keywords);
        let prefix = keywords.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
        for schema in items.into_iter().chain(prefix) {
            node.items.push(self.number(schema, resource));
        }
    }

    /// Where a reference leads.
    fn target(&self, reference: &str, resource: Option<&'a Value>) -> Option<(&'a Value, Option<&'a Value>)> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = match base {
            "" => resource,
            _ if base.starts_with(SHARED) && !base.contains('/') => None,
            _ => Some(self.shared.values().find_map(|schema| with_id(schema, base))?),
        };
        let target = match (resource, fragment) {
            (Some(resource), "") => resource,
            (Some(resource), pointer) if pointer.starts_with('/') => resource.pointer(&decoded(pointer))?,
            (Some(resource), anchor) => with_anchor(resource, anchor)?,
            (None, pointer) => self.shared_at(&decoded(pointer))?,
        };
        Some((target, resource))
    }

    /// `/$defs/Name`, and what lies below it.
    fn shared_at(&self, pointer: &str) -> Option<&'a Value> {
        let Some(path) = pointer.strip_prefix("/$defs/") else {
            return self.shared.values().find_map(|schema| with_anchor(schema, pointer));
        };
        let (name, rest) = path.find('/').map_or((path, ""), |at| path.split_at(at));
        self.shared.get(&name.replace("~1", "/").replace("~0", "~"))?.pointer(rest)
    }
}

fn class(keywords: &Map<String, Value>) -> Option<Arc<str>> {
    keywords.get(CLASS)?.get("class")?.as_str().map(Into::into)
}

fn decoded(pointer: &str) -> String {
    percent_encoding::percent_decode_str(pointer).decode_utf8_lossy().into_owned()
}

fn with_id<'a>(schema: &'a Value, id: &str) -> Option<&'a Value> {
    search(schema, &|keywords| keywords.get("$id").and_then(Value::as_str) == Some(id))
}

fn with_anchor<'a>(schema: &'a Value, anchor: &str) -> Option<&'a Value> {
    let is_it = |keywords: &Map<String, Value>| {
        ["$anchor", "$dynamicAnchor"].iter().any(|keyword| keywords.get(*keyword).and_then(Value::as_str) == Some(anchor))
    };
    search(schema, &is_it)
}

/// The first object of a schema that is what is looked for. Contracts nest no deeper than 64.
fn search<'a>(value: &'a Value, is_it: &impl Fn(&Map<String, Value>) -> bool) -> Option<&'a Value> {
    match value {
        Value::Object(keywords) if is_it(keywords) => Some(value),
        Value::Object(keywords) => keywords.values().find_map(|value| search(value, is_it)),
        Value::Array(items) => items.iter().find_map(|value| search(value, is_it)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shared() -> BTreeMap<String, Value> {
        let person = json!({"type": "object", "properties": {
            "email": {"$ref": "urn:yett:response#/$defs/Email"},
            "friend": {"$ref": "urn:yett:response#/$defs/Person"},
            "id": {"type": "string"}, "password": false,
        }});
        let email = json!({"type": "string", "x-yett-data": {"class": "pii.email"}});
        BTreeMap::from([("Person".to_owned(), person), ("Email".to_owned(), email)])
    }

    fn reference(name: &str) -> Value {
        json!({"$ref": format!("urn:yett:response#/$defs/{name}")})
    }

    fn classes(schema: &Value, path: &[&str]) -> Vec<String> {
        let shared = shared();
        let outline = Outline::build(&shared, [schema]);
        let root = outline.root(schema).into_owned();
        let set = path.iter().fold(root, |set, name| match *name {
            "[]" => outline.element(&set).into_owned(),
            name => outline.member(&set, name).into_owned(),
        });
        outline.classes(&set).map(|class| class.to_string()).collect()
    }

    #[test]
    fn a_class_is_found_on_every_way_to_a_value() {
        for (schema, path) in [
            (reference("Person"), &["email"][..]),
            (json!({"type": "array", "items": reference("Person")}), &["[]", "friend", "friend", "email"]),
            (json!({"allOf": [{"type": "object"}, {"oneOf": [{"type": "null"}, reference("Person")]}]}), &["email"]),
            (json!({"type": "object", "additionalProperties": reference("Email")}), &["anything"]),
            (json!({"properties": {"x": true}, "patternProperties": {"^x": reference("Email")}}), &["x"]),
            (json!({"prefixItems": [reference("Email")]}), &["[]"]),
            (json!({"$ref": "urn:yett:response#/$defs/Person/properties/email"}), &[]),
            (json!({"if": true, "then": {"properties": {"a": reference("Email")}}}), &["a"]),
        ] {
            assert_eq!(classes(&schema, path), ["pii.email"], "{schema}");
        }
        assert!(classes(&reference("Person"), &["id"]).is_empty());
        assert!(classes(&json!({"not": reference("Email")}), &[]).is_empty());
    }

    #[test]
    fn what_reaches_no_class_is_known_not_to() {
        let shared = shared();
        let (person, plain) = (reference("Person"), json!({"type": "object", "properties": {"a": {"type": "string"}}}));
        let outline = Outline::build(&shared, [&person, &plain]);
        assert!(outline.classifies(&outline.root(&person)));
        assert!(!outline.classifies(&outline.root(&plain)));
        assert!(!outline.classifies(&outline.member(&outline.root(&person), "id")));
        assert!(outline.root(&json!({"other": 1})).is_empty());
    }

    #[test]
    fn a_name_is_kept_if_any_branch_has_it() {
        let shared = shared();
        let naming = |schema: &Value, name: &str| {
            let outline = Outline::build(&shared, [schema]);
            outline.naming(&outline.root(schema), name)
        };
        let either = json!({"anyOf": [{"properties": {"a": true}}, {"properties": {"b": false}}]});
        let open = json!({"properties": {"a": true}, "additionalProperties": {"type": "string"}});
        for (schema, name, expected) in [
            (&either, "a", Naming::Named),
            (&either, "b", Naming::Hidden),
            (&either, "c", Naming::Unnamed),
            (&open, "c", Naming::Named),
            (&json!({"properties": {"a": true}, "additionalProperties": false}), "c", Naming::Unnamed),
            (&json!({"type": "object"}), "c", Naming::Named),
            (&json!({"allOf": [{"properties": {"a": false}}, {"properties": {"a": true}}]}), "a", Naming::Named),
            (&json!({"properties": {"a": true}, "patternProperties": {"^x": true}}), "c", Naming::Named),
            (&reference("Person"), "password", Naming::Hidden),
            (&json!({"anyOf": [reference("Person"), {}]}), "c", Naming::Named),
        ] {
            assert_eq!(naming(schema, name), expected, "{schema} {name}");
        }
    }
}
