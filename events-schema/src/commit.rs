//! Bytes of a commit: what one command recorded, all of it or nothing. And `Recorded`, the view of one event that every reader gets.

use serde::{Deserialize, Serialize};

use crate::codec::{self, DecodeFault};
use crate::registry::{self, EventType};
use crate::{AccountId, CivilDate, CommandId, Event, Position, Role, Subject, Timestamp};

/// Most events in one commit.
pub const EVENTS_MAX: usize = 1_000;
/// Nearly every commit takes less. Unit: bytes.
const TYPICAL_BYTES_MAX: usize = 256;
/// Most bytes in one commit.
pub const COMMIT_BYTES_MAX: usize = 256 * 1024;
/// Most subjects of one event.
pub const SUBJECTS_MAX: usize = 16;

/// What a command recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The command.
    pub command_id: CommandId,
    /// Fingerprint of the command's body: the same id with another body is refused.
    pub fingerprint: [u8; 8],
    /// Salt from which masked digests and blinding values are derived.
    pub salt: [u8; 16],
    /// Who acted.
    pub actor: AccountId,
    /// The role acted in.
    pub role: Role,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// First event of the story this belongs to; absent = its own first event.
    pub correlation: Option<Position>,
    /// Rule packs it was decided under, by the position of the event that published each edition.
    pub packs: Vec<Position>,
    /// Its events.
    pub events: Vec<EventRecord>,
}

/// One event of a commit, payload undecoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// Its type.
    pub tag: u16,
    /// When it took place.
    pub effective_on: CivilDate,
    /// The event that caused it, if one did.
    pub causation: Option<Position>,
    /// The subjects it concerns, and the how-manieth event of each it is, from 1.
    pub subjects: Vec<(Subject, u32)>,
    /// The wire struct.
    pub payload: Vec<u8>,
    /// Encrypted fields, one envelope a holder.
    pub envelopes: Vec<Envelope>,
    /// Digests of the encrypted fields: number of the field in its type, SHA-256 of its disclosure.
    pub sealed_digests: Vec<(u8, [u8; 32])>,
}

/// Fields encrypted under the key of one holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Whose key.
    pub holder: Subject,
    /// Which key of theirs.
    pub key_version: u32,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct CommitV1<'a> {
    command_id: [u8; 16],
    fingerprint: [u8; 8],
    salt: [u8; 16],
    actor: AccountId,
    role: Role,
    since_base_ms: u64,
    correlation: Option<u64>,
    packs: Vec<u64>,
    #[serde(borrow)]
    events: Vec<EventV1<'a>>,
}

#[derive(Serialize, Deserialize)]
struct EventV1<'a> {
    tag: u16,
    days_before: i32,
    causation: Option<u64>,
    #[serde(borrow)]
    subjects: Vec<(&'a [u8], u32)>,
    payload: &'a [u8],
    #[serde(borrow)]
    envelopes: Vec<(&'a [u8], u32, &'a [u8])>,
    sealed_digests: Vec<(u8, [u8; 32])>,
}

impl Commit {
    /// The bytes of the commit in a batch that starts at `base`.
    pub fn encode(&self, base: Timestamp) -> Vec<u8> {
        let recorded_on = self.recorded_at.civil_date();
        let wire = CommitV1 {
            command_id: self.command_id.0,
            fingerprint: self.fingerprint,
            salt: self.salt,
            actor: self.actor,
            role: self.role,
            since_base_ms: u64::try_from(self.recorded_at.0.saturating_sub(base.0)).unwrap_or_default(),
            correlation: self.correlation.map(|position| position.0),
            packs: self.packs.iter().map(|pack| pack.0).collect(),
            events: self
                .events
                .iter()
                .map(|event| EventV1 {
                    tag: event.tag,
                    days_before: recorded_on.0.saturating_sub(event.effective_on.0),
                    causation: event.causation.map(|position| position.0),
                    subjects: event.subjects.iter().map(|(subject, ordinal)| (subject.as_bytes(), *ordinal)).collect(),
                    payload: &event.payload,
                    envelopes: event.envelopes.iter().map(|one| (one.holder.as_bytes(), one.key_version, one.sealed.as_slice())).collect(),
                    sealed_digests: event.sealed_digests.clone(),
                })
                .collect(),
        };
        codec::encode_long(&wire, TYPICAL_BYTES_MAX)
    }

