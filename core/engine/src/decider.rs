//! The thread that decides: one command after another, each on exactly the log before it, pending batches included.
//!
//! A command's way: idempotency, reads (at most four rounds), `If-Match`, `decide`, ordinals and positions, sealing, limits, into the forming
//! batch. Answers, refusals too, wait until the last batch whose pending state they saw is durable.

mod form;
mod look_up;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use zhixin_domain::Refusal;
use zhixin_domain::decision::{Decision, FRESH_IDS, Inputs, NewEvent, Reads};
use zhixin_domain::rules::{Packs, Rules};
use zhixin_domain::state::Fact;
use zhixin_domain::{States, SubjectState};
use zhixin_events::commit::{Commit, EventRecord};
use zhixin_events::{Event, Position, Subject, Timestamp, invariant, registry};
use zhixin_store::rows::RowFault;
use zhixin_store::table::Table;

pub(crate) use self::form::{accepted, command_id};
use self::form::{bytes_max, check_limits};
use crate::answer::{Answer, Breach, CommandError, Reply, Submission, Unavailable};
use crate::clock::Clock;
use crate::derived::DerivedView;
use crate::entropy::Entropy;
use crate::history::{self, HistoryFault};
use crate::hot::HotStates;
use crate::identity::IdentityKeys;
use crate::log::{LogId, LogReader};
use crate::pipeline::{Pipeline, Standing};
use crate::progress::Progress;
use crate::sealing::{self, Place};
use crate::seen::SeenCommands;
use crate::unflushed::Unflushed;
use crate::vault_keys::{KeyRing, NewKeys};
use crate::younger::{Forgettable, Recent, Younger};

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
    /// Snapshots taken ahead of the durable log: batch, subject, bytes.
    snapshots: VecDeque<(u64, Subject, Vec<u8>)>,
}

/// What a decision saw, and on what it depends.
struct Loaded {
    states: States,
    /// The last batch whose pending state was seen.
    batch: u64,
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

    fn tidy(&mut self) -> Standing {
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
        while self.snapshots.front().is_some_and(|(batch, ..)| *batch <= standing.durable_batch) {
            let Some((_, subject, bytes)) = self.snapshots.pop_front() else { break };
            history::keep_snapshot(&self.around.snapshots, &subject, bytes);
        }
        standing
    }

    /// Takes a new view of the index, and drops what it reflects by now.
    fn look_again(&mut self) {
        self.view_served = 0;
        self.view = DerivedView::of(&self.around.index)
            .inspect_err(
                |fault| tracing::error!(fault = %crate::appender::log_chain(fault), runbook = "derived", "the index cannot be read"),
            )
            .ok();
        if let Some(view) = &self.view {
            let indexed = view.reached();
            self.younger.trim(indexed);
            self.hot.evict(indexed);
        }
    }

    /// Reads the index; a view that its store has let go is taken anew.
    fn read_index<T>(&mut self, read: impl Fn(&DerivedView) -> Result<T, RowFault>) -> Result<T, Unavailable> {
        if let Some(Err(RowFault::ViewExpired)) = self.view.as_ref().map(&read) {
            self.look_again();
        }
        self.view.as_ref().ok_or(Unavailable::Storage).and_then(|view| read(view).map_err(|_| Unavailable::Storage))
    }

