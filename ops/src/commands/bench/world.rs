//! What commands of the append bench need before they can be decided: rules, a listed trainer, persons, open classes.

use zhixin_domain::Command;
use zhixin_domain::access::{OpenAccount, RegisterOrganisation};
use zhixin_domain::class::register_trainee::{PersonDescription, Trainee};
use zhixin_domain::class::{HoldSession, OpenRun, PlanRun, RecordAttendance, RegisterTrainee};
use zhixin_domain::directory::{AddOccupation, ListTrainer};
use zhixin_domain::document::PublishRulePack;
use zhixin_engine::answer::{Accepted, Submission};
use zhixin_engine::handle::EngineHandle;
use zhixin_events::class::PlannedModule;
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::{
    AccountId, Attendance, CivilDate, ClassId, DeliveryMode, DirectoryNumber, DocumentKind, FigureUnit, Grade, HoursTenths, OccupationId,
    OrganisationId, PeopleCount, PersonId, PlanYear, ReportingUnit, Role, Secret, SessionNumber, SourceMark, TrainerId, document_number,
};

use super::bare::{deal, drive};

/// Trainees of a class.
pub(crate) const SEATS: u64 = 40;
/// Persons who take all the seats, one class after another.
const PERSONS: u64 = 4_000;
const UNIT: ReportingUnit = ReportingUnit::JIANGSU;

/// A trainer with open classes, and persons for their seats.
pub(crate) struct World<'a> {
    handle: &'a EngineHandle,
    today: CivilDate,
    staff: AccountId,
    classes: Vec<ClassId>,
    persons: Vec<PersonId>,
}

fn result<T: std::str::FromStr>(accepted: &Accepted, name: &str) -> anyhow::Result<T> {
    let found = accepted.result.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok());
    found.ok_or_else(|| anyhow::anyhow!("an answer without {name}"))
}

fn submission(handle: &EngineHandle, actor: AccountId, role: Role, command: impl Into<Command>, key: &str) -> Submission {
    let command = command.into();
    let command_id = handle.command_id(&actor, command.name(), key);
    Submission {
        actor,
        role,
        command_id,
        fingerprint: handle.fingerprint(key.as_bytes()),
        effective_on: None,
        if_match: Vec::new(),
        command,
    }
}

impl<'a> World<'a> {
    /// Lists a trainer, opens classes with so many seats together and registers the persons; many callers at once.
    pub(crate) fn make(handle: &'a EngineHandle, seats: u64) -> anyhow::Result<Self> {
        let today = handle.now()?.civil_date();
        let (staff, trainer, occupation) = list_trainer(handle, today)?;
        let plan = PlanRun {
            title: "人工智能初级班".to_owned(),
            trainer,
            division: UNIT.division(),
            occupation,
            direction: None,
            grade: Grade::Junior,
            mode: DeliveryMode::InPerson,
            starts_on: today,
            ends_on: today.plus_days(10),
            seats: PeopleCount::new(u32::try_from(PERSONS)?),
            modules: vec![PlannedModule { code: "A".to_owned(), name: "机器学习基础".to_owned(), hours: HoursTenths::new(240) }],
        };
        let mut world = World { handle, today, staff, classes: Vec::new(), persons: Vec::new() };
        let plans = (0..=seats.div_ceil(SEATS)).map(|_| plan.clone().into());
        let planned = world.execute(plans.collect(), "plan")?;
        world.classes = planned.iter().map(|accepted| result(accepted, "class")).collect::<Result<_, _>>()?;
        world.execute(world.classes.iter().map(|class| OpenRun { class: *class }.into()).collect(), "open")?;
        // Everybody becomes known through the first class, which takes no part in what is measured.
        let first = world.classes.pop().ok_or_else(|| anyhow::anyhow!("no class was planned"))?;
        let known = world.execute((0..PERSONS).map(|serial| register(first, serial)).collect(), "known")?;
        world.persons = known.iter().map(|accepted| result(accepted, "person")).collect::<Result<_, _>>()?;
        Ok(world)
    }

