//! `zhixin demo`: fills an empty data folder with a programme year through the real command path, then serves it.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use zhixin_engine::clock::{Clock as _, SimulatedClock, SystemClock};
use zhixin_engine::engine::Engine;
use zhixin_engine::entropy::SeededEntropy;
use zhixin_engine::log::{LogPurpose, genesis};
use zhixin_engine::vault_keys::MasterKeyFile;
use zhixin_gateway::accounts;

use crate::cli::{Common, DemoArgs, Usage};
use crate::commands::serve;
use crate::demo::{self, DemoPlan};
use crate::folder::{self, Opened};
use crate::out::Bar;
use crate::{Ending, out};

/// The same arguments give the same leaves and root.
const SEED: u64 = 73;

pub(crate) fn run(common: &Common, args: &DemoArgs) -> anyhow::Result<Ending> {
    match genesis(&common.data.join("log"))?.map(|genesis| genesis.purpose) {
        Some(LogPurpose::Production) => {
            return Err(
                Usage(format!("{} holds a production log; a demo needs a folder of its own (--data DIR)", common.data.display())).into()
            );
        }
        Some(LogPurpose::Demo) => out::note(&format!("{} holds a demo already; remove the folder to make another", common.data.display())),
        None => fill(common, args)?,
    }
    let opened = folder::open(common, None)?;
    let names = accounts::list(opened.handle())?;
    if names.iter().all(|name| name.shown_password.is_none()) {
        opened.close()?;
        bail!(
            "the demo in {0} was broken off before its end: remove {0}, {0}.master-key and {0}.checkpoint, and run it again",
            common.data.display()
        );
    }
    for name in names {
        let Some(password) = name.shown_password else { continue };
        let account = opened.handle().account(name.account)?;
        let role = account.and_then(|account| account.roles.first().copied()).map_or("", |role| role.name());
        out::line(&format!("{role}\t{}\t{password}", name.login));
    }
    if args.no_serve {
        opened.close()?;
        return Ok(Ending::Well);
    }
    serve::serve(opened, &serve::Serving::at(args.listen))
}

fn fill(common: &Common, args: &DemoArgs) -> anyhow::Result<()> {
    let plan = DemoPlan { scale: args.scale, year: args.year, seed: SEED };
    if plan.ends_before()? > SystemClock::new().now()?.civil_date() {
        return Err(Usage(format!("--year {}: a demo tells a year that is over; take an earlier one", args.year)).into());
    }
    let clock = Arc::new(SimulatedClock::new(plan.starts_at()?));
    let entropy = Arc::new(SeededEntropy::new(SEED + (u64::from(args.year) << 16) + u64::from(args.scale)));
    let key = common.master_key();
    if !key.exists() {
        if let Some(folder) = key.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        MasterKeyFile::new(&key).create(entropy.as_ref())?;
    }
    let engine = Engine::open(common.engine_options(LogPurpose::Demo, None, Arc::clone(&clock) as _, entropy))?;
    let opened = Opened::over(engine, common)?;
    let bar = Bar::new("demo", 0);
    let summary = demo::fill(opened.handle(), &clock, &plan, &|progress| bar.set(progress.phase, progress.done, progress.total))?;
    drop(bar);
    for account in &summary.accounts {
        accounts::create_demo_credentials(opened.handle(), &account.login, account.account, account.password.expose())?;
    }
    opened.caught_up()?;
    opened.close()
}
