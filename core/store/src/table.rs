//! A table: a row store with the newest rows in memory, one writer, many readers.
//!
//! The log is the write-ahead log of derived state: the writer changes rows in memory, [`Table::advance`] publishes them together
//! with the position they reflect, [`Table::flush`] writes all published changes in one durable commit with that position. After a
//! crash the owner reads [`Table::checkpoint`] and replays the log from there.
//!
//! Invariants: a view shows exactly what had been published when it was taken, also after later flushes; readers never wait for a
//! flush, nor the writer for a reader; what `advance` has not published is neither seen by views nor flushed.

mod key;
mod merge;
#[cfg(test)]
mod tests;
mod view;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imbl::OrdMap;

use self::key::Key;
pub use self::view::{TableView, digest};
use crate::rows::{Checkpoint, RowBatch, RowFault, RowGet, RowStore, RowView, assert_key};

/// Changed rows: `None` marks a deleted one. Values are shared, so cloning the map or a node of it copies none.
type Changes = OrdMap<Key, Option<Arc<Vec<u8>>>>;

/// Memory a changed row takes beside key and value, roughly. Unit: bytes.
const ROW_OVERHEAD_BYTES: usize = 96;

/// A row store with its newest rows in memory.
///
/// `put`, `delete`, `update`, `get` and `advance` belong to one writer at a time; views and `flush` may be called from any thread.
pub struct Table {
    store: Arc<dyn RowStore>,
    writer: Mutex<Writer>,
    published: Mutex<Published>,
    flushing: Mutex<()>,
}

/// What the writer sees.
struct Writer {
    live: Changes,
    live_bytes: usize,
    /// Keys changed since the last `advance`; some may occur twice.
    unpublished: Vec<Key>,
    /// A view of the store kept for reads; none while a flush is under way, when the store changes beneath.
    base: Option<Box<dyn RowView>>,
}

/// What readers see.
struct Published {
    changes: Changes,
    bytes: usize,
    checkpoint: Checkpoint,
    frozen: Option<Frozen>,
}

/// Published changes on their way into the store.
#[derive(Clone)]
struct Frozen {
    changes: Changes,
    bytes: usize,
    checkpoint: Checkpoint,
}

impl Table {
    /// A table over `store`, beginning at the store's checkpoint.
    pub fn new(store: Arc<dyn RowStore>) -> Result<Self, RowFault> {
        let base = store.view()?;
        let checkpoint = base.checkpoint();
        Ok(Self {
            store,
            writer: Mutex::new(Writer { live: Changes::new(), live_bytes: 0, unpublished: Vec::new(), base: Some(base) }),
            published: Mutex::new(Published { changes: Changes::new(), bytes: 0, checkpoint, frozen: None }),
            flushing: Mutex::new(()),
        })
    }

    /// The store beneath.
    pub fn store(&self) -> &Arc<dyn RowStore> {
        &self.store
    }

    /// Sets a row.
    pub fn put(&self, key: &[u8], value: Vec<u8>) {
        self.writer().change(key, Some(value));
    }

    /// Removes a row, if it is there.
    pub fn delete(&self, key: &[u8]) {
        self.writer().change(key, None);
    }

    /// Changes a row in place: `change` gets its value, or an empty one if it has none. The row is there afterwards, be it empty.
    ///
    /// Why: appending to a value that this batch has already touched costs no copy.
    pub fn update<R>(&self, key: &[u8], change: impl FnOnce(&mut Vec<u8>) -> R) -> Result<R, RowFault> {
        let mut writer = self.writer();
        if let Some((shared_key, Some(value))) = writer.live.get_key_value_mut(key) {
            let before = value.len();
            let fresh = Arc::get_mut(value).is_some();
            let shared_key = (!fresh).then(|| shared_key.clone());
            // A value that nobody shares was made after the last `advance`, so its key is already noted.
            let outcome = change(Arc::make_mut(value));
            let after = value.len();
            writer.unpublished.extend(shared_key);
            writer.live_bytes = (writer.live_bytes + after).saturating_sub(before);
            return Ok(outcome);
        }
        let deleted = writer.live.contains_key(key);
        let mut value = if deleted { Vec::new() } else { self.read_below(&mut writer, key)?.unwrap_or_default() };
        let outcome = change(&mut value);
        writer.change(key, Some(value));
        Ok(outcome)
    }

