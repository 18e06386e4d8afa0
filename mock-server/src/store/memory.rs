//! A store that ends with the server: the default.

use std::sync::Arc;

use super::{Charter, Kept, Pending, Store};
use crate::journal::{Base, Journal, memory::MemoryJournal};

/// Keeps nothing itself; each sandbox has a journal that lives as long as it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryStore;

impl Store for MemoryStore {
    fn sandboxes(&self) -> Pending<'_, Vec<Kept>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn create<'a>(&'a self, _charter: &'a Charter) -> Pending<'a, Arc<dyn Journal>> {
        Box::pin(async {
            let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::default());
            Ok(journal)
        })
    }

    fn begin<'a>(
        &'a self,
        _charter: &'a Charter,
        base: &'a Base,
        _replace: bool,
    ) -> Pending<'a, Arc<dyn Journal>> {
        Box::pin(async {
            let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::after(base));
            Ok(journal)
        })
    }

    fn delete<'a>(&'a self, _name: &'a str) -> Pending<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
