//! Webhook events: what an event of each type carries.

use std::collections::BTreeSet;

use crate::model::Model;

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
            source.line(&format!("{name}({payload}) = {};", literal(&event.name)));
        }
    });
    Some(source.text())
}
