//! Publish a rule pack, or its next edition. Source: Plan 4.1-4, 4.2-10; SOURCES 6.

use std::collections::BTreeMap;

use zhixin_events::document::{PackFigure, RulePackPublished};
use zhixin_events::field::Digest32;
use zhixin_events::scope::Place;
use zhixin_events::{FigureUnit, ReportingUnit, Role, Subject};

use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::document::state::edition_of;
use crate::refusal::refusals;
use crate::rules::text::{NAME_CHARS, REASON_CHARS, line_of_text};
use crate::{Refusal, States};

/// Most figures of a pack.
pub const FIGURES_MAX: usize = 500;
/// How the names of the packs that the program brings along begin.
pub const SHIPPED_PREFIX: &str = "shipped.";
/// Longest key of a figure. Unit: characters.
pub const KEY_CHARS: usize = 100;

/// Publishes a pack whole; it replaces its earlier edition whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishRulePack {
    /// Name of the pack: letters, digits, hyphens, underscores and dots.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Territory; absent = the whole country.
    pub unit: Option<ReportingUnit>,
    /// Its figures.
    pub figures: Vec<PackFigure>,
    /// SHA-256 of the file it was read from.
    pub digest: Digest32,
}

refusals! {
    /// Why a pack is not published.
    pub enum PublishRulePackRefusal {
        /// The name is the subject of the pack.
        NameUnfit = "DOC-0001" Rule "the name of a pack has 1 to 44 letters, digits, hyphens, underscores or dots",
        /// The same file again. First starts publish what is shipped and meet this when it is there already.
        SameEdition = "DOC-0002" Conflict "the edition in force was read from the same file",
        /// None, or more than a commit holds.
        FiguresUnfit = "DOC-0003" Rule "a pack has 1 to 500 figures",
        /// Blanks around a text, no whole number although the unit wants one, or a last day before the first.
        FigureUnfit = "DOC-0004" Rule "a figure has blanks around a text, no whole number where its unit wants one, or ends before it starts",
        /// One key, one value on a day.
        FiguresOverlap = "DOC-0005" Rule "two figures with the same key hold on the same day",
        /// A new version of the program publishes its own packs again, whole: what an office added to one would be lost.
        NameReserved = "DOC-0010" Rule "packs whose name begins with `shipped.` are published by the program itself",
        /// The other territory would lose the pack.
        TerritoryFixed = "DOC-0011" Conflict "the pack holds for another territory; publish under another name",
    }
}

impl Decide for PublishRulePack {
    const NAME: &'static str = "publish-rule-pack";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, Subject::pack(&self.name))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::PublishRules, &Place { unit: self.unit, ..Place::default() })?;
        let subject = Subject::pack(&self.name).map_err(|_| PublishRulePackRefusal::NameUnfit.refusal().at("name"))?;
        if self.name.starts_with(SHIPPED_PREFIX) && inputs.role != Role::System {
            return Err(PublishRulePackRefusal::NameReserved.refusal().at("name"));
        }
        let title = line_of_text(&self.title, NAME_CHARS, "title")?;
        let reached = edition_of(states, &subject);
        if reached.digest == Some(self.digest) {
            return Err(PublishRulePackRefusal::SameEdition.refusal().of(subject));
        }
        if reached.edition > 0 && reached.unit != self.unit {
            return Err(PublishRulePackRefusal::TerritoryFixed.refusal().at("unit").of(subject));
        }
        fit_figures(&self.figures)?;
        let event = RulePackPublished {
            name: self.name.clone(),
            edition: reached.edition.saturating_add(1),
            title,
            unit: self.unit,
            figures: self.figures.clone(),
            digest: self.digest,
        };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_on()?, [subject])))
    }
}

fn fit_figures(figures: &[PackFigure]) -> Result<(), Refusal> {
    if !(1..=FIGURES_MAX).contains(&figures.len()) {
        return Err(PublishRulePackRefusal::FiguresUnfit.refusal().at("figures"));
    }
    let mut by_key: BTreeMap<&str, Vec<&PackFigure>> = BTreeMap::new();
    for figure in figures {
        fit_figure(figure)?;
        let earlier = by_key.entry(&figure.key).or_default();
        if earlier.iter().any(|other| overlap(figure, other)) {
            return Err(PublishRulePackRefusal::FiguresOverlap.refusal().at("figures").about(figure.key.as_str()));
        }
        earlier.push(figure);
    }
    Ok(())
}

