//! Text forms: keys, notes, checkpoints, head statements, proof files and tile paths; what is well-formed,
//! and how each malformed spelling is refused.

use proptest::prelude::*;

use super::super::checkpoint::{Checkpoint, CheckpointError, HeadStatement};
use super::super::keys::{KeyError, SignerKey, VerifierKey};
use super::super::note::{NoteError, NoteSignature, SignedNote};
use super::super::path::{PathError, TileKind, TilePath};
use super::super::proof_file::{ProofFileError, TlogProof, hash_lines, parse_hash_lines};
use super::super::tree::{SIZE_MAX, empty_root, leaf_hash};

// Published example of the note format: the documentation of Go's `golang.org/x/mod/sumdb/note`.
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SIGNATURE: &str =
    "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

const ORIGIN: &str = "log.example/zhixin/one";

fn key(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(name, &[seed; 32]).unwrap()
}

fn verifiers(keys: &[&SignerKey]) -> Vec<VerifierKey> {
    keys.iter().map(|key| key.verifier().clone()).collect()
}

#[test]
fn published_example_is_signed_and_verified_byte_for_byte() {
    let signer = SignerKey::parse(GO_SKEY).unwrap();
    assert_eq!(*signer.to_skey(), GO_SKEY);
    assert_eq!(signer.verifier().to_string(), GO_VKEY);
    assert_eq!(signer.verifier(), &VerifierKey::parse(GO_VKEY).unwrap());
    assert_eq!(signer.verifier().id(), 0xc74f_20a3);
    let note = SignedNote::sign(GO_TEXT, &[&signer]).unwrap();
    assert_eq!(note.to_string(), format!("{GO_TEXT}\n{GO_SIGNATURE}"));
    let read = SignedNote::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(read.text(), GO_TEXT);
    assert_eq!(read.verify(&verifiers(&[&signer])).unwrap(), [signer.verifier()]);
}

#[test]
fn secret_key_does_not_show_in_debug_output() {
    let shown = format!("{:?}", SignerKey::parse(GO_SKEY).unwrap());
    assert!(shown.contains("PeterNeumann") && !shown.contains("AYEKFAL") && !shown.contains("[129,"), "{shown}");
}

#[test]
fn keys_with_plus_signs_in_their_base64_are_read() {
    let with_plus = (0..=255).map(|seed| key("n.example/log", seed)).find(|key| key.verifier().to_string().matches('+').count() > 2);
    let with_plus = with_plus.unwrap();
    assert_eq!(&VerifierKey::parse(&with_plus.verifier().to_string()).unwrap(), with_plus.verifier());
    assert_eq!(SignerKey::parse(&with_plus.to_skey()).unwrap().verifier(), with_plus.verifier());
}

#[test]
fn malformed_keys_are_refused_as_what_they_are() {
    let refuse = |text: &str| VerifierKey::parse(text).unwrap_err();
    assert_eq!(refuse(""), KeyError::BadForm);
    assert_eq!(refuse("PeterNeumann+c74f20a3"), KeyError::BadForm);
    assert_eq!(refuse(&GO_VKEY.replace("c74f20a3", "c74f20a4")), KeyError::WrongId { found: "c74f20a4".into() });
    assert_eq!(refuse(&GO_VKEY.replace("c74f20a3", "C74F20A3")), KeyError::WrongId { found: "C74F20A3".into() });
    assert_eq!(refuse(&GO_VKEY.replace("Peter", "Paul")), KeyError::WrongId { found: "c74f20a3".into() });
    assert_eq!(refuse(&GO_VKEY.replace("Peter", "Peter ")), KeyError::BadName { name: "Peter Neumann".into() });
    assert_eq!(refuse(&GO_VKEY.replace("PeterNeumann", "")), KeyError::BadName { name: String::new() });
    assert_eq!(refuse(&GO_VKEY.replace("ARpc", "BBpc")), KeyError::UnknownType { found: 4 });
    assert_eq!(refuse(&GO_VKEY.replace("ARpc", "ARp")), KeyError::BadKeyData);
    assert_eq!(refuse(&format!("{GO_VKEY}AAAA")), KeyError::BadKeyData);
    assert_eq!(refuse("a+00000000+"), KeyError::BadKeyData);
    assert_eq!(refuse(&format!("{GO_VKEY}\n")), KeyError::BadKeyData);
    // All zeros is a point of small order: anyone could sign under it.
    assert_eq!(VerifierKey::new("a", &[0; 32]), Err(KeyError::UnusableKey));
    assert_eq!(VerifierKey::new("a+b", &[1; 32]), Err(KeyError::BadName { name: "a+b".into() }));
    assert_eq!(SignerKey::parse(GO_VKEY).unwrap_err(), KeyError::BadForm);
    assert_eq!(SignerKey::parse(&GO_SKEY.replace("c74f20a3", "c74f20a4")).unwrap_err(), KeyError::WrongId { found: "c74f20a4".into() });
}

