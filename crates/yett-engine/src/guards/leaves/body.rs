//! Leaves of a body.

use super::head::named;
use super::{Leaf, Part, Place, Spot, Visit, Watch, percent, xml};
use crate::body::tape::{Entry, Written};
use crate::body::{Body, Reading};
use crate::guards::contract::reading::{self, Kind};
use http::HeaderMap;
use serde_json::Value;
use std::ops::ControlFlow;

const DONE: ControlFlow<()> = ControlFlow::Continue(());

impl Watch {
    /// Whether a body with this head may have leaves to look at.
    pub(crate) fn has_leaves(&self, headers: &HeaderMap) -> bool {
        let (kind, essence) = reading::kind(headers);
        kind != Kind::Bytes && self.root(&essence).is_some_and(|root| !self.tree.is_closed(root))
    }

    /// What stands in the body.
    pub(crate) fn body(&self, headers: &HeaderMap, body: &Body, visit: Visit<'_>) -> ControlFlow<()> {
        let (kind, essence) = reading::kind(headers);
        let Some(root) = self.root(&essence).filter(|root| !self.tree.is_closed(*root)) else { return DONE };
        match kind {
            Kind::Json => self.json(body, root, visit),
            Kind::Form => self.form(&String::from_utf8_lossy(body.bytes()), root, visit),
            Kind::Multipart(boundary) => self.multipart(body, &boundary, root, visit),
            Kind::Xml => xml::leaves(&String::from_utf8_lossy(body.bytes()), visit),
            Kind::Text => whole(body, visit),
            Kind::Bytes => DONE,
            // Whoever guesses the type may take text for anything.
            Kind::Untold if std::str::from_utf8(body.bytes()).is_ok() => whole(body, visit),
            Kind::Untold => DONE,
        }
    }

    fn json(&self, body: &Body, root: u32, visit: Visit<'_>) -> ControlFlow<()> {
        if body.reading().is_none()
            && let Some(read) = reading::json(body.bytes(), self.max_depth)
        {
            body.keep(read);
        }
        match body.reading() {
            Some(Reading::Tape(tape)) => {
                let text = std::str::from_utf8(body.bytes()).unwrap_or_default();
                self.tape(&Written { text, tape }, 0, root, visit)
            }
            Some(Reading::Value(value)) => self.value(value, root, &mut Vec::new(), visit),
            // The contract guard refuses it; where that does not enforce, somebody may read it after all.
            None => whole(body, visit),
        }
    }

    /// The strings at and below an entry, as far as the contract leaves room in them.
    fn tape(&self, written: &Written<'_>, at: u32, node: u32, visit: Visit<'_>) -> ControlFlow<()> {
        let leaf =
            |at: u32, part: Part| Leaf { place: Place::Body, part, text: written.string(at), spot: Spot::Tape(written, at) };
        match written.entry(at) {
            Entry::Text { .. } | Entry::Unescaped { .. } if self.tree.looks_at_text(node) => visit(&leaf(at, Part::Value)),
            Entry::Array { .. } => {
                let items = self.tree.items(node);
                if !self.tree.is_closed(items) {
                    for at in written.elements(at) {
                        self.tape(written, at, items, visit)?;
                    }
                }
                DONE
            }
            Entry::Object { .. } => {
                for (name, at) in written.members(at) {
                    let (child, listed) = self.tree.member(node, name);
                    if !listed {
                        visit(&leaf(at - 1, Part::Name))?;
                    }
                    if !self.tree.is_closed(child) {
                        self.tape(written, at, child, visit)?;
                    }
                }
                DONE
            }
            _ => DONE,
        }
    }

    /// The same in a tree.
    fn value<'v>(&self, value: &'v Value, node: u32, path: &mut Vec<Option<&'v str>>, visit: Visit<'_>) -> ControlFlow<()> {
        match value {
            Value::String(text) if self.tree.looks_at_text(node) => {
                visit(&Leaf { place: Place::Body, part: Part::Value, text, spot: Spot::Tree(path) })
            }
            Value::Array(items) => {
                path.push(None);
                let child = self.tree.items(node);
                items.iter().try_for_each(|item| self.value(item, child, path, visit))?;
                path.pop();
                DONE
            }
            Value::Object(members) => {
                for (name, value) in members {
                    let (child, listed) = self.tree.member(node, name);
                    path.push(Some(name));
                    if !listed {
                        visit(&Leaf { place: Place::Body, part: Part::Name, text: name, spot: Spot::Tree(path) })?;
                    }
                    self.value(value, child, path, visit)?;
                    path.pop();
                }
                DONE
            }
            _ => DONE,
        }
    }

    /// Fields of a form are members of an object; those spelled `name[member]` are not looked for in the contract.
    fn field(&self, root: u32, name: &str, text: &str, visit: Visit<'_>) -> ControlFlow<()> {
        let (child, listed) = self.tree.member(root, name);
        if !listed {
            visit(&named(Place::Body, Part::Name, name, name))?;
        }
        match self.tree.is_closed(child) {
            true => DONE,
            false => visit(&named(Place::Body, Part::Value, name, text)),
        }
    }

    fn form(&self, text: &str, root: u32, visit: Visit<'_>) -> ControlFlow<()> {
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            self.field(root, &percent(name, true), &percent(raw, true), visit)?;
        }
        DONE
    }

    fn multipart(&self, body: &Body, boundary: &str, root: u32, visit: Visit<'_>) -> ControlFlow<()> {
        let Some(parts) = reading::parts(body.bytes(), boundary) else { return lines(body, visit) };
        for part in parts {
            let name = part.name.unwrap_or_default();
            match part.filename {
                // What is in a file is its reader's business; its name becomes a path.
                Some(filename) => visit(&named(Place::Body, Part::Value, &name, &filename))?,
                None => self.field(root, &name, &String::from_utf8_lossy(part.bytes), visit)?,
            }
        }
        DONE
    }
}

fn whole(body: &Body, visit: Visit<'_>) -> ControlFlow<()> {
    visit(&named(Place::Body, Part::Value, "", &String::from_utf8_lossy(body.bytes())))
}

/// What cannot be cut into parts is read line by line: its boundaries are no text of anybody's.
fn lines(body: &Body, visit: Visit<'_>) -> ControlFlow<()> {
    let text = String::from_utf8_lossy(body.bytes());
    text.lines().try_for_each(|line| visit(&named(Place::Body, Part::Value, "", line)))
}

/// `pointer` with one more segment; `None` for a number of an array.
pub(super) fn joined(pointer: &str, segment: Option<&str>) -> String {
    match segment {
        Some(name) => format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
        None => format!("{pointer}/*"),
    }
}

/// The pointer of the entry at `target`, a value or a name.
pub(super) fn pointer(written: &Written<'_>, target: u32) -> String {
    let (mut at, mut pointer) = (0, String::new());
    loop {
        let next = match written.entry(at) {
            Entry::Array { .. } => written.elements(at).find(|&child| target < written.behind(child)).map(|child| (None, child)),
            Entry::Object { .. } => {
                written.members(at).find(|&(_, child)| target < written.behind(child)).map(|(name, child)| (Some(name), child))
            }
            _ => None,
        };
        let Some((segment, child)) = next.filter(|_| at < target) else { return pointer };
        pointer = joined(&pointer, segment);
        at = child;
        if target < child {
            return pointer;
        }
    }
}
