//! Keeps the read models up to date: opens their rows, follows the feed in one thread, flushes, and lets callers wait for a position.
//!
//! Invariants: rows and checkpoint are stored together, so a restart goes on where the stored rows end; rows that cannot be opened, or
//! that reflect another log, are thrown away and built anew; what readers see is always a whole batch.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zhixin_store::feed::{Batch, Feed, FeedFault};
use zhixin_store::rows::{RowFault, RowKind, open_rows};
use zhixin_store::table::{Table, TableView};

use crate::model::{self, ModelName, Quarantined, Slot, apply_batch};
use crate::pointer::Pointer;

/// Unflushed rows of all models at which they are flushed. Source: `engine.md` 6.25.
const FLUSH_BYTES: usize = 64 * 1024 * 1024;
/// Longest time that rows stay unflushed. Source: `engine.md` 6.25.
const FLUSH_AFTER: Duration = Duration::from_secs(5);
/// Longest wait of the applier before it looks whether to stop or to flush.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// Why the read models could not be opened or kept up.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionFault {
    /// The pointer file or a folder of rows.
    #[error("{step} at {path}")]
    Folder {
        /// What was being done.
        step: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The rows failed.
    #[error(transparent)]
    Rows(#[from] RowFault),
    /// The log cannot be read.
    #[error(transparent)]
    Feed(#[from] FeedFault),
    /// The applier's thread could not be started.
    #[error("start of the applier")]
    Thread(#[source] io::Error),
    /// The live rows, which are themselves being built anew, reach less far than the build to compare them with.
    #[error("the live rows end at {live}, before the build at {rebuilt}")]
    LiveBehind {
        /// Where the live rows end.
        live: u64,
        /// Where the build ends.
        rebuilt: u64,
    },
    /// There is nothing to go back to.
    #[error("the model has no earlier build")]
    NoPrevious,
}

/// The read models of a process.
pub struct Projections {
    pub(crate) shared: Arc<Shared>,
    applier: Mutex<Option<JoinHandle<()>>>,
}

/// What the applier and the callers share.
pub(crate) struct Shared {
    pub(crate) kind: RowKind,
    pub(crate) feed: Arc<dyn Feed>,
    pub(crate) pointer: Mutex<Pointer>,
    /// Held while a batch is applied.
    pub(crate) slots: Mutex<Vec<Slot>>,
    pub(crate) tables: RwLock<BTreeMap<ModelName, Arc<Table>>>,
    progress: Mutex<Progress>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    position: u64,
    fault: Option<String>,
    stopping: bool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn at<T>(step: &'static str, path: &Path, outcome: io::Result<T>) -> Result<T, ProjectionFault> {
    outcome.map_err(|source| ProjectionFault::Folder { step, path: path.to_owned(), source })
}

impl std::fmt::Debug for Projections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projections").field("kind", &self.shared.kind).field("position", &self.position()).finish_non_exhaustive()
    }
}

impl Projections {
    /// Opens the rows in `dir/rows` and begins to follow the feed.
    ///
    /// # Errors
    /// The folder cannot be used, or a store that is sound cannot be opened (it is open already, say).
    pub fn open(dir: &Path, kind: RowKind, feed: Arc<dyn Feed>) -> Result<Self, ProjectionFault> {
        let rows = dir.join("rows");
        let pointer = at("read of the pointer", &rows, Pointer::load(&rows, kind))?;
        at("write of the pointer", &rows, pointer.save())?;
        let mut slots = Vec::new();
        for model in ModelName::ALL {
            let folder = pointer.folders.get(&model).map(|folders| folders.live.as_str()).unwrap_or_default();
            slots.push(Slot::new(model, open_table(kind, &pointer.path(folder), feed.as_ref())?));
        }
        let tables = slots.iter().map(|slot| (slot.name, Arc::clone(&slot.table))).collect();
        let shared = Arc::new(Shared {
            kind,
            feed,
            pointer: Mutex::new(pointer),
            slots: Mutex::new(slots),
            tables: RwLock::new(tables),
            progress: Mutex::new(Progress::default()),
            moved: Condvar::new(),
        });
        shared.publish();
        let theirs = Arc::clone(&shared);
        let applier = std::thread::Builder::new().name("applier".to_owned()).spawn(move || theirs.follow());
        Ok(Self { shared, applier: Mutex::new(Some(applier.map_err(ProjectionFault::Thread)?)) })
    }

    /// What every model reflects: events at positions below this one.
    pub fn position(&self) -> u64 {
        lock(&self.shared.progress).position
    }

    /// Waits until every model reflects all events below `position` (an exclusive end, as in [`crate::AsOf`]), at most `timeout`.
    ///
    /// Returns whether they do. To see an event at P, wait for P + 1.
    pub fn wait_for(&self, position: u64, timeout: Duration) -> bool {
        let progress = lock(&self.shared.progress);
        let waiting = |progress: &mut Progress| progress.position < position && progress.fault.is_none() && !progress.stopping;
        let waited = self.shared.moved.wait_timeout_while(progress, timeout, waiting);
        let (progress, _) = waited.unwrap_or_else(PoisonError::into_inner);
        progress.position >= position
    }

    /// Why the applier stopped, if it did. It begins again after a restart.
    pub fn fault(&self) -> Option<String> {
        lock(&self.shared.progress).fault.clone()
    }

    /// The newest rows of a model.
    pub fn view(&self, model: ModelName) -> Result<TableView, RowFault> {
        self.shared.table(model).view()
    }

    /// The events that a model could not take.
    pub fn quarantined(&self, model: ModelName) -> Result<Vec<Quarantined>, RowFault> {
        model::quarantined(&self.view(model)?, model)
    }

    /// Memory that rows take until they are flushed. Unit: bytes. Commands wait at 256 MiB (`engine.md` 6.25).
    pub fn unflushed_bytes(&self) -> usize {
        self.shared.tables.read().unwrap_or_else(PoisonError::into_inner).values().map(|table| table.unflushed_bytes()).sum()
    }

    /// Stops the applier and flushes what it applied. Queries go on answering.
    ///
    /// # Errors
    /// The flush failed; the rows are rebuilt from the log at the next start.
    pub fn stop(&self) -> Result<(), RowFault> {
        lock(&self.shared.progress).stopping = true;
        self.shared.moved.notify_all();
        let Some(applier) = lock(&self.applier).take() else { return Ok(()) };
        if applier.join().is_err() {
            tracing::error!(runbook = "applier-panicked", "the applier of the read models panicked");
        }
        self.shared.flush()
    }
}

impl Drop for Projections {
    fn drop(&mut self) {
        if let Err(fault) = self.stop() {
            tracing::warn!(fault = %fault, "rows not flushed at stop");
        }
    }
}

impl Shared {
    pub(crate) fn table(&self, model: ModelName) -> Arc<Table> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        #[expect(clippy::expect_used, reason = "`open` fills the map with every model and nothing leaves it")]
        Arc::clone(tables.get(&model).expect("every model has a table"))
    }

    /// Tells waiting callers how far the models are.
    pub(crate) fn publish(&self) {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let position = tables.values().map(|table| table.checkpoint().position).min().unwrap_or(0);
        drop(tables);
        lock(&self.progress).position = position;
        self.moved.notify_all();
    }

    /// The applier's thread: follows the feed until told to stop or until something fails.
    fn follow(&self) {
        let mut flushed = Instant::now();
        while !lock(&self.progress).stopping {
            let position = lock(&self.progress).position;
            let mut outcome = Ok(());
            let read = self.feed.read(position, &mut |batch| {
                outcome = self.apply(batch);
                self.flush_if_due(&mut flushed);
                if outcome.is_err() || lock(&self.progress).stopping { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if let Err(fault) = read.map_err(ProjectionFault::from).and(outcome.map_err(ProjectionFault::from)) {
                tracing::error!(fault = %fault, runbook = "applier-stopped", "the read models stopped");
                lock(&self.progress).fault = Some(fault.to_string());
                self.moved.notify_all();
                return;
            }
            self.flush_if_due(&mut flushed);
            self.feed.wait_beyond(lock(&self.progress).position, WAIT_MAX);
        }
    }

    fn apply(&self, batch: &Batch<'_>) -> Result<(), RowFault> {
        let mut slots = lock(&self.slots);
        let mut slots: Vec<_> = slots.iter_mut().collect();
        apply_batch(&mut slots, batch)?;
        drop(slots);
        self.publish();
        Ok(())
    }

    fn flush_if_due(&self, flushed: &mut Instant) {
        let unflushed: usize =
            self.tables.read().unwrap_or_else(PoisonError::into_inner).values().map(|table| table.unflushed_bytes()).sum();
        if unflushed < FLUSH_BYTES && flushed.elapsed() < FLUSH_AFTER {
            return;
        }
        *flushed = Instant::now();
        if let Err(fault) = self.flush() {
            tracing::warn!(fault = %fault, "rows not flushed; they stay in memory");
        }
    }

    fn flush(&self) -> Result<(), RowFault> {
        let tables: Vec<_> = self.tables.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        tables.iter().try_for_each(|table| table.flush())
    }
}

/// Opens rows that reflect the log behind the feed; others are thrown away, so that they are built anew.
pub(crate) fn open_table(kind: RowKind, path: &Path, feed: &dyn Feed) -> Result<Arc<Table>, ProjectionFault> {
    match try_table(kind, path) {
        Ok(table) if reflects(&table, feed)? => return Ok(table),
        Ok(table) => tracing::warn!(position = table.checkpoint().position, "rows of another log are built anew"),
        Err(RowFault::Unopenable { what, .. }) => tracing::warn!(what, "rows that cannot be opened are built anew"),
        Err(RowFault::Corrupt { what }) => tracing::warn!(what, "corrupt rows are built anew"),
        Err(fault) => return Err(fault.into()),
    }
    at("removal of rows", path, remove(path))?;
    Ok(try_table(kind, path)?)
}

fn try_table(kind: RowKind, path: &Path) -> Result<Arc<Table>, RowFault> {
    Ok(Arc::new(Table::new(open_rows(kind, path)?)?))
}

/// Removes a folder of rows, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether the log has, where the rows end, the chain that they were built from.
fn reflects(table: &Table, feed: &dyn Feed) -> Result<bool, FeedFault> {
    let checkpoint = table.checkpoint();
    let Some(last) = checkpoint.position.checked_sub(1) else { return Ok(true) };
    if checkpoint.position > feed.end() {
        return Ok(false);
    }
    let mut same = false;
    feed.read(last, &mut |batch| {
        same = batch.next_position == checkpoint.position && batch.chain_after == checkpoint.chain;
        ControlFlow::Break(())
    })?;
    Ok(same)
}
