//! Bytes that a transfer costs, and a transaction, of which a transfer makes two.
//!
//! A world is filled with transfers that are requested and accepted with keys, as clients send them, and executed at once;
//! what the process holds more is divided by their number. The journal is the shell's, so the bytes of its rows are
//! counted apart and added. The other figures are of resident memory under the allocator of the server, so blocks that are
//! not full count too.
//!
//! `cargo run --release -p layer2-benches --bin memory -- [transfers]`

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on stops, and prints what it measured"
)]

use layer2_world::Actor;
use layer2_world::ClientCommand;
use layer2_world::Command;
use layer2_world::Context;
use layer2_world::Fingerprint;
use layer2_world::Genesis;
use layer2_world::IdempotencyKey;
use layer2_world::Internal;
use layer2_world::Reply;
use layer2_world::Request;
use layer2_world::Seed;
use layer2_world::Settings;
use layer2_world::World;
use layer2_world::command::compact::CompactCommands;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TRANSFERS: u64 = 100_000;

fn main() {
    let asked = std::env::args().nth(1);
    let transfers = asked.map_or(TRANSFERS, |text| {
        text.parse().expect("a number of transfers")
    });
    let mut bench = Bench::new();
    bench.control(
        "control.inbound_create",
        r#"{"account_id":"ACME_USD","amount":1000000000}"#,
    );
    // What grows once, with the first rows of each table, is not counted.
    bench.run(1_000);
    bench.journaled = 0;

    let before = resident();
    let requested = bench.run(transfers);
    let after_requests = resident();
    bench.accept(&requested);
    let after = resident();
    let journaled = bench.journaled;

    let each = |bytes: u64| bytes / transfers;
    let created = each(after_requests - before);
    let whole = each(after - before);
    println!("transfers                            {transfers}");
    println!("a request, kept with its key         {created:>6} bytes");
    println!("with acceptance, execution, entries  {whole:>6} bytes");
    println!(
        "for each of its two transactions     {:>6} bytes",
        whole / 2
    );
    println!(
        "journal rows of a transfer           {:>6} bytes",
        each(journaled)
    );
    println!(
        "for each transaction, all in all     {:>6} bytes",
        (whole + each(journaled)) / 2
    );
    bench.world.invariants().expect("the books are sound");
}

/// A world and how far its journal is.
struct Bench {
    world: World,
    now: jiff::Timestamp,
    seq: u64,
    keys: u64,
    compact: CompactCommands,
    /// Bytes of the journal rows so far.
    journaled: u64,
}

/// What the shell keeps of a row besides the command: length, second, rules, the rest of the instant and digest. Longer
/// rows than these have a length of two bytes, and so do seconds that are a minute from the first of a block.
const ROW_PREFIX: u64 = 2 + 2 + 1 + 4 + 32;

impl Bench {
    fn new() -> Self {
        let start: jiff::Timestamp = "2026-01-05T14:00:00Z".parse().expect("an instant");
        let genesis = Genesis {
            name: "default".to_owned(),
            seed: Seed::new([7; 32]),
            settings: Settings::default(),
            start,
        };
        Self {
            world: World::new(genesis),
            now: start,
            seq: 0,
            keys: 0,
            compact: CompactCommands::default(),
            journaled: 0,
        }
    }

    /// Requests transfers, and tells their ids.
    fn run(&mut self, count: u64) -> Vec<u128> {
        let body = r#"{"source_account_id":"ACME_USD","destination_account_id":"JANE_USD","amount":1.25,"description":"Invoice 2026-0001"}"#;
        let mut ids = Vec::with_capacity(usize::try_from(count).expect("memory for the ids"));
        for _ in 0..count {
            let command = self.keyed("payments.transfers_create", Vec::new(), Some(body));
            let reply = self.execute(&command);
            ids.push(id_of(&reply));
        }
        ids
    }

    fn accept(&mut self, transfers: &[u128]) {
        for bits in transfers {
            let path = vec![("transfer_id".to_owned(), uuid(*bits))];
            let command = self.keyed("payments.transfers_accept", path, None);
            self.execute(&command);
            while self.world.is_due(self.now) {
                self.execute(&Command::Internal(Internal::RunDue));
            }
        }
    }

    fn control(&mut self, op: &str, body: &str) {
        let path = vec![("sandbox".to_owned(), "default".to_owned())];
        let command = self.command(op, path, Some(body), Actor::Control, None);
        self.execute(&command);
        self.execute(&Command::Internal(Internal::RunDue));
    }

    fn keyed(&mut self, op: &str, path: Vec<(String, String)>, body: Option<&str>) -> Command {
        self.keys += 1;
        // As long as the UUIDs that clients take.
        let key = format!("3f0a4ab5-1f4c-4c8e-9b7e-{:012}", self.keys);
        let key = IdempotencyKey::new(key).expect("a legal key");
        self.command(op, path, body, Actor::Client, Some(key))
    }

    fn command(
        &self,
        op: &str,
        path: Vec<(String, String)>,
        body: Option<&str>,
        actor: Actor,
        key: Option<IdempotencyKey>,
    ) -> Command {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&self.keys.to_le_bytes());
        Command::Client(ClientCommand {
            request: Request {
                op: op.parse().expect("an operation"),
                path,
                query: Vec::new(),
                body: body.map(str::to_owned),
                actor,
            },
            key,
            fingerprint: Fingerprint::new(digest),
        })
    }

    fn execute(&mut self, command: &Command) -> Option<Reply> {
        self.seq += 1;
        let context = Context {
            now: self.now,
            seq: self.seq,
        };
        let mut row = Vec::new();
        self.compact.write(command, &mut row);
        self.journaled += ROW_PREFIX + row.len() as u64;
        let outcome = self.world.execute(command, context);
        self.now = self.world.business_now(self.now);
        outcome.expect("an accepted command").reply
    }
}

/// The id that a reply tells first.
fn id_of(reply: &Option<Reply>) -> u128 {
    let body = &reply.as_ref().expect("a reply").body;
    let (_, rest) = body.split_once(r#""id":""#).expect("an id");
    let digits: String = rest[..36].split('-').collect();
    u128::from_str_radix(&digits, 16).expect("a UUID")
}

fn uuid(bits: u128) -> String {
    let digits = format!("{bits:032x}");
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|group| &digits[group]);
    groups.join("-")
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux system");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: u64 = kilobytes
        .and_then(|text| text.parse().ok())
        .expect("a number of kilobytes");
    kilobytes * 1_024
}
