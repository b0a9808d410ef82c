//! What both LMDB adapters share: opening an environment safely, and its errors.
//!
//! LMDB reads through a memory map: a file that is shorter than its newest meta page says would kill the process at the first touch
//! of a missing page. So the length is compared before the map is made, and kept sufficient after every commit.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, MdbError, RwTxn, WithoutTls};

use crate::files;

pub(crate) type Environment = Env<WithoutTls>;
pub(crate) type Rows = Database<'static, Bytes, Bytes>;

/// Most views open at one moment, over all processes.
const READERS_MAX: u32 = 1_024;
/// No read-ahead. Why: a page that is looked up says nothing of its neighbours in the file, but for each of the first hundred the system
/// would read as much as the disk's read-ahead is set to, often megabytes: twenty milliseconds for a look-up in a cold index.
const FLAGS: EnvFlags = EnvFlags::NO_READ_AHEAD;
const DATA_FILE: &str = "data.mdb";

/// Where the fields of a meta page stand; the layout is fixed by LMDB's data version 1 on 64-bit little-endian machines.
mod meta {
    pub(super) const BYTES: usize = 152;
    pub(super) const MAGIC: usize = 16;
    pub(super) const VERSION: usize = 20;
    pub(super) const PAGE_SIZE: usize = 40;
    pub(super) const LAST_PAGE: usize = 136;
    pub(super) const TXN: usize = 144;
}

/// Why an environment did not open.
pub(crate) enum OpenFault {
    AlreadyOpen,
    Unopenable(String),
}

/// Opens the environment in the folder `path` and, in one transaction, its named databases.
pub(crate) fn open<const N: usize>(path: &Path, map_bytes: usize, names: [&str; N]) -> Result<(Environment, [Rows; N]), OpenFault> {
    let unopenable = |what: &dyn std::fmt::Display| OpenFault::Unopenable(what.to_string());
    files::make_dir(path).map_err(|error| unopenable(&error))?;
    let used_bytes = check_length(&path.join(DATA_FILE)).map_err(|what| unopenable(&what))?;
    // The map costs address space only; four times the file leaves room to grow where the default would not.
    let map_bytes = map_bytes.max(usize::try_from(used_bytes).map_err(|error| unopenable(&error))?.saturating_mul(4));
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(map_bytes.next_multiple_of(1 << 20)).max_readers(READERS_MAX).max_dbs(u32::try_from(N).unwrap_or(u32::MAX));
    #[expect(
        unsafe_code,
        reason = "the map is undefined behaviour only if the file changes under it: the folder is ours alone, on a local disk, \
                  LMDB's own lock file orders writers, the one flag only advises the system, and a file cut short was refused above"
    )]
    // SAFETY: see the reason above.
    let env = unsafe { options.flags(FLAGS).open(path) }.map_err(|error| match error {
        heed::Error::EnvAlreadyOpened => OpenFault::AlreadyOpen,
        heed::Error::Io(_) | heed::Error::Mdb(_) | heed::Error::Encoding(_) | heed::Error::Decoding(_) => unopenable(&error),
    })?;
    // Readers of processes that were killed would keep old pages for ever.
    env.clear_stale_readers().map_err(|error| unopenable(&error))?;
    let databases = create_databases(&env, names).map_err(|error| unopenable(&error))?;
    keep_length(&env).map_err(|error| unopenable(&error))?;
    // LMDB makes its file without making the name durable.
    files::sync_dir(path).map_err(|error| unopenable(&error))?;
    Ok((env, databases))
}

fn create_databases<const N: usize>(env: &Environment, names: [&str; N]) -> Result<[Rows; N], heed::Error> {
    let mut databases = Vec::with_capacity(N);
    for name in names {
        let txn = env.write_txn()?;
        let committed = env.create_databases_and_commit(txn, |opener, txn| {
            opener.create_database::<Bytes, Bytes>(txn, Some(name)).map(CommitOrAbort::<_, ()>::Commit)
        })?;
        databases.extend(committed.commit());
    }
    databases.try_into().map_err(|_| heed::Error::Mdb(MdbError::NotFound))
}

/// Commits durably and keeps the file as long as its meta page says.
///
/// Why: pages at the end that a transaction took and gave back are never written, so LMDB itself may leave the file shorter; then
/// the check at the next open could not tell that from damage. If the file cannot be made longer, the commit has happened all the same and
/// must not be reported as failed: no byte of it is missing, and the next commit tries again.
pub(crate) fn commit(env: &Environment, txn: RwTxn<'_>) -> Result<(), heed::Error> {
    txn.commit()?;
    let _tried_again_later = keep_length(env);
    Ok(())
}

fn keep_length(env: &Environment) -> Result<(), heed::Error> {
    let page_size = u64::from(env.unnamed_database_stat().page_size);
    let needed = (env.info().last_page_number as u64 + 1) * page_size;
    let file = env.try_clone_inner_file()?;
    let length = file.metadata()?.len();
    if length < needed {
        files::lengthen(&file, length, needed)?;
        file.sync_data()?;
    }
    Ok(())
}

/// Whether an LMDB error says that map or disk are used up.
pub(crate) fn is_full(error: &heed::Error) -> bool {
    match error {
        heed::Error::Mdb(error) => matches!(error, MdbError::MapFull),
        heed::Error::Io(error) => files::is_full(error),
        heed::Error::Encoding(_) | heed::Error::Decoding(_) | heed::Error::EnvAlreadyOpened => false,
    }
}

/// Compares the file's length with what the newest meta page needs, without a map. Returns the length; 0 if there is no file.
fn check_length(path: &Path) -> Result<u64, String> {
    if !path.exists() {
        return Ok(0);
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    if length == 0 {
        return Ok(0);
    }
    let first = read_meta(&file, 0)?;
    let second = read_meta(&file, first.page_size)?;
    let newest = if second.txn > first.txn { second } else { first };
    let needed = newest.last_page.saturating_add(1).saturating_mul(newest.page_size);
    if length < needed {
        return Err(format!("data file has {length} bytes, its meta page needs {needed}"));
    }
    Ok(length)
}

struct Meta {
    page_size: u64,
    last_page: u64,
    txn: u64,
}

fn read_meta(file: &File, at: u64) -> Result<Meta, String> {
    let mut page = [0; meta::BYTES];
    file.read_exact_at(&mut page, at).map_err(|error| format!("meta page at {at}: {error}"))?;
    let u32_at = |at: usize| page[at..at + 4].iter().rev().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    let u64_at = |at: usize| page[at..at + 8].iter().rev().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let page_size = u32_at(meta::PAGE_SIZE);
    if u32_at(meta::MAGIC) != 0xBEEF_C0DE || u32_at(meta::VERSION) != 1 || !page_size.is_power_of_two() || page_size < 512 {
        return Err(format!("meta page at {at} is not one of LMDB's version 1"));
    }
    Ok(Meta { page_size: u64::from(page_size), last_page: u64_at(meta::LAST_PAGE), txn: u64_at(meta::TXN) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_page_by_page() {
        let dir = tempfile::tempdir().unwrap();
        let Ok((env, _)) = open(dir.path(), 1 << 20, ["rows"]) else { panic!("the folder is empty and ours") };
        assert!(env.flags().unwrap().unwrap().contains(EnvFlags::NO_READ_AHEAD));
    }
}
