//! Set a yearly target. Source: Plan 2-1, 3.1-1, 3.2-1, 3.3-1.

use zhixin_events::plan::TargetSet;
use zhixin_events::scope::Place;
use zhixin_events::{Line, PeopleCount, PlanYear, ReportingUnit, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::plan::in_programme;
use crate::refusal::refusals;
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Sets how many people a reporting unit is to train in a year in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetTarget {
    /// The year.
    pub year: PlanYear,
    /// The line.
    pub line: Line,
    /// The reporting unit.
    pub unit: ReportingUnit,
    /// People to be trained.
    pub people: PeopleCount,
    /// Number of the document that sets it.
    pub document_number: String,
}

refusals! {
    /// Why a target is not set.
    pub enum SetTargetRefusal {
        /// The programme has a first and a last year. Source: Plan 4.5-1; the figures are `programme.first_year` and `programme.last_year`.
        OutsideProgramme = "PLAN-0001" Rule "the year lies outside the programme",
        /// A target that exists is adjusted, so that the earlier figure is named.
        AlreadySet = "PLAN-0002" Conflict "the target is set already; adjust it",
    }
}

impl Decide for SetTarget {
    const NAME: &'static str = "set-target";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::target(self.year, self.line, self.unit)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::SetTargets, &Place { unit: Some(self.unit), ..Place::default() })?;
        let document_number = line_of_text(&self.document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
        in_programme(inputs, self.year, "year")?;
        let target = Subject::target(self.year, self.line, self.unit);
        if states.ordinal(&target) > 0 {
            return Err(SetTargetRefusal::AlreadySet.refusal().of(target));
        }
        let event = TargetSet { year: self.year, line: self.line, unit: self.unit, people: self.people, document_number };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_on()?, [target])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{JIANGSU, NATIONAL, PROVINCIAL, TODAY, given, pack};

    fn set(year: u16) -> SetTarget {
        SetTarget {
            year: PlanYear::new(year),
            line: Line::Digital,
            unit: JIANGSU,
            people: PeopleCount::new(6_000),
            document_number: "人社厅发〔2025〕1号".to_owned(),
        }
    }

    #[test]
    fn target_is_set_by_the_national_office() {
        given([]).when(NATIONAL, set(2025)).then_one(TargetSet {
            year: PlanYear::new(2025),
            line: Line::Digital,
            unit: JIANGSU,
            people: PeopleCount::new(6_000),
            document_number: "人社厅发〔2025〕1号".to_owned(),
        });
    }

    #[test]
    fn target_is_refused_when_set_twice() {
        given([]).after(NATIONAL, set(2025)).when(NATIONAL, set(2025)).then_refused(SetTargetRefusal::AlreadySet);
    }

    #[test]
    fn target_is_refused_outside_the_programme() {
        for year in [2020, 2031] {
            given([]).when(NATIONAL, set(year)).then_refused(SetTargetRefusal::OutsideProgramme);
        }
        given([pack(&[])]).when(NATIONAL, set(2025)).then_refused(CommonRefusal::MissingFigure);
    }

    #[test]
    fn target_is_refused_to_a_province() {
        given([]).when(PROVINCIAL, set(2025)).then_refused(CommonRefusal::NotPermitted);
    }

    /// Everything is wrong at once; each mend brings the next refusal to light.
    #[test]
    fn refusals_come_in_their_order() {
        let wrong = SetTarget { document_number: String::new(), ..set(2031) };
        let world = given([]).after(NATIONAL, set(2025));
        world.when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, wrong).then_refused(CommonRefusal::TextUnfit);
        world.when(NATIONAL, set(2031)).then_refused(SetTargetRefusal::OutsideProgramme);
        let ahead = world.clone().effective_on(TODAY.plus_days(1));
        ahead.when(NATIONAL, set(2025)).then_refused(SetTargetRefusal::AlreadySet);
        ahead.when(NATIONAL, set(2026)).then_refused(CommonRefusal::EffectiveInFuture);
        world.when(NATIONAL, set(2026)).then_accepted();
    }
}
