//! Money leaves: a counterparty is registered and screened, and a wire goes to it.

use layer2_sdk::{
    Client,
    payments::{
        AccountId, Address, CounterpartyId, CounterpartyProfileRequest, CounterpartyRequest,
        CounterpartyRequestFiatUs, CounterpartyRoutingAccountRequest, CustomerId, EventType,
        ProfileType, Rail, WithdrawalPurpose, WithdrawalRequest, WithdrawalRequestFedwire,
        WithdrawalStatus,
    },
};

use super::{
    Step,
    story::{self, Story},
};

use crate::say;

/// Registers a landlord's bank account and waits for its screening.
pub async fn register_landlord(
    story: &mut Story<'_>,
    customer: &CustomerId,
) -> Step<CounterpartyId> {
    let id = landlord(&story.client, customer).await?;
    story.settle(&[EventType::CounterpartyActive]).await?;
    Ok(id)
}

/// Registers a landlord's bank account.
pub async fn landlord(client: &Client, customer: &CustomerId) -> Step<CounterpartyId> {
    let address = Address::new()
        .with_address_line1("9 Example Wharf".to_owned())
        .with_city("Boston".to_owned())
        .with_state("MA".to_owned())
        .with_postal_code("02110".to_owned())
        .with_country_code("US".to_owned());
    let profile = CounterpartyProfileRequest::new(
        ProfileType::Corporation,
        "Harbor Estates LLC".to_owned(),
        address.clone(),
    );
    let bank = CounterpartyRoutingAccountRequest::new(
        "FIAT_TESTNET_USD".parse()?,
        "000123456789".to_owned(),
        "021001208".to_owned(),
    )
    .with_institution_name("Example Bank".to_owned())
    .with_institution_address(address);
    let request =
        CounterpartyRequestFiatUs::new(customer.clone(), vec![Rail::Fedwire], profile, bank);
    let counterparties = client.counterparties();
    let registered = counterparties
        .create(&CounterpartyRequest::FiatUs(request))
        .await?;
    Ok(registered.id.clone())
}

/// Sends money to a counterparty by Fedwire, and reads the receipt.
pub async fn withdraw(
    story: &mut Story<'_>,
    from: &AccountId,
    to: &CounterpartyId,
    amount: &str,
) -> Step<()> {
    let wire = WithdrawalRequestFedwire::new(
        from.clone(),
        to.clone(),
        amount.parse()?,
        WithdrawalPurpose::RentalProperty,
    )
    .with_memo("Rent of March".to_owned());
    let withdrawals = story.client.withdrawals();
    let requested = withdrawals
        .create(&WithdrawalRequest::Fedwire(wire))
        .await?;
    let id = requested.id.clone();
    withdrawals.accept(&id).await?;
    story.settle(&[EventType::TransactionPosted]).await?;

    let done = WithdrawalStatus::Executed;
    let state = story.client.withdrawals().get_status(&id).await?;
    story::must_be("the withdrawal", state.status.as_ref(), &done)?;
    let receipt = story.client.withdrawals().get_receipt(&id).await?;
    say!(
        "  withdrawal      {done} of {amount} USD, with a receipt of {} bytes",
        receipt.bytes().len(),
    );
    Ok(())
}
