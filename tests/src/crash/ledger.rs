//! Everything acknowledged so far, and whether a reopened engine still has it: there, whole, at its place, with the same answer, readable.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::LogReader;
use zhixin_events::{Commit, Timestamp};
use zhixin_store::segments::Body;

use super::child::{Ack, hex};
use super::world::{Cast, Script, Step, name_of, person_of, reading};

/// One commit as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Position of its first event.
    pub position: u64,
    /// Position after its last event.
    pub next: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Base of its recorded-at time. Unit: milliseconds since 1970-01-01 UTC.
    pub base_ms: i64,
    /// Identifies its command. Unit: hexadecimal digits.
    pub command_id: String,
}

/// Every commit of a log; dense, whole, in the order of positions.
///
/// # Panics
/// The log cannot be read, or is not that.
pub fn frames(reader: &dyn LogReader) -> Vec<Frame> {
    let mut found: Vec<Frame> = Vec::new();
    let read = reader.read(0, &mut |batch| {
        let body = Body::parse(batch.body).expect("a batch that is served is whole");
        for frame in body.frames() {
            assert!(frame.is_intact(), "the commit at {} is not whole", frame.first_position);
            assert_eq!(frame.first_position, found.last().map_or(0, |last| last.next), "positions are dense");
            let commit = Commit::decode(frame.bytes, Timestamp(body.base_ms())).expect("a commit that is served decodes");
            assert_eq!(commit.events.len() as u64, u64::from(frame.event_count));
            let command_id = hex(&commit.command_id.0);
            found.push(Frame {
                position: frame.first_position,
                next: frame.next_position(),
                bytes: frame.bytes.to_vec(),
                base_ms: body.base_ms(),
                command_id,
            });
        }
        ControlFlow::Continue(())
    });
    read.expect("the log can be read");
    assert_eq!(found.last().map_or(0, |last| last.next), reader.end(), "the log ends where it says");
    found
}

/// What was acknowledged, over all processes that wrote a folder.
#[derive(Debug, Default)]
pub struct Ledger {
    acks: BTreeMap<(u32, u32), Ack>,
    log: Vec<Frame>,
}

impl Ledger {
    /// Notes an acknowledgement.
    pub fn note(&mut self, ack: Ack) {
        if let Some(noted) = self.acks.get(&ack.at) {
            assert_eq!(*noted, ack, "the same step, the same answer");
        } else {
            self.acks.insert(ack.at, ack);
        }
    }

    /// How many were noted.
    pub fn len(&self) -> usize {
        self.acks.len()
    }
    /// Whether none was noted.
    pub fn is_empty(&self) -> bool {
        self.acks.is_empty()
    }

    /// Compares a log with everything acknowledged and with what it held when last compared.
    ///
    /// # Panics
    /// Something acknowledged is missing, elsewhere or changed, or the record was rewritten.
    pub fn check_log(&mut self, handle: &EngineHandle) {
        let checked = handle.reader().check(handle.log_key(), &mut |_| {}).expect("MACs and chain verify");
        assert_eq!(checked.next_position, handle.end());
        let log = frames(handle.reader().as_ref());
        assert!(log.len() >= self.log.len() && log[..self.log.len()] == self.log, "what was in the log stays as it was");
        let by_position: BTreeMap<u64, &Frame> = log.iter().map(|frame| (frame.position, frame)).collect();
        let mut last: Option<&Ack> = None;
        for ack in self.acks.values() {
            let frame =
                by_position.get(&ack.position).unwrap_or_else(|| panic!("{ack:?} is not in the log, which ends at {}", handle.end()));
            assert_eq!(frame.command_id, ack.command_id, "another commit stands at {}", ack.position);
            if let Some(before) = last.filter(|before| before.at.0 == ack.at.0) {
                assert!(before.position < ack.position, "one caller's commands stand in the order of their answers");
            }
            last = Some(ack);
        }
        let ids: std::collections::BTreeSet<&str> = log.iter().map(|frame| frame.command_id.as_str()).collect();
        assert_eq!(ids.len(), log.len(), "no command is recorded twice");
        self.log = log;
    }

    /// Runs the scripts again from their beginnings: each acknowledged step must be answered from the record, as before; the step under way
    /// at the crash is there whole or is recorded now; sealed names open. Returns all steps.
    ///
    /// # Panics
    /// An answer differs, or a name does not open.
    pub fn repeat(&mut self, handle: &EngineHandle, cast: &Cast, scripts: impl IntoIterator<Item = u32>) -> Vec<Step> {
        let mut steps = Vec::new();
        for number in scripts {
            let mut script = Script::new(number);
            let known = self.acks.range((number, 0)..=(number, u32::MAX)).count();
            for _ in 0..=known {
                let step = script.step(handle, cast).unwrap_or_else(|error| panic!("script {number}: {error}"));
                let ack = Ack::of(&step);
                if let Some(noted) = self.acks.get(&ack.at) {
                    assert!(step.accepted.replayed, "{noted:?} is answered from the record");
                    assert_eq!(*noted, ack, "with the answer that it had");
                }
                self.note(ack);
                steps.push(step);
            }
        }
        steps
    }

    /// Opens the sealed names of registrations.
    ///
    /// # Panics
    /// One does not open, or is another.
    pub fn check_names(handle: &EngineHandle, cast: &Cast, steps: &[Step]) {
        for step in steps.iter().filter(|step| step.registers()) {
            let opened = handle.open_persons(&reading(cast, person_of(&step.accepted)), &[step.accepted.position.0]);
            let opened = opened.unwrap_or_else(|error| panic!("the name registered by {}-{}: {error}", step.script, step.step));
            let name = opened.iter().flat_map(|(_, fields)| fields).find(|field| field.field == "name").expect("the name opens");
            assert_eq!(*name.value.expose(), name_of(step.script, step.step));
        }
    }

    /// Positions of acknowledged steps of a log that ends before them.
    pub fn acks(&self) -> impl Iterator<Item = &Ack> {
        self.acks.values()
    }
}
