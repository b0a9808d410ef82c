//! Keeps the read models up to date: opens their rows, follows the feed in one thread, flushes, and lets callers wait for a position.
//!
//! Invariants: rows and checkpoint are stored together, so a restart goes on where the stored rows end; rows that cannot be opened, or
//! that reflect another log, are thrown away and built anew; what readers see is always a whole batch.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zhixin_store::feed::{Batch, Feed, FeedFault};
use zhixin_store::rows::{Checkpoint, MemoryRows, RowFault, RowKind, RowStore, open_rows};
use zhixin_store::table::{Table, TableView};

use crate::bulk::{self, Empty};
use crate::model::{self, ModelName, Quarantined, Slot, apply_batch};
use crate::pointer::Pointer;
use crate::rebuild::BuildProgress;
use crate::replay::catch_up;

/// Unflushed rows of all models at which they are flushed.
const FLUSH_BYTES: usize = 64 * 1024 * 1024;
/// Longest time that rows stay unflushed.
const FLUSH_AFTER: Duration = Duration::from_secs(5);
/// A model that is further behind the others than this is brought up by a thread of its own, so that they need not wait for it.
/// Unit: events.
const LAG_MAX: u64 = if cfg!(test) { 8 } else { 100_000 };
/// A model without rows whose log is longer than this is built by sorting, together with others like it. Unit: events.
pub(crate) const FOLLOWED_MAX: u64 = LAG_MAX;
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
}

/// The read models of a process.
pub struct Projections {
    pub(crate) shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
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
    /// Bytes of rows that are not flushed, as they were when something last moved.
    unflushed: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Progress {
    positions: BTreeMap<ModelName, u64>,
    /// How far the log is gathered for models that have no rows yet.
    gathered: u64,
    fault: Option<String>,
    stopping: bool,
}

impl Progress {
    fn position(&self) -> u64 {
        self.positions.values().copied().min().unwrap_or(0)
    }
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
        at("removal of rows", &rows, pointer.sweep())?;
        let (mut slots, mut tables, mut empty) = (Vec::new(), BTreeMap::new(), Vec::new());
        for model in ModelName::ALL {
            let folder = pointer.path(pointer.folders.get(&model).map(|folders| folders.live.as_str()).unwrap_or_default());
            let store = open_store(kind, &folder, feed.as_ref())?;
            if store.view()?.checkpoint().position == 0 && feed.end() > FOLLOWED_MAX {
                // Nobody may read what is being loaded: until then there is nothing to see.
                tables.insert(model, Arc::new(Table::new(Arc::new(MemoryRows::new()))?));
                empty.push(Empty { model, folder, store });
            } else {
                let slot = Slot::new(model, Arc::new(Table::new(store)?));
                tables.insert(model, Arc::clone(&slot.table));
                slots.push(slot);
            }
        }
        let shared = Arc::new(Shared {
            kind,
            feed,
            pointer: Mutex::new(pointer),
            slots: Mutex::new(slots),
            tables: RwLock::new(tables),
            progress: Mutex::new(Progress::default()),
            moved: Condvar::new(),
            unflushed: Arc::default(),
        });
        shared.publish();
        let projections = Self { shared, threads: Mutex::new(Vec::new()) };
        if !empty.is_empty() {
            projections.start("builder", move |shared| shared.build(empty))?;
        }
        for slot in projections.shared.take_laggards() {
            projections.start(slot.name.name(), move |shared| shared.bring_up(slot))?;
        }
        projections.start("applier", Shared::follow)?;
        Ok(projections)
    }

