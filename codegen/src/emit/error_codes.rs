//! Error codes: an open enum, and a table of what each means and what to do about it.

use crate::model::Model;

use super::rust::{Source, literal, sentence, variant};

/// `error_codes.rs` of one API, if it lists codes.
pub(super) fn contents(model: &Model) -> Option<String> {
    if model.error_codes.is_empty() {
        return None;
    }
    let mut source = Source::new(model);
    source.module_doc(&format!("Error codes of the {} API.", model.api));
    source.block("error_codes! {", "}", |source| {
        for code in &model.error_codes {
            let (name, text) = (variant(&code.code), literal(&code.code));
            source.line(&format!("{name} = {text}, status {},", code.status));
            source.quoted("    means ", &sentence(&code.meaning), ",");
            source.quoted("    remedy ", &code.remedy, ";");
        }
    });
    Some(source.text())
}
