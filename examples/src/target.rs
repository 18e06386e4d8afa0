//! Where a program runs: in a mock server of its own, in one of another process, or on the platform.
//!
//! The programs never take a secret as an argument, since arguments can be read by everyone on a machine; secrets come
//! from the variables that the SDK reads.

use std::path::{Path, PathBuf};

use layer2_sdk::{
    Client, ClientBuilder, Environment,
    mock::Sandbox,
    payments::{AccountId, CustomerId},
};

use crate::flow::Step;

/// Where to run a program that plays the bank or orders failures. Without any of these a mock server is started in this
/// process.
#[derive(Debug, clap::Args)]
pub struct OnMock {
    /// Make a sandbox on this mock server, whose control token is in LAYER2_CONTROL_TOKEN.
    #[arg(long, value_name = "URL")]
    mock: Option<String>,
    /// Allow plain http to another machine, as to a container of a closed test network; never to production.
    #[arg(long)]
    insecure_http: bool,
}

impl OnMock {
    /// A sandbox that nobody else uses.
    pub async fn sandbox(&self) -> Step<Sandbox> {
        let Some(url) = &self.mock else {
            return Ok(Sandbox::start().await?);
        };
        let token = std::env::var("LAYER2_CONTROL_TOKEN")
            .map_err(|_| "LAYER2_CONTROL_TOKEN is not set; the mock server prints it")?;
        Ok(match self.insecure_http {
            true => Sandbox::at_insecure(url, &token).await?,
            false => Sandbox::at(url, &token).await?,
        })
    }
}

/// Where to run a program that the platform runs as well. Without any of these a mock server is started in this process.
#[derive(Debug, clap::Args)]
pub struct Where {
    #[command(flatten)]
    on_mock: OnMock,
    /// Use the account that LAYER2_CLIENT_ID, LAYER2_CLIENT_SECRET, LAYER2_SIGNING_KEY and their like describe.
    #[arg(long, conflicts_with = "mock")]
    env: bool,
    /// Base URL of the payments API, with access as for --env.
    #[arg(
        long,
        value_name = "URL",
        requires = "token_url",
        conflicts_with = "mock"
    )]
    base_url: Option<String>,
    /// Address of its token endpoint.
    #[arg(long, value_name = "URL", requires = "base_url")]
    token_url: Option<String>,
}

impl Where {
    /// A client of the account that the environment variables describe, if that is where to run.
    fn account(&self) -> Step<Option<Client>> {
        let builder = match (&self.base_url, &self.token_url) {
            (Some(base), Some(token)) => {
                let environment = Environment::custom(base, token);
                ClientBuilder::from_env()?.environment(environment)
            }
            _ if self.env => ClientBuilder::from_env()?,
            _ => return Ok(None),
        };
        let builder = match self.on_mock.insecure_http {
            true => builder.allow_insecure_http(),
            false => builder,
        };
        Ok(Some(builder.build()?))
    }
}

/// A client, and the sandbox behind it if it is one that this start has made.
#[derive(Debug)]
pub struct Target {
    client: Client,
    sandbox: Option<Sandbox>,
}

impl Target {
    /// Connects to where the arguments say.
    pub async fn open(place: &Where) -> Step<Self> {
        if let Some(client) = place.account()? {
            return Ok(Self {
                client,
                sandbox: None,
            });
        }
        let sandbox = place.on_mock.sandbox().await?;
        Ok(Self {
            client: sandbox.client().clone(),
            sandbox: Some(sandbox),
        })
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The sandbox of a mock server, where the program may play the bank and the reviewer. It is new, so nothing of an
    /// earlier start is in it.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    /// The file that tells the next start what this one did: the one that was named, else the usual one here. None in a
    /// sandbox that this start has made: it ends with the program, and the next start would believe the file.
    pub fn kept(&self, named: Option<&Path>, usual: &str) -> Step<Option<PathBuf>> {
        match (named, &self.sandbox) {
            (Some(named), Some(_)) => Err(format!(
                "{} is for a place that stays: give --env or --base-url, or leave it out",
                named.display()
            )
            .into()),
            (None, Some(_)) => Ok(None),
            (named, None) => Ok(Some(named.unwrap_or(usual.as_ref()).to_owned())),
        }
    }

    /// Waits until the mock server has nothing left to do. The platform takes its own time and tells by webhook.
    pub async fn settle(&self) -> Step<()> {
        if let Some(sandbox) = &self.sandbox {
            sandbox.settle().await?;
        }
        Ok(())
    }

    /// The account that was named, else the one that a sandbox begins with in this asset.
    pub fn account(&self, named: Option<&str>, asset: &str) -> Step<AccountId> {
        match (named, &self.sandbox) {
            (Some(name), _) => Ok(name.parse()?),
            (None, Some(sandbox)) => Ok(sandbox.account(asset)?),
            (None, None) => Err("name an account: only a sandbox begins with known ones".into()),
        }
    }

    /// The customer of an account.
    pub async fn customer_of(&self, account: &AccountId) -> Step<CustomerId> {
        let account = self.client.accounts().get(account).await?;
        let customer = account.customer_id.clone();
        Ok(customer.ok_or("the account names no customer")?)
    }
}
