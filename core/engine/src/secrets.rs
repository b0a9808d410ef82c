//! The secrets of a log, made at its first opening and kept in the vault.

use zeroize::Zeroizing;
use zhixin_events::AccountId;

use crate::fault::OpenFault;
use crate::log::{LogId, LogKey};
use crate::vault_keys::{Key, KeyRing};

/// The secrets of a log, from the vault.
pub(crate) struct Secrets {
    pub(crate) log_key: LogKey,
    pub(crate) reads_key: LogKey,
    pub(crate) identity_key: Key,
    pub(crate) idempotency_key: Key,
    pub(crate) system_account: AccountId,
}

impl Secrets {
    pub(crate) fn read(keys: &KeyRing) -> Result<Self, OpenFault> {
        let make = |name: &str, len: usize| {
            keys.secret_or_make(name, |entropy| {
                let mut bytes = vec![0; len];
                entropy.fill(&mut bytes);
                bytes
            })
        };
        let fixed = |bytes: Zeroizing<Vec<u8>>| Key::try_from(bytes.as_slice()).map_err(|_| OpenFault::Secrets);
        let id = |bytes: Zeroizing<Vec<u8>>| bytes.as_slice().try_into().map(LogId).map_err(|_| OpenFault::Secrets);
        let account = make("system-account", 6)?;
        let log_key = LogKey::new(id(make("log-id", 16)?)?, *fixed(make("log-key", 32)?)?);
        let reads_key = LogKey::new(id(make("reads-id", 16)?)?, *fixed(make("reads-key", 32)?)?);
        // Read where it is used: see `origin`.
        make("signing-seed", 32)?;
        Ok(Self {
            log_key,
            reads_key,
            identity_key: fixed(make("identity-key", 32)?)?,
            idempotency_key: fixed(make("idempotency-key", 32)?)?,
            system_account: AccountId::from_bytes(account.as_slice().try_into().map_err(|_| OpenFault::Secrets)?),
        })
    }
}
