//! `zhixin import roster`: the same report, rules and job as the page. Writes, so it refuses while a server has the folder.

use std::sync::Arc;

use anyhow::Context as _;
use zhixin_events::{CivilDate, ClassId};
use zhixin_gateway::text::Lang;
use zhixin_gateway::{Deps, RosterToImport};

use crate::cli::{Common, ImportArgs, ImportWhat, Usage};
use crate::commands::user;
use crate::{Ending, folder, out};

pub(crate) fn run(common: &Common, args: &ImportArgs) -> anyhow::Result<Ending> {
    let ImportWhat::Roster { class, file, effective_on, dry_run } = &args.what;
    let class: ClassId = class.parse().map_err(|error| Usage(format!("--class: {error}")))?;
    let effective_on =
        effective_on.as_deref().map(CivilDate::parse).transpose().map_err(|error| Usage(format!("--effective-on: {error}")))?;
    let bytes = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let opened = folder::open_existing(common)?;
    let login =
        common.acting_as.as_deref().ok_or_else(|| Usage("--as ACCOUNT: an import is done by the staff of the trainer".to_owned()))?;
    let account = user::acting(common, opened.handle())?;
    opened.caught_up()?;
    let deps = Deps::new(opened.handle().clone(), Arc::clone(&opened.projections));
    let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let roster = RosterToImport { class, file_name, bytes, effective_on, dry_run: *dry_run };
    let outcome = zhixin_gateway::import_roster(deps, login, account, roster);
    let ending = match outcome {
        Ok(report) => {
            let rejected = report["rejected"].as_array().map_or(0, Vec::len);
            let refused = report["refused"].as_array().map_or(0, Vec::len);
            print(common, &report, *dry_run);
            if rejected + refused == 0 { Ending::Well } else { Ending::FoundWrong }
        }
        Err(problem) => {
            out::note(&format!("zhixin: {} {}", problem.code(), problem.text(Lang::En)));
            Ending::FoundWrong
        }
    };
    opened.close()?;
    Ok(ending)
}

/// Row numbers and codes, never what a cell holds.
fn print(common: &Common, report: &serde_json::Value, dry_run: bool) {
    if common.json {
        out::line(&report.to_string());
        return;
    }
    let rows = report["rows"].as_u64().unwrap_or_default();
    let taken = report[if dry_run { "accepted" } else { "written" }].as_u64().unwrap_or_default();
    let verb = if dry_run { "can be imported" } else { "imported" };
    out::line(&format!("{taken} of {rows} rows {verb}"));
    for row in report["rejected"].as_array().into_iter().flatten() {
        for error in row["errors"].as_array().into_iter().flatten() {
            line(row, error);
        }
    }
    for row in report["refused"].as_array().into_iter().flatten() {
        line(row, row);
    }
}

fn line(row: &serde_json::Value, error: &serde_json::Value) {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let column = text(&error["column"]["zh"]);
    out::line(&format!("row {}\t{}\t{column}\t{}", row["row"], text(&error["code"]), text(&error["message"]["zh"])));
}
