//! Forgetting holders, and the steps of the master key that go with it.
//!
//! Order: the next key file is durable beside the present one, then the vault is written, then the file takes its place. So a file that cannot
//! be written stops an erasure before anything has changed, and a crash leaves the file one step behind, which opening mends.

use std::collections::BTreeSet;

use zhixin_events::Subject;
use zhixin_store::vault::VaultOp;

use super::{BLOBS, FIELDS, GENERATION, Key, KeyFault, KeyRing, State};
use super::{generation_op, group_of, group_row, holder_prefix, holder_row, open, open_key, seal, step};

impl KeyRing {
    /// Makes sure that the key file can be replaced. Why at the start: an erasure that cannot step the master key does not happen.
    ///
    /// # Errors
    /// It cannot.
    pub(crate) fn check_file(&self) -> Result<(), KeyFault> {
        let _alone = self.alone();
        let (generation, master) = self.state().current();
        self.file.prepare(generation, &master)?;
        self.file.discard()
    }

    /// Destroys the keys of holders for good: deletes them, gives their groups new keys, steps the master key, scrubs the vault's file.
    ///
    /// # Errors
    /// The vault or the master key file cannot be written. Repeating it finishes what was begun.
    pub fn destroy(&self, holders: &[Subject]) -> Result<(), KeyFault> {
        let _alone = self.wrapping()?;
        let (generation, master) = self.state().current();
        if self.state().in_file != generation {
            self.file.prepare(generation, &master)?;
            self.put_file_in_place(generation)?;
        }
        let next = (generation + 1, step(&master));
        // Deciding goes on while keys are wrapped anew: nobody else writes.
        let ops = self.without(holders, &master, &next)?;
        self.file.prepare(next.0, &next.1)?;
        let mut state = self.state();
        if let Err(fault) = self.vault.write(&ops) {
            state.perhaps = Some(next);
            self.settle(&mut state)?;
            return Err(fault.into());
        }
        state.enter(next);
        drop(state);
        self.put_file_in_place(generation + 1)?;
        Ok(self.vault.scrub()?)
    }

    fn put_file_in_place(&self, generation: u64) -> Result<(), KeyFault> {
        self.file.put_in_place()?;
        self.state().in_file = generation;
        Ok(())
    }

    /// The vault's rows wrapped anew, without the keys of some holders.
    fn without(&self, holders: &[Subject], master: &Key, next: &(u64, Key)) -> Result<Vec<VaultOp>, KeyFault> {
        let (next_generation, next_master) = next;
        let mut ops = vec![generation_op(*next_generation, next_master, self.entropy.as_ref())];
        let put = |key: Vec<u8>, wrapper: &Key, plain: &[u8]| {
            let value = seal(wrapper, &key, plain, self.entropy.as_ref());
            VaultOp::Put { key, value }
        };
        let gone: BTreeSet<Vec<u8>> = holders.iter().flat_map(|holder| [FIELDS, BLOBS].map(|kind| holder_row(kind, holder))).collect();
        ops.extend(gone.iter().cloned().map(|key| VaultOp::Delete { key }));
        let groups: BTreeSet<u16> = holders.iter().map(group_of).collect();
        for group in &groups {
            let Some(old) = self.read_group_key(master, *group)? else { continue };
            let fresh = Key::from(self.entropy.array::<32>());
            for kind in [FIELDS, BLOBS] {
                for (row, sealed) in self.vault.collect_prefix(&holder_prefix(kind, *group))? {
                    if !gone.contains(&row) {
                        let key = open_key(&old, &row, &sealed)?;
                        ops.push(put(row, &fresh, key.as_slice()));
                    }
                }
            }
            ops.push(put(group_row(*group), next_master, fresh.as_slice()));
        }
        let new_groups: BTreeSet<Vec<u8>> = groups.into_iter().map(group_row).collect();
        for (row, sealed) in self.vault.collect_prefix(b"g/")?.into_iter().chain(self.vault.collect_prefix(b"s/")?) {
            if !new_groups.contains(&row) {
                let plain = open(master, &row, &sealed)?;
                ops.push(put(row, next_master, &plain));
            }
        }
        Ok(ops)
    }

    /// Looks up whether an erasure happened whose write left that open.
    pub(super) fn settle(&self, state: &mut State) -> Result<(), KeyFault> {
        if state.perhaps.is_none() {
            return Ok(());
        }
        let row = self.vault.get(GENERATION)?.unwrap_or_default();
        if let Some(next) = state.perhaps.take()
            && row.starts_with(&next.0.to_be_bytes())
        {
            state.enter(next);
        }
        Ok(())
    }
}

impl State {
    fn current(&self) -> (u64, Key) {
        (self.generation, self.master.clone())
    }

    /// Goes on with a generation of the master key; all that was unwrapped may be out of date.
    fn enter(&mut self, (generation, master): (u64, Key)) {
        (self.generation, self.master) = (generation, master);
        self.groups.clear();
        self.holders.clear();
    }
}
