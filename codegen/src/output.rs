//! The files that the generator makes, and how they meet the ones on disk.
//!
//! Writing touches only what differs, so that build tools see no change where there is none, and
//! removes what is no longer made. Removal is limited to `TERRITORIES`: folders where every file
//! of a kind is ours. In a Rust or Markdown file the header must say so as well.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::problem::Problem;
use crate::source::Place;

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Path relative to the project, with `/` between the parts.
    pub path: String,
    /// The whole text.
    pub contents: String,
}

impl File {
    /// Makes a file.
    pub fn new(path: impl Into<String>, contents: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            contents: contents.into(),
        }
    }
}

/// Every file of one run, by path.
#[derive(Debug, Default)]
pub struct Files {
    by_path: BTreeMap<String, String>,
}

impl Files {
    /// Adds files; two emitters that claim the same path are a fault of the generator.
    pub fn add(&mut self, files: impl IntoIterator<Item = File>) -> Result<(), Vec<Problem>> {
        let mut claimed = Vec::new();
        for file in files {
            match self.by_path.entry(file.path) {
                Entry::Vacant(free) => {
                    free.insert(file.contents);
                }
                Entry::Occupied(taken) => claimed.push(Problem::new(
                    &Place::whole(taken.key().as_str()),
                    OUTPUT,
                    "two emitters make this file",
                    "give one of the two files another name in codegen/src/emit/",
                )),
            }
        }
        if claimed.is_empty() {
            Ok(())
        } else {
            Err(claimed)
        }
    }

    /// Brings the tree below `root` in step with these files.
    pub fn write(&self, root: &Path) -> Result<Written, Vec<Problem>> {
        let mut written = Written::default();
        for change in self.changes(root)? {
            let path = root.join(&change.path);
            let done = match &change.new {
                Some(contents) => {
                    written.changed += 1;
                    create(&path, contents)
                }
                None => {
                    written.removed += 1;
                    fs::remove_file(&path)
                }
            };
            done.map_err(|error| vec![unusable(&change.path, &error)])?;
        }
        Ok(written)
    }

    /// Compares with the tree below `root`: a readable diff of each file that is not in step.
    pub fn check(&self, root: &Path) -> Result<Vec<Drift>, Vec<Problem>> {
        Ok(self.changes(root)?.iter().map(Change::drift).collect())
    }

    /// Number of files and of lines below each crate or folder, for the summary.
    pub fn sizes(&self) -> BTreeMap<&'static str, Size> {
        let mut sizes = BTreeMap::<_, Size>::new();
        for (path, contents) in &self.by_path {
            sizes.entry(owner(path)).or_default().add(contents);
        }
        sizes
    }

    /// Number of files and of lines of Rust; a test of the project holds them below a limit.
    pub fn rust(&self) -> Size {
        let mut size = Size::default();
        for (path, contents) in &self.by_path {
            if path.ends_with(".rs") {
                size.add(contents);
            }
        }
        size
    }

    fn changes(&self, root: &Path) -> Result<Vec<Change>, Vec<Problem>> {
        let mut changes = Vec::new();
        let mut problems = Vec::new();
        for (path, contents) in &self.by_path {
            match read(&root.join(path)) {
                Ok(old) if old.as_ref() == Some(contents) => {}
                Ok(old) => {
                    let new = Some(contents.clone());
                    changes.push(Change {
                        path: path.clone(),
                        old,
                        new,
                    });
                }
                Err(error) => problems.push(unusable(path, &error)),
            }
        }
        for territory in TERRITORIES {
            match territory.stale(root, &self.by_path) {
                Ok(stale) => changes.extend(stale),
                Err(error) => problems.push(unusable(territory.folder, &error)),
            }
        }
        if problems.is_empty() {
            Ok(changes)
        } else {
            Err(problems)
        }
    }
}

/// What writing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files made or replaced.
    pub changed: usize,
    /// Files removed because they are no longer made.
    pub removed: usize,
}

/// How much was generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Number of files.
    pub files: usize,
    /// Number of lines.
    pub lines: usize,
}

impl Size {
    fn add(&mut self, contents: &str) {
        self.files += 1;
        self.lines += contents.lines().count();
    }
}

/// A file that is not what the documents say it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Path relative to the project.
    pub path: String,
    /// A unified diff from the file on disk to the generated one, cut after `MAX_DIFF_LINES`.
    pub diff: String,
}

/// A file to make, to replace or to remove.
struct Change {
    path: String,
    old: Option<String>,
    new: Option<String>,
}

