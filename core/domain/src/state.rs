//! State: the fold of the history of a subject. What a decision reads.

#[cfg(test)]
mod snapshots;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zhixin_events::{
    AccountId, CertificateId, CivilDate, ClassId, Event, JobId, OccupationId, OrganisationId, PersonId, Position, Subject, SubjectKind,
    TrainerId,
};

use crate::access::state::{AccountState, OrganisationState};
use crate::certificate::state::CertificateState;
use crate::class::state::{ClassState, JobState};
use crate::decision::{Identity, Known};
use crate::directory::state::{OccupationState, TrainerState};
use crate::document::state::EditionState;
use crate::person::state::PersonState;
use crate::plan::state::TargetState;
use crate::refusal::CommonRefusal;
use crate::{Refusal, access, certificate, class, directory, document, hours, person, plan};

/// Version of the states below: a stored snapshot of another version is thrown away and folded anew.
pub const STATE_VERSION: u32 = 4;

/// An event as the fold sees it.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    /// The event.
    pub event: &'a Event,
    /// Its position.
    pub position: Position,
    /// When it took place.
    pub effective_on: CivilDate,
}

/// A history that no decision can have made: the subject is poisoned, never the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the history of {subject} breaks at event {position}: {what}")]
pub struct Broken {
    /// The subject.
    pub subject: Subject,
    /// The event that does not fit.
    pub position: Position,
    /// What does not fit.
    pub what: &'static str,
}

/// A claim: free, or held by the event that took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClaimState {
    /// The event that holds it.
    pub held_by: Option<Position>,
}

/// The state of a subject, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubjectState {
    /// Of an account.
    Account(AccountState),
    /// Of an organisation.
    Organisation(OrganisationState),
    /// Of a person.
    Person(PersonState),
    /// Of a trainer.
    Trainer(TrainerState),
    /// Of an occupation.
    Occupation(OccupationState),
    /// Of a class.
    Class(ClassState),
    /// Of a certificate.
    Certificate(CertificateState),
    /// Of a yearly target.
    Target(TargetState),
    /// Of a rule pack or a holiday calendar: which edition it has reached.
    Edition(EditionState),
    /// Of a job.
    Job(JobState),
    /// Of a series: only its ordinal counts.
    Series,
    /// Of a claim.
    Claim(ClaimState),
}

impl SubjectState {
    /// The state before the first event.
    pub fn new(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Account => Self::Account(AccountState::default()),
            SubjectKind::Organisation => Self::Organisation(OrganisationState::default()),
            SubjectKind::Person => Self::Person(PersonState::default()),
            SubjectKind::Trainer => Self::Trainer(TrainerState::default()),
            SubjectKind::Occupation => Self::Occupation(OccupationState::default()),
            SubjectKind::Class => Self::Class(ClassState::default()),
            SubjectKind::Certificate => Self::Certificate(CertificateState::default()),
            SubjectKind::Target => Self::Target(TargetState::default()),
            SubjectKind::Pack | SubjectKind::Calendar => Self::Edition(EditionState::default()),
            SubjectKind::Job => Self::Job(JobState::default()),
            SubjectKind::CertificateSeries => Self::Series,
            SubjectKind::Seat
            | SubjectKind::OrganisationCode
            | SubjectKind::OccupationCode
            | SubjectKind::HoursOnce
            | SubjectKind::CertificateOnce
            | SubjectKind::CertificateNumber
            | SubjectKind::DirectoryNumber
            | SubjectKind::TrainerOfOrganisation => Self::Claim(ClaimState::default()),
        }
    }

    /// Folds one event of the subject's history.
    ///
    /// # Errors
    /// The event does not fit the history.
    pub fn apply(&mut self, subject: &Subject, fact: &Fact<'_>) -> Result<(), Broken> {
        let outcome = match fact.event {
            Event::Plan(event) => {
                plan::state::apply(self, event, fact);
                Ok(())
            }
            Event::Class(event) => class::state::apply(self, event, fact),
            Event::Person(event) => person::state::apply(self, event, fact),
            Event::Hours(event) => hours::state::apply(self, event, fact),
            Event::Directory(event) => directory::state::apply(self, subject, event, fact),
            Event::Certificate(event) => certificate::state::apply(self, event, fact),
            Event::Document(event) => {
                document::state::apply(self, event);
                Ok(())
            }
            Event::Access(event) => access::state::apply(self, event, fact),
        };
        outcome.map_err(|what| Broken { subject: *subject, position: fact.position, what })
    }

    /// If this is a claim, holds it.
    ///
    /// # Errors
    /// It is held already.
    pub fn hold_claim(&mut self, by: Position) -> Result<(), &'static str> {
        match self {
            Self::Claim(claim) if claim.held_by.is_some() => Err("a held claim is taken again"),
            Self::Claim(claim) => {
                claim.held_by = Some(by);
                Ok(())
            }
            Self::Account(_)
            | Self::Organisation(_)
            | Self::Person(_)
            | Self::Trainer(_)
            | Self::Occupation(_)
            | Self::Class(_)
            | Self::Certificate(_)
            | Self::Target(_)
            | Self::Edition(_)
            | Self::Job(_)
            | Self::Series => Ok(()),
        }
    }

    /// If this is a claim, releases it.
    pub const fn release_claim(&mut self) {
        if let Self::Claim(claim) = self {
            claim.held_by = None;
        }
    }
}

