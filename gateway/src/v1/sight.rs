//! Who may see the history of what: where a subject lies, and whether a scope covers it.
//!
//! Where a thing lies is read from the open fields of its first event, so the answer does not depend on any read model; a person lies
//! wherever there is a class with them. Of a person, whoever does not see everything sees only the events that also concern a class, a
//! certificate or an import within the scope: to have somebody in a class says nothing on what they did elsewhere.

use zhixin_engine::domain::access::Action;
use zhixin_events::registry::LeafAudience;
use zhixin_events::scope::{Place, Scope};
use zhixin_events::{ClassId, OrganisationId, PersonId, ReportingUnit, Subject, SubjectKind, TrainerId};
use zhixin_projections::{AsOf, ModelName, classes};

use super::story::{self, Entry};
use crate::app::App;
use crate::auth::Caller;
use crate::problem::{Kind, Problem};

/// How much of a history somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Every event.
    All,
    /// Of a person: the events that also concern something else within the scope.
    Within(Scope),
    /// The events whose leaves are open to anyone.
    PublicOnly,
}

impl Sight {
    /// Whether it shows an event. One shown only because its leaf is public names no more subjects than that. Blocks.
    pub(crate) fn shows(&self, app: &App, entry: &mut Entry) -> Result<bool, Problem> {
        match self {
            Self::All => Ok(true),
            Self::Within(scope) => covers_one_of(app, scope, entry),
            Self::PublicOnly => {
                entry.subjects.retain(|(subject, _)| !subject.kind().names_a_person());
                Ok(entry.audience == LeafAudience::Public)
            }
        }
    }
}

/// What is listed for the public: its own history may be looked at by anyone as far as its leaves are public.
const fn is_listed(kind: SubjectKind) -> bool {
    matches!(
        kind,
        SubjectKind::Trainer
            | SubjectKind::Occupation
            | SubjectKind::Target
            | SubjectKind::Certificate
            | SubjectKind::Pack
            | SubjectKind::Calendar
    )
}

/// How much of the history of a subject a caller may see. Blocks.
///
/// # Errors
/// 404 for what does not exist and for what the caller may not know exists.
pub(crate) fn of_subject(app: &App, caller: &Caller, subject: &Subject) -> Result<Sight, Problem> {
    let view = app.engine().view()?;
    if view.count(subject, u64::MAX)? == 0 {
        return Err(Kind::NotFound.into());
    }
    let scope = caller.scope(Action::ReadHistory);
    if covers(app, &scope, subject)? {
        let part = subject.kind() == SubjectKind::Person && matches!(scope, Scope::Unit(_) | Scope::Organisation(_));
        return Ok(if part { Sight::Within(scope) } else { Sight::All });
    }
    if is_listed(subject.kind()) { Ok(Sight::PublicOnly) } else { Err(Kind::NotFound.into()) }
}

/// Whether a caller may see an event, by one of its subjects or by what it is; see [`Sight::shows`]. Blocks.
pub(crate) fn of_event(app: &App, caller: &Caller, entry: &mut Entry) -> Result<bool, Problem> {
    Ok(covers_one_of(app, &caller.scope(Action::ReadHistory), entry)? || Sight::PublicOnly.shows(app, entry)?)
}

/// Whether a scope covers an event by one of its subjects. That a person is within it does not count, but for the person's own scope. Blocks.
fn covers_one_of(app: &App, scope: &Scope, entry: &Entry) -> Result<bool, Problem> {
    let counts = |subject: &Subject| subject.kind() != SubjectKind::Person || matches!(scope, Scope::All);
    for (subject, _) in entry.subjects.iter().filter(|(subject, _)| counts(subject)) {
        if covers(app, scope, subject)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a scope covers a subject. Blocks.
pub(crate) fn covers(app: &App, scope: &Scope, subject: &Subject) -> Result<bool, Problem> {
    match scope {
        Scope::All => return Ok(true),
        Scope::None => return Ok(false),
        Scope::Unit(_) | Scope::Organisation(_) => {}
    }
    match subject.as_person() {
        Some(person) if subject.kind() == SubjectKind::Person => covers_person(app, scope, person),
        Some(_) | None => Ok(place_of(app, subject)?.is_some_and(|place| scope.covers(&place))),
    }
}

/// Whether one of the classes of a person lies within a scope. Blocks.
pub(crate) fn covers_person(app: &App, scope: &Scope, person: PersonId) -> Result<bool, Problem> {
    if scope.covers(&Place::default()) {
        return Ok(true);
    }
    let view = AsOf { position: app.reflected(), effective_by: app.engine().now()?.civil_date() };
    let of_person = classes::of_person(&app.rows(ModelName::Classes)?, person, view)?;
    Ok(of_person.iter().any(|(class, _)| scope.covers(&place_of_class(class))))
}

/// Where a class lies.
pub(crate) fn place_of_class(class: &classes::ClassEntry) -> Place {
    Place { unit: Some(class.unit), organisation: Some(class.organisation) }
}

/// Where a subject lies; none if nothing says so.
fn place_of(app: &App, subject: &Subject) -> Result<Option<Place>, Problem> {
    let wanted = match subject.kind() {
        // What belongs to a class or a trainer lies where those lie.
        SubjectKind::Seat | SubjectKind::HoursOnce | SubjectKind::CertificateOnce => {
            subject.first_id().map(|id| Subject::class(ClassId::from_bytes(id)))
        }
        SubjectKind::CertificateSeries => subject.first_id().map(|id| Subject::trainer(TrainerId::from_bytes(id))),
        SubjectKind::Account
        | SubjectKind::Organisation
        | SubjectKind::Person
        | SubjectKind::Trainer
        | SubjectKind::Occupation
        | SubjectKind::Class
        | SubjectKind::Certificate
        | SubjectKind::Target
        | SubjectKind::Pack
        | SubjectKind::Job
        | SubjectKind::Calendar
        | SubjectKind::OrganisationCode
        | SubjectKind::OccupationCode
        | SubjectKind::CertificateNumber
        | SubjectKind::DirectoryNumber
        | SubjectKind::TrainerOfOrganisation => Some(*subject),
    };
    let Some(first) = wanted.map(|subject| story::first_of(app, &subject)).transpose()?.flatten() else { return Ok(None) };
    let open = |name: &str| first.open.get(name).and_then(serde_json::Value::as_str);
    let unit = open("unit").and_then(|code| code.parse().ok()).and_then(|code| ReportingUnit::new(code).ok());
    let organisation = open("organisation").and_then(|id| id.parse::<OrganisationId>().ok());
    if unit.is_some() || organisation.is_some() {
        return Ok(Some(Place { unit, organisation }));
    }
    // A certificate or a job names its class.
    let class = open("class").and_then(|id| id.parse::<ClassId>().ok()).map(Subject::class).filter(|class| class != subject);
    match class {
        Some(class) => place_of(app, &class),
        None => Ok(Some(Place::default())),
    }
}
