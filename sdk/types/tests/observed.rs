//! Goal: what client programs have recorded of the platforms decodes, in every form that was seen over the years.
//! Method: each file of `data/observed` is one reply or event (names, values and shape as recorded; free text is ours).
//! It is decoded, written again and compared; what only a human can tell about it is looked at by name below. A file
//! that no row names fails the test, so that a recording cannot be forgotten.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/observed")
}

fn text(name: &str) -> String {
    let path = folder().join(format!("{name}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What the model makes of a recording must say all that the recording says, but for the members that the platform has
/// dropped since (and so the documents do not know) and nulls, which say nothing.
fn survives<T: DeserializeOwned + Serialize>(name: &str, dropped: &[&str]) -> String {
    let mut wanted: Value = serde_json::from_str(&text(name)).expect("a recording is JSON");
    prune(&mut wanted, dropped);
    let written = serde_json::to_value(read::<T>(name)).expect("a model can be written");
    assert_eq!(written, wanted, "{name}");
    name.to_owned()
}

fn prune(value: &mut Value, dropped: &[&str]) {
    match value {
        Value::Object(members) => {
            members.retain(|name, member| !member.is_null() && !dropped.contains(&name.as_str()));
            members
                .values_mut()
                .for_each(|member| prune(member, dropped));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| prune(item, dropped)),
        _ => {}
    }
}

macro_rules! recordings {
    ( $( $(#[$when:meta])* $model:ty { $( $name:ident $(without $dropped:literal)? ),+ $(,)? } )+ ) => {
        #[test]
        fn every_recording_decodes_and_loses_nothing() {
            let mut named = BTreeSet::new();
            $( $(#[$when])* {
                $( named.insert(survives::<$model>(stringify!($name), &[$($dropped)?])); )+
            } )+
            let kept: BTreeSet<_> = fs::read_dir(folder())
                .expect("the folder of recordings")
                .map(|entry| entry.expect("a readable folder").path())
                .map(|path| path.file_stem().expect("a file").to_string_lossy().into_owned())
                .collect();
            if cfg!(all(feature = "payments", feature = "accounting", feature = "plaid")) {
                assert_eq!(named, kept, "recordings that are named, and those that are there");
            } else {
                assert!(named.is_subset(&kept));
            }
        }
    };
}

recordings! {
    #[cfg(feature = "payments")]
    layer2_types::payments::AccountReply {
        account_of_2023,
        account_with_all_digits,
        account_frozen_by_the_platform,
    }
    #[cfg(feature = "payments")]
    layer2_types::payments::AccountRefReply { account_opened }
    #[cfg(feature = "payments")]
    layer2_types::payments::Event {
        application_event_without_zone,
        application_event_ready,
        event_of_the_first_form,
    }
    #[cfg(feature = "payments")]
    layer2_types::payments::DepositReply { deposit_that_has_received_money, deposit_of_crypto }
    #[cfg(feature = "payments")]
    layer2_types::payments::ExchangeReply {
        exchange_of_dollars,
        exchange_of_coins,
        exchange_of_more_dollars,
        exchange_accepted,
        exchange_without_created,
    }
    #[cfg(feature = "payments")]
    layer2_types::payments::DocumentRefReply { document_uploaded }
    #[cfg(feature = "payments")]
    layer2_types::payments::SubscriptionRefReply { subscription_deleted }
    #[cfg(feature = "payments")]
    layer2_types::payments::ErrorReply { error, error_without_code }
    #[cfg(feature = "payments")]
    layer2_types::payments::TransactionListReply { transactions_of_rare_types }
    #[cfg(feature = "payments")]
    layer2_types::payments::WithdrawalStateReply { withdrawal_waiting_for_approval }
    #[cfg(feature = "payments")]
    layer2_types::payments::WithdrawalStatusReply {
        withdrawal_that_needs_an_invoice,
        withdrawal_that_needs_an_invoice_as_the_guide_spells_it,
    }
    #[cfg(feature = "payments")]
    layer2_types::payments::CounterpartyReply { counterparty_of_2023 without "is_international" }
    #[cfg(feature = "payments")]
    layer2_types::payments::PaymentStateReply {
        payment_in_progress,
        payment_in_progress_as_the_document_spells_it,
    }
    #[cfg(feature = "plaid")]
    layer2_types::plaid::SandboxPublicTokenCreateReply { plaid_public_token }
    #[cfg(feature = "plaid")]
    layer2_types::plaid::ItemPublicTokenExchangeReply { plaid_access_token }
    #[cfg(feature = "plaid")]
    layer2_types::plaid::PlaidErrorReply { plaid_error, plaid_error_seen_in_the_wild }
    #[cfg(feature = "accounting")]
    layer2_types::accounting::ApiErrorReply { accounting_error }
}

#[cfg(feature = "payments")]
mod payments {
    use layer2_types::payments::{
        AccountReply, AccountStatus, Deposit, DepositInstruction, DepositReply, Event,
        EventPayload, ExchangeReply, TransactionListReply,
    };

    use super::read;

    #[test]
    fn amounts_have_the_digits_that_were_sent() {
        let account: AccountReply = read("account_with_all_digits");
        let balance = account.data.available_balance.expect("was sent");
        assert_eq!(balance.to_string(), "0.99");
        for (name, debit, credit) in [
            ("exchange_of_dollars", "1", Some("0.990099")),
            ("exchange_of_coins", "0.5", Some("0.49")),
            ("exchange_of_more_dollars", "730", Some("722.772277")),
            ("exchange_accepted", "1", None),
        ] {
            let exchange = read::<ExchangeReply>(name).data;
            let source = exchange.source_details.expect("was sent");
            let destination = exchange.destination_details.expect("was sent");
            let shown = |amount: layer2_types::Amount| amount.to_string();
            assert_eq!(
                source.amount_to_debit.map(shown).as_deref(),
                Some(debit),
                "{name}"
            );
            assert_eq!(
                destination.amount_to_credit.map(shown).as_deref(),
                credit,
                "{name}"
            );
        }
    }

    #[test]
    fn instructions_are_told_apart_by_their_rail() {
        let Deposit::Push(deposit) = read::<DepositReply>("deposit_that_has_received_money").data
        else {
            panic!("the deposit is a PUSH");
        };
        let created = deposit.created_timestamp.expect("was sent");
        assert_eq!(created.instant().to_string(), "2023-08-18T22:08:53.745647Z");
        let source = deposit.deposit_source.expect("was sent");
        let instructions = source.deposit_instructions.expect("was sent");
        let [
            DepositInstruction::Fedwire(wire),
            DepositInstruction::Ach(ach),
        ] = &instructions[..]
        else {
            panic!("Fedwire and ACH were sent");
        };
        assert_eq!(wire.account_routing_number.as_deref(), Some("021001208"));
        // Longer than the documented 10 characters: it is read all the same.
        assert_eq!(ach.memo.as_ref().map(String::len), Some(36));
    }

    #[test]
    fn what_the_documents_do_not_list_is_kept_as_it_came() {
        let account: AccountReply = read("account_frozen_by_the_platform");
        assert_eq!(account.data.status, Some(AccountStatus::FrozenL2f));
        let list: TransactionListReply = read("transactions_of_rare_types");
        let rows = list.data.transactions.expect("was sent");
        let types: Vec<_> = rows
            .iter()
            .filter_map(|row| row.transaction_type.as_ref())
            .map(|kind| (kind.as_str(), kind.is_known()))
            .collect();
        assert_eq!(
            types,
            [
                ("FIAT_TRANSFER_IN", true),
                ("MARKET_ADJUSTMENT", false),
                ("FIAT_TRANSFER_OUT_RETURN", true),
            ]
        );
    }

    #[test]
    fn events_without_zone_or_date_are_read() {
        let event: Event = read("application_event_without_zone");
        let date = event.event_date.expect("was sent");
        assert!(date.zone_was_missing());
        assert!(matches!(
            event.event_data,
            EventPayload::ApplicationSubmitted(_)
        ));
        assert_eq!(read::<Event>("event_of_the_first_form").event_date, None);
    }
}
