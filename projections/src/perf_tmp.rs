use crate::model::*;
use crate::properties::history::*;
use std::sync::Arc;
use std::time::Instant;
use zhixin_events::certificate::*;
use zhixin_events::class::*;
use zhixin_events::hours::*;
use zhixin_events::person::*;
use zhixin_events::*;
use zhixin_store::rows::MemoryRows;
use zhixin_store::table::Table;
fn id(n: u32) -> [u8; 6] { let [a,b,c,d] = (n.wrapping_mul(2654435761)).to_be_bytes(); let [e,f,..]=n.to_le_bytes(); [a & 0x7f, b, c, d, e, f] }
#[test]
fn perf() {
    let classes = 600_u32; let trainees = 30_u32;
    let units: Vec<_> = ReportingUnit::all().collect();
    let mut told: Vec<Told> = Vec::new();
    for c in 0..classes {
        let class = ClassId::from_bytes(id(c));
        let start = CivilDate::from_ymd(2025,1,1).unwrap().plus_days((c % 300) as i32);
        let unit = units[(c % 32) as usize];
        told.push((start.plus_days(-30), RunPlanned { class, title: "班".into(), line: Line::Digital, trainer: TrainerId::from_bytes(id(c % 200)), organisation: OrganisationId::from_bytes(id(c % 200)), unit, division: DivisionCode::new(u32::from(unit.code()) * 10000).unwrap(), occupation: OccupationId::from_bytes(id(c % 17)), direction: Some(format!("方向{}", c % 5)), grade: Grade::Junior, mode: DeliveryMode::Online, starts_on: start, ends_on: start.plus_days(12), seats: PeopleCount::new(30), modules: vec![] }.into()));
        let p = |t: u32| PersonId::from_bytes(id(1_000_000 + c * trainees + t));
        for t in 0..trainees {
            told.push((start.plus_days(-5), PersonRegistered { person: p(t), document_kind: DocumentKind::IdentityCard, number_override: false }.into()));
            told.push((start.plus_days(-5), TraineeRegistered { class, person: p(t), category: Some(TalentCategory::Backbone), employer: None, job: None }.into()));
        }
        for s in 1..=13_u16 {
            let on = start.plus_days(i32::from(s) - 1);
            told.push((on, SessionHeld { class, session: SessionNumber::new(s), held_on: on, module: "M1".into(), hours: HoursTenths::new(80), mode: DeliveryMode::Online }.into()));
            for t in 0..trainees {
                told.push((on, AttendanceRecorded { class, session: SessionNumber::new(s), person: p(t), attendance: Attendance::Present }.into()));
            }
        }
        let end = start.plus_days(12);
        for t in 0..trainees {
            told.push((end, CompletionTestRecorded { class, person: p(t), points: Points::new(80), passed: true, pass_mark: Points::new(60), hours_attended: HoursTenths::new(80) }.into()));
        }
        told.push((end, RunClosed { class, closed_on: end }.into()));
        for t in 0..trainees {
            told.push((end, HoursPosted { person: p(t), class, year: PlanYear::new(2025), professional: HoursTenths::new(80) }.into()));
            told.push((end, TrainingCertificateIssued { certificate: CertificateId::from_bytes(id(5_000_000 + c * trainees + t)), number: format!("ZX-2025-{:08}", c * trainees + t), class, person: p(t), trainer: TrainerId::from_bytes(id(c % 200)), occupation: OccupationId::from_bytes(id(c % 17)), direction: None, grade: Grade::Junior, issued_on: end, hours: HoursTenths::new(80), name_position: 1 }.into()));
        }
    }
    let feed = MemoryFeed::new(&told, &[2000]);
    let n = told.len() as f64;
    println!("events {n}, log bytes/event {:.0}", feed.batches().map(|b| b.body.len()).sum::<usize>() as f64 / n);
    drop(told);
    let mk = |m| Slot::new(m, Arc::new(Table::new(Arc::new(MemoryRows::new())).unwrap()));
    let t = Instant::now();
    for b in feed.batches() { apply_batch(&mut [], &b).unwrap(); }
    for b in feed.batches() { let body = zhixin_store::segments::Body::parse(b.body).unwrap(); for f in body.frames() { let c = Commit::decode(f.bytes, Timestamp(body.base_ms())).unwrap(); for r in c.recorded(Position(f.first_position)) { std::hint::black_box(r.unwrap()); } } }
    println!("decode only {:.0}/s", n / t.elapsed().as_secs_f64());
    for m in ModelName::ALL {
        let mut s = mk(m);
        let t = Instant::now();
        for b in feed.batches() { apply_batch(&mut [&mut s], &b).unwrap(); }
        let e = t.elapsed();
        let bytes = s.table.unflushed_bytes();
        s.table.flush().unwrap();
        println!("{m} {:.0}/s  bytes/event {:.1} rows {:.1} (unflushed {:.1})", n / e.as_secs_f64(), s.table.store().size_on_disk().unwrap() as f64 / n, 0.0, bytes as f64 / n);
        if m == ModelName::Quota {
            use crate::quota::*;
            let view = s.table.view().unwrap();
            for g in GroupBy::ALL { for unit in [CountUnit::Persons, CountUnit::Trainings] {
                let q = QuotaQuery { year: PlanYear::new(2025), line: None, group_by: g, unit, region_of: RegionOf::Organiser, region: None, as_of: crate::AsOf { position: (n * 0.7) as u64, effective_by: CivilDate::from_ymd(2025,7,15).unwrap() } };
                let t = Instant::now();
                let a = query(&view, &q).unwrap();
                println!("  {g:?} {unit:?} {} rows {:?} total {}", a.rows.len(), t.elapsed(), a.total.enrolled);
            } }
        }
    }
    let mut all: Vec<_> = ModelName::ALL.map(mk).into_iter().collect();
    let t = Instant::now();
    for b in feed.batches() { let mut s: Vec<_> = all.iter_mut().collect(); apply_batch(&mut s, &b).unwrap(); }
    println!("all {:.0}/s", n / t.elapsed().as_secs_f64());
}
