//! The value of `--store`.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where the sandboxes of a server are kept.
///
/// ```
/// use layer2_mock::StoreUrl;
///
/// assert_eq!("memory".parse(), Ok(StoreUrl::Memory));
/// let file: StoreUrl = "sqlite:sandboxes.db?max-mib=64".parse()?;
/// assert_eq!(file.to_string(), "sqlite:sandboxes.db?max-mib=64");
/// assert!("sqlite:sandboxes.db?snapshot-kib=512&max-mib=64".parse::<StoreUrl>().is_ok());
/// # Ok::<(), layer2_mock::InvalidStoreUrl>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// In memory: they end with the server.
    #[default]
    Memory,
    /// In one file of SQLite's, for one server at a time.
    #[non_exhaustive]
    Sqlite {
        /// The file; it is made if it is not there, its folder is not.
        path: PathBuf,
        /// How large the file may grow, in units of 1024 * 1024 bytes; as large as the disk takes where absent.
        max_mib: Option<u32>,
        /// How long the journal since the last snapshot may grow, in units of 1024 bytes, before another one is thought of;
        /// 8 MiB where absent. Less is a quicker start and more to write.
        snapshot_kib: Option<u32>,
    },
    /// In a database of PostgreSQL's, which several servers may share.
    #[non_exhaustive]
    Postgres {
        /// The connection URL as libpq reads it. It may hold a password.
        url: String,
    },
}

impl StoreUrl {
    /// Whether what is kept is there at the next start.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        *self != StoreUrl::Memory
    }
}

/// What is said of a query that is none.
const QUERY: &str = "after `?` sqlite takes max-mib and snapshot-kib, each once and with a number above 0, such as max-mib=512";

/// A text that names no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; expected memory, sqlite:PATH or postgres://USER@HOST/DATABASE")]
pub struct InvalidStoreUrl {
    problem: String,
}

impl FromStr for StoreUrl {
    type Err = InvalidStoreUrl;

    fn from_str(text: &str) -> Result<StoreUrl, InvalidStoreUrl> {
        // The text is not repeated: it may hold a password.
        let invalid = |problem: &str| InvalidStoreUrl {
            problem: problem.to_owned(),
        };
        if text == "memory" {
            return Ok(StoreUrl::Memory);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(StoreUrl::Postgres {
                url: text.to_owned(),
            });
        }
        let Some(rest) = text.strip_prefix("sqlite:") else {
            return Err(invalid("this is no store that is known"));
        };
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        if path.is_empty() || path == ":memory:" {
            return Err(invalid("sqlite needs the path of a file"));
        }
        let (mut max_mib, mut snapshot_kib) = (None, None);
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            let (name, number) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "max-mib" => &mut max_mib,
                "snapshot-kib" => &mut snapshot_kib,
                _ => return Err(invalid(QUERY)),
            };
            match number.parse::<u32>() {
                Ok(number) if number > 0 && place.is_none() => *place = Some(number),
                _ => return Err(invalid(QUERY)),
            }
        }
        Ok(StoreUrl::Sqlite {
            path: path.into(),
            max_mib,
            snapshot_kib,
        })
    }
}

/// Without the user and the password of a database.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreUrl::Memory => f.write_str("memory"),
            StoreUrl::Sqlite {
                path,
                max_mib,
                snapshot_kib,
            } => {
                write!(f, "sqlite:{}", path.display())?;
                let mut before = '?';
                for (name, number) in [("max-mib", max_mib), ("snapshot-kib", snapshot_kib)] {
                    if let Some(number) = number {
                        write!(f, "{before}{name}={number}")?;
                        before = '&';
                    }
                }
                Ok(())
            }
            StoreUrl::Postgres { .. } => f.write_str("postgres://…"),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_one_store_and_shows_no_password() {
        let url = |text: &str| text.parse::<StoreUrl>();
        assert_eq!(url("memory"), Ok(StoreUrl::default()));
        assert_eq!(
            url("sqlite:/var/lib/mock.db"),
            Ok(StoreUrl::Sqlite {
                path: "/var/lib/mock.db".into(),
                max_mib: None,
                snapshot_kib: None
            })
        );
        for text in [
            "sqlite:a.db?max-mib=1&snapshot-kib=8",
            "sqlite:a.db?snapshot-kib=8",
        ] {
            assert_eq!(url(text).expect(text).to_string(), text);
        }
        let database = url("postgres://mock:open-sesame@db/mock").expect("a store");
        assert!(database.is_durable() && !StoreUrl::Memory.is_durable());
        assert!(!format!("{database} {database:?}").contains("sesame"));
        for text in [
            "",
            "Memory",
            "sqlite",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a.db?max-mib=0",
            "sqlite:a.db?size=1",
            "sqlite:a.db?",
            "sqlite:a.db?max-mib",
            "sqlite:a.db?max-mib=1&max-mib=1",
            "sqlite:a.db?snapshot-kib=-8",
            "mysql://open-sesame@db",
        ] {
            let error = url(text).expect_err(text).to_string();
            assert!(error.contains("sqlite:PATH"), "{error}");
            assert!(!error.contains("sesame"), "{error}");
        }
    }
}
