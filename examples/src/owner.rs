//! Who a customer is, as the owner of a wallet or a bank account of its own.
//!
//! The platform compares the owner with whoever keeps the wallet or the account, so name and address are those that it
//! knows of the customer, and none is made up.

use layer2_sdk::payments::{
    CounterpartyProfileRequest, Customer, ProfileType, RelationshipToCustomer,
};

use crate::flow::Step;

/// The customer as the owner of what is registered for it.
///
/// # Errors
/// If the customer has no name or no address yet, or is of a kind that this version does not know.
pub fn owner(customer: &Customer) -> Step<CounterpartyProfileRequest> {
    let (kind, name, address) = match customer {
        Customer::Corporation(company) => (
            ProfileType::Corporation,
            company.registered_name.clone(),
            company.registered_address.clone(),
        ),
        Customer::Individual(person) => {
            let names = [&person.first_name, &person.middle_name, &person.last_name];
            let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
            let name = (!names.is_empty()).then(|| names.join(" "));
            (
                ProfileType::Individual,
                name,
                person.mailing_address.clone(),
            )
        }
        _ => {
            return Err(
                "the customer is of a kind that this version does not know: use a newer one".into(),
            );
        }
    };
    let name = name.ok_or(
        "the customer has no name, and its wallet needs an owner: update the customer first",
    )?;
    let address =
        address.ok_or("the customer has no address, and the owner of a wallet needs one: update the customer first")?;
    Ok(CounterpartyProfileRequest::new(kind, name, address)
        .with_relationship_to_customer(RelationshipToCustomer::SelfValue))
}

#[cfg(test)]
mod tests {
    use layer2_sdk::payments::{Address, CustomerCorporation, CustomerIndividual};

    use super::*;

    fn home() -> Address {
        Address::new()
            .with_city("Halifax".to_owned())
            .with_country_code("CA".to_owned())
    }

    #[test]
    fn a_company_and_a_person_own_what_is_theirs() {
        let company = CustomerCorporation::new("GLOBEX".parse().unwrap())
            .with_registered_name("Globex Ltd".to_owned())
            .with_registered_address(home());
        let person = CustomerIndividual::new("ADA".parse().unwrap())
            .with_first_name("Ada".to_owned())
            .with_last_name("Example".to_owned())
            .with_mailing_address(home());
        for (customer, kind, name) in [
            (
                Customer::Corporation(company),
                ProfileType::Corporation,
                "Globex Ltd",
            ),
            (
                Customer::Individual(person),
                ProfileType::Individual,
                "Ada Example",
            ),
        ] {
            let owner = owner(&customer).unwrap();
            assert_eq!((owner.profile_type, owner.name.as_str()), (kind, name));
            assert_eq!(owner.address, home());
            assert_eq!(
                owner.relationship_to_customer,
                Some(RelationshipToCustomer::SelfValue)
            );
        }
    }

    #[test]
    fn nobody_is_made_up() {
        let id = || "GLOBEX".parse().unwrap();
        let no_name = CustomerCorporation::new(id()).with_registered_address(home());
        let no_address = CustomerCorporation::new(id()).with_registered_name("Globex".to_owned());
        for (customer, missing) in [(no_name, "no name"), (no_address, "no address")] {
            let why = owner(&Customer::Corporation(customer)).unwrap_err();
            assert!(why.to_string().contains(missing), "{why}");
        }
    }
}
