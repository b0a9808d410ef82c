//! Scope: what part of the programme somebody may see or act in. A value; the domain's `access` page computes it.

use crate::{OrganisationId, PersonId, ReportingUnit};

/// The territory of an account. Source: Plan 4.1-1 (分级组织).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Territory {
    /// The whole country.
    National,
    /// One reporting unit.
    Unit(ReportingUnit),
}

/// What somebody may see: decides one case and filters lists with the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// What lies in a reporting unit.
    Unit(ReportingUnit),
    /// What belongs to an organisation.
    Organisation(OrganisationId),
    /// What is one's own.
    Own(PersonId),
    /// Nothing.
    None,
}

/// Where a thing lies, for a scope to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Its reporting unit.
    pub unit: Option<ReportingUnit>,
    /// The organisation it belongs to.
    pub organisation: Option<OrganisationId>,
    /// The person it is about.
    pub person: Option<PersonId>,
}

impl Scope {
    /// Whether the scope covers a thing that lies there.
    pub fn covers(&self, place: &Place) -> bool {
        match self {
            Self::All => true,
            Self::Unit(unit) => place.unit == Some(*unit),
            Self::Organisation(organisation) => place.organisation == Some(*organisation),
            Self::Own(person) => place.person == Some(*person),
            Self::None => false,
        }
    }
}
