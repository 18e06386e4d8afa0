//! Businesses: making them, idempotent by the caller's own id, and reading them.

use jiff::Timestamp;
use layer2_types::accounting;
use layer2_types::accounting::Business;
use layer2_types::accounting::BusinessId;
use layer2_types::accounting::Locale;
use layer2_types::operation::Api;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::accounting::Businesses;
use crate::ids::IdKind;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::request::Answered;
use crate::settings::TimestampStyle;
use crate::table::named;
use crate::world::World;

/// A business, with its details as they are shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BusinessRow {
    id: BusinessId,
    details: Business,
    archived_at: Option<Timestamp>,
}

named!(BusinessRow: BusinessId);

impl Businesses for World {
    fn businesses_create(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: accounting::BusinessCreateRequest,
    ) -> Result<Answered<accounting::BusinessReply>, Rejection> {
        if let Some(known) = self.live_business(|row| {
            body.external_id.is_some() && row.details.external_id == body.external_id
        }) {
            return Ok(Answered {
                status: 200,
                value: known.imported_before(),
            });
        }
        let same_phone = |row: &BusinessRow| {
            body.phone_number.is_some() && row.details.phone_number == body.phone_number
        };
        if self.live_business(same_phone).is_some() {
            return Err(phone_in_use());
        }
        must_have_no_plaid(&body)?;
        let id = BusinessId::new(cx.mint(IdKind::Business))
            .map_err(|_| Rejection::internal("An id could not be made."))?;

        let row = BusinessRow {
            details: new_business(cx, &id, body),
            id,
            archived_at: None,
        };
        let reply = row.on_wire();
        self.accounting.businesses.insert(row);
        Ok(Answered {
            status: 201,
            value: reply,
        })
    }

    fn businesses_get(
        &self,
        _cx: &ReadContext<'_>,
        business_id: BusinessId,
    ) -> Result<accounting::BusinessReply, Rejection> {
        let rows = &self.accounting.businesses;
        match rows.get(&business_id).filter(|row| row.is_live()) {
            Some(row) => Ok(row.on_wire()),
            None => {
                let known = rows.ids();
                let id = business_id.as_str();
                Err(
                    Rejection::unknown_id_for(Api::Accounting, "business", id, known)
                        .at("business_id"),
                )
            }
        }
    }
}

impl World {
    fn live_business(&self, matches: impl Fn(&BusinessRow) -> bool) -> Option<&BusinessRow> {
        self.accounting
            .businesses
            .rows()
            .find(|row| row.is_live() && matches(row))
    }
}

impl BusinessRow {
    /// An archived business is kept and not shown.
    const fn is_live(&self) -> bool {
        self.archived_at.is_none()
    }

    fn on_wire(&self) -> accounting::BusinessReply {
        accounting::BusinessReply::new(self.details.clone()).with_meta(accounting::ReplyMeta::new())
    }

    fn imported_before(&self) -> accounting::BusinessReply {
        let details = self.details.clone().with_previously_imported(true);
        accounting::BusinessReply::new(details).with_meta(accounting::ReplyMeta::new())
    }
}

fn new_business(
    cx: &WriteContext<'_>,
    id: &BusinessId,
    body: accounting::BusinessCreateRequest,
) -> Business {
    // This API shows its times in UTC, whatever the payments side does.
    let now = clock::wire(cx.now(), TimestampStyle::Utc);
    let mut business = Business::new(id.clone())
        .with_us_state(body.us_state)
        .with_entity_type(body.entity_type)
        .with_country(body.country.unwrap_or_else(|| "US".to_owned()))
        .with_sms_enabled(body.sms_enabled.unwrap_or(false))
        .with_sms_stopped(false)
        .with_default_locale(body.default_locale.unwrap_or(Locale::EnUs))
        .with_activation_at(body.activation_at.unwrap_or_else(|| now.clone()))
        .with_imported_at(now.clone())
        .with_updated_at(now.clone())
        .with_unit_accounts(unit_accounts(
            [
                body.unit_ids,
                body.unit_accounts,
                body.internal_bank_account_ids,
            ],
            &now,
        ))
        .with_plaid_items(Vec::new())
        .with_plaid_processor_tokens(Vec::new())
        .with_previously_imported(false)
        .with_is_demo(false);
    business.external_id = body.external_id;
    business.legal_name = body.legal_name;
    business.tin = body.tin;
    business.industry = body.industry;
    business.naics_code = body.naics_code;
    business.phone_number = body.phone_number;
    business.sms_categorization_start_date = body.sms_categorization_start_date;
    business
}

/// The accounts at the platform's own bank, which three fields of the request can name.
fn unit_accounts(
    named: [Option<Vec<accounting::UnitAccountRequest>>; 3],
    now: &layer2_types::Timestamp,
) -> Vec<accounting::UnitAccount> {
    named
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|request| request.unit_id)
        .map(|id| {
            accounting::UnitAccount::new()
                .with_id(id)
                .with_imported_at(now.clone())
        })
        .collect()
}

/// Processor tokens and Plaid items have to be known; the sandbox has made none so far.
fn must_have_no_plaid(body: &accounting::BusinessCreateRequest) -> Result<(), Rejection> {
    if body
        .plaid_items
        .as_ref()
        .is_some_and(|items| !items.is_empty())
    {
        return Err(Problem::new(
            code::PLAID_NOT_CONFIGURED,
            "Plaid items need the client's Plaid keys, which are not set.",
        )
        .at("/plaid_items")
        .hint("Send processor tokens instead of items.")
        .bad_request());
    }
    if body
        .plaid_processor_tokens
        .as_ref()
        .is_some_and(|tokens| !tokens.is_empty())
    {
        return Err(Problem::new(
            code::INVALID_PROCESSOR_TOKEN,
            "A processor token is not known in this sandbox.",
        )
        .at("/plaid_processor_tokens/0/processor_token")
        .expected("a processor token that this sandbox made for the processor `layer`")
        .hint("The whole request is refused; send the list again without the token.")
        .bad_request());
    }
    Ok(())
}

fn phone_in_use() -> Rejection {
    Problem::new(
        code::PHONE_NUMBER_IN_USE,
        "Another live business, with another external id, has this telephone number.",
    )
    .at("/phone_number")
    .expected("a number that no live business has")
    .hint("To get that business back, send its own `external_id`.")
    .bad_request()
}
