//! The three macros that keep one idea in one place: enums with frozen codes, wire structs with field classes, events of an area.

/// Defines an enum whose wire form is a frozen `u8` and whose text form is frozen `snake_case`.
///
/// Why: postcard numbers enum variants by order, so an inserted variant would make old bytes decode as another value.
macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(into = "u8", try_from = "u8")]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every value, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The frozen code on the wire.
            pub const fn code(self) -> u8 { match self { $(Self::$variant => $code),+ } }
            /// The frozen text in leaves, addresses and bodies.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $text),+ } }
            /// The value with this code, if there is one.
            pub const fn from_code(code: u8) -> Option<Self> { match code { $($code => Some(Self::$variant),)+ _ => None } }
            /// The value with this text, if there is one.
            pub fn from_name(name: &str) -> Option<Self> { match name { $($text => Some(Self::$variant),)+ _ => None } }
        }
        impl From<$name> for u8 { fn from(value: $name) -> Self { value.code() } }
        impl TryFrom<u8> for $name {
            type Error = $crate::codes::UnknownCode;
            fn try_from(code: u8) -> Result<Self, Self::Error> {
                Self::from_code(code).ok_or($crate::codes::UnknownCode { of: stringify!($name), code })
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.name()) }
        }
        impl $crate::field::LeafValue for $name {
            fn write_json(&self, out: &mut String) -> bool { $crate::field::write_text(self.name(), out) }
            fn sample() -> Self { let [.., last] = Self::ALL else { unreachable!("a list has values") }; *last }
            fn json_schema() -> $crate::json::Json {
                $crate::json::Json::object([
                    ("type", $crate::json::Json::Static("string")),
                    ("enum", $crate::json::Json::List(Self::ALL.iter().map(|value| $crate::json::Json::Static(value.name())).collect())),
                ])
            }
        }
    };
}
pub(crate) use codes;

/// Defines a frozen wire struct with the class of every field, and names the fields that travel sealed beside it.
///
/// `open` = clear in record and leaf; `masked` = clear in the record, salted digest in the leaf; the `sealed` list = encrypted under
/// the key of its holder, salted digest in the leaf. A class has no default: a field without one does not parse.
macro_rules! wire {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])* $class:ident $field:ident: $type:ty),* $(,)? }
     $(sealed { $($(#[doc = $sdoc:literal])* $sealed:ident of $holder:ident),* $(,)? })?) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name { $($(#[doc = $doc])* pub $field: $type),* }

        impl $crate::field::Wire for $name {
            const FIELDS: &'static [$crate::field::FieldSpec] = &[
                $($crate::field::FieldSpec {
                    name: stringify!($field),
                    class: $crate::macros::field_class!($class),
                    holder: None,
                    doc: concat!($($doc),*),
                    json_schema: <$type as $crate::field::LeafValue>::json_schema,
                },)*
                $($($crate::field::FieldSpec {
                    name: stringify!($sealed),
                    class: $crate::field::FieldClass::Sealed,
                    holder: Some($crate::SubjectKind::$holder),
                    doc: concat!($($sdoc),*),
                    json_schema: <String as $crate::field::LeafValue>::json_schema,
                },)*)?
            ];
            fn sample() -> Self { Self { $($field: <$type as $crate::field::LeafValue>::sample()),* } }
            fn visit(&self, visitor: &mut dyn FnMut(&'static str, $crate::field::FieldClass, &dyn $crate::field::LeafValue)) {
                $(visitor(stringify!($field), $crate::macros::field_class!($class), &self.$field);)*
            }
        }
    };
}
pub(crate) use wire;

macro_rules! field_class {
    (open) => {
        $crate::field::FieldClass::Open
    };
    (masked) => {
        $crate::field::FieldClass::Masked
    };
}
pub(crate) use field_class;

/// Defines the enum of an area's events in their newest shape.
///
/// The newest shape of an event is its newest wire struct: `TargetSet` is an alias that moves to `TargetSetV2` when that comes.
macro_rules! area_events {
    ($(#[$meta:meta])* pub enum $name:ident in $area:ident { $($(#[$vmeta:meta])* $event:ident = $module:ident::$wire:ident),+ $(,)? }) => {
        $(pub use $module::$wire;)+
        $(#[doc = concat!("Newest shape of [`", stringify!($name), "::", stringify!($event), "`].")] pub type $event = $wire;)+

        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $event($event)),+ }

        pub(crate) use $name as Events;

        $(impl From<$event> for $crate::Event { fn from(event: $event) -> Self { Self::$area($name::$event(event)) } })+
    };
}
pub(crate) use area_events;

/// A broken invariant: we are wrong, and going on would make it worse. Says what, and stops the process's current thread.
#[macro_export]
macro_rules! invariant {
    ($($message:tt)*) => {{
        #[expect(clippy::panic, reason = "a broken invariant stops the process")]
        {
            panic!("invariant broken: {}", format_args!($($message)*))
        }
    }};
}
