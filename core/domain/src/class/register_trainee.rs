//! Give a person a seat in a run; a person not known yet is registered by the same command. Source: Plan 3.3-5, 4.2-1 (学员名单均可上传).

use zhixin_events::class::TraineeRegistered;
use zhixin_events::person::PersonRegistered;
use zhixin_events::{ClassId, DocumentKind, JobId, PersonId, Secret, Subject, TalentCategory};

use crate::access::Action;
use crate::class::employer::Employer;
use crate::class::run::{enrolling_on, permitted_run, plan_of};
use crate::class::state;
use crate::command::Decide;
use crate::decision::{Decision, Identity, Inputs, Known, NewEvent, Reads, in_order};
use crate::refusal::{About, CommonRefusal, refusals};
use crate::rules::text::{NAME_CHARS, PHONE_CHARS, REASON_CHARS, line_of_secret, line_of_text};
use crate::{Refusal, States};

/// Gives a person a seat in an open run, or in a closed one for a day before it was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterTrainee {
    /// The run.
    pub class: ClassId,
    /// The person.
    pub person: Trainee,
    /// Why the person counts among those the programme is for.
    pub category: Option<TalentCategory>,
    /// Employer.
    pub employer: Option<Employer>,
    /// Level of the professional title, as written.
    pub title_level: Option<String>,
    /// The import that brings the row.
    pub job: Option<JobId>,
}

/// Who takes the seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trainee {
    /// Somebody known.
    Known(PersonId),
    /// Somebody named by document, as in a roster; found by number and name together, or registered.
    Described(PersonDescription),
}

/// What a roster says of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDescription {
    /// Kind of the document.
    pub document_kind: DocumentKind,
    /// Its number, normalised.
    pub document_number: Secret<String>,
    /// Name as on the document.
    pub name: Secret<String>,
    /// Phone, if given.
    pub phone: Option<Secret<String>>,
    /// Why a number with a wrong check character is taken; only for an import.
    pub override_reason: Option<Secret<String>>,
}

refusals! {
    /// Why a person gets no seat.
    pub enum RegisterTraineeRefusal {
        /// The code does not have its form, or the standard refuses it and no reason is given. Source: GB 32100-2015; SOURCES 4.
        EmployerCodeUnfit = "CLASS-0048" Rule "the unified social credit code of the employer does not have its form or its check character is wrong",
        /// The import is of another run, or has ended.
        ImportUnfit = "CLASS-0036" Conflict "the import is of another run or has ended",
        /// Enrolment is open in the states open and teaching, and for late rosters of a closed run.
        NotOpen = "CLASS-0003" Conflict "enrolment of the run is not open",
        /// A roster may come after the class, a trainee may not. Source: Plan 4.2-1 (学员名单均可上传); that it is bounded is ours.
        AfterClosing = "CLASS-0041" Conflict "the run was closed before this day",
        /// Somebody of another name is recorded with the number: only number and name together find a person. Source: ours.
        OtherName = "PERSON-0006" Conflict "the name differs from the one recorded for this document number",
        /// The person has a seat already.
        AlreadySeated = "CLASS-0004" Conflict "the person has a seat in the run already",
        /// Every seat is taken.
        Full = "CLASS-0005" Conflict "every seat of the run is taken",
        /// The document number does not have the form of its kind, or its check character is wrong and no reason is given.
        NumberUnfit = "PERSON-0002" Rule "the document number does not fit its kind",
        /// The date of birth in the number is later than today.
        NotBornYet = "PERSON-0007" Rule "the date of birth in the document number is later than today",
        /// A wrong check character, of a document number or of the code of an employer, is taken with a reason in an import only.
        OverrideOutsideImport = "PERSON-0003" Rule "a wrong check character is taken with a reason in an import only",
    }
}

impl RegisterTrainee {
    fn identity(&self) -> Option<Identity> {
        match &self.person {
            Trainee::Known(_) => None,
            Trainee::Described(person) => Some(person.identity()),
        }
    }

    fn known_person(&self, states: &States) -> Known {
        match &self.person {
            Trainee::Known(person) => Known::Person(*person),
            Trainee::Described(person) => states.identity(&person.identity()).unwrap_or(Known::Nobody),
        }
    }
}

impl Decide for RegisterTrainee {
    const NAME: &'static str = "register-trainee";

