//! Where the documents send a reader: each file is there and holds what it is named for.

use crate::tree::{read, root};

/// A row of the table of places in the README.
#[derive(Debug)]
struct Pointer<'a> {
    question: &'a str,
    file: &'a str,
    symbol: &'a str,
}

impl<'a> Pointer<'a> {
    fn of(row: &'a str) -> Option<Pointer<'a>> {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let pointer = Pointer {
            question: cells.next()?,
            file: in_backticks(cells.next()?)?,
            symbol: in_backticks(cells.next()?)?,
        };
        cells.next().is_none().then_some(pointer)
    }

    /// Whether the file is where the symbol is made, not a place that only mentions it.
    fn leads_there(&self) -> bool {
        let makers = ["fn", "struct", "enum", "trait", "const", "type"];
        let text = read(self.file);
        let mut code = text.lines().filter(|line| !line.trim().starts_with("//"));
        code.any(|line| {
            makers.into_iter().any(|maker| {
                let made = format!("{maker} {}", self.symbol);
                line.split_once(&made)
                    .is_some_and(|(_, rest)| !rest.starts_with(is_of_a_name))
            })
        })
    }
}

fn is_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn in_backticks(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

#[test]
fn the_readme_sends_nobody_to_the_wrong_file() {
    let readme = read("README.md");
    let rows: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| looking for |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(
        rows.len() >= 5,
        "the table of places has {} rows",
        rows.len()
    );
    for row in rows {
        let pointer = Pointer::of(row).unwrap_or_else(|| panic!("not a file and a symbol: {row}"));
        assert!(
            root().join(pointer.file).is_file(),
            "there is no such file: {pointer:?}"
        );
        assert!(pointer.leads_there(), "it is not made there: {pointer:?}");
    }
}

#[test]
fn a_pointer_to_a_file_that_only_mentions_the_symbol_is_wrong() {
    let machines = Pointer {
        question: "the status machine of a customer",
        file: "mock-server/world/src/payments/machines.rs",
        symbol: "STANDING",
    };
    assert!(!machines.leads_there(), "{}", machines.question);
}

/// Paths that `CONTRIBUTING.md` writes out whole, without a `<placeholder>`.
#[test]
fn the_places_of_a_change_are_there() {
    let text = read("CONTRIBUTING.md");
    let named: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains('/') && !name.contains(['<', ' ', '*']))
        .collect();
    assert!(named.len() > 8, "{named:?}");
    for name in named {
        let there = [
            name.to_owned(),
            format!("mock-server/world/src/{name}"),
            format!("mock-server/src/{name}"),
        ];
        assert!(
            there.iter().any(|path| root().join(path).exists()),
            "CONTRIBUTING.md names `{name}`, which is not there"
        );
    }
}

#[test]
fn the_readme_shows_the_quickstart_as_it_is() {
    let program = read("examples/src/bin/quickstart.rs");
    let (_, body) = program
        .split_once("#[tokio::main]\n")
        .expect("the program has a main function");
    assert!(
        read("README.md").contains(body.trim_end()),
        "copy the main function of the quickstart into the README"
    );
}

/// The document tells which assets and products there are; the tables of the state machine decide it.
#[test]
fn the_document_lists_the_assets_and_products_that_there_are() {
    let table = read("mock-server/world/src/payments/assets.rs");
    let (table, _) = table.split_once("#[cfg(test)]").expect("tests");
    let ids: Vec<&str> = table
        .lines()
        .filter_map(|line| line.trim().strip_prefix("id: \"")?.strip_suffix("\","))
        .collect();
    assert!(ids.len() >= 13, "{ids:?}");
    let document = read("openapi/payments/shared.yaml");
    let missing: Vec<_> = ids
        .iter()
        .filter(|id| !document.contains(&format!("`{id}`")))
        .collect();
    assert_eq!(missing, Vec::<&&str>::new());
}
