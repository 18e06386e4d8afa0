//! Whether the payments document, and the operation table made from it, hold all that the platform has published.
//!
//! `tests/data/coverage/` keeps the names of both published versions: operations, scopes, statuses, headers, members of
//! bodies and replies, and the values that they may have. Each name that the document lacks is one line here, such as
//! `GET /v1/payments/{} reply data.status = EXECUTED`, and fails the test unless `docs/coverage-exceptions.txt` holds
//! that line with a reason. A line there that is no gap any more fails too, so the list cannot outlive its reasons.

mod document;
mod published;

use std::collections::{BTreeMap, BTreeSet};

use layer2_types::operation::{
    Effect, HttpMethod, IdempotencyRule, Operation, PlatformVersion, SignatureRule,
};
use layer2_types::payments::OperationId;

use self::document::{Described, Member};
use self::published::Published;
use crate::tree::read;

/// Goal: nothing published is missing from the document, but for the exceptions, and each of those is still needed.
#[test]
fn the_document_holds_all_that_was_published() {
    let gaps = gaps(&document::payments(), &published::both());
    let exceptions = exceptions();
    let (missing, needless) = judge(&gaps, &exceptions);
    assert!(
        missing.is_empty(),
        "{} names are missing from openapi/payments:\n{}",
        missing.len(),
        lines(missing)
    );
    assert!(
        needless.is_empty(),
        "these are no gaps any more; take them out of {EXCEPTIONS}:\n{}",
        lines(needless)
    );
}

/// Goal: the exceptions are shown where a reader of the docs looks, and stay few.
#[test]
fn the_exceptions_are_few_and_explained() {
    let exceptions = exceptions();
    assert!(
        exceptions.len() <= 20,
        "{} exceptions are no short list",
        exceptions.len()
    );
    let page = read("docs/deviations.md");
    assert!(
        page.contains("coverage-exceptions.txt"),
        "docs/deviations.md leads to {EXCEPTIONS}"
    );
    for member in exceptions
        .keys()
        .filter_map(|line| line.split(' ').find(|word| word.contains('_')))
    {
        assert!(
            page.contains(member.rsplit('.').next().unwrap_or(member)),
            "docs/deviations.md says nothing of `{member}`"
        );
    }
}

/// Goal: the check sees what it is there to see. Method: take a member, a value, a status and an operation out of the
/// document, one at a time, and compare what is missing then.
#[test]
fn what_is_taken_out_is_missed() {
    let whole = document::payments();
    let published = published::both();
    let before = gaps(&whole, &published);
    let without = |change: &dyn Fn(&mut BTreeMap<String, Described>)| {
        let mut changed = whole.clone();
        change(&mut changed);
        let after = gaps(&changed, &published);
        after.difference(&before).cloned().collect::<Vec<_>>()
    };
    let transfer = "GET /v1/transfers/{}";
    let of = |document: &mut BTreeMap<String, Described>, change: &dyn Fn(&mut Described)| {
        change(document.get_mut(transfer).expect("transfers are described"));
    };
    assert_eq!(
        without(&|document| of(document, &|it| {
            it.reply.remove("data.source_details.amount_to_debit");
        })),
        [
            "1.0.5 GET /v1/transfers/{} reply data.source_details.amount_to_debit",
            "GET /v1/transfers/{} reply data.source_details.amount_to_debit",
        ]
    );
    assert_eq!(
        without(&|document| of(document, &|it| {
            let status = it.reply.get_mut("data.status").expect("a status");
            status.values.remove("EXPIRED");
        })),
        [
            "1.0.5 GET /v1/transfers/{} reply data.status = EXPIRED",
            "GET /v1/transfers/{} reply data.status = EXPIRED",
        ]
    );
    assert_eq!(
        without(&|document| of(document, &|it| {
            it.statuses.remove("404");
        })),
        [
            "1.0.5 GET /v1/transfers/{} status 404",
            "GET /v1/transfers/{} status 404"
        ]
    );
    assert_eq!(
        without(&|document| {
            document.remove("GET /v1/applications");
        }),
        ["GET /v1/applications"]
    );
    let needed = BTreeSet::from(["a gap".to_owned()]);
    let listed = BTreeMap::from([("no gap".to_owned(), "a reason".to_owned())]);
    assert_eq!(
        judge(&needed, &listed),
        (vec![&"a gap".to_owned()], vec![&"no gap".to_owned()])
    );
}

