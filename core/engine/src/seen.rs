//! Which command ids may have been accepted already: a filter that is asked before the index, since nearly every command is new.
//!
//! Invariant: [`SeenCommands::surely_not`] is true only of an id that neither stood in the index at the start nor was accepted since. An
//! id that comes with a failed batch stays in; for such a one the index is asked in vain.
//! Limits: 8 MiB. With four million accepted ids the index is asked in vain for less than one unknown id in a hundred, with twelve million
//! for one in ten; a restart leaves out those that the index has dropped.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use zhixin_events::CommandId;

use crate::appender::log_chain;
use crate::derived::DerivedView;

/// Words of a block; an id sets bits in one block only, so that asking touches one line of the processor's cache.
const BLOCK_WORDS: usize = 8;
/// Blocks; a power of two.
const BLOCKS: usize = 1 << 17;
/// Bits that an id sets; each takes nine bits of the id.
const BITS: u32 = 5;

/// The filter. One thread notes what it accepts, another what the index holds.
#[derive(Debug)]
pub(crate) struct SeenCommands {
    blocks: Vec<[AtomicU64; BLOCK_WORDS]>,
    /// Whether all ids of the index are in.
    is_complete: AtomicBool,
}

impl SeenCommands {
    /// Denies nothing until it is filled.
    pub(crate) fn new() -> Self {
        let empty = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { blocks: std::iter::repeat_with(empty).take(BLOCKS).collect(), is_complete: AtomicBool::new(false) }
    }

    /// Notes an id. Must come before anybody may ask for it.
    pub(crate) fn note(&self, id: &CommandId) {
        let (block, bits) = self.place(id);
        for (word, bit) in bits {
            block[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether an id was surely not accepted before.
    pub(crate) fn surely_not(&self, id: &CommandId) -> bool {
        let (block, mut bits) = self.place(id);
        self.is_complete.load(Ordering::Acquire) && bits.any(|(word, bit)| block[word].load(Ordering::Relaxed) & bit == 0)
    }

    /// An id's block, and the bits in it. Ids are hashes, so parts of them are as good as any hash of them.
    fn place(&self, id: &CommandId) -> (&[AtomicU64; BLOCK_WORDS], impl Iterator<Item = (usize, u64)>) {
        let (chooses_block, chooses_bits) = (u128::from_le_bytes(id.0) >> 64, u128::from_le_bytes(id.0));
        let block = usize::try_from(chooses_block % BLOCKS as u128).unwrap_or_default();
        let bits = (0..BITS).map(move |number| {
            let nine = usize::try_from((chooses_bits >> (9 * number)) % 512).unwrap_or_default();
            (nine / 64, 1 << (nine % 64))
        });
        (&self.blocks[block], bits)
    }
}

/// Notes all ids of an index as it was before the first command.
pub(crate) struct Filler {
    pub(crate) seen: Arc<SeenCommands>,
    pub(crate) view: DerivedView,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl Filler {
    /// Until it has come to the end the filter denies nothing, and if it does not come there, never.
    pub(crate) fn run(self) {
        let mut is_whole = true;
        let scanned = self.view.commands(&mut |id| {
            self.seen.note(&id);
            is_whole = !self.stopping.load(Ordering::Relaxed);
            if is_whole { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match scanned {
            Ok(()) => self.seen.is_complete.store(is_whole, Ordering::Release),
            Err(fault) => tracing::warn!(fault = %log_chain(&fault), "known command ids could not be read; every command asks the index"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zhixin_store::rows::{Checkpoint, RowKind, open_rows};
    use zhixin_store::table::Table;

    use super::*;

    fn filled(ids: &[[u8; 16]]) -> SeenCommands {
        let table = Table::new(open_rows(RowKind::Memory, std::path::Path::new("")).unwrap()).unwrap();
        for (number, id) in ids.iter().enumerate() {
            let period = [0, u8::try_from(number % 2).unwrap()];
            table.put(&[b"C".as_slice(), &period, id].concat(), Vec::new());
        }
        table.advance(Checkpoint::default());
        let seen = Arc::new(SeenCommands::new());
        let view = DerivedView::of(&table).unwrap();
        Filler { seen: Arc::clone(&seen), view, stopping: Arc::default() }.run();
        Arc::into_inner(seen).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn what_was_accepted_is_never_denied(
            before in prop::collection::vec(any::<[u8; 16]>(), 0..200),
            since in prop::collection::vec(any::<[u8; 16]>(), 0..200),
        ) {
            let seen = filled(&before);
            for id in &since {
                seen.note(&CommandId(*id));
            }
            for id in before.iter().chain(&since) {
                prop_assert!(!seen.surely_not(&CommandId(*id)));
            }
        }
    }

    #[test]
    fn nearly_everything_else_is_denied_but_only_when_the_index_is_in() {
        let id = |number: u32| CommandId(*zhixin_events::digest::sha256(&[&number.to_be_bytes()]).first_chunk().unwrap());
        assert!(!SeenCommands::new().surely_not(&id(0)), "the index may hold it");
        let seen = filled(&[]);
        (0..100_000).for_each(|number| seen.note(&id(number)));
        let in_vain = (100_000..200_000).filter(|number| !seen.surely_not(&id(*number))).count();
        assert!(in_vain < 10, "{in_vain} of 100,000");
    }

    #[test]
    fn a_filter_that_was_not_filled_to_the_end_denies_nothing() {
        let table = Table::new(open_rows(RowKind::Memory, std::path::Path::new("")).unwrap()).unwrap();
        for id in [[1; 16], [2; 16]] {
            table.put(&[b"C".as_slice(), &[0, 0], &id].concat(), Vec::new());
        }
        table.advance(Checkpoint::default());
        let seen = Arc::new(SeenCommands::new());
        Filler { seen: Arc::clone(&seen), view: DerivedView::of(&table).unwrap(), stopping: Arc::new(AtomicBool::new(true)) }.run();
        assert!(!seen.surely_not(&CommandId([2; 16])));
    }
}