#[test]
fn several_signatures_are_checked_and_unknown_ones_ignored() {
    let (log, witness, other) = (key(ORIGIN, 1), key("witness.example", 2), key("other.example", 3));
    let note = SignedNote::sign("text\n\nmore\n", &[&log, &witness, &other]).unwrap();
    assert_eq!(note.text(), "text\n\nmore\n");
    assert_eq!(note.signatures().iter().map(NoteSignature::name).collect::<Vec<_>>(), [ORIGIN, "witness.example", "other.example"]);
    assert_eq!(note.verify(&verifiers(&[&witness, &log])).unwrap(), [witness.verifier(), log.verifier()]);
    // Same name with another key, and same key under another name: unknown, so ignored.
    let strangers = verifiers(&[&key(ORIGIN, 9), &key("log.example", 1)]);
    assert_eq!(note.verify(&strangers), Err(NoteError::NotSignedByKnownKey));
    assert_eq!(note.verify(&[]), Err(NoteError::NotSignedByKnownKey));
    // A line of another algorithm: longer, other id.
    let foreign = format!("{note}\u{2014} {ORIGIN} {}\n", super::super::text::to_base64(&[0xff; 200]));
    SignedNote::parse(foreign.as_bytes()).unwrap().verify(&verifiers(&[&log])).unwrap();
    let twice = verifiers(&[&log, &log]);
    assert!(matches!(note.verify(&twice), Err(NoteError::AmbiguousKeys { .. })));
}

#[test]
fn wrong_signature_of_a_known_key_refuses_the_note_even_beside_a_good_one() {
    let (log, witness) = (key(ORIGIN, 1), key("witness.example", 2));
    let good = SignedNote::sign("text\n", &[&log]).unwrap().to_string();
    let elsewhere = SignedNote::sign("other\n", &[&witness]).unwrap().to_string();
    let line = elsewhere.lines().last().unwrap();
    let note = SignedNote::parse(format!("{good}{line}\n").as_bytes()).unwrap();
    note.verify(&verifiers(&[&log])).unwrap();
    let wrong = Err(NoteError::WrongSignature { name: "witness.example".into() });
    assert_eq!(note.verify(&verifiers(&[&log, &witness])), wrong);
    assert_eq!(note.verify(&verifiers(&[&witness])), wrong);
    let id = format!("{:08x}", log.verifier().id());
    let short = super::super::text::to_base64(&[&log.verifier().id().to_be_bytes()[..], &[1; 63]].concat());
    let note = SignedNote::parse(format!("text\n\n\u{2014} {ORIGIN} {short}\n").as_bytes()).unwrap();
    assert_eq!(note.verify(&verifiers(&[&log])), Err(NoteError::WrongSignature { name: ORIGIN.into() }), "63 bytes under {id}");
}

