//! Forms: named texts that together are an object (`application/x-www-form-urlencoded`, and the fields of multipart).

use super::coerce::{MOST_ATTEMPTS, Spelled, others, read};
use super::fields::{ALIKE, Field, Fields};
use super::instance::Instance;
use super::json;
use super::names::Twins;
use super::schema::Schema;
use super::style::{DUPLICATE, Escapes, Fault};
use super::violation::{Place, Violations, joined};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use yett_model::snapshot::{Encoding, Shape, SimpleType, Style};

/// How a form becomes an object.
pub(super) struct Form {
    shape: Shape,
    fields: Fields,
    escapes: Escapes,
    /// Whether the texts of a field are JSON, by the number of the field.
    json: Vec<bool>,
}

impl Form {
    pub(super) fn new(shape: &Shape, encoding: &BTreeMap<String, Encoding>, escapes: Escapes) -> Self {
        let mut fields = Vec::new();
        let mut json = Vec::new();
        for (name, shape) in &shape.properties {
            let own = encoding.get(name);
            let style = own.and_then(|own| own.style);
            json.push(is_json(shape, own));
            let explode = own.and_then(|own| own.explode).unwrap_or(style.is_none_or(|style| style == Style::Form));
            let style = style.unwrap_or(Style::Form);
            fields.push(Field { name: name.as_str().into(), style, explode, escapes, shape: own_shape(shape, json.last()) });
        }
        Self { shape: shape.clone(), fields: Fields::new(fields), escapes, json }
    }

    /// Whether the texts of a field are JSON.
    pub(super) fn is_json(&self, name: &str) -> bool {
        self.fields.number(name).and_then(|number| self.json.get(number)).copied().unwrap_or(false)
    }

    /// Whether a field may be there several times.
    fn is_list(&self, name: &str) -> bool {
        super::coerce::property(&self.shape, name).types.contains(&SimpleType::Array)
    }

