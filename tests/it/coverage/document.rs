//! Walks the payments document from each operation through its request and its replies, and notes every member by its
//! path, with the values it may have. Lists are walked through: `data.transactions.id` is the id of each row.

use std::collections::{BTreeMap, BTreeSet};

use layer2_types::operation::PlatformVersion;
use serde_json::Value;

use crate::tree::read;

/// What is said of one operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    pub(super) scopes: BTreeSet<String>,
    pub(super) statuses: BTreeSet<String>,
    pub(super) headers: BTreeSet<String>,
    pub(super) query: BTreeMap<String, Member>,
    pub(super) body: BTreeMap<String, Member>,
    pub(super) reply: BTreeMap<String, Member>,
}

impl Described {
    /// The members of each side, with the word that names the side in a line.
    pub(super) fn sides(&self) -> [(&'static str, &BTreeMap<String, Member>); 3] {
        [
            ("query", &self.query),
            ("body", &self.body),
            ("reply", &self.reply),
        ]
    }
}

/// The versions of the platform that have something.
pub(super) type Versions = BTreeSet<PlatformVersion>;

/// A member, or a query parameter: which versions have it, and which of them each value it may have. Without values it
/// takes any.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    pub(super) versions: Versions,
    pub(super) values: BTreeMap<String, Versions>,
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

/// How a schema was reached.
#[derive(Clone)]
struct Way<'a> {
    /// The components that lead here, so that one which holds itself is walked once.
    inside: Vec<&'a str>,
    /// The versions in which all that leads here is there.
    versions: Versions,
}

impl Way<'_> {
    /// The way on through something that says by `x-versions` where it is; what says nothing is everywhere.
    fn through(&self, marks: &Value) -> Self {
        let mut way = self.clone();
        if marks.is_array() {
            let marked: Versions = items(marks)
                .filter_map(Value::as_str)
                .map(version)
                .collect();
            way.versions.retain(|version| marked.contains(version));
        }
        way
    }
}

impl<'a> Walk<'a> {
    fn operation(&self, operation: &'a Value) -> Described {
        let mut described = Described::default();
        let start = Way {
            inside: Vec::new(),
            versions: PlatformVersion::ALL.iter().copied().collect(),
        };
        let way = start.through(&operation["x-versions"]);
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
                    let way = way.through(&parameter["x-versions"]);
                    described.query.entry(name.clone()).or_default().versions =
                        way.versions.clone();
                    self.schema(&parameter["schema"], &name, &way, &mut described.query);
                }
                _ => {}
            }
        }
        for (_, media) in members(&operation["requestBody"]["content"]) {
            self.schema(&media["schema"], "", &way, &mut described.body);
        }
        for (status, response) in members(&operation["responses"]) {
            described.statuses.insert(status.clone());
            if status.starts_with('2') {
                for (_, media) in members(&self.resolved(response)["content"]) {
                    self.schema(&media["schema"], "", &way, &mut described.reply);
                }
            }
        }
        described
    }

    /// Notes the members and values of a schema. A member that two variants of a union have is there wherever one of
    /// them is.
    fn schema(
        &self,
        schema: &'a Value,
        path: &str,
        way: &Way<'a>,
        found: &mut BTreeMap<String, Member>,
    ) {
        if let Some(reference) = schema["$ref"].as_str() {
            if !way.inside.contains(&reference) {
                let mut way = way.clone();
                way.inside.push(reference);
                self.schema(self.resolved(schema), path, &way, found);
            }
            return;
        }
        for part in items(&schema["allOf"]) {
            self.schema(part, path, way, found);
        }
        for variant in items(&schema["oneOf"]) {
            let way = way.through(self.marks_of_variant(schema, variant));
            self.schema(variant, path, &way, found);
        }
        if let Some(rows) = schema.get("items") {
            self.schema(rows, path, way, found);
        }
        for value in items(&schema["enum"]).filter_map(text) {
            let way = way.through(&schema["x-versions"][&value]);
            let values = &mut found.entry(path.to_owned()).or_default().values;
            values.entry(value).or_default().extend(way.versions);
        }
        for (name, member) in members(&schema["properties"]) {
            let below = match path {
                "" => name.clone(),
                _ => format!("{path}.{name}"),
            };
            let way = way.through(&member["x-versions"]);
            let entry = found.entry(below.clone()).or_default();
            entry.versions.extend(&way.versions);
            self.schema(member, &below, &way, found);
        }
    }

    /// The versions that know a variant: those that know the one value of its tag.
    fn marks_of_variant(&self, union: &'a Value, variant: &'a Value) -> &'a Value {
        let tag = union["discriminator"]["propertyName"]
            .as_str()
            .expect("a union has a tag");
        let mut values = &self.resolved(variant)["properties"][tag];
        if let Some(only) = items(&values["allOf"]).next() {
            values = self.resolved(only);
        }
        let value = values["enum"][0].as_str().expect("a tag has one value");
        &values["x-versions"][value]
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

fn version(name: &str) -> PlatformVersion {
    name.parse()
        .unwrap_or_else(|error| panic!("`x-versions`: {error}"))
}
