//! The event log in memory, with several writers on one backend, strays, and troubles on order: for tests of the contract and the engine.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zhixin_events::codec;
use zhixin_events::digest::sha256;
use zhixin_store::feed::{Batch, Feed, FeedFault};
use zhixin_store::segments::{BODY_BYTES_MAX, Body, EventFrame, Record, RecordKind, SegmentFault};

use super::embedded::Writer;
use super::{AppendFault, EpochRecord, EventLog, LogFault, LogHead, LogKey, LogPurpose, LogReader};

/// What goes wrong with the next append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No room; nothing is written.
    Full,
    /// The answer is lost, the batch is written.
    UnknownWritten,
    /// The answer is lost, the batch is not written.
    UnknownLost,
}

/// What several writers share: every record ever sent, also those that no reader may believe.
#[derive(Debug)]
pub struct MemoryBackend {
    key: LogKey,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    records: Vec<Record>,
    troubles: VecDeque<Trouble>,
    held: bool,
}

impl MemoryBackend {
    /// An empty log.
    pub fn new(key: LogKey) -> Arc<Self> {
        Arc::new(Self { key, state: Mutex::default(), changed: Condvar::new() })
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// The next appends meet these troubles.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.state().troubles.extend(troubles);
    }
    /// Appends wait until [`MemoryBackend::release`].
    pub fn hold(&self) {
        self.state().held = true;
    }
    /// Lets waiting appends go on.
    pub fn release(&self) {
        self.state().held = false;
        self.changed.notify_all();
    }
    /// Puts a record into the log as any client of a shared backend could.
    pub fn inject(&self, record: Record) {
        self.state().records.push(record);
        self.changed.notify_all();
    }
    /// The valid records and the head they lead to; strays and forgeries are skipped.
    fn valid(&self, state: &State) -> (Vec<Record>, LogHead) {
        let mut head = LogHead { next_position: 0, chain: self.key.log_id().chain_origin(), epoch: 0 };
        let mut valid = Vec::new();
        for record in &state.records {
            let envelope = record.envelope();
            let mac = self.key.mac(envelope.epoch, &envelope.chain_before, &sha256(&[record.body()]));
            let next = match envelope.kind {
                RecordKind::Epoch => envelope.epoch == head.epoch + 1,
                RecordKind::Batch => {
                    envelope.epoch == head.epoch && record.positions().is_some_and(|(first, _)| first == head.next_position)
                }
            };
            if mac == envelope.mac && envelope.chain_before == head.chain && next {
                head = LogHead {
                    next_position: record.positions().map_or(head.next_position, |(_, next)| next),
                    chain: record.chain_after(),
                    epoch: envelope.epoch,
                };
                valid.push(record.clone());
            }
        }
        (valid, head)
    }
}

/// One writer on a [`MemoryBackend`].
#[derive(Debug)]
pub struct MemoryLog {
    backend: Arc<MemoryBackend>,
    writer: Writer,
    head: LogHead,
}

impl MemoryLog {
    /// Takes a new epoch on a backend; an earlier writer is fenced from here on.
    ///
    /// # Errors
    /// The log was made for another purpose.
    pub fn open(backend: &Arc<MemoryBackend>, writer: Writer) -> Result<Self, LogFault> {
        let mut log = Self {
            backend: Arc::clone(backend),
            writer,
            head: LogHead { next_position: 0, chain: backend.key.log_id().chain_origin(), epoch: 0 },
        };
        log.recover()?;
        Ok(log)
    }
}

impl EventLog for MemoryLog {
    fn head(&self) -> LogHead {
        self.head
    }

    fn purpose(&self) -> LogPurpose {
        self.writer.purpose
    }

