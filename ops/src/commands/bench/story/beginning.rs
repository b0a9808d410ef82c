//! How the story begins: figures, occupations, listed trainers, targets.

use zhixin_events::access::OrganisationRegistered;
use zhixin_events::directory::{OccupationAdded, TrainerListed};
use zhixin_events::document::{PackFigure, RulePackPublished};
use zhixin_events::field::Digest32;
use zhixin_events::plan::TargetSet;
use zhixin_events::{
    AccountId, DirectoryNumber, Event, FigureUnit, Line, OccupationId, OrganisationId, PeopleCount, PlanYear, ReportingUnit, Role,
    SourceMark, Subject, SubjectKind, TrainerId, Uscc, uscc,
};

use super::{OCCUPATIONS, Story, TRAINERS_PER_UNIT, Trainer, id};

impl Story {
    /// Figures, occupations, trainers and targets.
    pub(super) fn tell_beginning(&mut self) {
        let office = AccountId::from_bytes(id(0));
        let tell = |story: &mut Self, event: Event, subjects: Vec<Subject>| {
            let subjects = subjects.into_iter().map(|subject| story.ordinal(subject)).collect();
            let event = story.event(event, subjects);
            story.tell(office, Role::NationalOffice, None, false, vec![event]);
        };
        let pack = Subject::pack("bench");
        tell(self, rules().into(), pack.into_iter().collect());
        for number in 0..OCCUPATIONS {
            let occupation = OccupationId::from_bytes(id(number));
            let code = format!("2-02-38-{number:02}");
            let claim = Subject::of_text(SubjectKind::OccupationCode, &code);
            let added = OccupationAdded {
                occupation,
                name_zh: format!("工程技术人员{number}"),
                name_en: format!("engineer {number}"),
                code,
                code_edition: PlanYear::new(2022),
            };
            tell(self, added.into(), [Subject::occupation(occupation)].into_iter().chain(claim).collect());
        }
        let mut number = 0;
        for unit in ReportingUnit::all() {
            for year in [2024, 2025] {
                let (year, line, people) = (PlanYear::new(year), Line::Digital, PeopleCount::new(2_500));
                let set = TargetSet { year, line, unit, people, document_number: "第1号".to_owned() };
                tell(self, set.into(), vec![Subject::target(year, line, unit)]);
            }
            for _ in 0..TRAINERS_PER_UNIT {
                for (event, subjects) in self.list_trainer(number, unit) {
                    tell(self, event, subjects);
                }
                number += 1;
            }
        }
    }

    fn list_trainer(&mut self, number: u64, unit: ReportingUnit) -> Vec<(Event, Vec<Subject>)> {
        let (trainer, organisation) = (TrainerId::from_bytes(id(number)), OrganisationId::from_bytes(id(number)));
        self.trainers.push(Trainer { id: trainer, organisation, account: AccountId::from_bytes(id(number + 1)), unit });
        let name = format!("第{number}大学");
        let mut told = Vec::new();
        let body = format!("1210{:02}00{number:09}", unit.code());
        let code = uscc::check_character(&body).map(|check| format!("{body}{check}"));
        if let Some(uscc) = code.and_then(|code| Uscc::parse(&code).ok()) {
            let claim = Subject::of_text(SubjectKind::OrganisationCode, uscc.as_str());
            let event = OrganisationRegistered { organisation, name: name.clone(), uscc, unit, check_overridden: false };
            told.push((event.into(), [Subject::organisation(organisation)].into_iter().chain(claim).collect()));
        }
        let directory_number = DirectoryNumber::new(u32::try_from(number).unwrap_or_default() + 1);
        let listed_from = Self::begins_on();
        let listed = TrainerListed {
            trainer,
            organisation,
            name,
            unit,
            directory_number,
            occupations: (0..OCCUPATIONS).map(|occupation| OccupationId::from_bytes(id(occupation))).collect(),
            listed_from,
            listed_until: listed_from.plus_years(3),
            national_base: number.is_multiple_of(5),
            document_number: "第2号".to_owned(),
        };
        let subjects = vec![Subject::trainer(trainer), Subject::organisation(organisation), Subject::directory_number(directory_number)];
        told.push((listed.into(), subjects));
        told
    }
}

fn rules() -> RulePackPublished {
    let figure = PackFigure {
        key: "training.pass_mark".to_owned(),
        value: Some("60".to_owned()),
        unit: FigureUnit::Text,
        effective_from: Story::begins_on(),
        effective_until: None,
        source: "made up for the bench".to_owned(),
        mark: SourceMark::TestData,
    };
    let (name, title) = ("bench".to_owned(), "Bench".to_owned());
    RulePackPublished { name, edition: 1, title, unit: None, figures: vec![figure], digest: Digest32([1; 32]) }
}
