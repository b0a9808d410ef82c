//! What is shown: read models, as-of queries, rebuild and compare.
//!
//! A read model follows the log through a feed and keeps rows from which it answers, for any view (P, E), what a fold over the log would
//! answer: the events at positions below P that took place by E, folded in the order (`effective_on`, position). This crate sees events
//! and a feed; it knows no commands, no rules, no HTTP, no keys and no sealed plaintext.
//!
//! Start with [`as_of`] (the view), `facts` (what rows are made of) and `model` (what a read model is); then a model such as
//! [`certificates`]; [`quota`] is the one with aggregates. [`runner`] keeps the models up to date, [`rebuild`] builds afresh beside the live
//! ones and compares, [`sample`] checks live rows in samples, [`replay`] answers from the log alone.
#![forbid(unsafe_code)]

pub mod as_of;
mod facts;
mod model;

pub mod certificates;
pub mod classes;
pub mod occupations;
pub mod quota;
pub mod trainers;

mod bulk;
pub mod compare;
mod pointer;
pub mod rebuild;
pub mod replay;
pub mod runner;
pub mod sample;
pub mod verify;

#[cfg(test)]
mod properties;

pub use as_of::{AsOf, Page};
pub use compare::{Difference, Example};
pub use model::{ModelName, Quarantined};
pub use runner::Projections;
pub use zhixin_store::rows::{RowFault, RowKind};
pub use zhixin_store::table::TableView;
