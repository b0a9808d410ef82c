//! Every word the pages say, in Chinese and English side by side.
//!
//! Invariants: a key without one of its two languages does not compile; both languages of a key use the same placeholders
//! (tested); templates hold no Chinese of their own (tested). Placeholders are `{0}`, `{1}`, `{2}`.
//! Why not Fluent: the pages need no grammar beyond placeholders, and a struct field can neither be missing nor misspelt.

mod classes;
mod dashboard;
mod forms;
mod frame;
mod labels;
mod system;
mod timeline;
mod trainers;
mod verify;

use std::fmt;

/// Language of a page. Chinese comes first; English by `?lang=en`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lang {
    /// Simplified Chinese, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The language named by the `lang` parameter; anything but `en` is Chinese.
    pub fn from_param(value: Option<&str>) -> Self {
        if value == Some("en") { Self::En } else { Self::Zh }
    }

    /// Value of the HTML `lang` attribute.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// One of two strings.
    pub const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// One text in one language; prints as it stands, or with its placeholders filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phrase(&'static str);

impl Phrase {
    /// The text as it stands.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The text with `{0}` filled. Escaping is left to whoever prints it.
    pub fn with(self, first: impl fmt::Display) -> String {
        self.0.replace("{0}", &first.to_string())
    }

    /// The text with `{0}` and `{1}` filled.
    pub fn with2(self, first: impl fmt::Display, second: impl fmt::Display) -> String {
        fill(self.0, &[first.to_string(), second.to_string()])
    }

    /// The text with `{0}`, `{1}` and `{2}` filled.
    pub fn with3(self, first: impl fmt::Display, second: impl fmt::Display, third: impl fmt::Display) -> String {
        fill(self.0, &[first.to_string(), second.to_string(), third.to_string()])
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl From<Phrase> for String {
    fn from(phrase: Phrase) -> Self {
        phrase.0.to_owned()
    }
}

/// Fills placeholders in one pass, so that a filled-in value that looks like a placeholder stays as it is.
fn fill(pattern: &str, values: &[String]) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        let (before, tail) = rest.split_at(open);
        out.push_str(before);
        let value = tail.get(1..2).and_then(|digit| digit.parse::<usize>().ok()).and_then(|i| values.get(i));
        if let Some(value) = value.filter(|_| tail.get(2..3) == Some("}")) {
            out.push_str(value);
            rest = &tail[3..];
        } else {
            out.push('{');
            rest = &tail[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Declares a group of texts: a struct with one field a key, and its two instances.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name { $(#[doc = concat!("Text `", stringify!($key), "`.")] pub $key: $crate::text::Phrase,)* }
        impl $name {
            pub(super) const ZH: Self = Self { $($key: $crate::text::Phrase($zh)),* };
            pub(super) const EN: Self = Self { $($key: $crate::text::Phrase($en)),* };
            #[cfg(test)]
            pub(super) const ALL: &'static [(&'static str, &'static str, &'static str)] = &[$((stringify!($key), $zh, $en)),*];
        }
    };
}
use texts;

/// All texts of one language.
#[derive(Debug)]
pub struct Texts {
    /// The language.
    pub lang: Lang,
    /// Frame and words that many pages share.
    pub frame: frame::Frame,
    /// Words for values, for the handlers.
    pub labels: labels::Labels,
    /// Dashboard.
    pub dashboard: dashboard::Dashboard,
    /// Trainer directory.
    pub trainers: trainers::Trainers,
    /// Classes, rosters and imports.
    pub classes: classes::Classes,
    /// Forms.
    pub forms: forms::Forms,
    /// Certificate look-up.
    pub verify: verify::Verify,
    /// Timeline, event and why pages.
    pub timeline: timeline::Timeline,
    /// Sign-in, errors, status.
    pub system: system::System,
}

static ZH: Texts = Texts {
    lang: Lang::Zh,
    frame: frame::Frame::ZH,
    labels: labels::Labels::ZH,
    dashboard: dashboard::Dashboard::ZH,
    trainers: trainers::Trainers::ZH,
    classes: classes::Classes::ZH,
    forms: forms::Forms::ZH,
    verify: verify::Verify::ZH,
    timeline: timeline::Timeline::ZH,
    system: system::System::ZH,
};
static EN: Texts = Texts {
    lang: Lang::En,
    frame: frame::Frame::EN,
    labels: labels::Labels::EN,
    dashboard: dashboard::Dashboard::EN,
    trainers: trainers::Trainers::EN,
    classes: classes::Classes::EN,
    forms: forms::Forms::EN,
    verify: verify::Verify::EN,
    timeline: timeline::Timeline::EN,
    system: system::System::EN,
};

impl Texts {
    /// The texts of a language.
    pub fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Zh => &ZH,
            Lang::En => &EN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_cjk(c: char) -> bool {
        matches!(c, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
    }

    #[test]
    fn both_languages_of_a_text_use_the_same_placeholders() {
        let groups = [
            frame::Frame::ALL,
            labels::Labels::ALL,
            dashboard::Dashboard::ALL,
            trainers::Trainers::ALL,
            classes::Classes::ALL,
            forms::Forms::ALL,
            verify::Verify::ALL,
            timeline::Timeline::ALL,
            system::System::ALL,
        ];
        for (key, zh, en) in groups.concat() {
            for placeholder in ["{0}", "{1}", "{2}"] {
                assert_eq!(zh.matches(placeholder).count(), en.matches(placeholder).count(), "{key}: {placeholder}");
            }
            assert!(!zh.is_empty() && !en.is_empty(), "{key} is empty");
            assert!(!en.chars().any(is_cjk) || key == "other_language", "{key}: Chinese in the English text");
        }
    }

    #[test]
    fn templates_hold_no_chinese_of_their_own() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let source = std::fs::read_to_string(&path).unwrap();
            assert!(!source.chars().any(is_cjk), "{} holds Chinese; move it to src/text", path.display());
            seen += 1;
        }
        assert!(seen > 10, "the template folder was not found");
    }

    #[test]
    fn filling_puts_values_in_order_and_leaves_values_alone() {
        assert_eq!(Phrase("{1} of {0}{x").with2("{1}", "b"), "b of {1}{x");
        assert_eq!(Phrase("{0}…").with(3), "3…");
    }
}
