//! All embedded storage: segment files, row stores, memtables, posting lists, the vault, and the feed trait.
//!
//! This crate knows bytes, keys and positions; it knows no events, no commands and no HTTP. Three kinds of data, three promises:
//!
//! * [`segments`]: the log of record. Append-only files; an append that returned survives loss of power.
//! * [`vault`]: secrets and the few things that may be forgotten. Every write is durable before it returns.
//! * [`rows`], [`table`], [`postings`]: derived state. All of it can be deleted and rebuilt from the log, so it is flushed late,
//!   in one transaction with the [`rows::Checkpoint`] it reaches.
//!
//! Start reading at [`segments`] for the log, at [`table`] for everything derived.

pub mod conformance;
pub mod feed;
pub mod files;
pub mod gather;
mod lmdb;
pub mod numbers;
pub mod postings;
pub mod rows;
pub mod segments;
pub mod sorter;
pub mod table;
pub mod vault;
