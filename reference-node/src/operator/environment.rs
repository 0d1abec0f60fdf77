//! The environment contract of adapters (section 12.2): which node, with which key, in whose name.

use std::ffi::OsString;

use crate::domain::address::Address;
use crate::domain::uri;

const URL: &str = "STIGMEM_URL";
const KEY: &str = "STIGMEM_API_KEY";
const SOURCE: &str = "STIGMEM_SOURCE_ENTITY";

/// What the variables say. It has no `Debug`, because it holds a key.
pub(crate) struct Environment {
    /// Base URL of the node, without a slash at its end.
    pub(crate) url: String,
    pub(crate) key: Option<String>,
    /// Whom writes are by, if the host says so.
    pub(crate) source: Option<String>,
    /// Host of the URL.
    authority: String,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EnvironmentError {
    #[error("STIGMEM_URL is not a plain http or https URL such as http://127.0.0.1:8765")]
    Url,
    #[error("STIGMEM_API_KEY holds characters that no key has")]
    Key,
    #[error("STIGMEM_SOURCE_ENTITY is not a name: {0}")]
    Source(#[from] uri::UriError),
    #[error("{0} is not UTF-8")]
    Encoding(&'static str),
}

impl Environment {
    /// Nothing without `STIGMEM_URL`, whatever else is set: then there is no node to talk to. An empty variable counts
    /// as absent, because that is how a shell passes on what is not set.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Self>, EnvironmentError> {
        let text = |name: &'static str| -> Result<Option<String>, EnvironmentError> {
            let value = variable(name).map(OsString::into_string).transpose();
            let value = value.map_err(|_| EnvironmentError::Encoding(name))?;
            Ok(value
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty()))
        };
        let Some(url) = text(URL)? else {
            return Ok(None);
        };
        let address = Address::parse(&url).ok_or(EnvironmentError::Url)?;
        let key = text(KEY)?;
        // Anything else would not fit into a header, or end it.
        if key
            .as_ref()
            .is_some_and(|key| !key.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(EnvironmentError::Key);
        }
        let source = text(SOURCE)?;
        if let Some(source) = &source {
            uri::normalise(source)?;
        }
        Ok(Some(Self {
            url: url.trim_end_matches('/').to_owned(),
            key,
            source,
            authority: address.host().to_owned(),
        }))
    }

    /// The variables of this process.
    pub(crate) fn of_process() -> Result<Option<Self>, EnvironmentError> {
        Self::read(|name| std::env::var_os(name))
    }

    /// A node that was named on the command line.
    pub(crate) fn of_arguments(url: &str, key: Option<&str>) -> Result<Option<Self>, EnvironmentError> {
        Self::read(|name| match name {
            URL => Some(url.into()),
            KEY => key.map(Into::into),
            _ => None,
        })
    }

    /// A formal name (section 2.5) below the node's host.
    pub(crate) fn name(&self, kind: &str, id: &str) -> String {
        format!("stigmem://{}/{kind}/{id}", self.authority)
    }

    /// Whom writes are by: whom the host names, or else the adapter `agent`.
    pub(crate) fn source_or(&self, agent: &str) -> String {
        self.source.clone().unwrap_or_else(|| self.name("agent", agent))
    }
}

/// Whether two names are one, in whichever spelling.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    a == b || uri::normalise(a).is_ok_and(|a| uri::normalise(b).as_ref() == Ok(&a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Environment>, EnvironmentError> {
        Environment::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    fn with(variables: &[(&str, &str)]) -> Environment {
        match read(variables) {
            Ok(Some(environment)) => environment,
            Ok(None) => panic!("{variables:?} has no URL"),
            Err(error) => panic!("{error} in {variables:?}"),
        }
    }

    #[test]
    fn without_a_url_there_is_no_node_whatever_else_is_set() {
        for variables in [
            &[(URL, "")][..],
            &[],
            &[(URL, "  ")],
            &[(KEY, "two words"), (SOURCE, "stigmem://a")],
        ] {
            assert!(matches!(read(variables), Ok(None)), "{variables:?}");
        }
    }

    #[test]
    fn the_three_variables_are_read() {
        let environment = with(&[
            (URL, "http://node.example:8765/"),
            (KEY, "0123456789abcdef"),
            (SOURCE, "stigmem://Node.example/agent/Me"),
        ]);
        assert_eq!(environment.url, "http://node.example:8765");
        assert_eq!(environment.key.as_deref(), Some("0123456789abcdef"));
        // As it was given: the node is who normalises.
        assert_eq!(environment.source_or("hook"), "stigmem://Node.example/agent/Me");
    }

    #[test]
    fn names_are_below_the_host_of_the_url() {
        for (url, name) in [
            ("http://Node.Example:8765/base", "stigmem://node.example/agent/hook"),
            ("https://node.example", "stigmem://node.example/agent/hook"),
            ("http://[::1]:8765", "stigmem://[::1]/agent/hook"),
        ] {
            let environment = with(&[(URL, url), (KEY, ""), (SOURCE, " ")]);
            assert_eq!(environment.source_or("hook"), name);
            assert_eq!(environment.key, None);
            assert!(uri::normalise(name).is_ok_and(|normal| normal == name));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (variables, variable) in [
            (&[(URL, "node.example")][..], URL),
            (&[(URL, "ftp://node.example")], URL),
            (&[(URL, "http://user:secret@node.example")], URL),
            (&[(URL, "http://node.example"), (KEY, "a\r\nX-Other: b")], KEY),
            (&[(URL, "http://node.example"), (KEY, "schlüssel")], KEY),
            (&[(URL, "http://node.example"), (SOURCE, "stigmem://a")], SOURCE),
            (&[(URL, "http://node.example"), (SOURCE, "agent:a\u{1b}[2J")], SOURCE),
        ] {
            let Err(error) = read(variables) else {
                panic!("{variables:?} was read");
            };
            assert!(error.to_string().starts_with(variable), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_name_is_known_in_any_spelling() {
        let source = "stigmem://Node.example/agent/me";
        for (name, same) in [
            (source, true),
            ("stigmem://node.example/agent/ME", true),
            ("stigmem://node.example/agent/you", false),
            ("", false),
        ] {
            assert_eq!(is_same(name, source), same, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_refused() {
        use std::os::unix::ffi::OsStringExt;

        let read = Environment::read(|name| (name == URL).then(|| OsString::from_vec(vec![b'h', 0xff])));
        assert!(matches!(read, Err(EnvironmentError::Encoding(URL))));
    }
}
