//! Every figure of the demonstration's year, as of several moments on both axes of time: the events behind it count up to it and belong to
//! it, and `zhixin replay` gives the same from the log alone.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zhixin_tests::system::{Client, Demo, encode, list, number, text};

const GROUPINGS: [&str; 8] = ["region", "month", "occupation", "direction", "grade", "occupation_grade", "trainer", "category"];
const LINES: [&str; 4] = ["all", "advanced", "capability", "digital"];
const FIELDS: [&str; 4] = ["target", "enrolled", "completed", "certified"];
/// Questions on their way at the same time.
const AT_ONCE: usize = 4;

/// The log as `zhixin events --disclosures` prints it, by position, with the persons whom public leaves mask among the subjects.
struct Record(Vec<Value>);

fn with_persons(line: &str) -> anyhow::Result<Value> {
    let mut parts = line.split('\t');
    let mut event: Value = serde_json::from_str(parts.next().context("a leaf")?)?;
    for disclosure in parts {
        let [_, name, value]: [Value; 3] = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(disclosure)?)?;
        if name == "_persons" {
            event["s"].as_array_mut().context("subjects")?.extend(list(&value, "")?.iter().cloned());
        }
    }
    Ok(event)
}

/// A moment as the interface and the command line name it.
#[derive(Debug, Clone)]
struct Moment {
    as_of: String,
    effective_by: String,
}

impl Moment {
    fn new(as_of: impl Into<String>, effective_by: impl Into<String>) -> Self {
        Self { as_of: as_of.into(), effective_by: effective_by.into() }
    }
    fn query(&self) -> String {
        format!("as_of={}&effective_by={}", encode(&self.as_of), self.effective_by)
    }
}

/// The id of the first subject of a kind; for a seat or a claim of its kind the whole text.
fn subject<'e>(event: &'e Value, kind: &str) -> Option<&'e str> {
    event["s"].as_array()?.iter().find_map(|subject| subject[0].as_str()?.strip_prefix(kind)?.strip_prefix('/'))
}

impl Record {
    /// The last event of this type about a class that a moment shows.
    fn of_class(&self, class: &str, event_type: &str, end: u64, effective_by: &str) -> Option<&Value> {
        let is_it = |event: &&Value| {
            event["t"] == event_type
                && event["n"].as_u64().is_some_and(|position| position < end)
                && event["eo"].as_str().is_some_and(|day| day <= effective_by)
                && subject(event, "class") == Some(class)
        };
        self.0.iter().rfind(is_it)
    }

    /// Whether the class of an event belongs to a row: its end to the year and the month, the rest to the group.
    fn belongs(&self, event: &Value, row: &str, end: u64, effective_by: &str) -> anyhow::Result<bool> {
        let class = subject(event, "class").context("an event of a class")?;
        let plan = &self.of_class(class, "class.run-planned", end, effective_by).context("a plan")?["x"];
        let closed = self.of_class(class, "class.run-closed", end, effective_by).map(|closed| &closed["x"]["closed_on"]);
        let ends_on = closed.unwrap_or(&plan["ends_on"]).as_str().context("a last day")?;
        let parts: Vec<&str> = row.splitn(7, ':').collect();
        let [year, line, _, region_of, _, group, value] = parts.as_slice() else { anyhow::bail!("{row} is no row") };
        let place = if *region_of == "place" {
            &plan["division"].as_str().context("a place")?[..2]
        } else {
            plan["unit"].as_str().context("a unit")?
        };
        let direction = match plan["direction"].as_str() {
            Some(direction) => format!("{}:{direction}", text(plan, "/occupation")?),
            None => text(plan, "/occupation")?,
        };
        let grouped = match *group {
            "region" => place == *value,
            "month" => ends_on[5..7] == **value,
            "occupation" | "grade" | "trainer" => plan[group] == *value,
            "direction" => direction == *value,
            // The category of a person is no open field of a leaf.
            _ => true,
        };
        Ok(grouped && ends_on.starts_with(year) && (*line == "all" || plan["line"] == *line))
    }

    /// Counts the events behind a figure up again, and looks at each.
    fn recount(&self, row: &str, field: &str, events: &[Value], end: u64, effective_by: &str) -> anyhow::Result<i64> {
        let expected: &[&str] = match field {
            "target" => &["plan.target-set", "plan.target-adjusted"],
            "enrolled" => &["class.trainee-registered", "class.completion-test-recorded", "class.completion-test-corrected"],
            "completed" => &["class.completion-test-recorded", "class.completion-test-corrected"],
            _ => &["certificate.training-certificate-issued"],
        };
        let (mut seen, mut sum) = (BTreeSet::new(), 0);
        for told in events {
            let position = number(told, "/position")?;
            let event = self.0.get(usize::try_from(position)?).context("an event of the log")?;
            assert_eq!(event["n"].as_u64(), Some(position));
            assert!(expected.contains(&event["t"].as_str().unwrap()), "{row} {field}: {event}");
            assert!(position < end && event["eo"].as_str().unwrap() <= effective_by, "{row} {field}: {event} is not in the view");
            if field == "target" {
                assert!(seen.insert(text(event, "/s/0/0")?), "{row}: {event} sets a target twice");
                sum += event["x"]["people"].as_i64().unwrap();
            } else {
                let person = subject(event, "person").context("a person")?;
                let counted =
                    if row.contains(":persons:") { person.to_owned() } else { format!("{person} {}", subject(event, "class").unwrap()) };
                assert!(seen.insert(counted), "{row} {field}: {event} is counted twice");
                assert!(self.belongs(event, row, end, effective_by)?, "{row} {field}: {event} is of another row");
                sum += 1;
            }
        }
        Ok(sum)
    }
}

