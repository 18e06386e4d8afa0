//! Where a program runs that the platform runs as well: in a mock server of its own, in one of another process, or on the
//! platform.
//!
//! The programs never take a secret as an argument, since arguments can be read by everyone on a machine; secrets come
//! from the variables that the SDK reads.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use layer2_sdk::{
    CallOptions, Client, ClientBuilder, Environment, Error, ErrorKind,
    mock::Sandbox,
    payments::{AccountId, CustomerId},
};

use crate::failure::{self, Failure};
use crate::flow::Step;
use crate::place::{self, End, HEADING, OnMock, Place, variable};

/// Where to run a program that the platform runs as well. Without any of these a mock server is started in this process.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = HEADING)]
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
    /// Runs a program where the arguments say.
    pub async fn run(&self, program: impl AsyncFnOnce(&Target) -> Step<()>) -> ExitCode {
        let run = async {
            let target = self.target().await?;
            let Some(place) = &target.place else {
                return program(&target).await;
            };
            let done = place.end.wait(program(&target)).await;
            if let Some(place) = target.place {
                place.leave().await;
            }
            done
        };
        failure::exit(run.await)
    }

    async fn target(&self) -> Step<Target> {
        if !self.env && self.base_url.is_none() {
            return Ok(Target::of(self.on_mock.place().await?));
        }
        let address = self.address();
        let client = self.account();
        let what = "the account that the environment variables describe cannot be used";
        let client = client.map_err(|why| place::explain(what, why))?;
        Ok(Target {
            client,
            address,
            place: None,
        })
    }

    /// A client of the account that the environment variables describe.
    fn account(&self) -> Step<Client> {
        let access = ["LAYER2_CLIENT_ID", "LAYER2_CLIENT_SECRET"];
        if access.iter().all(|name| variable(name).is_none()) {
            return Err(Failure::new("neither LAYER2_CLIENT_ID nor LAYER2_CLIENT_SECRET is set")
                .advise(
                    "set both, LAYER2_SIGNING_KEY to move money, and for a server of your own LAYER2_BASE_URL and \
                     LAYER2_TOKEN_URL; sdk/README.md lists all variables, and a mock server writes them into its ready file",
                )
                .into());
        }
        let builder = ClientBuilder::from_env()?;
        let builder = match (&self.base_url, &self.token_url) {
            (Some(base), Some(token)) => builder.environment(Environment::custom(base, token)),
            _ => builder,
        };
        Ok(self.on_mock.choose(builder).build()?)
    }

    /// The platform that the arguments and the environment variables name.
    fn address(&self) -> String {
        let named = self.base_url.clone();
        let named = named.or_else(|| variable("LAYER2_BASE_URL"));
        let named = named.or_else(|| variable("LAYER2_ENVIRONMENT"));
        named.unwrap_or_else(|| "sandbox".to_owned())
    }
}

/// A client, and the sandbox behind it if the program may play the bank there.
#[derive(Debug)]
pub struct Target {
    client: Client,
    address: String,
    place: Option<Place>,
}

impl Target {
    fn of(place: Place) -> Self {
        Self {
            client: place.sandbox.client().clone(),
            address: place.address(),
            place: Some(place),
        }
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The platform or the sandbox that it is, in words that are the same at every start.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The sandbox of a mock server, where the program may play the bank and the reviewer.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.place.as_ref().map(|place| &place.sandbox)
    }

    /// The sandbox if this start has made it, so that nothing of an earlier start is in it.
    #[must_use]
    pub fn made_sandbox(&self) -> Option<&Sandbox> {
        let place = self.place.as_ref()?;
        place.is_new.then_some(&place.sandbox)
    }

    /// The sandbox, if there is one, for a story that begins at its beginning.
    ///
    /// # Errors
    /// If an earlier start was in it.
    pub fn new_sandbox(&self) -> Step<Option<&Sandbox>> {
        self.place.as_ref().map(Place::new_sandbox).transpose()
    }

    /// Whether what this start makes is there for the next one.
    #[must_use]
    pub fn stays(&self) -> bool {
        let place = self.place.as_ref();
        place.is_none_or(|place| place.end == End::Kept)
    }

    /// The file that tells the next start what this one did: the one that was named with a flag, else the usual one here.
    /// None in a sandbox that ends with this start: the next one would believe the file.
    pub fn kept(&self, flag: &str, named: Option<&Path>, usual: &str) -> Step<Option<PathBuf>> {
        match (named, self.stays()) {
            (Some(named), false) => Err(Failure::new(format!(
                "{flag} {} is for a place that stays, and this sandbox ends with the program",
                named.display()
            ))
            .advise(format!(
                "leave {flag} out, or give --env, --base-url, or --mock with --keep"
            ))
            .into()),
            (None, false) => Ok(None),
            (named, true) => Ok(Some(named.unwrap_or(usual.as_ref()).to_owned())),
        }
    }

    /// Waits until the mock server has nothing left to do. The platform takes its own time and tells by webhook.
    pub async fn settle(&self) -> Step<()> {
        if let Some(sandbox) = self.sandbox() {
            sandbox.settle().await?;
        }
        Ok(())
    }

    /// The account that was named with `--account`, else the one that a sandbox begins with in this asset.
    pub fn account(&self, named: Option<&AccountId>, asset: &str) -> Step<AccountId> {
        match (named, self.sandbox()) {
            (Some(named), _) => Ok(named.clone()),
            (None, Some(sandbox)) => Ok(sandbox.account(asset)?),
            (None, None) => Err(Failure::new("no account is named")
                .advise("name one with --account: only a sandbox begins with known ones")
                .into()),
        }
    }

    /// Sees that orders from this account can be signed, with a look at it that is signed though it need not be.
    ///
    /// # Errors
    /// If there is no key, or one that the platform does not know this customer by. A platform that verifies no signature
    /// of a look finds out with the first order.
    pub async fn signs(&self, account: &AccountId) -> Step<()> {
        let signed = self.client.with(CallOptions::new().sign(true));
        let seen = signed.accounts().get(account).await;
        seen.map_err(|why| match why.kind() {
            ErrorKind::Signer => unsigned(why),
            _ if why.codes().any(failure::is_of_the_key) => unsigned(why),
            _ => why.into(),
        })?;
        Ok(())
    }

    /// The customer of an account.
    pub async fn customer_of(&self, account: &AccountId) -> Step<CustomerId> {
        let account = self.client.accounts().get(account).await?;
        let customer = account.customer_id.clone();
        Ok(customer.ok_or("the account names no customer")?)
    }
}

fn unsigned(why: Error) -> Box<dyn std::error::Error> {
    Failure::new("the orders cannot be signed, and nothing was made")
        .because(why)
        .into()
}
