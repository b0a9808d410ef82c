//! Properties of all read models over random histories: every query equals a naive fold, rows depend on the log alone, every figure
//! explains itself, a rebuild can be killed anywhere.

pub(crate) mod history;
mod naive;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::classes::{self, ClassFilter};
use crate::model::{Slot, apply_batch, quarantined};
use crate::quota::{self, CountUnit, Field, GroupBy, QuotaQuery, QuotaRow, RegionOf, RowKey};
use crate::trainers::TrainerStatus;
use crate::verify::{StoredRows, stored_rows};
use crate::{AsOf, ModelName, Projections, RowKind, TableView, certificates, occupations, replay, trainers};
use history::{MemoryFeed, first_day, steps, tell};
use naive::World;
use proptest::prelude::*;
use zhixin_events::{Event, Line, PlanYear, Position, ReportingUnit, TalentCategory};
use zhixin_store::feed::Feed as _;
use zhixin_store::rows::open_rows;
use zhixin_store::table::{Table, digest};

pub(crate) const WAIT: Duration = Duration::from_mins(1);

/// The rows of a model after these events.
pub(crate) fn rows(model: ModelName, told: &[history::Told]) -> TableView {
    build(model, &MemoryFeed::new(told, &[4]))
}

/// A day of the histories, by its number.
pub(crate) fn day(number: i32) -> zhixin_events::CivilDate {
    first_day().plus_days(number)
}

/// The view that knows everything and looks at the day.
pub(crate) fn at_end_of(number: i32) -> AsOf {
    AsOf { position: u64::MAX, effective_by: day(number) }
}

/// A history in which a little of everything happens.
pub(crate) fn a_year() -> Vec<history::Told> {
    tell(&history::some_steps(150))
}

fn as_of(position: u16, day: u16, events: usize) -> AsOf {
    let events = u64::try_from(events).unwrap();
    AsOf { position: u64::from(position) % (events + 2), effective_by: first_day().plus_days(i32::from(day % 700)) }
}

fn views(count: usize) -> impl Strategy<Value = Vec<(u16, u16)>> {
    prop::collection::vec((any::<u16>(), any::<u16>()), count)
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..40_usize, 1..5)
}

fn build(model: ModelName, feed: &MemoryFeed) -> TableView {
    replay::build(model, feed, feed.end()).unwrap()
}

fn queries(as_of: AsOf) -> Vec<QuotaQuery> {
    let mut queries = Vec::new();
    for year in [2024, 2025, 2026].map(PlanYear::new) {
        for line in [None, Some(Line::Digital)] {
            for unit in [CountUnit::Persons, CountUnit::Trainings] {
                for region_of in [RegionOf::Organiser, RegionOf::Place] {
                    for region in [None, Some(ReportingUnit::new(31).unwrap())] {
                        queries.extend(GroupBy::ALL.map(|group_by| QuotaQuery { year, line, group_by, unit, region_of, region, as_of }));
                    }
                }
            }
        }
    }
    queries
}

fn figures(row: &QuotaRow) -> [i64; 3] {
    [row.enrolled, row.completed, row.certified]
}

fn check_quota(view: &TableView, world: &World, query: &QuotaQuery) {
    let answer = quota::query(view, query).unwrap();
    let (mut rows, total) = world.quota(query);
    let organiser = query.region_of == RegionOf::Organiser;
    let mut targets = BTreeMap::new();
    if organiser && query.group_by == GroupBy::Region {
        for unit in ReportingUnit::all().filter(|unit| query.region.is_none_or(|only| only == *unit)) {
            if let Some(people) = world.target(query.year, query.line, Some(unit)) {
                targets.insert(quota::Group::Region(unit.code()), people);
                rows.entry(quota::Group::Region(unit.code())).or_default();
            }
        }
    }
    let answered: BTreeMap<_, _> = answer.rows.iter().map(|row| (row.key.group.clone(), figures(row))).collect();
    assert_eq!(answered, rows, "{query:?}");
    assert!(answer.rows.iter().all(|row| row.target == targets.get(&row.key.group).copied()), "{query:?}");
    assert_eq!(figures(&answer.total), total, "{query:?}");
    let target = organiser.then(|| world.target(query.year, query.line, query.region)).flatten();
    assert_eq!(answer.total.target, target, "{query:?}");
}

