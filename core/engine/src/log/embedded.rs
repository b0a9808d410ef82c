//! The event log in segment files: one process, one writer, fenced by the lock of the folder.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use zhixin_events::codec;
use zhixin_store::feed::{Batch, Feed, FeedFault};
use zhixin_store::segments::{
    AppendFault as SegmentAppendFault, EventFrame, LoggedRecord, OpenReport, Record, RecordKind, SegmentLog, SegmentOptions, SegmentReader,
};

use super::{AppendFault, EpochRecord, EventLog, LogFault, LogHead, LogKey, LogPurpose, LogReader};

/// How many events before the end have their MACs checked at opening; `verify` checks all.
const OPENING_CHECK_EVENTS: u64 = 100_000;

/// Who opens a log.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The node.
    pub node: String,
    /// Version of the code.
    pub code_version: String,
    /// What the log is for; must agree with its genesis.
    pub purpose: LogPurpose,
    /// The time. Unit: milliseconds since 1970-01-01 UTC.
    pub now_ms: i64,
}

/// The event log in segment files.
pub struct EmbeddedLog {
    dir: PathBuf,
    options: SegmentOptions,
    key: LogKey,
    writer: Writer,
    log: Option<SegmentLog>,
    reader: EmbeddedReader,
    head: LogHead,
}

impl std::fmt::Debug for EmbeddedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedLog").field("dir", &self.dir).field("head", &self.head).finish_non_exhaustive()
    }
}

impl EmbeddedLog {
    /// Opens or makes the log in a folder and takes a new epoch.
    ///
    /// # Errors
    /// Damage, another writer, another log or another purpose; then nothing is changed.
    pub fn open(dir: &Path, key: LogKey, writer: Writer, mut options: SegmentOptions) -> Result<(Self, OpenReport), LogFault> {
        options.chain_origin = Some(key.log_id().chain_origin());
        let (log, report) = SegmentLog::open(dir, options.clone())?;
        let reader = log.reader();
        if report.epoch > 0 {
            check_genesis(&reader, &key, writer.purpose)?;
        }
        let checked_from = report.end.saturating_sub(OPENING_CHECK_EVENTS);
        check_records(&reader, &key, checked_from, &mut |_| {})?;
        let head = LogHead { next_position: report.end, chain: report.chain.unwrap_or(key.log_id().chain_origin()), epoch: report.epoch };
        let reader = EmbeddedReader::new(reader);
        let mut opened = Self { dir: dir.to_owned(), options, key, writer, log: Some(log), reader, head };
        opened.take_epoch()?;
        Ok((opened, report))
    }

    fn take_epoch(&mut self) -> Result<(), LogFault> {
        let epoch = self.head.epoch + 1;
        let body = codec::encode(&EpochRecord {
            log_id: self.key.log_id(),
            epoch,
            purpose: self.writer.purpose,
            node: self.writer.node.clone(),
            code_version: self.writer.code_version.clone(),
            started_at_ms: self.writer.now_ms,
        });
        let chain = self.head.chain;
        let Some(record) = Record::epoch(epoch, chain, &body, |hash| self.key.mac(epoch, &chain, hash)) else {
            zhixin_events::invariant!("an epoch record is far shorter than a batch")
        };
        let Some(log) = self.log.as_mut() else { return Err(LogFault::Fenced { epoch }) };
        match log.append(&record) {
            Ok(()) => {
                self.head.epoch = epoch;
                Ok(())
            }
            Err(SegmentAppendFault::Full) => Err(LogFault::Full),
            Err(SegmentAppendFault::Segment(fault)) => Err(fault.into()),
            Err(SegmentAppendFault::SyncFailed(source)) => {
                Err(zhixin_store::segments::SegmentFault::Io { step: "append an epoch record in", path: self.dir.clone(), source }.into())
            }
            Err(SegmentAppendFault::Poisoned | SegmentAppendFault::TooLarge { .. } | SegmentAppendFault::NotNext { .. }) => {
                Err(LogFault::Fenced { epoch })
            }
        }
    }
}

impl EventLog for EmbeddedLog {
    fn head(&self) -> LogHead {
        self.head
    }

    fn purpose(&self) -> LogPurpose {
        self.writer.purpose
    }

    fn append(&mut self, body: &[u8]) -> Result<LogHead, AppendFault> {
        let Some(log) = self.log.as_mut() else { return Err(AppendFault::Fenced) };
        let (epoch, chain) = (self.head.epoch, self.head.chain);
        let record = Record::batch(epoch, chain, body, |hash| self.key.mac(epoch, &chain, hash)).ok_or(AppendFault::TooLarge)?;
        let next_position = record.positions().map_or(self.head.next_position, |(_, next)| next);
        log.append(&record).map_err(|fault| match fault {
            SegmentAppendFault::Full => AppendFault::Full,
            SegmentAppendFault::TooLarge { .. } => AppendFault::TooLarge,
            SegmentAppendFault::NotNext { .. } => AppendFault::Conflict,
            SegmentAppendFault::Segment(fault) => AppendFault::NotWritten(Box::new(fault)),
            SegmentAppendFault::SyncFailed(fault) => AppendFault::Unknown(Box::new(fault)),
            SegmentAppendFault::Poisoned => AppendFault::Unknown(Box::new(io::Error::other("an earlier sync failed"))),
        })?;
        self.head = LogHead { next_position, chain: record.chain_after(), epoch };
        Ok(self.head)
    }

