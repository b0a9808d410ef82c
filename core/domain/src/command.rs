//! Every command there is. One route each: `POST /api/v1/commands/<name>`.

use zhixin_events::Event;
use zhixin_events::access::AccessEvent;
use zhixin_events::certificate::CertificateEvent;
use zhixin_events::class::ClassEvent;
use zhixin_events::directory::DirectoryEvent;
use zhixin_events::document::DocumentEvent;
use zhixin_events::hours::HoursEvent;
use zhixin_events::person::PersonEvent;
use zhixin_events::plan::PlanEvent;

use crate::decision::{Decision, Inputs, Reads};
use crate::{Refusal, States, access, certificate, class, directory, document, hours, person, plan};

/// What a command must be able to say.
pub trait Decide {
    /// Its name: kebab-case, in the imperative.
    const NAME: &'static str;
    /// What it needs to know that is not loaded yet. Asked again after each load, at most four times.
    fn reads(&self, loaded: &States) -> Reads;
    /// New facts, or a refusal. Pure; the account of the actor is always loaded.
    ///
    /// # Errors
    /// The rules say no.
    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal>;
}

macro_rules! commands {
    ($($(#[$meta:meta])* $area:ident::$command:ident),+ $(,)?) => {
        /// A request to change something.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Command { $($(#[$meta])* $command($area::$command)),+ }

        impl Command {
            /// Names of all commands.
            pub const NAMES: &'static [&'static str] = &[$(<$area::$command as Decide>::NAME),+];
            /// Its name.
            pub const fn name(&self) -> &'static str { match self { $(Self::$command(_) => <$area::$command as Decide>::NAME),+ } }
            /// See [`Decide::reads`].
            pub fn reads(&self, loaded: &States) -> Reads { match self { $(Self::$command(command) => command.reads(loaded)),+ } }
            /// See [`Decide::decide`].
            ///
            /// # Errors
            /// The rules say no.
            pub fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
                match self { $(Self::$command(command) => command.decide(states, inputs)),+ }
            }
        }
        $(impl From<$area::$command> for Command { fn from(command: $area::$command) -> Self { Self::$command(command) } })+
    };
}

commands! {
    /// Sets a yearly target.
    plan::SetTarget,
    /// Changes a yearly target in the course of the year.
    plan::AdjustTarget,
    /// Plans a run of a listed trainer.
    class::PlanRun,
    /// Opens enrolment of a run.
    class::OpenRun,
    /// Gives a person a seat in a run.
    class::RegisterTrainee,
    /// Corrects a registration.
    class::CorrectRegistration,
    /// Gives up the seat of a person.
    class::WithdrawTrainee,
    /// Records a session that was held.
    class::HoldSession,
    /// Corrects a recorded session.
    class::CorrectSession,
    /// Takes back a session that was not held.
    class::AnnulSession,
    /// Records whether a person was at a session.
    class::RecordAttendance,
    /// Corrects a recorded attendance.
    class::CorrectAttendance,
    /// Records the completion test of a person.
    class::RecordCompletionTest,
    /// Corrects a recorded completion test.
    class::CorrectCompletionTest,
    /// Takes back a completion test recorded of the wrong person.
    class::VoidCompletionTest,
    /// Closes a run that was taught to the end.
    class::CloseRun,
    /// Takes back the closing of a run.
    class::ReopenRun,
    /// Gives up a run.
    class::CancelRun,
    /// Starts the import of a roster.
    class::StartRosterImport,
    /// Finishes the import of a roster.
    class::FinishRosterImport,
    /// Corrects the name of a person.
    person::CorrectPersonName,
    /// Decides the erasure of a person.
    person::ErasePerson,
    /// Records that the keys of an erased person are destroyed.
    person::CompleteErasure,
    /// Posts the hours of a run to the record of a person.
    hours::PostHours,
    /// Takes posted hours back.
    hours::ReverseHours,
    /// Adds an occupation to the directory.
    directory::AddOccupation,
    /// Assigns an occupation a code in another edition.
    directory::AssignOccupationCode,
    /// Sets the directions of an occupation for a grade.
    directory::SetOccupationDirections,
    /// Lists a trainer.
    directory::ListTrainer,
    /// Suspends a trainer.
    directory::SuspendTrainer,
    /// Reinstates a suspended trainer.
    directory::ReinstateTrainer,
    /// Removes a trainer from the directory.
    directory::RemoveTrainer,
    /// Changes the occupations of a trainer.
    directory::ChangeTrainerOccupations,
    /// Extends the term of a trainer's listing.
    directory::RenewTrainer,
    /// Issues a training certificate.
    certificate::IssueTrainingCertificate,
    /// Takes a training certificate away.
    certificate::RevokeTrainingCertificate,
    /// Publishes a rule pack.
    document::PublishRulePack,
    /// Publishes the holidays of a year.
    document::PublishHolidayCalendar,
    /// Registers an organisation.
    access::RegisterOrganisation,
    /// Opens an account.
    access::OpenAccount,
    /// Changes the roles of an account.
    access::ChangeAccountRoles,
    /// Locks an account.
    access::LockAccount,
    /// Unlocks an account.
    access::UnlockAccount,
}

