//! Take posted hours back. Source: ours; hours are posted once for an activity (Plan 4.2-1), so a posting in
//! error must be taken back before another.

use zhixin_events::hours::HoursReversed;
use zhixin_events::{ClassId, PersonId, RevocationGround, Subject};

use crate::access::Action;
use crate::class::run::{Note, note_line, permitted_run};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Takes the posted hours of a person and run back; they may be posted again. Also for an erased person: sums must stay right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReverseHours {
    /// The run that had earned them.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// Why.
    pub ground: RevocationGround,
    /// Why, as typed.
    pub note: Note,
}

refusals! {
    /// Why hours are not reversed.
    pub enum ReverseHoursRefusal {
        /// Nothing is posted.
        NotPosted = "HOURS-0003" Conflict "no hours of the run are posted for the person",
    }
}

impl Decide for ReverseHours {
    const NAME: &'static str = "reverse-hours";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class), Subject::person(self.person), Subject::hours_once(self.class, self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, _) = permitted_run(states, inputs, self.class, Action::RevokeCertificates)?;
        let (person, note) = (Subject::person(self.person), note_line(&self.note)?);
        let posted = class.trainees.get(&self.person).and_then(|trainee| trainee.hours);
        let posted = posted.ok_or_else(|| ReverseHoursRefusal::NotPosted.refusal().of(person))?;
        let event = HoursReversed {
            person: self.person,
            class: self.class,
            year: posted.year,
            professional: posted.professional,
            corrects: posted.position.0,
            ground: self.ground,
        };
        let subjects = [Subject::class(self.class), person, Subject::hours_once(self.class, self.person)];
        let event = NewEvent::new(event, inputs.fixed(posted.effective_on)?, subjects).caused_by(posted.position);
        let event = event.sealing_some("note", Subject::account(inputs.actor), note);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::PostHours;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{CLASS, NATIONAL, PERSON, PROVINCIAL, TODAY, TRAINER_STAFF, World, person_erased, secret, tested_run};
    use zhixin_events::{Event, hours::HoursEvent};

    const REVERSE: ReverseHours = ReverseHours { class: CLASS, person: PERSON, ground: RevocationGround::FactsCorrected, note: None };

    fn posted() -> World {
        tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON })
    }

    #[test]
    fn reversal_names_the_posting_and_lets_hours_be_posted_again() {
        let decision = posted().happened(person_erased(PERSON)).when(PROVINCIAL, REVERSE).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let Event::Hours(HoursEvent::HoursReversed(reversed)) = &event.event else { panic!("another event") };
        assert_eq!((event.causation.map(|position| position.0), reversed.professional.get()), (Some(reversed.corrects), 160));
        posted().after(NATIONAL, REVERSE).when(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON }).then_accepted();
    }

    #[test]
    fn reversal_is_refused_when_nothing_is_posted() {
        tested_run(80).when(NATIONAL, REVERSE).then_refused(ReverseHoursRefusal::NotPosted);
        posted().after(NATIONAL, REVERSE).when(NATIONAL, REVERSE).then_refused(ReverseHoursRefusal::NotPosted);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let bare = tested_run(80).effective_on(TODAY.plus_days(-1));
        bare.when(TRAINER_STAFF, REVERSE).then_refused(CommonRefusal::NotPermitted);
        let noted = |note| ReverseHours { note: Some(secret(note)), ..REVERSE };
        bare.when(NATIONAL, noted("")).then_refused(CommonRefusal::TextUnfit);
        bare.when(NATIONAL, REVERSE).then_refused(ReverseHoursRefusal::NotPosted);
        posted().effective_on(TODAY.plus_days(-1)).when(NATIONAL, REVERSE).then_refused(CommonRefusal::EffectiveFixed);
        let decision = posted().when(NATIONAL, noted("重复登记")).then_accepted();
        assert_eq!(decision.events.iter().map(|event| event.sealed.len()).collect::<Vec<_>>(), [1]);
    }
}
