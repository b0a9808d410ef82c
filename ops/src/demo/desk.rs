//! The desk from which commands go to the engine: many at once, in order, each with the answer it must get.
//!
//! Command ids come from a counter and nothing here looks at the time, so the same orders give the same log. No message names a person.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context as _, bail};
use tokio::sync::oneshot;
use zhixin_domain::Command;
use zhixin_engine::answer::{Accepted, Answer, CommandError, Submission};
use zhixin_engine::handle::EngineHandle;
use zhixin_events::{AccountId, CivilDate, PersonId, Role};

/// Commands on their way at most; below the engine's own bound, so that none is turned away.
const ON_THEIR_WAY_MAX: usize = 1_024;

/// What a command must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It is accepted.
    Accepted,
    /// It is refused with this code, and leaves no event.
    Refused(&'static str),
}

/// A command with who gives it.
pub(crate) struct Order<T> {
    pub(crate) actor: AccountId,
    pub(crate) role: Role,
    pub(crate) command: Command,
    pub(crate) effective_on: Option<CivilDate>,
    pub(crate) expected: Expected,
    /// The erasure of this person: the keys are destroyed with it.
    pub(crate) erases: Option<PersonId>,
    /// What is to be learned from the answer.
    pub(crate) then: T,
}

/// Sends orders and counts.
pub(crate) struct Desk<'a> {
    handle: &'a EngineHandle,
    number: u64,
    /// Commands accepted.
    pub(crate) accepted: u64,
    /// Commands refused, as expected, by code.
    pub(crate) refused: BTreeMap<&'static str, u64>,
}

/// An order on its way.
struct Waiting<T> {
    answer: oneshot::Receiver<Answer>,
    name: &'static str,
    expected: Expected,
    then: T,
}

impl<'a> Desk<'a> {
    /// A desk at an engine.
    pub(crate) const fn new(handle: &'a EngineHandle) -> Self {
        Self { handle, number: 0, accepted: 0, refused: BTreeMap::new() }
    }

    /// Gives orders in their order and waits for all; what was accepted comes back in the same order.
    ///
    /// # Errors
    /// An answer is not the expected one.
    pub(crate) fn give<T>(&mut self, orders: Vec<Order<T>>) -> anyhow::Result<Vec<(T, Accepted)>> {
        let mut waiting = VecDeque::with_capacity(ON_THEIR_WAY_MAX);
        let mut learned = Vec::with_capacity(orders.len());
        for order in orders {
            self.number += 1;
            let (name, key) = (order.command.name(), format!("demo-{}", self.number));
            let submission = Submission {
                actor: order.actor,
                role: order.role,
                command_id: self.handle.command_id(&order.actor, name, &key),
                fingerprint: self.handle.fingerprint(key.as_bytes()),
                effective_on: order.effective_on,
                if_match: Vec::new(),
                command: order.command,
            };
            if let Some(person) = order.erases {
                self.settle(&mut waiting, &mut learned, 0)?;
                let answer = self.handle.erase(submission, person);
                self.check(answer, name, order.expected, order.then, &mut learned)?;
                continue;
            }
            let answer = self.handle.submit(submission).with_context(|| format!("{name} was not taken"))?;
            waiting.push_back(Waiting { answer, name, expected: order.expected, then: order.then });
            self.settle(&mut waiting, &mut learned, ON_THEIR_WAY_MAX)?;
        }
        self.settle(&mut waiting, &mut learned, 0)?;
        Ok(learned)
    }

    /// Waits until at most so many are on their way.
    fn settle<T>(&mut self, waiting: &mut VecDeque<Waiting<T>>, learned: &mut Vec<(T, Accepted)>, left: usize) -> anyhow::Result<()> {
        while waiting.len() > left {
            let Some(first) = waiting.pop_front() else { break };
            let answer = first.answer.blocking_recv().with_context(|| format!("no answer to {}", first.name))?;
            self.check(answer, first.name, first.expected, first.then, learned)?;
        }
        Ok(())
    }

    fn check<T>(
        &mut self,
        answer: Answer,
        name: &str,
        expected: Expected,
        then: T,
        learned: &mut Vec<(T, Accepted)>,
    ) -> anyhow::Result<()> {
        match (expected, answer) {
            (Expected::Accepted, Ok(accepted)) if !accepted.replayed => {
                self.accepted += 1;
                learned.push((then, accepted));
                Ok(())
            }
            (Expected::Refused(code), Err(CommandError::Refused(refusal))) if refusal.code == code => {
                *self.refused.entry(code).or_default() += 1;
                Ok(())
            }
            (expected, Ok(accepted)) => bail!("{name} was to be {expected:?} and is recorded at {}", accepted.position),
            (expected, Err(error)) => Err(error).with_context(|| format!("{name} was to be {expected:?}")),
        }
    }
}
