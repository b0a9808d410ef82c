//! Who has completed a run: the prescribed hours, the required content, the least attendance, and after them the test. Source: Plan 3.3-5
//! (完成规定学时和内容, 经结业考核, 颁发培训合格证书): whatever was attended comes before the test, and the test before what it earns.

use zhixin_events::{BasisPoints, CivilDate, ClassId, Event, Grade, HoursTenths, PersonId, Position, ReportingUnit, Subject};

use crate::class::run::RunRefusal;
use crate::class::state::{ClassState, RunPlan, TestMark, Trainee, apply_to_class};
use crate::decision::{Inputs, NewEvent};
use crate::directory::state::OccupationState;
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::{Rules, year_of};
use crate::state::Fact;
use crate::{Refusal, States};

refusals! {
    /// What a trainee lacks.
    pub enum CompletionRefusal {
        /// Fewer hours than the occupation and grade want. Source: Plan 3.3-5; the figure is `training.hours_min/CODE/GRADE`.
        HoursMissing = "CLASS-0026" Conflict "the person attended fewer hours than the occupation and grade want",
        /// A required module was never attended. Source: Plan 3.3-5; the figure is `training.content/CODE/GRADE`.
        ContentMissing = "CLASS-0027" Conflict "the person attended no session of a required module",
        /// Too small a share of the hours held. Source: ours for 严格学员考勤管理; the figure is `training.attendance_min_bp`.
        AttendanceTooLow = "CLASS-0028" Conflict "the person attended too small a share of the hours held",
        /// The test comes after what it is about. Source: Plan 3.3-5.
        SessionAfterTest = "CLASS-0037" Conflict "the person attended a session that was held after the completion test",
        /// A removed trainer awards nothing for a test passed later; what it issued stays valid. Source: ours; SOURCES 2.1.
        TrainerRemoved = "CERT-0003" Conflict "the trainer was removed from the directory before the test was passed",
    }
}

/// What the packs want of a trainee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirements {
    training: Training,
    attendance_min: BasisPoints,
}

/// The hours and the content that an occupation and grade want, of a trainee and so of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Training {
    /// Least hours.
    pub(crate) hours_min: HoursTenths,
    /// Codes of the modules that belong to it.
    pub(crate) content: Vec<String>,
}

impl Training {
    fn read(rules: &Rules<'_>, occupation: &OccupationState, of: (ReportingUnit, Grade), on: CivilDate) -> Result<Self, Refusal> {
        Ok(Self { hours_min: hours_min(rules, occupation, of, on)?, content: content(rules, occupation, of, on)? })
    }

    /// What is known of it on a date; a figure that no pack sets wants nothing yet.
    ///
    /// # Errors
    /// `RULE-0002`.
    pub(crate) fn known(
        rules: &Rules<'_>,
        occupation: &OccupationState,
        of: (ReportingUnit, Grade),
        on: CivilDate,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            hours_min: if_set(hours_min(rules, occupation, of, on))?.unwrap_or_default(),
            content: if_set(content(rules, occupation, of, on))?.unwrap_or_default(),
        })
    }

    /// Whether the hours suffice.
    pub(crate) fn has_hours(&self, hours: HoursTenths) -> bool {
        self.hours_min <= hours
    }

    /// The required modules that are not there.
    pub(crate) fn without(&self, is_there: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.content.iter().map(String::as_str).filter(move |module| !is_there(module))
    }
}

impl Requirements {
    /// The requirements for an occupation and grade in a territory on a date.
    ///
    /// # Errors
    /// `RULE-0001`, `RULE-0002`.
    pub(crate) fn read(rules: &Rules<'_>, occupation: &OccupationState, plan: &RunPlan, on: CivilDate) -> Result<Self, Refusal> {
        let training = Training::read(rules, occupation, (plan.unit, plan.grade), on)?;
        Ok(Self { training, attendance_min: rules.share("training.attendance_min_bp", Some(plan.unit), on)? })
    }

