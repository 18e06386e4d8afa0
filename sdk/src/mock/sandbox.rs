//! One isolated world, and the hands that move it.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use layer2_types::Amount;
use layer2_types::control;
use layer2_types::control::ApplicationDecisionRequest;
use layer2_types::control::ApplicationOutcome;
use layer2_types::control::ClockAdvanceRequest;
use layer2_types::control::InboundRequest;
use layer2_types::control::SandboxInfo;
use layer2_types::control::SandboxName;
use layer2_types::payments::AccountId;
use layer2_types::payments::AccountOpenRequest;
use layer2_types::payments::AccountToOpen;
use layer2_types::payments::ApplicationId;

use crate::client::Client;
use crate::mock::Fault;
use crate::mock::SandboxError;
use crate::mock::SandboxServer;

mod reach;

const NO_ACCOUNT_ID: &str = "no id of an account: it is empty, a dot or two, or has a control character or one of /\\?#%; \
                             `Sandbox::account` gives those that a sandbox begins with";
const NO_APPLICATION_ID: &str = "no id of an application: it is empty, a dot or two, or has a control character or one of /\\?#%; \
                                 take the one that the application was made with";

/// A sandbox of a mock server, with a client for it. Every helper settles the sandbox before it returns, unless it says
/// otherwise, so the next read shows what has come of it.
#[derive(Debug)]
pub struct Sandbox {
    client: Client,
    info: SandboxInfo,
    /// Deliveries that a test has been told of.
    pub(super) told: Mutex<HashSet<control::DeliveryId>>,
    /// Present if the sandbox has a server of its own, which stops with it.
    server: Option<SandboxServer>,
}

impl Sandbox {
    /// A client with access to all four APIs of the sandbox.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Addresses, credentials and what the sandbox begins with.
    pub fn info(&self) -> &SandboxInfo {
        &self.info
    }

    /// Name of the sandbox.
    pub fn name(&self) -> &SandboxName {
        &self.info.sandbox
    }

    /// The first account that the sandbox begins with in this asset.
    ///
    /// # Errors
    /// If there is none; the error names the assets that there are.
    pub fn account(&self, asset: &str) -> Result<AccountId, SandboxError> {
        let mut accounts = self.info.accounts.iter();
        accounts
            .find(|account| account.asset_type_id.as_str() == asset)
            .and_then(|account| account.id.as_str().parse().ok())
            .ok_or_else(|| SandboxError::NoSuchAccount {
                asset: asset.to_owned(),
                known: assets(&self.info),
            })
    }

    /// Opens one more account like `model`: of the same customer, product and asset.
    ///
    /// # Errors
    /// If the id is taken or is none.
    pub async fn open_account(
        &self,
        model: &AccountId,
        id: &str,
    ) -> Result<AccountId, SandboxError> {
        let model = self.client.accounts().get(model).await?.into_inner();
        let missing = SandboxError::OutOfRange(
            "the account to open another one like lacks its customer, product or asset: take one that `accounts` gives",
        );
        let (Some(customer), Some(product), Some(asset)) =
            (model.customer_id, model.product_id, model.asset_type_id)
        else {
            return Err(missing);
        };
        let id: AccountId = id
            .parse()
            .map_err(|_| SandboxError::OutOfRange(NO_ACCOUNT_ID))?;
        let request =
            AccountOpenRequest::new(customer, AccountToOpen::new(id.clone(), product, asset));
        self.client.accounts().open(&request).await?;
        self.settle().await?;
        Ok(id)
    }

    /// Has money arrive on an account from outside, as a bank or a blockchain would bring it.
    ///
    /// With `--profile realistic` it is on its way for as long as its rail takes: [advance](Self::advance) the clock.
    ///
    /// # Errors
    /// If there is no such account, or the amount has more decimals than the asset.
    pub async fn fund(
        &self,
        account: &AccountId,
        amount: Amount,
    ) -> Result<control::Inbound, SandboxError> {
        let account = account
            .as_str()
            .parse()
            .map_err(|_| SandboxError::OutOfRange(NO_ACCOUNT_ID))?;
        self.receive(InboundRequest::new(amount).with_account_id(account))
            .await
    }

    /// Has money arrive that names its account in its rail's own way: by memo, address or account number.
    ///
    /// # Errors
    /// If the money can be of no asset or rail.
    pub async fn receive(&self, money: InboundRequest) -> Result<control::Inbound, SandboxError> {
        let control = self.client.control();
        let arrived = control.inbound().create(self.name(), &money).await?;
        self.settle().await?;
        Ok(arrived.into_inner())
    }

    /// Has a reviewer approve an application that was submitted: the customer exists and its account is open.
    ///
    /// # Errors
    /// If it was not submitted.
    pub async fn approve_application(
        &self,
        id: &ApplicationId,
    ) -> Result<control::ApplicationDecision, SandboxError> {
        let decision = ApplicationDecisionRequest::new(ApplicationOutcome::Approved);
        self.decide_application(id, decision).await
    }

