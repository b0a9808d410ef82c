//! The writer of the log.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::prepare::{self, Preparer};
use super::reader::SegmentReader;
use super::recover::{self, Stop};
use super::scan::{Running, look_at_rest};
use super::state::{Segment, Shared, io_fault, segment_path};
use super::{Record, RecordKind, SegmentFault};
use crate::files;

const LOCK: &str = "lock";

/// How a log is opened.
#[derive(Clone)]
pub struct SegmentOptions {
    /// Size of a segment file. Unit: bytes. No record may be longer.
    pub segment_bytes: u64,
    /// The log takes no batch and makes no segment that would leave less than this free on its file system. Unit: bytes.
    pub free_bytes_min: u64,
    /// A position that something else has seen durable (derived state, the vault, the checkpoint file): a log that ends before it has
    /// lost records and does not open.
    pub must_reach: Option<u64>,
    /// The chain before the first record. Without it the first record's word is taken.
    pub chain_origin: Option<[u8; 32]>,
    /// Tells how many bytes are free where the folder is; replaced in tests.
    pub free_space: fn(&Path) -> io::Result<u64>,
    /// Makes a record durable; replaced in tests.
    pub sync: fn(&File) -> io::Result<()>,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            free_bytes_min: 512 << 20,
            must_reach: None,
            chain_origin: None,
            free_space: files::free_bytes,
            sync: files::sync_data,
        }
    }
}

impl SegmentOptions {
    pub(super) fn has_room(&self, dir: &Path, bytes: u64) -> Result<bool, SegmentFault> {
        let free = (self.free_space)(dir).map_err(io_fault("ask for the free space of", dir))?;
        Ok(free >= self.free_bytes_min.saturating_add(bytes))
    }
}

/// A last append that was cut off at opening: it was never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Name of the segment file.
    pub segment: String,
    /// Where the discarded bytes began. Unit: bytes.
    pub offset: u64,
    /// How many bytes were discarded.
    pub bytes: u64,
    /// What was wrong with them.
    pub what: String,
}

/// What opening found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Position of the next event.
    pub end: u64,
    /// Chain after the last record; `None` if there is no record and no origin was given.
    pub chain: Option<[u8; 32]>,
    /// Epoch of the last record; 0 if there is none.
    pub epoch: u32,
    /// Number of segment files.
    pub segment_count: usize,
    /// What was cut off, if anything; the caller logs it.
    pub torn_tail: Option<TornTail>,
}

