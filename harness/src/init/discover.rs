//! Finds the discovery document: at the given URL, behind a redirect, or a few path segments higher.

use reqwest::Url;
use serde_json::Value;

use super::{Finding, one_line, probe::Probe};
use crate::{
    error::{InputError, RunError},
    schemas::Schemas,
    trace::Response,
};

/// A node, and what is known about it so far.
#[derive(Debug)]
pub(super) struct Found {
    /// Without a slash at the end.
    pub base: String,
    pub document: Value,
    pub findings: Vec<Finding>,
}

impl Found {
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.document[name].as_str()
    }
}

/// Looks until a discovery document is found. The error says what is there instead, at the URL that was given.
pub(super) async fn discover(given: &str, schemas: &Schemas, probe: &mut Probe) -> Result<Found, RunError> {
    let given = base_url(given)?;
    let mut first = None;
    for base in candidates(&given) {
        match look(&base, probe).await? {
            Seen::Node(base, document) => return Ok(introduce(&given, base, document, schemas)),
            // No other path can change this.
            Seen::Nothing { reason, last: true } => return Err(RunError::TargetGone(first.unwrap_or(reason))),
            Seen::Nothing { reason, last: false } => first = first.or(Some(reason)),
        }
    }
    Err(RunError::TargetGone(first.unwrap_or_default()))
}

enum Seen {
    Node(String, Value),
    Nothing { reason: String, last: bool },
}

impl Seen {
    fn nothing(reason: String) -> Self {
        Self::Nothing { reason, last: false }
    }
}

/// The URL as a base: http or https, a host, a path without a slash at the end, nothing else.
fn base_url(given: &str) -> Result<Url, InputError> {
    let shown = one_line(given, 200);
    let bad = |message: String| InputError::at("URL", "", message);
    let url = match Url::parse(given.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        // `localhost:8765` parses as the scheme `localhost`.
        Ok(_) | Err(_) if !given.contains("://") => {
            return Err(bad(format!(
                "{shown:?} has no http:// or https:// in front; did you mean http://{shown}?"
            )));
        }
        Ok(url) => {
            return Err(bad(format!(
                "{:?} is no scheme for a node; give an http or https URL",
                url.scheme()
            )));
        }
        Err(error) => return Err(bad(format!("{shown:?} is not a URL: {error}"))),
    };
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad(format!("{shown:?} names no host")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(
            "a name or password does not belong in the URL; a key comes from an environment variable (--key-env NAME)"
                .to_owned(),
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad(format!("{shown:?}: give the base URL, without query or fragment")));
    }
    Ok(url)
}

/// The URL itself, then with what looks like a route cut off, then the bare host.
fn candidates(given: &Url) -> Vec<String> {
    let whole = given.as_str().trim_end_matches('/').to_owned();
    let root = given.as_str()[..origin_length(given)].to_owned();
    let mut all = vec![whole.clone()];
    for route in ["/.well-known/", "/v1"] {
        let path = &whole[root.len()..];
        let at = path.find(route).filter(|at| {
            path[at + route.len()..].is_empty() || route.ends_with('/') || path[at + route.len()..].starts_with('/')
        });
        all.extend(at.map(|at| format!("{root}{}", &path[..at])));
    }
    all.push(root);
    // The route itself is never the base: do not knock there first.
    if all[0].ends_with(DISCOVERY) {
        all.remove(0);
    }
    let mut seen = Vec::new();
    for base in all {
        if !seen.contains(&base) {
            seen.push(base);
        }
    }
    seen
}

