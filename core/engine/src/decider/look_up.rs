//! Whom a document means: its number leads to a person, but only who also knows the name is told so.

use zhixin_domain::SubjectState;
use zhixin_domain::decision::{Identity, Known};
use zhixin_events::{PersonId, Subject, invariant};

use super::reads::Loaded;
use super::{Decider, Surroundings};
use crate::answer::{CommandError, Unavailable};
use crate::appender::log_chain;
use crate::names::recorded_name_hash;

impl Decider {
    /// Whom a document and a name mean.
    pub(super) fn look_up(&mut self, identity: &Identity, loaded: &mut Loaded) -> Result<Known, CommandError> {
        // An erasure takes a number out of the index, which `younger` does not tell: for a look-up the newest view counts.
        if self.view.as_ref().is_none_or(|view| view.reached() < self.around.indexed.reached()) {
            self.look_again();
        }
        let hash = self.around.identities.hash(identity.kind, identity.number.expose());
        let person = match self.younger.identities.get(&hash) {
            Some((person, _, pending)) => {
                loaded.batch = loaded.batch.max(*pending);
                *person
            }
            None => match self.read_index(|view| view.person(&hash))? {
                Some(person) => person,
                None => return Ok(Known::Nobody),
            },
        };
        let same = self.is_named(person, identity.name.expose(), loaded)?;
        Ok(if same { Known::Person(person) } else { Known::OtherName })
    }

    /// Whether a person bears a name, or is erased and bears none.
    fn is_named(&mut self, person: PersonId, name: &str, loaded: &mut Loaded) -> Result<bool, CommandError> {
        let subject = Subject::person(person);
        self.load_subject(subject, loaded)?;
        let Some(SubjectState::Person(state)) = loaded.states.get(&subject) else { invariant!("a person has the state of a person") };
        if state.is_erased() {
            return Ok(true);
        }
        let Surroundings { reader, keys, log_id, identities, .. } = &self.around;
        let recorded = match (self.younger.names.get(&person), state.name_position) {
            (Some((hash, _, pending)), _) => {
                loaded.batch = loaded.batch.max(*pending);
                Some(*hash)
            }
            (None, Some(told_at)) => {
                let view = self.view.as_ref().ok_or(Unavailable::Storage)?;
                recorded_name_hash(identities, (reader, view, keys, *log_id), &subject, told_at).map_err(|fault| {
                    tracing::error!(fault = %log_chain(&fault), runbook = "poisoned-subject", "a name could not be compared");
                    Unavailable::Storage
                })?
            }
            (None, None) => None,
        };
        Ok(recorded.is_some_and(|hash| identities.is_name(name, &hash)))
    }
}
