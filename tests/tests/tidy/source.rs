//! Just enough of Rust's lexical rules to tell code from comments and literals.

/// The text with comments, strings and characters blanked out; every line keeps its number and its length in characters.
pub(crate) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment(&chars, at);
        for &c in &chars[at..end.max(at + 1)] {
            out.push(if end > at && c != '\n' { ' ' } else { c });
        }
        at = end.max(at + 1);
    }
    out
}

/// The string literals of a text, without quotes and with escapes as written.
pub(crate) fn string_literals(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let end = literal_or_comment(&chars, at);
        let token: String = chars[at..end.max(at)].iter().collect();
        if let (Some(first), Some(last)) = (token.find('"'), token.rfind('"'))
            && first < last
            && !token.starts_with('/')
        {
            found.push(token[first + 1..last].to_owned());
        }
        at = end.max(at + 1);
    }
    found
}

/// Where the comment or literal that begins at `at` ends; `at` itself when none begins there.
fn literal_or_comment(chars: &[char], at: usize) -> usize {
    let next = |offset: usize| chars.get(at + offset).copied();
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match (chars[at], next(1)) {
        ('/', Some('/')) => find(chars, at, |c| c == '\n'),
        ('/', Some('*')) => block_comment(chars, at),
        ('"', _) => string(chars, at),
        ('b' | 'c', Some('"')) if !in_word => string(chars, at + 1),
        ('r', Some('"' | '#')) if !in_word => raw_string(chars, at, 1),
        ('b' | 'c', Some('r')) if !in_word && matches!(next(2), Some('"' | '#')) => raw_string(chars, at, 2),
        ('\'', Some('\\')) => find(chars, at + 3, |c| c == '\'') + 1,
        ('\'', Some(_)) if next(2) == Some('\'') => at + 3,
        _ => at,
    }
}

fn find(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|&i| wanted(chars[i])).unwrap_or(chars.len())
}

fn block_comment(chars: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut i = at;
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) if depth == 1 => return i + 2,
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    chars.len()
}

fn string(chars: &[char], quote: usize) -> usize {
    let mut i = quote + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

fn raw_string(chars: &[char], at: usize, prefix: usize) -> usize {
    let hashes = chars[at + prefix..].iter().take_while(|&&c| c == '#').count();
    let quote = at + prefix + hashes;
    if chars.get(quote) != Some(&'"') {
        return at;
    }
    let closes = |i: usize| chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
    (quote + 1..chars.len()).find(|&i| closes(i)).map_or(chars.len(), |i| i + 1 + hashes)
}

/// One function: where it begins and how many lines it takes, signature and closing brace included.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// Every function with a body.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let code: Vec<char> = code_only(text).chars().collect();
    let mut found = Vec::new();
    for at in 0..code.len().saturating_sub(3) {
        let starts = code[at..at + 3] == ['f', 'n', ' '] && (at == 0 || !(code[at - 1].is_alphanumeric() || code[at - 1] == '_'));
        if !starts {
            continue;
        }
        let name: String = code[at + 3..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
        if let Some(end) = body_end(&code, at).filter(|_| !name.is_empty()) {
            let newlines = |part: &[char]| part.iter().filter(|&&c| c == '\n').count();
            found.push(Function { name, line: newlines(&code[..at]) + 1, lines: newlines(&code[at..end]) + 1 });
        }
    }
    found
}

/// The closing brace of the function that begins at `at`; none for a declaration that ends with a semicolon.
fn body_end(code: &[char], at: usize) -> Option<usize> {
    let (mut round, mut curly) = (0_usize, 0_usize);
    for (i, c) in code.iter().enumerate().skip(at) {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round = round.saturating_sub(1),
            '{' => curly += 1,
            '}' if curly <= 1 => return (curly == 1).then_some(i),
            '}' => curly -= 1,
            ';' if round == 0 && curly == 0 => return None,
            _ => {}
        }
    }
    None
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "let a = \"fn x\\\"\"; // fn y\n/* { /* } */ fn z */ let b = r#\"\"fn\"\"#; let c = '{'; fn f<'a>(x: &'a str) {}";
    let code = code_only(text);
    assert_eq!(code.matches("fn").count(), 1, "{code}");
    assert_eq!(code.chars().count(), text.chars().count());
    assert_eq!(string_literals("x(\"AB-1\", 'c') // \"no\"\n b\"y\""), ["AB-1", "y"]);
}

#[test]
fn a_function_is_counted_to_its_closing_brace() {
    let text = "trait T { fn declared(&self, x: [u8; 2]); }\n\nfn long(\n    f: fn(u8),\n) {\n    if a { \"}\" }\n}\nfn short() {}\n";
    let found: Vec<_> = functions(text).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(found, [("long".to_owned(), 3, 5), ("short".to_owned(), 8, 1)]);
}
