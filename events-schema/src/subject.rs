//! Subjects: things with a history. An event names every subject it concerns and the how-manieth event of each it is.

use std::fmt;

use crate::ids::{self, AccountId, CertificateId, ClassId, JobId, OccupationId, OrganisationId, PersonId, TrainerId};
use crate::macros::codes;
use crate::{Line, PlanYear, ReportingUnit};

/// Bytes of the longest subject, kind included.
const CAPACITY: usize = 46;

codes! {
    /// What kind of thing a subject is. Append-only; claims start at 128.
    pub enum SubjectKind {
        /// An account.
        Account = 1 "account",
        /// An organisation.
        Organisation = 2 "organisation",
        /// A person.
        Person = 3 "person",
        /// A trainer's entry in the directory.
        Trainer = 4 "trainer",
        /// An occupation.
        Occupation = 6 "occupation",
        /// A class or training run.
        Class = 7 "class",
        /// A certificate.
        Certificate = 8 "certificate",
        /// A yearly target: year, line, reporting unit.
        Target = 9 "target",
        /// A published rule pack, by its name.
        Pack = 11 "pack",
        /// Work of many commands.
        Job = 13 "job",
        /// The holiday calendar of a year.
        Calendar = 14 "calendar",
        /// The certificates of a trainer in a year: its ordinal numbers them.
        CertificateSeries = 15 "certificate_series",
        /// Claim: the seat of a person in a class.
        Seat = 128 "seat",
        /// Claim: an organisation code.
        OrganisationCode = 129 "organisation_code",
        /// Claim: an occupation code.
        OccupationCode = 130 "occupation_code",
        /// Claim: the hours of a person for a class, posted once.
        HoursOnce = 131 "hours_once",
        /// Claim: the training certificate of a person for a class, issued once.
        CertificateOnce = 132 "certificate_once",
        /// Claim: a certificate number.
        CertificateNumber = 133 "certificate_number",
        /// Claim: a number in the directory of trainers.
        DirectoryNumber = 134 "directory_number",
        /// Claim: the entry of an organisation in the directory of trainers, until it is removed.
        TrainerOfOrganisation = 135 "trainer_of_organisation",
    }
}

/// The form of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Component {
    Id,
    Number,
    Text,
}

impl SubjectKind {
    const fn shape(self) -> &'static [Component] {
        match self {
            Self::Account
            | Self::Organisation
            | Self::Person
            | Self::Trainer
            | Self::Occupation
            | Self::Class
            | Self::Certificate
            | Self::Job
            | Self::TrainerOfOrganisation => &[Component::Id],
            Self::Target => &[Component::Number, Component::Text, Component::Text],
            Self::Pack | Self::OrganisationCode | Self::OccupationCode | Self::CertificateNumber => &[Component::Text],
            Self::Calendar | Self::DirectoryNumber => &[Component::Number],
            Self::CertificateSeries => &[Component::Id, Component::Number],
            Self::Seat | Self::HoursOnce | Self::CertificateOnce => &[Component::Id, Component::Id],
        }
    }
    /// Whether it is a claim: a subject that is free or held.
    pub const fn is_claim(self) -> bool {
        self.code() >= 128
    }
    /// Whether its id tells which person it is about: a person's own, an account, or a claim made of a person's id.
    pub const fn names_a_person(self) -> bool {
        match self {
            Self::Person | Self::Account | Self::Seat | Self::HoursOnce | Self::CertificateOnce => true,
            Self::Organisation
            | Self::Trainer
            | Self::Occupation
            | Self::Class
            | Self::Certificate
            | Self::Target
            | Self::Pack
            | Self::Job
            | Self::Calendar
            | Self::CertificateSeries
            | Self::OrganisationCode
            | Self::OccupationCode
            | Self::CertificateNumber
            | Self::DirectoryNumber
            | Self::TrainerOfOrganisation => false,
        }
    }
    /// Whether its history may grow beyond a thousand events, so that folded snapshots of it are kept.
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Class | Self::Organisation | Self::Trainer | Self::CertificateSeries)
    }
}

/// Bytes or text that are not a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// The kind is not in the registry.
    #[error("the kind of a subject is unknown")]
    Kind,
    /// The text has no slash.
    #[error("a subject is written kind/id")]
    Slash,
    /// The kind wants another number of components, or others.
    #[error("the id does not fit the kind of subject")]
    Shape,
    /// Longer than any subject.
    #[error("the id is too long")]
    Length,
}

/// A thing with a history: kind and one to three components.
///
/// Its bytes are the key of the subject index: kind, then each component (id: 6 bytes; number: 4 bytes big-endian; text: bytes and a zero).
#[derive(Clone, Copy)]
pub struct Subject {
    kind: SubjectKind,
    len: u8,
    bytes: [u8; CAPACITY],
}

