//! Goal: no history of requests makes the book differ from the bookkeeper, break an invariant, or
//! keep a trace of what it refused. Method: small id and amount spaces, so that duplicates, second
//! resolutions and short funds are common; the bookkeeper's verdict is compared by name at every
//! step.

use std::collections::BTreeSet;

use layer2_ledger::{
    AccountIx, AccountKind, Asset, AssetCode, Book, Draft, EntryId, HoldDraft, HoldId,
    LedgerAccountId, LedgerError, Line, MinorUnits, Side, Stamp, Step,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

use super::oracle::{ACCOUNTS, Action, Oracle, Row};

/// Accounts of the table that every history starts with; the others are opened by it, or not.
const OPEN_AT_START: usize = 8;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_history_agrees_with_the_bookkeeper(actions in vec(action(), 1..60)) {
        let (mut book, mut oracle) = start();
        for action in actions {
            if !can_be_said(&oracle, &action) {
                continue;
            }
            let before = book.clone();
            let verdict = act(&mut book, &action);
            prop_assert_eq!(verdict.clone(), oracle.act(&action).map_err(str::to_owned));
            if verdict.is_err() {
                prop_assert_eq!(&book, &before, "a refusal left a trace: {:?}", action);
            }
            agrees(&book, &oracle)?;
        }
        let json = serde_json::to_string(&book).unwrap();
        prop_assert_eq!(serde_json::from_str::<Book>(&json).unwrap(), book);
    }

    #[test]
    fn a_check_says_what_the_request_does(actions in vec(action(), 1..60)) {
        let (mut book, mut oracle) = start();
        for action in actions {
            if can_be_said(&oracle, &action) {
                let foretold = check(&book, &action);
                let done = act(&mut book, &action);
                prop_assert!(foretold.is_none_or(|foretold| foretold == done), "{:?}", action);
                let _ = oracle.act(&action);
            }
        }
    }
}

fn agrees(book: &Book, oracle: &Oracle) -> Result<(), TestCaseError> {
    prop_assert_eq!(book.invariants(), Ok(()));
    prop_assert!(book.trial_balance().balanced());
    for (position, (_, _, _, may_overdraw)) in ACCOUNTS.iter().enumerate() {
        if !oracle.is_open(position) {
            let unknown = find(book, position).map_err(|error| name(&error));
            prop_assert_eq!(unknown, Err("UnknownAccount".to_owned()));
            continue;
        }
        let ix = find(book, position).unwrap();
        let balances = book.account(ix).unwrap().balances();
        prop_assert_eq!(balances.current.get(), oracle.current(position));
        prop_assert_eq!(balances.held.get(), oracle.held(position));
        prop_assert_eq!(
            balances.available.get(),
            oracle.current(position) - oracle.held(position)
        );
        prop_assert!(balances.available <= balances.current);
        prop_assert!(*may_overdraw || !balances.available.is_negative());
        let open: i128 = book
            .open_holds_of(ix)
            .unwrap()
            .map(|hold| hold.amount().get())
            .sum();
        prop_assert_eq!(open, oracle.held(position));

        let entries: Vec<_> = book.entries_of(ix, ..).unwrap().collect();
        prop_assert!(entries.is_sorted_by(|a, b| a.sequence() < b.sequence()));
        let ids: BTreeSet<u128> = entries.iter().map(|entry| entry.id().get()).collect();
        prop_assert_eq!(ids, oracle.entries_of(position));
        prop_assert_eq!(book.balance_as_of(ix, u64::MAX).unwrap(), balances.current);
        for (count, entry) in entries.iter().enumerate() {
            prop_assert_eq!(book.entry_count(ix, entry.sequence()).unwrap(), count + 1);
            let after = entry.balance_after(ix);
            prop_assert_eq!(
                Some(book.balance_as_of(ix, entry.sequence()).unwrap()),
                after
            );
        }
    }
    Ok(())
}

