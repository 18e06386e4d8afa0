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
    source.line("use crate::error_code::ErrorCodeInfo;");
    source.blank();
    source.block("crate::open_enum! {", "}", |source| {
        source.doc(
            "Why a request was refused. The platform may send codes that are not listed here.",
        );
        source.block("pub enum ErrorCode {", "}", |source| {
            for code in &model.error_codes {
                source.doc(&format!(
                    "{} Status {}.",
                    sentence(&code.meaning),
                    code.status
                ));
                source.line(&format!(
                    "{} = {},",
                    variant(&code.code),
                    literal(&code.code)
                ));
            }
        });
    });
    source.blank();
    source.doc("What is known about each code, in the order of [`ErrorCode::ALL`].");
    source.block(
        "pub static ERROR_CODES: &[ErrorCodeInfo] = &[",
        "];",
        |source| {
            for code in &model.error_codes {
                source.block("ErrorCodeInfo {", "},", |source| {
                    source.line(&format!("code: {},", literal(&code.code)));
                    source.line(&format!("status: {},", code.status));
                    source.line(&format!("meaning: {},", literal(&code.meaning)));
                    source.line(&format!("remedy: {},", literal(&code.remedy)));
                });
            }
        },
    );
    Some(source.text())
}
