//! Dollars become bitcoin, by what they cost and by what they buy.

use layer2_sdk::Slippage;
use layer2_sdk::payments::{
    AccountId, EventType, Exchange, ExchangeAcceptRequest, ExchangeAction, ExchangeRequest,
    ExchangeStatus,
};

use super::{
    Step,
    story::{self, Story},
};

use crate::say;

/// Spends exactly this amount of the source account, for whatever it buys.
pub async fn spend(
    story: &mut Story<'_>,
    from: &AccountId,
    to: &AccountId,
    amount: &str,
) -> Step<()> {
    exchange(story, from, to, amount, ExchangeAction::FixSource).await
}

/// Buys exactly this amount for the destination account, for whatever it costs.
pub async fn buy(
    story: &mut Story<'_>,
    from: &AccountId,
    to: &AccountId,
    amount: &str,
) -> Step<()> {
    exchange(story, from, to, amount, ExchangeAction::FixDestination).await
}

async fn exchange(
    story: &mut Story<'_>,
    from: &AccountId,
    to: &AccountId,
    amount: &str,
    action: ExchangeAction,
) -> Step<()> {
    let order = ExchangeRequest::new(from.clone(), to.clone(), amount.parse()?, action.clone());
    let exchanges = story.client.exchanges();
    let id = exchanges.create_market(&order).await?.id.clone();

    // Half a percent. Beyond it nothing is traded.
    let limit = ExchangeAcceptRequest::new(Slippage::percent("0.5")?);
    exchanges.accept(&id, &limit).await?;
    // One for each leg.
    let posted = [EventType::TransactionPosted, EventType::TransactionPosted];
    story.settle(&posted).await?;
    let done = story.client.exchanges().get(&id).await?;
    story::must_be(
        "the exchange",
        done.status.as_ref(),
        &ExchangeStatus::Executed,
    )?;
    say!("  exchange        {action}: {}", outcome(&done)?);
    Ok(())
}

fn outcome(exchange: &Exchange) -> Step<String> {
    let source = exchange.source_details.as_ref();
    let destination = exchange.destination_details.as_ref();
    Ok(format!(
        "{}, {} USD for {} BTC",
        exchange.status.as_ref().ok_or("an exchange has a status")?,
        source
            .and_then(|source| source.amount_to_debit)
            .ok_or("what was sold is known")?,
        destination
            .and_then(|destination| destination.amount_to_credit)
            .ok_or("what was bought is known")?,
    ))
}