fn start() -> (Book, Oracle) {
    let (mut book, mut oracle) = (Book::new(), Oracle::default());
    for (code, scale) in [("USD", 2), ("BTC", 8)] {
        book.define(Asset::new(AssetCode::new(code).unwrap(), scale).unwrap())
            .unwrap();
    }
    for position in 0..OPEN_AT_START {
        open(&mut book, position).unwrap();
        oracle.act(&Action::Open(position)).unwrap();
    }
    (book, oracle)
}

/// A handle exists only once its account is open, so requests that need one cannot be made before.
/// A batch never opens accounts.
fn can_be_said(oracle: &Oracle, action: &Action) -> bool {
    match action {
        Action::Post { rows, .. } => rows.iter().all(|row| oracle.is_open(row.0)),
        Action::Place { account, .. } => oracle.is_open(*account),
        Action::Batch(actions) => actions.iter().all(|action| can_be_said(oracle, action)),
        Action::Open(_) | Action::Reverse { .. } | Action::Release { .. } => true,
    }
}

fn act(book: &mut Book, action: &Action) -> Result<(), String> {
    let done = match action {
        Action::Open(position) => open(book, *position),
        Action::Batch(actions) => {
            let steps: Vec<Step> = actions.iter().map(|action| step(book, action)).collect();
            return book
                .apply_all(&steps)
                .map_err(|refused| name(&refused.error));
        }
        Action::Reverse { id, original } => book
            .reversal(EntryId::new(*original), EntryId::new(*id), STAMP)
            .and_then(|draft| book.post(&draft).map(drop)),
        Action::Release { id } => book.release(HoldId::new(*id), STAMP).map(drop),
        Action::Place { .. } | Action::Post { .. } => match step(book, action) {
            Step::Place(draft) => book.place(&draft).map(drop),
            Step::Post(draft) => book.post(&draft).map(drop),
            other => unreachable!("{other:?}"),
        },
    };
    done.map_err(|error| name(&error))
}

/// What the book foretells, for the requests that have a check.
fn check(book: &Book, action: &Action) -> Option<Result<(), String>> {
    let foretold = match action {
        Action::Open(_) | Action::Batch(_) | Action::Reverse { .. } => return None,
        Action::Release { id } => book.check_release(HoldId::new(*id)),
        Action::Place { .. } | Action::Post { .. } => match step(book, action) {
            Step::Place(draft) => book.check_place(&draft),
            Step::Post(draft) => book.check(&draft),
            other => unreachable!("{other:?}"),
        },
    };
    Some(foretold.map_err(|error| name(&error)))
}

fn step(book: &Book, action: &Action) -> Step {
    match action {
        Action::Post {
            id,
            rows,
            settles,
            corrects,
        } => {
            let mut draft = Draft::new(EntryId::new(*id), STAMP);
            for (position, debit, amount) in rows {
                let side = if *debit { Side::Debit } else { Side::Credit };
                let account = find(book, *position).unwrap();
                draft = draft.line(Line {
                    account,
                    side,
                    amount: MinorUnits::new(*amount),
                });
            }
            if let Some(hold) = settles {
                draft = draft.settling(HoldId::new(*hold));
            }
            if let Some(entry) = corrects {
                draft = draft.correcting(EntryId::new(*entry));
            }
            Step::Post(draft)
        }
        Action::Place {
            id,
            account,
            amount,
        } => {
            let account = find(book, *account).unwrap();
            Step::Place(HoldDraft::new(
                HoldId::new(*id),
                account,
                MinorUnits::new(*amount),
                STAMP,
            ))
        }
        Action::Release { id } => Step::Release(HoldId::new(*id), STAMP),
        other => unreachable!("not a step: {other:?}"),
    }
}

const STAMP: Stamp = Stamp::new(1_700_000_000_000_000, 7);

fn find(book: &Book, position: usize) -> Result<AccountIx, LedgerError> {
    book.find(&LedgerAccountId::new(ACCOUNTS[position].0).unwrap())
}