    /// Reads a form and adds what does not fit; the first reading that fits is taken. `ready` are values that needed no
    /// reading. `None` when there is nothing to hold against the schema.
    pub(super) fn read<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
        ready: Vec<(&str, Value)>,
        max_depth: u32,
        schema: &Schema,
        place: Place,
        found: &mut Violations,
    ) -> Option<Value> {
        let assigned = self.fields.assign(pairs, self.escapes);
        let mut broken = Violations::default();
        let base = self.documents(&assigned.found, ready, (max_depth, schema.twins()), place, &mut broken);
        let mut faults = assigned.faults;
        let mut first = None;
        for attempt in 0..MOST_ATTEMPTS {
            let mut object = base.clone();
            let varied = self.fill(&mut object, &assigned.found, &assigned.unknown, attempt, &mut faults);
            if !faults.is_empty() || (attempt > 0 && !varied) {
                break;
            }
            let value = Value::Object(object);
            if schema.fits(Instance::Value(&value)) {
                first = Some(value);
                break;
            }
            first = first.or(Some(value));
        }
        for (name, fault) in &faults {
            broken.push(place, joined("", name), fault.code, fault.detail);
        }
        let readable = broken.is_empty();
        found.append(broken);
        // Against a form that lost a field, the schema would only tell that it is missing.
        let value = first.filter(|_| readable)?;
        schema.check(&value, place, None, found);
        Some(value)
    }

    /// The values that do not depend on an attempt.
    fn documents(
        &self,
        spelled: &[Option<Spelled<'_>>],
        ready: Vec<(&str, Value)>,
        (max_depth, twins): (u32, &Twins),
        place: Place,
        found: &mut Violations,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        for ((field, _), spelled) in self.fields.iter().zip(&self.json).zip(spelled).filter(|((_, json), _)| **json) {
            let Some(Spelled::Texts(texts)) = spelled else { continue };
            for text in texts {
                let parsed = field.escapes.decode(text).map(|text| json::parse(text.as_bytes(), max_depth, twins));
                match parsed {
                    Ok(Ok(value)) => self.add(&mut object, &field.name, value, place, found),
                    Ok(Err(fault)) => found.push(place, joined("", &field.name) + &fault.pointer, fault.code, fault.detail),
                    Err(fault) => found.push(place, joined("", &field.name), fault.code, fault.detail),
                }
            }
        }
        for (name, value) in ready {
            if self.fields.is_alike(name) {
                found.push(place, joined("", name), ALIKE.code, ALIKE.detail);
                continue;
            }
            self.add(&mut object, name, value, place, found);
        }
        object
    }

    fn add(&self, object: &mut Map<String, Value>, name: &str, value: Value, place: Place, found: &mut Violations) {
        match (object.get_mut(name), self.is_list(name)) {
            (Some(Value::Array(list)), true) => list.push(value),
            (None, true) if !value.is_array() => drop(object.insert(name.to_owned(), Value::Array(vec![value]))),
            (None, _) => drop(object.insert(name.to_owned(), value)),
            (Some(_), _) => found.push(place, joined("", name), DUPLICATE.code, DUPLICATE.detail),
        }
    }

    /// Fills in the fields with their readings of one attempt; whether any field still had one.
    fn fill(
        &self,
        object: &mut Map<String, Value>,
        spelled: &[Option<Spelled<'_>>],
        unknown: &[(Cow<'_, str>, &str)],
        attempt: usize,
        faults: &mut Vec<(String, Fault)>,
    ) -> bool {
        let mut varied = false;
        for ((field, _), spelled) in self.fields.iter().zip(&self.json).zip(spelled).filter(|((_, json), _)| !**json) {
            let Some(spelled) = spelled else { continue };
            let mut number = 0;
            let nth = |_: &Value| {
                number += 1;
                number > attempt
            };
            match read(&field.spelling(), &field.shape, spelled, nth) {
                Ok(read) => {
                    varied |= read.fits;
                    insert_once(object, field.name.to_string(), read.value, faults);
                }
                Err(fault) => faults.push((field.name.to_string(), fault)),
            }
        }
        match others(self.escapes, &self.shape, unknown, attempt) {
            Ok(others) => others.into_iter().for_each(|(name, value)| insert_once(object, name, value, faults)),
            Err(fault) => faults.push((self.at_fault(unknown), fault)),
        }
        varied
    }
}

impl Form {
    /// The first name that is there too often, or whose text cannot be read.
    fn at_fault(&self, pairs: &[(Cow<'_, str>, &str)]) -> String {
        let mut seen = HashSet::new();
        let mut wrong = pairs.iter().filter(|(name, text)| {
            let again = !seen.insert(name) && !self.is_list(name);
            again || self.escapes.decode(text).is_err()
        });
        wrong.next().map_or(String::new(), |(name, _)| name.to_string())
    }
}

fn insert_once(object: &mut Map<String, Value>, name: String, value: Value, faults: &mut Vec<(String, Fault)>) {
    match object.entry(name) {
        serde_json::map::Entry::Vacant(entry) => drop(entry.insert(value)),
        serde_json::map::Entry::Occupied(entry) => faults.push((entry.key().clone(), DUPLICATE)),
    }
}

/// OpenAPI: what the contract gives a JSON media type is JSON, and objects are unless they have a style of their own.
fn is_json(shape: &Shape, encoding: Option<&Encoding>) -> bool {
    let of_objects = |shape: &Shape| shape.types.contains(&SimpleType::Object);
    match encoding {
        Some(encoding) if encoding.style.is_some() => false,
        Some(encoding) if !encoding.content_types.is_empty() => {
            encoding.content_types.iter().all(|range| super::media::is_json(range))
        }
        _ => of_objects(shape) || shape.items.as_deref().is_some_and(of_objects),
    }
}

/// A JSON field stands under its own name only: its properties are not spread.
fn own_shape(shape: &Shape, json: Option<&bool>) -> Shape {
    if json == Some(&true) { Shape::default() } else { shape.clone() }
}
