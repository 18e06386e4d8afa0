//! What a new sandbox holds: two customers with an account each, and the client's treasury.

use jiff::Timestamp;
use layer2_types::payments::AccountId;
use layer2_types::payments::Address;
use layer2_types::payments::CorporateEntityType;
use layer2_types::payments::Customer;
use layer2_types::payments::CustomerCorporation;
use layer2_types::payments::CustomerId;
use layer2_types::payments::CustomerIndividual;
use layer2_types::payments::ProductId;
use serde::Deserialize;
use serde::Serialize;

use crate::context::WriteContext;
use crate::payments::accounts::NewAccount;
use crate::payments::accounts::SELF;
use crate::payments::assets;
use crate::payments::customers::CustomerRow;
use crate::payments::machines::standing::Standing;
use crate::rejection::Rejection;
use crate::seed::Seed;
use crate::settings::Settings;
use crate::world::World;

/// All that a sandbox begins with. With the list of its commands it is the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// Name of the sandbox, as in the paths of the control API.
    pub name: String,
    /// Where its ids, secrets and chance come from.
    pub seed: Seed,
    /// What it was told about itself.
    pub settings: Settings,
    /// Business time at the beginning.
    pub start: Timestamp,
}

const CORPORATION: &str = "ACME";
const INDIVIDUAL: &str = "JANE";
const PRODUCT: &str = "DEPOSIT_BASIC";
const ASSET: &str = "FIAT_TESTNET_USD";

/// The accounts of a new sandbox: id and customer.
const ACCOUNTS: &[(&str, &str)] = &[
    ("ACME_USD", CORPORATION),
    ("JANE_USD", INDIVIDUAL),
    ("TREASURY_USD", SELF),
];

impl World {
    /// Fills an empty world. Every id is a constant of this file, so a failure would be one of each start (tests).
    pub(crate) fn populate(&mut self, cx: &mut WriteContext<'_>) -> Result<(), Rejection> {
        let corporation = corporation(&customer_id(CORPORATION)?);
        let individual = individual(&customer_id(INDIVIDUAL)?);
        for (id, details) in [(CORPORATION, corporation), (INDIVIDUAL, individual)] {
            let id = customer_id(id)?;
            let row = CustomerRow {
                id: id.clone(),
                standing: Standing::Active,
                details,
                payors: Vec::new(),
            };
            self.payments.customers.insert(row);
        }
        for (account, customer) in ACCOUNTS {
            let opening = NewAccount {
                id: AccountId::new(*account).map_err(|_| bad_constant())?,
                customer: customer_id(customer)?,
                product: ProductId::new(PRODUCT).map_err(|_| bad_constant())?,
                asset: assets::asset(ASSET).ok_or_else(bad_constant)?,
            };
            self.open_account(cx, opening)?;
        }
        Ok(())
    }
}

fn corporation(id: &CustomerId) -> Customer {
    CustomerCorporation::new(id.clone())
        .with_registered_name("Acme Corporation".to_owned())
        .with_corporate_entity_type(CorporateEntityType::CCorpPrivate)
        .with_country_of_incorporation("US".to_owned())
        .with_state_of_incorporation("DE".to_owned())
        .with_email_address("treasury@acme.example".to_owned())
        .with_telephone_number("+16175550100".to_owned())
        .with_registered_address(address("1 Example Street"))
        .with_individuals(Vec::new())
        .into()
}

fn individual(id: &CustomerId) -> Customer {
    CustomerIndividual::new(id.clone())
        .with_first_name("Jane".to_owned())
        .with_last_name("Doe".to_owned())
        .with_email_address("jane@doe.example".to_owned())
        .with_telephone_number("+16175550101".to_owned())
        .with_mailing_address(address("2 Example Street"))
        .into()
}

fn address(line: &str) -> Address {
    Address::new()
        .with_address_line1(line.to_owned())
        .with_city("Boston".to_owned())
        .with_state("MA".to_owned())
        .with_postal_code("02135".to_owned())
        .with_country_code("US".to_owned())
}

fn customer_id(text: &str) -> Result<CustomerId, Rejection> {
    CustomerId::new(text).map_err(|_| bad_constant())
}

fn bad_constant() -> Rejection {
    Rejection::internal("A constant of a new sandbox is not valid.")
}