/// What `why` names must be as many as the figure; for a target, events whose people add up to it.
fn check_why(view: &TableView, told: &[history::Told], row: &QuotaRow, as_of: AsOf) {
    let key: RowKey = row.key.to_string().parse().unwrap();
    assert_eq!(key, row.key);
    for (field, figure) in Field::ALL.into_iter().zip([row.target, Some(row.enrolled), Some(row.completed), Some(row.certified)]) {
        let why = quota::why(view, &key, field, as_of).unwrap();
        let distinct: BTreeSet<_> = why.iter().collect();
        assert_eq!(distinct.len(), why.len());
        let told = |position: &Position| &told[usize::try_from(position.0).unwrap()];
        assert!(why.iter().all(|position| as_of.shows(position.0, told(position).0)));
        let recount = match field {
            Field::Target => why.iter().map(|position| people(&told(position).1)).sum(),
            Field::Enrolled | Field::Completed | Field::Certified => i64::try_from(why.len()).unwrap(),
        };
        assert_eq!(recount, figure.unwrap_or(0), "{key} {field:?}");
    }
}

fn people(event: &Event) -> i64 {
    use zhixin_events::plan::PlanEvent;
    match event {
        Event::Plan(PlanEvent::TargetSet(set)) => i64::from(set.people.get()),
        Event::Plan(PlanEvent::TargetAdjusted(adjusted)) => i64::from(adjusted.people.get()),
        Event::Class(_)
        | Event::Person(_)
        | Event::Hours(_)
        | Event::Directory(_)
        | Event::Certificate(_)
        | Event::Document(_)
        | Event::Access(_) => {
            panic!("no target")
        }
    }
}

fn check_classes(view: &TableView, world: &World, as_of: AsOf) {
    let all = classes::list(view, &ClassFilter::default(), as_of, None, 100).unwrap();
    assert_eq!(all.items.iter().map(|entry| entry.class).collect::<Vec<_>>(), world.plans.keys().copied().collect::<Vec<_>>());
    for entry in &all.items {
        assert_eq!(entry.status, world.class_status(entry.class));
        assert_eq!(entry.closed_on, world.closed(entry.class));
        assert_eq!(entry.title, world.plans[&entry.class].title);
        let sessions = classes::by_id(view, entry.class, as_of).unwrap().unwrap().sessions;
        let told = world.taught.iter().filter(|((class, _), _)| *class == entry.class);
        let told: Vec<_> = told.map(|((_, session), (position, hours))| (*session, Position(*position), *hours)).collect();
        assert_eq!(sessions.iter().map(|held| (held.session, held.position, held.hours)).collect::<Vec<_>>(), told);
    }
    for trainee in (0..5).flat_map(|class| classes::roster(view, history::class_id(class), as_of, None, 100).unwrap().items) {
        let seat = (trainee.class, trainee.person);
        assert!(world.known.contains(&seat));
        assert_eq!(trainee.seat.is_some(), world.holds_seat(seat));
        assert_eq!(trainee.attended.get(), world.attended(seat));
        assert_eq!(trainee.name_position.map(|position| position.0), world.last_names.get(&seat.1).copied());
        assert_eq!(trainee.test().map(|test| test.passed), world.passed(seat));
        assert_eq!(trainee.hours.map(|hours| (hours.position.0, hours.hours)), world.hours.get(&seat).copied());
        assert_eq!(trainee.category, world.category(seat));
        assert_eq!(classes::trainee(view, seat.0, seat.1, as_of).unwrap(), Some(trainee));
    }
    for year in [2024, 2025].map(PlanYear::new) {
        let filter = ClassFilter { year: Some(year), ..ClassFilter::default() };
        let listed = classes::list(view, &filter, as_of, None, 100).unwrap().items;
        let end = |class: &zhixin_events::ClassId| world.closed(*class).unwrap_or(world.plans[class].ends_on).year();
        let expected: Vec<_> = world.plans.keys().filter(|class| end(class) == i32::from(year.get())).copied().collect();
        assert_eq!(listed.iter().map(|entry| entry.class).collect::<Vec<_>>(), expected);
    }
}

fn check_certificates(view: &TableView, world: &World, told: &[history::Told], as_of: AsOf) {
    let listed = certificates::list(view, &certificates::CertificateFilter::default(), as_of, None, 500).unwrap().items;
    let expected: BTreeSet<_> = world.issued.values().map(|issued| issued.number.clone()).collect();
    assert_eq!(listed.iter().map(|entry| entry.number.clone()).collect::<BTreeSet<_>>(), expected);
    for entry in listed {
        let issued = &world.issued[&entry.certificate];
        assert_eq!((&entry.number, entry.person, entry.class), (&issued.number, issued.person, issued.class));
        assert_eq!(entry.status != certificates::CertificateStatus::Valid, world.revoked.contains(&entry.certificate));
        assert_eq!(entry.name_position.0, world.name_position(issued));
        let erased = |event: &Event| matches!(event, Event::Person(zhixin_events::person::PersonEvent::PersonErased(one)) if one.person == entry.person);
        assert_eq!(entry.erased, told.iter().any(|(_, event)| erased(event)));
        assert_eq!(certificates::by_number(view, &entry.number, as_of).unwrap(), Some(entry));
    }
}