    fn start(&self, name: &str, run: impl FnOnce(&Shared) + Send + 'static) -> Result<(), ProjectionFault> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _fails = FailsWithPanic(&shared);
            run(&shared);
        });
        lock(&self.threads).push(thread.map_err(ProjectionFault::Thread)?);
        Ok(())
    }

    /// What every model reflects: events at positions below this one.
    pub fn position(&self) -> u64 {
        lock(&self.shared.progress).position()
    }

    /// How far the log has been read for every model: [`Projections::position`], but for models that are being built from nothing and
    /// whose rows come all at once in the end.
    pub fn progress(&self) -> u64 {
        let progress = lock(&self.shared.progress);
        progress.positions.values().map(|position| if *position == 0 { progress.gathered } else { *position }).min().unwrap_or(0)
    }

    /// What one model reflects.
    pub fn position_of(&self, model: ModelName) -> u64 {
        lock(&self.shared.progress).positions.get(&model).copied().unwrap_or(0)
    }

    /// Waits until every model reflects all events below `position` (an exclusive end, as in [`crate::AsOf`]), at most `timeout`.
    ///
    /// Returns whether they do. To see an event at P, wait for P + 1.
    #[must_use = "they may have stopped"]
    pub fn wait_for(&self, position: u64, timeout: Duration) -> bool {
        self.shared.wait(timeout, |progress| progress.position() >= position)
    }

    /// The same for one model: it does not wait for another that is being built anew.
    pub fn wait_for_model(&self, model: ModelName, position: u64, timeout: Duration) -> bool {
        self.shared.wait(timeout, |progress| progress.positions.get(&model).is_some_and(|reached| *reached >= position))
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

    /// Memory that rows take until they are flushed. Unit: bytes. Kept up to date, so that whoever takes commands can let them wait by it.
    pub fn unflushed_bytes(&self) -> &Arc<AtomicUsize> {
        &self.shared.unflushed
    }

    /// Stops the threads and flushes what it applied. Queries go on answering.
    ///
    /// # Errors
    /// The flush failed; the rows are rebuilt from the log at the next start.
    pub fn stop(&self) -> Result<(), RowFault> {
        lock(&self.shared.progress).stopping = true;
        self.shared.moved.notify_all();
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            if thread.join().is_err() {
                tracing::error!(runbook = "invariant", "a thread of the read models panicked");
            }
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

/// Turns a panic of a thread into a fault that waiting callers see.
struct FailsWithPanic<'a>(&'a Shared);

impl Drop for FailsWithPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("panic");
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
        // Read under the lock, so that of two callers the later one tells the later positions.
        let mut progress = lock(&self.progress);
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        progress.positions = tables.iter().map(|(model, table)| (*model, table.checkpoint().position)).collect();
        drop((tables, progress));
        self.count_unflushed();
        self.moved.notify_all();
    }

    fn wait(&self, timeout: Duration, reached: impl Fn(&Progress) -> bool) -> bool {
        let waiting = |progress: &mut Progress| !reached(progress) && progress.fault.is_none() && !progress.stopping;
        let waited = self.moved.wait_timeout_while(lock(&self.progress), timeout, waiting);
        let (progress, _) = waited.unwrap_or_else(PoisonError::into_inner);
        reached(&progress)
    }

    fn is_stopping(&self) -> bool {
        lock(&self.progress).stopping
    }

    fn fail(&self, fault: &str) {
        tracing::error!(fault, runbook = "derived", "the read models stopped");
        lock(&self.progress).fault = Some(fault.to_owned());
        self.moved.notify_all();
    }

    /// Removes the slots that are far behind the furthest one.
    fn take_laggards(&self) -> Vec<Slot> {
        let mut slots = lock(&self.slots);
        let furthest = slots.iter().map(Slot::position).max().unwrap_or(0);
        let all = std::mem::take(&mut *slots);
        let (behind, near) = all.into_iter().partition(|slot| furthest - slot.position() > LAG_MAX);
        *slots = near;
        behind
    }

    /// Builds models that have no rows, all in one pass, then hands them to the applier.
    fn build(&self, empty: Vec<Empty>) {
        let mut go_on = |built: BuildProgress| {
            let mut progress = lock(&self.progress);
            progress.gathered = built.position;
            if progress.stopping { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match bulk::build(&empty, self.feed.as_ref(), self.feed.end(), &mut go_on) {
            Err(fault) => return self.fail(&fault.to_string()),
            Ok(false) => return,
            Ok(true) => {}
        }
        for Empty { model, store, .. } in empty {
            let table = match Table::new(store) {
                Ok(table) => Arc::new(table),
                Err(fault) => return self.fail(&fault.to_string()),
            };
            let slot = Slot::new(model, Arc::clone(&table));
            self.tables.write().unwrap_or_else(PoisonError::into_inner).insert(model, table);
            self.publish();
            self.bring_up(slot);
        }
    }

    /// Brings one model up to the others and hands it to the applier.
    fn bring_up(&self, mut slot: Slot) {
        let furthest = |slots: &[Slot]| slots.iter().map(Slot::position).max().unwrap_or(0);
        while !self.is_stopping() {
            let target = furthest(&lock(&self.slots));
            let outcome = catch_up(&mut slot, self.feed.as_ref(), target, &mut |slot| {
                self.publish();
                if slot.table.unflushed_bytes() >= FLUSH_BYTES
                    && let Err(fault) = slot.table.flush()
                {
                    tracing::warn!(fault = %fault, "rows not flushed; they stay in memory");
                }
                if self.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if let Err(fault) = outcome {
                return self.fail(&fault.to_string());
            }
            let mut slots = lock(&self.slots);
            if !Arc::ptr_eq(&self.table(slot.name), &slot.table) {
                return; // A switch has put another build in its place.
            }
            if furthest(&slots).saturating_sub(slot.position()) <= LAG_MAX {
                slots.push(slot);
                drop(slots);
                return self.publish();
            }
        }
    }

    /// The applier's thread: follows the feed until told to stop or until something fails.
    fn follow(&self) {
        let mut flushed = Instant::now();
        while !self.is_stopping() {
            let Some(position) = lock(&self.slots).iter().map(Slot::position).min() else {
                // All models are being built; whoever brings the first one publishes it.
                self.wait(WAIT_MAX, |_| false);
                continue;
            };
            let mut outcome = Ok(());
            let read = self.feed.read(position, &mut |batch| {
                let all_reached = self.apply(batch);
                self.flush_if_due(&mut flushed);
                let go_on = matches!(all_reached, Ok(true)) && !self.is_stopping();
                outcome = all_reached.map(|_| ());
                if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            if let Err(fault) = read.map_err(ProjectionFault::from).and(outcome.map_err(ProjectionFault::from)) {
                return self.fail(&fault.to_string());
            }
            self.flush_if_due(&mut flushed);
            let position = lock(&self.slots).iter().map(Slot::position).min().unwrap_or(0);
            self.feed.wait_beyond(position, WAIT_MAX);
        }
    }

    /// Applies a batch; says whether every slot has reached its end. One that joined late has not: it needs batches before.
    fn apply(&self, batch: &Batch<'_>) -> Result<bool, RowFault> {
        let mut slots = lock(&self.slots);
        let mut refs: Vec<_> = slots.iter_mut().collect();
        apply_batch(&mut refs, batch)?;
        let all_reached = slots.iter().all(|slot| slot.position() >= batch.next_position);
        drop(slots);
        self.publish();
        Ok(all_reached)
    }

    fn flush_if_due(&self, flushed: &mut Instant) {
        if self.count_unflushed() < FLUSH_BYTES && flushed.elapsed() < FLUSH_AFTER {
            return;
        }
        *flushed = Instant::now();
        if let Err(fault) = self.flush() {
            tracing::warn!(fault = %fault, "rows not flushed; they stay in memory");
        }
    }

    fn flush(&self) -> Result<(), RowFault> {
        let tables: Vec<_> = self.tables.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let flushed = tables.iter().try_for_each(|table| table.flush());
        self.count_unflushed();
        flushed
    }

    fn count_unflushed(&self) -> usize {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = tables.values().map(|table| table.unflushed_bytes()).sum();
        self.unflushed.store(bytes, Ordering::Relaxed);
        bytes
    }
}

/// Opens rows that reflect the log behind the feed; others are thrown away, so that they are built anew.
pub(crate) fn open_store(kind: RowKind, path: &Path, feed: &dyn Feed) -> Result<Arc<dyn RowStore>, ProjectionFault> {
    if let Some(store) = checked(open_rows(kind, path), feed)? {
        return Ok(store);
    }
    at("removal of rows", path, remove(path))?;
    Ok(open_rows(kind, path)?)
}

/// The store if its rows are good.
fn checked(opened: Result<Arc<dyn RowStore>, RowFault>, feed: &dyn Feed) -> Result<Option<Arc<dyn RowStore>>, ProjectionFault> {
    match opened.and_then(|store| Ok((store.view()?.checkpoint(), store))) {
        Ok((checkpoint, store)) if reflects(checkpoint, feed)? => return Ok(Some(store)),
        Ok((checkpoint, _)) => tracing::warn!(position = checkpoint.position, "rows of another log are built anew"),
        Err(RowFault::Unopenable { what, .. }) => tracing::warn!(what, "rows that cannot be opened are built anew"),
        Err(RowFault::Corrupt { what }) => tracing::warn!(what, "corrupt rows are built anew"),
        Err(fault) => return Err(fault.into()),
    }
    Ok(None)
}

/// Removes a folder of rows, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether the log has, where rows end, the chain that they were built from.
pub(crate) fn reflects(checkpoint: Checkpoint, feed: &dyn Feed) -> Result<bool, FeedFault> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::history::{MemoryFeed, Told, tell};
    use crate::properties::{WAIT, a_year};
    use crate::replay;
    use zhixin_store::table::digest;

    fn rows(projections: &Projections, model: ModelName) -> [u8; 32] {
        digest(&projections.view(model).unwrap()).unwrap()
    }

    fn follows(dir: &Path, kind: RowKind, told: &[Told]) {
        let feed = Arc::new(MemoryFeed::new(told, &[3, 5]));
        let projections = Projections::open(dir, kind, feed.clone()).unwrap();
        for model in ModelName::ALL {
            assert!(projections.wait_for_model(model, feed.end(), WAIT), "{:?}", projections.fault());
            let fold = replay::build(model, feed.as_ref(), feed.end()).unwrap();
            assert_eq!(rows(&projections, model), digest(&fold).unwrap(), "{model}");
        }
        assert!(projections.wait_for(feed.end(), WAIT));
        assert_eq!(projections.position_of(ModelName::Classes), feed.end());
        assert!(!projections.wait_for(feed.end() + 1, Duration::ZERO));
        projections.stop().unwrap();
    }

    #[test]
    fn rows_of_another_log_are_built_anew() {
        let dir = tempfile::tempdir().unwrap();
        let told = a_year();
        follows(dir.path(), RowKind::Lmdb, &told);
        // A log that is as long but not the same, and one that is shorter.
        let mut other = told.clone();
        other[0] = tell(&[]).pop().unwrap();
        follows(dir.path(), RowKind::Lmdb, &other);
        follows(dir.path(), RowKind::Lmdb, &other[..told.len() / 2]);
    }

    #[test]
    fn damaged_rows_are_built_anew_while_the_others_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let told = a_year();
        follows(dir.path(), RowKind::Lmdb, &told);
        let quota = dir.path().join("rows/quota@4");
        for file in fs::read_dir(&quota).unwrap() {
            fs::write(file.unwrap().path(), [0x5a; 9_000]).unwrap();
        }
        fs::remove_dir_all(dir.path().join("rows/classes@2")).unwrap();
        follows(dir.path(), RowKind::Lmdb, &told);
    }

    #[test]
    fn applier_stops_with_a_fault_when_the_log_cannot_be_read() {
        struct Broken;
        impl Feed for Broken {
            fn end(&self) -> u64 {
                5
            }
            fn read(&self, position: u64, _: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
                Err(FeedFault::Source { position, source: "no log".into() })
            }
            fn wait_beyond(&self, _: u64, _: Duration) -> u64 {
                5
            }
        }
        let projections = Projections::open(tempfile::tempdir().unwrap().path(), RowKind::Memory, Arc::new(Broken)).unwrap();
        assert!(!projections.wait_for(1, WAIT));
        assert_eq!(projections.fault().as_deref(), Some("feed at position 0"));
    }
}
