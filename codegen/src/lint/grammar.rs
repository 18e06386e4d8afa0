//! Which fields an object of a document may have and of which kind they are: the subset of OpenAPI
//! 3.0.3 that the generator reads, and the fields of our own, as one table.
//!
//! A field that is not in the table is refused, because it would be ignored in silence: a misspelt
//! `requried` or `x-retries` is found here.

use crate::problem::nearest;
use crate::source::{Node, Value};

/// What may stand at a place.
enum Shape {
    /// Any value: examples and defaults.
    Any,
    Text,
    Bool,
    Number,
    /// A whole number from zero on.
    Count,
    List(&'static Shape),
    Map(&'static Shape),
    Object(&'static Object),
    /// An object, or a reference to a component of its kind.
    OrRef(&'static Object),
    BoolOr(&'static Object),
    ListOrMap(&'static Shape),
}

/// The fields of one kind of object.
pub(super) struct Object {
    name: &'static str,
    fields: &'static [(&'static str, Shape)],
}

/// What the grammar finds wrong.
pub(super) enum Fault {
    /// A value of another kind than the place asks for.
    Kind {
        /// The kind that is asked for.
        expected: &'static str,
    },
    /// A field that its object does not have.
    Field {
        /// Name of the field.
        name: String,
        /// What the object is.
        object: &'static str,
        /// What may have been meant.
        near: Option<&'static str>,
    },
}

/// Calls `fault` for everything in a document that the table does not allow.
pub(super) fn walk<'a>(root: &'a Node, fault: &mut dyn FnMut(&'a Node, Fault)) {
    object(&DOCUMENT, root, fault);
}

fn shape<'a>(shape_: &'static Shape, node: &'a Node, fault: &mut dyn FnMut(&'a Node, Fault)) {
    match (shape_, &node.value) {
        (Shape::Any, _)
        | (Shape::Text, Value::String(_))
        | (Shape::Bool | Shape::BoolOr(_), Value::Bool(_))
        | (Shape::Number, Value::Number(_)) => {}
        (Shape::Count, Value::Number(_)) if node.as_u64().is_some() => {}
        (Shape::List(inner) | Shape::ListOrMap(inner), Value::List(items)) => {
            items.iter().for_each(|item| shape(inner, item, fault));
        }
        (Shape::Map(inner), Value::Map(map)) => {
            map.entries()
                .iter()
                .for_each(|entry| shape(inner, &entry.node, fault));
        }
        (Shape::ListOrMap(inner), Value::Map(map)) => {
            for entry in map.entries() {
                match &entry.node.value {
                    Value::List(items) => items.iter().for_each(|i| shape(inner, i, fault)),
                    _ => fault(&entry.node, Fault::Kind { expected: "a list" }),
                }
            }
        }
        (Shape::OrRef(_), Value::Map(map)) if map.get("$ref").is_some() => {
            object(&REFERENCE, node, fault);
        }
        (Shape::Object(fields) | Shape::OrRef(fields) | Shape::BoolOr(fields), Value::Map(_)) => {
            object(fields, node, fault);
        }
        _ => fault(
            node,
            Fault::Kind {
                expected: shape_.name(),
            },
        ),
    }
}

fn object<'a>(kind: &'static Object, node: &'a Node, fault: &mut dyn FnMut(&'a Node, Fault)) {
    let Some(map) = node.as_map() else {
        fault(node, Fault::Kind { expected: "a map" });
        return;
    };
    for entry in map.entries() {
        match kind.fields.iter().find(|(name, _)| *name == entry.key) {
            Some((_, inner)) => shape(inner, &entry.node, fault),
            None => {
                let near = nearest(&entry.key, kind.fields.iter().map(|(name, _)| *name));
                let name = entry.key.clone();
                fault(
                    &entry.node,
                    Fault::Field {
                        name,
                        object: kind.name,
                        near,
                    },
                );
            }
        }
    }
}

impl Shape {
    fn name(&self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Text => "a string",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Count => "a whole number",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Object(_) | Self::OrRef(_) => "a map",
            Self::BoolOr(_) => "a map, or true or false",
            Self::ListOrMap(_) => "a list, or a map of lists",
        }
    }
}

static TEXTS: Shape = Shape::List(&Shape::Text);
static SCHEMA_OR_REF: Shape = Shape::OrRef(&SCHEMA);
static PARAMETER_OR_REF: Shape = Shape::OrRef(&PARAMETER);
static RESPONSE_OR_REF: Shape = Shape::OrRef(&RESPONSE);
static HEADER_OR_REF: Shape = Shape::OrRef(&HEADER);
static REQUIREMENT: Shape = Shape::Map(&TEXTS);

