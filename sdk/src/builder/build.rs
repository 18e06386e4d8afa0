//! The checks that need no request, and the client that comes of them.

use std::sync::Arc;

use http::HeaderValue;
use layer2_types::Api;
use secrecy::ExposeSecret as _;

use super::ClientBuilder;
use super::access::AccountingAccess;
use super::access::Identity;
use crate::auth::Auth;
use crate::budget::RetryBudget;
use crate::client::Client;
use crate::client::Lane;
use crate::client::Shared;
use crate::client::config;
use crate::environment;
use crate::environment::Environment;
use crate::error::Error;
use crate::signing::Ed25519Signer;
use crate::signing::Signer;
use crate::skew::Skew;
use crate::token::TokenEndpoint;
use crate::token::TokenStore;
use crate::token::TokenStyle;
use crate::transport;
use crate::transport::HttpTransport;
use crate::transport::ReqwestTransport;

impl ClientBuilder {
    /// Checks everything that can be seen from here and makes the client.
    pub fn build(mut self) -> Result<Client, Error> {
        let payments = self.payments_lane()?;
        let accounting = self.accounting_lane()?;
        let plaid = self.plaid_lane()?;
        let control = self.control_lane()?;
        let lanes = [&payments, &accounting, &plaid, &control];
        if lanes.iter().all(|lane| lane.is_none()) {
            return Err(config(
                "the builder has no credentials: give it `credentials`, `accounting`, `plaid` or `control`, or read them \
                 with `ClientBuilder::from_env` from LAYER2_CLIENT_ID and LAYER2_CLIENT_SECRET (payments), \
                 LAYER_CLIENT_ID and LAYER_CLIENT_SECRET (accounting) or PLAID_CLIENT_ID and PLAID_SECRET",
            ));
        }
        let production = self.environment == Environment::Production
            || lanes
                .iter()
                .filter_map(|lane| lane.as_ref())
                .any(|lane| environment::is_production(&lane.base));
        self.refuse_test_helpers(production)?;
        let loopback = lanes
            .iter()
            .filter_map(|lane| lane.as_ref())
            .all(|lane| environment::is_loopback(&lane.base));
        let transport = self.sender(loopback)?;
        let transport = std::mem::take(&mut self.wrappers).around(transport);
        let signer = self.read_signer()?;
        let user_agent = self.full_user_agent()?;
        let shared = Shared {
            payments,
            accounting,
            plaid,
            control,
            user_agent,
            replayed_header: self.replayed_header,
            transport,
            runtime: self.runtime,
            retry: self.retry,
            budget: RetryBudget::new(self.retry_budget),
            signer,
            sign: self.sign,
            signing_scheme: self.signing_scheme,
            platform: self.platform,
            attempt_timeout: self.attempt_timeout,
            deadline: self.deadline,
        };
        Ok(Client::from(shared))
    }

    /// What sends requests: the transport that was given, else ours.
    fn sender(&self, loopback: bool) -> Result<Arc<dyn HttpTransport>, Error> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::new(transport::Guarded(Arc::clone(transport))));
        }
        let http = transport::http_client(&self.connections, loopback)?;
        let ours = ReqwestTransport::new(http).with_reply_limit(self.reply_limit);
        Ok(Arc::new(ours))
    }

    fn payments_lane(&self) -> Result<Option<Lane>, Error> {
        let Some(identity) = &self.payments else {
            return Ok(None);
        };
        self.oauth_lane(
            Api::Payments,
            &self.environment,
            identity,
            self.token_style,
            &self.scopes,
        )
        .map(Some)
    }

    fn accounting_lane(&self) -> Result<Option<Lane>, Error> {
        let Some(access) = &self.accounting else {
            return Ok(None);
        };
        let AccountingAccess {
            environment,
            identity,
            scopes,
            token_style,
        } = access;
        self.oauth_lane(Api::Accounting, environment, identity, *token_style, scopes)
            .map(Some)
    }

    fn plaid_lane(&self) -> Result<Option<Lane>, Error> {
        let Some(identity) = &self.plaid else {
            return Ok(None);
        };
        let base = match (&self.plaid_base_url, &self.environment) {
            (Some(url), _) => url,
            (None, Environment::Custom { .. }) => {
                return Err(config(
                    "a custom environment does not say where Plaid is: set `plaid_base_url`",
                ));
            }
            (None, environment) => environment.base_url(Api::Plaid),
        };
        let base = environment::read_base(Api::Plaid, base, self.allow_insecure_http)?;
        Ok(Some(Lane {
            base,
            auth: Auth::Headers(identity.checked(Api::Plaid.as_str())?),
            skew: Skew::default(),
        }))
    }

    fn control_lane(&self) -> Result<Option<Lane>, Error> {
        let Some((url, token)) = &self.control else {
            return Ok(None);
        };
        if token.expose_secret().is_empty() {
            return Err(config(
                "the control token is empty; the mock server prints it when it starts",
            ));
        }
        let base = environment::read_base(Api::Control, url, self.allow_insecure_http)?;
        Ok(Some(Lane {
            base,
            auth: Auth::Bearer(token.clone()),
            skew: Skew::default(),
        }))
    }

    fn oauth_lane(
        &self,
        api: Api,
        environment: &Environment,
        identity: &Identity,
        style: TokenStyle,
        scopes: &[String],
    ) -> Result<Lane, Error> {
        let base =
            environment::read_base(api, environment.base_url(api), self.allow_insecure_http)?;
        let url =
            environment::read_token_url(api, environment.token_url(api), self.allow_insecure_http)?;
        let endpoint = TokenEndpoint {
            url,
            style,
            scopes: scopes.to_vec(),
        };
        let provider = identity.checked(api.as_str())?;
        let store = TokenStore::new(endpoint, provider, self.token_timeout);
        let auth = Auth::Token(Box::new(store));
        Ok(Lane {
            base,
            auth,
            skew: Skew::default(),
        })
    }

    fn refuse_test_helpers(&self, production: bool) -> Result<(), Error> {
        if production && self.control.is_some() {
            return Err(config(
                "the control API belongs to the mock server; it cannot be used beside production: leave \
                 `control` out, or choose another environment",
            ));
        }
        if production && self.allow_insecure_http {
            return Err(config(
                "`allow_insecure_http` is a test setting; it cannot be used with production: leave it out, or choose \
                 another environment",
            ));
        }
        Ok(())
    }

    fn read_signer(&self) -> Result<Option<Arc<dyn Signer>>, Error> {
        match (&self.signer, &self.signing_key) {
            (Some(_), Some(_)) => Err(config(
                "give the builder a `signer` or a `signing_key`, not both",
            )),
            (Some(signer), None) => Ok(Some(Arc::clone(signer))),
            (None, Some(key)) => {
                let signer = Ed25519Signer::parse(key.expose_secret())
                    .map_err(|why| config(format!("the signing key is not usable: {why}")))?;
                Ok(Some(Arc::new(signer)))
            }
            (None, None) => Ok(None),
        }
    }

    fn full_user_agent(&self) -> Result<HeaderValue, Error> {
        let own = concat!("layer2-sdk-rust/", env!("CARGO_PKG_VERSION"));
        let Some(product) = &self.user_agent else {
            return Ok(HeaderValue::from_static(own));
        };
        HeaderValue::try_from(format!("{product} {own}"))
            .map_err(|_| config("the user agent has a character that no HTTP header may carry: use visible ASCII characters"))
    }
}
