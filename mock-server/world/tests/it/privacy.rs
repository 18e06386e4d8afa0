//! What is told of persons: to whoever may read it in a reply, and to nobody by `Debug`.

use layer2_types::operation::Platform;

use crate::applications::walk::Onboarding;
use crate::deposits::arrive;
use crate::deposits::push;
use crate::paying::us_bank;
use crate::support::Play;
use crate::support::field;
use crate::support::fields;

/// Stands in every personal text that the world is given here, and nowhere else.
const MARK: &str = "Zaphod";

/// Accounts, orders of all kinds and money from outside, each with a text about a person.
fn busy() -> Play {
    let mut play = Play::new();
    let mut onboarding = Onboarding::default();
    for step in [5, 0, 2, 4, 1, 3] {
        onboarding.take(&mut play, step);
    }
    play.open("ACME_USDC", "DEPOSIT_BASIC", "ETHEREUM_SEPOLIA_USDC");
    let name = format!(r#"{{"updates":[{{"field":"first_name","value":"{MARK}"}}]}}"#);
    play.post(
        "payments.customers_update",
        &[("customer_id", "JANE")],
        &name,
    )
    .unwrap();
    let memo = &fields(&push(&mut play, "ACME_USD").unwrap().body, "memo")[0].clone();
    let money = format!(r#"{{"memo":"{memo}","amount":9000,"originator_name":"{MARK} B"}}"#);
    let inbound = field(&arrive(&mut play, &money).unwrap().body, "id");
    let lost = format!(r#"{{"memo":"{MARK}","asset_type_id":"FIAT_TESTNET_USD","amount":50}}"#);
    arrive(&mut play, &lost).unwrap();
    let hook = format!(
        r#"{{"event_type":"TRANSACTION_POSTED","callback_url":"http://127.0.0.1:9/{MARK}?token={MARK}"}}"#
    );
    play.post("payments.subscriptions_create", &[], &hook)
        .unwrap();
    order_everything(&mut play);
    let path = [("sandbox", "default"), ("inbound_id", inbound.as_str())];
    let reason = format!(r#"{{"reason":"{MARK} asked for it"}}"#);
    play.post("control.inbound_return", &path, &reason).unwrap();
    play
}

fn order_everything(play: &mut Play) {
    let transfer = format!(
        r#"{{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1,"description":"rent of {MARK}"}}"#
    );
    let transfer = play.post("payments.transfers_create", &[], &transfer);
    play.accept(&field(&transfer.unwrap().body, "id")).unwrap();
    let exchange = format!(
        r#"{{"source_account_id":"ACME_USD","destination_account_id":"ACME_USDC","action":"FIX_SOURCE","amount":20,"description":"coins of {MARK}"}}"#
    );
    let exchange = play.post("payments.exchanges_create_market", &[], &exchange);
    play.accept_exchange(&field(&exchange.unwrap().body, "id"), "0.01")
        .unwrap();
    let owner = us_bank("ACME")
        .replace("Landlord", &format!("bank of {MARK}"))
        .replace("Harbor Estates LLC", &format!("{MARK} Estates LLC"));
    let bank = play.register(&owner).unwrap();
    let withdrawal = format!(
        r#"{{"withdrawal_rail":"ACH","source_account_id":"ACME_USD","destination_counterparty_id":"{bank}","amount":7,"purpose":"RENTAL_PROPERTY","description":"gift of {MARK}","memo":"to {MARK}"}}"#
    );
    let withdrawal = play.post("payments.withdrawals_create", &[], &withdrawal);
    play.accept_withdrawal(&field(&withdrawal.unwrap().body, "id"))
        .unwrap();
}

/// Goal: no text about a person is ever printed by accident. Method: a world in which all such texts have a mark, which its
/// replies show and its `Debug` does not, nor that of its journal.
#[test]
fn no_personal_text_is_printed_by_debug() {
    let play = busy();
    assert_eq!(play.world.settings().platform, Platform::Union);
    let told = play
        .get("payments.transactions_list", &[], &[("page_size", "1000")])
        .unwrap();
    for text in ["rent of", "coins of", "gift of"] {
        let text = format!("{text} {MARK}");
        assert!(told.body.contains(&text), "{text} in {}", told.body);
    }
    let stored = play.world.snapshot().unwrap();
    assert!(stored.matches(MARK).count() >= 12, "{stored}");
    let due = play.world.due_deliveries(play.now);
    assert!(due.iter().any(|due| due.url.as_str().contains(MARK)));
    for printed in [
        format!("{due:?}"),
        format!("{:?}", play.world),
        format!("{:#?}", play.world),
        format!("{:?}", play.journal),
    ] {
        let at = printed.find(MARK);
        let around = at.map(|at| &printed[at.saturating_sub(200)..at + 40]);
        assert_eq!(around, None);
    }
}
