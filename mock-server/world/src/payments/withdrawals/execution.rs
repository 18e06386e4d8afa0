//! What happens to a withdrawal by itself: it runs out, takes its steps to the rail, is executed or cancelled.
//!
//! Until it is handed to its rail it can be cancelled, and is rejected when the account or the counterparty cannot be
//! used any more. From then on the money counts as gone, and only its rail or control can fail it.

use jiff::SignedDuration;
use jiff::Timestamp;
use layer2_types::payments::Rail;
use layer2_types::payments::WithdrawalId;
use serde::Deserialize;
use serde::Serialize;

use crate::clock;
use crate::context::WriteContext;
use crate::delays::Delays;
use crate::payments::funds::Outgoing;
use crate::payments::machines::TransactionStage;
use crate::payments::machines::WITHDRAWAL;
use crate::payments::machines::WithdrawalStage;
use crate::payments::withdrawals::Planned;
use crate::payments::withdrawals::Sent;
use crate::payments::withdrawals::WithdrawalRow;
use crate::payments::withdrawals::checks;
use crate::schedule::Work;
use crate::world::World;

/// What is done with a withdrawal later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WithdrawalJob {
    /// One that nobody accepted runs out.
    Expire(WithdrawalId),
    /// An accepted one takes its next step.
    Advance(WithdrawalId),
    /// A cancellation that is asked for is made.
    Cancel(WithdrawalId),
    /// Custody pays the rail.
    PayRail(WithdrawalId),
}

impl Work for WithdrawalJob {
    fn name(&self) -> &'static str {
        match self {
            Self::Expire(_) => "expire_withdrawal",
            Self::Advance(_) => "advance_withdrawal",
            Self::Cancel(_) => "cancel_withdrawal",
            Self::PayRail(_) => "pay_rail_of_withdrawal",
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Expire(id) | Self::Advance(id) | Self::Cancel(id) | Self::PayRail(id) => {
                id.as_str()
            }
        }
    }

    fn run(&self, world: &mut World, cx: &mut WriteContext<'_>) {
        match self {
            Self::Expire(id) => world.end_withdrawal(cx, id, WithdrawalStage::Expired),
            Self::Advance(id) => world.advance_withdrawal(cx, id),
            Self::Cancel(id) => world.end_withdrawal(cx, id, WithdrawalStage::Cancelled),
            Self::PayRail(id) => world.pay_rail_of(cx, id),
        }
    }
}

/// How long custody that is short of an asset waits for it before it looks again.
const SHORT_CUSTODY_WAIT: SignedDuration = SignedDuration::from_hours(24);

impl World {
    /// Puts the next step of a withdrawal on the schedule.
    pub(super) fn plan_withdrawal(
        &mut self,
        id: &WithdrawalId,
        due: Timestamp,
        job: WithdrawalJob,
    ) {
        let number = self.schedule.add(due, job);
        if let Some(row) = self.payments.withdrawals.rows.get_mut(id) {
            row.planned = Some(Planned { due, number });
        }
    }

    /// Takes the next step of a withdrawal off the schedule.
    pub(super) fn unplan_withdrawal(&mut self, id: &WithdrawalId) {
        let row = self.payments.withdrawals.rows.get_mut(id);
        if let Some(planned) = row.and_then(|row| row.planned.take()) {
            self.schedule.remove(planned.due, planned.number);
        }
    }

    /// Files a cancellation. What is in the hands of its rail goes on: its cancellation comes too late.
    pub(super) fn start_cancelling(&mut self, cx: &mut WriteContext<'_>, id: &WithdrawalId) {
        let Some(row) = self.payments.withdrawals.rows.get_mut(id) else {
            return;
        };
        let from = core::mem::replace(&mut row.stage, WithdrawalStage::Cancelling);
        if from == WithdrawalStage::InProgress {
            return;
        }
        self.unplan_withdrawal(id);
        let due = clock::later(cx.now(), self.delays().withdrawal_step);
        self.plan_withdrawal(id, due, WithdrawalJob::Cancel(id.clone()));
    }