#[test]
fn every_flipped_bit_of_a_note_is_refused() {
    let signer = key("a.example", 5);
    let keys = verifiers(&[&signer]);
    let note = SignedNote::sign("one\ntwo\n", &[&signer]).unwrap().to_string().into_bytes();
    for bit in 0..note.len() * 8 {
        let mut forged = note.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        let accepted = SignedNote::parse(&forged).is_ok_and(|note| note.verify(&keys).is_ok());
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn malformed_notes_are_refused_as_what_they_are() {
    let refuse = |note: &str| SignedNote::parse(note.as_bytes()).unwrap_err();
    let line = GO_SIGNATURE;
    assert_eq!(refuse(""), NoteError::NoSignatureLines);
    assert_eq!(refuse("text\n"), NoteError::NoSignatureLines);
    assert_eq!(refuse("text\n\n"), NoteError::NoSignatureLines);
    assert_eq!(refuse(&format!("text\n{line}")), NoteError::NoSignatureLines);
    assert_eq!(refuse(&format!("text\n\n{}", line.trim_end())), NoteError::NoSignatureLines);
    assert_eq!(refuse(&format!("text\n\n{line}\n")), NoteError::NoSignatureLines);
    assert_eq!(refuse(&format!("te\txt\n\n{line}")), NoteError::NotPlainText);
    assert_eq!(refuse(&format!("text\r\n\n{line}")), NoteError::NotPlainText);
    assert_eq!(refuse(&format!("text\n\n{line}more\n")), NoteError::BadSignatureLine { line: 2 });
    for bad in [
        "- name AAAAAAA=",
        "\u{2014} name",
        "\u{2014}  AAAAAAA=",
        "\u{2014} a+b AAAAAAA=",
        "\u{2014} a AAAAAA==",
        "\u{2014} a AAAAAAB=",
        "\u{2014} a AAAAAAA",
        "\u{2014} a AAAA AAAA",
        "\u{2014} a AAAAA-A=",
        "\u{2014} a\u{a0}b AAAAAAA=",
        "\u{2014} a ",
    ] {
        assert_eq!(refuse(&format!("text\n\n{bad}\n")), NoteError::BadSignatureLine { line: 1 }, "{bad}");
    }
    assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::NotPlainText));
    assert_eq!(refuse(&format!("text\n\n{}", line.repeat(101))), NoteError::TooManySignatures);
    SignedNote::parse(format!("text\n\n{}", line.repeat(100)).as_bytes()).unwrap();
    assert_eq!(refuse(&"x".repeat((1 << 20) + 1)), NoteError::TooLong { len: (1 << 20) + 1 });
    assert_eq!(SignedNote::sign("text", &[&key("a", 1)]), Err(NoteError::TextWithoutNewline));
    assert_eq!(SignedNote::sign("te\0xt\n", &[&key("a", 1)]), Err(NoteError::NotPlainText));
    assert_eq!(SignedNote::sign("text\n", &[]), Err(NoteError::NoSignatureLines));
}

#[test]
fn checkpoint_is_three_lines_and_comes_back_whole() {
    let log = key(ORIGIN, 1);
    let checkpoint = Checkpoint::new(ORIGIN, 700, leaf_hash(b"")).unwrap();
    assert_eq!(checkpoint.to_string(), format!("{ORIGIN}\n700\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n"));
    let note = checkpoint.sign(&[&log]).unwrap().to_string();
    assert_eq!(Checkpoint::open(note.as_bytes(), ORIGIN, &verifiers(&[&log])).unwrap(), checkpoint);
    let with_extension = Checkpoint::parse(&format!("{checkpoint}more\nand more\n")).unwrap();
    assert_eq!(with_extension.extensions(), ["more", "and more"]);
    assert_eq!(with_extension.to_string(), format!("{checkpoint}more\nand more\n"));
    Checkpoint::new(ORIGIN, 0, empty_root()).unwrap();
}

#[test]
fn malformed_checkpoints_are_refused_as_what_they_are() {
    let root = leaf_hash(b"").to_string();
    let refuse = |text: &str| Checkpoint::parse(text).unwrap_err();
    for lines in [
        "",
        "\n",
        "a\n1\n",
        &format!("a\n1\n{root}"),
        &format!("\n1\n{root}\n"),
        &format!("a\n1\n{root}\n\n"),
        &format!("a\n\n1\n{root}\n"),
    ] {
        assert_eq!(refuse(lines), CheckpointError::BadLines, "{lines:?}");
    }
    for size in ["01", "+1", "-1", " 1", "1 ", "0x1", "9223372036854775808", "99999999999999999999999", "\u{661}"] {
        assert_eq!(refuse(&format!("a\n{size}\n{root}\n")), CheckpointError::BadNumber { what: "tree size", found: size.into() });
    }
    Checkpoint::parse(&format!("a\n{SIZE_MAX}\n{root}\n")).unwrap();
    for bad in ["AAAA", "not base64", &root[..43], &format!("{root}="), &root.replace("B0=", "B1=")] {
        assert_eq!(refuse(&format!("a\n1\n{bad}\n")), CheckpointError::BadRoot { found: bad.to_owned() });
    }
    assert_eq!(refuse(&format!("a\n0\n{root}\n")), CheckpointError::WrongEmptyRoot);
    assert_eq!(Checkpoint::new("a b", 1, leaf_hash(b"")).unwrap_err(), CheckpointError::Origin(KeyError::BadName { name: "a b".into() }));
    assert_eq!(Checkpoint::new("a", SIZE_MAX + 1, leaf_hash(b"")).unwrap_err(), CheckpointError::SizeTooLarge { size: SIZE_MAX + 1 });
}

