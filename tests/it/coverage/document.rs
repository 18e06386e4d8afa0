//! Walks the payments document from each operation through its request and its replies, and notes every member by its
//! path, with the values it may have. Lists are walked through: `data.transactions.id` is the id of each row.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::published::Values;
use crate::tree::read;

/// What is said of one operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    pub(super) scopes: BTreeSet<String>,
    pub(super) statuses: BTreeSet<String>,
    pub(super) headers: BTreeSet<String>,
    pub(super) query: BTreeMap<String, Values>,
    pub(super) body: BTreeMap<String, Values>,
    pub(super) reply: BTreeMap<String, Values>,
}

/// The operations of the payments document by method and path, without the names of parameters.
pub(super) fn payments() -> BTreeMap<String, Described> {
    let text = read("openapi/payments.json");
    let document = serde_json::from_str(&text).expect("the bundle is JSON");
    let walk = Walk(&document);
    let mut operations = BTreeMap::new();
    for (path, item) in members(&document["paths"]) {
        for method in super::methods() {
            if let Some(operation) = item.get(&method) {
                operations.insert(super::key(&method, path), walk.operation(operation));
            }
        }
    }
    operations
}

struct Walk<'a>(&'a Value);

impl<'a> Walk<'a> {
    fn operation(&self, operation: &'a Value) -> Described {
        let mut described = Described::default();
        for requirement in items(&operation["security"]) {
            for (_, scopes) in members(requirement) {
                described.scopes.extend(items(scopes).filter_map(text));
            }
        }
        for parameter in items(&operation["parameters"]) {
            let parameter = self.resolved(parameter);
            let name = text(&parameter["name"]).expect("a parameter has a name");
            match parameter["in"].as_str() {
                Some("header") => drop(described.headers.insert(name.to_lowercase())),
                Some("query") => {
                    let mut values = BTreeMap::new();
                    self.schema(&parameter["schema"], "", &mut Vec::new(), &mut values);
                    described
                        .query
                        .insert(name, values.remove("").unwrap_or_default());
                }
                _ => {}
            }
        }
        for (_, media) in members(&operation["requestBody"]["content"]) {
            self.schema(&media["schema"], "", &mut Vec::new(), &mut described.body);
        }
        for (status, response) in members(&operation["responses"]) {
            described.statuses.insert(status.clone());
            if status.starts_with('2') {
                for (_, media) in members(&self.resolved(response)["content"]) {
                    self.schema(&media["schema"], "", &mut Vec::new(), &mut described.reply);
                }
            }
        }
        described
    }

    /// Notes the members and values of a schema; `inside` are the components that lead here, so that one which holds
    /// itself is walked once.
    fn schema(
        &self,
        schema: &'a Value,
        path: &str,
        inside: &mut Vec<&'a str>,
        found: &mut BTreeMap<String, Values>,
    ) {
        if let Some(reference) = schema["$ref"].as_str() {
            if !inside.contains(&reference) {
                inside.push(reference);
                self.schema(self.resolved(schema), path, inside, found);
                inside.pop();
            }
            return;
        }
        for part in items(&schema["allOf"]).chain(items(&schema["oneOf"])) {
            self.schema(part, path, inside, found);
        }
        if let Some(rows) = schema.get("items") {
            self.schema(rows, path, inside, found);
        }
        for value in items(&schema["enum"]).filter_map(text) {
            found.entry(path.to_owned()).or_default().insert(value);
        }
        for (name, member) in members(&schema["properties"]) {
            let below = match path {
                "" => name.clone(),
                _ => format!("{path}.{name}"),
            };
            found.entry(below.clone()).or_default();
            self.schema(member, &below, inside, found);
        }
    }

    /// What a reference leads to; anything else is itself.
    fn resolved(&self, node: &'a Value) -> &'a Value {
        let Some(reference) = node["$ref"].as_str() else {
            return node;
        };
        let pointer = reference.trim_start_matches('#');
        self.0
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }
}

fn members(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    node.as_object().into_iter().flatten()
}

fn items(node: &Value) -> impl Iterator<Item = &Value> {
    node.as_array().into_iter().flatten()
}

fn text(node: &Value) -> Option<String> {
    node.as_str().map(str::to_owned)
}