impl Change {
    fn drift(&self) -> Drift {
        let (old, new) = (self.old.as_deref(), self.new.as_deref());
        let header = |side: Option<&str>| match side {
            Some(_) => self.path.clone(),
            None => "/dev/null".to_owned(),
        };
        let text = TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default())
            .unified_diff()
            .context_radius(2)
            .header(&header(old), &header(new))
            .to_string();
        let mut diff: String = text.split_inclusive('\n').take(MAX_DIFF_LINES).collect();
        let left_out = text.lines().count().saturating_sub(MAX_DIFF_LINES);
        if left_out > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(diff, "… {left_out} more lines differ");
        }
        Drift {
            path: self.path.clone(),
            diff,
        }
    }
}

/// A folder in which generated files live, with the kind of file that is ours there.
struct Territory {
    folder: &'static str,
    extension: &'static str,
    /// Whether folders below are ours too.
    deep: bool,
    /// Whether a file must carry [`HEADER`] to be ours; JSON has no comments.
    headed: bool,
}

impl Territory {
    /// Files of ours that this run did not make.
    fn stale(&self, root: &Path, made: &BTreeMap<String, String>) -> io::Result<Vec<Change>> {
        let mut stale = Vec::new();
        for name in self.files(&root.join(self.folder))? {
            let path = format!("{}/{name}", self.folder);
            if made.contains_key(&path) {
                continue;
            }
            let old = read(&root.join(&path))?;
            let ours = old
                .as_ref()
                .is_some_and(|text| !self.headed || text.contains(HEADER));
            if ours {
                stale.push(Change {
                    path,
                    old,
                    new: None,
                });
            }
        }
        Ok(stale)
    }

    /// Names of the files of our kind, relative to `folder`, in order.
    fn files(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for (name, path) in children(folder)? {
            if path.is_dir() {
                let below = if self.deep {
                    self.files(&path)?
                } else {
                    Vec::new()
                };
                names.extend(below.into_iter().map(|inner| format!("{name}/{inner}")));
            } else if path
                .extension()
                .is_some_and(|extension| extension == self.extension)
            {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// Names and paths below a folder in order; nothing when there is no such folder.
fn children(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut children = entries
        .map(|entry| entry.map(|e| (e.file_name().to_string_lossy().into_owned(), e.path())))
        .collect::<io::Result<Vec<_>>>()?;
    children.sort();
    Ok(children)
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn create(path: &Path, contents: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, contents)
}

fn unusable(path: &str, error: &io::Error) -> Problem {
    Problem::new(
        &Place::whole(path),
        OUTPUT,
        format!("this file cannot be read or written: {error}"),
        "check that it is a plain text file and that you may write it",
    )
}

/// The crate or folder that a path belongs to.
fn owner(path: &str) -> &'static str {
    OWNERS
        .iter()
        .find(|(prefix, _)| path.starts_with(prefix))
        .map_or("elsewhere", |(_, owner)| *owner)
}

/// More specific prefixes first.
const OWNERS: &[(&str, &str)] = &[
    ("openapi/", "openapi"),
    ("sdk/types/", "layer2-types"),
    ("sdk/", "layer2-sdk"),
    ("mock-server/world/", "layer2-world"),
    ("mock-server/", "layer2-mock"),
    ("docs/", "docs"),
];

/// Stands in the first lines of every generated file that can hold a comment.
pub const HEADER: &str = "@generated by layer2-codegen";

/// Where files are removed when they are no longer made.
const TERRITORIES: &[Territory] = &[
    Territory {
        folder: "openapi",
        extension: "json",
        deep: false,
        headed: false,
    },
    Territory {
        folder: "mock-server/assets",
        extension: "json",
        deep: false,
        headed: false,
    },
    Territory {
        folder: "mock-server/assets/validators",
        extension: "json",
        deep: true,
        headed: false,
    },
    Territory {
        folder: "sdk/types/src/generated",
        extension: "rs",
        deep: true,
        headed: true,
    },
    Territory {
        folder: "sdk/types/src/generated",
        extension: "json",
        deep: true,
        headed: false,
    },
    Territory {
        folder: "sdk/src/generated",
        extension: "rs",
        deep: true,
        headed: true,
    },
    Territory {
        folder: "mock-server/world/src/generated",
        extension: "rs",
        deep: true,
        headed: true,
    },
    Territory {
        folder: "mock-server/src/generated",
        extension: "rs",
        deep: true,
        headed: true,
    },
    Territory {
        folder: "docs/reference",
        extension: "md",
        deep: true,
        headed: true,
    },
];

/// A diff is there to be read; the whole of it is one run without `--check` away.
const MAX_DIFF_LINES: usize = 40;

const OUTPUT: &str = "output";
