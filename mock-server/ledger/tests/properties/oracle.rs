//! A bookkeeper who keeps a list of lines and adds it up again whenever asked.
//!
//! Slow and obvious on purpose. It shares no type with the ledger; refusals are named by the word
//! that the ledger uses, so that the order of checks is compared too.

use std::collections::{BTreeMap, BTreeSet};

/// The accounts that a history may use: name, asset, whether debits raise it, whether it may
/// overdraw.
pub(crate) const ACCOUNTS: [(&str, &str, bool, bool); 10] = [
    ("custody:USD", "USD", true, false),
    ("clearing:USD", "USD", true, true),
    ("in-flight:USD", "USD", true, true),
    ("customer:ACME_USD", "USD", false, false),
    ("customer:ADA_USD", "USD", false, false),
    ("fees:USD", "USD", false, true),
    ("custody:BTC", "BTC", true, false),
    ("clearing:BTC", "BTC", true, true),
    ("customer:ACME_BTC", "BTC", false, false),
    ("suspense:BTC", "BTC", false, true),
];

/// A line: position in [`ACCOUNTS`], debit or credit, amount.
pub(crate) type Row = (usize, bool, i128);

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Open(usize),
    Post {
        id: u128,
        rows: Vec<Row>,
        settles: Option<u128>,
        corrects: Option<u128>,
    },
    Reverse {
        id: u128,
        original: u128,
    },
    Place {
        id: u128,
        account: usize,
        amount: i128,
    },
    Release {
        id: u128,
    },
    Batch(Vec<Action>),
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Settled,
    Released,
}

#[derive(Clone, Default)]
pub(crate) struct Oracle {
    open: BTreeSet<usize>,
    entries: BTreeMap<u128, Vec<Row>>,
    reversed: BTreeSet<u128>,
    holds: BTreeMap<u128, (usize, i128, State)>,
}

impl Oracle {
    pub(crate) fn act(&mut self, action: &Action) -> Result<(), &'static str> {
        match action {
            Action::Open(account) => refuse(!self.open.insert(*account), "AccountExists"),
            Action::Post {
                id,
                rows,
                settles,
                corrects,
            } => self.post(*id, rows, *settles, corrects.map(|entry| (entry, false))),
            Action::Reverse { id, original } => {
                let Some(rows) = self.entries.get(original) else {
                    return Err("UnknownEntry");
                };
                refuse(self.reversed.contains(original), "AlreadyReversed")?;
                let rows: Vec<Row> = rows.iter().map(|(a, debit, n)| (*a, !debit, *n)).collect();
                self.post(*id, &rows, None, Some((*original, true)))
            }
            Action::Place {
                id,
                account,
                amount,
            } => self.place(*id, *account, *amount),
            Action::Release { id } => {
                self.must_be_open(*id)?;
                self.end(*id, State::Released);
                Ok(())
            }
            Action::Batch(actions) => {
                let before = self.clone();
                let result = actions.iter().try_for_each(|action| self.act(action));
                if result.is_err() {
                    *self = before;
                }
                result
            }
        }
    }

    pub(crate) fn is_open(&self, account: usize) -> bool {
        self.open.contains(&account)
    }

    /// The balance on the account's own side, over everything ever written.
    pub(crate) fn current(&self, account: usize) -> i128 {
        self.entries
            .values()
            .flatten()
            .map(|row| effect(account, row))
            .sum()
    }

    pub(crate) fn held(&self, account: usize) -> i128 {
        let open = |(a, _, state): &&(usize, i128, State)| *a == account && *state == State::Open;
        self.holds
            .values()
            .filter(open)
            .map(|(_, amount, _)| amount)
            .sum()
    }

    /// The ids of the entries that touch the account.
    pub(crate) fn entries_of(&self, account: usize) -> BTreeSet<u128> {
        let touches = |rows: &&Vec<Row>| rows.iter().any(|row| row.0 == account);
        self.entries
            .iter()
            .filter(|(_, rows)| touches(rows))
            .map(|(id, _)| *id)
            .collect()
    }

    fn post(
        &mut self,
        id: u128,
        rows: &[Row],
        settles: Option<u128>,
        relation: Option<(u128, bool)>,
    ) -> Result<(), &'static str> {
        refuse(self.entries.contains_key(&id), "EntryExists")?;
        refuse(rows.len() < 2, "TooFewPostings")?;
        for (account, _, amount) in rows {
            assert!(
                self.is_open(*account),
                "histories post to open accounts only"
            );
            refuse(*amount <= 0, "AmountNotPositive")?;
        }
        for asset in ["USD", "BTC"] {
            let of_asset = rows.iter().filter(|row| ACCOUNTS[row.0].1 == asset);
            let sum: i128 = of_asset
                .map(|(_, debit, n)| if *debit { *n } else { -n })
                .sum();
            refuse(sum != 0, "Unbalanced")?;
        }
        if let Some((original, _)) = relation {
            refuse(!self.entries.contains_key(&original), "UnknownEntry")?;
        }
        if let Some(hold) = settles {
            self.must_be_open(hold)?;
            let (account, held, _) = self.holds[&hold];
            let taken: i128 = rows
                .iter()
                .map(|row| -effect(account, row))
                .filter(|n| *n > 0)
                .sum();
            refuse(taken == 0, "HoldNotUsed")?;
            refuse(taken > held, "HoldExceeded")?;
        }
        let before = self.clone();
        if let Some(hold) = settles {
            self.end(hold, State::Settled);
        }
        self.entries.insert(id, Vec::new());
        for row in rows {
            let account = row.0;
            let spare = self.current(account) - self.held(account) + effect(account, row);
            if effect(account, row) < 0 && spare < 0 && !ACCOUNTS[account].3 {
                *self = before;
                return Err("InsufficientFunds");
            }
            self.entries.get_mut(&id).unwrap().push(*row);
        }
        if let Some((original, true)) = relation {
            self.reversed.insert(original);
        }
        Ok(())
    }

    fn place(&mut self, id: u128, account: usize, amount: i128) -> Result<(), &'static str> {
        refuse(self.holds.contains_key(&id), "HoldExists")?;
        refuse(amount <= 0, "AmountNotPositive")?;
        refuse(ACCOUNTS[account].3, "HoldNotSupported")?;
        let spare = self.current(account) - self.held(account);
        refuse(spare < amount, "InsufficientFunds")?;
        self.holds.insert(id, (account, amount, State::Open));
        Ok(())
    }

    fn must_be_open(&self, hold: u128) -> Result<(), &'static str> {
        match self.holds.get(&hold) {
            None => Err("UnknownHold"),
            Some((_, _, State::Settled)) => Err("HoldAlreadySettled"),
            Some((_, _, State::Released)) => Err("HoldAlreadyReleased"),
            Some((_, _, State::Open)) => Ok(()),
        }
    }

    fn end(&mut self, hold: u128, state: State) {
        self.holds.get_mut(&hold).unwrap().2 = state;
    }
}

fn refuse(fault: bool, name: &'static str) -> Result<(), &'static str> {
    if fault { Err(name) } else { Ok(()) }
}

/// What a row does to the balance of an account.
fn effect(account: usize, (target, debit, amount): &Row) -> i128 {
    match (*target == account, *debit == ACCOUNTS[account].2) {
        (false, _) => 0,
        (true, true) => *amount,
        (true, false) => -amount,
    }
}
