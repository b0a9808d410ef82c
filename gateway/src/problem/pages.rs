//! The pages of `ops/errors`, taken in when the program is built: titles and meanings in both languages, and the text itself.

use crate::roster;
use crate::text::Lang;

/// Code and text of every page, sorted by code.
static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/error_pages.rs"));

/// Where the first sentence of a Chinese text ends.
pub(crate) const ENDS: [char; 2] = ['；', '。'];
/// What the page of a refusal says of one command; of the rows of a batch each is a command of its own.
pub(crate) const NOTHING_DONE: &str = "；未作任何改动";

/// The page of a code.
#[derive(Debug, Clone, Copy)]
pub struct ErrorPage {
    /// The code.
    pub code: &'static str,
    text: &'static str,
}

/// The page of a code; none if the code has none.
pub fn of_code(code: &str) -> Option<ErrorPage> {
    let at = PAGES.binary_search_by_key(&code, |page| page.0).ok()?;
    PAGES.get(at).map(|(code, text)| ErrorPage { code, text })
}

/// What a code is, in a few words, whether it has a page or is one of a roster.
pub(crate) fn title(code: &str, lang: Lang) -> Option<&'static str> {
    of_code(code).map(|page| page.title(lang)).or_else(|| roster::meaning(code).map(|(zh, en)| lang.pick(zh, en)))
}

impl ErrorPage {
    /// What it is, in a few words.
    pub fn title(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.text.lines().next().and_then(|line| line.split_once(": ")).map_or(self.code, |(_, title)| title),
            Lang::Zh => self.meaning(lang).split(ENDS).next().unwrap_or(self.code),
        }
    }

    /// What happened, in a sentence.
    pub fn meaning(&self, lang: Lang) -> &'static str {
        self.part(lang, lang.pick("**含义** ", "**Meaning** "))
    }

    /// What usually causes it.
    pub fn cause(&self, lang: Lang) -> &'static str {
        self.part(lang, lang.pick("**原因** ", "**Cause** "))
    }

    /// What to do.
    pub fn advice(&self, lang: Lang) -> &'static str {
        self.part(lang, lang.pick("**处理** ", "**What to do** "))
    }

    fn part(&self, lang: Lang, label: &str) -> &'static str {
        let half = lang.pick("## 中文", "## English");
        let section = self.text.split_once(half).map_or("", |(_, rest)| rest.split("\n## ").next().unwrap_or(""));
        section.lines().find_map(|line| line.strip_prefix(label)).unwrap_or(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_title_meaning_and_advice_in_both_languages() {
        assert!(PAGES.len() > 20 && PAGES.is_sorted_by_key(|page| page.0));
        for (code, _) in PAGES {
            let page = of_code(code).unwrap();
            for lang in [Lang::Zh, Lang::En] {
                for part in [page.title(lang), page.meaning(lang), page.cause(lang), page.advice(lang)] {
                    assert!(part != *code && !part.is_empty(), "{code} lacks a part in {}", lang.tag());
                }
            }
        }
        assert!(of_code("NONE").is_none());
    }

    #[test]
    fn a_title_is_a_whole_sentence_also_of_a_roster() {
        let whole = "各模块计划学时之和少于该职业该等级规定的学时，按此计划没有人能够结业";
        assert_eq!(title("CLASS-0046", Lang::Zh), Some(whole));
        assert_eq!(title("ROSTER-FILE-DAMAGED", Lang::Zh), Some("工作簿损坏或不完整"));
        assert_eq!(title("ROSTER-ID-CHECKSUM", Lang::En).map(|text| text.starts_with("the check character")), Some(true));
        assert_eq!(title("NONE", Lang::Zh), None);
    }
}
