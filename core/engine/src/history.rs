//! History: the events of a subject, the state they fold to, and snapshots that keep the fold of long ones short.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zhixin_domain::SubjectState;
use zhixin_domain::rules::Packs;
use zhixin_domain::state::{Broken, Fact, STATE_VERSION};
use zhixin_events::codec::DecodeFault;
use zhixin_events::leaf::LeafWriter;
use zhixin_events::{Commit, Event, Position, Recorded, Subject, Timestamp, codec};
use zhixin_store::rows::{Checkpoint, RowFault};
use zhixin_store::table::Table;

use crate::answer::Unavailable;
use crate::derived::DerivedView;
use crate::log::{LogFault, LogReader};
use crate::merkle::{TileError, leaf_hash, tiles};

/// Events between two snapshots of a long subject: a load reads at most so many.
pub const SNAPSHOT_EVERY: u32 = 1_024;

/// Events of a history that the disk is asked for at once: enough to keep it busy, and 4 MiB at most.
const READ_AHEAD: usize = 64;

/// Why a history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryFault {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// The index cannot be read.
    #[error(transparent)]
    Rows(#[from] RowFault),
    /// A commit does not decode.
    #[error("the commit of event {position}")]
    Decode {
        /// The event.
        position: u64,
        /// What is wrong.
        source: DecodeFault,
    },
    /// The tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TileError),
    /// The event or its hash in the tree was changed since it was recorded; `verify` tells which.
    #[error("event {position} is not the one whose leaf is in the tree")]
    AnotherLeaf {
        /// The event.
        position: u64,
    },
    /// The history does not fold: the subject is poisoned.
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl HistoryFault {
    /// What whoever sent a command is told.
    pub(crate) const fn unavailable(&self) -> Unavailable {
        match self {
            Self::Broken(broken) => Unavailable::Poisoned(broken.subject),
            Self::Log(_) | Self::Rows(_) | Self::Decode { .. } | Self::Tree(_) | Self::AnotherLeaf { .. } => Unavailable::Storage,
        }
    }

    /// Whether it is the view of the index that its store has let go: a newer one may serve.
    pub(crate) fn is_expired_view(&self) -> bool {
        let expired = |fault: &RowFault| matches!(fault, RowFault::ViewExpired);
        match self {
            Self::Rows(fault) => expired(fault),
            Self::Tree(TileError::Read { source, .. }) => source.downcast_ref().is_some_and(expired),
            Self::Tree(_) | Self::Log(_) | Self::Decode { .. } | Self::AnotherLeaf { .. } | Self::Broken(_) => false,
        }
    }
}

/// A commit with its place in the log.
#[derive(Debug, Clone)]
pub struct CommitAt {
    /// The commit.
    pub commit: Arc<Commit>,
    /// Position of its first event.
    pub first: Position,
    /// The epoch it was recorded in.
    pub epoch: u32,
}

impl CommitAt {
    /// The event at a position of this commit.
    ///
    /// # Errors
    /// It does not decode.
    pub fn event(&self, position: u64) -> Result<Recorded<'_>, HistoryFault> {
        let index = usize::try_from(position.saturating_sub(self.first.0)).unwrap_or(usize::MAX);
        let missing = DecodeFault::Unknown { what: "an event beyond its end" };
        let found = self.commit.recorded(self.first).nth(index).unwrap_or(Err(missing));
        found.map_err(|source| HistoryFault::Decode { position, source })
    }
}

/// Holds events that are read one by one against their leaves in the tree: bytes that were changed together with their CRCs are told by
/// nothing else, since a point read follows no chain. An event that the index does not reflect yet has no leaf to be held against.
struct Leaves<'a> {
    view: &'a DerivedView,
    writer: LeafWriter,
}

impl Leaves<'_> {
    fn check(&mut self, found: &CommitAt, recorded: &Recorded<'_>) -> Result<(), HistoryFault> {
        let position = recorded.position.0;
        if position >= self.view.reached() {
            return Ok(());
        }
        let text = self.writer.leaf(&found.commit, recorded.index, recorded.record, recorded.position);
        let text = text.map_err(|source| HistoryFault::Decode { position, source })?;
        if tiles::leaf_at(&self.view.tree(), position)? == leaf_hash(text.as_bytes()) {
            return Ok(());
        }
        let fault = HistoryFault::AnotherLeaf { position };
        tracing::error!(fault = %fault, runbook = "derived", "an event is not served");
        Err(fault)
    }
}

