//! The tree as `jsonschema` reads it, so that a request is validated without a copy through `f64`.

use std::{borrow::Cow, slice};

use jsonschema::{
    JsonType,
    json::{Array, Json as Representation, JsonNumber, Node, NodeIdentity, Object},
};
use serde_json::Value;

use super::{Json, NumberText, find};

/// Lets `jsonschema` validate the tree itself, so that no copy through `f64` is made of a request.
#[derive(Debug)]
pub(crate) struct Exact;

impl Representation for Exact {
    type Node<'a> = &'a Json;
    type PreparedKey = String;
    type StringBuffer = Json;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut Json, string: &str, f: impl FnOnce(&Json) -> T) -> T {
        *buffer = Json::String(string.to_owned());
        f(buffer)
    }
}

impl<'a> Node<'a, Exact> for &'a Json {
    type Object = &'a [(String, Json)];
    type Array = &'a [Json];
    type Number = &'a NumberText;

    fn as_object(&self) -> Option<Self::Object> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Self::Array> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.as_text().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Self::Number> {
        match self {
            Json::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Json::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Json::Null => JsonType::Null,
            Json::Bool(_) => JsonType::Boolean,
            Json::Number(_) => JsonType::Number,
            Json::String(_) => JsonType::String,
            Json::Array(_) => JsonType::Array,
            Json::Object(_) => JsonType::Object,
        }
    }

    /// For error texts and `const` / `enum` only; never a way back to a request.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match self {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => number.to_number().map_or(Value::Null, Value::Number),
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| item.to_value().into_owned())
                    .collect(),
            ),
            Json::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), value.to_value().into_owned()))
                    .collect(),
            ),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Json>(self) as usize))
    }
}

impl<'a> Object<'a, Exact> for &'a [(String, Json)] {
    type Node = &'a Json;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        <[(String, Json)]>::len(self)
    }

    fn get(&self, key: &String) -> Option<&'a Json> {
        find(self, key)
    }

    fn members(&self) -> Members<'a> {
        Members(self.iter())
    }
}

/// The members of an object in their order.
#[derive(Debug)]
pub(crate) struct Members<'a>(slice::Iter<'a, (String, Json)>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a Json);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'a> Array<'a, Exact> for &'a [Json] {
    type Node = &'a Json;
    type ElementsIter = slice::Iter<'a, Json>;

    fn len(&self) -> usize {
        <[Json]>::len(self)
    }

    fn elements(&self) -> slice::Iter<'a, Json> {
        self.iter()
    }
}

impl NumberText {
    /// `serde_json`'s number, or nothing where it has none (an exponent beyond `f64`).
    fn to_number(&self) -> Option<serde_json::Number> {
        serde_json::from_str(&self.0).ok()
    }
}

impl JsonNumber for &NumberText {
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Bounds of schemas are the only reader.
    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|value: &f64| value.is_finite())
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(NumberText::to_number(self).unwrap_or_else(|| 0.into()))
    }

    fn is_integer(&self) -> bool {
        self.parts()
            .is_some_and(|(_, digits, exponent)| digits.is_empty() || exponent >= 0)
    }
}
