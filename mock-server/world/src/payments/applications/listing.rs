//! The list of applications: its filters and its order.

use layer2_types::payments;
use layer2_types::payments::ApplicationSortField;
use layer2_types::payments::ApplicationsListParams;
use layer2_types::payments::SortOrder;
use layer2_types::query::QueryParams as _;

use crate::context::ReadContext;
use crate::page::Page;
use crate::page::RowOrder;
use crate::payments::applications::ApplicationRow;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

const PATH: &str = "/v1/applications";

impl World {
    /// One page of the applications that pass every filter.
    pub(super) fn list_applications(
        &self,
        cx: &ReadContext<'_>,
        params: &ApplicationsListParams,
    ) -> Result<payments::ApplicationListReply, Rejection> {
        let page = Page::of(params.page, params.page_size)?.as_of(cx)?;
        let by_status_date = by_status_date(params.order_by.as_ref())?;
        let falling = params.order == Some(SortOrder::Desc);
        let table = &self.payments.applications;
        let rows = table.numbered().filter(|(_, row)| row.passes(params));
        let mut rows: Vec<(u64, &ApplicationRow)> = rows.collect();
        if by_status_date {
            // Rows of one instant keep the order in which they came.
            rows.sort_by_key(|(_, row)| row.stage_since);
        }
        if falling {
            rows.reverse();
        }
        let order = match (by_status_date, falling) {
            (true, _) => RowOrder::Changing,
            (false, true) => RowOrder::NewestFirst,
            (false, false) => RowOrder::OldestFirst,
        };
        let cut = page.cut(rows.into_iter(), order, table.made());
        let links = cut.links(PATH, &params.to_pairs());
        let applications = cut.rows.into_iter().map(ApplicationRow::on_wire).collect();
        let list = payments::ApplicationList::new().with_applications(applications);
        Ok(payments::ApplicationListReply::new(list).with_links(links.into_payments()))
    }
}

impl ApplicationRow {
    fn passes(&self, params: &ApplicationsListParams) -> bool {
        let name = || self.applicant.name().to_lowercase();
        is(params.status.as_ref(), &self.stage.status())
            && is(
                params.application_type.as_ref(),
                &self.applicant.customer_type(),
            )
            && is(
                params.terms_and_conditions_accepted.as_ref(),
                &self.terms_accepted,
            )
            && is(params.information_attested.as_ref(), &self.attested)
            && is(params.customer_id.as_ref(), &self.customer)
            && params
                .customer_name
                .as_ref()
                .is_none_or(|part| name().contains(&part.to_lowercase()))
            && params
                .email_address
                .as_ref()
                .is_none_or(|email| self.applicant.email_address() == Some(email))
    }
}

fn is<T: PartialEq>(wanted: Option<&T>, has: &T) -> bool {
    wanted.is_none_or(|wanted| wanted == has)
}

/// Whether the list goes by the last change of status; else it goes by the start, which is the order of the table.
fn by_status_date(field: Option<&ApplicationSortField>) -> Result<bool, Rejection> {
    match field {
        None | Some(ApplicationSortField::CreatedDate) => Ok(false),
        Some(ApplicationSortField::StatusUpdateDate) => Ok(true),
        Some(other) => {
            let names: Vec<&str> = ApplicationSortField::ALL
                .iter()
                .map(ApplicationSortField::as_str)
                .collect();
            Err(Problem::new(
                code::VALIDATION_FAILED,
                "Applications cannot be ordered by this.",
            )
            .at("order_by")
            .received(other.as_str())
            .expected(names.join(", "))
            .bad_request())
        }
    }
}
