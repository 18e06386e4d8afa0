//! A random walk over HTTP: every reply is held against the documents of its version, nothing answers 5xx, and the
//! journal leads to the same world again.
//!
//! What the walk moves is proven in the world's own walk, by the hundred thousand; this one is about what is sent.
//! `WALK_STEPS` makes it longer, `WALK_SEED` another one.

use std::collections::BTreeMap;

use crate::support::{self, Caller, Reply, TestServer, Watched as _};
use layer2_mock::{ClockMode, Platform, Profile, SandboxServer, replay};
use reqwest::Method;
use serde_json::{Value, json};

/// Steps of a walk if nothing else is asked for; most are several requests.
const STEPS: u64 = 700;

/// SplitMix64: the same seed throws the same numbers.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let many = u64::try_from(list.len()).expect("small");
        &list[usize::try_from(self.below(many)).expect("small")]
    }
}

/// A client that does anything at any time.
struct Walker {
    caller: Caller,
    chance: Chance,
    sent: u64,
    accepted: u64,
    refused: u64,
    /// How often something was seen: a path that was answered, by its words, or the code of a refusal.
    seen: BTreeMap<String, u64>,
    /// Ids by the kind of what they name, newest last.
    made: [Vec<String>; KINDS.len()],
    counterparty: String,
}

/// What is requested, and what becomes of it when it is accepted.
const KINDS: [&str; 3] = ["transfers", "exchanges", "withdrawals"];
const ACCOUNTS: [&str; 4] = ["ACME_USD", "JANE_USD", "TREASURY_USD", "ACME_USDC"];

/// What every walk must have come to, and how often at least; a walk that came less deep has become shallow.
const DEPTHS: &[(&str, u64)] = &[
    ("ACCOUNT_NOT_USABLE", 60),
    ("ASSET_MISMATCH", 20),
    ("INSUFFICIENT_FUNDS", 8),
    ("STATUS_CHANGE_NOT_ALLOWED", 20),
    ("TRANSFER_EXPIRED", 7),
    ("accounts deposits", 15),
    ("clock advance", 30),
    ("deposits", 25),
    ("exchanges accept", 1),
    ("exchanges market", 4),
    ("explain", 20),
    ("inbound", 60),
    ("inbound assign", 1),
    ("inbound return", 6),
    ("transfers", 15),
    ("transfers accept", 2),
    ("withdrawals", 20),
    ("withdrawals accept", 4),
    ("withdrawals outcome", 1),
];

/// What can be read without an id of the walk.
const READS: [&str; 12] = [
    "/api/v1/customers?type=INDIVIDUAL",
    "/api/v1/customers/ACME",
    "/api/v1/accounts/deposits",
    "/api/v1/accounts/deposits/ACME_USD",
    "/api/v1/accounts/deposits/ACME_USD/transactions?page_size=3",
    "/api/v1/accounts/deposits/ACME_USDC/transactions",
    "/api/v1/transactions?page=1&page_size=2",
    "/api/v1/applications",
    "/api/v1/counterparties",
    "/api/v1/subscriptions",
    "/api/v1/accounts/deposits/ACME_USD/statements",
    "/api/v1/accounts/deposits/ACME_USD/transactions?page_size=0",
];
const CONTROL_READS: [&str; 6] = [
    "/inbound?page_size=5",
    "/inbound?status=UNASSIGNED",
    "/ledger/trial-balance",
    "/ledger/entries?page_size=5",
    "/fees",
    "/rates",
];

