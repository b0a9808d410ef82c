//! Remembered places between two entries of the sparse index, so that reading an event again (or its neighbour) costs one small read.
//!
//! A stretch runs from one entry of the index to the next: about 64 KiB of short records, or one long record. Reading it once leaves marks
//! about [`STEP_BYTES`] apart, at the beginning of a record or, inside a long one, of a frame. A mark is a hint: what it leads to is checked
//! by the CRC of every frame passed, and if it leads nowhere the whole stretch is read as if there were none.
//! Limits: marks take at most [`MEMORY_MAX`], the oldest stretch goes first; at one mark a KiB that is enough for a log of 2.5 GiB.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::body::{BODY_HEAD_BYTES, Body, Frame, Frames};
use super::reader::EventFrame;
use super::record::{ENVELOPE_BYTES, Envelope, RecordKind};

/// Least distance between two marks. Unit: bytes.
const STEP_BYTES: usize = 1024;
/// Memory for all marks of a log. Unit: bytes.
const MEMORY_MAX: usize = 64 << 20;

/// Segment (by its first position) and offset of a stretch.
pub(super) type StretchKey = (u64, u64);

#[derive(Debug)]
struct Mark {
    position: u64,
    /// From the beginning of the stretch.
    bytes: Range<u32>,
    /// The record that the mark lies in, when it begins at a frame.
    inside: Option<u32>,
}

/// The marks of a stretch.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    marks: Vec<Mark>,
    /// Epoch and base time of the records that have marks inside.
    records: Vec<(u32, i64)>,
}

/// Where to look for a position.
pub(super) struct Place {
    /// From the beginning of the stretch. Unit: bytes.
    pub(super) bytes: Range<u32>,
    first_position: u64,
    /// Epoch and base time of the record, when the bytes begin at a frame of it.
    inside: Option<(u32, i64)>,
}

impl Stretch {
    /// Marks a stretch; `None` unless it is whole well-formed records.
    pub(super) fn learn(bytes: &[u8]) -> Option<Self> {
        let mut stretch = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            // Positions are remembered, so they must be right.
            let (envelope, body) = Envelope::parse_record(&bytes[at..])?;
            let record = &bytes[at..at + envelope.record_len()];
            match envelope.kind {
                RecordKind::Epoch => stretch.extend(at, at + record.len()),
                RecordKind::Batch => {
                    let body = Body::parse(body)?;
                    if record.len() > STEP_BYTES {
                        stretch.mark_frames(at + ENVELOPE_BYTES + BODY_HEAD_BYTES, &body, envelope.epoch);
                    } else {
                        stretch.mark_record(at, record.len(), body.first_position());
                    }
                }
            }
            at += record.len();
        }
        Some(stretch)
    }

    /// Lets the last mark reach on, if it ends where these bytes begin and is one of whole records.
    fn extend(&mut self, from: usize, to: usize) {
        if let Some(last) = self.marks.last_mut().filter(|last| last.inside.is_none() && last.bytes.end as usize == from) {
            last.bytes.end = short(to);
        }
    }

    fn mark_record(&mut self, at: usize, len: usize, position: u64) {
        let joins = |last: &Mark| last.inside.is_none() && last.bytes.end as usize == at && last.bytes.len() < STEP_BYTES;
        if self.marks.last().is_some_and(joins) {
            self.extend(at, at + len);
        } else {
            self.marks.push(Mark { position, bytes: short(at)..short(at + len), inside: None });
        }
    }

    fn mark_frames(&mut self, first_frame_at: usize, body: &Body<'_>, epoch: u32) {
        let record = short(self.records.len());
        self.records.push((epoch, body.base_ms()));
        let mut at = first_frame_at;
        let mut begun: Option<Mark> = None;
        for frame in body.frames() {
            let end = at + frame.stored_len();
            let mark = begun.get_or_insert(Mark { position: frame.first_position, bytes: short(at)..0, inside: Some(record) });
            mark.bytes.end = short(end);
            if mark.bytes.len() >= STEP_BYTES {
                self.marks.extend(begun.take());
            }
            at = end;
        }
        self.marks.extend(begun);
    }

    /// Where the event at a position must be, if it is in this stretch.
    pub(super) fn find(&self, position: u64) -> Option<Place> {
        let number = self.marks.partition_point(|mark| mark.position <= position).checked_sub(1)?;
        let mark = self.marks.get(number)?;
        let inside = match mark.inside {
            Some(record) => Some(*self.records.get(record as usize)?),
            None => None,
        };
        Some(Place { bytes: mark.bytes.clone(), first_position: mark.position, inside })
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.marks.capacity() * size_of::<Mark>() + self.records.capacity() * size_of::<(u32, i64)>()
    }
}