#[test]
fn only_the_key_of_the_log_speaks_for_the_log() {
    let (log, witness) = (key(ORIGIN, 1), key("witness.example", 2));
    let checkpoint = Checkpoint::new(ORIGIN, 1, leaf_hash(b"")).unwrap();
    let other_key = CheckpointError::OtherKey { key: "witness.example".into(), origin: ORIGIN.into() };
    assert_eq!(checkpoint.sign(&[&log, &witness]), Err(other_key));
    // A witness alone does not make a checkpoint, nor may the log's key sign for another origin.
    let unsigned = Err(CheckpointError::Note(NoteError::NotSignedByKnownKey));
    let by_witness = SignedNote::sign(&checkpoint.to_string(), &[&witness]).unwrap().to_string();
    assert_eq!(Checkpoint::open(by_witness.as_bytes(), ORIGIN, &verifiers(&[&log, &witness])), unsigned);
    let other_origin = SignedNote::sign(&checkpoint.to_string().replace(ORIGIN, "other.example"), &[&log]).unwrap().to_string();
    let refused = CheckpointError::OtherOrigin { expected: ORIGIN.into(), found: "other.example".into() };
    assert_eq!(Checkpoint::open(other_origin.as_bytes(), ORIGIN, &verifiers(&[&log])), Err(refused));
}

#[test]
fn head_statement_comes_back_whole_and_is_never_taken_for_a_checkpoint() {
    // The same secret under both names is the worst case.
    let (log, head) = (key(ORIGIN, 1), key(&HeadStatement::key_name(ORIGIN), 1));
    let keys = verifiers(&[&log, &head]);
    let statement =
        HeadStatement { origin: ORIGIN.into(), subject: "person/0123456789".into(), ordinal: 16, size: 700, root: leaf_hash(b"") };
    let note = statement.sign(&head).unwrap().to_string();
    assert!(note.starts_with(&format!("{ORIGIN}/head\nperson/0123456789\n16\n700\nbjQLnP")), "{note}");
    assert_eq!(HeadStatement::open(note.as_bytes(), ORIGIN, &keys).unwrap(), statement);
    assert!(Checkpoint::open(note.as_bytes(), ORIGIN, &keys).is_err());
    // Its signature moved under the log's own name verifies, since both names share the secret, and yet it
    // does not read as a checkpoint of either name.
    let renamed = SignedNote::sign(&statement.to_string(), &[&log]).unwrap().to_string();
    assert!(Checkpoint::open(renamed.as_bytes(), ORIGIN, &keys).is_err());
    assert!(Checkpoint::open(note.as_bytes(), &HeadStatement::key_name(ORIGIN), &keys).is_err());
    let checkpoint = Checkpoint::new(ORIGIN, 700, leaf_hash(b"")).unwrap().sign(&[&log]).unwrap().to_string();
    assert!(HeadStatement::open(checkpoint.as_bytes(), ORIGIN, &keys).is_err());
    // Nor may this log's head key speak for another log.
    let other = SignedNote::sign(&statement.to_string().replace(ORIGIN, "other.example"), &[&head]).unwrap().to_string();
    let refused = CheckpointError::OtherOrigin { expected: ORIGIN.into(), found: "other.example".into() };
    assert_eq!(HeadStatement::open(other.as_bytes(), ORIGIN, &keys), Err(refused));
}

#[test]
fn malformed_head_statements_are_refused_as_what_they_are() {
    let (head, log) = (key("a/head", 1), key("a", 1));
    let good = HeadStatement { origin: "a".into(), subject: "class/x:y".into(), ordinal: 0, size: 1, root: leaf_hash(b"") };
    good.sign(&head).unwrap();
    assert!(matches!(good.sign(&log), Err(CheckpointError::OtherKey { .. })));
    for subject in ["", "class", "/x", "class/", "class/x\n1"] {
        let refused = HeadStatement { subject: subject.into(), ..good.clone() }.sign(&head).unwrap_err();
        assert!(matches!(refused, CheckpointError::BadLines | CheckpointError::BadSubject { .. }), "{subject:?}: {refused}");
    }
    let refuse = |from: &str, to: &str| HeadStatement::parse(&good.to_string().replacen(from, to, 1)).unwrap_err();
    assert!(matches!(refuse("a/head", "a"), CheckpointError::OtherOrigin { .. }));
    assert!(matches!(refuse("a/head", "/head"), CheckpointError::Origin(_)));
    assert_eq!(refuse("\n0\n", "\n00\n"), CheckpointError::BadNumber { what: "ordinal", found: "00".into() });
    assert_eq!(refuse("\n1\n", "\nx\n"), CheckpointError::BadNumber { what: "tree size", found: "x".into() });
    assert_eq!(refuse("\n1\n", "\n1\n1\n"), CheckpointError::BadLines);
}

