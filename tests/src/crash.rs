//! What the crash and power-loss tests share: seeded choices, a small world with commands that every run of a script sends the same, child
//! processes that report each acknowledgement after it came, and the comparison of a reopened engine with everything acknowledged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::wildcard_imports,
    reason = "support of tests: whatever goes wrong here ends the test, with its words"
)]

mod child;
mod ledger;
mod recorder;
mod seed;
mod world;

pub use child::{Ack, Child, MARKS, is_child, say};
pub use ledger::{Frame, Ledger, frames};
pub use recorder::{recorder, watch};
pub use seed::Seed;
pub use world::{Cast, Script, Step, name_of, open, options, person_of, reading, set_up};
