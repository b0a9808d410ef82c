//! Wire struct `HolidayCalendarPublishedV1`, tag `0x1002`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CivilDate, PlanYear};

wire! {
    /// The holidays of a year, with the days swapped for them.
    ///
    /// Source: 国务院办公厅关于部分节假日安排的通知 of the year.
    pub struct HolidayCalendarPublishedV1 {
        /// The year.
        open year: PlanYear,
        /// Edition, counted from 1.
        open edition: u32,
        /// Days off that are not weekends.
        open days_off: Vec<CivilDate>,
        /// Weekend days on which offices work.
        open work_days: Vec<CivilDate>,
        /// The notice.
        open source: String,
    }
}
