//! Names for people: of trainers and occupations by id, of the values of closed lists by word, of dates and times.

use std::cell::RefCell;
use std::collections::BTreeMap;

use zhixin_events::{
    Attendance, CivilDate, ClassStatus, CorrectionGround, DeliveryMode, DivisionCode, ErasureGround, Grade, HoursTenths, LateGround, Line,
    ListingGround, OccupationId, ReadPurpose, ReportingUnit, RevocationGround, Role, Subject, SubjectKind, TalentCategory, Timestamp,
    TrainerId, WithdrawalGround,
};
use zhixin_projections::trainers::TrainerStatus;
use zhixin_projections::{AsOf, ModelName, TableView, occupations, trainers};

use super::story;
use crate::app::App;
use crate::problem::Problem;
use crate::text::{Lang, Texts};

/// Looks up names as a view knows them.
#[derive(Debug)]
pub(crate) struct Names {
    app: App,
    occupations: TableView,
    trainers: TableView,
    view: AsOf,
    lang: Lang,
    known_occupations: RefCell<BTreeMap<OccupationId, (String, String)>>,
    known_trainers: RefCell<BTreeMap<TrainerId, String>>,
    known_subjects: RefCell<BTreeMap<Subject, String>>,
}

impl Names {
    /// Names in a language, as a view knows them.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub(crate) fn of(app: &App, view: AsOf, lang: Lang) -> Result<Self, Problem> {
        Ok(Self {
            app: app.clone(),
            occupations: app.rows(ModelName::Occupations)?,
            trainers: app.rows(ModelName::Trainers)?,
            view,
            lang,
            known_occupations: RefCell::default(),
            known_trainers: RefCell::default(),
            known_subjects: RefCell::default(),
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
    /// Whether the view does not know yet if an occupation has directions for a grade.
    pub(crate) fn directions_unknown(&self, id: OccupationId, grade: Grade) -> Result<bool, Problem> {
        let found = occupations::by_id(&self.occupations, id, self.view)?;
        Ok(found.is_none_or(|entry| *entry.directions_for(grade) == occupations::Directions::NotYetKnown))
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
    /// What people call a record: the title of a class, the number of a certificate, the name of an organisation; its id where it has
    /// none. The caller has seen to it that the reader may see the record. Blocks.
    pub(crate) fn subject(&self, subject: &Subject) -> Result<String, Problem> {
        if let Some(known) = self.known_subjects.borrow().get(subject) {
            return Ok(known.clone());
        }
        let name = match (subject.kind(), subject.first_id()) {
            (SubjectKind::Trainer, Some(id)) => Some(self.trainer(TrainerId::from_bytes(id))?),
            (SubjectKind::Occupation, Some(id)) => Some(self.occupation(OccupationId::from_bytes(id))?),
            (SubjectKind::Class | SubjectKind::Pack, _) => story::first_told(&self.app, subject, "title")?,
            (SubjectKind::Certificate, _) => story::first_told(&self.app, subject, "number")?,
            (SubjectKind::Organisation, _) => story::first_told(&self.app, subject, "name")?,
            (SubjectKind::Job, _) => match story::first_told(&self.app, subject, "class")?.and_then(|id| id.parse().ok()) {
                Some(class) => story::first_told(&self.app, &Subject::class(class), "title")?,
                None => None,
            },
            (SubjectKind::Target, _) => target(self.lang, &subject.id_text()),
            _other => None,
        };
        let name = name.unwrap_or_else(|| subject.id_text());
        self.known_subjects.borrow_mut().insert(*subject, name.clone());
        Ok(name)
    }
}

/// Year, line and unit of a target, from its id.
fn target(lang: Lang, id: &str) -> Option<String> {
    let mut parts = id.split(':');
    let (year, its_line, its_unit) = (parts.next()?, Line::from_name(parts.next()?)?, parts.next()?);
    let its_unit = ReportingUnit::new(its_unit.parse().ok()?).ok()?;
    Some([year, line(lang, Some(its_line)), unit(lang, its_unit)].join(" "))
}

/// Name of the kind of a record.
pub(crate) fn subject_kind(lang: Lang, kind: SubjectKind) -> &'static str {
    let labels = &Texts::of(lang).labels;
    match kind {
        SubjectKind::Account => labels.kind_account,
        SubjectKind::Organisation => labels.kind_organisation,
        SubjectKind::Person => labels.kind_person,
        SubjectKind::Trainer => labels.kind_trainer,
        SubjectKind::Occupation => labels.kind_occupation,
        SubjectKind::Class => labels.kind_class,
        SubjectKind::Certificate => labels.kind_certificate,
        SubjectKind::Target => labels.kind_target,
        SubjectKind::Pack => labels.kind_pack,
        SubjectKind::Job => labels.kind_job,
        SubjectKind::Calendar => labels.kind_calendar,
        SubjectKind::CertificateSeries => labels.kind_certificate_series,
        SubjectKind::Seat => labels.kind_seat,
        SubjectKind::OrganisationCode => labels.kind_organisation_code,
        SubjectKind::OccupationCode => labels.kind_occupation_code,
        SubjectKind::HoursOnce => labels.kind_hours_once,
        SubjectKind::CertificateOnce => labels.kind_certificate_once,
        SubjectKind::CertificateNumber => labels.kind_certificate_number,
        SubjectKind::DirectoryNumber => labels.kind_directory_number,
        SubjectKind::TrainerOfOrganisation => labels.kind_trainer_of_organisation,
    }
    .as_str()
}

/// Name of a read model.
pub(crate) fn model(lang: Lang, model: ModelName) -> &'static str {
    let t = &Texts::of(lang).system;
    match model {
        ModelName::Quota => t.model_quota,
        ModelName::Certificates => t.model_certificates,
        ModelName::Classes => t.model_classes,
        ModelName::Trainers => t.model_trainers,
        ModelName::Occupations => t.model_occupations,
    }
    .as_str()
}

/// Name of a reporting unit.
pub(crate) fn unit(lang: Lang, unit: ReportingUnit) -> &'static str {
    lang.pick(unit.name_zh(), unit.name_en())
}

