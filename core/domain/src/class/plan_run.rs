//! Plan a run. Source: Plan 3.3-3 (分职业、分方向、分等级), 3.3-5, 3.3-8 (科学制定培训计划); SOURCES 2.1, 3.

use zhixin_events::class::{PlannedModule, RunPlanned};
use zhixin_events::scope::Place;
use zhixin_events::{
    CivilDate, ClassId, DeliveryMode, DivisionCode, Grade, HoursTenths, Line, OccupationId, PeopleCount, Subject, TrainerId,
};

use crate::access::{Action, permit};
use crate::class::completion::Training;
use crate::class::open_run::OpenRunRefusal;
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::state::OccupationState;
use crate::plan::in_programme;
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::text::{NAME_CHARS, line_of_text};
use crate::rules::year_of;
use crate::{Refusal, States};

/// Longest code of a module. Unit: characters.
pub const MODULE_CODE_CHARS: usize = 20;
/// Most modules of a run.
pub const MODULES_MAX: usize = 16;
/// Most seats of a run.
pub const SEATS_MAX: u32 = 10_000;

/// Plans a run of a listed trainer, within its term and the programme; it lies where the trainer lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRun {
    /// Its title, a name of a course.
    pub title: String,
    /// The trainer that holds it.
    pub trainer: TrainerId,
    /// Place where it is held.
    pub division: DivisionCode,
    /// Occupation it trains for.
    pub occupation: OccupationId,
    /// Direction within the occupation.
    pub direction: Option<String>,
    /// Grade it trains for.
    pub grade: Grade,
    /// How it is held.
    pub mode: DeliveryMode,
    /// First day planned.
    pub starts_on: CivilDate,
    /// Last day planned.
    pub ends_on: CivilDate,
    /// Seats.
    pub seats: PeopleCount,
    /// The plan by module.
    pub modules: Vec<PlannedModule>,
}

refusals! {
    /// Why a run is not planned; beside these, its trainer must be listed.
    pub enum PlanRunRefusal {
        /// The last day comes before the first.
        DatesReversed = "CLASS-0012" Rule "the run ends before it starts",
        /// No seats, or more than any class has.
        SeatsUnfit = "CLASS-0013" Rule "a run has 1 to 10000 seats",
        /// None or too many, the same code twice, a comma in a code, or a module without hours.
        ModulesUnfit = "CLASS-0014" Rule "a run has 1 to 16 modules with different codes and more than no hours",
        /// The grade has directions and none is named, or one that it does not have. Source: Plan 3.3-3; SOURCES 3.
        DirectionUnfit = "CLASS-0015" Rule "the direction does not fit the directions of the occupation for the grade",
        /// Nobody could complete it: the figure is `training.hours_min/CODE/GRADE`, where a pack sets it by the last day. Source: Plan 3.3-5,
        /// 3.3-8.
        HoursNotPlanned = "CLASS-0046" Rule "the modules have fewer hours than the occupation and grade want",
        /// Nobody could complete it: the figure is `training.content/CODE/GRADE`, where a pack sets it by the last day. Source: Plan 3.3-5,
        /// 3.3-8.
        ContentNotPlanned = "CLASS-0047" Rule "the plan lacks modules that the occupation and grade want",
    }
}

impl Decide for PlanRun {
    const NAME: &'static str = "plan-run";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::trainer(self.trainer), Subject::occupation(self.occupation)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let trainer = states.trainer(self.trainer, "trainer")?;
        let subject = Subject::trainer(self.trainer);
        let unlisted = || CommonRefusal::UnknownSubject.refusal().at("trainer").of(subject);
        let (unit, organisation) = trainer.unit.zip(trainer.organisation).ok_or_else(unlisted)?;
        permit(states, inputs, Action::RunClasses, &Place { unit: Some(unit), organisation: Some(organisation) })?;
        let occupation = states.occupation(self.occupation, "occupation")?;
        let title = line_of_text(&self.title, NAME_CHARS, "title")?;
        if self.ends_on < self.starts_on {
            return Err(PlanRunRefusal::DatesReversed.refusal().at("ends_on"));
        }
        for (day, field) in [(self.starts_on, "starts_on"), (self.ends_on, "ends_on")] {
            in_programme(inputs, year_of(day), field)?;
        }
        if !(1..=SEATS_MAX).contains(&self.seats.get()) {
            return Err(PlanRunRefusal::SeatsUnfit.refusal().at("seats"));
        }
        let modules = self.fit_modules()?;
        let direction = self.fit_direction(occupation)?;
        fit_training(&Training::known(&inputs.rules, occupation, (unit, self.grade), self.ends_on)?, &modules)?;
        let effective_on = inputs.effective_on()?;
        let until = trainer.newest().map(|(_, entry)| entry.listed_until);
        if !trainer.may_open(self.occupation, self.starts_on, effective_on) || until < Some(self.ends_on) {
            return Err(OpenRunRefusal::TrainerNotListed.refusal().of(subject));
        }
        let [fresh, ..] = inputs.fresh;
        let class = ClassId::from_bytes(fresh);
        let event = RunPlanned {
            class,
            title,
            line: Line::Digital,
            trainer: self.trainer,
            organisation,
            unit,
            division: self.division,
            occupation: self.occupation,
            direction,
            grade: self.grade,
            mode: self.mode,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            seats: self.seats,
            modules,
        };
        Ok(Decision::one(NewEvent::new(event, effective_on, [Subject::class(class), subject])))
    }
}