    fn reads(&self, loaded: &States) -> Reads {
        let identities: Vec<_> = self.identity().into_iter().filter(|identity| loaded.identity(identity).is_none()).collect();
        let mut wanted = vec![Subject::class(self.class)];
        wanted.extend(plan_of(loaded, self.class).map(|plan| Subject::trainer(plan.trainer)));
        wanted.extend(self.employer.as_ref().and_then(Employer::registered).map(Subject::organisation));
        wanted.extend(self.job.map(Subject::job));
        if let Known::Person(person) = self.known_person(loaded) {
            wanted.extend([Subject::person(person), Subject::seat(self.class, person)]);
        }
        wanted.retain(|subject| !loaded.holds(subject));
        if wanted.is_empty() && identities.is_empty() { Reads::Done } else { Reads::More { subjects: wanted, identities } }
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::EnrolTrainees)?;
        let subject = Subject::class(self.class);
        let employer = Employer::told(self.employer.as_ref(), states, self.job.is_some(), None)?;
        let title_level = self.title_level.as_ref().map(|level| line_of_text(level, NAME_CHARS, "title_level")).transpose()?;
        if let Some(job) = self.job {
            let import = states.job(job, "job")?;
            if import.class != Some(self.class) || import.finished {
                return Err(RegisterTraineeRefusal::ImportUnfit.refusal().at("job").of(Subject::job(job)));
            }
        }
        let effective_on = enrolling_on(states, inputs, (class, plan), self.class)?;
        let known = self.known_person(states);
        let mut decision = Decision::default().in_story_of(class.first_position);
        let person = match (&self.person, known) {
            (_, Known::OtherName) => return Err(RegisterTraineeRefusal::OtherName.refusal().at("name")),
            (_, Known::Person(person)) => {
                if states.person(person, "person")?.is_erased() {
                    return Err(CommonRefusal::PersonErased.refusal().of(Subject::person(person)));
                }
                if states.is_held(&Subject::seat(self.class, person)) {
                    return Err(RegisterTraineeRefusal::AlreadySeated.refusal().of(Subject::person(person)));
                }
                let given_up_on = class.trainees.get(&person).map_or(effective_on, state::Trainee::seat_on);
                in_order(effective_on, given_up_on, Subject::person(person))?;
                person
            }
            (Trainee::Described(description), Known::Nobody) => {
                let [fresh, ..] = inputs.fresh;
                let person = PersonId::from_bytes(fresh);
                decision.events.push(description.registered(person, self.job.is_some(), inputs)?);
                decision.identities.push((description.identity(), person));
                person
            }
            (Trainee::Known(person), Known::Nobody) => {
                return Err(CommonRefusal::UnknownSubject.refusal().at("person").of(Subject::person(*person)));
            }
        };
        if class.seats_taken() >= usize::try_from(plan.seats.get()).unwrap_or(usize::MAX) {
            return Err(RegisterTraineeRefusal::Full.refusal().of(subject).about(plan.seats.get()));
        }
        let event = TraineeRegistered {
            class: self.class,
            person,
            category: self.category,
            employer: employer.registered,
            employer_stated: employer.stated,
            title_level,
            job: self.job,
        };
        let subjects = [subject, Subject::person(person), Subject::seat(self.class, person)].into_iter().chain(self.job.map(Subject::job));
        let seated = NewEvent::new(event, effective_on, subjects);
        decision.events.push(seated.sealing_some("employer_override_reason", Subject::person(person), employer.override_reason));
        Ok(decision)
    }
}

impl PersonDescription {
    fn identity(&self) -> Identity {
        Identity { kind: self.document_kind, number: self.document_number.clone(), name: self.name.clone() }
    }

