//! What the commands on a trainer's listing have in common. Source: Plan 3.3-4 (动态调整); SOURCES 2.1.

use std::collections::BTreeSet;

use zhixin_events::scope::Place;
use zhixin_events::{Event, OccupationId, OrganisationId, Subject, TrainerId};

use crate::access::{Action, permit};
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::state::{ListingStatus, TrainerState};
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Most occupations of a trainer.
pub const OCCUPATIONS_MAX: usize = 20;

refusals! {
    /// Refusals that several commands on a listing give.
    pub enum ListingRefusal {
        /// None, too many, or one twice. Source: SOURCES 2.1 (approved per occupation).
        OccupationsUnfit = "DIR-0005" Rule "a trainer is listed for 1 to 20 occupations, each named once",
        /// Only a listed trainer can be suspended.
        NotListed = "DIR-0006" Conflict "the trainer is not in the state listed",
        /// Only a suspended trainer can be reinstated.
        NotSuspended = "DIR-0007" Conflict "the trainer is not in the state suspended",
        /// A removal is for good.
        Removed = "DIR-0008" Conflict "the trainer was removed from the directory",
    }
}

/// A trainer that the actor may manage, with its organisation.
///
/// # Errors
/// `REF-0001`, `AUTH-0003`, `AUTH-0002`.
pub(crate) fn permitted_trainer<'a>(
    states: &'a States,
    inputs: &Inputs<'_>,
    id: TrainerId,
) -> Result<(&'a TrainerState, OrganisationId), Refusal> {
    let trainer = states.trainer(id, "trainer")?;
    permit(states, inputs, Action::ManageTrainers, &Place { unit: trainer.unit, organisation: trainer.organisation, person: None })?;
    let unlisted = || CommonRefusal::UnknownSubject.refusal().at("trainer").of(Subject::trainer(id));
    Ok((trainer, trainer.organisation.ok_or_else(unlisted)?))
}

/// Reads a trainer, then its organisation, whose story tells of the listing too.
pub(crate) fn reads_trainer(loaded: &States, id: TrainerId) -> Reads {
    let organisation = loaded.trainer(id, "trainer").ok().and_then(|trainer| trainer.organisation).map(Subject::organisation);
    Reads::subjects(loaded, std::iter::once(Subject::trainer(id)).chain(organisation))
}

/// Moves a trainer from one of these states by an event made with the number of the decision.
///
/// # Errors
/// `REF-0001`, `AUTH-0003`, `AUTH-0002`, `TEXT-0001`, or the refusal given when it is in another state.
pub(crate) fn change_listing<E: Into<Event>>(
    states: &States,
    inputs: &Inputs<'_>,
    id: TrainerId,
    document_number: &str,
    from: (&[ListingStatus], ListingRefusal),
    event: impl FnOnce(String) -> E,
) -> Result<Decision, Refusal> {
    let (trainer, organisation) = permitted_trainer(states, inputs, id)?;
    let document_number = line_of_text(document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
    let (statuses, refusal) = from;
    if !statuses.contains(&trainer.status) {
        return Err(refusal.refusal().of(Subject::trainer(id)));
    }
    let subjects = [Subject::trainer(id), Subject::organisation(organisation)];
    Ok(Decision::one(NewEvent::new(event(document_number), inputs.effective_on()?, subjects)))
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
