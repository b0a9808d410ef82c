//! The arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// 知新 Zhixin: the programme for renewing professionals' knowledge, on an immutable record.
#[derive(Debug, Parser)]
#[command(name = "zhixin", version, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Say more on standard error (twice: more still).
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The data folder.
    #[arg(long, global = true, default_value = "./data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The master key file, outside the data folder [default: DIR.master-key].
    #[arg(long, global = true, env = "ZHIXIN_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key: Option<PathBuf>,
    /// The checkpoint file, outside the data folder [default: DIR.checkpoint].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) checkpoint_file: Option<PathBuf>,
    /// Make the checkpoint file anew when it is lost for good. Only for the newest folder: without the file an old copy looks like it.
    #[arg(long, global = true)]
    pub(crate) new_checkpoint_file: bool,
    /// Account to act as, by its sign-in name [default: the operator made at first start].
    #[arg(long = "as", global = true, value_name = "ACCOUNT")]
    pub(crate) acting_as: Option<String>,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What holds derived rows.
    #[arg(long, global = true, value_enum, default_value_t = Rows::Lmdb)]
    pub(crate) rows: Rows,
}

#[cfg(test)]
impl Common {
    /// What a command gets that names its data folder alone.
    pub(crate) fn in_folder(data: PathBuf) -> Self {
        Self { data, master_key: None, checkpoint_file: None, new_checkpoint_file: false, acting_as: None, json: false, rows: Rows::Lmdb }
    }
}

/// What holds derived rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    /// LMDB: the default, and the only one whose sizes and rates are promised.
    Lmdb,
    /// sled: slower; rebuilt when it will not open.
    Sled,
}

/// The arguments do not fit together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve pages and API until SIGTERM.
    Serve(ServeArgs),
    /// Fill an empty data folder with a programme year through the real command path, then serve it.
    Demo(DemoArgs),
    /// Import a roster.
    Import(ImportArgs),
    /// Print events as the log's leaves, one a line.
    Events(EventsArgs),
    /// Check the whole history, and every read model against one made afresh.
    Verify,
    /// Print a read model as of any moment, from the log alone.
    Replay(ReplayArgs),
    /// Build read models beside the live ones, compare, and switch if asked.
    Rebuild(RebuildArgs),
    /// Print every event type as JSON Schema.
    Schema,
    /// Back up log, blobs and log of reads; the vault apart.
    Backup(BackupArgs),
    /// Restore a backup; checks it before anything is replaced.
    Restore(RestoreArgs),
    /// Measure throughput, with the bare storage engine beside it.
    Bench(BenchArgs),
    /// Look at machine, folder and keys, and say what is wrong.
    Doctor,
    /// Accounts.
    User(UserArgs),
    /// The master key file.
    Key(KeyArgs),
    /// The name that the log signs under.
    Origin(OriginArgs),
}

/// Rate at which a server checks its read models if nothing else is said. Unit: events a second; less than a hundredth of a core.
pub(crate) const CHECK_ROWS: u32 = 500;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: std::net::SocketAddr,
    /// The event log.
    #[arg(long, default_value = "embedded")]
    pub(crate) log: String,
    /// Check random rows of the read models against the log all the time, at so many events a second; 0 = never.
    #[arg(long, default_value_t = CHECK_ROWS, value_name = "EVENTS")]
    pub(crate) check_rows: u32,
    /// Domain in the log's origin; fixed by the first start, refused if it is another one later [default: the log's own, at first localhost].
    #[arg(long)]
    pub(crate) domain: Option<String>,
    /// Proxies in front that are trusted to name their callers, so that limits by address meet the caller and not the proxy.
    #[arg(long, default_value_t = 0)]
    pub(crate) trusted_proxies: usize,
    /// The header that those proxies write.
    #[arg(long, default_value = "x-forwarded-for", value_parser = ["x-forwarded-for", "forwarded"])]
    pub(crate) proxy_header: String,
    /// Certificates looked up from one address within ten minutes, before it has to wait; 0 = as many as they like.
    #[arg(long, default_value_t = zhixin_gateway::Limits::default().look_ups_max, value_name = "COUNT")]
    pub(crate) look_ups_max: usize,
    /// Serve `/metrics` to collectors on an address of its own; on the other one only operators read it.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<std::net::SocketAddr>,
    /// People reach a domain other than localhost without HTTPS: cookies are then not kept to it. For tests in a closed network.
    #[arg(long)]
    pub(crate) plain_http: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Size: 1/SCALE of the national year; 100 is 800 digital technology engineers, 1 is 80,000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) scale: u32,
    /// The year.
    #[arg(long, default_value_t = 2025, value_parser = clap::value_parser!(u16).range(2022..=2030))]
    pub(crate) year: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: std::net::SocketAddr,
    /// Fill the folder and stop.
    #[arg(long)]
    pub(crate) no_serve: bool,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    pub(crate) what: ImportWhat,
}