static DOCUMENT: Object = Object {
    name: "a document",
    fields: &[
        ("openapi", Shape::Text),
        ("info", Shape::Object(&INFO)),
        ("servers", Shape::List(&Shape::Object(&SERVER))),
        ("tags", Shape::List(&Shape::Object(&TAG))),
        ("security", Shape::List(&REQUIREMENT)),
        ("paths", Shape::Map(&Shape::Object(&PATH_ITEM))),
        ("components", Shape::Object(&COMPONENTS)),
        ("x-api", Shape::Text),
        ("x-error-codes", Shape::Map(&Shape::Object(&ERROR_CODE))),
        ("x-common-errors", Shape::List(&Shape::Text)),
        ("x-webhooks", Shape::Map(&Shape::Object(&WEBHOOK))),
    ],
};

static INFO: Object = Object {
    name: "`info`",
    fields: &[
        ("title", Shape::Text),
        ("version", Shape::Text),
        ("summary", Shape::Text),
        ("description", Shape::Text),
        ("license", Shape::Any),
        ("contact", Shape::Any),
    ],
};

static SERVER: Object = Object {
    name: "a server",
    fields: &[
        ("url", Shape::Text),
        ("description", Shape::Text),
        ("variables", Shape::Any),
    ],
};

static TAG: Object = Object {
    name: "a tag",
    fields: &[("name", Shape::Text), ("description", Shape::Text)],
};

/// A component is never a reference itself: an alias would be a second name for one thing.
static COMPONENTS: Object = Object {
    name: "`components`",
    fields: &[
        ("schemas", Shape::Map(&Shape::Object(&SCHEMA))),
        ("parameters", Shape::Map(&Shape::Object(&PARAMETER))),
        ("responses", Shape::Map(&Shape::Object(&RESPONSE))),
        ("headers", Shape::Map(&Shape::Object(&HEADER))),
        ("requestBodies", Shape::Map(&Shape::Object(&REQUEST_BODY))),
        (
            "securitySchemes",
            Shape::Map(&Shape::Object(&SECURITY_SCHEME)),
        ),
    ],
};

static SECURITY_SCHEME: Object = Object {
    name: "a security scheme",
    fields: &[
        ("type", Shape::Text),
        ("description", Shape::Text),
        ("name", Shape::Text),
        ("in", Shape::Text),
        ("scheme", Shape::Text),
        ("bearerFormat", Shape::Text),
        ("flows", Shape::Map(&Shape::Object(&FLOW))),
    ],
};

static FLOW: Object = Object {
    name: "an OAuth flow",
    fields: &[
        ("tokenUrl", Shape::Text),
        ("authorizationUrl", Shape::Text),
        ("refreshUrl", Shape::Text),
        ("scopes", Shape::Map(&Shape::Text)),
    ],
};

static PATH_ITEM: Object = Object {
    name: "a path",
    fields: &[
        ("get", Shape::Object(&OPERATION)),
        ("put", Shape::Object(&OPERATION)),
        ("post", Shape::Object(&OPERATION)),
        ("delete", Shape::Object(&OPERATION)),
        ("patch", Shape::Object(&OPERATION)),
    ],
};

static OPERATION: Object = Object {
    name: "an operation",
    fields: &[
        ("operationId", Shape::Text),
        ("tags", Shape::List(&Shape::Text)),
        ("summary", Shape::Text),
        ("description", Shape::Text),
        ("deprecated", Shape::Bool),
        ("security", Shape::List(&REQUIREMENT)),
        ("parameters", Shape::List(&PARAMETER_OR_REF)),
        ("requestBody", Shape::OrRef(&REQUEST_BODY)),
        ("responses", Shape::Map(&RESPONSE_OR_REF)),
        ("x-signature", Shape::Text),
        ("x-retry", Shape::Text),
        ("x-retry-reason", Shape::Text),
        ("x-effect", Shape::Text),
        ("x-idempotency", Shape::Text),
        ("x-paging", Shape::Text),
        ("x-errors", Shape::List(&Shape::Text)),
        ("x-body-limit", Shape::Count),
        ("x-runs-in", Shape::Text),
        ("x-versions", Shape::List(&Shape::Text)),
        ("x-mutation", Shape::Object(&MUTATION)),
    ],
};

static MUTATION: Object = Object {
    name: "`x-mutation`",
    fields: &[
        ("when", Shape::Text),
        ("before", Shape::Text),
        ("next", Shape::Text),
        ("undo", Shape::Text),
        ("retry", Shape::Text),
    ],
};

