//! Rules of the replies of an operation.

use crate::lint::Report;
use crate::lint::outline::{Operation, Outline, reference};
use crate::source::Node;

/// Ranges and `default` hide which status is meant from clients and from the mock.
pub(super) fn status(outline: &Outline<'_>, report: &mut Report) {
    for reply in outline.operations.iter().flat_map(Operation::replies) {
        let status = reply.key.parse::<u16>().ok();
        if !status.is_some_and(|status| (200..600).contains(&status)) {
            report.add(
                &reply.key_place,
                format!("`{}` is no status of a reply", reply.key),
                "write each status of three digits by itself: `'404'`",
            );
        }
    }
}

pub(super) fn success(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        if operation.successes().next().is_none() {
            report.add(
                operation.place_of("responses"),
                format!("{} has no 2xx reply", operation.name()),
                "add the reply of a call that succeeds",
            );
        }
    }
}

pub(super) fn one_type(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let mut first = None;
        for reply in operation.successes() {
            let content = outline.resolve(&reply.node).get("content");
            let schema = content.map(Node::entries).unwrap_or_default().first();
            let schema = schema
                .and_then(|media| media.node.get("schema"))
                .and_then(reference);
            let first = first.get_or_insert(schema);
            if *first != schema {
                let name = |schema: Option<(&str, &str)>| match schema {
                    Some((_, name)) => format!("`{name}`"),
                    None => "no body".to_owned(),
                };
                report.add(
                    &reply.key_place,
                    format!(
                        "{} answers with {}, and here with {}",
                        operation.name(),
                        name(*first),
                        name(schema)
                    ),
                    "give all 2xx replies one schema; a client method returns one type",
                );
            }
        }
    }
}

pub(super) fn errors(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        for status in ["400", "401", "404", "500"] {
            let reply = operation.replies().iter().find(|reply| reply.key == status);
            if reply.is_none_or(|reply| reference(&reply.node).is_none()) {
                report.add(
                    reply.map_or_else(|| operation.place_of("responses"), |reply| &reply.key_place),
                    format!("{} does not answer {status} by reference", operation.name()),
                    format!("write `'{status}': {{ $ref: '#/components/responses/<Name>' }}`"),
                );
            }
        }
    }
}

pub(super) fn described(outline: &Outline<'_>, report: &mut Report) {
    let inline = outline.operations.iter().flat_map(Operation::replies);
    for reply in inline.chain(outline.components("responses")) {
        let description = reply.node.get("description").and_then(Node::as_str);
        if reference(&reply.node).is_none() && !description.is_some_and(super::is_sentence) {
            report.add(
                &reply.key_place,
                format!("the reply `{}` is not described", reply.key),
                "say in a sentence what the reply tells",
            );
        }
    }
}