fn trainer_status(world: &World, trainer: zhixin_events::TrainerId, as_of: AsOf) -> TrainerStatus {
    let standing = world.standing[&trainer];
    let ran_out = world.listed[&trainer].listed_until < as_of.effective_by;
    let not_begun = as_of.effective_by < world.listed[&trainer].listed_from;
    match standing {
        TrainerStatus::Listed if not_begun && !ran_out => TrainerStatus::NotYet,
        TrainerStatus::Listed | TrainerStatus::Suspended if ran_out => TrainerStatus::Expired,
        TrainerStatus::NotYet | TrainerStatus::Listed | TrainerStatus::Suspended | TrainerStatus::Expired | TrainerStatus::Removed => {
            standing
        }
    }
}

fn check_trainers(view: &TableView, world: &World, as_of: AsOf) {
    for number in 0..2 {
        let trainer = history::trainer_id(number);
        let entry = trainers::by_id(view, trainer, as_of).unwrap();
        assert_eq!(entry.is_some(), world.listed.contains_key(&trainer));
        let Some(entry) = entry else { continue };
        assert_eq!((&entry.name, &entry.occupations), (&world.listed[&trainer].name, &world.listed[&trainer].occupations));
        assert_eq!(entry.status, trainer_status(world, trainer, as_of));
    }
}

