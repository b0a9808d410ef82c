//! List a trainer for occupations over a term. Source: Plan 3.3-4, 3.3-8 (优先遴选国家级基地); SOURCES 2.1.

use zhixin_events::directory::TrainerListed;
use zhixin_events::scope::Place;
use zhixin_events::{CivilDate, DirectoryNumber, OccupationId, OrganisationId, ReportingUnit, Subject, TrainerId};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::listing::{OCCUPATIONS_MAX, fit_occupations};
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Longest term of a listing that a pack may set. Unit: years.
pub const TERM_YEARS_MAX: i32 = 50;

/// Lists an organisation as a trainer; name and reporting unit are those of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTrainer {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Its number in the directory.
    pub directory_number: DirectoryNumber,
    /// Occupations it is listed for.
    pub occupations: Vec<OccupationId>,
    /// First day of the listing; the last follows from `directory.validity_years`.
    pub listed_from: CivilDate,
    /// Number of the announcement.
    pub document_number: String,
    /// Whether it is a national base.
    pub national_base: bool,
}

refusals! {
    /// Why a trainer is not listed.
    pub enum ListTrainerRefusal {
        /// Numbers have at most six digits, as certificate numbers give them.
        NumberUnfit = "DIR-0009" Rule "directory numbers run from 1 to 999999",
        /// A number is given once, also after a removal.
        NumberTaken = "DIR-0010" Conflict "the directory number is given already",
    }
}

impl Decide for ListTrainer {
    const NAME: &'static str = "list-trainer";

