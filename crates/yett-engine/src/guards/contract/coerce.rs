//! Text to JSON, as a [`Shape`] asks.
//!
//! Numbers follow the grammar of JSON and fit a double: no `0x`, no `1e999`, no `NaN`. Booleans are `true` and `false`.

use super::style::{DUPLICATE, Escapes, Fault, Spelling, malformed};
use super::tree::Tree;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use yett_model::snapshot::{Shape, SimpleType, Style};

/// Most readings of one type that are tried.
pub(super) const MOST_ATTEMPTS: usize = 5;
static TEXT: Shape = Shape { types: Vec::new(), items: None, properties: std::collections::BTreeMap::new(), additional: None };

/// A value as it was found, its escapes still in it.
#[derive(Debug)]
pub(super) enum Spelled<'a> {
    /// The texts below the value's own name.
    Texts(Vec<&'a str>),
    /// The properties of an object that stand beside other values: decoded name, text.
    Spread(Vec<(Cow<'a, str>, &'a str)>),
    /// `name[a][b]=text`.
    Deep(Tree<'a>),
}

/// A value that was read, and whether it fits.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) value: Value,
    pub(super) fits: bool,
}

/// Reads a value: the first reading that fits, or else the first at all, so that its errors can be told.
pub(super) fn read(
    spelling: &Spelling<'_>,
    shape: &Shape,
    spelled: &Spelled<'_>,
    mut fits: impl FnMut(&Value) -> bool,
) -> Result<Read, Fault> {
    let mut first: Option<Value> = None;
    let mut fault = None;
    let types = if shape.types.is_empty() { &[SimpleType::String][..] } else { &shape.types };
    for &kind in types {
        let mut choice = Choice::default();
        while choice.next() {
            match read_as(kind, spelling, shape, spelled, &mut choice) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    if fits(&value) {
                        return Ok(Read { value, fits: true });
                    }
                    first = first.or(Some(value));
                }
                Err(found) => fault = fault.or(Some(found)),
            }
        }
    }
    match (first, fault) {
        (Some(value), _) => Ok(Read { value, fits: false }),
        (None, Some(fault)) => Err(fault),
        (None, None) => as_text(spelling, spelled, fits),
    }
}

/// What is no value of any of its types is shown to the schema as text, which says what is expected.
fn as_text(spelling: &Spelling<'_>, spelled: &Spelled<'_>, mut fits: impl FnMut(&Value) -> bool) -> Result<Read, Fault> {
    let Spelled::Texts(texts) = spelled else { return Err(malformed("must be one value")) };
    let [text] = texts[..] else { return Err(DUPLICATE) };
    let value = Value::String(spelling.escapes.decode(spelling.scalar(text)?)?.into_owned());
    let fits = fits(&value);
    Ok(Read { value, fits })
}

/// Which reading of the scalars inside a list or object is taken. All of them together: `[integer, string]` items are
/// read as integers where possible, then all as strings.
#[derive(Default)]
struct Choice {
    attempt: usize,
    begun: bool,
    more: bool,
}

impl Choice {
    fn next(&mut self) -> bool {
        let goes_on = !self.begun || (self.more && self.attempt + 1 < MOST_ATTEMPTS);
        self.attempt += usize::from(self.begun);
        self.begun = true;
        self.more = false;
        goes_on
    }

    /// The scalar's reading of this attempt, or its last one.
    fn scalar(&mut self, text: Cow<'_, str>, shape: &Shape) -> Value {
        let mut readings = shape.types.iter().filter_map(|&kind| scalar(kind, &text));
        let mut taken = readings.next();
        for _ in 0..self.attempt {
            taken = readings.next().or(taken);
        }
        self.more |= readings.next().is_some();
        drop(readings);
        taken.unwrap_or_else(|| Value::String(text.into_owned()))
    }
}

