//! Exchanges as people read them. What a node sent is untrusted: control characters are made visible.

use std::fmt::Write as _;

use super::Shown;
use crate::trace::{Answer, Body, Exchange, Request};

/// One exchange; `base` is where the node was.
pub fn show(case: &str, base: &str, exchange: &Exchange) -> Shown {
    let (answer, headers, body) = match &exchange.answer {
        Answer::Response(response) => {
            let headers = response
                .headers
                .iter()
                .map(|(name, value)| visible(&format!("{name}: {value}"), 300))
                .collect();
            let body = match &response.body {
                Body::Base64(text) => format!("(not UTF-8, as base64) {text}"),
                body => body.text().to_owned(),
            };
            (response.status.to_string(), headers, visible(&body, MAX_BODY))
        }
        Answer::None { message, .. } => (
            format!("no answer: {}", visible(message, 300)),
            Vec::new(),
            String::new(),
        ),
    };
    Shown {
        case: case.to_owned(),
        n: exchange.n,
        curl: line(base, &exchange.request),
        answer,
        headers,
        body,
    }
}

/// A line for a shell. Keys stand as `$KEY`.
pub fn line(base: &str, request: &Request) -> String {
    let mut line = String::from("curl -i");
    if request.method == "HEAD" {
        line.push_str(" --head");
    } else if request.method != "GET" || !request.body.is_empty() {
        line.push_str(" -X ");
        line.push_str(&quoted(&request.method));
    }
    line.push(' ');
    line.push_str(&quoted(&format!("{base}{}", request.target)));
    for (name, value) in &request.headers {
        let header = format!("{name}: {value}");
        line.push_str(" -H ");
        if let Some(key) = header
            .strip_prefix("authorization: Bearer {")
            .and_then(|rest| rest.strip_suffix('}'))
        {
            let _ = write!(line, "\"Authorization: Bearer ${}\"", variable(key));
        } else {
            line.push_str(&quoted(&header));
        }
    }
    match &request.body {
        Body::Empty => {}
        Body::Text(text) => {
            line.push_str(" --data-binary ");
            line.push_str(&quoted(&cut(text, MAX_BODY)));
        }
        Body::Base64(text) => {
            let _ = write!(line, " --data-binary @<(echo {text} | base64 -d)");
        }
        Body::Cut { bytes, start } => {
            let _ = write!(
                line,
                " --data-binary {} # {bytes} bytes in all",
                quoted(&cut(start, 120))
            );
        }
    }
    line
}

/// `key:reader` and `secret:1` as a shell variable.
fn variable(key: &str) -> String {
    let name = key.strip_prefix("key:").unwrap_or(key);
    let name: String = name
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("{name}_KEY")
}

/// In single quotes, or with `$'…'` where control characters need it.
pub fn quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        let mut out = String::from("$'");
        for char in text.chars() {
            match char {
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                char if char.is_control() => {
                    let _ = write!(out, "\\u{:04x}", u32::from(char));
                }
                char => out.push(char),
            }
        }
        out.push('\'');
        return out;
    }
    if !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte))
    {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Control and format characters made visible, so that a terminal or a page shows what is there.
pub fn visible(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for char in cut(text, longest).chars() {
        let hidden = char.is_control() && char != '\n' && char != '\t'
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if hidden {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
        } else {
            out.push(char);
        }
    }
    out
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}… ({} bytes in all)", &text[..at], text.len()),
    }
}

const MAX_BODY: usize = 1500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curl_line_can_be_pasted_and_holds_no_key() {
        let request = Request {
            method: "POST".to_owned(),
            target: "/v1/facts?a=b&c=d".to_owned(),
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("authorization".to_owned(), "Bearer {key:reader}".to_owned()),
            ],
            body: Body::Text("{\"it's\":1}".to_owned()),
        };
        assert_eq!(
            line("http://127.0.0.1:1", &request),
            "curl -i -X POST 'http://127.0.0.1:1/v1/facts?a=b&c=d' -H 'content-type: application/json' -H \"Authorization: Bearer $READER_KEY\" --data-binary '{\"it'\\''s\":1}'"
        );
    }

    #[test]
    fn what_a_node_sent_cannot_move_a_cursor() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}\nb", 100), "a\\u{1b}[2J\\u{202e}\nb");
        assert_eq!(quoted("\u{1b}'"), "$'\\u001b\\''");
        assert!(visible(&"x".repeat(10_000), 100).len() < 200);
    }
}
