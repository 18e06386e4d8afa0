//! What is wrong with a request, told so that its sender knows what to change.
//!
//! Each error of a schema becomes a problem: where it is, what came, what was expected, and what was probably meant.

use std::collections::BTreeSet;

use jsonschema::{ValidationError, error::ValidationErrorKind};
use layer2_world::{
    contract::schema::versions_of_value,
    rejection::{Problem, nearest},
};
use serde_json::Value;

use super::{
    Place, Schema, Unknown, escape, resolve,
    strict::members,
    types_of,
    words::{
        advice, article, complaint, cut, excerpt, expectation, listed, meant, wants_container,
    },
};
use crate::http::{json::Json, limits};

impl Schema {
    /// Everything that is wrong with a value.
    pub(super) fn problems<'s>(
        &'s self,
        value: &'s Json,
        place: Place,
        code: &'static str,
    ) -> impl Iterator<Item = Problem> + 's {
        // Nearly every value is as documented, and that is learned for less.
        let is_wrong = !self.validator.is_valid(value);
        let errors = is_wrong.then(|| self.validator.iter_errors(value));
        errors
            .into_iter()
            .flatten()
            .flat_map(move |error| self.describe(&error, value, place, code))
            .take(limits::PROBLEMS)
    }

    /// One error in words: what, where, what came and what was expected.
    fn describe(
        &self,
        error: &ValidationError<'_>,
        value: &Json,
        place: Place,
        code: &'static str,
    ) -> Vec<Problem> {
        let at = error.instance_path().as_str();
        let subject = match (place, at) {
            (Place::Body, "") => "The body".to_owned(),
            (Place::Body, at) => format!("`{}`", name_of(at)),
            (Place::Query, at) => format!("The parameter `{}`", name_of(at)),
        };
        if let ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } = error.kind()
        {
            return unexpected
                .iter()
                .filter_map(|name| self.describe_unknown(error, name, value, place, code))
                .collect();
        }
        if let ValidationErrorKind::Required { property } = error.kind() {
            let name = property.as_str().unwrap_or_default();
            let problem = Problem::new(code, format!("`{name}` is missing."))
                .at(pointer(place, &format!("{at}/{}", escape(name))))
                .expected(self.expectation_of(error, name));
            let hint = self.sent_instead(error, name, value);
            return vec![problem.hint(hint.unwrap_or_else(|| self.needed_with(error)))];
        }
        let problem = Problem::new(code, format!("{subject} {}.", complaint(error.kind())))
            .at(pointer(place, at));
        let problem = match expectation(error.kind()) {
            Some(expected) => problem.expected(expected),
            None => problem,
        };
        let received = value.at(at);
        vec![match received {
            Some(received) if self.is_sensitive(error) => problem
                .received("** redacted **")
                .hint(advice(error.kind(), received, place)),
            // A text in the place of an object may hold what the members of the object would: it is not repeated.
            Some(Json::String(text)) if wants_container(error.kind()) => problem
                .received(format!("a string of {} characters", text.chars().count()))
                .hint("Send the JSON itself, not a text that holds it: it was written as JSON twice, or is a plain text."),
            Some(received) => {
                let hint = self.other_version(error, received).or_else(|| {
                    meant(error.kind(), received).map(|meant| format!("Did you mean `{meant}`?"))
                });
                let usual = || advice(error.kind(), received, place).to_owned();
                problem
                    .received(excerpt(received))
                    .hint(hint.unwrap_or_else(usual))
            }
            None => problem,
        }]
    }

    /// A member that was sent and that the schema does not have.
    fn describe_unknown(
        &self,
        error: &ValidationError<'_>,
        name: &str,
        value: &Json,
        place: Place,
        code: &'static str,
    ) -> Option<Problem> {
        let at = error.instance_path().as_str();
        let known = self.members_at(error, value);
        // Where a member of a variant is wrong, the others of it count as unexpected too.
        if known.contains(name) {
            return None;
        }
        let what = match place {
            Place::Body => "a field",
            Place::Query => "a parameter",
        };
        let near = nearest(name, known.iter().copied());
        let near = near.map(|near| format!("Did you mean `{near}`?"));
        let strict = (self.unknown == Unknown::Refused).then_some(
            "The sandbox is strict; without --strict unknown fields are ignored, as the platform does.",
        );
        let fallback = (near.is_none() && strict.is_none()).then_some(
            "Leave it out: the control API ignores nothing, so that no setting is lost.",
        );
        let hint: Vec<&str> = [near.as_deref(), strict, fallback]
            .into_iter()
            .flatten()
            .collect();
        let problem = Problem::new(
            code,
            format!("`{}` is not {what} of this request.", cut(name)),
        )
        .at(pointer(place, &format!("{at}/{}", escape(name))))
        .hint(hint.join(" "));
        Some(match known.is_empty() {
            true => problem,
            false => problem.expected(listed(known.iter().copied())),
        })
    }

    /// The unknown member that may have been meant for a missing one.
    fn sent_instead(
        &self,
        error: &ValidationError<'_>,
        missing: &str,
        value: &Json,
    ) -> Option<String> {
        let Some(Json::Object(sent)) = value.at(error.instance_path().as_str()) else {
            return None;
        };
        let known = self.members_at(error, value);
        let names = sent.iter().map(|(name, _)| name.as_str());
        let unknown: Vec<&str> = names.filter(|name| !known.contains(name)).collect();
        if let Some(near) = nearest(missing, unknown.iter().copied()) {
            return Some(format!(
                "`{}` is not a member here; did you mean `{missing}`?",
                cut(near)
            ));
        }
        let (first, others) = unknown.split_first()?;
        Some(match others.len() {
            0 => format!("`{}` is not a member here.", cut(first)),
            1 => format!("`{}` and another one are not members here.", cut(first)),
            more => format!("`{}` and {more} others are not members here.", cut(first)),
        })
    }

    /// The members without which the object cannot be.
    fn needed_with(&self, error: &ValidationError<'_>) -> String {
        let path = error.evaluation_path().as_str();
        let passed = walk(&self.source, path);
        let names = passed.last().and_then(|names| names.as_array());
        let names: Vec<&str> = names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        format!("Required here: {}.", listed(names.into_iter()))
    }

    /// The members that the schema names for the object in which an error was found.
    fn members_at<'s>(&'s self, error: &ValidationError<'_>, value: &Json) -> BTreeSet<&'s str> {
        let path = place_of(error.evaluation_path().as_str());
        let passed = walk(&self.source, path);
        match passed.last().zip(value.at(error.instance_path().as_str())) {
            Some((schema, object)) => members(&self.source, schema, object),
            None => BTreeSet::new(),
        }
    }

    /// What to say of a value that only another version of the platform has.
    fn other_version(&self, error: &ValidationError<'_>, received: &Json) -> Option<String> {
        let (ValidationErrorKind::Enum { .. }, Json::String(value)) = (error.kind(), received)
        else {
            return None;
        };
        let passed = walk(&self.source, error.evaluation_path().as_str());
        let versions = passed
            .iter()
            .rev()
            .find_map(|schema| versions_of_value(schema, value))?;
        Some(format!(
            "Only {versions} has this value; the sandbox plays another version of the platform, by its setting `platform`."
        ))
    }

    /// What the missing member should have been.
    fn expectation_of(&self, error: &ValidationError<'_>, name: &str) -> String {
        let path = error.evaluation_path().as_str();
        let object = path.strip_suffix("/required").unwrap_or(path);
        let property = walk(&self.source, object)
            .last()
            .and_then(|schema| schema.get("properties")?.get(name));
        let types = property
            .map(|schema| types_of(&self.source, schema))
            .unwrap_or_default();
        match types.as_slice() {
            [one] => article(one),
            // An amount: sent as a number, and read from a text too.
            several if several.iter().any(|name| name == "number") => article("number"),
            _ => "a value".to_owned(),
        }
    }

    /// Whether any schema on the way to the error is marked sensitive.
    fn is_sensitive(&self, error: &ValidationError<'_>) -> bool {
        walk(&self.source, error.evaluation_path().as_str())
            .iter()
            .any(|schema| schema.get("x-sensitive").is_some())
    }
}

