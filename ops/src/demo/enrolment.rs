//! How people get into a run: by import of a roster, or one by one; and the attempts that are refused on the way.

use std::ops::Range;

use zhixin_domain::class::register_trainee::{PersonDescription, Trainee};
use zhixin_domain::class::{Employer, EmployerDescription, FinishRosterImport, RegisterTrainee, StartRosterImport};
use zhixin_events::digest::sha256;
use zhixin_events::field::Digest32;
use zhixin_events::{JobId, ReportingUnit, Secret, TalentCategory};

use super::accounts::Holder;
use super::chance::Chance;
use super::fate::Fate;
use super::organisations;
use super::people;
use super::stage::{Stage, Then, known};
use super::steps::{Orders, class};

/// The run whose seats are all taken, so that one more person is refused.
pub(crate) const FULL_RUN: usize = 1;
/// Days by which a back-dated registration lies before its record.
const BACK_DATED_DAYS: i32 = 5;
/// Indices of people who are only ever refused: beyond everybody who gets a seat.
const STRANGERS_FROM: u64 = people::PEOPLE_MAX - 10_000;

/// Every tenth import has one row more than it has people: a number with a wrong check character and no reason.
const fn has_refused_row(run: usize) -> bool {
    run.is_multiple_of(10)
}

/// What a roster says of somebody.
fn description(stage: &Stage<'_>, index: u64, fate: Fate) -> PersonDescription {
    let person = people::person(stage.seed, index);
    let bad = fate == Fate::BadNumber;
    PersonDescription {
        document_kind: person.document_kind,
        document_number: if bad { people::with_wrong_check(&person.number) } else { person.number },
        name: if fate == Fate::NameCorrected { person.name_mistyped } else { person.name },
        phone: (index % 10 != 7).then_some(person.phone),
        override_reason: bad.then(|| Secret::new("证件号码校验位与证件一致，持证属实".to_owned())),
    }
}

/// The registration of somebody in a seat.
///
/// # Errors
/// The run is not planned yet.
pub(crate) fn registration(
    stage: &Stage<'_>,
    run: usize,
    seat: usize,
    person: Trainee,
    job: Option<JobId>,
) -> anyhow::Result<RegisterTrainee> {
    let planned = stage.run(run)?;
    let mut chance = Chance::new(stage.seed, "registration", u64::try_from(run * 10_000 + seat)?);
    let category = match chance.below(10) {
        0..=1 => Some(TalentCategory::HighLevel),
        2..=4 => Some(TalentCategory::UrgentlyNeeded),
        5..=8 => Some(TalentCategory::Backbone),
        _ => None,
    };
    let unit = stage.schedule.trainers.get(planned.trainer).map(|trainer| trainer.unit);
    let employer = stage.schedule.employers.iter().find(|employer| Some(employer.unit) == unit);
    let employer = employer.and_then(|employer| employer.organisation).filter(|_| chance.happens(5_000));
    let title_level = if chance.happens(3_000) { Some("中级".to_owned()) } else { None };
    let employer = employer.map_or_else(|| described_employer(&mut chance, seat, job.is_some()), |id| Some(Employer::Registered(id)));
    Ok(RegisterTrainee { class: class(planned)?, person, category, employer, title_level, job })
}

/// An employer that nobody registered, as rosters name it; a few of an import with a code whose check character is wrong, and the reason.
fn described_employer(chance: &mut Chance, seat: usize, imported: bool) -> Option<Employer> {
    if !chance.happens(4_000) {
        return None;
    }
    let kind = organisations::Kind::Company;
    let unit = ReportingUnit::all().nth(usize::try_from(chance.below(31)).ok()?)?;
    let overridden = imported && chance.happens(500);
    let number = u32::try_from(900_000 + seat).ok()?;
    let right = organisations::uscc(unit, kind, number);
    Some(Employer::Described(EmployerDescription {
        name: Some(organisations::name(unit, kind, 50 + seat % 40)),
        uscc: if overridden { Some(organisations::with_wrong_check(&right)) } else { Some(right) },
        override_reason: overridden.then(|| Secret::new("登记证书上的代码即如此".to_owned())),
    }))
}

