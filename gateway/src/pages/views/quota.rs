//! Rows of the quota read model as the dashboard shows them.

/// One group: a unit, a month, an occupation, a trainer, …
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuotaRow {
    /// The `row` of `/why`.
    pub key: String,
    /// Name of the group.
    pub label: String,
    /// Where the name leads (narrows the page to this group), if anywhere.
    pub href: Option<String>,
    /// Year target; none if none is set.
    pub target: Option<u64>,
    /// Enrolled.
    pub enrolled: u64,
    /// Completed (= trained).
    pub completed: u64,
    /// Holders of a training certificate.
    pub certified: u64,
    /// Completed of target in basis points.
    pub percent_bp: Option<u64>,
}

/// A reporting unit with its place on the tile map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitRow {
    /// Code of its tile in [`crate::charts::TILES`]; none for a unit that has no tile.
    pub tile: Option<String>,
    /// Its figures.
    pub row: QuotaRow,
}

/// One bar of the breakdown by occupation and grade.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackRow {
    /// Name of the occupation.
    pub label: String,
    /// Completed per grade, in the order of the view's `grades`: key for `/why`, count.
    pub parts: Vec<(String, u64)>,
    /// Completed in all grades. In persons it may be less than the sum of the parts: a person in two grades counts once.
    pub total: (String, u64),
}

/// A card of the headline row: one line of the programme, or the total.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headline {
    /// The `row` of `/why`.
    pub key: String,
    /// Short name for ids: `advanced`, `capability`, `digital`, `all`.
    pub id: String,
    /// Name of the line.
    pub label: String,
    /// Persons who completed; one person counts once.
    pub completed_persons: u64,
    /// Person-trainings completed; one person counts in every class.
    pub completed_trainings: u64,
    /// Year target in the headline unit.
    pub target: Option<u64>,
    /// Where one should be today, in the headline unit; none when the year is over.
    pub expected: Option<u64>,
    /// Completed of target in basis points, in the headline unit.
    pub percent_bp: Option<u64>,
    /// Completed by month, for the sparkline.
    pub by_month: Vec<u64>,
}
