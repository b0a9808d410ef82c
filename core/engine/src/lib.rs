//! How it is recorded: the command loop, the event log and its backends, the subject index, the vault's keys and sealed personal data, the
//! Merkle tree, the clock and the rule packs.
//!
//! Start with [`engine`] (opening, and the handle that everybody else uses), then `decider` (one thread decides), [`appender`] (one thread
//! makes durable) and [`derived`] (one thread follows with index and tree).
#![forbid(unsafe_code)]

pub mod answer;
pub mod appender;
pub mod backup;
pub mod blobs;
pub mod checkpoint_file;
pub mod clock;
mod decider;
pub mod derived;
pub mod engine;
pub mod entropy;
pub mod fault;
mod follow;
pub mod handle;
pub mod history;
mod hot;
pub mod identity;
pub mod log;
pub mod maintenance;
pub mod merkle;
mod names;
pub mod origin;
mod pipeline;
pub mod progress;
pub mod publisher;
pub mod read_log;
pub mod recompute;
mod rehearsal;
pub mod sealing;
mod secrets;
mod seen;
pub mod unflushed;
pub mod vault_keys;

pub mod verify;
mod younger;

pub use rehearsal::Rehearsal;
pub use zhixin_domain as domain;
