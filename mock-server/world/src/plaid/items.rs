//! Items: a linked login at a bank, and the tokens that open it.
//!
//! A public token lives thirty minutes and is exchanged once; the access token it gives has no end of its own.

use jiff::Timestamp;
use layer2_types::plaid;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::generated::plaid::Items;
use crate::ids::IdKind;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::table::named;
use crate::world::World;

/// A linked login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ItemRow {
    pub(crate) id: String,
    pub(crate) institution: String,
    pub(crate) institution_name: String,
    pub(crate) products: Vec<String>,
    pub(crate) created: Timestamp,
}

named!(ItemRow: String);

/// A public token that was made, exchanged or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublicTokenRow {
    pub(crate) item: String,
    /// Last instant at which it can be exchanged.
    pub(crate) valid_until: Timestamp,
    pub(crate) exchanged: bool,
}

impl Items for World {
    fn items_public_token_exchange(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: plaid::ItemPublicTokenExchangeRequest,
    ) -> Result<plaid::ItemPublicTokenExchangeReply, Rejection> {
        let token = body.public_token.as_str();
        let row = self.plaid.public_tokens.get(token);
        let item = exchangeable(token, row, cx.now())?.item.clone();
        let access = format!("access-sandbox-{}", cx.mint(IdKind::PlaidAccessToken));
        let reply = plaid::ItemPublicTokenExchangeReply::new()
            .with_access_token(plaid::AccessToken::new(access.clone()).map_err(|_| bad_token())?)
            .with_item_id(plaid::ItemId::new(item.clone()).map_err(|_| bad_token())?)
            .with_request_id(request_id(cx)?);

        if let Some(row) = self.plaid.public_tokens.get_mut(token) {
            row.exchanged = true;
        }
        self.plaid.access_tokens.insert(access, item);
        Ok(reply)
    }
}

/// The id of a reply, which every reply of this API carries.
pub(crate) fn request_id(cx: &mut WriteContext<'_>) -> Result<plaid::RequestId, Rejection> {
    let id = cx.mint_opaque(IdKind::PlaidRequest, REQUEST_ID_LENGTH);
    plaid::RequestId::new(id).map_err(|_| bad_token())
}

const REQUEST_ID_LENGTH: usize = 15;

/// The row of a token that can be exchanged, or which of the three causes stands against it. The token is never shown.
fn exchangeable<'a>(
    token: &str,
    row: Option<&'a PublicTokenRow>,
    now: Timestamp,
) -> Result<&'a PublicTokenRow, Rejection> {
    let refused = |description: &str, hint: &str| {
        Err(Problem::new(code::INVALID_PUBLIC_TOKEN, description)
            .at("/public_token")
            .expected("public-sandbox-<identifier>, made less than 30 minutes ago and not exchanged before")
            .hint(hint)
            .bad_request())
    };
    match row {
        None if token.starts_with("access-") => refused(
            "could not find matching public token: this is an access token",
            "The access token is what the exchange returns; it needs no exchange.",
        ),
        None => refused(
            "could not find matching public token",
            "Tokens of another sandbox or environment are not known here.",
        ),
        Some(row) if row.exchanged => refused(
            "the public token was exchanged before",
            "Keep the access token of the first exchange, or make a new public token.",
        ),
        Some(row) if now > row.valid_until => refused(
            "the public token is older than 30 minutes",
            "Make a new public token and exchange it at once.",
        ),
        Some(row) => Ok(row),
    }
}

/// Minted tokens are plain text, which every id type accepts.
pub(crate) fn bad_token() -> Rejection {
    Rejection::internal("A token could not be made.")
}
