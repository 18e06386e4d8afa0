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
use layer2_types::control::SandboxCreateRequest;
use layer2_types::control::SandboxInfo;
use layer2_types::control::SandboxName;
use layer2_types::payments::AccountId;
use layer2_types::payments::AccountOpenRequest;
use layer2_types::payments::AccountToOpen;
use layer2_types::payments::ApplicationId;

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::from_env::ALLOW_INSECURE_HTTP;
use crate::mock::Fault;
use crate::mock::SandboxError;
use crate::mock::SandboxServer;
use crate::mock::SandboxServerBuilder;

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
    /// Starts a server in this process and gives its default sandbox.
    ///
    /// # Errors
    /// If no socket or thread can be had.
    pub async fn start() -> Result<Self, SandboxError> {
        Self::start_with(SandboxServer::builder()).await
    }

    /// Starts a server with other settings.
    ///
    /// ```
    /// use layer2_sdk::mock::{Sandbox, SandboxServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let sandbox = Sandbox::start_with(SandboxServer::builder().opaque_codes(true)).await?;
    /// # let _ = sandbox;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no socket or thread can be had.
    pub async fn start_with(builder: SandboxServerBuilder) -> Result<Self, SandboxError> {
        let server = builder.start().await?;
        let mut sandbox = Self::of(server.info())?;
        sandbox.server = Some(server);
        Ok(sandbox)
    }

    /// Makes a new sandbox on a server that others use too. They do not see each other.
    ///
    /// ```
    /// use layer2_sdk::mock::{Sandbox, SandboxServer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = SandboxServer::start().await?;
    /// let (a, b) = tokio::try_join!(Sandbox::on(&server), Sandbox::on(&server))?;
    /// assert_ne!(a.name(), b.name());
    ///
    /// let dollars = a.account("FIAT_TESTNET_USD")?;
    /// a.fund(&dollars, "10".parse()?).await?;
    /// assert!(a.trial_balance().await?.assets.len() > b.trial_balance().await?.assets.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the server keeps as many sandboxes as it may.
    pub async fn on(server: &SandboxServer) -> Result<Self, SandboxError> {
        Self::at(server.url(), server.control_token()).await
    }

    /// Makes a new sandbox on a server in another process, by its address and its control token.
    ///
    /// All calls go to this address, whatever address the server believes to have: a server behind a mapped port, or in a
    /// container that others know by a name, cannot know it.
    ///
    /// # Errors
    /// If it cannot be reached, or keeps as many sandboxes as it may, or if the address is plain http to another machine.
    pub async fn at(url: &str, control_token: &str) -> Result<Self, SandboxError> {
        Self::reached(url, control_token, PlainHttp::Refused).await
    }

    /// As [`at`](Self::at), with plain http to another machine, such as a container of the same closed test network:
    /// `http://mock:4010`. Tokens and secrets of the sandbox are readable on the way. The builder refuses this choice
    /// together with production, as it does [`ClientBuilder::allow_insecure_http`].
    ///
    /// # Errors
    /// If it cannot be reached, or keeps as many sandboxes as it may.
    pub async fn at_insecure(url: &str, control_token: &str) -> Result<Self, SandboxError> {
        Self::reached(url, control_token, PlainHttp::Chosen).await
    }

    async fn reached(
        url: &str,
        control_token: &str,
        plain: PlainHttp,
    ) -> Result<Self, SandboxError> {
        let url = url.trim_end_matches('/');
        let builder = ClientBuilder::new().control(format!("{url}/_control/v1"), control_token);
        let builder = match plain {
            PlainHttp::Refused => builder,
            PlainHttp::Chosen => builder.allow_insecure_http(),
        };
        let client = builder.build()?;
        let request = SandboxCreateRequest::default();
        let made = client.control().sandboxes().create(&request).await?;
        let mut info = made.into_inner();
        move_to(&mut info, url);
        choose(&mut info, plain);
        Self::of(info)
    }

    /// Takes a sandbox that exists. With `LAYER2_ALLOW_INSECURE_HTTP` set to `true` in `info.env` it may be on another
    /// machine that is spoken to in plain http.
    ///
    /// # Errors
    /// If the addresses or keys in `info` are not such.
    pub fn of(info: SandboxInfo) -> Result<Self, SandboxError> {
        Ok(Self {
            client: crate::mock::client(&info)?,
            info,
            told: Mutex::default(),
            server: None,
        })
    }

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

