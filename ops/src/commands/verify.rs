//! `zhixin verify`: the whole history — chain, checksums, ordinals, tree, last signed checkpoint — and every read model
//! against one made afresh. Changes nothing but the note of when it was, so it works beside a live server. Prints every check with what it covered, and the
//! first divergence.

use std::sync::Mutex;

use anyhow::Context as _;
use zhixin_engine::maintenance::Act;
use zhixin_engine::verify::{Folder, Outcome, Report, verify_folder};
use zhixin_projections::{Difference, ModelName, Projections};

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
    let whole = report.is_whole() && models.iter().all(|(_, difference)| difference.as_ref().is_none_or(Difference::is_empty));
    if common.json {
        print_json(&report, &models, whole)?;
    } else {
        print(&report, &models, whole);
    }
    folder::note_done(common, Act::Verify, whole);
    Ok(if whole { Ending::Well } else { Ending::FoundWrong })
}

/// Each read model against rows made afresh from the log; `None` where the rows are in use by a server or not there.
type Compared = Vec<(ModelName, Option<Difference>)>;

fn read_models(common: &Common) -> anyhow::Result<Compared> {
    if !common.data.join("rows").exists() || folder::is_served(&common.data) {
        return Ok(ModelName::ALL.map(|model| (model, None)).to_vec());
    }
    let reader = common.reader()?;
    let end = reader.end();
    let projections = Projections::open(&common.data, common.rows.kind(), reader).context("the read models cannot be opened")?;
    projections.wait_for(end, std::time::Duration::from_mins(10));
    let compared = projections.verify_against_log(&ModelName::ALL).context("the read models cannot be made afresh")?;
    let compared = ModelName::ALL.into_iter().zip(compared.into_iter().map(Some)).collect();
    projections.stop()?;
    Ok(compared)
}

fn print(report: &Report, models: &Compared, whole: bool) {
    for check in &report.checks {
        let name = format!("{:?} {:?}", check.area, check.step).to_lowercase();
        match &check.outcome {
            Outcome::Passed => out::line(&format!("ok    {name:16} {}", check.covered)),
            Outcome::Skipped(reason) => out::line(&format!("left  {name:16} {reason}")),
            Outcome::Differs(divergence) => out::line(&format!("WRONG {name:16} {divergence}")),
        }
    }
    for (model, difference) in models {
        let name = format!("rows {model}");
        match difference {
            None => out::line(&format!("left  {name:16} a server has them open; ask it, or stop it first")),
            Some(difference) if difference.is_empty() => out::line(&format!("ok    {name:16} the same as made afresh")),
            Some(difference) => {
                out::line(&format!(
                    "WRONG {name:16} {} rows only live, {} only in the fold, {} differ",
                    difference.only_live, difference.only_rebuilt, difference.differing
                ));
                for example in &difference.examples {
                    out::line(&format!("      {example:?}"));
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

fn print_json(report: &Report, models: &Compared, whole: bool) -> anyhow::Result<()> {
    let models: serde_json::Map<_, _> = models
        .iter()
        .map(|(model, difference)| {
            let value = difference.as_ref().map(|difference| {
                serde_json::json!({
                    "only_live": difference.only_live, "only_rebuilt": difference.only_rebuilt, "differing": difference.differing,
                })
            });
            (model.name().to_owned(), value.into())
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