fn check_occupations(view: &TableView, world: &World, as_of: AsOf) {
    use crate::occupations::Directions;
    let listed = occupations::list(view, as_of).unwrap();
    assert_eq!(listed.len(), world.occupations.len());
    for entry in listed {
        assert_eq!(entry.name_zh, world.occupations[&entry.occupation]);
        let codes: BTreeMap<_, _> = entry.codes.iter().map(|code| (code.edition, (code.code.clone(), code.source.clone()))).collect();
        assert_eq!(codes, world.codes[&entry.occupation]);
        for (grade, known) in &entry.directions {
            let told = world.directions.get(&(entry.occupation, *grade));
            match known {
                Directions::NotYetKnown => assert_eq!(told, None),
                Directions::None { .. } => assert_eq!(told, Some(&Vec::new())),
                Directions::Listed { directions, .. } => assert_eq!(told, Some(directions)),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// (a) For any history and any (P, E), every query answers what a naive fold over the events answers.
    #[test]
    fn queries_equal_a_naive_fold_in_every_view(steps in steps(160), sizes in sizes(), views in views(4)) {
        let told = tell(&steps);
        let feed = MemoryFeed::new(&told, &sizes);
        let [quota, certificates, classes, trainers, occupations] = ModelName::ALL.map(|model| build(model, &feed));
        for (position, day) in views {
            let as_of = as_of(position, day, told.len());
            let world = World::new(&told, as_of);
            for query in queries(as_of) {
                check_quota(&quota, &world, &query);
            }
            check_classes(&classes, &world, as_of);
            check_certificates(&certificates, &world, &told, as_of);
            check_trainers(&trainers, &world, as_of);
            check_occupations(&occupations, &world, as_of);
        }
    }

    /// (c) For every row of every answer, `why` names events whose recount is the figure.
    #[test]
    fn why_recounts_to_every_figure(steps in steps(120), sizes in sizes(), views in views(2)) {
        let told = tell(&steps);
        let feed = MemoryFeed::new(&told, &sizes);
        let quota = build(ModelName::Quota, &feed);
        for (position, day) in views {
            let as_of = as_of(position, day, told.len());
            for query in queries(as_of) {
                let answer = quota::query(&quota, &query).unwrap();
                answer.rows.iter().chain([&answer.total]).for_each(|row| check_why(&quota, &told, row, as_of));
            }
        }
    }

    /// (b, e) Rows are the same bytes for any batches, any flushes, any restarts, and when every batch comes twice.
    #[test]
    fn rows_depend_on_the_log_alone(steps in steps(160), one in sizes(), other in sizes(), flush_at in 1..6_usize) {
        let told = tell(&steps);
        let (feed, refed) = (MemoryFeed::new(&told, &one), MemoryFeed::new(&told, &other));
        for model in ModelName::ALL {
            let expected = digest(&build(model, &feed)).unwrap();
            let store = open_rows(RowKind::Memory, std::path::Path::new("")).unwrap();
            let mut slot = Slot::new(model, Arc::new(Table::new(Arc::clone(&store)).unwrap()));
            for (index, batch) in refed.batches().enumerate() {
                apply_batch(&mut [&mut slot], &batch).unwrap();
                apply_batch(&mut [&mut slot], &batch).unwrap();
                if index % flush_at == 0 {
                    slot.table.flush().unwrap();
                    if index % 2 == 0 {
                        // A restart: the model forgets all that it held in memory.
                        slot = Slot::new(model, Arc::new(Table::new(Arc::clone(&store)).unwrap()));
                    }
                }
            }
            // Long delivered batches, and the same events in other batches.
            for batch in refed.batches().chain(feed.batches()) {
                apply_batch(&mut [&mut slot], &batch).unwrap();
            }
            prop_assert_eq!(slot.position(), feed.end());
            prop_assert_eq!(digest(&slot.table.view().unwrap()).unwrap(), expected, "{}", model);
            // Rows that end within a batch of another layout go on after the events they hold.
            let mut slot = Slot::new(model, Arc::new(Table::new(open_rows(RowKind::Memory, std::path::Path::new("")).unwrap()).unwrap()));
            let layouts = [&feed, &refed, &feed, &refed];
            for (turn, layout) in layouts.into_iter().cycle().take(told.len() * 2).enumerate() {
                let next = layout.batches().find(|batch| batch.next_position > slot.position());
                if let Some(batch) = next.filter(|_| turn % 3 < 2) {
                    apply_batch(&mut [&mut slot], &batch).unwrap();
                }
            }
            prop_assert_eq!(digest(&slot.table.view().unwrap()).unwrap(), expected, "{}", model);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// (b) Every row store holds the same rows, also after the process stopped in the middle.
    #[test]
    fn every_store_holds_the_same_rows(steps in steps(120), sizes in sizes(), stop_at in any::<u16>()) {
        let told = tell(&steps);
        let feed = Arc::new(MemoryFeed::new(&told, &sizes));
        let end = feed.end();
        let expected = ModelName::ALL.map(|model| digest(&build(model, &feed)).unwrap());
        for kind in [RowKind::Memory, RowKind::Lmdb, RowKind::Sled] {
            let dir = tempfile::tempdir().unwrap();
            feed.hold_back(u64::from(stop_at) % (end + 1));
            let first = Projections::open(dir.path(), kind, feed.clone()).unwrap();
            prop_assert!(first.wait_for(feed.end(), WAIT));
            first.stop().unwrap();
            drop(first);
            feed.hold_back(end);
            let projections = Projections::open(dir.path(), kind, feed.clone()).unwrap();
            prop_assert!(projections.wait_for(end, WAIT), "{:?}", projections.fault());
            let rows = ModelName::ALL.map(|model| digest(&projections.view(model).unwrap()).unwrap());
            prop_assert_eq!(rows, expected, "{:?}", kind);
            prop_assert!(ModelName::ALL.iter().all(|model| projections.verify_against_fold(*model).unwrap().is_empty()));
            drop(projections);
            let stored = stored_rows(dir.path(), kind, feed.as_ref()).unwrap();
            prop_assert!(kind == RowKind::Memory || stored.iter().all(|(_, rows)| matches!(rows, StoredRows::Compared(_)) && !rows.are_wrong()));
        }
    }

    /// (d) A rebuild that is broken off anywhere and goes on later gives the same rows; it is compared and switched to, and the build before is gone.
    #[test]
    fn a_rebuild_goes_on_after_a_kill(steps in steps(120), sizes in sizes(), break_after in prop::collection::vec(1..6_usize, 0..4)) {
        let told = tell(&steps);
        let feed = Arc::new(MemoryFeed::new(&told, &sizes));
        let dir = tempfile::tempdir().unwrap();
        let model = ModelName::Quota;
        let expected = digest(&build(model, &feed)).unwrap();
        for batches in break_after {
            let projections = Projections::open(dir.path(), RowKind::Lmdb, feed.clone()).unwrap();
            prop_assert!(projections.wait_for(feed.end(), WAIT));
            let mut left = batches;
            let stop = &mut |_| { left -= 1; if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) } };
            let built = projections.rebuild(&[model], stop).unwrap();
            prop_assert!(built.is_none() || left > 0);
        }
        let projections = Projections::open(dir.path(), RowKind::Lmdb, feed.clone()).unwrap();
        prop_assert!(projections.wait_for(feed.end(), WAIT));
        let mut built = projections.rebuild(&[model], &mut |_| ControlFlow::Continue(())).unwrap().unwrap().pop().unwrap();
        let difference = built.compare().unwrap();
        prop_assert!(difference.is_empty(), "{difference:?}");
        prop_assert_eq!(digest(&built.table().view().unwrap()).unwrap(), expected);
        built.switch().unwrap();
        prop_assert_eq!(digest(&projections.view(model).unwrap()).unwrap(), expected);
    }
}

/// Categories that a row can name, so that its text is read back.
#[test]
fn row_keys_read_back_as_they_are_written() {
    let (occupation, trainer) = (history::occupation_id(1), history::trainer_id(1));
    let groups = [
        quota::Group::Total,
        quota::Group::Region(81),
        quota::Group::Month(3),
        quota::Group::Occupation(occupation),
        quota::Group::Direction(occupation, None),
        quota::Group::Direction(occupation, Some("a:b/人工智能".into())),
        quota::Group::Grade(zhixin_events::Grade::Senior),
        quota::Group::OccupationGrade(occupation, zhixin_events::Grade::Senior),
        quota::Group::Trainer(trainer),
        quota::Group::Category(None),
        quota::Group::Category(Some(TalentCategory::UrgentlyNeeded)),
    ];
    for group in groups {
        for region in [None, Some(ReportingUnit::CORPS)] {
            let (year, line) = (PlanYear::new(2025), region.map(|_| Line::Advanced));
            let key = RowKey { year, line, unit: CountUnit::Persons, region_of: RegionOf::Place, region, group: group.clone() };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
    }
    for text in ["", "2025:all:persons:organiser:-:total", "2025:all:persons:organiser:-:month:13", "02025:all:persons:organiser:-:total:-"]
    {
        assert!(text.parse::<RowKey>().is_err(), "{text}");
    }
}

/// A slot that lacks batches before one does not take it: its rows would have a hole.
#[test]
fn batch_beyond_the_rows_is_passed_over() {
    let feed = MemoryFeed::new(&a_year(), &[5]);
    let mut slot =
        Slot::new(ModelName::Classes, Arc::new(Table::new(open_rows(RowKind::Memory, std::path::Path::new("")).unwrap()).unwrap()));
    apply_batch(&mut [&mut slot], &feed.batches().nth(1).unwrap()).unwrap();
    assert_eq!(slot.position(), 0);
    apply_batch(&mut [&mut slot], &feed.batches().next().unwrap()).unwrap();
    assert_eq!(slot.position(), 5);
}

/// A commit that does not decode is quarantined event by event; what comes after it is applied.
#[test]
fn undecodable_commit_is_quarantined_event_by_event() {
    let mut body = zhixin_store::segments::BodyBuilder::new(0, 0);
    assert!(body.push(3, b"no commit"));
    let mut slot =
        Slot::new(ModelName::Trainers, Arc::new(Table::new(open_rows(RowKind::Memory, std::path::Path::new("")).unwrap()).unwrap()));
    let body = body.finish();
    let batch = zhixin_store::feed::Batch { epoch: 1, first_position: 0, next_position: 3, base_ms: 0, chain_after: [1; 32], body: &body };
    apply_batch(&mut [&mut slot], &batch).unwrap();
    let found = quarantined(&slot.table.view().unwrap(), ModelName::Trainers).unwrap();
    assert_eq!(
        found.iter().map(|one| (one.position.0, one.reason.name())).collect::<Vec<_>>(),
        [0, 1, 2].map(|at| (at, "commit_undecodable"))
    );
    assert_eq!(slot.position(), 3);
}

/// A revocation of a certificate that was never issued is quarantined by the models that need it, and by nobody else.
#[test]
fn poison_event_is_quarantined_and_counted() {
    use zhixin_events::certificate::TrainingCertificateRevoked;
    use zhixin_events::{CertificateId, RevocationGround};
    let revoked = TrainingCertificateRevoked {
        certificate: CertificateId::from_bytes([8; 6]),
        number: "ZX-0".into(),
        ground: RevocationGround::Fraud,
        document_number: "文1".into(),
    };
    let mut told = tell(&[]);
    told.push((first_day(), revoked.into()));
    let position = Position(u64::try_from(told.len()).unwrap() - 1);
    let feed = MemoryFeed::new(&told, &[2]);
    for model in ModelName::ALL {
        let found = quarantined(&build(model, &feed), model).unwrap();
        match model {
            ModelName::Quota | ModelName::Certificates | ModelName::Classes => {
                assert_eq!(
                    found.iter().map(|one| (one.position, one.reason.name())).collect::<Vec<_>>(),
                    [(position, "unknown_certificate")]
                );
            }
            ModelName::Trainers | ModelName::Occupations => assert_eq!(found, []),
        }
    }
}
