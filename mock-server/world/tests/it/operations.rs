//! Every operation of the documents that is the world's business has its way through it.

use layer2_types::operation::Effect;
use layer2_types::operation::Operation;
use layer2_types::operation::RunsIn;
use layer2_types::operation::operations;

use crate::support::Play;

/// Asks for an operation with ids that name nothing and without a body.
fn ask(operation: &'static Operation) -> u16 {
    let mut play = Play::new();
    let path: Vec<(&str, &str)> = operation
        .path_parameters()
        .map(|name| (name, "nothing"))
        .collect();
    let outcome = match operation.effect {
        Effect::Read => play.get(&operation.key(), &path, &[]),
        Effect::Write => play.post(&operation.key(), &path, ""),
    };
    outcome.map_or_else(|rejection| rejection.status, |reply| reply.status)
}

#[test]
fn no_operation_of_the_world_goes_astray() {
    let mut asked = 0;
    for operation in operations().filter(|operation| operation.runs_in == RunsIn::World) {
        let status = ask(operation);
        assert!(
            matches!(status, 200 | 400 | 404 | 501),
            "{operation} answered {status}"
        );
        asked += 1;
    }
    assert!(asked >= 20, "{asked}");
}

#[test]
fn what_the_server_does_itself_is_no_business_of_the_world() {
    let mut asked = 0;
    for operation in operations().filter(|operation| operation.runs_in == RunsIn::Server) {
        assert_eq!(ask(operation), 500, "{operation}");
        asked += 1;
    }
    assert!(asked >= 10, "{asked}");
}

#[test]
fn operations_survive_the_journal_by_name() {
    for operation in operations() {
        let parsed: layer2_world::OperationRef = operation.key().parse().unwrap();
        assert_eq!(parsed.key(), operation.key());
        assert_eq!(parsed.operation().id, operation.id);
    }
    let unknown = "payments.transfers_steal"
        .parse::<layer2_world::OperationRef>()
        .unwrap_err();
    assert!(unknown.to_string().contains("names no operation"));
}