/// The properties that have no field of their own, with the readings of one attempt.
pub(super) fn others(
    escapes: Escapes,
    shape: &Shape,
    pairs: &[(Cow<'_, str>, &str)],
    attempt: usize,
) -> Result<Map<String, Value>, Fault> {
    let mut choice = Choice { attempt, ..Choice::default() };
    match properties(escapes, shape, pairs, &mut choice)? {
        Value::Object(object) => Ok(object),
        _ => Ok(Map::new()),
    }
}

fn read_as(
    kind: SimpleType,
    spelling: &Spelling<'_>,
    shape: &Shape,
    spelled: &Spelled<'_>,
    choice: &mut Choice,
) -> Result<Option<Value>, Fault> {
    match (kind, spelled) {
        (SimpleType::Array, Spelled::Texts(texts)) => array(spelling, shape, texts, choice).map(Some),
        (SimpleType::Object, Spelled::Texts(texts)) => object(spelling, shape, texts, choice).map(Some),
        (SimpleType::Object, Spelled::Spread(pairs)) => properties(spelling.escapes, shape, pairs, choice).map(Some),
        (SimpleType::Array | SimpleType::Object, Spelled::Deep(tree)) => {
            deep(spelling.escapes, shape, Some(kind), tree, choice).map(Some)
        }
        (SimpleType::Array, Spelled::Spread(_)) => Ok(None),
        (_, Spelled::Texts(texts)) => match texts[..] {
            [text] => Ok(scalar(kind, &spelling.escapes.decode(spelling.scalar(text)?)?)),
            _ => Err(DUPLICATE),
        },
        (_, Spelled::Spread(_) | Spelled::Deep(_)) => Ok(None),
    }
}

/// Whether an exploded list is several pairs of the same name.
fn repeats(spelling: &Spelling<'_>) -> bool {
    let by_name = matches!(spelling.style, Style::Form | Style::SpaceDelimited | Style::PipeDelimited | Style::Cookie);
    spelling.explode && by_name
}

fn array(spelling: &Spelling<'_>, shape: &Shape, texts: &[&str], choice: &mut Choice) -> Result<Value, Fault> {
    let cut;
    let items = match texts {
        texts if repeats(spelling) => texts,
        [text] => {
            cut = spelling.items(text)?;
            &cut
        }
        _ => return Err(DUPLICATE),
    };
    let item_shape = shape.items.as_deref().unwrap_or(&TEXT);
    let read = |item: &&str| Ok(choice.scalar(spelling.escapes.decode(item)?, item_shape));
    items.iter().map(read).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn object(spelling: &Spelling<'_>, shape: &Shape, texts: &[&str], choice: &mut Choice) -> Result<Value, Fault> {
    let [text] = texts[..] else { return Err(DUPLICATE) };
    let decoded = spelling.pairs(text)?.into_iter().map(|(name, value)| Ok((spelling.escapes.decode(name)?, value)));
    properties(spelling.escapes, shape, &decoded.collect::<Result<Vec<_>, _>>()?, choice)
}

fn properties(escapes: Escapes, shape: &Shape, pairs: &[(Cow<'_, str>, &str)], choice: &mut Choice) -> Result<Value, Fault> {
    let mut object = Map::new();
    for (name, text) in pairs {
        let shape = property(shape, name);
        let (array, item) = match &shape.items {
            Some(items) if shape.types.contains(&SimpleType::Array) => (true, &**items),
            _ => (false, shape),
        };
        let value = choice.scalar(escapes.decode(text)?, item);
        match (object.get_mut(&**name), array) {
            (Some(Value::Array(list)), true) => list.push(value),
            (Some(_), _) => return Err(DUPLICATE),
            (None, true) => drop(object.insert(name.to_string(), Value::Array(vec![value]))),
            (None, false) => drop(object.insert(name.to_string(), value)),
        }
    }
    Ok(Value::Object(object))
}

/// The shape of a property: by name, or of any other.
pub(super) fn property<'s>(shape: &'s Shape, name: &str) -> &'s Shape {
    shape.properties.get(name).or(shape.additional.as_deref()).unwrap_or(&TEXT)
}

fn deep(escapes: Escapes, shape: &Shape, kind: Option<SimpleType>, tree: &Tree<'_>, choice: &mut Choice) -> Result<Value, Fault> {
    let array = match kind {
        Some(kind) => kind == SimpleType::Array,
        None => shape.types.contains(&SimpleType::Array) && !shape.types.contains(&SimpleType::Object),
    };
    match tree {
        Tree::Leaf(texts) if array => {
            let item = shape.items.as_deref().unwrap_or(&TEXT);
            let read = |text: &&str| Ok(choice.scalar(escapes.decode(text)?, item));
            texts.iter().map(read).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        Tree::Leaf(texts) => match texts[..] {
            [text] => Ok(choice.scalar(escapes.decode(text)?, shape)),
            _ => Err(DUPLICATE),
        },
        Tree::Branch(children) if array => {
            if let (1, Some(appended)) = (children.len(), children.get("")) {
                return deep(escapes, shape, Some(SimpleType::Array), appended, choice);
            }
            let item = shape.items.as_deref().unwrap_or(&TEXT);
            let read = |child: &Tree<'_>| deep(escapes, item, None, child, choice);
            tree.items()?.into_iter().map(read).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        Tree::Branch(children) => {
            let mut object = Map::new();
            for (name, child) in children {
                object.insert(name.to_string(), deep(escapes, property(shape, name), None, child, choice)?);
            }
            Ok(Value::Object(object))
        }
    }
}

/// A scalar of one type; `None` if the text is none.
pub(super) fn scalar(kind: SimpleType, text: &str) -> Option<Value> {
    match kind {
        SimpleType::Null => matches!(text, "" | "null").then_some(Value::Null),
        SimpleType::Boolean => text.parse::<bool>().ok().map(Value::Bool),
        SimpleType::Integer => number(text).filter(|_| text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())),
        SimpleType::Number => number(text),
        SimpleType::String => Some(Value::String(text.to_owned())),
        SimpleType::Array | SimpleType::Object => None,
    }
}

/// The library reads JSON numbers strictly, but would skip spaces around them.
fn number(text: &str) -> Option<Value> {
    let starts = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let ends = text.ends_with(|last: char| last.is_ascii_digit());
    (starts && ends).then(|| serde_json::from_str::<Number>(text).ok()).flatten().map(Value::Number)
}
