//! Committed messages, compared with those of today.

use std::fs;
use std::path::Path;

use layer2_codegen::problem::Problem;

/// Asserts that problems read as a committed file says, or writes the file anew.
pub(crate) fn matches(file: &Path, problems: &[Problem]) {
    let said: String = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, &said).expect("the file can be written");
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(
        said,
        expected,
        "{} differs; UPDATE_GOLDEN=1 writes it",
        file.display()
    );
}

/// Names, without their ending, of the files in a folder that end so.
pub(crate) fn names(folder: &Path, ending: &str) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == ending)
        })
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names.into_iter()
}
