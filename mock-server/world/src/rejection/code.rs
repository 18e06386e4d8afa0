//! The codes that the world sends; each is listed in the document of its API (a test compares).

#![allow(missing_docs, reason = "the documents describe each code")]

pub const ACCOUNT_NOT_USABLE: &str = "ACCOUNT_NOT_USABLE";
pub const ADDRESS_NOT_AVAILABLE: &str = "ADDRESS_NOT_AVAILABLE";
pub const ALREADY_EXISTS: &str = "ALREADY_EXISTS";
pub const AMOUNT_NOT_POSITIVE: &str = "AMOUNT_NOT_POSITIVE";
pub const AMOUNT_TOO_LARGE: &str = "AMOUNT_TOO_LARGE";
pub const AMOUNT_TOO_SMALL: &str = "AMOUNT_TOO_SMALL";
pub const APPLICATION_NOT_EDITABLE: &str = "APPLICATION_NOT_EDITABLE";
pub const APPLICATION_NOT_READY: &str = "APPLICATION_NOT_READY";
pub const ASSET_MISMATCH: &str = "ASSET_MISMATCH";
pub const ASSET_NOT_SUPPORTED: &str = "ASSET_NOT_SUPPORTED";
pub const CALLBACK_NOT_ALLOWED: &str = "CALLBACK_NOT_ALLOWED";
pub const COUNTERPARTY_NOT_LINKED: &str = "COUNTERPARTY_NOT_LINKED";
pub const COUNTERPARTY_NOT_USABLE: &str = "COUNTERPARTY_NOT_USABLE";
pub const CUSTOMER_CREATION_NOT_ALLOWED: &str = "CUSTOMER_CREATION_NOT_ALLOWED";
pub const CUSTOMER_NOT_USABLE: &str = "CUSTOMER_NOT_USABLE";
pub const DEPOSIT_NOT_ACCEPTABLE: &str = "DEPOSIT_NOT_ACCEPTABLE";
pub const DOCUMENT_LOCKED: &str = "DOCUMENT_LOCKED";
pub const DOCUMENT_REFUSED: &str = "DOCUMENT_REFUSED";
pub const EXCHANGE_EXPIRED: &str = "EXCHANGE_EXPIRED";
pub const EXCHANGE_NOT_ACCEPTABLE: &str = "EXCHANGE_NOT_ACCEPTABLE";
pub const FIELD_NOT_UPDATABLE: &str = "FIELD_NOT_UPDATABLE";
pub const IDEMPOTENCY_KEY_REUSED: &str = "IDEMPOTENCY_KEY_REUSED";
pub const INBOUND_NOT_ASSIGNABLE: &str = "INBOUND_NOT_ASSIGNABLE";
pub const INBOUND_NOT_RETURNABLE: &str = "INBOUND_NOT_RETURNABLE";
pub const INSUFFICIENT_FUNDS: &str = "INSUFFICIENT_FUNDS";
pub const INTERMEDIARY_NOT_ALLOWED: &str = "INTERMEDIARY_NOT_ALLOWED";
pub const INTERNAL: &str = "INTERNAL";
pub const NOT_A_CORPORATION: &str = "NOT_A_CORPORATION";
pub const NOT_BUILT: &str = "NOT_BUILT";
pub const NOT_FOUND: &str = "NOT_FOUND";
pub const ORDER_TYPE_NOT_SUPPORTED: &str = "ORDER_TYPE_NOT_SUPPORTED";
pub const PAIR_NOT_SUPPORTED: &str = "PAIR_NOT_SUPPORTED";
pub const PRODUCT_ASSET_NOT_SUPPORTED: &str = "PRODUCT_ASSET_NOT_SUPPORTED";
pub const PULL_NOT_SUPPORTED: &str = "PULL_NOT_SUPPORTED";
pub const PURPOSE_NOT_ALLOWED: &str = "PURPOSE_NOT_ALLOWED";
pub const RAIL_NOT_SUPPORTED: &str = "RAIL_NOT_SUPPORTED";
pub const RATE_OUT_OF_RANGE: &str = "RATE_OUT_OF_RANGE";
pub const RECEIPT_NOT_READY: &str = "RECEIPT_NOT_READY";
pub const SAME_ACCOUNT: &str = "SAME_ACCOUNT";
pub const STATUS_CHANGE_NOT_ALLOWED: &str = "STATUS_CHANGE_NOT_ALLOWED";
pub const SUBSCRIPTION_DELETED: &str = "SUBSCRIPTION_DELETED";
pub const TOO_MANY_DECIMALS: &str = "TOO_MANY_DECIMALS";
pub const TRANSFER_EXPIRED: &str = "TRANSFER_EXPIRED";
pub const TRANSFER_NOT_ACCEPTABLE: &str = "TRANSFER_NOT_ACCEPTABLE";
pub const VALIDATION_FAILED: &str = "VALIDATION_FAILED";
pub const WITHDRAWAL_EXPIRED: &str = "WITHDRAWAL_EXPIRED";
pub const WITHDRAWAL_NOT_ACCEPTABLE: &str = "WITHDRAWAL_NOT_ACCEPTABLE";
pub const WITHDRAWAL_NOT_CANCELLABLE: &str = "WITHDRAWAL_NOT_CANCELLABLE";

pub const SPECIFIED_BAD_REQUEST: &str = "SpecifiedBadRequest";
pub const SPECIFIED_ID_NOT_FOUND: &str = "SpecifiedIdNotFound";

pub const INVALID_PROCESSOR_TOKEN: &str = "InvalidProcessorToken";
pub const PHONE_NUMBER_IN_USE: &str = "PhoneNumberInUse";
pub const PLAID_NOT_CONFIGURED: &str = "PlaidNotConfigured";
pub const ACCOUNTING_INTERNAL: &str = "InternalError";
pub const ACCOUNTING_NOT_BUILT: &str = "NotBuilt";

