//! What a decision rests on: the states of the subjects that a command reads, as of the log before it, pending batches included.
//!
//! Invariant: whatever is not in the hot states or in `younger` is in the view of the index, and nothing younger than the view is evicted.

use std::sync::Arc;

use zhixin_domain::decision::{Decision, Reads};
use zhixin_domain::{States, SubjectState};
use zhixin_events::Subject;
use zhixin_store::rows::RowFault;

use super::{Decider, READ_ROUNDS_MAX};
use crate::answer::{Breach, CommandError, Submission, Unavailable};
use crate::appender::log_chain;
use crate::derived::DerivedView;
use crate::history::{self, HistoryFault};

/// What a decision saw, and on what it depends.
pub(super) struct Loaded {
    pub(super) states: States,
    /// The last batch whose pending state was seen.
    pub(super) batch: u64,
}

impl Decider {
    /// Takes a new view of the index, and drops what it reflects by now.
    pub(super) fn look_again(&mut self) {
        self.view_served = 0;
        self.view = DerivedView::of(&self.around.index)
            .inspect_err(|fault| tracing::error!(fault = %log_chain(fault), runbook = "derived", "the index cannot be read"))
            .ok();
        if let Some(view) = &self.view {
            let indexed = view.reached();
            self.younger.trim(indexed);
            self.hot.evict(indexed);
        }
    }

    /// Reads the index; a view that its store has let go is taken anew.
    pub(super) fn read_index<T>(&mut self, read: impl Fn(&DerivedView) -> Result<T, RowFault>) -> Result<T, Unavailable> {
        if let Some(Err(RowFault::ViewExpired)) = self.view.as_ref().map(&read) {
            self.look_again();
        }
        self.view.as_ref().ok_or(Unavailable::Storage).and_then(|view| read(view).map_err(|_| Unavailable::Storage))
    }

    /// Loads what the command reads: the actor's account always, `If-Match` subjects too.
    pub(super) fn load(&mut self, submission: &Submission) -> Result<Loaded, CommandError> {
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

    pub(super) fn load_subject(&mut self, subject: Subject, loaded: &mut Loaded) -> Result<(), CommandError> {
        if loaded.states.holds(&subject) {
            return Ok(());
        }
        if self.hot.get(&subject).is_none() {
            // Not hot: whatever happened to it is in the index, since younger states are never evicted.
            let (ordinal, state) = self.fold(&subject).map_err(|fault| {
                tracing::error!(fault = %log_chain(&fault), runbook = "poisoned-subject", "a history could not be loaded");
                fault.unavailable()
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
    pub(super) fn fold(&mut self, subject: &Subject) -> Result<(u32, SubjectState), HistoryFault> {
        let load = |decider: &Self| match &decider.view {
            Some(view) => history::load_in(view, &decider.around.reader, Some(&decider.around.snapshots), subject),
            None => Err(RowFault::ViewExpired.into()),
        };
        match load(self) {
            Err(fault) if fault.is_expired_view() => {
                self.look_again();
                load(self)
            }
            loaded => loaded,
        }
    }

    /// Whether a fresh id is taken: a subject that the command did not read must have no history. `taken` holds those found before.
    pub(super) fn names_something_taken(
        &mut self,
        decision: &Decision,
        loaded: &mut Loaded,
        taken: &mut Vec<Subject>,
    ) -> Result<bool, CommandError> {
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
}