    fn recover(&mut self) -> Result<LogHead, LogFault> {
        // The lock goes with the old handle; opening again reads back what is really there.
        self.log = None;
        // What was acknowledged must be there.
        self.options.must_reach = self.options.must_reach.max(Some(self.head.next_position));
        let (log, report) = SegmentLog::open(&self.dir, self.options.clone())?;
        self.reader.replace(log.reader());
        self.head = LogHead { next_position: report.end, chain: report.chain.unwrap_or(self.head.chain), epoch: report.epoch };
        self.log = Some(log);
        self.take_epoch()?;
        Ok(self.head)
    }

    fn feed(&self) -> Arc<dyn LogReader> {
        Arc::new(self.reader.clone())
    }
}

/// Reads the log that another process writes: for `verify`, `events` and the like. Changes nothing.
///
/// # Errors
/// The files are damaged or cannot be read.
pub fn open_reader(dir: &Path) -> Result<Arc<dyn LogReader>, LogFault> {
    Ok(Arc::new(EmbeddedReader::new(SegmentReader::open(dir)?)))
}

/// Clones read the same log, also after it was opened again.
#[derive(Debug, Clone)]
struct EmbeddedReader(Arc<RwLock<SegmentReader>>);

impl EmbeddedReader {
    fn new(reader: SegmentReader) -> Self {
        Self(Arc::new(RwLock::new(reader)))
    }
    fn present(&self) -> SegmentReader {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    fn replace(&self, reader: SegmentReader) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = reader;
    }
}

impl Feed for EmbeddedReader {
    fn end(&self) -> u64 {
        self.present().end()
    }
    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
        self.present().read(from, on_batch)
    }
    fn wait_beyond(&self, position: u64, timeout: Duration) -> u64 {
        self.present().wait_beyond(position, timeout)
    }
}

impl LogReader for EmbeddedReader {
    fn frame_at(&self, position: u64) -> Result<EventFrame, LogFault> {
        Ok(self.present().frame_at(position)?)
    }

    fn will_read(&self, positions: &[u64]) {
        self.present().will_read(positions);
    }

    fn epochs(&self) -> Result<Vec<EpochRecord>, LogFault> {
        let mut found = Vec::new();
        let mut fault = None;
        self.present().read_records(0, &mut |record| match epoch_of(record) {
            Ok(Some(epoch)) => {
                found.push(epoch);
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(bad) => {
                fault = Some(bad);
                ControlFlow::Break(())
            }
        })?;
        fault.map_or(Ok(found), Err)
    }

    fn check(&self, key: &LogKey, progress: &mut dyn FnMut(u64)) -> Result<LogHead, LogFault> {
        check_records(&self.present(), key, 0, progress)
    }
}

fn epoch_of(record: &LoggedRecord<'_>) -> Result<Option<EpochRecord>, LogFault> {
    match record.envelope.kind {
        RecordKind::Batch => Ok(None),
        RecordKind::Epoch => {
            codec::decode_canonical(0, record.body).map(Some).map_err(|_| LogFault::Epoch { epoch: record.envelope.epoch })
        }
    }
}

fn check_genesis(reader: &SegmentReader, key: &LogKey, purpose: LogPurpose) -> Result<(), LogFault> {
    let mut genesis = Ok(None);
    reader.read_records(0, &mut |record| {
        genesis = epoch_of(record);
        ControlFlow::Break(())
    })?;
    let Some(genesis) = genesis? else { return Err(LogFault::Epoch { epoch: 1 }) };
    if genesis.log_id != key.log_id() {
        return Err(LogFault::AnotherLog { expected: key.log_id(), found: genesis.log_id });
    }
    if genesis.purpose != purpose {
        return Err(LogFault::AnotherPurpose { expected: purpose, found: genesis.purpose });
    }
    Ok(())
}

/// Checks MAC and chain of every record from a position on.
fn check_records(reader: &SegmentReader, key: &LogKey, from: u64, progress: &mut dyn FnMut(u64)) -> Result<LogHead, LogFault> {
    let mut fault = None;
    let mut head = LogHead { next_position: 0, chain: key.log_id().chain_origin(), epoch: 0 };
    reader.read_records(from, &mut |record| {
        let body_hash: [u8; 32] = Sha256::digest(record.body).into();
        if key.mac(record.envelope.epoch, &record.envelope.chain_before, &body_hash) != record.envelope.mac {
            fault = Some(LogFault::Forged { position: record.first_position });
            return ControlFlow::Break(());
        }
        head = LogHead { next_position: record.next_position, chain: record.chain_after, epoch: record.envelope.epoch };
        progress(head.next_position);
        ControlFlow::Continue(())
    })?;
    fault.map_or(Ok(head), Err)
}

/// What the genesis record of a folder says; `None` when there is no log yet. Changes nothing.
///
/// # Errors
/// The files are damaged or cannot be read.
pub fn genesis(dir: &Path) -> Result<Option<EpochRecord>, LogFault> {
    if !dir.exists() {
        return Ok(None);
    }
    let mut genesis = Ok(None);
    SegmentReader::open(dir)?.read_records(0, &mut |record| {
        genesis = epoch_of(record);
        ControlFlow::Break(())
    })?;
    genesis
}
