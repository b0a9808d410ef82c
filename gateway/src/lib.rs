//! Placeholder.

pub mod roster;
pub mod charts;
pub mod pages;
pub mod text;
