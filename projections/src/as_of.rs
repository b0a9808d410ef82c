//! The view of a query: what was known, of what had taken place.

use zhixin_events::CivilDate;

/// A view (P, E).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// Events at positions below this one are known: an exclusive end, so 0 is the empty log.
    pub position: u64,
    /// Events that took place on this day or before.
    pub effective_by: CivilDate,
}

impl AsOf {
    /// Whether an event belongs to the view.
    pub fn shows(self, position: u64, effective_on: CivilDate) -> bool {
        position < self.position && effective_on <= self.effective_by
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The entries, in the order of the list.
    pub items: Vec<T>,
    /// Where the next page begins: pass it as `after`. None = this was the last page.
    pub next: Option<C>,
}