    /// Has a reviewer refuse an application for good.
    ///
    /// # Errors
    /// If it was not submitted.
    pub async fn deny_application(
        &self,
        id: &ApplicationId,
        reason: &str,
    ) -> Result<control::ApplicationDecision, SandboxError> {
        let decision = ApplicationDecisionRequest::new(ApplicationOutcome::Rejected)
            .with_reason(reason.to_owned());
        self.decide_application(id, decision).await
    }

    /// Has a reviewer decide about an application, or hand it back with what has to change.
    ///
    /// # Errors
    /// If it was not submitted, or the changes do not fit the decision.
    pub async fn decide_application(
        &self,
        id: &ApplicationId,
        decision: ApplicationDecisionRequest,
    ) -> Result<control::ApplicationDecision, SandboxError> {
        // The review begins by itself once everything before it is done.
        self.settle().await?;
        let id = id
            .as_str()
            .parse()
            .map_err(|_| SandboxError::OutOfRange(NO_APPLICATION_ID))?;
        let control = self.client.control();
        let decisions = control.decisions();
        let decided = decisions.application(self.name(), &id, &decision).await?;
        self.settle().await?;
        Ok(decided.into_inner())
    }

    /// Moves the business clock: what is due until then happens in its order, and webhooks are delivered on the way.
    /// Tokens and signatures follow another clock and stay good. The clock moves by whole seconds.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use layer2_sdk::mock::Sandbox;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = Sandbox::start().await?;
    /// let before = sandbox.advance(Duration::from_secs(1)).await?.now;
    /// let after = sandbox.advance(Duration::from_secs(90 * 86_400)).await?.now;
    /// assert!(after > before);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the time has a fraction of a second, or a limit of the server ended the advance before everything was done.
    pub async fn advance(&self, by: Duration) -> Result<control::ClockAdvance, SandboxError> {
        if by.subsec_nanos() != 0 {
            return Err(SandboxError::OutOfRange(
                "the clock moves by whole seconds: leave the fraction out, or round it up",
            ));
        }
        let seconds = i64::try_from(by.as_secs())
            .map_err(|_| SandboxError::OutOfRange("the clock cannot be moved that far"))?;
        let control = self.client.control();
        let request = ClockAdvanceRequest::new(seconds);
        let advance = control.clock().advance(self.name(), &request).await?;
        let advance = advance.into_inner();
        if advance.complete {
            Ok(advance)
        } else {
            Err(SandboxError::Unsettled(advance.pending))
        }
    }

    /// Waits until nothing is due and no webhook is on its way. This is how a test waits; it never sleeps or polls.
    ///
    /// # Errors
    /// If a limit of the server ended the wait.
    pub async fn settle(&self) -> Result<control::SettleReply, SandboxError> {
        let control = self.client.control();
        let settled = control.clock().settle(self.name()).await?.into_inner();
        if settled.complete {
            Ok(settled)
        } else {
            Err(SandboxError::Unsettled(settled.pending))
        }
    }

    /// Orders a fault.
    ///
    /// ```
    /// use layer2_sdk::mock::{Fault, Sandbox};
    /// use layer2_sdk::payments::{CustomersListParams, OperationId};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = Sandbox::start().await?;
    /// sandbox.order(Fault::expired_token().on(OperationId::CustomersList)).await?;
    /// let customers = sandbox.client().customers().list(&CustomersListParams::new()).await?;
    /// assert_eq!(customers.attempts(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the parts of the fault do not fit each other.
    pub async fn order(&self, fault: Fault) -> Result<control::Fault, SandboxError> {
        let control = self.client.control();
        let ordered = control.faults().create(self.name(), &fault.request).await?;
        Ok(ordered.into_inner())
    }

    /// The sums of the books. What customers are owed is what the platform holds for them, at every instant.
    ///
    /// # Errors
    /// If they do not balance, which no sequence of calls should bring about.
    pub async fn trial_balance(&self) -> Result<control::TrialBalanceReply, SandboxError> {
        let control = self.client.control();
        let balance = control.ledger().trial_balance(self.name()).await?;
        let balance = balance.into_inner();
        if balance.balanced {
            return Ok(balance);
        }
        let off = balance
            .assets
            .into_iter()
            .filter(|asset| !asset.sum.is_zero());
        Err(SandboxError::Unbalanced(off.collect()))
    }

    /// Deletes the sandbox. One with a server of its own goes with it when it is dropped.
    ///
    /// # Errors
    /// If it is the server's default sandbox, or gone.
    pub async fn delete(self) -> Result<(), SandboxError> {
        let control = self.client.control();
        control.sandboxes().delete(self.name()).await?;
        Ok(())
    }
}

fn assets(info: &SandboxInfo) -> Vec<String> {
    let mut assets: Vec<_> = info
        .accounts
        .iter()
        .map(|account| account.asset_type_id.to_string())
        .collect();
    assets.sort();
    assets.dedup();
    assets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fraction_of_a_second_is_refused() {
        let sandbox = Sandbox::start().await.unwrap();
        for time in [Duration::from_millis(500), Duration::from_millis(1_900)] {
            let error = sandbox.advance(time).await.unwrap_err();
            assert!(error.to_string().contains("whole seconds"), "{error}");
        }
        let minute = Duration::from_secs(60);
        assert!(sandbox.advance(minute).await.is_ok());
    }
}
