//! Plan: yearly targets per line and reporting unit.
//!
//! Life cycle: a target is set once for a year, line and unit, then adjusted any number of times; earlier figures stay visible because
//! events are never edited. Sources: Plan 2-1 (yearly number), 3.1-1, 3.2-1, 3.3-1 (by line), 4.4-5 (动态调控).

pub mod adjust_target;
pub mod set_target;
pub mod state;

use zhixin_events::PlanYear;

use crate::Refusal;
use crate::decision::Inputs;
use crate::plan::set_target::SetTargetRefusal;
use crate::refusal::About;

pub use adjust_target::AdjustTarget;
pub use set_target::SetTarget;

/// Refuses a year outside the programme; its first and last year are figures. Source: Plan 4.5-1.
///
/// # Errors
/// `PLAN-0001`, `RULE-0001`, `RULE-0002`.
pub(crate) fn in_programme(inputs: &Inputs<'_>, year: PlanYear, field: &'static str) -> Result<(), Refusal> {
    let figure = |key| inputs.rules.count(key, None, inputs.today);
    let (first, last) = (figure("programme.first_year")?, figure("programme.last_year")?);
    if (first..=last).contains(&u32::from(year.get())) {
        Ok(())
    } else {
        Err(SetTargetRefusal::OutsideProgramme.refusal().at(field).about(About::Years(first, last)))
    }
}
