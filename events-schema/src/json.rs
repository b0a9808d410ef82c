//! Canonical JSON (RFC 8785) of the values that leaves and schemas need: no floats, integers within ±(2^53−1).

use std::fmt::Write as _;

/// Largest magnitude of an integer that every JSON reader keeps exactly.
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// A JSON value without floats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`; used in schemas only, leaves leave absent things out.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer; beyond ±(2^53−1) it is printed as a string.
    Integer(i64),
    /// A text that is part of the program.
    Static(&'static str),
    /// A text.
    Text(String),
    /// A list, order kept.
    List(Vec<Json>),
    /// Members in any order; printed sorted.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// An object from pairs.
    pub fn object<const N: usize>(members: [(&str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Appends the canonical form.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Integer(value) => write_integer(*value, out),
            Self::Static(text) => write_text(text, out),
            Self::Text(text) => write_text(text, out),
            Self::List(values) => {
                out.push('[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|left, right| compare_keys(&left.0, &right.0));
                out.push('{');
                for (index, (key, value)) in sorted.into_iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The canonical form.
    pub fn to_canonical(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

/// Order of member names: by UTF-16 code units. Source: RFC 8785, 3.2.3.
pub fn compare_keys(left: &str, right: &str) -> std::cmp::Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// Appends an integer, as a string when a double could not hold it.
pub fn write_integer(value: i64, out: &mut String) {
    let plain = (-INTEGER_MAX..=INTEGER_MAX).contains(&value);
    if plain {
        let _written = write!(out, "{value}");
    } else {
        let _written = write!(out, "\"{value}\"");
    }
}

/// Appends a text with the escapes of RFC 8785, 3.2.2.2.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(plain..at).unwrap_or_default());
        plain = at.saturating_add(1);
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            0x09 => out.push_str("\\t"),
            0x0A => out.push_str("\\n"),
            0x0C => out.push_str("\\f"),
            0x0D => out.push_str("\\r"),
            control => {
                let _written = write!(out, "\\u{control:04x}");
            }
        }
    }
    out.push_str(text.get(plain..).unwrap_or_default());
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_escaped_as_rfc_8785_says() {
        // The example of RFC 8785, 3.2.2: the input string "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/".
        assert_eq!(Json::Text("\u{20ac}$\u{f}\nA'B\"\\\\\"/".to_owned()).to_canonical(), "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    }

    #[test]
    fn members_are_sorted_by_utf16_code_units() {
        // U+1F600 is D83D DE00 in UTF-16 and sorts before U+FB33, although its scalar value is larger. RFC 8785, 3.2.3.
        let json =
            Json::object([("\u{fb33}", Json::Integer(1)), ("\u{1f600}", Json::Integer(2)), ("1", Json::Null), ("\r", Json::Bool(true))]);
        assert_eq!(json.to_canonical(), "{\"\\r\":true,\"1\":null,\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn integers_beyond_a_double_are_strings() {
        assert_eq!(Json::Integer(INTEGER_MAX).to_canonical(), "9007199254740991");
        assert_eq!(Json::Integer(INTEGER_MAX + 1).to_canonical(), "\"9007199254740992\"");
    }

    proptest! {
        #[test]
        fn every_text_reads_back_with_another_reader(text: String) {
            let canonical = Json::Text(text.clone()).to_canonical();
            prop_assert_eq!(serde_json::from_str::<String>(&canonical).unwrap(), text);
        }
    }
}