    /// Reads the bytes of a commit in a batch that starts at `base`.
    ///
    /// # Errors
    /// The bytes are not exactly one commit, or it names a subject of a kind this version does not know.
    pub fn decode(bytes: &[u8], base: Timestamp) -> Result<Self, DecodeFault> {
        let (wire, rest): (CommitV1<'_>, _) =
            postcard::take_from_bytes(bytes).map_err(|source| DecodeFault::Malformed { tag: 0, source })?;
        if !rest.is_empty() {
            return Err(DecodeFault::Surplus { tag: 0, count: rest.len() });
        }
        let since = i64::try_from(wire.since_base_ms).map_err(|_| DecodeFault::Unknown { what: "an instant" })?;
        let recorded_at = Timestamp(base.0.checked_add(since).ok_or(DecodeFault::Unknown { what: "an instant" })?);
        let recorded_on = recorded_at.civil_date();
        let subject = |bytes: &[u8]| Subject::from_bytes(bytes).map_err(|_| DecodeFault::Unknown { what: "a subject" });
        let events = wire.events.iter().map(|event| {
            Ok(EventRecord {
                tag: event.tag,
                effective_on: CivilDate(recorded_on.0.saturating_sub(event.days_before)),
                causation: event.causation.map(Position),
                subjects: event.subjects.iter().map(|(bytes, ordinal)| Ok((subject(bytes)?, *ordinal))).collect::<Result<_, _>>()?,
                payload: event.payload.to_vec(),
                envelopes: event
                    .envelopes
                    .iter()
                    .map(|(holder, key_version, sealed)| {
                        Ok(Envelope { holder: subject(holder)?, key_version: *key_version, sealed: sealed.to_vec() })
                    })
                    .collect::<Result<_, _>>()?,
                sealed_digests: event.sealed_digests.clone(),
            })
        });
        Ok(Self {
            command_id: CommandId(wire.command_id),
            fingerprint: wire.fingerprint,
            salt: wire.salt,
            actor: wire.actor,
            role: wire.role,
            recorded_at,
            correlation: wire.correlation.map(Position),
            packs: wire.packs.into_iter().map(Position).collect(),
            events: events.collect::<Result<_, _>>()?,
        })
    }

    /// Checks that the commit and every payload in it are in canonical form.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check_canonical(&self, bytes: &[u8], base: Timestamp) -> Result<(), DecodeFault> {
        if self.encode(base) != bytes {
            return Err(DecodeFault::NotCanonical { tag: 0 });
        }
        self.events.iter().try_for_each(|event| registry::check_canonical(event.tag, &event.payload))
    }

    /// The events as readers see them, the first at `first`.
    pub fn recorded(&self, first: Position) -> impl Iterator<Item = Result<Recorded<'_>, DecodeFault>> {
        (0_u16..).zip(&self.events).map(move |(index, record)| Recorded::new(self, index, record, first))
    }
}

/// One event with everything that no event lacks.
#[derive(Debug, Clone)]
pub struct Recorded<'a> {
    /// Its position.
    pub position: Position,
    /// Its number in the commit.
    pub index: u16,
    /// The commit it belongs to.
    pub commit: &'a Commit,
    /// Its record: type tag, effective date, subjects, envelopes.
    pub record: &'a EventRecord,
    /// Its type.
    pub event_type: &'static EventType,
    /// The event in its newest shape.
    pub event: Event,
}

impl<'a> Recorded<'a> {
    fn new(commit: &'a Commit, index: u16, record: &'a EventRecord, first: Position) -> Result<Self, DecodeFault> {
        Ok(Self {
            position: first.plus(u64::from(index)),
            index,
            commit,
            record,
            event_type: registry::of_tag(record.tag).ok_or(DecodeFault::UnknownTag { tag: record.tag })?,
            event: registry::decode(record.tag, &record.payload)?,
        })
    }
    /// When it was recorded.
    pub const fn recorded_at(&self) -> Timestamp {
        self.commit.recorded_at
    }
    /// When it took place.
    pub const fn effective_on(&self) -> CivilDate {
        self.record.effective_on
    }
    /// First event of the story it belongs to.
    pub fn correlation(&self) -> Position {
        self.commit.correlation.unwrap_or(Position(self.position.0.saturating_sub(u64::from(self.index))))
    }
    /// Its ordinal in the history of a subject, if it concerns it.
    pub fn ordinal_of(&self, subject: &Subject) -> Option<u32> {
        self.record.subjects.iter().find(|(named, _)| named == subject).map(|(_, ordinal)| *ordinal)
    }
}
