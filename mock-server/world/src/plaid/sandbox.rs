//! What exists in the Plaid sandbox alone: a linked login without a browser.

use jiff::SignedDuration;
use layer2_types::plaid;
use layer2_types::plaid::Product;

use crate::clock;
use crate::context::WriteContext;
use crate::generated::plaid::Sandbox;
use crate::ids::IdKind;
use crate::plaid::institutions;
use crate::plaid::institutions::INSTITUTIONS;
use crate::plaid::institutions::Institution;
use crate::plaid::items::ItemRow;
use crate::plaid::items::PublicTokenRow;
use crate::plaid::items::bad_token;
use crate::plaid::items::request_id;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

/// How long a public token can be exchanged.
const PUBLIC_TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(30);

const ITEM_ID_LENGTH: usize = 37;

impl Sandbox for World {
    fn sandbox_public_token_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: plaid::SandboxPublicTokenCreateRequest,
    ) -> Result<plaid::SandboxPublicTokenCreateReply, Rejection> {
        let institution = known_institution(body.institution_id.as_str())?;
        must_be_offered(&body.initial_products)?;
        let item = cx.mint_opaque(IdKind::PlaidItem, ITEM_ID_LENGTH);
        let token = format!("public-sandbox-{}", cx.mint(IdKind::PlaidPublicToken));
        let reply = plaid::SandboxPublicTokenCreateReply::new()
            .with_public_token(plaid::PublicToken::new(token.clone()).map_err(|_| bad_token())?)
            .with_request_id(request_id(cx)?);

        let row = ItemRow {
            id: item.clone(),
            institution: institution.id.to_owned(),
            institution_name: institution.name.to_owned(),
            products: body
                .initial_products
                .iter()
                .map(|product| product.as_str().to_owned())
                .collect(),
            created: cx.now(),
        };
        self.plaid.items.insert(row);
        let valid_until = clock::later(cx.now(), PUBLIC_TOKEN_LIFE);
        self.plaid.public_tokens.insert(
            token,
            PublicTokenRow {
                item,
                valid_until,
                exchanged: false,
            },
        );
        Ok(reply)
    }
}

fn known_institution(id: &str) -> Result<&'static Institution, Rejection> {
    institutions::find(id).ok_or_else(|| {
        let ids: Vec<&str> = INSTITUTIONS
            .iter()
            .map(|institution| institution.id)
            .collect();
        Problem::new(code::INVALID_INSTITUTION, "invalid institution_id provided")
            .at("/institution_id")
            .received(id)
            .expected(ids.join(", "))
            .bad_request()
    })
}

fn must_be_offered(products: &[Product]) -> Result<(), Rejection> {
    let offered = institutions::offered();
    let names: Vec<&str> = offered.iter().map(Product::as_str).collect();
    let refused = |description: String, received: &str| {
        Err(Problem::new(code::INVALID_PRODUCT, description)
            .at("/initial_products")
            .received(received)
            .expected(names.join(", "))
            .bad_request())
    };
    if products.is_empty() {
        return refused("at least one product must be asked for".to_owned(), "[]");
    }
    match products.iter().find(|product| !offered.contains(product)) {
        Some(product) => refused(
            format!("product {product} is not switched on for these keys"),
            product.as_str(),
        ),
        None => Ok(()),
    }
}
