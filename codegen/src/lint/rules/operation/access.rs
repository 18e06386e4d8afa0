//! Who may call an operation, and whether the call is signed.

use super::{headers, stated};
use crate::lint::Report;
use crate::lint::outline::Outline;
use crate::problem::nearest;
use crate::source::Node;

pub(in crate::lint::rules) fn security(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let Some(security) = operation.node.get("security") else {
            report.add(
                operation.place,
                format!("{} does not state its security", operation.name()),
                "write `security: [{<scheme>: [<scopes>]}]`, or `security: []` for none",
            );
            continue;
        };
        for requirement in security.items().iter().flat_map(Node::entries) {
            let Some(scheme) = outline.component("securitySchemes", &requirement.key) else {
                report.add(
                    &requirement.key_place,
                    format!("the security scheme `{}` is not declared", requirement.key),
                    "declare it under `components.securitySchemes` of document.yaml",
                );
                continue;
            };
            let declared: Vec<_> = scopes(scheme).collect();
            for scope in requirement.node.items() {
                let name = scope.as_str().unwrap_or_default();
                if !declared.contains(&name) {
                    let near = nearest(name, declared.iter().copied());
                    report.add(
                        &scope.place,
                        format!(
                            "the scope `{name}` is not declared by `{}`",
                            requirement.key
                        ),
                        match near {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => {
                                "declare it under the scheme's `flows.<flow>.scopes`".to_owned()
                            }
                        },
                    );
                }
            }
        }
    }
}

pub(in crate::lint::rules) fn signature(outline: &Outline<'_>, report: &mut Report) {
    stated(
        outline,
        report,
        "x-signature",
        &["required", "optional", "none"],
    );
}

pub(in crate::lint::rules) fn signature_headers(outline: &Outline<'_>, report: &mut Report) {
    for operation in &outline.operations {
        let signed = matches!(operation.text("x-signature"), "required" | "optional");
        let headers = headers(outline, operation);
        for header in ["x-signature", "x-timestamp"] {
            if signed != headers.contains(&header) {
                report.add(
                    operation.place_of("x-signature"),
                    format!(
                        "{} {} `{header}`, and says `x-signature: {}`",
                        operation.name(),
                        if signed { "does not take the header" } else { "takes the header" },
                        operation.text("x-signature"),
                    ),
                    "take both headers by reference where a signature is required or optional, and nowhere else",
                );
            }
        }
    }
}

/// Every scope that a scheme declares.
fn scopes(scheme: &Node) -> impl Iterator<Item = &str> {
    let flows = scheme.get("flows").map(Node::entries).unwrap_or_default();
    flows
        .iter()
        .flat_map(|flow| {
            flow.node
                .get("scopes")
                .map(Node::entries)
                .unwrap_or_default()
        })
        .map(|scope| scope.key.as_str())
}