/// Goal: `x-versions` says of each member and value which version has it, neither more nor less.
#[test]
fn what_one_version_has_is_marked() {
    let published = published::both();
    let mut faults = Vec::new();
    for (key, ours) in document::payments() {
        let theirs: Vec<_> = published
            .iter()
            .filter_map(|published| Some((published.version, published.operations.get(&key)?)))
            .collect();
        faults.extend(
            wrong_marks(&ours, &theirs)
                .into_iter()
                .map(|fault| format!("{key} {fault}")),
        );
    }
    assert!(
        faults.is_empty(),
        "{} marks differ from what was published:\n{}",
        faults.len(),
        lines(faults)
    );
}

/// Goal: a wrong mark is seen. Method: give a status that both versions have to one of them alone.
#[test]
fn a_wrong_mark_is_seen() {
    let key = "GET /v1/transfers/{}";
    let published = published::both();
    let theirs: Vec<_> = published
        .iter()
        .map(|published| (published.version, &published.operations[key]))
        .collect();
    let mut ours = document::payments()[key].clone();
    assert_eq!(wrong_marks(&ours, &theirs), Vec::<String>::new());
    let status = ours.reply.get_mut("data.status").expect("a status");
    let expired = status.values.get_mut("EXPIRED").expect("it expires");
    expired.remove(&PlatformVersion::RailV1_1_2);
    assert_eq!(
        wrong_marks(&ours, &theirs),
        ["reply data.status = EXPIRED in rail-1.1.2"]
    );
}

/// Goal: every operation of ours is one of theirs; what both have is said of both, what one has of that one.
#[test]
fn the_operation_table_is_theirs() {
    let published = published::both();
    let mut faults = Vec::new();
    for operation in table() {
        let key = key_of(operation);
        let versions: Vec<_> = published
            .iter()
            .filter(|version| version.operations.contains_key(&key))
            .map(|version| version.version)
            .collect();
        if versions.is_empty() {
            faults.push(format!("{key} stands in no published version"));
        } else if versions.len() == published.len() && !operation.versions.is_empty() {
            faults.push(format!(
                "{key} is in both versions, the table says {:?}",
                operation.versions
            ));
        } else if versions.len() < published.len() && operation.versions != versions {
            faults.push(format!(
                "{key} is in {versions:?} alone, the table says {:?}",
                operation.versions
            ));
        }
    }
    assert!(faults.is_empty(), "{}", lines(&faults));
    assert_eq!(
        table().count(),
        69,
        "the distinct operations of both versions"
    );
}

/// Goal: what the client signs, keys and asks scopes for is what the platform has published.
#[test]
fn the_operation_table_asks_for_what_was_published() {
    let by_key: BTreeMap<_, _> = table()
        .map(|operation| (key_of(operation), operation))
        .collect();
    let mut faults = Vec::new();
    for version in published::both() {
        for (key, theirs) in &version.operations {
            let Some(ours) = by_key.get(key) else {
                faults.push(format!("{key} is not in the table"));
                continue;
            };
            faults.extend(
                differences(ours, theirs).map(|fault| format!("{} {key} {fault}", version.version)),
            );
        }
    }
    assert!(faults.is_empty(), "{}", lines(&faults));
}

/// The gaps that no exception covers, and the exceptions that cover no gap.
fn judge<'a>(
    gaps: &'a BTreeSet<String>,
    exceptions: &'a BTreeMap<String, String>,
) -> (Vec<&'a String>, Vec<&'a String>) {
    let missing = gaps.iter().filter(|gap| !exceptions.contains_key(*gap));
    let needless = exceptions.keys().filter(|line| !gaps.contains(*line));
    (missing.collect(), needless.collect())
}

/// Where the operation table falls short of one published operation.
fn differences(ours: &Operation, theirs: &Described) -> impl Iterator<Item = String> {
    // One version lists an alternative that asks for more; the table keeps the smaller one, which opens both.
    let opens = !ours.scopes.is_empty() && ours.is_open_to(|scope| theirs.scopes.contains(scope));
    let scopes = (!opens).then(|| {
        format!(
            "scope: published {:?}, table {:?}",
            theirs.scopes, ours.scopes
        )
    });
    let signed = theirs.headers.contains("x-signature");
    let signature = (signed != (ours.signature != SignatureRule::None)).then(|| {
        format!(
            "header x-signature: published {signed}, table {}",
            ours.signature
        )
    });
    // A read repeats freely: the key that the platform lists on some of them does nothing.
    let keyed = theirs.headers.contains("x-l2f-idempotency-id") && ours.effect == Effect::Write;
    let idempotency = (keyed != (ours.idempotency == IdempotencyRule::Header)).then(|| {
        format!(
            "header x-l2f-idempotency-id: published {keyed}, table {}",
            ours.idempotency
        )
    });
    let success = (!ours.success.contains(&200)).then(|| "status 200".to_owned());
    [scopes, signature, idempotency, success]
        .into_iter()
        .flatten()
}

