//! A read model as of any moment, from the log alone: for `zhixin replay`, and to check rows against.

use std::ops::ControlFlow;
use std::sync::Arc;

use zhixin_store::feed::{Feed, FeedFault};
use zhixin_store::rows::{MemoryRows, RowFault};
use zhixin_store::table::{Table, TableView};

use crate::AsOf;
use crate::model::{ModelName, Slot, apply_batch};
use crate::{certificates, classes, occupations, quota, trainers};

/// Why a model could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildFault {
    /// The log cannot be read.
    #[error(transparent)]
    Feed(#[from] FeedFault),
    /// The rows failed.
    #[error(transparent)]
    Rows(#[from] RowFault),
}

/// Reads the feed into a slot until its rows reach `position`, or the end of the log; stops before when `on_batch` breaks.
///
/// The last batch is applied whole, so the rows may reach a little further.
pub fn catch_up(
    slot: &mut Slot,
    feed: &dyn Feed,
    position: u64,
    on_batch: &mut dyn FnMut(&Slot) -> ControlFlow<()>,
) -> Result<(), BuildFault> {
    if slot.position() >= position {
        return Ok(());
    }
    let mut outcome = Ok(());
    feed.read(slot.position(), &mut |batch| {
        outcome = apply_batch(&mut [slot], batch);
        if outcome.is_err() || slot.position() >= position { ControlFlow::Break(()) } else { on_batch(slot) }
    })?;
    Ok(outcome?)
}

/// The rows of a model from the log alone, in memory, up to `position`.
pub fn build(model: ModelName, feed: &dyn Feed, position: u64) -> Result<TableView, BuildFault> {
    let mut slot = Slot::new(model, Arc::new(Table::new(Arc::new(MemoryRows::new()))?));
    catch_up(&mut slot, feed, position, &mut |_| ControlFlow::Continue(()))?;
    Ok(slot.table.view()?)
}

/// Every entity of a view of a model, from the log alone: its name and canonical text, by name.
pub fn dump(model: ModelName, feed: &dyn Feed, as_of: AsOf) -> Result<Vec<(String, String)>, BuildFault> {
    let view = build(model, feed, as_of.position)?;
    Ok(dump_view(model, &view, as_of)?)
}

/// The same from rows that are there.
pub fn dump_view(model: ModelName, view: &TableView, as_of: AsOf) -> Result<Vec<(String, String)>, RowFault> {
    match model {
        ModelName::Quota => quota::dump(view, as_of),
        ModelName::Certificates => certificates::dump(view, as_of),
        ModelName::Classes => classes::dump(view, as_of),
        ModelName::Trainers => trainers::dump(view, as_of),
        ModelName::Occupations => occupations::dump(view, as_of),
    }
}
