//! Hours: continuing-education hours by year.
//!
//! Posted once per person and class (a claim holds it), taken back by a reversal. Source: Plan 4.2-1 (学时记入继续教育证书).

mod hours_posted_v1;
mod hours_reversed_v1;

use crate::macros::area_events;

area_events! {
    /// What can happen in this area.
    pub enum HoursEvent in Hours {
        /// Hours of a class were posted to the record of a person.
        HoursPosted = hours_posted_v1::HoursPostedV1,
        /// Posted hours were taken back.
        HoursReversed = hours_reversed_v1::HoursReversedV1,
    }
}
