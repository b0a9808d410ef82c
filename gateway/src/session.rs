//! Sessions: who is signed in. A random token of 256 bits; only its SHA-256 is kept, in the vault.
//!
//! Invariants: a session ends 30 minutes after its last use and 12 hours after its beginning; signing in always makes a new token; failed
//! sign-ins are counted by name and by address, and an unknown name costs the same work and gives the same answer as a wrong password.
//! Failures from everywhere together bar a name only at addresses where nobody has signed in with it before: whoever tries passwords
//! cannot keep its owner out of where they work.

pub mod accounts;
mod known;
mod password;

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::vault_keys::KeyFault;
use zhixin_events::digest::{base64url, from_base64url, sha256};
use zhixin_events::{AccountId, Role, Secret, Timestamp};

use crate::auth::rate::Rate;
use crate::problem::{Kind, Problem};

/// Prefix of the rows.
const ROWS: &[u8] = b"w/session/";
const MINUTE_MS: i64 = 60_000;
/// A session ends so long after its last use.
pub(crate) const IDLE_MS_MAX: i64 = 30 * MINUTE_MS;
/// A session ends so long after its beginning.
pub(crate) const AGE_MS_MAX: i64 = 12 * 60 * MINUTE_MS;
/// The last use is written at most so often: each write is a sync of the vault.
const TOUCH_MS: i64 = MINUTE_MS;
/// Failed sign-ins within 15 minutes: by name and address, by address, and by name at addresses that it is not known at.
const FAILURES_MAX: [usize; 3] = [5, 50, 20];
/// Passwords checked at the same time: each takes 19 MiB.
const CHECKS_MAX: usize = 4;

/// A session as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) login: String,
    account: String,
    began_ms: i64,
    seen_ms: i64,
    role: Option<String>,
    pub(crate) csrf: String,
}

impl Session {
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.account.parse().ok()
    }
    /// The role chosen for the session, if one was.
    pub(crate) fn role(&self) -> Option<Role> {
        self.role.as_deref().and_then(Role::from_name)
    }
    fn is_over(&self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.seen_ms) > IDLE_MS_MAX || now.0.saturating_sub(self.began_ms) > AGE_MS_MAX
    }
}

/// Names a session without its token.
pub(crate) type SessionKey = [u8; 32];

/// The key of a token; none if it is no token.
pub(crate) fn key_of(token: &str) -> Option<SessionKey> {
    let bytes = from_base64url(token).filter(|bytes| bytes.len() == 32)?;
    Some(sha256(&[&bytes]))
}

fn row(key: &SessionKey) -> Vec<u8> {
    [ROWS, key.as_slice()].concat()
}

/// A text that nobody can guess.
pub(crate) fn random() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Problem::from(Kind::Storage))?;
    Ok(base64url(&bytes))
}

/// What a caller who signed in gets.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// The secret that the caller keeps.
    pub(crate) token: Secret<String>,
    /// The account.
    pub(crate) account: AccountId,
}

/// All sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    engine: EngineHandle,
    decoy: String,
    failures: Mutex<Rate>,
    checks: Semaphore,
}

impl Sessions {
    pub(crate) fn new(engine: EngineHandle) -> Self {
        let decoy = accounts::decoy(engine.purpose());
        Self { engine, decoy, failures: Mutex::new(Rate::new(15 * MINUTE_MS)), checks: Semaphore::new(CHECKS_MAX) }
    }

    /// Signs in; `replaces` is the token that the caller had before.
    pub(crate) async fn sign_in(
        &self,
        login: &str,
        password: Secret<String>,
        address: &str,
        replaces: Option<SessionKey>,
    ) -> Result<SignedIn, Problem> {
        let now = self.engine.now()?;
        let counted = self.may_try(login, address, now).await?;
        let permit = self.checks.acquire().await.map_err(|_| Problem::from(Kind::Busy))?;
        let (engine, decoy, name) = (self.engine.clone(), self.decoy.clone(), login.to_owned());
        let checked = tokio::task::spawn_blocking(move || {
            let known = accounts::find(&engine, &name)?;
            let right = accounts::is_right(known.as_ref(), password.expose(), &decoy);
            Ok::<_, KeyFault>(known.filter(|_| right))
        });
        let known = checked.await.map_err(|_| Problem::from(Kind::Internal))??;
        drop(permit);
        let Some((known, account)) = known.and_then(|known| known.account().map(|account| (known, account))) else {
            self.note_failure(&counted, now);
            return Err(Kind::SignInFailed.into());
        };
        if known.is_locked() {
            return Err(Kind::CannotAct.into());
        }
        let token = random()?;
        let session =
            Session { login: login.to_owned(), account: account.to_string(), began_ms: now.0, seen_ms: now.0, role: None, csrf: random()? };
        let (engine, key, address) = (self.engine.clone(), key_of(&token), address.to_owned());
        let stored = tokio::task::spawn_blocking(move || {
            sweep(&engine, now)?;
            known::remember(&engine, &session.login, &address, now)?;
            if let Some(old) = replaces {
                end(&engine, &old)?;
            }
            key.map_or(Ok(()), |key| write(&engine, &key, &session))
        });
        stored.await.map_err(|_| Problem::from(Kind::Internal))??;
        Ok(SignedIn { token: Secret::new(token), account })
    }

