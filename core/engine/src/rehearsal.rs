//! Rehearsal: commands decided one after another on a copy of the state, by the same rules as when they are meant, and nothing is recorded.
//!
//! Why: a report on an import promises what the import will do, and only the rules themselves know. What others record meanwhile is not seen.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use zhixin_domain::decision::{FRESH_IDS, Identity, Inputs, Known, Reads};
use zhixin_domain::rules::{Packs, Rules};
use zhixin_domain::state::Fact;
use zhixin_domain::{Command, States, SubjectState, command};
use zhixin_events::{AccountId, CivilDate, Event, Position, Role, Subject, Timestamp, invariant};

use crate::answer::{CommandError, Unavailable};
use crate::decider::READ_ROUNDS_MAX;
use crate::derived::DerivedView;
use crate::handle::EngineHandle;
use crate::history;

/// A copy of the state that commands are tried on.
#[derive(Debug)]
pub struct Rehearsal {
    handle: EngineHandle,
    view: DerivedView,
    packs: Packs,
    now: Timestamp,
    actor: AccountId,
    role: Role,
    effective_on: Option<CivilDate>,
    /// What was loaded, as the commands tried so far have left it.
    known: BTreeMap<Subject, (u32, Arc<SubjectState>)>,
    next: u64,
}

impl EngineHandle {
    /// Begins a rehearsal of commands of one actor for one day, on the state that the index reflects.
    ///
    /// # Errors
    /// The log, the index or the clock cannot be read.
    pub fn rehearse(&self, actor: AccountId, role: Role, effective_on: Option<CivilDate>) -> Result<Rehearsal, CommandError> {
        let now = self.now().map_err(|_| Unavailable::ClockJumped)?;
        let view = self.view().map_err(|_| Unavailable::Storage)?;
        let next = view.reached();
        let packs = self.packs(next).map_err(|fault| fault.unavailable())?;
        Ok(Rehearsal { handle: self.clone(), view, packs, now, actor, role, effective_on, known: BTreeMap::new(), next })
    }
}

impl Rehearsal {
    /// What a command would answer, after those tried before.
    ///
    /// # Errors
    /// It would be refused, or the log or the index cannot be read.
    pub fn try_out(&mut self, command: &Command) -> Result<Vec<(&'static str, String)>, CommandError> {
        let mut states = self.load(command)?;
        let inputs = Inputs {
            actor: self.actor,
            role: self.role,
            now: self.now,
            today: self.now.civil_date(),
            stated_effective_on: self.effective_on,
            rules: Rules::new(&self.packs),
            fresh: std::array::from_fn::<_, FRESH_IDS, _>(|_| self.handle.entropy().array()),
        };
        let decision = command.decide(&states, &inputs)?;
        for event in &decision.events {
            let fact = Fact { event: &event.event, position: Position(self.next), effective_on: event.effective_on };
            self.next = self.next.saturating_add(1);
            for subject in &event.subjects {
                self.load_subject(*subject, &mut states)?;
                // Held by nobody else now, so a long roster is not copied for each of its rows.
                states.remove(subject);
                let Some((ordinal, state)) = self.known.get_mut(subject) else { invariant!("a subject that was loaded is known") };
                *ordinal = ordinal.saturating_add(1);
                Arc::make_mut(state).apply(subject, &fact).map_err(|broken| Unavailable::Poisoned(broken.subject))?;
            }
        }
        let facts: Vec<Event> = decision.events.into_iter().map(|event| event.event).collect();
        Ok(command::result(&facts))
    }

    fn load(&mut self, command: &Command) -> Result<States, CommandError> {
        let mut states = States::default();
        self.load_subject(Subject::account(self.actor), &mut states)?;
        for _ in 0..=READ_ROUNDS_MAX {
            let Reads::More { subjects, identities } = command.reads(&states) else { return Ok(states) };
            for subject in subjects {
                self.load_subject(subject, &mut states)?;
            }
            for identity in &identities {
                states.insert_identity(identity, self.look_up(identity)?);
            }
        }
        invariant!("{} reads in more than {READ_ROUNDS_MAX} rounds", command.name())
    }

    fn load_subject(&mut self, subject: Subject, states: &mut States) -> Result<(), CommandError> {
        if states.holds(&subject) {
            return Ok(());
        }
        let (ordinal, state) = match self.known.entry(subject) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => {
                let loaded = history::load_in(&self.view, self.handle.reader(), None, &subject);
                let (ordinal, state) = loaded.map_err(|fault| fault.unavailable())?;
                vacant.insert((ordinal, Arc::new(state)))
            }
        };
        states.insert(subject, *ordinal, Arc::clone(state));
        Ok(())
    }

    fn look_up(&self, identity: &Identity) -> Result<Known, CommandError> {
        Ok(self.handle.known(&self.view, identity).map_err(|_| Unavailable::Storage)?)
    }
}