pub const INVALID_FIELD: &str = "INVALID_FIELD";
pub const INVALID_INSTITUTION: &str = "INVALID_INSTITUTION";
pub const INVALID_PRODUCT: &str = "INVALID_PRODUCT";
pub const INVALID_PUBLIC_TOKEN: &str = "INVALID_PUBLIC_TOKEN";
pub const PLAID_INTERNAL: &str = "INTERNAL_SERVER_ERROR";

#[cfg(test)]
mod tests {
    use crate::rejection::code;

    /// The list is read from the source, so that no new code is forgotten.
    #[test]
    fn no_code_is_made_up() {
        let tables = [
            layer2_types::accounting::ERROR_CODES,
            layer2_types::control::ERROR_CODES,
            layer2_types::payments::ERROR_CODES,
            layer2_types::plaid::ERROR_CODES,
        ];
        let (list, _) = include_str!("code.rs").split_once("#[cfg(test)]").unwrap();
        let codes: Vec<&str> = list
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub const "))
            .filter_map(|constant| constant.split('"').nth(1))
            .collect();
        assert!(codes.contains(&code::INVALID_PUBLIC_TOKEN) && codes.len() > 20);
        for code in codes {
            let listed = |table| layer2_types::ErrorCodeInfo::find(table, code).is_some();
            assert!(tables.into_iter().any(listed), "{code} is in no document");
        }
    }

    #[test]
    fn every_code_is_one_of_the_documents() {
        use layer2_types::ErrorCodeInfo;
        let listed = |table: &'static [ErrorCodeInfo], codes: &[&str]| {
            for code in codes {
                assert!(
                    ErrorCodeInfo::find(table, code).is_some(),
                    "{code} is in no document"
                );
            }
        };
        listed(
            layer2_types::payments::ERROR_CODES,
            &[
                code::ACCOUNT_NOT_USABLE,
                code::ADDRESS_NOT_AVAILABLE,
                code::ALREADY_EXISTS,
                code::AMOUNT_NOT_POSITIVE,
                code::AMOUNT_TOO_LARGE,
                code::AMOUNT_TOO_SMALL,
                code::APPLICATION_NOT_EDITABLE,
                code::APPLICATION_NOT_READY,
                code::ASSET_MISMATCH,
                code::ASSET_NOT_SUPPORTED,
                code::CALLBACK_NOT_ALLOWED,
                code::COUNTERPARTY_NOT_LINKED,
                code::COUNTERPARTY_NOT_USABLE,
                code::CUSTOMER_CREATION_NOT_ALLOWED,
                code::CUSTOMER_NOT_USABLE,
                code::DEPOSIT_NOT_ACCEPTABLE,
                code::DOCUMENT_LOCKED,
                code::DOCUMENT_REFUSED,
                code::EXCHANGE_EXPIRED,
                code::EXCHANGE_NOT_ACCEPTABLE,
                code::FIELD_NOT_UPDATABLE,
                code::IDEMPOTENCY_KEY_REUSED,
                code::INSUFFICIENT_FUNDS,
                code::INTERMEDIARY_NOT_ALLOWED,
                code::INTERNAL,
                code::NOT_A_CORPORATION,
                code::NOT_BUILT,
                code::NOT_FOUND,
                code::ORDER_TYPE_NOT_SUPPORTED,
                code::PAIR_NOT_SUPPORTED,
                code::PRODUCT_ASSET_NOT_SUPPORTED,
                code::PULL_NOT_SUPPORTED,
                code::PURPOSE_NOT_ALLOWED,
                code::RAIL_NOT_SUPPORTED,
                code::RECEIPT_NOT_READY,
                code::SAME_ACCOUNT,
                code::STATUS_CHANGE_NOT_ALLOWED,
                code::TOO_MANY_DECIMALS,
                code::TRANSFER_EXPIRED,
                code::TRANSFER_NOT_ACCEPTABLE,
                code::VALIDATION_FAILED,
                code::WITHDRAWAL_EXPIRED,
                code::WITHDRAWAL_NOT_ACCEPTABLE,
                code::WITHDRAWAL_NOT_CANCELLABLE,
            ],
        );
        listed(
            layer2_types::accounting::ERROR_CODES,
            &[
                code::ACCOUNTING_INTERNAL,
                code::ACCOUNTING_NOT_BUILT,
                code::INVALID_PROCESSOR_TOKEN,
                code::PHONE_NUMBER_IN_USE,
                code::PLAID_NOT_CONFIGURED,
                code::SPECIFIED_BAD_REQUEST,
                code::SPECIFIED_ID_NOT_FOUND,
            ],
        );
        listed(
            layer2_types::plaid::ERROR_CODES,
            &[
                code::INVALID_FIELD,
                code::INVALID_INSTITUTION,
                code::INVALID_PRODUCT,
                code::INVALID_PUBLIC_TOKEN,
                code::NOT_BUILT,
                code::PLAID_INTERNAL,
            ],
        );
        listed(
            layer2_types::control::ERROR_CODES,
            &[
                code::ASSET_MISMATCH,
                code::ASSET_NOT_SUPPORTED,
                code::INBOUND_NOT_ASSIGNABLE,
                code::INBOUND_NOT_RETURNABLE,
                code::INTERNAL,
                code::NOT_BUILT,
                code::NOT_FOUND,
                code::PAIR_NOT_SUPPORTED,
                code::RAIL_NOT_SUPPORTED,
                code::RATE_OUT_OF_RANGE,
                code::STATUS_CHANGE_NOT_ALLOWED,
                code::SUBSCRIPTION_DELETED,
                code::VALIDATION_FAILED,
            ],
        );
    }
}
