//! Placeholder.
use crate::Ending;
use crate::cli::*;
pub(crate) fn run(_: &Common, _: &ServeArgs) -> anyhow::Result<Ending> { anyhow::bail!("not yet") }
