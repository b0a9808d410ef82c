//! What the deciding thread knows that the index does not reflect yet: command ids, identity numbers and names of the newest commits.

use std::collections::{HashMap, VecDeque};

use zhixin_events::{CommandId, PersonId};

/// A command that was decided but may not be in the index yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recent {
    pub(crate) position: u64,
    pub(crate) batch: u64,
    pub(crate) fingerprint: [u8; 8],
}

/// Facts younger than the index.
#[derive(Debug, Default)]
pub(crate) struct Younger {
    pub(crate) commands: HashMap<CommandId, Recent>,
    pub(crate) identities: HashMap<[u8; 16], (PersonId, u64, u64)>,
    /// Hashes of the newest names, with the position of the event and its batch.
    pub(crate) names: HashMap<PersonId, ([u8; 32], u64, u64)>,
    pub(crate) order: VecDeque<(u64, Forgettable)>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Forgettable {
    Command(CommandId),
    Identity([u8; 16]),
    Name(PersonId),
}

impl Younger {
    /// Drops what the index reflects by now.
    pub(crate) fn trim(&mut self, indexed: u64) {
        while let Some((position, what)) = self.order.front().copied() {
            if position >= indexed {
                break;
            }
            self.order.pop_front();
            match what {
                Forgettable::Command(id) => drop(self.commands.remove(&id)),
                Forgettable::Identity(hash) => drop(self.identities.remove(&hash)),
                // A younger name of the same person stays.
                Forgettable::Name(person) if self.names.get(&person).is_some_and(|(_, newest, _)| *newest > position) => {}
                Forgettable::Name(person) => drop(self.names.remove(&person)),
            }
        }
    }
    /// Drops what a failed batch had brought.
    pub(crate) fn drop_pending(&mut self, durable_position: u64) {
        while self.order.back().is_some_and(|(position, _)| *position >= durable_position) {
            match self.order.pop_back() {
                Some((_, Forgettable::Command(id))) => drop(self.commands.remove(&id)),
                Some((_, Forgettable::Identity(hash))) => drop(self.identities.remove(&hash)),
                // An older name of the same person is durable, so it is read from the log.
                Some((_, Forgettable::Name(person))) => drop(self.names.remove(&person)),
                None => {}
            }
        }
    }
}
