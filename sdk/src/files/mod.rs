//! Files on their way to the platform and back: what is sent, what came, and the calls that carry them.

mod call;
mod download;
pub(crate) mod part;
mod rules;
mod stream;
mod upload;

pub use self::download::Download;
pub use self::rules::{FileNames, UploadBody, UploadRules};
pub use self::stream::DownloadStream;
pub use self::upload::Upload;
