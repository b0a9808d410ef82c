//! Register an organisation. Source: Plan 3.3-4, 4.1-1; SOURCES 4 (single entry has no override of the check).

use zhixin_events::access::OrganisationRegistered;
use zhixin_events::scope::Place;
use zhixin_events::{OrganisationId, ReportingUnit, Subject, SubjectKind, Uscc};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::{About, refusals};
use crate::rules::text::{NAME_CHARS, line_of_text};
use crate::{Refusal, States};

/// Registers an organisation under its unified social credit code, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterOrganisation {
    /// Its name.
    pub name: String,
    /// Its unified social credit code, as typed.
    pub uscc: String,
    /// Reporting unit it lies in.
    pub unit: ReportingUnit,
}

refusals! {
    /// Why an organisation is not registered.
    pub enum RegisterOrganisationRefusal {
        /// The code does not have its form, or its check character is wrong. Source: GB 32100-2015.
        CodeUnfit = "ACCESS-0001" Rule "the unified social credit code does not have its form or its check character is wrong",
        /// One organisation, one code.
        AlreadyRegistered = "ACCESS-0002" Conflict "an organisation with this code is registered already",
    }
}

fn claim(uscc: Uscc) -> Option<Subject> {
    Subject::of_text(SubjectKind::OrganisationCode, uscc.as_str()).ok()
}

impl Decide for RegisterOrganisation {
    const NAME: &'static str = "register-organisation";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, Uscc::parse(&self.uscc).ok().and_then(claim))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::RegisterOrganisations, &Place { unit: Some(self.unit), ..Place::default() })?;
        let name = line_of_text(&self.name, NAME_CHARS, "name")?;
        let unfit = || RegisterOrganisationRefusal::CodeUnfit.refusal().at("uscc");
        let uscc = Uscc::parse(&self.uscc).map_err(|fault| unfit().about(About::CreditCode(fault)))?;
        let claim = claim(uscc).ok_or_else(unfit)?;
        if states.is_held(&claim) {
            return Err(RegisterOrganisationRefusal::AlreadyRegistered.refusal().at("uscc").of(claim));
        }
        let [fresh, ..] = inputs.fresh;
        let organisation = OrganisationId::from_bytes(fresh);
        let event = OrganisationRegistered { organisation, name, uscc, unit: self.unit, check_overridden: false };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_on()?, [Subject::organisation(organisation), claim])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{JIANGSU, NATIONAL, PROVINCIAL, TRAINER_STAFF, given};

    fn register(uscc: &str) -> RegisterOrganisation {
        RegisterOrganisation { name: "某市人社局".to_owned(), uscc: uscc.to_owned(), unit: JIANGSU }
    }

    #[test]
    fn organisation_is_registered_under_its_code() {
        let event = OrganisationRegistered {
            organisation: OrganisationId::from_bytes([7, 7, 7, 7, 0, 0]),
            name: "某市人社局".to_owned(),
            uscc: Uscc::parse("11370100004188784H").unwrap(),
            unit: JIANGSU,
            check_overridden: false,
        };
        given([]).when(PROVINCIAL, register("1137 0100 0041 8878 4h")).then_one(event);
    }

    #[test]
    fn organisation_is_refused_when_its_code_does_not_fit() {
        for uscc in ["", "M000100Y4", "91350100M000100Y4Z", "91310115MA1G4L1WXK"] {
            given([]).when(NATIONAL, register(uscc)).then_refused(RegisterOrganisationRefusal::CodeUnfit);
        }
    }

    #[test]
    fn organisation_is_refused_when_registered_already() {
        given([]).when(NATIONAL, register("91350100m000100y43")).then_refused(RegisterOrganisationRefusal::AlreadyRegistered);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let wrong = RegisterOrganisation { name: String::new(), ..register("x") };
        let elsewhere = RegisterOrganisation { unit: ReportingUnit::CORPS, ..wrong.clone() };
        given([]).when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        given([]).when(PROVINCIAL, elsewhere).then_refused(CommonRefusal::NotPermitted);
        given([]).when(PROVINCIAL, wrong).then_refused(CommonRefusal::TextUnfit);
        given([]).when(PROVINCIAL, register("x")).then_refused(RegisterOrganisationRefusal::CodeUnfit);
        given([]).when(PROVINCIAL, register("91350100M000100Y43")).then_refused(RegisterOrganisationRefusal::AlreadyRegistered);
        given([]).when(PROVINCIAL, register("11370100004188784H")).then_accepted();
    }
}