/// Why a record was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendFault {
    /// The disk has not enough room. Nothing was written; the log stays open, a later append may succeed.
    #[error("no room for the log to grow")]
    Full,
    /// The record is longer than a segment.
    #[error("a record of {bytes} bytes does not fit into a segment of {bytes_max}")]
    TooLarge {
        /// Length of the record.
        bytes: u64,
        /// Size of a segment.
        bytes_max: u64,
    },
    /// The record does not continue this log (position, chain or epoch). Nothing was written.
    #[error("the record does not continue the log: {what}")]
    NotNext {
        /// What does not fit.
        what: String,
    },
    /// A new segment could not be begun. Nothing was written; the log stays open.
    #[error("begin a segment")]
    Segment(#[source] SegmentFault),
    /// The write or its sync failed: whether the record is in the log is unknown until it is opened again.
    #[error("write or sync a record")]
    SyncFailed(#[source] io::Error),
    /// An earlier write or sync failed; nothing more is taken until the log is opened again.
    #[error("the log takes no more records after a failed sync")]
    Poisoned,
}

/// The log, open to append. One at a time, over all processes: a lock file sees to it.
pub struct SegmentLog {
    shared: Arc<Shared>,
    options: SegmentOptions,
    running: Running,
    active: Arc<File>,
    /// Bytes of records in the active segment.
    length: u64,
    poisoned: bool,
    preparer: Preparer,
    _lock: File,
}

impl SegmentLog {
    /// Opens or makes the log in the folder `dir`.
    ///
    /// Errors: [`SegmentFault::Locked`], and [`SegmentFault::Damaged`] for everything that is not a torn tail; then nothing is changed.
    pub fn open(dir: &Path, options: SegmentOptions) -> Result<(Self, OpenReport), SegmentFault> {
        files::make_dir(dir).map_err(io_fault("make", dir))?;
        let lock = take_lock(dir)?;
        let mut found = recover::find(dir, options.chain_origin, true)?;
        let torn_tail = match found.segments.last() {
            Some(last) => judge_tail(last, &found.stop, &options)?,
            None => None,
        };
        let begin = Running { position: 0, chain: options.chain_origin, epoch: Some(0) };
        let running = found.segments.last().map_or(begin, Segment::running);
        if options.must_reach.is_some_and(|position| position > running.position) && found.segments.is_empty() {
            return Err(Segment::new(dir, &running).damaged(0, ends_early(&running, &options)));
        }
        let last = found.segments.pop().unwrap_or_else(|| Segment::new(dir, &running));
        let active = Arc::new(make_ready(&last, torn_tail.as_ref(), dir, &options)?);
        let length = last.length;
        found.segments.push(last.with_file(Arc::clone(&active)));
        let report = OpenReport {
            end: running.position,
            chain: running.chain,
            epoch: running.epoch.unwrap_or_default(),
            segment_count: found.segments.len(),
            torn_tail,
        };
        let preparer = Preparer::start(dir, &options)?;
        preparer.request();
        let shared = Arc::new(Shared::new(dir, found.segments, true));
        Ok((Self { shared, options, running, active, length, poisoned: false, preparer, _lock: lock }, report))
    }

    /// A reader of this log; it sees what was appended as soon as that is durable.
    pub fn reader(&self) -> SegmentReader {
        SegmentReader::of(Arc::clone(&self.shared))
    }

    /// Position of the next event.
    pub fn end(&self) -> u64 {
        self.running.position
    }

    /// Chain after the last record; `None` before the first record of a log that was given no origin.
    pub fn chain(&self) -> Option<[u8; 32]> {
        self.running.chain
    }

    /// Epoch of the last record; 0 before the first.
    pub fn epoch(&self) -> u32 {
        self.running.epoch.unwrap_or_default()
    }

    /// Appends a record. After `Ok` it survives loss of power.
    ///
    /// Errors: each variant of [`AppendFault`] says whether the log goes on.
    pub fn append(&mut self, record: &Record) -> Result<(), AppendFault> {
        if self.poisoned {
            return Err(AppendFault::Poisoned);
        }
        let bytes = record.bytes().len() as u64;
        if bytes > self.options.segment_bytes {
            return Err(AppendFault::TooLarge { bytes, bytes_max: self.options.segment_bytes });
        }
        let mut running = self.running;
        running.take_new(record).map_err(|what| AppendFault::NotNext { what })?;
        // Every opening takes an epoch, also one that only wants to read: what is kept free is not kept from it.
        let is_epoch = record.envelope().kind == RecordKind::Epoch;
        if !is_epoch && !self.options.has_room(&self.shared.dir, 0).map_err(AppendFault::Segment)? {
            return Err(AppendFault::Full);
        }
        if self.length + bytes > self.options.segment_bytes {
            match self.roll() {
                // There is no room for a segment; the full one grows by a few bytes.
                Err(AppendFault::Full) if is_epoch => {}
                rolled => rolled?,
            }
        }
        self.write(record.bytes())?;
        let before = std::mem::replace(&mut self.running, running);
        self.length += bytes;
        let chain_before = record.envelope().chain_before;
        self.shared.change(|segments| {
            if let Some(active) = segments.last_mut() {
                active.push(bytes, &before, &running, chain_before);
            }
        });
        Ok(())
    }

    fn write(&mut self, record: &[u8]) -> Result<(), AppendFault> {
        if let Err(error) = files::write_at(&self.active, record, self.length) {
            // Some file systems need new blocks even for a zero-filled range. Part of the record may stand there now: take it back, so
            // that it cannot be mistaken for damage later.
            let end = self.length + record.len() as u64;
            let undone = files::zero(&self.active, self.length, end).and_then(|()| files::sync_data(&self.active));
            if files::is_full(&error) && undone.is_ok() {
                return Err(AppendFault::Full);
            }
            self.poisoned = true;
            return Err(AppendFault::SyncFailed(error));
        }
        (self.options.sync)(&self.active).map_err(|error| {
            self.poisoned = true;
            AppendFault::SyncFailed(error)
        })
    }

    /// Seals the active segment and begins the next.
    fn roll(&mut self) -> Result<(), AppendFault> {
        let dir = &self.shared.dir;
        let path = segment_path(dir, self.running.position);
        if self.shared.read().last().is_some_and(|active| active.path == path) {
            // Nothing but epoch records so far, so the next segment would have the same name: this one grows instead.
            return Ok(());
        }
        let (file, spare_path) = self.preparer.take().map_err(|fault| match fault {
            SegmentFault::Full => AppendFault::Full,
            SegmentFault::Locked { .. } | SegmentFault::Damaged { .. } | SegmentFault::OutOfRange { .. } | SegmentFault::Io { .. } => {
                AppendFault::Segment(fault)
            }
        })?;
        if let Err(error) = files::rename(spare_path, &path, dir) {
            let fault = io_fault("rename", spare_path)(error);
            if spare_path.exists() {
                self.preparer.give_back(file);
            } else {
                // The name is there but perhaps not durable; only a new opening can tell.
                self.poisoned = true;
            }
            return Err(AppendFault::Segment(fault));
        }
        self.preparer.request();
        self.active = Arc::new(file);
        self.length = 0;
        let next = Segment::new(dir, &self.running).with_file(Arc::clone(&self.active));
        let full = self.shared.change(|segments| {
            let full = segments.last().cloned();
            segments.push(next);
            full
        });
        if let Some(full) = full {
            self.preparer.seal(full);
        }
        Ok(())
    }
}

impl std::fmt::Debug for SegmentLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentLog").field("dir", &self.shared.dir).field("running", &self.running).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SegmentOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentOptions").field("segment_bytes", &self.segment_bytes).finish_non_exhaustive()
    }
}