    /// Under what a failure counts, unless it has failed too often.
    async fn may_try(&self, login: &str, address: &str, now: Timestamp) -> Result<[String; 3], Problem> {
        // Longer ones are no names, and must not fill the memory.
        let login: String = login.chars().take(accounts::LOGIN_CHARS_MAX.saturating_add(1)).collect();
        let counted = [format!("both\n{login}\n{address}"), format!("address\n{address}"), format!("name\n{login}")];
        let waits: Vec<Option<u32>> = {
            let failures = self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            counted.iter().zip(FAILURES_MAX).map(|(key, max)| failures.wait_s(key, max, now)).collect()
        };
        if let [None, None, Some(_)] = waits.as_slice() {
            let (engine, address) = (self.engine.clone(), address.to_owned());
            let known = tokio::task::spawn_blocking(move || known::is_known(&engine, &login, &address, now)).await;
            if known.map_err(|_| Problem::from(Kind::Internal))?? {
                return Ok(counted);
            }
        }
        match waits.into_iter().flatten().max() {
            Some(longest_s) => Err(Problem::too_many(longest_s)),
            None => Ok(counted),
        }
    }

    fn note_failure(&self, counted: &[String; 3], now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for key in counted {
            failures.note(key, now);
        }
    }
}

/// The session of a key, if it is not over; notes its use. Blocks.
pub(crate) fn find(engine: &EngineHandle, key: &SessionKey) -> Result<Option<Session>, Problem> {
    let Some(bytes) = engine.vault().get(&row(key)).map_err(KeyFault::from)? else { return Ok(None) };
    let Ok(mut session) = serde_json::from_slice::<Session>(&bytes) else { return Ok(None) };
    let now = engine.now()?;
    if session.is_over(now) {
        end(engine, key)?;
        return Ok(None);
    }
    if now.0.saturating_sub(session.seen_ms) >= TOUCH_MS {
        session.seen_ms = now.0;
        write(engine, key, &session)?;
    }
    Ok(Some(session))
}

/// Chooses the role that a session acts in. Blocks.
pub(crate) fn choose_role(engine: &EngineHandle, key: &SessionKey, role: Role) -> Result<(), Problem> {
    let Some(mut session) = find(engine, key)? else { return Ok(()) };
    session.role = Some(role.name().to_owned());
    Ok(write(engine, key, &session)?)
}

/// Ends a session. Blocks.
pub(crate) fn end(engine: &EngineHandle, key: &SessionKey) -> Result<(), KeyFault> {
    Ok(engine.vault().delete(&row(key))?)
}

/// Ends every session of a sign-in name.
pub(crate) fn end_all_of(engine: &EngineHandle, login: &str) -> Result<(), KeyFault> {
    end_where(engine, &|_, session| session.login == login)
}

/// Drops sessions that are over.
fn sweep(engine: &EngineHandle, now: Timestamp) -> Result<(), KeyFault> {
    end_where(engine, &|_, session| session.is_over(now))
}

fn end_where(engine: &EngineHandle, which: &dyn Fn(&[u8], &Session) -> bool) -> Result<(), KeyFault> {
    for (key, value) in engine.vault().collect_prefix(ROWS)? {
        if serde_json::from_slice::<Session>(&value).map_or(true, |session| which(&key, &session)) {
            engine.vault().delete(&key)?;
        }
    }
    Ok(())
}

fn write(engine: &EngineHandle, key: &SessionKey, session: &Session) -> Result<(), KeyFault> {
    let Ok(bytes) = serde_json::to_vec(session) else { zhixin_events::invariant!("a session is plain text and numbers") };
    Ok(engine.vault().put(&row(key), &bytes)?)
}