impl Walker {
    async fn begin(server: &SandboxServer, seed: u64) -> Walker {
        let mut walker = Walker {
            caller: Caller::new(server).await,
            chance: Chance(seed),
            sent: 0,
            accepted: 0,
            refused: 0,
            seen: BTreeMap::new(),
            made: Default::default(),
            counterparty: String::new(),
        };
        let account = json!({"customer_id": "ACME", "account_to_open": {"account_id": "ACME_USDC",
            "product_id": "DEPOSIT_BASIC", "asset_type_id": "ETHEREUM_SEPOLIA_USDC"}});
        walker.post("/api/v1/accounts/deposits", &account).await;
        let landlord = json!({"counterparty_type": "FIAT_US", "customer_id": "ACME",
            "description": "Landlord", "supported_rails": ["ACH", "FEDWIRE"],
            "profile": {"profile_type": "CORPORATION", "name": "Harbor Estates LLC",
                "address": {"address_line1": "9 Example Wharf", "city": "Boston", "state": "MA",
                    "postal_code": "02110", "country_code": "US"},
                "line_of_business": "REAL_ESTATE", "relationship_to_customer": "SUPPLIER"},
            "account_information": {"asset_type_id": "FIAT_TESTNET_USD", "account_number": "000123456789",
                "routing_number": "021001208", "institution_name": "Example Bank",
                "institution_address": {"address_line1": "1 Example Square", "city": "Boston", "state": "MA",
                    "postal_code": "02110", "country_code": "US"}}});
        let landlord = walker.post("/api/v1/counterparties", &landlord).await;
        walker.counterparty = id_of(&landlord.expect("a counterparty"));
        walker
    }

    async fn step(&mut self) {
        match self.chance.below(12) {
            0 | 1 => self.receive().await,
            2 => self.follow_instructions().await,
            3 | 4 => self.transfer().await,
            5 => self.exchange().await,
            6 | 7 => self.withdraw().await,
            8 => self.decide().await,
            9 => self.pass_time().await,
            _ => self.read().await,
        }
    }

    async fn receive(&mut self) {
        let amount = self.amount();
        let body = match self.chance.below(4) {
            0 => json!({"memo": "Rent", "asset_type_id": "FIAT_TESTNET_USD", "amount": amount}),
            _ => json!({"account_id": self.chance.pick(&ACCOUNTS), "amount": amount}),
        };
        let Some(money) = self.control(Method::POST, "/inbound", Some(body)).await else {
            return;
        };
        let path = format!("/inbound/{}", id_of(&money));
        if self.chance.below(3) == 0 {
            let owner = json!({"account_id": self.chance.pick(&ACCOUNTS)});
            let path = format!("{path}/assign");
            self.control(Method::POST, &path, Some(owner)).await;
        }
        if self.chance.below(5) == 0 {
            let path = format!("{path}/return");
            self.control(Method::POST, &path, Some(json!({}))).await;
        }
    }

    async fn follow_instructions(&mut self) {
        let account = *self.chance.pick(&ACCOUNTS);
        let body = json!({"deposit_type": "PUSH",
            "deposit_destination": {"destination_account_id": account}});
        let Some(deposit) = self.post("/api/v1/deposits", &body).await else {
            return;
        };
        self.get(&format!("/api/v1/deposits/{}", id_of(&deposit)))
            .await;
        let instructions = &deposit["data"]["deposit_source"]["deposit_instructions"][0];
        let amount = self.amount();
        let body = match (&instructions["memo"], &instructions["address"]) {
            (Value::String(memo), _) => json!({"memo": memo, "amount": amount}),
            (_, Value::String(address)) => json!({"address": address, "amount": amount}),
            _ => return,
        };
        self.control(Method::POST, "/inbound", Some(body)).await;
    }

    async fn transfer(&mut self) {
        let body = json!({"source_account_id": self.chance.pick(&ACCOUNTS),
            "destination_account_id": self.chance.pick(&ACCOUNTS), "amount": self.amount()});
        if let Some(made) = self.post("/api/v1/transfers", &body).await {
            self.made[0].push(id_of(&made));
        }
        self.accept(0, None).await;
    }

