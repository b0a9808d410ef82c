//! How states run ahead of the durable log: a commit is folded into them before it joins a batch, and what a failure makes void is dropped.

use std::time::Instant;

use zhixin_domain::decision::Decision;
use zhixin_domain::state::Fact;
use zhixin_events::commit::Commit;
use zhixin_events::{Event, Position, Subject, Timestamp, invariant};

use super::form::bytes_max;
use super::{Decider, IDLE, INDEX_WAIT};
use crate::answer::{Answer, Reply, Unavailable};
use crate::appender::log_chain;
use crate::history;
use crate::pipeline::Standing;
use crate::vault_keys::NewKeys;
use crate::younger::{Forgettable, Recent};

impl Decider {
    /// Puts a commit, by which the states are ahead already, into the forming batch. Gives the reply back when a failure made the decision void.
    pub(super) fn record(
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
    pub(super) fn advance(&mut self, commit: &Commit, decision: &Decision) -> Result<Vec<(Subject, Vec<u8>)>, Subject> {
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
    pub(super) fn forget_advance(&mut self, commit: &Commit) {
        let waited = Instant::now();
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

    /// After a failure: drops the overlay and everything decided on it.
    pub(super) fn keep_up(&mut self, standing: Standing) {
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
                tracing::error!(fault = %log_chain(&fault), runbook = "log-append", "rule packs could not be read again; writing stops");
                self.around.pipeline.failed(Unavailable::Storage, true);
            }
        }
    }
}
