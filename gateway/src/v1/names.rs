//! Names for people: of trainers and occupations by id, of the values of closed lists by word, of dates and times.

use std::cell::RefCell;
use std::collections::BTreeMap;

use zhixin_events::{
    CivilDate, ClassStatus, DeliveryMode, ErasureGround, Grade, HoursTenths, Line, ListingGround, OccupationId, ReportingUnit,
    RevocationGround, Role, TalentCategory, Timestamp, TrainerId,
};
use zhixin_projections::trainers::TrainerStatus;
use zhixin_projections::{AsOf, ModelName, TableView, occupations, trainers};

use crate::app::App;
use crate::problem::Problem;
use crate::text::{Lang, Texts};

/// Looks up names as a view knows them.
#[derive(Debug)]
pub(crate) struct Names {
    occupations: TableView,
    trainers: TableView,
    view: AsOf,
    lang: Lang,
    known_occupations: RefCell<BTreeMap<OccupationId, (String, String)>>,
    known_trainers: RefCell<BTreeMap<TrainerId, String>>,
}

impl Names {
    /// Names in a language, as a view knows them.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub(crate) fn of(app: &App, view: AsOf, lang: Lang) -> Result<Self, Problem> {
        let projections = &app.deps().projections;
        Ok(Self {
            occupations: projections.view(ModelName::Occupations)?,
            trainers: projections.view(ModelName::Trainers)?,
            view,
            lang,
            known_occupations: RefCell::default(),
            known_trainers: RefCell::default(),
        })
    }
    pub(crate) fn lang(&self) -> Lang {
        self.lang
    }
    pub(crate) fn texts(&self) -> &'static Texts {
        Texts::of(self.lang)
    }

    /// Name and newest code of an occupation; the id where the view does not know it.
    fn occupation_and_code(&self, id: OccupationId) -> Result<(String, String), Problem> {
        if let Some(known) = self.known_occupations.borrow().get(&id) {
            return Ok(known.clone());
        }
        let found = occupations::by_id(&self.occupations, id, self.view)?;
        let named = found.map_or_else(
            || (id.to_string(), String::new()),
            |entry| {
                let code = entry.newest_code().map(|newest| newest.code.clone()).unwrap_or_default();
                (self.lang.pick(&entry.name_zh, &entry.name_en).to_owned(), code)
            },
        );
        self.known_occupations.borrow_mut().insert(id, named.clone());
        Ok(named)
    }
    /// Name of an occupation.
    pub(crate) fn occupation(&self, id: OccupationId) -> Result<String, Problem> {
        Ok(self.occupation_and_code(id)?.0)
    }
    /// Name of an occupation with its newest code.
    pub(crate) fn occupation_with_code(&self, id: OccupationId) -> Result<String, Problem> {
        let (name, code) = self.occupation_and_code(id)?;
        Ok(if code.is_empty() { name } else { format!("{name} {code}") })
    }
    /// Name of a trainer; the id where the view does not know it.
    pub(crate) fn trainer(&self, id: TrainerId) -> Result<String, Problem> {
        if let Some(known) = self.known_trainers.borrow().get(&id) {
            return Ok(known.clone());
        }
        let name = trainers::by_id(&self.trainers, id, self.view)?.map_or_else(|| id.to_string(), |entry| entry.name);
        self.known_trainers.borrow_mut().insert(id, name.clone());
        Ok(name)
    }
}

/// Name of a reporting unit.
pub(crate) fn unit(lang: Lang, unit: ReportingUnit) -> &'static str {
    lang.pick(unit.name_zh(), unit.name_en())
}

/// Name of a line; none = all lines.
pub(crate) fn line(lang: Lang, line: Option<Line>) -> &'static str {
    let labels = &Texts::of(lang).labels;
    let phrase = match line {
        None => labels.line_all,
        Some(Line::Advanced) => labels.line_advanced,
        Some(Line::Capability) => labels.line_capability,
        Some(Line::Digital) => labels.line_digital,
    };
    phrase.as_str()
}

/// Name of a grade.
pub(crate) fn grade(lang: Lang, grade: Grade) -> &'static str {
    let labels = &Texts::of(lang).labels;
    match grade {
        Grade::Junior => labels.grade_junior,
        Grade::Intermediate => labels.grade_intermediate,
        Grade::Senior => labels.grade_senior,
    }
    .as_str()
}

