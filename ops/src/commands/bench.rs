//! Placeholder.
use crate::Ending;
use crate::cli::*;
pub(crate) fn run(_: &Common, _: &BenchArgs) -> anyhow::Result<Ending> { anyhow::bail!("not yet") }