    /// What a trainee lacks for a test on a day, if anything; hours first, then content, then the share. Sessions after the test do not count.
    pub(crate) fn lacking(&self, class: &ClassState, trainee: &Trainee, on: CivilDate) -> Option<Refusal> {
        let attended = class.hours_attended(trainee);
        if !self.training.has_hours(attended) {
            return Some(CompletionRefusal::HoursMissing.refusal().about(self.training.hours_min));
        }
        if let Some(module) = self.training.without(|module| class.attended_module(trainee, module)).next() {
            return Some(CompletionRefusal::ContentMissing.refusal().about(module));
        }
        let share = u64::from(attended.get()).saturating_mul(10_000);
        let least = u64::from(class.hours_held_by(on).get()).saturating_mul(u64::from(self.attendance_min.get()));
        (share < least).then(|| CompletionRefusal::AttendanceTooLow.refusal().about(self.attendance_min))
    }

    /// Refuses unless the trainee has completed the run for a test on a day.
    ///
    /// # Errors
    /// `CLASS-0026`, `CLASS-0027`, `CLASS-0028`.
    pub(crate) fn met_by(&self, class: &ClassState, trainee: &Trainee, on: CivilDate, person: Subject) -> Result<(), Refusal> {
        self.lacking(class, trainee, on).map_or(Ok(()), |lack| Err(lack.of(person)))
    }
}

/// The passed test of a trainee who still has hours and content, and whose trainer was not removed before: what certificates and hours rest
/// on. Corrections may have taken them away since the test was recorded.
///
/// # Errors
/// The refusal given when no test is passed, `RULE-0001`, `RULE-0002`, `CLASS-0026`, `CLASS-0027`, `CLASS-0028`, `CERT-0003`.
pub(crate) fn passed_test(
    states: &States,
    inputs: &Inputs<'_>,
    (class, plan): (&ClassState, &RunPlan),
    (trainee, person): (&Trainee, Subject),
    not_passed: impl Into<Refusal>,
) -> Result<TestMark, Refusal> {
    let test = trainee.test().filter(|test| test.passed).ok_or_else(|| not_passed.into().of(person))?;
    let occupation = states.occupation(plan.occupation, "class")?;
    Requirements::read(&inputs.rules, occupation, plan, test.effective_on)?.met_by(class, trainee, test.effective_on, person)?;
    if states.trainer(plan.trainer, "class")?.removed_on().is_some_and(|removed_on| removed_on < test.effective_on) {
        return Err(CompletionRefusal::TrainerRemoved.refusal().of(Subject::trainer(plan.trainer)));
    }
    Ok(test)
}

/// Refuses a test before a session that the trainee attended.
///
/// # Errors
/// `CLASS-0037`.
pub(crate) fn test_after_sessions(class: &ClassState, trainee: &Trainee, tested_on: CivilDate, person: Subject) -> Result<(), Refusal> {
    match class.last_attended_on(trainee).filter(|attended_on| *attended_on > tested_on) {
        Some(attended_on) => Err(CompletionRefusal::SessionAfterTest.refusal().of(person).about(attended_on)),
        None => Ok(()),
    }
}

/// Refuses attendances that would lie after the test the trainee passed, or make other hours than those posted.
///
/// # Errors
/// `CLASS-0037`, `CLASS-0011`.
pub(crate) fn attendance_fits_awards(class: &ClassState, after: &Trainee, id: ClassId, person: PersonId) -> Result<(), Refusal> {
    if let Some(test) = after.test().filter(|test| test.passed) {
        test_after_sessions(class, after, test.effective_on, Subject::person(person))?;
    }
    if after.hours.is_some_and(|posted| posted.professional != class.hours_attended(after)) {
        return Err(RunRefusal::GroundOfHours.refusal().of(Subject::hours_once(id, person)));
    }
    Ok(())
}

