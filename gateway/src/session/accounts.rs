//! Sign-in names and passwords: which account of the record a name acts for. Kept in the vault, never in the record.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params, ParamsBuilder};
use serde::{Deserialize, Serialize};
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::LogPurpose;
use zhixin_engine::vault_keys::KeyFault;
use zhixin_events::AccountId;

/// Prefix of the rows.
const ROWS: &[u8] = b"w/credential/";
/// Longest sign-in name. Unit: characters.
pub const LOGIN_CHARS_MAX: usize = 64;
/// Shortest and longest password. Unit: characters.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=200;

/// Why a sign-in name is not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountsFault {
    /// Names are 1 to 64 small letters, digits, dots, hyphens and underscores.
    #[error("a sign-in name has 1 to 64 small letters, digits, dots, hyphens and underscores")]
    LoginUnfit,
    /// Too short or too long.
    #[error("a password has 8 to 200 characters")]
    PasswordUnfit,
    /// The name is taken.
    #[error("the sign-in name is taken")]
    Taken,
    /// Nobody signs in with this name.
    #[error("there is no such sign-in name")]
    Unknown,
    /// Passwords that are shown belong to a demo log only.
    #[error("accounts with a shown password exist in a demo log only")]
    NotADemo,
    /// Hashing failed.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// The vault cannot be read or written.
    #[error(transparent)]
    Vault(#[from] KeyFault),
}

/// What is kept of a sign-in name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    account: String,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown_password: Option<String>,
    locked: bool,
}

impl Credential {
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.account.parse().ok()
    }
    pub(crate) fn is_locked(&self) -> bool {
        self.locked
    }
    /// Whether the sign-in page shows its password to everybody.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown_password.is_some()
    }
}

/// A sign-in name as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInName {
    /// The name.
    pub login: String,
    /// The account of the record that it acts for.
    pub account: AccountId,
    /// Whether it may not sign in.
    pub locked: bool,
    /// Password that the sign-in page shows; in a demo log only.
    pub shown_password: Option<String>,
}

fn row(login: &str) -> Vec<u8> {
    [ROWS, login.as_bytes()].concat()
}

fn fit_name(login: &str) -> Result<(), AccountsFault> {
    let letters = login.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte));
    let fits = !login.is_empty() && login.len() <= LOGIN_CHARS_MAX && letters;
    if fits { Ok(()) } else { Err(AccountsFault::LoginUnfit) }
}

fn fit(login: &str, password: &str) -> Result<(), AccountsFault> {
    fit_name(login)?;
    if PASSWORD_CHARS.contains(&password.chars().count()) { Ok(()) } else { Err(AccountsFault::PasswordUnfit) }
}

/// The hash of a password as a PHC string.
///
/// Why cheaper in a demo: its passwords are shown on the sign-in page, and dozens of them are made at once.
fn hash(password: &str, purpose: LogPurpose) -> Result<String, AccountsFault> {
    let failed = |fault: &dyn std::fmt::Display| AccountsFault::Hash(fault.to_string());
    let params = match purpose {
        LogPurpose::Production => Params::DEFAULT,
        LogPurpose::Demo => ParamsBuilder::new().m_cost(1_024).t_cost(1).build().map_err(|fault| failed(&fault))?,
    };
    let argon = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|fault| failed(&fault))
}

/// Whether a sign-in name can be made: to be asked before its account is opened in the record, where it would stay without a name.
///
/// # Errors
/// The name is unfit or taken, or the vault fails.
pub fn check_new(handle: &EngineHandle, login: &str) -> Result<(), AccountsFault> {
    fit_name(login)?;
    if find(handle, login)?.is_some() { Err(AccountsFault::Taken) } else { Ok(()) }
}

/// Makes a sign-in name for an account of the record.
///
/// # Errors
/// The name or password is unfit, the name is taken, or the vault fails.
pub fn create_credentials(handle: &EngineHandle, login: &str, account: AccountId, password: &str) -> Result<(), AccountsFault> {
    create(handle, login, account, password, None)
}

/// Like [`create_credentials`], with a password that the sign-in page shows to everybody.
///
/// # Errors
/// Also when the log is no demo.
pub fn create_demo_credentials(handle: &EngineHandle, login: &str, account: AccountId, password: &str) -> Result<(), AccountsFault> {
    if handle.purpose() != LogPurpose::Demo {
        return Err(AccountsFault::NotADemo);
    }
    create(handle, login, account, password, Some(password.to_owned()))
}

