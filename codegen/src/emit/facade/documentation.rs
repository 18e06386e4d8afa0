//! What the document says about an operation, for the reader of a method.

use crate::emit::rust::sentence;
use crate::model::operation::{Effect, Idempotency, Mutation, Operation, Retry, Signature};
use crate::model::read::Word as _;

/// What the document says about an operation, as paragraphs.
pub(super) fn documentation(operation: &Operation) -> Vec<String> {
    let mut paragraphs = vec![
        sentence(&operation.summary),
        sentence(&operation.description),
    ];
    paragraphs.extend(operation.mutation.as_ref().map(change));
    paragraphs.push(rules(operation).join(" "));
    paragraphs
}

/// The five things that are said of a change, as a list.
fn change(mutation: &Mutation) -> String {
    let said = [
        ("When to use it", &mutation.when),
        ("Before", &mutation.before),
        ("What happens next", &mutation.next),
        ("Undo", &mutation.undo),
        ("Retry", &mutation.retry),
    ];
    let items = said.map(|(title, text)| format!("- {title}: {}", sentence(text)));
    items.join("\n")
}

/// What holds of every call of it, a sentence each.
fn rules(operation: &Operation) -> Vec<String> {
    let mut rules = Vec::new();
    if !operation.scopes.is_empty() {
        let ways: Vec<_> = [&operation.scopes]
            .into_iter()
            .chain(&operation.other_scopes)
            .map(|scopes| format!("`{}`", scopes.join("` and `")))
            .collect();
        rules.push(format!("Needs the scope {}.", ways.join(", or ")));
    }
    rules.extend(match operation.signature {
        Signature::Required => Some("The request is signed.".to_owned()),
        Signature::Optional => Some("The request can be signed.".to_owned()),
        Signature::None => None,
    });
    rules.extend(match operation.idempotency {
        Idempotency::Header => Some("Carries an idempotency key.".to_owned()),
        Idempotency::ExternalId => {
            Some("Your own id in the body makes a repeat harmless.".to_owned())
        }
        Idempotency::None => None,
    });
    rules.push(match operation.retry {
        Retry::Safe => "Can be repeated freely.".to_owned(),
        Retry::Keyed => "Is repeated only with the same key.".to_owned(),
        Retry::Never => "Is never repeated once a byte has left.".to_owned(),
    });
    rules.push(dropped(operation).to_owned());
    if operation.deprecated {
        rules.push("The platform advises against it.".to_owned());
    }
    if let [version] = operation.versions.as_slice() {
        rules.push(format!("Only `{}` has it.", version.text()));
    }
    if !operation.errors.is_empty() {
        rules.push(format!("Errors: `{}`.", operation.errors.join("`, `")));
    }
    rules
}

/// What is known when the future of a call is dropped before it is ready.
fn dropped(operation: &Operation) -> &'static str {
    match (operation.effect, operation.retry, operation.idempotency) {
        (Effect::Read, ..) => "Can be dropped at any time.",
        (_, Retry::Safe, _) => "If it is dropped, it may be done; call again.",
        (_, Retry::Keyed, Idempotency::ExternalId) => {
            "If it is dropped, it may be done; call again with the same id."
        }
        (_, Retry::Keyed, _) => {
            "If it is dropped, it may be done; call again with the same key, one of your own."
        }
        (_, Retry::Never, _) => "If it is dropped, it may be done; read before you call again.",
    }
}