    fn reads(&self, loaded: &States) -> Reads {
        // More occupations than a trainer may have are refused anyway; they need not be read.
        let occupations = self.occupations.iter().take(OCCUPATIONS_MAX).map(|occupation| Subject::occupation(*occupation));
        let own = [Subject::organisation(self.organisation), Subject::directory_number(self.directory_number)];
        Reads::subjects(loaded, own.into_iter().chain(occupations))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let subject = Subject::organisation(self.organisation);
        let organisation = states.organisation(self.organisation, "organisation")?;
        let unknown = || CommonRefusal::UnknownSubject.refusal().at("organisation").of(subject);
        let unit = organisation.unit.ok_or_else(unknown)?;
        let place = Place { unit: Some(unit), organisation: Some(self.organisation), person: None };
        permit(states, inputs, Action::ManageTrainers, &place)?;
        let document_number = line_of_text(&self.document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
        fit_occupations(states, &self.occupations)?;
        if !(1..=999_999).contains(&self.directory_number.get()) {
            return Err(ListTrainerRefusal::NumberUnfit.refusal().at("directory_number"));
        }
        let number = Subject::directory_number(self.directory_number);
        if states.is_held(&number) {
            return Err(ListTrainerRefusal::NumberTaken.refusal().at("directory_number").of(number));
        }
        let effective_on = inputs.effective_on()?;
        let [fresh, ..] = inputs.fresh;
        let trainer = TrainerId::from_bytes(fresh);
        let event = TrainerListed {
            trainer,
            organisation: self.organisation,
            name: organisation.name.clone(),
            unit,
            directory_number: self.directory_number,
            occupations: self.occupations.clone(),
            listed_from: self.listed_from,
            listed_until: self.listed_until(inputs, unit, effective_on)?,
            national_base: self.national_base,
            document_number,
        };
        Ok(Decision::one(NewEvent::new(event, effective_on, [Subject::trainer(trainer), subject, number])))
    }
}

impl ListTrainer {
    /// The last day of the term: the day before the same date so many years later.
    fn listed_until(&self, inputs: &Inputs<'_>, unit: ReportingUnit, on: CivilDate) -> Result<CivilDate, Refusal> {
        let key = "directory.validity_years";
        let years = inputs.rules.count(key, Some(unit), on)?;
        let years = i32::try_from(years).ok().filter(|years| (1..=TERM_YEARS_MAX).contains(years));
        let years = years.ok_or_else(|| CommonRefusal::MalformedFigure.refusal().about(key))?;
        Ok(self.listed_from.plus_years(years).plus_days(-1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::listing::ListingRefusal;
    use crate::scenario::{
        JIANGSU, NATIONAL, NOBODY, OCCUPATION, ORGANISATION, OTHER_ORGANISATION, PROVINCIAL, TODAY, given, pack, trainer_listed,
        trainer_removed,
    };

    fn list(number: u32) -> ListTrainer {
        ListTrainer {
            organisation: OTHER_ORGANISATION,
            directory_number: DirectoryNumber::new(number),
            occupations: vec![OCCUPATION],
            listed_from: TODAY,
            document_number: "第1号".to_owned(),
            national_base: true,
        }
    }

    #[test]
    fn trainer_is_listed_for_the_term_of_the_packs() {
        given([]).when(NATIONAL, list(18)).then_one(TrainerListed {
            trainer: TrainerId::from_bytes([7, 7, 7, 7, 0, 0]),
            organisation: OTHER_ORGANISATION,
            name: "某大学".to_owned(),
            unit: JIANGSU,
            directory_number: DirectoryNumber::new(18),
            occupations: vec![OCCUPATION],
            listed_from: TODAY,
            listed_until: TODAY.plus_years(3).plus_days(-1),
            national_base: true,
            document_number: "第1号".to_owned(),
        });
    }

    #[test]
    fn trainer_is_refused_when_its_occupations_do_not_fit() {
        let many = (0..21).map(|byte| OccupationId::from_bytes([byte; 6])).collect();
        for occupations in [vec![], vec![OCCUPATION, OCCUPATION], many] {
            given([]).when(NATIONAL, ListTrainer { occupations, ..list(18) }).then_refused(ListingRefusal::OccupationsUnfit);
        }
        let unknown = ListTrainer { occupations: vec![OccupationId::from_bytes(NOBODY)], ..list(18) };
        given([]).when(NATIONAL, unknown).then_refused(CommonRefusal::UnknownSubject);
    }

    #[test]
    fn trainer_is_refused_when_its_number_does_not_fit_or_is_given() {
        for number in [0, 1_000_000] {
            given([]).when(NATIONAL, list(number)).then_refused(ListTrainerRefusal::NumberUnfit);
        }
        given([trainer_listed()]).when(NATIONAL, list(17)).then_refused(ListTrainerRefusal::NumberTaken);
        given([trainer_listed(), trainer_removed()]).when(NATIONAL, list(17)).then_refused(ListTrainerRefusal::NumberTaken);
    }

    #[test]
    fn trainer_is_refused_when_the_term_is_missing_or_absurd() {
        given([pack(&[])]).when(NATIONAL, list(18)).then_refused(CommonRefusal::MissingFigure);
        for years in ["0", "51", "99999999999"] {
            given([pack(&[("directory.validity_years", years)])]).when(NATIONAL, list(18)).then_refused(CommonRefusal::MalformedFigure);
        }
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong = ListTrainer {
            organisation: OrganisationId::from_bytes(NOBODY),
            occupations: vec![],
            document_number: String::new(),
            ..list(0)
        };
        let world = given([trainer_listed(), pack(&[])]);
        world.when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::UnknownSubject);
        wrong.organisation = ORGANISATION;
        world.when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.document_number = "第1号".to_owned();
        world.when(NATIONAL, wrong.clone()).then_refused(ListingRefusal::OccupationsUnfit);
        wrong.occupations = vec![OCCUPATION];
        world.when(NATIONAL, wrong).then_refused(ListTrainerRefusal::NumberUnfit);
        world.when(NATIONAL, list(17)).then_refused(ListTrainerRefusal::NumberTaken);
        world.when(NATIONAL, list(18)).then_refused(CommonRefusal::MissingFigure);
        given([]).when(NATIONAL, list(18)).then_accepted();
    }
}
