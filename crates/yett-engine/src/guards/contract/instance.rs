//! What a schema is held against: a tree, a tape, or either as the one property that names its schema.
//!
//! The validator is compiled for all of them at once. What a tape has no quick answer for, its tree gives.

use crate::body::tape::{Elements, Entry, Members, Written};
use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, cmp, unique};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// Trees and tapes.
pub(super) struct Instances;

/// A value.
#[derive(Clone, Copy)]
pub(super) enum Instance<'a> {
    Value(&'a Value),
    /// The one at a place of a tape.
    Written(&'a Written<'a>, u32),
    /// A string that is the name of a member.
    Name(&'a str),
    Wrapped(&'a Wrapped<'a>),
}

/// An object with one member.
pub(super) struct Wrapped<'a> {
    pub(super) name: &'a str,
    pub(super) value: Instance<'a>,
}

impl Json for Instances {
    type Node<'a> = Instance<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    const KEYS_PER_LOOKUP: usize = 4;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, look: impl FnOnce(Instance<'_>) -> T) -> T {
        look(Instance::Name(string))
    }
}

impl<'a> Node<'a, Instances> for Instance<'a> {
    type Object = Fields<'a>;
    type Array = List<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Fields<'a>> {
        match *self {
            Self::Value(Value::Object(object)) => Some(Fields::Map(object)),
            Self::Written(written, at) => match *written.entry(at) {
                Entry::Object { count, .. } => Some(Fields::Written(written, at, count)),
                _ => None,
            },
            Self::Wrapped(wrapped) => Some(Fields::Wrapped(wrapped)),
            Self::Value(_) | Self::Name(_) => None,
        }
    }

    fn as_array(&self) -> Option<List<'a>> {
        match *self {
            Self::Value(Value::Array(items)) => Some(List::Items(items)),
            Self::Written(written, at) => match *written.entry(at) {
                Entry::Array { count, .. } => Some(List::Written(written, at, count)),
                _ => None,
            },
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.text().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        match *self {
            Self::Value(Value::Number(number)) => Some(number),
            Self::Written(written, at) => match written.entry(at) {
                Entry::Number(number) => Some(number),
                _ => None,
            },
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match *self {
            Self::Value(Value::Bool(value)) => Some(*value),
            Self::Written(written, at) => match *written.entry(at) {
                Entry::Bool(value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.json_type() == JsonType::Null
    }

    fn json_type(&self) -> JsonType {
        match *self {
            Self::Value(value) => match value {
                Value::Null => JsonType::Null,
                Value::Bool(_) => JsonType::Boolean,
                Value::Number(_) => JsonType::Number,
                Value::String(_) => JsonType::String,
                Value::Array(_) => JsonType::Array,
                Value::Object(_) => JsonType::Object,
            },
            Self::Written(written, at) => match *written.entry(at) {
                Entry::Null => JsonType::Null,
                Entry::Bool(_) => JsonType::Boolean,
                Entry::Number(_) => JsonType::Number,
                Entry::Text { .. } | Entry::Unescaped { .. } => JsonType::String,
                Entry::Array { .. } => JsonType::Array,
                Entry::Object { .. } => JsonType::Object,
            },
            Self::Name(_) => JsonType::String,
            Self::Wrapped(_) => JsonType::Object,
        }
    }

    /// A character takes one to four bytes: mostly the bytes decide, and nothing needs counting.
    fn string_length_within(&self, least: u64, most: u64) -> Option<bool> {
        let text = self.text()?;
        let bytes = text.len() as u64;
        let fewest = bytes.div_ceil(4);
        if bytes < least || fewest > most {
            return Some(false);
        }
        Some((least <= fewest && bytes <= most) || (least..=most).contains(&(text.chars().count() as u64)))
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (*self, expected) {
            (Self::Value(value), _) => cmp::equal(value, expected),
            (_, Value::Null) => self.is_null(),
            (_, Value::Bool(value)) => self.as_boolean() == Some(*value),
            (_, Value::Number(number)) => self.as_number().is_some_and(|own| cmp::equal_numbers(&own, number)),
            (_, Value::String(text)) => self.text() == Some(text),
            (_, Value::Array(items)) => self.as_array().is_some_and(|own| own.equals(items)),
            (_, Value::Object(object)) => self.as_object().is_some_and(|own| own.equals(object)),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        match *self {
            Self::Value(value) => Cow::Borrowed(value),
            Self::Written(written, at) => Cow::Owned(written.value(at)),
            Self::Name(name) => Cow::Owned(name.into()),
            Self::Wrapped(wrapped) => {
                let member = (wrapped.name.to_owned(), wrapped.value.to_value().into_owned());
                Cow::Owned(Value::Object(Map::from_iter([member])))
            }
        }
    }

    /// Where it is in memory: trees, entries of tapes, names and wrappings lie in places of their own.
    fn identity(&self) -> Option<NodeIdentity> {
        let address = match *self {
            Self::Value(value) => std::ptr::from_ref(value).addr(),
            Self::Written(written, at) => std::ptr::from_ref(written.entry(at)).addr(),
            Self::Name(name) => name.as_ptr().addr(),
            Self::Wrapped(wrapped) => std::ptr::from_ref(wrapped).addr(),
        };
        Some(NodeIdentity::new(address))
    }
}

impl<'a> Instance<'a> {
    fn text(self) -> Option<&'a str> {
        match self {
            Self::Value(Value::String(text)) => Some(text),
            Self::Name(name) => Some(name),
            Self::Written(written, at) => match written.entry(at) {
                entry @ (Entry::Text { .. } | Entry::Unescaped { .. }) => Some(written.tape.string(written.text, entry)),
                _ => None,
            },
            Self::Value(_) | Self::Wrapped(_) => None,
        }
    }
}

/// The members of an object.
pub(super) enum Fields<'a> {
    Map(&'a Map<String, Value>),
    /// The object at a place of a tape, and how many members it has.
    Written(&'a Written<'a>, u32, u32),
    Wrapped(&'a Wrapped<'a>),
}

impl<'a> Fields<'a> {
    fn find(&self, key: &str) -> Option<Instance<'a>> {
        match *self {
            Self::Map(object) => object.get(key).map(Instance::Value),
            Self::Written(written, at, _) => {
                let found = written.members(at).find(|(name, _)| *name == key);
                found.map(|(_, at)| Instance::Written(written, at))
            }
            Self::Wrapped(wrapped) => (wrapped.name == key).then_some(wrapped.value),
        }
    }

    fn equals(&self, expected: &Map<String, Value>) -> bool {
        let equals = |(name, value): (&str, Instance<'_>)| expected.get(name).is_some_and(|other| value.equals_value(other));
        self.len() == expected.len() && self.members().all(equals)
    }
}

impl<'a> Object<'a, Instances> for Fields<'a> {
    type Node = Instance<'a>;
    type MemberName = &'a str;
    type MembersIter = FieldsIter<'a>;

    fn len(&self) -> usize {
        match *self {
            Self::Map(object) => object.len(),
            Self::Written(_, _, count) => count as usize,
            Self::Wrapped(_) => 1,
        }
    }

    fn get(&self, key: &Box<str>) -> Option<Instance<'a>> {
        self.find(key)
    }

    fn members(&self) -> FieldsIter<'a> {
        match *self {
            Self::Map(object) => FieldsIter::Map(object.iter()),
            Self::Written(written, at, _) => FieldsIter::Written(written, written.members(at)),
            Self::Wrapped(wrapped) => FieldsIter::Wrapped(Some(wrapped)),
        }
    }
}

