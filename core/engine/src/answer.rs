//! What a caller of the command loop sends and gets.

use tokio::sync::oneshot;
use zhixin_domain::{Command, Refusal};
use zhixin_events::digest::sha256;
use zhixin_events::{AccountId, CivilDate, CommandId, Position, Role, Subject};

/// A command with everything that comes with it.
#[derive(Debug)]
pub struct Submission {
    /// The command.
    pub command: Command,
    /// Who acts.
    pub actor: AccountId,
    /// The role acted in.
    pub role: Role,
    /// Identifies the command: a repeat with the same id gets the first answer.
    pub command_id: CommandId,
    /// Fingerprint of the body: the same id with another body is refused.
    pub fingerprint: [u8; 8],
    /// When the caller says it took place.
    pub effective_on: Option<CivilDate>,
    /// Ordinals that the caller saw; the command is refused if one has moved.
    pub if_match: Vec<(Subject, u32)>,
}

/// An event as the answer names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedEvent {
    /// Its position.
    pub position: Position,
    /// Its type.
    pub event_type: &'static str,
    /// Its subjects with their ordinals.
    pub subjects: Vec<(Subject, u32)>,
}

/// A command was accepted and is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Position of the first event.
    pub position: Position,
    /// Its events.
    pub events: Vec<AcceptedEvent>,
    /// What was created: ids and numbers.
    pub result: Vec<(&'static str, String)>,
    /// Whether this answers a repeat.
    pub replayed: bool,
}

/// Why a command was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A subject has moved since the caller saw it.
    #[error("{subject} is at {found}, not at {expected}")]
    HasMoved {
        /// The subject.
        subject: Subject,
        /// What the caller saw.
        expected: u32,
        /// Where it is.
        found: u32,
    },
    /// The same command id came with another body.
    #[error("the idempotency key was used for another body")]
    KeyReused,
    /// The same command id is being worked on.
    #[error("the same command is still running")]
    StillRunning,
    /// The commit would be longer than a commit may be.
    #[error("the command comes to more than one commit may hold: {0}")]
    TooLarge(&'static str),
    /// The code of the command is wrong. Nothing was recorded, and other commands go on.
    #[error("{command} is broken: {breach}")]
    Broken {
        /// Its name.
        command: &'static str,
        /// What it did.
        breach: Breach,
    },
    /// The world failed; nothing was changed unless the variant says otherwise.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What no command may do. Why no panic: the thread that decides serves all the others too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// It asks for reads again and again.
    #[error("it reads in more than {0} rounds")]
    Reads(usize),
    /// One event names a subject twice, which would count it as two.
    #[error("an event names {0} twice")]
    NamedTwice(Subject),
    /// It names a subject that has a history which it did not read, also with other fresh ids.
    #[error("it names {0} without having read it")]
    Unread(Subject),
}

/// Why the command loop cannot serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The disk has no room.
    #[error("the disk has no room")]
    Full,
    /// Too many commands wait.
    #[error("too many commands wait")]
    Overloaded,
    /// The clock jumped.
    #[error("the clock jumped")]
    ClockJumped,
    /// The history of a subject does not fold.
    #[error("the history of {0} does not fold")]
    Poisoned(Subject),
    /// Storage cannot be read or written.
    #[error("storage cannot be read or written")]
    Storage,
    /// A sync failed or an answer was lost: whether this command is in the log shows after a restart; repeat it with the same key then.
    #[error("whether the command was recorded is not known until the log is opened again")]
    OutcomeUnknown,
    /// Writing has stopped.
    #[error("writing has stopped")]
    Stopped,
}

/// The answer to a command.
pub type Answer = Result<Accepted, CommandError>;

/// Where the answer goes.
pub(crate) type Reply = oneshot::Sender<Answer>;

/// `SHA-256(account || 0 || route || 0 || key)`, cut to 16 bytes. Why the zero bytes, which the design does not have: no two triples that run
/// together alike may have one id.
pub(crate) fn command_id(account: &str, route: &str, key: &str) -> CommandId {
    let hash = sha256(&[account.as_bytes(), b"\0", route.as_bytes(), b"\0", key.as_bytes()]);
    CommandId(hash.first_chunk().copied().unwrap_or_default())
}
