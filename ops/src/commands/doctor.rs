//! `zhixin doctor`: looks at machine, folder and keys, and says what is wrong and what to do. Changes nothing.

use std::path::Path;

use zhixin_engine::engine::UNSIGNED_MARK;
use zhixin_engine::log::{LogPurpose, genesis};
use zhixin_engine::vault_keys::{MasterKeyFile, check_master_key};
use zhixin_store::vault::LmdbVault;

use crate::cli::Common;
use crate::{Ending, out};

/// One thing looked at.
struct Finding {
    what: &'static str,
    well: bool,
    says: String,
}

pub(crate) fn run(common: &Common) -> Ending {
    let findings = [log(common), writable(&common.data), master_key(common), checkpoint(common), space(&common.data), fonts()];
    for finding in &findings {
        if common.json {
            out::line(&serde_json::json!({ "what": finding.what, "well": finding.well, "says": finding.says }).to_string());
        } else {
            out::line(&format!("{} {:14} {}", if finding.well { "ok  " } else { "look" }, finding.what, finding.says));
        }
    }
    if findings.iter().all(|finding| finding.well) { Ending::Well } else { Ending::FoundWrong }
}

fn log(common: &Common) -> Finding {
    let (well, says) = match genesis(&common.data.join("log")) {
        Ok(None) => (true, format!("no log in {} yet", common.data.display())),
        Ok(Some(genesis)) => {
            let purpose = match genesis.purpose {
                LogPurpose::Demo => "a demo, never production",
                LogPurpose::Production => "production",
            };
            (true, format!("log {} ({purpose})", genesis.log_id))
        }
        Err(fault) => (false, format!("the log cannot be read: {fault}")),
    };
    Finding { what: "log", well, says }
}

fn master_key(common: &Common) -> Finding {
    let path = common.master_key();
    let (shown, vault) = (path.display(), common.data.join("vault"));
    let mode = path.metadata().map(|file| std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o077);
    let (well, says) = match mode {
        Err(_) if !path.exists() && !vault.exists() => (true, format!("{shown} is not there yet; `zhixin key create {shown}` makes it")),
        Err(fault) if path.exists() => (false, format!("{shown} cannot be looked at: {fault}")),
        Err(_) => (false, format!("{shown} is not there, and nothing opens without it: bring it back, or name it with --master-key FILE")),
        Ok(_) if path.starts_with(&common.data) => {
            (false, format!("{shown} lies in the data folder: move it out, or every backup holds it"))
        }
        Ok(others) if others != 0 => (false, format!("{shown} can be read or written by other users: `chmod 600 {shown}`")),
        Ok(_) => match check_key(&path, &vault) {
            Ok(says) => (true, format!("{shown}: {says}")),
            Err(fault) => (false, format!("{shown}: {fault}")),
        },
    };
    Finding { what: "master key", well, says }
}

/// Whether the file is a key, and that of the vault if there is one. Reads only.
fn check_key(path: &Path, vault: &Path) -> anyhow::Result<&'static str> {
    let file = MasterKeyFile::new(path);
    if !vault.exists() {
        check_master_key(&file, None)?;
        return Ok("a key; no vault is there yet");
    }
    check_master_key(&file, Some(&LmdbVault::open(vault)?))?;
    Ok("opens the vault")
}

/// The folder can be written by who asks: a server would need it.
fn writable(data: &Path) -> Finding {
    let (well, says) = match data.metadata() {
        Err(_) => (true, format!("{} is not there yet", data.display())),
        Ok(_) => match tempfile::tempfile_in(data) {
            Ok(_) => (true, format!("{} can be written", data.display())),
            Err(fault) => (false, format!("nothing can be written in {}: {fault}", data.display())),
        },
    };
    Finding { what: "folder", well, says }
}

fn checkpoint(common: &Common) -> Finding {
    let path = common.checkpoint_file();
    if common.data.join(UNSIGNED_MARK).exists() {
        let says = format!("{} was restored and signs nothing; see ops/runbooks/restore.md", common.data.display());
        return Finding { what: "checkpoint", well: false, says };
    }
    let says = if path.exists() {
        format!("{}", path.display())
    } else {
        format!("{} is not there; the first start makes it, and a folder that has signed does not open without it", path.display())
    };
    Finding { what: "checkpoint", well: path.exists() || !common.data.join("vault").exists(), says }
}

fn space(data: &Path) -> Finding {
    let folder =
        data.ancestors().find(|folder| folder.exists()).filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    match (zhixin_store::segments::SegmentOptions::default().free_space)(folder) {
        Ok(free) => {
            let mebibytes = free >> 20;
            let well = mebibytes >= 2_048;
            Finding { what: "disk", well, says: format!("{mebibytes} MiB free at {}; writing stops below 512", folder.display()) }
        }
        Err(fault) => Finding { what: "disk", well: false, says: format!("free space cannot be asked: {fault}") },
    }
}

/// Pages need no font of ours, but certificates that are printed here do, and a browser without one shows boxes.
fn fonts() -> Finding {
    let folders = ["/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts"];
    let known = ["NotoSansCJK", "NotoSerifCJK", "wqy", "PingFang", "LXGW"];
    let found = folders.iter().find_map(|folder| find_font(Path::new(folder), &known, 4));
    match found {
        Some(name) => Finding { what: "fonts", well: true, says: name },
        None => {
            Finding { what: "fonts", well: true, says: "no Chinese font on this machine; browsers elsewhere bring their own".to_owned() }
        }
    }
}

fn find_font(folder: &Path, known: &[&str], depth: u32) -> Option<String> {
    let entries = std::fs::read_dir(folder).ok()?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if known.iter().any(|known| name.contains(known)) {
            return Some(name);
        }
        if depth > 0
            && entry.path().is_dir()
            && let Some(found) = find_font(&entry.path(), known, depth - 1)
        {
            return Some(found);
        }
    }
    None
}
