//! The document that progenitor makes a client from.
//!
//! It is built from the model, not cut out of the bundle, so it can say only what progenitor can
//! do: one success type for each operation, one JSON body, path and query parameters. What it does
//! not say, and why:
//!
//! - *The form of the schemas.* Every one of them is replaced by a type of `layer2-types`, so a
//!   name is enough, and progenitor's own `types` module comes out empty.
//! - *Error replies.* progenitor allows one error type; without any, every other status arrives as
//!   `UnexpectedResponse`, from which the SDK reads all that a reply can tell.
//! - *Header parameters.* Token, signature, idempotency key and request id are the business of the
//!   SDK's layers, below the generated method.
//! - *Operations that move a file.* The facade calls them by hand, through the same layers.
//! - *Descriptions.* The client is not public; the facade above it is documented.

use openapiv3::OpenAPI;
use serde_json::{Map, Value, json};

use crate::model::Model;
use crate::model::operation::{Operation, Parameter};
use crate::model::read::Word as _;
use crate::model::shape::{Scalar, Type};
use crate::problem::Problem;
use crate::source::Place;

/// A document for progenitor, and the types that stand for its schemas.
#[derive(Debug)]
pub struct Prepared {
    /// The document.
    pub document: OpenAPI,
    /// Schema name and Rust path, for every schema of the document. Models are looked up in the
    /// module of the API, which the client imports.
    pub replacements: Vec<(String, String)>,
}

/// Prepares the document of one API.
pub fn prepare(model: &Model) -> Result<Prepared, Vec<Problem>> {
    let replacements = replacements(model);
    let schemas: Map<String, Value> = replacements
        .iter()
        .map(|(name, _)| (name.clone(), json!({ "type": "object" })))
        .collect();
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": model.title, "version": model.version },
        "paths": paths(model),
        "components": { "schemas": schemas },
    });
    let place = Place::whole(format!("openapi/{}", model.api));
    let document = serde_json::from_value(document).map_err(|error| {
        vec![Problem::new(
            &place,
            "prepare-client",
            format!("the document for progenitor cannot be built: {error}"),
            "correct codegen/src/prepare/client.rs",
        )]
    })?;
    Ok(Prepared {
        document,
        replacements,
    })
}

/// Scalars that have a type of ours are named schemas too.
fn replacements(model: &Model) -> Vec<(String, String)> {
    let of_schemas = model
        .schemas
        .values()
        .filter(|schema| schema.shape.has_type())
        .map(|schema| {
            (
                schema.name.clone(),
                format!("{}::{}", model.api, schema.name),
            )
        });
    let of_scalars = [
        Scalar::Amount,
        Scalar::Slippage,
        Scalar::Timestamp,
        Scalar::Date,
    ]
    .map(|scalar| {
        (
            scalar_schema(scalar),
            format!("::layer2_types::{}", scalar.variant()),
        )
    });
    of_schemas.chain(of_scalars).collect()
}

fn scalar_schema(scalar: Scalar) -> String {
    format!("Scalar{}", scalar.variant())
}

fn paths(model: &Model) -> Value {
    let mut paths = Map::new();
    let generated = |operation: &&Operation| !operation.is_upload() && !operation.is_download();
    for operation in model.operations.iter().filter(generated) {
        let path = paths
            .entry(operation.path.clone())
            .or_insert_with(|| json!({}));
        path[operation.method.text()] = operation_object(model, operation);
    }
    Value::Object(paths)
}

fn operation_object(model: &Model, operation: &Operation) -> Value {
    let in_path = operation
        .path_params
        .iter()
        .map(|p| parameter(model, p, "path"));
    let in_query = operation.query.iter().map(|p| parameter(model, p, "query"));
    let mut object = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": responses(operation),
    });
    if let Some(body) = &operation.body {
        let schema = reference(&body.schema);
        object["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    object
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for reply in &operation.replies {
        let mut response = json!({ "description": "" });
        if let Some(schema) = &reply.schema {
            response["content"] = json!({ "application/json": { "schema": reference(schema) } });
        }
        responses.insert(reply.status.to_string(), response);
    }
    Value::Object(responses)
}

fn parameter(model: &Model, parameter: &Parameter, place: &str) -> Value {
    json!({
        "name": parameter.name,
        "in": place,
        "required": place == "path",
        "schema": schema(model, &parameter.ty),
    })
}

fn schema(model: &Model, ty: &Type) -> Value {
    match model.resolve(ty) {
        Type::Named(name) => reference(name),
        Type::Scalar(scalar, _) => match scalar {
            Scalar::String => json!({ "type": "string" }),
            Scalar::Bool => json!({ "type": "boolean" }),
            Scalar::Int32 => json!({ "type": "integer", "format": "int32" }),
            Scalar::Int64 => json!({ "type": "integer", "format": "int64" }),
            Scalar::Amount | Scalar::Slippage | Scalar::Timestamp | Scalar::Date => {
                reference(&scalar_schema(*scalar))
            }
        },
        Type::List(inner, _) => json!({ "type": "array", "items": schema(model, inner) }),
        Type::Map(_) | Type::Json => json!({}),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