/// Every row of the year in a moment, as the interface gives them.
async fn rows(client: &Client, moment: &Moment) -> anyhow::Result<(BTreeMap<String, Value>, u64)> {
    let mut rows = BTreeMap::new();
    let mut end = 0;
    for unit in ["persons", "trainings"] {
        for line in LINES {
            for (group_by, region_of) in GROUPINGS.into_iter().map(|group_by| (group_by, "organiser")).chain([("region", "place")]) {
                let path = format!(
                    "/api/v1/quota?year={}&line={line}&unit={unit}&group_by={group_by}&region_of={region_of}&{}",
                    Demo::YEAR,
                    moment.query()
                );
                let answer = client.ask(&path).await?;
                end = number(&answer, "/position")? + 1;
                assert_eq!(text(&answer, "/effective_by")?, moment.effective_by);
                for row in list(&answer, "/rows")?.iter().chain([&answer["total"]]) {
                    let figures: Value = FIELDS.iter().map(|field| ((*field).to_owned(), row[field].clone())).collect();
                    let key = text(row, "/key")?;
                    let before = rows.insert(key.clone(), figures.clone());
                    assert!(before.is_none_or(|before| before == figures), "{key} is told in two ways");
                }
            }
        }
    }
    Ok((rows, end))
}

/// The same rows as `zhixin replay` prints them.
fn replayed(demo: &Demo, moment: &Moment) -> anyhow::Result<BTreeMap<String, Value>> {
    let words = ["replay", "--model", "quota", "--json", "--as-of", &moment.as_of, "--effective-by", &moment.effective_by];
    let ran = demo.folder().run(&words)?.ended(0)?;
    let row = |line: &str| {
        let line: Value = serde_json::from_str(line)?;
        Ok((text(&line, "/key")?, serde_json::from_str(&text(&line, "/value")?)?))
    };
    let rows: BTreeMap<String, Value> = ran.lines().into_iter().map(row).collect::<anyhow::Result<_>>()?;
    Ok(rows.into_iter().filter(|(key, _)| key.starts_with(&format!("{}:", Demo::YEAR))).collect())
}

/// Asks why for every figure of every row, and counts the events up again; gives how many figures and events there were.
async fn ask_why(
    client: &Client,
    record: &Arc<Record>,
    moment: &Moment,
    rows: BTreeMap<String, Value>,
    end: u64,
) -> anyhow::Result<(usize, usize)> {
    let mut cells: Vec<Vec<(String, &'static str, i64)>> = vec![Vec::new(); AT_ONCE];
    for (at, (row, figures)) in rows.into_iter().enumerate() {
        cells[at % AT_ONCE].extend(FIELDS.map(|field| (row.clone(), field, figures[field].as_i64().unwrap_or(0))));
    }
    let count = cells.iter().map(Vec::len).sum();
    let mut tasks = Vec::new();
    for cells in cells {
        let (client, record, moment) = (client.clone(), Arc::clone(record), moment.clone());
        tasks.push(tokio::spawn(async move {
            let mut told = 0;
            for (row, field, figure) in cells {
                let path = format!("/api/v1/why?model=quota&row={}&field={field}&limit=200&{}", encode(&row), moment.query());
                let why = client.ask(&path).await?;
                assert!(why["next"].is_null(), "{row} {field}: more events than the demonstration has people");
                let events = list(&why, "/events")?;
                assert_eq!(why["figure"].as_i64(), Some(figure), "{row} {field}");
                assert_eq!(record.recount(&row, field, events, end, &moment.effective_by)?, figure, "{row} {field}: {events:?}");
                told += events.len();
            }
            anyhow::Ok(told)
        }));
    }
    let mut told = 0;
    for task in tasks {
        told += task.await??;
    }
    Ok((count, told))
}

/// Aim: no figure without its events. Method: every row of every grouping, line and unit in six moments; the events that `why` gives are
/// looked up in the log, must belong to the row and the moment, and count up to the figure; and `replay` gives every row alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_behind_every_figure_recount_to_it_and_replay_agrees() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let events = demo.folder().run(&["events", "--disclosures"])?.ended(0)?;
    let record = Record(events.lines().into_iter().map(with_persons).collect::<Result<_, _>>()?);
    let (last, year) = (record.0.len() - 1, Demo::YEAR);
    let record = Arc::new(record);
    let folder = demo.copy()?;
    let server = folder.serve(&[])?;
    let client = Client::of(&server)?.sign_in(demo.account("national_office")?).await?;
    let moments = [
        Moment::new(format!("@{last}"), client.today().await?.to_string()),
        Moment::new(format!("{year}-07-15"), format!("{year}-07-15")),
        Moment::new(format!("@{}", last * 2 / 3), format!("{}-01-31", year + 1)),
        Moment::new(format!("@{last}"), format!("{year}-06-10")),
        Moment::new(format!("{year}-09-30T12:00:00+08:00"), format!("{year}-04-30")),
        Moment::new(format!("@{}", last / 4), format!("{year}-12-31")),
    ];
    for moment in moments {
        let (rows, end) = rows(&client, &moment).await?;
        assert_eq!(replayed(&demo, &moment)?, rows, "{moment:?}");
        let (figures, events) = ask_why(&client, &record, &moment, rows, end).await?;
        assert!(figures > 200 && events > 100, "{moment:?}: only {figures} figures of {events} events");
    }
    server.stop()
}
