//! The check of the read models that goes on while they are served: random things of the log, one after another, at a low rate.
//!
//! A round is [`SAMPLES_A_ROUND`] samples and, where the log is not too long for it, a fold of the whole: samples follow the events, so what has
//! few is seldom among them, and the cells of the quota never are. A row that differs is an error in the log of the process, counted on the
//! status page and in the metrics; nothing is mended by itself, since it shows a defect.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use zhixin_engine::handle::EngineHandle;
use zhixin_engine::history::HistoryFault;
use zhixin_events::{Subject, SubjectKind};
use zhixin_projections::runner::ProjectionFault;
use zhixin_projections::sample::{RowChecks, is_sampled};
use zhixin_projections::{ModelName, Projections, RowFault};

/// Samples of a round.
const SAMPLES_A_ROUND: u32 = 256;
/// Longest history that is folded for a sample; a longer one is left to `zhixin verify`. Unit: events.
const HISTORY_MAX: usize = 20_000;
/// Longest log that is folded at the end of a round; of a longer one `zhixin verify` does it. Unit: events.
const FOLD_MAX: u64 = 1_000_000;
/// Pause after a fault, and while the read models have not caught up.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The thread that checks; it ends when this is dropped.
pub(super) struct Checker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a sample could not be made.
#[derive(Debug, thiserror::Error)]
enum SampleFault {
    #[error(transparent)]
    History(#[from] HistoryFault),
    #[error(transparent)]
    Index(#[from] RowFault),
    #[error(transparent)]
    Models(#[from] ProjectionFault),
}

impl Drop for Checker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(runbook = "invariant", "the check of the read models panicked");
        }
    }
}

/// Begins to check. `rate` is in events a second, and not 0.
///
/// # Errors
/// There is no thread to be had.
pub(super) fn start(handle: EngineHandle, projections: Arc<Projections>, checks: Arc<RowChecks>, rate: u32) -> std::io::Result<Checker> {
    let (stop, stopped) = channel();
    let check = move || Check { handle, projections, checks, rate: rate.max(1) }.run(&stopped);
    let thread = std::thread::Builder::new().name("row checks".to_owned()).spawn(check)?;
    Ok(Checker { stop: Some(stop), thread: Some(thread) })
}

struct Check {
    handle: EngineHandle,
    projections: Arc<Projections>,
    checks: Arc<RowChecks>,
    rate: u32,
}

impl Check {
    fn run(&self, stopped: &Receiver<()>) {
        let mut pause = Duration::ZERO;
        loop {
            for _ in 0..SAMPLES_A_ROUND {
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                pause = self.attempt(Self::sample);
            }
            pause = pause.max(self.attempt(Self::end_round));
        }
    }

    /// Does one thing and says how long to rest for it.
    fn attempt(&self, act: impl FnOnce(&Self) -> Result<u64, SampleFault>) -> Duration {
        match act(self) {
            Ok(events) => Duration::from_millis(events.saturating_mul(1_000) / u64::from(self.rate)),
            Err(fault) => {
                tracing::warn!(fault = %fault, runbook = "derived", "the check of the read models could not go on");
                PAUSE_MAX
            }
        }
    }

    /// Checks one thing; says how many events that took.
    fn sample(&self) -> Result<u64, SampleFault> {
        let end = self.projections.position();
        let Some(position) = u64::from_le_bytes(self.handle.entropy().array()).checked_rem(end) else { return Ok(u64::from(self.rate)) };
        let (at, event) = (self.handle.commit_at(position)?, position);
        let subjects = at.event(event)?.record.subjects.iter().map(|(subject, _)| *subject).filter(|subject| is_sampled(subject.kind()));
        let subjects: Vec<Subject> = subjects.collect();
        let choice = usize::from(self.handle.entropy().array::<1>()[0]).checked_rem(subjects.len());
        let Some(subject) = choice.and_then(|choice| subjects.get(choice)) else { return Ok(1) };
        let Some(positions) = self.positions(subject)? else { return Ok(1) };
        let sampled = self.projections.check_sample(subject, &positions)?;
        for wrong in &sampled.wrong {
            let key = wrong.key.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            tracing::error!(model = wrong.model.name(), %subject, key, runbook = "derived", "a row is not what the record says");
        }
        self.checks.note(sampled.rows, sampled.wrong.len() as u64);
        Ok(sampled.events)
    }

    /// The events of a thing and of the persons, classes and certificates that they name; none if there are too many.
    fn positions(&self, subject: &Subject) -> Result<Option<Vec<u64>>, SampleFault> {
        let view = self.handle.view()?;
        let all: Range<u64> = 0..u64::MAX;
        let mut positions = BTreeSet::from_iter(view.positions(subject, all.clone())?);
        let mut others = BTreeSet::new();
        if positions.len() <= HISTORY_MAX && matches!(subject.kind(), SubjectKind::Person | SubjectKind::Class | SubjectKind::Certificate) {
            for position in &positions {
                others.extend(self.handle.commit_at(*position)?.event(*position)?.record.subjects.iter().map(|(other, _)| *other));
            }
        }
        for other in others {
            if positions.len() > HISTORY_MAX {
                return Ok(None);
            }
            if matches!(other.kind(), SubjectKind::Person | SubjectKind::Class | SubjectKind::Certificate) {
                positions.extend(view.positions(&other, all.clone())?);
            }
        }
        Ok((positions.len() <= HISTORY_MAX).then(|| positions.into_iter().collect()))
    }

    /// Folds the whole log where that is cheap, and notes that a round is over.
    fn end_round(&self) -> Result<u64, SampleFault> {
        let mut events = 0;
        for model in ModelName::ALL {
            let end = self.projections.position_of(model);
            if !(1..=FOLD_MAX).contains(&end) {
                continue;
            }
            let difference = self.projections.verify_against_fold(model)?;
            let wrong = difference.only_live + difference.only_rebuilt + difference.differing;
            if wrong > 0 {
                tracing::error!(model = model.name(), wrong, runbook = "derived", "rows are not what the record says");
            }
            self.checks.note(difference.same + wrong, wrong);
            events += end;
        }
        if let Ok(now) = self.handle.now() {
            self.checks.note_round(now);
        }
        Ok(events)
    }
}
