//! Documents: files that were asked for, uploaded and downloaded under their ids.
//!
//! The ids come from whatever asks for papers: an application, one of its persons, a withdrawal, a payment. The bytes
//! are the shell's; here are their names and digests. Nothing of it is built yet.

use layer2_types::payments;
use layer2_types::payments::OperationId;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::file::Download;
use crate::file::Upload;
use crate::generated::payments::Documents;
use crate::not_built;
use crate::rejection::Rejection;
use crate::world::World;

impl Documents for World {
    fn documents_upload(
        &mut self,
        _cx: &mut WriteContext<'_>,
        _document_id: payments::DocumentId,
        _file: Upload,
    ) -> Result<payments::DocumentRefReply, Rejection> {
        not_built!(OperationId::DocumentsUpload)
    }

    fn documents_download(
        &self,
        _cx: &ReadContext<'_>,
        _document_id: payments::DocumentId,
    ) -> Result<Download, Rejection> {
        not_built!(OperationId::DocumentsDownload)
    }
}