/// Refuses events of a class that would take away what a certificate, posted hours or a recorded test rest on, or come after a test passed.
/// What was unlawful before may become less so.
///
/// # Errors
/// `RULE-0001`, `RULE-0002`, `CLASS-0010`, `CLASS-0011`, `CLASS-0042`, `CLASS-0037`.
pub(crate) fn keeps_awards(
    states: &States,
    inputs: &Inputs<'_>,
    (class, plan): (&ClassState, &RunPlan),
    events: &[NewEvent],
    id: ClassId,
) -> Result<(), Refusal> {
    let after = after(class, events);
    for (person, trainee) in &class.trainees {
        let (subject, Some(then)) = (Subject::person(*person), after.trainees.get(person)) else { continue };
        if let Some(test) = trainee.test().filter(|_| trainee.seat().is_some()) {
            let occupation = states.occupation(plan.occupation, "class")?;
            let wanted = Requirements::read(&inputs.rules, occupation, plan, test.effective_on)?;
            let lacked = wanted.lacking(class, trainee, test.effective_on).is_some();
            if !lacked && wanted.lacking(&after, then, test.effective_on).is_some() {
                return Err(match (trainee.certificate, trainee.hours) {
                    (Some(certificate), _) => RunRefusal::GroundOfCertificate.refusal().of(Subject::certificate(certificate)),
                    (None, Some(_)) => RunRefusal::GroundOfHours.refusal().of(Subject::hours_once(id, *person)),
                    (None, None) => RunRefusal::GroundOfTest.refusal().of(subject),
                });
            }
        }
        let year = |class: &ClassState, trainee: &Trainee| class.last_attended_on(trainee).map(year_of);
        let hours = |class: &ClassState, trainee: &Trainee| (class.hours_attended(trainee), year(class, trainee));
        if trainee.hours.is_some() && hours(class, trainee) != hours(&after, then) {
            return Err(RunRefusal::GroundOfHours.refusal().of(Subject::hours_once(id, *person)));
        }
        if let Some(test) = then.test().filter(|test| test.passed) {
            test_after_sessions(&after, then, test.effective_on, subject)?;
        }
    }
    Ok(())
}

/// The class after events that are not recorded yet. Their positions do not matter.
fn after(class: &ClassState, events: &[NewEvent]) -> ClassState {
    let mut after = class.clone();
    for event in events {
        if let Event::Class(told) = &event.event {
            let fact = Fact { event: &event.event, position: Position(u64::MAX), effective_on: event.effective_on };
            // An event that does not fit is refused by the engine, before it is recorded.
            apply_to_class(&mut after, told, &fact).ok();
        }
    }
    after
}

type Answer<T> = Result<T, Refusal>;

fn hours_min(rules: &Rules<'_>, occupation: &OccupationState, (unit, grade): (ReportingUnit, Grade), on: CivilDate) -> Answer<HoursTenths> {
    by_code("training.hours_min", occupation, grade, |key| rules.hours(key, Some(unit), on))
}

fn content(rules: &Rules<'_>, occupation: &OccupationState, (unit, grade): (ReportingUnit, Grade), on: CivilDate) -> Answer<Vec<String>> {
    let codes = by_code("training.content", occupation, grade, |key| rules.list(key, Some(unit), on))?;
    Ok(codes.into_iter().map(str::to_owned).collect())
}

/// The answer, or none where no pack sets the figure.
fn if_set<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Err(refusal) if refusal.code == CommonRefusal::MissingFigure.refusal().code => Ok(None),
        answer => answer.map(Some),
    }
}

/// A figure set under any code of the occupation, the newest edition first: texts of 2021 carry the old codes. Missing under all of them, the
/// answer names the key of the oldest.
fn by_code<T>(key: &str, occupation: &OccupationState, grade: Grade, read: impl Fn(&str) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut missing = CommonRefusal::MissingFigure.refusal().about(key);
    for code in occupation.codes.values().rev() {
        match read(&format!("{key}/{code}/{grade}")) {
            Err(refusal) if refusal.code == CommonRefusal::MissingFigure.refusal().code => missing = refusal,
            answer => return answer,
        }
    }
    Err(missing)
}
