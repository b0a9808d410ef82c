//! Publish the holidays of a year. Source: 国务院办公厅关于部分节假日安排的通知; SOURCES 6 (调休).

use std::collections::BTreeSet;

use zhixin_events::document::HolidayCalendarPublished;
use zhixin_events::scope::Place;
use zhixin_events::{CivilDate, PlanYear, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::document::state::edition_of;
use crate::refusal::refusals;
use crate::rules::text::{REASON_CHARS, line_of_text};
use crate::rules::year_of;
use crate::{Refusal, States};

/// Publishes a calendar whole; it replaces the earlier edition whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishHolidayCalendar {
    /// The year.
    pub year: PlanYear,
    /// Days off; weekends among them, as notices name them, are left out of the record.
    pub days_off: Vec<CivilDate>,
    /// Weekend days on which offices work.
    pub work_days: Vec<CivilDate>,
    /// The notice.
    pub source: String,
}

refusals! {
    /// Why a calendar is not published.
    pub enum PublishHolidayCalendarRefusal {
        /// A calendar speaks of its year.
        OutsideYear = "DOC-0006" Rule "a day lies outside the year of the calendar",
        /// Only weekends are swapped into work days.
        NotAWeekend = "DOC-0007" Rule "a work day of the calendar is no Saturday or Sunday",
        /// A day is the one or the other.
        Both = "DOC-0008" Rule "a day is named as a day off and as a work day",
        /// Publishing must change something.
        SameCalendar = "DOC-0009" Conflict "the calendar in force names the same days",
    }
}

impl Decide for PublishHolidayCalendar {
    const NAME: &'static str = "publish-holiday-calendar";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::calendar(self.year)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::PublishRules, &Place::default())?;
        let source = line_of_text(&self.source, REASON_CHARS, "source")?;
        let off: BTreeSet<_> = self.days_off.iter().copied().collect();
        let work: BTreeSet<_> = self.work_days.iter().copied().collect();
        if let Some(day) = off.iter().chain(&work).find(|day| year_of(**day) != self.year) {
            return Err(PublishHolidayCalendarRefusal::OutsideYear.refusal().about(*day));
        }
        if let Some(day) = work.iter().find(|day| !day.is_weekend()) {
            return Err(PublishHolidayCalendarRefusal::NotAWeekend.refusal().at("work_days").about(*day));
        }
        if let Some(day) = off.intersection(&work).next() {
            return Err(PublishHolidayCalendarRefusal::Both.refusal().about(*day));
        }
        let days_off: Vec<_> = off.into_iter().filter(|day| !day.is_weekend()).collect();
        let work_days: Vec<_> = work.into_iter().collect();
        let subject = Subject::calendar(self.year);
        let in_force = inputs.rules.calendar().calendar_of(self.year);
        if in_force.is_some_and(|calendar| calendar.days_off == days_off && calendar.work_days == work_days) {
            return Err(PublishHolidayCalendarRefusal::SameCalendar.refusal().of(subject));
        }
        let edition = edition_of(states, &subject).edition;
        let event = HolidayCalendarPublished { year: self.year, edition: edition.saturating_add(1), days_off, work_days, source };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_on()?, [subject])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, PROVINCIAL, given};

    fn days(days: &[&str]) -> Vec<CivilDate> {
        days.iter().map(|day| CivilDate::parse(day).unwrap()).collect()
    }

    /// Spring Festival of 2025: a whole week off, two weekend days worked for it.
    fn publish(off: &[&str], work: &[&str]) -> PublishHolidayCalendar {
        PublishHolidayCalendar {
            year: PlanYear::new(2025),
            days_off: days(off),
            work_days: days(work),
            source: "国办发明电〔2024〕12号".to_owned(),
        }
    }

    #[test]
    fn calendar_is_published_in_order_and_without_weekends() {
        let command = publish(&["2025-02-03", "2025-01-28", "2025-02-01", "2025-01-28"], &["2025-02-08", "2025-01-26"]);
        let event = HolidayCalendarPublished {
            year: PlanYear::new(2025),
            edition: 1,
            days_off: days(&["2025-01-28", "2025-02-03"]),
            work_days: days(&["2025-01-26", "2025-02-08"]),
            source: command.source.clone(),
        };
        given([]).when(NATIONAL, command.clone()).then_one(event.clone());
        let next = publish(&["2025-01-28"], &[]);
        let event = HolidayCalendarPublished { edition: 2, days_off: days(&["2025-01-28"]), work_days: vec![], ..event };
        given([]).after(NATIONAL, command).when(NATIONAL, next).then_one(event);
    }

    #[test]
    fn calendar_is_refused_with_a_day_of_another_year() {
        given([]).when(NATIONAL, publish(&["2024-12-31"], &[])).then_refused(PublishHolidayCalendarRefusal::OutsideYear);
        given([]).when(NATIONAL, publish(&[], &["2026-01-04"])).then_refused(PublishHolidayCalendarRefusal::OutsideYear);
    }

    #[test]
    fn calendar_is_refused_with_a_work_day_that_is_no_weekend() {
        given([]).when(NATIONAL, publish(&[], &["2025-01-27"])).then_refused(PublishHolidayCalendarRefusal::NotAWeekend);
    }

    #[test]
    fn calendar_is_refused_with_a_day_named_twice() {
        given([]).when(NATIONAL, publish(&["2025-01-26"], &["2025-01-26"])).then_refused(PublishHolidayCalendarRefusal::Both);
    }

    #[test]
    fn calendar_is_refused_when_nothing_changes() {
        let command = publish(&["2025-01-28"], &["2025-01-26"]);
        let world = given([]).after(NATIONAL, command.clone());
        world.when(NATIONAL, command).then_refused(PublishHolidayCalendarRefusal::SameCalendar);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([]).after(NATIONAL, publish(&["2025-01-28"], &["2025-01-26"]));
        let wrong = PublishHolidayCalendar { source: String::new(), ..publish(&["2024-12-31", "2025-01-27"], &["2025-01-27"]) };
        world.when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, wrong).then_refused(CommonRefusal::TextUnfit);
        let off = ["2024-12-31", "2025-01-27"];
        world.when(NATIONAL, publish(&off, &["2025-01-27"])).then_refused(PublishHolidayCalendarRefusal::OutsideYear);
        world.when(NATIONAL, publish(&["2025-01-27"], &["2025-01-27"])).then_refused(PublishHolidayCalendarRefusal::NotAWeekend);
        world.when(NATIONAL, publish(&["2025-01-28", "2025-01-26"], &["2025-01-26"])).then_refused(PublishHolidayCalendarRefusal::Both);
        world.when(NATIONAL, publish(&["2025-01-28"], &["2025-01-26"])).then_refused(PublishHolidayCalendarRefusal::SameCalendar);
        world.when(NATIONAL, publish(&["2025-01-28"], &[])).then_accepted();
    }
}
