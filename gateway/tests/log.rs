//! The tamper-evident log over HTTP: what outsiders can check with it, and what only the auditor gets.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::StatusCode;
use world::{ID_NUMBER, PERSON_NAME, World};
use zhixin_engine::merkle::bundle::check_bundle;
use zhixin_engine::merkle::proof_file::parse_hash_lines;
use zhixin_engine::merkle::{Checkpoint, TlogProof, TreeHash, VerifierKey, leaf_hash, verify_consistency};

async fn world() -> World {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    world.certify(&person).await;
    world
}

async fn key(world: &World) -> (VerifierKey, String) {
    let vkey = world.get("", "/log/vkey").await.text();
    let key = VerifierKey::parse(vkey.trim_end()).unwrap();
    let origin = key.name().to_owned();
    (key, origin)
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_check_the_checkpoint_and_that_a_leaf_is_in_the_tree() {
    let world = world().await;
    let (key, origin) = key(&world).await;
    let note = world.get("", "/log/checkpoint").await;
    let checkpoint = Checkpoint::open(&note.bytes, &origin, std::slice::from_ref(&key)).unwrap();
    assert_eq!(checkpoint.size(), world.handle.end());
    assert_eq!(note.headers["cache-control"], "no-cache");
    let size = checkpoint.size();
    let tile = world.get("", &format!("/log/tile/0/000.p/{size}")).await;
    assert_eq!(tile.bytes.len() as u64, size * 32);
    assert!(tile.headers["cache-control"].to_str().unwrap().contains("immutable"));
    let leaves: Vec<TreeHash> = tile.bytes.chunks(32).map(|hash| TreeHash::from_bytes(hash.try_into().unwrap())).collect();
    for (position, leaf) in (0_u64..).zip(&leaves) {
        let file = world.get("", &format!("/log/proof/{position}")).await;
        let proof = TlogProof::parse(&file.bytes).unwrap();
        proof.verify(leaf, &origin, std::slice::from_ref(&key)).unwrap();
        assert!(proof.verify(&leaf_hash(b"another leaf"), &origin, std::slice::from_ref(&key)).is_err());
    }
    let older = world.get("", &format!("/log/consistency?from=3&to={size}")).await.text();
    let path = parse_hash_lines(&older).unwrap();
    let old_root = zhixin_engine::merkle::tiles::root_at(&world.handle.view().unwrap().tree(), 3).unwrap();
    verify_consistency(3, size, &old_root, checkpoint.root(), &path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_of_public_types_are_open_to_anyone_and_the_others_are_not() {
    let world = world().await;
    let (mut open, mut closed) = (0, 0);
    for position in 0..world.handle.end() {
        let answer = world.get("", &format!("/log/leaf/{position}")).await;
        let public = matches!(answer.status, StatusCode::OK);
        let national = world.get("national_office", &format!("/log/leaf/{position}")).await;
        assert_eq!(national.status, StatusCode::OK);
        let kind: serde_json::Value = serde_json::from_slice(&national.bytes).unwrap();
        let kind = kind["t"].as_str().unwrap();
        let expected = ["plan.", "directory.", "certificate.", "document."].iter().any(|area| kind.starts_with(area));
        assert_eq!(public, expected, "{kind}");
        if public {
            assert!(!answer.text().contains("person/"), "{}", answer.text());
            let event = world.get("", &format!("/api/v1/events/{position}")).await;
            assert!(
                event.status == StatusCode::OK && !event.text().contains("\"person/") && !event.text().contains("_once/"),
                "{}",
                event.text()
            );
            open += 1;
        } else {
            closed += 1;
        }
        let cache = if public { "public, max-age=31536000, immutable" } else { "private, no-store" };
        assert_eq!(national.headers["cache-control"], cache, "{kind}");
    }
    assert!(open > 3 && closed > 3);
    // Those who may see the history see whom it is about.
    let mut told = Vec::new();
    for position in 0..world.handle.end() {
        let event = world.get("national_office", &format!("/api/v1/events/{position}")).await.json();
        if event["type"] == "certificate.training-certificate-issued" {
            told.push(event["subjects"].as_object().unwrap().keys().any(|subject| subject.starts_with("person/")));
        }
    }
    assert!(!told.is_empty() && told.into_iter().all(|named| named));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_come_to_the_auditor_alone_each_fetch_a_recorded_reading() {
    let world = world().await;
    let size = world.handle.end();
    let path = format!("/log/tile/entries/000.p/{size}");
    let reads = world.handle.read_log().reader().end();
    for who in ["", "national_office", "trainer", "investigator"] {
        assert!(world.get(who, &path).await.status.is_client_error());
    }
    assert_eq!(world.handle.read_log().reader().end(), reads);
    let bundle = world.get("auditor", &path).await;
    assert_eq!((bundle.status, bundle.headers["cache-control"].to_str().unwrap()), (StatusCode::OK, "private, no-store"));
    assert_eq!(world.handle.read_log().reader().end(), reads + 1);
    let tile = world.get("", &format!("/log/tile/0/000.p/{size}")).await;
    let leaves: Vec<TreeHash> = tile.bytes.chunks(32).map(|hash| TreeHash::from_bytes(hash.try_into().unwrap())).collect();
    let entries = check_bundle(&bundle.bytes, &leaves).unwrap();
    assert!(entries.iter().all(|entry| !String::from_utf8_lossy(entry).contains(PERSON_NAME)));
}
