//! `zhixin user`: accounts. An account is opened in the record; its sign-in name and password are in the vault.

use anyhow::{Context as _, anyhow};
use zhixin_domain::Command;
use zhixin_domain::access::OpenAccount;
use zhixin_engine::answer::Submission;
use zhixin_engine::handle::EngineHandle;
use zhixin_events::{AccountId, OrganisationId, ReportingUnit, Role, ids};
use zhixin_gateway::accounts::{self, SignInName};

use crate::cli::{Common, Usage, UserArgs, UserWhat};
use crate::folder::{self, Opened};
use crate::{Ending, out};

/// Sign-in name of the operator that the first start makes.
const OPERATOR: &str = "operator";

pub(crate) fn run(common: &Common, args: &UserArgs) -> anyhow::Result<Ending> {
    let opened = folder::open_existing(common)?;
    make_operator(&opened)?;
    let handle = opened.handle();
    match &args.what {
        UserWhat::Add { login, role, unit, organisation } => {
            let roles = role.iter().map(|name| Role::from_name(name).ok_or_else(|| unknown_role(name))).collect::<Result<Vec<_>, _>>()?;
            let unit = unit.map(ReportingUnit::new).transpose().map_err(|error| Usage(format!("--unit: {error}")))?;
            let organisation: Option<OrganisationId> =
                organisation.as_deref().map(str::parse).transpose().map_err(|error| Usage(format!("--organisation: {error}")))?;
            let command = OpenAccount { roles, unit, organisation };
            accounts::check_new(handle, login)?;
            let acting = acting(common, handle)?;
            let submission = submission(handle, acting, Role::Operator, command, &format!("user-add-{login}"));
            let account = open_account(handle, submission)?;
            let password = new_password(handle);
            accounts::create_credentials(handle, login, account, &password)?;
            told(common, login, account, Stands::Password(&password));
        }
        UserWhat::List => {
            for name in accounts::list(handle)? {
                list(common, handle, &name)?;
            }
        }
        UserWhat::Reset { login } => {
            let (account, password) = (account_of(handle, login)?, new_password(handle));
            accounts::reset(handle, login, &password)?;
            told(common, login, account, Stands::Password(&password));
        }
        UserWhat::Lock { login } => {
            let account = account_of(handle, login)?;
            if operators(handle)?.iter().all(|name| name.login == *login) {
                return Err(
                    Usage(format!("{login} is the last operator who can sign in: add another first, or nobody opens accounts")).into()
                );
            }
            accounts::lock(handle, login)?;
            told(common, login, account, Stands::Locked);
        }
        UserWhat::Unlock { login } => {
            let account = account_of(handle, login)?;
            accounts::unlock(handle, login)?;
            told(common, login, account, Stands::Open);
        }
    }
    opened.close()?;
    Ok(Ending::Well)
}

/// At the first start: the operator, whose password is printed once.
pub(crate) fn make_operator(opened: &Opened) -> anyhow::Result<()> {
    let handle = opened.handle();
    if !accounts::list(handle)?.is_empty() {
        return Ok(());
    }
    let command = OpenAccount { roles: vec![Role::Operator], unit: None, organisation: None };
    let account = open_account(handle, handle.system_submission(command, "first-operator"))?;
    let password = new_password(handle);
    accounts::create_credentials(handle, OPERATOR, account, &password)?;
    out::line(&format!("operator\t{OPERATOR}\t{password}"));
    out::note("This password is shown once. `zhixin user reset operator` makes another.");
    Ok(())
}

/// The account to act as, and that it exists.
pub(crate) fn acting(common: &Common, handle: &EngineHandle) -> anyhow::Result<AccountId> {
    account_of(handle, common.acting_as.as_deref().unwrap_or(OPERATOR))
}

