//! A person is forgotten: the record stays proven, and nothing of what identified the person can be found or opened any more, also not from
//! an older copy of the folder.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs;

use anyhow::Context as _;
use serde_json::json;
use zhixin_engine::merkle::proof_file::parse_hash_lines;
use zhixin_engine::merkle::{Checkpoint, SignedNote, TreeHash, verify_consistency};
use zhixin_tests::system::{Client, Course, Demo, Folder, Made, Patterns, copy_folder, number, roster, text};

/// Size and root of the published checkpoint.
async fn published(client: &Client) -> anyhow::Result<(u64, TreeHash)> {
    let note = client.get("/log/checkpoint").await?.has_status(200)?;
    let checkpoint = Checkpoint::parse(SignedNote::parse(&note.body)?.text())?;
    Ok((checkpoint.size(), *checkpoint.root()))
}

/// Expects that a server of this folder knows the certificate of a person and nothing else of them.
async fn shows_nothing_of(folder: &Folder, course: &Course, demo: &Demo, certificate: &str, made: &Made) -> anyhow::Result<()> {
    let server = folder.serve(&[])?;
    let course = course.at(&server, demo).await?;
    let path = format!("/api/v1/certificates/{certificate}");
    let shown = course.public.ask(&path).await?;
    assert!(shown["certificate"]["holder"].is_null(), "{shown}");
    let known = json!({ "name": made.name, "last_six": made.last_six() });
    let check = course.public.post(&format!("{path}/check"), &known).await?.has_status(200)?.json()?;
    assert_eq!(check, json!({ "agrees": false }));
    let roster = course.roster_by_name().await?;
    assert!(!roster.contains_key(&made.name) && roster.len() == 1, "{roster:?}");
    server.stop()
}

/// Aim: forgetting takes away the person and nothing else. Method: of two people certified in the same class one is erased over HTTP; before
/// and after, the folder is searched, the tree is compared, and the certificate is looked up.
#[tokio::test]
async fn an_erased_person_is_nowhere_and_the_record_is_still_proven() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let (server, mut course) = Course::prepare(&demo, &folder).await?;
    let made = [Made::new(40), Made::new(51)];
    let rows: Vec<[&str; 3]> = made.iter().map(|made| [made.name.as_str(), &made.number, &made.phone]).collect();
    let certified = course.run_through(roster(&rows)?, 2).await?;
    let of = |made: &Made| certified.iter().find(|(name, ..)| *name == made.name).cloned();
    let (_, person, certificate) = of(&made[0]).context("the first is certified")?;
    let (_, _, other_certificate) = of(&made[1]).context("the second is certified")?;
    let path = format!("/api/v1/certificates/{certificate}");
    let known = json!({ "name": made[0].name, "last_six": made[0].last_six() });
    let before = course.public.ask(&path).await?;
    assert_eq!(text(&before, "/certificate/holder")?, "闻*");
    let check = |client: &Client, path: &str, body: &serde_json::Value| {
        let (client, path, body) = (client.clone(), format!("{path}/check"), body.clone());
        async move { client.post(&path, &body).await?.has_status(200)?.json() }
    };
    assert_eq!(check(&course.public, &path, &known).await?, json!({ "agrees": true }));
    let (size, root) = published(&course.public).await?;
    server.stop()?;
    let older = folder.copy()?;
    let (backup, vault) = (folder.path().join("backup"), folder.path().join("vault-backup"));
    let (backup, vault) = (backup.to_str().unwrap(), vault.to_str().unwrap());
    folder.run(&["backup", backup, "--vault", vault])?.ended(0)?;

    // The erasure: only the national office decides it, and once.
    let server = folder.serve(&[])?;
    let course = course.at(&server, &demo).await?;
    let erase = json!({ "person": person, "ground": "person_request" });
    assert_eq!(course.staff.refused("erase-person", erase.clone()).await?, (403, "AUTH-0002".to_owned()));
    let erased_at = number(&course.national.command("erase-person", erase.clone()).await?, "/position")?;
    assert_eq!(course.national.refused("erase-person", erase).await?, (409, "PERSON-0001".to_owned()));
    course.covered(erased_at).await?;

    // The tree of before is the beginning of the tree of now.
    let (new_size, new_root) = published(&course.public).await?;
    assert!(new_size > size);
    let proof = course.public.get(&format!("/log/consistency?from={size}&to={new_size}")).await?.has_status(200)?;
    let hashes = parse_hash_lines(proof.text()?)?;
    verify_consistency(size, new_size, &root, &new_root, &hashes)?;
    assert!(verify_consistency(size, new_size, &new_root, &new_root, &hashes).is_err());

    // The certificate is still found, without a name; what was known of the person agrees with nothing; the other one is as before.
    let after = course.public.ask(&path).await?;
    assert_eq!((text(&after, "/certificate/status")?, after["certificate"]["holder"].is_null()), ("valid".to_owned(), true));
    assert_eq!(check(&course.public, &path, &known).await?, json!({ "agrees": false }));
    let earlier = course.public.ask(&format!("{path}?as_of=@{}", erased_at - 1)).await?;
    assert!(earlier["certificate"]["holder"].is_null(), "an earlier moment shows what is forgotten now: {earlier}");
    let roster = course.staff.ask(&format!("/api/v1/classes/{}?names=1&purpose=class_administration", course.class)).await?;
    let trainee = |wanted: &str| roster["roster"].as_array().unwrap().iter().find(|trainee| trainee["person"] == wanted).cloned();
    assert!(trainee(&person).context("still a trainee")?["name"].is_null());
    let other = course.public.ask(&format!("/api/v1/certificates/{other_certificate}")).await?;
    assert_eq!(text(&other, "/certificate/holder")?, "闻*");
    server.stop()?;

    // Nothing of the person is in the folder, and the whole history is in order, with the tree that was signed.
    let patterns = Patterns::new([&made[0].name, &made[0].number, &made[0].phone]);
    assert_eq!(patterns.found_below(folder.path())?, [] as [String; 0]);
    folder.run(&["verify"])?.ended(0)?;

    // The vault of before opens nothing of the person, neither beside the log of now nor restored with the log of before.
    let mixed = folder.copy()?;
    fs::remove_dir_all(mixed.data().join("vault"))?;
    copy_folder(&older.data().join("vault"), &mixed.data().join("vault"))?;
    assert_eq!(mixed.run(&["serve", "--listen", "127.0.0.1:0"])?.code, 3, "the vault of before opens with today's key");
    // Today's master key does not even open it; and with the key of then, the person is erased again before anything is served.
    assert_ne!(folder.run(&["restore", backup, "--vault", vault])?.code, 0);
    folder.run(&["verify"])?.ended(0)?;
    fs::copy(older.path().join("data.master-key"), folder.path().join("data.master-key"))?;
    folder.run(&["restore", backup, "--vault", vault])?.ended(0)?;
    shows_nothing_of(&folder, &course, &demo, &certificate, &made[0]).await?;
    assert_eq!(patterns.found_below(folder.path())?, [] as [String; 0]);
    Ok(())
}
