//! Placeholder.
use crate::Ending;
use crate::cli::*;
pub(crate) fn run(_: &Common, _: &DemoArgs) -> anyhow::Result<Ending> { anyhow::bail!("not yet") }