fn open(book: &mut Book, position: usize) -> Result<(), LedgerError> {
    let (id, asset, _, _) = ACCOUNTS[position];
    let kind = match id.split(':').next().unwrap() {
        "custody" => AccountKind::Custody,
        "clearing" => AccountKind::Clearing,
        "in-flight" => AccountKind::InFlight,
        "customer" => AccountKind::Customer,
        "fees" => AccountKind::Fees,
        "suspense" => AccountKind::Suspense,
        other => unreachable!("{other}"),
    };
    let asset = AssetCode::new(asset).unwrap();
    book.open(LedgerAccountId::new(id).unwrap(), &asset, kind)
        .map(drop)
}

/// The word of a refusal: the first word of its `Debug` form.
fn name(error: &LedgerError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '(']).next().unwrap().to_owned()
}

fn action() -> impl Strategy<Value = Action> {
    let reverse = (entry_id(), known_entry());
    prop_oneof![
        1 => (0..ACCOUNTS.len()).prop_map(Action::Open),
        24 => single(),
        4 => reverse.prop_map(|(id, original)| Action::Reverse { id, original }),
        4 => vec(single(), 1..4).prop_map(Action::Batch),
    ]
}

/// What may stand in a batch too.
fn single() -> impl Strategy<Value = Action> {
    let references = (weighted(0.05, hold_id()), weighted(0.1, known_entry()));
    prop_oneof![
        8 => (entry_id(), rows(), references).prop_map(|(id, rows, (settles, corrects))| {
            Action::Post { id, rows, settles, corrects }
        }),
        4 => (entry_id(), hold_id(), customer(), 1_i128..40).prop_map(|(id, hold, from, n)| {
            let rows = vec![(from, true, n), (2, false, n)];
            Action::Post { id, rows, settles: Some(hold), corrects: None }
        }),
        4 => (hold_id(), customer(), 1_i128..40)
            .prop_map(|(id, account, amount)| Action::Place { id, account, amount }),
        1 => (hold_id(), 0..ACCOUNTS.len(), -1_i128..400)
            .prop_map(|(id, account, amount)| Action::Place { id, account, amount }),
        2 => hold_id().prop_map(|id| Action::Release { id }),
    ]
}

/// Mostly new; the small ones meet again.
fn entry_id() -> impl Strategy<Value = u128> {
    prop_oneof![1 => known_entry(), 2 => 0_u128..1_000]
}

/// Small enough to be in the book already.
fn known_entry() -> impl Strategy<Value = u128> {
    0_u128..10
}

fn hold_id() -> impl Strategy<Value = u128> {
    0_u128..8
}

fn customer() -> impl Strategy<Value = usize> {
    3_usize..=4
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let within = |accounts: std::ops::Range<usize>| {
        (accounts.clone(), accounts, 0_i128..80)
            .prop_map(|(a, b, n)| vec![(a, true, n), (b, false, n)])
    };
    prop_oneof![
        // Money arrives.
        6 => (customer(), 1_i128..200).prop_map(|(to, n)| vec![(0, true, n), (to, false, n)]),
        // Money moves within an asset, in any direction, sometimes on one account twice.
        4 => within(0..6),
        2 => within(6..10),
        // A payment with a fee.
        3 => (customer(), 1_i128..80, 1_i128..5).prop_map(|(from, n, fee)| {
            vec![(from, true, n + fee), (2, false, n), (5, false, fee)]
        }),
        // An exchange: two assets, four lines.
        3 => (customer(), 1_i128..80, 1_i128..80).prop_map(|(from, n, m)| {
            vec![(from, true, n), (1, false, n), (6, true, m), (7, false, m)]
        }),
        // Anything at all, mostly refused.
        1 => vec((0..ACCOUNTS.len(), any::<bool>(), -5_i128..40), 0..6),
    ]
}