    /// Ends a withdrawal without a movement: what was held is available again, and its transactions are void.
    pub(crate) fn end_withdrawal(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &WithdrawalId,
        to: WithdrawalStage,
    ) {
        let Some(row) = self.payments.withdrawals.rows.get_mut(id) else {
            return;
        };
        if !WITHDRAWAL.allows(row.stage, to) {
            return;
        }
        row.stage = to;
        let accepted = row.accepted.clone();
        self.unplan_withdrawal(id);
        if let Some(accepted) = accepted {
            // An open hold can always be released.
            let _ = self.payments.funds.release(cx, accepted.hold);
            self.advance_debits(cx, id, TransactionStage::Cancelled);
        }
    }

    /// Executes a withdrawal that was accepted, or rejects it if the books refuse.
    pub(crate) fn execute_withdrawal(&mut self, cx: &mut WriteContext<'_>, id: &WithdrawalId) {
        let Some(row) = self.payments.withdrawals.rows.get(id).cloned() else {
            return;
        };
        let Some(accepted) = &row.accepted else {
            return;
        };
        if !WITHDRAWAL.allows(row.stage, WithdrawalStage::Executed) {
            return;
        }
        let outgoing = Outgoing {
            account: &row.source,
            amount: row.amount,
            fee: accepted.fee,
        };
        let narrative = format!("withdrawal {id}");
        let funds = &mut self.payments.funds;
        let Ok(entry) = funds.send_out(cx, accepted.hold, &outgoing, &narrative) else {
            self.end_withdrawal(cx, id, WithdrawalStage::Rejected);
            return;
        };
        self.unplan_withdrawal(id);
        if let Some(row) = self.payments.withdrawals.rows.get_mut(id) {
            row.stage = WithdrawalStage::Executed;
            row.sent = Some(Sent {
                at: cx.now(),
                entry,
                rail_paid: false,
                returned: None,
            });
        }
        self.wake(cx, &row.source);
        self.advance_debits(cx, id, TransactionStage::Posted);
        self.pay_rail_of(cx, id);
    }

    /// One step towards the rail, or the end.
    fn advance_withdrawal(&mut self, cx: &mut WriteContext<'_>, id: &WithdrawalId) {
        let Some(row) = self.payments.withdrawals.rows.get_mut(id) else {
            return;
        };
        row.planned = None;
        let next = match row.stage {
            WithdrawalStage::Accepted => WithdrawalStage::Authorized,
            WithdrawalStage::Authorized => WithdrawalStage::Approved,
            WithdrawalStage::Approved => WithdrawalStage::InProgress,
            // A cancellation that came too late changes nothing.
            WithdrawalStage::InProgress | WithdrawalStage::Cancelling => {
                self.execute_withdrawal(cx, id);
                return;
            }
            _ => return,
        };
        let row = row.clone();
        let mut wait = self.delays().withdrawal_step;
        if next == WithdrawalStage::InProgress {
            if !self.can_be_sent(&row) {
                self.end_withdrawal(cx, id, WithdrawalStage::Rejected);
                return;
            }
            self.advance_debits(cx, id, TransactionStage::Pending);
            wait = time_of(&row.rail, self.delays());
        }
        if let Some(row) = self.payments.withdrawals.rows.get_mut(id) {
            row.stage = next;
        }
        let due = clock::later(cx.now(), wait);
        self.plan_withdrawal(id, due, WithdrawalJob::Advance(id.clone()));
    }

    /// Whether account and counterparty can still be used.
    fn can_be_sent(&self, row: &WithdrawalRow) -> bool {
        let source = self.payments.accounts.get(&row.source);
        let counterparty = self.payments.counterparties.get(&row.counterparty);
        let (Some(source), Some(counterparty)) = (source, counterparty) else {
            return false;
        };
        self.account_rights(source).transact
            && checks::must_be_usable(counterparty, source, "withdrawal_id").is_ok()
    }

