//! Rows in sled 0.34: one tree, rows and checkpoint in one batch.
//!
//! Known weaknesses, answered here: `flush` does not make the file durable on Linux (so the file is synced again), there is no
//! snapshot (so views are gated), and a new database may not open after loss of power (so [`RowFault::Unopenable`] means: rebuild).
//! The checkpoint is the value of the empty key, which no row may have.

use std::fmt;
use std::fs::File;
use std::ops::{Bound, ControlFlow};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use sled::{Batch, Config, Db};

use super::{Checkpoint, Direction, OnRow, Row, RowBatch, RowFault, RowGet, RowStore, RowView, assert_key, is_empty_range};

/// The one file of a sled database that grows.
const FILE: &str = "db";
/// The key of the checkpoint.
const CHECKPOINT: &[u8] = b"";
/// The checkpoint's value while a bulk load is under way.
const LOADING: &[u8] = b"loading";
/// Rows handed to a scan between two looks at the gate.
const SCAN_ROWS: usize = 256;
/// Rows in one batch of a bulk load.
const LOAD_ROWS: usize = 10_000;

/// How a sled row store is opened.
#[derive(Clone, Debug)]
pub struct SledOptions {
    /// Memory for sled's own cache. Unit: bytes.
    pub cache_bytes: u64,
    /// How long a commit waits for open views before it goes on without them.
    pub view_wait: Duration,
}

impl Default for SledOptions {
    fn default() -> Self {
        // A process opens eight of them (index, readings, snapshots, five read models), which together take 128 MiB.
        Self { cache_bytes: 16 << 20, view_wait: Duration::from_secs(1) }
    }
}

/// A row store in sled.
pub struct SledRows {
    shared: Arc<Shared>,
    path: PathBuf,
    view_wait: Duration,
}

struct Shared {
    db: Db,
    /// Counts commits. Reads hold it shared, a commit alone, so no read sees half a commit.
    generation: RwLock<u64>,
    views_open: Mutex<usize>,
    view_closed: Condvar,
    /// Last, so that it is dropped after the database.
    _released: Released,
}

/// Waits until sled has let go of its file.
///
/// Why: threads of sled hold it a moment longer than its owner, and whoever closes a store may open it again at once.
struct Released(PathBuf);

impl Drop for Released {
    fn drop(&mut self) {
        // A file that is gone or cannot be locked is nobody's to wait for.
        drop(File::open(&self.0).and_then(|file| file.lock()));
    }
}

impl SledRows {
    /// Opens or makes the store in the folder `path`.
    pub fn open(path: &Path, options: &SledOptions) -> Result<Self, RowFault> {
        let unopenable = |error: sled::Error| match error {
            sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => {
                RowFault::AlreadyOpen { path: path.to_owned() }
            }
            sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_)
            | sled::Error::Io(_)
            | sled::Error::Corruption { .. } => RowFault::Unopenable { path: path.to_owned(), what: error.to_string() },
        };
        // sled panics on some damaged files where it should answer; either way the rows have to be rebuilt.
        let opened = std::panic::catch_unwind(|| Config::new().path(path).cache_capacity(options.cache_bytes).flush_every_ms(None).open());
        let db = match opened {
            Ok(opened) => opened.map_err(unopenable)?,
            Err(_) => return Err(RowFault::Unopenable { path: path.to_owned(), what: "sled panicked".to_owned() }),
        };
        let shared = Shared {
            db,
            generation: RwLock::new(0),
            views_open: Mutex::new(0),
            view_closed: Condvar::new(),
            _released: Released(path.join(FILE)),
        };
        Ok(Self { shared: Arc::new(shared), path: path.to_owned(), view_wait: options.view_wait })
    }

    /// Makes everything written so far durable.
    fn sync(&self) -> Result<(), RowFault> {
        self.shared.db.flush().map_err(|error| fault("flush rows", &error))?;
        let step = "sync the file of rows";
        File::open(self.path.join(FILE)).and_then(|file| file.sync_data()).map_err(|source| RowFault::Io { step, source })
    }

    fn apply(&self, batch: Batch) -> Result<(), RowFault> {
        self.wait_for_views();
        {
            let mut generation = self.shared.generation.write().unwrap_or_else(PoisonError::into_inner);
            self.shared.db.apply_batch(batch).map_err(|error| fault("commit rows", &error))?;
            *generation += 1;
        }
        self.sync()
    }

    fn wait_for_views(&self) {
        let open = self.shared.views_open();
        // Ended by the last view or by the time limit; then older views find that they are expired.
        drop(self.shared.view_closed.wait_timeout_while(open, self.view_wait, |open| *open > 0).map_err(PoisonError::into_inner));
    }
}

