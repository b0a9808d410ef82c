//! Rules on the record: every tag has golden files, a line in CHANGELOG and its event type a row in GLOSSARY.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::source::code_only;
use crate::tree::{Outcome, read, report, root, rust_files};

/// One registry line: the tag as `0x0805` and the event type as `TrainerSuspended`.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    tag: String,
    event: String,
}

/// Lines that name a tag and a wire struct (`…V1`).
fn lines(registry: &str) -> Vec<Line> {
    code_only(registry).lines().filter_map(|line| Some(Line { tag: tag(line)?, event: event(line)? })).collect()
}

fn tag(line: &str) -> Option<String> {
    let at = line.find("0x")?;
    let digits = line[at + 2..].chars().take_while(char::is_ascii_hexdigit).collect::<String>();
    (digits.len() == 4).then(|| format!("0x{}", digits.to_uppercase()))
}

/// The event type behind a wire struct: its name without the version.
fn event(line: &str) -> Option<String> {
    line.split(|c: char| !c.is_alphanumeric()).find_map(|word| {
        let (name, version) = word.rsplit_once('V')?;
        let is_type = name.starts_with(char::is_uppercase) && name.len() > 1;
        (is_type && !version.is_empty() && version.chars().all(|c| c.is_ascii_digit())).then(|| name.to_owned())
    })
}

fn without_golden(lines: &[Line], golden: &[String]) -> Vec<String> {
    let has = |tag: &str| golden.iter().any(|name| name.to_lowercase().starts_with(&tag.to_lowercase()));
    lines.iter().filter(|line| !has(&line.tag)).map(|line| format!("{}: no golden file; run `cargo xtask bless`", line.tag)).collect()
}

fn without_changelog(lines: &[Line], changelog: &str) -> Vec<String> {
    let changelog = changelog.to_lowercase();
    let missing = lines.iter().filter(|line| !changelog.contains(&line.tag.to_lowercase()));
    missing.map(|line| format!("{} ({}): not in CHANGELOG.md", line.tag, line.event)).collect()
}

fn without_glossary(lines: &[Line], glossary: &str) -> Vec<String> {
    let has = |event: &str| glossary.lines().any(|row| row.starts_with('|') && row.contains(&format!("`{event}`")));
    lines.iter().filter(|line| !has(&line.event)).map(|line| format!("`{}`: no row in GLOSSARY.md", line.event)).collect()
}

/// Events that no file of the engine or of the domain's commands makes. What folds an event names it behind its enum (`…Event::Name`), and
/// what makes one names it alone; the scenarios of tests do not count.
fn without_producer(lines: &[Line], makers: &[String]) -> Vec<String> {
    let is_made_in = |source: &str, event: &str| {
        source.match_indices(event).any(|(at, _)| {
            let before = source[..at].chars().next_back().unwrap_or(' ');
            source[at + event.len()..].starts_with(" {") && !before.is_alphanumeric() && before != ':'
        })
    };
    let missing = lines.iter().filter(|line| !makers.iter().any(|source| is_made_in(source, &line.event)));
    missing.map(|line| format!("{} ({}): nothing makes this event", line.tag, line.event)).collect()
}

/// The code, without its tests, of all that may make events.
fn makers() -> Result<Vec<String>> {
    let helpers = ["scenario.rs", "histories.rs"];
    let of_makers = |path: &str| {
        (path.starts_with("core/domain/src/") || path.starts_with("core/engine/src/"))
            && !helpers.iter().any(|helper| path.ends_with(helper))
    };
    let files = rust_files()?.into_iter().filter(|file| of_makers(&file.path));
    Ok(files.map(|file| code_only(&file.text).split("#[cfg(test)]").next().unwrap_or_default().to_owned()).collect())
}

fn repeated(lines: &[Line]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    lines.iter().filter(|line| !seen.insert(&line.tag)).map(|line| format!("{}: a tag is never used twice", line.tag)).collect()
}

fn registry() -> Result<Vec<Line>> {
    let lines = lines(&read("events-schema/src/registry.rs")?);
    ensure!(!lines.is_empty(), "no registry line was understood: has its form changed?");
    Ok(lines)
}

fn golden_files() -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("events-schema/golden")];
    while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

#[test]
fn every_tag_has_golden_bytes() -> Outcome {
    report(&without_golden(&registry()?, &golden_files()?))
}

#[test]
fn every_tag_is_in_the_changelog() -> Outcome {
    report(&without_changelog(&registry()?, &read("CHANGELOG.md")?))
}

#[test]
fn every_event_type_is_in_the_glossary() -> Outcome {
    report(&without_glossary(&registry()?, &read("GLOSSARY.md")?))
}

#[test]
fn every_event_type_is_made_by_something() -> Outcome {
    report(&without_producer(&registry()?, &makers()?))
}

#[test]
fn an_event_that_nothing_makes_is_flagged() {
    let makers = |text: &str| [text.to_owned()];
    assert_eq!(without_producer(&sample(), &makers("DirectoryEvent::TrainerSuspended { ground } => {}")).len(), 1);
    assert!(without_producer(&sample(), &makers("let event = TrainerSuspended { trainer };")).is_empty());
}

#[test]
fn no_tag_is_used_twice() -> Outcome {
    report(&repeated(&registry()?))
}

#[cfg(test)]
fn sample() -> Vec<Line> {
    lines("    // 0x0101 retired\n    0x0805 Directory TrainerSuspended directory::TrainerSuspendedV1,\n    0x00ff mask\n")
}

#[test]
fn a_registry_line_is_a_tag_and_a_wire_struct() {
    assert_eq!(sample(), [Line { tag: "0x0805".to_owned(), event: "TrainerSuspended".to_owned() }]);
}

#[test]
fn a_tag_without_golden_changelog_or_glossary_is_flagged() {
    assert_eq!(without_golden(&sample(), &["0x0804_trainer_listed_v1.txt".to_owned()]).len(), 1);
    assert_eq!(without_golden(&sample(), &["0x0805_trainer_suspended_v1.txt".to_owned()]).len(), 0);
    assert_eq!(without_changelog(&sample(), "- `0x0804` `TrainerListed`").len(), 1);
    assert_eq!(without_glossary(&sample(), "`TrainerSuspended` in a sentence\n| 机构 | `TrainerListed` |").len(), 1);
    assert_eq!(without_glossary(&sample(), "| 暂停 | `TrainerSuspended` |").len(), 0);
}

#[test]
fn a_tag_used_twice_is_flagged() {
    let mut lines = sample();
    lines.extend(sample());
    assert_eq!(repeated(&lines).len(), 1);
}