/// Name of the state of a class.
pub(crate) fn class_status(lang: Lang, status: ClassStatus) -> &'static str {
    let labels = &Texts::of(lang).labels;
    match status {
        ClassStatus::Planned => labels.class_planned,
        ClassStatus::Open => labels.class_open,
        ClassStatus::Teaching => labels.class_teaching,
        ClassStatus::Closed => labels.class_closed,
        ClassStatus::Cancelled => labels.class_cancelled,
    }
    .as_str()
}

/// Name of the state of a trainer.
pub(crate) fn trainer_status(lang: Lang, status: TrainerStatus) -> &'static str {
    let labels = &Texts::of(lang).labels;
    match status {
        TrainerStatus::Listed => labels.listed,
        TrainerStatus::Suspended => labels.suspended,
        TrainerStatus::Expired => labels.expired,
        TrainerStatus::Removed => labels.removed,
    }
    .as_str()
}

/// Name of a talent category; none = not stated.
pub(crate) const fn category(lang: Lang, category: Option<TalentCategory>) -> &'static str {
    match category {
        None => lang.pick("未填写", "Not stated"),
        Some(TalentCategory::HighLevel) => lang.pick("高层次", "High-level"),
        Some(TalentCategory::UrgentlyNeeded) => lang.pick("急需紧缺", "Urgently needed"),
        Some(TalentCategory::Backbone) => lang.pick("骨干", "Backbone"),
    }
}

/// Name of a role.
pub(crate) const fn role(lang: Lang, role: Role) -> &'static str {
    match role {
        Role::System => lang.pick("系统", "System"),
        Role::Operator => lang.pick("运维人员", "Operator"),
        Role::NationalOffice => lang.pick("国家工程办公室", "National office"),
        Role::ProvincialOffice => lang.pick("省级办公室", "Provincial office"),
        Role::Trainer => lang.pick("培训机构", "Trainer"),
        Role::Auditor => lang.pick("审计人员", "Auditor"),
        Role::Investigator => lang.pick("投诉核查人员", "Investigator"),
    }
}

/// Name of a way of delivery.
pub(crate) const fn mode(lang: Lang, mode: DeliveryMode) -> &'static str {
    match mode {
        DeliveryMode::InPerson => lang.pick("线下", "in person"),
        DeliveryMode::Online => lang.pick("线上", "online"),
        DeliveryMode::Mixed => lang.pick("线上线下结合", "mixed"),
    }
}

/// Name of a ground for suspension or removal.
pub(crate) const fn listing_ground(lang: Lang, ground: ListingGround) -> &'static str {
    match ground {
        ListingGround::Violation => lang.pick("违反规定", "a violation"),
        ListingGround::ConditionsLost => lang.pick("不再符合条件", "conditions no longer met"),
        ListingGround::OwnRequest => lang.pick("自行申请", "its own request"),
        ListingGround::ListedInError => lang.pick("列入有误", "listed in error"),
    }
}

/// Name of a ground for revocation.
pub(crate) const fn revocation_ground(lang: Lang, ground: RevocationGround) -> &'static str {
    match ground {
        RevocationGround::Fraud => lang.pick("弄虚作假", "fraud"),
        RevocationGround::ConditionsNotMet => lang.pick("不符合发证条件", "conditions not met"),
        RevocationGround::FactsCorrected => lang.pick("所依据的事实已更正", "facts corrected afterwards"),
    }
}

/// Name of a ground for erasure.
pub(crate) const fn erasure_ground(lang: Lang, ground: ErasureGround) -> &'static str {
    match ground {
        ErasureGround::PersonRequest => lang.pick("本人请求", "the person asked"),
        ErasureGround::ConsentWithdrawn => lang.pick("撤回同意", "consent withdrawn"),
        ErasureGround::RetentionEnded => lang.pick("保存期满", "retention ended"),
        ErasureGround::Unlawful => lang.pick("违法处理", "unlawful processing"),
    }
}

/// A date as people read it.
pub(crate) fn date(lang: Lang, date: CivilDate) -> String {
    match lang {
        Lang::Zh => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Lang::En => date.to_string(),
    }
}

/// Date and minute in China Standard Time.
pub(crate) fn minute(at: Timestamp) -> String {
    let text = at.to_china_text();
    format!("{} {}", text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default())
}

/// Time of day with seconds, in China Standard Time.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.to_china_text().get(11..19).unwrap_or_default().to_owned()
}

/// Whole hours, rounded down: what is not yet whole does not count as reached.
pub(crate) const fn whole_hours(hours: HoursTenths) -> u32 {
    hours.get().div_euclid(10)
}
