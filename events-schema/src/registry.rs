//! The one table of event types: tag, area, newest shape, wire struct, leaf name, version, who may read the leaf. Append-only.
//!
//! Adding an event: a file with its wire struct, a variant in the enum of its area, and one line here. A tag is never used twice; the high
//! byte is the number of the area. When a `V2` comes, its line stands among the newest with a tag of its own, and the `V1` line moves to
//! `older`: what was recorded keeps its bytes and its leaf for ever, and is read as the newest shape by `From<V1>`.

use std::sync::LazyLock;

use crate::codec::{self, DecodeFault};
use crate::field::{FieldClass, FieldSpec, LeafValue, Wire};

/// Who may read a single leaf without a permission for its subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafAudience {
    /// Anyone: targets, directory listings, certificate issue and revocation.
    Public,
    /// Those permitted for one of its subjects.
    Restricted,
}

/// What the registry knows of an event type.
#[derive(Debug)]
pub struct EventType {
    /// Its tag.
    pub tag: u16,
    /// `area.kebab-name`.
    pub name: &'static str,
    /// Version of the wire struct.
    pub version: u8,
    /// Who may read its leaves.
    pub audience: LeafAudience,
    /// Its fields with their classes.
    pub fields: &'static [FieldSpec],
}

type Visitor<'a> = dyn FnMut(&'static str, FieldClass, &dyn LeafValue) + 'a;

macro_rules! registry {
    (areas { $($area:ident($areamod:ident::$areaenum:ident)),+ $(,)? }
     newest { $($tag:literal $variant:ident($module:ident::$event:ident) = $wire:ident $name:literal $version:literal $audience:ident;)+ }
     older { $($old_tag:literal $old_module:ident::$old_wire:ident => $newest:ident $old_name:literal $old_version:literal $old_audience:ident;)* }) => {
        /// Any event, in its newest shape.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event { $(#[doc = concat!("An event of the area `", stringify!($areamod), "`.")] $area(crate::$areamod::$areaenum)),+ }

        /// Every version of every event type ever released, by tag.
        pub static TYPES: LazyLock<Vec<EventType>> = LazyLock::new(|| {
            let mut types = vec![
                $(registry!(@type $tag, $module::$wire, $name, $version, $audience),)+
                $(registry!(@type $old_tag, $old_module::$old_wire, $old_name, $old_version, $old_audience),)*
            ];
            types.sort_by_key(|known| known.tag);
            types
        });

        /// Decodes the payload of a tag into the newest shape.
        ///
        /// # Errors
        /// The tag is unknown, or the bytes are not exactly its wire struct.
        pub fn decode(tag: u16, bytes: &[u8]) -> Result<Event, DecodeFault> {
            match tag {
                $($tag => codec::decode_exact::<crate::$module::$wire>(tag, bytes).map(Event::from),)+
                $($old_tag => codec::decode_exact::<crate::$old_module::$old_wire>(tag, bytes)
                    .map(|old| Event::from(crate::$old_module::$newest::from(old))),)*
                tag => Err(DecodeFault::UnknownTag { tag }),
            }
        }

        /// Checks that the payload of a tag is in canonical form.
        ///
        /// # Errors
        /// Those of [`decode`], and `NotCanonical`.
        pub fn check_canonical(tag: u16, bytes: &[u8]) -> Result<(), DecodeFault> {
            match tag {
                $($tag => codec::decode_canonical::<crate::$module::$wire>(tag, bytes).map(|_| ()),)+
                $($old_tag => codec::decode_canonical::<crate::$old_module::$old_wire>(tag, bytes).map(|_| ()),)*
                tag => Err(DecodeFault::UnknownTag { tag }),
            }
        }

        /// A payload of a tag made of samples, for golden files.
        pub fn sample(tag: u16) -> Option<Vec<u8>> {
            match tag {
                $($tag => Some(codec::encode(&<crate::$module::$wire as Wire>::sample())),)+
                $($old_tag => Some(codec::encode(&<crate::$old_module::$old_wire as Wire>::sample())),)*
                _ => None,
            }
        }

        /// Encodes an event as the newest wire struct of its type.
        pub fn encode(event: &Event) -> (u16, Vec<u8>) {
            match event { $(Event::$variant(crate::$module::Events::$event(event)) => ($tag, codec::encode(event)),)+ }
        }

        /// Shows every open and masked field of a recorded payload: a frozen function of the wire version, never of the newest shape.
        ///
        /// # Errors
        /// Those of [`decode`].
        pub fn visit(tag: u16, bytes: &[u8], visitor: &mut Visitor<'_>) -> Result<(), DecodeFault> {
            match tag {
                $($tag => { codec::decode_exact::<crate::$module::$wire>(tag, bytes)?.visit(visitor); Ok(()) })+
                $($old_tag => { codec::decode_exact::<crate::$old_module::$old_wire>(tag, bytes)?.visit(visitor); Ok(()) })*
                tag => Err(DecodeFault::UnknownTag { tag }),
            }
        }
    };
    (@type $tag:literal, $module:ident::$wire:ident, $name:literal, $version:literal, $audience:ident) => {
        EventType {
            tag: $tag,
            name: $name,
            version: $version,
            audience: registry!(@$audience),
            fields: <crate::$module::$wire as Wire>::FIELDS,
        }
    };
    (@public) => { LeafAudience::Public };
    (@restricted) => { LeafAudience::Restricted };
}

