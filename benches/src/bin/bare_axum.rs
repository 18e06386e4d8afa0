//! The floor that the mock server is compared with: axum that decodes, checks two fields and answers, and keeps nothing.
//!
//! It has the same three routes and replies of the same size as the mock server, so that a ratio between the two is what
//! tokens, scopes, validation, idempotency, the ledger and the journal cost. Its accept verifies one signature, with the
//! same library and over the same string as the mock server, and does nothing else.
//!
//! usage: `bare-axum <address> <public key, 64 hex digits>`

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use ed25519_dalek::{Signature, VerifyingKey};
use layer2_types::signing_string;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Serialize)]
struct Account {
    id: String,
    status: &'static str,
    asset_type_id: &'static str,
    product_id: &'static str,
    product_type: &'static str,
    customer_id: &'static str,
    current_balance: u32,
    available_balance: u32,
}

#[derive(Deserialize)]
struct TransferRequest {
    source_account_id: String,
    destination_account_id: String,
    amount: u32,
}

#[derive(Serialize)]
struct Transfer {
    id: String,
    status: &'static str,
    created_timestamp: &'static str,
    valid_until: &'static str,
    source_details: Source,
    destination_details: Destination,
}

#[derive(Serialize)]
struct Source {
    source_account_id: String,
    asset_type_id: &'static str,
    amount_to_debit: u32,
}

#[derive(Serialize)]
struct Destination {
    destination_account_id: String,
    asset_type_id: &'static str,
    amount_to_credit: u32,
}

async fn account(Path(id): Path<String>) -> Json<Envelope<Account>> {
    Json(Envelope {
        data: Account {
            id,
            status: "OPEN",
            asset_type_id: "FIAT_TESTNET_USD",
            product_id: "DEPOSIT_BASIC",
            product_type: "DEPOSIT",
            customer_id: "CORPORATE_DEFAULT",
            current_balance: 100,
            available_balance: 100,
        },
    })
}

async fn create(
    Json(request): Json<TransferRequest>,
) -> Result<Json<Envelope<Transfer>>, StatusCode> {
    if request.amount == 0 || request.source_account_id == request.destination_account_id {
        return Err(StatusCode::BAD_REQUEST);
    }
    let id = "3f0a4ab5-1f4c-4c8e-9b7e-0d6f2f0b8a11".to_owned();
    Ok(Json(transfer(id, "REQUESTED", request)))
}

async fn accept(
    State(key): State<VerifyingKey>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Envelope<Transfer>>, StatusCode> {
    verify(&key, &format!("/api/v1/transfers/{id}/accept"), &headers)
        .ok_or(StatusCode::UNAUTHORIZED)?;
    let request = TransferRequest {
        source_account_id: "ACME_USD".to_owned(),
        destination_account_id: "ACME_PAYROLL_USD".to_owned(),
        amount: 1,
    };
    Ok(Json(transfer(id, "ACCEPTED", request)))
}

fn verify(key: &VerifyingKey, path: &str, headers: &HeaderMap) -> Option<()> {
    let header = |name| headers.get(name)?.to_str().ok();
    let seconds = header("x-timestamp")?.parse().ok()?;
    let mut signature = [0; 64];
    hex::decode_to_slice(header("x-signature")?, &mut signature).ok()?;
    let message = signing_string(seconds, "POST", path, b"");
    key.verify_strict(&message, &Signature::from_bytes(&signature))
        .ok()
}

fn transfer(id: String, status: &'static str, request: TransferRequest) -> Envelope<Transfer> {
    Envelope {
        data: Transfer {
            id,
            status,
            created_timestamp: "2026-01-05T09:00:00.000001-05:00",
            valid_until: "2026-01-05T10:00:00.000001-05:00",
            source_details: Source {
                source_account_id: request.source_account_id,
                asset_type_id: "FIAT_TESTNET_USD",
                amount_to_debit: request.amount,
            },
            destination_details: Destination {
                destination_account_id: request.destination_account_id,
                asset_type_id: "FIAT_TESTNET_USD",
                amount_to_credit: request.amount,
            },
        },
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(key)) = (args.next(), args.next()) else {
        return Err(std::io::Error::other(
            "usage: bare-axum <address> <public key, 64 hex digits>",
        ));
    };
    let key = public_key(&key)?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    let routes = Router::new()
        .route("/api/v1/accounts/deposits/{id}", get(account))
        .route("/api/v1/transfers", post(create))
        .route("/api/v1/transfers/{id}/accept", post(accept))
        .with_state(key);
    axum::serve(listener, routes).await
}

fn public_key(text: &str) -> std::io::Result<VerifyingKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(std::io::Error::other)?;
    VerifyingKey::from_bytes(&bytes).map_err(std::io::Error::other)
}
