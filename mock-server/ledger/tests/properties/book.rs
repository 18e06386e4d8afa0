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
    prop_oneof![
        1 => (0..ACCOUNTS.len()).prop_map(Action::Open),
        16 => single(),
        2 => (entry_id(), entry_id()).prop_map(|(id, original)| Action::Reverse { id, original }),
        3 => vec(single(), 1..5).prop_map(Action::Batch),
    ]
}

/// What may stand in a batch too.
fn single() -> impl Strategy<Value = Action> {
    let relations = (weighted(0.3, 0_u128..8), weighted(0.1, entry_id()));
    let post = (entry_id(), rows(), relations);
    prop_oneof![
        8 => post.prop_map(|(id, rows, (settles, corrects))| {
            Action::Post { id, rows, settles, corrects }
        }),
        4 => (0_u128..8, 0..ACCOUNTS.len(), -1_i128..60)
            .prop_map(|(id, account, amount)| Action::Place { id, account, amount }),
        1 => (0_u128..8).prop_map(|id| Action::Release { id }),
    ]
}

fn entry_id() -> impl Strategy<Value = u128> {
    0_u128..40
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop_oneof![
        // Money arrives.
        4 => (1_i128..200).prop_map(|n| vec![(0, true, n), (3, false, n)]),
        // Money moves within one asset, in either direction, sometimes through one account twice.
        6 => (0_usize..6, 0_usize..6, 0_i128..80).prop_map(|(a, b, n)| vec![(a, true, n), (b, false, n)]),
        2 => (6_usize..10, 6_usize..10, 1_i128..80).prop_map(|(a, b, n)| vec![(a, true, n), (b, false, n)]),
        // A payment with a fee.
        3 => (1_i128..80, 1_i128..5).prop_map(|(n, fee)| {
            vec![(3, true, n + fee), (2, false, n), (5, false, fee)]
        }),
        // An exchange: two assets, four lines.
        3 => (1_i128..80, 1_i128..80).prop_map(|(n, m)| {
            vec![(3, true, n), (1, false, n), (7, true, m), (6, false, m)]
        }),
        // Anything at all, mostly refused.
        1 => vec((0..ACCOUNTS.len(), any::<bool>(), -5_i128..40), 0..6),
    ]
}
