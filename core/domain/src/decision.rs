//! What goes into a decision and what comes out.

use zhixin_events::{AccountId, CivilDate, DocumentKind, Event, PersonId, Position, Role, Secret, Subject, Timestamp};

use crate::refusal::CommonRefusal;
use crate::rules::Rules;
use crate::{Refusal, States};

/// Fresh ids handed to each decision.
pub const FRESH_IDS: usize = 4;

/// Everything a decision may know beside history: recorded inputs, never looked up.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// Who acts.
    pub actor: AccountId,
    /// The role acted in.
    pub role: Role,
    /// The time of the decision.
    pub now: Timestamp,
    /// Its civil date in China Standard Time.
    pub today: CivilDate,
    /// When the caller says it took place.
    pub stated_effective_on: Option<CivilDate>,
    /// The published rule packs and calendars.
    pub rules: Rules<'a>,
    /// Random ids that nothing bears yet.
    pub fresh: [[u8; 6]; FRESH_IDS],
}

impl Inputs<'_> {
    /// The effective date: today unless stated, never later than today, never earlier than the packs allow.
    ///
    /// Source: ours (late entries must be possible and bounded); the bound is `record.backdate_days_max` where the thing
    /// lies.
    ///
    /// # Errors
    /// `TIME-0001`, `TIME-0002`, or the bound is missing.
    pub fn effective_on(&self) -> Result<CivilDate, Refusal> {
        self.bounded(self.stated_effective_on.unwrap_or(self.today), "effective_on")
    }

    /// The effective date of a fact that carries a date of its own, within the same bounds.
    ///
    /// # Errors
    /// `TIME-0001`, `TIME-0002`, `TIME-0003`, or the bound is missing.
    pub fn dated(&self, date: CivilDate, field: &'static str) -> Result<CivilDate, Refusal> {
        self.fixed(date)?;
        self.bounded(date, field)
    }

    /// The effective date of a correction: that of what it corrects, however long ago.
    ///
    /// # Errors
    /// `TIME-0003`: the caller states another.
    pub fn fixed(&self, date: CivilDate) -> Result<CivilDate, Refusal> {
        if self.stated_effective_on.is_some_and(|stated| stated != date) {
            return Err(CommonRefusal::EffectiveFixed.refusal().at("effective_on").about(date));
        }
        Ok(date)
    }

    /// The right date of a fact that was recorded under a wrong one: not later than today, and as far back of that as a late entry may be.
    ///
    /// # Errors
    /// `TIME-0001`, `TIME-0002`, `TIME-0003`, or the bound is missing.
    pub fn corrected(&self, date: CivilDate, recorded: CivilDate, field: &'static str) -> Result<CivilDate, Refusal> {
        self.fixed(date)?;
        self.within(date, recorded, field)
    }

    /// The effective date of a fact that follows another, of the same thing or one it rests on.
    ///
    /// # Errors
    /// Those of [`Inputs::effective_on`], and `TIME-0004`.
    pub fn effective_after(&self, earlier: CivilDate, subject: Subject) -> Result<CivilDate, Refusal> {
        in_order(self.effective_on()?, earlier, subject)
    }

    fn bounded(&self, date: CivilDate, field: &'static str) -> Result<CivilDate, Refusal> {
        self.within(date, self.today, field)
    }

    /// A date that is not later than today and not too long before another.
    fn within(&self, date: CivilDate, before: CivilDate, field: &'static str) -> Result<CivilDate, Refusal> {
        if date > self.today {
            return Err(CommonRefusal::EffectiveInFuture.refusal().at(field).about(date));
        }
        if date >= before {
            return Ok(date);
        }
        let days_max = self.rules.count("record.backdate_days_max", self.rules.territory(), self.today)?;
        let earliest = before.plus_days(i32::try_from(days_max).unwrap_or(i32::MAX).saturating_neg());
        if date < earliest {
            return Err(CommonRefusal::EffectiveTooEarly.refusal().at(field).about(earliest));
        }
        Ok(date)
    }
}