impl Subject {
    fn start(kind: SubjectKind) -> Self {
        let mut subject = Self { kind, len: 0, bytes: [0; CAPACITY] };
        let _fits = subject.push(&[kind.code()]);
        subject
    }
    fn push(&mut self, part: &[u8]) -> Result<(), SubjectError> {
        let from = usize::from(self.len);
        let to = from.saturating_add(part.len());
        self.bytes.get_mut(from..to).ok_or(SubjectError::Length)?.copy_from_slice(part);
        self.len = u8::try_from(to).map_err(|_| SubjectError::Length)?;
        Ok(())
    }
    fn push_text(&mut self, text: &str) -> Result<(), SubjectError> {
        let plain =
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.');
        if !plain {
            return Err(SubjectError::Shape);
        }
        self.push(text.as_bytes())?;
        self.push(&[0])
    }
    fn of_id(kind: SubjectKind, id: [u8; 6]) -> Self {
        let mut subject = Self::start(kind);
        let _fits = subject.push(&id);
        subject
    }
    fn of_ids(kind: SubjectKind, first: [u8; 6], second: [u8; 6]) -> Self {
        let mut subject = Self::of_id(kind, first);
        let _fits = subject.push(&second);
        subject
    }

    /// An account.
    pub fn account(id: AccountId) -> Self {
        Self::of_id(SubjectKind::Account, id.to_bytes())
    }
    /// An organisation.
    pub fn organisation(id: OrganisationId) -> Self {
        Self::of_id(SubjectKind::Organisation, id.to_bytes())
    }
    /// A person.
    pub fn person(id: PersonId) -> Self {
        Self::of_id(SubjectKind::Person, id.to_bytes())
    }
    /// A trainer.
    pub fn trainer(id: TrainerId) -> Self {
        Self::of_id(SubjectKind::Trainer, id.to_bytes())
    }
    /// An occupation.
    pub fn occupation(id: OccupationId) -> Self {
        Self::of_id(SubjectKind::Occupation, id.to_bytes())
    }
    /// A class.
    pub fn class(id: ClassId) -> Self {
        Self::of_id(SubjectKind::Class, id.to_bytes())
    }
    /// A certificate.
    pub fn certificate(id: CertificateId) -> Self {
        Self::of_id(SubjectKind::Certificate, id.to_bytes())
    }
    /// A job.
    pub fn job(id: JobId) -> Self {
        Self::of_id(SubjectKind::Job, id.to_bytes())
    }
    /// A yearly target of a reporting unit in a line.
    pub fn target(year: PlanYear, line: Line, unit: ReportingUnit) -> Self {
        let mut subject = Self::start(SubjectKind::Target);
        let _fits = subject
            .push(&u32::from(year.get()).to_be_bytes())
            .and_then(|()| subject.push_text(line.name()))
            .and_then(|()| subject.push_text(&unit.to_string()));
        subject
    }
    /// A rule pack.
    pub fn pack(name: &str) -> Result<Self, SubjectError> {
        Self::of_text(SubjectKind::Pack, name)
    }
    /// The holiday calendar of a year.
    pub fn calendar(year: PlanYear) -> Self {
        let mut subject = Self::start(SubjectKind::Calendar);
        let _fits = subject.push(&u32::from(year.get()).to_be_bytes());
        subject
    }
    /// The series of certificates of a trainer in a year.
    pub fn certificate_series(trainer: TrainerId, year: PlanYear) -> Self {
        let mut subject = Self::of_id(SubjectKind::CertificateSeries, trainer.to_bytes());
        let _fits = subject.push(&u32::from(year.get()).to_be_bytes());
        subject
    }
    /// Claim on a seat.
    pub fn seat(class: ClassId, person: PersonId) -> Self {
        Self::of_ids(SubjectKind::Seat, class.to_bytes(), person.to_bytes())
    }
    /// Claim on the hours of a person for a class.
    pub fn hours_once(class: ClassId, person: PersonId) -> Self {
        Self::of_ids(SubjectKind::HoursOnce, class.to_bytes(), person.to_bytes())
    }
    /// Claim on the training certificate of a person for a class.
    pub fn certificate_once(class: ClassId, person: PersonId) -> Self {
        Self::of_ids(SubjectKind::CertificateOnce, class.to_bytes(), person.to_bytes())
    }
    /// Claim on a number in the directory of trainers.
    pub fn directory_number(number: crate::DirectoryNumber) -> Self {
        let mut subject = Self::start(SubjectKind::DirectoryNumber);
        let _fits = subject.push(&number.get().to_be_bytes());
        subject
    }
    /// Claim on the entry of an organisation in the directory of trainers.
    pub fn trainer_of_organisation(id: OrganisationId) -> Self {
        Self::of_id(SubjectKind::TrainerOfOrganisation, id.to_bytes())
    }
    /// A subject with one text component: pack, organisation code, occupation code, certificate number.
    pub fn of_text(kind: SubjectKind, text: &str) -> Result<Self, SubjectError> {
        if kind.shape() != [Component::Text] {
            return Err(SubjectError::Shape);
        }
        let mut subject = Self::start(kind);
        subject.push_text(text)?;
        Ok(subject)
    }

