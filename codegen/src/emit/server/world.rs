//! What the world answers of one API: the rows of `resources!`, from which a macro of the world makes a trait for each
//! resource and the two functions that call them.

use crate::model::Model;
use crate::model::operation::{Effect, Operation, RunsIn};
use crate::output::File;

use super::{has_statuses, row, tags_in};
use crate::emit::rust::{Source, sentence, type_name};

/// `mock-server/world/src/generated/<api>.rs`, if the world answers any of it.
pub(in crate::emit) fn world(model: &Model) -> Option<File> {
    let tags = tags_in(model, RunsIn::World);
    if tags.is_empty() {
        return None;
    }
    let mut source = Source::new(model);
    source.module_doc(&format!("What the world answers of the {} API.", model.api));
    source.line(&format!("use layer2_types::{};", model.api));
    source.blank();
    imports(&mut source, model);
    source.block("resources! {", "}", |source| {
        source.line(&format!("api {};", model.api));
        for (name, description) in &tags {
            source.blank();
            resource(source, model, name, description);
        }
    });
    let path = format!("mock-server/world/src/generated/{}.rs", model.api);
    Some(File::new(path, source.text()))
}

/// The types of the world that the rows name.
fn imports(source: &mut Source, model: &Model) {
    let mut imports = Vec::new();
    for (path, is_needed) in [
        (
            "file::Download",
            Operation::is_download as fn(&Operation) -> bool,
        ),
        ("file::Upload", Operation::is_upload),
        ("request::Answered", has_statuses),
    ] {
        if operations_of(model).any(is_needed) {
            imports.push(format!("use crate::{path};"));
        }
    }
    for line in &imports {
        source.line(line);
    }
    if !imports.is_empty() {
        source.blank();
    }
}

fn operations_of(model: &Model) -> impl Iterator<Item = &Operation> {
    model
        .operations
        .iter()
        .filter(|operation| operation.runs_in == RunsIn::World)
}

fn resource(source: &mut Source, model: &Model, tag: &str, description: &str) {
    source.doc(&sentence(description));
    source.block(&format!("trait {} {{", type_name(tag)), "}", |source| {
        for (effect, open) in [(Effect::Write, "writes {"), (Effect::Read, "reads {")] {
            let rows: Vec<_> = operations_of(model)
                .filter(|operation| operation.tag == tag && operation.effect == effect)
                .collect();
            if rows.is_empty() {
                continue;
            }
            source.block(open, "}", |source| {
                for operation in rows {
                    row(source, model, operation);
                }
            });
        }
    });
}
