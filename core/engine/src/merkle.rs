//! The Merkle log: one RFC 6962 tree over the leaves of all events, in the C2SP formats.
//!
//! Start with [`tree`] (hashing and the growing right edge), then [`tiles`] (how hashes are stored and
//! served), [`proof`] (making and checking proofs) and [`note`] with [`checkpoint`] and [`new_origin`] (what is signed).
//! [`path`], [`bundle`] and [`proof_file`] are the public text and byte forms.
//!
//! Invariants:
//! - Stored rows and every published byte depend on the leaves alone, never on how they were batched.
//! - Everything that checks treats its input as hostile: it neither panics nor overflows, and allocates
//!   only in proportion to the bytes it was handed.
//! - Sizes and indices stay within [`tree::SIZE_MAX`], the range of a signed 64-bit integer, so that every
//!   known verifier can represent them.
//!
//! Sources: RFC 6962 section 2.1, RFC 9162 sections 2.1.3.2 and 2.1.4.2, C2SP tlog-tiles, tlog-checkpoint,
//! signed-note and tlog-proof.

pub mod tree;

pub mod tiles;

pub mod path;

pub mod bundle;

pub mod proof;

pub mod proof_file;

pub mod keys;

pub mod note;

pub mod checkpoint;

pub mod new_origin;

mod text;

#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError, HeadStatement};
pub use keys::{KeyError, SignerKey, VerifierKey};
pub use new_origin::NewOrigin;
pub use note::{NoteError, SignedNote};
pub use path::{PathError, TileKind, TilePath};
pub use proof::{ProofError, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};
pub use proof_file::{ProofFileError, TlogProof};
pub use tiles::{MemoryStore, StoreFault, TileError, TileSource, TileStore, append_leaves};
pub use tree::{TreeBuilder, TreeError, TreeHash, leaf_hash, node_hash};
