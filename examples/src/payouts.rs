//! Paying many people, a few at a time, each once: the work of a payout run between its first and its last line.
//!
//! Three ends of a payout are told apart. It is paid, once its withdrawal was accepted. It is refused, which concerns this
//! payout alone: the run writes it down and goes on. Or nobody knows: then the run ends, and the next one asks with the
//! same key.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Stderr;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use layer2_sdk::{
    Amount, CallOptions, Client, IdempotencyKey, Money,
    payments::{
        AccountId, AssetTypeId, CounterpartyId, TransactionType, TransactionsListForAccountParams,
        WithdrawalId, WithdrawalPurpose, WithdrawalRequest, WithdrawalRequestFedwire,
    },
};
use tokio::sync::Mutex;

use crate::failure::Failure;
use crate::flow::Step;
use crate::journal::{Journal, Payout, Stage};
use crate::orders::{self, Reason, Standing};
use crate::progress::Progress;

/// The asset that is paid.
pub const DOLLARS: &str = "FIAT_TESTNET_USD";

/// A run that is on.
#[derive(Debug)]
pub struct Run {
    /// The client that pays.
    pub client: Client,
    /// Id of the run, with which every key begins.
    pub id: String,
    /// The account that pays.
    pub from: AccountId,
    /// Who is paid.
    pub to: CounterpartyId,
    /// What the next start will know.
    pub journal: Mutex<Journal>,
    /// The withdrawals of those that are paid.
    pub paid: Mutex<BTreeMap<usize, WithdrawalId>>,
    /// How many are paid, for those who watch.
    pub progress: Mutex<Progress<Stderr>>,
    /// Ends the process after so many calls, as a machine dies.
    pub calls_left: Mutex<Option<usize>>,
}

/// Whether the platform may have been told a key. If it knows one that the journal calls new, the journal has lost lines,
/// as one that came back from a backup has: what it takes for new may be paid.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Before,
    Never,
}

impl Run {
    /// Pays what is not paid yet, and says which payouts were refused and why.
    ///
    /// # Errors
    /// The first failure that is not about one payout. What is on its way then is finished by the next start.
    pub async fn all(
        self: &Arc<Self>,
        payouts: usize,
        mut known: BTreeMap<usize, Payout>,
        at_once: usize,
    ) -> Step<BTreeMap<usize, Reason>> {
        let open = (0..payouts).filter_map(|number| {
            let payout = known.remove(&number).unwrap_or_default();
            (!matches!(payout.stage, Stage::Done(_))).then_some((number, payout))
        });
        stream::iter(open.collect::<Vec<_>>())
            .map(|(number, payout)| {
                let run = Arc::clone(self);
                async move {
                    let refused = run.pay(number, payout).await?;
                    Step::Ok(refused.map(|why| (number, why)))
                }
            })
            .buffer_unordered(at_once)
            .try_filter_map(|refused| async { Ok(refused) })
            .try_collect()
            .await
    }

    /// Pays one. A withdrawal of an earlier start that has ended meanwhile is begun anew at once; one of this start is
    /// left to the next, or a payout that is always refused would be begun for ever.
    async fn pay(&self, number: usize, mut payout: Payout) -> Step<Option<Reason>> {
        let is_of_before = payout.stage != Stage::New;
        let mut standing = self.go_on(number, &mut payout).await?;
        if is_of_before && matches!(standing, Standing::Ended(_)) {
            standing = self.go_on(number, &mut payout).await?;
        }
        Ok(match standing {
            Standing::Accepted => None,
            Standing::Open(why) | Standing::Ended(why) => Some(why),
        })
    }

    /// Takes a payout from where it is to its end, each step into the journal.
    async fn go_on(&self, number: usize, payout: &mut Payout) -> Step<Standing> {
        let made = match std::mem::take(&mut payout.stage) {
            Stage::Made(key, id) => Ok((key, id)),
            Stage::Begun(key) => self.make(number, key, Told::Before).await?,
            Stage::New => {
                payout.tries += 1;
                let key = format!("{}-{number:05}-{}", self.id, payout.tries);
                let key = IdempotencyKey::new(key)?;
                self.journal.lock().await.begun(number, &key)?;
                self.make(number, key, Told::Never).await?
            }
            Stage::Done(_) => return Ok(Standing::Accepted),
        };
        let standing = match &made {
            Ok((key, id)) => self.accept(key, id).await?,
            Err(why) => Standing::Ended(why.clone()),
        };
        match (&standing, made) {
            (Standing::Accepted, Ok((_, id))) => {
                self.journal.lock().await.done(number)?;
                self.paid.lock().await.insert(number, id);
                self.progress.lock().await.step();
            }
            (Standing::Ended(why), _) => self.journal.lock().await.ended(number, &why.code)?,
            _ => {}
        }
        Ok(standing)
    }

