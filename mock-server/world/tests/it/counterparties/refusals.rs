//! Registrations and changes of counterparties that are refused, word for word.

use layer2_world::Rejection;
use layer2_world::rejection::Problem;

use crate::paying::bank_account;
use crate::paying::registration;
use crate::paying::us_bank;
use crate::paying::wallet;
use crate::support::Play;

fn refusal(body: &str) -> Rejection {
    let mut play = Play::new();
    play.register(body).unwrap_err()
}

#[test]
fn refusals_say_what_is_wrong_and_what_would_do() {
    assert_eq!(
        refusal(&us_bank("NOPE")),
        Problem::new("NOT_FOUND", "There is no customer with this id in this sandbox.")
            .at("/customer_id")
            .received("NOPE")
            .expected("the id of one customer of this sandbox")
            .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
            .not_found()
    );
    assert_eq!(
        refusal(&us_bank("ACME").replace("\"FEDWIRE\"", "\"EFT\"")),
        Problem::new("RAIL_NOT_SUPPORTED", "Rail EFT is not one of type FIAT_US.")
            .at("/supported_rails/1")
            .received("EFT")
            .expected("ACH, FEDWIRE, SWIFT")
            .hint("Leave the rail out, or register a counterparty of a type that has it.")
            .bad_request()
    );
    assert_eq!(
        refusal(&us_bank("ACME").replace("FIAT_TESTNET_USD", "BITCOIN_TESTNET_BTC")),
        Problem::new("ASSET_NOT_SUPPORTED", "A counterparty of type FIAT_US does not hold this asset.")
            .at("/account_information/asset_type_id")
            .received("BITCOIN_TESTNET_BTC")
            .expected("FIAT_TESTNET_USD, FIAT_TESTNET_EUR, FIAT_TESTNET_CAD")
            .hint("Asset type ids have the form blockchain, network, currency, such as FIAT_TESTNET_USD; a currency code alone is none.")
            .bad_request()
    );
    let mut play = Play::new();
    play.patch_customer("JANE", "CLOSED").unwrap();
    assert_eq!(
        play.register(&us_bank("JANE")).unwrap_err(),
        Problem::new(
            "CUSTOMER_NOT_USABLE",
            "Customer `JANE` cannot be changed: it is CLOSED."
        )
        .at("/customer_id")
        .received("CLOSED")
        .expected("a customer whose status allows updates")
        .hint("CLOSED is final; use another customer.")
        .bad_request()
    );
}

