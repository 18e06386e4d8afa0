//! The two sides of a comparison of SDK calls: the SDK, and what one would write by hand with reqwest and serde_json.
//!
//! The bare call has a bearer token that is at hand, a key of its own per call, the body from a struct and the reply into
//! a struct; the signed one has one Ed25519 signature more.

use ed25519_dalek::{Signer as _, SigningKey};
use layer2_sdk::payments::{AccountId, TransferId, TransferReply, TransferRequest};
use layer2_sdk::{Client, Environment, SignRequests};

/// Why a measurement cannot go on.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

const SEED: [u8; 32] = [7; 32];
const TRANSFER: &str = "11111111-2222-4333-8444-555555555555";
const ACCEPT: &str = "/v1/transfers/11111111-2222-4333-8444-555555555555/accept";

/// One call, of one of the sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Makes a transfer under a key, by hand.
    Bare,
    /// Makes a transfer, with the SDK.
    Sdk,
    /// Accepts one with a signature, by hand.
    BareSigned,
    /// Accepts one, with the SDK.
    SdkSigned,
}

/// Both sides, ready to call.
#[derive(Debug)]
pub struct Sides {
    base: String,
    http: reqwest::Client,
    key: SigningKey,
    sdk: Client,
    signing_sdk: Client,
}

impl Sides {
    /// Both sides for the server at `base`.
    ///
    /// # Errors
    /// A client could not be made.
    pub fn new(base: &str) -> Result<Self, Failure> {
        Ok(Self {
            base: base.to_owned(),
            http: reqwest::Client::builder().no_proxy().build()?,
            key: SigningKey::from_bytes(&SEED),
            sdk: sdk(base, SignRequests::Never)?,
            signing_sdk: sdk(base, SignRequests::WhereTaken)?,
        })
    }

    /// Makes one call.
    ///
    /// # Errors
    /// The call failed.
    pub async fn call(&self, way: Way) -> Result<(), Failure> {
        match way {
            Way::Bare => self.bare("/v1/transfers", Some(order()?), false).await,
            Way::Sdk => {
                self.sdk.transfers().create(&order()?).await?;
                Ok(())
            }
            Way::BareSigned => self.bare(ACCEPT, None, true).await,
            Way::SdkSigned => {
                let id = TransferId::new(TRANSFER)?;
                self.signing_sdk.transfers().accept(&id).await?;
                Ok(())
            }
        }
    }

    async fn bare(
        &self,
        path: &str,
        order: Option<TransferRequest>,
        signed: bool,
    ) -> Result<(), Failure> {
        let mut request = self
            .http
            .post(format!("{}/api{path}", self.base))
            .bearer_auth("0123456789012345678901234567890123456789")
            .header("x-l2f-idempotency-id", uuid::Uuid::new_v4().to_string());
        if let Some(order) = order {
            request = request.json(&order);
        }
        if signed {
            let seconds = jiff::Timestamp::now().as_second();
            let message = format!("{seconds}POST/api{path}");
            let signature = self.key.sign(message.as_bytes());
            request = request
                .header("x-timestamp", seconds)
                .header("x-signature", hex::encode(signature.to_bytes()));
        }
        let reply: TransferReply = request.send().await?.error_for_status()?.json().await?;
        std::hint::black_box(reply);
        Ok(())
    }
}

/// A client of the SDK for the server at `base`, without a token.
///
/// # Errors
/// What the builder refuses.
pub fn sdk(base: &str, sign: SignRequests) -> Result<Client, layer2_sdk::Error> {
    Client::builder()
        .environment(Environment::custom(
            format!("{base}/api"),
            format!("{base}/token"),
        ))
        .credentials("client-id", "client-secret")
        .signing_key(hex::encode(SEED))
        .sign_requests(sign)
        .build()
}

/// The body of every transfer.
///
/// # Errors
/// What the types refuse.
pub fn order() -> Result<TransferRequest, Failure> {
    Ok(TransferRequest::new(
        AccountId::new("ACME_USD")?,
        AccountId::new("ACME_PAYROLL_USD")?,
        "125.50".parse()?,
    ))
}