    /// Asks for a withdrawal, and writes its id down.
    async fn make(
        &self,
        number: usize,
        key: IdempotencyKey,
        told: Told,
    ) -> Step<Result<(IdempotencyKey, WithdrawalId), Reason>> {
        let keyed = CallOptions::new().idempotency_key(key.clone());
        let keyed = self.client.with(keyed);
        let made = match keyed.withdrawals().create(&self.wire(number)?).await {
            Ok(made) => made,
            // No payout changes under its key, so a key of another request is not of this journal.
            Err(error) if error.has_code("IDEMPOTENCY_KEY_REUSED") => {
                return Err(forgotten(number).because(error).into());
            }
            Err(error) => match orders::refusal(&error) {
                Some(why) => return Ok(Err(why)),
                None => return Err(error.into()),
            },
        };
        // A call that was sent twice may have been answered twice.
        if told == Told::Never && made.is_replayed() && made.attempts() == 1 {
            return Err(forgotten(number).into());
        }
        self.count_a_call().await;
        self.journal.lock().await.made(number, &made.id)?;
        Ok(Ok((key, made.id.clone())))
    }

    fn wire(&self, number: usize) -> Step<WithdrawalRequest> {
        let wire = WithdrawalRequestFedwire::new(
            self.from.clone(),
            self.to.clone(),
            amount(number)?,
            WithdrawalPurpose::Payroll,
        );
        let wire = wire.with_memo(format!("Payout {number}"));
        Ok(WithdrawalRequest::Fedwire(wire))
    }

    async fn accept(&self, key: &IdempotencyKey, id: &WithdrawalId) -> Step<Standing> {
        let key = IdempotencyKey::new(format!("{}-accept", key.as_str()))?;
        let standing = orders::accept(&self.client, id, key).await?;
        self.count_a_call().await;
        Ok(standing)
    }

    /// How many wires of this run have left the account, and how much in all, as its transactions tell.
    ///
    /// # Errors
    /// If one has left twice.
    pub async fn sent(&self) -> Step<(usize, Money)> {
        let paid = self.paid.lock().await.clone();
        let ours: BTreeSet<_> = paid.values().map(WithdrawalId::as_str).collect();
        let params = TransactionsListForAccountParams::new().with_page_size(100);
        let rows = self.client.transactions();
        let mut rows = std::pin::pin!(rows.list_for_account_stream(&self.from, params));
        let mut seen = BTreeSet::new();
        let mut sent = Money::zero(DOLLARS.parse()?);
        while let Some(row) = rows.try_next().await? {
            if row.transaction_type != Some(TransactionType::TransferOut) {
                continue;
            }
            let Some(id) = row.category_id.filter(|id| ours.contains(id.as_str())) else {
                continue;
            };
            let value = row.value.ok_or("a transaction has a value")?;
            sent = sent.checked_sub(&Money::new(value, sent.asset().clone()))?;
            if !seen.insert(id.clone()) {
                return Err(format!("the withdrawal {id} has left twice").into());
            }
        }
        Ok((seen.len(), sent))
    }

    /// The reply is here and nothing of it is written down: the worst moment to die.
    async fn count_a_call(&self) {
        let mut left = self.calls_left.lock().await;
        if let Some(left) = left.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                std::process::abort();
            }
        }
    }
}

fn forgotten(number: usize) -> Failure {
    Failure::new(format!(
        "payout {number} was begun before, and the journal does not know: it is not the newest of its run"
    ))
    .advise("find the newest one; what this one takes for new may be paid")
}

/// What a payout is worth: 1.00, 1.01, 1.02 and so on, so that a payout made twice would show in the sums.
pub fn amount(number: usize) -> Step<Amount> {
    Ok(Amount::from_minor(100 + i128::try_from(number)?, 2)?)
}

/// What these payouts are worth together.
pub fn total(numbers: impl IntoIterator<Item = usize>) -> Step<Money> {
    let asset: AssetTypeId = DOLLARS.parse()?;
    let mut total = Money::zero(asset.clone());
    for number in numbers {
        total = total.checked_add(&Money::new(amount(number)?, asset.clone()))?;
    }
    Ok(total)
}
