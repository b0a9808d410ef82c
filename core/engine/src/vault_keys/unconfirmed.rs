//! Keys between the vault and the log: they are durable before the commit that is sealed under them, which then may come to nothing.
//!
//! A row of the vault names the holders whose new keys are not known to be used, and where the log ended when the first of them was written.
//! It is written together with the keys, so that it costs no write of its own; every start looks the holders up in what the log holds from
//! there on, and takes the keys away that nothing was sealed under. A batch that the log refused takes its keys along at once.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use zhixin_events::{Commit, Subject, Timestamp};
use zhixin_store::segments::Body;
use zhixin_store::vault::VaultOp;

use super::{FIELDS, KeyFault, KeyRing, NewKeys, holder_row};
use crate::appender::log_chain;
use crate::fault::OpenFault;
use crate::history::HistoryFault;
use crate::log::LogReader;

const ROW: &[u8] = b"l/new-keys";

/// Holders whose new keys no durable commit is known to use.
#[derive(Debug, Default)]
pub(super) struct Unconfirmed {
    /// Where the log ended before the first of their commits.
    from: u64,
    holders: BTreeSet<Subject>,
}

impl Unconfirmed {
    /// Takes new keys up, which are about to be written while the log ends at `end`; gives the change of the row.
    pub(super) fn extend(&mut self, new_keys: &NewKeys, end: u64) -> VaultOp {
        if self.holders.is_empty() {
            self.from = end;
        }
        self.holders.extend(new_keys.iter().map(|(holder, _)| *holder));
        let mut value = self.from.to_be_bytes().to_vec();
        for holder in &self.holders {
            value.push(u8::try_from(holder.as_bytes().len()).unwrap_or_default());
            value.extend(holder.as_bytes());
        }
        VaultOp::Put { key: ROW.to_vec(), value }
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (from, mut rest) = value.split_first_chunk::<8>()?;
        let mut holders = BTreeSet::new();
        while let Some((length, after)) = rest.split_first() {
            let (holder, after) = after.split_at_checked(usize::from(*length))?;
            holders.insert(Subject::from_bytes(holder).ok()?);
            rest = after;
        }
        Some(Self { from: u64::from_be_bytes(*from), holders })
    }
}

impl KeyRing {
    /// The commits under new keys are durable.
    pub(crate) fn confirm(&self, new_keys: &NewKeys) {
        if !new_keys.is_empty() {
            let mut state = self.state();
            for (holder, _) in new_keys {
                state.unconfirmed.holders.remove(holder);
            }
        }
    }

    /// The commits under new keys are certainly not in the log, nor will any decided on top of them be: takes the keys out of the vault. The
    /// caller makes void whatever was decided until now.
    pub(crate) fn withdraw(&self, new_keys: &NewKeys) {
        let _alone = self.alone();
        let ops = new_keys.iter().map(|(holder, _)| VaultOp::Delete { key: holder_row(FIELDS, holder) });
        let withdrawn = if new_keys.is_empty() { Ok(()) } else { self.vault.write(&ops.collect::<Vec<_>>()) };
        self.drop_cached();
        match withdrawn {
            Ok(()) => self.confirm(new_keys),
            Err(fault) => tracing::warn!(fault = %log_chain(&fault), runbook = "vault", "keys that nothing uses stay until the next start"),
        }
    }

    /// At a start, before anything is decided: takes the keys away whose commits are not in the log. Gives their number.
    ///
    /// # Errors
    /// Vault or log cannot be read, or the vault cannot be written.
    pub(crate) fn sweep(&self, log: &dyn LogReader) -> Result<usize, OpenFault> {
        let Some(row) = self.vault.get(ROW)? else { return Ok(0) };
        let Unconfirmed { from, holders: mut unused } = Unconfirmed::parse(&row).ok_or(KeyFault::DoesNotOpen)?;
        let mut outcome = Ok(());
        if from < log.end() {
            log.read(from, &mut |batch| {
                outcome = strike_off(&mut unused, batch.body, batch.base_ms, batch.first_position);
                if unused.is_empty() || outcome.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        outcome?;
        let mut ops: Vec<VaultOp> = unused.iter().map(|holder| VaultOp::Delete { key: holder_row(FIELDS, holder) }).collect();
        ops.push(VaultOp::Delete { key: ROW.to_vec() });
        self.write_rows(&ops)?;
        Ok(unused.len())
    }
}

/// Takes out whoever something in a batch is sealed under.
fn strike_off(unused: &mut BTreeSet<Subject>, body: &[u8], base_ms: i64, first_position: u64) -> Result<(), HistoryFault> {
    let frames = Body::parse(body).map(|body| body.frames());
    for frame in frames.into_iter().flatten() {
        let commit = Commit::decode(frame.bytes, Timestamp(base_ms));
        let commit = commit.map_err(|source| HistoryFault::Decode { position: first_position, source })?;
        for envelope in commit.events.iter().flat_map(|event| &event.envelopes) {
            unused.remove(&envelope.holder);
        }
    }
    Ok(())
}