#[test]
fn proof_file_has_the_specified_lines_and_other_spellings_are_refused() {
    let hash = leaf_hash(b"");
    let proof = TlogProof { extra: b"more".to_vec(), index: 4, path: vec![hash, hash], checkpoint: "checkpoint\n".into() };
    let text = format!("c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 4\n{hash}\n{hash}\n\ncheckpoint\n");
    assert_eq!(proof.to_string(), text);
    assert_eq!(TlogProof::parse(text.as_bytes()).unwrap(), proof);
    let alone = TlogProof { extra: Vec::new(), path: Vec::new(), ..proof };
    assert_eq!(TlogProof::parse(alone.to_string().as_bytes()).unwrap(), alone);

    let refuse = |from: &str, to: &str| TlogProof::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
    assert!(matches!(refuse("@v1", "@v2"), ProofFileError::WrongHeader));
    assert!(matches!(refuse("@v1\n", "@v1\r\n"), ProofFileError::WrongHeader));
    assert!(matches!(refuse("bW9yZQ==", "bW9yZQ"), ProofFileError::BadLine { line: 2, .. }));
    assert!(matches!(refuse("bW9yZQ==", ""), ProofFileError::BadLine { line: 2, .. }));
    assert!(matches!(refuse("extra", "Extra"), ProofFileError::BadLine { line: 2, .. }));
    assert!(matches!(refuse("index 4", "index 04"), ProofFileError::BadLine { line: 3, .. }));
    assert!(matches!(refuse("index 4", "index 9223372036854775808"), ProofFileError::BadLine { line: 3, .. }));
    assert!(matches!(refuse("index 4\n", ""), ProofFileError::BadLine { line: 3, .. }));
    assert!(matches!(refuse("bjQL", "bjQ"), ProofFileError::BadLine { line: 4, .. }));
    assert!(matches!(refuse("\n\ncheckpoint\n", "\n"), ProofFileError::BadLine { line: 6, .. }));
    let long = text.replacen(&format!("{hash}\n"), &format!("{hash}\n").repeat(63), 1);
    assert!(matches!(TlogProof::parse(long.as_bytes()), Err(ProofFileError::TooManyHashes)));
    assert!(matches!(TlogProof::parse(&vec![b'a'; (2 << 20) + 1]), Err(ProofFileError::TooLong { .. })));
    assert!(matches!(TlogProof::parse(b"\xff"), Err(ProofFileError::NotUtf8)));
}

#[test]
fn hash_lines_come_back_and_other_spellings_are_refused() {
    let hash = leaf_hash(b"");
    assert_eq!(hash_lines(&[]), "");
    assert_eq!(parse_hash_lines("").unwrap(), []);
    assert_eq!(parse_hash_lines(&hash_lines(&[hash, hash])).unwrap(), [hash, hash]);
    assert!(matches!(parse_hash_lines(&hash.to_string()), Err(ProofFileError::BadLine { line: 1, .. })));
    assert!(matches!(parse_hash_lines(&format!("{hash}\n\n")), Err(ProofFileError::BadLine { line: 2, .. })));
    assert!(parse_hash_lines(&hash_lines(&[hash; 64])).is_ok());
    assert!(matches!(parse_hash_lines(&hash_lines(&[hash; 65])), Err(ProofFileError::TooManyHashes)));
}

#[test]
fn tile_paths_have_one_spelling() {
    for (text, kind, index, width) in [
        ("tile/0/000", TileKind::Hashes { level: 0 }, 0, 256),
        ("tile/0/x001/x234/067", TileKind::Hashes { level: 0 }, 1_234_067, 256),
        ("tile/1/x001/000.p/1", TileKind::Hashes { level: 1 }, 1_000, 1),
        ("tile/63/999.p/255", TileKind::Hashes { level: 63 }, 999, 255),
        ("tile/entries/x001/234.p/17", TileKind::Entries, 1_234, 17),
        ("tile/0/x036/x028/x797/x018/x963/967", TileKind::Hashes { level: 0 }, SIZE_MAX >> 8, 256),
    ] {
        let path = TilePath::parse(text).unwrap();
        assert_eq!(path, TilePath::new(kind, index, width).unwrap(), "{text}");
        assert_eq!(path.to_string(), text);
    }
}

