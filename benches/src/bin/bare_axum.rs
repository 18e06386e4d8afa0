//! The floor that the mock server is compared with: axum that decodes, checks two fields and answers, and keeps nothing.
//!
//! It has the same two routes and replies of the same size as the mock server, so that a ratio between the two is what
//! tokens, scopes, validation, idempotency, the ledger and the journal cost.

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
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
    id: &'static str,
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

async fn transfer(
    Json(request): Json<TransferRequest>,
) -> Result<Json<Envelope<Transfer>>, StatusCode> {
    if request.amount == 0 || request.source_account_id == request.destination_account_id {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(Json(Envelope {
        data: Transfer {
            id: "3f0a4ab5-1f4c-4c8e-9b7e-0d6f2f0b8a11",
            status: "REQUESTED",
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
    }))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:4011".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let routes = Router::new()
        .route("/api/v1/accounts/deposits/{id}", get(account))
        .route("/api/v1/transfers", post(transfer));
    axum::serve(listener, routes).await
}