impl PlanRun {
    /// Required content is a comma-separated list of module codes in the rule packs, so a code holds no comma.
    fn fit_modules(&self) -> Result<Vec<PlannedModule>, Refusal> {
        let unfit = || PlanRunRefusal::ModulesUnfit.refusal().at("modules");
        if !(1..=MODULES_MAX).contains(&self.modules.len()) {
            return Err(unfit());
        }
        let mut modules: Vec<PlannedModule> = Vec::with_capacity(self.modules.len());
        for module in &self.modules {
            let code = line_of_text(&module.code, MODULE_CODE_CHARS, "modules")?;
            let name = line_of_text(&module.name, NAME_CHARS, "modules")?;
            if code.contains(',') || module.hours.get() == 0 || modules.iter().any(|earlier| earlier.code == code) {
                return Err(unfit().about(code));
            }
            modules.push(PlannedModule { code, name, hours: module.hours });
        }
        Ok(modules)
    }

    /// A grade with directions wants one of them, a grade without wants none; while they are not known, what is given is recorded.
    fn fit_direction(&self, occupation: &OccupationState) -> Result<Option<String>, Refusal> {
        let direction = match &self.direction {
            Some(direction) => Some(line_of_text(direction, NAME_CHARS, "direction")?),
            None => None,
        };
        let fits = match (occupation.directions.get(&self.grade), &direction) {
            (None, _) => true,
            (Some(known), Some(direction)) => known.contains(direction),
            (Some(known), None) => known.is_empty(),
        };
        if fits {
            Ok(direction)
        } else {
            Err(PlanRunRefusal::DirectionUnfit.refusal().at("direction").of(Subject::occupation(self.occupation)))
        }
    }
}

