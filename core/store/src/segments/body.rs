//! The body of a batch: where it begins, when, and its frames, one for each commit.

use super::BODY_BYTES_MAX;

/// Bytes before the first frame.
pub const BODY_HEAD_BYTES: usize = 16;
/// Bytes before the content of a frame.
pub const FRAME_HEAD_BYTES: usize = 8;
/// Most events in one frame.
pub const FRAME_EVENTS_MAX: u32 = 1_000;
/// Longest content of a frame. Unit: bytes. Why: a body must hold at least one; the engine's own limit for a commit is lower.
pub const FRAME_BYTES_MAX: usize = BODY_BYTES_MAX - BODY_HEAD_BYTES - FRAME_HEAD_BYTES;

const LENGTH_BITS: u32 = 20;
const LENGTH_MASK: u32 = (1 << LENGTH_BITS) - 1;
const EVENTS_MASK: u32 = (1 << 11) - 1;
const COMPRESSED: u32 = 1 << 31;

/// Reads four little-endian bytes; the caller has checked that they are there.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

/// Reads eight little-endian bytes; the caller has checked that they are there.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

/// Puts a body together.
///
/// Invariant: the bytes are a well-formed body as soon as one frame is in.
#[derive(Clone, Debug)]
pub struct BodyBuilder {
    bytes: Vec<u8>,
    next_position: u64,
}

impl BodyBuilder {
    /// An empty body.
    pub fn new(first_position: u64, base_ms: i64) -> Self {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend_from_slice(&first_position.to_le_bytes());
        bytes.extend_from_slice(&base_ms.to_le_bytes());
        Self { bytes, next_position: first_position }
    }

    /// Whether a frame of that many bytes still fits.
    pub fn has_room(&self, frame_bytes: usize) -> bool {
        self.bytes.len() + FRAME_HEAD_BYTES + frame_bytes <= BODY_BYTES_MAX
    }

    /// Adds one commit of `event_count` events (1 to [`FRAME_EVENTS_MAX`]); `false`, and nothing added, if it does not fit.
    pub fn push(&mut self, event_count: u32, frame: &[u8]) -> bool {
        let Ok(length) = u32::try_from(frame.len()) else { return false };
        if !(1..=FRAME_EVENTS_MAX).contains(&event_count) || !self.has_room(frame.len()) {
            return false;
        }
        let word = (event_count << LENGTH_BITS) | length;
        self.bytes.extend_from_slice(&word.to_le_bytes());
        self.bytes.extend_from_slice(&frame_crc(word, frame).to_le_bytes());
        self.bytes.extend_from_slice(frame);
        self.next_position += u64::from(event_count);
        true
    }

    /// Position after the last event so far.
    pub fn next_position(&self) -> u64 {
        self.next_position
    }

    /// Length so far. Unit: bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no frame is in yet; such a body may not be appended.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() == BODY_HEAD_BYTES
    }

    /// The finished body.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// A well-formed body.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    bytes: &'a [u8],
    first_position: u64,
    next_position: u64,
    base_ms: i64,
}

impl<'a> Body<'a> {
    /// Reads a body: `None` unless it is head and one or more whole frames. Checks the form, not the CRCs of the frames.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() <= BODY_HEAD_BYTES || bytes.len() > BODY_BYTES_MAX {
            return None;
        }
        let first_position = u64_at(bytes, 0);
        let mut next_position = first_position;
        let mut rest = &bytes[BODY_HEAD_BYTES..];
        while !rest.is_empty() {
            let (events, frame_len) = frame_head(rest)?;
            next_position = next_position.checked_add(u64::from(events))?;
            rest = rest.get(FRAME_HEAD_BYTES + frame_len..)?;
        }
        Some(Self { bytes, first_position, next_position, base_ms: u64_at(bytes, 8).cast_signed() })
    }

    /// Position of the first event.
    pub fn first_position(&self) -> u64 {
        self.first_position
    }

    /// Position after the last event.
    pub fn next_position(&self) -> u64 {
        self.next_position
    }

    /// Base of the recorded-at times. Unit: milliseconds since 1970-01-01 UTC.
    pub fn base_ms(&self) -> i64 {
        self.base_ms
    }

    /// The frames in order.
    pub fn frames(&self) -> Frames<'a> {
        Frames { rest: &self.bytes[BODY_HEAD_BYTES..], position: self.first_position }
    }

    /// The frame that holds `position`, if this body does. Checks no CRC.
    pub fn frame_at(&self, position: u64) -> Option<Frame<'a>> {
        self.frames().find(|frame| (frame.first_position..frame.next_position()).contains(&position))
    }
}

/// CRC-32C of a frame: also over the word, since a wrong number of events would give the frames behind it wrong positions.
fn frame_crc(word: u32, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&word.to_le_bytes()), bytes)
}

/// Number of events and length of content, if the head is there and possible.
fn frame_head(bytes: &[u8]) -> Option<(u32, usize)> {
    if bytes.len() < FRAME_HEAD_BYTES {
        return None;
    }
    let word = u32_at(bytes, 0);
    let events = (word >> LENGTH_BITS) & EVENTS_MASK;
    let possible = word & COMPRESSED == 0 && (1..=FRAME_EVENTS_MAX).contains(&events);
    possible.then_some((events, (word & LENGTH_MASK) as usize))
}

/// One commit in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Position of its first event.
    pub first_position: u64,
    /// How many events it holds.
    pub event_count: u32,
    /// CRC-32C of its word and its bytes, as stored.
    pub crc: u32,
    /// Number of events and length, as stored.
    word: u32,
    /// The commit.
    pub bytes: &'a [u8],
}

impl<'a> Frames<'a> {
    /// Goes on from a frame in the middle of a body.
    pub(super) const fn new(rest: &'a [u8], position: u64) -> Self {
        Self { rest, position }
    }
}

impl Frame<'_> {
    /// Bytes that it takes in the body.
    pub(super) const fn stored_len(&self) -> usize {
        FRAME_HEAD_BYTES + self.bytes.len()
    }

    /// Position after its last event.
    pub fn next_position(&self) -> u64 {
        self.first_position + u64::from(self.event_count)
    }

    /// Whether word and bytes have the stored CRC.
    pub fn is_intact(&self) -> bool {
        frame_crc(self.word, self.bytes) == self.crc
    }
}

/// Iterator over the frames of a well-formed body.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
    position: u64,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let (event_count, length) = frame_head(self.rest)?;
        let bytes = self.rest.get(FRAME_HEAD_BYTES..FRAME_HEAD_BYTES + length)?;
        let frame = Frame { first_position: self.position, event_count, crc: u32_at(self.rest, 4), word: u32_at(self.rest, 0), bytes };
        self.rest = &self.rest[FRAME_HEAD_BYTES + length..];
        self.position = frame.next_position();
        Some(frame)
    }
}
