//! Placeholder.
use crate::Ending;
use crate::cli::*;
pub(crate) fn backup(_: &Common, _: &BackupArgs) -> anyhow::Result<Ending> { anyhow::bail!("not yet") }
pub(crate) fn restore(_: &Common, _: &RestoreArgs) -> anyhow::Result<Ending> { anyhow::bail!("not yet") }
