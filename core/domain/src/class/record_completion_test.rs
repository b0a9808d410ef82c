//! Record the completion test of a trainee who has the hours and the content. Source: Plan 3.3-5 (完成规定学时和内容 → 结业考核).

use zhixin_events::class::CompletionTestRecorded;
use zhixin_events::{ClassId, PersonId, Points, Subject};

use crate::access::Action;
use crate::class::completion::{Requirements, test_after_sessions};
use crate::class::run::{permitted_run, reads_class_and_occupation, require_taught, seated};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Most points of a test.
pub const POINTS_MAX: u8 = 100;

/// Records a completion test; the marks may come after the run is closed. Who failed may be tested again on a later day, up to
/// `completion_test.attempts_max` times in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCompletionTest {
    /// The run.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// Points reached.
    pub points: Points,
}

refusals! {
    /// Why a test is not recorded; beside these, the run must have been taught, the seat held and the run completed.
    pub enum RecordCompletionTestRefusal {
        /// Points are of 100.
        PointsUnfit = "CLASS-0029" Rule "a test has 0 to 100 points",
        /// What is recorded is corrected, not recorded again; a further test comes on a later day and after a failed one. Source: ours.
        AlreadyTested = "CLASS-0030" Conflict "the completion test is recorded already; correct it, or record a later one after a failed one",
        /// The figure is `completion_test.attempts_max`. Source: ours; SOURCES 2.
        NoAttemptLeft = "CLASS-0039" Conflict "the person was tested as often as the rule packs allow",
    }
}

impl Decide for RecordCompletionTest {
    const NAME: &'static str = "record-completion-test";

    fn reads(&self, loaded: &States) -> Reads {
        reads_class_and_occupation(loaded, self.class, self.person)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        fit_points(self.points)?;
        require_taught(class, self.class)?;
        let trainee = seated(states, class, self.person)?;
        let (subject, person) = (Subject::class(self.class), Subject::person(self.person));
        let effective_on = inputs.effective_after(trainee.seat_on(), person)?;
        if let Some(earlier) = trainee.test() {
            if earlier.passed || effective_on <= earlier.effective_on {
                return Err(RecordCompletionTestRefusal::AlreadyTested.refusal().of(person));
            }
            let attempts_max = inputs.rules.count("completion_test.attempts_max", Some(plan.unit), effective_on)?;
            if trainee.tests.len() >= usize::try_from(attempts_max).unwrap_or(usize::MAX) {
                return Err(RecordCompletionTestRefusal::NoAttemptLeft.refusal().of(person).about(attempts_max));
            }
        }
        test_after_sessions(class, trainee, effective_on, person)?;
        let occupation = states.occupation(plan.occupation, "class")?;
        Requirements::read(&inputs.rules, occupation, plan, effective_on)?.met_by(class, trainee, effective_on, person)?;
        let pass_mark = inputs.rules.points("completion_test.pass_mark", Some(plan.unit), effective_on)?;
        let event = CompletionTestRecorded {
            class: self.class,
            person: self.person,
            points: self.points,
            passed: self.points >= pass_mark,
            pass_mark,
            hours_attended: class.hours_attended(trainee),
        };
        Ok(Decision::one(NewEvent::new(event, effective_on, [subject, person])).in_story_of(class.first_position))
    }
}