/// The members of an object, one after the other.
pub(super) enum FieldsIter<'a> {
    Map(serde_json::map::Iter<'a>),
    Written(&'a Written<'a>, Members<'a>),
    Wrapped(Option<&'a Wrapped<'a>>),
}

impl<'a> Iterator for FieldsIter<'a> {
    type Item = (&'a str, Instance<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Map(members) => members.next().map(|(name, value)| (name.as_str(), Instance::Value(value))),
            Self::Written(written, members) => members.next().map(|(name, at)| (name, Instance::Written(written, at))),
            Self::Wrapped(wrapped) => wrapped.take().map(|wrapped| (wrapped.name, wrapped.value)),
        }
    }
}

/// The items of an array.
pub(super) enum List<'a> {
    Items(&'a [Value]),
    /// The array at a place of a tape, and how many items it has.
    Written(&'a Written<'a>, u32, u32),
}

impl List<'_> {
    fn equals(&self, expected: &[Value]) -> bool {
        self.len() == expected.len() && self.elements().zip(expected).all(|(own, other)| own.equals_value(other))
    }
}

impl<'a> Array<'a, Instances> for List<'a> {
    type Node = Instance<'a>;
    type ElementsIter = ListIter<'a>;

    fn len(&self) -> usize {
        match *self {
            Self::Items(items) => items.len(),
            Self::Written(_, _, count) => count as usize,
        }
    }

    fn elements(&self) -> ListIter<'a> {
        match *self {
            Self::Items(items) => ListIter::Items(items.iter()),
            Self::Written(written, at, _) => ListIter::Written(written, written.elements(at)),
        }
    }

    fn is_unique(&self) -> bool {
        match *self {
            Self::Items(items) => unique::is_unique(items),
            Self::Written(written, at, _) => {
                let items: Vec<Value> = written.elements(at).map(|at| written.value(at)).collect();
                unique::is_unique(&items)
            }
        }
    }
}

