//! Makes of a document what tools that know OpenAPI alone can read.
//!
//! The fragments are written for us: an event is a summary, a moment and a payload, and a reference
//! that may be null is a reference and `nullable`. Linters and other generators know neither. So the
//! bundle, and only the bundle, says the same in their words: an event is a path item whose body is
//! the whole delivery, and `nullable` has the `type` beside it that OpenAPI 3.0.3 asks for. Nothing
//! is added to what the document means, and no emitter of ours reads the result.

use crate::source::{Document, Entry, Map, Node, Place, Value};

/// The document as it is published.
pub fn published(document: &Document) -> Node {
    let mut root = document.root.clone();
    name_nullable_types(&mut root, &document.root);
    if let Some(events) = root.as_map_mut().and_then(|map| map.get_mut(EVENTS)) {
        let place = events.place.clone();
        let items = events
            .entries()
            .iter()
            .map(|event| (event.key.as_str(), path_item(event)));
        *events = map(&place, items.collect());
    }
    root
}

/// The path item of an event: a POST to the subscriber with the whole delivery as its body.
fn path_item(event: &Entry) -> Node {
    let place = &event.node.place;
    let kept = |key: &'static str| event.node.get(key).cloned();
    let media = map(place, vec![("schema", delivery(event))]);
    let body = map(
        place,
        vec![
            ("required", Node::new(place.clone(), Value::Bool(true))),
            ("content", map(place, vec![("application/json", media)])),
        ],
    );
    let taken = map(place, vec![("description", text(place, TAKEN))]);
    let mut post: Vec<_> = [("summary", kept("summary")), ("description", kept("when"))]
        .into_iter()
        .filter_map(|(key, node)| Some((key, node?)))
        .collect();
    post.push(("operationId", text(place, &event.key.to_lowercase())));
    post.push((
        "security",
        Node::new(place.clone(), Value::List(Vec::new())),
    ));
    post.extend(kept("x-versions").map(|versions| ("x-versions", versions)));
    post.push(("requestBody", body));
    post.push(("responses", map(place, vec![("2XX", taken)])));
    map(place, vec![("post", map(place, post))])
}

/// The schema of what is posted: the envelope of every event around this one's payload.
fn delivery(event: &Entry) -> Node {
    let place = &event.node.place;
    let string = |description: &str| {
        vec![
            ("type", text(place, "string")),
            ("description", text(place, description)),
        ]
    };
    let mut date = string("When it happened, ISO 8601; the time zone may be missing.");
    date.push(("example", text(place, "2026-01-05T09:00:00.000001-05:00")));
    let mut kind = string("The type of this event.");
    kind.push(("enum", list(place, &[&event.key])));
    let mut properties = vec![
        (
            "event_id",
            map(
                place,
                string("Id of the event; a repeated delivery has the same."),
            ),
        ),
        ("event_date", map(place, date)),
        ("event_type", map(place, kind)),
    ];
    properties.extend(
        event
            .node
            .get("payload")
            .map(|data| ("event_data", data.clone())),
    );
    let required = ["event_id", "event_type", "event_data"];
    map(
        place,
        vec![
            ("type", text(place, "object")),
            ("required", list(place, &required)),
            ("properties", map(place, properties)),
        ],
    )
}

/// Gives every schema that is `nullable` and a reference the type of what it refers to.
fn name_nullable_types(node: &mut Node, root: &Node) {
    match &mut node.value {
        Value::List(items) => items
            .iter_mut()
            .for_each(|item| name_nullable_types(item, root)),
        Value::Map(members) => {
            let keys: Vec<_> = members.keys().map(str::to_owned).collect();
            for key in keys.iter().filter(|key| *key != "example") {
                if let Some(member) = members.get_mut(key) {
                    name_nullable_types(member, root);
                }
            }
            if let Some(kind) = missing_type(members, root) {
                insert(members, "type", kind);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The type that a nullable reference leaves to its target.
fn missing_type(schema: &Map, root: &Node) -> Option<Node> {
    let nullable = schema.get("nullable").and_then(Node::as_bool) == Some(true);
    if !nullable || schema.get("type").is_some() {
        return None;
    }
    let [only] = schema.get("allOf")?.items() else {
        return None;
    };
    let target = only.get("$ref")?.as_str()?.strip_prefix('#')?;
    let target = root.pointer(target)?;
    // What has no type of its own is a union, and a union is one of objects.
    let union = || target.get("oneOf").map(|one| text(&one.place, "object"));
    target.get("type").cloned().or_else(union)
}

fn map(place: &Place, entries: Vec<(&str, Node)>) -> Node {
    let mut members = Map::default();
    for (key, node) in entries {
        insert(&mut members, key, node);
    }
    Node::new(place.clone(), Value::Map(members))
}

/// Adds a member; one that is there already stays as it is.
fn insert(members: &mut Map, key: &str, node: Node) {
    let entry = Entry {
        key: key.to_owned(),
        key_place: node.place.clone(),
        node,
    };
    drop(members.insert(entry));
}

fn list(place: &Place, items: &[&str]) -> Node {
    let items = items.iter().map(|item| text(place, item)).collect();
    Node::new(place.clone(), Value::List(items))
}

fn text(place: &Place, text: &str) -> Node {
    Node::new(place.clone(), Value::String(text.to_owned()))
}

const EVENTS: &str = "x-webhooks";

const TAKEN: &str = "Any 2xx status says that the event has arrived; any other has it sent again.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;

    fn publish(yaml: &str) -> serde_json::Value {
        let document = Document {
            api: "shop".to_owned(),
            root: source::parse("shop.yaml", yaml).expect("good YAML"),
        };
        serde_json::to_value(published(&document)).expect("a document is JSON")
    }

    /// Goal: a reader of plain OpenAPI sees an event as a POST whose body is the delivery.
    #[test]
    fn an_event_is_a_path_item() {
        let shown = publish(
            "x-webhooks: { SOLD: { summary: Sold, when: Sent when sold., x-versions: [rail-1.1.2], \
             payload: { $ref: '#/components/schemas/Sale' } } }",
        );
        let post = &shown["x-webhooks"]["SOLD"]["post"];
        assert_eq!(post["summary"], "Sold");
        assert_eq!(post["description"], "Sent when sold.");
        assert_eq!(post["x-versions"][0], "rail-1.1.2");
        let schema = &post["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(schema["properties"]["event_type"]["enum"][0], "SOLD");
        assert_eq!(
            schema["properties"]["event_data"]["$ref"],
            "#/components/schemas/Sale"
        );
    }

    /// Goal: `nullable` beside a reference has the type of its target, and nothing else changes.
    #[test]
    fn a_nullable_reference_has_a_type() {
        let shown = publish(
            "components: { schemas: { State: { type: string }, Pet: { oneOf: [] }, \
             A: { properties: { state: { nullable: true, allOf: [{ $ref: '#/components/schemas/State' }] }, \
             pet: { nullable: true, allOf: [{ $ref: '#/components/schemas/Pet' }] }, \
             plain: { allOf: [{ $ref: '#/components/schemas/State' }] } } } } }",
        );
        let properties = &shown["components"]["schemas"]["A"]["properties"];
        assert_eq!(properties["state"]["type"], "string");
        assert_eq!(properties["pet"]["type"], "object");
        assert!(properties["plain"].get("type").is_none());
    }
}
