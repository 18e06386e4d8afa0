//! The model that Rust code is made from: the document without what a type should not offer.
//!
//! A request may carry members that the server ignores, such as the `id` and the `status` that a
//! client read before; the document describes them with `readOnly` and the validators let them pass.
//! In a type they would be a trap, a field that does nothing. So schemas that only requests use lose
//! their read-only properties here, and schemas that nothing but these named are left out.
//!
//! A schema that a reply or an event uses too keeps everything: there a reader wants the members.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::operation::Operation;
use crate::model::shape::Shape;

/// The model without read-only properties of requests.
#[must_use]
pub fn prepare(model: &Model) -> Model {
    let sent = reached(model, &bodies(model));
    let read = reached(model, &others(model));
    let mut prepared = model.clone();
    for (_, schema) in prepared
        .schemas
        .iter_mut()
        .filter(|(name, _)| sent.contains(*name) && !read.contains(*name))
    {
        if let Shape::Object(object) = &mut schema.shape {
            object.properties.retain(|property| !property.read_only);
        }
    }
    let still_used = reached(&prepared, &[bodies(model), others(model)].concat());
    prepared
        .schemas
        .retain(|name, _| !sent.contains(name) || read.contains(name) || still_used.contains(name));
    prepared
}

/// The schemas of request bodies.
fn bodies(model: &Model) -> Vec<&str> {
    let bodies = model.operations.iter().filter_map(|o| o.body.as_ref());
    bodies.map(|body| body.schema.as_str()).collect()
}

/// What operations and events name beside bodies.
fn others(model: &Model) -> Vec<&str> {
    let payloads = model.events.iter().map(|event| event.payload.as_str());
    let operations = model.operations.iter().flat_map(parameters_and_replies);
    operations.chain(payloads).collect()
}

fn parameters_and_replies(operation: &Operation) -> Vec<&str> {
    let parameters = operation.path_params.iter().chain(&operation.query);
    let replies = operation.replies.iter();
    parameters
        .flat_map(|parameter| parameter.ty.names())
        .chain(replies.filter_map(|reply| reply.schema.as_deref()))
        .collect()
}

/// Every schema that can be come by from these.
fn reached(model: &Model, names: &[&str]) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = names.to_vec();
    while let Some(name) = open.pop() {
        if let Some(schema) = model.schemas.get(name)
            && reached.insert(name.to_owned())
        {
            open.extend(schema.shape.names());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundle, source};

    fn shop() -> Model {
        let text = include_str!("../../tests/golden/shop.yaml");
        let node = source::parse("shop.yaml", text).expect("good YAML");
        let document = bundle::merge("shop", vec![node]).expect("one fragment");
        Model::build(&document).expect("a good document")
    }

    fn properties<'m>(model: &'m Model, name: &str) -> Vec<&'m str> {
        match &model.schemas[name].shape {
            Shape::Object(object) => object.properties.iter().map(|p| p.name.as_str()).collect(),
            shape => panic!("{name} is {shape:?}"),
        }
    }

    #[test]
    fn a_request_loses_what_the_server_ignores() {
        let model = shop();
        assert_eq!(
            properties(&model, "OrderUpdateRequest"),
            ["id", "progress", "note"]
        );
        let prepared = prepare(&model);
        assert_eq!(properties(&prepared, "OrderUpdateRequest"), ["note"]);
    }

    #[test]
    fn what_a_reply_shows_stays_in_the_type_that_both_use() {
        let prepared = prepare(&shop());
        assert!(properties(&prepared, "Order").contains(&"createdAt"));
    }

    #[test]
    fn a_schema_goes_with_the_last_property_that_named_it() {
        let model = shop();
        let prepared = prepare(&model);
        let gone: Vec<_> = model
            .schemas
            .keys()
            .filter(|name| !prepared.schemas.contains_key(*name))
            .collect();
        assert_eq!(gone, ["OrderProgress"]);
    }
}
