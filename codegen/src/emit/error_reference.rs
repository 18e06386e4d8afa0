//! `docs/errors.md`: what each error code means, what to do about it and which operations answer
//! with it. The mock server's errors link to it, so every code has an anchor of its own that no
//! renderer makes up: `<api>-<code>` in lower case.

use std::fmt::Write as _;

use crate::model::Model;
use crate::model::error_code::ErrorCode;
use crate::output::{File, HEADER};

use super::rust::sentence;

/// The page for all documents.
pub(super) fn file(models: &[Model]) -> File {
    let mut page = format!("<!-- {HEADER} from openapi/*/errors.yaml; do not edit. -->\n{OPENING}");
    for model in models.iter().filter(|model| !model.error_codes.is_empty()) {
        // Writing to a string cannot fail.
        let _ = write!(page, "\n## {}\n", model.title);
        for code in &model.error_codes {
            page.push_str(&entry(model, code));
        }
    }
    File::new("docs/errors.md", page)
}

fn entry(model: &Model, code: &ErrorCode) -> String {
    format!(
        "\n<a id=\"{}-{}\"></a>\n### {}\n\nStatus {}. {}\n\n**What to do:** {}\n\n**Sent by:** {}\n",
        model.api,
        code.code.to_lowercase(),
        code.code,
        code.status,
        sentence(&code.meaning),
        sentence(&code.remedy),
        senders(model, code),
    )
}

fn senders(model: &Model, code: &ErrorCode) -> String {
    if model.common_errors.contains(&code.code) {
        return "any operation.".to_owned();
    }
    let senders: Vec<_> = model
        .operations
        .iter()
        .filter(|operation| operation.errors.contains(&code.code))
        .map(|operation| format!("`{}`", operation.id))
        .collect();
    match senders.as_slice() {
        [] => "no operation.".to_owned(),
        senders => format!("{}.", senders.join(", ")),
    }
}

const OPENING: &str = "
# Error codes

Every code that the mock server answers with, by API. The vendors document the envelope of an error and few codes or
none, so most of these are the project's own: decide by the status and the kind of an error, never by its code alone. A
sandbox with `opaque_codes` replaces all of them, to prove that a client does not lean on them; one with
`errors: documented` keeps to what the vendor publishes, without the link that led here.
";