    fn execute(&self, commands: Vec<Command>, key: &str) -> anyhow::Result<Vec<Accepted>> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let numbered = commands.into_iter().enumerate().map(|(index, command)| self.by_staff(command, &format!("{key}-{index}")));
        let call = |submission| Ok(sender.send(self.handle.execute_blocking(submission)?)?);
        drive(deal(numbered), call)?;
        drop(sender);
        Ok(receiver.into_iter().collect())
    }

    fn by_staff(&self, command: Command, key: &str) -> Submission {
        submission(self.handle, self.staff, Role::Trainer, command, key)
    }

    /// Class and person of a seat; neighbours are in different classes.
    fn seat(&self, number: u64) -> (ClassId, PersonId) {
        let (classes, persons) = (self.classes.len() as u64, self.persons.len() as u64);
        let (class, place) = (number % classes, number / classes);
        let at = |index: u64| usize::try_from(index).unwrap_or(usize::MAX);
        (self.classes[at(class)], self.persons[at((class * SEATS + place) % persons)])
    }

    /// The registrations of these seats: persons known by id, so nothing is sealed.
    pub(crate) fn registrations(&self, seats: std::ops::Range<u64>) -> Vec<Submission> {
        let one = |number| {
            let (class, person) = self.seat(number);
            let command =
                RegisterTrainee { class, person: Trainee::Known(person), category: None, employer: None, title_level: None, job: None };
            self.by_staff(command.into(), &format!("seat-{number}"))
        };
        seats.map(one).collect()
    }

    /// Holds a session in every class.
    pub(crate) fn hold(&self, session: u16) -> anyhow::Result<()> {
        let one = |class: &ClassId| {
            let (session, hours) = (SessionNumber::new(session), HoursTenths::new(40));
            HoldSession { class: *class, session, held_on: self.today, module: "A".to_owned(), hours, mode: DeliveryMode::InPerson }.into()
        };
        self.execute(self.classes.iter().map(one).collect(), &format!("session-{session}")).map(drop)
    }

    /// The attendances of these seats at a session.
    pub(crate) fn attendances(&self, session: u16, seats: std::ops::Range<u64>) -> Vec<Submission> {
        let one = |number| {
            let (class, person) = self.seat(number);
            let command = RecordAttendance { class, session: SessionNumber::new(session), person, attendance: Attendance::Present };
            self.by_staff(command.into(), &format!("attendance-{session}-{number}"))
        };
        seats.map(one).collect()
    }
}

fn list_trainer(handle: &EngineHandle, today: CivilDate) -> anyhow::Result<(AccountId, TrainerId, OccupationId)> {
    let account = |role: Role, organisation| -> anyhow::Result<AccountId> {
        let command = OpenAccount { roles: vec![role], unit: None, organisation };
        result(&handle.execute_blocking(handle.system_submission(command, role.name()))?, "account")
    };
    handle.execute_blocking(handle.system_submission(figures(), "figures"))?;
    let national = account(Role::NationalOffice, None)?;
    let by_office = |command: Command| handle.execute_blocking(submission(handle, national, Role::NationalOffice, command, "set-up"));
    let organisation = RegisterOrganisation { name: "某大学".to_owned(), uscc: "91350100M000100Y43".to_owned(), unit: UNIT };
    let organisation: OrganisationId = result(&by_office(organisation.into())?, "organisation")?;
    let occupation = AddOccupation {
        name_zh: "人工智能工程技术人员".to_owned(),
        name_en: "Artificial intelligence engineer".to_owned(),
        code: "2-02-10-09".to_owned(),
        code_edition: PlanYear::new(2015),
    };
    let occupation: OccupationId = result(&by_office(occupation.into())?, "occupation")?;
    let listing = ListTrainer {
        organisation,
        directory_number: DirectoryNumber::new(1),
        occupations: vec![occupation],
        listed_from: today,
        listed_until: None,
        national_base: true,
        document_number: "第1号".to_owned(),
    };
    let trainer = result(&by_office(listing.into())?, "trainer")?;
    Ok((account(Role::Trainer, Some(organisation))?, trainer, occupation))
}

fn figures() -> PublishRulePack {
    let known = [
        ("record.backdate_days_max", "60"),
        ("directory.validity_years", "3"),
        ("day.hours_max_tenths", "80"),
        ("programme.first_year", "2021"),
        ("programme.last_year", "2030"),
    ];
    let figure = |(key, value): (&str, &str)| PackFigure {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        unit: FigureUnit::Text,
        effective_from: CivilDate::from_ymd(2021, 1, 1).unwrap_or_default(),
        effective_until: None,
        source: "made up for the bench".to_owned(),
        mark: SourceMark::TestData,
    };
    let figures = known.into_iter().map(figure).collect();
    PublishRulePack { name: "bench".to_owned(), title: "Bench".to_owned(), unit: None, figures, digest: Digest32([1; 32]) }
}

/// A made-up person: an address code that was never issued, a birth year before the numbers existed.
fn register(class: ClassId, serial: u64) -> Command {
    let (day, rest) = (serial / 1_000 + 1, serial % 1_000);
    let body = format!("999999189901{day:02}{rest:03}");
    let check = document_number::identity_check_character(&body).unwrap_or('0');
    let person = Trainee::Described(PersonDescription {
        document_kind: DocumentKind::IdentityCard,
        document_number: Secret::new(format!("{body}{check}")),
        name: Secret::new("测试甲乙丙".to_owned()),
        phone: None,
        override_reason: None,
    });
    RegisterTrainee { class, person, category: None, employer: None, title_level: None, job: None }.into()
}
