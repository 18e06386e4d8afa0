//! Every reply and every refusal of a play is held against the documents: the schemas that the server validates with,
//! as one version of the platform has them, the listed codes and their statuses.
//!
//! The server does the same with what it sends; here a random walk of a hundred thousand steps is held to it too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::OnceLock;

use jsonschema::Validator;
use layer2_types::ErrorCodeInfo;
use layer2_types::accounting;
use layer2_types::control;
use layer2_types::operation::Api;
use layer2_types::operation::Operation;
use layer2_types::operation::Platform;
use layer2_types::payments;
use layer2_types::plaid;
use layer2_world::Rejection;
use layer2_world::Reply;
use serde_json::Value;

/// The server's own way to narrow a schema to one version; it needs nothing of the server.
#[path = "../../../src/http/validate/platform.rs"]
mod platform;

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

/// Fails unless each code is one that the operation lists and the status that of one of them. What a version does not
/// have is not found there, whatever it lists elsewhere.
pub(crate) fn refusal(operation: &Operation, platform: Platform, rejection: &Rejection) {
    for problem in &rejection.problems {
        let code = problem.code;
        let is_absent = code == "NOT_FOUND" && !operation.is_on(platform);
        assert!(
            is_absent || operation.error_codes().any(|listed| listed == code),
            "{operation}: the code {code} is not listed"
        );
    }
    let codes = codes(operation.api);
    let mut statuses = rejection.problems.iter().filter_map(|problem| {
        let info = ErrorCodeInfo::find(codes, problem.code)?;
        Some(info.status)
    });
    assert!(
        statuses.any(|status| status == rejection.status),
        "{operation}: {rejection:?} has the status of no code"
    );
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
        platform::project(&mut schema, platform, platform::Side::Reply);
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

fn codes(api: Api) -> &'static [ErrorCodeInfo] {
    match api {
        Api::Accounting => accounting::ERROR_CODES,
        Api::Control => control::ERROR_CODES,
        Api::Payments => payments::ERROR_CODES,
        Api::Plaid => plaid::ERROR_CODES,
    }
}
