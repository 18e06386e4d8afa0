//! Documents: files that were asked for, uploaded and downloaded under their ids.
//!
//! The ids come from whatever asks for papers: an application, one of its persons, a withdrawal. The bytes are the
//! shell's; here are their names and digests. What the platform says of a file (its kinds, its length, a plain name with an
//! extension) is checked here, for both forms of an upload.

use layer2_types::payments;
use layer2_types::payments::ApplicationId;
use layer2_types::payments::DocumentId;
use layer2_types::payments::DocumentStatus;
use layer2_types::payments::DocumentType;
use layer2_types::payments::IndividualId;
use layer2_types::payments::WithdrawalId;
use serde::Deserialize;
use serde::Serialize;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::file::Content;
use crate::file::Download;
use crate::file::Upload;
use crate::generated::payments::Documents;
use crate::ids::IdKind;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::table::named;
use crate::world::World;

/// A document that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DocumentRow {
    pub(crate) id: DocumentId,
    pub(crate) owner: DocumentOwner,
    pub(crate) kind: DocumentType,
    /// Whether its owner cannot do without it.
    pub(crate) mandatory: bool,
    pub(crate) status: DocumentStatus,
    /// What was uploaded last.
    pub(crate) file: Option<Upload>,
    /// Place in the journal of the command that made it.
    pub(crate) cause: u64,
}

named!(DocumentRow: DocumentId);

/// What asks for a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DocumentOwner {
    /// An application, or one of its persons.
    Application {
        id: ApplicationId,
        individual: Option<IndividualId>,
    },
    /// A withdrawal.
    Withdrawal { id: WithdrawalId },
}

/// A kind of document, and whether it is needed.
pub(crate) type Asked = (DocumentType, bool);

impl Documents for World {
    fn documents_upload(
        &mut self,
        cx: &mut WriteContext<'_>,
        document_id: DocumentId,
        file: Upload,
    ) -> Result<payments::DocumentRefReply, Rejection> {
        let row = self.payments.document(&document_id)?;
        self.must_be_open(row)?;
        must_be_a_document(&file)?;

        let owner = row.owner.clone();
        if let Some(row) = self.payments.documents.get_mut(&document_id) {
            row.file = Some(file);
            row.status = DocumentStatus::Submitted;
        }
        match owner {
            DocumentOwner::Application { id, .. } => {
                if let Some(application) = self.payments.applications.get_mut(&id) {
                    application.requested.retain(|change| {
                        let asked = change.document_id.as_ref();
                        asked.is_none_or(|asked| asked.as_str() != document_id.as_str())
                    });
                }
                self.follow_application(cx, &id);
            }
            DocumentOwner::Withdrawal { id } => self.await_papers_or_acceptance(cx, &id),
        }
        Ok(payments::DocumentRefReply::new(payments::DocumentRef::new(
            document_id,
        )))
    }

    fn documents_download(
        &self,
        _cx: &ReadContext<'_>,
        document_id: DocumentId,
    ) -> Result<Download, Rejection> {
        let row = self.payments.document(&document_id)?;
        let Some(file) = &row.file else {
            return Err(nothing_uploaded(row));
        };
        Ok(Download {
            file_name: file.file_name.clone(),
            media_type: file.media_type.clone(),
            content: Content::Blob {
                sha256: file.sha256.clone(),
            },
        })
    }
}

impl World {
    /// Asks for documents, and tells under which ids they are uploaded. Whatever fails comes before anything is kept.
    pub(crate) fn ask_for_documents(
        &mut self,
        cx: &mut WriteContext<'_>,
        owner: &DocumentOwner,
        asked: &[Asked],
    ) -> Result<Vec<DocumentId>, Rejection> {
        let mut rows = Vec::with_capacity(asked.len());
        for (kind, mandatory) in asked {
            let id = DocumentId::new(cx.mint(IdKind::Document)).map_err(|_| Rejection::bad_id())?;
            rows.push(DocumentRow {
                id,
                owner: owner.clone(),
                kind: kind.clone(),
                mandatory: *mandatory,
                status: DocumentStatus::Missing,
                file: None,
                cause: cx.seq(),
            });
        }
        let ids = rows.iter().map(|row| row.id.clone()).collect();
        for row in rows {
            self.payments.documents.insert(row);
        }
        Ok(ids)
    }