/// Refuses points above the scale.
///
/// # Errors
/// `CLASS-0029`.
pub(crate) fn fit_points(points: Points) -> Result<(), Refusal> {
    if points.get() > POINTS_MAX { Err(RecordCompletionTestRefusal::PointsUnfit.refusal().at("points")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::completion::CompletionRefusal;
    use crate::class::run::RunRefusal;
    use crate::class::{CloseRun, HoldSession};
    use crate::directory::AssignOccupationCode;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, NATIONAL, OCCUPATION, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, World, attendance, pack, person_erased,
        seated_run, session, taught_run, test_of, tested_run,
    };
    use zhixin_events::{Attendance, HoursTenths, PlanYear, SourceMark};

    /// The pack of all scenarios, in which some figures are others or missing.
    fn figures(world: World, changes: &[(&str, Option<&str>)]) -> World {
        let usual = [
            ("record.backdate_days_max", "60"),
            ("training.attendance_min_bp", "9000"),
            ("training.hours_min/2-02-10-09/junior", "160"),
            ("training.content/2-02-10-09/junior", "A,B"),
            ("completion_test.pass_mark", "60"),
            ("completion_test.attempts_max", "2"),
        ];
        let kept = usual.into_iter().filter(|(key, _)| changes.iter().all(|(changed, _)| changed != key));
        let figures: Vec<_> = kept.chain(changes.iter().filter_map(|(key, value)| value.map(|value| (*key, value)))).collect();
        world.happened(pack(&figures))
    }

    #[test]
    fn completion_test_is_passed_at_the_pass_mark_and_failed_below() {
        for (points, passed) in [(60, true), (59, false)] {
            taught_run().when(TRAINER_STAFF, test_of(points)).then_one(CompletionTestRecorded {
                class: CLASS,
                person: PERSON,
                points: Points::new(points),
                passed,
                pass_mark: Points::new(60),
                hours_attended: HoursTenths::new(160),
            });
        }
        taught_run()
            .after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None })
            .when(TRAINER_STAFF, test_of(60))
            .then_accepted();
    }

    #[test]
    fn completion_test_is_refused_above_a_hundred_points() {
        taught_run().when(TRAINER_STAFF, test_of(101)).then_refused(RecordCompletionTestRefusal::PointsUnfit);
    }

    #[test]
    fn completion_test_is_refused_when_recorded_twice() {
        tested_run(50).when(TRAINER_STAFF, test_of(70)).then_refused(RecordCompletionTestRefusal::AlreadyTested);
        let passed = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, test_of(60));
        passed.when(TRAINER_STAFF, test_of(70)).then_refused(RecordCompletionTestRefusal::AlreadyTested);
    }

    #[test]
    fn failed_test_is_taken_again_on_a_later_day_as_often_as_the_packs_allow() {
        let failed = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, test_of(50));
        failed.when(TRAINER_STAFF, test_of(70)).then_accepted();
        let again = failed.after_on(TODAY.plus_days(-1), TRAINER_STAFF, test_of(55));
        again.when(TRAINER_STAFF, test_of(70)).then_refused(RecordCompletionTestRefusal::NoAttemptLeft);
        figures(again, &[("completion_test.attempts_max", Some("3"))]).when(TRAINER_STAFF, test_of(70)).then_accepted();
    }

    #[test]
    fn completion_test_is_refused_before_a_session_that_was_attended() {
        let early = taught_run().effective_on(TODAY.plus_days(-3));
        early.when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::SessionAfterTest);
        taught_run().effective_on(TODAY.plus_days(-2)).when(TRAINER_STAFF, test_of(80)).then_accepted();
        seated_run()
            .after(TRAINER_STAFF, session(1, "A", 3))
            .effective_on(TODAY.plus_days(-21))
            .when(TRAINER_STAFF, test_of(80))
            .then_refused(CommonRefusal::OutOfOrder);
    }

    /// Sessions held after the test do not lower the share of who had attended all before it.
    #[test]
    fn sessions_after_the_test_do_not_count_against_it() {
        let taught = taught_run().after(TRAINER_STAFF, session(3, "A", 1)).effective_on(TODAY.plus_days(-2));
        taught.when(TRAINER_STAFF, test_of(80)).then_accepted();
        taught.effective_on(TODAY).when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::AttendanceTooLow);
    }

    #[test]
    fn completion_test_is_refused_with_too_few_hours() {
        let key = "training.hours_min/2-02-10-09/junior";
        figures(taught_run(), &[(key, Some("161"))]).when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::HoursMissing);
    }

    #[test]
    fn completion_test_is_refused_without_the_required_content() {
        let key = "training.content/2-02-10-09/junior";
        figures(taught_run(), &[(key, Some("A,B,C"))]).when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::ContentMissing);
    }

    #[test]
    fn completion_test_is_refused_with_too_small_a_share() {
        let short = |number, hours| HoldSession { hours: HoursTenths::new(hours), ..session(number, "A", 1) };
        // 180 of 200 is nine tenths exactly; 160 of 178 is less.
        let exact = taught_run().after(TRAINER_STAFF, short(3, 20)).after(TRAINER_STAFF, attendance(3, Attendance::Present));
        exact.after(TRAINER_STAFF, short(4, 20)).when(TRAINER_STAFF, test_of(80)).then_accepted();
        let below = taught_run().after(TRAINER_STAFF, short(3, 18));
        below.when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::AttendanceTooLow);
        let excused = below.after(TRAINER_STAFF, attendance(3, Attendance::Excused));
        excused.when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::AttendanceTooLow);
    }

    #[test]
    fn completion_test_is_refused_when_a_figure_is_missing_and_the_answer_names_its_key() {
        for key in [
            "training.hours_min/2-02-10-09/junior",
            "training.content/2-02-10-09/junior",
            "training.attendance_min_bp",
            "completion_test.pass_mark",
        ] {
            let refusal = figures(taught_run(), &[(key, None)]).when(TRAINER_STAFF, test_of(80)).refusal();
            assert_eq!((refusal.code, refusal.about), ("RULE-0001", Some(Box::new(key.into()))));
        }
    }

    #[test]
    fn figures_are_found_under_any_code_and_the_newest_first() {
        let assign = AssignOccupationCode {
            occupation: OCCUPATION,
            code: "2-02-38-01".to_owned(),
            code_edition: PlanYear::new(2022),
            mark: SourceMark::Secondary,
            source: "大典".to_owned(),
        };
        let world = taught_run().after(NATIONAL, assign);
        world.when(TRAINER_STAFF, test_of(80)).then_accepted();
        let newest = ("training.hours_min/2-02-38-01/junior", Some("999"));
        figures(world.clone(), &[newest]).when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::HoursMissing);
        let malformed = ("training.hours_min/2-02-38-01/junior", Some("many"));
        figures(world.clone(), &[malformed]).when(TRAINER_STAFF, test_of(80)).then_refused(CommonRefusal::MalformedFigure);
        let first = "training.hours_min/2-02-10-09/junior";
        let refusal = figures(world, &[(first, None)]).when(TRAINER_STAFF, test_of(80)).refusal();
        assert_eq!(refusal.about, Some(Box::new(first.into())));
    }

    #[test]
    fn refusals_come_in_their_order() {
        let wrong = RecordCompletionTest { person: OTHER_PERSON, ..test_of(101) };
        seated_run().when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RecordCompletionTestRefusal::PointsUnfit);
        let wrong = RecordCompletionTest { points: Points::new(80), ..wrong };
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NotTaught);
        taught_run().happened(person_erased(OTHER_PERSON)).when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::PersonErased);
        taught_run().when(TRAINER_STAFF, wrong).then_refused(RunRefusal::NoSeat);
        let tested = figures(taught_run().after(TRAINER_STAFF, test_of(50)), &[("completion_test.pass_mark", None)]);
        tested.when(TRAINER_STAFF, test_of(80)).then_refused(RecordCompletionTestRefusal::AlreadyTested);
        let absent = seated_run().after(TRAINER_STAFF, session(1, "A", 1));
        absent.when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::HoursMissing);
        let half = absent.after(TRAINER_STAFF, attendance(1, Attendance::Present)).after(TRAINER_STAFF, session(2, "B", 0));
        let key = "training.hours_min/2-02-10-09/junior";
        let content = "training.content/2-02-10-09/junior";
        let enough = figures(half, &[(key, Some("80"))]);
        enough.when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::ContentMissing);
        let narrow = figures(enough, &[(key, Some("80")), (content, Some(""))]);
        narrow.when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::AttendanceTooLow);
        narrow.after(TRAINER_STAFF, attendance(2, Attendance::Present)).when(TRAINER_STAFF, test_of(80)).then_accepted();
    }
}