    /// Custody pays the rail, or tries again when it has too little.
    fn pay_rail_of(&mut self, cx: &mut WriteContext<'_>, id: &WithdrawalId) {
        let Some(row) = self.payments.withdrawals.rows.get(id).cloned() else {
            return;
        };
        if row
            .sent
            .is_none_or(|sent| sent.rail_paid || sent.returned.is_some())
        {
            return;
        }
        let narrative = format!("rail of withdrawal {id}");
        let funds = &mut self.payments.funds;
        let paid = funds
            .pay_rail(cx, &row.source, row.amount, &narrative)
            .is_ok();
        if !paid {
            let due = clock::later(cx.now(), SHORT_CUSTODY_WAIT);
            self.schedule.add(due, WithdrawalJob::PayRail(id.clone()));
        } else if let Some(row) = self.payments.withdrawals.rows.get_mut(id)
            && let Some(sent) = &mut row.sent
        {
            sent.rail_paid = true;
        }
    }

    /// Moves the transactions of a withdrawal on.
    fn advance_debits(
        &mut self,
        cx: &mut WriteContext<'_>,
        id: &WithdrawalId,
        to: TransactionStage,
    ) {
        let row = self.payments.withdrawals.rows.get(id);
        let Some(accepted) = row.and_then(|row| row.accepted.clone()) else {
            return;
        };
        self.advance_transaction(cx, &accepted.debit, to);
        if let Some(fee) = &accepted.fee_debit {
            self.advance_transaction(cx, fee, to);
        }
    }
}

/// How long a rail takes: batches of the day, or minutes.
const fn time_of(rail: &Rail, delays: Delays) -> SignedDuration {
    match rail {
        Rail::Ach | Rail::Eft | Rail::SepaCt | Rail::Swift => delays.slow_rail,
        _ => delays.quick_rail,
    }
}

#[cfg(test)]
mod tests {
    use layer2_ledger::MinorUnits;
    use layer2_types::control;
    use layer2_types::payments;
    use layer2_types::payments::AccountId;

    use crate::context::WriteContext;
    use crate::generated::control::Inbound as _;
    use crate::generated::payments::Counterparties as _;
    use crate::generated::payments::Withdrawals as _;
    use crate::genesis::Genesis;
    use crate::ids::Origin;
    use crate::request::Actor;
    use crate::seed::Seed;
    use crate::settings::Settings;

    use super::*;

    /// A world, and a context for each step of a story in it.
    struct Story {
        world: World,
        now: Timestamp,
        steps: u64,
    }

    impl Story {
        fn new() -> Self {
            let start = Timestamp::from_second(1_767_600_000).unwrap();
            let genesis = Genesis {
                name: "default".to_owned(),
                seed: Seed::new([7; 32]),
                settings: Settings::default(),
                start,
            };
            Self {
                world: World::new(genesis),
                now: start,
                steps: 0,
            }
        }

        /// Takes a step, and runs what is due then.
        fn step<T>(&mut self, step: impl FnOnce(&mut World, &mut WriteContext<'_>) -> T) -> T {
            self.steps += 1;
            let (seed, settings) = (self.world.seed().clone(), self.world.settings().clone());
            let origin = Origin::Client(self.steps);
            let actor = Actor::Client;
            let mut cx = WriteContext::new(self.now, self.steps, origin, &seed, &actor, &settings);
            let outcome = step(&mut self.world, &mut cx);
            while let Some(due) = self.world.schedule.take_due(self.now) {
                let origin = Origin::Job(due.number);
                let mut cx =
                    WriteContext::new(due.due, self.steps, origin, &seed, &actor, &settings);
                due.job.work().run(&mut self.world, &mut cx);
            }
            outcome
        }

        /// In cents.
        fn custody_and_in_flight(&self) -> (i128, i128) {
            assert_eq!(self.world.invariants(), Ok(()));
            let balance = self.world.payments.funds.book().trial_balance();
            assert!(balance.balanced());
            let totals = &balance.assets()[0];
            (totals.custody.get(), totals.in_flight.get())
        }
    }

