//! How a shell takes a line apart: enough of it to read our own lines back.

/// The words of a simple command. `None` where the line would do more than run one: then it is not ours.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches(' ');
        if rest.is_empty() || rest.starts_with('#') {
            return Some(words);
        }
        let (word, behind) = word(rest)?;
        words.push(word);
        rest = behind;
    }
}

/// The first word, and what comes behind it.
fn word(text: &str) -> Option<(String, &str)> {
    if let Some(inner) = text.strip_prefix("@<(echo ") {
        let (encoded, rest) = word(inner)?;
        let rest = rest.strip_prefix(" | base64 -d)")?;
        return Some((format!("base64:{encoded}"), rest));
    }
    let mut word = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next().filter(|char| *char != ' ') {
        rest = match char {
            '\'' => {
                let (plain, behind) = rest[1..].split_once('\'')?;
                word.push_str(plain);
                behind
            }
            '$' => escaped(rest.strip_prefix("$'")?, &mut word)?,
            '"' => {
                let (plain, behind) = rest[1..].split_once('"')?;
                word.push_str(plain);
                behind
            }
            '\\' => {
                word.push(rest[1..].chars().next().filter(char::is_ascii)?);
                &rest[2..]
            }
            char if char.is_ascii_alphanumeric() || "-._/:".contains(char) => {
                word.push(char);
                &rest[1..]
            }
            _ => return None,
        };
    }
    Some((word, rest))
}

/// What stands between `$'` and `'`; the rest.
fn escaped<'a>(mut rest: &'a str, word: &mut String) -> Option<&'a str> {
    loop {
        let char = rest.chars().next()?;
        rest = &rest[char.len_utf8()..];
        match char {
            '\'' => return Some(rest),
            '\\' => {
                let letter = rest.chars().next()?;
                rest = &rest[letter.len_utf8()..];
                let digits = match letter {
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                let (code, behind) = rest.split_at_checked(digits)?;
                rest = behind;
                word.push(match letter {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '\\' | '\'' => letter,
                    'u' | 'U' => char::from_u32(u32::from_str_radix(code, 16).ok()?)?,
                    _ => return None,
                });
            }
            _ => word.push(char),
        }
    }
}

#[test]
fn words_are_taken_apart_as_a_shell_does() {
    let all = words(r#"curl -X 'a b'\''c' $'\n\u001b\'' "$KEY" @<(echo 'YQ==' | base64 -d) # and more"#)
        .expect("one command");
    assert_eq!(all, ["curl", "-X", "a b'c", "\n\u{1b}'", "$KEY", "base64:YQ=="]);
    for more in ["a; b", "a | b", "a $(b)", "a `b`", "a > b", "a &", "a 'b"] {
        assert_eq!(words(more), None, "{more}");
    }
}
