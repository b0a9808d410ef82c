//! The log of reads: who opened personal data, why, for which case, which fields, whose — never the values. A log of the same kind with its
//! own id, tree and index. A record is durable before the data are sent; without it, no data.
//!
//! The vault keeps size and root of its tree as of at most five seconds ago, and as of the end after a clean stop: a log of reads that does not
//! extend them has lost records. Limit: a record that the vault has not been told of is durable all the same, but whoever takes it off the end
//! of the file is not found out; `verify` names how many such records there are.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zhixin_events::access::{AccessEvent, PersonalDataRead};
use zhixin_events::commit::{Commit, EventRecord, SUBJECTS_MAX};
use zhixin_events::{AccountId, CommandId, Event, PersonId, ReadPurpose, Role, Subject, Timestamp, registry};
use zhixin_store::segments::BodyBuilder;

use crate::appender::log_chain;
use crate::derived::{Derived, DerivedFault, DerivedView};
use crate::entropy::Entropy;
use crate::history::{self, HistoryFault, for_each_event};
use crate::log::{EventLog, LogReader};
use crate::publisher::LastSigned;
use crate::vault_keys::{KeyFault, KeyRing};

/// The vault's row of size and root.
pub(crate) const HEAD_ROW: &[u8] = b"l/reads";

/// The record could not be made durable: nothing may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log of reads takes no record")]
pub struct ReadLogUnavailable;

/// Who reads what and why.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Who reads.
    pub reader: AccountId,
    /// The role they act in.
    pub role: Role,
    /// Why.
    pub purpose: ReadPurpose,
    /// The case it is for.
    pub case_reference: Option<String>,
    /// Names of the fields.
    pub fields: Vec<String>,
    /// Whose.
    pub persons: Vec<PersonId>,
}

/// A reading as it stands in the log of reads.
#[derive(Debug, Clone)]
pub struct RecordedReading {
    /// Its position in the log of reads.
    pub position: u64,
    /// When it was recorded, which is before anything was shown.
    pub recorded_at: Timestamp,
    /// Who read what and why.
    pub reading: Reading,
}

/// The log of reads.
#[derive(Debug)]
pub struct ReadLog {
    inner: Mutex<Inner>,
    reader: Arc<dyn LogReader>,
    keys: Arc<KeyRing>,
    /// Size of the tree that the vault knows.
    noted: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    log: Box<dyn EventLog>,
    derived: Derived,
    entropy: Arc<dyn Entropy>,
    last_recorded: Timestamp,
    failed: bool,
}

impl ReadLog {
    pub(crate) fn new(
        log: Box<dyn EventLog>,
        derived: Derived,
        keys: Arc<KeyRing>,
        entropy: Arc<dyn Entropy>,
        last_recorded: Timestamp,
    ) -> Self {
        let reader = log.feed();
        Self { inner: Mutex::new(Inner { log, derived, entropy, last_recorded, failed: false }), reader, keys, noted: AtomicU64::new(0) }
    }

    /// Records a reading; after `Ok` it is durable.
    ///
    /// # Errors
    /// It could not be recorded.
    pub fn record(&self, reading: &Reading, now: Timestamp) -> Result<(), ReadLogUnavailable> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.append(reading, now, &self.reader).map_err(|fault| {
            tracing::error!(fault = %log_chain(fault.as_ref()), runbook = "read-log", "a reading could not be recorded");
            ReadLogUnavailable
        })
    }

    /// Reads the log of reads.
    pub fn reader(&self) -> &Arc<dyn LogReader> {
        &self.reader
    }

    /// The newest readings of a person's data, or by an account, among those before a position: newest first, at most so many.
    ///
    /// # Errors
    /// The log or its index cannot be read.
    pub fn newest(&self, subject: &Subject, before: u64, max: u64) -> Result<Vec<RecordedReading>, HistoryFault> {
        let view = self.view()?;
        let end = view.count(subject, before)?;
        let mut found = Vec::new();
        let positions = view.positions(subject, end.saturating_sub(max)..end)?;
        for_each_event::<HistoryFault>(&self.reader, Some(&view), &positions, &mut |at, recorded| {
            if let Event::Access(AccessEvent::PersonalDataRead(read)) = &recorded.event {
                let read = read.clone();
                let reading = Reading {
                    reader: read.reader,
                    role: at.commit.role,
                    purpose: read.purpose,
                    case_reference: read.case_reference,
                    fields: read.fields,
                    persons: read.persons,
                };
                found.push(RecordedReading { position: recorded.position.0, recorded_at: at.commit.recorded_at, reading });
            }
            Ok(())
        })?;
        found.reverse();
        Ok(found)
    }

    /// The first position recorded after an instant.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn position_after(&self, at: Timestamp) -> Result<u64, HistoryFault> {
        history::position_after(&self.reader, at)
    }

    /// A view of its index.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn view(&self) -> Result<DerivedView, zhixin_store::rows::RowFault> {
        DerivedView::of(self.inner.lock().unwrap_or_else(PoisonError::into_inner).derived.table())
    }

    /// Writes its rows, and notes in the vault how far it reaches. Why not with every reading: that would be a second sync before the data
    /// are sent; what was recorded since the last flush can be lost only by who can also take the newest records off the file.
    pub(crate) fn flush(&self) -> Result<(), DerivedFault> {
        let (table, head) = {
            let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let tree = inner.derived.tree();
            (Arc::clone(inner.derived.table()), LastSigned { size: tree.size(), root: tree.root() })
        };
        table.flush()?;
        if self.noted.load(Ordering::SeqCst) != head.size {
            head.write(&self.keys, HEAD_ROW).map_err(KeyFault::from)?;
            self.noted.store(head.size, Ordering::SeqCst);
        }
        Ok(())
    }
}

