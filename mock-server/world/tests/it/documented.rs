//! Every reply and every refusal of a play is held against the documents: the schemas that the server validates with,
//! as one version of the platform has them, the listed codes and their statuses.
//!
//! The server does the same with what it sends, by the same rules (`layer2_world::contract`); here a random walk of a
//! hundred thousand steps is held to it too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::OnceLock;

use jsonschema::Validator;
use layer2_types::operation::Api;
use layer2_types::operation::Operation;
use layer2_types::operation::Platform;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::contract;
use layer2_world::contract::schema;
use serde_json::Value;

/// Fails unless the reply is one that the document of the platform describes.
pub(crate) fn reply(operation: &'static Operation, platform: Platform, reply: &Reply) {
    if operation.is_download() {
        // What the shell gets is the name of a file.
        return;
    }
    let validator = validator(operation, platform, reply.status);
    let validator = validator
        .unwrap_or_else(|| panic!("{operation}: status {} is not documented", reply.status));
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let wrong: Vec<_> = validator
        .iter_errors(&body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{operation}: {}", wrong.join("; "));
}

/// Fails unless each code is one that the operation lists and the status that of one of them.
pub(crate) fn refusal(operation: &Operation, platform: Platform, rejection: &Rejection) {
    let wrong = contract::differences_of_refusal(operation, platform, rejection);
    assert!(wrong.is_empty(), "{}: {rejection:?}", wrong.join("; "));
}

/// The validator of a reply, if the document has one of that status. A test compiles few of them, and each once.
fn validator(
    operation: &'static Operation,
    platform: Platform,
    status: u16,
) -> Option<Rc<Validator>> {
    type Made = BTreeMap<(Api, &'static str, Platform, u16), Rc<Validator>>;
    thread_local! {
        static MADE: RefCell<Made> = const { RefCell::new(BTreeMap::new()) };
    }
    let key = (operation.api, operation.id, platform, status);
    MADE.with_borrow_mut(|made| {
        if let Some(found) = made.get(&key) {
            return Some(Rc::clone(found));
        }
        let replies = &schemas(operation.api)[operation.id]["reply"];
        let mut schema = replies.get(status.to_string())?.clone();
        schema::project(&mut schema, platform, schema::Side::Reply);
        let validator = Rc::new(jsonschema::draft202012::new(&schema).unwrap());
        made.insert(key, Rc::clone(&validator));
        Some(validator)
    })
}

/// The schemas of an API, by operation.
fn schemas(api: Api) -> &'static Value {
    static FILES: [OnceLock<Value>; 4] = [const { OnceLock::new() }; 4];
    let (index, text) = match api {
        Api::Accounting => (
            0,
            include_str!("../../../assets/validators/accounting.json"),
        ),
        Api::Control => (1, include_str!("../../../assets/validators/control.json")),
        Api::Payments => (2, include_str!("../../../assets/validators/payments.json")),
        Api::Plaid => (3, include_str!("../../../assets/validators/plaid.json")),
    };
    FILES[index].get_or_init(|| serde_json::from_str(text).unwrap())
}
