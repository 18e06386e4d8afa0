//! What is near an object of a sandbox, for whoever has confused it with another one.

use super::{Sandbox, turn::Intent};

impl Sandbox {
    /// The ids that may stand in the place of a path parameter, the newest first; none where the state cannot be had, which
    /// is for others to tell.
    pub(crate) async fn newest_ids(&self, parameter: &str, most: usize) -> Vec<String> {
        let found = self.turn(Intent::Read, |core| core.world.newest_ids(parameter, most));
        found.await.unwrap_or_default()
    }
}
