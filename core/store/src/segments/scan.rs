//! Reading records one after another, and checking that each continues the log.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::body::{Body, u64_at};
use super::record::{ENVELOPE_BYTES, Envelope, RecordKind, chain_after, sha256};
use crate::files;

/// Bytes read at once. Why: large reads reach the disk's sequential speed; it holds any record whole.
const BUFFER_BYTES: usize = 1 << 20;

/// What stands at the cursor.
pub(super) enum Step<'a> {
    /// A record whose CRC is right.
    Record { offset: u64, envelope: Envelope, body: &'a [u8] },
    /// Zeroes or the limit: nothing was written here.
    End,
    /// Bytes that are no whole record.
    Bad(&'static str),
}

/// Walks the records of one segment up to a limit.
pub(super) struct Cursor {
    file: Arc<File>,
    buffer: Vec<u8>,
    /// Where the buffer begins in the file.
    base: u64,
    /// Where in the buffer the next record begins.
    at: usize,
    limit: u64,
}

impl Cursor {
    pub(super) fn new(file: Arc<File>, offset: u64, limit: u64) -> Self {
        Self { file, buffer: Vec::new(), base: offset, at: 0, limit }
    }

    /// Offset of the next record.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// Goes on to the next record, if this one is whole; otherwise stays.
    pub(super) fn step(&mut self) -> io::Result<Step<'_>> {
        let offset = self.offset();
        let head = self.need(ENVELOPE_BYTES)?;
        if head.iter().all(|byte| *byte == 0) {
            return Ok(Step::End);
        }
        let Some(envelope) = Envelope::parse(head) else { return Ok(Step::Bad("no envelope of this format")) };
        let length = envelope.record_len();
        if self.need(length)?.len() < length {
            return Ok(Step::Bad("record longer than the segment"));
        }
        let start = self.at;
        let Some((envelope, _)) = Envelope::parse_record(&self.buffer[start..start + length]) else {
            return Ok(Step::Bad("wrong CRC"));
        };
        self.at += length;
        Ok(Step::Record { offset, envelope, body: &self.buffer[start + ENVELOPE_BYTES..start + length] })
    }

    /// At least `wanted` bytes from the cursor on, or all that there are up to the limit; at most `wanted`.
    fn need(&mut self, wanted: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.at < wanted {
            self.buffer.drain(..self.at);
            self.base += self.at as u64;
            self.at = 0;
            let have = self.buffer.len();
            let left = self.limit.saturating_sub(self.base + have as u64);
            let more = usize::try_from(left).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
            self.buffer.resize(have + more, 0);
            let read = files::read_at(&self.file, &mut self.buffer[have..], self.base + have as u64)?;
            self.buffer.truncate(have + read);
        }
        let end = self.buffer.len().min(self.at + wanted);
        Ok(&self.buffer[self.at..end])
    }
}

/// How far a walk has come; every record must continue it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running {
    /// Position of the next event.
    pub(super) position: u64,
    /// Chain so far; unknown before the first record of a walk that did not begin at a known place.
    pub(super) chain: Option<[u8; 32]>,
    /// Epoch of the last record, 0 before the log's first; unknown like the chain.
    pub(super) epoch: Option<u32>,
}

/// A record that continues the log.
pub(super) struct Continued {
    pub(super) first_position: u64,
    pub(super) base_ms: i64,
}

impl Running {
    /// Checks a record that was read and takes it in. Errors say what does not fit, and change nothing.
    pub(super) fn take(&mut self, envelope: &Envelope, body: &[u8]) -> Result<Continued, String> {
        self.check(envelope)?;
        let continued = match envelope.kind {
            RecordKind::Batch => {
                let parsed = Body::parse(body).ok_or("batch body is not well-formed")?;
                self.advance(parsed.first_position(), parsed.next_position(), chain_after(&envelope.chain_before, &sha256(body)))?;
                Continued { first_position: parsed.first_position(), base_ms: parsed.base_ms() }
            }
            RecordKind::Epoch => {
                self.chain = Some(envelope.chain_before);
                Continued { first_position: self.position, base_ms: 0 }
            }
        };
        self.epoch = Some(envelope.epoch);
        Ok(continued)
    }

    /// Takes in a record that is about to be written; parsed and hashed before.
    pub(super) fn take_new(&mut self, record: &super::Record) -> Result<(), String> {
        self.check(record.envelope())?;
        if let Some((first, next)) = record.positions() {
            self.advance(first, next, record.chain_after())?;
        } else {
            self.chain = Some(record.chain_after());
        }
        self.epoch = Some(record.envelope().epoch);
        Ok(())
    }

    fn check(&self, envelope: &Envelope) -> Result<(), String> {
        if self.chain.is_some_and(|chain| chain != envelope.chain_before) {
            return Err("the chain is broken".to_owned());
        }
        let continues = self.epoch.is_none_or(|epoch| match envelope.kind {
            RecordKind::Batch => envelope.epoch == epoch,
            RecordKind::Epoch => epoch.checked_add(1) == Some(envelope.epoch),
        });
        if !continues {
            return Err(format!("{:?} of epoch {} after epoch {}", envelope.kind, envelope.epoch, self.epoch.unwrap_or_default()));
        }
        Ok(())
    }

    fn advance(&mut self, first: u64, next: u64, chain: [u8; 32]) -> Result<(), String> {
        if first != self.position {
            return Err(format!("a batch begins at position {first}, but {} is next", self.position));
        }
        self.position = next;
        self.chain = Some(chain);
        Ok(())
    }
}

/// What stands behind the last good record of a segment.
pub(super) struct Rest {
    /// Offset of a whole valid record, if there is one.
    pub(super) valid_at: Option<u64>,
    /// Offset after the last byte that is not zero, if there is one.
    pub(super) written_to: Option<u64>,
}

/// Looks at everything from `offset` to the end of the file.
pub(super) fn look_at_rest(file: &File, offset: u64) -> io::Result<Rest> {
    let length = file.metadata()?.len();
    let mut bytes = vec![0; usize::try_from(length.saturating_sub(offset)).map_err(|_| io::ErrorKind::FileTooLarge)?];
    let read = files::read_at(file, &mut bytes, offset)?;
    bytes.truncate(read);
    let written = bytes.iter().rposition(|byte| *byte != 0).map(|last| last + 1);
    let candidates = 0..written.unwrap_or(0);
    let valid = candidates.into_iter().find(|at| {
        let candidate = &bytes[*at..];
        Envelope::starts_like_one(candidate) && Envelope::parse_record(candidate).is_some()
    });
    Ok(Rest { valid_at: valid.map(|at| offset + at as u64), written_to: written.map(|end| offset + end as u64) })
}

/// First position that a batch's bytes name, without any check; for walking to a position.
pub(super) fn first_position_of(body: &[u8]) -> Option<u64> {
    (body.len() > 8).then(|| u64_at(body, 0))
}
