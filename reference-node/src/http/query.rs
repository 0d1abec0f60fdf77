//! Query strings: decoding, and one reader per kind of parameter.
//!
//! Unknown parameters are ignored, of a repeated one the last counts, and an empty text means absent. An empty number or
//! boolean is refused.

use std::collections::HashMap;

use axum::http::Uri;

use super::errors::ApiError;
use crate::domain::fact::Issue;
use crate::domain::instant::Instant;
use crate::domain::scope::Scope;
use crate::domain::uri;
use crate::policy::{AfterOffset, AskedNames, ThresholdDigits, UnknownParameters};

pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(crate) fn of(uri: &Uri) -> Result<Self, ApiError> {
        let mut parameters = HashMap::new();
        for pair in uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.insert(decode(name)?, decode(value)?);
        }
        Ok(Self(parameters))
    }

    /// Looks whether a route that has these parameters may ignore the others.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let refused = UnknownParameters::now() == UnknownParameters::Refused;
        if refused && self.0.keys().any(|name| !known.contains(&name.as_str())) {
            let issue = Issue::new(&[], "extra_forbidden", "nobody knows one of the parameters");
            return Err(ApiError::invalid("query", vec![issue]));
        }
        Ok(())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// An entity or source name in its normal form.
    pub(crate) fn name(&self, name: &'static str) -> Result<Option<String>, ApiError> {
        let normalise = |raw| {
            uri::normalise(raw)
                .map(|normal| AskedNames::now().of(normal, raw))
                .map_err(|error| ApiError::bad_request("invalid_entity_uri", format!("{name}: {error}")))
        };
        self.text(name).map(normalise).transpose()
    }

    pub(crate) fn scope(&self) -> Result<Option<Scope>, ApiError> {
        let parse = |word| {
            Scope::parse(word)
                .ok_or_else(|| ApiError::bad_request("invalid_scope", "a scope is one of local, team, company, public"))
        };
        self.text("scope").map(parse).transpose()
    }

    pub(crate) fn boolean(&self, name: &'static str) -> Result<bool, ApiError> {
        let Some(word) = self.0.get(name) else {
            return Ok(false);
        };
        match word.to_ascii_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
            "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
            _ => Err(refused(name, "bool_parsing", "this parameter is true or false")),
        }
    }

    /// A number between 0 and 1.
    pub(crate) fn confidence(&self, name: &'static str) -> Result<Option<f64>, ApiError> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(number) if (0.0..=1.0).contains(&number) => Ok(Some(ThresholdDigits::now().of(number))),
            Ok(_) => Err(refused(name, "out_of_range", "a confidence is between 0 and 1")),
            Err(_) => Err(refused(name, "float_parsing", "a confidence is a number")),
        }
    }

    /// The page size: 1 to 500, 50 when absent.
    pub(crate) fn limit(&self) -> Result<u32, ApiError> {
        self.limit_or(50)
    }

    /// The page size: 1 to 500.
    pub(crate) fn limit_or(&self, default: u32) -> Result<u32, ApiError> {
        let Some(text) = self.0.get("limit") else {
            return Ok(default);
        };
        match text.parse::<u32>() {
            Ok(limit) if (1..=500).contains(&limit) => Ok(limit),
            _ => Err(refused(
                "limit",
                "out_of_range",
                "the limit is an integer from 1 to 500",
            )),
        }
    }

    /// A date-time in microseconds. A `+` that nobody escaped has become a blank by now; it is read as what it was.
    pub(crate) fn instant(&self, name: &'static str) -> Result<Option<i64>, ApiError> {
        let parse = |text: &str| {
            Instant::parse(&AfterOffset::now().of(text.replace(' ', "+")))
                .map(|instant| instant.micros)
                .ok_or_else(|| {
                    refused(
                        name,
                        "datetime_parsing",
                        "this parameter is RFC 3339 with an explicit offset",
                    )
                })
        };
        self.text(name).map(parse).transpose()
    }
}

