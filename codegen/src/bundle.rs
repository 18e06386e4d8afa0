//! Merges the fragments of a folder into one document, makes sure that every reference in it leads
//! somewhere, and writes it as JSON.
//!
//! Fragments are merged by key: `paths` by path and method, `components` by kind and name,
//! `x-webhooks` and `x-error-codes` by name. Nothing overrides anything; a key that two fragments
//! hold is a problem that names both places.

use std::fs;
use std::path::Path;

use crate::output::File;
use crate::problem::{Problem, nearest};
use crate::publish;
use crate::source::{self, Document, Entry, Map, Node, Place, Value};

/// Reads the fragments of `openapi/<api>/` below `root` and merges them.
pub fn read(root: &Path, api: &str) -> Result<Document, Vec<Problem>> {
    let folder = format!("openapi/{api}");
    let fragments = fragments(root, &folder)?;
    let mut problems = Vec::new();
    let mut nodes = Vec::new();
    for (file, text) in fragments {
        match source::parse(&file, &text) {
            Ok(node) => nodes.push(node),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    merge(api, nodes)
}

/// Merges parsed fragments; the first is `document.yaml`.
pub fn merge(api: &str, fragments: Vec<Node>) -> Result<Document, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut root = Node::new(
        Place::whole(format!("openapi/{api}")),
        Value::Map(Map::default()),
    );
    for (position, fragment) in fragments.into_iter().enumerate() {
        if position > 0 {
            check_fragment(&fragment, &mut problems);
        } else {
            root.place = fragment.place.clone();
        }
        merge_into(&mut root, fragment, MERGED, &mut problems);
    }
    if problems.is_empty() {
        Ok(Document {
            api: api.to_owned(),
            root,
        })
    } else {
        Err(problems)
    }
}

/// Names and texts of the fragments: `document.yaml`, then the others in order of their names.
fn fragments(root: &Path, folder: &str) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let unreadable = |file: &str, error: &std::io::Error| {
        vec![Problem::new(
            &Place::whole(file),
            "fragments",
            format!("this cannot be read: {error}"),
            "run the generator in the root of the project, or say `--root DIR`",
        )]
    };
    let entries = fs::read_dir(root.join(folder)).map_err(|error| unreadable(folder, &error))?;
    let mut names = entries
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(folder, &error))?;
    names.retain(|name| {
        Path::new(name)
            .extension()
            .is_some_and(|e| e == "yaml" || e == "yml")
    });
    if !names.iter().any(|name| name == MAIN_FRAGMENT) {
        return Err(vec![Problem::new(
            &Place::whole(folder),
            "fragments",
            format!("this folder holds no `{MAIN_FRAGMENT}`"),
            "write it with `openapi`, `x-api`, `info`, `servers` and `tags` of the API",
        )]);
    }
    names.sort_by_key(|name| (name != MAIN_FRAGMENT, name.clone()));
    names
        .into_iter()
        .map(|name| {
            let file = format!("{folder}/{name}");
            let text = fs::read_to_string(root.join(&file)).map_err(|e| unreadable(&file, &e))?;
            Ok((file, text))
        })
        .collect()
}

/// What a fragment beside `document.yaml` may hold.
fn check_fragment(fragment: &Node, problems: &mut Vec<Problem>) {
    let alone = |entry: &&Entry| !MERGED.iter().any(|(key, _)| *key == entry.key);
    problems.extend(fragment.entries().iter().filter(alone).map(|entry| {
        Problem::new(
            &entry.key_place,
            "fragments",
            format!(
                "`{}` does not belong in the fragment of a resource",
                entry.key
            ),
            format!(
                "move it to `{MAIN_FRAGMENT}`; fragments hold {}",
                list(MERGED)
            ),
        )
    }));
}