/// Whether another machine may be spoken to in plain http.
#[derive(Clone, Copy)]
enum PlainHttp {
    Chosen,
    Refused,
}

/// Tells the builder of the sandbox's clients what was chosen. A server has no say in it.
fn choose(info: &mut SandboxInfo, plain: PlainHttp) {
    let name = ALLOW_INSECURE_HTTP.to_owned();
    match plain {
        PlainHttp::Chosen => info.env.insert(name, "true".to_owned()),
        PlainHttp::Refused => info.env.remove(&name),
    };
}

/// Replaces the address that the server believes to have, wherever it stands, by the one that it was reached at.
fn move_to(info: &mut SandboxInfo, url: &str) {
    let believed = std::mem::replace(&mut info.url, url.to_owned());
    let believed = believed.trim_end_matches('/');
    let addresses = [
        &mut info.payments.base_url,
        &mut info.payments.token_url,
        &mut info.accounting.base_url,
        &mut info.accounting.token_url,
        &mut info.plaid.base_url,
    ];
    for address in addresses.into_iter().chain(info.env.values_mut()) {
        if let Some(path) = address.strip_prefix(believed)
            && (path.is_empty() || path.starts_with('/'))
        {
            *address = format!("{url}{path}");
        }
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

    /// What a server in a container tells that knows itself by the address it listens on.
    async fn told() -> SandboxInfo {
        SandboxServer::start().await.unwrap().info()
    }

    #[tokio::test]
    async fn a_container_is_reached_by_its_name_only_by_choice() {
        let mut info = told().await;
        let port = info.url.rsplit(':').next().unwrap().to_owned();
        move_to(&mut info, "http://mock:4010");
        let listing = format!("{:?} {:?}", info, info.env.values());
        assert!(!listing.contains(&format!(":{port}")), "{listing}");
        assert_eq!(info.payments.base_url, "http://mock:4010/api");
        assert!(info.payments.token_url.starts_with("http://mock:4010/"));
        assert_eq!(info.env["LAYER2_BASE_URL"], info.payments.base_url);

        choose(&mut info, PlainHttp::Refused);
        let error = Sandbox::of(info.clone()).unwrap_err();
        assert!(
            error.to_string().contains("plain http to another machine"),
            "{error}"
        );
        choose(&mut info, PlainHttp::Chosen);
        let sandbox = Sandbox::of(info.clone()).unwrap();
        assert_eq!(sandbox.info().url, "http://mock:4010");

        // Nothing of it reaches production.
        let production = "https://platform.layer2financial.com/api".to_owned();
        info.env.insert("LAYER2_BASE_URL".to_owned(), production);
        info.env.remove("LAYER2_CONTROL_URL");
        info.env.remove("LAYER2_CONTROL_TOKEN");
        let error = Sandbox::of(info).unwrap_err();
        assert!(error.to_string().contains("production"), "{error}");
    }

    #[tokio::test]
    async fn a_server_is_reached_at_the_address_that_is_given() {
        let server = SandboxServer::start().await.unwrap();
        let port = server.url().rsplit(':').next().unwrap();
        // The way to this machine under an address that is not its own.
        let elsewhere = format!("http://0.0.0.0:{port}/");
        let token = server.control_token();
        let error = Sandbox::at(&elsewhere, token).await.unwrap_err();
        assert!(error.to_string().contains("plain http"), "{error}");

        let sandbox = Sandbox::at_insecure(&elsewhere, token).await.unwrap();
        assert_eq!(sandbox.info().url, elsewhere.trim_end_matches('/'));
        let dollars = sandbox.account("FIAT_TESTNET_USD").unwrap();
        sandbox.fund(&dollars, "1".parse().unwrap()).await.unwrap();
        let again = crate::mock::client(sandbox.info()).unwrap();
        assert!(again.accounts().get(&dollars).await.is_ok());
    }

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

    #[tokio::test]
    async fn a_server_does_not_choose_plain_http() {
        let mut info = told().await;
        let name = ALLOW_INSECURE_HTTP.to_owned();
        info.env.insert(name.clone(), "true".to_owned());
        choose(&mut info, PlainHttp::Refused);
        assert!(!info.env.contains_key(&name));
    }
}