type AnyFault = Box<dyn std::error::Error + Send + Sync>;

impl Inner {
    fn append(&mut self, reading: &Reading, now: Timestamp, reader: &Arc<dyn LogReader>) -> Result<(), AnyFault> {
        if self.failed {
            return Err("an earlier append failed".into());
        }
        // What could not be read back after an earlier append: ordinals that do not count it would be given twice.
        self.catch_up(reader)?;
        let recorded_at = now.max(self.last_recorded);
        let view = DerivedView::of(self.derived.table())?;
        let account = Subject::account(reading.reader);
        let mut account_ordinal = u32::try_from(view.count(&account, u64::MAX)?)?;
        let mut persons = reading.persons.clone();
        persons.sort_unstable();
        persons.dedup();
        let mut events = Vec::new();
        // An event names at most so many subjects; a reading of more persons is several events of one commit.
        let chunks = persons.chunks(SUBJECTS_MAX - 1).map(<[PersonId]>::to_vec);
        for persons in if persons.is_empty() { vec![Vec::new()] } else { chunks.collect() } {
            account_ordinal += 1;
            let mut subjects = vec![(account, account_ordinal)];
            for person in &persons {
                let subject = Subject::person(*person);
                subjects.push((subject, u32::try_from(view.count(&subject, u64::MAX)?)? + 1));
            }
            let (tag, payload) = registry::encode(&Event::from(PersonalDataRead {
                reader: reading.reader,
                purpose: reading.purpose,
                case_reference: reading.case_reference.clone(),
                fields: reading.fields.clone(),
                persons,
            }));
            events.push(EventRecord {
                tag,
                effective_on: recorded_at.civil_date(),
                causation: None,
                subjects,
                payload,
                envelopes: Vec::new(),
                sealed_digests: Vec::new(),
            });
        }
        let event_count = u32::try_from(events.len())?;
        let commit = Commit {
            command_id: CommandId(self.entropy.array()),
            fingerprint: [0; 8],
            salt: self.entropy.array(),
            actor: reading.reader,
            role: reading.role,
            recorded_at,
            correlation: None,
            packs: Vec::new(),
            events,
        };
        let mut body = BodyBuilder::new(self.log.head().next_position, recorded_at.0);
        if !body.push(event_count, &commit.encode(recorded_at)) {
            return Err("a reading of too many persons at once".into());
        }
        let appended = self.log.append(&body.finish());
        // When the head is not certain any more, nothing is recorded, so nothing is shown, until a restart.
        self.failed = appended.as_ref().is_err_and(|fault| !fault.is_passing());
        appended?;
        self.last_recorded = recorded_at;
        if let Err(fault) = self.catch_up(reader) {
            tracing::warn!(fault = %log_chain(&fault), runbook = "read-log", "a recorded reading is not in the index yet; the next one waits for it");
        }
        Ok(())
    }

    fn catch_up(&mut self, reader: &Arc<dyn LogReader>) -> Result<(), DerivedFault> {
        self.derived.catch_up(reader.as_ref(), &mut |_| ControlFlow::Continue(()))
    }
}