/// What a command answers beside positions: the ids and numbers that its events gave, each name once. A pure function of the events, so that
/// a repeat answers the same.
pub fn result(events: &[Event]) -> Vec<(&'static str, String)> {
    let mut given: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in events.iter().flat_map(given_by) {
        if given.iter().all(|(earlier, _)| *earlier != name) {
            given.push((name, value));
        }
    }
    given
}

fn given_by(event: &Event) -> Vec<(&'static str, String)> {
    match event {
        Event::Class(event) => given_by_class(event),
        Event::Directory(event) => given_by_directory(event),
        Event::Access(event) => given_by_access(event),
        Event::Person(PersonEvent::PersonRegistered(event)) => vec![("person", event.person.to_string())],
        Event::Certificate(CertificateEvent::TrainingCertificateIssued(event)) => {
            vec![("certificate", event.certificate.to_string()), ("number", event.number.clone())]
        }
        Event::Document(DocumentEvent::RulePackPublished(event)) => vec![("edition", event.edition.to_string())],
        Event::Document(DocumentEvent::HolidayCalendarPublished(event)) => vec![("edition", event.edition.to_string())],
        Event::Plan(PlanEvent::TargetSet(_) | PlanEvent::TargetAdjusted(_))
        | Event::Person(PersonEvent::PersonNameCorrected(_) | PersonEvent::PersonErased(_) | PersonEvent::ErasureCompleted(_))
        | Event::Hours(HoursEvent::HoursPosted(_) | HoursEvent::HoursReversed(_))
        | Event::Certificate(CertificateEvent::TrainingCertificateRevoked(_)) => vec![],
    }
}

fn given_by_class(event: &ClassEvent) -> Vec<(&'static str, String)> {
    match event {
        ClassEvent::RunPlanned(event) => vec![("class", event.class.to_string())],
        // Also of somebody found by the number of the document: the caller knows the number, and needs the id for everything further.
        ClassEvent::TraineeRegistered(event) => vec![("person", event.person.to_string())],
        ClassEvent::RosterImportStarted(event) => vec![("job", event.job.to_string())],
        ClassEvent::RunOpened(_)
        | ClassEvent::TraineeWithdrawn(_)
        | ClassEvent::SessionHeld(_)
        | ClassEvent::SessionCorrected(_)
        | ClassEvent::SessionAnnulled(_)
        | ClassEvent::AttendanceRecorded(_)
        | ClassEvent::AttendanceCorrected(_)
        | ClassEvent::CompletionTestRecorded(_)
        | ClassEvent::CompletionTestCorrected(_)
        | ClassEvent::RunClosed(_)
        | ClassEvent::RunReopened(_)
        | ClassEvent::CompletionTestVoided(_)
        | ClassEvent::RegistrationAnnulled(_)
        | ClassEvent::RunCancelled(_)
        | ClassEvent::RosterImportFinished(_) => vec![],
    }
}

fn given_by_directory(event: &DirectoryEvent) -> Vec<(&'static str, String)> {
    match event {
        DirectoryEvent::OccupationAdded(event) => vec![("occupation", event.occupation.to_string())],
        DirectoryEvent::TrainerListed(event) => vec![("trainer", event.trainer.to_string())],
        DirectoryEvent::OccupationCodeAssigned(_)
        | DirectoryEvent::OccupationDirectionsSet(_)
        | DirectoryEvent::TrainerSuspended(_)
        | DirectoryEvent::TrainerReinstated(_)
        | DirectoryEvent::TrainerRemoved(_)
        | DirectoryEvent::TrainerOccupationsChanged(_)
        | DirectoryEvent::TrainerRenewed(_) => vec![],
    }
}

fn given_by_access(event: &AccessEvent) -> Vec<(&'static str, String)> {
    match event {
        AccessEvent::OrganisationRegistered(event) => vec![("organisation", event.organisation.to_string())],
        AccessEvent::AccountOpened(event) => vec![("account", event.account.to_string())],
        AccessEvent::AccountRolesChanged(_)
        | AccessEvent::AccountLocked(_)
        | AccessEvent::AccountUnlocked(_)
        | AccessEvent::PersonalDataRead(_) => vec![],
    }
}