    /// Its kind.
    pub const fn kind(&self) -> SubjectKind {
        self.kind
    }
    /// Its bytes: the wire form and the key in the subject index.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
    /// The 48 bits of its first component, where that is an id.
    pub fn first_id(&self) -> Option<[u8; 6]> {
        match self.kind.shape().first() {
            Some(Component::Id) => self.bytes.get(1..7)?.try_into().ok(),
            Some(Component::Number | Component::Text) | None => None,
        }
    }
    /// The person it is, if it is one.
    pub fn as_person(&self) -> Option<PersonId> {
        if self.kind == SubjectKind::Person { self.first_id().map(PersonId::from_bytes) } else { None }
    }
    /// Reads the wire form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SubjectError> {
        let (code, mut rest) = bytes.split_first().ok_or(SubjectError::Kind)?;
        let kind = SubjectKind::from_code(*code).ok_or(SubjectError::Kind)?;
        for component in kind.shape() {
            let len = match component {
                Component::Id => 6,
                Component::Number => 4,
                Component::Text => rest.iter().position(|byte| *byte == 0).ok_or(SubjectError::Shape)?.saturating_add(1),
            };
            rest = rest.get(len..).ok_or(SubjectError::Shape)?;
        }
        if !rest.is_empty() {
            return Err(SubjectError::Shape);
        }
        let mut subject = Self { kind, len: 0, bytes: [0; CAPACITY] };
        subject.push(bytes)?;
        Ok(subject)
    }
    /// Reads `kind/a:b:c`.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let (kind, id) = text.split_once('/').ok_or(SubjectError::Slash)?;
        let kind = SubjectKind::from_name(kind).ok_or(SubjectError::Kind)?;
        let mut parts = id.split(':');
        let mut subject = Self::start(kind);
        for component in kind.shape() {
            let part = parts.next().ok_or(SubjectError::Shape)?;
            match component {
                Component::Id => {
                    subject.push(&ids::from_text(part).map_err(|_| SubjectError::Shape)?)?;
                }
                Component::Number => {
                    let number: u32 = part.parse().map_err(|_| SubjectError::Shape)?;
                    if number.to_string() != part {
                        return Err(SubjectError::Shape);
                    }
                    subject.push(&number.to_be_bytes())?;
                }
                Component::Text => subject.push_text(part)?,
            }
        }
        if parts.next().is_some() { Err(SubjectError::Shape) } else { Ok(subject) }
    }
    /// The id without the kind: `a:b:c`.
    pub fn id_text(&self) -> String {
        let mut out = String::with_capacity(CAPACITY);
        let _written = self.write_id(&mut out);
        out
    }
    /// Appends it as `kind/a:b:c`.
    pub fn write(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        out.write_str(self.kind.name())?;
        out.write_char('/')?;
        self.write_id(out)
    }
    fn write_id(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut rest = self.as_bytes().get(1..).unwrap_or_default();
        for (number, component) in self.kind.shape().iter().enumerate() {
            if number > 0 {
                out.write_char(':')?;
            }
            let len = match component {
                Component::Id => 6,
                Component::Number => 4,
                Component::Text => rest.iter().position(|byte| *byte == 0).unwrap_or_default(),
            };
            let (part, after) = rest.split_at_checked(len).unwrap_or_default();
            match component {
                Component::Id => ids::write(part.try_into().unwrap_or_default(), out)?,
                Component::Number => write!(out, "{}", u32::from_be_bytes(part.try_into().unwrap_or_default()))?,
                Component::Text => out.write_str(std::str::from_utf8(part).unwrap_or_default())?,
            }
            rest = if *component == Component::Text { after.get(1..).unwrap_or_default() } else { after };
        }
        Ok(())
    }
}

impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
impl Eq for Subject {}
impl PartialOrd for Subject {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Subject {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}
impl std::hash::Hash for Subject {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}
impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_subject() -> impl Strategy<Value = Subject> {
        prop_oneof![
            any::<[u8; 6]>().prop_map(|id| Subject::person(PersonId::from_bytes(id))),
            any::<([u8; 6], [u8; 6])>().prop_map(|(class, person)| Subject::seat(ClassId::from_bytes(class), PersonId::from_bytes(person))),
            ("[0-9A-Z]{1,32}").prop_map(|text| Subject::of_text(SubjectKind::CertificateNumber, &text).unwrap()),
            any::<u16>().prop_map(|year| Subject::target(PlanYear::new(year), Line::Digital, ReportingUnit::all().next().unwrap())),
            any::<([u8; 6], u16)>().prop_map(|(id, year)| Subject::certificate_series(TrainerId::from_bytes(id), PlanYear::new(year))),
        ]
    }

    proptest! {
        #[test]
        fn text_and_bytes_read_back_as_the_same_subject(subject in any_subject()) {
            prop_assert_eq!(Subject::parse(&subject.to_string()), Ok(subject));
            prop_assert_eq!(Subject::from_bytes(subject.as_bytes()), Ok(subject));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            if let Ok(subject) = Subject::from_bytes(&bytes) {
                prop_assert_eq!(subject.as_bytes(), &bytes[..]);
            }
        }
    }

    #[test]
    fn text_is_refused_when_it_is_not_the_printed_form() {
        for text in
            ["person", "person/", "person/0123456789:0123456789", "nobody/0123456789", "calendar/02025", "target/2025:digital", "pack/a b"]
        {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }
}
