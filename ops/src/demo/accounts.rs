//! Who works in the demonstration, and how they sign in.

use zhixin_events::{AccountId, Role, Secret};

use super::chance::Chance;
use super::organisations::short_name;
use super::schedule::Schedule;
use super::stage::Stage;

/// Provincial offices that have an account; elsewhere the national office does their work.
pub(crate) const PROVINCES: usize = 3;
/// Trainers whose staff can sign in, beside the two with stories of their own.
const TRAINERS_SHOWN: usize = 3;

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    Operator,
    National,
    /// The office of a unit that trains, the greatest first.
    Provincial(usize),
    /// Staff of a trainer.
    Staff(usize),
    Auditor,
    Investigator,
}

impl Holder {
    /// The role it acts in.
    pub(crate) const fn role(self) -> Role {
        match self {
            Self::Operator => Role::Operator,
            Self::National => Role::NationalOffice,
            Self::Provincial(_) => Role::ProvincialOffice,
            Self::Staff(_) => Role::Trainer,
            Self::Auditor => Role::Auditor,
            Self::Investigator => Role::Investigator,
        }
    }

    fn login(self, schedule: &Schedule) -> String {
        match self {
            Self::Operator | Self::National | Self::Auditor | Self::Investigator => self.role().name().replace('_', "-"),
            Self::Provincial(place) => {
                let unit = schedule.employers.get(place).map(|employer| employer.unit.name_en());
                unit.unwrap_or_default().to_lowercase().replace(' ', "-")
            }
            Self::Staff(trainer) => format!("trainer-{}", trainer + 1),
        }
    }

    fn title(self, schedule: &Schedule) -> String {
        match self {
            Self::Operator => "系统运行".to_owned(),
            Self::National => "全国指导协调小组办公室".to_owned(),
            Self::Provincial(place) => {
                format!("{}指导协调小组办公室", schedule.employers.get(place).map_or("", |employer| short_name(employer.unit)))
            }
            Self::Staff(trainer) => schedule.trainers.get(trainer).map(|trainer| trainer.name.clone()).unwrap_or_default(),
            Self::Auditor => "审计".to_owned(),
            Self::Investigator => "投诉核查".to_owned(),
        }
    }
}

/// An account of the demonstration that somebody may sign in to. The caller stores the credentials.
#[derive(Debug, Clone)]
pub(crate) struct DemoAccount {
    /// Its role.
    pub(crate) role: Role,
    /// Sign-in name.
    pub(crate) login: String,
    /// Password: no secret in a demonstration, and the same for the same seed.
    pub(crate) password: Secret<String>,
    /// The account.
    pub(crate) account: AccountId,
    /// Whose it is, in Chinese.
    pub(crate) title: String,
}

/// The accounts to sign in to: the offices, and the staff of a few trainers, those with a story first.
pub(crate) fn to_sign_in(stage: &Stage<'_>) -> Vec<DemoAccount> {
    let schedule = &stage.schedule;
    let mut shown = vec![schedule.suspended, schedule.removed];
    let busy = schedule.runs.iter().map(|run| run.trainer);
    for trainer in busy {
        if shown.len() < TRAINERS_SHOWN + 2 && !shown.contains(&trainer) {
            shown.push(trainer);
        }
    }
    let is_shown = |holder: Holder| match holder {
        Holder::Staff(trainer) => shown.contains(&trainer),
        Holder::Operator | Holder::National | Holder::Provincial(_) | Holder::Auditor | Holder::Investigator => true,
    };
    let accounts = stage.accounts.iter().filter(|(holder, _)| is_shown(**holder));
    accounts
        .map(|(holder, account)| {
            let login = holder.login(schedule);
            DemoAccount {
                role: holder.role(),
                password: password(stage.seed, &login),
                account: *account,
                title: holder.title(schedule),
                login,
            }
        })
        .collect()
}

/// Three made-up words and four digits.
fn password(seed: u64, login: &str) -> Secret<String> {
    const CONSONANTS: [&str; 14] = ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v"];
    const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
    let mut chance = Chance::new(seed, login, 0);
    let mut text = String::new();
    for _ in 0..3 {
        for list in [CONSONANTS.as_slice(), &VOWELS, &CONSONANTS, &VOWELS] {
            text.push_str(chance.pick(list).copied().unwrap_or_default());
        }
        text.push('-');
    }
    Secret::new(format!("{text}{:04}", chance.below(10_000)))
}
