//! Why an engine does not open: the world failed, and where.

use std::io;
use std::path::PathBuf;

use crate::checkpoint_file::CheckpointFileFault;
use crate::clock::ClockJumped;
use crate::derived::DerivedFault;
use crate::history::HistoryFault;
use crate::log::{AppendFault, LogFault};
use crate::merkle::{CheckpointError, KeyError, TileError};
use crate::vault_keys::KeyFault;

/// Why an engine does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// A file operation failed.
    #[error("{step} {path}")]
    Io {
        /// What was being done.
        step: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The vault does not open.
    #[error(transparent)]
    Vault(#[from] zhixin_store::vault::VaultFault),
    /// The keys do not open.
    #[error(transparent)]
    Keys(#[from] KeyFault),
    /// A secret in the vault does not have its form.
    #[error("a secret in the vault does not have its form")]
    Secrets,
    /// The log does not open.
    #[error(transparent)]
    Log(#[from] LogFault),
    /// The log cannot be read.
    #[error(transparent)]
    Feed(#[from] zhixin_store::feed::FeedFault),
    /// The first commit could not be appended.
    #[error("the log could not be begun")]
    Begin(#[from] AppendFault),
    /// Derived rows cannot be used or made.
    #[error(transparent)]
    Rows(#[from] zhixin_store::rows::RowFault),
    /// Index and tree cannot follow the log.
    #[error(transparent)]
    Derived(#[from] DerivedFault),
    /// A history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryFault),
    /// The tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TileError),
    /// The checkpoint file cannot be used.
    #[error(transparent)]
    CheckpointFile(#[from] CheckpointFileFault),
    /// The checkpoint in the checkpoint file was not signed by this log.
    #[error("the checkpoint file holds a checkpoint that this log did not sign")]
    ForeignCheckpoint(#[from] CheckpointError),
    /// The origin does not make a key name.
    #[error("the log's origin cannot name a key")]
    Origin(#[from] KeyError),
    /// Checkpoints were signed, and the file outside the folder that knows them is not there.
    #[error(
        "the checkpoint file {path} is not there, though {size} events were signed: bring it back, for without it nothing tells an old copy of the folder from the newest; if it is lost for good and this is the newest folder, --new-checkpoint-file makes it anew"
    )]
    CheckpointFileLost {
        /// Where it should be.
        path: PathBuf,
        /// Events that the vault knows to be signed.
        size: u64,
    },
    /// The log has the origin of another domain since its first start.
    #[error(
        "the log signs as {origin} since its first start, which the domain {domain} would change: leave the domain out, or name the same"
    )]
    OtherDomain {
        /// The origin that is fixed.
        origin: String,
        /// The domain asked for.
        domain: String,
    },
    /// The checkpoint file is from before or after a renewal of the origin, the vault not.
    #[error(
        "the checkpoint file holds a checkpoint of {found}, but the log signs as {origin}: put the newest checkpoint file and the newest copy of the vault back"
    )]
    OtherOrigin {
        /// The origin in the file.
        found: String,
        /// The origin of the log.
        origin: String,
    },
    /// A renewal of the origin was cut short.
    #[error("a renewal of the origin is not finished: repeat `zhixin origin renew`")]
    Renewing,
    /// The log does not extend what was signed before: going on would sign a fork.
    #[error("the log does not extend the checkpoint of {size} events that was signed before; restore the newest backup")]
    Fork {
        /// Size of the signed tree.
        size: u64,
    },
    /// The log of reads does not extend what the vault knows of it.
    #[error("the log of reads does not extend the {size} records that it had before; restore the newest backup of it")]
    ReadsLost {
        /// How many the vault knows.
        size: u64,
    },
    /// The clock cannot be trusted.
    #[error(transparent)]
    Clock(#[from] ClockJumped),
    /// A thread could not be started.
    #[error("start a thread")]
    Thread {
        /// What the system said.
        source: io::Error,
    },
    /// An erasure that was decided could not be finished.
    #[error("an erasure could not be finished")]
    Erasure(#[source] Box<dyn std::error::Error + Send + Sync>),
}
