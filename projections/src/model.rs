//! What a read model is: rows that events change, one exhaustive match per area, and what happens when an event cannot be applied.
//!
//! Invariants: rows depend on the log alone, never on batches, flushes, restarts, time or machine; an event below the checkpoint of a
//! table is passed over, so that a batch delivered twice changes nothing; an event that a model cannot take is written down as
//! quarantined in that model's own rows, never skipped in silence.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use zhixin_events::{Commit, Position, Recorded, Timestamp};
use zhixin_store::feed::Batch;
use zhixin_store::gather::{Change, Gatherer};
use zhixin_store::rows::{Checkpoint, RowFault};
use zhixin_store::segments::Body;
use zhixin_store::sorter::Sorted;
use zhixin_store::table::{Table, TableView};

use crate::facts;

/// Space of the quarantine in every model's rows.
const QUARANTINE: u8 = 0;

/// The read models, by the names that commands and addresses use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModelName {
    /// [`crate::quota`].
    Quota,
    /// [`crate::certificates`].
    Certificates,
    /// [`crate::classes`].
    Classes,
    /// [`crate::trainers`].
    Trainers,
    /// [`crate::occupations`].
    Occupations,
}

impl ModelName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Quota, Self::Certificates, Self::Classes, Self::Trainers, Self::Occupations];

    /// Its text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Certificates => "certificates",
            Self::Classes => "classes",
            Self::Trainers => "trainers",
            Self::Occupations => "occupations",
        }
    }

    /// The model with this text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }

    /// Version of its rows: it grows with every change after which the same log gives other rows.
    pub const fn version(self) -> u32 {
        match self {
            Self::Trainers => 1,
            // Certificates 2: no rows by holder, for nobody asked them. Classes 2: employers and titles as a roster states them.
            // Occupations 2: codes with their source.
            Self::Certificates | Self::Classes | Self::Occupations => 2,
            // 2: chunks of cells fill a page. 3: cells of each grade of an occupation. 4: a corrected test says what it corrects.
            Self::Quota => 4,
        }
    }

    /// The model, ready for its first event.
    pub fn build(self) -> Box<dyn Model> {
        match self {
            Self::Quota => Box::new(crate::quota::Quota::default()),
            Self::Certificates => Box::new(crate::certificates::Certificates),
            Self::Classes => Box::new(crate::classes::Classes),
            Self::Trainers => Box::new(crate::trainers::Trainers),
            Self::Occupations => Box::new(crate::occupations::Occupations),
        }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Rows as a model changes them when it takes an event: those of a live table, or those of a build from nothing, which only gathers the
/// changes and sorts them. Every row is always changed in the same one of the three ways.
pub trait Rows {
    /// Changes a row.
    fn change(&mut self, change: Change, key: &[u8], value: &[u8]) -> Result<(), RowFault>;

    /// The value of a row. Rare questions only: a build from nothing may have to look into files.
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault>;

    /// Sets a row.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), RowFault> {
        self.change(Change::Put, key, value)
    }

    /// Sets a row that is not there.
    fn put_new(&mut self, key: &[u8], value: &[u8]) -> Result<(), RowFault> {
        self.change(Change::PutNew, key, value)
    }

    /// Adds to the end of a row.
    fn append(&mut self, key: &[u8], value: &[u8]) -> Result<(), RowFault> {
        self.change(Change::Append, key, value)
    }
}

impl Rows for &Table {
    fn change(&mut self, change: Change, key: &[u8], value: &[u8]) -> Result<(), RowFault> {
        match change {
            Change::PutNew if Table::get(self, key)?.is_some() => {}
            Change::Put | Change::PutNew => Table::put(self, key, value.to_vec()),
            Change::Append => self.update(key, |bytes| bytes.extend_from_slice(value))?,
        }
        Ok(())
    }

    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, RowFault> {
        Table::get(self, key)
    }
}

/// How events change the rows of one read model.
///
/// There are two ways to the same rows. Following the log: `apply` for each event, `finish` at the end of each batch. From nothing:
/// `tell` for each event, and at the end `derive` for the rows that follow from those told.
pub trait Model: Send {
    /// Tells an event to the rows, by itself alone: what it changes does not depend on other rows but those it asks for. After
    /// `Poison` nothing is changed.
    fn tell(&mut self, rows: &mut dyn Rows, event: &Recorded<'_>) -> Result<(), ApplyFault>;

    /// Tells an event to a live table, and draws its consequences.
    fn apply(&mut self, mut table: &Table, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        self.tell(&mut table, event)
    }

    /// Writes what is still held back; called at the end of every batch, before it is published.
    fn finish(&mut self, _table: &Table) -> Result<(), RowFault> {
        Ok(())
    }

    /// The rows that following the log would have made of those told, in order; `scratch` is a folder for what does not fit into memory.
    fn derive(&self, _told: &Gatherer, _scratch: &Path) -> Result<Option<Sorted>, RowFault> {
        Ok(None)
    }
}

/// Why an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyFault {
    /// The event makes no sense to the model; it is quarantined and the model goes on.
    #[error("event is quarantined: {0:?}")]
    Poison(Poison),
    /// The rows failed; the model stops.
    #[error(transparent)]
    Rows(#[from] RowFault),
}

/// What is wrong with a quarantined event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poison {
    /// Its commit does not decode.
    Commit,
    /// Its payload does not decode, or its type is unknown.
    Payload,
    /// It names a certificate that was never issued.
    UnknownCertificate,
    /// A text of it is longer than a key can be.
    TooLong,
}