static PARAMETER: Object = Object {
    name: "a parameter",
    fields: &[
        ("name", Shape::Text),
        ("in", Shape::Text),
        ("required", Shape::Bool),
        ("description", Shape::Text),
        ("deprecated", Shape::Bool),
        ("schema", Shape::OrRef(&SCHEMA)),
        ("style", Shape::Text),
        ("explode", Shape::Bool),
        ("example", Shape::Any),
        ("x-versions", Shape::List(&Shape::Text)),
        ("x-sensitive", Shape::Text),
    ],
};

static HEADER: Object = Object {
    name: "a header",
    fields: &[
        ("required", Shape::Bool),
        ("description", Shape::Text),
        ("deprecated", Shape::Bool),
        ("schema", Shape::OrRef(&SCHEMA)),
        ("example", Shape::Any),
    ],
};

static REQUEST_BODY: Object = Object {
    name: "a request body",
    fields: &[
        ("description", Shape::Text),
        ("required", Shape::Bool),
        ("content", Shape::Map(&Shape::Object(&MEDIA))),
    ],
};

static RESPONSE: Object = Object {
    name: "a response",
    fields: &[
        ("description", Shape::Text),
        ("headers", Shape::Map(&HEADER_OR_REF)),
        ("content", Shape::Map(&Shape::Object(&MEDIA))),
    ],
};

static MEDIA: Object = Object {
    name: "a media type",
    fields: &[
        ("schema", Shape::OrRef(&SCHEMA)),
        ("example", Shape::Any),
        ("encoding", Shape::Any),
    ],
};

static SCHEMA: Object = Object {
    name: "a schema",
    fields: &[
        ("type", Shape::Text),
        ("format", Shape::Text),
        ("description", Shape::Text),
        ("deprecated", Shape::Bool),
        ("nullable", Shape::Bool),
        ("readOnly", Shape::Bool),
        ("writeOnly", Shape::Bool),
        ("example", Shape::Any),
        ("default", Shape::Any),
        ("enum", Shape::List(&Shape::Text)),
        ("properties", Shape::Map(&SCHEMA_OR_REF)),
        ("required", Shape::List(&Shape::Text)),
        ("additionalProperties", Shape::BoolOr(&SCHEMA)),
        ("items", Shape::OrRef(&SCHEMA)),
        ("allOf", Shape::List(&SCHEMA_OR_REF)),
        ("oneOf", Shape::List(&SCHEMA_OR_REF)),
        ("discriminator", Shape::Object(&DISCRIMINATOR)),
        ("minimum", Shape::Number),
        ("maximum", Shape::Number),
        ("exclusiveMinimum", Shape::Bool),
        ("exclusiveMaximum", Shape::Bool),
        ("minLength", Shape::Count),
        ("maxLength", Shape::Count),
        ("pattern", Shape::Text),
        ("minItems", Shape::Count),
        ("maxItems", Shape::Count),
        ("uniqueItems", Shape::Bool),
        ("minProperties", Shape::Count),
        ("maxProperties", Shape::Count),
        ("x-id", Shape::Text),
        ("x-sensitive", Shape::Text),
        ("x-patch", Shape::Bool),
        ("x-always-sent", Shape::List(&Shape::Text)),
        ("x-updates", Shape::Map(&TEXTS)),
        ("x-enum-descriptions", Shape::Map(&Shape::Text)),
        ("x-versions", Shape::ListOrMap(&Shape::Text)),
    ],
};

static DISCRIMINATOR: Object = Object {
    name: "a discriminator",
    fields: &[
        ("propertyName", Shape::Text),
        ("mapping", Shape::Map(&Shape::Text)),
    ],
};

static ERROR_CODE: Object = Object {
    name: "an error code",
    fields: &[
        ("status", Shape::Count),
        ("meaning", Shape::Text),
        ("what-to-do", Shape::Text),
    ],
};

static WEBHOOK: Object = Object {
    name: "a webhook",
    fields: &[
        ("summary", Shape::Text),
        ("when", Shape::Text),
        ("payload", Shape::OrRef(&REFERENCE)),
        ("example", Shape::Any),
        ("x-versions", Shape::List(&Shape::Text)),
    ],
};

static REFERENCE: Object = Object {
    name: REFERENCE_NAME,
    fields: &[("$ref", Shape::Text)],
};

/// What a reference is called: its siblings are ignored by OpenAPI 3.0 and refused here.
pub(super) const REFERENCE_NAME: &str = "a reference";