#[test]
fn a_bank_between_and_an_address_of_another_chain_are_refused() {
    let account = bank_account(
        "FIAT_TESTNET_USD",
        r#""account_number":"42","routing_number":"021001208""#,
    ) + r#","intermediary_information":{"intermediary_type":"FIAT_GB","institution_name":"Middle Bank","swift_bic":"BARCGB22"}"#;
    assert_eq!(
        refusal(&registration("FIAT_US", "ACME", r#"["ACH"]"#, &account)),
        Problem::new(
            "INTERMEDIARY_NOT_ALLOWED",
            "A bank between two banks is for SWIFT alone, which is not among the rails."
        )
        .at("/intermediary_information")
        .expected("SWIFT in `supported_rails`, or no intermediary")
        .hint("Add SWIFT with the BIC of the account's bank, or leave the intermediary out.")
        .bad_request()
    );
    assert_eq!(
        refusal(&wallet(
            "ACME",
            "ETHEREUM_SEPOLIA_USDC",
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"
        )),
        Problem::new(
            "VALIDATION_FAILED",
            "This is no address for ETHEREUM_SEPOLIA_USDC."
        )
        .at("/wallet_information/blockchain_address")
        .expected("0x and 40 hexadecimal digits")
        .hint("Coins that are sent to an address of another chain are lost.")
        .bad_request()
    );
}

#[test]
fn all_that_a_registration_lacks_is_told_at_once() {
    let body = r#"{"counterparty_type":"FIAT_US","customer_id":"ACME","supported_rails":["FEDWIRE","SWIFT"],
        "profile":{"profile_type":"INDIVIDUAL","name":" ","address":{"address_line1":"1 A","city":"B","country_code":"US"}},
        "account_information":{"asset_type_id":"USD","account_number":"42","routing_number":"12"},
        "intermediary_information":{"intermediary_type":"FIAT_GB","institution_name":"M","routing_number":"021001208"}}"#;
    let rejection = refusal(body);
    let places: Vec<_> = rejection
        .problems
        .iter()
        .filter_map(|problem| problem.pointer.as_deref())
        .collect();
    assert_eq!(
        places,
        [
            "/account_information/asset_type_id",
            "/profile/name",
            "/profile/address/state",
            "/profile/address/postal_code",
            "/account_information/routing_number",
            "/account_information/swift_bic",
            "/account_information/institution_name",
            "/account_information/institution_address",
            "/intermediary_information/routing_number",
            "/intermediary_information/swift_bic",
        ]
    );
}

#[test]
fn numbers_of_accounts_are_not_repeated() {
    let iban = r#""iban":"DE00370400440532013000","swift_bic":"DEUTDEFF""#;
    let body = registration(
        "FIAT_IBAN",
        "ACME",
        r#"["SWIFT"]"#,
        &bank_account("FIAT_TESTNET_EUR", iban),
    );
    let rejection = refusal(&body);
    assert_eq!(
        rejection,
        Problem::new(
            "VALIDATION_FAILED",
            "The check digits of `iban` do not match the rest of it."
        )
        .at("/account_information/iban")
        .expected("an IBAN without spaces, with its check digits (ISO 13616)")
        .hint("It is mistyped, or was made up; DE89370400440532013000 is one whose check digits are right.")
        .bad_request()
    );
    let spaced = body.replace("DE00", "DE89 ");
    let problem = &refusal(&spaced).problems[0];
    assert_eq!(problem.description, "`iban` does not have its form.");
    let bic = body.replace("DE00", "DE89").replace("DEUTDEFF", "DEUT");
    assert_eq!(refusal(&bic).problems[0].received.as_deref(), Some("DEUT"));
}

#[test]
fn changes_are_refused_with_what_could_be_changed() {
    let mut play = Play::new();
    let id = play.register(&us_bank("ACME")).unwrap();
    assert_eq!(
        play.patch_counterparty(&id, "account_information.account_number", "1")
            .unwrap_err(),
        Problem::new(
            "FIELD_NOT_UPDATABLE",
            "This field of a counterparty cannot be changed."
        )
        .at("/updates/0/field")
        .received("account_information.account_number")
        .expected("status, description")
        .hint("An account is never changed; register another counterparty.")
        .bad_request()
    );
    assert_eq!(
        play.patch_counterparty(&id, "status", "PENDING")
            .unwrap_err(),
        Problem::new(
            "STATUS_CHANGE_NOT_ALLOWED",
            "The counterparty is ACTIVE and cannot become PENDING."
        )
        .at("/updates/0/value")
        .received("PENDING")
        .expected("EDD, DORMANT, CLOSED, FROZEN")
        .hint(
            "Go by one of these statuses; what a client cannot set, control decides in a sandbox."
        )
        .bad_request()
    );
    play.patch_counterparty(&id, "status", "CLOSED").unwrap();
    assert_eq!(
        play.patch_counterparty(&id, "description", "x")
            .unwrap_err(),
        Problem::new(
            "FIELD_NOT_UPDATABLE",
            "Nothing of a counterparty that is CLOSED can be changed."
        )
        .at("/updates/0/field")
        .received("description")
        .expected("a counterparty whose status allows updates")
        .hint("CLOSED is final; register another counterparty.")
        .bad_request()
    );
    assert_eq!(
        play.decide_counterparty(&id, "ACTIVE").unwrap_err(),
        Problem::new(
            "STATUS_CHANGE_NOT_ALLOWED",
            "The counterparty is CLOSED and cannot become ACTIVE."
        )
        .at("/status")
        .received("ACTIVE")
        .expected("no other status")
        .hint("CLOSED is final; use another counterparty.")
        .bad_request()
    );
    let path = [("counterparty_id", id.as_str())];
    let twice =
        r#"{"updates":[{"field":"description","value":"a"},{"field":"description","value":"b"}]}"#;
    let refused = play
        .post("payments.counterparties_update", &path, twice)
        .unwrap_err();
    assert_eq!(
        refused.problems.len(),
        2,
        "closed, and named twice: {refused:?}"
    );
}

#[test]
fn every_call_tells_of_a_counterparty_that_is_not_there() {
    let mut play = Play::new();
    play.register(&us_bank("ACME")).unwrap();
    let nope = [("counterparty_id", "nope")];
    let body = r#"{"status":"EDD","updates":[{"field":"status","value":"EDD"}]}"#;
    let answers = [
        play.get("payments.counterparties_get", &nope, &[]),
        play.post("payments.counterparties_update", &nope, body),
        play.post("control.decisions_counterparty_status", &nope, body),
    ];
    for answer in answers {
        assert_eq!(
            answer.unwrap_err(),
            Problem::new("NOT_FOUND", "There is no counterparty with this id in this sandbox.")
                .at("counterparty_id")
                .received("nope")
                .expected("the id of one counterparty of this sandbox")
                .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
                .not_found()
        );
    }
}