    /// After a failure: drops the overlay and everything decided on it.
    fn keep_up(&mut self, standing: Standing) {
        self.generation = standing.generation;
        // What is dropped is loaded anew through the index, so the index must reflect all that is durable first.
        if standing.stopped.is_none() && !self.around.indexed.wait_for(standing.durable_position, INDEX_WAIT) {
            tracing::error!(runbook = "derived", "the index does not follow the log; writing stops");
            self.around.pipeline.failed(Unavailable::Storage, true);
        }
        self.hot.drop_pending(standing.durable_batch);
        self.view = None;
        self.younger.drop_pending(standing.durable_position);
        self.snapshots.retain(|(batch, ..)| *batch <= standing.durable_batch);
        self.next_position = standing.durable_position;
        self.around.keys.drop_cached();
        if self.packs_batch <= standing.durable_batch {
            return;
        }
        self.packs_batch = 0;
        match history::packs(&self.around.reader, &self.around.index, self.next_position) {
            Ok(packs) => self.packs = packs,
            Err(fault) => {
                // Deciding on by a pack that was never recorded would be worse than not deciding.
                tracing::error!(fault = %crate::appender::log_chain(&fault), runbook = "log-append", "rule packs could not be read again; writing stops");
                self.around.pipeline.failed(Unavailable::Storage, true);
            }
        }
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

    /// Waits a while when too many derived rows are unflushed; says whether there is room again.
    fn has_memory(&self) -> bool {
        for _ in 0..MEMORY_WAITS_MAX {
            if !self.around.unflushed.is_too_much() {
                return true;
            }
            self.around.indexed.wait_for(u64::MAX, IDLE);
        }
        false
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
            return self.prepare(submission, decision, packs, now, &loaded.states);
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
        let recorded = history::commit_at(&self.around.reader, position).map_err(|_| Unavailable::Storage)?;
        let mut accepted = accepted(&recorded.commit, Position(position));
        accepted.replayed = true;
        Ok(Some((Ok(accepted), batch)))
    }

    /// Loads what the command reads: the actor's account always, `If-Match` subjects too.
    fn load(&mut self, submission: &Submission) -> Result<Loaded, CommandError> {
        let mut loaded = Loaded { states: States::default(), batch: 0 };
        self.load_subject(Subject::account(submission.actor), &mut loaded)?;
        for (subject, _) in &submission.if_match {
            self.load_subject(*subject, &mut loaded)?;
        }
        for _ in 0..=READ_ROUNDS_MAX {
            let Reads::More { subjects, identities } = submission.command.reads(&loaded.states) else { return Ok(loaded) };
            for subject in subjects {
                self.load_subject(subject, &mut loaded)?;
            }
            for identity in &identities {
                let known = self.look_up(identity, &mut loaded)?;
                loaded.states.insert_identity(identity, known);
            }
        }
        Err(CommandError::Broken { command: submission.command.name(), breach: Breach::Reads(READ_ROUNDS_MAX) })
    }

    fn load_subject(&mut self, subject: Subject, loaded: &mut Loaded) -> Result<(), CommandError> {
        if loaded.states.holds(&subject) {
            return Ok(());
        }
        if self.hot.get(&subject).is_none() {
            // Not hot: whatever happened to it is in the index, since younger states are never evicted.
            let (ordinal, state) = self.fold(&subject).map_err(|fault| {
                tracing::error!(fault = %crate::appender::log_chain(&fault), runbook = "poisoned-subject", "a history could not be loaded");
                match fault {
                    HistoryFault::Broken(broken) => Unavailable::Poisoned(broken.subject),
                    HistoryFault::Log(_) | HistoryFault::Rows(_) | HistoryFault::Decode { .. } => Unavailable::Storage,
                }
            })?;
            self.hot.insert_loaded(subject, ordinal, state);
        }
        if let Some(hot) = self.hot.get(&subject) {
            loaded.batch = loaded.batch.max(hot.batch);
            loaded.states.insert(subject, hot.ordinal, Arc::clone(&hot.state));
        }
        Ok(())
    }

    /// The state of a subject as the index shows it.
    fn fold(&mut self, subject: &Subject) -> Result<(u32, SubjectState), HistoryFault> {
        let load = |decider: &Self| match &decider.view {
            Some(view) => history::load_in(view, &decider.around.reader, Some(&decider.around.snapshots), subject),
            None => Err(RowFault::ViewExpired.into()),
        };
        match load(self) {
            Err(HistoryFault::Rows(RowFault::ViewExpired)) => {
                self.look_again();
                load(self)
            }
            loaded => loaded,
        }
    }

    /// Whether a fresh id is taken: a subject that the command did not read must have no history. `taken` holds those found before.
    fn names_something_taken(&mut self, decision: &Decision, loaded: &mut Loaded, taken: &mut Vec<Subject>) -> Result<bool, CommandError> {
        for subject in decision.events.iter().flat_map(|event| &event.subjects) {
            if taken.contains(subject) {
                return Ok(true);
            }
            if !loaded.states.holds(subject) {
                self.load_subject(*subject, loaded)?;
                if loaded.states.ordinal(subject) > 0 {
                    taken.push(*subject);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn prepare(
        &self,
        submission: &Submission,
        decision: Decision,
        packs: Vec<Position>,
        now: Timestamp,
        states: &States,
    ) -> Result<Outcome, CommandError> {
        let mut new_keys = NewKeys::new();
        let commit = self.commit(submission, &decision, packs, now, states, &mut new_keys);
        let commit = commit.inspect_err(|_| {
            // Nobody writes these keys now, so nothing may be sealed under them.
            self.around.keys.abandon(&new_keys);
        })?;
        let answer = Ok(accepted(&commit, Position(self.next_position)));
        Ok(Outcome::Commit { commit, decision, new_keys, answer })
    }

    fn commit(
        &self,
        submission: &Submission,
        decision: &Decision,
        packs: Vec<Position>,
        now: Timestamp,
        states: &States,
        new_keys: &mut NewKeys,
    ) -> Result<Commit, CommandError> {
        let mut ordinals: HashMap<Subject, u32> = HashMap::new();
        let mut events = Vec::with_capacity(decision.events.len());
        for (index, event) in (0_u16..).zip(&decision.events) {
            events.push(self.event_record(submission, index, event, &mut ordinals, states, new_keys)?);
        }
        let commit = Commit {
            command_id: submission.command_id,
            fingerprint: submission.fingerprint,
            salt: self.around.entropy.array(),
            actor: submission.actor,
            role: submission.role,
            recorded_at: now,
            correlation: decision.correlation,
            packs,
            events,
        };
        check_limits(&commit, Position(self.next_position))?;
        Ok(commit)
    }

    fn event_record(
        &self,
        submission: &Submission,
        index: u16,
        event: &NewEvent,
        ordinals: &mut HashMap<Subject, u32>,
        states: &States,
        new_keys: &mut NewKeys,
    ) -> Result<EventRecord, CommandError> {
        let (tag, payload) = registry::encode(&event.event);
        let mut subjects = Vec::with_capacity(event.subjects.len());
        for subject in &event.subjects {
            let ordinal = ordinals.entry(*subject).or_insert_with(|| states.ordinal(subject));
            *ordinal += 1;
            subjects.push((*subject, *ordinal));
        }
        let Some(event_type) = registry::of_tag(tag) else { invariant!("encode names only tags of the registry") };
        let place = Place { log_id: self.around.log_id, command_id: submission.command_id, index, tag };
        let (envelopes, sealed_digests) =
            sealing::seal_fields(&self.around.keys, self.around.entropy.as_ref(), &place, event_type, &event.sealed, new_keys)
                .map_err(|fault| if fault.is_full() { Unavailable::Full } else { Unavailable::Storage })?;
        Ok(EventRecord { tag, effective_on: event.effective_on, causation: event.causation, subjects, payload, envelopes, sealed_digests })
    }

    /// Puts a commit, by which the states are ahead already, into the forming batch. Gives the reply back when a failure made the decision void.
    fn record(
        &mut self,
        commit: &Commit,
        decision: &Decision,
        snapshots: Vec<(Subject, Vec<u8>)>,
        mut new_keys: NewKeys,
        reply: Reply,
        answer: Answer,
    ) -> Option<Reply> {
        let first = self.next_position;
        let Ok(event_count) = u32::try_from(commit.events.len()) else { invariant!("a commit is bounded") };
        let mut waiting = Some((reply, answer));
        let batch = loop {
            let joined = self.around.pipeline.join(self.generation, first, commit.recorded_at.0, bytes_max(commit));
            let Some((batch, base_ms)) = joined else { return waiting.map(|(reply, _)| reply) };
            let frame = commit.encode(Timestamp(base_ms));
            if self.around.pipeline.push(batch, self.generation, event_count, &frame, &mut new_keys, &mut waiting) {
                break batch;
            }
        };
        self.last_recorded = commit.recorded_at;
        self.next_position = first + u64::from(event_count);
        self.around.seen.note(&commit.command_id);
        self.younger.commands.insert(commit.command_id, Recent { position: first, batch, fingerprint: commit.fingerprint });
        self.younger.order.push_back((first, Forgettable::Command(commit.command_id)));
        for (identity, person) in &decision.identities {
            let hash = self.around.identities.hash(identity.kind, identity.number.expose());
            self.younger.identities.insert(hash, (*person, first, batch));
            self.younger.order.push_back((first, Forgettable::Identity(hash)));
        }
        for (position, event) in (first..).zip(&decision.events) {
            for field in event.sealed.iter().filter(|field| field.field == "name") {
                let Some(person) = field.holder.as_person() else { continue };
                let hash = self.around.identities.name_hash(field.value.expose());
                self.younger.names.insert(person, (hash, position, batch));
                self.younger.order.push_back((position, Forgettable::Name(person)));
            }
        }
        for (subject, _) in commit.events.iter().flat_map(|event| &event.subjects) {
            self.hot.joined(subject, batch);
        }
        self.snapshots.extend(snapshots.into_iter().map(|(subject, bytes)| (batch, subject, bytes)));
        for (position, event) in (first..).zip(&decision.events) {
            if let Event::Document(document) = &event.event {
                self.packs.apply(document, Position(position));
                self.packs_batch = batch;
            }
        }
        None
    }

    /// Folds a commit into the states that are hot, before anything of it is recorded: an event that does not fit its own history must not
    /// get into the log. Until the commit has joined a batch its states count as pending. Gives the snapshots that fall due.
    ///
    /// # Errors
    /// The subject whose history it does not fit; then some states are ahead of a log that will not follow: see `forget_advance`.
    fn advance(&mut self, commit: &Commit, decision: &Decision) -> Result<Vec<(Subject, Vec<u8>)>, Subject> {
        let mut snapshots = Vec::new();
        for (position, (event, record)) in (self.next_position..).zip(decision.events.iter().zip(&commit.events)) {
            let fact = Fact { event: &event.event, position: Position(position), effective_on: event.effective_on };
            for (subject, ordinal) in &record.subjects {
                match self.hot.advance(subject, position, |state| state.apply(subject, &fact)) {
                    Some(Ok(())) if subject.kind().is_long() && ordinal.is_multiple_of(history::SNAPSHOT_EVERY) => {
                        snapshots.extend(self.hot.get(subject).map(|hot| (*subject, history::snapshot_bytes(*ordinal, &hot.state))));
                    }
                    Some(Ok(())) => {}
                    Some(Err(broken)) => {
                        tracing::error!(%broken, runbook = "poisoned-subject", "a decision does not fit the history it was made on; nothing was recorded");
                        return Err(*subject);
                    }
                    None => invariant!("a decision names only loaded subjects"),
                }
            }
        }
        Ok(snapshots)
    }

    /// Drops the states that a commit advanced and that is not recorded. They are loaded anew through the index, so it must first reflect
    /// what was decided before.
    fn forget_advance(&mut self, commit: &Commit) {
        let waited = std::time::Instant::now();
        while !self.around.indexed.wait_for(self.next_position, IDLE) {
            if self.around.pipeline.standing().generation != self.generation {
                return; // A failure drops whatever is pending, these states too.
            }
            if waited.elapsed() >= INDEX_WAIT {
                tracing::error!(runbook = "derived", "the index does not follow the log; writing stops");
                self.around.pipeline.failed(Unavailable::Storage, true);
                return;
            }
        }
        self.look_again();
        for (subject, _) in commit.events.iter().flat_map(|event| &event.subjects) {
            self.hot.remove(subject);
        }
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
