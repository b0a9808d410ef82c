//! The handle of an open engine: commands in, history and proofs out, personal data only with a recorded reading.

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::oneshot;
use zhixin_domain::access::state::AccountState;
use zhixin_domain::decision::{Identity, Known};
use zhixin_domain::person::{CompleteErasure, ErasePerson};
use zhixin_domain::rules::Packs;
use zhixin_domain::{Command, SubjectState};
use zhixin_events::{
    AccountId, CommandId, DocumentKind, ErasureGround, PersonId, Position, Recorded, Role, Secret, Subject, Timestamp, invariant, leaf,
};
use zhixin_store::rows::RowFault;
use zhixin_store::table::Table;
use zhixin_store::vault::Vault;

use crate::answer::{Accepted, Answer, CommandError, Reply, Submission, Unavailable, command_id};
use crate::appender::log_chain;
use crate::blobs::BlobStore;
use crate::clock::Clock;
use crate::derived::DerivedView;
use crate::entropy::Entropy;
use crate::fault::OpenFault;
use crate::history::{self, CommitAt, HistoryFault};
use crate::identity::IdentityKeys;
use crate::log::{LogKey, LogPurpose, LogReader};
use crate::names::{NameFault, recorded_name_hash};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::publisher::{Published, Publisher};
use crate::read_log::{ReadLog, Reading};
use crate::recompute::Recomputation;
use crate::sealing::{self, OpenedField};
use crate::unflushed::Unflushed;
use crate::vault_keys::{Key, KeyFault, KeyRing};

/// What all handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) data: PathBuf,
    pub(crate) purpose: LogPurpose,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) log_key: LogKey,
    pub(crate) reader: Arc<dyn LogReader>,
    pub(crate) index: Arc<Table>,
    pub(crate) indexed: Arc<Progress>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) read_log: ReadLog,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) unflushed: Arc<Unflushed>,
    pub(crate) recomputation: Arc<Recomputation>,
    pub(crate) commands: Mutex<Weak<SyncSender<(Submission, Reply)>>>,
    pub(crate) idempotency_key: Key,
    pub(crate) identities: IdentityKeys,
    pub(crate) system_account: AccountId,
    pub(crate) persons_withheld: bool,
}

