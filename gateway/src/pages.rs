//! Pages for people: plain data in, HTML out.

mod handlers;
pub mod views;

pub(crate) use handlers::{problem_page, routes};