registry! {
    areas {
        Plan(plan::PlanEvent),
        Class(class::ClassEvent),
        Person(person::PersonEvent),
        Hours(hours::HoursEvent),
        Directory(directory::DirectoryEvent),
        Certificate(certificate::CertificateEvent),
        Document(document::DocumentEvent),
        Access(access::AccessEvent),
    }
    newest {
        0x0101 Plan(plan::TargetSet) = TargetSetV1 "plan.target-set" 1 public;
        0x0102 Plan(plan::TargetAdjusted) = TargetAdjustedV1 "plan.target-adjusted" 1 public;
        0x0301 Class(class::RunPlanned) = RunPlannedV1 "class.run-planned" 1 restricted;
        0x0302 Class(class::RunOpened) = RunOpenedV1 "class.run-opened" 1 restricted;
        0x0303 Class(class::TraineeRegistered) = TraineeRegisteredV1 "class.trainee-registered" 1 restricted;
        0x0304 Class(class::TraineeWithdrawn) = TraineeWithdrawnV1 "class.trainee-withdrawn" 1 restricted;
        0x0305 Class(class::SessionHeld) = SessionHeldV1 "class.session-held" 1 restricted;
        0x0306 Class(class::AttendanceRecorded) = AttendanceRecordedV1 "class.attendance-recorded" 1 restricted;
        0x0307 Class(class::AttendanceCorrected) = AttendanceCorrectedV1 "class.attendance-corrected" 1 restricted;
        0x0308 Class(class::CompletionTestRecorded) = CompletionTestRecordedV1 "class.completion-test-recorded" 1 restricted;
        0x0309 Class(class::CompletionTestCorrected) = CompletionTestCorrectedV1 "class.completion-test-corrected" 1 restricted;
        0x030A Class(class::RunClosed) = RunClosedV1 "class.run-closed" 1 restricted;
        0x030B Class(class::RunCancelled) = RunCancelledV1 "class.run-cancelled" 1 restricted;
        0x030C Class(class::RosterImportStarted) = RosterImportStartedV1 "class.roster-import-started" 1 restricted;
        0x030D Class(class::RosterImportFinished) = RosterImportFinishedV1 "class.roster-import-finished" 1 restricted;
        0x030E Class(class::SessionCorrected) = SessionCorrectedV1 "class.session-corrected" 1 restricted;
        0x030F Class(class::SessionAnnulled) = SessionAnnulledV1 "class.session-annulled" 1 restricted;
        0x0310 Class(class::RunReopened) = RunReopenedV1 "class.run-reopened" 1 restricted;
        0x0311 Class(class::CompletionTestVoided) = CompletionTestVoidedV1 "class.completion-test-voided" 1 restricted;
        0x0312 Class(class::RegistrationAnnulled) = RegistrationAnnulledV1 "class.registration-annulled" 1 restricted;
        0x0501 Person(person::PersonRegistered) = PersonRegisteredV1 "person.person-registered" 1 restricted;
        0x0502 Person(person::PersonNameCorrected) = PersonNameCorrectedV1 "person.person-name-corrected" 1 restricted;
        0x0503 Person(person::PersonErased) = PersonErasedV1 "person.person-erased" 1 restricted;
        0x0504 Person(person::ErasureCompleted) = ErasureCompletedV1 "person.erasure-completed" 1 restricted;
        0x0601 Hours(hours::HoursPosted) = HoursPostedV1 "hours.hours-posted" 1 restricted;
        0x0602 Hours(hours::HoursReversed) = HoursReversedV1 "hours.hours-reversed" 1 restricted;
        0x0801 Directory(directory::OccupationAdded) = OccupationAddedV1 "directory.occupation-added" 1 public;
        0x0803 Directory(directory::OccupationDirectionsSet) = OccupationDirectionsSetV1 "directory.occupation-directions-set" 1 public;
        0x0804 Directory(directory::TrainerListed) = TrainerListedV1 "directory.trainer-listed" 1 public;
        0x0805 Directory(directory::TrainerSuspended) = TrainerSuspendedV1 "directory.trainer-suspended" 1 public;
        0x0806 Directory(directory::TrainerReinstated) = TrainerReinstatedV1 "directory.trainer-reinstated" 1 public;
        0x0807 Directory(directory::TrainerRemoved) = TrainerRemovedV1 "directory.trainer-removed" 1 public;
        0x0808 Directory(directory::TrainerOccupationsChanged) = TrainerOccupationsChangedV1 "directory.trainer-occupations-changed" 1 public;
        0x0809 Directory(directory::TrainerRenewed) = TrainerRenewedV1 "directory.trainer-renewed" 1 public;
        0x080A Directory(directory::OccupationCodeAssigned) = OccupationCodeAssignedV2 "directory.occupation-code-assigned" 2 public;
        0x0A01 Certificate(certificate::TrainingCertificateIssued) = TrainingCertificateIssuedV1 "certificate.training-certificate-issued" 1 public;
        0x0A02 Certificate(certificate::TrainingCertificateRevoked) = TrainingCertificateRevokedV1 "certificate.training-certificate-revoked" 1 public;
        0x1001 Document(document::RulePackPublished) = RulePackPublishedV1 "document.rule-pack-published" 1 public;
        0x1002 Document(document::HolidayCalendarPublished) = HolidayCalendarPublishedV1 "document.holiday-calendar-published" 1 public;
        0x1101 Access(access::OrganisationRegistered) = OrganisationRegisteredV1 "access.organisation-registered" 1 restricted;
        0x1102 Access(access::AccountOpened) = AccountOpenedV1 "access.account-opened" 1 restricted;
        0x1103 Access(access::AccountRolesChanged) = AccountRolesChangedV1 "access.account-roles-changed" 1 restricted;
        0x1104 Access(access::AccountLocked) = AccountLockedV1 "access.account-locked" 1 restricted;
        0x1105 Access(access::AccountUnlocked) = AccountUnlockedV1 "access.account-unlocked" 1 restricted;
        0x1106 Access(access::PersonalDataRead) = PersonalDataReadV1 "access.personal-data-read" 1 restricted;
    }
    older {
        0x0802 directory::OccupationCodeAssignedV1 => OccupationCodeAssigned "directory.occupation-code-assigned" 1 public;
    }
}

