//! The log as others see it: everything that is published is fetched over HTTP by a script of ours and judged by software that is not ours.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::json;
use zhixin_tests::system::{Client, Demo, Folder, files_below, must_run, number, skipped, until};

fn verifiers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("verifiers")
}

/// The folder in which `cargo xtask check` installs what is not ours.
fn installed() -> PathBuf {
    std::env::var_os("ZHIXIN_VERIFIERS_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/verifiers"), PathBuf::from)
}

/// Runs a script and gives what it printed; its last line must say that nothing failed.
fn script(command: &mut Command) -> anyhow::Result<String> {
    let ran = command.output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    ensure!(ran.status.success(), "{command:?} ended with {}\n{said}", ran.status);
    Ok(said)
}

/// Fetches what a server publishes into a folder, entries with the auditor's token; gives the size of the tree.
async fn fetch(auditor: &Client, base: &str, into: &Path) -> anyhow::Result<u64> {
    let vkey = auditor.get("/log/vkey").await?.has_status(200)?;
    let mut command = Command::new("bash");
    command.arg(verifiers().join("fetch.sh")).arg(format!("{base}/log")).arg(vkey.text()?.trim()).arg(into);
    script(command.env("ZHIXIN_TOKEN", auditor.token()))?;
    std::fs::create_dir_all(into.join("proof"))?;
    let size = std::fs::read_to_string(into.join("checkpoint"))?.lines().nth(1).context("a size")?.parse::<u64>()?;
    for position in [0, 1, size / 2, size - 1] {
        let proof = auditor.get(&format!("/log/proof/{position}")).await?.has_status(200)?;
        std::fs::write(into.join(format!("proof/{position}")), proof.body)?;
    }
    Ok(size)
}

/// Aim: what the server publishes convinces others. Method: two states of the log are fetched as anybody would, and checked and forged by
/// `run.sh`; the newer one must extend the older.
#[tokio::test]
async fn what_the_server_publishes_is_accepted_by_software_that_is_not_ours() -> anyhow::Result<()> {
    if !must_run() && !installed().join("venv/bin/go").exists() {
        return skipped(&format!(
            "the outside software is not in {}; `cargo xtask check --only python` installs it",
            installed().display()
        ));
    }
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let server = folder.serve(&[])?;
    let public = Client::of(&server)?;
    let auditor = public.sign_in(demo.account("auditor")?).await?;
    let fetched = Folder::new()?;
    let (older, newer) = (fetched.path().join("logs/older"), fetched.path().join("logs/newer"));
    let older_size = fetch(&auditor, &server.base, &older).await?;
    let national = public.sign_in(demo.account("national_office")?).await?;
    let body = json!({ "name": "示范测试学院", "uscc": zhixin_tests::system::uscc(41), "unit": "41" });
    let position = number(&national.command("register-organisation", body).await?, "/position")?;
    until("a checkpoint covers the event", || async {
        Ok((auditor.get(&format!("/log/proof/{position}")).await?.status == 200).then_some(()))
    })
    .await?;
    let size = fetch(&auditor, &server.base, &newer).await?;
    assert_eq!(size, older_size + 1);
    // Everything that was full stays as it was, so the proof ties the newer tree to the checkpoint of the older one.
    let full = |file: &PathBuf| file.starts_with(older.join("tile")) && !file.to_string_lossy().contains(".p/");
    let tiles: Vec<PathBuf> = files_below(&older)?.into_iter().filter(full).collect();
    assert!(tiles.len() >= 12, "{tiles:?}");
    for tile in tiles {
        assert_eq!(std::fs::read(&tile)?, std::fs::read(newer.join(tile.strip_prefix(&older)?))?, "{}", tile.display());
    }
    let extends = public.get(&format!("/log/consistency?from={older_size}&to={size}")).await?.has_status(200)?;
    std::fs::create_dir_all(newer.join("consistency"))?;
    std::fs::write(newer.join(format!("consistency/{older_size}-{size}")), extends.body)?;
    let said = script(
        Command::new("bash").arg(verifiers().join("run.sh")).arg(fetched.path().join("logs")).env("ZHIXIN_VERIFIERS_DIR", installed()),
    )?;
    let last = said.lines().rev().find(|line| line.ends_with(" failed")).context("a last line")?;
    assert!(last.ends_with(" passed, 0 failed") && !last.starts_with("0 "), "{said}");

    // A byte of an entry is another: the same software says so.
    let entries = newer.join("tile/entries/000");
    let mut bytes = std::fs::read(&entries)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&entries, bytes)?;
    let forged = script(Command::new("bash").arg(verifiers().join("run.sh")).arg(&newer).env("ZHIXIN_VERIFIERS_DIR", installed()));
    assert!(forged.is_err(), "a forged entry was accepted");
    server.stop()
}

/// The lines of `zhixin events` are the leaves that the server gives, byte for byte, beside the live server; and the public gets those of
/// public types only.
#[tokio::test]
async fn the_lines_of_events_are_the_leaves_of_the_log() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let server = folder.serve(&[])?;
    let public = Client::of(&server)?;
    let auditor = public.sign_in(demo.account("auditor")?).await?;
    let events = folder.run(&["events"])?.ended(0)?;
    let lines = events.lines();
    assert!(lines.len() > 1_000);
    let mut open = 0;
    for (position, line) in lines.iter().enumerate() {
        let leaf = auditor.get(&format!("/log/leaf/{position}")).await?.has_status(200)?;
        assert_eq!(leaf.text()?, *line, "position {position}");
        if position % 7 == 0 {
            let seen = public.get(&format!("/log/leaf/{position}")).await?;
            match seen.status {
                200 => {
                    assert_eq!(seen.text()?, *line);
                    open += 1;
                }
                status => assert_eq!((status, seen.code()?.as_str()), (401, "AUTH-0001"), "position {position}"),
            }
        }
    }
    assert!(open > 10 && open < lines.len() / 10, "{open} of the leaves asked for are public");
    let beyond = auditor.get(&format!("/log/leaf/{}", lines.len())).await?;
    assert_eq!((beyond.status, beyond.code()?.as_str()), (404, "REQ-0009"));
    server.stop()
}
