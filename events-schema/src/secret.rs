//! Values that must not show in logs, errors or dumps.

/// A value that identifies or reaches a person, or a secret. It has no `Display`; its `Debug` is blank.
///
/// Why: what the type cannot print, no log line can leak.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }
    /// Looks at the value; the call is easy to search for.
    pub const fn expose(&self) -> &T {
        &self.0
    }
    /// Takes the value out.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}
