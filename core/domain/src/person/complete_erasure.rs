//! Record that the keys of an erased person are destroyed. Source: 个人信息保护法 Art. 47.

use zhixin_events::person::ErasureCompleted;
use zhixin_events::scope::Place;
use zhixin_events::{PersonId, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Records the end of an erasure; only the process itself knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteErasure {
    /// The person.
    pub person: PersonId,
}

refusals! {
    /// Why an erasure is not completed.
    pub enum CompleteErasureRefusal {
        /// Erasures are decided first.
        NotErased = "PERSON-0004" Conflict "the erasure of the person was never decided",
        /// An erasure ends once.
        AlreadyCompleted = "PERSON-0005" Conflict "the erasure of the person is completed already",
    }
}

impl Decide for CompleteErasure {
    const NAME: &'static str = "complete-erasure";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::person(self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::CompleteErasures, &Place::default())?;
        let subject = Subject::person(self.person);
        let person = states.person(self.person, "person")?;
        let decided = person.erased_at.ok_or_else(|| CompleteErasureRefusal::NotErased.refusal().of(subject))?;
        if person.erasure_completed {
            return Err(CompleteErasureRefusal::AlreadyCompleted.refusal().of(subject));
        }
        let event = NewEvent::new(ErasureCompleted { person: self.person }, inputs.fixed(inputs.today)?, [subject]);
        Ok(Decision::one(event.caused_by(decided)).in_story_of(Some(decided)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, NOBODY, PERSON, SYSTEM, TODAY, given, person_erased, person_registered};

    const COMPLETE: CompleteErasure = CompleteErasure { person: PERSON };

    #[test]
    fn erasure_is_completed_by_the_process() {
        let erased = given([person_registered(PERSON), person_erased(PERSON)]);
        erased.when(SYSTEM, COMPLETE).then_one(ErasureCompleted { person: PERSON });
    }

    #[test]
    fn erasure_is_refused_when_never_decided() {
        given([person_registered(PERSON)]).when(SYSTEM, COMPLETE).then_refused(CompleteErasureRefusal::NotErased);
    }

    #[test]
    fn erasure_is_refused_when_completed_already() {
        let completed = given([person_registered(PERSON), person_erased(PERSON)]).after(SYSTEM, COMPLETE);
        completed.when(SYSTEM, COMPLETE).then_refused(CompleteErasureRefusal::AlreadyCompleted);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([person_registered(PERSON)]);
        let nobody = CompleteErasure { person: PersonId::from_bytes(NOBODY) };
        world.when(NATIONAL, nobody.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(SYSTEM, nobody).then_refused(CommonRefusal::UnknownSubject);
        world.when(SYSTEM, COMPLETE).then_refused(CompleteErasureRefusal::NotErased);
        let erased = world.happened(person_erased(PERSON));
        let earlier = erased.clone().effective_on(TODAY.plus_days(-1));
        earlier.when(SYSTEM, COMPLETE).then_refused(CommonRefusal::EffectiveFixed);
        let completed = erased.after(SYSTEM, COMPLETE).effective_on(TODAY.plus_days(-1));
        completed.when(SYSTEM, COMPLETE).then_refused(CompleteErasureRefusal::AlreadyCompleted);
    }
}
