//! Webhook events: what an event of each type carries.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::operation::Version;
use crate::model::read::Word as _;

use super::rust::{Source, literal, sentence, variant};

/// `events.rs` of one API, if it sends webhooks.
pub(super) fn contents(model: &Model) -> Option<String> {
    if model.events.is_empty() {
        return None;
    }
    let mut source = Source::new(model);
    source.module_doc(&format!("Webhook events of the {} API.", model.api));
    let mut names: BTreeSet<_> = model.events.iter().map(|e| e.payload.as_str()).collect();
    names.insert("EventType");
    source.imports("super", &names);
    source.blank();
    source.block("events! {", "}", |source| {
        for event in &model.events {
            source.doc(&format!(
                "{} {}",
                sentence(&event.summary),
                sentence(&event.when)
            ));
            let (name, payload) = (variant(&event.name), &event.payload);
            let versions = versions(&event.versions);
            source.row(&format!(
                "{name}({payload}){versions} = {};",
                literal(&event.name)
            ));
        }
    });
    Some(source.text())
}

/// ` of [RailV1_1_2]`, or nothing for an event that every version sends.
fn versions(versions: &[Version]) -> String {
    let names: Vec<_> = versions.iter().map(|version| version.variant()).collect();
    match names[..] {
        [] => String::new(),
        _ => format!(" of [{}]", names.join(", ")),
    }
}
