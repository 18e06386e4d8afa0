//! Taking an image of a sandbox, with the bytes of its files.

use std::collections::BTreeSet;

use layer2_world::World;

use super::{Broken, Outage, Sandbox, turn::Intent};
use crate::{
    blobs::BlobId,
    image::Image,
    journal::{Base, Head, Snapshot},
};

/// How often it is begun again when a reset has taken the files away: others may begin anew all the time.
const TRIES: usize = 5;

impl Sandbox {
    /// The state now, as one thing. What is seen is safe, and what is due has run or waits.
    pub(crate) async fn image(&self) -> Result<Image, Broken> {
        for _ in 0..TRIES {
            let (world, head, seq) = self
                .turn(Intent::Read, |core| {
                    (core.world.clone(), core.head, core.last_seq)
                })
                .await?;
            let (world, text) = tokio::task::spawn_blocking(move || {
                let text = world.snapshot();
                (world, text)
            })
            .await
            .map_err(|_| Broken::Defect)?;
            let text = text.map_err(|_| Broken::Defect)?;
            let Some(files) = self.files_of(&world).await? else {
                continue;
            };
            // Generations count the beginnings of one sandbox, and this is the first of another.
            let head = Head {
                generation: 0,
                ..head
            };
            let snapshot = Snapshot {
                generation: 0,
                seq,
                text,
            };
            return Ok(Image {
                genesis: self.genesis.clone(),
                clock: self.clock_mode,
                base: Base {
                    head,
                    snapshot,
                    files,
                },
            });
        }
        Err(Broken::Outage(Outage::Unavailable))
    }

    /// The files that a state names; nothing where a reset has taken one of them away.
    async fn files_of(&self, world: &World) -> Result<Option<Vec<(BlobId, bytes::Bytes)>>, Broken> {
        let named: BTreeSet<BlobId> = world.file_digests().filter_map(BlobId::parse).collect();
        let mut files = Vec::with_capacity(named.len());
        for id in named {
            match self.file(id).await? {
                Some(bytes) => files.push((id, bytes)),
                None => return Ok(None),
            }
        }
        Ok(Some(files))
    }
}