/// Every published name that the document lacks, as a line.
fn gaps(document: &BTreeMap<String, Described>, published: &[Published]) -> BTreeSet<String> {
    let mut gaps = BTreeSet::new();
    for version in published {
        for (key, theirs) in &version.operations {
            let named = match version.version {
                PlatformVersion::Layer2V1_0_5 => format!("1.0.5 {key}"),
                PlatformVersion::RailV1_1_2 => key.clone(),
            };
            let Some(ours) = document.get(key) else {
                gaps.insert(named);
                continue;
            };
            for (what, wanted, had) in [
                ("scope", &theirs.scopes, &ours.scopes),
                ("status", &theirs.statuses, &ours.statuses),
                ("header", &theirs.headers, &ours.headers),
            ] {
                gaps.extend(
                    wanted
                        .difference(had)
                        .map(|name| format!("{named} {what} {name}")),
                );
            }
            for ((side, wanted), (_, had)) in theirs.sides().into_iter().zip(ours.sides()) {
                gaps.extend(
                    members_missing(wanted, had).map(|name| format!("{named} {side} {name}")),
                );
            }
        }
    }
    gaps
}

/// The members, and of those that are there the values, that `had` lacks.
fn members_missing(
    wanted: &BTreeMap<String, Member>,
    had: &BTreeMap<String, Member>,
) -> impl Iterator<Item = String> {
    wanted
        .iter()
        .flat_map(|(path, theirs)| match had.get(path) {
            None => vec![path.clone()],
            Some(ours) => theirs
                .values
                .keys()
                .filter(|value| !ours.values.contains_key(*value))
                .map(|value| format!("{path} = {value}"))
                .collect(),
        })
}

/// Every member and value of one operation that `x-versions` gives to a version which has not published it, or withholds
/// from one which has. What neither has published (the guides tell of it, or replies showed it) is not judged.
fn wrong_marks(ours: &Described, published: &[(PlatformVersion, &Described)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (position, (side, members)) in ours.sides().into_iter().enumerate() {
        let theirs: Vec<_> = published
            .iter()
            .map(|(version, described)| (*version, described.sides()[position].1))
            .collect();
        for (path, member) in members {
            let known = |named: &dyn Fn(&Member) -> bool| {
                theirs
                    .iter()
                    .any(|(_, theirs)| theirs.get(path).is_some_and(named))
            };
            for (version, theirs) in &theirs {
                let has = theirs.get(path);
                if known(&|_| true) && has.is_some() != member.versions.contains(version) {
                    faults.push(format!("{side} {path} in {version}"));
                }
                for (value, versions) in &member.values {
                    let is = has.is_some_and(|has| has.values.contains_key(value));
                    // A member without values takes any: 1.0.5 has text where Rail has a list of words.
                    let judged = has.is_some_and(|has| !has.values.is_empty())
                        && known(&|it| it.values.contains_key(value));
                    if judged && is != versions.contains(version) {
                        faults.push(format!("{side} {path} = {value} in {version}"));
                    }
                }
            }
        }
    }
    faults
}

/// The exceptions with their reasons.
fn exceptions() -> BTreeMap<String, String> {
    read(EXCEPTIONS)
        .lines()
        .map(|line| {
            let (gap, reason) = line
                .split_once(" # ")
                .unwrap_or_else(|| panic!("{EXCEPTIONS}: `{line}` gives no ` # reason`"));
            assert!(
                !reason.trim().is_empty(),
                "{EXCEPTIONS}: `{gap}` gives no reason"
            );
            (gap.trim().to_owned(), reason.trim().to_owned())
        })
        .collect()
}

fn table() -> impl Iterator<Item = &'static Operation> {
    OperationId::ALL.iter().map(|id| id.operation())
}

/// An operation by method and path, with the names of its parameters left out.
fn key_of(operation: &Operation) -> String {
    key(operation.method.as_str(), operation.path)
}

fn key(method: &str, path: &str) -> String {
    let segments: Vec<_> = path
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "{}"
            } else {
                segment
            }
        })
        .collect();
    format!("{} {}", method.to_uppercase(), segments.join("/"))
}

fn lines<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| format!("  {}", line.as_ref()))
        .collect();
    lines.join("\n")
}

/// The methods that a path of a document may have.
fn methods() -> impl Iterator<Item = String> {
    HttpMethod::ALL
        .iter()
        .map(|method| method.as_str().to_lowercase())
}

const EXCEPTIONS: &str = "docs/coverage-exceptions.txt";
