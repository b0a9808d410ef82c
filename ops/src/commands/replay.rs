//! `zhixin replay`: a read model as of any moment, from the log alone. Reads the log only, so it works beside a live server.

use std::sync::Arc;

use zhixin_engine::history;
use zhixin_engine::log::LogReader;
use zhixin_events::{CivilDate, Timestamp};
use zhixin_projections::{AsOf, ModelName, replay};

use crate::cli::{Common, ReplayArgs, Usage};
use crate::{Ending, out};

pub(crate) fn run(common: &Common, args: &ReplayArgs) -> anyhow::Result<Ending> {
    let names: Vec<_> = ModelName::ALL.iter().map(|model| model.name()).collect();
    let model = ModelName::from_name(&args.model).ok_or_else(|| Usage(format!("--model is one of {}", names.join(", "))))?;
    let reader = common.reader()?;
    let as_of = moment(&reader, args)?;
    for (key, value) in replay::dump(model, reader.as_ref(), as_of)? {
        out::line(&if common.json { serde_json::json!({ "key": key, "value": value }).to_string() } else { format!("{key}\t{value}") });
    }
    Ok(Ending::Well)
}

/// The view that the arguments name.
fn moment(reader: &Arc<dyn LogReader>, args: &ReplayArgs) -> anyhow::Result<AsOf> {
    let usage = |text: String| anyhow::Error::from(Usage(text));
    let end = reader.end();
    let position = match args.as_of.as_deref() {
        None => end,
        Some(text) => known_before(reader, text)?,
    };
    let effective_by = match args.effective_by.as_deref() {
        Some(text) => CivilDate::parse(text).map_err(|error| usage(format!("--effective-by: {error}")))?,
        None => match position.checked_sub(1) {
            Some(last) => history::commit_at(reader, last)?.commit.recorded_at.civil_date(),
            None => CivilDate::default(),
        },
    };
    Ok(AsOf { position, effective_by })
}

/// The exclusive end that `--as-of` names: a position, a date (its end) or an instant.
fn known_before(reader: &Arc<dyn LogReader>, text: &str) -> anyhow::Result<u64> {
    let usage = |text: String| anyhow::Error::from(Usage(text));
    let end = reader.end();
    if let Some(position) = text.strip_prefix('@') {
        let position: u64 = position.parse().map_err(|_| usage(format!("--as-of {text}: a position is a number")))?;
        if position >= end {
            return Err(usage(format!("--as-of {text}: the log ends at @{}", end.saturating_sub(1))));
        }
        return Ok(position + 1);
    }
    let at = CivilDate::parse(text)
        .map(|date| Timestamp(date.plus_days(1).start().0 - 1))
        .or_else(|_| Timestamp::parse(text))
        .map_err(|error| usage(format!("--as-of: {error}")))?;
    Ok(history::position_after(reader, at)?)
}