/// The commit that holds the event at a position, held against that event's leaf in the tree.
///
/// # Errors
/// As [`for_each_event`].
pub(crate) fn checked_commit_at(reader: &Arc<dyn LogReader>, view: &DerivedView, position: u64) -> Result<CommitAt, HistoryFault> {
    let found = commit_at(reader, position)?;
    Leaves { view, writer: LeafWriter::default() }.check(&found, &found.event(position)?)?;
    Ok(found)
}

/// The commit that holds the event at a position. Its CRC is checked, not its leaf.
///
/// # Errors
/// The log cannot be read, or the commit does not decode.
pub fn commit_at(reader: &Arc<dyn LogReader>, position: u64) -> Result<CommitAt, HistoryFault> {
    let frame = reader.frame_at(position)?;
    let commit = Commit::decode(&frame.bytes, Timestamp(frame.base_ms)).map_err(|source| HistoryFault::Decode { position, source })?;
    Ok(CommitAt { commit: Arc::new(commit), first: Position(frame.first_position), epoch: frame.epoch })
}

/// Calls back with each event at these positions, which rise, once it is held against its leaf in the tree of `leaves`; a commit that holds
/// several is read once. Without `leaves` only CRCs are checked: that is for measuring, what is served or decided on is held against its leaf.
///
/// # Errors
/// The first that cannot be read or is not the one in the tree, or what `on_event` says.
pub fn for_each_event<E: From<HistoryFault>>(
    reader: &Arc<dyn LogReader>,
    leaves: Option<&DerivedView>,
    positions: &[u64],
    on_event: &mut dyn FnMut(&CommitAt, &Recorded<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut last: Option<CommitAt> = None;
    let mut leaves = leaves.map(|view| Leaves { view, writer: LeafWriter::default() });
    for (number, position) in positions.iter().enumerate() {
        if number.is_multiple_of(READ_AHEAD) && positions.len() > 1 {
            reader.will_read(&positions[number..positions.len().min(number + READ_AHEAD)]);
        }
        let holds = |found: &CommitAt| (found.first.0..found.first.0 + found.commit.events.len() as u64).contains(position);
        let found = match last.take().filter(holds) {
            Some(found) => found,
            None => commit_at(reader, *position)?,
        };
        let recorded = found.event(*position)?;
        if let Some(leaves) = &mut leaves {
            leaves.check(&found, &recorded)?;
        }
        on_event(&found, &recorded)?;
        last = Some(found);
    }
    Ok(())
}

/// The state of a subject after its events so far, and the ordinal of the last.
///
/// # Errors
/// The log or the index cannot be read, or the history does not fold.
pub fn load(
    reader: &Arc<dyn LogReader>,
    index: &Table,
    snapshots: Option<&Table>,
    subject: &Subject,
) -> Result<(u32, SubjectState), HistoryFault> {
    load_in(&DerivedView::of(index)?, reader, snapshots, subject)
}

/// The same as a view of the index shows it.
pub(crate) fn load_in(
    view: &DerivedView,
    reader: &Arc<dyn LogReader>,
    snapshots: Option<&Table>,
    subject: &Subject,
) -> Result<(u32, SubjectState), HistoryFault> {
    let count = view.count(subject, u64::MAX)?;
    let snapshot = match snapshots {
        Some(snapshots) if subject.kind().is_long() && count >= u64::from(SNAPSHOT_EVERY) => read_snapshot(snapshots, subject, count)?,
        Some(_) | None => None,
    };
    let (mut ordinal, mut state) = snapshot.unwrap_or_else(|| (0, SubjectState::new(subject.kind())));
    let mut newest = None;
    let mut from = u64::from(ordinal);
    while from < count {
        let chunk: Range<u64> = from..count.min(from + u64::from(SNAPSHOT_EVERY));
        from = chunk.end;
        for_each_event::<HistoryFault>(reader, Some(view), &view.positions(subject, chunk)?, &mut |_, recorded| {
            let fact = Fact { event: &recorded.event, position: recorded.position, effective_on: recorded.effective_on() };
            state.apply(subject, &fact)?;
            ordinal += 1;
            if subject.kind().is_long() && ordinal.is_multiple_of(SNAPSHOT_EVERY) {
                newest = Some(snapshot_bytes(ordinal, &state));
            }
            Ok(())
        })?;
    }
    if let (Some(bytes), Some(snapshots)) = (newest, snapshots) {
        keep_snapshot(snapshots, subject, bytes);
    }
    Ok((ordinal, state))
}

#[derive(Serialize, Deserialize)]
struct Snapshot {
    state_version: u32,
    ordinal: u32,
    state: SubjectState,
}

/// The stored form of a state at an ordinal.
pub(crate) fn snapshot_bytes(ordinal: u32, state: &SubjectState) -> Vec<u8> {
    codec::encode(&(STATE_VERSION, ordinal, state))
}

/// Keeps the newest snapshot of a subject.
pub(crate) fn keep_snapshot(snapshots: &Table, subject: &Subject, bytes: Vec<u8>) {
    snapshots.put(subject.as_bytes(), bytes);
    snapshots.advance(Checkpoint::default());
}

/// The newest snapshot that this version can read and that the index has caught up with.
fn read_snapshot(snapshots: &Table, subject: &Subject, count: u64) -> Result<Option<(u32, SubjectState)>, RowFault> {
    let Some(bytes) = snapshots.get(subject.as_bytes())? else { return Ok(None) };
    // The version comes first, so that a state of another shape is never decoded.
    let version = bytes.first().copied().map(u32::from);
    if version != Some(STATE_VERSION) {
        return Ok(None);
    }
    let snapshot: Option<Snapshot> = codec::decode_exact(0, &bytes).ok();
    let usable = snapshot.filter(|snapshot| snapshot.state_version == STATE_VERSION && u64::from(snapshot.ordinal) <= count);
    Ok(usable.map(|snapshot| (snapshot.ordinal, snapshot.state)))
}

/// The rule packs and calendars of all events before a position.
///
/// # Errors
/// The log or the index cannot be read.
pub fn packs(reader: &Arc<dyn LogReader>, index: &Table, before: u64) -> Result<Packs, HistoryFault> {
    let view = DerivedView::of(index)?;
    let mut positions = view.documents()?;
    positions.retain(|position| *position < before);
    let mut packs = Packs::default();
    for_each_event::<HistoryFault>(reader, Some(&view), &positions, &mut |_, recorded| {
        if let Event::Document(event) = &recorded.event {
            packs.apply(event, recorded.position);
        }
        Ok(())
    })?;
    Ok(packs)
}

/// The first position recorded after an instant: what `as_of` an instant reflects lies before it. Reads a logarithmic number of commits.
///
/// # Errors
/// The log cannot be read.
pub fn position_after(reader: &Arc<dyn LogReader>, at: Timestamp) -> Result<u64, HistoryFault> {
    let (mut low, mut high) = (0, reader.end());
    while low < high {
        let middle = low + (high - low) / 2;
        let found = commit_at(reader, middle)?;
        if found.commit.recorded_at <= at {
            low = found.first.0 + found.commit.events.len() as u64;
        } else {
            high = found.first.0;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use zhixin_store::feed::{Batch, Feed, FeedFault};
    use zhixin_store::segments::EventFrame;

    use super::*;
    use crate::log::{EpochRecord, LogHead, LogKey};

    /// Remembers what is asked of it, and has nothing.
    #[derive(Default)]
    struct Asked {
        ahead: Mutex<Vec<u64>>,
        read: Mutex<Vec<u64>>,
    }

    impl Feed for Asked {
        fn end(&self) -> u64 {
            0
        }
        fn read(&self, _: u64, _: &mut dyn FnMut(&Batch<'_>) -> std::ops::ControlFlow<()>) -> Result<(), FeedFault> {
            Ok(())
        }
        fn wait_beyond(&self, _: u64, _: Duration) -> u64 {
            0
        }
    }

    impl LogReader for Asked {
        fn frame_at(&self, position: u64) -> Result<EventFrame, LogFault> {
            self.read.lock().unwrap().push(position);
            Err(LogFault::Full)
        }
        fn will_read(&self, positions: &[u64]) {
            assert!(self.read.lock().unwrap().is_empty(), "announced after it was read");
            self.ahead.lock().unwrap().extend(positions);
        }
        fn epochs(&self) -> Result<Vec<EpochRecord>, LogFault> {
            Ok(Vec::new())
        }
        fn check(&self, _: &LogKey, _: &mut dyn FnMut(u64)) -> Result<LogHead, LogFault> {
            Err(LogFault::Full)
        }
    }

    #[test]
    fn a_history_is_fetched_ahead_some_events_at_a_time_and_a_single_event_is_not() {
        let told = |positions: &[u64]| {
            let asked = Arc::new(Asked::default());
            let reader: Arc<dyn LogReader> = Arc::<Asked>::clone(&asked);
            let outcome = for_each_event::<HistoryFault>(&reader, None, positions, &mut |_, _| Ok(()));
            assert!(outcome.is_err() && *asked.read.lock().unwrap() == positions[..1]);
            asked.ahead.lock().unwrap().len()
        };
        let positions: Vec<u64> = (0..100).map(|number| number * 1_000).collect();
        assert_eq!([1, 2, 20, 64, 100].map(|count| told(&positions[..count])), [0, 2, 20, 64, 64]);
    }
}
