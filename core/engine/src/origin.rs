//! The origin: the name under which a log signs, `DOMAIN/zhixin/LOGID`, followed by `/2`, `/3`, … when it was renewed.
//!
//! Fixed by the first start and kept in the vault, so that no option and no lost file can make a log sign under a second name. Only
//! [`renew_origin`](crate::backup::renew_origin) changes it, for a log that lost what it had published. Each origin has a key of its own.

use serde::Serialize;
use zhixin_store::vault::VaultOp;

use crate::checkpoint_file::Known;
use crate::fault::OpenFault;
use crate::log::LogId;
use crate::merkle::{Checkpoint, SignerKey};
use crate::vault_keys::{Key, KeyFault, KeyRing};

/// Domain of a log whose first start named none.
pub const DEFAULT_DOMAIN: &str = "localhost";
const ROW: &[u8] = b"l/origin";
const RENEWALS: &[u8] = b"l/origins/";
/// There while a renewal is not finished. Why not told from the checkpoint file: a stale one would look the same.
pub(crate) const RENEWING: &[u8] = b"l/renewing";
const STATEMENT: u8 = b's';
const FIRST_CHECKPOINT: u8 = b'c';

/// Names a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    domain: String,
    log_id: LogId,
    /// 1 at the first start, one more with each renewal.
    generation: u32,
}

/// An origin that the log has or had, for those who check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownOrigin {
    /// Its name.
    pub origin: String,
    /// Its key.
    pub vkey: String,
    /// The statement with which it began; none for the first.
    pub statement: Option<String>,
    /// Its first checkpoint, which names the statement's digest; none for the first.
    pub first_checkpoint: Option<String>,
}

impl Origin {
    /// The origin of a log, not kept yet if this is its first start.
    ///
    /// # Errors
    /// It was fixed for another domain than the one asked for, or cannot be read.
    pub(crate) fn of(keys: &KeyRing, log_id: LogId, domain: Option<&str>) -> Result<Self, OpenFault> {
        let Some(row) = keys.vault().get(ROW)? else {
            return Ok(Self { domain: domain.unwrap_or(DEFAULT_DOMAIN).to_owned(), log_id, generation: 1 });
        };
        let origin = std::str::from_utf8(&row).ok().and_then(|text| Self::parse(text, log_id)).ok_or(OpenFault::Secrets)?;
        match domain {
            Some(domain) if domain != origin.domain => {
                Err(OpenFault::OtherDomain { origin: origin.to_string(), domain: domain.to_owned() })
            }
            Some(_) | None => Ok(origin),
        }
    }

    /// The origin of a log that is to sign: no renewal is under way.
    ///
    /// # Errors
    /// One is, or as [`Origin::of`].
    pub(crate) fn settled(keys: &KeyRing, log_id: LogId, domain: Option<&str>) -> Result<Self, OpenFault> {
        if keys.vault().get(RENEWING)?.is_some() { Err(OpenFault::Renewing) } else { Self::of(keys, log_id, domain) }
    }

    /// Fixes it, if it is not.
    pub(crate) fn fix(&self, keys: &KeyRing) -> Result<(), OpenFault> {
        if keys.vault().get(ROW)?.is_none() {
            keys.write_rows(&[self.fixing()])?;
        }
        Ok(())
    }

    /// Reads the origin of this log out of a text.
    pub(crate) fn parse(text: &str, log_id: LogId) -> Option<Self> {
        let (domain, rest) = text.split_once(&format!("/zhixin/{log_id}"))?;
        let generation = rest.strip_prefix('/').map_or(Some(1), |number| number.parse().ok())?;
        let origin = Self { domain: domain.to_owned(), log_id, generation };
        (origin.to_string() == text).then_some(origin)
    }

    /// The one that follows.
    pub(crate) fn next(&self) -> Self {
        Self { generation: self.generation + 1, ..self.clone() }
    }

    fn seed_name(&self) -> String {
        if self.generation == 1 { "signing-seed".to_owned() } else { format!("signing-seed-{}", self.generation) }
    }

    /// Its key; durable before it is given, if it was not there.
    pub(crate) fn signer_or_make(&self, keys: &KeyRing) -> Result<SignerKey, OpenFault> {
        let seed = keys.secret_or_make(&self.seed_name(), |entropy| {
            let mut seed = vec![0; 32];
            entropy.fill(&mut seed);
            seed
        })?;
        self.signer_of(&seed)
    }

