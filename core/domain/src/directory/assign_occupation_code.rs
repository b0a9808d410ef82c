//! Assign an occupation its code in another edition of the classification. Source: Plan 3.3-2; SOURCES 3 (two code generations).

use zhixin_events::directory::OccupationCodeAssigned;
use zhixin_events::scope::Place;
use zhixin_events::{OccupationId, PlanYear, SourceMark, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::occupation_code::{code_claim, free_code};
use crate::{Refusal, States};

/// Assigns a further code; the earlier ones stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignOccupationCode {
    /// The occupation.
    pub occupation: OccupationId,
    /// Its code there.
    pub code: String,
    /// The edition.
    pub code_edition: PlanYear,
    /// How sure the code is.
    pub mark: SourceMark,
}

impl Decide for AssignOccupationCode {
    const NAME: &'static str = "assign-occupation-code";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, std::iter::once(Subject::occupation(self.occupation)).chain(code_claim(&self.code)))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::ManageOccupations, &Place::default())?;
        let changed_on = states.occupation(self.occupation, "occupation")?.changed_on;
        let claim = free_code(states, &self.code)?;
        let event = OccupationCodeAssigned {
            occupation: self.occupation,
            code: self.code.clone(),
            code_edition: self.code_edition,
            mark: self.mark,
        };
        let subject = Subject::occupation(self.occupation);
        Ok(Decision::one(NewEvent::new(event, inputs.effective_after(changed_on, subject)?, [subject, claim])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::occupation_code::OccupationCodeRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, NOBODY, OCCUPATION, PROVINCIAL, given};

    fn assign(code: &str) -> AssignOccupationCode {
        AssignOccupationCode {
            occupation: OCCUPATION,
            code: code.to_owned(),
            code_edition: PlanYear::new(2022),
            mark: SourceMark::Secondary,
        }
    }

    #[test]
    fn code_is_assigned_and_then_taken() {
        let AssignOccupationCode { occupation, code, code_edition, mark } = assign("2-02-38-01");
        given([]).when(NATIONAL, assign("2-02-38-01")).then_one(OccupationCodeAssigned { occupation, code, code_edition, mark });
        let world = given([]).after(NATIONAL, assign("2-02-38-01"));
        world.when(NATIONAL, assign("2-02-38-01")).then_refused(OccupationCodeRefusal::Taken);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let nothing = AssignOccupationCode { occupation: OccupationId::from_bytes(NOBODY), ..assign("2") };
        given([]).when(PROVINCIAL, nothing.clone()).then_refused(CommonRefusal::NotPermitted);
        given([]).when(NATIONAL, nothing).then_refused(CommonRefusal::UnknownSubject);
        given([]).when(NATIONAL, assign("2")).then_refused(OccupationCodeRefusal::Unfit);
        given([]).when(NATIONAL, assign("2-02-10-09")).then_refused(OccupationCodeRefusal::Taken);
        given([]).when(NATIONAL, assign("2-02-38-01")).then_accepted();
    }
}