/// Why personal data were not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenPersonsError {
    /// The reading could not be recorded: no record, no data.
    #[error(transparent)]
    NotRecorded(#[from] crate::read_log::ReadLogUnavailable),
    /// The folder was restored without the checkpoint file, so nobody knows who was erased since.
    #[error("personal data are withheld until the checkpoint file is there")]
    Withheld,
    /// The log or the index cannot be read.
    #[error(transparent)]
    History(#[from] HistoryFault),
    /// The vault cannot be read, or the record was changed.
    #[error(transparent)]
    Keys(#[from] KeyFault),
    /// The clock cannot be trusted.
    #[error(transparent)]
    Clock(#[from] crate::clock::ClockJumped),
}

impl From<RowFault> for OpenPersonsError {
    fn from(fault: RowFault) -> Self {
        Self::History(fault.into())
    }
}

impl From<NameFault> for OpenPersonsError {
    fn from(fault: NameFault) -> Self {
        match fault {
            NameFault::History(fault) => Self::History(fault),
            NameFault::Keys(fault) => Self::Keys(fault),
        }
    }
}

/// Sealed fields of one event, opened; empty when their holders are forgotten.
pub type OpenedEvent = (Position, Vec<OpenedField>);

/// A handle to an open engine.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    shared: Arc<Shared>,
    blobs: Arc<BlobStore>,
}

impl EngineHandle {
    pub(crate) fn new(shared: Shared) -> Self {
        let blobs = BlobStore::new(&shared.data, Arc::clone(&shared.keys), Arc::clone(&shared.entropy));
        Self { shared: Arc::new(shared), blobs: Arc::new(blobs) }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    // Commands.

    /// Sends a command; the answer comes when it is durable.
    ///
    /// # Errors
    /// The loop is stopped or has no room for another command.
    pub fn submit(&self, submission: Submission) -> Result<oneshot::Receiver<Answer>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        try_send(&self.shared.commands, submission, reply)?;
        Ok(answer)
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// The command was refused or the world failed.
    pub async fn execute(&self, submission: Submission) -> Answer {
        let answer = self.submit(submission).map_err(CommandError::Unavailable)?;
        answer.await.unwrap_or(Err(CommandError::Unavailable(Unavailable::Stopped)))
    }

    /// Like [`EngineHandle::execute`], for threads that are not asynchronous.
    ///
    /// # Errors
    /// The command was refused or the world failed.
    pub fn execute_blocking(&self, submission: Submission) -> Answer {
        let answer = self.submit(submission).map_err(CommandError::Unavailable)?;
        answer.blocking_recv().unwrap_or(Err(CommandError::Unavailable(Unavailable::Stopped)))
    }

    /// Why no command is taken until a restart, if none is.
    pub fn writing_stopped(&self) -> Option<Unavailable> {
        self.shared.pipeline.standing().stopped
    }

    /// Counts rows that somebody else derives from this log and has not flushed, in bytes: commands wait while all of them together with the
    /// engine's take more than [`UNFLUSHED_BYTES_MAX`](crate::unflushed::UNFLUSHED_BYTES_MAX).
    pub fn count_unflushed(&self, bytes: Arc<AtomicUsize>) {
        self.shared.unflushed.count(bytes);
    }

    /// The fingerprint of a command's canonical body.
    pub fn fingerprint(&self, body: &[u8]) -> [u8; 8] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.shared.idempotency_key.as_slice()) else {
            invariant!("HMAC takes a key of any length")
        };
        mac.update(body);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        full.first_chunk().copied().unwrap_or_default()
    }

    /// A submission of the process itself; `key` makes it repeatable.
    pub fn system_submission(&self, command: impl Into<Command>, key: &str) -> Submission {
        let command = command.into();
        let account = self.shared.system_account;
        Submission {
            actor: account,
            role: Role::System,
            command_id: command_id(&account.to_string(), command.name(), key),
            fingerprint: self.fingerprint(key.as_bytes()),
            effective_on: None,
            if_match: Vec::new(),
            command,
        }
    }

    /// The account of the process itself.
    pub fn system_account(&self) -> AccountId {
        self.shared.system_account
    }

    // History.

    /// The log.
    pub fn reader(&self) -> &Arc<dyn LogReader> {
        &self.shared.reader
    }
    /// Position after the last durable event.
    pub fn end(&self) -> u64 {
        self.shared.reader.end()
    }
    /// Waits until the index reflects everything before a position.
    pub fn wait_indexed(&self, end: u64, timeout: Duration) -> bool {
        self.shared.indexed.wait_for(end, timeout)
    }
    /// A consistent view of index and tree.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub fn view(&self) -> Result<DerivedView, RowFault> {
        DerivedView::of(&self.shared.index)
    }
    /// The rule packs and calendars of all events before a position.
    ///
    /// # Errors
    /// The log or the index cannot be read.
    pub fn packs(&self, before: u64) -> Result<Packs, HistoryFault> {
        history::packs(&self.shared.reader, &self.shared.index, before)
    }
    /// The commit that holds an event.
    ///
    /// # Errors
    /// The log or the tree cannot be read, or the event is not the one in the tree.
    pub fn commit_at(&self, position: u64) -> Result<CommitAt, HistoryFault> {
        history::checked_commit_at(&self.shared.reader, &self.view()?, position)
    }
    /// Calls back with each event at these positions, which rise.
    ///
    /// # Errors
    /// The first that cannot be read or is not the one in the tree, or what `on_event` says.
    pub fn for_each_event<E: From<HistoryFault>>(
        &self,
        positions: &[u64],
        on_event: &mut dyn FnMut(&CommitAt, &Recorded<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let view = self.view().map_err(HistoryFault::from)?;
        history::for_each_event(&self.shared.reader, Some(&view), positions, on_event)
    }
    /// The leaf of an event: its public form.
    ///
    /// # Errors
    /// As [`EngineHandle::commit_at`].
    pub fn leaf(&self, position: u64) -> Result<String, HistoryFault> {
        let found = self.commit_at(position)?;
        let recorded = found.event(position)?;
        leaf::leaf(&found.commit, recorded.index, recorded.record, recorded.position)
            .map_err(|source| HistoryFault::Decode { position, source })
    }
    /// The first position recorded after an instant.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn position_after(&self, at: Timestamp) -> Result<u64, HistoryFault> {
        history::position_after(&self.shared.reader, at)
    }

    // Personal data.

    /// Opens the sealed fields of events, once the reading is durably recorded: those that the record names, of the persons whom it names.
    /// Erased persons' fields are absent.
    ///
    /// # Errors
    /// The reading could not be recorded, or the fields do not open.
    pub fn open_persons(&self, reading: &Reading, positions: &[u64]) -> Result<Vec<OpenedEvent>, OpenPersonsError> {
        if self.shared.persons_withheld {
            return Err(OpenPersonsError::Withheld);
        }
        self.shared.read_log.record(reading, self.shared.clock.now()?)?;
        let view = self.view()?;
        let mut opened = Vec::with_capacity(positions.len());
        let log_id = self.shared.log_key.log_id();
        history::for_each_event::<OpenPersonsError>(&self.shared.reader, Some(&view), positions, &mut |found, recorded| {
            let mut fields = sealing::open_fields(&self.shared.keys, log_id, &found.commit, recorded.index, recorded.record)?;
            let mut served = Vec::with_capacity(fields.len());
            for field in fields.drain(..).filter(|field| reading.fields.iter().any(|name| name == field.field)) {
                let withheld = match field.holder.as_person() {
                    Some(person) => !reading.persons.contains(&person) || view.is_erased(person)?,
                    None => false,
                };
                if !withheld {
                    served.push(field);
                }
            }
            opened.push((recorded.position, served));
            Ok(())
        })?;
        Ok(opened)
    }

    /// Whether somebody of another name is recorded with the number of a document. The recorded name is compared here and nothing of it
    /// leaves, so the reading is not recorded.
    ///
    /// # Errors
    /// The log, the index or the vault cannot be read.
    pub fn has_other_name(&self, kind: DocumentKind, number: &str, name: &str) -> Result<bool, OpenPersonsError> {
        let identity = Identity { kind, number: Secret::new(number.to_owned()), name: Secret::new(name.to_owned()) };
        Ok(self.known(&self.view()?, &identity)? == Known::OtherName)
    }

    /// Whom a document and a name mean, as a view of the index knows it.
    pub(crate) fn known(&self, view: &DerivedView, identity: &Identity) -> Result<Known, OpenPersonsError> {
        let Shared { identities, reader, keys, log_key, .. } = &*self.shared;
        let Some(person) = view.person(&identities.hash(identity.kind, identity.number.expose()))? else { return Ok(Known::Nobody) };
        let subject = Subject::person(person);
        let (_, SubjectState::Person(state)) = history::load_in(view, reader, None, &subject)? else { return Ok(Known::Nobody) };
        let Some(told_at) = state.name_position.filter(|_| !state.is_erased()) else { return Ok(Known::Person(person)) };
        let recorded = recorded_name_hash(identities, (reader, view, keys, log_key.log_id()), &subject, told_at)?;
        let same = recorded.is_some_and(|hash| identities.is_name(identity.name.expose(), &hash));
        Ok(if same { Known::Person(person) } else { Known::OtherName })
    }

    /// Events met since the start whose sealed fields do not open, as when a row of the vault is damaged: their persons are not found by number.
    pub fn unopened_events(&self) -> u64 {
        self.shared.keys.unopened()
    }

    /// The log of reads.
    pub fn read_log(&self) -> &ReadLog {
        &self.shared.read_log
    }

    /// Erases a person: the decision recorded, then the keys destroyed, then the completion recorded.
    ///
    /// # Errors
    /// The command was refused, or the keys could not be destroyed (then the person is served no more, and the next start finishes it).
    pub fn erase(&self, submission: Submission, person: PersonId) -> Answer {
        let accepted = self.execute_blocking(submission)?;
        self.complete_erasure(person)?;
        Ok(accepted)
    }

    fn complete_erasure(&self, person: PersonId) -> Result<Accepted, CommandError> {
        self.forget(person).map_err(|fault| {
            tracing::error!(fault = %log_chain(fault.as_ref()), runbook = "erasure", "an erasure could not be finished; the next start tries again");
            CommandError::Unavailable(Unavailable::Storage)
        })?;
        self.record_erasure(person)
    }

    /// Destroys the keys of a person and notes it outside the folder.
    fn forget(&self, person: PersonId) -> Result<(), AnyFault> {
        // The index must have seen the person's last event, or their identity row could be made again from it.
        if !self.wait_indexed(self.end(), Duration::from_mins(1)) {
            return Err("the index does not follow the log".into());
        }
        self.blobs.forget(&Subject::person(person))?;
        Ok(self.shared.publisher.note_erased([person])?)
    }

    fn record_erasure(&self, person: PersonId) -> Answer {
        self.execute_blocking(self.system_submission(CompleteErasure { person }, &format!("erasure-{person}")))
    }

    /// At every start: finishes the erasures that were decided but not completed, and those that only the checkpoint file knows. What stops
    /// the start is a fault before the keys are gone; that they are gone can be recorded by the next start too.
    pub(crate) fn finish_erasures(&self) -> Result<(), OpenFault> {
        let erasures = self.view()?.erasures()?;
        for person in self.shared.publisher.known_erased() {
            if !erasures.iter().any(|(known, _)| *known == person) {
                // Restored from before the erasure: decide it again, so that this history says so too.
                let erase = ErasePerson { person, ground: ErasureGround::PersonRequest };
                let submission = self.system_submission(erase, &format!("erasure-again-{person}"));
                let known = self.view()?.count(&Subject::person(person), u64::MAX)? > 0;
                if known {
                    self.execute_blocking(submission).map_err(unfinished)?;
                    self.finish_erasure(person)?;
                }
            }
        }
        for (person, completed) in erasures {
            if !completed {
                self.finish_erasure(person)?;
            } else if self.has_keys(person)? {
                // A vault from before the erasure came back.
                self.blobs.forget(&Subject::person(person)).map_err(unfinished)?;
            }
        }
        Ok(())
    }

    fn finish_erasure(&self, person: PersonId) -> Result<(), OpenFault> {
        self.forget(person).map_err(OpenFault::Erasure)?;
        if let Err(fault) = self.record_erasure(person) {
            tracing::error!(%person, fault = %log_chain(&fault), runbook = "erasure", "a person is forgotten, and that is not recorded yet");
        }
        Ok(())
    }

    fn has_keys(&self, person: PersonId) -> Result<bool, OpenFault> {
        let holder = Subject::person(person);
        Ok(self.shared.keys.key_for_opening(&holder).is_ok() || self.blobs.has_any(&holder).map_err(unfinished)?)
    }

    // What the gateway keeps.

    /// The present state of an account; `None` when there is none.
    ///
    /// # Errors
    /// The log or the index cannot be read.
    pub fn account(&self, account: AccountId) -> Result<Option<AccountState>, HistoryFault> {
        let snapshots = None;
        let (ordinal, state) = history::load(&self.shared.reader, &self.shared.index, snapshots, &Subject::account(account))?;
        let SubjectState::Account(state) = state else { invariant!("a subject of one kind has a state of that kind") };
        Ok((ordinal > 0).then_some(state))
    }

    /// Keeps bytes in the vault, encrypted, until they are dropped: rows that wait to be confirmed.
    ///
    /// # Errors
    /// The vault cannot be written.
    pub fn stash(&self, name: &str, bytes: &[u8]) -> Result<(), KeyFault> {
        self.shared.keys.stash(name, bytes)
    }
    /// The bytes kept under a name.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn unstash(&self, name: &str) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, KeyFault> {
        self.shared.keys.secret(&format!("stash/{name}"))
    }
    /// Drops the bytes kept under a name.
    ///
    /// # Errors
    /// The vault cannot be written.
    pub fn drop_stash(&self, name: &str) -> Result<(), KeyFault> {
        self.shared.keys.drop_stash(name)
    }
    /// Names under which bytes are kept.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub fn stashed(&self) -> Result<Vec<String>, KeyFault> {
        self.shared.keys.stashed()
    }

    // Proof.

    /// Checkpoints, origin and keys.
    pub fn publisher(&self) -> &Publisher {
        &self.shared.publisher
    }
    /// The newest published checkpoint.
    pub fn published(&self) -> Option<Published> {
        self.shared.publisher.published()
    }
    /// The recomputation of the tree that this start has begun.
    pub fn recomputation(&self) -> &Recomputation {
        &self.shared.recomputation
    }
    /// The log's key: checks MACs in `verify`.
    pub fn log_key(&self) -> &LogKey {
        &self.shared.log_key
    }

    // Surroundings.

    /// What the log is for.
    pub fn purpose(&self) -> LogPurpose {
        self.shared.purpose
    }
    /// The data folder.
    pub fn data(&self) -> &std::path::Path {
        &self.shared.data
    }
    /// The time.
    ///
    /// # Errors
    /// The clock cannot be trusted.
    pub fn now(&self) -> Result<Timestamp, crate::clock::ClockJumped> {
        self.shared.clock.now()
    }
    /// Randomness.
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.shared.entropy
    }
    /// The vault, for what the gateway keeps there: credentials, sessions, rows waiting for confirmation. Its keys begin with `w/`.
    pub fn vault(&self) -> &Arc<dyn Vault> {
        self.shared.keys.vault()
    }
    /// Identifies a command by account, route and idempotency key.
    pub fn command_id(&self, account: &AccountId, route: &str, key: &str) -> CommandId {
        command_id(&account.to_string(), route, key)
    }
}

type AnyFault = Box<dyn std::error::Error + Send + Sync>;

fn unfinished(fault: impl std::error::Error + Send + Sync + 'static) -> OpenFault {
    OpenFault::Erasure(Box::new(fault))
}

/// Sends a command to the loop without waiting.
fn try_send(commands: &Mutex<Weak<SyncSender<(Submission, Reply)>>>, submission: Submission, reply: Reply) -> Result<(), Unavailable> {
    let sender = commands.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    let Some(sender) = sender else { return Err(Unavailable::Stopped) };
    sender.try_send((submission, reply)).map_err(|fault| match fault {
        TrySendError::Full(_) => Unavailable::Overloaded,
        TrySendError::Disconnected(_) => Unavailable::Stopped,
    })
}