/// What is not planned is not taught, and then every test would be refused.
fn fit_training(wanted: &Training, modules: &[PlannedModule]) -> Result<(), Refusal> {
    let hours = modules.iter().fold(HoursTenths::default(), |sum, module| sum.plus(module.hours));
    if !wanted.has_hours(hours) {
        return Err(PlanRunRefusal::HoursNotPlanned.refusal().at("modules").about(wanted.hours_min));
    }
    let missing: Vec<&str> = wanted.without(|code| modules.iter().any(|module| module.code == code)).collect();
    if missing.is_empty() { Ok(()) } else { Err(PlanRunRefusal::ContentNotPlanned.refusal().at("modules").about(missing.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::SetOccupationDirections;
    use crate::plan::set_target::SetTargetRefusal;
    use crate::scenario::{
        JIANGSU, NATIONAL, NOBODY, OCCUPATION, ORGANISATION, OTHER_STAFF, TODAY, TRAINER, TRAINER_STAFF, World, given, pack,
        trainer_listed, trainer_suspended,
    };

    fn module(code: &str, hours: u32) -> PlannedModule {
        PlannedModule { code: code.to_owned(), name: "机器学习".to_owned(), hours: HoursTenths::new(hours) }
    }

    fn plan() -> PlanRun {
        PlanRun {
            title: "人工智能初级班".to_owned(),
            trainer: TRAINER,
            division: JIANGSU.division(),
            occupation: OCCUPATION,
            direction: None,
            grade: Grade::Junior,
            mode: DeliveryMode::Mixed,
            starts_on: TODAY.plus_days(30),
            ends_on: TODAY.plus_days(60),
            seats: PeopleCount::new(40),
            modules: vec![module("A", 80), module("B", 80)],
        }
    }

    fn directed(directions: &[&str]) -> World {
        let directions = directions.iter().map(|direction| (*direction).to_owned()).collect();
        let set = SetOccupationDirections { occupation: OCCUPATION, grade: Grade::Senior, directions, source: "国家标准".to_owned() };
        given([trainer_listed()]).after(NATIONAL, set)
    }

    #[test]
    fn run_is_planned_where_its_trainer_lies() {
        let PlanRun { title, division, modules, mode, .. } = plan();
        given([trainer_listed()]).when(TRAINER_STAFF, plan()).then_one(RunPlanned {
            class: ClassId::from_bytes([7, 7, 7, 7, 0, 0]),
            title,
            line: Line::Digital,
            trainer: TRAINER,
            organisation: ORGANISATION,
            unit: JIANGSU,
            division,
            occupation: OCCUPATION,
            direction: None,
            grade: Grade::Junior,
            mode,
            starts_on: TODAY.plus_days(30),
            ends_on: TODAY.plus_days(60),
            seats: PeopleCount::new(40),
            modules,
        });
    }

    #[test]
    fn run_is_refused_when_it_ends_before_it_starts() {
        let plan = PlanRun { ends_on: TODAY.plus_days(29), ..plan() };
        given([trainer_listed()]).when(TRAINER_STAFF, plan).then_refused(PlanRunRefusal::DatesReversed);
    }

    #[test]
    fn run_is_refused_without_seats_or_with_too_many() {
        for seats in [0, SEATS_MAX.saturating_add(1)] {
            let plan = PlanRun { seats: PeopleCount::new(seats), ..plan() };
            given([trainer_listed()]).when(TRAINER_STAFF, plan).then_refused(PlanRunRefusal::SeatsUnfit);
        }
    }

    #[test]
    fn run_is_refused_when_its_modules_do_not_fit() {
        let many = (0..17).map(|number| module(&format!("M{number}"), 10)).collect();
        for modules in [vec![], vec![module("A", 0)], vec![module("A", 10), module(" A", 10)], vec![module("A,B", 10)], many] {
            let plan = PlanRun { modules, ..plan() };
            given([trainer_listed()]).when(TRAINER_STAFF, plan).then_refused(PlanRunRefusal::ModulesUnfit);
        }
    }

    #[test]
    fn direction_is_wanted_exactly_when_the_grade_has_any() {
        let senior = |direction: Option<&str>| PlanRun { grade: Grade::Senior, direction: direction.map(str::to_owned), ..plan() };
        let (some, none, unknown) = (directed(&["应用"]), directed(&[]), given([trainer_listed()]));
        some.when(TRAINER_STAFF, senior(None)).then_refused(PlanRunRefusal::DirectionUnfit);
        some.when(TRAINER_STAFF, senior(Some("芯片"))).then_refused(PlanRunRefusal::DirectionUnfit);
        some.when(TRAINER_STAFF, senior(Some("应用"))).then_accepted();
        none.when(TRAINER_STAFF, senior(Some("应用"))).then_refused(PlanRunRefusal::DirectionUnfit);
        none.when(TRAINER_STAFF, senior(None)).then_accepted();
        unknown.when(TRAINER_STAFF, senior(Some("应用"))).then_accepted();
        unknown.when(TRAINER_STAFF, senior(None)).then_accepted();
    }

    /// The scenarios' pack wants 16 hours and the modules A and B of a junior, and says nothing of a senior.
    #[test]
    fn run_is_refused_when_nobody_could_complete_it() {
        let world = given([trainer_listed()]);
        let planned = |modules| PlanRun { modules, ..plan() };
        for modules in [vec![module("A", 80), module("B", 79)], vec![module("C", 10)]] {
            world
                .when(TRAINER_STAFF, planned(modules))
                .then_refused(PlanRunRefusal::HoursNotPlanned.refusal().about(HoursTenths::new(160)));
        }
        let missing = |codes: &str| PlanRunRefusal::ContentNotPlanned.refusal().about(codes);
        world.when(TRAINER_STAFF, planned(vec![module("C", 160)])).then_refused(missing("A, B"));
        world.when(TRAINER_STAFF, planned(vec![module("A", 160)])).then_refused(missing("B"));
        world.when(TRAINER_STAFF, PlanRun { grade: Grade::Senior, ..planned(vec![module("C", 10)]) }).then_accepted();
        // Of two figures the one that is set counts, as of the last day.
        let later = PlanRun { grade: Grade::Senior, ..planned(vec![module("C", 10)]) };
        let years = [("programme.first_year", "2021"), ("programme.last_year", "2030")];
        let set = world.happened(pack(&[years[0], years[1], ("training.hours_min/2-02-10-09/senior", "11")]));
        set.when(TRAINER_STAFF, later).then_refused(PlanRunRefusal::HoursNotPlanned);
    }

    #[test]
    fn run_is_refused_when_it_leaves_the_term_of_the_trainer() {
        for (starts, ends) in [(301, 301), (300, 301)] {
            let plan = PlanRun { starts_on: TODAY.plus_days(starts), ends_on: TODAY.plus_days(ends), ..plan() };
            given([trainer_listed()]).when(TRAINER_STAFF, plan).then_refused(OpenRunRefusal::TrainerNotListed);
        }
    }

    #[test]
    fn run_is_refused_when_it_leaves_the_programme() {
        let plan = PlanRun { ends_on: CivilDate::parse("2031-01-01").unwrap(), ..plan() };
        given([trainer_listed()]).when(TRAINER_STAFF, plan).then_refused(SetTargetRefusal::OutsideProgramme);
    }

    /// A first day before the suspension does not help: nothing is planned while it lasts.
    #[test]
    fn run_is_refused_while_the_trainer_is_suspended() {
        let plan = PlanRun { starts_on: TODAY.plus_days(-5), ..plan() };
        let suspended = given([trainer_listed(), trainer_suspended()]);
        suspended.clone().when(TRAINER_STAFF, plan.clone()).then_refused(OpenRunRefusal::TrainerNotListed);
        // Nor by saying that it was planned before.
        suspended.effective_on(TODAY.plus_days(-2)).when(TRAINER_STAFF, plan).then_refused(OpenRunRefusal::TrainerNotListed);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let nowhere = PlanRun { trainer: TrainerId::from_bytes(NOBODY), ..plan() };
        let mut plan = PlanRun {
            title: String::new(),
            occupation: OccupationId::from_bytes(NOBODY),
            direction: Some("芯片".to_owned()),
            starts_on: TODAY.plus_days(301),
            ends_on: TODAY,
            seats: PeopleCount::new(0),
            modules: vec![],
            ..plan()
        };
        let world = given([trainer_listed()]);
        world.when(TRAINER_STAFF, nowhere).then_refused(CommonRefusal::UnknownSubject);
        world.when(OTHER_STAFF, plan.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(TRAINER_STAFF, plan.clone()).then_refused(CommonRefusal::UnknownSubject);
        plan.occupation = OCCUPATION;
        world.when(TRAINER_STAFF, plan.clone()).then_refused(CommonRefusal::TextUnfit);
        plan.title = "班".to_owned();
        world.when(TRAINER_STAFF, plan.clone()).then_refused(PlanRunRefusal::DatesReversed);
        plan.ends_on = TODAY.plus_days(301);
        world.when(TRAINER_STAFF, plan.clone()).then_refused(PlanRunRefusal::SeatsUnfit);
        let beyond = PlanRun { ends_on: CivilDate::parse("2031-01-01").unwrap(), ..plan.clone() };
        world.when(TRAINER_STAFF, beyond).then_refused(SetTargetRefusal::OutsideProgramme);
        plan.seats = PeopleCount::new(1);
        world.when(TRAINER_STAFF, plan.clone()).then_refused(PlanRunRefusal::ModulesUnfit);
        plan.modules = vec![module("A", 10)];
        world.when(TRAINER_STAFF, plan.clone()).then_refused(PlanRunRefusal::DirectionUnfit);
        plan.direction = None;
        world.when(TRAINER_STAFF, plan.clone()).then_refused(PlanRunRefusal::HoursNotPlanned);
        plan.modules = vec![module("A", 160)];
        world.when(TRAINER_STAFF, plan.clone()).then_refused(PlanRunRefusal::ContentNotPlanned);
        plan.modules = vec![module("A", 80), module("B", 80)];
        world.when(TRAINER_STAFF, plan.clone()).then_refused(OpenRunRefusal::TrainerNotListed);
        (plan.starts_on, plan.ends_on) = (TODAY, TODAY);
        world.when(TRAINER_STAFF, plan.clone()).then_accepted();
        world.happened(trainer_suspended()).when(TRAINER_STAFF, plan).then_refused(OpenRunRefusal::TrainerNotListed);
    }
}
