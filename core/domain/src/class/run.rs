//! What the commands of a run have in common: finding it, judging the actor, the seat, and what may not be corrected away.

use zhixin_events::scope::Place;
use zhixin_events::{CivilDate, ClassId, ClassStatus, PersonId, Secret, Subject};

use crate::access::{Action, permit};
use crate::class::open_run::OpenRunRefusal;
use crate::class::register_trainee::RegisterTraineeRefusal;
use crate::class::state::{ClassState, RunPlan, Trainee};
use crate::decision::{Inputs, Reads};
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::text::{REASON_CHARS, line_of_secret};
use crate::{Refusal, States};

refusals! {
    /// Refusals that several commands of a run give.
    pub enum RunRefusal {
        /// Facts about the teaching need a run that is being taught or was taught to the end.
        NotTaught = "CLASS-0006" Conflict "the run is neither being taught nor closed",
        /// The person never had a seat or gave it up.
        NoSeat = "CLASS-0007" Conflict "the person has no seat in the run",
        /// A correction needs a fact.
        NothingToCorrect = "CLASS-0008" Conflict "nothing is recorded that could be corrected",
        /// A correction must change something.
        SameAsRecorded = "CLASS-0009" Conflict "this is what is recorded already",
        /// A certificate in force rests on the fact. Source: Plan 3.3-5.
        GroundOfCertificate = "CLASS-0010" Conflict "a certificate in force rests on the fact; revoke it first",
        /// Posted hours rest on the fact. Source: Plan 4.2-1.
        GroundOfHours = "CLASS-0011" Conflict "posted hours rest on the fact; reverse them first",
        /// A recorded completion test rests on the fact. Source: Plan 3.3-5.
        GroundOfTest = "CLASS-0042" Conflict "a recorded completion test rests on the fact; void it first",
        /// A closed run had a session. Source: SOURCES 2.1 (CLOSED).
        GroundOfClosing = "CLASS-0044" Conflict "the closing of the run rests on the fact; reopen the run first",
    }
}

/// Why something is corrected or taken back, beside the ground: what somebody typed, which is sealed under their account.
pub(crate) type Note = Option<Secret<String>>;

/// A note without blanks at its ends.
///
/// # Errors
/// `TEXT-0001`.
pub(crate) fn note_line(note: &Note) -> Result<Note, Refusal> {
    note.as_ref().map(|note| line_of_secret(note, REASON_CHARS, "note")).transpose()
}

/// Reads a class, then the trainer that holds it and the occupation that it trains for.
pub(crate) fn reads_class_and_plan(loaded: &States, class: ClassId) -> Reads {
    let plan = plan_of(loaded, class).map(|plan| [Subject::trainer(plan.trainer), Subject::occupation(plan.occupation)]);
    Reads::subjects(loaded, std::iter::once(Subject::class(class)).chain(plan.into_iter().flatten()))
}

/// Reads a class, then the trainer that holds it.
pub(crate) fn reads_class_and_trainer(loaded: &States, class: ClassId) -> Reads {
    let trainer = plan_of(loaded, class).map(|plan| Subject::trainer(plan.trainer));
    Reads::subjects(loaded, std::iter::once(Subject::class(class)).chain(trainer))
}

/// Reads a class and a person in it, then the occupation that the class trains for.
pub(crate) fn reads_class_and_occupation(loaded: &States, class: ClassId, person: PersonId) -> Reads {
    let occupation = plan_of(loaded, class).map(|plan| Subject::occupation(plan.occupation));
    Reads::subjects(loaded, [Subject::class(class), Subject::person(person)].into_iter().chain(occupation))
}

/// The plan of a class, once it is loaded.
pub(crate) fn plan_of(loaded: &States, class: ClassId) -> Option<&RunPlan> {
    loaded.class(class, "class").ok().and_then(|class| class.plan.as_ref())
}

/// A planned class that the actor may work on.
///
/// # Errors
/// `REF-0001`, `AUTH-0003`, `AUTH-0002`.
pub(crate) fn permitted_run<'a>(
    states: &'a States,
    inputs: &Inputs<'_>,
    class: ClassId,
    action: Action,
) -> Result<(&'a ClassState, &'a RunPlan), Refusal> {
    let state = states.class(class, "class")?;
    let plan = state.plan.as_ref().ok_or_else(|| CommonRefusal::UnknownSubject.refusal().at("class").of(Subject::class(class)))?;
    permit(states, inputs, action, &Place { unit: Some(plan.unit), organisation: Some(plan.organisation) })?;
    Ok((state, plan))
}

/// The day on which seats of a run are taken: enrolment is open, or the roster of a closed run comes late (Plan 4.2-1) for a day on which it was
/// not closed yet; and the trainer may fill it on that day.
///
/// # Errors
/// `CLASS-0003`, those of the date, `CLASS-0041`, `CLASS-0002`.
pub(crate) fn enrolling_on(
    states: &States,
    inputs: &Inputs<'_>,
    (class, plan): (&ClassState, &RunPlan),
    id: ClassId,
) -> Result<CivilDate, Refusal> {
    let subject = Subject::class(id);
    let closed_on = match class.status() {
        Some(ClassStatus::Open | ClassStatus::Teaching) => None,
        Some(ClassStatus::Closed) => class.closing().map(|(_, closed_on)| closed_on),
        Some(ClassStatus::Planned | ClassStatus::Cancelled) | None => return Err(RegisterTraineeRefusal::NotOpen.refusal().of(subject)),
    };
    let effective_on = inputs.effective_after(class.begun_on(), subject)?;
    if let Some(closed_on) = closed_on.filter(|closed_on| *closed_on < effective_on) {
        return Err(RegisterTraineeRefusal::AfterClosing.refusal().of(subject).about(closed_on));
    }
    if states.trainer(plan.trainer, "class")?.may_enrol(plan.occupation, plan.starts_on, effective_on) {
        Ok(effective_on)
    } else {
        Err(OpenRunRefusal::TrainerNotListed.refusal().of(Subject::trainer(plan.trainer)).about(effective_on))
    }
}

/// Refuses unless the run is being taught or was taught to the end.
///
/// # Errors
/// `CLASS-0006`.
pub(crate) fn require_taught(class: &ClassState, id: ClassId) -> Result<(), Refusal> {
    match class.status() {
        Some(ClassStatus::Teaching | ClassStatus::Closed) => Ok(()),
        Some(ClassStatus::Planned | ClassStatus::Open | ClassStatus::Cancelled) | None => {
            Err(RunRefusal::NotTaught.refusal().of(Subject::class(id)))
        }
    }
}

/// The trainee who holds a seat and whose data are not erased.
///
/// # Errors
/// `REF-0001`, `PERSON-0001`, `CLASS-0007`.
pub(crate) fn seated<'a>(states: &States, class: &'a ClassState, person: PersonId) -> Result<&'a Trainee, Refusal> {
    let subject = Subject::person(person);
    if states.person(person, "person")?.is_erased() {
        return Err(CommonRefusal::PersonErased.refusal().of(subject));
    }
    class.trainees.get(&person).filter(|trainee| trainee.seat().is_some()).ok_or_else(|| RunRefusal::NoSeat.refusal().of(subject))
}
