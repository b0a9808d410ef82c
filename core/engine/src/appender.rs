//! The thread that appends: keys durable, then the batch, then the answers.

use std::sync::Arc;

use crate::answer::Unavailable;
use crate::log::{AppendFault, EventLog};
use crate::pipeline::{Forming, Pipeline};
use crate::vault_keys::KeyRing;

/// Runs until the pipeline closes. Returns the log.
pub(crate) fn run(mut log: Box<dyn EventLog>, pipeline: &Pipeline, keys: &Arc<KeyRing>) -> Box<dyn EventLog> {
    while let Some(forming) = pipeline.take() {
        append(log.as_mut(), pipeline, keys, forming);
    }
    log
}

fn append(log: &mut dyn EventLog, pipeline: &Pipeline, keys: &Arc<KeyRing>, forming: Forming) {
    if !forming.new_keys.is_empty() {
        if let Err(fault) = keys.write_new(&forming.new_keys) {
            tracing::error!(fault = %log_chain(&fault), runbook = "vault", "keys could not be made durable; writing stops");
            keys.drop_cached();
            pipeline.failed(Unavailable::Storage, true);
            return;
        }
    }
    match log.append(&forming.body.finish()) {
        Ok(head) => pipeline.succeeded(forming.number, head.next_position),
        Err(fault) => {
            let (failure, stop) = match fault {
                AppendFault::Full => (Unavailable::Full, false),
                AppendFault::TooLarge => zhixin_events::invariant!("a batch is bounded while it forms"),
                AppendFault::Conflict | AppendFault::Fenced => (Unavailable::Stopped, true),
                AppendFault::Unknown(_) => (Unavailable::OutcomeUnknown, true),
            };
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
