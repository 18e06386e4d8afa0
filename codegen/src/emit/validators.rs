//! The validators of the mock: for each operation the schemas of its body, its query parameters and
//! its replies. What a refusal says is the same for many operations, so these name a schema of the API.

use std::collections::BTreeSet;

use crate::model::Model;
use crate::model::operation::Operation;
use crate::output::File;
use crate::prepare::server::{self, Side};

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
            let refusals: Vec<_> = refusals(operation)
                .map(|(status, schema)| format!("\"{status}\": \"{schema}\""))
                .collect();
            lines.push(format!("\"refusal\": {{{}}}", refusals.join(", ")));
            format!(
                "  \"{}\": {{\n    {}\n  }}",
                operation.id,
                lines.join(",\n    ")
            )
        })
        .collect();
    let names: BTreeSet<_> = model.operations.iter().flat_map(refusals).collect();
    let names: BTreeSet<_> = names.into_iter().map(|(_, schema)| schema).collect();
    let schemas: Vec<_> = names
        .into_iter()
        .map(|name| {
            let schema = server::of_named(model, name, Side::Reply);
            format!("\n    \"{name}\": {schema}")
        })
        .collect();
    let path = format!("mock-server/assets/validators/{}.json", model.api);
    let text = format!(
        "{{\n{},\n  \"{REFUSALS}\": {{{}\n  }}\n}}\n",
        operations.join(",\n"),
        schemas.join(",")
    );
    File::new(path, text)
}

/// Status and schema of each reply that says no.
fn refusals(operation: &Operation) -> impl Iterator<Item = (u16, &str)> {
    let refusals = operation.refusals.iter();
    refusals.filter_map(|reply| Some((reply.status, reply.schema.as_deref()?)))
}

/// The member beside the operations that holds the schemas of refusals; no operation is called so, as its name begins
/// with that of its resource.
const REFUSALS: &str = "refusals";
