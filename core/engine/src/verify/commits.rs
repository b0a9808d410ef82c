//! The first thread: chain, CRC and MAC of every record, then the form of every commit.

use std::ops::ControlFlow;

use zhixin_events::{Commit, Timestamp};
use zhixin_store::feed::{Batch, FeedFault};
use zhixin_store::segments::{Body, Frame};

use super::{Area, Check, Divergence, OnProgress, Outcome, Parts, Step, VerifyFault, divergence_of_log};
use crate::appender::log_chain;
use crate::log::LogFault;

/// Checks records and commits before `end`.
pub(super) fn check(parts: &Parts, end: u64, on_progress: OnProgress<'_>) -> Result<[Check; 2], VerifyFault> {
    let mut covered = 0;
    let checked = parts.reader.check(&parts.key, &mut |position| {
        covered = position;
        on_progress(parts.area, Step::Records, position.min(end), end);
    });
    let mut outcome = match checked {
        Ok(_) => Outcome::Passed,
        Err(fault) => Outcome::Differs(divergence_of_log(fault)?),
    };
    if outcome == Outcome::Passed
        && let Some(divergence) = epochs(parts)?
    {
        outcome = Outcome::Differs(divergence);
    }
    let records = Check { area: parts.area, step: Step::Records, covered, outcome };
    Ok([records, commits(parts, end, on_progress)?])
}

/// Epochs rise one by one and belong to this log.
fn epochs(parts: &Parts) -> Result<Option<Divergence>, VerifyFault> {
    let epochs = match parts.reader.epochs() {
        Ok(epochs) => epochs,
        Err(fault) => return divergence_of_log(fault).map(Some),
    };
    let divergence = |what: &str, epoch: u32, expected: String, found: String| {
        let place = format!("the record of epoch {epoch}");
        Some(Divergence { what: what.to_owned(), position: None, place, expected, found })
    };
    let purpose = epochs.first().map(|genesis| genesis.purpose);
    for (number, record) in (1_u32..).zip(&epochs) {
        if record.log_id != parts.key.log_id() {
            let expected = parts.key.log_id().to_string();
            return Ok(divergence("an epoch record is of another log", record.epoch, expected, record.log_id.to_string()));
        }
        if record.epoch != number {
            return Ok(divergence("epochs are not dense", record.epoch, format!("epoch {number}"), format!("epoch {}", record.epoch)));
        }
        if Some(record.purpose) != purpose {
            return Ok(divergence("the purpose changes", record.epoch, format!("{purpose:?}"), format!("{:?}", record.purpose)));
        }
    }
    Ok(None)
}

/// What the next commit must continue.
struct Walk {
    position: u64,
    recorded_at: Timestamp,
}

fn commits(parts: &Parts, end: u64, on_progress: OnProgress<'_>) -> Result<Check, VerifyFault> {
    let mut walk = Walk { position: 0, recorded_at: Timestamp(i64::MIN) };
    let mut found = None;
    let read = parts.reader.read(0, &mut |batch| {
        if batch.first_position >= end {
            return ControlFlow::Break(());
        }
        found = walk.batch(batch).err();
        on_progress(parts.area, Step::Commits, walk.position.min(end), end);
        if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let outcome = match (found, read) {
        (Some(divergence), _) => Outcome::Differs(divergence),
        (None, Ok(())) => Outcome::Passed,
        (None, Err(fault)) => damaged(fault, walk.position)?,
    };
    Ok(Check { area: parts.area, step: Step::Commits, covered: walk.position, outcome })
}

/// A log that cannot be read on is named by the check of its records; here it only ends the walk.
pub(super) fn damaged(fault: FeedFault, position: u64) -> Result<Outcome, VerifyFault> {
    match fault {
        FeedFault::Log(fault) => {
            let divergence = divergence_of_log(LogFault::Segments(fault))?;
            Ok(Outcome::Skipped(format!("the log cannot be read beyond position {position}: {divergence}")))
        }
        fault @ FeedFault::Source { .. } => {
            Ok(Outcome::Skipped(format!("the log cannot be read beyond position {position}: {}", log_chain(&fault))))
        }
    }
}

impl Walk {
    fn batch(&mut self, batch: &Batch<'_>) -> Result<(), Divergence> {
        let Some(body) = Body::parse(batch.body) else {
            return Err(self.divergence("a batch is not well-formed", "frames one after another", "other bytes".to_owned()));
        };
        if body.first_position() != self.position {
            let (expected, found) = (self.position.to_string(), body.first_position().to_string());
            return Err(self.divergence("positions are not dense", &expected, found));
        }
        for frame in body.frames() {
            self.frame(&frame, Timestamp(body.base_ms()))?;
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, base: Timestamp) -> Result<(), Divergence> {
        if !frame.is_intact() {
            return Err(self.divergence("a frame is damaged", "its CRC", "another CRC".to_owned()));
        }
        let form =
            |fault: zhixin_events::codec::DecodeFault| self.divergence("a commit is not in its form", "canonical bytes", log_chain(&fault));
        let commit = Commit::decode(frame.bytes, base).map_err(form)?;
        commit.check_canonical(frame.bytes, base).map_err(form)?;
        if commit.events.len() as u64 != u64::from(frame.event_count) {
            let expected = format!("{} events", frame.event_count);
            return Err(self.divergence("a commit has another number of events", &expected, commit.events.len().to_string()));
        }
        if commit.recorded_at < self.recorded_at {
            let expected = format!("{} or later", self.recorded_at.to_utc_text());
            return Err(self.divergence("the time of recording falls", &expected, commit.recorded_at.to_utc_text()));
        }
        self.recorded_at = commit.recorded_at;
        self.position = frame.next_position();
        Ok(())
    }

    fn divergence(&self, what: &str, expected: &str, found: String) -> Divergence {
        let place = format!("the commit at position {}", self.position);
        Divergence { what: what.to_owned(), position: Some(self.position), place, expected: expected.to_owned(), found }
    }
}

/// What a log is called in messages.
pub(super) const fn name_of(area: Area) -> &'static str {
    match area {
        Area::Vault => "vault",
        Area::Log => "log",
        Area::Reads => "reads",
        Area::Blobs => "blobs",
    }
}