/// Moves the entries of `from` into `into`; `levels` says which keys are merged, and how deep.
fn merge_into(into: &mut Node, from: Node, levels: &[(&str, usize)], problems: &mut Vec<Problem>) {
    let (kind, place) = (from.kind(), from.place.clone());
    let (Some(target), Value::Map(map)) = (into.as_map_mut(), from.value) else {
        problems.push(Problem::new(
            &place,
            "wrong-kind",
            format!("a map is expected here, this is {kind}"),
            "write `key: value` pairs",
        ));
        return;
    };
    for entry in map {
        let depth = levels
            .iter()
            .find(|(key, _)| *key == entry.key || *key == ANY);
        match (depth, target.get_mut(&entry.key)) {
            (Some((_, depth)), Some(present)) if *depth > 0 => {
                merge_into(present, entry.node, &[(ANY, depth - 1)], problems);
            }
            _ => {
                if let Err(again) = target.insert(entry) {
                    problems.push(source::duplicate(target, &again));
                }
            }
        }
    }
}

/// Every `$ref` and every mapping of a discriminator that leads nowhere.
pub fn dangling(document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    each_reference(&document.root, &mut |reference| {
        problems.extend(unresolved(&document.root, reference));
    });
    problems
}

/// Calls `see` with every node that is the text of a reference; examples are data and not looked at.
pub fn each_reference<'a>(node: &'a Node, see: &mut impl FnMut(&'a Node)) {
    for item in node.items() {
        each_reference(item, see);
    }
    for entry in node.entries() {
        match entry.key.as_str() {
            "example" | "default" | "enum" => {}
            "$ref" => see(&entry.node),
            "discriminator" => {
                let mapping = entry
                    .node
                    .get("mapping")
                    .map(Node::entries)
                    .unwrap_or_default();
                mapping.iter().for_each(|target| see(&target.node));
                // A property may carry this name.
                if entry.node.get("propertyName").is_none() {
                    each_reference(&entry.node, see);
                }
            }
            _ => each_reference(&entry.node, see),
        }
    }
}

fn unresolved(root: &Node, reference: &Node) -> Option<Problem> {
    let problem = |message: String, help: String| {
        Some(Problem::new(
            &reference.place,
            "dangling-ref",
            message,
            help,
        ))
    };
    let Some(target) = reference.as_str() else {
        return problem(
            format!("a reference is a string, this is {}", reference.kind()),
            "write `$ref: '#/components/schemas/Name'`".to_owned(),
        );
    };
    let parts = target
        .strip_prefix("#/components/")
        .and_then(|rest| rest.split_once('/'));
    let Some((kind, name)) = parts else {
        return problem(
            format!("`{target}` does not lead to a component of this document"),
            "write `#/components/<kind>/<Name>`; fragments of a folder share one document"
                .to_owned(),
        );
    };
    let known = root
        .pointer(&format!("/components/{kind}"))
        .and_then(Node::as_map);
    if known.is_some_and(|map| map.get(name).is_some()) {
        return None;
    }
    let near = known.and_then(|map| nearest(name, map.keys()));
    problem(
        format!("`{target}` leads nowhere"),
        match near {
            Some(near) => format!("did you mean `#/components/{kind}/{near}`?"),
            None => format!("define `{name}` under `components.{kind}`, or correct the reference"),
        },
    )
}

/// The bundle, once for readers of the documents and once inside the crate that serves it.
pub fn files(document: &Document) -> Result<[File; 2], Vec<Problem>> {
    let published = publish::published(document);
    let mut text = serde_json::to_string_pretty(&published).map_err(|error| {
        vec![Problem::new(
            &document.root.place,
            "bundle",
            format!("the document cannot be written as JSON: {error}"),
            "look for a number that JSON cannot spell",
        )]
    })?;
    text.push('\n');
    let api = &document.api;
    Ok([
        File::new(format!("openapi/{api}.json"), text.clone()),
        File::new(format!("mock-server/assets/{api}.json"), text),
    ])
}

fn list(levels: &[(&str, usize)]) -> String {
    let names: Vec<_> = levels.iter().map(|(key, _)| format!("`{key}`")).collect();
    names.join(", ")
}

const MAIN_FRAGMENT: &str = "document.yaml";

/// Keys that several fragments share, and how many levels below them are shared too.
const MERGED: &[(&str, usize)] = &[
    ("paths", 2),
    ("components", 2),
    ("x-webhooks", 1),
    ("x-error-codes", 1),
    ("x-common-errors", 0),
];

const ANY: &str = "*";