/// One base, with the redirects that lead away from it.
async fn look(base: &str, probe: &mut Probe) -> Result<Seen, RunError> {
    let mut trail = vec![format!("{base}{DISCOVERY}")];
    loop {
        let here = trail[trail.len() - 1].clone();
        let (at, path) = split(&here)?;
        let Some(response) = probe.get(&at, &path, None).await? else {
            return Ok(Seen::nothing(format!(
                "{base}: no discovery document within the allowed number of requests"
            )));
        };
        if !(300..400).contains(&response.status) {
            return Ok(arrive(base, &trail, &response));
        }
        let Some(to) = response
            .header("location")
            .and_then(|to| Url::parse(&here).ok()?.join(to).ok())
        else {
            return Ok(Seen::nothing(format!(
                "{} answers {} without saying where to",
                one_line(&here, 200),
                response.status
            )));
        };
        let to = to.to_string();
        if trail.contains(&to) {
            trail.push(to);
            let way = trail
                .iter()
                .map(|url| one_line(url, 200))
                .collect::<Vec<_>>()
                .join(" → ");
            return Ok(Seen::Nothing {
                reason: format!("redirected in a circle: {way}. Look at the proxy in front of the node"),
                last: true,
            });
        }
        trail.push(to);
        if trail.len() > MAX_HOPS {
            let way = trail
                .iter()
                .map(|url| one_line(url, 200))
                .collect::<Vec<_>>()
                .join(" → ");
            return Ok(Seen::Nothing {
                reason: format!("redirected more than {} times: {way}", MAX_HOPS - 1),
                last: true,
            });
        }
    }
}

/// Base and target of a request.
fn split(url: &str) -> Result<(String, String), RunError> {
    let mut parsed = Url::parse(url).map_err(|error| RunError::Harness(format!("{url}: {error}")))?;
    parsed.set_fragment(None);
    let (origin, target) = parsed.as_str().split_at(origin_length(&parsed));
    Ok((origin.to_owned(), target.to_owned()))
}

/// Where scheme, host and port end in the text of a URL.
fn origin_length(url: &Url) -> usize {
    let query = url.query().map_or(0, |query| query.len() + 1);
    let fragment = url.fragment().map_or(0, |fragment| fragment.len() + 1);
    url.as_str().len() - url.path().len() - query - fragment
}

/// A document, or what is there instead.
fn arrive(base: &str, trail: &[String], response: &Response) -> Seen {
    let here = one_line(&trail[trail.len() - 1], 200);
    let document = response
        .body
        .json()
        .filter(|_| response.status == 200)
        .filter(is_discovery);
    if let (Some(document), true) = (&document, trail.len() == 1) {
        return Seen::Node(base.to_owned(), document.clone());
    }
    if document.is_some() {
        let to = trail[trail.len() - 1]
            .strip_suffix(DISCOVERY)
            .map_or_else(|| here.clone(), |base| one_line(base, 200));
        // The kit does not follow redirects: a node that is judged through them would be judged with its proxy.
        let reason = format!(
            "{} redirects to a node at {to}. Give that URL: stigmem-conformance init {to}",
            one_line(base, 200)
        );
        return Seen::Nothing { reason, last: true };
    }
    Seen::nothing(format!("{here} {}", instead(response)))
}

/// What answers when it is no node.
fn instead(response: &Response) -> String {
    let text = response.body.text();
    let html = response
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
        || starts_like_html(text);
    let status = response.status;
    match status {
        401 | 403 => format!("answers {status}: a gateway wants credentials there, or the node breaks the rule that discovery needs none"),
        404 => "answers 404: there is no Stigmem node at this path. Give the base URL that its clients use, with its sub-path if it has one".to_owned(),
        429 => "answers 429: its rate limiter is on. Wait, or switch it off for the run".to_owned(),
        500.. => format!("answers {status}: something listens there, but it is broken, or the node behind a proxy is down"),
        200 if html => format!("answers with a web page{}, not with JSON: a web site or a proxy's page, not a Stigmem node", title(text)),
        200 if response.body.json().is_some() => "answers with JSON that is no Stigmem discovery document: another service".to_owned(),
        200 => format!("answers with something that is not JSON: {:?}", one_line(text, 80)),
        _ => format!("answers {status}; a node answers 200"),
    }
}

