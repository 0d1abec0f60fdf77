//! What somebody else wrote, on a terminal or in a prompt: on one line, with nothing in it that is obeyed or hidden.

use std::fmt::Write;

/// The text on one line, cut behind `longest` characters. Line ends are shown as `\n` and `\r`, other characters that a
/// terminal obeys or does not show by their number, such as `\u{1b}`.
pub(crate) fn line(text: &str, longest: usize) -> String {
    let (kept, mark) = match text.char_indices().nth(longest) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    };
    let mut out = String::with_capacity(kept.len());
    for character in kept.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            // It moves the cursor to the right and does nothing else.
            '\t' => out.push(character),
            _ if is_hidden(character) => number(&mut out, character),
            _ => out.push(character),
        }
    }
    out + mark
}

/// The whole text on one line.
pub(crate) fn all(text: &str) -> String {
    line(text, usize::MAX)
}

/// Writes a character by its number.
pub(crate) fn number(out: &mut String, character: char) {
    // Writing to a text cannot fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
}

/// Controls, turns of direction, breaks of lines, tags, and what has no width. The two joiners stay: scripts and
/// pictures are spelt with them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_shown_on_one_line() {
        for (text, shown) in [
            ("plain, déjà vu, 雪", "plain, déjà vu, 雪"),
            ("a\nb\r\nc", "a\\nb\\r\\nc"),
            ("a\tb", "a\tb"),
            ("\u{1b}[2J\u{7}", "\\u{1b}[2J\\u{7}"),
            ("\u{0}\u{85}\u{2028}", "\\u{0}\\u{85}\\u{2028}"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("\u{feff}x\u{e0041}", "\\u{feff}x\\u{e0041}"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
        ] {
            assert_eq!(line(text, 80), shown, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(line("ééé", 3), "ééé");
        assert_eq!(line("éééé", 3), "ééé…");
        assert_eq!(line("x", 0), "…");
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_line(text: String, longest in 0_usize..64) {
            let shown = line(&text, longest);
            prop_assert!(!shown.chars().any(|c| c != '\t' && is_hidden(c)));
            prop_assert!(shown.lines().count() <= 1);
        }
    }
}
