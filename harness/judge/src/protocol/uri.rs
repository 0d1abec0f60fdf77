//! Entity URIs: the one form under which a name is stored and matched.
//!
//! Order matters: trim, decode escapes of unreserved ASCII characters, lower-case, then turn white space into dashes.
//! Nothing is ever percent-encoded, and normalising a result again changes nothing.

/// Why a text cannot name an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the name is empty or blank")]
    Empty,
    #[error("the URI has no authority: write stigmem://authority/type/id")]
    NoAuthority,
    #[error("the URI has no type: write stigmem://authority/type/id")]
    NoType,
    #[error("the URI has no id: write stigmem://authority/type/id")]
    NoId,
    #[error("the authority holds white space, which only an id may hold")]
    WhiteSpaceInAuthority,
    #[error("the type holds white space, which only an id may hold")]
    WhiteSpaceInType,
    #[error("the name holds the control character U+{0:04X}")]
    ControlCharacter(u32),
}

/// The canonical form of an `entity` or `source`.
///
/// # Errors
///
/// When the text is blank, a formal URI lacks a part or has white space where none may be, or a control character is left over.
pub fn normalise(text: &str) -> Result<String, Refusal> {
    let trimmed = text.trim_matches(is_white_space);
    if trimmed.is_empty() {
        return Err(Refusal::Empty);
    }
    let lowered = decode_unreserved(trimmed).to_lowercase();
    let normal = match lowered.strip_prefix(SCHEME) {
        Some(parts) => formal(parts)?,
        None => dashed(&lowered),
    };
    match normal.chars().find(|c| c.is_control()) {
        Some(c) => Err(Refusal::ControlCharacter(c.into())),
        None => Ok(normal),
    }
}

/// Whether a normalised name is a formal URI, as against an informal one such as `user:alice`.
#[must_use]
pub fn is_formal(normal: &str) -> bool {
    normal.starts_with(SCHEME)
}

fn formal(parts: &str) -> Result<String, Refusal> {
    let (authority, rest) = parts.split_once('/').unwrap_or((parts, ""));
    let (kind, id) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.is_empty() {
        return Err(Refusal::NoAuthority);
    }
    if kind.is_empty() {
        return Err(Refusal::NoType);
    }
    if id.is_empty() {
        return Err(Refusal::NoId);
    }
    if authority.contains(is_white_space) {
        return Err(Refusal::WhiteSpaceInAuthority);
    }
    if kind.contains(is_white_space) {
        return Err(Refusal::WhiteSpaceInType);
    }
    Ok(format!("{SCHEME}{authority}/{kind}/{}", dashed(id)))
}

/// Decodes `%41` to `A` and so on, until no such escape is left.
///
/// A decoded character may complete another escape (`%%341` holds `%41` once `%34` is `4`), so each new character is tried
/// as the end of one. No escape overlaps another, so the order of decoding does not matter, and the time is linear.
fn decode_unreserved(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    for c in text.chars() {
        decoded.push(c);
        while let Some(c) = escape_at_end(&decoded) {
            decoded.truncate(decoded.len() - ESCAPE_LENGTH);
            decoded.push(c);
        }
    }
    decoded
}

fn escape_at_end(text: &str) -> Option<char> {
    let start = text.len().checked_sub(ESCAPE_LENGTH)?;
    let [b'%', high, low] = *text.as_bytes().get(start..)? else {
        return None;
    };
    let code = char::from(high).to_digit(16)? * 16 + char::from(low).to_digit(16)?;
    char::from_u32(code).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
}

fn dashed(text: &str) -> String {
    let mut dashed = String::with_capacity(text.len());
    let mut inside_run = false;
    for c in text.chars() {
        match is_white_space(c) {
            true if inside_run => {}
            true => dashed.push('-'),
            false => dashed.push(c),
        }
        inside_run = is_white_space(c);
    }
    dashed
}

/// The white space of the protocol: Unicode's, and the four separators U+001C to U+001F, which Unicode leaves out.
fn is_white_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

const SCHEME: &str = "stigmem://";
const ESCAPE_LENGTH: usize = "%41".len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_names_its_reason() {
        for (text, reason) in [
            ("", Refusal::Empty),
            (" \t\u{1c}", Refusal::Empty),
            ("stigmem:///user/alice", Refusal::NoAuthority),
            ("stigmem://a//alice", Refusal::NoType),
            ("stigmem://a/user/", Refusal::NoId),
            ("stigmem://a b/user/alice", Refusal::WhiteSpaceInAuthority),
            ("stigmem://a/us er/alice", Refusal::WhiteSpaceInType),
            ("user:al\u{7f}ice", Refusal::ControlCharacter(0x7f)),
            ("stigmem://a/user/al\0ice", Refusal::ControlCharacter(0)),
        ] {
            assert_eq!(normalise(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn only_the_scheme_makes_a_name_formal() {
        assert!(is_formal("stigmem://a/user/alice"));
        for informal in ["user:alice", "stigmem:conflict:1", "stigmem:/a/user/alice", "alice"] {
            assert!(!is_formal(informal), "{informal}");
        }
    }

    #[test]
    fn many_nested_escapes_are_decoded_in_one_pass() {
        // Each escape is finished only by decoding the ones to its right.
        let nested = format!("{}x", "%4%31".repeat(100_000));
        assert_eq!(normalise(&nested), Ok(format!("{}x", "a".repeat(100_000))));
    }
}
