//! The rule packs and holiday calendars that are shipped: read from the binary, published as events by the process itself.
//!
//! Decisions use packs from the record, never from files: a first start publishes what is shipped, and a later version publishes the editions
//! that have changed since. The figures of the demonstration are a pack of their own, published by it alone.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use zhixin_domain::Command;
use zhixin_domain::document::{PublishHolidayCalendar, PublishRulePack};
use zhixin_engine::answer::CommandError;
use zhixin_engine::handle::EngineHandle;
use zhixin_events::digest::sha256;
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::{CivilDate, FigureUnit, PlanYear, ReportingUnit, SourceMark};

/// Packs that every log has.
const PACKS: [&str; 1] = [include_str!("../rules/national.toml")];
/// Calendars that every log has, the earliest year first.
const CALENDARS: [&str; 3] =
    [include_str!("../rules/holidays-2024.toml"), include_str!("../rules/holidays-2025.toml"), include_str!("../rules/holidays-2026.toml")];
/// What the demonstration adds.
const DEMO_FIGURES: &str = include_str!("../rules/demo-figures.toml");
/// The edition in force was read from the same file, or the calendar in force names the same days.
const SAME_AS_IN_FORCE: [&str; 2] = ["DOC-0002", "DOC-0009"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    name: String,
    title: String,
    unit: Option<u8>,
    figures: Vec<FigureRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureRow {
    key: String,
    value: Option<String>,
    unit: String,
    from: String,
    until: Option<String>,
    mark: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    year: u16,
    /// Date of the notice.
    issued: String,
    source: String,
    /// Days, or spans `first/last`.
    days_off: Vec<String>,
    work_days: Vec<String>,
}

/// A calendar that is shipped.
pub(crate) struct ShippedCalendar {
    /// Date of the notice: no record can hold the calendar before.
    pub(crate) issued: CivilDate,
    /// The command that publishes it.
    pub(crate) publish: PublishHolidayCalendar,
}

/// Publishes whatever is shipped, issued by the engine's time, and not yet in force.
///
/// # Errors
/// A shipped file is malformed, or the engine does not take it.
pub(crate) fn publish_shipped(handle: &EngineHandle) -> anyhow::Result<()> {
    for text in PACKS {
        publish(handle, rule_pack(text)?, text)?;
    }
    let today = handle.now()?.civil_date();
    for text in CALENDARS {
        let shipped = calendar(text)?;
        if shipped.issued <= today {
            publish(handle, shipped.publish, text)?;
        }
    }
    Ok(())
}

/// The pack of the demonstration: made-up figures where the official text is not known.
///
/// # Errors
/// The shipped file is malformed.
pub(crate) fn demo_figures() -> anyhow::Result<PublishRulePack> {
    rule_pack(DEMO_FIGURES)
}

/// The shipped calendars.
///
/// # Errors
/// A shipped file is malformed.
pub(crate) fn calendars() -> anyhow::Result<Vec<ShippedCalendar>> {
    CALENDARS.into_iter().map(calendar).collect()
}

/// The key is made from the file, so that a repeated start is the same command and a changed file another.
fn publish(handle: &EngineHandle, command: impl Into<Command>, text: &str) -> anyhow::Result<()> {
    let digest = sha256(&[text.as_bytes()]).into_iter().take(16).fold(0_u128, |digest, byte| (digest << 8) | u128::from(byte));
    let submission = handle.system_submission(command, &format!("shipped-{digest:032x}"));
    match handle.execute_blocking(submission) {
        Ok(_) => Ok(()),
        Err(CommandError::Refused(refusal)) if SAME_AS_IN_FORCE.contains(&refusal.code) => Ok(()),
        Err(error) => Err(error).context("a shipped rule pack or calendar was not taken"),
    }
}

/// Reads a pack.
///
/// # Errors
/// Where the text is malformed.
fn rule_pack(text: &str) -> anyhow::Result<PublishRulePack> {
    let file: PackFile = toml::from_str(text).context("a rule pack is malformed")?;
    let figures = file.figures.into_iter().map(|row| {
        let key = row.key.clone();
        figure(row).with_context(|| format!("figure {key} of pack {}", file.name))
    });
    Ok(PublishRulePack {
        figures: figures.collect::<anyhow::Result<_>>()?,
        name: file.name.clone(),
        title: file.title,
        unit: file.unit.map(ReportingUnit::new).transpose()?,
        digest: Digest32(sha256(&[text.as_bytes()])),
    })
}

fn figure(row: FigureRow) -> anyhow::Result<PackFigure> {
    Ok(PackFigure {
        unit: FigureUnit::from_name(&row.unit).with_context(|| format!("unknown unit {}", row.unit))?,
        effective_from: CivilDate::parse(&row.from)?,
        effective_until: row.until.as_deref().map(CivilDate::parse).transpose()?,
        mark: SourceMark::from_name(&row.mark).with_context(|| format!("unknown mark {}", row.mark))?,
        key: row.key,
        value: row.value,
        source: row.source,
    })
}

/// Reads a calendar.
///
/// # Errors
/// Where the text is malformed.
fn calendar(text: &str) -> anyhow::Result<ShippedCalendar> {
    let file: CalendarFile = toml::from_str(text).context("a holiday calendar is malformed")?;
    let mut days_off = Vec::new();
    for entry in &file.days_off {
        let (first, last) = entry.split_once('/').unwrap_or((entry, entry));
        let (mut day, last) = (CivilDate::parse(first)?, CivilDate::parse(last)?);
        if last < day {
            bail!("the span {entry} of the calendar of {} is reversed", file.year);
        }
        while day <= last {
            days_off.push(day);
            day = day.plus_days(1);
        }
    }
    let work_days = file.work_days.iter().map(|day| CivilDate::parse(day)).collect::<Result<_, _>>()?;
    let publish = PublishHolidayCalendar { year: PlanYear::new(file.year), days_off, work_days, source: file.source };
    Ok(ShippedCalendar { issued: CivilDate::parse(&file.issued)?, publish })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_figure_has_a_source_and_only_the_demonstration_makes_figures_up() {
        let national = rule_pack(PACKS[0]).unwrap();
        assert!(national.figures.iter().all(|figure| !figure.source.is_empty() && figure.mark != SourceMark::TestData));
        let empty: Vec<_> = national.figures.iter().filter(|figure| figure.value.is_none()).map(|figure| figure.key.clone()).collect();
        let made_up: Vec<_> =
            demo_figures().unwrap().figures.into_iter().inspect(|figure| assert_eq!(figure.mark, SourceMark::TestData)).collect();
        assert_eq!(empty.len(), 60, "hours and content of ten occupations in three grades");
        assert_eq!(made_up.iter().map(|figure| figure.key.clone()).collect::<Vec<_>>(), empty);
        assert!(made_up.iter().all(|figure| figure.value.is_some()));
    }

    #[test]
    fn the_lines_of_the_plan_sum_to_the_programme() {
        let national = rule_pack(PACKS[0]).unwrap();
        let value = |key: &str| {
            let figure = national.figures.iter().find(|figure| figure.key == key).unwrap();
            assert_eq!(figure.mark, SourceMark::Plan);
            figure.value.as_deref().unwrap().parse::<u32>().unwrap()
        };
        let lines = ["advanced", "capability", "digital"].map(|line| value(&format!("{line}.people_per_year")));
        assert_eq!(lines.iter().sum::<u32>(), value("programme.people_per_year"));
    }

    #[test]
    fn spans_of_a_calendar_become_days_and_swapped_weekends_are_weekends() {
        for ShippedCalendar { issued, publish } in calendars().unwrap() {
            assert!(publish.work_days.iter().all(|day| day.is_weekend()), "{}", publish.year);
            assert!(publish.days_off.windows(2).all(|pair| pair[0] < pair[1]), "{}", publish.year);
            assert!(issued < publish.days_off[0] && publish.year == PlanYear::new(u16::try_from(issued.year() + 1).unwrap()));
        }
        let of_2025 = &calendars().unwrap()[1].publish;
        assert_eq!(of_2025.days_off.len(), 28, "1 + 8 + 3 + 5 + 3 + 8");
        assert!(
            calendar("year = 2025\nissued = \"2024-11-12\"\nsource = \"x\"\ndays_off = [\"2025-02-04/2025-01-28\"]\nwork_days = []")
                .is_err()
        );
    }
}