impl Event {
    /// What the registry knows of its type.
    pub fn event_type(&self) -> &'static EventType {
        let (tag, _) = encode(self);
        match of_tag(tag) {
            Some(found) => found,
            None => unreachable!("encode names only tags of the registry"),
        }
    }
}

/// What the registry knows of a tag.
pub fn of_tag(tag: u16) -> Option<&'static EventType> {
    TYPES.binary_search_by_key(&tag, |known| known.tag).ok().and_then(|index| TYPES.get(index))
}

impl EventType {
    /// The fields that travel sealed.
    pub fn sealed_fields(&self) -> impl Iterator<Item = (u8, &'static FieldSpec)> {
        (0_u8..).zip(self.fields).filter(|(_, field)| field.class == FieldClass::Sealed)
    }
    /// The number of a field, as digests of sealed fields name it.
    pub fn field_number(&self, name: &str) -> Option<u8> {
        self.fields.iter().position(|field| field.name == name).and_then(|index| u8::try_from(index).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_and_every_version_of_a_name_is_unique() {
        assert!(TYPES.windows(2).all(|pair| matches!(pair, [one, next] if one.tag < next.tag)));
        let mut names: Vec<_> = TYPES.iter().map(|known| (known.name, known.version)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TYPES.len());
    }

    #[test]
    fn unknown_tags_are_named() {
        assert_eq!(decode(0xFFFF, &[]), Err(DecodeFault::UnknownTag { tag: 0xFFFF }));
    }
}
