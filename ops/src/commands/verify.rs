//! `zhixin verify`: the whole history — chain, checksums, ordinals, tree, last signed checkpoint — and every read model
//! against one made afresh. Changes nothing but `tmp/` and the note of when it was, so it works beside a live server, and tells damage that a
//! start would mend. Prints every check with what it covered, and the first divergence.

use std::sync::Mutex;

use anyhow::Context as _;
use zhixin_engine::maintenance::Act;
use zhixin_engine::verify::{Folder, Outcome, Report, verify_folder};
use zhixin_projections::ModelName;
use zhixin_projections::verify::{StoredRows, stored_rows};

use crate::cli::Common;
use crate::out::Bar;
use crate::{Ending, folder, out};

pub(crate) fn run(common: &Common) -> anyhow::Result<Ending> {
    let folder =
        Folder { checkpoint_file: common.checkpoint_file(), rows: common.rows.kind(), ..Folder::new(&common.data, &common.master_key()) };
    common.reader()?;
    let bar = Mutex::new(Bar::new("verify", 0));
    let report = verify_folder(&folder, &|area, step, done, total| {
        if let Ok(bar) = bar.lock() {
            bar.set(&format!("{area:?} {step:?}").to_lowercase(), done, total);
        }
    })?;
    drop(bar);
    let models = if report.is_whole() { read_models(common)? } else { Vec::new() };
    let whole = report.is_whole() && !models.iter().any(|(_, rows)| rows.are_wrong());
    if common.json {
        print_json(&report, &models, whole)?;
    } else {
        print(&report, &models, whole);
    }
    folder::note_done(common, Act::Verify, whole);
    Ok(if whole { Ending::Well } else { Ending::FoundWrong })
}

/// The stored rows of each read model.
type Models = Vec<(ModelName, StoredRows)>;

fn read_models(common: &Common) -> anyhow::Result<Models> {
    if folder::is_served(&common.data) {
        return Ok(ModelName::ALL.map(|model| (model, StoredRows::InUse)).to_vec());
    }
    let reader = common.reader()?;
    stored_rows(&common.data, common.rows.kind(), reader.as_ref()).context("the read models cannot be made afresh")
}

fn print(report: &Report, models: &Models, whole: bool) {
    for check in &report.checks {
        let name = format!("{:?} {:?}", check.area, check.step).to_lowercase();
        match &check.outcome {
            Outcome::Passed => out::line(&format!("ok    {name:16} {}", check.covered)),
            Outcome::Skipped(reason) => out::line(&format!("left  {name:16} {reason}")),
            Outcome::Differs(divergence) => out::line(&format!("WRONG {name:16} {divergence}")),
        }
    }
    for (model, rows) in models {
        let name = format!("rows {model}");
        match rows {
            StoredRows::Absent => out::line(&format!("left  {name:16} there are no rows yet; the next start makes them")),
            StoredRows::BeingMade => out::line(&format!("left  {name:16} a start is making the rows, or was stopped while it did")),
            StoredRows::InUse => out::line(&format!("left  {name:16} a server has them open; ask it, or stop it first")),
            StoredRows::Unopenable(what) => out::line(&format!("WRONG {name:16} they will not open: {what}")),
            StoredRows::Foreign { position } => {
                out::line(&format!("WRONG {name:16} they reflect {position} events of another history than this log has"));
            }
            StoredRows::Compared(difference) if difference.is_empty() => {
                let behind = report.events.saturating_sub(difference.position);
                let behind = if behind == 0 { String::new() } else { format!("; the next start adds the last {behind} events") };
                out::line(&format!("ok    {name:16} the same as made afresh{behind}"));
            }
            StoredRows::Compared(difference) => {
                out::line(&format!(
                    "WRONG {name:16} {} rows only live, {} only in the fold, {} differ",
                    difference.only_live, difference.only_rebuilt, difference.differing
                ));
                for example in &difference.examples {
                    out::line(&format!("      {example}"));
                }
            }
        }
    }
    for note in &report.notes {
        out::line(&format!("note  {note}"));
    }
    let root = report.root.as_deref().unwrap_or("-");
    out::line(&format!("{} {} events, root {root}", if whole { "whole:" } else { "NOT WHOLE:" }, report.events));
}

fn print_json(report: &Report, models: &Models, whole: bool) -> anyhow::Result<()> {
    let models: serde_json::Map<_, _> = models
        .iter()
        .map(|(model, rows)| {
            let value = match rows {
                StoredRows::Absent | StoredRows::BeingMade | StoredRows::InUse => serde_json::Value::Null,
                StoredRows::Unopenable(what) => serde_json::json!({ "unopenable": what }),
                StoredRows::Foreign { position } => serde_json::json!({ "foreign_at": position }),
                StoredRows::Compared(difference) => serde_json::json!({
                    "reflects": difference.position,
                    "only_live": difference.only_live, "only_rebuilt": difference.only_rebuilt, "differing": difference.differing,
                }),
            };
            (model.name().to_owned(), value)
        })
        .collect();
    let mut object = serde_json::to_value(report)?;
    if let Some(object) = object.as_object_mut() {
        object.insert("models".to_owned(), models.into());
        object.insert("whole".to_owned(), whole.into());
    }
    out::line(&object.to_string());
    Ok(())
}
