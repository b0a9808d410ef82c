//! Adjust a yearly target in the course of the year. Source: Plan 4.4-5 (动态调控; earlier figures stay visible).

use zhixin_events::plan::TargetAdjusted;
use zhixin_events::scope::Place;
use zhixin_events::{Line, PeopleCount, PlanYear, ReportingUnit, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::state::SubjectState;
use crate::{Refusal, States};

/// Changes a target that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustTarget {
    /// The year.
    pub year: PlanYear,
    /// The line.
    pub line: Line,
    /// The reporting unit.
    pub unit: ReportingUnit,
    /// People to be trained from now on.
    pub people: PeopleCount,
    /// Number of the document that changes it.
    pub document_number: String,
}

refusals! {
    /// Why a target is not adjusted.
    pub enum AdjustTargetRefusal {
        /// What was never set cannot be adjusted.
        NotSet = "PLAN-0003" Conflict "the target was never set",
        /// An adjustment must change the figure.
        SameFigure = "PLAN-0004" Conflict "the target has this figure already",
    }
}

impl Decide for AdjustTarget {
    const NAME: &'static str = "adjust-target";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::target(self.year, self.line, self.unit)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::SetTargets, &Place { unit: Some(self.unit), ..Place::default() })?;
        let document_number = line_of_text(&self.document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
        let subject = Subject::target(self.year, self.line, self.unit);
        let Some(SubjectState::Target(target)) = states.get(&subject).filter(|_| states.ordinal(&subject) > 0) else {
            return Err(AdjustTargetRefusal::NotSet.refusal().of(subject));
        };
        if target.people == self.people {
            return Err(AdjustTargetRefusal::SameFigure.refusal().at("people").of(subject));
        }
        let event = TargetAdjusted {
            year: self.year,
            line: self.line,
            unit: self.unit,
            people: self.people,
            people_before: target.people,
            document_number,
        };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_after(target.changed_on, subject)?, [subject])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::SetTarget;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{JIANGSU, NATIONAL, PROVINCIAL, TODAY, World, given};

    fn adjust(year: u16, people: u32) -> AdjustTarget {
        AdjustTarget {
            year: PlanYear::new(year),
            line: Line::Digital,
            unit: JIANGSU,
            people: PeopleCount::new(people),
            document_number: "人社厅发〔2025〕2号".to_owned(),
        }
    }

    fn world() -> World {
        let AdjustTarget { year, line, unit, people, document_number } = adjust(2025, 6_000);
        given([]).after(NATIONAL, SetTarget { year, line, unit, people, document_number })
    }

    #[test]
    fn target_is_adjusted_and_names_the_earlier_figure() {
        world().when(NATIONAL, adjust(2025, 7_000)).then_one(TargetAdjusted {
            year: PlanYear::new(2025),
            line: Line::Digital,
            unit: JIANGSU,
            people: PeopleCount::new(7_000),
            people_before: PeopleCount::new(6_000),
            document_number: "人社厅发〔2025〕2号".to_owned(),
        });
    }

    #[test]
    fn target_is_refused_when_never_set() {
        world().when(NATIONAL, adjust(2026, 7_000)).then_refused(AdjustTargetRefusal::NotSet);
    }

    #[test]
    fn target_is_refused_before_it_was_set() {
        world().effective_on(TODAY.plus_days(-1)).when(NATIONAL, adjust(2025, 7_000)).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn target_is_refused_when_the_figure_stays() {
        world().when(NATIONAL, adjust(2025, 6_000)).then_refused(AdjustTargetRefusal::SameFigure);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let wrong = AdjustTarget { document_number: String::new(), ..adjust(2026, 6_000) };
        world().when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        world().when(NATIONAL, wrong).then_refused(CommonRefusal::TextUnfit);
        world().when(NATIONAL, adjust(2026, 6_000)).then_refused(AdjustTargetRefusal::NotSet);
        let ahead = world().effective_on(TODAY.plus_days(1));
        ahead.when(NATIONAL, adjust(2025, 6_000)).then_refused(AdjustTargetRefusal::SameFigure);
        ahead.when(NATIONAL, adjust(2025, 6_001)).then_refused(CommonRefusal::EffectiveInFuture);
        world().when(NATIONAL, adjust(2025, 6_001)).then_accepted();
    }
}
