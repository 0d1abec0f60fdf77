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

/// A line for a shell. Keys stand as `$KEY`. The trace may be a stranger's: nothing in it becomes another command, another option or a file
/// that is sent.
pub fn line(base: &str, request: &Request) -> String {
    let mut line = String::from("curl -i");
    if request.method == "HEAD" {
        line.push_str(" --head");
    } else if request.method != "GET" || !request.body.is_empty() {
        line.push_str(" -X ");
        line.push_str(&quoted(&request.method));
    }
    line.push_str(&address(base, &request.target));
    for (name, value) in &request.headers {
        line.push_str(" -H ");
        line.push_str(&header(name, value));
    }
    match &request.body {
        Body::Empty => {}
        Body::Text(text) => line.push_str(&data(&cut(text, MAX_BODY))),
        Body::Base64(text) => {
            let _ = write!(line, " --data-binary @<(echo {} | base64 -d)", quoted(text));
        }
        Body::Cut { bytes, start } => {
            let _ = write!(line, "{} # {bytes} bytes in all", data(&cut(start, 120)));
        }
    }
    line
}

/// The URL as it is: curl would go through what brackets and braces list, and fold dots in the path.
fn address(base: &str, target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default();
    let url = format!("{base}{target}");
    let options = [
        (target.contains(['[', ']', '{', '}']), " --globoff"),
        (path.split('/').any(|part| matches!(part, "." | "..")), " --path-as-is"),
        (url.starts_with('-'), " --url"),
    ];
    let options = options.iter().filter_map(|(needed, option)| needed.then_some(*option));
    format!("{} {}", options.collect::<String>(), quoted(&url))
}

fn header(name: &str, value: &str) -> String {
    if let ("authorization", Some(key)) = (name, value.strip_prefix("Bearer {"))
        && let Some(key) = key.strip_suffix('}')
    {
        return format!("\"Authorization: Bearer ${}\"", variable(key));
    }
    // Behind an at sign curl expects a file, and a header without a value is one that it takes away.
    let blank = if name.starts_with('@') { " " } else { "" };
    match value {
        "" => quoted(&format!("{blank}{name};")),
        value => quoted(&format!("{blank}{name}: {value}")),
    }
}

/// The option that sends this text; behind an at sign it would be a file.
fn data(text: &str) -> String {
    let option = if text.starts_with('@') {
        "--data-raw"
    } else {
        "--data-binary"
    };
    format!(" {option} {}", quoted(text))
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

/// In single quotes, or with `$'…'` where hidden characters need it.
pub fn quoted(text: &str) -> String {
    if text.chars().any(is_hidden) {
        let mut out = String::from("$'");
        for char in text.chars() {
            match char {
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                '\u{10000}'.. if is_hidden(char) => {
                    let _ = write!(out, "\\U{:08x}", u32::from(char));
                }
                char if is_hidden(char) => {
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
        if is_hidden(char) && char != '\n' && char != '\t' {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
        } else {
            out.push(char);
        }
    }
    out
}

/// What a terminal or a page obeys, or shows as nothing: controls, turns of direction, breaks of lines, what has no width, tags.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
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
    fn a_strangers_request_stays_one_request() {
        let mut request = Request {
            method: "POST".to_owned(),
            target: "/v1/../{a,b}".to_owned(),
            headers: vec![
                ("x-empty".to_owned(), String::new()),
                ("@file".to_owned(), "x".to_owned()),
            ],
            body: Body::Base64("$(id)".to_owned()),
        };
        assert_eq!(
            line("-K", &request),
            "curl -i -X POST --globoff --path-as-is --url '-K/v1/../{a,b}' -H 'x-empty;' -H ' @file: x' --data-binary @<(echo '$(id)' | base64 -d)"
        );
        request.body = Body::Text("@/etc/passwd".to_owned());
        assert!(line("", &request).ends_with(" --data-raw '@/etc/passwd'"));
    }

    #[test]
    fn a_method_is_given_where_curl_would_take_another() {
        for (method, body, wanted) in [
            ("GET", Body::Empty, "curl -i http://h/x"),
            (
                "GET",
                Body::Text("a".to_owned()),
                "curl -i -X GET http://h/x --data-binary a",
            ),
            ("POST", Body::Empty, "curl -i -X POST http://h/x"),
            ("HEAD", Body::Empty, "curl -i --head http://h/x"),
        ] {
            let request = Request {
                method: method.to_owned(),
                target: "/x".to_owned(),
                headers: Vec::new(),
                body,
            };
            assert_eq!(line("http://h", &request), wanted);
        }
    }

    #[test]
    fn only_what_hides_is_written_by_its_number() {
        assert_eq!(quoted("a\u{1b}𝄞b"), "$'a\\u001b𝄞b'");
        assert_eq!(quoted("a b𝄞"), "'a b𝄞'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn what_a_node_sent_cannot_move_a_cursor() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}\nb", 100), "a\\u{1b}[2J\\u{202e}\nb");
        assert_eq!(
            visible("a\u{61c}\u{ad}\u{2028}b\u{e0041}", 100),
            "a\\u{61c}\\u{ad}\\u{2028}b\\u{e0041}"
        );
        assert_eq!(quoted("\u{1b}'"), "$'\\u001b\\''");
        assert_eq!(quoted("\u{202e}\u{e0041}"), "$'\\u202e\\U000e0041'");
        assert!(visible(&"x".repeat(10_000), 100).len() < 200);
    }
}
