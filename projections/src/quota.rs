//! The quota dashboard: targets, and who is enrolled, has completed and is certified, by year, line and group.
//!
//! **Counting.** A class counts in the year and month in which it ends: the day it was closed, before that the last day planned. An
//! enrolment is *enrolled* while a seat is held or the test is passed, *completed* once the completion test is passed (a correction moves
//! that, giving up the seat removes it), *certified* while a training certificate is issued and not revoked. The enrolments of a cancelled
//! class do not count at all. Trainings count enrolments; persons count each person once in every row and once in the total.
//!
//! **Rows.** Facts: `F class`, `P person`, `R class person` (who has facts in a class), `K certificate` (whose it is), `Y year class` (which
//! classes may count in a year), `D occupation hash` (text of a direction), `T year line unit` (targets). Figures: `C cell` ([`cells`]).
//! An event changes what its person contributes; the change, as a step function over effective dates, is appended to every cell that it
//! touches ([`fold`]). So any view (P, E) is a sum of what was appended before P for days until E, and equals the fold over the log.
//!
//! Source: Plan 2-1, 4.1-2, 4.4-5.

mod answer;
mod apply;
mod cell;
mod cells;
mod fold;
mod key;
mod why;

pub(crate) use self::answer::dump;
pub use self::answer::{query, row};
pub use self::apply::Quota;
pub use self::key::{CountUnit, Field, Group, GroupBy, QuotaAnswer, QuotaQuery, QuotaRow, RegionOf, RowKey, RowKeyError};
pub use self::why::why;

/// Facts of a class.
const CLASS: u8 = b'F';
/// Facts of a person.
const PERSON: u8 = b'P';
/// Who has facts in a class.
const ROSTER: u8 = b'R';
/// Whose a certificate is.
const CERTIFICATE: u8 = b'K';
/// Which classes may count in a year.
const YEAR: u8 = b'Y';
/// The text of a direction.
const DIRECTION: u8 = b'D';
/// Facts of a target.
const TARGET: u8 = b'T';
/// Figures.
const CELL: u8 = b'C';
