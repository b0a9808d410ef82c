//! Decide the erasure of a person. Source: 个人信息保护法 Art. 47.

use zhixin_events::person::PersonErased;
use zhixin_events::scope::Place;
use zhixin_events::{ErasureGround, PersonId, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::CommonRefusal;
use crate::{Refusal, States};

/// Decides the erasure of a person's data; from here none are served. It takes effect today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasePerson {
    /// The person.
    pub person: PersonId,
    /// Why.
    pub ground: ErasureGround,
}

impl Decide for ErasePerson {
    const NAME: &'static str = "erase-person";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::person(self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::ErasePersons, &Place::default())?;
        let subject = Subject::person(self.person);
        if states.person(self.person, "person")?.is_erased() {
            return Err(CommonRefusal::PersonErased.refusal().of(subject));
        }
        let event = PersonErased { person: self.person, ground: self.ground };
        Ok(Decision::one(NewEvent::new(event, inputs.fixed(inputs.today)?, [subject])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NATIONAL, NOBODY, PERSON, PROVINCIAL, TODAY, given, person_registered};

    const ERASE: ErasePerson = ErasePerson { person: PERSON, ground: ErasureGround::ConsentWithdrawn };

    #[test]
    fn person_is_erased_by_the_national_office() {
        let erased = PersonErased { person: PERSON, ground: ErasureGround::ConsentWithdrawn };
        given([person_registered(PERSON)]).when(NATIONAL, ERASE).then_one(erased);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([person_registered(PERSON)]);
        let nobody = ErasePerson { person: PersonId::from_bytes(NOBODY), ..ERASE };
        world.when(PROVINCIAL, nobody.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, nobody).then_refused(CommonRefusal::UnknownSubject);
        let erased = world.clone().after(NATIONAL, ERASE).effective_on(TODAY.plus_days(-1));
        erased.when(NATIONAL, ERASE).then_refused(CommonRefusal::PersonErased);
        world.clone().effective_on(TODAY.plus_days(-1)).when(NATIONAL, ERASE).then_refused(CommonRefusal::EffectiveFixed);
        world.when(NATIONAL, ERASE).then_accepted();
    }
}
