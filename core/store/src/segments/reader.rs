//! Readers of the log: whole records in order, or the frame of one position.

use std::fmt;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::SegmentFault;
use super::body::{Body, Frame};
use super::marks::{Stretch, StretchKey};
use super::record::{ENVELOPE_BYTES, Envelope, RecordKind};
use super::recover::{self, Stop};
use super::scan::{Cursor, Running, Step, first_position_of};
use super::state::{Segment, Shared, io_fault, segment_path};
use crate::feed::{Batch, Feed, FeedFault};
use crate::files;

/// How often a reader of another process's log looks for new records while it waits.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A record with its place in the log.
#[derive(Clone, Copy, Debug)]
pub struct LoggedRecord<'a> {
    /// The envelope, mac unchecked.
    pub envelope: &'a Envelope,
    /// The body.
    pub body: &'a [u8],
    /// Position of the first event; for an epoch record that of the next event in the log.
    pub first_position: u64,
    /// Position after the last event; for an epoch record the same as `first_position`.
    pub next_position: u64,
    /// Base of the recorded-at times of a batch, 0 for an epoch record. Unit: milliseconds since 1970-01-01 UTC.
    pub base_ms: i64,
    /// The chain after this record.
    pub chain_after: [u8; 32],
}

/// The commit that holds one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFrame {
    /// The commit's bytes.
    pub bytes: Vec<u8>,
    /// Which of the commit's events it is, from 0.
    pub index: u32,
    /// Position of the commit's first event.
    pub first_position: u64,
    /// How many events the commit has.
    pub event_count: u32,
    /// Base of the recorded-at times of its batch. Unit: milliseconds since 1970-01-01 UTC.
    pub base_ms: i64,
    /// Epoch of its batch.
    pub epoch: u32,
}

impl EventFrame {
    /// The commit of a frame, seen from a position in it.
    pub(super) fn new(frame: &Frame<'_>, position: u64, base_ms: i64, epoch: u32) -> Self {
        Self {
            bytes: frame.bytes.to_vec(),
            // Less than the number of events, which is a `u32`.
            index: u32::try_from(position - frame.first_position).unwrap_or(u32::MAX),
            first_position: frame.first_position,
            event_count: frame.event_count,
            base_ms,
            epoch,
        }
    }
}

/// Reads a log, from any thread. Clones share what they know of the segments.
#[derive(Clone)]
pub struct SegmentReader {
    shared: Arc<Shared>,
}

impl SegmentReader {
    pub(super) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Opens a log that another process may be writing. Changes nothing. What follows the last whole record is taken for an append
    /// under way.
    pub fn open(dir: &Path) -> Result<Self, SegmentFault> {
        let found = recover::find(dir, None, false)?;
        Ok(Self { shared: Arc::new(Shared::new(dir, found.segments, false)) })
    }

    /// Position of the next event, as far as this reader knows.
    pub fn end(&self) -> u64 {
        *self.shared.end()
    }

    /// Chain after the last record, as far as this reader knows; `None` in a log without records.
    pub fn chain(&self) -> Option<[u8; 32]> {
        self.shared.read().last().and_then(|segment| segment.chain_after)
    }

    /// Looks for records that another process has appended. Nothing to do where the writer is in this process.
    pub fn refresh(&self) -> Result<(), SegmentFault> {
        if self.shared.has_writer {
            return Ok(());
        }
        self.shared.change(|segments| {
            if segments.is_empty() {
                **segments = recover::find(&self.shared.dir, None, false)?.segments;
                return Ok(());
            }
            while let Some(last) = segments.last_mut() {
                if let Stop::Bad(_) = recover::scan(last)? {
                    return Ok(());
                }
                let next_path = segment_path(&self.shared.dir, last.next_position);
                if next_path == last.path || !next_path.exists() {
                    return Ok(());
                }
                let next = Segment::new(&self.shared.dir, &last.running());
                segments.push(next);
            }
            Ok(())
        })
    }