/// Texts must already be in the form in which they are recorded: the digest vouches for the file as it is.
fn fit_figure(figure: &PackFigure) -> Result<(), Refusal> {
    let key = line_of_text(&figure.key, KEY_CHARS, "figures")?;
    let source = line_of_text(&figure.source, REASON_CHARS, "figures")?;
    let texts_fit = key == figure.key && source == figure.source;
    let number = match figure.unit {
        FigureUnit::Text => false,
        FigureUnit::Count
        | FigureUnit::HoursTenths
        | FigureUnit::BasisPoints
        | FigureUnit::Points
        | FigureUnit::WorkingDays
        | FigureUnit::CalendarDays
        | FigureUnit::CalendarYears
        | FigureUnit::Fen => true,
    };
    let value_fits = match figure.value.as_deref() {
        Some(value) if number => value.parse::<u64>().is_ok(),
        Some(value) => value.chars().count() <= REASON_CHARS && !value.chars().any(char::is_control),
        None => true,
    };
    let dates_fit = figure.effective_until.is_none_or(|until| figure.effective_from <= until);
    if texts_fit && value_fits && dates_fit {
        Ok(())
    } else {
        Err(PublishRulePackRefusal::FigureUnfit.refusal().at("figures").about(figure.key.as_str()))
    }
}