/// The states that a decision has loaded: exactly the log before the commit.
#[derive(Debug, Clone, Default)]
pub struct States {
    subjects: BTreeMap<Subject, (u32, Arc<SubjectState>)>,
    identities: Vec<(Identity, Known)>,
}

macro_rules! getters {
    ($($(#[$meta:meta])* $name:ident($id:ty) -> $variant:ident($state:ty);)+) => {$(
        $(#[$meta])*
        ///
        /// # Errors
        /// `REF-0001`: there is no such thing (or it was not among the reads).
        pub fn $name(&self, id: $id, field: &'static str) -> Result<&$state, Refusal> {
            let subject = Subject::$name(id);
            match self.subjects.get(&subject) {
                Some((ordinal, state)) if *ordinal > 0 => match state.as_ref() {
                    SubjectState::$variant(state) => Ok(state),
                    _other => Err(CommonRefusal::UnknownSubject.refusal().at(field).of(subject)),
                },
                Some(_) | None => Err(CommonRefusal::UnknownSubject.refusal().at(field).of(subject)),
            }
        }
    )+};
}

impl States {
    getters! {
        /// The account.
        account(AccountId) -> Account(AccountState);
        /// The organisation.
        organisation(OrganisationId) -> Organisation(OrganisationState);
        /// The person, also when erased.
        person(PersonId) -> Person(PersonState);
        /// The trainer.
        trainer(TrainerId) -> Trainer(TrainerState);
        /// The occupation.
        occupation(OccupationId) -> Occupation(OccupationState);
        /// The class.
        class(ClassId) -> Class(ClassState);
        /// The certificate.
        certificate(CertificateId) -> Certificate(CertificateState);
        /// The job.
        job(JobId) -> Job(JobState);
    }
}

impl States {
    /// Adds a loaded state with the ordinal of its last event.
    pub fn insert(&mut self, subject: Subject, ordinal: u32, state: Arc<SubjectState>) {
        self.subjects.insert(subject, (ordinal, state));
    }
    /// Forgets a loaded state.
    pub fn remove(&mut self, subject: &Subject) {
        self.subjects.remove(subject);
    }
    /// Adds the answer to a look-up.
    pub fn insert_identity(&mut self, identity: &Identity, known: Known) {
        self.identities.push((identity.clone(), known));
    }
    /// Whether a subject is loaded.
    pub fn holds(&self, subject: &Subject) -> bool {
        self.subjects.contains_key(subject)
    }
    /// Ordinal of the last event of a subject: 0 when it has none or is not loaded.
    pub fn ordinal(&self, subject: &Subject) -> u32 {
        self.subjects.get(subject).map_or(0, |(ordinal, _)| *ordinal)
    }
    /// The state of a subject, if it is loaded.
    pub fn get(&self, subject: &Subject) -> Option<&SubjectState> {
        self.subjects.get(subject).map(|(_, state)| state.as_ref())
    }
    /// Whether a claim is held.
    pub fn is_held(&self, claim: &Subject) -> bool {
        matches!(self.get(claim), Some(SubjectState::Claim(ClaimState { held_by: Some(_) })))
    }
    /// The answer to a look-up: `None` when it was not among the reads.
    pub fn identity(&self, identity: &Identity) -> Option<Known> {
        self.identities.iter().find(|(asked, _)| asked == identity).map(|(_, known)| *known)
    }
    /// The loaded subjects with their ordinals.
    pub fn ordinals(&self) -> impl Iterator<Item = (&Subject, u32)> {
        self.subjects.iter().map(|(subject, (ordinal, _))| (subject, *ordinal))
    }
}
