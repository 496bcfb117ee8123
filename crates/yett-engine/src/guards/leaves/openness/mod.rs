//! Where a schema leaves room for any text: a tree of what is worth a look, compiled from the schemas of a request.
//!
//! A value is closed if the schema lets no text stand in it that anybody could take for more than it is: numbers,
//! enumerations, dates, UUIDs, patterns of harmless characters, two characters. What is not understood is open.

mod build;
mod strings;
#[cfg(test)]
mod tests;

pub(super) use build::Builder;
use std::collections::{BTreeMap, HashSet};

/// Nothing open.
pub(super) const CLOSED: u32 = 0;
/// Everything open.
pub(super) const ANY: u32 = 1;

/// What may be open below one schema.
#[derive(Debug, Clone)]
struct Node {
    text: bool,
    /// `None`: no object may stand there.
    members: Option<Members>,
    items: u32,
}

#[derive(Debug, Clone)]
struct Members {
    named: BTreeMap<Box<str>, u32>,
    others: u32,
    /// Whether other names than these may stand there.
    other_names: bool,
}

impl Node {
    fn closed() -> Self {
        Self { text: false, members: None, items: CLOSED }
    }

    fn any() -> Self {
        let members = Members { named: BTreeMap::new(), others: ANY, other_names: true };
        Self { text: true, members: Some(members), items: ANY }
    }

    fn member(&self, name: &str) -> u32 {
        let of = |members: &Members| members.named.get(name).copied().unwrap_or(members.others);
        self.members.as_ref().map_or(CLOSED, of)
    }
}

/// The nodes of an operation's schemas.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Whether nothing is open at and below each node.
    closed: Vec<bool>,
}

impl Default for Tree {
    fn default() -> Self {
        Self::of(vec![Node::closed(), Node::any()])
    }
}

impl Tree {
    /// A node is open if it is itself, or leads to one that is: what refers to itself needs several rounds.
    fn of(nodes: Vec<Node>) -> Self {
        let own = |node: &Node| node.text || node.members.as_ref().is_some_and(|members| members.other_names);
        let mut leading: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
        for (at, node) in (0u32..).zip(&nodes) {
            let members = node.members.iter().flat_map(|members| members.named.values().copied().chain([members.others]));
            for child in members.chain([node.items]) {
                leading.get_mut(child as usize).into_iter().for_each(|parents| parents.push(at));
            }
        }
        let mut open: HashSet<u32> = (0u32..).zip(&nodes).filter(|(_, node)| own(node)).map(|(at, _)| at).collect();
        let mut fresh: Vec<u32> = open.iter().copied().collect();
        while let Some(at) = fresh.pop() {
            let parents = leading.get(at as usize).into_iter().flatten();
            fresh.extend(parents.copied().filter(|&parent| open.insert(parent)));
        }
        let closed = (0u32..).take(nodes.len()).map(|at| !open.contains(&at)).collect();
        Self { nodes, closed }
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    /// Whether nothing at and below a node is worth a look.
    pub(super) fn is_closed(&self, at: u32) -> bool {
        self.closed.get(at as usize).copied().unwrap_or(false)
    }

    pub(super) fn looks_at_text(&self, at: u32) -> bool {
        self.node(at).is_none_or(|node| node.text)
    }

    /// Whether an object may stand there.
    pub(super) fn may_be_object(&self, at: u32) -> bool {
        self.node(at).is_none_or(|node| node.members.is_some())
    }

    /// Node of an array's items.
    pub(super) fn items(&self, at: u32) -> u32 {
        self.node(at).map_or(ANY, |node| node.items)
    }

    /// Node of an object's member, and whether the contract has the name.
    pub(super) fn member(&self, at: u32, name: &str) -> (u32, bool) {
        match self.node(at) {
            Some(Node { members: Some(members), .. }) => match members.named.get(name) {
                Some(&child) => (child, true),
                None => (members.others, !members.other_names),
            },
            Some(_) => (CLOSED, true),
            None => (ANY, false),
        }
    }
}
