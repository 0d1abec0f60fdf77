//! Addresses of nodes: when two URLs name the same node, what a URL's authority is, what is loopback.

use std::net::IpAddr;

use super::uri;
use crate::policy::{AuthorityIn, SameAddress};

/// The parts of an `http` or `https` URL that matter here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    https: bool,
    /// In lower case; an IPv6 address keeps its brackets.
    host: String,
    port: Option<u16>,
    path: String,
}

impl Address {
    /// Reads a URL without user information, query or fragment. A trailing slash and the scheme's own port are dropped.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        if url.len() > 2_048 || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        if rest.contains(['?', '#', '@', '\\']) {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let default = if https { 443 } else { 80 };
        Some(Self {
            https,
            host: host.to_ascii_lowercase(),
            port: port.filter(|port| *port != default),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether `authority`, as it stands in a name, is this one.
    pub(crate) fn owns(&self, authority: &str) -> bool {
        let Some((host, port)) = split_port(authority) else {
            return false;
        };
        let default = if self.https { 443 } else { 80 };
        host.eq_ignore_ascii_case(&self.host) && port.unwrap_or(default) == self.port.unwrap_or(default)
    }

    /// Whether only this machine reaches it.
    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.bare_host();
        let named = bare == "localhost" || bare.ends_with(".localhost");
        named || bare.parse::<IpAddr>().is_ok_and(|ip| plain(ip).is_loopback())
    }

    /// What a resolver is asked for.
    pub(crate) fn target(&self) -> (String, u16) {
        let port = self.port.unwrap_or(if self.https { 443 } else { 80 });
        (self.bare_host().to_owned(), port)
    }

    /// The host in lower case, an IPv6 address with its brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// Whether a declared and a published URL name one node.
pub(crate) fn are_the_same(declared: &str, published: &str) -> bool {
    match SameAddress::now() {
        SameAddress::Parsed => {
            let declared = Address::parse(declared);
            declared.is_some() && declared == Address::parse(published)
        }
        SameAddress::Texts => declared == published,
        SameAddress::TextsWithoutTheDeclaredSlash => declared.trim_end_matches('/') == published,
    }
}

/// Loopback, and the addresses that some systems take for it.
pub(crate) fn is_own_machine(ip: IpAddr) -> bool {
    plain(ip).is_loopback() || plain(ip).is_unspecified()
}

/// An IPv4 address that wears an IPv6 one is what it is.
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = authority.find(']').map_or(0, |at| at + 1);
    let (host, port) = match authority[end_of_host..].find(':') {
        Some(at) => {
            let (host, port) = authority.split_at(end_of_host + at);
            let port = &port[1..];
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            (host, Some(port.parse().ok().filter(|_| digits)?))
        }
        None => (authority, None),
    };
    (!host.is_empty()).then_some((host, port))
}

/// The authority of a formal name, `stigmem://authority/type/id`, however that is spelt: blanks around it and escapes in it hide nobody.
pub(crate) fn authority_of_name(name: &str) -> Option<String> {
    const SCHEME: &str = "stigmem://";
    let normal = match AuthorityIn::now() {
        AuthorityIn::TheNormalForm => uri::normalise(name).ok(),
        AuthorityIn::TheTextAsSent => None,
    };
    let name = normal.as_deref().unwrap_or(name);
    let scheme = name.get(..SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let authority = name[SCHEME.len()..].split('/').next();
    authority.filter(|part| !part.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(url: &str) -> Address {
        Address::parse(url).unwrap_or_else(|| panic!("{url}"))
    }

    #[test]
    fn one_node_has_several_spellings() {
        for (a, b) in [
            ("http://node.example", "HTTP://Node.Example/"),
            ("http://node.example", "http://node.example:80"),
            ("https://node.example:443/base/", "https://node.example/base"),
            ("http://[::1]:8765", "http://[::1]:8765/"),
        ] {
            assert_eq!(address(a), address(b), "{a} {b}");
        }
        for (a, b) in [
            ("http://node.example", "https://node.example"),
            ("http://node.example", "http://node.example:8765"),
            ("http://node.example", "http://node.example/base"),
        ] {
            assert_ne!(address(a), address(b), "{a} {b}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "",
            "node.example",
            "ftp://node.example",
            "http://",
            "http://:80",
            "http://user@node.example",
            "http://node.example:port",
            "http://node.example:99999",
            "http://node.example:+80",
            "http://node.example?x=1",
            "http://node.example#x",
            "http://nöde.example",
            "http://a b",
        ] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }

    #[test]
    fn loopback_is_recognised() {
        for (url, loopback) in [
            ("http://localhost:1", true),
            ("http://127.3.2.1", true),
            ("http://[::1]:1", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://0.0.0.0:1", false),
            ("http://10.0.0.1", false),
            ("http://node.example", false),
        ] {
            assert_eq!(address(url).is_loopback(), loopback, "{url}");
        }
        for (ip, own) in [
            ("0.0.0.0", true),
            ("::", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_own_machine(ip.parse().unwrap()), own, "{ip}");
        }
    }

    #[test]
    fn names_belong_to_their_authority() {
        let node = address("http://Node.example:8765");
        for (name, owned) in [
            ("stigmem://node.example:8765/agent/a", true),
            ("Stigmem://NODE.example:8765/agent/a", true),
            ("  stigmem://node.example:8765/agent/a", true),
            ("%73tigmem://node.example:8765/agent/a", true),
            ("stigmem://node.example/agent/a", false),
            ("stigmem://node.example:87650/agent/a", false),
            ("agent:node.example:8765", false),
            ("stigmem:///agent/a", false),
        ] {
            let authority = authority_of_name(name);
            assert_eq!(authority.is_some_and(|part| node.owns(&part)), owned, "{name}");
        }
        assert!(address("http://node.example").owns("node.example:80"));
    }

    proptest! {
        #[test]
        fn an_address_owns_its_own_names(host in "[a-zA-Z][a-zA-Z0-9.-]{0,12}|\\[::[0-9a-fA-F]{1,4}\\]", port in prop::option::of(any::<u16>()), path in "(/[a-z]{1,3}){0,2}/?") {
            let authority = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
            let node = address(&format!("HTTP://{authority}{path}"));
            prop_assert_eq!(&node, &address(&format!("http://{}{}/", authority.to_lowercase(), path)));
            prop_assert!(node.owns(&authority));
            let name = authority_of_name(&format!(" STIGMEM://{authority}/agent/A b"));
            prop_assert!(name.is_some_and(|part| node.owns(&part)));
        }

        #[test]
        fn no_text_panics(text: String, url in "https?://[a-z0-9.:\\[\\]@/é-]{0,16}", name in "(?i:stigmem://)?[%A-Fa-f0-9/: ]{0,12}") {
            let read = [&text, &url].map(|text| Address::parse(text));
            for node in read.into_iter().flatten() {
                let _ = (node.is_loopback(), node.target(), node.owns(&text), node.owns(&name));
            }
            let _ = (authority_of_name(&text), authority_of_name(&name));
        }
    }
}
