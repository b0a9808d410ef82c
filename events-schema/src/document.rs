//! Document: rule packs and holiday calendars.
//!
//! Every figure that a regulation sets is a row of a published pack, with source and mark; decisions read packs from the record, never from
//! files. Sources: Plan 4.1-4, 4.2-10.

mod holiday_calendar_published_v1;
mod pack_figure;
mod rule_pack_published_v1;

pub use pack_figure::PackFigure;

use crate::macros::area_events;

area_events! {
    /// What can happen in this area.
    pub enum DocumentEvent in Document {
        /// A rule pack was published.
        RulePackPublished = rule_pack_published_v1::RulePackPublishedV1,
        /// The holidays of a year, with the days swapped for them.
        HolidayCalendarPublished = holiday_calendar_published_v1::HolidayCalendarPublishedV1,
    }
}
