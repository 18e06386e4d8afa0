//! Where a program runs: in a mock server of its own, in one of another process, or on the platform.
//!
//! The programs never take a secret as an argument, since arguments can be read by everyone on a machine; secrets come
//! from the variables that the SDK reads.

use layer2_sdk::{
    Client, ClientBuilder, Environment,
    mock::Sandbox,
    payments::{AccountId, CustomerId},
};

use crate::flow::Step;

/// Where to run. Without any of these a mock server is started in this process.
#[derive(Debug, clap::Args)]
pub struct Where {
    /// Make a sandbox on this mock server, whose control token is in LAYER2_CONTROL_TOKEN.
    #[arg(long, value_name = "URL", conflicts_with_all = ["env", "base_url"])]
    mock: Option<String>,
    /// Use the account that LAYER2_CLIENT_ID, LAYER2_CLIENT_SECRET, LAYER2_SIGNING_KEY and their like describe.
    #[arg(long)]
    env: bool,
    /// Base URL of the payments API, with access as for --env.
    #[arg(long, value_name = "URL", requires = "token_url")]
    base_url: Option<String>,
    /// Address of its token endpoint.
    #[arg(long, value_name = "URL", requires = "base_url")]
    token_url: Option<String>,
}

/// A client, and the sandbox behind it if it is one of a mock server.
#[derive(Debug)]
pub struct Target {
    client: Client,
    sandbox: Option<Sandbox>,
}

impl Target {
    /// Connects to where the arguments say.
    pub async fn open(place: &Where) -> Step<Self> {
        if let Some(url) = &place.mock {
            let token = std::env::var("LAYER2_CONTROL_TOKEN")
                .map_err(|_| "LAYER2_CONTROL_TOKEN is not set; the mock server prints it")?;
            return Ok(Self::of(Sandbox::at(url, &token).await?));
        }
        let client = match (&place.base_url, &place.token_url) {
            (Some(base), Some(token)) => {
                let environment = Environment::custom(base, token);
                ClientBuilder::from_env()?
                    .environment(environment)
                    .build()?
            }
            _ if place.env => ClientBuilder::from_env()?.build()?,
            _ => return Ok(Self::of(Sandbox::start().await?)),
        };
        Ok(Self {
            client,
            sandbox: None,
        })
    }

    fn of(sandbox: Sandbox) -> Self {
        Self {
            client: sandbox.client().clone(),
            sandbox: Some(sandbox),
        }
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The sandbox of a mock server, where the program may play the bank and the reviewer.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
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