/// The items of an array, one after the other.
pub(super) enum ListIter<'a> {
    Items(std::slice::Iter<'a, Value>),
    Written(&'a Written<'a>, Elements<'a>),
}

impl<'a> Iterator for ListIter<'a> {
    type Item = Instance<'a>;

    fn next(&mut self) -> Option<Instance<'a>> {
        match self {
            Self::Items(items) => items.next().map(Instance::Value),
            Self::Written(written, elements) => elements.next().map(|at| Instance::Written(written, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::quick;
    use super::*;
    use jsonschema::Validator;
    use proptest::prelude::*;
    use serde_json::json;

    /// Schemas whose keywords look at a value in every way there is.
    fn schemas() -> Vec<Value> {
        vec![
            json!({"enum": [{"a": 1}, [1, "a"], 1, "a", null, true, {}, [], {"a": {"b": [1]}}]}),
            json!({"const": {"a": [1.0, "b"]}}),
            json!({"type": ["object", "array"], "uniqueItems": true, "maxItems": 3, "maxProperties": 2}),
            json!({"propertyNames": {"maxLength": 1, "pattern": "^[ab]$"}, "minProperties": 1}),
            json!({"properties": {"a": {"type": "integer"}, "b": {"minLength": 1, "maxLength": 2}}, "additionalProperties": false}),
            json!({"required": ["a"], "properties": {"a": true, "b": {"$ref": "#"}, "\u{e9}": {"$ref": "#"}}}),
            json!({"required": ["a", "b", "\u{e9}"], "dependentRequired": {"a": ["b"]}}),
            json!({"contains": {"multipleOf": 0.5, "exclusiveMaximum": 2}, "minContains": 2}),
            json!({"anyOf": [{"required": ["a"], "properties": {"a": true}}, {"type": "array"}], "unevaluatedProperties": false}),
            json!({"prefixItems": [{"type": "string"}], "items": {"type": ["number", "null"]}, "unevaluatedItems": false}),
            json!({"patternProperties": {"^a": {"type": "boolean"}, "b": {"not": {"type": "null"}}}}),
            json!({"additionalProperties": {"$ref": "#"}, "items": {"$ref": "#"}, "not": {"const": "a"}, "minimum": 0}),
        ]
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-2i64..4).prop_map(Value::from),
            prop_oneof![Just(0.5), Just(1.0), Just(1e300)].prop_map(Value::from),
            "[ab\u{e9}\"\n]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let names = prop_oneof![Just("a".to_owned()), Just("b".to_owned()), "[ab\u{e9}\\\\]{0,2}"];
            let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
            prop_oneof![list, prop::collection::btree_map(names, inner, 0..4).prop_map(|object| json!(object))]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn test_instances_when_a_tape_is_checked_then_it_fits_as_the_librarys_own_values_do(value in values()) {
            let text = value.to_string();
            let tape = quick::read(&text, 64, 1000).unwrap();
            let written = Written { text: &text, tape: &tape };
            for schema in schemas() {
                let expected = Validator::new(&schema).unwrap().is_valid(&value);
                let ours = super::super::schema::compile("urn:yett:request", &schema).unwrap();
                prop_assert_eq!(ours.is_valid(Instance::Written(&written, 0)), expected, "{} of {}", schema, text);
                prop_assert_eq!(ours.is_valid(Instance::Value(&value)), expected, "{} of {}", schema, text);
                let wrapper = json!({"properties": {"x": schema}});
                let ours = super::super::schema::compile("urn:yett:request", &wrapper).unwrap();
                let wrapped = Wrapped { name: "x", value: Instance::Written(&written, 0) };
                if !schema.to_string().contains("$ref") {
                    prop_assert_eq!(ours.is_valid(Instance::Wrapped(&wrapped)), expected, "{} of {}", schema, text);
                }
            }
        }

        #[test]
        fn test_instances_when_compared_then_it_is_by_value(value in values(), other in values()) {
            let text = value.to_string();
            let tape = quick::read(&text, 64, 1000).unwrap();
            let written = Written { text: &text, tape: &tape };
            prop_assert!(Instance::Written(&written, 0).equals_value(&value));
            prop_assert_eq!(Instance::Written(&written, 0).equals_value(&other), cmp::equal(&value, &other));
            prop_assert_eq!(Instance::Written(&written, 0).to_value().into_owned(), value);
        }
    }

    #[test]
    fn test_instances_when_characters_are_counted_then_it_is_not_bytes() {
        for (text, least, most, fits) in
            [("", 0, 0, true), ("\u{e9}\u{e9}", 2, 2, true), ("\u{e9}\u{e9}", 3, 4, false), ("ab", 0, 1, false)]
        {
            assert_eq!(Instance::Name(text).string_length_within(least, most), Some(fits), "{text}");
        }
        assert_eq!(Instance::Value(&Value::Null).string_length_within(0, 9), None);
    }
}
