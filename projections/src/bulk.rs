//! Read models from nothing, many times faster than by following the log: gathered, sorted, loaded in order.
//!
//! **Gather**: every commit is decoded once for all models; what each event tells ([`Model::tell`]) is a change of a row by itself alone, and
//! goes to the [`Gatherer`] of its model, which puts changes of one row together and spills runs. One thread decodes and tells, another
//! gathers. **Derive**: what follows from rows told ([`Model::derive`]: the figures of the quota model). **Load**: all rows in order of
//! their keys, into full pages. Two models at a time.
//!
//! Invariants: the rows are those that following the log gives, byte for byte; a store holds all rows of the log up to its checkpoint, or
//! none; a build that was broken off or killed goes on after its last runs, which are in the model's own folder, and are gone when the rows
//! are loaded. Memory at any length of the log: [`GATHER_BYTES`], or while loading what `quota::derive` names; runs may take as much disk
//! as the rows.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use zhixin_store::feed::{Batch, Feed};
use zhixin_store::gather::{Change, Gathered, Gatherer};
use zhixin_store::rows::{Checkpoint, Row, RowFault, RowStore};
use zhixin_store::sorter::Sorted;

use crate::model::{ApplyFault, Model, ModelName, Rows, each_event, settle};
use crate::rebuild::BuildProgress;
use crate::replay::BuildFault;
use crate::runner::reflects;

/// Rows of all models in memory at which they are spilled. Unit: bytes.
const GATHER_BYTES: usize = if cfg!(test) { 8_000 } else { 512 << 20 };
/// Changes that are handed to the gathering thread at once. Unit: bytes.
const HAND_OVER_BYTES: usize = if cfg!(test) { 200 } else { 256 << 10 };
/// Portions of changes that may wait for the gathering thread.
const WAITING_MAX: usize = 8;
/// Models that are loaded at the same time.
const LOADERS: usize = 2;
/// The folder of a build, in that of the rows.
const FOLDER: &str = "build";

fn io_fault(step: &'static str) -> impl FnOnce(io::Error) -> RowFault {
    move |source| RowFault::Io { step, source }
}

/// Empty rows that are to be filled.
#[derive(Clone)]
pub(crate) struct Empty {
    pub(crate) model: ModelName,
    /// The folder of the rows; runs and what is sorted go to a folder in it.
    pub(crate) folder: PathBuf,
    pub(crate) store: Arc<dyn RowStore>,
}

