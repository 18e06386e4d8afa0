//! Onboarding as a part of the random walk: any step at any time, on the newest application.

use serde_json::Value;
use serde_json::json;

use super::CREATE;
use super::SUBMIT;
use super::TOLD;
use super::UPDATE;
use super::account;
use super::ada;
use super::members;
use super::proof;
use super::updates;
use crate::support::Play;
use crate::support::field;

/// How many kinds of steps there are.
pub(crate) const STEPS: usize = 7;

/// Where the walk is.
#[derive(Debug, Default)]
pub(crate) struct Onboarding {
    newest: Option<String>,
    started: usize,
}

impl Onboarding {
    /// Takes a step; tells whether it was refused, or nothing if there is nothing to take it on.
    pub(crate) fn take(&mut self, play: &mut Play, step: usize) -> Option<bool> {
        if step == 0 {
            return Some(self.start(play));
        }
        let id = self.newest.clone()?;
        let changes =
            json!({"decision": "CHANGES_REQUESTED", "changes": [{"field": "telephone_number"}]});
        let outcome = match step {
            1 => play.on(UPDATE, &id, &updates(TOLD)),
            2 => play.on(UPDATE, &id, &updates(&[("telephone_number", "")])),
            3 => {
                let documents = play.review(&id)["application_document_errors"].take();
                let mut documents = members(&documents);
                let awaited = documents.find(|document| document["status"] != "SUBMITTED")?;
                play.upload(awaited["document_id"].as_str()?, &proof())
            }
            4 => play.on(SUBMIT, &id, &Value::Null),
            5 => play.decide_on(&id, &json!({"decision": "APPROVED"})),
            _ => play.decide_on(&id, &changes),
        };
        Some(outcome.is_err())
    }

    /// Starts an application; of the ids that it takes some are taken.
    fn start(&mut self, play: &mut Play) -> bool {
        let customer = format!("WALKER_{}", self.started % 5);
        self.started += 1;
        let mut body = ada();
        body["account_to_open"] = account(&format!("{customer}_USD"));
        body["customer_id"] = json!(customer);
        match play.post(CREATE, &[], &body.to_string()) {
            Ok(reply) => {
                let id = field(&reply.body, "id");
                // Papers are left to the walk.
                play.on(UPDATE, &id, &updates(TOLD)).unwrap();
                self.newest = Some(id);
                false
            }
            Err(_) => true,
        }
    }
}

#[test]
fn a_walk_can_come_to_a_customer() {
    let (mut play, mut onboarding) = (Play::new(), Onboarding::default());
    let refused: Vec<_> = [5, 0, 2, 4, 1, 3, 3, 3, 4, 6, 4, 1, 4, 5]
        .into_iter()
        .filter_map(|step| onboarding.take(&mut play, step))
        .collect();
    let early = [false, false, true];
    assert_eq!(refused[..3], early);
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 2);
    assert_eq!(play.account_status("WALKER_0_USD"), "OPEN");
}
