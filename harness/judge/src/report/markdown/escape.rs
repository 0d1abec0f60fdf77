//! Texts that stay texts in Markdown, whatever a node sent.

use crate::report::{curl::visible, figures};

/// Text of the specification and of vectors: code between backticks stays code.
pub(super) fn prose(text: &str) -> String {
    figures::pieces(text)
        .iter()
        .map(|piece| {
            if piece.code {
                code(piece.text)
            } else {
                plain(piece.text)
            }
        })
        .collect()
}

/// The same in a table, where a pipe ends a cell even inside of code.
pub(super) fn cell(text: &str) -> String {
    let code_cell = |text| code(text).replace('|', "\\|");
    figures::pieces(text)
        .iter()
        .map(|piece| {
            if piece.code {
                code_cell(piece.text)
            } else {
                plain(piece.text)
            }
        })
        .collect()
}

/// Nothing in it is markup, a mention or a link, and it stays on its line.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for char in figures::flat(text).chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // With a word joiner behind it neither calls a person nor links an issue.
            '@' | '#' => out.extend([char, '\u{2060}']),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => out.extend(['\\', char]),
            _ => out.push(char),
        }
    }
    out.replace("://", ":\u{2060}//")
}

/// Inside of an HTML block, where Markdown does not look.
pub(super) fn markup(text: &str) -> String {
    figures::flat(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A span whose fence is longer than any run of backticks inside.
pub(super) fn code(text: &str) -> String {
    let text = cut(&figures::flat(text), LONGEST);
    let fence = "`".repeat(longest_run(&text) + 1);
    // One blank on each side is taken away again.
    let blank = if text.trim().len() < text.len() || text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{blank}{text}{blank}{fence}")
}

pub(super) fn fenced(text: &str) -> String {
    let text = visible(text, usize::MAX);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// How much of one text is shown.
pub(super) const LONGEST: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    /// A blank on each side is taken away again, so that it keeps backticks and blanks apart from the fence.
    #[test]
    fn a_span_of_code_is_read_back_as_it_was() {
        for (text, span) in [
            ("a", "`a`"),
            ("", "`  `"),
            (" a", "`  a `"),
            ("a ", "` a  `"),
            ("`a", "`` `a ``"),
            ("a`", "`` a` ``"),
            ("a`b", "``a`b``"),
            ("a``b`c", "```a``b`c```"),
            ("a\nb", "`a\\nb`"),
        ] {
            assert_eq!(code(text), span);
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("a\n`b`"), "```text\na\n`b`\n```");
        assert_eq!(fenced("````"), "`````text\n````\n`````");
    }

    #[test]
    fn what_is_longer_is_cut() {
        assert_eq!((cut("é12", 3), cut("é123", 3)), ("é12".to_owned(), "é12…".to_owned()));
    }
}
