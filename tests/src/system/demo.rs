//! The demonstration at its smallest, as `zhixin demo --scale 1000` makes it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::{Context as _, ensure};

use super::folder::Folder;

/// An account that the demonstration prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Role.
    pub role: String,
    /// Sign-in name.
    pub login: String,
    /// Password.
    pub password: String,
}

/// A demonstration: nobody writes to it, whoever wants to takes a copy.
#[derive(Debug)]
pub struct Demo {
    folder: Folder,
    /// The accounts it printed.
    pub accounts: Vec<Account>,
}

impl Demo {
    /// The year that it tells.
    pub const YEAR: i32 = 2025;

    /// The one that the tests of this process share while one of them holds it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn shared() -> anyhow::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Demo>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(demo) = shared.upgrade() {
            return Ok(demo);
        }
        let demo = Arc::new(Self::make(1_000)?);
        *shared = Arc::downgrade(&demo);
        Ok(demo)
    }

    /// A new one at 1/scale of the nation.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(scale: u32) -> anyhow::Result<Self> {
        let folder = Folder::new()?;
        let ran = folder.run(&["demo", "--scale", &scale.to_string(), "--no-serve"])?.ended(0)?;
        let account = |line: &str| {
            let mut parts = line.split('\t').map(str::to_owned);
            Some(Account { role: parts.next()?, login: parts.next()?, password: parts.next()? })
        };
        let accounts: Vec<Account> = ran.lines().into_iter().filter_map(account).collect();
        ensure!(!accounts.is_empty(), "the demonstration printed no accounts:\n{}{}", ran.out, ran.err);
        Ok(Self { folder, accounts })
    }

    /// Its folder, to read.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// A copy to write to.
    ///
    /// # Errors
    /// The disk.
    pub fn copy(&self) -> anyhow::Result<Folder> {
        self.folder.copy()
    }

    /// The first account in this role.
    ///
    /// # Errors
    /// There is none.
    pub fn account(&self, role: &str) -> anyhow::Result<&Account> {
        self.accounts.iter().find(|account| account.role == role).with_context(|| format!("an account in the role {role}"))
    }

    /// Every account in this role.
    pub fn accounts_in<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Account> {
        self.accounts.iter().filter(move |account| account.role == role)
    }
}
