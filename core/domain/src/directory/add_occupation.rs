//! Add an occupation to the directory. Source: Plan 3.3-2, 3.3-4; SOURCES 3.

use zhixin_events::directory::OccupationAdded;
use zhixin_events::scope::Place;
use zhixin_events::{OccupationId, PlanYear, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::occupation_code::{code_claim, free_code};
use crate::rules::text::{NAME_CHARS, line_of_text};
use crate::{Refusal, States};

/// Adds an occupation with its first code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOccupation {
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Code in the classification current now.
    pub code: String,
    /// Edition of the classification (国家职业分类大典).
    pub code_edition: PlanYear,
}

impl Decide for AddOccupation {
    const NAME: &'static str = "add-occupation";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, code_claim(&self.code))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::ManageOccupations, &Place::default())?;
        let name_zh = line_of_text(&self.name_zh, NAME_CHARS, "name_zh")?;
        let name_en = line_of_text(&self.name_en, NAME_CHARS, "name_en")?;
        let claim = free_code(states, &self.code)?;
        let [fresh, ..] = inputs.fresh;
        let occupation = OccupationId::from_bytes(fresh);
        let event = OccupationAdded { occupation, name_zh, name_en, code: self.code.clone(), code_edition: self.code_edition };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_on()?, [Subject::occupation(occupation), claim])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::occupation_code::OccupationCodeRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, PROVINCIAL, given};

    fn add(code: &str) -> AddOccupation {
        AddOccupation {
            name_zh: "区块链工程技术人员".to_owned(),
            name_en: "Blockchain engineer".to_owned(),
            code: code.to_owned(),
            code_edition: PlanYear::new(2015),
        }
    }

    #[test]
    fn occupation_is_added_with_its_first_code() {
        let AddOccupation { name_zh, name_en, code, code_edition } = add("2-02-10-15");
        let occupation = OccupationId::from_bytes([7, 7, 7, 7, 0, 0]);
        given([]).when(NATIONAL, add("2-02-10-15")).then_one(OccupationAdded { occupation, name_zh, name_en, code, code_edition });
    }

    #[test]
    fn occupation_is_refused_when_its_code_does_not_have_the_form() {
        for code in ["", "2", "2-02-10-9", "22-02-10-15", "2-02-10-15-01", "2-02-10-1x", "2 02 10 15"] {
            given([]).when(NATIONAL, add(code)).then_refused(OccupationCodeRefusal::Unfit);
        }
    }

    #[test]
    fn occupation_is_refused_when_it_is_a_trade() {
        for code in ["4-04-05-05", "1-02-03-04"] {
            given([]).when(NATIONAL, add(code)).then_refused(OccupationCodeRefusal::NotProfessional);
        }
    }

    #[test]
    fn occupation_is_refused_when_its_code_is_taken() {
        given([]).when(NATIONAL, add("2-02-10-09")).then_refused(OccupationCodeRefusal::Taken);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let wrong = AddOccupation { name_en: String::new(), ..add("2-02-10-09") };
        given([]).when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        given([]).when(NATIONAL, wrong).then_refused(CommonRefusal::TextUnfit);
        given([]).when(NATIONAL, add("4-02")).then_refused(OccupationCodeRefusal::Unfit);
        given([]).when(NATIONAL, add("4-02-10-09")).then_refused(OccupationCodeRefusal::NotProfessional);
        given([]).when(NATIONAL, add("2-02-10-09")).then_refused(OccupationCodeRefusal::Taken);
        given([]).when(NATIONAL, add("2-02-10-10")).then_accepted();
    }
}
