//! What is allowed: commands, decisions, state. Pure: history and a command go in, new facts or a refusal come out.
//!
//! It knows no clock, randomness, storage, JSON or HTTP: the time, the rule packs and fresh ids come in as [`decision::Inputs`].
//! Start with [`command`] (every command there is), then an area such as [`class`]: its page tells the life cycle, `state` the meaning of
//! each event, and every command has a file of its own with its sources and its refusals.
#![forbid(unsafe_code)]
#![deny(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::integer_division, clippy::indexing_slicing)]

pub mod command;
pub mod decision;
pub mod refusal;
pub mod rules;
pub mod state;

pub mod access;
pub mod certificate;
pub mod class;
pub mod directory;
pub mod document;
pub mod hours;
pub mod person;
pub mod plan;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod scenario;

pub use command::Command;
pub use decision::{Decision, Inputs, NewEvent, Reads};
pub use refusal::{Refusal, RefusalKind};
pub use state::{States, SubjectState};