    /// Its key, if the vault has it.
    pub(crate) fn signer(&self, keys: &KeyRing) -> Result<Option<SignerKey>, OpenFault> {
        keys.secret(&self.seed_name())?.map(|seed| self.signer_of(&seed)).transpose()
    }

    fn signer_of(&self, seed: &[u8]) -> Result<SignerKey, OpenFault> {
        let seed = Key::try_from(seed).map_err(|_| OpenFault::Secrets)?;
        Ok(SignerKey::new(&self.to_string(), &seed)?)
    }

    fn fixing(&self) -> VaultOp {
        VaultOp::Put { key: ROW.to_vec(), value: self.to_string().into_bytes() }
    }

    fn renewal_row(&self, what: u8) -> Vec<u8> {
        [RENEWALS, &self.generation.to_be_bytes(), &[what]].concat()
    }

    /// What a renewal to this origin writes into the vault.
    pub(crate) fn renewing(&self, statement: &str, first_checkpoint: &str) -> Vec<VaultOp> {
        let kept = [(STATEMENT, statement), (FIRST_CHECKPOINT, first_checkpoint)];
        let kept = kept.map(|(what, text)| VaultOp::Put { key: self.renewal_row(what), value: text.as_bytes().to_vec() });
        kept.into_iter().chain([self.fixing()]).collect()
    }

    /// Every origin from the first to this one.
    pub(crate) fn history(&self, keys: &KeyRing) -> Result<Vec<KnownOrigin>, OpenFault> {
        let text = |row: Option<Vec<u8>>| row.map(|bytes| String::from_utf8(bytes).map_err(|_| OpenFault::Secrets)).transpose();
        let one = |generation| {
            let origin = Self { generation, ..self.clone() };
            let signer = origin.signer(keys)?.ok_or(OpenFault::Secrets)?;
            Ok(KnownOrigin {
                origin: origin.to_string(),
                vkey: signer.verifier().to_string(),
                statement: text(keys.vault().get(&origin.renewal_row(STATEMENT))?)?,
                first_checkpoint: text(keys.vault().get(&origin.renewal_row(FIRST_CHECKPOINT))?)?,
            })
        };
        (1..=self.generation).map(one).collect()
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/zhixin/{}", self.domain, self.log_id)?;
        if self.generation == 1 { Ok(()) } else { write!(f, "/{}", self.generation) }
    }
}

/// The newest published checkpoint that the file outside the data folder knows.
///
/// # Errors
/// It is of another origin than the log has now, or this log did not sign it.
pub(crate) fn published_outside(known: Option<&Known>, origin: &Origin, signer: &SignerKey) -> Result<Option<Checkpoint>, OpenFault> {
    let Some(note) = known.map(|known| known.note.as_str()).filter(|note| !note.is_empty()) else { return Ok(None) };
    let named = Origin::parse(note.lines().next().unwrap_or_default(), origin.log_id);
    if let Some(found) = named.filter(|named| named != origin) {
        return Err(OpenFault::OtherOrigin { found: found.to_string(), origin: origin.to_string() });
    }
    Ok(Some(Checkpoint::open(note.as_bytes(), &origin.to_string(), &[signer.verifier().clone()])?))
}

/// Reads a checkpoint that this log must have signed, under its present origin or an earlier one.
///
/// # Errors
/// What is wrong with it, in words; the fault when the vault cannot be read.
pub(crate) fn own_checkpoint(note: &str, log_id: LogId, keys: &KeyRing) -> Result<Result<Checkpoint, String>, KeyFault> {
    let name = note.lines().next().unwrap_or_default();
    let Some(origin) = Origin::parse(name, log_id) else { return Ok(Err(format!("a checkpoint of {name}"))) };
    let signer = match origin.signer(keys) {
        Ok(Some(signer)) => signer,
        Ok(None) => return Ok(Err(format!("a checkpoint of {name}, whose key is not in this vault: a later copy of the vault has it"))),
        Err(OpenFault::Keys(fault)) => return Err(fault),
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    Ok(Checkpoint::open(note.as_bytes(), name, &[signer.verifier().clone()]).map_err(|fault| crate::appender::log_chain(&fault)))
}
