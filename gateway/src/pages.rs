//! Pages for people: plain data in, HTML out.

pub mod views;