impl Poison {
    const ALL: [Self; 4] = [Self::Commit, Self::Payload, Self::UnknownCertificate, Self::TooLong];

    const fn code(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Payload => 2,
            Self::UnknownCertificate => 3,
            Self::TooLong => 4,
        }
    }

    /// Its text on pages and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit_undecodable",
            Self::Payload => "payload_undecodable",
            Self::UnknownCertificate => "unknown_certificate",
            Self::TooLong => "text_too_long",
        }
    }
}

/// An event that a model could not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarantined {
    /// The event.
    pub position: Position,
    /// The model that lacks it.
    pub model: ModelName,
    /// What is wrong with it.
    pub reason: Poison,
}

/// The quarantined events of a model, by position.
pub(crate) fn quarantined(view: &TableView, model: ModelName) -> Result<Vec<Quarantined>, RowFault> {
    let mut found = Vec::new();
    facts::scan(view, &[QUARANTINE], None, |key, value| {
        let position = key.get(1..).and_then(|eight| eight.try_into().ok()).map(u64::from_be_bytes).ok_or(facts::CORRUPT)?;
        let reason = Poison::ALL.into_iter().find(|reason| value == [reason.code()]).ok_or(facts::CORRUPT)?;
        found.push(Quarantined { position: Position(position), model, reason });
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// A model with the table it fills.
pub struct Slot {
    /// Which model.
    pub name: ModelName,
    /// Its rows.
    pub table: Arc<Table>,
    model: Box<dyn Model>,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("name", &self.name).field("table", &self.table).finish_non_exhaustive()
    }
}

impl Slot {
    /// The model over these rows.
    pub fn new(name: ModelName, table: Arc<Table>) -> Self {
        Self { name, table, model: name.build() }
    }

    /// How far its rows reach.
    pub fn position(&self) -> u64 {
        self.table.checkpoint().position
    }

    fn apply(&mut self, position: u64, event: Result<&Recorded<'_>, Poison>) -> Result<(), RowFault> {
        let outcome = event.map_err(ApplyFault::Poison).and_then(|event| self.model.apply(&self.table, event));
        settle(self.name, &mut &*self.table, position, outcome)
    }
}

/// Writes an event down as quarantined if it is poison.
pub(crate) fn settle(model: ModelName, rows: &mut dyn Rows, position: u64, outcome: Result<(), ApplyFault>) -> Result<(), RowFault> {
    match outcome {
        Ok(()) => Ok(()),
        Err(ApplyFault::Poison(reason)) => {
            tracing::warn!(model = model.name(), position, reason = reason.name(), "event quarantined");
            rows.put(&facts::key(QUARANTINE, &[&position.to_be_bytes()]), &[reason.code()])
        }
        Err(ApplyFault::Rows(fault)) => Err(fault),
    }
}

/// What is called with the position of an event, and the event or why it cannot be read.
type OnEvent<'a> = dyn FnMut(u64, Result<&Recorded<'_>, Poison>) -> Result<(), RowFault> + 'a;

/// Calls `on_event` with every event of a batch in order. Each commit is decoded once.
///
/// # Errors
/// The first of `on_event`, or the body is none.
pub(crate) fn each_event(batch: &Batch<'_>, on_event: &mut OnEvent<'_>) -> Result<(), RowFault> {
    let body = Body::parse(batch.body).ok_or(RowFault::Corrupt { what: "batch of the feed that is no body" })?;
    for frame in body.frames() {
        let commit = Commit::decode(frame.bytes, Timestamp(body.base_ms()))
            .ok()
            .filter(|commit| u32::try_from(commit.events.len()) == Ok(frame.event_count));
        let mut events = commit.as_ref().map(|commit| commit.recorded(Position(frame.first_position)));
        for position in frame.first_position..frame.next_position() {
            match events.as_mut().and_then(Iterator::next) {
                Some(Ok(event)) => on_event(position, Ok(&event))?,
                Some(Err(_)) => on_event(position, Err(Poison::Payload))?,
                None => on_event(position, Err(Poison::Commit))?,
            }
        }
    }
    Ok(())
}

/// Applies a batch to every slot whose rows end in it, and publishes it. A slot that has seen it is passed over, and so is one that
/// lacks batches before it: that one must be brought up first.
///
/// Each commit is decoded once for all slots. After an error the tables hold unpublished changes and must be opened anew.
///
/// # Errors
/// The rows failed, or the body is none.
pub(crate) fn apply_batch(slots: &mut [&mut Slot], batch: &Batch<'_>) -> Result<(), RowFault> {
    let ends_here = |position: u64| (batch.first_position..batch.next_position).contains(&position);
    let mut behind: Vec<_> = slots.iter_mut().map(|slot| (slot.position(), slot)).filter(|(position, _)| ends_here(*position)).collect();
    if behind.is_empty() {
        return Ok(());
    }
    each_event(batch, &mut |position, event| {
        behind.iter_mut().filter(|(from, _)| *from <= position).try_for_each(|(_, slot)| slot.apply(position, event))
    })?;
    for (_, slot) in behind {
        slot.model.finish(&slot.table)?;
        slot.table.advance(Checkpoint { position: batch.next_position, chain: batch.chain_after });
    }
    Ok(())
}
