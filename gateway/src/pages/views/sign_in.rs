//! Sign-in, and changing the own password.

use askama::Template;

use super::frame::Page;
use super::{FieldError, Frame, error_of};
use crate::text::Lang;

/// An account of the demonstration that anybody may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DemoAccount {
    /// Role in words.
    pub role: String,
    /// Territory or organisation in words.
    pub scope: String,
    /// Account name.
    pub account: String,
    /// Password, shown because the data are generated.
    pub password: String,
}

/// The sign-in form; posts `account`, `password`, `return_to`, `csrf` to `/signin`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInView {
    /// Frame.
    pub frame: Frame,
    /// Account name as typed before.
    pub account: String,
    /// Where to go afterwards; the handler accepts paths of this site only.
    pub return_to: String,
    /// What was wrong; fields `account`, `password`, or empty.
    pub errors: Vec<FieldError>,
    /// Accounts of the demonstration; empty in production.
    pub demo_accounts: Vec<DemoAccount>,
}

impl SignInView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        SignIn { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    p: Page<'a>,
    v: &'a SignInView,
}

impl SignIn<'_> {
    fn error(&self, field: &str) -> Option<&str> {
        error_of(&self.v.errors, field)
    }
}

/// The form for another password; posts `old_password`, `new_password`, `new_password_again`, `csrf` to `/password`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PasswordView {
    /// Frame.
    pub frame: Frame,
    /// What was wrong; fields as the form has them.
    pub errors: Vec<FieldError>,
}

impl PasswordView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Password { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "password.html")]
struct Password<'a> {
    p: Page<'a>,
    v: &'a PasswordView,
}

impl Password<'_> {
    fn error(&self, field: &str) -> Option<&str> {
        error_of(&self.v.errors, field)
    }
}
