//! Schemas: the seven shapes that the documents are made of.
//!
//! Object, open enum, tagged union, id, scalar, list or map, and the three-state field. Beside them
//! stand files, which are bodies and never values: the bytes of one, and the form that carries it. A schema is
//! read by what it says, keyword by keyword; a keyword that no emitter honours is refused, so that
//! nothing a document says is lost without a word.

pub(super) mod read;

use std::collections::BTreeMap;

use crate::source::Place;

use super::operation::Version;
use super::read::words;

/// A named schema.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Where the document says it.
    pub place: Place,
    /// Its name: `TransferRequest`.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What must not reach a log.
    pub sensitive: Option<Sensitivity>,
    /// Its shape.
    pub shape: Shape,
}

/// What a named schema is.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A struct.
    Object(Object),
    /// A string with known values, open to new ones.
    Enum(Enum),
    /// One of several objects, told apart by a property.
    Union(Union),
    /// An id: a string with a type of its own.
    Id(Limits),
    /// A name for a scalar, a list or a map; it has no type of its own.
    Alias(Type),
    /// The bytes of a file: a reply, or the part of a form. It is no JSON and has no type.
    File,
    /// A form that carries a file, in the part of this name.
    Form(String),
}

impl Shape {
    /// The schemas that this one names.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Object(object) => object
                .properties
                .iter()
                .flat_map(|property| property.ty.names())
                .collect(),
            Self::Union(union) => union.variants.iter().map(|v| v.schema.as_str()).collect(),
            Self::Alias(ty) => ty.names(),
            Self::Enum(_) | Self::Id(_) | Self::File | Self::Form(_) => Vec::new(),
        }
    }

    /// Whether it is a file or carries one, and so is a body and no value.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File | Self::Form(_))
    }

    /// Whether it has a type of its own among the models.
    pub fn has_type(&self) -> bool {
        !matches!(self, Self::Alias(_)) && !self.is_file()
    }
}

/// A struct.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its fields, in the order of the document.
    pub properties: Vec<Property>,
    /// What the mock sends beside the required ones.
    pub always_sent: Vec<String>,
    /// Schemas with the fields of theirs that an update of this shape can name.
    pub updates: Vec<(String, Vec<String>)>,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Property {
    /// Name on the wire.
    pub name: String,
    /// What it says.
    pub description: String,
    /// Its type.
    pub ty: Type,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether absent, null and a value are three things.
    pub patch: bool,
    /// Only replies have it.
    pub read_only: bool,
    /// Only requests have it.
    pub write_only: bool,
    /// Replaced by something else.
    pub deprecated: bool,
    /// What must not reach a log.
    pub sensitive: Option<Sensitivity>,
    /// Versions that have it; none means every version.
    pub versions: Vec<Version>,
}

/// A string with known values.
#[derive(Clone, Debug)]
pub struct Enum {
    /// The values, in the order of the document.
    pub values: Vec<EnumValue>,
}

impl Enum {
    /// Values that not every version knows, with the plain value that the others send: the one
    /// without the ending that says more (`FROZEN_L2F` is FROZEN).
    pub fn plain_forms(&self) -> Vec<(&EnumValue, &EnumValue)> {
        let plain = |value: &EnumValue| {
            let (text, _) = value.wire.rsplit_once('_')?;
            self.values
                .iter()
                .find(|other| other.wire == text && other.versions != value.versions)
        };
        let versioned = self
            .values
            .iter()
            .filter(|value| !value.versions.is_empty());
        versioned
            .filter_map(|value| Some((value, plain(value)?)))
            .collect()
    }
}

/// One value of an enum.
#[derive(Clone, Debug)]
pub struct EnumValue {
    /// The text on the wire.
    pub wire: String,
    /// What it means.
    pub description: String,
    /// Versions that know it; none means every version.
    pub versions: Vec<Version>,
}

/// One of several objects.
#[derive(Clone, Debug)]
pub struct Union {
    /// The property that tells them apart.
    pub tag: String,
    /// The variants, in the order of the mapping.
    pub variants: Vec<Variant>,
}

/// One variant of a union.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The tag's value.
    pub value: String,
    /// The schema it stands for.
    pub schema: String,
}

/// The type of a property, a parameter or an item.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// A named schema.
    Named(String),
    /// Text, a number, a truth value.
    Scalar(Scalar, Limits),
    /// A list.
    List(Box<Type>, Limits),
    /// A map from text.
    Map(Box<Type>),
    /// Any JSON.
    Json,
}

impl Type {
    /// The schemas that the type names.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Named(name) => vec![name],
            Self::List(inner, _) | Self::Map(inner) => inner.names(),
            Self::Scalar(..) | Self::Json => Vec::new(),
        }
    }
}

words! {
    /// The scalars; the word is the pair of `type` and `format`.
    pub enum Scalar {
        /// Text.
        String = "string",
        /// `true` or `false`.
        Bool = "boolean",
        /// A count that fits 32 bits.
        Int32 = "integer int32",
        /// A count that fits 64 bits.
        Int64 = "integer int64",
        /// Money.
        Amount = "number decimal",
        /// How far a price may move.
        Slippage = "number slippage",
        /// An instant.
        Timestamp = "string date-time",
        /// A day.
        Date = "string date",
    }
    /// `x-sensitive`.
    pub enum Sensitivity {
        /// Tells something about a person.
        Personal = "personal",
        /// Opens something.
        Secret = "secret",
    }
}

/// Limits of a scalar or a list, in the text of the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits(pub BTreeMap<String, String>);
