//! Events that were published are lost for good: the restored log signs nothing until it goes on under a new origin, and whoever trusted the old
//! one can follow it there.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use anyhow::Context as _;
use serde_json::json;
use zhixin_engine::merkle::proof_file::parse_hash_lines;
use zhixin_engine::merkle::{Checkpoint, NewOrigin, VerifierKey, verify_consistency};
use zhixin_tests::system::{Client, Demo, Folder, number, text, until, uscc};

/// The published checkpoint, held against a key.
async fn published(client: &Client, key: &VerifierKey) -> anyhow::Result<Checkpoint> {
    let note = client.get("/log/checkpoint").await?.has_status(200)?;
    Ok(Checkpoint::open(&note.body, key.name(), std::slice::from_ref(key))?)
}

/// Records one more event, and waits until a checkpoint covers it.
async fn record(folder: &Folder, demo: &Demo, key: Option<&VerifierKey>, index: u16) -> anyhow::Result<(VerifierKey, Checkpoint)> {
    let server = folder.serve(&[])?;
    let public = Client::of(&server)?;
    let national = public.sign_in(demo.account("national_office")?).await?;
    let body = json!({ "name": format!("测试学院{index}号"), "uscc": uscc(index), "unit": "11" });
    let position = number(&national.command("register-organisation", body).await?, "/position")?;
    let said = VerifierKey::parse(public.get("/log/vkey").await?.has_status(200)?.text()?.trim())?;
    let key = key.cloned().unwrap_or(said);
    let covering = until("a checkpoint covers the event", || async {
        let checkpoint = published(&public, &key).await;
        Ok(checkpoint.ok().filter(|checkpoint| checkpoint.size() > position))
    })
    .await?;
    server.stop()?;
    Ok((key, covering))
}

/// Aim: a log that lost what it had published neither forks nor falls silent for ever. Method: a stranger keeps key and checkpoints; a backup
/// from before the newest of them is restored. It signs nothing. Then its origin is renewed, and the stranger, who believes the old key only,
/// follows the statement to the new key, and the old checkpoint into the new tree.
#[tokio::test]
async fn a_log_that_lost_published_events_goes_on_under_an_origin_that_a_stranger_can_check() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let (old_key, kept) = record(&folder, &demo, None, 60).await?;
    let (backup, vault) = (folder.path().join("backup"), folder.path().join("vault-backup"));
    let (backup, vault) = (backup.to_str().unwrap(), vault.to_str().unwrap());
    folder.run(&["backup", backup, "--vault", vault])?.ended(0)?;
    let (_, lost) = record(&folder, &demo, Some(&old_key), 61).await?;
    assert!(lost.size() > kept.size());
    let renew = ["origin", "renew", "--reason", "the disk of the server failed", "--json"];
    assert!(folder.run(&renew)?.ended(3)?.err.contains("is not unsigned"));

    std::fs::remove_dir_all(folder.data())?;
    let restored = folder.run(&["restore", backup, "--vault", vault])?.ended(0)?;
    assert!(restored.out.contains("stays unsigned"), "{}", restored.out);
    assert!(folder.run(&["doctor"])?.ended(1)?.out.contains("ops/runbooks/restore.md"));
    let server = folder.serve(&[])?;
    let public = Client::of(&server)?;
    public.get("/log/checkpoint").await?.has_status(503)?;
    assert!(folder.run(&renew)?.ended(3)?.err.contains("an engine is running"), "not beside a server");
    server.stop()?;

    let renewed = folder.run(&renew)?.ended(0)?;
    let renewed: serde_json::Value = serde_json::from_str(renewed.out.trim())?;
    folder.run(&["verify"])?.ended(0)?;
    folder.run(&["doctor"])?.ended(0)?;

    // The stranger has the old key and the old checkpoints, and what the server says now.
    let server = folder.serve(&[])?;
    let public = Client::of(&server)?;
    let origins = public.ask("/log/origins").await?;
    assert_eq!((text(&origins, "/origins/0/vkey")?, origins["origins"].as_array().map(Vec::len)), (old_key.to_string(), Some(2)));
    let note = text(&origins, "/origins/1/statement")?;
    assert_eq!(std::fs::read_to_string(text(&renewed, "/statement")?)?, note, "the same beside the checkpoint file");
    let statement = NewOrigin::open(note.as_bytes(), &old_key)?;
    assert_eq!((statement.old_size, &statement.old_root), (lost.size(), lost.root()));
    assert_eq!((statement.size, statement.reason.as_str()), (kept.size(), "the disk of the server failed"));
    let new_key = &statement.new_key;
    assert_eq!(new_key.name(), format!("{}/2", old_key.name()));
    let first = text(&origins, "/origins/1/first_checkpoint")?;
    let first = Checkpoint::open(first.as_bytes(), new_key.name(), std::slice::from_ref(new_key))?;
    assert_eq!((first.size(), first.root()), (statement.size, &statement.root));
    assert_eq!(first.extensions(), [NewOrigin::extension(&note)]);
    assert!(NewOrigin::open(note.replace("failed", "was sold").as_bytes(), &old_key).is_err(), "a changed statement was accepted");
    server.stop()?;

    let (said, newest) = record(&folder, &demo, Some(new_key), 62).await?;
    assert_eq!(said.name(), new_key.name());
    let server = folder.serve(&[])?;
    let public = Client::of(&server)?;
    let path = format!("/log/consistency?from={}&to={}", kept.size(), newest.size());
    let hashes = parse_hash_lines(public.get(&path).await?.has_status(200)?.text()?)?;
    verify_consistency(kept.size(), newest.size(), kept.root(), newest.root(), &hashes).context("the old checkpoint is in the new tree")?;
    assert!(verify_consistency(lost.size(), newest.size(), lost.root(), newest.root(), &hashes).is_err(), "what was lost is not");
    server.stop()
}