fn overlap(one: &PackFigure, other: &PackFigure) -> bool {
    let reaches = |from: &PackFigure, to: &PackFigure| to.effective_until.is_none_or(|until| from.effective_from <= until);
    reaches(one, other) && reaches(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, PROVINCIAL, SYSTEM, TODAY, given};
    use zhixin_events::{CivilDate, SourceMark};

    fn figure(key: &str, value: Option<&str>, from: i32, until: Option<i32>) -> PackFigure {
        PackFigure {
            key: key.to_owned(),
            value: value.map(str::to_owned),
            unit: FigureUnit::HoursTenths,
            effective_from: CivilDate(from),
            effective_until: until.map(CivilDate),
            source: "国家职业技术技能标准".to_owned(),
            mark: SourceMark::Official,
        }
    }

    fn publish(figures: Vec<PackFigure>) -> PublishRulePack {
        PublishRulePack { name: "national".to_owned(), title: "全国".to_owned(), unit: None, figures, digest: Digest32([1; 32]) }
    }

    fn good() -> PublishRulePack {
        publish(vec![figure("training.hours_min", Some("640"), 0, None)])
    }

    #[test]
    fn pack_is_published_edition_by_edition() {
        let PublishRulePack { name, title, unit, figures, digest } = good();
        let event = RulePackPublished { name, edition: 1, title, unit, figures, digest };
        given([]).when(SYSTEM, good()).then_one(event.clone());
        let digest = Digest32([2; 32]);
        let next = PublishRulePack { digest, ..good() };
        given([]).after(SYSTEM, good()).when(NATIONAL, next).then_one(RulePackPublished { edition: 2, digest, ..event });
    }

    #[test]
    fn figure_without_a_value_and_figures_one_after_another_are_taken() {
        let rows = vec![figure("a", None, 0, Some(9)), figure("a", Some("1"), 10, Some(19)), figure("a", Some("2"), 20, None)];
        given([]).when(NATIONAL, publish(rows)).then_accepted();
        let text = PackFigure { unit: FigureUnit::Text, ..figure("b", Some("zx-1"), 0, None) };
        given([]).when(NATIONAL, publish(vec![text])).then_accepted();
    }

    #[test]
    fn pack_is_refused_under_a_name_that_is_no_subject() {
        for name in ["", "全国", "a b", &"a".repeat(45)] {
            let pack = PublishRulePack { name: name.to_owned(), ..good() };
            given([]).when(NATIONAL, pack).then_refused(PublishRulePackRefusal::NameUnfit);
        }
        given([]).when(NATIONAL, PublishRulePack { name: "a".repeat(44), ..good() }).then_accepted();
    }

    #[test]
    fn pack_is_refused_when_published_twice() {
        given([]).after(SYSTEM, good()).when(SYSTEM, good()).then_refused(PublishRulePackRefusal::SameEdition);
    }

    #[test]
    fn pack_is_refused_under_a_name_of_the_programs_own() {
        let own = PublishRulePack { name: "shipped.national".to_owned(), ..good() };
        given([]).when(NATIONAL, own.clone()).then_refused(PublishRulePackRefusal::NameReserved);
        given([]).when(SYSTEM, own).then_accepted();
    }

    #[test]
    fn pack_is_refused_for_another_territory_than_before() {
        let next = |unit| PublishRulePack { unit, digest: Digest32([2; 32]), ..good() };
        let elsewhere = next(Some(ReportingUnit::CORPS));
        given([]).when(NATIONAL, elsewhere.clone()).then_accepted();
        let published = given([]).after(NATIONAL, good());
        published.when(NATIONAL, elsewhere).then_refused(PublishRulePackRefusal::TerritoryFixed);
        published.when(NATIONAL, next(None)).then_accepted();
    }

    #[test]
    fn pack_is_refused_without_figures_or_with_too_many() {
        given([]).when(NATIONAL, publish(vec![])).then_refused(PublishRulePackRefusal::FiguresUnfit);
        let many = (0..501).map(|number| figure(&format!("key{number}"), None, 0, None)).collect();
        given([]).when(NATIONAL, publish(many)).then_refused(PublishRulePackRefusal::FiguresUnfit);
    }

    #[test]
    fn pack_is_refused_when_a_figure_does_not_fit() {
        let text = PackFigure { unit: FigureUnit::Text, ..figure("b", Some("zx\n1"), 0, None) };
        for figure in [
            figure("a", Some("6.5"), 0, None),
            figure("a", Some("-1"), 0, None),
            figure("a", None, 1, Some(0)),
            figure(" a", None, 0, None),
            text,
        ] {
            given([]).when(NATIONAL, publish(vec![figure])).then_refused(PublishRulePackRefusal::FigureUnfit);
        }
        given([]).when(NATIONAL, publish(vec![figure("", None, 0, None)])).then_refused(CommonRefusal::TextUnfit);
    }

    #[test]
    fn pack_is_refused_when_figures_overlap() {
        for (one, other) in [((0, None), (9, None)), ((0, Some(9)), (9, Some(9))), ((9, None), (0, Some(9)))] {
            let rows = vec![figure("a", None, one.0, one.1), figure("a", None, other.0, other.1)];
            given([]).when(NATIONAL, publish(rows)).then_refused(PublishRulePackRefusal::FiguresOverlap);
        }
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([]).after(SYSTEM, good()).effective_on(TODAY.plus_days(1));
        let mut wrong = PublishRulePack { name: "全国".to_owned(), title: String::new(), ..publish(vec![]) };
        world.when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, wrong.clone()).then_refused(PublishRulePackRefusal::NameUnfit);
        wrong.name = "shipped.national".to_owned();
        world.when(NATIONAL, wrong.clone()).then_refused(PublishRulePackRefusal::NameReserved);
        wrong.name = "national".to_owned();
        world.when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.title = "全国".to_owned();
        wrong.unit = Some(ReportingUnit::CORPS);
        world.when(NATIONAL, wrong.clone()).then_refused(PublishRulePackRefusal::SameEdition);
        wrong.digest = Digest32([2; 32]);
        world.when(NATIONAL, wrong.clone()).then_refused(PublishRulePackRefusal::TerritoryFixed);
        wrong.unit = None;
        world.when(NATIONAL, wrong.clone()).then_refused(PublishRulePackRefusal::FiguresUnfit);
        wrong.figures = vec![figure("a", None, 0, None), figure("a", Some("x"), 0, None)];
        world.when(NATIONAL, wrong.clone()).then_refused(PublishRulePackRefusal::FigureUnfit);
        wrong.figures = vec![figure("a", None, 0, None), figure("a", Some("1"), 0, None)];
        world.when(NATIONAL, wrong.clone()).then_refused(PublishRulePackRefusal::FiguresOverlap);
        wrong.figures = vec![figure("a", None, 0, None)];
        world.when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::EffectiveInFuture);
        world.effective_on(TODAY).when(NATIONAL, wrong).then_accepted();
    }
}
