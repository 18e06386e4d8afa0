//! All kinds of steps, as a table.

use super::arrivals;
use super::order_steps;
use super::repeats;
use super::standing;
use super::walk::Walk;

/// A kind of step: its name, how often it is taken among all, and what it does.
struct Step(&'static str, u64, fn(&mut Walk));

/// What blocks (a freeze) is rarer than what unblocks it, or the walk would stand still in refusals.
const STEPS: &[Step] = &[
    Step("money arrives", 70, arrivals::arrive),
    Step("money follows instructions", 40, arrivals::follow),
    Step("money is lost", 25, arrivals::get_lost),
    Step("money is assigned", 30, arrivals::assign),
    Step("money is returned", 20, arrivals::give_back),
    Step("an address is asked for", 4, arrivals::ask_address),
    Step("a transfer", 90, order_steps::transfer),
    Step("a transfer is accepted", 25, order_steps::accept_transfer),
    Step("an exchange", 90, order_steps::exchange),
    Step("an exchange is accepted", 25, order_steps::accept_exchange),
    Step("a withdrawal", 90, order_steps::withdraw),
    Step(
        "a withdrawal is accepted",
        25,
        order_steps::accept_withdrawal,
    ),
    Step(
        "a withdrawal is cancelled",
        25,
        order_steps::cancel_withdrawal,
    ),
    Step(
        "a withdrawal is decided",
        60,
        order_steps::decide_withdrawal,
    ),
    Step("a paper is handed in", 12, order_steps::hand_in),
    Step("a command is repeated", 60, repeats::repeat),
    Step("a key is used again", 15, repeats::reuse),
    Step("fees change", 10, standing::set_fees),
    Step("a rate is pinned", 14, standing::pin),
    Step("a rate is unpinned", 10, standing::unpin),
    Step("an account is frozen", 3, standing::freeze_account),
    Step("an account is closed", 1, standing::close_account),
    Step("an account is opened again", 20, standing::thaw_account),
    Step("a customer is judged", 2, standing::judge_customer),
    Step("a customer is active again", 12, standing::clear_customer),
    Step("a counterparty is judged", 2, standing::judge_counterparty),
    Step(
        "a counterparty is active again",
        10,
        standing::clear_counterparty,
    ),
    Step("an application moves", 30, standing::onboard),
    Step("the clock moves", 130, standing::advance),
    Step("somebody subscribes", 4, standing::subscribe),
    Step("a subscription is deleted", 4, standing::unsubscribe),
    Step("webhooks are answered", 15, standing::deliver),
];

/// Takes the step that follows from the last one, or one of the table; tells its name.
pub(super) fn take_any(walk: &mut Walk) -> &'static str {
    if let Some(next) = walk.next.take() {
        next(walk);
        return "the last step is followed up";
    }
    let all: u64 = STEPS.iter().map(|Step(_, often, _)| often).sum();
    let mut left = walk.chance.below(all);
    let chosen = STEPS.iter().find(|Step(_, often, _)| {
        let is_here = left < *often;
        left = left.saturating_sub(*often);
        is_here
    });
    // The throw is below the sum.
    let Step(name, _, take) = chosen.unwrap();
    take(walk);
    name
}
