//! Wire struct `RulePackPublishedV1`, tag `0x1001`. Frozen: a change is a `V2` with a new tag.

use super::PackFigure;
use crate::ReportingUnit;
use crate::field::Digest32;
use crate::macros::wire;

wire! {
    /// A rule pack was published.
    ///
    /// Source: Plan 4.1-4, 4.2-10.
    pub struct RulePackPublishedV1 {
        /// Name of the pack.
        open name: String,
        /// Edition, counted from 1.
        open edition: u32,
        /// Title for people.
        open title: String,
        /// Territory; absent = the whole country.
        open unit: Option<ReportingUnit>,
        /// Its figures. Masked only because a leaf holds 4 KiB; a pack is public.
        masked figures: Vec<PackFigure>,
        /// SHA-256 of the file it was read from.
        open digest: Digest32,
    }
}
