//! List a trainer for occupations over a term. Source: Plan 3.3-4, 3.3-8 (优先遴选国家级基地); SOURCES 2.1.

use zhixin_events::directory::TrainerListed;
use zhixin_events::scope::Place;
use zhixin_events::{CivilDate, DirectoryNumber, OccupationId, OrganisationId, Subject, TrainerId};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::listing::{OCCUPATIONS_MAX, fit_occupations, term_until};
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Lists an organisation as a trainer; name and reporting unit are those of the organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTrainer {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Its number in the directory.
    pub directory_number: DirectoryNumber,
    /// Occupations it is listed for.
    pub occupations: Vec<OccupationId>,
    /// First day of the listing.
    pub listed_from: CivilDate,
    /// Last day, where the announcement names it; else it follows from `directory.validity_years`.
    pub listed_until: Option<CivilDate>,
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
        /// An organisation has one entry, until it is removed; an expired one is renewed. Source: ours (SOURCES 2.1).
        AlreadyListed = "DIR-0014" Conflict "the organisation has an entry in the directory already",
    }
}

impl Decide for ListTrainer {
    const NAME: &'static str = "list-trainer";

    fn reads(&self, loaded: &States) -> Reads {
        // More occupations than a trainer may have are refused anyway; they need not be read.
        let occupations = self.occupations.iter().take(OCCUPATIONS_MAX).map(|occupation| Subject::occupation(*occupation));
        let own = [
            Subject::organisation(self.organisation),
            Subject::directory_number(self.directory_number),
            Subject::trainer_of_organisation(self.organisation),
        ];
        Reads::subjects(loaded, own.into_iter().chain(occupations))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let subject = Subject::organisation(self.organisation);
        let organisation = states.organisation(self.organisation, "organisation")?;
        let unknown = || CommonRefusal::UnknownSubject.refusal().at("organisation").of(subject);
        let unit = organisation.unit.ok_or_else(unknown)?;
        let place = Place { unit: Some(unit), organisation: Some(self.organisation) };
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
        let entry = Subject::trainer_of_organisation(self.organisation);
        if states.is_held(&entry) {
            return Err(ListTrainerRefusal::AlreadyListed.refusal().at("organisation").of(subject));
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
            listed_until: term_until(inputs, Some(unit), self.listed_from, self.listed_until, effective_on)?,
            national_base: self.national_base,
            document_number,
        };
        Ok(Decision::one(NewEvent::new(event, effective_on, [Subject::trainer(trainer), subject, number, entry])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::listing::ListingRefusal;
    use crate::scenario::{
        JIANGSU, NATIONAL, NOBODY, OCCUPATION, ORGANISATION, OTHER_ORGANISATION, PROVINCIAL, TODAY, given, pack, trainer_listed,
        trainer_removed, trainer_suspended,
    };
    use zhixin_events::Event;
    use zhixin_events::directory::DirectoryEvent;

    fn list(number: u32) -> ListTrainer {
        ListTrainer {
            organisation: OTHER_ORGANISATION,
            directory_number: DirectoryNumber::new(number),
            occupations: vec![OCCUPATION],
            listed_from: TODAY,
            listed_until: None,
            document_number: "第1号".to_owned(),
            national_base: true,
        }
    }

    #[test]
    fn term_is_that_of_the_announcement_where_it_names_one() {
        let until = |days| ListTrainer { listed_until: Some(TODAY.plus_days(days)), ..list(18) };
        let decision = given([]).when(NATIONAL, until(99)).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        assert!(
            matches!(&event.event, Event::Directory(DirectoryEvent::TrainerListed(event)) if event.listed_until == TODAY.plus_days(99))
        );
        for days in [-1, 51 * 366] {
            given([]).when(NATIONAL, until(days)).then_refused(ListingRefusal::TermUnfit);
        }
    }

    #[test]
    fn term_from_a_leap_day_ends_with_february() {
        let from = |text: &str| {
            let from = CivilDate::parse(text).unwrap();
            let decision = given([]).when(NATIONAL, ListTrainer { listed_from: from, ..list(18) }).then_accepted();
            let Some(Event::Directory(DirectoryEvent::TrainerListed(event))) = decision.events.first().map(|event| &event.event) else {
                panic!("another event")
            };
            event.listed_until.to_string()
        };
        assert_eq!(["2024-02-29", "2024-03-01", "2025-03-01"].map(from), ["2027-02-28", "2027-02-28", "2028-02-29"]);
    }

    #[test]
    fn organisation_has_one_entry_until_it_is_removed() {
        let again = ListTrainer { organisation: ORGANISATION, ..list(18) };
        for world in [given([trainer_listed()]), given([trainer_listed(), trainer_suspended()])] {
            world.when(NATIONAL, again.clone()).then_refused(ListTrainerRefusal::AlreadyListed);
        }
        given([trainer_listed(), trainer_removed()]).when(NATIONAL, again).then_accepted();
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
        let second = ListTrainer { organisation: ORGANISATION, ..list(18) };
        world.when(NATIONAL, second).then_refused(ListTrainerRefusal::AlreadyListed);
        world.when(NATIONAL, list(18)).then_refused(CommonRefusal::MissingFigure);
        given([]).when(NATIONAL, list(18)).then_accepted();
    }
}
