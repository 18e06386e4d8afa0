//! The emitters: each makes the files of one purpose from the model.
//!
//! Files whose body is a list of facts (types, operations, events, codes) are written as calls of
//! the macros of the crates that they are for, one line a fact. Every Rust file is parsed before it
//! is returned, so that a mistake here is a problem of the generator and not of the crate that it
//! breaks; then rustfmt lays it out.

pub mod client;
pub mod error_codes;
pub mod error_reference;
pub mod events;
pub mod facade;
pub mod operations;
pub mod params;
pub mod round_trips;
pub mod server;
pub mod types;
pub mod validators;

mod format;
mod rust;

use crate::model::Model;
use crate::output::File;
use crate::prepare;
use crate::problem::Problem;
use crate::source::Place;

/// Every generated file of the project.
pub fn all(models: &[Model]) -> Result<Vec<File>, Vec<Problem>> {
    let typed: Vec<_> = models.iter().map(prepare::types::prepare).collect();
    let mut files = server::process(&typed);
    files.extend(models.iter().map(validators::file));
    files.push(error_reference::file(models));
    let (mut all, mut of_world) = (Vec::new(), Vec::new());
    for model in &typed {
        all.push(model.api.as_str());
        files.extend(types_crate(model));
        files.extend(sdk(model)?);
        if let Some(world) = server::world(model) {
            of_world.push(model.api.as_str());
            files.push(world);
        }
    }
    files.push(TYPES_ROOT.file("sdk/types/src/generated/mod.rs", all.clone()));
    files.push(SDK_ROOT.file("sdk/src/generated/mod.rs", all));
    files.push(WORLD_ROOT.file("mock-server/world/src/generated/mod.rs", of_world));
    finish(files)
}

/// The files of `layer2-types` for one API.
fn types_crate(model: &Model) -> Vec<File> {
    let folder = format!("sdk/types/src/generated/{}", model.api);
    let mut files = types::files(model, &folder);
    let mut modules = vec!["types"];
    for (name, contents) in [
        ("operations", Some(operations::contents(model))),
        ("params", params::contents(model)),
        ("events", events::contents(model)),
        ("error_codes", error_codes::contents(model)),
    ] {
        if let Some(contents) = contents {
            files.push(File::new(format!("{folder}/{name}.rs"), contents));
            modules.push(name);
        }
    }
    modules.sort_unstable();
    let mut source = rust::Source::new(model);
    source.module_doc(&format!(
        "{} (version {} of the document).",
        model.title, model.version
    ));
    for name in &modules {
        source.line(&format!("mod {name};"));
    }
    source.blank();
    for name in &modules {
        source.line(&format!("pub use self::{name}::*;"));
    }
    source.blank();
    source.line("#[cfg(test)]");
    source.line("mod round_trips;");
    files.extend(round_trips::files(model, &folder));
    files.push(File::new(format!("{folder}/mod.rs"), source.text()));
    files
}

/// The files of `layer2-sdk` for one API.
fn sdk(model: &Model) -> Result<Vec<File>, Vec<Problem>> {
    let folder = format!("sdk/src/generated/{}", model.api);
    let mut source = rust::Source::new(model);
    source.module_doc(&format!("Client of the {} API.", model.api));
    source.line("#[allow(clippy::str_to_string, reason = \"progenitor writes it so\")]");
    source.line("pub(crate) mod client;");
    source.line("pub mod facade;");
    Ok(vec![
        File::new(format!("{folder}/mod.rs"), source.text()),
        File::new(format!("{folder}/client.rs"), client::contents(model)?),
        File::new(format!("{folder}/facade.rs"), facade::contents(model)?),
    ])
}

/// What the root of a folder of generated modules says.
struct Root {
    doc: &'static str,
    /// Whether a module is there only under the feature of its API.
    features: bool,
    visibility: &'static str,
    /// A lint that generated code cannot heed, and why.
    allow: Option<(&'static str, &'static str)>,
}

const TYPES_ROOT: Root = Root {
    doc: "Models of the APIs, one module each.",
    features: true,
    visibility: "pub(crate) ",
    allow: Some((
        "clippy::enum_variant_names",
        "the documents name the values",
    )),
};
const SDK_ROOT: Root = Root {
    doc: "Clients of the APIs, one module each.",
    features: true,
    visibility: "pub ",
    allow: None,
};
const WORLD_ROOT: Root = Root {
    doc: "What the world answers, one module for each API.",
    features: false,
    visibility: "pub(crate) ",
    allow: None,
};

impl Root {
    fn file(&self, path: &str, mut apis: Vec<&str>) -> File {
        let mut source = rust::Source::of_all();
        source.module_doc(self.doc);
        apis.sort_unstable();
        for api in apis {
            if self.features {
                source.line(&format!("#[cfg(feature = \"{api}\")]"));
            }
            if let Some((lint, reason)) = self.allow {
                source.line(&format!("#[allow({lint}, reason = \"{reason}\")]"));
            }
            source.line(&format!("{}mod {api};", self.visibility));
        }
        File::new(path, source.text())
    }
}

/// Parses and formats every Rust file; one that does not parse is a fault of an emitter.
fn finish(files: Vec<File>) -> Result<Vec<File>, Vec<Problem>> {
    let is_rust = |file: &&File| file.path.ends_with(".rs");
    let problems: Vec<_> = files
        .iter()
        .filter(is_rust)
        .filter_map(|file| {
            let error = syn::parse_file(&file.contents).err()?;
            Some(Problem::new(
                &Place::whole(file.path.as_str()),
                "emitted-syntax",
                format!("the emitted file does not parse: {error}"),
                "correct the emitter; the document is not to blame",
            ))
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let laid_out = files.into_iter().map(format::formatted);
    laid_out
        .collect::<Result<_, _>>()
        .map_err(|problem| vec![problem])
}