fn starts_like_html(text: &str) -> bool {
    let start: String = text
        .trim_start()
        .chars()
        .take(15)
        .collect::<String>()
        .to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

fn title(html: &str) -> String {
    let low = html.to_ascii_lowercase();
    let found = low.find("<title>").and_then(|start| {
        let start = start + "<title>".len();
        Some(&html[start..start + low[start..].find('<')?])
    });
    found.map_or_else(String::new, |title| format!(" ({:?})", one_line(title, 80)))
}

/// A document with mistakes in it is still a node's: to find these is what the kit is for.
fn is_discovery(document: &Value) -> bool {
    document.is_object() && MEMBERS.iter().filter(|member| document.get(member).is_some()).count() >= 4
}

fn introduce(given: &Url, base: String, document: Value, schemas: &Schemas) -> Found {
    let mut findings = Vec::new();
    let shown = one_line(&base, 200);
    if base != given.as_str().trim_end_matches('/') {
        findings.push(Finding::wrong(format!(
            "{} is below the node; its base URL is {shown}",
            one_line(given.as_str(), 200)
        )));
    }
    let word = |name: &str| {
        document[name]
            .as_str()
            .map_or_else(|| "?".to_owned(), |text| one_line(text, 120))
    };
    findings.push(Finding::good(format!(
        "a Stigmem node {} answers, protocol version {}",
        word("node_id"),
        word("version")
    )));
    findings.push(schemas.mismatch("wire/discovery", &document).map_or_else(
        || Finding::good("its discovery document is valid"),
        |wrong| {
            Finding::wrong(format!(
                "its discovery document is not valid: at {:?}: {}",
                one_line(&wrong.pointer, 100),
                one_line(&wrong.message, 200)
            ))
        },
    ));
    let told = document["node_url"].as_str().unwrap_or_default();
    if !told.is_empty() && told.trim_end_matches('/') != base {
        findings.push(Finding::wrong(format!(
            "it calls itself {}; you reach it as {shown} (its clients and peers use the first)",
            one_line(told, 200)
        )));
    }
    if let Some(federation) = document["federation"].as_str() {
        findings.push(Finding::good(format!("federation: {}", one_line(federation, 40))));
    }
    Found {
        base,
        document,
        findings,
    }
}

const DISCOVERY: &str = "/.well-known/stigmem";
const MEMBERS: [&str; 7] = [
    "version",
    "node_id",
    "node_url",
    "auth",
    "federation",
    "namespaces",
    "spec",
];
const MAX_HOPS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_into_bases() {
        let of = |url: &str| candidates(&base_url(url).unwrap());
        assert_eq!(of("http://h:1/"), ["http://h:1"]);
        assert_eq!(of("http://h:1/v1/"), ["http://h:1/v1", "http://h:1"]);
        assert_eq!(
            of("https://h/mem/v1/facts"),
            ["https://h/mem/v1/facts", "https://h/mem", "https://h"]
        );
        assert_eq!(of("http://h/mem/.well-known/stigmem"), ["http://h/mem", "http://h"]);
        // Not every path with these letters is a route.
        assert_eq!(of("http://h/v10"), ["http://h/v10", "http://h"]);
    }

    #[test]
    fn a_bad_url_says_what_is_wrong_with_it() {
        let cases = [
            ("localhost:8765", "did you mean http://localhost:8765?"),
            ("example.com", "did you mean http://example.com?"),
            ("ftp://h/", "\"ftp\" is no scheme"),
            ("http://", "is not a URL"),
            ("http://h:99999", "is not a URL"),
            ("http://me:secret@h", "--key-env"),
            ("http://h/?a=b", "without query or fragment"),
            ("http://h/#x", "without query or fragment"),
            ("", "has no http://"),
        ];
        for (url, said) in cases {
            let message = base_url(url).unwrap_err().to_string();
            assert!(message.contains(said), "{url}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_page_is_told_from_a_node() {
        assert!(
            starts_like_html("\n <!DOCTYPE html><p>")
                && starts_like_html("<HTML lang=x>")
                && !starts_like_html("{\"<html\":1}")
        );
        assert_eq!(
            title("<html><Title>Wel\ncome\u{1b}</title>"),
            " (\"Wel come\\\\u{1b}\")"
        );
        assert_eq!(title("<title>never closed"), "");
        assert_eq!(title("İ<title>x</title>"), " (\"x\")");
    }
}
