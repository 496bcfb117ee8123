//! Named fields of a query string, form or cookie header: which pair belongs to which field.
//!
//! What some server could read as another name or as more pairs is refused even where unknown names are allowed: names
//! that only look like a field's, and a raw `;` in a query string or form, which once stood for `&`.

use super::coerce::Spelled;
use super::names::Likenesses;
use super::style::{Escapes, Fault, Spelling, malformed};
use super::tree::Tree;
use std::borrow::Cow;
use std::collections::HashMap;
use yett_model::snapshot::{Shape, SimpleType, Style};

/// Most pairs of one query string, form or cookie header.
pub(super) const MOST_PAIRS: usize = 1000;

/// A name without a field that some server takes for a field's.
pub(super) const ALIKE: Fault = Fault { code: "unknown", detail: "is another spelling of a name in the contract" };
/// A `;` that is not escaped.
const SEMICOLON: Fault = malformed("has a ';', which some servers take for '&': it is written %3B");

/// How one field is read.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) style: Style,
    pub(super) explode: bool,
    pub(super) escapes: Escapes,
    pub(super) shape: Shape,
}

impl Field {
    pub(super) fn spelling(&self) -> Spelling<'_> {
        Spelling { style: self.style, explode: self.explode, name: &self.name, escapes: self.escapes }
    }

    fn is_deep(&self) -> bool {
        self.style == Style::DeepObject
    }

    /// Whether the properties of the field stand beside other fields: an exploded object in a form.
    fn is_spread(&self) -> bool {
        let pairs = matches!(self.style, Style::Form | Style::Cookie | Style::SpaceDelimited | Style::PipeDelimited);
        pairs && self.explode && self.shape.types.contains(&SimpleType::Object)
    }
}

/// The fields of one place, found by the names of pairs.
#[derive(Debug, Default)]
pub(super) struct Fields {
    fields: Vec<Field>,
    named: HashMap<Box<str>, usize>,
    deep: HashMap<Box<str>, usize>,
    /// Properties of exploded objects.
    spread: HashMap<Box<str>, usize>,
    /// An exploded object that takes any name.
    rest: Option<usize>,
    /// What some server takes for a name of a field.
    likenesses: Likenesses,
}

/// What pairs became.
pub(super) struct Assigned<'a> {
    /// By the number of the field.
    pub(super) found: Vec<Option<Spelled<'a>>>,
    /// Decoded names and texts of pairs without a field.
    pub(super) unknown: Vec<(Cow<'a, str>, &'a str)>,
    /// Names that cannot be read, as far as they can be shown, and why.
    pub(super) faults: Vec<(String, Fault)>,
}

impl Fields {
    pub(super) fn new(fields: Vec<Field>) -> Self {
        let mut all = Self::default();
        for (index, field) in fields.iter().enumerate() {
            let of_name = if field.is_deep() { &mut all.deep } else { &mut all.named };
            of_name.insert(field.name.clone(), index);
            if field.is_spread() {
                all.spread.extend(field.shape.properties.keys().map(|name| (name.as_str().into(), index)));
                all.rest = all.rest.or(field.shape.additional.is_some().then_some(index));
            }
        }
        let names = all.named.keys().chain(all.deep.keys()).chain(all.spread.keys());
        all.likenesses = Likenesses::of(names.map(|name| &**name));
        all.fields = fields;
        all
    }

    /// The number of the field of this very name.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.named.get(name).copied()
    }

    /// Whether a name is no field's, but some server takes it for one.
    pub(super) fn is_alike(&self, name: &str) -> bool {
        self.exact(name).is_none() && self.likenesses.have(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Gives each pair to its field.
    pub(super) fn assign<'a>(&self, pairs: impl Iterator<Item = (&'a str, &'a str)>, escapes: Escapes) -> Assigned<'a> {
        let found = self.fields.iter().map(|_| None).collect();
        let mut assigned = Assigned { found, unknown: Vec::new(), faults: Vec::new() };
        for (number, (name, text)) in pairs.enumerate() {
            if number == MOST_PAIRS {
                assigned.faults.push((String::new(), malformed("has more than 1000 fields")));
                break;
            }
            let severed = escapes == Escapes::Form && (name.contains(';') || text.contains(';'));
            match escapes.decode(name) {
                Ok(name) if severed => assigned.faults.push((super::violation::shown(&name), SEMICOLON)),
                Ok(name) if self.is_alike(&name) => assigned.faults.push((super::violation::shown(&name), ALIKE)),
                Ok(name) => self.place(name, text, &mut assigned),
                Err(fault) => assigned.faults.push((super::violation::shown(name), fault)),
            }
        }
        assigned
    }

    fn place<'a>(&self, name: Cow<'a, str>, text: &'a str, assigned: &mut Assigned<'a>) {
        let target = self.target(&name);
        let Some(slot) = target.as_ref().and_then(|(index, _)| assigned.found.get_mut(*index)) else {
            return assigned.unknown.push((name, text));
        };
        let bracket = target.and_then(|(_, bracket)| bracket);
        let named = self.named.contains_key(&*name);
        let spelled = slot.get_or_insert_with(|| match bracket {
            Some(_) => Spelled::Deep(Tree::new()),
            None if named => Spelled::Texts(Vec::new()),
            None => Spelled::Spread(Vec::new()),
        });
        let fault = match (spelled, bracket) {
            (Spelled::Deep(tree), Some(bracket)) => tree.insert(name.get(bracket..).unwrap_or(""), text).err(),
            (Spelled::Texts(texts), None) if named => {
                texts.push(text);
                None
            }
            (Spelled::Spread(pairs), None) if !named => return pairs.push((name, text)),
            _ => Some(malformed("is spelled in two ways")),
        };
        assigned.faults.extend(fault.map(|fault| (super::violation::shown(&name), fault)));
    }

    /// The field of a name, and where its first bracket is.
    fn target(&self, name: &str) -> Option<(usize, Option<usize>)> {
        self.exact(name).or_else(|| self.rest.map(|index| (index, None)))
    }

    /// The same without the field that takes any name.
    fn exact(&self, name: &str) -> Option<(usize, Option<usize>)> {
        let named = self.named.get(name).map(|&index| (index, None));
        let deep = || self.bracketed(name).map(|(index, at)| (index, Some(at)));
        let spread = || self.spread.get(name).map(|&index| (index, None));
        named.or_else(deep).or_else(spread)
    }

    /// A list of style `form` in one cookie, `id=3&id=4`, as pairs; any other cookie as it is.
    pub(super) fn unfold<'a>(&self, (name, text): (&'a str, &'a str)) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let field = self.named.get(name).and_then(|&index| self.fields.get(index));
        let list = field
            .is_some_and(|field| field.style == Style::Form && field.explode && field.shape.types.contains(&SimpleType::Array));
        let pieces = text.split(move |c| list && c == '&').enumerate();
        pieces.map(move |(index, piece)| match index {
            0 => (name, piece),
            _ => piece.split_once('=').unwrap_or((piece, "")),
        })
    }

    /// The field before the first bracket, and where that bracket is.
    fn bracketed(&self, name: &str) -> Option<(usize, usize)> {
        if self.deep.is_empty() {
            return None;
        }
        let at = name.find('[')?;
        self.deep.get(name.get(..at)?).map(|&index| (index, at))
    }
}

/// The pairs of a query string or form, empty ones left out.
pub(super) fn form_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The pairs of a cookie header (RFC 6265 section 4.2.1).
pub(super) fn cookie_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(';').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}
