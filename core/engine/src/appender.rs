//! The thread that appends: keys durable, then the batch, then the answers.
//!
//! A thread of its own sends the answers: waking the callers of a batch takes as long as making one durable, and the next batch waits
//! meanwhile.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::answer::{Answer, Reply, Unavailable};
use crate::log::{AppendFault, EventLog};
use crate::pipeline::{Forming, Pipeline, send};
use crate::vault_keys::KeyRing;

/// Answers sent by the appender itself. Why: so few cost less than waking another thread to send them.
const OWN_ANSWERS_MAX: usize = 2;

type Answers = Vec<(Reply, Answer)>;

/// Runs until the pipeline closes and every answer is sent. Returns the log.
pub(crate) fn run(mut log: Box<dyn EventLog>, pipeline: &Pipeline, keys: &Arc<KeyRing>) -> Box<dyn EventLog> {
    let (sender, durable) = channel::<Answers>();
    thread::scope(|scope| {
        let answering = thread::Builder::new().name("zx-answer".to_owned());
        let answering = answering.spawn_scoped(scope, move || durable.into_iter().for_each(send_all));
        // Without the thread its end of the channel is gone, and the appender sends every answer itself.
        drop(answering.inspect_err(|fault| tracing::warn!(fault = %log_chain(fault), "no thread to send answers")));
        while let Some(forming) = pipeline.take() {
            append(log.as_mut(), pipeline, keys, forming, &sender);
        }
        drop(sender);
    });
    log
}

fn send_all(answers: Answers) {
    for (reply, answer) in answers {
        send(reply, answer);
    }
}

fn append(log: &mut dyn EventLog, pipeline: &Pipeline, keys: &Arc<KeyRing>, forming: Forming, sender: &Sender<Answers>) {
    if let Err(fault) = keys.write_new(&forming.new_keys, log.head().next_position) {
        // A full disk changed nothing, as in the log: there may be room for the next batch.
        let stop = !fault.is_full();
        tracing::error!(fault = %log_chain(&fault), stop, runbook = "vault", "keys could not be made durable; a batch was not appended");
        keys.drop_cached();
        pipeline.failed(if stop { Unavailable::Storage } else { Unavailable::Full }, stop);
        return;
    }
    match log.append(&forming.body.finish()) {
        Ok(head) => {
            keys.confirm(&forming.new_keys);
            let answers = pipeline.succeeded(forming.number, head.next_position);
            if answers.len() <= OWN_ANSWERS_MAX {
                send_all(answers);
            } else if let Err(unsent) = sender.send(answers) {
                send_all(unsent.0);
            }
        }
        Err(fault) => {
            let (failure, stop) = match fault {
                AppendFault::Full => (Unavailable::Full, false),
                AppendFault::NotWritten(_) => (Unavailable::Storage, false),
                AppendFault::TooLarge => zhixin_events::invariant!("a batch is bounded while it forms"),
                AppendFault::Conflict | AppendFault::Fenced => (Unavailable::Stopped, true),
                AppendFault::Unknown(_) => (Unavailable::OutcomeUnknown, true),
            };
            if !stop {
                // Before anything else is decided: what is made void by the failure may rest on these keys, nothing after it.
                keys.withdraw(&forming.new_keys);
            }
            tracing::error!(fault = %log_chain(&fault), stop, runbook = "log-append", "a batch was not appended");
            pipeline.failed(failure, stop);
        }
    }
}

/// An error with its causes, for the log.
pub fn log_chain(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut cause = fault.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
