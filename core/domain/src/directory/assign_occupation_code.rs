//! Assign an occupation its code in another edition of the classification. Source: Plan 3.3-2; SOURCES 3 (two code generations).

use zhixin_events::directory::OccupationCodeAssigned;
use zhixin_events::scope::Place;
use zhixin_events::{OccupationId, PlanYear, SourceMark, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::occupation_code::{code_claim, free_code};
use crate::rules::text::{NAME_CHARS, line_of_text};
use crate::{Refusal, States};

/// Assigns the code in a further edition, or corrects the one of an edition: a code that is replaced is free again.
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
    /// Document or table it is taken from.
    pub source: String,
}

impl Decide for AssignOccupationCode {
    const NAME: &'static str = "assign-occupation-code";

    fn reads(&self, loaded: &States) -> Reads {
        let replaced = loaded.occupation(self.occupation, "occupation").ok().and_then(|known| known.replaced_code(self.code_edition));
        let claims = [Some(self.code.as_str()), replaced].into_iter().flatten().filter_map(code_claim);
        Reads::subjects(loaded, std::iter::once(Subject::occupation(self.occupation)).chain(claims))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::ManageOccupations, &Place::default())?;
        let occupation = states.occupation(self.occupation, "occupation")?;
        let source = line_of_text(&self.source, NAME_CHARS, "source")?;
        // A code of its own from another edition is held already; one that it has in this edition says nothing new.
        let of_another_edition =
            occupation.codes.get(&self.code_edition) != Some(&self.code) && occupation.codes.values().any(|code| *code == self.code);
        let claim = if of_another_edition { None } else { Some(free_code(states, &self.code)?) };
        let replaced = occupation.replaced_code(self.code_edition).and_then(code_claim);
        let event = OccupationCodeAssigned {
            occupation: self.occupation,
            code: self.code.clone(),
            code_edition: self.code_edition,
            mark: self.mark,
            source: Some(source),
        };
        let subject = Subject::occupation(self.occupation);
        let effective_on = inputs.effective_after(occupation.changed_on, subject)?;
        Ok(Decision::one(NewEvent::new(event, effective_on, std::iter::once(subject).chain(claim).chain(replaced))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::AddOccupation;
    use crate::directory::occupation_code::OccupationCodeRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, NOBODY, OCCUPATION, PROVINCIAL, given};

    fn assign(code: &str) -> AssignOccupationCode {
        AssignOccupationCode {
            occupation: OCCUPATION,
            code: code.to_owned(),
            code_edition: PlanYear::new(2022),
            mark: SourceMark::Secondary,
            source: "国家职业分类大典（2022年版）".to_owned(),
        }
    }

    #[test]
    fn code_is_assigned_and_then_taken() {
        let AssignOccupationCode { occupation, code, code_edition, mark, source } = assign("2-02-38-01");
        let source = Some(source);
        given([]).when(NATIONAL, assign("2-02-38-01")).then_one(OccupationCodeAssigned { occupation, code, code_edition, mark, source });
        let world = given([]).after(NATIONAL, assign("2-02-38-01"));
        world.when(NATIONAL, assign("2-02-38-01")).then_refused(OccupationCodeRefusal::Taken);
    }

    #[test]
    fn a_code_assigned_by_mistake_is_replaced_and_free_for_another() {
        let mistaken = given([]).after(NATIONAL, assign("2-02-38-12"));
        let back = AssignOccupationCode { code: "2-02-10-09".to_owned(), ..assign("") };
        let mended = mistaken.clone().after(NATIONAL, back);
        let other = AddOccupation {
            name_zh: "数据安全工程技术人员".to_owned(),
            name_en: "Data security engineer".to_owned(),
            code: "2-02-38-12".to_owned(),
            code_edition: PlanYear::new(2022),
        };
        mistaken.when(NATIONAL, other.clone()).then_refused(OccupationCodeRefusal::Taken);
        mended.clone().when(NATIONAL, other.clone()).then_accepted();
        // Free for itself too, and held again then.
        let again = mended.after(NATIONAL, assign("2-02-38-12"));
        again.when(NATIONAL, other).then_refused(OccupationCodeRefusal::Taken);
    }

    #[test]
    fn a_code_that_stands_in_another_edition_stays_held_when_it_is_replaced_in_one() {
        let same = AssignOccupationCode { code: "2-02-10-09".to_owned(), ..assign("") };
        let world = given([]).after(NATIONAL, same).after(NATIONAL, assign("2-02-38-01"));
        let other = AddOccupation {
            name_zh: "数据安全工程技术人员".to_owned(),
            name_en: "Data security engineer".to_owned(),
            code: "2-02-10-09".to_owned(),
            code_edition: PlanYear::new(2022),
        };
        world.when(NATIONAL, other).then_refused(OccupationCodeRefusal::Taken);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let nothing = AssignOccupationCode { occupation: OccupationId::from_bytes(NOBODY), ..assign("2") };
        given([]).when(PROVINCIAL, nothing.clone()).then_refused(CommonRefusal::NotPermitted);
        given([]).when(NATIONAL, nothing).then_refused(CommonRefusal::UnknownSubject);
        let unsourced = AssignOccupationCode { source: String::new(), ..assign("2") };
        given([]).when(NATIONAL, unsourced).then_refused(CommonRefusal::TextUnfit);
        given([]).when(NATIONAL, assign("2")).then_refused(OccupationCodeRefusal::Unfit);
        let same = AssignOccupationCode { code_edition: PlanYear::new(2015), ..assign("2-02-10-09") };
        given([]).when(NATIONAL, same).then_refused(OccupationCodeRefusal::Taken);
        given([]).when(NATIONAL, assign("2-02-38-01")).then_accepted();
    }
}
