//! Schemas to nodes. References may lead round in circles: a node has its number before it is made.

use super::strings::is_closed_string;
use super::{ANY, CLOSED, Members, Node, Tree};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const REFERENCE: &str = "urn:yett:request#/$defs/";
/// Keywords that say something of a value by themselves.
const SAYING: [&str; 11] = [
    "type",
    "properties",
    "additionalProperties",
    "patternProperties",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "pattern",
    "format",
    "maxLength",
    "contains",
];
/// Beyond as many nodes, the rest is open.
const MOST_NODES: usize = 20_000;
/// Deepest nesting of a schema that is followed.
const DEEPEST: u32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Joint {
    /// A value fits both.
    Both,
    /// A value fits one of them.
    Either,
}

/// Makes a [`Tree`].
pub(in super::super) struct Builder<'s> {
    nodes: Vec<Node>,
    shared: &'s BTreeMap<String, Value>,
    known: HashMap<&'s str, u32>,
    joined: HashMap<(Joint, u32, u32), u32>,
}

impl<'s> Builder<'s> {
    pub(in super::super) fn new(shared: &'s BTreeMap<String, Value>) -> Self {
        let nodes = vec![Node::closed(), Node::any()];
        Self { nodes, shared, known: HashMap::new(), joined: HashMap::new() }
    }

    /// Node of a schema.
    pub(in super::super) fn root(&mut self, schema: &'s Value) -> u32 {
        self.schema(schema, 0)
    }

    pub(in super::super) fn finish(self) -> Tree {
        Tree::of(self.nodes)
    }

    /// A number for a node that is not made yet; until then it is open, which errs on the safe side.
    fn reserve(&mut self) -> Option<u32> {
        let at = u32::try_from(self.nodes.len()).ok().filter(|_| self.nodes.len() < MOST_NODES)?;
        self.nodes.push(Node::any());
        Some(at)
    }

    fn set(&mut self, at: u32, node: Node) -> u32 {
        if let Some(reserved) = self.nodes.get_mut(at as usize) {
            *reserved = node;
        }
        at
    }

