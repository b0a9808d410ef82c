//! Checking live rows in samples while they are served: the rows of one thing against a fold of its own history.
//!
//! A fold over a long log takes too long to be made all the time. But the rows that belong to one person, class, certificate, trainer or
//! occupation (their key ends its first part with the id) follow from few events: its own and those of what they name. So a sample costs no
//! more than a page. Cells of the quota belong to nobody; they are checked by [`Projections::verify_against_fold`].

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use zhixin_events::{Subject, SubjectKind, Timestamp};
use zhixin_store::rows::{Checkpoint, Direction, MemoryRows, Row, RowFault, RowView as _};
use zhixin_store::table::{Table, TableView};

use crate::model::{ModelName, Slot, apply_batch};
use crate::runner::{ProjectionFault, Projections};

/// What came of a sample, or of many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sampled {
    /// Rows that were compared.
    pub rows: u64,
    /// Events that were folded for it.
    pub events: u64,
    /// Rows that are not what the events say, or that no event says.
    pub wrong: Vec<WrongRow>,
}

/// A live row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRow {
    /// The model.
    pub model: ModelName,
    /// The row's key.
    pub key: Vec<u8>,
}

/// The models in which a thing has rows that follow from its history and the histories that this one names.
fn models_of(kind: SubjectKind) -> &'static [ModelName] {
    match kind {
        SubjectKind::Person | SubjectKind::Class | SubjectKind::Certificate => {
            &[ModelName::Quota, ModelName::Certificates, ModelName::Classes]
        }
        SubjectKind::Trainer => &[ModelName::Trainers],
        SubjectKind::Occupation => &[ModelName::Occupations],
        SubjectKind::Account
        | SubjectKind::Organisation
        | SubjectKind::Target
        | SubjectKind::Pack
        | SubjectKind::Job
        | SubjectKind::Calendar
        | SubjectKind::CertificateSeries
        | SubjectKind::Seat
        | SubjectKind::OrganisationCode
        | SubjectKind::OccupationCode
        | SubjectKind::HoursOnce
        | SubjectKind::CertificateOnce
        | SubjectKind::CertificateNumber
        | SubjectKind::DirectoryNumber
        | SubjectKind::TrainerOfOrganisation => &[],
    }
}

/// Whether a sample can be made of such a thing.
pub fn is_sampled(kind: SubjectKind) -> bool {
    !models_of(kind).is_empty()
}

impl Projections {
    /// Compares the live rows of a thing with a fold of these events: the positions of its own history and of the persons, classes and
    /// certificates that this names, in order. Events that the live rows do not reflect yet are passed over.
    ///
    /// # Errors
    /// The rows or the log failed.
    pub fn check_sample(&self, subject: &Subject, positions: &[u64]) -> Result<Sampled, ProjectionFault> {
        let mut sampled = Sampled::default();
        let Some(id) = subject.first_id() else { return Ok(sampled) };
        let mut folds = Vec::new();
        for model in models_of(subject.kind()) {
            let live = self.view(*model)?;
            folds.push((Slot::new(*model, Arc::new(Table::new(Arc::new(MemoryRows::new()))?)), live));
        }
        let (mut reached, mut outcome) = (0, Ok(()));
        for position in positions {
            if *position < reached {
                continue;
            }
            self.shared.feed.read(*position, &mut |batch| {
                let mut slots = Vec::new();
                for (slot, live) in &mut folds {
                    if batch.next_position <= live.checkpoint().position {
                        // What stands between two batches of the sample is nothing to it.
                        slot.table.advance(Checkpoint { position: batch.first_position, chain: batch.chain_after });
                        slots.push(slot);
                    }
                }
                outcome = apply_batch(&mut slots, batch);
                sampled.events += batch.next_position - batch.first_position;
                reached = batch.next_position;
                ControlFlow::Break(())
            })?;
            std::mem::replace(&mut outcome, Ok(()))?;
        }
        for (slot, live) in &folds {
            compare_rows(slot, live, id, &mut sampled)?;
        }
        Ok(sampled)
    }
}

/// Compares what stands below every key that ends with the id.
fn compare_rows(slot: &Slot, live: &TableView, id: [u8; 6], sampled: &mut Sampled) -> Result<(), RowFault> {
    let fold = slot.table.view()?;
    // In every space the rows of the id itself, so that one which only the live build has is seen, too.
    let mut prefixes: BTreeSet<Vec<u8>> = (0..=u8::MAX).map(|space| [&[space], &id[..]].concat()).collect();
    fold.scan_prefix(&[], Direction::Ascending, &mut |key, _| {
        let place = key.get(1..).and_then(|rest| rest.windows(id.len()).position(|part| part == id));
        prefixes.extend(place.and_then(|place| key.get(..1 + place + id.len())).map(<[u8]>::to_vec));
        ControlFlow::Continue(())
    })?;
    for prefix in prefixes {
        let (expected, found) = (rows_below(&fold, &prefix)?, rows_below(live, &prefix)?);
        sampled.rows += expected.union(&found).count() as u64;
        let wrong: BTreeSet<_> = expected.symmetric_difference(&found).map(|(key, _)| key.clone()).collect();
        sampled.wrong.extend(wrong.into_iter().map(|key| WrongRow { model: slot.name, key }));
    }
    Ok(())
}

fn rows_below(view: &TableView, prefix: &[u8]) -> Result<BTreeSet<Row>, RowFault> {
    let mut rows = BTreeSet::new();
    view.scan_prefix(prefix, Direction::Ascending, &mut |key, value| {
        rows.insert((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

/// What the samples of a process have come to; for the status page and the collectors.
#[derive(Debug, Default)]
pub struct RowChecks(Mutex<RowCheckCounts>);

/// See [`RowChecks`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCheckCounts {
    /// Samples made.
    pub samples: u64,
    /// Rows compared.
    pub rows: u64,
    /// Rows found wrong, each as often as it was found.
    pub wrong: u64,
    /// Rounds ended.
    pub rounds: u64,
    /// When the last round ended.
    pub last_round_at: Option<Timestamp>,
}

impl RowChecks {
    /// What there is so far.
    pub fn counts(&self) -> RowCheckCounts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a sample.
    pub fn note(&self, rows: u64, wrong: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.samples += 1;
        counts.rows += rows;
        counts.wrong += wrong;
    }

    /// Counts a round that has ended.
    pub fn note_round(&self, at: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.rounds += 1;
        counts.last_round_at = Some(at);
    }
}