    /// The registration of somebody not known yet; the registration takes place today, whenever the seat was taken.
    fn registered(&self, person: PersonId, imported: bool, inputs: &Inputs<'_>) -> Result<NewEvent, Refusal> {
        let name = line_of_secret(&self.name, NAME_CHARS, "name")?;
        let reason = match &self.override_reason {
            Some(reason) => Some(line_of_secret(reason, REASON_CHARS, "override_reason")?),
            None => None,
        };
        let phone = match &self.phone {
            Some(phone) => Some(line_of_secret(phone, PHONE_CHARS, "phone")?),
            None => None,
        };
        let unfit = crate::person::number_fault(self.document_kind, self.document_number.expose(), inputs.today);
        let overridden = match (unfit, &reason) {
            (None, _) => false,
            (Some(fault), Some(_)) if fault.may_be_overridden => {
                if !imported {
                    return Err(RegisterTraineeRefusal::OverrideOutsideImport.refusal().at("override_reason"));
                }
                true
            }
            (Some(fault), _) => {
                let refusal = if fault.is_unborn {
                    RegisterTraineeRefusal::NotBornYet.refusal()
                } else {
                    RegisterTraineeRefusal::NumberUnfit.refusal().about(About::DocumentNumber(fault.what))
                };
                return Err(refusal.at("document_number"));
            }
        };
        let subject = Subject::person(person);
        let event = PersonRegistered { person, document_kind: self.document_kind, number_override: overridden };
        Ok(NewEvent::new(event, inputs.today, [subject])
            .sealing("name", subject, name)
            .sealing("document_number", subject, self.document_number.clone())
            .sealing_some("phone", subject, phone)
            .sealing_some("override_reason", subject, if overridden { reason } else { None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::open_run::OpenRunRefusal;
    use crate::class::{CancelRun, CloseRun, EmployerDescription, FinishRosterImport, RecordAttendance, StartRosterImport};
    use crate::scenario::{
        CLASS, JIANGSU, NOBODY, ORGANISATION, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, World, attendance, pack_of,
        person_erased, person_registered, planned_run, register as known, seated_run, secret, taught_run, trainer_removed,
        trainer_suspended,
    };
    use zhixin_events::class::{ClassEvent, StatedEmployer};
    use zhixin_events::field::Digest32;
    use zhixin_events::uscc::{UsccError, UsccParseError};
    use zhixin_events::{Attendance, CivilDate, Event, OrganisationId, ReportingUnit, Uscc};

    /// The import that the world below has started.
    const JOB: JobId = JobId::from_bytes([7, 7, 7, 7, 2, 0]);

    fn described(number: &str, override_reason: Option<&str>) -> RegisterTrainee {
        let person = PersonDescription {
            document_kind: DocumentKind::IdentityCard,
            document_number: secret(number),
            name: secret("王芳"),
            phone: Some(secret("13800000000")),
            override_reason: override_reason.map(secret),
        };
        RegisterTrainee { person: Trainee::Described(person), ..known(PERSON) }
    }

    fn importing() -> World {
        seated_run().after(TRAINER_STAFF, StartRosterImport { class: CLASS, rows: 2, file_digest: Digest32([1; 32]) })
    }

    fn named(name: &str, register: RegisterTrainee) -> RegisterTrainee {
        let Trainee::Described(person) = register.person else { panic!("somebody known") };
        RegisterTrainee { person: Trainee::Described(PersonDescription { name: secret(name), ..person }), ..register }
    }

    const UNBORN: &str = "110105209912310029";
    const NUMBER: &str = "11010519491231002X";
    const WRONG_CHECK: &str = "110105194912310021";

    #[test]
    fn known_person_takes_a_seat() {
        let employer = Some(Employer::Registered(ORGANISATION));
        let register = RegisterTrainee { category: Some(TalentCategory::Backbone), employer, ..known(OTHER_PERSON) };
        seated_run().when(TRAINER_STAFF, register).then_one(TraineeRegistered {
            class: CLASS,
            person: OTHER_PERSON,
            category: Some(TalentCategory::Backbone),
            employer: Some(ORGANISATION),
            employer_stated: None,
            title_level: None,
            job: None,
        });
    }

    #[test]
    fn described_person_is_registered_once_and_found_again() {
        let decision = seated_run().when(TRAINER_STAFF, described(NUMBER, None)).then_accepted();
        let [registered, seated] = decision.events.as_slice() else { panic!("two events") };
        let Event::Person(zhixin_events::person::PersonEvent::PersonRegistered(event)) = &registered.event else { panic!("another event") };
        let fields: Vec<_> = registered.sealed.iter().map(|field| (field.field, field.holder)).collect();
        let subject = Subject::person(event.person);
        assert_eq!(fields, [("name", subject), ("document_number", subject), ("phone", subject)]);
        assert!(seated.subjects.contains(&Subject::seat(CLASS, event.person)) && !event.number_override);
        assert_eq!(decision.identities.len(), 1);
        let again = seated_run().after(TRAINER_STAFF, described(NUMBER, None));
        again.when(TRAINER_STAFF, described(NUMBER, None)).then_refused(RegisterTraineeRefusal::AlreadySeated);
    }

    #[test]
    fn number_with_another_name_finds_nobody_and_tells_nothing() {
        let known = seated_run().after(TRAINER_STAFF, described(NUMBER, None));
        let refusal = known.when(TRAINER_STAFF, named("张伟", described(NUMBER, None))).refusal();
        assert_eq!((refusal.code, refusal.field, refusal.subject), ("PERSON-0006", Some("name"), None));
        // A spelling of the same name finds the person, who has a seat.
        let spelt = named("王　芳 ", described(NUMBER, None));
        known.when(TRAINER_STAFF, spelt).then_refused(RegisterTraineeRefusal::AlreadySeated);
    }

    #[test]
    fn number_with_a_date_of_birth_to_come_is_refused() {
        // 1 March 2025; the day of the command is one day later than the last that fits.
        let (born_on, number) = (CivilDate::parse("2025-03-01").unwrap(), "110105202503010023");
        let on = |day: CivilDate| crate::person::number_fault(DocumentKind::IdentityCard, number, day).map(|fault| fault.is_unborn);
        assert_eq!((on(born_on.plus_days(-1)), on(born_on)), (Some(true), None));
        seated_run().when(TRAINER_STAFF, described(UNBORN, None)).then_refused(RegisterTraineeRefusal::NotBornYet);
        let import = RegisterTrainee { job: Some(JOB), ..described(UNBORN, Some("证件如此")) };
        importing().when(TRAINER_STAFF, import).then_refused(RegisterTraineeRefusal::NotBornYet);
    }

    #[test]
    fn wrong_check_character_is_taken_with_a_reason_in_an_import() {
        seated_run().when(TRAINER_STAFF, described(WRONG_CHECK, None)).then_refused(RegisterTraineeRefusal::NumberUnfit);
        seated_run()
            .when(TRAINER_STAFF, described(WRONG_CHECK, Some("证件如此")))
            .then_refused(RegisterTraineeRefusal::OverrideOutsideImport);
        let import = RegisterTrainee { job: Some(JOB), ..described(WRONG_CHECK, Some("证件如此")) };
        let decision = importing().when(TRAINER_STAFF, import).then_accepted();
        assert!(decision.events.iter().any(|event| event.sealed.iter().any(|field| field.field == "override_reason")));
        let short = RegisterTrainee { job: Some(JOB), ..described("1101", Some("证件如此")) };
        importing().when(TRAINER_STAFF, short).then_refused(RegisterTraineeRefusal::NumberUnfit);
    }

    #[test]
    fn late_seat_is_bounded_by_the_figure_of_the_territory_of_the_run() {
        let bound = |unit, days| pack_of(Some(unit), &[("record.backdate_days_max", days)]);
        let elsewhere = seated_run().happened(bound(ReportingUnit::CORPS, "1")).effective_on(TODAY.plus_days(-6));
        elsewhere.when(TRAINER_STAFF, known(OTHER_PERSON)).then_accepted();
        let here = elsewhere.happened(bound(JIANGSU, "5"));
        here.when(TRAINER_STAFF, known(OTHER_PERSON)).then_refused(CommonRefusal::EffectiveTooEarly);
        here.effective_on(TODAY.plus_days(-5)).when(TRAINER_STAFF, known(OTHER_PERSON)).then_accepted();
    }

    fn employed(uscc: Option<&str>, reason: Option<&str>) -> RegisterTrainee {
        let (name, uscc) = (Some(" 某研究所 ".to_owned()), uscc.map(str::to_owned));
        let employer = Employer::Described(EmployerDescription { name, uscc, override_reason: reason.map(secret) });
        RegisterTrainee { employer: Some(employer), title_level: Some("中级".to_owned()), ..known(OTHER_PERSON) }
    }

    /// What the one event says of the employer, and the names of what it carries sealed.
    #[track_caller]
    fn told(decision: &Decision) -> (Option<StatedEmployer>, Vec<&'static str>) {
        let [seated] = decision.events.as_slice() else { panic!("one event") };
        let Event::Class(ClassEvent::TraineeRegistered(event)) = &seated.event else { panic!("another event") };
        assert_eq!((event.employer, event.title_level.as_deref()), (None, Some("中级")));
        (event.employer_stated.clone(), seated.sealed.iter().map(|field| field.field).collect())
    }

    #[test]
    fn employer_is_recorded_as_stated_and_a_wrong_code_only_with_a_reason_in_an_import() {
        let stated = |uscc: Option<&str>, uscc_override| {
            let uscc = uscc.map(|code| Uscc::check(code).unwrap().code());
            Some(StatedEmployer { name: Some("某研究所".to_owned()), uscc, uscc_override })
        };
        let (right, wrong) = ("91350100M000100Y43", "91350100M000100Y42");
        let take = |uscc, reason| told(&seated_run().when(TRAINER_STAFF, employed(uscc, reason)).then_accepted());
        assert_eq!(take(None, None), (stated(None, false), vec![]));
        // A right code needs no reason: one that is given is not kept.
        assert_eq!(take(Some(right), Some("证书如此")), (stated(Some(right), false), vec![]));
        seated_run().when(TRAINER_STAFF, employed(Some(wrong), None)).then_refused(RegisterTraineeRefusal::EmployerCodeUnfit);
        seated_run()
            .when(TRAINER_STAFF, employed(Some(wrong), Some("证书如此")))
            .then_refused(RegisterTraineeRefusal::OverrideOutsideImport);
        let import = |uscc, reason| RegisterTrainee { job: Some(JOB), ..employed(Some(uscc), reason) };
        importing().when(TRAINER_STAFF, import(wrong, None)).then_refused(RegisterTraineeRefusal::EmployerCodeUnfit);
        let refusal = importing().when(TRAINER_STAFF, import("9135010", Some("证书如此"))).refusal();
        let shape = About::CreditCode(UsccParseError::Shape(UsccError::Length { found: 7 }));
        assert_eq!((refusal.code, refusal.field, refusal.about), ("CLASS-0048", Some("employer/uscc"), Some(Box::new(shape))));
        let taken = importing().when(TRAINER_STAFF, import(wrong, Some("证书如此"))).then_accepted();
        assert_eq!(told(&taken), (stated(Some(wrong), true), vec!["employer_override_reason"]));
    }

    #[test]
    fn seat_is_refused_for_an_import_that_has_ended_or_is_of_another_run() {
        let row = RegisterTrainee { job: Some(JOB), ..known(OTHER_PERSON) };
        importing().when(TRAINER_STAFF, row.clone()).then_accepted();
        let ended = importing().after(TRAINER_STAFF, FinishRosterImport { job: JOB, accepted: 0, refused: 2 });
        ended.when(TRAINER_STAFF, row.clone()).then_refused(RegisterTraineeRefusal::ImportUnfit);
        let other = zhixin_events::class::RosterImportStarted {
            job: JOB,
            class: ClassId::from_bytes(NOBODY),
            rows: 2,
            file_digest: Digest32([1; 32]),
        };
        let other = seated_run().happened(NewEvent::new(other, TODAY, [Subject::job(JOB)]));
        other.when(TRAINER_STAFF, row).then_refused(RegisterTraineeRefusal::ImportUnfit);
    }

    #[test]
    fn seat_is_refused_when_enrolment_is_not_open() {
        let world = planned_run().happened(person_registered(PERSON));
        world.when(TRAINER_STAFF, known(PERSON)).then_refused(RegisterTraineeRefusal::NotOpen);
        let cancelled = seated_run().after(TRAINER_STAFF, CancelRun { class: CLASS, reason: secret("x"), document_number: None });
        cancelled.when(TRAINER_STAFF, known(OTHER_PERSON)).then_refused(RegisterTraineeRefusal::NotOpen);
    }

    #[test]
    fn seat_of_a_closed_run_is_taken_late_for_a_day_before_its_end() {
        let closed = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY.plus_days(-1), late: None });
        closed.when(TRAINER_STAFF, known(OTHER_PERSON)).then_refused(RegisterTraineeRefusal::AfterClosing);
        closed.clone().effective_on(TODAY.plus_days(-1)).when(TRAINER_STAFF, known(OTHER_PERSON)).then_accepted();
        let late = closed.after_on(TODAY.plus_days(-3), TRAINER_STAFF, known(OTHER_PERSON));
        let there = RecordAttendance { person: OTHER_PERSON, ..attendance(1, Attendance::Present) };
        late.when(TRAINER_STAFF, there).then_accepted();
        late.effective_on(TODAY.plus_days(-31)).when(TRAINER_STAFF, described(NUMBER, None)).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn seat_is_refused_while_the_trainer_is_suspended_or_removed() {
        for ending in [trainer_suspended(), trainer_removed()] {
            let world = seated_run().happened(ending);
            world.when(TRAINER_STAFF, known(OTHER_PERSON)).then_refused(OpenRunRefusal::TrainerNotListed);
            world.effective_on(TODAY.plus_days(-2)).when(TRAINER_STAFF, known(OTHER_PERSON)).then_accepted();
        }
    }

    #[test]
    fn seat_is_refused_when_every_seat_is_taken() {
        let full = seated_run().after(TRAINER_STAFF, known(OTHER_PERSON));
        full.when(TRAINER_STAFF, described(NUMBER, None)).then_refused(RegisterTraineeRefusal::Full);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let employer = Some(Employer::Registered(OrganisationId::from_bytes(NOBODY)));
        let nothing = RegisterTrainee { employer, title_level: Some(String::new()), job: Some(JOB), ..known(PERSON) };
        let planned = planned_run().happened(person_registered(PERSON)).happened(person_erased(PERSON));
        planned.when(OTHER_STAFF, nothing.clone()).then_refused(CommonRefusal::NotPermitted);
        planned.when(TRAINER_STAFF, nothing.clone()).then_refused(CommonRefusal::UnknownSubject);
        let untitled = |uscc: Option<&str>, reason| RegisterTrainee { title_level: Some(String::new()), ..employed(uscc, reason) };
        planned.when(TRAINER_STAFF, untitled(Some("9"), Some(""))).then_refused(CommonRefusal::TextUnfit);
        planned.when(TRAINER_STAFF, untitled(Some("9"), Some("证书如此"))).then_refused(RegisterTraineeRefusal::EmployerCodeUnfit);
        let outside = untitled(Some("91350100M000100Y42"), Some("证书如此"));
        planned.when(TRAINER_STAFF, outside).then_refused(RegisterTraineeRefusal::OverrideOutsideImport);
        let blank = RegisterTrainee { employer: None, ..nothing };
        planned.when(TRAINER_STAFF, blank.clone()).then_refused(CommonRefusal::TextUnfit);
        let without_job = RegisterTrainee { title_level: None, ..blank };
        planned.when(TRAINER_STAFF, without_job).then_refused(CommonRefusal::UnknownSubject);
        planned.when(TRAINER_STAFF, known(PERSON)).then_refused(RegisterTraineeRefusal::NotOpen);
        let full = seated_run().after(TRAINER_STAFF, known(OTHER_PERSON));
        full.clone().happened(person_erased(PERSON)).when(TRAINER_STAFF, known(PERSON)).then_refused(CommonRefusal::PersonErased);
        full.when(TRAINER_STAFF, known(PERSON)).then_refused(RegisterTraineeRefusal::AlreadySeated);
        full.when(TRAINER_STAFF, known(PersonId::from_bytes(NOBODY))).then_refused(CommonRefusal::UnknownSubject);
        let nameless = PersonDescription {
            document_kind: DocumentKind::IdentityCard,
            document_number: secret(WRONG_CHECK),
            name: secret(" "),
            phone: None,
            override_reason: None,
        };
        let nameless = RegisterTrainee { person: Trainee::Described(nameless), ..known(PERSON) };
        full.when(TRAINER_STAFF, nameless).then_refused(CommonRefusal::TextUnfit);
        full.when(TRAINER_STAFF, described(WRONG_CHECK, None)).then_refused(RegisterTraineeRefusal::NumberUnfit);
        full.when(TRAINER_STAFF, described(UNBORN, None)).then_refused(RegisterTraineeRefusal::NotBornYet);
        full.when(TRAINER_STAFF, described(NUMBER, None)).then_refused(RegisterTraineeRefusal::Full);
        let full = seated_run().after(TRAINER_STAFF, described(NUMBER, None));
        full.when(TRAINER_STAFF, named("张伟", described(NUMBER, None))).then_refused(RegisterTraineeRefusal::OtherName);
        full.when(TRAINER_STAFF, described(NUMBER, None)).then_refused(RegisterTraineeRefusal::AlreadySeated);
        seated_run().when(TRAINER_STAFF, described(NUMBER, None)).then_accepted();
    }
}
