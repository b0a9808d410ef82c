//! What the commands on a trainer's listing have in common. Source: Plan 3.3-4 (动态调整); SOURCES 2.1.

use std::collections::BTreeSet;

use zhixin_events::scope::Place;
use zhixin_events::{CivilDate, Event, OccupationId, OrganisationId, ReportingUnit, Subject, TrainerId};

use crate::access::{Action, permit};
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::state::{Entry, ListingStatus};
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Most occupations of a trainer.
pub const OCCUPATIONS_MAX: usize = 20;
/// Longest term of a listing. Unit: years.
pub const TERM_YEARS_MAX: i32 = 50;

refusals! {
    /// Refusals that several commands on a listing give.
    pub enum ListingRefusal {
        /// None, too many, or one twice. Source: SOURCES 2.1 (approved per occupation).
        OccupationsUnfit = "DIR-0005" Rule "a trainer is listed for 1 to 20 occupations, each named once",
        /// Only a listed trainer can be suspended.
        NotListed = "DIR-0006" Conflict "the trainer is not in the state listed",
        /// Only a suspended trainer can be reinstated.
        NotSuspended = "DIR-0007" Conflict "the trainer is not in the state suspended",
        /// The last day lies before the first or absurdly far from it.
        TermUnfit = "DIR-0013" Rule "the last day of the listing lies before its first or more than fifty years after it",
        /// A removal is for good.
        Removed = "DIR-0008" Conflict "the trainer was removed from the directory",
    }
}

/// The newest entry of a trainer that the actor may manage, with the date of its change and the organisation.
///
/// # Errors
/// `REF-0001`, `AUTH-0003`, `AUTH-0002`.
pub(crate) fn permitted_trainer<'a>(
    states: &'a States,
    inputs: &Inputs<'_>,
    id: TrainerId,
) -> Result<(&'a Entry, CivilDate, OrganisationId), Refusal> {
    let trainer = states.trainer(id, "trainer")?;
    permit(states, inputs, Action::ManageTrainers, &Place { unit: trainer.unit, organisation: trainer.organisation })?;
    let unlisted = || CommonRefusal::UnknownSubject.refusal().at("trainer").of(Subject::trainer(id));
    let ((changed_on, entry), organisation) = trainer.newest().zip(trainer.organisation).ok_or_else(unlisted)?;
    Ok((entry, *changed_on, organisation))
}

/// Reads a trainer, then its organisation, whose story tells of the listing too, and the claim on its entry.
pub(crate) fn reads_trainer(loaded: &States, id: TrainerId) -> Reads {
    let organisation = loaded.trainer(id, "trainer").ok().and_then(|trainer| trainer.organisation);
    let subjects = organisation.map(|id| [Subject::organisation(id), Subject::trainer_of_organisation(id)]);
    Reads::subjects(loaded, std::iter::once(Subject::trainer(id)).chain(subjects.into_iter().flatten()))
}

/// The last day of a term that begins on a day: as announced, else by `directory.validity_years` as of another day.
///
/// # Errors
/// `DIR-0013`, `RULE-0001`, `RULE-0002`.
pub(crate) fn term_until(
    inputs: &Inputs<'_>,
    unit: Option<ReportingUnit>,
    from: CivilDate,
    announced: Option<CivilDate>,
    on: CivilDate,
) -> Result<CivilDate, Refusal> {
    if let Some(until) = announced {
        let fits = (from..=from.plus_years(TERM_YEARS_MAX)).contains(&until);
        return if fits { Ok(until) } else { Err(ListingRefusal::TermUnfit.refusal().at("listed_until").about(from)) };
    }
    let key = "directory.validity_years";
    let years = i32::try_from(inputs.rules.count(key, unit, on)?).ok().filter(|years| (1..=TERM_YEARS_MAX).contains(years));
    let years = years.ok_or_else(|| CommonRefusal::MalformedFigure.refusal().about(key))?;
    let anniversary = from.plus_years(years);
    // Where there is no such day, on 29 February, the month ends the term.
    Ok(if anniversary.day() == from.day() { anniversary.plus_days(-1) } else { anniversary })
}

/// Moves a trainer from one of these states by an event made with the number of the decision.
///
/// # Errors
/// `REF-0001`, `AUTH-0003`, `AUTH-0002`, `TEXT-0001`, the refusal given when it is in another state, or those of the date.
pub(crate) fn change_listing<E: Into<Event>>(
    states: &States,
    inputs: &Inputs<'_>,
    id: TrainerId,
    document_number: &str,
    from: (&[ListingStatus], ListingRefusal),
    event: impl FnOnce(String) -> E,
) -> Result<Decision, Refusal> {
    let (entry, changed_on, organisation) = permitted_trainer(states, inputs, id)?;
    let document_number = line_of_text(document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
    let (statuses, refusal) = from;
    if !statuses.contains(&entry.status) {
        return Err(refusal.refusal().of(Subject::trainer(id)));
    }
    let effective_on = inputs.effective_after(changed_on, Subject::trainer(id))?;
    let subjects = [Subject::trainer(id), Subject::organisation(organisation)];
    Ok(Decision::one(NewEvent::new(event(document_number), effective_on, subjects)))
}

/// Refuses unless the occupations are known, each named once, and not too many.
///
/// # Errors
/// `DIR-0005`, `REF-0001`.
pub(crate) fn fit_occupations(states: &States, occupations: &[OccupationId]) -> Result<(), Refusal> {
    let different: BTreeSet<_> = occupations.iter().collect();
    if !(1..=OCCUPATIONS_MAX).contains(&occupations.len()) || different.len() != occupations.len() {
        return Err(ListingRefusal::OccupationsUnfit.refusal().at("occupations"));
    }
    occupations.iter().try_for_each(|occupation| states.occupation(*occupation, "occupations").map(drop))
}