/// Fills empty rows with everything below `end`; the last batch is taken whole.
///
/// `on_progress` is called after every batch; when it breaks, what was gathered is kept for the next call and `false` is returned.
///
/// # Errors
/// The log, a folder or the rows failed.
pub(crate) fn build(
    empty: &[Empty],
    feed: &dyn Feed,
    end: u64,
    on_progress: &mut dyn FnMut(BuildProgress) -> ControlFlow<()>,
) -> Result<bool, BuildFault> {
    let mut gathering = Vec::with_capacity(empty.len());
    for rows in empty {
        let mut gatherer = Gatherer::open(&rows.folder.join(FOLDER)).map_err(io_fault("open the folder of a build"))?;
        if gatherer.reached().position > end || !reflects(gatherer.reached(), feed)? {
            gatherer.clear().map_err(io_fault("empty the folder of a build"))?;
        }
        let reached = gatherer.reached().position;
        gathering.push(Gathering { rows, gatherer, reached });
    }
    if !gather(&mut gathering, feed, end, on_progress)? {
        return Ok(false);
    }
    let waiting = Mutex::new(gathering.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        let load = || std::iter::from_fn(next).try_for_each(Gathering::load);
        let loaders: Vec<_> = (0..LOADERS).map(|_| scope.spawn(load)).collect();
        loaders.into_iter().try_for_each(|loader| loader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(true)
}

/// A model whose changes are being gathered.
struct Gathering<'a> {
    rows: &'a Empty,
    gatherer: Gatherer,
    /// Events below this position are gathered, in memory or in runs.
    reached: u64,
}

/// What the telling thread hands over.
enum Handed {
    /// Changes, one after another, and what they reach if they end with a batch.
    Changes(Vec<u8>, Option<Checkpoint>),
    /// A question for the value of a row of a model.
    Get(u8, Vec<u8>, Sender<io::Result<Option<Vec<u8>>>>),
}

/// Gathers everything below `end` into runs; `false` when broken off.
fn gather(
    gathering: &mut [Gathering<'_>],
    feed: &dyn Feed,
    end: u64,
    on_progress: &mut dyn FnMut(BuildProgress) -> ControlFlow<()>,
) -> Result<bool, BuildFault> {
    let from = gathering.iter().map(|one| one.reached).min().unwrap_or(end);
    if from >= end {
        return Ok(true);
    }
    let mut tellers: Vec<_> = gathering.iter().map(|one| (one.rows.model, one.rows.model.build(), one.reached)).collect();
    let (sender, receiver) = sync_channel(WAITING_MAX);
    std::thread::scope(|scope| {
        let gatherer = scope.spawn(move || take_all(gathering, &receiver));
        let mut out = Out { changes: Vec::new(), reached: None, sender };
        let told = tell_all(&mut tellers, &mut out, feed, (from, end), on_progress);
        drop(out);
        // A fault of the gathering thread is the cause of one here.
        gatherer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        told
    })
}

type Teller = (ModelName, Box<dyn Model>, u64);

fn tell_all(
    tellers: &mut [Teller],
    out: &mut Out,
    feed: &dyn Feed,
    (from, end): (u64, u64),
    on_progress: &mut dyn FnMut(BuildProgress) -> ControlFlow<()>,
) -> Result<bool, BuildFault> {
    let (mut outcome, mut flow) = (Ok(()), ControlFlow::Continue(()));
    feed.read(from, &mut |batch| {
        outcome = tell_batch(tellers, out, batch);
        flow = on_progress(BuildProgress { position: batch.next_position.min(end), end });
        if outcome.is_err() || batch.next_position >= end { ControlFlow::Break(()) } else { flow }
    })?;
    outcome?;
    out.hand_over()?;
    Ok(flow.is_continue())
}

fn tell_batch(tellers: &mut [Teller], out: &mut Out, batch: &Batch<'_>) -> Result<(), RowFault> {
    each_event(batch, &mut |position, event| {
        for (number, (name, model, from)) in (0..).zip(tellers.iter_mut()) {
            if *from <= position {
                let mut rows = TellerRows { number, out };
                let outcome = event.as_ref().map_err(|poison| ApplyFault::Poison(*poison)).and_then(|event| model.tell(&mut rows, event));
                settle(*name, &mut rows, position, outcome)?;
            }
        }
        Ok(())
    })?;
    out.reached = Some(Checkpoint { position: batch.next_position, chain: batch.chain_after });
    if out.changes.len() >= HAND_OVER_BYTES { out.hand_over() } else { Ok(()) }
}

/// Changes on their way to the gathering thread.
struct Out {
    changes: Vec<u8>,
    /// What they reach; none within a batch.
    reached: Option<Checkpoint>,
    sender: SyncSender<Handed>,
}

impl Out {
    fn hand_over(&mut self) -> Result<(), RowFault> {
        let changes = std::mem::replace(&mut self.changes, Vec::with_capacity(HAND_OVER_BYTES + HAND_OVER_BYTES / 4));
        self.send(Handed::Changes(changes, self.reached))
    }

    fn send(&self, handed: Handed) -> Result<(), RowFault> {
        let gone = |_| RowFault::Io { step: "hand over to the gathering thread", source: io::ErrorKind::BrokenPipe.into() };
        self.sender.send(handed).map_err(gone)
    }
}

/// The rows of one model, to the thread that tells.
struct TellerRows<'a> {
    number: u8,
    out: &'a mut Out,
}

/// Bytes of a change before key and value: model, change, length of the key, length of the value.
const CHANGE_HEAD_BYTES: usize = 8;

impl Rows for TellerRows<'_> {
    fn change(&mut self, change: Change, key: &[u8], value: &[u8]) -> Result<(), RowFault> {
        let too_long = |_| RowFault::Corrupt { what: "a key or value too long for a row" };
        // What is told belongs to a batch that has not ended.
        self.out.reached = None;
        let changes = &mut self.out.changes;
        changes.extend_from_slice(&[self.number, change.byte()]);
        changes.extend_from_slice(&u16::try_from(key.len()).map_err(too_long)?.to_le_bytes());
        changes.extend_from_slice(&u32::try_from(value.len()).map_err(too_long)?.to_le_bytes());
        changes.extend_from_slice(key);
        changes.extend_from_slice(value);
        Ok(())
    }

    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        self.out.reached = None;
        self.out.hand_over()?;
        let (answer, answered) = channel();
        self.out.send(Handed::Get(self.number, key.to_vec(), answer))?;
        answered.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into())).map_err(io_fault("read a gathered row"))
    }
}

