//! Files as the state machine sees them: a name, a media type, a length and a digest, never the bytes.
//!
//! The shell keeps the bytes under their digest and hands in an [`Upload`]; it is the JSON body that a command of an
//! upload carries, so the journal stays text and a replay needs no file. A [`Download`] is the JSON reply of an operation
//! that gives a file; the shell turns it into bytes with their headers. What kinds, names and lengths a document may
//! have is the business of the operation, not of this file.

use core::fmt;

use layer2_types::project::Project;
use serde::Deserialize;
use serde::Serialize;

/// A file that was sent: everything that decides a result, and nothing of its content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// The name that the sender gave it, without folders.
    pub file_name: String,
    /// Its media type in lower case without parameters, such as `application/pdf`.
    pub media_type: String,
    /// How many bytes it has.
    pub length: u64,
    /// SHA-256 of the bytes, in lower-case hex.
    pub sha256: String,
}

/// A file that a reply gives.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// The name under which a reader may save it.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Where its bytes are.
    pub content: Content,
}

/// Where the bytes of a file are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// In the shell's keeping: an upload that a command named.
    Blob {
        /// SHA-256 of the bytes, in lower-case hex.
        sha256: String,
    },
    /// Here: the world wrote it, such as a receipt.
    Text {
        /// The text; its bytes are UTF-8.
        text: String,
    },
}

impl Project for Upload {}

impl Project for Download {}

/// The name may hold that of a person.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("media_type", &self.media_type)
            .field("length", &self.length)
            .field("sha256", &self.sha256)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("media_type", &self.media_type)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob { sha256 } => f.debug_struct("Blob").field("sha256", sha256).finish(),
            Self::Text { text } => f.debug_struct("Text").field("bytes", &text.len()).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use layer2_types::operation::Platform;

    use super::*;

    fn upload() -> Upload {
        Upload {
            file_name: "Jane Doe's passport.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            length: 9,
            sha256: "ab".repeat(32),
        }
    }

    fn download(content: Content) -> Download {
        Download {
            file_name: "receipt of Jane Doe.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            content,
        }
    }

    #[test]
    fn an_upload_is_the_json_that_the_journal_keeps() {
        let text = serde_json::to_string(&upload()).unwrap();
        assert_eq!(
            text,
            format!(
                r#"{{"file_name":"Jane Doe's passport.pdf","media_type":"application/pdf","length":9,"sha256":"{}"}}"#,
                "ab".repeat(32)
            )
        );
        assert_eq!(serde_json::from_str::<Upload>(&text).unwrap(), upload());
        assert!(serde_json::from_str::<Upload>(&text.replace("length", "size")).is_err());
    }

    #[test]
    fn a_download_names_its_bytes_or_holds_its_text() {
        for (content, json) in [
            (
                Content::Blob {
                    sha256: "cd".to_owned(),
                },
                r#"{"blob":{"sha256":"cd"}}"#,
            ),
            (
                Content::Text {
                    text: "paid\n".to_owned(),
                },
                r#"{"text":{"text":"paid\n"}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&content).unwrap(), json);
            let text = serde_json::to_string(&download(content.clone())).unwrap();
            let read: Download = serde_json::from_str(&text).unwrap();
            assert_eq!(read, download(content));
        }
    }

    #[test]
    fn no_version_of_the_platform_takes_anything_from_a_file() {
        for platform in Platform::ALL {
            let mut sent = upload();
            sent.project(*platform);
            assert_eq!(sent, upload());
        }
    }

    #[test]
    fn names_and_texts_stay_out_of_logs() {
        let logged = format!(
            "{:?} {:?}",
            upload(),
            download(Content::Text {
                text: "paid by Jane Doe".to_owned()
            })
        );
        assert!(!logged.contains("Jane"), "{logged}");
        assert!(logged.contains("application/pdf"), "{logged}");
    }
}
