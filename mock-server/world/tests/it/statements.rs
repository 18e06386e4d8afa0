//! Statements: a month that is over has one, and its rows lead from the balance at its beginning to that at its end.

use jiff::Timestamp;
use layer2_types::operation::Platform;
use layer2_world::Problem;
use layer2_world::Rejection;
use layer2_world::Reply;
use layer2_world::rejection::code;

use crate::support::Play;
use crate::support::codes;
use crate::support::fast;
use crate::support::field;
use crate::support::fields;

fn list(play: &Play, account: &str) -> Result<Reply, Rejection> {
    play.get("payments.statements_list", &[("account_id", account)], &[])
}

fn read(play: &Play, account: &str, statement: &str) -> Result<Reply, Rejection> {
    let path = [("account_id", account), ("statement_id", statement)];
    play.get("payments.statements_get", &path, &[])
}

fn go_to(play: &mut Play, instant: &str) {
    play.now = instant.parse::<Timestamp>().unwrap();
    play.settle();
}

/// Three months: 100 in January; 30 out in February and 5 in; nothing in March.
fn quarter(platform: Platform) -> Play {
    let mut play = fast(platform);
    play.inbound("ACME_USD", "100").unwrap();
    go_to(&mut play, "2026-02-10T15:00:00Z");
    let transfer = play.transfer("ACME_USD", "JANE_USD", "30").unwrap();
    play.accept(&transfer).unwrap();
    // Still February in New York.
    go_to(&mut play, "2026-03-01T04:00:00Z");
    play.inbound("ACME_USD", "5").unwrap();
    go_to(&mut play, "2026-04-01T04:00:00Z");
    play
}

#[test]
fn months_that_are_over_are_listed() {
    for platform in [Platform::RailV1_1_2, Platform::Union] {
        let mut play = fast(platform);
        let none = list(&play, "ACME_USD").unwrap().body;
        assert!(none.contains(r#""statements":[]"#), "{none}");
        go_to(&mut play, "2026-02-01T04:59:59Z");
        let still = list(&play, "ACME_USD").unwrap().body;
        assert!(
            still.contains(r#""statements":[]"#),
            "January is not over in New York: {still}"
        );
        go_to(&mut play, "2026-02-01T05:00:00Z");
        let january = list(&play, "ACME_USD").unwrap().body;
        assert_eq!(fields(&january, "month"), ["1"]);
        assert_eq!(fields(&january, "year"), ["2026"]);
        go_to(&mut play, "2027-02-02T00:00:00Z");
        let year = list(&play, "ACME_USD").unwrap().body;
        assert_eq!(fields(&year, "month").len(), 13);
        assert_eq!(field(&year, "id"), field(&january, "id"), "ids stay");
        assert_ne!(
            fields(&list(&play, "JANE_USD").unwrap().body, "id")[0],
            field(&january, "id")
        );
    }
}

#[test]
fn rows_lead_from_one_balance_to_the_other() {
    for platform in [Platform::RailV1_1_2, Platform::Union] {
        let play = quarter(platform);
        let ids = fields(&list(&play, "ACME_USD").unwrap().body, "id");
        let told: Vec<_> = ids
            .iter()
            .map(|id| {
                let body = read(&play, "ACME_USD", id).unwrap().body;
                (
                    field(&body, "statement_period"),
                    field(&body, "opening_balance"),
                    fields(&body, "amount"),
                    fields(&body, "balance"),
                    field(&body, "closing_balance"),
                )
            })
            .collect();
        let row = |period: &str, opening: &str, amounts: &[&str], balances: &[&str], end: &str| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            (
                period.to_owned(),
                opening.to_owned(),
                owned(amounts),
                owned(balances),
                end.to_owned(),
            )
        };
        assert_eq!(
            told,
            [
                row("2026-01", "0", &["100"], &["100"], "100"),
                row("2026-02", "100", &["-30", "5"], &["70", "75"], "75"),
                row("2026-03", "75", &[], &[], "75"),
            ]
        );
        let january = read(&play, "ACME_USD", &ids[0]).unwrap().body;
        assert_eq!(field(&january, "name"), "Acme Corporation");
        assert_eq!(field(&january, "address1"), "1 Example Street");
        assert_eq!(field(&january, "description"), "Deposit");
        assert_eq!(field(&january, "transaction_type"), "TRANSFER_IN");
        assert_eq!(play.balances("ACME_USD").0, "75");
    }
}

#[test]
fn what_statements_refuse() {
    let play = quarter(Platform::Union);
    let unknown = |resource: &str, id: &str, place: &str| {
        Problem::new(
            code::NOT_FOUND,
            format!("There is no {resource} with this id in this sandbox."),
        )
        .at(place)
        .received(id)
        .expected(format!("the id of one {resource} of this sandbox"))
        .hint("Ids of another sandbox, and of another kind of resource, are not known here; list what there is, or take the id from the reply that told of it.")
        .not_found()
    };
    assert_eq!(
        list(&play, "NOPE").unwrap_err(),
        unknown("account", "NOPE", "account_id")
    );
    assert_eq!(
        read(&play, "NOPE", "x").unwrap_err(),
        unknown("account", "NOPE", "account_id")
    );
    let resource = "statement of this account";
    assert_eq!(
        read(&play, "ACME_USD", "x").unwrap_err(),
        unknown(resource, "x", "statement_id")
    );
    let janes = field(&list(&play, "JANE_USD").unwrap().body, "id");
    assert_eq!(
        codes(&read(&play, "ACME_USD", &janes).unwrap_err()),
        ["NOT_FOUND"],
        "a statement belongs to its account"
    );
    let older = fast(Platform::Layer2V1_0_5);
    assert_eq!(list(&older, "ACME_USD").unwrap_err().status, 404);
}
