//! Building a read model beside the live one, comparing the two, and switching.
//!
//! A rebuild goes on where it was interrupted: the pointer file names its folder, and its rows hold their own checkpoint. The builds are
//! compared at one position; a switch is one durable write of the pointer. Nothing is switched without being asked for.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};

use zhixin_store::feed::Feed;
use zhixin_store::rows::RowFault;
use zhixin_store::table::Table;

use crate::bulk::{self, Empty};
use crate::compare::{Difference, compare};
use crate::model::{ModelName, Slot};
use crate::replay::{self, BuildFault};
use crate::runner::{ProjectionFault, Projections, Shared, at, lock, open_store, remove};

/// Unflushed rows at which a build is flushed. Unit: bytes.
const FLUSH_BYTES: usize = 64 * 1024 * 1024;

/// How far a build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildProgress {
    /// Events below this position are in.
    pub position: u64,
    /// Where the log ends.
    pub end: u64,
}

/// A build beside the live one. Dropping it keeps its rows, and the next [`Projections::rebuild`] goes on with them.
pub struct Rebuilt {
    shared: Arc<Shared>,
    slot: Slot,
    folder: String,
}

impl std::fmt::Debug for Rebuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rebuilt").field("slot", &self.slot).field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl From<BuildFault> for ProjectionFault {
    fn from(fault: BuildFault) -> Self {
        match fault {
            BuildFault::Feed(fault) => Self::Feed(fault),
            BuildFault::Rows(fault) => Self::Rows(fault),
        }
    }
}

impl Projections {
    /// Builds models beside the live ones, from the log in one pass, or goes on with builds that were interrupted.
    ///
    /// `on_progress` is called after every batch; when it breaks, what is built so far is kept for the next call and `None` is returned.
    ///
    /// # Errors
    /// A folder, the rows or the log failed.
    pub fn rebuild(
        &self,
        models: &[ModelName],
        on_progress: &mut dyn FnMut(BuildProgress) -> ControlFlow<()>,
    ) -> Result<Option<Vec<Rebuilt>>, ProjectionFault> {
        let feed = self.shared.feed.as_ref();
        // No further than the live builds, so that each can be compared at one position.
        let end = models.iter().map(|model| self.shared.table(*model).checkpoint().position).min().unwrap_or(0);
        let mut builds = Vec::with_capacity(models.len());
        for model in models {
            let name = building_folder(&self.shared, *model)?;
            let folder = lock(&self.shared.pointer).path(&name);
            let store = open_store(self.shared.kind, &folder, feed)?;
            builds.push((name, Empty { model: *model, folder, store }));
        }
        let mut empty = Vec::new();
        for (_, rows) in &builds {
            if rows.store.view()?.checkpoint().position == 0 {
                empty.push(rows.clone());
            }
        }
        if !bulk::build(&empty, feed, end, on_progress)? {
            return Ok(None);
        }
        drop(empty);
        let mut rebuilt = Vec::with_capacity(builds.len());
        for (folder, Empty { model, store, .. }) in builds {
            let mut slot = Slot::new(model, Arc::new(Table::new(store)?));
            if !go_on(&mut slot, feed, end, on_progress)? {
                return Ok(None);
            }
            rebuilt.push(Rebuilt { shared: Arc::clone(&self.shared), slot, folder });
        }
        Ok(Some(rebuilt))
    }

    /// Compares the live rows of a model with those that following the log in memory gives: for logs that are not long.
    ///
    /// # Errors
    /// The rows or the log failed.
    pub fn verify_against_fold(&self, model: ModelName) -> Result<Difference, ProjectionFault> {
        let live = self.view(model)?;
        let position = zhixin_store::rows::RowView::checkpoint(&live).position;
        let fold = replay::build(model, self.shared.feed.as_ref(), position)?;
        Ok(compare(&live, &fold)?)
    }
}

