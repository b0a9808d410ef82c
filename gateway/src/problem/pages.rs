//! The pages of `ops/errors`, taken in when the program is built: titles and meanings in both languages, and the text itself.

use crate::text::Lang;

/// Code and text of every page, sorted by code.
static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/error_pages.rs"));

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

impl ErrorPage {
    /// What it is, in a few words.
    pub fn title(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.text.lines().next().and_then(|line| line.split_once(": ")).map_or(self.code, |(_, title)| title),
            Lang::Zh => self.meaning(lang).split(['，', '。', '；', '：']).next().unwrap_or(self.code),
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

    /// The whole page as it was written.
    pub fn text(&self) -> &'static str {
        self.text
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
}
