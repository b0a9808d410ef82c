//! Set the directions of an occupation for a grade. Source: Plan 3.3-3; SOURCES 3 (不分方向 = none).

use zhixin_events::directory::OccupationDirectionsSet;
use zhixin_events::scope::Place;
use zhixin_events::{Grade, OccupationId, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::rules::text::{NAME_CHARS, line_of_text};
use crate::{Refusal, States};

/// Most directions of a grade.
pub const DIRECTIONS_MAX: usize = 50;

/// Sets the directions; an empty list means that the grade has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetOccupationDirections {
    /// The occupation.
    pub occupation: OccupationId,
    /// The grade.
    pub grade: Grade,
    /// The directions.
    pub directions: Vec<String>,
    /// Standard that says so.
    pub source: String,
}

refusals! {
    /// Why the directions are not set.
    pub enum SetOccupationDirectionsRefusal {
        /// Named twice, or more than any standard has.
        Unfit = "DIR-0003" Rule "a grade has at most 50 directions, each named once",
        /// Setting must change something.
        SameDirections = "DIR-0004" Conflict "these are the directions of the grade already",
    }
}

impl Decide for SetOccupationDirections {
    const NAME: &'static str = "set-occupation-directions";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::occupation(self.occupation)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::ManageOccupations, &Place::default())?;
        let subject = Subject::occupation(self.occupation);
        let occupation = states.occupation(self.occupation, "occupation")?;
        let source = line_of_text(&self.source, NAME_CHARS, "source")?;
        let unfit = || SetOccupationDirectionsRefusal::Unfit.refusal().at("directions");
        if self.directions.len() > DIRECTIONS_MAX {
            return Err(unfit());
        }
        let mut directions = Vec::with_capacity(self.directions.len());
        for direction in &self.directions {
            let direction = line_of_text(direction, NAME_CHARS, "directions")?;
            if directions.contains(&direction) {
                return Err(unfit().about(direction));
            }
            directions.push(direction);
        }
        if occupation.directions.get(&self.grade) == Some(&directions) {
            return Err(SetOccupationDirectionsRefusal::SameDirections.refusal().of(subject));
        }
        let event = OccupationDirectionsSet { occupation: self.occupation, grade: self.grade, directions, source };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_after(occupation.changed_on, subject)?, [subject])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, NOBODY, OCCUPATION, PROVINCIAL, TODAY, given};

    fn set(directions: &[&str]) -> SetOccupationDirections {
        SetOccupationDirections {
            occupation: OCCUPATION,
            grade: Grade::Junior,
            directions: directions.iter().map(|direction| (*direction).to_owned()).collect(),
            source: "国家职业技术技能标准".to_owned(),
        }
    }

    #[test]
    fn directions_are_set_grade_by_grade() {
        let SetOccupationDirections { occupation, grade, directions, source } = set(&["芯片", "应用"]);
        let event = OccupationDirectionsSet { occupation, grade, directions, source };
        given([]).when(NATIONAL, set(&["芯片", " 应用 "])).then_one(event);
        given([]).when(NATIONAL, SetOccupationDirections { grade: Grade::Senior, ..set(&[]) }).then_accepted();
    }

    #[test]
    fn directions_are_refused_twice_or_too_many() {
        given([]).when(NATIONAL, set(&["应用", "应用"])).then_refused(SetOccupationDirectionsRefusal::Unfit);
        let many = SetOccupationDirections { directions: (0..51).map(|number| format!("方向{number}")).collect(), ..set(&[]) };
        given([]).when(NATIONAL, many).then_refused(SetOccupationDirectionsRefusal::Unfit);
    }

    #[test]
    fn directions_are_refused_when_nothing_changes() {
        given([]).when(NATIONAL, set(&[])).then_refused(SetOccupationDirectionsRefusal::SameDirections);
    }

    #[test]
    fn directions_are_refused_before_the_last_change() {
        let world = given([]).after(NATIONAL, set(&["应用"])).effective_on(TODAY.plus_days(-1));
        world.when(NATIONAL, set(&["芯片"])).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong =
            SetOccupationDirections { occupation: OccupationId::from_bytes(NOBODY), source: String::new(), ..set(&["应用", "应用"]) };
        given([]).when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        given([]).when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::UnknownSubject);
        wrong.occupation = OCCUPATION;
        given([]).when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        given([]).when(NATIONAL, set(&["应用", "应用"])).then_refused(SetOccupationDirectionsRefusal::Unfit);
        let ahead = given([]).effective_on(TODAY.plus_days(1));
        ahead.when(NATIONAL, set(&[])).then_refused(SetOccupationDirectionsRefusal::SameDirections);
        ahead.when(NATIONAL, set(&["应用"])).then_refused(CommonRefusal::EffectiveInFuture);
        given([]).when(NATIONAL, set(&["应用"])).then_accepted();
    }
}
