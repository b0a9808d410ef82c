//! Changing the own password: who holds a session and knows the password so far sets another, and the other sessions end.

use zhixin_events::Secret;

use super::accounts::{self, AccountsFault, PASSWORD_CHARS};
use super::{Sessions, end_where, row};
use crate::auth::Acting;
use crate::problem::{Kind, Part, Problem};

impl Sessions {
    /// Sets another password for the sign-in name of a session. Wrong tries count as failed sign-ins.
    ///
    /// # Errors
    /// `AUTH-0004`: the password so far is another. `REQ-0004`: the new one is too short or too long. `AUTH-0002`: the password is shown to
    /// everybody, so nobody changes it for the others. `RATE-0001`.
    pub(crate) async fn change_password(
        &self,
        acting: &Acting,
        old: Secret<String>,
        new: Secret<String>,
        address: &str,
    ) -> Result<(), Problem> {
        let now = self.engine.now()?;
        let counted = self.may_try(&acting.login, address, now).await?;
        let permit = self.checks.acquire().await.map_err(|_| Problem::from(Kind::Busy))?;
        let (engine, decoy, login, key) = (self.engine.clone(), self.decoy.clone(), acting.login.clone(), acting.key);
        let changed = tokio::task::spawn_blocking(move || {
            let known = accounts::find(&engine, &login)?;
            if known.as_ref().is_some_and(accounts::Credential::is_shown) {
                let (zh, en) = ("演示账号的密码是公开的，不能修改", "the password of a demonstration account is public and stays");
                return Err(Problem::saying(Kind::NotPermitted, zh, en));
            }
            if !accounts::is_right(known.as_ref(), old.expose(), &decoy) {
                return Ok(false);
            }
            accounts::set_password(&engine, &login, new.expose()).map_err(unfit)?;
            end_where(&engine, &|at, session| session.login == login && at != row(&key).as_slice())?;
            Ok(true)
        });
        let changed = changed.await.map_err(|_| Problem::from(Kind::Internal))??;
        drop(permit);
        if changed {
            return Ok(());
        }
        self.note_failure(&counted, now);
        Err(Problem::saying(Kind::SignInFailed, "原密码不正确", "the password so far is another"))
    }
}

fn unfit(fault: AccountsFault) -> Problem {
    match fault {
        AccountsFault::PasswordUnfit => {
            let (least, most) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
            let said = (format!("新密码应为 {least} 至 {most} 个字符"), format!("the new password must have {least} to {most} characters"));
            Problem::part(Kind::OutOfRange, Part::Body("/new_password".to_owned()), said.0, said.1)
        }
        AccountsFault::Vault(fault) => fault.into(),
        fault @ (AccountsFault::LoginUnfit
        | AccountsFault::Taken
        | AccountsFault::Unknown
        | AccountsFault::NotADemo
        | AccountsFault::Hash(_)) => Problem::from(Kind::Internal).because(&fault),
    }
}