    async fn exchange(&mut self) {
        let pricing = *self.chance.pick(&["market", "quote"]);
        let (from, to) = *self.chance.pick(&[(0, 3), (3, 0), (1, 3), (0, 1)]);
        let body = json!({"source_account_id": ACCOUNTS[from], "destination_account_id": ACCOUNTS[to],
            "amount": self.amount(), "action": self.chance.pick(&["FIX_SOURCE", "FIX_DESTINATION"])});
        let path = format!("/api/v1/exchanges/{pricing}");
        if let Some(made) = self.post(&path, &body).await {
            self.made[1].push(id_of(&made));
        }
        let slippage = *self.chance.pick(&["0.01", "0", "1"]);
        let body = format!(r#"{{"maximum_slippage":{slippage}}}"#);
        self.accept(1, Some(&body)).await;
    }

    async fn withdraw(&mut self) {
        let body = json!({"withdrawal_rail": self.chance.pick(&["ACH", "FEDWIRE"]),
            "source_account_id": "ACME_USD", "destination_counterparty_id": self.counterparty,
            "amount": self.amount(), "purpose": "RENTAL_PROPERTY", "description": "Rent"});
        if let Some(made) = self.post("/api/v1/withdrawals", &body).await {
            self.made[2].push(id_of(&made));
        }
        self.accept(2, None).await;
        let Some(id) = self.any(2) else { return };
        match self.chance.below(4) {
            0 => {
                let path = format!("/api/v1/withdrawals/{id}/cancel");
                self.send(Method::POST, &path, None).await;
            }
            1 | 2 => {
                let outcome = *self.chance.pick(&["SETTLED", "FAILED", "RETURNED"]);
                let path = format!("/withdrawals/{id}/outcome");
                let body = json!({"outcome": outcome, "reason": "a walk"});
                self.control(Method::POST, &path, Some(body)).await;
            }
            _ => {
                self.get(&format!("/api/v1/withdrawals/{id}/receipt")).await;
                self.get(&format!("/api/v1/withdrawals/{id}/status")).await;
            }
        }
    }

    /// Accounts and customers are blocked, and mostly freed again.
    async fn decide(&mut self) {
        if self.chance.below(2) == 0 {
            let status = *self
                .chance
                .pick(&["ACTIVE", "ACTIVE", "ACTIVE", "EDD", "FROZEN"]);
            let path = format!("/customers/{}/status", self.chance.pick(&["ACME", "JANE"]));
            let body = json!({"status": status});
            self.control(Method::POST, &path, Some(body)).await;
        } else {
            let status = *self.chance.pick(&["OPEN", "OPEN", "FROZEN"]);
            let path = format!("/api/v1/accounts/deposits/{}", self.chance.pick(&ACCOUNTS));
            let body = json!({"updates": [{"field": "status", "value": status}],
                "updated_by": "ops", "reason": "a walk"});
            self.send(Method::PATCH, &path, Some(body.to_string()))
                .await;
        }
    }

    async fn pass_time(&mut self) {
        let seconds = *self.chance.pick(&[1, 20, 20, 300, 1_000, 90_000]);
        let body = json!({"seconds": seconds});
        self.control(Method::POST, "/clock/advance", Some(body))
            .await;
    }

    async fn read(&mut self) {
        let path = *self.chance.pick(&READS);
        self.get(path).await;
        let path = *self.chance.pick(&CONTROL_READS);
        self.control(Method::GET, path, None).await;
        let kind = usize::try_from(self.chance.below(3)).expect("small");
        if let Some(id) = self.any(kind) {
            self.get(&format!("/api/v1/{}/{id}", KINDS[kind])).await;
            self.control(Method::GET, &format!("/explain/{id}"), None)
                .await;
        }
    }

    /// Accepts one of the last few of a kind.
    async fn accept(&mut self, kind: usize, body: Option<&str>) {
        let Some(id) = self.any(kind) else { return };
        let path = format!("/api/v1/{}/{id}/accept", KINDS[kind]);
        self.sent += 1;
        let key = format!("key-{}", self.sent);
        let request = self.caller.signed_with(&path, &key, body);
        let reply = Reply::read(request.send().await.expect("sent")).await;
        self.judge(&path, &reply);
    }

    async fn get(&mut self, path: &str) {
        self.send(Method::GET, path, None).await;
    }

    async fn post(&mut self, path: &str, body: &Value) -> Option<Value> {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<String>) -> Option<Value> {
        self.sent += 1;
        let key = format!("key-{}", self.sent);
        let headers = [("x-l2f-idempotency-id", key.as_str())];
        let headers: &[(&str, &str)] = if method == Method::GET { &[] } else { &headers };
        let reply = self
            .caller
            .send(method, path, body.as_deref(), headers)
            .await;
        self.judge(path, &reply)
    }

    async fn control(&mut self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let body = body.map(|body| body.to_string());
        let reply = self.caller.control(method, path, body.as_deref()).await;
        self.judge(path, &reply)
    }

    /// A reply is an accepted one, or a refusal with a code.
    fn judge(&mut self, path: &str, reply: &Reply) -> Option<Value> {
        if reply.status.is_success() {
            self.accepted += 1;
            self.see(&subject(path));
            // A receipt is a file.
            return serde_json::from_str(&reply.text).ok();
        }
        assert!(reply.status.is_client_error(), "{path}: {}", reply.text);
        assert!(!reply.code().is_empty(), "{path}: {}", reply.text);
        self.refused += 1;
        self.see(&reply.code());
        None
    }

    fn see(&mut self, what: &str) {
        *self.seen.entry(what.to_owned()).or_default() += 1;
    }

    fn any(&mut self, kind: usize) -> Option<String> {
        let ids = &self.made[kind];
        let last = &ids[ids.len().saturating_sub(3)..];
        (!last.is_empty()).then(|| self.chance.pick(last).clone())
    }

    /// An amount as JSON without a binary fraction that its text does not have.
    fn amount(&mut self) -> Value {
        let cents = self.chance.below(40_000);
        serde_json::from_str(&format!("{}.{:02}", cents / 100, cents % 100)).expect("a number")
    }
}

/// What a path is about: its words, without base, ids and query.
fn subject(path: &str) -> String {
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    let is_word = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let words: Vec<&str> = path
        .trim_start_matches("/api/")
        .split('/')
        .filter(is_word)
        .collect();
    words.join(" ")
}

fn id_of(reply: &Value) -> String {
    reply["data"]["id"].as_str().expect("id").to_owned()
}

fn asked(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().expect(variable))
}

