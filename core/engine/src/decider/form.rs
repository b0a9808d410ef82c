//! The form of a commit: what was decided, numbered, sealed and within its limits, and the answer that it gives.

use std::collections::HashMap;

use zhixin_domain::decision::{Decision, NewEvent};
use zhixin_domain::{States, command};
use zhixin_events::commit::{COMMIT_BYTES_MAX, Commit, EVENTS_MAX, EventRecord, SUBJECTS_MAX};
use zhixin_events::leaf::{LEAF_BYTES_MAX, leaf};
use zhixin_events::{Position, Subject, Timestamp, invariant, registry};

use super::Surroundings;
use crate::answer::{Accepted, AcceptedEvent, CommandError, Submission, Unavailable};
use crate::sealing::{self, Place};
use crate::vault_keys::NewKeys;

/// The commit of a decision on some states, and the keys that must be durable before it; after an error nothing may be sealed under them.
///
/// # Errors
/// It is longer than a commit may be, or could not be sealed.
pub(super) fn form(
    around: &Surroundings,
    submission: &Submission,
    decision: &Decision,
    (first, now): (Position, Timestamp),
    packs: Vec<Position>,
    states: &States,
) -> Result<(Commit, NewKeys), CommandError> {
    let mut forming = Forming { around, submission, states, ordinals: HashMap::new(), new_keys: NewKeys::new() };
    let events = (0_u16..).zip(&decision.events).map(|(index, event)| forming.event_record(index, event)).collect::<Result<_, _>>();
    let commit = events.and_then(|events| {
        let commit = Commit {
            command_id: submission.command_id,
            fingerprint: submission.fingerprint,
            salt: around.entropy.array(),
            actor: submission.actor,
            role: submission.role,
            recorded_at: now,
            correlation: decision.correlation,
            packs,
            events,
        };
        check_limits(&commit, first).map(|()| commit)
    });
    match commit {
        Ok(commit) => Ok((commit, forming.new_keys)),
        Err(error) => {
            around.keys.abandon(&forming.new_keys);
            Err(error)
        }
    }
}

/// What the events of one commit share.
struct Forming<'a> {
    around: &'a Surroundings,
    submission: &'a Submission,
    states: &'a States,
    /// The last ordinals given.
    ordinals: HashMap<Subject, u32>,
    new_keys: NewKeys,
}

impl Forming<'_> {
    fn event_record(&mut self, index: u16, event: &NewEvent) -> Result<EventRecord, CommandError> {
        let (tag, payload) = registry::encode(&event.event);
        let mut subjects = Vec::with_capacity(event.subjects.len());
        for subject in &event.subjects {
            let ordinal = self.ordinals.entry(*subject).or_insert_with(|| self.states.ordinal(subject));
            *ordinal += 1;
            subjects.push((*subject, *ordinal));
        }
        let Some(event_type) = registry::of_tag(tag) else { invariant!("encode names only tags of the registry") };
        let Surroundings { keys, entropy, log_id, .. } = self.around;
        let place = Place { log_id: *log_id, command_id: self.submission.command_id, index, tag };
        let sealed = sealing::seal_fields(keys, entropy.as_ref(), &place, event_type, &event.sealed, &mut self.new_keys);
        let (envelopes, sealed_digests) = sealed.map_err(|fault| if fault.is_full() { Unavailable::Full } else { Unavailable::Storage })?;
        Ok(EventRecord { tag, effective_on: event.effective_on, causation: event.causation, subjects, payload, envelopes, sealed_digests })
    }
}

/// The answer that a commit gives, now and whenever it is repeated.
pub(super) fn accepted(commit: &Commit, first: Position) -> Accepted {
    let mut events = Vec::with_capacity(commit.events.len());
    let mut facts = Vec::with_capacity(commit.events.len());
    for recorded in commit.recorded(first) {
        let Ok(recorded) = recorded else { invariant!("a commit that was decided decodes") };
        let subjects = recorded.record.subjects.clone();
        events.push(AcceptedEvent { position: recorded.position, event_type: recorded.event_type.name, subjects });
        facts.push(recorded.event);
    }
    Accepted { position: first, events, result: command::result(&facts), replayed: false }
}

/// Refuses a commit that is longer than any reader must expect.
///
/// # Errors
/// Which limit it is.
fn check_limits(commit: &Commit, first: Position) -> Result<(), CommandError> {
    if commit.events.is_empty() || commit.events.len() > EVENTS_MAX {
        return Err(CommandError::TooLarge("a commit holds 1 to 1,000 events"));
    }
    if bytes_max(commit) > COMMIT_BYTES_MAX {
        return Err(CommandError::TooLarge("a commit holds 256 KiB"));
    }
    for (index, record) in (0_u16..).zip(&commit.events) {
        if record.subjects.len() > SUBJECTS_MAX {
            return Err(CommandError::TooLarge("an event names 16 subjects"));
        }
        let long = record.payload.len() > LEAF_BYTES_MAX / 8;
        if long && leaf(commit, index, record, first).is_ok_and(|leaf| leaf.len() > LEAF_BYTES_MAX) {
            return Err(CommandError::TooLarge("the public form of an event holds 4 KiB"));
        }
    }
    Ok(())
}

/// No commit takes more bytes than this says.
pub(super) fn bytes_max(commit: &Commit) -> usize {
    let event = |event: &EventRecord| {
        let envelopes: usize = event.envelopes.iter().map(|envelope| 64 + envelope.sealed.len()).sum();
        48 + event.payload.len() + event.subjects.len() * 56 + envelopes + event.sealed_digests.len() * 33
    };
    128 + commit.packs.len() * 10 + commit.events.iter().map(event).sum::<usize>()
}
