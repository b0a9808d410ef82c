//! Scope: what part of the programme somebody may see or act in. A value; the domain's `access` page computes it.

use crate::{OrganisationId, ReportingUnit};

/// What somebody may see: decides one case and filters lists with the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// What lies in a reporting unit.
    Unit(ReportingUnit),
    /// What belongs to an organisation.
    Organisation(OrganisationId),
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
}

impl Scope {
    /// Whether the scope covers a thing that lies there.
    pub fn covers(&self, place: &Place) -> bool {
        match self {
            Self::All => true,
            Self::Unit(unit) => place.unit == Some(*unit),
            Self::Organisation(organisation) => place.organisation == Some(*organisation),
            Self::None => false,
        }
    }
}
