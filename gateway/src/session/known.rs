//! Where somebody has signed in before: by sign-in name, digests of the last addresses. Kept in the vault, never in the record.

use zhixin_engine::handle::EngineHandle;
use zhixin_engine::vault_keys::KeyFault;
use zhixin_events::Timestamp;
use zhixin_events::digest::sha256;

use super::accounts::LOGIN_CHARS_MAX;

/// Prefix of the rows.
const ROWS: &[u8] = b"w/known/";
/// Addresses remembered of a name; the one not used for longest goes first.
const ADDRESSES_MAX: usize = 8;
/// How long an address is remembered after its last use. Unit: milliseconds.
const KEPT_MS: i64 = 90 * DAY_MS;
/// The last use is written at most so often: each write is a sync of the vault.
const DAY_MS: i64 = 24 * 3_600_000;

fn rows_of(login: &str) -> Vec<u8> {
    [ROWS, login.as_bytes(), b"\n"].concat()
}

fn row(login: &str, address: &str) -> Vec<u8> {
    [rows_of(login), sha256(&[b"zx-known", login.as_bytes(), b"\n", address.as_bytes()]).to_vec()].concat()
}

fn last_use(value: &[u8]) -> i64 {
    value.try_into().map_or(0, i64::from_be_bytes)
}

/// Whether somebody has signed in with this name from this address lately. Blocks.
pub(super) fn is_known(engine: &EngineHandle, login: &str, address: &str, now: Timestamp) -> Result<bool, KeyFault> {
    if login.len() > LOGIN_CHARS_MAX {
        return Ok(false);
    }
    let found = engine.vault().get(&row(login, address))?;
    Ok(found.is_some_and(|value| now.0.saturating_sub(last_use(&value)) <= KEPT_MS))
}

/// Notes that somebody has signed in with this name from this address. Blocks.
pub(super) fn remember(engine: &EngineHandle, login: &str, address: &str, now: Timestamp) -> Result<(), KeyFault> {
    let row = row(login, address);
    let mut known = engine.vault().collect_prefix(&rows_of(login))?;
    known.retain(|(key, _)| *key != row);
    known.sort_by_key(|(_, value)| last_use(value));
    let surplus = known.len().saturating_sub(ADDRESSES_MAX.saturating_sub(1));
    for (key, _) in known.iter().take(surplus) {
        engine.vault().delete(key)?;
    }
    let noted = engine.vault().get(&row)?.is_some_and(|value| now.0.saturating_sub(last_use(&value)) < DAY_MS);
    if noted { Ok(()) } else { Ok(engine.vault().put(&row, &now.0.to_be_bytes())?) }
}
