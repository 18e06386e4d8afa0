//! How a sandbox is come by: a server of its own, a new one on a server that others use, or one that exists.

use std::sync::Mutex;

use layer2_types::control::SandboxCreateRequest;
use layer2_types::control::SandboxInfo;

use super::Sandbox;
use crate::builder::ClientBuilder;
use crate::from_env::ALLOW_INSECURE_HTTP;
use crate::mock::SandboxError;
use crate::mock::SandboxServer;
use crate::mock::SandboxServerBuilder;

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
    async fn a_server_does_not_choose_plain_http() {
        let mut info = told().await;
        let name = ALLOW_INSECURE_HTTP.to_owned();
        info.env.insert(name.clone(), "true".to_owned());
        choose(&mut info, PlainHttp::Refused);
        assert!(!info.env.contains_key(&name));
    }
}