    fn schema(&mut self, schema: &'s Value, depth: u32) -> u32 {
        let Value::Object(schema) = schema else {
            return if schema == &Value::Bool(false) { CLOSED } else { ANY };
        };
        if schema.is_empty() || depth > DEEPEST {
            return ANY;
        }
        let mut at = self.own(schema, depth);
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let referred = self.reference(reference);
            at = self.join(Joint::Both, at, referred);
        }
        for part in list(schema, "allOf") {
            let part = self.schema(part, depth + 1);
            at = self.join(Joint::Both, at, part);
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(either) = self.either(list(schema, word), depth) {
                at = self.join(Joint::Both, at, either);
            }
        }
        if schema.get("unevaluatedProperties") == Some(&Value::Bool(false)) { self.sealed(schema, at) } else { at }
    }

    fn either(&mut self, branches: &'s [Value], depth: u32) -> Option<u32> {
        let nodes: Vec<u32> = branches.iter().map(|branch| self.schema(branch, depth + 1)).collect();
        nodes.into_iter().reduce(|one, other| self.join(Joint::Either, one, other))
    }

    fn reference(&mut self, reference: &'s str) -> u32 {
        let shared = self.shared;
        let Some((name, schema)) = reference.strip_prefix(REFERENCE).and_then(|name| shared.get_key_value(name)) else {
            return ANY;
        };
        if let Some(&at) = self.known.get(name.as_str()) {
            return at;
        }
        let Some(at) = self.reserve() else { return ANY };
        self.known.insert(name, at);
        let made = self.schema(schema, 0);
        let node = self.nodes.get(made as usize).cloned().unwrap_or_else(Node::any);
        self.set(at, node)
    }

    /// What a schema says by itself, without what it refers to.
    fn own(&mut self, schema: &'s Map<String, Value>, depth: u32) -> u32 {
        if schema.contains_key("enum") || schema.contains_key("const") {
            return CLOSED;
        }
        if !SAYING.iter().any(|word| schema.contains_key(*word)) {
            return ANY;
        }
        let text = may_be(schema, "string") && !is_closed_string(schema);
        let members = may_be(schema, "object").then(|| self.members(schema, depth));
        let items = if may_be(schema, "array") { self.items(schema, depth) } else { CLOSED };
        match self.reserve() {
            Some(at) => self.set(at, Node { text, members, items }),
            None => ANY,
        }
    }

    fn members(&mut self, schema: &'s Map<String, Value>, depth: u32) -> Members {
        let mut members = Members { named: BTreeMap::new(), others: ANY, other_names: true };
        for (name, schema) in object(schema, "properties") {
            let child = self.schema(schema, depth + 1);
            members.named.insert(name.as_str().into(), child);
        }
        if let Some(others) = schema.get("additionalProperties") {
            members.others = self.schema(others, depth + 1);
            members.other_names = others != &Value::Bool(false);
        }
        for (_, schema) in object(schema, "patternProperties") {
            let child = self.schema(schema, depth + 1);
            members.others = self.join(Joint::Either, members.others, child);
            members.other_names = true;
        }
        members
    }

    fn items(&mut self, schema: &'s Map<String, Value>, depth: u32) -> u32 {
        let mut at = schema.get("items").map_or(ANY, |items| self.schema(items, depth + 1));
        for item in list(schema, "prefixItems") {
            let item = self.schema(item, depth + 1);
            at = self.join(Joint::Either, at, item);
        }
        at
    }

    /// The same node where no names but those listed anywhere may stand, unless they depend on something.
    fn sealed(&mut self, schema: &Map<String, Value>, at: u32) -> u32 {
        let depends =
            ["if", "dependentSchemas", "patternProperties", "$dynamicRef"].iter().any(|word| schema.contains_key(*word));
        let Some(node) = self.nodes.get(at as usize).filter(|_| !depends && at != ANY) else { return at };
        let mut node = node.clone();
        if let Some(members) = &mut node.members {
            (members.others, members.other_names) = (CLOSED, false);
        }
        self.reserve().map_or(at, |fresh| self.set(fresh, node))
    }

    fn join(&mut self, joint: Joint, one: u32, other: u32) -> u32 {
        let (neutral, absorbing) = if joint == Joint::Both { (ANY, CLOSED) } else { (CLOSED, ANY) };
        match (one, other) {
            (one, other) if one == other || other == neutral => return one,
            (one, other) if one == neutral => return other,
            (one, other) if one == absorbing || other == absorbing => return absorbing,
            _ => {}
        }
        if let Some(&at) = self.joined.get(&(joint, one, other)) {
            return at;
        }
        let Some(at) = self.reserve() else { return ANY };
        self.joined.insert((joint, one, other), at);
        let node = |at: u32| self.nodes.get(at as usize).cloned().unwrap_or_else(Node::any);
        let (one, other) = (node(one), node(other));
        let text = if joint == Joint::Both { one.text && other.text } else { one.text || other.text };
        let items = self.join(joint, one.items, other.items);
        let members = self.join_members(joint, &one, &other);
        self.set(at, Node { text, members, items })
    }

    fn join_members(&mut self, joint: Joint, one: &Node, other: &Node) -> Option<Members> {
        let (a, b) = match (&one.members, &other.members) {
            (Some(a), Some(b)) => (a, b),
            (Some(only), None) | (None, Some(only)) => return (joint == Joint::Either).then(|| only.clone()),
            (None, None) => return None,
        };
        let names: BTreeSet<&Box<str>> = a.named.keys().chain(b.named.keys()).collect();
        let named = names.into_iter().map(|name| (name.clone(), self.join(joint, one.member(name), other.member(name))));
        let named = named.collect();
        let others = self.join(joint, a.others, b.others);
        let both = joint == Joint::Both;
        let other_names = if both { a.other_names && b.other_names } else { a.other_names || b.other_names };
        Some(Members { named, others, other_names })
    }
}

/// Whether the schema lets a value of this type stand there.
fn may_be(schema: &Map<String, Value>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        _ => true,
    }
}

fn list<'s>(schema: &'s Map<String, Value>, word: &str) -> &'s [Value] {
    schema.get(word).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn object<'s>(schema: &'s Map<String, Value>, word: &str) -> impl Iterator<Item = (&'s String, &'s Value)> + use<'s> {
    schema.get(word).and_then(Value::as_object).into_iter().flatten()
}
