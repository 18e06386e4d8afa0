//! The validators of the mock: for each operation the schemas of its body, its query parameters and
//! its replies.

use crate::model::Model;
use crate::output::File;
use crate::prepare::server;

/// `mock-server/assets/validators/<api>.json`: one line a schema, so that a change reads as one.
pub(super) fn file(model: &Model) -> File {
    let operations: Vec<_> = model
        .operations
        .iter()
        .map(|operation| {
            let schemas = server::schemas(model, operation);
            let mut lines = vec![
                format!("\"request\": {}", schemas.request.unwrap_or_default()),
                format!("\"query\": {}", schemas.query.unwrap_or_default()),
            ];
            let replies: Vec<_> = schemas
                .replies
                .into_iter()
                .map(|(status, schema)| format!("\"{status}\": {}", schema.unwrap_or_default()))
                .collect();
            lines.push(format!("\"reply\": {{{}}}", replies.join(",\n    ")));
            format!(
                "  \"{}\": {{\n    {}\n  }}",
                operation.id,
                lines.join(",\n    ")
            )
        })
        .collect();
    let path = format!("mock-server/assets/validators/{}.json", model.api);
    File::new(path, format!("{{\n{}\n}}\n", operations.join(",\n")))
}