/// Name of the province of a division, with the code of the division.
pub(crate) fn place(lang: Lang, division: DivisionCode) -> String {
    let province = division.province();
    format!("{} ({division})", lang.pick(province.name_zh, province.name_en))
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
        TrainerStatus::NotYet => labels.not_yet,
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

/// Why personal data are opened.
pub(crate) const fn purpose(lang: Lang, purpose: ReadPurpose) -> &'static str {
    match purpose {
        ReadPurpose::ClassAdministration => lang.pick("班级管理", "running a class"),
        ReadPurpose::CertificateCheck => lang.pick("证书查验", "checking a certificate"),
        ReadPurpose::Inspection => lang.pick("检查", "an inspection"),
        ReadPurpose::Complaint => lang.pick("投诉核查", "a complaint"),
        ReadPurpose::Audit => lang.pick("审计", "an audit"),
        ReadPurpose::OwnData => lang.pick("本人查询", "one's own data"),
    }
}

/// Name of what a reading opened; what this version does not open stands as it was recorded.
pub(crate) fn sealed_field(lang: Lang, field: &str) -> &str {
    match field {
        "name" => lang.pick("姓名", "name"),
        "document_number" => lang.pick("证件号码", "identity number"),
        "roster" => lang.pick("学员名单文件", "file of a roster"),
        "leaf" => lang.pick("完整事件", "whole events"),
        other => other,
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

/// Name of a ground for a correction.
pub(crate) const fn correction_ground(lang: Lang, ground: CorrectionGround) -> &'static str {
    match ground {
        CorrectionGround::Mistyped => lang.pick("录入有误", "typed wrongly"),
        CorrectionGround::Misattributed => lang.pick("记错对象", "recorded of another"),
        CorrectionGround::NeverHappened => lang.pick("并未发生", "it never took place"),
        CorrectionGround::PapersReviewed => lang.pick("核对原始记录", "the papers say otherwise"),
        CorrectionGround::Supervision => lang.pick("监督检查发现", "found by supervision"),
    }
}

/// Name of a ground for a withdrawal.
pub(crate) const fn withdrawal_ground(lang: Lang, ground: WithdrawalGround) -> &'static str {
    match ground {
        WithdrawalGround::Asked => lang.pick("本人申请", "the person asked"),
        WithdrawalGround::Recalled => lang.pick("单位召回", "called back by the employer"),
        WithdrawalGround::NeverCame => lang.pick("未到班", "never came"),
        WithdrawalGround::Dismissed => lang.pick("违反班规", "broke the rules of the class"),
        WithdrawalGround::Mistaken => lang.pick("误报名", "registered by mistake"),
    }
}

/// Name of an attendance.
pub(crate) fn attendance(lang: Lang, attendance: Attendance) -> &'static str {
    let t = &Texts::of(lang).classes;
    match attendance {
        Attendance::Present => t.present,
        Attendance::Absent => t.absent,
        Attendance::Excused => t.excused,
    }
    .as_str()
}

/// Name of a ground for telling something late.
pub(crate) const fn late_ground(lang: Lang, ground: LateGround) -> &'static str {
    match ground {
        LateGround::Omitted => lang.pick("当时漏报", "left out at the time"),
        LateGround::Unavailable => lang.pick("当时无法录入", "could not be entered at the time"),
        LateGround::OlderRecords => lang.pick("补录系统启用前的记录", "records older than the system"),
        LateGround::Required => lang.pick("监督检查要求补报", "required by supervision"),
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

/// Name of a month, short enough to stand under a column.
pub(crate) fn month(lang: Lang, month: u8) -> String {
    const ENGLISH: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    match (lang, ENGLISH.get(usize::from(month).wrapping_sub(1))) {
        (Lang::En, Some(name)) => (*name).to_owned(),
        (Lang::Zh | Lang::En, _) => format!("{month}月"),
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