impl Place {
    /// The commit that holds the position, from the bytes that were read there; `None` if it is not in them or not intact.
    pub(super) fn frame(&self, bytes: &[u8], position: u64) -> Option<EventFrame> {
        let Some((epoch, base_ms)) = self.inside else { return super::reader::find_frame(bytes, position).ok() };
        // A frame that is not intact may hold another number of events than it says, so none behind it is where it seems.
        let mut frames = Frames::new(bytes, self.first_position).take_while(Frame::is_intact);
        let frame = frames.find(|frame| (frame.first_position..frame.next_position()).contains(&position))?;
        Some(EventFrame::new(&frame, position, base_ms, epoch))
    }
}

/// A place in a stretch. A stretch is at most 64 KiB and one record long.
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The marks of a log's stretches.
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    stretches: HashMap<StretchKey, Arc<Stretch>>,
    by_age: VecDeque<StretchKey>,
    memory: usize,
}

impl Marks {
    pub(super) fn get(&self, key: StretchKey) -> Option<Arc<Stretch>> {
        self.kept().stretches.get(&key).map(Arc::clone)
    }

    pub(super) fn keep(&self, key: StretchKey, stretch: Stretch) {
        let mut kept = self.kept();
        kept.memory += stretch.memory();
        match kept.stretches.insert(key, Arc::new(stretch)) {
            Some(replaced) => kept.memory -= replaced.memory(),
            None => kept.by_age.push_back(key),
        }
        while kept.memory > MEMORY_MAX {
            let Some(oldest) = kept.by_age.pop_front() else { return };
            if let Some(stretch) = kept.stretches.remove(&oldest) {
                kept.memory -= stretch.memory();
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segments::{BodyBuilder, Record};

    /// Frames of these lengths, two events each, in one record.
    fn batch(first_position: u64, lengths: &[usize]) -> Vec<u8> {
        let mut body = BodyBuilder::new(first_position, 7);
        for length in lengths {
            assert!(body.push(2, &vec![u8::try_from(*length % 251).unwrap(); *length]));
        }
        Record::batch(3, [0; 32], &body.finish(), |_| [0; 16]).unwrap().bytes().to_vec()
    }

    /// Short records, a long one, an epoch record and short ones again: every event is found in the few bytes that its mark names, and a
    /// flipped byte there is noticed.
    #[test]
    fn every_event_is_found_through_its_mark() {
        let mut bytes = Vec::new();
        let mut position = 0;
        let mut add = |lengths: &[usize], bytes: &mut Vec<u8>| {
            bytes.extend(batch(position, lengths));
            position += 2 * lengths.len() as u64;
        };
        (0..20).for_each(|length| add(&[100 + length], &mut bytes));
        add(&(0..200).map(|length| 50 + length).collect::<Vec<_>>(), &mut bytes);
        bytes.extend(Record::epoch(4, [0; 32], b"epoch", |_| [0; 16]).unwrap().bytes());
        (0..20).for_each(|length| add(&[300 + length, 10], &mut bytes));
        let stretch = Stretch::learn(&bytes).unwrap();
        assert!(stretch.marks.len() > 20 && stretch.marks.len() < 80, "{} marks", stretch.marks.len());
        for wanted in 0..position {
            let place = stretch.find(wanted).unwrap();
            let range = place.bytes.start as usize..place.bytes.end as usize;
            assert!(range.len() < 3 * STEP_BYTES);
            let frame = place.frame(&bytes[range.clone()], wanted).unwrap();
            assert_eq!(
                (frame.first_position, frame.index, frame.base_ms, frame.epoch),
                (wanted / 2 * 2, u32::try_from(wanted % 2).unwrap(), 7, 3)
            );
            assert_eq!(frame, super::super::reader::find_frame(&bytes, wanted).unwrap());
            let mut flipped = bytes[range].to_vec();
            let noticed = (0..flipped.len()).filter(|at| {
                flipped[*at] ^= 0x40;
                let found = place.frame(&flipped, wanted);
                flipped[*at] ^= 0x40;
                assert!(found.is_none() || found.as_ref() == Some(&frame), "byte {at}");
                found.is_none()
            });
            assert!(noticed.count() >= frame.bytes.len(), "every byte of the commit counts");
        }
        assert!(Stretch::learn(&bytes[..bytes.len() - 1]).is_none(), "half a record");
    }

    #[test]
    fn the_oldest_marks_go_first() {
        let marks = Marks::default();
        let big = || Stretch { marks: Vec::with_capacity(MEMORY_MAX / 3 / size_of::<Mark>()), records: Vec::new() };
        for offset in 0..4 {
            marks.keep((0, offset), big());
        }
        let kept = |offset| marks.get((0, offset)).is_some();
        assert_eq!([0, 1, 2, 3].map(kept), [false, false, true, true]);
    }
}
