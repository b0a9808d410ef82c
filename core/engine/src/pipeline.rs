//! Between deciding and appending: one batch forms while the one before it is made durable, and every answer waits for what it saw.
//!
//! Group commit without a timer: when an append ends, whatever has formed is the next batch. A failure drops the forming batch too, because
//! it was decided on top of the failed one; the decider sees the new generation and drops its overlay.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use zhixin_store::segments::BodyBuilder;

use crate::answer::{Answer, CommandError, Reply, Unavailable};
use crate::vault_keys::NewKeys;

/// A batch on its way into the log.
#[derive(Debug)]
pub(crate) struct Forming {
    /// Its number, from 1, counted by this process.
    pub(crate) number: u64,
    /// The body so far.
    pub(crate) body: BodyBuilder,
    /// Base of the recorded-at times of its commits. Unit: milliseconds since 1970-01-01 UTC.
    pub(crate) base_ms: i64,
    /// New keys that must be durable first.
    pub(crate) new_keys: NewKeys,
}

#[derive(Debug, Default)]
struct State {
    forming: Option<Forming>,
    waiting: BTreeMap<u64, Vec<(Reply, Answer)>>,
    durable_batch: u64,
    durable_position: u64,
    last_batch: u64,
    generation: u64,
    stopped: Option<Unavailable>,
    closing: bool,
    waiting_threads: WaitingThreads,
}

/// Who is to be woken. Why: waking nobody costs a system call all the same.
#[derive(Debug, Default)]
struct WaitingThreads {
    /// For room in the forming batch.
    decider: bool,
    /// For a batch.
    appender: bool,
}

/// Shared by the thread that decides and the thread that appends.
#[derive(Debug)]
pub(crate) struct Pipeline {
    state: Mutex<State>,
    changed: Condvar,
}

/// What the decider is to do before it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Rises with each failure; the overlay of an earlier generation is void.
    pub(crate) generation: u64,
    /// The last batch that is durable.
    pub(crate) durable_batch: u64,
    /// Position after the last durable event.
    pub(crate) durable_position: u64,
    /// Why nothing can be appended any more.
    pub(crate) stopped: Option<Unavailable>,
}

impl Pipeline {
    /// A pipeline onto a log that ends at a position.
    pub(crate) fn new(durable_position: u64) -> Self {
        Self { state: Mutex::new(State { durable_position, ..State::default() }), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standing(&self) -> Standing {
        let state = self.state();
        Standing {
            generation: state.generation,
            durable_batch: state.durable_batch,
            durable_position: state.durable_position,
            stopped: state.stopped,
        }
    }

    /// Number of the batch that the next commit of so many bytes joins; waits while the forming one is full.
    /// `None`: a failure has made the decision void.
    pub(crate) fn join(&self, generation: u64, first_position: u64, now_ms: i64, frame_bytes: usize) -> Option<(u64, i64)> {
        let mut state = self.state();
        loop {
            if state.generation != generation || state.stopped.is_some() {
                return None;
            }
            match &state.forming {
                Some(forming) if !forming.body.has_room(frame_bytes) => {
                    state.waiting_threads.decider = true;
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.waiting_threads.decider = false;
                }
                Some(forming) => return Some((forming.number, forming.base_ms)),
                None => {
                    state.last_batch += 1;
                    let number = state.last_batch;
                    let body = BodyBuilder::new(first_position, now_ms);
                    state.forming = Some(Forming { number, body, base_ms: now_ms, new_keys: Vec::new() });
                    return Some((number, now_ms));
                }
            }
        }
    }

    /// Adds a commit to the batch it has joined. `false`: the batch was taken or dropped meanwhile; join again.
    pub(crate) fn push(
        &self,
        batch: u64,
        generation: u64,
        event_count: u32,
        frame: &[u8],
        new_keys: &mut NewKeys,
        reply: &mut Option<(Reply, Answer)>,
    ) -> bool {
        let mut state = self.state();
        if state.generation != generation {
            return false;
        }
        let Some(forming) = state.forming.as_mut().filter(|forming| forming.number == batch) else { return false };
        if !forming.body.push(event_count, frame) {
            return false;
        }
        forming.new_keys.append(new_keys);
        if let Some(reply) = reply.take() {
            state.waiting.entry(batch).or_default().push(reply);
        }
        let waits = state.waiting_threads.appender;
        drop(state);
        if waits {
            self.changed.notify_all();
        }
        true
    }

    /// Answers when a batch is durable, at once if it is.
    pub(crate) fn answer_after(&self, batch: u64, generation: u64, reply: Reply, answer: Answer) {
        let mut state = self.state();
        if state.generation != generation {
            let failure = state.stopped.unwrap_or(Unavailable::Full);
            drop(state);
            send(reply, Err(CommandError::Unavailable(failure)));
        } else if batch <= state.durable_batch {
            drop(state);
            send(reply, answer);
        } else {
            state.waiting.entry(batch).or_default().push((reply, answer));
        }
    }

    /// Waits for the next batch; `None` when the pipeline closes and nothing forms.
    pub(crate) fn take(&self) -> Option<Forming> {
        let mut state = self.state();
        loop {
            if let Some(forming) = state.forming.take_if(|forming| !forming.body.is_empty()) {
                let waits = state.waiting_threads.decider;
                drop(state);
                if waits {
                    self.changed.notify_all();
                }
                return Some(forming);
            }
            if state.closing {
                return None;
            }
            state.waiting_threads.appender = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting_threads.appender = false;
        }
    }

    /// A batch is durable. Returns the answers that waited for it, to be sent now.
    #[must_use]
    pub(crate) fn succeeded(&self, batch: u64, durable_position: u64) -> Vec<(Reply, Answer)> {
        let mut state = self.state();
        state.durable_batch = batch;
        state.durable_position = durable_position;
        let later = state.waiting.split_off(&(batch + 1));
        let answered = std::mem::replace(&mut state.waiting, later);
        drop(state);
        answered.into_values().flatten().collect()
    }

    /// A batch failed: it, the forming one and all answers that saw them are dropped. `stop`: nothing is taken any more.
    pub(crate) fn failed(&self, failure: Unavailable, stop: bool) {
        let mut state = self.state();
        state.forming = None;
        state.generation += 1;
        if stop {
            state.stopped = Some(failure);
        }
        let dropped = std::mem::take(&mut state.waiting);
        drop(state);
        self.changed.notify_all();
        for (reply, _) in dropped.into_values().flatten() {
            send(reply, Err(CommandError::Unavailable(failure)));
        }
    }

    /// Lets the appender end once nothing forms.
    pub(crate) fn close(&self) {
        self.state().closing = true;
        self.changed.notify_all();
    }
}

/// Stops writing when a thread that writing rests on ends by a broken invariant, for nobody would notice otherwise: callers would wait for
/// ever, or commands be taken that nothing follows.
pub(crate) struct StopsWithPanic(pub(crate) Arc<Pipeline>);

impl Drop for StopsWithPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed(Unavailable::OutcomeUnknown, true);
        }
    }
}

/// The caller may have gone; then nobody wants the answer.
pub(crate) fn send(reply: Reply, answer: Answer) {
    drop(reply.send(answer));
}