    fn append(&mut self, body: &[u8]) -> Result<LogHead, AppendFault> {
        if body.len() > BODY_BYTES_MAX {
            return Err(AppendFault::TooLarge);
        }
        let (epoch, chain) = (self.head.epoch, self.head.chain);
        let record = Record::batch(epoch, chain, body, |hash| self.backend.key.mac(epoch, &chain, hash)).ok_or(AppendFault::TooLarge)?;
        let mut state = self.backend.state();
        while state.held {
            state = self.backend.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let (_, real) = self.backend.valid(&state);
        if real.epoch > epoch {
            return Err(AppendFault::Fenced);
        }
        let follows = record.positions().is_some_and(|(first, _)| first == real.next_position);
        if real != self.head || !follows {
            return Err(AppendFault::Conflict);
        }
        let next_position = record.positions().map_or(self.head.next_position, |(_, next)| next);
        let after = LogHead { next_position, chain: record.chain_after(), epoch };
        let lost = || AppendFault::Unknown("the answer was lost".into());
        match state.troubles.pop_front() {
            Some(Trouble::Full) => return Err(AppendFault::Full),
            Some(Trouble::UnknownLost) => return Err(lost()),
            Some(Trouble::UnknownWritten) => {
                state.records.push(record);
                return Err(lost());
            }
            None => state.records.push(record),
        }
        drop(state);
        self.backend.changed.notify_all();
        self.head = after;
        Ok(after)
    }

    fn recover(&mut self) -> Result<LogHead, LogFault> {
        let mut state = self.backend.state();
        let (valid, head) = self.backend.valid(&state);
        if let Some(genesis) = valid.first() {
            let found: EpochRecord = codec::decode_exact(0, genesis.body()).map_err(|_| LogFault::Epoch { epoch: 1 })?;
            if found.purpose != self.writer.purpose {
                return Err(LogFault::AnotherPurpose { expected: self.writer.purpose, found: found.purpose });
            }
        }
        let epoch = head.epoch + 1;
        let body = codec::encode(&EpochRecord {
            log_id: self.backend.key.log_id(),
            epoch,
            purpose: self.writer.purpose,
            node: self.writer.node.clone(),
            code_version: self.writer.code_version.clone(),
            started_at_ms: self.writer.now_ms,
        });
        let Some(record) = Record::epoch(epoch, head.chain, &body, |hash| self.backend.key.mac(epoch, &head.chain, hash)) else {
            zhixin_events::invariant!("an epoch record is far shorter than a batch")
        };
        state.records.push(record);
        self.head = LogHead { epoch, ..head };
        Ok(self.head)
    }

    fn feed(&self) -> Arc<dyn LogReader> {
        Arc::new(MemoryReader(Arc::clone(&self.backend)))
    }
}

#[derive(Debug)]
struct MemoryReader(Arc<MemoryBackend>);

impl Feed for MemoryReader {
    fn end(&self) -> u64 {
        self.0.valid(&self.0.state()).1.next_position
    }

    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
        let (valid, _) = self.0.valid(&self.0.state());
        for record in &valid {
            let (Some((first_position, next_position)), Some(body)) = (record.positions(), Body::parse(record.body())) else { continue };
            if next_position <= from {
                continue;
            }
            let batch = Batch {
                epoch: record.envelope().epoch,
                first_position,
                next_position,
                base_ms: body.base_ms(),
                chain_after: record.chain_after(),
                body: record.body(),
            };
            if on_batch(&batch).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn wait_beyond(&self, position: u64, timeout: Duration) -> u64 {
        let state = self.0.state();
        let waiting = |state: &mut State| self.0.valid(state).1.next_position <= position;
        let (state, _) = self.0.changed.wait_timeout_while(state, timeout, waiting).unwrap_or_else(PoisonError::into_inner);
        self.0.valid(&state).1.next_position
    }
}

impl LogReader for MemoryReader {
    fn frame_at(&self, position: u64) -> Result<EventFrame, LogFault> {
        let (valid, head) = self.0.valid(&self.0.state());
        let found = valid.iter().find_map(|record| {
            let body = Body::parse(record.body())?;
            let frame = body.frame_at(position)?;
            Some(EventFrame {
                bytes: frame.bytes.to_vec(),
                index: u32::try_from(position - frame.first_position).ok()?,
                first_position: frame.first_position,
                event_count: frame.event_count,
                base_ms: body.base_ms(),
                epoch: record.envelope().epoch,
            })
        });
        found.ok_or(LogFault::Segments(SegmentFault::OutOfRange { position, end: head.next_position }))
    }

    fn epochs(&self) -> Result<Vec<EpochRecord>, LogFault> {
        let (valid, _) = self.0.valid(&self.0.state());
        valid
            .iter()
            .filter(|record| record.envelope().kind == RecordKind::Epoch)
            .map(|record| codec::decode_exact(0, record.body()).map_err(|_| LogFault::Epoch { epoch: record.envelope().epoch }))
            .collect()
    }

    fn check(&self, _key: &LogKey, progress: &mut dyn FnMut(u64)) -> Result<LogHead, LogFault> {
        let (_, head) = self.0.valid(&self.0.state());
        progress(head.next_position);
        Ok(head)
    }
}