fn account_of(handle: &EngineHandle, login: &str) -> anyhow::Result<AccountId> {
    let names = accounts::list(handle)?;
    let found = names.iter().find(|name| name.login == login).map(|name| name.account);
    found.ok_or_else(|| Usage(format!("there is no account with the sign-in name {login}")).into())
}

/// A submission of an account that acts at the command line.
pub(crate) fn submission(handle: &EngineHandle, actor: AccountId, role: Role, command: impl Into<Command>, key: &str) -> Submission {
    let command = command.into();
    // A repeat on the command line is a new wish, not a retry: the position makes the key new.
    let key = format!("cli-{}-{key}", handle.end());
    Submission {
        actor,
        role,
        command_id: handle.command_id(&actor, command.name(), &key),
        fingerprint: handle.fingerprint(key.as_bytes()),
        effective_on: None,
        if_match: Vec::new(),
        command,
    }
}

fn open_account(handle: &EngineHandle, submission: Submission) -> anyhow::Result<AccountId> {
    let accepted = handle.execute_blocking(submission).context("the account was not opened")?;
    let (_, account) = accepted.result.iter().find(|(key, _)| *key == "account").ok_or_else(|| anyhow!("no account was opened"))?;
    Ok(account.parse()?)
}

/// Twenty characters of the id alphabet: a hundred bits.
fn new_password(handle: &EngineHandle) -> String {
    let part = || {
        let mut id = [0; 6];
        handle.entropy().fill(&mut id);
        ids::to_text(id).to_ascii_lowercase()
    };
    format!("{}-{}", part(), part())
}

/// How a sign-in name stands after a command.
#[derive(Clone, Copy)]
enum Stands<'a> {
    /// With a new password, which is shown once.
    Password(&'a str),
    /// It may not sign in.
    Locked,
    /// It may sign in again with the password it had.
    Open,
}

fn told(common: &Common, login: &str, account: AccountId, stands: Stands<'_>) {
    let (password, word) = match stands {
        Stands::Password(password) => (Some(password), password),
        Stands::Locked => (None, "locked"),
        Stands::Open => (None, "open"),
    };
    if common.json {
        out::line(&serde_json::json!({ "login": login, "account": account.to_string(), "password": password }).to_string());
    } else {
        out::line(&format!("{login}\t{account}\t{word}"));
    }
}

/// Sign-in names of operators who can sign in.
fn operators(handle: &EngineHandle) -> anyhow::Result<Vec<SignInName>> {
    let mut found = Vec::new();
    for name in accounts::list(handle)?.into_iter().filter(|name| !name.locked) {
        if handle.account(name.account)?.is_some_and(|state| !state.locked && state.roles.contains(&Role::Operator)) {
            found.push(name);
        }
    }
    Ok(found)
}

/// One sign-in name with what its account may do.
fn list(common: &Common, handle: &EngineHandle, name: &SignInName) -> anyhow::Result<()> {
    let account = handle.account(name.account)?.unwrap_or_default();
    let locked = name.locked || account.locked;
    let roles: Vec<_> = account.roles.iter().map(|role| role.name()).collect();
    let unit = account.unit.map(|unit| unit.to_string());
    let organisation = account.organisation.map(|organisation| organisation.to_string());
    if common.json {
        let line = serde_json::json!({
            "login": name.login, "account": name.account.to_string(), "locked": locked, "roles": roles, "unit": unit,
            "organisation": organisation,
        });
        out::line(&line.to_string());
    } else {
        let place = unit.into_iter().chain(organisation).collect::<Vec<_>>().join(" ");
        let state = if locked { "locked" } else { "open" };
        out::line(&format!("{}\t{}\t{state}\t{}\t{place}", name.login, name.account, roles.join(",")));
    }
    Ok(())
}

fn unknown_role(name: &str) -> Usage {
    let known: Vec<_> = Role::ALL.iter().filter(|role| **role != Role::System).map(|role| role.name()).collect();
    Usage(format!("--role {name}: a role is one of {}", known.join(", ")))
}
