//! The form of a commit: its id, its limits, and the answer that it gives.

use zhixin_domain::command;
use zhixin_events::commit::{COMMIT_BYTES_MAX, Commit, EVENTS_MAX, EventRecord, SUBJECTS_MAX};
use zhixin_events::leaf::{LEAF_BYTES_MAX, leaf};
use zhixin_events::{CommandId, Position, invariant};

use crate::answer::{Accepted, AcceptedEvent, CommandError};

/// The answer that a commit gives, now and whenever it is repeated.
pub(crate) fn accepted(commit: &Commit, first: Position) -> Accepted {
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
pub(super) fn check_limits(commit: &Commit, first: Position) -> Result<(), CommandError> {
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

/// `SHA-256(account || route || key)`, cut to 16 bytes.
pub(crate) fn command_id(account: &str, route: &str, key: &str) -> CommandId {
    let hash = zhixin_events::digest::sha256(&[account.as_bytes(), b"\0", route.as_bytes(), b"\0", key.as_bytes()]);
    CommandId(hash.first_chunk().copied().unwrap_or_default())
}
