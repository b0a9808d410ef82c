//! The quota dashboard: targets, and who is enrolled, has completed and is certified, by year, line and group.
//!
//! **Counting.** A class counts in the year and month in which it ends: the day it was closed, before that the last day planned. An
//! enrolment is *enrolled* while a seat is held or the test is passed, *completed* once the completion test is passed (a correction moves
//! that, giving up the seat removes it), *certified* while a training certificate is issued and not revoked. The enrolments of a cancelled
//! class do not count at all. Trainings count enrolments; persons count each person once in every row and once in the total.
//!
//! **Rows.** Facts: `F class`, `P person`, `R class person` (who has facts in a class), `K certificate` (whose it is), `Y year class` (which
//! classes may count in a year), `D occupation hash` (text of a direction), `T year line unit` (targets). Figures: `C cell` (see `cells`).
//! An event changes what its person contributes; the change, as a step function over effective dates, is appended to every cell that it
//! touches (see `fold`). So any view (P, E) is a sum of what was appended before P for days until E, and equals the fold over the log.
//!
//! Source: Plan 2-1, 4.1-2, 4.4-5.

mod answer;
mod apply;
mod cell;
mod cells;
mod change;
mod derive;
mod fold;
mod key;
mod why;

pub(crate) use self::answer::dump;
pub use self::answer::{query, row, years};
pub use self::apply::Quota;
pub use self::key::{CountUnit, Field, Group, GroupBy, QuotaAnswer, QuotaQuery, QuotaRow, RegionOf, RowKey, RowKeyError};
pub use self::why::why;

/// Facts of a class.
const CLASS: u8 = b'F';
/// Facts of a person.
const PERSON: u8 = b'P';
/// Who has facts in a class.
const ROSTER: u8 = b'R';
/// Whose a certificate is.
const CERTIFICATE: u8 = b'K';
/// Which classes may count in a year.
const YEAR: u8 = b'Y';
/// The text of a direction.
const DIRECTION: u8 = b'D';
/// Facts of a target.
const TARGET: u8 = b'T';
/// Figures.
const CELL: u8 = b'C';

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelName;
    use crate::properties::history::{Told, class_id, person_id, plan};
    use crate::properties::{at_end_of, day, rows};
    use zhixin_events::class::{RunCancelled, RunClosed, TraineeRegistered};
    use zhixin_events::plan::{TargetAdjusted, TargetSet};
    use zhixin_events::{Line, PeopleCount, PlanYear, ReportingUnit};

    fn registered(class: u8, person: u8) -> Told {
        let (class, person) = (class_id(class), person_id(person));
        (
            day(10),
            TraineeRegistered { class, person, category: None, employer: None, employer_stated: None, title_level: None, job: None }.into(),
        )
    }

    fn question(group_by: GroupBy, unit: CountUnit, on: i32) -> QuotaQuery {
        let (year, line, region_of) = (PlanYear::new(2024), None, RegionOf::Organiser);
        QuotaQuery { year, line, group_by, unit, region_of, region: None, as_of: at_end_of(on) }
    }

    fn enrolled(answer: &QuotaAnswer) -> (Vec<i64>, i64) {
        (answer.rows.iter().map(|row| row.enrolled).collect(), answer.total.enrolled)
    }

    /// Classes 0 and 1 are of different occupations and end in December 2024 and in 2025; class 1 is closed early.
    fn story() -> Vec<Told> {
        vec![
            (day(0), plan(0).into()),
            (day(0), plan(1).into()),
            registered(0, 1),
            registered(1, 1),
            registered(1, 2),
            (day(60), RunClosed { class: class_id(1), closed_on: day(60), late: None }.into()),
            (day(70), RunCancelled { class: class_id(0), document_number: None }.into()),
        ]
    }

    #[test]
    fn a_person_in_two_occupations_counts_once_in_each_row_and_once_in_the_total() {
        let view = rows(ModelName::Quota, &story());
        let answer = query(&view, &question(GroupBy::Occupation, CountUnit::Persons, 60)).unwrap();
        assert_eq!(enrolled(&answer), (vec![1, 2], 2));
        let answer = query(&view, &question(GroupBy::Occupation, CountUnit::Trainings, 60)).unwrap();
        assert_eq!(enrolled(&answer), (vec![1, 2], 3));
    }

    #[test]
    fn a_class_counts_when_it_ends_and_not_when_it_is_cancelled() {
        let view = rows(ModelName::Quota, &story());
        let months = |on| {
            let answer = query(&view, &question(GroupBy::Month, CountUnit::Trainings, on)).unwrap();
            answer.rows.iter().map(|row| (row.key.group.clone(), row.enrolled)).collect::<Vec<_>>()
        };
        assert_eq!(months(59), [(Group::Month(12), 1)]);
        assert_eq!(months(60), [(Group::Month(11), 2), (Group::Month(12), 1)]);
        assert_eq!(months(70), [(Group::Month(11), 2)]);
    }

    #[test]
    fn targets_stand_for_regions_and_totals_alone() {
        let (year, line) = (PlanYear::new(2024), Line::Digital);
        let set = |code, people| {
            let unit = ReportingUnit::new(code).unwrap();
            TargetSet { year, line, unit, people: PeopleCount::new(people), document_number: "文1".into() }
        };
        let (unit, people, people_before) = (ReportingUnit::CORPS, PeopleCount::new(70), PeopleCount::new(50));
        let adjusted = TargetAdjusted { year, line, unit, people, people_before, document_number: "文2".into() };
        let told = vec![(day(0), set(66, 50).into()), (day(0), set(11, 30).into()), (day(20), adjusted.into())];
        let view = rows(ModelName::Quota, &told);
        let answer = |group_by, on| query(&view, &question(group_by, CountUnit::Persons, on)).unwrap();
        let targets = |on| answer(GroupBy::Region, on).rows.iter().map(|row| row.target).collect::<Vec<_>>();
        assert_eq!((targets(19), targets(20)), (vec![Some(30), Some(50)], vec![Some(30), Some(70)]));
        assert_eq!(answer(GroupBy::Month, 20).total.target, Some(100));
        let of_place = QuotaQuery { region_of: RegionOf::Place, ..question(GroupBy::Region, CountUnit::Persons, 20) };
        assert_eq!(query(&view, &of_place).unwrap().total.target, None);
        let key = answer(GroupBy::Region, 20).rows[1].key.clone();
        assert_eq!(why(&view, &key, Field::Target, at_end_of(20)).unwrap(), [zhixin_events::Position(2)]);
    }
}
