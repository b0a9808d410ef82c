//! One record: envelope and body, and the chain that binds the bodies.

use std::fmt;

use sha2::{Digest, Sha256};

use super::body::Body;
use super::{BODY_BYTES_MAX, body};

/// Length of the envelope. Unit: bytes.
pub const ENVELOPE_BYTES: usize = 64;

const MAGIC: u16 = 0x6c5a; // "Zl" when read as bytes
const FORMAT_VERSION: u8 = 1;
const CRC_AT: usize = ENVELOPE_BYTES - 4;

/// What a record's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A batch of commits.
    Batch,
    /// The beginning of an epoch; the body is opaque here.
    Epoch,
}

impl RecordKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Batch => 1,
            Self::Epoch => 2,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Batch),
            2 => Some(Self::Epoch),
            _ => None,
        }
    }
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the body is.
    pub kind: RecordKind,
    /// Length of the body. Unit: bytes.
    pub body_len: u32,
    /// The writer's epoch.
    pub epoch: u32,
    /// The chain before this record.
    pub chain_before: [u8; 32],
    /// Authenticates the record under the log's key; computed and checked by the caller.
    pub mac: [u8; 16],
    /// CRC-32C over the envelope (this field zero) and the body.
    pub crc: u32,
}

impl Envelope {
    /// Length of envelope and body together. Unit: bytes.
    pub const fn record_len(&self) -> usize {
        ENVELOPE_BYTES + self.body_len as usize
    }

    /// Reads an envelope: `None` if the bytes are too few, or magic, version, kind or length are not possible. Checks no CRC.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; ENVELOPE_BYTES] = bytes.first_chunk()?;
        let envelope = Self {
            kind: RecordKind::from_byte(head[3])?,
            body_len: body::u32_at(head, 4),
            epoch: body::u32_at(head, 8),
            chain_before: head[12..44].try_into().ok()?,
            mac: head[44..CRC_AT].try_into().ok()?,
            crc: body::u32_at(head, CRC_AT),
        };
        let possible = head[..2] == MAGIC.to_le_bytes() && head[2] == FORMAT_VERSION && envelope.body_len as usize <= BODY_BYTES_MAX;
        possible.then_some(envelope)
    }

    /// Reads the record at the start of `bytes` and checks its CRC.
    pub fn parse_record(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let envelope = Self::parse(bytes)?;
        let record = bytes.get(..envelope.record_len())?;
        (record_crc(record) == envelope.crc).then(|| (envelope, &record[ENVELOPE_BYTES..]))
    }

    /// Whether bytes that are not (yet) a whole record may begin one.
    pub(super) fn starts_like_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC.to_le_bytes())
    }
}

fn record_crc(record: &[u8]) -> u32 {
    let crc = crc32c::crc32c(&record[..CRC_AT]);
    let crc = crc32c::crc32c_append(crc, &[0; 4]);
    crc32c::crc32c_append(crc, &record[ENVELOPE_BYTES..])
}

/// The chain after a batch: `SHA-256(chain_before || body_hash)`, where `body_hash = SHA-256(body)`.
pub fn chain_after(chain_before: &[u8; 32], body_hash: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(chain_before).chain_update(body_hash).finalize().into()
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A record ready to be appended: its bytes, and what the log must know of them.
#[derive(Clone)]
pub struct Record {
    bytes: Vec<u8>,
    envelope: Envelope,
    positions: Option<(u64, u64)>,
    chain_after: [u8; 32],
}

impl Record {
    /// Wraps the body of a batch. `mac` gets `SHA-256(body)`, so that a body is hashed once.
    ///
    /// `None` if the body is not a well-formed batch body of at most [`BODY_BYTES_MAX`] bytes.
    pub fn batch(epoch: u32, chain_before: [u8; 32], body: &[u8], mac: impl FnOnce(&[u8; 32]) -> [u8; 16]) -> Option<Self> {
        let parsed = Body::parse(body)?;
        let positions = Some((parsed.first_position(), parsed.next_position()));
        Self::seal(RecordKind::Batch, epoch, chain_before, body, positions, mac)
    }

    /// Wraps the body of an epoch record. `None` if it is longer than [`BODY_BYTES_MAX`].
    pub fn epoch(epoch: u32, chain_before: [u8; 32], body: &[u8], mac: impl FnOnce(&[u8; 32]) -> [u8; 16]) -> Option<Self> {
        Self::seal(RecordKind::Epoch, epoch, chain_before, body, None, mac)
    }

    fn seal(
        kind: RecordKind,
        epoch: u32,
        chain_before: [u8; 32],
        body: &[u8],
        positions: Option<(u64, u64)>,
        mac: impl FnOnce(&[u8; 32]) -> [u8; 16],
    ) -> Option<Self> {
        if body.len() > BODY_BYTES_MAX {
            return None;
        }
        let body_len = u32::try_from(body.len()).ok()?;
        let body_hash = sha256(body);
        let mac = mac(&body_hash);
        let mut bytes = Vec::with_capacity(ENVELOPE_BYTES + body.len());
        bytes.extend_from_slice(&MAGIC.to_le_bytes());
        bytes.extend_from_slice(&[FORMAT_VERSION, kind.byte()]);
        bytes.extend_from_slice(&body_len.to_le_bytes());
        bytes.extend_from_slice(&epoch.to_le_bytes());
        bytes.extend_from_slice(&chain_before);
        bytes.extend_from_slice(&mac);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(body);
        let crc = record_crc(&bytes);
        bytes[CRC_AT..ENVELOPE_BYTES].copy_from_slice(&crc.to_le_bytes());
        let chain_after = match kind {
            RecordKind::Batch => chain_after(&chain_before, &body_hash),
            RecordKind::Epoch => chain_before,
        };
        Some(Self { bytes, envelope: Envelope { kind, body_len, epoch, chain_before, mac, crc }, positions, chain_after })
    }

    /// Takes a record that was written elsewhere: a backup, a cluster's stream. `None` unless the bytes are exactly one whole record
    /// with a right CRC and, for a batch, a well-formed body. The mac is not checked.
    pub fn parse(bytes: Vec<u8>) -> Option<Self> {
        let (envelope, body) = Envelope::parse_record(&bytes)?;
        let (positions, chain_after) = match envelope.kind {
            RecordKind::Batch => {
                let parsed = Body::parse(body)?;
                (Some((parsed.first_position(), parsed.next_position())), chain_after(&envelope.chain_before, &sha256(body)))
            }
            RecordKind::Epoch => (None, envelope.chain_before),
        };
        (envelope.record_len() == bytes.len()).then_some(Self { bytes, envelope, positions, chain_after })
    }

    /// The bytes as they stand in the log.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The body alone.
    pub fn body(&self) -> &[u8] {
        &self.bytes[ENVELOPE_BYTES..]
    }

    /// The envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// First position and the position after the last, or `None` for an epoch record.
    pub fn positions(&self) -> Option<(u64, u64)> {
        self.positions
    }

    /// The chain after this record.
    pub fn chain_after(&self) -> [u8; 32] {
        self.chain_after
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("envelope", &self.envelope).field("positions", &self.positions).finish_non_exhaustive()
    }
}
