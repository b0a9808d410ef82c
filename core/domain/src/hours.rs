//! Hours: continuing-education hours, posted once per person and class. Source: Plan 4.2-1 (学时记入继续教育证书).

pub mod post_hours;
pub mod reverse_hours;
pub mod state;

pub use post_hours::PostHours;
pub use reverse_hours::ReverseHours;