    /// Calls `on_record` for every record that holds or follows `from`, epoch records included, until `Break` or the durable end.
    ///
    /// The first batch is yielded whole, so it may begin before `from`; an epoch record that stands directly before `from` is yielded.
    /// Checks CRC, positions and chain of what it passes.
    pub fn read_records(&self, from: u64, on_record: &mut dyn FnMut(&LoggedRecord<'_>) -> ControlFlow<()>) -> Result<(), SegmentFault> {
        let Some(mut place) = self.place_before(from)? else { return Ok(()) };
        loop {
            let mut cursor = Cursor::new(Arc::clone(&place.file), place.offset, place.limit);
            while cursor.offset() < place.limit {
                let step = cursor.step().map_err(io_fault("read", &place.segment.path))?;
                let (offset, envelope, body) = match step {
                    Step::Record { offset, envelope, body } => (offset, envelope, body),
                    Step::End => return Err(place.segment.damaged(cursor.offset(), "zeroes in place of a record")),
                    Step::Bad(what) => return Err(place.segment.damaged(cursor.offset(), what)),
                };
                let continued = place.running.take(&envelope, body).map_err(|what| place.segment.damaged(offset, what))?;
                let wanted = match envelope.kind {
                    RecordKind::Batch => place.running.position > from,
                    RecordKind::Epoch => place.running.position >= from,
                };
                let record = LoggedRecord {
                    envelope: &envelope,
                    body,
                    first_position: continued.first_position,
                    next_position: place.running.position,
                    base_ms: continued.base_ms,
                    chain_after: place.running.chain.unwrap_or_default(),
                };
                if wanted && on_record(&record).is_break() {
                    return Ok(());
                }
            }
            match self.place_after(place)? {
                Some(next) => place = next,
                None => return Ok(()),
            }
        }
    }

    /// Like [`SegmentReader::read_records`], without the epoch records.
    pub fn read_batches(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), SegmentFault> {
        self.read_records(from, &mut |record| match record.envelope.kind {
            RecordKind::Batch => on_batch(&Batch {
                epoch: record.envelope.epoch,
                first_position: record.first_position,
                next_position: record.next_position,
                base_ms: record.base_ms,
                chain_after: record.chain_after,
                body: record.body,
            }),
            RecordKind::Epoch => ControlFlow::Continue(()),
        })
    }

    /// The commit that holds the event at `position`: one read of about 64 KiB (or one long record) through the sparse index, and of about
    /// a KiB when its surroundings were read before. Checks the CRC of the record,
    /// or of all frames from the remembered place on; the chain is for scans.
    pub fn frame_at(&self, position: u64) -> Result<EventFrame, SegmentFault> {
        let found = self.stretch_of(position)?;
        let read = |from: u64, to: u64| {
            let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(usize::MAX)];
            let read = files::read_at(&found.file, &mut bytes, from).map_err(io_fault("read", &found.segment.path))?;
            bytes.truncate(read);
            Ok::<_, SegmentFault>(bytes)
        };
        let key = found.key();
        if let Some(place) = self.shared.marks.get(key).and_then(|stretch| stretch.find(position)) {
            let bytes = read(found.start + u64::from(place.bytes.start), found.start + u64::from(place.bytes.end))?;
            if let Some(frame) = place.frame(&bytes, position) {
                return Ok(frame);
            }
            // What is wrong there is told by the whole stretch.
        }
        let bytes = read(found.start, found.end)?;
        let frame = find_frame(&bytes, position).map_err(|(at, what)| found.segment.damaged(found.start + at as u64, what))?;
        if found.is_lasting
            && let Some(stretch) = Stretch::learn(&bytes)
        {
            self.shared.marks.keep(key, stretch);
        }
        Ok(frame)
    }

    /// Has the disk fetch what [`SegmentReader::frame_at`] will read for these positions, all at once. Why: one after another each would
    /// wait for the disk. What was read before is taken to be in memory still.
    pub fn will_read(&self, positions: &[u64]) {
        let mut last = None;
        for found in positions.iter().filter_map(|position| self.stretch_of(*position).ok()) {
            let key = found.key();
            if last.replace(key) != Some(key) && self.shared.marks.get(key).is_none() {
                files::will_read(&found.file, found.start, found.end);
            }
        }
    }

    /// Where the event at a position stands, as far as the sparse index tells.
    fn stretch_of(&self, position: u64) -> Result<StretchPlace, SegmentFault> {
        let segments = self.shared.read();
        let log_end = segments.last().map_or(0, |segment| segment.next_position);
        let number = segments.partition_point(|segment| segment.first_position <= position);
        let Some(segment) = segments[..number].last().filter(|_| position < log_end) else {
            return Err(SegmentFault::OutOfRange { position, end: log_end });
        };
        let after = segment.index.partition_point(|entry| entry.position <= position);
        let next = segment.index.get(after).map(|entry| entry.offset);
        Ok(StretchPlace {
            segment: SegmentName::of(segment),
            file: segment.file()?,
            start: segment.index[..after].last().map_or(0, |entry| entry.offset),
            end: next.unwrap_or(segment.length),
            is_lasting: next.is_some(),
        })
    }

    /// The segments as of now.
    pub(super) fn segments(&self) -> Vec<Segment> {
        self.shared.read().clone()
    }

