//! Lines of a terminal: indented, broken, coloured. Only texts that [`figures::flat`] went over are handed to `line` and `text`.

use anstyle::Style;

use crate::report::figures;

/// Lines for a terminal.
pub(super) struct Screen {
    out: String,
    colour: bool,
    /// Columns.
    pub(super) width: usize,
}

impl Screen {
    pub(super) fn new(colour: bool, width: usize) -> Self {
        Self {
            out: String::new(),
            colour,
            width: width.max(NARROWEST),
        }
    }

    pub(super) fn into_text(self) -> String {
        self.out
    }

    pub(super) fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    pub(super) fn styled(&mut self, style: Style, text: &str) {
        let line = self.paint(style, text.trim_end());
        self.line(&line);
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.line("");
        self.styled(BOLD, &figures::flat(text));
    }

    /// Broken at blanks, each line indented.
    pub(super) fn text(&mut self, indent: usize, text: &str) {
        for line in wrapped(text, self.width.saturating_sub(indent)) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    pub(super) fn field(&mut self, name: &str, text: &str) {
        let text = cut(&figures::flat(text), LONGEST_FIELD);
        for (n, line) in wrapped(&text, self.width.saturating_sub(FIELD + 2)).iter().enumerate() {
            let name = self.paint(DIM, &format!("{:FIELD$}", if n == 0 { name } else { "" }));
            self.line(&format!("  {name}{line}"));
        }
    }

    /// A command stays on one line, so that it can be copied.
    pub(super) fn unbroken(&mut self, name: &str, text: &str) {
        let name = self.paint(DIM, &format!("{name:FIELD$}"));
        self.line(&format!("  {name}{}", figures::flat(text)));
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always one");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some(_) => text.chars().take(longest.saturating_sub(1)).chain(['…']).collect(),
    }
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
/// The column of field names.
const FIELD: usize = 10;
const LONGEST_FIELD: usize = 600;
const NARROWEST: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_the_last_blank_that_fits() {
        assert_eq!(wrapped("aaa bbb", 7), ["aaa bbb"]);
        assert_eq!(wrapped("aaa bbb", 6), ["aaa", "bbb"]);
        assert_eq!(wrapped("éé é é", 4), ["éé é", "é"]);
        assert_eq!(wrapped("longer a", 3), ["longer", "a"], "a word is not broken");
    }

    #[test]
    fn what_is_longer_ends_in_a_mark() {
        assert_eq!((cut("é12", 3), cut("é123", 3)), ("é12".to_owned(), "é1…".to_owned()));
    }

    #[test]
    fn a_field_is_indented_below_its_name() {
        let mut screen = Screen::new(false, NARROWEST);
        // Twelve columns are taken by the name and its indent.
        screen.field("why", &format!("{} {}", "a".repeat(20), "b".repeat(7)));
        screen.field("why", &format!("{} {}", "a".repeat(20), "b".repeat(8)));
        let (a, b) = ("a".repeat(20), "b".repeat(7));
        assert_eq!(
            screen.into_text(),
            format!("  why       {a} {b}\n  why       {a}\n            {b}b\n")
        );
    }
}
