//! Hot states: subjects kept folded, also ahead of the log by what is pending. Bounded, least recently used go first.
//!
//! The overlay is not a second copy: a state runs ahead of the durable log, and if the batch it ran ahead by fails, it is dropped and folded
//! anew from the log. A state that is ahead, that the subject index does not reflect yet, or that the command at hand uses is never evicted.

use std::collections::HashMap;
use std::sync::Arc;

use zhixin_domain::SubjectState;
use zhixin_events::{Subject, SubjectKind};

/// A subject's state with what the loop must know of it.
#[derive(Debug, Clone)]
pub(crate) struct Hot {
    /// Ordinal of its last event; 0 when it has none.
    pub(crate) ordinal: u32,
    /// The fold of its history.
    pub(crate) state: Arc<SubjectState>,
    /// Position of its last event, if that was appended since the state was loaded.
    pub(crate) last_position: Option<u64>,
    /// The batch that its last pending event is in; 0 = none since it was loaded, [`UNJOINED`] before it has joined one.
    pub(crate) batch: u64,
    stamp: u64,
}

/// The batch of a state that is ahead by a commit that is in none yet.
const UNJOINED: u64 = u64::MAX;

/// The states, by subject.
#[derive(Debug)]
pub(crate) struct HotStates {
    states: HashMap<Subject, Hot>,
    /// Counts uses; a state's stamp is the count at its last one. Why no list by age: every command uses several states, evictions are rare.
    clock: u64,
    /// The count when the command at hand began.
    began: u64,
    weight: usize,
    weight_max: usize,
}

/// Roughly what a state takes in memory. Unit: bytes.
fn weight_of(subject: &Subject, ordinal: u32) -> usize {
    let per_event = if subject.kind() == SubjectKind::Class { 64 } else { 0 };
    320 + per_event * ordinal as usize
}

impl HotStates {
    pub(crate) fn new(weight_max: usize) -> Self {
        Self { states: HashMap::new(), clock: 0, began: 0, weight: 0, weight_max }
    }

    /// Another command begins: what those before it used may be evicted.
    pub(crate) const fn begin(&mut self) {
        self.began = self.clock;
    }

    /// The state of a subject, if it is hot; it counts as used now.
    pub(crate) fn get(&mut self, subject: &Subject) -> Option<&Hot> {
        let hot = self.states.get_mut(subject)?;
        self.clock += 1;
        hot.stamp = self.clock;
        Some(hot)
    }

    /// Takes a state that was loaded from the log.
    pub(crate) fn insert_loaded(&mut self, subject: Subject, ordinal: u32, state: SubjectState) {
        self.clock += 1;
        self.weight += weight_of(&subject, ordinal);
        let hot = Hot { ordinal, state: Arc::new(state), last_position: None, batch: 0, stamp: self.clock };
        self.states.insert(subject, hot);
    }

    /// Advances a hot state by one event that was decided on and is in no batch yet; `fold` changes the state. After an error it must go.
    pub(crate) fn advance<E>(
        &mut self,
        subject: &Subject,
        position: u64,
        fold: impl FnOnce(&mut SubjectState) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        let hot = self.states.get_mut(subject)?;
        let before = weight_of(subject, hot.ordinal);
        let outcome = fold(Arc::make_mut(&mut hot.state));
        hot.ordinal += 1;
        hot.last_position = Some(position);
        hot.batch = UNJOINED;
        self.weight = (self.weight + weight_of(subject, hot.ordinal)).saturating_sub(before);
        Some(outcome)
    }

    /// The last event of a state has joined a batch.
    pub(crate) fn joined(&mut self, subject: &Subject, batch: u64) {
        if let Some(hot) = self.states.get_mut(subject) {
            hot.batch = batch;
        }
    }

    /// Drops every state that is ahead of the durable log.
    pub(crate) fn drop_pending(&mut self, durable_batch: u64) {
        let pending: Vec<Subject> = self.states.iter().filter(|(_, hot)| hot.batch > durable_batch).map(|(subject, _)| *subject).collect();
        for subject in pending {
            self.remove(&subject);
        }
    }

    /// Drops one state.
    pub(crate) fn remove(&mut self, subject: &Subject) {
        if let Some(hot) = self.states.remove(subject) {
            self.weight = self.weight.saturating_sub(weight_of(subject, hot.ordinal));
        }
    }

    /// Evicts the least recently used until the limit holds; keeps what the index does not reflect up to `indexed`, and what the command at
    /// hand uses, however much that is.
    pub(crate) fn evict(&mut self, indexed: u64) {
        if self.weight <= self.weight_max {
            return;
        }
        let target = self.weight_max - self.weight_max / 8;
        let may_go = |hot: &Hot| hot.stamp <= self.began && hot.last_position.is_none_or(|position| position < indexed);
        let mut oldest: Vec<_> = self.states.iter().filter(|(_, hot)| may_go(hot)).map(|(subject, hot)| (hot.stamp, *subject)).collect();
        oldest.sort_unstable();
        for (_, subject) in oldest {
            if self.weight <= target {
                break;
            }
            self.remove(&subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhixin_events::PersonId;

    fn person(number: u8) -> Subject {
        Subject::person(PersonId::from_bytes([0, 0, 0, 0, 0, number]))
    }

    #[test]
    fn least_recently_used_states_go_first_and_unindexed_ones_stay() {
        let mut hot = HotStates::new(320 * 8);
        for number in 0..10 {
            hot.insert_loaded(person(number), 1, SubjectState::new(SubjectKind::Person));
        }
        assert!(hot.get(&person(0)).is_some(), "used again");
        hot.begin();
        hot.advance(&person(1), 50, |_| Ok::<(), ()>(()));
        hot.joined(&person(1), 1);
        hot.evict(50);
        assert!(hot.get(&person(0)).is_some());
        assert!(hot.get(&person(1)).is_some(), "event 50 is not indexed yet");
        assert!(hot.get(&person(2)).is_none());
        assert!(hot.get(&person(9)).is_some());
    }

    #[test]
    fn states_ahead_of_the_log_are_dropped_when_their_batch_fails() {
        let mut hot = HotStates::new(usize::MAX);
        for number in 0..4 {
            hot.insert_loaded(person(number), 1, SubjectState::new(SubjectKind::Person));
        }
        for (number, position, batch) in [(1, 50, Some(7)), (2, 51, Some(8)), (3, 52, None)] {
            hot.advance(&person(number), position, |_| Ok::<(), ()>(()));
            if let Some(batch) = batch {
                hot.joined(&person(number), batch);
            }
        }
        hot.drop_pending(7);
        assert!(hot.get(&person(0)).is_some());
        assert!(hot.get(&person(1)).is_some());
        assert!(hot.get(&person(2)).is_none());
        assert!(hot.get(&person(3)).is_none(), "in no batch yet");
    }
}
