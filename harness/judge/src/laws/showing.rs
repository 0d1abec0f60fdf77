//! Texts of nodes and strangers in what people read and paste.

use proptest::prelude::*;

use super::{drawn::texts, records::requests, shell};
use crate::{
    report::curl,
    trace::{Body, Request},
};

proptest! {
    #[test]
    fn what_is_visible_hides_nothing_and_stays_so(text in texts(), longest in 0..40_usize) {
        let shown = curl::visible(&text, usize::MAX);
        prop_assert!(shown.chars().all(|char| is_shown_as_it_is(char) || matches!(char, '\n' | '\t')), "{:?}", shown);
        prop_assert_eq!(&curl::visible(&shown, usize::MAX), &shown);
        // The longest stand-in is \u{e007f}.
        prop_assert!(curl::visible(&text, longest).chars().count() <= 9 * longest + "… (12345 bytes in all)".len());
    }

    #[test]
    fn a_quoted_text_is_one_word(text in texts()) {
        prop_assume!(!text.contains('\0'));
        prop_assert_eq!(shell::words(&curl::quoted(&text)), Some(vec![text]));
    }

    /// One command, and no argument of it is read as something else.
    #[test]
    fn a_curl_line_is_the_request(request in requests(), base in prop_oneof![Just("http://127.0.0.1:4711".to_owned()), texts()]) {
        let line = curl::line(&base, &request);
        prop_assert!(line.chars().all(is_shown_as_it_is), "{:?}", line);
        let url = format!("{base}{}", request.target);
        // No shell can say a zero, and what is long is cut.
        prop_assume!(!line.contains("\\u0000") && !line.contains(" bytes in all)"));
        let words = shell::words(&line);
        prop_assert!(words.is_some(), "more than one command: {}", line);
        let words = words.unwrap_or_default();
        prop_assert_eq!(&words[..2], ["curl", "-i"]);
        let mut seen = Seen::default();
        seen.read(&words[2..]);
        prop_assert_eq!(seen.url, Some(url));
        prop_assert_eq!(seen.headers.len(), request.headers.len());
        prop_assert_eq!(seen.sends_a_file, false, "{}", line);
        prop_assert_eq!(seen.body, sent(&request));
        prop_assert_eq!(seen.unknown, Vec::<String>::new());
    }
}

/// A curl line as curl reads it.
#[derive(Debug, Default)]
struct Seen {
    url: Option<String>,
    headers: Vec<String>,
    body: Option<String>,
    sends_a_file: bool,
    unknown: Vec<String>,
}

impl Seen {
    fn read(&mut self, words: &[String]) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut argument = || words.next().cloned().unwrap_or_default();
            match word.as_str() {
                "--head" | "--globoff" | "--path-as-is" => {}
                "-X" => drop(argument()),
                "-H" => {
                    let header = argument();
                    self.sends_a_file |= header.starts_with('@');
                    self.headers.push(header);
                }
                "--data-raw" => self.body = Some(argument()),
                "--data-binary" => {
                    let body = argument();
                    self.sends_a_file |= body.starts_with('@');
                    self.body = Some(body);
                }
                "--url" => self.url = Some(argument()),
                option if option.starts_with('-') => self.unknown.push(option.to_owned()),
                url => self.url = Some(url.to_owned()),
            }
        }
    }
}

/// The body that the line says, unless it is too long to be said.
fn sent(request: &Request) -> Option<String> {
    match &request.body {
        Body::Empty => None,
        Body::Base64(text) => Some(format!("base64:{text}")),
        Body::Text(text) => Some(text.clone()),
        Body::Cut { start, .. } => Some(start.clone()),
    }
}

/// Neither obeyed nor invisible: what Unicode calls controls of direction, breaks of lines, and marks without a width.
pub(super) fn is_shown_as_it_is(char: char) -> bool {
    const HIDDEN: &str = "\u{61c}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";
    !char.is_control() && !HIDDEN.contains(char) && !('\u{e0000}'..='\u{e007f}').contains(&char)
}