/// The gathering thread: ends with runs that hold all that came.
fn take_all(gathering: &mut [Gathering<'_>], receiver: &Receiver<Handed>) -> Result<(), RowFault> {
    let mut reached = None;
    for handed in receiver {
        match handed {
            Handed::Changes(changes, checkpoint) => {
                take(gathering, &changes).ok_or(RowFault::Corrupt { what: "a change on its way" })?;
                reached = checkpoint;
                let bytes: usize = gathering.iter().map(|one| one.gatherer.memory_bytes()).sum();
                if bytes >= GATHER_BYTES
                    && let Some(reached) = reached
                {
                    spill(gathering, reached)?;
                }
            }
            Handed::Get(number, key, answer) => {
                let found = gathering.get(usize::from(number)).map_or(Ok(None), |one| one.gatherer.get(&key));
                // Nobody waits for the answer if the teller has failed.
                answer.send(found).ok();
            }
        }
    }
    // Without a checkpoint the teller has failed within a batch: what came of it is dropped.
    reached.map_or(Ok(()), |reached| spill(gathering, reached))
}

fn take(gathering: &mut [Gathering<'_>], mut changes: &[u8]) -> Option<()> {
    while let Some((head, rest)) = changes.split_first_chunk::<CHANGE_HEAD_BYTES>() {
        let [number, change, low, high, length @ ..] = *head;
        let (key, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([low, high])))?;
        let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(length)).ok()?)?;
        gathering.get_mut(usize::from(number))?.gatherer.change(Change::from_byte(change)?, key, value);
        changes = rest;
    }
    Some(())
}

fn spill(gathering: &mut [Gathering<'_>], reached: Checkpoint) -> Result<(), RowFault> {
    let behind = gathering.iter_mut().filter(|one| one.reached < reached.position);
    behind.into_iter().try_for_each(|one| {
        one.reached = reached.position;
        one.gatherer.spill(reached).map_err(io_fault("write gathered rows"))
    })
}

impl Gathering<'_> {
    /// Loads the rows, durably, and removes the runs.
    fn load(self) -> Result<(), RowFault> {
        let Self { rows: Empty { model, folder, store }, gatherer, .. } = self;
        let scratch = folder.join(FOLDER);
        let told = gatherer.rows_from(&[]).map_err(io_fault("read gathered rows"))?;
        let derived = model.build().derive(&gatherer, &scratch)?;
        let mut merged = Merged { told, next_told: None, derived, next_derived: None, begun: false, fault: None };
        let loaded = store.append_sorted(&mut merged, gatherer.reached());
        merged.fault.map_or(loaded, Err)?;
        fs::remove_dir_all(&scratch).map_err(io_fault("remove the folder of a build"))
    }
}

/// Rows told and rows derived, in order.
struct Merged {
    told: Gathered,
    next_told: Option<Row>,
    derived: Option<Sorted>,
    next_derived: Option<Row>,
    begun: bool,
    /// Why it cannot go on.
    fault: Option<RowFault>,
}

impl Merged {
    fn read_told(&mut self) -> Result<(), RowFault> {
        self.next_told = self.told.next_row().map_err(io_fault("merge gathered rows"))?;
        Ok(())
    }

    fn read_derived(&mut self) -> Result<(), RowFault> {
        let Some(derived) = &mut self.derived else { return Ok(()) };
        self.next_derived = derived.next_row().map_err(io_fault("merge derived rows"))?;
        Ok(())
    }

    fn try_next(&mut self) -> Result<Option<Row>, RowFault> {
        if !std::mem::replace(&mut self.begun, true) {
            self.read_told()?;
            self.read_derived()?;
        }
        let derived_first = match (&self.next_told, &self.next_derived) {
            (Some(told), Some(derived)) => derived.0 < told.0,
            (told, _) => told.is_none(),
        };
        if derived_first {
            let row = self.next_derived.take();
            self.read_derived().map(|()| row)
        } else {
            let row = self.next_told.take();
            self.read_told().map(|()| row)
        }
    }
}

impl Iterator for Merged {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.fault.is_none() {
            match self.try_next() {
                Ok(row) => return row,
                Err(fault) => self.fault = Some(fault),
            }
        }
        // After a fault the same row again and again: a store refuses that, and then holds nothing.
        Some((vec![0], Vec::new()))
    }
}

#[cfg(test)]
mod tests;
