//! Correct the name of a person. Source: Plan 4.2-1; 个人信息保护法 Art. 46 (更正).

use zhixin_events::person::PersonNameCorrected;
use zhixin_events::scope::Place;
use zhixin_events::{PersonId, Secret, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::CommonRefusal;
use crate::rules::text::{NAME_CHARS, line_of_secret};
use crate::{Refusal, States};

/// Corrects a name. A certificate look-up shows the corrected one: the certificate is of the person, not of the spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectPersonName {
    /// The person.
    pub person: PersonId,
    /// Name as on the document.
    pub name: Secret<String>,
}

impl Decide for CorrectPersonName {
    const NAME: &'static str = "correct-person-name";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::person(self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::CorrectPersons, &Place::default())?;
        let name = line_of_secret(&self.name, NAME_CHARS, "name")?;
        let subject = Subject::person(self.person);
        let person = states.person(self.person, "person")?;
        if person.is_erased() {
            return Err(CommonRefusal::PersonErased.refusal().of(subject));
        }
        let event = PersonNameCorrected { person: self.person };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_after(person.named_on, subject)?, [subject]).sealing("name", subject, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NATIONAL, NOBODY, PERSON, PROVINCIAL, TODAY, TRAINER_STAFF, given, person_erased, person_registered, secret};

    fn correct(name: &str) -> CorrectPersonName {
        CorrectPersonName { person: PERSON, name: secret(name) }
    }

    #[test]
    fn name_is_corrected_by_an_office_and_sealed_for_the_person() {
        for office in [NATIONAL, PROVINCIAL] {
            let decision = given([person_registered(PERSON)]).when(office, correct(" 王芳 ")).then_accepted();
            let [event] = decision.events.as_slice() else { panic!("one event") };
            let [field] = event.sealed.as_slice() else { panic!("one sealed field") };
            assert_eq!((field.field, field.holder, field.value.expose().as_str()), ("name", Subject::person(PERSON), "王芳"));
        }
    }

    #[test]
    fn name_is_refused_before_that_which_it_corrects() {
        let early = given([person_registered(PERSON)]).effective_on(TODAY.plus_days(-21));
        early.when(NATIONAL, correct("王芳")).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([person_registered(PERSON), person_erased(PERSON)]);
        let nobody = CorrectPersonName { person: PersonId::from_bytes(NOBODY), ..correct("") };
        world.when(TRAINER_STAFF, nobody.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, nobody.clone()).then_refused(CommonRefusal::TextUnfit);
        world.when(NATIONAL, CorrectPersonName { name: secret("王芳"), ..nobody }).then_refused(CommonRefusal::UnknownSubject);
        world.when(NATIONAL, correct("王芳")).then_refused(CommonRefusal::PersonErased);
        given([person_registered(PERSON)]).when(NATIONAL, correct("王芳")).then_accepted();
    }
}