fn take_lock(dir: &Path) -> Result<File, SegmentFault> {
    let path: PathBuf = dir.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io_fault("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SegmentFault::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io_fault("lock", &path)(error)),
    }
}

fn ends_early(running: &Running, options: &SegmentOptions) -> String {
    format!("the log ends at position {}, but {} was seen durable", running.position, options.must_reach.unwrap_or_default())
}

/// Decides what stands behind the last good record: nothing, a torn tail, or damage. Changes nothing.
fn judge_tail(last: &Segment, stop: &Stop, options: &SegmentOptions) -> Result<Option<TornTail>, SegmentFault> {
    let rest = look_at_rest(&*last.file()?, last.length).map_err(io_fault("read", &last.path))?;
    let what = match stop {
        Stop::End => "zeroes in place of a record",
        Stop::Bad(what) => what,
    };
    if let Some(valid_at) = rest.valid_at {
        return Err(last.damaged(last.length, format!("{what}, but a whole record stands behind it at byte {valid_at}")));
    }
    if options.must_reach.is_some_and(|position| position > last.next_position) {
        return Err(last.damaged(last.length, format!("{} ({what})", ends_early(&last.running(), options))));
    }
    Ok(rest.written_to.map(|written_to| TornTail {
        segment: last.name(),
        offset: last.length,
        bytes: written_to - last.length,
        what: what.to_owned(),
    }))
}

/// Opens the active segment to write: cuts the torn tail off, and makes or completes the zeroes to write into.
fn make_ready(last: &Segment, torn: Option<&TornTail>, dir: &Path, options: &SegmentOptions) -> Result<File, SegmentFault> {
    if !last.path.exists() {
        return prepare::create(&last.path, dir, options);
    }
    let file = files::open_write(&last.path).map_err(io_fault("open", &last.path))?;
    let length = file.metadata().map_err(io_fault("look at", &last.path))?.len();
    // The sidecar of a segment that is written again would be wrong; it is there if later segments were taken away.
    if last.sidecar_path().exists() {
        fs::remove_file(last.sidecar_path()).map_err(io_fault("remove the sidecar of", &last.path))?;
    }
    let torn_end = torn.map_or(last.length, |torn| torn.offset + torn.bytes);
    let mut zeroed = write_again(last, &file).and_then(|()| files::zero(&file, last.length, torn_end));
    if length < options.segment_bytes && zeroed.is_ok() {
        if !options.has_room(dir, options.segment_bytes - length)? {
            return Err(SegmentFault::Full);
        }
        zeroed = files::zero(&file, length, options.segment_bytes);
    }
    zeroed.and_then(|()| file.sync_all()).map_err(io_fault("prepare", &last.path))?;
    Ok(file)
}

/// Writes the newest records over themselves.
///
/// Why: after a failed sync the system may hold what it could not write for written, so that what is read here stands in memory only, and a
/// second sync would succeed without a write. One append at most is in question, since none follows a failed sync; the sparse index
/// knows a place before it.
fn write_again(last: &Segment, file: &File) -> io::Result<()> {
    let from = last.index.last().map_or(0, |entry| entry.offset);
    let mut bytes = vec![0; usize::try_from(last.length - from).map_err(io::Error::other)?];
    let read = files::read_at(file, &mut bytes, from)?;
    files::write_at(file, bytes.get(..read).unwrap_or_default(), from)
}
