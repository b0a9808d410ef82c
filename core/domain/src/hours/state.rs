//! What each hours event means for the class, and for the claim that lets hours be posted once.

use zhixin_events::hours::HoursEvent;

use crate::class::state::HoursMark;
use crate::state::{Fact, SubjectState};

/// Folds an hours event into the state of a subject that it concerns.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply(state: &mut SubjectState, event: &HoursEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match event {
        HoursEvent::HoursPosted(event) => {
            state.hold_claim(fact.position)?;
            if let SubjectState::Class(class) = state {
                let trainee = class.trainees.get_mut(&event.person).ok_or("hours of somebody who never had a seat")?;
                trainee.hours_on = fact.effective_on;
                trainee.hours = Some(HoursMark {
                    year: event.year,
                    professional: event.professional,
                    position: fact.position,
                    effective_on: fact.effective_on,
                });
            }
        }
        HoursEvent::HoursReversed(event) => {
            state.release_claim();
            if let SubjectState::Class(class) = state {
                let trainee = class.trainees.get_mut(&event.person).ok_or("hours of somebody who never had a seat")?;
                trainee.hours = None;
            }
        }
    }
    Ok(())
}
