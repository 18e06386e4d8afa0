//! Goal: a snapshot whose facts break a rule is refused with the rule's name, and one fact changed
//! anywhere is noticed. Method: take a sound book, change one thing in its JSON, read it.

use layer2_ledger::{
    AccountIx, AccountKind, Asset, AssetCode, BatchError, Book, Draft, EntryId, HoldDraft, HoldId,
    LedgerAccountId, LedgerError, MAX_POSTINGS, MinorUnits, Relation, Stamp, Step,
};

const STAMP: Stamp = Stamp::new(0, 1);

#[test]
fn a_changed_fact_is_refused_by_name() {
    let json = serde_json::to_string(&sample()).unwrap();
    assert!(serde_json::from_str::<Book>(&json).is_ok());
    let changes = [
        (
            r#""sequence":2"#,
            r#""sequence":3"#,
            "has sequence 3, expected 2",
        ),
        (r#""amount":"70""#, r#""amount":"71""#, "records a balance"),
        (
            r#""balance_after":"30""#,
            r#""balance_after":"31""#,
            "records a balance of 31",
        ),
        (
            r#""posted":"70""#,
            r#""posted":"60""#,
            "settles it disagree",
        ),
        (
            r#""settles":"00000000-0000-0000-0000-000000000001""#,
            r#""settles":null"#,
            "disagree",
        ),
        (r#""amount":"25""#, r#""amount":"31""#, "may not overdraw"),
        (r#""amount":"25""#, r#""amount":"-25""#, "not positive"),
        (
            r#""kind":"customer""#,
            r#""kind":"clearing""#,
            "records a balance",
        ),
        (
            r#""asset":0,"kind":"customer""#,
            r#""asset":1,"kind":"customer""#,
            "do not balance",
        ),
        (r#""asset":0"#, r#""asset":9"#, "not defined"),
        (r#""scale":2"#, r#""scale":39"#, "scale 39"),
        (r#""holds""#, r#""hold""#, "unknown field"),
    ];
    for (from, to, message) in changes {
        assert!(json.contains(from), "{from} is not in {json}");
        let refused = serde_json::from_str::<Book>(&json.replacen(from, to, 1)).unwrap_err();
        assert!(
            refused.to_string().contains(message),
            "{from} -> {to}: {refused}"
        );
    }
}

#[test]
fn an_entry_is_reversed_once_and_only_by_its_mirror() {
    let (mut book, bank, acme) = opened();
    book.post(&transfer(1, bank, acme, 100)).unwrap();
    let mirror = book
        .reversal(EntryId::new(1), EntryId::new(2), STAMP)
        .unwrap();
    let crooked = serde_json::to_string(&mirror).unwrap().replace("100", "99");
    let crooked: Draft = serde_json::from_str(&crooked).unwrap();
    let entry = EntryId::new(1);
    assert_eq!(book.post(&crooked), Err(LedgerError::NotAMirror { entry }));

    let posted = book.post(&mirror).unwrap();
    assert_eq!(posted.relation(), Some(Relation::Reverses(entry)));
    assert!(book.account(acme).unwrap().current().is_zero());
    let by = EntryId::new(2);
    assert_eq!(book.reversed_by(entry), Some(by));
    let refused = LedgerError::AlreadyReversed { entry, by };
    assert_eq!(
        book.post(&Draft::clone(&mirror)),
        Err(LedgerError::EntryExists { entry: by })
    );
    assert_eq!(book.reversal(entry, EntryId::new(3), STAMP), Err(refused));
}

#[test]
fn the_turnover_of_an_asset_is_bounded() {
    let (mut book, bank, acme) = opened();
    book.post(&transfer(1, bank, acme, i128::MAX)).unwrap();
    let before = book.clone();
    let refused = book.post(&transfer(2, acme, bank, 1));
    assert!(
        matches!(refused, Err(LedgerError::Overflow { .. })),
        "{refused:?}"
    );
    assert_eq!(book, before);
    assert_eq!(book.invariants(), Ok(()));
    let totals = book.trial_balance();
    let usd = totals.asset(&AssetCode::new("USD").unwrap()).unwrap();
    assert_eq!(
        (usd.customers_owed, usd.custody),
        (MinorUnits::MAX, MinorUnits::MAX)
    );
}

#[test]
fn an_entry_has_a_bounded_number_of_lines() {
    let (book, bank, acme) = opened();
    let one = MinorUnits::new(1);
    let mut draft = Draft::new(EntryId::new(1), STAMP);
    for _ in 0..MAX_POSTINGS / 2 {
        draft = draft.debit(bank, one).credit(acme, one);
    }
    assert_eq!(book.check(&draft), Ok(()));
    let count = MAX_POSTINGS + 1;
    assert_eq!(
        book.check(&draft.debit(bank, one)),
        Err(LedgerError::TooManyPostings { count })
    );
}

#[test]
fn a_handle_of_another_book_is_refused() {
    let (_, _, acme) = opened();
    let mut empty = Book::new();
    let refused = LedgerError::UnknownAccountIx { index: 1 };
    assert_eq!(empty.account(acme).unwrap_err(), refused);
    assert_eq!(
        empty.post(&transfer(1, acme, acme, 1)).unwrap_err(),
        refused
    );
    let hold = HoldDraft::new(HoldId::new(1), acme, MinorUnits::new(1), STAMP);
    assert_eq!(empty.place(&hold).unwrap_err(), refused);
    assert!(empty.entries_of(acme, ..).is_err());
}

#[test]
fn a_page_of_entries_is_cut_to_what_there_is() {
    let (mut book, bank, acme) = opened();
    for id in 1..=5 {
        book.post(&transfer(id, bank, acme, 1)).unwrap();
    }
    let page = |from: usize, to: usize| -> Vec<u64> {
        book.entries_of(acme, from..to)
            .unwrap()
            .map(layer2_ledger::Entry::sequence)
            .collect()
    };
    assert_eq!(page(1, 3), [2, 3]);
    assert_eq!(page(3, 99), [4, 5]);
    assert!(page(7, 99).is_empty());
    assert!(page(3, 1).is_empty());
    assert_eq!(book.entries_of(acme, ..=1).unwrap().len(), 2);
    assert_eq!(
        book.entries_of(acme, ..)
            .unwrap()
            .next_back()
            .unwrap()
            .sequence(),
        5
    );
    assert_eq!(book.entry_count(acme, 3), Ok(3));
}

#[test]
fn a_batch_sees_its_own_steps_and_names_the_one_refused() {
    let mut book = sample();
    let acme = book
        .find(&LedgerAccountId::new("customer:ACME_USD").unwrap())
        .unwrap();
    let bank = book
        .find(&LedgerAccountId::new("custody:USD").unwrap())
        .unwrap();
    let before = book.clone();
    let spend_all = Step::Post(transfer(9, acme, bank, 30));
    let free = Step::Release(HoldId::new(2), STAMP);
    let refused = book.apply_all(&[free.clone(), spend_all.clone(), free.clone()]);
    let Err(BatchError { step, error, .. }) = refused else {
        panic!("{refused:?}")
    };
    let hold = HoldId::new(2);
    assert_eq!(
        (step, error),
        (2, LedgerError::HoldAlreadyReleased { hold })
    );
    assert_eq!(book, before);
    book.apply_all(&[free, spend_all]).unwrap();
    assert!(book.account(acme).unwrap().current().is_zero());
}

/// 100 arrives, a hold of 75 is settled for 70, a hold of 25 is open.
fn sample() -> Book {
    let (mut book, bank, acme) = opened();
    let hold = |id, amount| HoldDraft::new(HoldId::new(id), acme, MinorUnits::new(amount), STAMP);
    book.post(&transfer(1, bank, acme, 100)).unwrap();
    book.place(&hold(1, 75)).unwrap();
    book.place(&hold(2, 25)).unwrap();
    book.post(&transfer(2, acme, bank, 70).settling(HoldId::new(1)))
        .unwrap();
    book
}

fn opened() -> (Book, AccountIx, AccountIx) {
    let mut book = Book::new();
    let usd = AssetCode::new("USD").unwrap();
    for (code, scale) in [("USD", 2), ("BTC", 8)] {
        book.define(Asset::new(AssetCode::new(code).unwrap(), scale).unwrap())
            .unwrap();
    }
    let mut open = |id: &str, kind| book.open(LedgerAccountId::new(id).unwrap(), &usd, kind);
    let bank = open("custody:USD", AccountKind::Custody).unwrap();
    let acme = open("customer:ACME_USD", AccountKind::Customer).unwrap();
    (book, bank, acme)
}

/// Debits the first and credits the second.
fn transfer(id: u128, debit: AccountIx, credit: AccountIx, amount: i128) -> Draft {
    let amount = MinorUnits::new(amount);
    Draft::new(EntryId::new(id), STAMP)
        .debit(debit, amount)
        .credit(credit, amount)
}