    fn must_be_open(&self, row: &DocumentRow) -> Result<(), Rejection> {
        let (noun, stage, expected) = match &row.owner {
            DocumentOwner::Application { id, .. } => {
                let stage = self.payments.application(id)?.stage;
                if stage.is_editable() {
                    return Ok(());
                }
                let expected = "a document of an application that is INCOMPLETE, READY_FOR_SUBMISSION or \
                                CHANGES_REQUESTED";
                ("an application", stage.to_string(), expected)
            }
            DocumentOwner::Withdrawal { id } => {
                let row = self.payments.withdrawal(id)?;
                if row.takes_papers() {
                    return Ok(());
                }
                let expected = "a document of a withdrawal that is CHANGES_REQUESTED or REQUESTED";
                ("a withdrawal", row.status().to_string(), expected)
            }
        };
        Err(Problem::new(
            code::DOCUMENT_LOCKED,
            format!("The document belongs to {noun} that is {stage}; it cannot be replaced."),
        )
        .at("document_id")
        .received(stage)
        .expected(expected)
        .hint("The file that is there stays; a reviewer may ask for another one.")
        .bad_request())
    }
}

impl DocumentOwner {
    /// The person whose document it is.
    pub(crate) const fn individual(&self) -> Option<&IndividualId> {
        match self {
            Self::Application { individual, .. } => individual.as_ref(),
            Self::Withdrawal { .. } => None,
        }
    }
}

impl DocumentRow {
    /// Whether its owner waits for a file.
    pub(crate) fn is_awaited(&self) -> bool {
        let missing = self.mandatory && self.status == DocumentStatus::Missing;
        missing || self.status == DocumentStatus::ChangesRequested
    }

    /// The document as a status call shows it; `said` is what a reviewer said about it.
    pub(crate) fn on_wire(&self, said: Option<&str>) -> payments::DocumentError {
        let mut error = payments::DocumentError::new()
            .with_document_id(self.id.clone())
            .with_id(self.id.clone())
            .with_document(self.kind.clone())
            .with_status(self.status.clone())
            .with_mandatory(self.mandatory);
        error.description = match &self.status {
            DocumentStatus::Missing => Some("Nothing was uploaded yet.".to_owned()),
            DocumentStatus::ChangesRequested => Some(
                said.unwrap_or("A reviewer asks for another file.")
                    .to_owned(),
            ),
            _ => None,
        };
        error
    }
}

/// Refuses a file that cannot be a document, with everything that is wrong. The name may hold that of a person, so it is
/// not repeated.
fn must_be_a_document(file: &Upload) -> Result<(), Rejection> {
    let mut problems = Vec::new();
    let refused = |description: &str| Problem::new(code::DOCUMENT_REFUSED, description).at("/file");
    if file.length == 0 {
        problems.push(
            refused("The file is empty.")
                .received("0 bytes")
                .expected("a PDF, JPEG or PNG")
                .hint("Check that the file was read before it was sent."),
        );
    } else if !MEDIA_TYPES.contains(&file.media_type.as_str()) {
        problems.push(
            refused("The file is of a kind that no document has.")
                .received(file.media_type.as_str())
                .expected(MEDIA_TYPES.join(", "))
                .hint(
                    "Name the media type of the part, or send a file that begins as its kind does.",
                ),
        );
    }
    if file.length > LENGTH_MAX {
        problems.push(
            refused("The file is too long.")
                .received(format!("{} bytes", file.length))
                .expected(format!("at most {LENGTH_MAX} bytes"))
                .hint("Send a smaller scan."),
        );
    }
    if !has_plain_name(&file.file_name) {
        problems.push(
            refused("The file name cannot be used.")
                .expected(
                    "letters from a to z, digits, spaces, `-`, `_` and `.`, with an extension",
                )
                .hint("Name the file plainly, such as `passport.pdf`."),
        );
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Rejection {
        status: 400,
        problems,
    })
}

/// Without special characters, as the platform wants it; the name comes back in a header, whose text is ASCII.
fn has_plain_name(name: &str) -> bool {
    let plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || " -_.".contains(letter));
    let extended = name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && !extension.is_empty()
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    plain && extended
}

fn nothing_uploaded(row: &DocumentRow) -> Rejection {
    Problem::new(
        code::NOT_FOUND,
        "Nothing was uploaded for this document yet.",
    )
    .at("document_id")
    .received(row.id.as_str())
    .expected("a document with a file")
    .hint(format!("Upload one with POST /v1/documents/{}.", row.id))
    .not_found()
}

/// The kinds of files that are taken.
const MEDIA_TYPES: &[&str] = &["application/pdf", "image/jpeg", "image/png"];

/// 30 MB, read as the larger of the two meanings of the word.
const LENGTH_MAX: u64 = 30 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_with_an_extension_are_taken() {
        for name in ["passport.pdf", "Utility bill 2.JPG", "a-b_c.tar.png"] {
            assert!(has_plain_name(name), "{name}");
        }
        for name in [
            "passport", ".pdf", "a.", "a;b.pdf", "a/b.pdf", "a. pdf", "é.pdf", "",
        ] {
            assert!(!has_plain_name(name), "{name}");
        }
    }
}