/// Refuses a date before that of the fact it follows. Why: decisions fold the facts of a thing in the order of the record, read models in
/// that of their dates, and only so do both come to the same. Equal dates are fine.
///
/// # Errors
/// `TIME-0004`.
pub(crate) fn in_order(date: CivilDate, earlier: CivilDate, subject: Subject) -> Result<CivilDate, Refusal> {
    if date < earlier { Err(CommonRefusal::OutOfOrder.refusal().of(subject).about(earlier)) } else { Ok(date) }
}

/// What else a decision must read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// Nothing: decide.
    Done,
    /// These subjects and identity numbers; the reads are asked again once they are loaded. At most four rounds.
    More {
        /// Subjects whose state is needed.
        subjects: Vec<Subject>,
        /// Numbers to look up.
        identities: Vec<Identity>,
    },
}

impl Reads {
    /// These subjects, unless all are loaded already.
    pub fn subjects(states: &States, wanted: impl IntoIterator<Item = Subject>) -> Self {
        let subjects: Vec<_> = wanted.into_iter().filter(|subject| !states.holds(subject)).collect();
        if subjects.is_empty() { Self::Done } else { Self::More { subjects, identities: Vec::new() } }
    }
}

/// Who is meant by an identity document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Kind of the document.
    pub kind: DocumentKind,
    /// Its number, normalised.
    pub number: Secret<String>,
    /// The name as stated. Why: numbers get about; only who knows the name too finds the person.
    pub name: Secret<String>,
}

impl Identity {
    /// Whether both state the same document, whatever the names.
    pub fn is_same_document(&self, other: &Self) -> bool {
        self.kind == other.kind && self.number == other.number
    }
}

/// The answer to a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The document is not known.
    Nobody,
    /// It is the document of this person, and the name is theirs (or theirs are being erased: then no name is asked for).
    Person(PersonId),
    /// It is the document of somebody with another name. Who, no decision is told.
    OtherName,
}

/// A field to be sealed under the key of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedField {
    /// Its name in the registry.
    pub field: &'static str,
    /// Whose key seals it.
    pub holder: Subject,
    /// The value.
    pub value: Secret<String>,
}

/// A fact that the decision establishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The fact.
    pub event: Event,
    /// When it took place.
    pub effective_on: CivilDate,
    /// The subjects whose story it tells.
    pub subjects: Vec<Subject>,
    /// The event that caused it.
    pub causation: Option<Position>,
    /// Its sealed fields.
    pub sealed: Vec<SealedField>,
}

impl NewEvent {
    /// A fact about these subjects.
    pub fn new(event: impl Into<Event>, effective_on: CivilDate, subjects: impl IntoIterator<Item = Subject>) -> Self {
        Self { event: event.into(), effective_on, subjects: subjects.into_iter().collect(), causation: None, sealed: Vec::new() }
    }
    /// Names the event that caused it.
    #[must_use]
    pub const fn caused_by(mut self, position: Position) -> Self {
        self.causation = Some(position);
        self
    }
    /// Adds a sealed field.
    #[must_use]
    pub fn sealing(mut self, field: &'static str, holder: Subject, value: Secret<String>) -> Self {
        self.sealed.push(SealedField { field, holder, value });
        self
    }
    /// Adds a sealed field where there is a value.
    #[must_use]
    pub fn sealing_some(self, field: &'static str, holder: Subject, value: Option<Secret<String>>) -> Self {
        match value {
            Some(value) => self.sealing(field, holder, value),
            None => self,
        }
    }
}

/// What a command comes to: all of its events or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// First event of the story this belongs to.
    pub correlation: Option<Position>,
    /// Identity numbers that become known, for the look-up.
    pub identities: Vec<(Identity, PersonId)>,
}

impl Decision {
    /// One event.
    pub fn one(event: NewEvent) -> Self {
        Self { events: vec![event], ..Self::default() }
    }
    /// Several events.
    pub const fn many(events: Vec<NewEvent>) -> Self {
        Self { events, correlation: None, identities: Vec::new() }
    }
    /// Names the story it belongs to.
    #[must_use]
    pub const fn in_story_of(mut self, first: Option<Position>) -> Self {
        self.correlation = first;
        self
    }
}
