//! The thread that decides: one command after another, each on exactly the log before it, pending batches included.
//!
//! A command's way: idempotency (here), reads of at most four rounds (`reads`, and `look_up` for persons), `If-Match` and `decide` (here),
//! ordinals, seals and limits (`form`), into the states and the forming batch (`ahead`). Answers, refusals too, wait until the last batch whose
//! pending state they saw is durable.

mod ahead;
mod form;
mod look_up;
mod reads;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use zhixin_domain::Refusal;
use zhixin_domain::States;
use zhixin_domain::decision::{Decision, FRESH_IDS, Inputs, NewEvent};
use zhixin_domain::rules::{Packs, Rules};
use zhixin_events::commit::Commit;
use zhixin_events::{Position, Subject, Timestamp, invariant};
use zhixin_store::table::Table;

use self::form::accepted;
use crate::answer::{Answer, Breach, CommandError, Reply, Submission, Unavailable};
use crate::clock::Clock;
use crate::derived::DerivedView;
use crate::entropy::Entropy;
use crate::history;
use crate::hot::HotStates;
use crate::identity::IdentityKeys;
use crate::log::{LogId, LogReader};
use crate::pipeline::{Pipeline, Standing};
use crate::progress::Progress;
use crate::seen::SeenCommands;
use crate::unflushed::Unflushed;
use crate::vault_keys::{KeyRing, NewKeys};
use crate::younger::Younger;

/// Rounds of reads that a command may ask for.
pub(crate) const READ_ROUNDS_MAX: usize = 4;
/// How often fresh ids are drawn again when one is taken.
const COLLISIONS_MAX: usize = 8;
/// How often commands wait for rows to be flushed before they are turned away.
const MEMORY_WAITS_MAX: usize = 20;
/// Commands that are served on one view of the index while there is a newer one. Why bounded: the younger facts beside it grow
/// meanwhile, and it pins old rows.
const VIEW_SERVES: u32 = 64;
/// How long the loop waits for a command before it tidies up.
const IDLE: Duration = Duration::from_millis(500);
/// How long the index may take to reflect what is durable after a failed append. Longer than any backlog, so that only a broken one fails.
const INDEX_WAIT: Duration = Duration::from_mins(1);

/// What the deciding thread works with.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) log_id: LogId,
    pub(crate) reader: Arc<dyn LogReader>,
    pub(crate) index: Arc<Table>,
    pub(crate) snapshots: Arc<Table>,
    pub(crate) indexed: Arc<Progress>,
    pub(crate) unflushed: Arc<Unflushed>,
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) seen: Arc<SeenCommands>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) identities: IdentityKeys,
}

impl std::fmt::Debug for dyn LogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogReader")
    }
}

/// The command loop.
#[derive(Debug)]
pub(crate) struct Decider {
    around: Surroundings,
    hot: HotStates,
    packs: Packs,
    /// The batch of the last rule pack decided on: whatever a decision reads in the packs depends on it.
    packs_batch: u64,
    younger: Younger,
    generation: u64,
    next_position: u64,
    last_recorded: Timestamp,
    /// What the index says; what is younger stands in `hot` and `younger`. None while nothing is to do, so that no old rows are pinned.
    view: Option<DerivedView>,
    /// Commands served since the view was taken.
    view_served: u32,
    /// The last wait for room in memory was in vain.
    crowded: bool,
    /// Snapshots taken ahead of the durable log: batch, subject, bytes.
    snapshots: VecDeque<(u64, Subject, Vec<u8>)>,
}

impl Decider {
    /// A loop that continues a log: `packs` folded up to its end, `last_recorded` its last time.
    pub(crate) fn new(around: Surroundings, packs: Packs, last_recorded: Timestamp, hot_bytes_max: usize) -> Self {
        let Standing { generation, durable_position, .. } = around.pipeline.standing();
        Self {
            around,
            hot: HotStates::new(hot_bytes_max),
            packs,
            packs_batch: 0,
            younger: Younger::default(),
            generation,
            next_position: durable_position,
            last_recorded,
            view: None,
            view_served: 0,
            crowded: false,
            snapshots: VecDeque::new(),
        }
    }

