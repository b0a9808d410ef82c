//! Looks for many texts in many files at once, in every way in which a text may lie in a file in the clear.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Bytes by which a form is found; shorter forms are left out, they would be found anywhere.
const HEAD: usize = 6;

/// Texts, each in its forms: UTF-8, UTF-16 in both orders, base64 at each of the three offsets and in both alphabets, hexadecimal, percent
/// signs, and the escapes of JSON.
#[derive(Debug, Default)]
pub struct Patterns {
    /// One bit for each first three bytes: most places of a file are ruled out by it.
    starts: Vec<u64>,
    forms: BTreeMap<[u8; HEAD], Vec<(Vec<u8>, usize)>>,
    texts: Vec<String>,
}

fn base64_forms(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let at_offset = |offset: usize| {
        let padded = [vec![0; offset], bytes.to_vec()].concat();
        let encoded = STANDARD_NO_PAD.encode(&padded);
        // Only the characters that the text alone decides: six bits each.
        let (start, end) = ((offset * 8).div_ceil(6), (padded.len() * 8) / 6);
        encoded.get(start..end).unwrap_or_default().as_bytes().to_vec()
    };
    let url = |form: Vec<u8>| {
        form.into_iter()
            .map(|byte| {
                if byte == b'+' {
                    b'-'
                } else if byte == b'/' {
                    b'_'
                } else {
                    byte
                }
            })
            .collect()
    };
    let standard: Vec<Vec<u8>> = (0..3).map(at_offset).collect();
    standard.clone().into_iter().chain(standard.into_iter().map(url))
}

fn forms(text: &str) -> BTreeSet<Vec<u8>> {
    let hex = |bytes: &[u8], prefix: &str| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _written = write!(text, "{prefix}{byte:02x}");
            text
        })
    };
    let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let escaped: String = text
        .encode_utf16()
        .map(|unit| if unit < 128 { char::from_u32(unit.into()).unwrap_or_default().to_string() } else { format!("\\u{unit:04x}") })
        .collect();
    let percent: String =
        text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    let plain = [
        text.as_bytes().to_vec(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        hex(text.as_bytes(), "").into_bytes(),
        hex(text.as_bytes(), "").to_uppercase().into_bytes(),
        hex(text.as_bytes(), "\\x").into_bytes(),
        escaped.clone().into_bytes(),
        escaped.replace("\\u", "\\U").to_uppercase().replace("\\U", "\\u").into_bytes(),
        percent.to_lowercase().into_bytes(),
        percent.into_bytes(),
    ];
    plain.into_iter().chain(base64_forms(text.as_bytes())).filter(|form| form.len() >= HEAD).collect()
}

impl Patterns {
    /// The patterns of these texts.
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut patterns = Self { starts: vec![0; 1 << 18], ..Self::default() };
        for text in texts.into_iter().map(Into::into).collect::<BTreeSet<String>>() {
            for form in forms(&text) {
                let Some(head) = form.first_chunk::<HEAD>() else { continue };
                let bit = start_of(head);
                if let Some(word) = patterns.starts.get_mut(bit >> 6) {
                    *word |= 1 << (bit & 63);
                }
                patterns.forms.entry(*head).or_default().push((form.clone(), patterns.texts.len()));
            }
            patterns.texts.push(text);
        }
        patterns
    }

    /// How many texts are looked for.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The texts found in bytes, each with the first place.
    pub fn found_in(&self, bytes: &[u8]) -> BTreeMap<&str, usize> {
        let mut found = BTreeMap::new();
        for (at, window) in bytes.windows(HEAD).enumerate() {
            let bit = start_of(window);
            if self.starts.get(bit >> 6).is_none_or(|word| word & (1 << (bit & 63)) == 0) {
                continue;
            }
            let Some(forms) = window.first_chunk().and_then(|head| self.forms.get(head)) else { continue };
            for (form, text) in forms {
                if bytes.get(at..).is_some_and(|rest| rest.starts_with(form)) {
                    found.entry(self.texts.get(*text).map_or("", String::as_str)).or_insert(at);
                }
            }
        }
        found
    }

    /// What is found in the files below a folder, as `file: text at place`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn found_below(&self, folder: &Path) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        for file in files_below(folder)? {
            let bytes = fs::read(&file)?;
            found.extend(self.found_in(&bytes).into_iter().map(|(text, at)| format!("{}: {text} at {at}", file.display())));
        }
        Ok(found)
    }
}

/// The bit of the first three bytes.
fn start_of(bytes: &[u8]) -> usize {
    bytes.iter().take(3).fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
}

/// Every file below a folder, by path.
///
/// # Errors
/// A folder cannot be listed.
pub fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    /// Each way of writing a text is found at each offset, and a text with another last character is not.
    #[test]
    fn a_text_is_found_however_it_is_written() {
        let patterns = Patterns::new(["王子涵", "990123196803154567"]);
        for text in ["王子涵", "990123196803154567"] {
            let mut written: Vec<Vec<u8>> = vec![
                text.into(),
                text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                text.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
            ];
            for offset in 0..4 {
                let around = [&b"abcd"[..offset], text.as_bytes(), b"xyz"].concat();
                written.push(STANDARD_NO_PAD.encode(&around).into());
                written.push(URL_SAFE_NO_PAD.encode(&around).into());
            }
            for form in written {
                let bytes = [b"before ".to_vec(), form, b" after".to_vec()].concat();
                assert!(patterns.found_in(&bytes).contains_key(text), "{text}: {:?}", String::from_utf8_lossy(&bytes));
            }
        }
        assert!(patterns.found_in(r"王子\u6db5 王\u5b50\u6db5 王子涿".as_bytes()).is_empty());
        assert!(patterns.found_in(r"\u738b\u5b50\u6db5 %E7%8E%8B%E5%AD%90%E6%B6%B5".as_bytes()).contains_key("王子涵"));
    }
}
