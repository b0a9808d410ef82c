//! Who has completed a run: the prescribed hours, the required content, the least attendance. Source: Plan 3.3-5 (完成规定学时和内容).

use zhixin_events::{CivilDate, Grade, HoursTenths, ReportingUnit, Subject};

use crate::Refusal;
use crate::class::state::{ClassState, RunPlan, Trainee};
use crate::directory::state::OccupationState;
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::Rules;

refusals! {
    /// What a trainee lacks.
    pub enum CompletionRefusal {
        /// Fewer hours than the occupation and grade want. Source: Plan 3.3-5; the figure is `training.hours_min/CODE/GRADE`.
        HoursMissing = "CLASS-0026" Conflict "the person attended fewer hours than the occupation and grade want",
        /// A required module was never attended. Source: Plan 3.3-5; the figure is `training.content/CODE/GRADE`.
        ContentMissing = "CLASS-0027" Conflict "the person attended no session of a required module",
        /// Too small a share of the hours held. Source: ours for 严格学员考勤管理; the figure is `training.attendance_min_bp`.
        AttendanceTooLow = "CLASS-0028" Conflict "the person attended too small a share of the hours held",
    }
}

/// What the packs want of a trainee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirements {
    hours_min: HoursTenths,
    content: Vec<String>,
    attendance_min_bp: u32,
}

impl Requirements {
    /// The requirements for an occupation and grade in a territory on a date.
    ///
    /// # Errors
    /// `RULE-0001`, `RULE-0002`.
    pub(crate) fn read(rules: &Rules<'_>, occupation: &OccupationState, plan: &RunPlan, on: CivilDate) -> Result<Self, Refusal> {
        let unit = Some(plan.unit);
        let hours_min = by_code("training.hours_min", occupation, plan.grade, |key| rules.hours(key, unit, on))?;
        let content = by_code("training.content", occupation, plan.grade, |key| rules.list(key, unit, on))?;
        let content = content.into_iter().map(str::to_owned).collect();
        Ok(Self { hours_min, content, attendance_min_bp: attendance_min_bp(rules, unit, on)? })
    }

    /// What a trainee lacks, if anything; hours first, then content, then the share.
    pub(crate) fn lacking(&self, class: &ClassState, trainee: &Trainee) -> Option<Refusal> {
        let attended = class.hours_attended(trainee);
        if attended < self.hours_min {
            return Some(CompletionRefusal::HoursMissing.refusal().about(self.hours_min.to_string()));
        }
        if let Some(module) = self.content.iter().find(|module| !class.attended_module(trainee, module)) {
            return Some(CompletionRefusal::ContentMissing.refusal().about(module.as_str()));
        }
        let share = u64::from(attended.get()).saturating_mul(10_000);
        let least = u64::from(class.hours_held().get()).saturating_mul(u64::from(self.attendance_min_bp));
        (share < least).then(|| CompletionRefusal::AttendanceTooLow.refusal().about(self.attendance_min_bp.to_string()))
    }

    /// Refuses unless the trainee has completed the run.
    ///
    /// # Errors
    /// `CLASS-0026`, `CLASS-0027`, `CLASS-0028`.
    pub(crate) fn met_by(&self, class: &ClassState, trainee: &Trainee, person: Subject) -> Result<(), Refusal> {
        self.lacking(class, trainee).map_or(Ok(()), |lack| Err(lack.of(person)))
    }
}

fn attendance_min_bp(rules: &Rules<'_>, unit: Option<ReportingUnit>, on: CivilDate) -> Result<u32, Refusal> {
    rules.share("training.attendance_min_bp", unit, on).map(zhixin_events::BasisPoints::get)
}

/// A figure set under any code of the occupation, the newest first: texts of 2021 carry the old codes. Missing under all of them, the answer
/// names the key of the code that the occupation entered with.
fn by_code<T>(key: &str, occupation: &OccupationState, grade: Grade, read: impl Fn(&str) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let mut missing = CommonRefusal::MissingFigure.refusal().about(key);
    for code in occupation.codes.iter().rev() {
        match read(&format!("{key}/{code}/{grade}")) {
            Err(refusal) if refusal.code == CommonRefusal::MissingFigure.refusal().code => missing = refusal,
            answer => return answer,
        }
    }
    Err(missing)
}