pub(crate) fn refused(name: &'static str, kind: &'static str, message: &str) -> ApiError {
    ApiError::invalid("query", vec![Issue::new(&[name], kind, message)])
}

pub(crate) fn invalid_cursor() -> ApiError {
    ApiError::bad_request("invalid_cursor", "this node did not issue that cursor for this list")
}

/// Percent-decoding with `+` for a blank.
fn decode(text: &str) -> Result<String, ApiError> {
    percent_decode(&text.replace('+', " "))
        .ok_or_else(|| ApiError::bad_request("invalid_encoding", "the query string is not percent-encoded UTF-8"))
}

/// `None` for a broken escape and for bytes that are not UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use proptest::prelude::*;

    fn parameters(query: &str) -> Parameters {
        Parameters::of(&format!("/v1/facts?{query}").parse().unwrap()).unwrap()
    }

    #[test]
    fn the_last_of_a_repeated_parameter_counts() {
        let parameters = parameters("relation=a&&relation=b%3Ac+d&source=&unknown");
        assert_eq!(parameters.text("relation"), Some("b:c d"));
        assert_eq!(parameters.text("source"), None);
    }

    #[test]
    fn wrong_parameters_are_refused() {
        for (query, status) in [
            ("limit=0", 422),
            ("limit=501", 422),
            ("limit=", 422),
            ("limit=5.0", 422),
            ("limit=-1", 422),
            ("limit=99999999999999999999", 422),
            ("min_confidence=", 422),
            ("min_confidence=nan", 422),
            ("min_confidence=1.01", 422),
            ("min_confidence=inf", 422),
            ("include_expired=", 422),
            ("include_expired=2", 422),
            ("scope=Local", 400),
            ("after=yesterday", 422),
            ("after=2026-01-02", 422),
            ("entity=%20", 400),
            ("entity=stigmem://a", 400),
        ] {
            let parameters = parameters(query);
            let refusals = [
                parameters.limit().err(),
                parameters.confidence("min_confidence").err(),
                parameters.boolean("include_expired").err(),
                parameters.scope().err(),
                parameters.instant("after").err(),
                parameters.name("entity").err(),
            ];
            let statuses: Vec<u16> = refusals
                .into_iter()
                .flatten()
                .map(|error| error.into_response().status().as_u16())
                .collect();
            assert_eq!(statuses, [status], "{query}");
        }
        for query in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%+1"] {
            assert!(
                Parameters::of(&format!("/v1/facts?{query}").parse().unwrap()).is_err(),
                "{query}"
            );
        }
    }

    #[test]
    fn an_unescaped_plus_in_an_offset_is_understood() {
        let escaped = parameters("after=2026-01-02T03:04:05%2B01:00")
            .instant("after")
            .unwrap();
        assert!(escaped.is_some());
        assert_eq!(
            parameters("after=2026-01-02T03:04:05+01:00").instant("after").unwrap(),
            escaped
        );
    }

    proptest! {
        #[test]
        fn an_escaped_text_comes_back(name in "[a-z]{1,5}", text: String) {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let parameters = parameters(&format!("{name}={escaped}"));
            prop_assert_eq!(parameters.text(&name), Some(text.as_str()).filter(|text| !text.is_empty()));
            prop_assert_eq!(percent_decode(&escaped), Some(text));
        }

        #[test]
        fn no_query_panics(query in "(entity|limit|scope|after|min_confidence|x)?=?[0-9a-zA-Z%+&=.:-]{0,24}") {
            let Ok(parameters) = Parameters::of(&format!("/v1/facts?{query}").parse().unwrap()) else { return Ok(()) };
            prop_assert!(parameters.limit().is_ok_and(|limit| (1..=500).contains(&limit)) || parameters.limit().is_err());
            prop_assert!(!matches!(parameters.confidence("min_confidence"), Ok(Some(number)) if !(0.0..=1.0).contains(&number)));
            let _ = (parameters.name("entity").is_ok(), parameters.scope().is_ok(), parameters.instant("after").is_ok(), parameters.boolean("x").is_ok());
        }
    }
}
