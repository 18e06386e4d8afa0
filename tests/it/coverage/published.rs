//! Reads `tests/data/coverage/`: what each version of the platform has published, as names alone.
//!
//! The form is made to be read and compared by people: an operation on a line of its own, below it what it has, members
//! indented below the member that holds them, the values of a member after ` = `. `$3` stands for the third list of
//! values at the top of the file.

use std::collections::{BTreeMap, BTreeSet};

use layer2_types::operation::PlatformVersion;

use super::document::{Described, Member, Versions};
use crate::tree::read;

/// The names that stand after ` = `.
type Names = BTreeSet<String>;

/// What one version has published.
pub(super) struct Published {
    pub(super) version: PlatformVersion,
    /// By method and path, without the names of parameters.
    pub(super) operations: BTreeMap<String, Described>,
}

/// Both versions, the older first.
pub(super) fn both() -> Vec<Published> {
    PlatformVersion::ALL
        .iter()
        .map(|version| {
            let file = format!("tests/data/coverage/{version}.txt");
            let operations = parse(*version, &file, &read(&file));
            assert_eq!(
                operations.len(),
                57,
                "{file}: the operations of one version"
            );
            Published {
                version: *version,
                operations,
            }
        })
        .collect()
}

fn parse(version: PlatformVersion, file: &str, text: &str) -> BTreeMap<String, Described> {
    let mut lists = BTreeMap::new();
    let mut operations: BTreeMap<String, Described> = BTreeMap::new();
    let mut operation = String::new();
    let mut side = String::new();
    let mut members: Vec<&str> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{file}:{}", number + 1);
        let depth = (line.len() - line.trim_start().len()) / 2;
        let (name, values) = match line.trim().split_once(" = ") {
            Some((name, values)) => (name, values_of(values, &lists, &place)),
            None => (line.trim(), Names::new()),
        };
        if name.starts_with('#') {
            continue;
        }
        if let Some(list) = name.strip_prefix("list ") {
            lists.insert(list.to_owned(), values);
            continue;
        }
        if depth == 0 {
            name.clone_into(&mut operation);
            operations.insert(operation.clone(), Described::default());
            continue;
        }
        let described = operations
            .get_mut(&operation)
            .unwrap_or_else(|| panic!("{place}: no operation stands above this"));
        if depth == 1 {
            name.clone_into(&mut side);
            match name {
                "scope" => described.scopes = values,
                "status" => described.statuses = values,
                "header" => described.headers = values,
                "query" | "body" | "reply" => {}
                other => panic!("{place}: an operation has no `{other}`"),
            }
            continue;
        }
        members.truncate(depth - 2);
        members.push(name);
        let path = members.join(".");
        let side = match side.as_str() {
            "query" => &mut described.query,
            "body" => &mut described.body,
            "reply" => &mut described.reply,
            other => panic!("{place}: `{other}` has no members"),
        };
        let versions = Versions::from([version]);
        let values = values
            .into_iter()
            .map(|value| (value, versions.clone()))
            .collect();
        side.insert(path, Member { versions, values });
    }
    operations
}

fn values_of(text: &str, lists: &BTreeMap<String, Names>, place: &str) -> Names {
    if text.starts_with('$') {
        return lists
            .get(text)
            .unwrap_or_else(|| panic!("{place}: there is no list {text}"))
            .clone();
    }
    text.split(' ').map(str::to_owned).collect()
}
