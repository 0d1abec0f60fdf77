//! Entity names: the normal form of sections 2.5 and 2.6, and the warnings about informal names.

use super::id::Id;
use crate::policy::{IdSlashes, InformalNames, NameBlanks, NameCase, NameCharacters, NameEnds, NameEscapes};

/// Names up to 2,048 bytes must be accepted; lower-casing can lengthen a name, so the bound has room for that.
const LONGEST: usize = 4_096;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UriError {
    #[error("the name is empty")]
    Empty,
    #[error("the name is longer than {LONGEST} bytes")]
    TooLong,
    #[error("the name contains a control character")]
    ControlCharacter,
    #[error("a formal URI has the form stigmem://authority/type/id, and no part may be empty")]
    EmptyPart,
    #[error("white space is not allowed in the authority or the type of a formal URI")]
    Whitespace,
}

/// The normal form of an entity or source name. Normalising the result again changes nothing.
pub(crate) fn normalise(raw: &str) -> Result<String, UriError> {
    let trimmed = raw.trim_matches(is_whitespace);
    if trimmed.is_empty() {
        return Err(UriError::Empty);
    }
    if trimmed.len() > LONGEST {
        return Err(UriError::TooLong);
    }
    let decoded = decode_unreserved(NameEnds::now().of(raw, trimmed));
    let lower = NameCase::now().of(&decoded);
    let name = match lower.strip_prefix("stigmem://") {
        Some(rest) => formal(rest)?,
        None => informal(&lower),
    };
    if name.chars().any(char::is_control) {
        return Err(UriError::ControlCharacter);
    }
    if name.len() > LONGEST {
        Err(UriError::TooLong)
    } else {
        Ok(name)
    }
}

fn formal(rest: &str) -> Result<String, UriError> {
    let mut parts = rest.splitn(3, '/');
    let (Some(authority), Some(kind), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(UriError::EmptyPart);
    };
    if authority.is_empty() || kind.is_empty() || id.is_empty() {
        return Err(UriError::EmptyPart);
    }
    if authority.contains(is_whitespace) || kind.contains(is_whitespace) {
        return Err(UriError::Whitespace);
    }
    let id = IdSlashes::now().of(hyphenate(id, NameBlanks::now().in_ids()));
    Ok(format!("stigmem://{authority}/{kind}/{}", NameCharacters::now().of(id)))
}

fn informal(name: &str) -> String {
    if NameBlanks::now() == NameBlanks::KeptInInformal {
        return name.to_owned();
    }
    InformalNames::now().of(NameCharacters::now().of(hyphenate(name, "-")))
}

/// Each run of white space becomes one `dash`.
fn hyphenate(text: &str, dash: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut in_run = false;
    for c in text.chars() {
        let blank = is_whitespace(c);
        if !blank {
            name.push(c);
        } else if !in_run {
            name.push_str(dash);
        }
        in_run = blank;
    }
    name
}

/// Decodes escapes of unreserved ASCII characters until none is left. A decoded character can complete another escape
/// (`%%341` holds `%41`), so the tail is looked at after every character; that keeps the result a fixpoint.
fn decode_unreserved(text: &str) -> String {
    if let Some(decoded) = NameEscapes::now().instead(text) {
        return decoded;
    }
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        decoded.push(byte);
        while let Some(character) = escape_at_end(&decoded) {
            decoded.truncate(decoded.len() - 3);
            decoded.push(character);
        }
    }
    String::from_utf8(decoded).expect("only ASCII was replaced, by ASCII")
}

fn escape_at_end(bytes: &[u8]) -> Option<u8> {
    let [.., b'%', high, low] = bytes else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let code = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
    is_unreserved(code).then_some(code)
}

pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The white space of the published node's language: Unicode's, and the four ASCII separators U+001C to U+001F.
pub(crate) fn is_whitespace(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The warning for a normalised name that is neither formal nor one of the node's own kinds.
pub(crate) fn informal_warning(member: &str, name: &str) -> Option<String> {
    if name.starts_with("stigmem:") || Id::parse(name).is_some() {
        return None;
    }
    Some(format!(
        "{member} '{name}' is an informal name, deprecated by section 2.5; use stigmem://authority/type/id"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_have_one_normal_form() {
        for (raw, normal) in [
            (
                "stigmem://Example.COM/User/Bob  Smith",
                "stigmem://example.com/user/bob-smith",
            ),
            ("Stigmem://A/B/C D", "stigmem://a/b/c-d"),
            ("stigmem://a/b/c/D e/", "stigmem://a/b/c/d-e/"),
            (
                "stigmem://Company.Example/Issue/EG-42",
                "stigmem://company.example/issue/eg-42",
            ),
            (
                "stigmem://node.test:8765/user/alice",
                "stigmem://node.test:8765/user/alice",
            ),
            ("user:Alice Smith", "user:alice-smith"),
            ("  Agent:Foo Bar  ", "agent:foo-bar"),
            ("user:a\r\n\tb", "user:a-b"),
            ("a:a\u{a0}b", "a:a-b"),
            ("a:b\u{3000}c\u{85}d", "a:b-c-d"),
            ("x:x\u{1c}y", "x:x-y"),
            ("K\u{212a}:x", "kk:x"),
            ("project/EG-18", "project/eg-18"),
            ("stigmem://a/b/%41", "stigmem://a/b/a"),
            ("stigmem://a/b/%7Euser", "stigmem://a/b/~user"),
            ("stigmem://a/b/%2Fx", "stigmem://a/b/%2fx"),
            ("stigmem://a/b/%C3%A9", "stigmem://a/b/%c3%a9"),
            ("stigmem://a/b/%%341", "stigmem://a/b/a"),
            ("stigmem://a/b/%2541", "stigmem://a/b/%2541"),
            ("%53tigmem://A/b/c", "stigmem://a/b/c"),
            ("stigmem://a/b/c?Q=1#F", "stigmem://a/b/c?q=1#f"),
            ("a:a\u{200b}b", "a:a\u{200b}b"),
            (
                "3bdf8d18-66f0-4ecb-b9ac-f816cc991fea",
                "3bdf8d18-66f0-4ecb-b9ac-f816cc991fea",
            ),
            ("stigmem:conflict:X", "stigmem:conflict:x"),
            ("a%", "a%"),
        ] {
            assert_eq!(normalise(raw).as_deref(), Ok(normal), "{raw:?}");
        }
    }

    #[test]
    fn broken_names_are_refused() {
        for (raw, error) in [
            ("", UriError::Empty),
            (" \t\u{1f}\u{3000}", UriError::Empty),
            ("stigmem://", UriError::EmptyPart),
            ("stigmem://a", UriError::EmptyPart),
            ("stigmem://a/b", UriError::EmptyPart),
            ("stigmem://a/b/", UriError::EmptyPart),
            ("stigmem:///b/c", UriError::EmptyPart),
            ("STIGMEM://a//c", UriError::EmptyPart),
            ("stigmem://A B/C/D", UriError::Whitespace),
            ("stigmem://a/b\u{85}c/d", UriError::Whitespace),
            ("user:a\u{0}b", UriError::ControlCharacter),
            ("stigmem://a/b/c\u{7f}", UriError::ControlCharacter),
        ] {
            assert_eq!(normalise(raw), Err(error), "{raw:?}");
        }
        assert_eq!(normalise(&"a".repeat(LONGEST + 1)), Err(UriError::TooLong));
        assert!(normalise(&format!("stigmem://a/b/{}", "c".repeat(2_034))).is_ok());
    }

    #[test]
    fn only_informal_names_are_warned_about() {
        for name in [
            "stigmem://a/b/c",
            "stigmem:conflict:x",
            "3bdf8d18-66f0-4ecb-b9ac-f816cc991fea",
        ] {
            assert_eq!(informal_warning("entity", name), None, "{name}");
        }
        assert!(informal_warning("entity", "user:alice").unwrap().contains("2.5"));
    }

    proptest! {
        #[test]
        fn the_normal_form_is_a_fixpoint(raw in "(stigmem://)?[%0-9a-fA-F /:Σİ\u{212a}\\PC]{0,24}") {
            if let Ok(normal) = normalise(&raw) {
                prop_assert_eq!(normalise(&normal), Ok(normal));
            }
        }

        #[test]
        fn any_text_gives_an_answer(raw in any::<String>()) {
            if let Ok(normal) = normalise(&raw) {
                prop_assert_eq!(normalise(&normal), Ok(normal));
            }
        }
    }
}
