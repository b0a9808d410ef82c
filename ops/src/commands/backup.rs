//! `zhixin backup` and `zhixin restore`. A backup holds log, log of reads and blobs, and nothing that opens without the vault; the vault is
//! copied apart, and belongs somewhere else. Both work beside a live server.

use anyhow::Context as _;
use zhixin_engine::backup::{self, RestoreRequest};
use zhixin_engine::clock::{Clock as _, SystemClock};
use zhixin_engine::maintenance::Act;

use crate::cli::{BackupArgs, Common, RestoreArgs, Usage};
use crate::out::Bar;
use crate::{Ending, folder, out};

pub(crate) fn backup(common: &Common, args: &BackupArgs) -> anyhow::Result<Ending> {
    common.reader()?;
    if args.dir.is_file() {
        return Err(Usage(format!("{}: that is a file, and a folder is wanted for the backup", args.dir.display())).into());
    }
    let inside = |path: &std::path::Path| {
        std::path::absolute(path).is_ok_and(|path| std::path::absolute(&common.data).is_ok_and(|data| path.starts_with(data)))
    };
    if inside(&args.dir) || args.vault.as_deref().is_some_and(inside) {
        return Err(Usage(format!(
            "a backup inside the data folder {} would be lost with it: name a folder elsewhere, best on another disk",
            common.data.display()
        ))
        .into());
    }
    if let Some(file) = args.vault.as_deref().filter(|file| file.starts_with(&args.dir)) {
        return Err(Usage(format!("{}: the copy of the vault must not lie in the backup that it opens", file.display())).into());
    }
    let now = SystemClock::new().now()?;
    let bar = Bar::new("backup", 0);
    let manifest =
        backup::backup(&common.data, &common.checkpoint_file(), &args.dir, now, &mut |done, total| bar.set("backup", done, total))?;
    drop(bar);
    backup::check_backup(&args.dir, &mut |_, _| {})?;
    let vault = match &args.vault {
        Some(file) => Some(backup::backup_vault_of(&common.data, &common.master_key(), now, file)?),
        None => None,
    };
    folder::note_done(common, Act::Backup, true);
    if common.json {
        out::line(&serde_json::json!({ "manifest": manifest, "vault": vault }).to_string());
    } else {
        out::line(&format!("{} events, {} bytes in {}", manifest.log.end, manifest.bytes(), args.dir.display()));
        match &args.vault {
            Some(file) => out::line(&format!("the vault in {}: keep it apart, at most 35 days", file.display())),
            None => out::note(
                "The vault is not in it; without a copy of the vault (--vault FILE) personal data cannot be read after a restore.",
            ),
        }
    }
    Ok(Ending::Well)
}

pub(crate) fn restore(common: &Common, args: &RestoreArgs) -> anyhow::Result<Ending> {
    let request = RestoreRequest {
        from: args.dir.clone(),
        vault_file: args.vault.clone(),
        data: common.data.clone(),
        master_key_file: common.master_key(),
        checkpoint_file: common.checkpoint_file(),
    };
    let bar = Bar::new("restore", 0);
    let restored = backup::restore(&request, &mut |done, total| bar.set("restore", done, total))
        .with_context(|| format!("nothing was restored from {}", args.dir.display()))?;
    drop(bar);
    folder::note_done(common, Act::Restore, true);
    if common.json {
        out::line(
            &serde_json::json!({
                "manifest": restored.manifest, "vault": restored.vault, "published": restored.published, "signs_on": restored.signs_on(),
                "replaced": restored.replaced.as_ref().map(|path| path.display().to_string()),
            })
            .to_string(),
        );
    } else {
        out::line(&format!("{} events restored into {}", restored.manifest.log.end, common.data.display()));
        if let Some(replaced) = &restored.replaced {
            out::line(&format!("what was there before is in {}", replaced.display()));
        }
        out::line(match (restored.signs_on(), restored.published) {
            (true, _) => "it has everything that was published: the next start signs on",
            (false, Some(_)) => "more was published than it holds: it can be read, and stays unsigned; see ops/runbooks/restore.md",
            (false, None) => "without the checkpoint file it stays unsigned and serves no personal data; see ops/runbooks/restore.md",
        });
    }
    Ok(Ending::Well)
}
