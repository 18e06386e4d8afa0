//! Books that are kept by webhooks: what a receiver does with an event, beside verifying it.
//!
//! Four things make it right. An event is handled once, by the replay guard. A transaction is booked once, by its id,
//! since two events may tell of it. What is booked is what a GET says, not what the event says. And only what is POSTED is
//! booked: what is held or on its way may never come to pass.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{Router, extract::State, http::StatusCode};
use futures_util::TryStreamExt as _;
use layer2_sdk::{
    Client, Money,
    payments::{
        Account, AccountId, AccountsListParams, AssetTypeId, Transaction, TransactionId,
        TransactionStatus, TransactionsListForAccountParams,
    },
    webhook::{
        Event, EventPayload, KeyStore, ReplayGuard, Verifier,
        axum::Delivery,
        replay::{GuardError, Handled},
    },
};
use tokio::net::TcpListener;

use crate::flow::Step;

/// What was booked.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// By account too: that no id stands under two accounts is not published.
    booked: BTreeMap<(AccountId, TransactionId), Money>,
    balances: BTreeMap<AccountId, Money>,
}

/// An account whose balance is not what the books say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Off {
    /// The account.
    pub account: AccountId,
    /// What the platform says it holds.
    pub theirs: Money,
    /// What the books say.
    pub ours: Money,
}

impl Books {
    /// How many transactions were booked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.booked.len()
    }

    /// Whether nothing was booked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.booked.is_empty()
    }

    /// What the books say that an account holds.
    #[must_use]
    pub fn balance(&self, account: &AccountId) -> Option<&Money> {
        self.balances.get(account)
    }

    /// The accounts of the platform whose balance is not what these books say.
    pub async fn compare(&self, client: &Client) -> Step<Vec<Off>> {
        let mut off = Vec::new();
        let accounts = client.accounts().list_stream(all_accounts());
        let mut accounts = std::pin::pin!(accounts);
        while let Some(account) = accounts.try_next().await? {
            let Some(theirs) = account.current_money() else {
                continue;
            };
            let nothing = Money::zero(theirs.asset().clone());
            let ours = self.balance(&account.id).unwrap_or(&nothing).clone();
            if theirs != ours {
                off.push(Off {
                    account: account.id,
                    theirs,
                    ours,
                });
            }
        }
        Ok(off)
    }

    /// Books a transaction, unless it is booked already. Says whether it did.
    fn book(&mut self, account: &AccountId, id: &TransactionId, value: Money) -> Step<bool> {
        let entry = (account.clone(), id.clone());
        if self.booked.contains_key(&entry) {
            return Ok(false);
        }
        let zero = Money::zero(value.asset().clone());
        let before = self.balances.get(account).unwrap_or(&zero);
        let after = before.checked_add(&value)?;
        self.balances.insert(account.clone(), after);
        self.booked.insert(entry, value);
        Ok(true)
    }
}

/// Receives webhooks and keeps books.
#[derive(Clone, Debug)]
pub struct Bookkeeper {
    client: Client,
    verifier: Arc<Verifier>,
    guard: ReplayGuard,
    books: Arc<Mutex<Books>>,
    failures: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
}

impl Bookkeeper {
    /// A receiver that checks deliveries with the keys of a callback URL.
    pub async fn new(client: Client, callback_url: &str, keys: &dyn KeyStore) -> Step<Self> {
        let verifier = Verifier::for_callback(callback_url, keys).await?;
        Ok(Self {
            client,
            verifier: Arc::new(verifier),
            guard: ReplayGuard::in_memory(),
            books: Arc::default(),
            failures: Arc::default(),
            is_down: Arc::default(),
        })
    }

    /// Serves until the program ends.
    pub fn serve(&self, listener: TcpListener) {
        let routes = Router::new().fallback(receive).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
    }

    /// The books as they are now.
    #[must_use]
    pub fn books(&self) -> Books {
        self.locked().clone()
    }

    /// Answers this many deliveries with an error although their work is done, as a crash at the worst moment does.
    pub fn fail_after_work(&self, deliveries: usize) {
        self.failures.store(deliveries, Ordering::SeqCst);
    }

    /// Refuses every delivery, or takes them again.
    pub fn stop_answering(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Reads every account's transactions and books what is not booked. Says how many there were.
    pub async fn catch_up(&self) -> Step<usize> {
        let mut found = 0;
        let accounts = self.client.accounts().list_stream(all_accounts());
        let mut accounts = std::pin::pin!(accounts);
        while let Some(account) = accounts.try_next().await? {
            let params = TransactionsListForAccountParams::new().with_page_size(100);
            let rows = self.client.transactions();
            let rows = rows.list_for_account_stream(&account.id, params);
            let mut rows = std::pin::pin!(rows);
            let asset = asset(&account)?;
            while let Some(row) = rows.try_next().await? {
                found += usize::from(self.book(&account.id, asset, &row)?);
            }
        }
        Ok(found)
    }

    /// What an event is to these books.
    async fn handle(&self, event: Event) -> Step<()> {
        let EventPayload::TransactionPosted(told) = &event.event_data else {
            return Ok(());
        };
        let told = &told.transaction;
        let account = told.account_id.as_ref();
        let account = account.ok_or("the event names no account")?;
        let transactions = self.client.transactions();
        let row = transactions.get_for_account(account, &told.id).await?;
        let account = self.client.accounts().get(account).await?;
        self.book(&account.id, asset(&account)?, &row)?;
        let failing = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        match failing {
            Ok(_) => Err("the machine died before it could say so".into()),
            Err(_) => Ok(()),
        }
    }

    fn book(&self, account: &AccountId, asset: &AssetTypeId, row: &Transaction) -> Step<bool> {
        if row.transaction_status != Some(TransactionStatus::Posted) {
            return Ok(false);
        }
        let value = row.value.ok_or("a transaction has a value")?;
        let value = Money::new(value, asset.clone());
        self.locked().book(account, &row.id, value)
    }

    fn locked(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl axum::extract::FromRef<Bookkeeper> for Arc<Verifier> {
    fn from_ref(bookkeeper: &Bookkeeper) -> Self {
        Self::clone(&bookkeeper.verifier)
    }
}

fn all_accounts() -> AccountsListParams {
    AccountsListParams::new().with_page_size(100)
}

fn asset(account: &Account) -> Step<&AssetTypeId> {
    Ok(account
        .asset_type_id
        .as_ref()
        .ok_or("an account has an asset")?)
}

/// Runs only for deliveries that verified. What is not handled is answered with an error, so that it comes again.
async fn receive(State(bookkeeper): State<Bookkeeper>, delivery: Delivery) -> StatusCode {
    if bookkeeper.is_down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let work = |event| async {
        bookkeeper
            .handle(event)
            .await
            .map_err(|error| error.to_string())
    };
    let handled: Result<_, GuardError<String>> =
        bookkeeper.guard.handle(delivery.event, work).await;
    match handled {
        Ok(Handled::Now(()) | Handled::Before) => StatusCode::NO_CONTENT,
        Ok(_) => StatusCode::CONFLICT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