fn create(
    handle: &EngineHandle,
    login: &str,
    account: AccountId,
    password: &str,
    shown_password: Option<String>,
) -> Result<(), AccountsFault> {
    fit(login, password)?;
    check_new(handle, login)?;
    let hash = hash(password, handle.purpose())?;
    write(handle, login, &Credential { account: account.to_string(), hash, shown_password, locked: false })
}

/// Gives a sign-in name another password, unlocks it, and ends its sessions.
///
/// # Errors
/// There is no such name, the password is unfit, or the vault fails.
pub fn reset(handle: &EngineHandle, login: &str, password: &str) -> Result<(), AccountsFault> {
    let changed = with_password(handle, login, password)?;
    write(handle, login, &Credential { locked: false, ..changed })?;
    Ok(super::end_all_of(handle, login)?)
}

/// Gives a sign-in name another password and nothing else.
pub(crate) fn set_password(handle: &EngineHandle, login: &str, password: &str) -> Result<(), AccountsFault> {
    write(handle, login, &with_password(handle, login, password)?)
}

fn with_password(handle: &EngineHandle, login: &str, password: &str) -> Result<Credential, AccountsFault> {
    fit(login, password)?;
    let known = find(handle, login)?.ok_or(AccountsFault::Unknown)?;
    Ok(Credential { hash: hash(password, handle.purpose())?, shown_password: None, ..known })
}

/// Locks a sign-in name and ends its sessions; the account in the record stays as it is.
///
/// # Errors
/// There is no such name, or the vault fails.
pub fn lock(handle: &EngineHandle, login: &str) -> Result<(), AccountsFault> {
    let known = find(handle, login)?.ok_or(AccountsFault::Unknown)?;
    write(handle, login, &Credential { locked: true, ..known })?;
    Ok(super::end_all_of(handle, login)?)
}

/// Lets a locked sign-in name sign in again with the password it had.
///
/// # Errors
/// There is no such name, or the vault fails.
pub fn unlock(handle: &EngineHandle, login: &str) -> Result<(), AccountsFault> {
    let known = find(handle, login)?.ok_or(AccountsFault::Unknown)?;
    write(handle, login, &Credential { locked: false, ..known })
}

/// Every sign-in name, in order.
///
/// # Errors
/// The vault cannot be read.
pub fn list(handle: &EngineHandle) -> Result<Vec<SignInName>, AccountsFault> {
    let rows = handle.vault().collect_prefix(ROWS).map_err(KeyFault::from)?;
    let name = |(key, value): (Vec<u8>, Vec<u8>)| {
        let login = String::from_utf8(key.get(ROWS.len()..)?.to_vec()).ok()?;
        let known: Credential = serde_json::from_slice(&value).ok()?;
        Some(SignInName { login, account: known.account()?, locked: known.locked, shown_password: known.shown_password })
    };
    Ok(rows.into_iter().filter_map(name).collect())
}

pub(crate) fn find(handle: &EngineHandle, login: &str) -> Result<Option<Credential>, KeyFault> {
    if login.len() > LOGIN_CHARS_MAX {
        return Ok(None);
    }
    let bytes = handle.vault().get(&row(login))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn write(handle: &EngineHandle, login: &str, credential: &Credential) -> Result<(), AccountsFault> {
    let bytes = serde_json::to_vec(credential).map_err(|fault| AccountsFault::Hash(fault.to_string()))?;
    Ok(handle.vault().put(&row(login), &bytes).map_err(KeyFault::from)?)
}

/// Whether a password is that of a credential. An unknown name costs the same work and is never right.
pub(crate) fn is_right(credential: Option<&Credential>, password: &str, decoy: &str) -> bool {
    let hash = credential.map_or(decoy, |known| known.hash.as_str());
    let right = PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    right && credential.is_some()
}

/// A hash that no password has, as costly as the real ones.
pub(crate) fn decoy(purpose: LogPurpose) -> String {
    let mut nothing = [0; 32];
    let random = getrandom::fill(&mut nothing).map(|()| zhixin_events::digest::base64url(&nothing)).unwrap_or_default();
    hash(&random, purpose).unwrap_or_default()
}
