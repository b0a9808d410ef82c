//! Whom a trainee works for: a registered organisation, or what a roster states. No rule depends on it (Plan 4.2-4).

use zhixin_events::class::StatedEmployer;
use zhixin_events::uscc::UsccParseError;
use zhixin_events::{OrganisationId, Secret, Uscc};

use crate::class::register_trainee::RegisterTraineeRefusal;
use crate::refusal::About;
use crate::rules::text::{EMPLOYER_CHARS, REASON_CHARS, line_of_secret, line_of_text};
use crate::{Refusal, States};

/// The employer of a trainee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Employer {
    /// A registered organisation.
    Registered(OrganisationId),
    /// Another, as a roster describes it.
    Described(EmployerDescription),
}

/// What a roster says of an employer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmployerDescription {
    /// Name, if given.
    pub name: Option<String>,
    /// Unified social credit code, if given.
    pub uscc: Option<String>,
    /// Why a code that the standard refuses is taken; only for an import.
    pub override_reason: Option<Secret<String>>,
}

/// What the event records of an employer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    pub(crate) registered: Option<OrganisationId>,
    pub(crate) stated: Option<StatedEmployer>,
    /// Travels sealed beside the event.
    pub(crate) override_reason: Option<Secret<String>>,
}

impl Employer {
    /// The organisation, if it is a registered one.
    pub const fn registered(&self) -> Option<OrganisationId> {
        match self {
            Self::Registered(organisation) => Some(*organisation),
            Self::Described(_) => None,
        }
    }

    /// What is to be recorded. A code that the standard refuses is taken with a reason in an import, and where it stands recorded as such.
    ///
    /// # Errors
    /// `REF-0001`, `TEXT-0001`, `CLASS-0048`, `PERSON-0003`, in this order.
    pub(crate) fn told(
        employer: Option<&Self>,
        states: &States,
        imported: bool,
        recorded: Option<&StatedEmployer>,
    ) -> Result<Told, Refusal> {
        match employer {
            None => Ok(Told::default()),
            Some(Self::Registered(organisation)) => {
                states.organisation(*organisation, "employer")?;
                Ok(Told { registered: Some(*organisation), ..Told::default() })
            }
            Some(Self::Described(description)) => description.told(imported, recorded),
        }
    }
}

impl EmployerDescription {
    fn told(&self, imported: bool, recorded: Option<&StatedEmployer>) -> Result<Told, Refusal> {
        let name = self.name.as_ref().map(|name| line_of_text(name, EMPLOYER_CHARS, "employer/name")).transpose()?;
        let reason = self.override_reason.as_ref();
        let reason = reason.map(|reason| line_of_secret(reason, REASON_CHARS, "employer/override_reason")).transpose()?;
        let Some(typed) = &self.uscc else {
            let stated = name.map(|name| StatedEmployer { name: Some(name), uscc: None, uscc_override: false });
            return Ok(Told { stated, ..Told::default() });
        };
        let unfit = |fault| RegisterTraineeRefusal::EmployerCodeUnfit.refusal().at("employer/uscc").about(About::CreditCode(fault));
        let check = Uscc::check(typed).map_err(|fault| unfit(UsccParseError::Shape(fault)))?;
        let stands = recorded.is_some_and(|recorded| recorded.uscc == Some(check.code()) && recorded.uscc_override);
        let uscc_override = match (check.fault(), &reason) {
            (None, _) => false,
            (Some(_), _) if stands => true,
            (Some(fault), None) => return Err(unfit(UsccParseError::Fault(fault))),
            (Some(_), Some(_)) if imported => true,
            (Some(_), Some(_)) => {
                return Err(RegisterTraineeRefusal::OverrideOutsideImport.refusal().at("employer/override_reason"));
            }
        };
        let stated = Some(StatedEmployer { name, uscc: Some(check.code()), uscc_override });
        Ok(Told { registered: None, stated, override_reason: reason.filter(|_| uscc_override) })
    }
}