    /// Runs until the senders are gone.
    pub(crate) fn run(mut self, commands: &Receiver<(Submission, Reply)>) {
        loop {
            match commands.recv_timeout(IDLE) {
                Ok((submission, reply)) => self.serve(&submission, reply),
                Err(RecvTimeoutError::Timeout) => {
                    self.tidy();
                    self.look_again();
                    self.view = None;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Between two commands.
    fn tidy(&mut self) -> Standing {
        self.hot.begin();
        let mut standing = self.around.pipeline.standing();
        if standing.generation != self.generation {
            self.keep_up(standing);
            standing = self.around.pipeline.standing();
        }
        self.view_served += 1;
        let is_behind = |view: &DerivedView| self.view_served >= VIEW_SERVES && view.reached() < self.around.indexed.reached();
        if self.view.as_ref().is_none_or(is_behind) {
            self.look_again();
        }
        if let Some(indexed) = self.view.as_ref().map(DerivedView::reached) {
            // Also when nothing is recorded and the index stands still: refused commands load states as well.
            self.hot.evict(indexed);
        }
        while self.snapshots.front().is_some_and(|(batch, ..)| *batch <= standing.durable_batch) {
            let Some((_, subject, bytes)) = self.snapshots.pop_front() else { break };
            history::keep_snapshot(&self.around.snapshots, &subject, bytes);
        }
        standing
    }

    fn serve(&mut self, submission: &Submission, reply: Reply) {
        self.serve_by(submission, reply, &|states, inputs| submission.command.decide(states, inputs));
    }

    /// The same with what decides as an argument: tests decide what no command of the domain does.
    fn serve_by(&mut self, submission: &Submission, reply: Reply, decide: Decide<'_>) {
        let mut reply = Some(reply);
        // A failed append makes a decision void: decide again on what is durable.
        while let Some(waiting) = reply.take() {
            let standing = self.tidy();
            if let Some(stopped) = standing.stopped {
                drop(waiting.send(Err(stopped.into())));
                return;
            }
            if !self.has_memory() {
                drop(waiting.send(Err(Unavailable::Overloaded.into())));
                return;
            }
            match self.decide(submission, standing, decide) {
                Outcome::Answer { answer, batch } => self.around.pipeline.answer_after(batch, self.generation, waiting, answer),
                Outcome::Commit { commit, decision, new_keys, answer } => match self.advance(&commit, &decision) {
                    Ok(snapshots) => reply = self.record(&commit, &decision, snapshots, new_keys, waiting, answer),
                    Err(broken) => {
                        self.around.keys.abandon(&new_keys);
                        self.forget_advance(&commit);
                        drop(waiting.send(Err(Unavailable::Poisoned(broken).into())));
                    }
                },
            }
        }
    }

    /// Waits a while when too many derived rows are unflushed; says whether there is room again. Once a wait was in vain nobody waits until
    /// there is: one after another they would keep the whole queue waiting.
    fn has_memory(&mut self) -> bool {
        for _ in 0..if self.crowded { 0 } else { MEMORY_WAITS_MAX } {
            if !self.around.unflushed.is_too_much() {
                return true;
            }
            std::thread::park_timeout(IDLE);
        }
        self.crowded = self.around.unflushed.is_too_much();
        !self.crowded
    }

    fn decide(&mut self, submission: &Submission, standing: Standing, decide: Decide<'_>) -> Outcome {
        let mut seen = 0;
        match self.try_decide(submission, standing, decide, &mut seen) {
            Ok(outcome) => outcome,
            Err(error) => {
                if let CommandError::Broken { .. } = error {
                    tracing::error!(fault = %error, runbook = "invariant", "a command is broken; nothing of it was recorded");
                }
                Outcome::Answer { answer: Err(error), batch: seen }
            }
        }
    }

    fn try_decide(
        &mut self,
        submission: &Submission,
        standing: Standing,
        decide: Decide<'_>,
        seen: &mut u64,
    ) -> Result<Outcome, CommandError> {
        let clock = self.around.clock.now().map_err(|_| Unavailable::ClockJumped)?;
        let now = clock.max(self.last_recorded);
        if let Some((answer, batch)) = self.repeated(submission, standing, now)? {
            *seen = batch;
            return Ok(Outcome::Answer { answer, batch });
        }
        // Any decision reads the packs, a refusal too.
        *seen = self.packs_batch;
        let mut loaded = self.load(submission)?;
        loaded.batch = loaded.batch.max(self.packs_batch);
        *seen = loaded.batch;
        for (subject, expected) in &submission.if_match {
            let found = loaded.states.ordinal(subject);
            if found != *expected {
                return Err(CommandError::HasMoved { subject: *subject, expected: *expected, found });
            }
        }
        let broken = |breach| CommandError::Broken { command: submission.command.name(), breach };
        let mut taken = Vec::new();
        for _ in 0..COLLISIONS_MAX {
            let rules = Rules::new(&self.packs);
            let fresh: [[u8; 6]; FRESH_IDS] = std::array::from_fn(|_| self.around.entropy.array());
            let inputs = Inputs {
                actor: submission.actor,
                role: submission.role,
                now,
                today: now.civil_date(),
                stated_effective_on: submission.effective_on,
                rules,
                fresh,
            };
            let decision = decide(&loaded.states, &inputs)?;
            let packs = inputs.rules.used();
            if let Some(subject) = decision.events.iter().find_map(named_twice) {
                return Err(broken(Breach::NamedTwice(subject)));
            }
            if self.names_something_taken(&decision, &mut loaded, &mut taken)? {
                continue;
            }
            *seen = loaded.batch;
            let first = Position(self.next_position);
            let (commit, new_keys) = form::form(&self.around, submission, &decision, (first, now), packs, &loaded.states)?;
            let answer = Ok(accepted(&commit, first));
            return Ok(Outcome::Commit { commit, decision, new_keys, answer });
        }
        // Fresh ids of 48 bits do not collide so often: it is a subject that the command should have read.
        let Some(subject) = taken.pop() else { invariant!("a decision names something taken, or it is prepared") };
        Err(broken(Breach::Unread(subject)))
    }

    /// The first answer, when the command id is known.
    fn repeated(&mut self, submission: &Submission, standing: Standing, now: Timestamp) -> Result<Option<(Answer, u64)>, CommandError> {
        let (position, fingerprint, batch) = match self.younger.commands.get(&submission.command_id) {
            Some(recent) if recent.batch > standing.durable_batch => return Err(CommandError::StillRunning),
            Some(recent) => (recent.position, recent.fingerprint, recent.batch),
            None if self.around.seen.surely_not(&submission.command_id) => return Ok(None),
            None => match self.read_index(|view| view.command(&submission.command_id, now))? {
                Some(known) => (known.position.0, known.fingerprint, 0),
                None => return Ok(None),
            },
        };
        if fingerprint != submission.fingerprint {
            return Err(CommandError::KeyReused);
        }
        let view = self.view.as_ref().ok_or(Unavailable::Storage)?;
        let recorded = history::checked_commit_at(&self.around.reader, view, position).map_err(|fault| fault.unavailable())?;
        let mut accepted = accepted(&recorded.commit, Position(position));
        accepted.replayed = true;
        Ok(Some((Ok(accepted), batch)))
    }
}

/// What decides on loaded states.
type Decide<'a> = &'a dyn Fn(&States, &Inputs<'_>) -> Result<Decision, Refusal>;

/// A subject that one event names more than once.
fn named_twice(event: &NewEvent) -> Option<Subject> {
    let twice = |(index, subject): (usize, &Subject)| event.subjects.iter().skip(index + 1).any(|other| other == subject);
    event.subjects.iter().enumerate().find(|entry| twice(*entry)).map(|(_, subject)| *subject)
}

/// What deciding comes to.
enum Outcome {
    /// An answer without a commit, which depends on a batch.
    Answer { answer: Answer, batch: u64 },
    /// A commit.
    Commit { commit: Commit, decision: Decision, new_keys: NewKeys, answer: Answer },
}