/// Registers these seats.
fn seats(stage: &Stage<'_>, run: usize, seats: Range<usize>, job: Option<JobId>) -> Orders {
    let planned = stage.run(run)?;
    let staff = Holder::Staff(planned.trainer);
    let mut orders = Vec::new();
    for place in seats {
        let seat = stage.seat(run, place)?;
        let person = Trainee::Described(description(stage, seat.person, seat.fate));
        let order = stage.order(staff, registration(stage, run, place, person, job)?, Then::Registered(run, place))?;
        let today = stage.handle.now()?.civil_date();
        let back_dated = seat.fate == Fate::BackDated;
        orders.push(if back_dated { order.dated(today.plus_days(-BACK_DATED_DAYS)) } else { order });
    }
    Ok(orders)
}

/// Registers seats one by one. Once, somebody is entered twice, and once a full run gets one person more.
///
/// # Errors
/// Something is not known yet.
pub(crate) fn by_hand(stage: &Stage<'_>, run: usize, range: Range<usize>) -> Orders {
    let planned = stage.run(run)?;
    let staff = Holder::Staff(planned.trainer);
    let last = range.end == planned.seats.len();
    let mut orders = seats(stage, run, range, None)?;
    if run == 0 && last {
        let again = Trainee::Known(stage.person(run, 0)?);
        orders.push(stage.order(staff, registration(stage, run, 0, again, None)?, Then::Nothing)?.refused("CLASS-0004"));
    }
    if run == FULL_RUN && last {
        let stranger = Trainee::Described(description(stage, STRANGERS_FROM, Fate::Completes));
        orders.push(stage.order(staff, registration(stage, run, 0, stranger, None)?, Then::Nothing)?.refused("CLASS-0005"));
    }
    Ok(orders)
}

/// Starts the import of the first half; before, a number with a wrong check character is tried by hand.
///
/// # Errors
/// The run is not planned yet.
pub(crate) fn start_import(stage: &Stage<'_>, run: usize) -> Orders {
    let planned = stage.run(run)?;
    let staff = Holder::Staff(planned.trainer);
    let mut orders = Vec::new();
    let bad = planned.seats.iter().take(planned.first_half()).find(|seat| seat.fate == Fate::BadNumber);
    if let Some(seat) = bad {
        let mut typed = description(stage, seat.person, Fate::BadNumber);
        typed.override_reason = None;
        let command = registration(stage, run, 0, Trainee::Described(typed), None)?;
        orders.push(stage.order(staff, command, Then::Nothing)?.refused("PERSON-0002"));
    }
    let rows = u32::try_from(planned.first_half() + usize::from(has_refused_row(run)))?;
    let file_digest = Digest32(sha256(&[b"demo-roster", &u64::try_from(run)?.to_be_bytes()]));
    let command = StartRosterImport { class: class(planned)?, rows, file_digest };
    orders.push(stage.order(staff, command, Then::Importing(run))?);
    Ok(orders)
}

/// The rows of the import.
///
/// # Errors
/// The import has not started.
pub(crate) fn import_rows(stage: &Stage<'_>, run: usize) -> Orders {
    let planned = stage.run(run)?;
    let job = Some(known(planned.job, "an import")?);
    let mut orders = seats(stage, run, 0..planned.first_half(), job)?;
    if has_refused_row(run) {
        let mut row = description(stage, STRANGERS_FROM + 1 + u64::try_from(run)?, Fate::BadNumber);
        row.document_kind = zhixin_events::DocumentKind::IdentityCard;
        row.override_reason = None;
        let command = registration(stage, run, 0, Trainee::Described(row), job)?;
        orders.push(stage.order(Holder::Staff(planned.trainer), command, Then::Nothing)?.refused("PERSON-0002"));
    }
    Ok(orders)
}

/// The end of the import.
///
/// # Errors
/// The import has not started.
pub(crate) fn finish_import(stage: &Stage<'_>, run: usize) -> Orders {
    let planned = stage.run(run)?;
    let command = FinishRosterImport {
        job: known(planned.job, "an import")?,
        accepted: u32::try_from(planned.first_half())?,
        refused: u32::from(has_refused_row(run)),
    };
    Ok(vec![stage.order(Holder::Staff(planned.trainer), command, Then::Nothing)?])
}