/// Walks, and gives the server with what has become of it.
#[expect(clippy::print_stdout, reason = "who sees the test fail needs the seed")]
async fn walk(platform: Platform, seed: u64) -> TestServer {
    let server = support::builder()
        .clock(ClockMode::Manual)
        .platform(platform)
        .profile(Profile::Realistic)
        .watched()
        .await;
    let seed = asked("WALK_SEED").unwrap_or(seed);
    println!("this walk again with WALK_SEED={seed}");
    let mut walker = Walker::begin(&server, seed).await;
    let steps = asked("WALK_STEPS").unwrap_or(STEPS);
    for _ in 0..steps {
        walker.step().await;
    }
    let rows = server.journal("default").expect("journal");
    let again = replay(server.genesis("default").expect("genesis"), &rows).expect("the same world");
    assert!(Some(again.snapshot().unwrap()) == server.snapshot("default"));
    // A shorter walk comes less deep; a longer one is not asked for more, as what it finds to do grows rarer.
    let scaled = |least: u64| least * steps.min(STEPS) / STEPS;
    let count = |what: &str| walker.seen.get(what).copied().unwrap_or_default();
    let missed: Vec<String> = DEPTHS
        .iter()
        .map(|(what, least)| (what, scaled(*least)))
        .filter(|(what, least)| count(what) < *least)
        .map(|(what, least)| format!("{what}: {} instead of {least}", count(what)))
        .collect();
    println!("{platform}: {:#?}", walker.seen);
    assert!(missed.is_empty(), "the walk is shallow: {missed:#?}");
    let (accepted, refused) = (walker.accepted, walker.refused);
    assert!(
        accepted > refused / 2 && refused > scaled(20),
        "{accepted} accepted, {refused} refused"
    );
    server
}

#[tokio::test]
async fn every_reply_of_a_walk_is_as_the_documents_say() {
    walk(Platform::RailV1_1_2, 11).await;
    walk(Platform::Layer2V1_0_5, 12).await;
}

#[tokio::test]
async fn two_servers_that_hear_the_same_write_the_same_journal() {
    let one = walk(Platform::Union, 13).await;
    let two = walk(Platform::Union, 13).await;
    // Rows hold the digests of replies and of the work that ran.
    assert_eq!(one.journal("default"), two.journal("default"));
    assert!(one.snapshot("default") == two.snapshot("default"));
}