    /// Where a walk begins that must pass everything that holds or follows `from`; `None` if the log has no segment.
    fn place_before(&self, from: u64) -> Result<Option<Place>, SegmentFault> {
        let segments = self.shared.read();
        let number = segments.partition_point(|segment| segment.first_position < from).saturating_sub(1);
        let Some(segment) = segments.get(number) else { return Ok(None) };
        let before = segment.index.partition_point(|entry| entry.position < from).saturating_sub(1);
        let (position, offset) = segment.index.get(before).map_or((segment.first_position, 0), |entry| (entry.position, entry.offset));
        let chain = if offset == 0 { segment.chain_before } else { None };
        Ok(Some(Place {
            file: segment.file()?,
            offset,
            limit: segment.length,
            running: Running { position, chain, epoch: None },
            segment: SegmentName::of(segment),
        }))
    }

    /// Goes on from the end of what was durable when `place` was made: in the same segment, then in the next.
    fn place_after(&self, place: Place) -> Result<Option<Place>, SegmentFault> {
        let segments = self.shared.read();
        let number = segments.partition_point(|segment| segment.first_position <= place.segment.first_position).saturating_sub(1);
        let Some(segment) = segments.get(number) else { return Ok(None) };
        if segment.length > place.limit {
            return Ok(Some(Place { offset: place.limit, limit: segment.length, ..place }));
        }
        let Some(next) = segments.get(number + 1) else { return Ok(None) };
        if next.first_position != place.running.position {
            let what =
                format!("the records end at position {}, the next segment begins at {}", place.running.position, next.first_position);
            return Err(place.segment.damaged(place.limit, what));
        }
        Ok(Some(Place { file: next.file()?, offset: 0, limit: next.length, running: place.running, segment: SegmentName::of(next) }))
    }
}

/// Between two entries of the sparse index.
struct StretchPlace {
    segment: SegmentName,
    file: Arc<File>,
    start: u64,
    end: u64,
    /// The stretch behind the last entry may still grow.
    is_lasting: bool,
}

impl StretchPlace {
    fn key(&self) -> StretchKey {
        (self.segment.first_position, self.start)
    }
}

/// A place in a walk.
struct Place {
    segment: SegmentName,
    file: Arc<File>,
    offset: u64,
    /// End of the segment's durable records when the place was made.
    limit: u64,
    running: Running,
}

/// What messages say of a segment.
struct SegmentName {
    first_position: u64,
    path: std::path::PathBuf,
}

impl SegmentName {
    fn of(segment: &Segment) -> Self {
        Self { first_position: segment.first_position, path: segment.path.clone() }
    }

    fn damaged(&self, offset: u64, what: impl Into<String>) -> SegmentFault {
        let segment = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        SegmentFault::Damaged { segment, offset, what: what.into() }
    }
}

/// Walks records from envelope to envelope to the batch that holds `position`. Errors name the offset in `bytes`.
pub(super) fn find_frame(bytes: &[u8], position: u64) -> Result<EventFrame, (usize, &'static str)> {
    let mut at = 0;
    let mut candidate = None;
    while at < bytes.len() {
        let envelope = Envelope::parse(&bytes[at..]).ok_or((at, "no envelope of this format"))?;
        let record = bytes.get(at..at + envelope.record_len()).ok_or((at, "record longer than the segment"))?;
        if envelope.kind == RecordKind::Batch {
            if first_position_of(&record[ENVELOPE_BYTES..]).is_none_or(|first| first > position) {
                break;
            }
            candidate = Some((at, record));
        }
        at += envelope.record_len();
    }
    let (at, record) = candidate.ok_or((at, "no batch for a position that the log has"))?;
    // A frame's own CRC would not tell that the record begins at another position or time.
    let (envelope, body) = Envelope::parse_record(record).ok_or((at, "wrong CRC"))?;
    let body = Body::parse(body).ok_or((at, "batch body is not well-formed"))?;
    let frame = body.frame_at(position).ok_or((at, "no batch for a position that the log has"))?;
    if !frame.is_intact() {
        return Err((at, "wrong CRC of a frame"));
    }
    Ok(EventFrame::new(&frame, position, body.base_ms(), envelope.epoch))
}

impl Feed for SegmentReader {
    fn end(&self) -> u64 {
        Self::end(self)
    }

    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
        Ok(self.read_batches(from, on_batch)?)
    }

    fn wait_beyond(&self, position: u64, timeout: Duration) -> u64 {
        if self.shared.has_writer {
            return self.shared.wait_beyond(position, timeout);
        }
        let start = Instant::now();
        loop {
            // A log that cannot be read does not grow; the read that follows will say why.
            let grown = self.refresh().is_ok() && self.end() > position;
            let left = timeout.saturating_sub(start.elapsed());
            if grown || left.is_zero() {
                return self.end();
            }
            self.shared.wait_beyond(position, left.min(LOOK_AGAIN));
        }
    }
}

impl fmt::Debug for SegmentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentReader").field("dir", &self.shared.dir).field("end", &self.end()).finish_non_exhaustive()
    }
}
