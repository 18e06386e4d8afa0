//! Rates: those of the market move, those that control pins do not, and a replay finds both again.

use jiff::SignedDuration;
use layer2_world::Profile;
use layer2_world::Settings;
use layer2_world::World;

use super::BTC;
use super::Order;
use super::PURCHASE;
use super::SALE;
use super::SETTLED;
use super::USD;
use super::USDC;
use super::play;
use super::play_with;
use crate::support::Play;
use crate::support::field;
use crate::support::fields;
use crate::support::genesis;

#[test]
fn the_market_moves_between_request_and_execution() {
    let mut play = play();
    let order = Order {
        to: "ACME_BTC",
        amount: "900",
        ..SALE
    };
    let id = play.requested(order);
    let told = field(&play.exchange_now(&id), "amount_to_credit");
    play.advance(SignedDuration::from_mins(10));
    play.accept_exchange(&id, "0.05").unwrap();
    let body = play.exchange_now(&id);
    assert_eq!(field(&body, "status"), "EXECUTED");
    let got = field(&body, "amount_to_credit");
    assert_ne!(got, told);
    assert_eq!(play.balances("ACME_BTC").0, got);
    play.assert_sound();
}

#[test]
fn control_shows_pins_and_unpins_rates() {
    let mut play = play();
    let list = play.get("control.rates_list", &[], &[]).unwrap().body;
    assert!(list.contains(r#"{"source_asset_type_id":"FIAT_TESTNET_USD","destination_asset_type_id":"ETHEREUM_SEPOLIA_USDC","rate":0.990099009900990099,"pinned":false}"#), "{list}");
    assert_eq!(fields(&list, "pinned").len(), 36);
    assert!(
        fields(&list, "pinned")
            .iter()
            .all(|pinned| pinned == "false")
    );

    play.pin(USD, USDC, "0.5");
    play.pin(USD, USDC, "0.25");
    let list = play.get("control.rates_list", &[], &[]).unwrap().body;
    assert!(
        list.contains(
            r#""destination_asset_type_id":"ETHEREUM_SEPOLIA_USDC","rate":0.25,"pinned":true}"#
        ),
        "{list}"
    );
    let pinned = fields(&list, "pinned");
    assert_eq!(pinned.iter().filter(|pinned| *pinned == "true").count(), 1);
    let reply = play.exchange(SALE).unwrap();
    assert_eq!(field(&reply.body, "amount_to_credit"), "182.5");

    let path = [
        ("source_asset_type_id", USD),
        ("destination_asset_type_id", USDC),
    ];
    for _ in 0..2 {
        let reply = play.post("control.rates_unpin", &path, "").unwrap();
        assert_eq!(
            reply.body,
            r#"{"data":{"source_asset_type_id":"FIAT_TESTNET_USD","destination_asset_type_id":"ETHEREUM_SEPOLIA_USDC","rate":0.990099009900990099,"pinned":false}}"#
        );
    }
    let reply = play.exchange(SALE).unwrap();
    assert_eq!(field(&reply.body, "amount_to_credit"), "722.772277");
}

#[test]
fn snapshot_and_replay_hold_in_the_middle_of_an_exchange() {
    let mut settings = Settings::default();
    settings.profile = Profile::Realistic;
    let mut play = play_with(settings.clone());
    play.pin(USD, BTC, "0.000021234567890123");
    let order = Order {
        to: "ACME_BTC",
        amount: "0.0123",
        ..PURCHASE
    };
    play.requested(order);
    play.accepted(order, "0.0123");
    let mut other = Play {
        world: World::restore(&play.world.snapshot().unwrap()).unwrap(),
        now: play.now,
        journal: play.journal.clone(),
        eager: true,
        watchful: true,
    };
    for play in [&mut play, &mut other] {
        play.advance(SignedDuration::from_mins(20));
        let sale = Order {
            amount: "20",
            ..SALE
        };
        play.accepted(sale, "0.5");
        play.advance(SETTLED);
        assert!(play.balances("ACME_BTC").0.starts_with("0.0123"));
        assert_eq!(play.balances("ACME_USDC").0, "19.80198");
    }
    assert!(other.world.snapshot().unwrap() == play.world.snapshot().unwrap());

    let mut again = World::new(genesis(settings));
    for (command, context) in &play.journal {
        again.execute(command, *context).unwrap();
    }
    assert!(again.snapshot().unwrap() == play.world.snapshot().unwrap());
}
