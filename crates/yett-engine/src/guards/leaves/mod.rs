//! The leaves of a request: every text somebody could make another meaning of, each with its place.
//!
//! One reading for all guards that look into values: path, query, header and cookie parameters, and what stands in JSON,
//! forms, multipart, XML and text, names included. JSON is taken from where the contract guard read it; nothing is
//! copied unless it has escapes. What the contract leaves no room in (a number, an enumeration, a UUID) is left out by
//! [`Watch`], which is compiled with the plan and costs nothing while a request waits.

mod body;
mod escapes;
mod head;
mod openness;
#[cfg(test)]
mod tests;
mod xml;

pub(crate) use escapes::{hex, percent, text_of};

use crate::body::tape::Written;
use crate::guards::contract::reading::Range;
use openness::{ANY, Builder, Tree};
use std::collections::HashMap;
use std::ops::ControlFlow;
use yett_model::snapshot::{Api, Location, Mode, Operation, Parameter, Unknown};

/// Where a leaf travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Path,
    Query,
    /// A header field that the contract describes.
    Header,
    /// A header field that the contract does not describe.
    OtherHeader,
    Cookie,
    Body,
}

impl Place {
    /// As in the configuration and in events.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header | Self::OtherHeader => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// Which part of a pair a leaf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Value,
    /// The name of a parameter, member, field or attribute.
    Name,
    /// A whole XML document, besides its leaves.
    Document,
}

/// A text of the request. What is escaped for its way (percent-encoding, JSON, XML) stands here without that.
pub(crate) struct Leaf<'l> {
    pub(crate) place: Place,
    pub(crate) part: Part,
    pub(crate) text: &'l str,
    spot: Spot<'l>,
}

/// What tells the name of a leaf, once somebody asks for it.
#[derive(Clone, Copy)]
enum Spot<'l> {
    Named(&'l str),
    Tape(&'l Written<'l>, u32),
    Tree(&'l [Option<&'l str>]),
}

impl Leaf<'_> {
    /// Whether the name is this one, in a place where names are no pointers.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        matches!(self.spot, Spot::Named(named) if named == name)
    }

    /// The parameter's name; in JSON its pointer, with `*` in the place of each number of an array.
    pub(crate) fn name(&self) -> String {
        match self.spot {
            Spot::Named(name) => name.to_owned(),
            Spot::Tape(written, at) => body::pointer(written, at),
            Spot::Tree(path) => path.iter().fold(String::new(), |pointer, segment| body::joined(&pointer, *segment)),
        }
    }
}

/// Takes leaves one by one, until it breaks.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(&Leaf<'_>) -> ControlFlow<()>;

/// Which leaves of an operation's requests are to be looked at.
pub(crate) struct Watch {
    /// Parameters of the contract, and whether any text may stand in them.
    path: HashMap<Box<str>, bool>,
    query: HashMap<Box<str>, bool>,
    headers: HashMap<Box<str>, bool>,
    cookies: HashMap<Box<str>, bool>,
    /// Whether a query may have parameters that the contract does not name.
    others_in_query: bool,
    tree: Tree,
    /// Root of each media range of the contract.
    media: Vec<(Range, u32)>,
    /// Whether a body may have another media type.
    other_media: bool,
    max_depth: u32,
}

impl Watch {
    /// Everything, whatever the contract says.
    pub(crate) fn everything(max_depth: u32) -> Self {
        Self {
            path: HashMap::new(),
            query: HashMap::new(),
            headers: HashMap::new(),
            cookies: HashMap::new(),
            others_in_query: true,
            tree: Tree::default(),
            media: Vec::new(),
            other_media: true,
            max_depth,
        }
    }

    /// What the contract leaves open, if the contract guard refuses the rest; everything otherwise.
    pub(crate) fn of(api: &Api, operation: Option<&Operation>) -> Self {
        let all = Self::everything(api.guards.contract.max_depth);
        match operation.filter(|_| api.guards.contract.mode == Mode::Enforce) {
            Some(operation) => all.narrowed(api, operation),
            None => all,
        }
    }

    fn narrowed(mut self, api: &Api, operation: &Operation) -> Self {
        let mut builder = Builder::new(&api.schemas.request);
        let parameters: Vec<(&Parameter, u32)> =
            operation.parameters.iter().map(|parameter| (parameter, builder.root(&parameter.schema))).collect();
        let media = operation.body.iter().flat_map(|body| &body.media);
        self.media = media
            .map(|media| (Range::new(&media.range), media.schema.as_ref().map_or(ANY, |schema| builder.root(schema))))
            .collect();
        self.tree = builder.finish();
        self.other_media = false;
        self.others_in_query = api.guards.contract.unknown_query == Unknown::Allow;
        parameters.into_iter().for_each(|(parameter, root)| self.parameter(parameter, root));
        self
    }

    fn parameter(&mut self, parameter: &Parameter, root: u32) {
        let open = !self.tree.is_closed(root);
        let spread = parameter.explode && self.tree.may_be_object(root) && open;
        let known = match parameter.location {
            Location::Path => &mut self.path,
            Location::Query => &mut self.query,
            Location::Header => &mut self.headers,
            Location::Cookie => &mut self.cookies,
            Location::Querystring => {
                self.others_in_query = true;
                return;
            }
        };
        known.insert(parameter.name.as_str().into(), open);
        // An object that is spread gives its members' names to parameters.
        self.others_in_query |= spread && parameter.location == Location::Query;
    }

    /// Where to begin in a body of this media type; `None` if the contract guard lets no such body pass.
    fn root(&self, essence: &str) -> Option<u32> {
        if self.other_media {
            return Some(ANY);
        }
        let essence = if essence.is_empty() { "application/octet-stream" } else { essence };
        let ranked = self.media.iter().filter_map(|(range, root)| Some((range.rank(essence)?, *root)));
        // The first of equals, as the contract lists them.
        ranked.rev().max_by_key(|(rank, _)| *rank).map(|(_, root)| root)
    }
}