impl Shared {
    fn views_open(&self) -> MutexGuard<'_, usize> {
        self.views_open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RowStore for SledRows {
    fn view(&self) -> Result<Box<dyn RowView>, RowFault> {
        let generation = self.shared.generation.read().unwrap_or_else(PoisonError::into_inner);
        let stored = self.shared.db.get(CHECKPOINT).map_err(|error| fault("read the checkpoint", &error))?;
        let is_loading = stored.as_ref().is_some_and(|bytes| bytes == LOADING);
        let stored = stored.filter(|_| !is_loading);
        let checkpoint = stored.map_or(Ok(Checkpoint::default()), |bytes| Checkpoint::from_bytes(&bytes))?;
        *self.shared.views_open() += 1;
        Ok(Box::new(SledView { shared: Arc::clone(&self.shared), generation: *generation, is_loading, checkpoint }))
    }

    fn commit(&self, batch: &RowBatch<'_>) -> Result<(), RowFault> {
        self.discard_half_load()?;
        let mut changes = Batch::default();
        for (key, value) in &batch.changes {
            assert_key(key);
            match value {
                Some(value) => changes.insert(*key, *value),
                None => changes.remove(*key),
            }
        }
        changes.insert(CHECKPOINT, batch.checkpoint.to_bytes().as_slice());
        self.apply(changes)
    }

    fn append_sorted(&self, rows: &mut dyn Iterator<Item = Row>, checkpoint: Checkpoint) -> Result<(), RowFault> {
        self.discard_half_load()?;
        if self.shared.db.iter().any(|row| row.is_ok_and(|(key, _)| !key.is_empty())) {
            return Err(RowFault::NotEmpty);
        }
        let loaded = self.load(rows);
        let mut last = Batch::default();
        if loaded.is_ok() {
            last.insert(CHECKPOINT, checkpoint.to_bytes().as_slice());
        } else {
            self.discard_half_load()?;
        }
        self.apply(last)?;
        loaded
    }

    fn is_half_loaded(&self) -> Result<bool, RowFault> {
        let stored = self.shared.db.get(CHECKPOINT).map_err(|error| fault("look for a load", &error))?;
        Ok(stored.is_some_and(|value| value == LOADING))
    }

    fn size_on_disk(&self) -> Result<u64, RowFault> {
        self.shared.db.size_on_disk().map_err(|error| fault("read the size of rows", &error))
    }
}

impl SledRows {
    /// Empties a store whose load did not end. The mark goes last, so that a crash meanwhile leaves it.
    fn discard_half_load(&self) -> Result<(), RowFault> {
        let failed = |error| fault("discard a half load", &error);
        if self.is_half_loaded()? {
            for row in self.shared.db.iter().rev() {
                self.shared.db.remove(row.map_err(failed)?.0).map_err(failed)?;
            }
            self.sync()?;
        }
        Ok(())
    }

    fn load(&self, rows: &mut dyn Iterator<Item = Row>) -> Result<(), RowFault> {
        let mut batch = Batch::default();
        batch.insert(CHECKPOINT, LOADING);
        let mut batched = 0;
        let mut last: Option<Vec<u8>> = None;
        for (key, value) in rows {
            assert_key(&key);
            if last.as_ref().is_some_and(|last| *last >= key) {
                return Err(RowFault::Unsorted);
            }
            batch.insert(key.as_slice(), value);
            batched += 1;
            if batched == LOAD_ROWS {
                self.apply(std::mem::take(&mut batch))?;
                batched = 0;
            }
            last = Some(key);
        }
        self.apply(batch)
    }
}

impl fmt::Debug for SledRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledRows").field("path", &self.path).finish_non_exhaustive()
    }
}

fn fault(step: &'static str, error: &sled::Error) -> RowFault {
    RowFault::Backend { step, what: error.to_string() }
}

struct SledView {
    shared: Arc<Shared>,
    generation: u64,
    /// Rows that are being loaded count for nothing.
    is_loading: bool,
    checkpoint: Checkpoint,
}

impl SledView {
    /// Runs a read that no commit can overlap, if the view still shows the newest generation.
    fn read<T>(&self, read: impl FnOnce(&Db) -> Result<T, sled::Error>) -> Result<T, RowFault> {
        let generation = self.shared.generation.read().unwrap_or_else(PoisonError::into_inner);
        if *generation != self.generation {
            return Err(RowFault::ViewExpired);
        }
        read(&self.shared.db).map_err(|error| fault("read rows", &error))
    }
}

impl RowGet for SledView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        assert_key(key);
        self.read(|db| if self.is_loading { Ok(None) } else { db.get(key) }).map(|value| value.map(|value| value.to_vec()))
    }
}

impl RowView for SledView {
    fn scan(&self, start: Bound<&[u8]>, end: Bound<&[u8]>, direction: Direction, on_row: &mut OnRow<'_>) -> Result<(), RowFault> {
        // Rows are handed on in portions read under the gate, so that the callback may read too while a commit waits.
        let mut start = match start {
            Bound::Unbounded => Bound::Excluded(CHECKPOINT.to_vec()),
            Bound::Included(key) => Bound::Included(key.to_vec()),
            Bound::Excluded(key) => Bound::Excluded(key.to_vec()),
        };
        let mut end = end.map(<[u8]>::to_vec);
        if self.is_loading {
            return Ok(());
        }
        loop {
            let range = (start.clone(), end.clone());
            if is_empty_range(range.0.as_ref().map(Vec::as_slice), range.1.as_ref().map(Vec::as_slice)) {
                return Ok(());
            }
            let portion = self.read(|db| {
                let rows = db.range::<Vec<u8>, _>(range);
                match direction {
                    Direction::Ascending => rows.take(SCAN_ROWS).collect::<Result<Vec<_>, _>>(),
                    Direction::Descending => rows.rev().take(SCAN_ROWS).collect(),
                }
            })?;
            for (key, value) in &portion {
                if let ControlFlow::Break(()) = on_row(key, value) {
                    return Ok(());
                }
            }
            let Some((last, _)) = portion.last().filter(|_| portion.len() == SCAN_ROWS) else { return Ok(()) };
            match direction {
                Direction::Ascending => start = Bound::Excluded(last.to_vec()),
                Direction::Descending => end = Bound::Excluded(last.to_vec()),
            }
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }
}

impl Drop for SledView {
    fn drop(&mut self) {
        *self.shared.views_open() -= 1;
        self.shared.view_closed.notify_all();
    }
}