/// Brings rows that are there up to `end` and stores them; `false` when broken off.
fn go_on(
    slot: &mut Slot,
    feed: &dyn Feed,
    end: u64,
    on_progress: &mut dyn FnMut(BuildProgress) -> ControlFlow<()>,
) -> Result<bool, ProjectionFault> {
    let mut flushed: Result<(), RowFault> = Ok(());
    let mut broken = false;
    replay::catch_up(slot, feed, end, &mut |slot| {
        if slot.table.unflushed_bytes() >= FLUSH_BYTES {
            flushed = slot.table.flush();
        }
        broken = flushed.is_err() || on_progress(BuildProgress { position: slot.position(), end }).is_break();
        if broken { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    flushed?;
    slot.table.flush()?;
    Ok(!broken)
}

/// The folder that a rebuild of the model fills; named in the pointer before it is made.
fn building_folder(shared: &Shared, model: ModelName) -> Result<String, ProjectionFault> {
    let mut pointer = lock(&shared.pointer);
    if let Some(folder) = pointer.of(model).building.clone() {
        return Ok(folder);
    }
    let folder = pointer.next_folder(model, shared.kind);
    let path = pointer.path(&folder);
    at("removal of rows", &path, remove(&path))?;
    pointer.of(model).building = Some(folder.clone());
    at("write of the pointer", &path, pointer.save())?;
    Ok(folder)
}

impl Rebuilt {
    /// The rows built.
    #[cfg(test)]
    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.slot.table
    }

    /// Compares the live build with this one, at one position: that of the live rows now.
    ///
    /// # Errors
    /// The rows or the log failed.
    pub fn compare(&mut self) -> Result<Difference, ProjectionFault> {
        let live = self.shared.table(self.slot.name).view()?;
        let position = zhixin_store::rows::RowView::checkpoint(&live).position;
        let reached = self.slot.position();
        if reached > position {
            return Err(ProjectionFault::LiveBehind { live: position, rebuilt: reached });
        }
        replay::catch_up(&mut self.slot, self.shared.feed.as_ref(), position, &mut |_| ControlFlow::Continue(()))?;
        Ok(compare(&live, &self.slot.table.view()?)?)
    }

    /// Makes this build the live one, and removes the rows of the one before.
    ///
    /// # Errors
    /// The rows, the log or the pointer failed; then the live build stays.
    pub fn switch(mut self) -> Result<(), ProjectionFault> {
        // With the slots locked the applier stands still, so this build reaches exactly what readers have seen.
        let mut slots = lock(&self.shared.slots);
        let model = self.slot.name;
        let reached = self.shared.table(model).checkpoint().position;
        replay::catch_up(&mut self.slot, self.shared.feed.as_ref(), reached, &mut |_| ControlFlow::Continue(()))?;
        self.slot.table.flush()?;
        let mut pointer = lock(&self.shared.pointer);
        let before = pointer.of(model).clone();
        let of = pointer.of(model);
        let outdated = std::mem::replace(&mut of.live, self.folder.clone());
        of.building = of.building.take().filter(|building| *building != self.folder);
        let path = pointer.path(&self.folder);
        if let Err(fault) = at("write of the pointer", &path, pointer.save()) {
            *pointer.of(model) = before;
            return Err(fault);
        }
        let table = Arc::clone(&self.slot.table);
        self.shared.tables.write().unwrap_or_else(PoisonError::into_inner).insert(model, table);
        slots.retain(|slot| slot.name != model);
        slots.push(self.slot);
        let outdated = pointer.path(&outdated);
        drop((slots, pointer));
        self.shared.publish();
        // Whoever still reads them keeps them until then; what cannot be removed now is removed at the next start.
        if let Err(fault) = remove(&outdated) {
            tracing::warn!(%fault, path = %outdated.display(), "the rows before the switch could not be removed");
        }
        Ok(())
    }

    /// Gives the build up and removes its rows.
    ///
    /// # Errors
    /// The pointer or the folder failed.
    pub fn discard(self) -> Result<(), ProjectionFault> {
        let Self { shared, slot, folder } = self;
        let mut pointer = lock(&shared.pointer);
        pointer.of(slot.name).building = None;
        let path = pointer.path(&folder);
        drop(slot);
        at("write of the pointer", &path, pointer.save())?;
        at("removal of rows", &path, remove(&path))
    }
}
