//! `zhixin origin`: the name that the log signs under, and giving it a new one when published events are lost for good.

use anyhow::Context as _;
use zhixin_engine::backup::{RenewRequest, renew_origin};
use zhixin_engine::clock::{Clock as _, SystemClock};

use crate::cli::{Common, OriginArgs, OriginWhat};
use crate::{Ending, out};

pub(crate) fn run(common: &Common, args: &OriginArgs) -> anyhow::Result<Ending> {
    let OriginWhat::Renew { reason } = &args.what;
    common.reader()?;
    let request = RenewRequest {
        data: common.data.clone(),
        master_key_file: common.master_key(),
        checkpoint_file: common.checkpoint_file(),
        reason: reason.clone(),
        now: SystemClock::new().now()?,
    };
    let renewed = renew_origin(&request)
        .with_context(|| format!("the origin of {} stays as it is, or is to be renewed again", common.data.display()))?;
    let statement = &renewed.statement;
    if common.json {
        out::line(
            &serde_json::json!({
                "origin": statement.new_key.name(), "vkey": statement.new_key.to_string(), "size": statement.size,
                "old_origin": statement.old_origin, "old_size": statement.old_size, "statement": renewed.file.display().to_string(),
            })
            .to_string(),
        );
    } else {
        out::line(&format!("the next start signs as {}, from event {} on", statement.new_key.name(), statement.size));
        out::line(&format!("the statement is in {}: publish it, and tell those who check the log", renewed.file.display()));
        out::note("Back up the vault now: an older copy does not have the new key.");
    }
    Ok(Ending::Well)
}