/// The schemas that an evaluation path passes through, `$ref`s followed.
fn walk<'v>(root: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut passed = vec![root];
    let mut here = root;
    for token in path.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let next = match here {
            _ if token == "$ref" => resolve(root, here),
            Value::Array(items) => token
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index)),
            _ => here.get(&token),
        };
        let Some(next) = next else { break };
        here = next;
        passed.push(here);
    }
    passed
}

/// The part of an evaluation path that leads to the whole schema of a value, and not into a part of that schema.
fn place_of(path: &str) -> &str {
    let mut end = 0;
    let mut position = 0;
    let mut names_member = false;
    for token in path.split('/').skip(1) {
        position += 1 + token.len();
        let steps_inside = names_member || token == "items" || token == "additionalProperties";
        names_member = !names_member && token == "properties";
        if steps_inside {
            end = position;
        }
    }
    &path[..end]
}

/// JSON pointer into the body, or the name of a query parameter.
fn pointer(place: Place, at: &str) -> String {
    match place {
        Place::Body => at.to_owned(),
        Place::Query => name_of(at),
    }
}

/// The last token of a pointer; an element of a list is told with the name of the list.
fn name_of(at: &str) -> String {
    let plain = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let mut tokens = at.rsplit('/');
    let last = tokens.next().unwrap_or_default();
    let is_element = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    match tokens.next().filter(|list| is_element && !list.is_empty()) {
        Some(list) => format!("{}[{last}]", plain(list)),
        None => plain(last),
    }
}
