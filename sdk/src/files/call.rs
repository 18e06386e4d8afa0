//! The calls that progenitor cannot make: sending a file and receiving one, whole or as it comes.
//!
//! They build their request here and go through the same loop as every other call ([`CallLayer::exchange`]), so that
//! tokens, keys, signatures, retries and limits are the same. The form is made once per call: every attempt sends the
//! same bytes, and the platform can tell a repeat by its key.

use std::sync::Arc;

use http::HeaderMap;
use http::StatusCode;
use http::header::CONTENT_DISPOSITION;
use layer2_types::operation::Operation;
use progenitor_client::encode_path;
use serde::de::DeserializeOwned;

use crate::body::Body;
use crate::call::CallLayer;
use crate::client::Client;
use crate::draft::Draft;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::files::Download;
use crate::files::DownloadStream;
use crate::files::Upload;
use crate::files::UploadBody;
use crate::files::download::Origin;
use crate::reply::Reply;
use crate::transport::HttpReply;

impl Client {
    /// Sends a file, as the one part of a form unless its rules said otherwise, for the generated facade. `ids` are the
    /// path parameters, in order.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        ids: &[&str],
        part: &str,
        file: &Upload,
    ) -> Result<Reply<T>, Error> {
        let layer = CallLayer::new(self.shared(), self.options(), operation);
        let layer = layer.sending(file.bytes().len());
        let draft = match file.body() {
            UploadBody::File => {
                draft(operation, ids).carrying(file.media_type(), Body::Whole(file.bytes()))
            }
            UploadBody::Form => {
                let (media_type, form) = form(&layer, part, file)?;
                draft(operation, ids).carrying(&media_type, form)
            }
        };
        layer.sent(draft).await
    }

    /// Receives a file, for the generated facade. `ids` are the path parameters, in order.
    pub(crate) async fn download(
        &self,
        operation: &'static Operation,
        ids: &[&str],
    ) -> Result<Reply<Download>, Error> {
        let layer = CallLayer::new(self.shared(), self.options(), operation);
        let (reply, span) = layer.exchange(draft(operation, ids)).await?;
        let HttpReply {
            status,
            mut headers,
            body,
        } = reply;
        let file = Download::new(&headers, body, layer.origin(status));
        hide_name(&mut headers);
        Ok(layer.reply(&span, status, headers, file))
    }

    /// Receives a file as it comes, for the generated facade. `ids` are the path parameters, in order.
    pub(crate) async fn download_stream(
        &self,
        operation: &'static Operation,
        ids: &[&str],
    ) -> Result<Reply<DownloadStream>, Error> {
        let layer = CallLayer::new(self.shared(), self.options(), operation).with_open_body();
        let (reply, span) = layer.exchange(draft(operation, ids)).await?;
        let HttpReply {
            status,
            mut headers,
            ..
        } = reply;
        let body = layer.record.take_body();
        // A success always leaves its body; without one there is nothing to read.
        let body = body.unwrap_or_else(|| Box::pin(futures_util::stream::empty()));
        let file = DownloadStream::new(&headers, body, layer.origin(status));
        hide_name(&mut headers);
        Ok(layer.reply(&span, status, headers, file))
    }
}

/// The form around a file, with its media type.
fn form(layer: &CallLayer, part: &str, file: &Upload) -> Result<(String, Body), Error> {
    let [boundary] = layer.shared.runtime.uuids().map_err(|cause| {
        let error = Error::before_sending(
            ErrorKind::Config,
            "no random bytes for the boundary of the form: call again",
        );
        layer.refused(error.with_source(cause))
    })?;
    let boundary = format!("layer2-{boundary}");
    let media_type = format!("multipart/form-data; boundary={boundary}");
    Ok((media_type, file.form(part, &boundary)))
}

impl CallLayer {
    fn origin(&self, status: StatusCode) -> Origin {
        Origin::new(status, Arc::clone(&self.record), self.operation)
    }
}

/// The name of a file is personal, and the headers of a reply can be printed.
fn hide_name(headers: &mut HeaderMap) {
    if let Some(name) = headers.get_mut(CONTENT_DISPOSITION) {
        name.set_sensitive(true);
    }
}

/// A request of this operation, without a body.
fn draft(operation: &Operation, ids: &[&str]) -> Draft {
    Draft::new(path(operation.path, ids))
}

/// The template with its parameters filled in, in order. Ids that would change the path are caught by the guard.
fn path(template: &str, ids: &[&str]) -> String {
    let mut ids = ids.iter();
    let segments: Vec<String> = template
        .split('/')
        .map(|segment| match segment.starts_with('{') {
            true => ids.next().map_or_else(String::new, |id| encode_path(id)),
            false => segment.to_owned(),
        })
        .collect();
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn parameters_fill_the_template_in_order_and_encoded() {
        assert_eq!(
            path("/v1/a/{x}/b/{y}", &["one", "t/w o"]),
            "/v1/a/one/b/t%2Fw%20o"
        );
    }
}