/// What to import.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportWhat {
    /// The roster of a class, from XLSX or CSV (UTF-8 or GB18030).
    Roster {
        /// The class.
        #[arg(long)]
        class: String,
        /// The file.
        file: PathBuf,
        /// The day on which the seats were taken, for a roster that comes late [default: today].
        #[arg(long, value_name = "DATE")]
        effective_on: Option<String>,
        /// Report only, change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Arguments of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Only events of this subject.
    #[arg(long, value_name = "KIND/ID")]
    pub(crate) subject: Option<String>,
    /// First position.
    #[arg(long, default_value_t = 0)]
    pub(crate) from: u64,
    /// Last position.
    #[arg(long)]
    pub(crate) to: Option<u64>,
    /// After each leaf, a tab before each: the disclosures of what it masks, for an auditor who may see that.
    #[arg(long)]
    pub(crate) disclosures: bool,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The read model.
    #[arg(long)]
    pub(crate) model: String,
    /// As known at this time: RFC 3339, a date, or @POSITION [default: now].
    #[arg(long)]
    pub(crate) as_of: Option<String>,
    /// For what had taken place by this date [default: the date of --as-of].
    #[arg(long)]
    pub(crate) effective_by: Option<String>,
}

/// Arguments of `rebuild`.
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// The read model [default: all].
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// Use the rebuilt rows from now on.
    #[arg(long)]
    pub(crate) switch: bool,
}

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Where to.
    pub(crate) dir: PathBuf,
    /// Back the vault up too, into this file, which belongs somewhere else.
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: Option<PathBuf>,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup.
    pub(crate) dir: PathBuf,
    /// The backup of the vault.
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: PathBuf,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// What to measure.
    #[arg(value_enum)]
    pub(crate) what: BenchWhat,
    /// Events to make.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) events: u64,
}

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchWhat {
    /// Durable commands of 64 callers.
    Append,
    /// Pre-decided events, durable.
    Import,
    /// Index and tree, and read models, from the log.
    Rebuild,
    /// Histories and dashboards.
    Query,
    /// The whole check.
    Verify,
}

/// Arguments of `user`.
#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    pub(crate) what: UserWhat,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserWhat {
    /// Open an account; prints its first password.
    Add {
        /// Sign-in name.
        login: String,
        /// Role, for example `national_office`; may be given several times.
        #[arg(long, required = true)]
        role: Vec<String>,
        /// Reporting unit, two digits; absent = the whole country.
        #[arg(long)]
        unit: Option<u8>,
        /// Organisation it acts for.
        #[arg(long)]
        organisation: Option<String>,
    },
    /// List accounts: sign-in name, account, open or locked, roles, reporting unit, organisation.
    List,
    /// Give an account a new password, and unlock it; prints the password.
    Reset {
        /// Sign-in name.
        login: String,
    },
    /// Lock an account.
    Lock {
        /// Sign-in name.
        login: String,
    },
    /// Let a locked account sign in again with the password it had.
    Unlock {
        /// Sign-in name.
        login: String,
    },
}

/// Arguments of `key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) what: KeyWhat,
}

/// What to do with the master key file.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyWhat {
    /// Make a new master key file; refuses to replace one.
    Create {
        /// The file.
        file: PathBuf,
    },
}

/// Arguments of `origin`.
#[derive(Debug, Args)]
pub(crate) struct OriginArgs {
    #[command(subcommand)]
    pub(crate) what: OriginWhat,
}

/// What to do with the origin.
#[derive(Debug, Subcommand)]
pub(crate) enum OriginWhat {
    /// Give a restored log that lost what it had published a new origin, with a public statement. Look for a newer copy first.
    Renew {
        /// Why, in one line; it is published.
        #[arg(long)]
        reason: String,
    },
}