#[test]
fn malformed_tile_paths_are_refused_as_what_they_are() {
    let refuse = |path: &str| TilePath::parse(path).unwrap_err();
    for path in ["", "tile", "tile/", "tile/0", "/tile/0/000", "checkpoint", "TILE/0/000", "tiles/0/000"] {
        assert_eq!(refuse(path), PathError::NotATilePath, "{path}");
    }
    for level in ["", "00", "01", "64", "256", "-1", "+1", "a", "Entries", "18446744073709551616"] {
        assert_eq!(refuse(&format!("tile/{level}/000")), PathError::BadLevel { level: level.into() });
    }
    for (path, element) in [
        ("", ""),
        ("0", "0"),
        ("00", "00"),
        ("0000", "0000"),
        ("x001", "x001"),
        ("001/000", "001"),
        ("x01/000", "x01"),
        ("x001/x000", "x000"),
        ("x001/", ""),
        ("x001//000", ""),
        ("+00", "+00"),
        ("00a", "00a"),
        ("000.", "000."),
        ("000/", "000"),
        ("000/.p/1", "000"),
        ("X001/000", "X001"),
        ("..", ".."),
        ("%30", "%30"),
        ("000.P/1", "000.P"),
        ("xx01/000", "xx01"),
        ("\u{661}0", "\u{661}0"),
    ] {
        let found = refuse(&format!("tile/0/{path}"));
        assert!(matches!(&found, PathError::BadIndexElement { element: part } if part == element || path == "000.P/1"), "{path}: {found}");
    }
    assert_eq!(refuse("tile/0/x000/001"), PathError::SurplusZeros);
    assert_eq!(refuse("tile/0/x000/x001/001"), PathError::SurplusZeros);
    for width in ["", "0", "00", "01", "256", "257", "65537", "-1", "+1", "1/", "1.p/1", "1 ", "a"] {
        assert_eq!(refuse(&format!("tile/0/000.p/{width}")), PathError::BadWidth { width: width.into() });
    }
    assert_eq!(refuse("tile/0/x036/x028/x797/x018/x963/968"), PathError::IndexTooLarge { index: (SIZE_MAX >> 8) + 1 });
    assert_eq!(refuse("tile/0/x999/x999/x999/x999/x999/x999/x999/999"), PathError::IndexTooLarge { index: u64::MAX });
    assert_eq!(refuse(&format!("tile/0/{}000", "x001/".repeat(20))), PathError::TooLong { len: 110 });
    assert!(TilePath::new(TileKind::Hashes { level: 64 }, 0, 1).is_err());
    assert!(TilePath::new(TileKind::Entries, 0, 0).is_err());
    assert!(TilePath::new(TileKind::Entries, 0, 257).is_err());
}

proptest! {
    #[test]
    fn accepted_tile_paths_print_as_they_were_read(path in "(tile/)?(0|1|63|64|entries)/(x?[0-9]{2,4}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?") {
        if let Ok(read) = TilePath::parse(&path) {
            prop_assert_eq!(read.to_string(), path);
        }
    }

    #[test]
    fn every_tile_path_is_read_back(level in 0_u8..64, index in 0..=SIZE_MAX >> 8, width in 1_u16..=256) {
        for kind in [TileKind::Hashes { level }, TileKind::Entries] {
            let path = TilePath::new(kind, index, width).unwrap();
            prop_assert_eq!(TilePath::parse(&path.to_string()).unwrap(), path);
        }
    }

    #[test]
    fn readers_take_any_bytes_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(\\PC|\n){0,80}(\n\n)?(\u{2014} )?\\PC{0,40}\n?") {
        for input in [&bytes[..], text.as_bytes()] {
            let note = SignedNote::parse(input);
            prop_assert!(note.is_err() || note.unwrap().verify(&[]).is_err());
            prop_assert!(TlogProof::parse(input).is_err());
            prop_assert!(super::super::bundle::decode_bundle(input, 256).is_err());
        }
        let read = (TilePath::parse(&text), Checkpoint::parse(&text), HeadStatement::parse(&text), VerifierKey::parse(&text));
        prop_assert!(read.0.is_err() && read.1.is_err() && read.2.is_err() && read.3.is_err());
    }
}
