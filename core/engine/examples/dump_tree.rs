//! Writes logs of synthetic entries as folders, laid out like the paths under `/log/`, so that verifiers
//! that are not ours can be run against them: `dump_tree DIR [SIZE ...]` makes `DIR/SIZE/` for each size.
//!
//! A folder holds `vkey`, `checkpoint`, `tile/…`, some `proof/INDEX` and `consistency/OLD-NEW` files, and a
//! head statement `head` with its `head-vkey`. The key is a fixed test key: the files are the same each time.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use zhixin_engine::merkle::bundle::encode_bundle;
use zhixin_engine::merkle::proof_file::hash_lines;
use zhixin_engine::merkle::tiles::{root_at, tile};
use zhixin_engine::merkle::{
    Checkpoint, HeadStatement, MemoryStore, SignerKey, TilePath, TlogProof, TreeBuilder, append_leaves, consistency_proof, inclusion_proof,
    leaf_hash,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const ORIGIN: &str = "log.example/zhixin/dump";
const SEED: [u8; 32] = *b"test key, known to everyone ....";
const SIZES: [u64; 7] = [1, 2, 255, 256, 257, 700, 66_000];

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        return Err("usage: dump_tree DIR [SIZE ...]".into());
    };
    let sizes = arguments.map(|size| size.parse()).collect::<Result<Vec<u64>, _>>()?;
    for size in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        let folder = Path::new(&folder).join(size.to_string());
        dump(&folder, size)?;
        writeln!(io::stdout(), "{size} entries in {}", folder.display())?;
    }
    Ok(())
}

/// The entry at an index: canonical JSON, as our leaves are.
fn entry(index: u64) -> Vec<u8> {
    format!(r#"{{"eo":"2025-03-01","n":{index},"t":"test.dumped","v":1}}"#).into_bytes()
}

fn dump(folder: &Path, size: u64) -> Outcome {
    let (mut store, mut tree) = (MemoryStore::default(), TreeBuilder::new());
    // In uneven batches, as a server would append.
    while tree.size() < size {
        let batch = tree.size()..size.min(tree.size() * 2 + 3);
        append_leaves(&mut store, &mut tree, batch.map(|index| leaf_hash(&entry(index))))?;
    }
    let key = SignerKey::new(ORIGIN, &SEED)?;
    let checkpoint = Checkpoint::new(ORIGIN, size, tree.root())?.sign(&[&key])?.to_string();
    write(folder, "vkey", format!("{}\n", key.verifier()))?;
    write(folder, "checkpoint", &checkpoint)?;
    for path in TilePath::hash_tiles(size) {
        write(folder, &path.to_string(), tile(&store, &path, size)?)?;
    }
    for path in TilePath::entry_bundles(size) {
        let entries: Vec<Vec<u8>> = (path.start()..path.start() + u64::from(path.width())).map(entry).collect();
        write(folder, &path.to_string(), encode_bundle(&entries)?)?;
    }
    for at in [0, 1, 254, 255, 256, 259, 511, 65_535, 65_536, size / 2, size.saturating_sub(1)].into_iter().filter(|&at| at < size) {
        let path = inclusion_proof(&store, at, size)?;
        let proof = TlogProof { extra: Vec::new(), index: at, path, checkpoint: checkpoint.clone() };
        write(folder, &format!("proof/{at}"), proof.to_string())?;
        let hashes = consistency_proof(&store, at + 1, size)?;
        write(folder, &format!("consistency/{}-{size}", at + 1), hash_lines(&hashes))?;
    }
    let head_key = SignerKey::new(&HeadStatement::key_name(ORIGIN), &SEED)?;
    let head = HeadStatement { origin: ORIGIN.into(), subject: "class/0123456789".into(), ordinal: 3, size, root: root_at(&store, size)? };
    write(folder, "head-vkey", format!("{}\n", head_key.verifier()))?;
    write(folder, "head", head.sign(&head_key)?.to_string())
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> Outcome {
    let file: PathBuf = folder.join(name);
    fs::create_dir_all(file.parent().unwrap_or(folder))?;
    Ok(fs::write(file, bytes)?)
}