    fn read<T: serde::de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).unwrap()
    }

    const LANDLORD: &str = r#"{"counterparty_type":"FIAT_US","customer_id":"ACME","supported_rails":["ACH"],
        "profile":{"profile_type":"CORPORATION","name":"Harbor Estates LLC","address":{"country_code":"US"}},
        "account_information":{"asset_type_id":"FIAT_TESTNET_USD","account_number":"42","routing_number":"021001208"}}"#;

    /// A world whose custody is 60 dollars short, and a withdrawal of 80 out of 100 that was executed all the same.
    fn short_of_custody() -> (Story, AccountId, WithdrawalId) {
        let mut story = Story::new();
        let account = AccountId::new("ACME_USD").unwrap();
        let inbound: control::InboundRequest = read(r#"{"account_id":"ACME_USD","amount":100}"#);
        story
            .step(|world, cx| world.inbound_create(cx, inbound))
            .unwrap();
        // The market has not delivered what the customer has already.
        story
            .step(|world, cx| {
                let funds = &mut world.payments.funds;
                funds.return_arrived(cx, &account, MISSING, "short")
            })
            .unwrap();
        assert_eq!(story.custody_and_in_flight(), (4_000, 6_000));
        let landlord: payments::CounterpartyRequest = read(LANDLORD);
        let landlord = story
            .step(|world, cx| world.counterparties_create(cx, landlord))
            .unwrap();
        let request: payments::WithdrawalRequest = read(&format!(
            r#"{{"withdrawal_rail":"ACH","source_account_id":"ACME_USD","destination_counterparty_id":"{}","amount":80,"purpose":"BILLS"}}"#,
            landlord.data.id
        ));
        let made = story
            .step(|world, cx| world.withdrawals_create(cx, request))
            .unwrap();
        let id = made.data.id;
        story
            .step(|world, cx| world.withdrawals_accept(cx, id.clone()))
            .unwrap();
        let stage = story.world.payments.withdrawal(&id).unwrap().stage;
        assert_eq!(
            stage,
            WithdrawalStage::Executed,
            "the customer does not notice"
        );
        assert_eq!(story.custody_and_in_flight(), (4_000, -2_000));
        (story, account, id)
    }

    const MISSING: MinorUnits = MinorUnits::new(6_000);

    #[test]
    fn money_stays_in_flight_while_custody_is_short_of_it() {
        let (mut story, account, id) = short_of_custody();
        story
            .step(|world, cx| {
                let funds = &mut world.payments.funds;
                funds.arrive(cx, &account, MISSING, "delivered")
            })
            .unwrap();
        assert_eq!(story.custody_and_in_flight(), (10_000, -8_000));
        story.now = clock::later(story.now, SHORT_CUSTODY_WAIT);
        story.step(|_, _| ());
        assert_eq!(
            story.custody_and_in_flight(),
            (2_000, 0),
            "the rail is paid"
        );
        let returned = story.step(|world, cx| world.return_withdrawal(cx, &id));
        assert!(returned.is_ok(), "{returned:?}");
        assert_eq!(story.custody_and_in_flight(), (10_000, 0));
    }

    #[test]
    fn no_rail_is_paid_for_money_that_came_back_before() {
        let (mut story, _, id) = short_of_custody();
        story
            .step(|world, cx| world.return_withdrawal(cx, &id))
            .unwrap();
        assert_eq!(story.custody_and_in_flight(), (4_000, 6_000));
        story.now = clock::later(story.now, SHORT_CUSTODY_WAIT);
        story.step(|_, _| ());
        assert_eq!(story.custody_and_in_flight(), (4_000, 6_000));
    }
}