    /// The writer's own read: it sees every change, published or not.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        let mut writer = self.writer();
        match writer.live.get(key) {
            Some(value) => Ok(value.as_ref().map(|value| value.to_vec())),
            None => self.read_below(&mut writer, key),
        }
    }

    /// Publishes all changes since the last call as one generation that reflects the log up to `checkpoint`.
    pub fn advance(&self, checkpoint: Checkpoint) {
        let mut writer = self.writer();
        let mut published = self.published();
        published.changes = writer.live.clone();
        published.bytes = writer.live_bytes;
        published.checkpoint = checkpoint;
        drop(published);
        writer.unpublished.clear();
    }

    /// What is published: the checkpoint of the newest view. Right after [`Table::new`] it is the store's.
    pub fn checkpoint(&self) -> Checkpoint {
        self.published().checkpoint
    }

    /// Memory that published and unpublished changes take until they are flushed, roughly. Unit: bytes.
    pub fn unflushed_bytes(&self) -> usize {
        let live = self.writer().live_bytes;
        live + self.published().frozen.as_ref().map_or(0, |frozen| frozen.bytes)
    }

    /// Writes everything published into the store, durably and in one commit, and frees its memory. Writer and readers go on meanwhile.
    ///
    /// Errors: those of the commit. The changes stay in memory and the next flush tries them again.
    pub fn flush(&self) -> Result<(), RowFault> {
        let _alone = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let left_behind = self.published().frozen.clone();
        if let Some(frozen) = left_behind {
            self.commit(&frozen)?;
        }
        match self.freeze() {
            Some(frozen) => self.commit(&frozen),
            None => Ok(()),
        }
    }

    /// Moves what is published out of the writer's way; what is not stays with the writer.
    fn freeze(&self) -> Option<Frozen> {
        let mut writer = self.writer();
        let mut published = self.published();
        let stored = self.store_checkpoint(&mut writer);
        if published.changes.is_empty() && stored == Some(published.checkpoint) {
            return None;
        }
        let changes = std::mem::take(&mut published.changes);
        let frozen = Frozen { changes, bytes: std::mem::take(&mut published.bytes), checkpoint: published.checkpoint };
        published.frozen = Some(frozen.clone());
        let mut live = Changes::new();
        let mut live_bytes = 0;
        for key in &writer.unpublished {
            if let Some(value) = writer.live.get(key)
                && live.insert(key.clone(), value.clone()).is_none()
            {
                live_bytes += row_bytes(key, value.as_deref());
            }
        }
        writer.live = live;
        writer.live_bytes = live_bytes;
        writer.base = None;
        Some(frozen)
    }

    fn store_checkpoint(&self, writer: &mut Writer) -> Option<Checkpoint> {
        writer.base.as_ref().map(|base| base.checkpoint()).or_else(|| self.store.view().ok().map(|view| view.checkpoint()))
    }

    fn commit(&self, frozen: &Frozen) -> Result<(), RowFault> {
        let changes = frozen.changes.iter().map(|(key, value)| (&**key, value.as_ref().map(|value| value.as_slice()))).collect();
        self.store.commit(&RowBatch { changes, checkpoint: frozen.checkpoint })?;
        self.published().frozen = None;
        Ok(())
    }

    /// A view of the newest published generation.
    pub fn view(&self) -> Result<TableView, RowFault> {
        let published = self.published();
        // Under the lock: between the end of a commit and this point nobody can drop the frozen rows, so store and rows fit.
        let base = self.store.view()?;
        let frozen = published.frozen.as_ref().map(|frozen| frozen.changes.clone()).unwrap_or_default();
        Ok(TableView::new(published.changes.clone(), frozen, base, published.checkpoint))
    }

    /// A view that also shows what is not yet published: for the writer's own scans. Its checkpoint is the published one.
    pub fn writer_view(&self) -> Result<TableView, RowFault> {
        let writer = self.writer();
        let published = self.published();
        let base = self.store.view()?;
        let frozen = published.frozen.as_ref().map(|frozen| frozen.changes.clone()).unwrap_or_default();
        Ok(TableView::new(writer.live.clone(), frozen, base, published.checkpoint))
    }

    /// Reads a row beneath the live ones.
    fn read_below(&self, writer: &mut Writer, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        assert_key(key);
        let flushing = match &self.published().frozen {
            Some(frozen) => match frozen.changes.get(key) {
                Some(value) => return Ok(value.as_ref().map(|value| value.to_vec())),
                None => true,
            },
            None => false,
        };
        if flushing {
            return self.read_store(key);
        }
        let base = match writer.base.take() {
            Some(base) => base,
            None => self.store.view()?,
        };
        match writer.base.insert(base).get(key) {
            Err(RowFault::ViewExpired) => {
                writer.base = None;
                self.read_store(key)
            }
            read => read,
        }
    }

    /// Reads the store as it is now. A commit under way writes only rows that are frozen, and those were looked at before.
    fn read_store(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        loop {
            match self.store.view()?.get(key) {
                // A commit of the sled adapter came between; there are finitely many.
                Err(RowFault::ViewExpired) => {}
                read => return read,
            }
        }
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn published(&self) -> MutexGuard<'_, Published> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's own reads.
impl RowGet for Table {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        Self::get(self, key)
    }
}

impl Writer {
    fn change(&mut self, key: &[u8], value: Option<Vec<u8>>) {
        assert_key(key);
        let shared = Key::from(key);
        let value = value.map(Arc::new);
        self.live_bytes += row_bytes(key, value.as_deref());
        self.unpublished.push(shared.clone());
        if let Some(replaced) = self.live.insert(shared, value) {
            self.live_bytes = self.live_bytes.saturating_sub(row_bytes(key, replaced.as_deref()));
        }
    }
}

fn row_bytes(key: &[u8], value: Option<&Vec<u8>>) -> usize {
    key.len() + value.map_or(0, Vec::len) + ROW_OVERHEAD_BYTES
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("store", &self.store).field("checkpoint", &self.checkpoint()).finish_non_exhaustive()
    }
}
