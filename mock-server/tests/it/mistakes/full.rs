//! A server that has as many sandboxes as it may have.

use serde_json::json;

use super::setting::{Mistake, Setting, control, post};

const SANDBOXES: &str = "/_control/v1/sandboxes";

/// The default sandbox and one more are there already.
pub(super) async fn set_up(at: &Setting) {
    for n in 2..1_000 {
        let name = json!({"name": format!("test-{n}")});
        at.ok(post(SANDBOXES, name)).await;
    }
}

pub(super) fn mistakes(at: &Setting) -> Vec<Mistake> {
    let one_more = json!({"name": "one-more"});
    let mut all = at.requests(vec![
        ("sandbox_too_many", post(SANDBOXES, &one_more)),
        ("fork_too_many", post(&control("/fork"), &one_more)),
    ]);
    // Before anybody looks at the file.
    let import = at.caller.sending("/imports/one-more", b"any");
    all.push(("import_too_many", import));
    all
}
