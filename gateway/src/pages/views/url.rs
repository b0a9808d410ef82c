//! Query strings: just enough to carry parameters from link to link.

/// Percent-encodes everything but unreserved characters.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.extend([format!("%{other:02X}")]),
        }
    }
    out
}

/// Undoes [`encode`], reads `+` as a space; bytes that are not UTF-8 become the replacement character.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten().filter(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        match escaped.and_then(|pair| std::str::from_utf8(pair).ok()).and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => bytes.push(if *first == b'+' { b' ' } else { *first }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The address with one more parameter, before any `#fragment`.
pub fn with_param(href: &str, name: &str, value: &str) -> String {
    let (path, fragment) = href.find('#').map_or((href, ""), |at| href.split_at(at));
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{}={}{fragment}", encode(name), encode(value))
}

/// The address without the named parameters.
pub fn without_params(href: &str, names: &[&str]) -> String {
    let Some((path, query)) = href.split_once('?') else { return href.to_owned() };
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !names.contains(&pair.split('=').next().unwrap_or(""))).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// The decoded parameters of an address, for hidden fields.
pub(super) fn params(href: &str) -> Vec<(String, String)> {
    let Some((_, query)) = href.split_once('?') else { return Vec::new() };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (decode(name), decode(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_decoding_are_inverse_and_bad_escapes_stay() {
        for text in ["江苏 & co=1", "", "a+b%zz", "~_-."] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(decode("a+b%2x%E6%B1%9F%"), "a b%2x江%");
    }

    #[test]
    fn parameters_are_added_and_removed_without_touching_the_rest() {
        assert_eq!(with_param("/a?x=1#t", "lang", "en"), "/a?x=1&lang=en#t");
        assert_eq!(without_params("/a?lang=en&x=%26&as_of=@3", &["lang", "as_of"]), "/a?x=%26");
        assert_eq!(without_params("/a?lang=en", &["lang"]), "/a");
        assert_eq!(params("/a?x=%26&y"), [("x".to_owned(), "&".to_owned()), ("y".to_owned(), String::new())]);
    }
}
