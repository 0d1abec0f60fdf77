//! Members of a request's body, read one by one; what is wrong with them is collected, and told all at once.

use super::fact::{Issue, Refusal};
use super::json::Json;
use super::scope::Scope;

pub(crate) struct Members<'b, 'a> {
    body: &'b Json<'a>,
    issues: Vec<Issue>,
}

impl<'b, 'a> Members<'b, 'a> {
    /// Only an object has members.
    pub(crate) fn of(body: &'b Json<'a>) -> Result<Self, Refusal> {
        if !matches!(body, Json::Object(_)) {
            let issue = Issue::new(&[], "object_type", "the body is a JSON object");
            return Err(Refusal::Issues(vec![issue]));
        }
        Ok(Self {
            body,
            issues: Vec::new(),
        })
    }

    pub(crate) fn refuse(&mut self, member: &'static str, kind: &'static str, message: &str) {
        self.issues.push(Issue::new(&[member], kind, message));
    }

    /// A member that may be left out, which null does too.
    pub(crate) fn optional(&self, member: &str) -> Option<&'b Json<'a>> {
        self.body.member(member).filter(|json| !matches!(json, Json::Null))
    }

    pub(crate) fn text(&mut self, member: &'static str) -> Option<&'b str> {
        match self.optional(member)? {
            Json::String(text) => return Some(text),
            _ => self.refuse(member, "string_type", "this member is a string"),
        }
        None
    }

    /// The same where it may not be left out, nor be empty, nor have more than so many bytes.
    pub(crate) fn name(&mut self, member: &'static str, longest: usize) -> Option<&'b str> {
        match self.body.member(member) {
            Some(Json::String(text)) if text.is_empty() => {
                self.refuse(member, "string_too_short", "this member has at least one character");
            }
            Some(Json::String(text)) if text.len() > longest => {
                let message = format!("this member has at most {longest} bytes");
                self.refuse(member, "string_too_long", &message);
            }
            Some(Json::String(text)) => return Some(text),
            Some(_) => self.refuse(member, "string_type", "this member is a string"),
            None => self.refuse(member, "missing", "this member is required"),
        }
        None
    }

    pub(crate) fn boolean(&mut self, member: &'static str) -> Option<bool> {
        match self.optional(member)? {
            Json::Bool(truth) => return Some(*truth),
            _ => self.refuse(member, "bool_type", "this member is true or false"),
        }
        None
    }

    /// A number from 0 to 1.
    pub(crate) fn confidence(&mut self, member: &'static str) -> Option<f64> {
        let Json::Number(literal) = self.optional(member)? else {
            self.refuse(member, "number_type", "this member is a number");
            return None;
        };
        let number = literal.parse::<f64>().ok();
        let number = number.filter(|number| (0.0..=1.0).contains(number));
        if number.is_none() {
            self.refuse(member, "out_of_range", "a confidence is between 0 and 1");
        }
        number
    }

    /// A count of seconds, 0 or more. What is beyond all counting is the largest there is.
    pub(crate) fn seconds(&mut self, member: &'static str) -> Option<i64> {
        let number = match self.optional(member)? {
            Json::Number(literal) => literal.parse::<f64>().ok().zip(Some(literal)),
            _ => None,
        };
        let Some((number, literal)) = number.filter(|(number, _)| *number >= 0.0 && number.fract() == 0.0) else {
            self.refuse(member, "int_type", "this member is an integer, 0 or more");
            return None;
        };
        // A double has not all the digits of a large integer.
        Some(literal.parse().unwrap_or(number as i64))
    }

    /// The scope that a request must name.
    pub(crate) fn scope(&mut self) -> Option<Scope> {
        match self.body.member("scope") {
            Some(Json::String(word)) => {
                let scope = Scope::parse(word);
                if scope.is_none() {
                    let message = "a scope is one of local, team, company, public";
                    self.refuse("scope", "literal_error", message);
                }
                scope
            }
            Some(_) => {
                self.refuse("scope", "string_type", "a scope is a string");
                None
            }
            None => {
                self.refuse("scope", "missing", "this member is required");
                None
            }
        }
    }

    /// What was made of the members, if nothing was wrong with them.
    pub(crate) fn finish<T>(self, made: Option<T>) -> Result<T, Refusal> {
        made.filter(|_| self.issues.is_empty())
            .ok_or(Refusal::Issues(self.issues))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json;

    #[test]
    fn seconds_are_counted_in_integers() {
        for (literal, seconds) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("60.0", Some(60)),
            ("315360000", Some(315_360_000)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("100000000000000000000000000000", Some(i64::MAX)),
            ("-1", None),
            ("1.5", None),
            ("\"1\"", None),
            ("[1]", None),
            ("true", None),
        ] {
            let text = format!("{{\"s\": {literal}}}");
            let body = json::read(text.as_bytes()).unwrap();
            let mut members = Members::of(&body).unwrap();
            assert_eq!(members.seconds("s"), seconds, "{literal}");
            assert_eq!(members.finish(Some(())).is_ok(), seconds.is_some(), "{literal}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let body =
            json::read(br#"{"scope": "Local", "entity": 1, "min": 1.0000000000000002, "on": "true", "no": null}"#);
        let body = body.unwrap();
        let mut members = Members::of(&body).unwrap();
        assert_eq!((members.scope(), members.text("entity")), (None, None));
        assert_eq!((members.confidence("min"), members.boolean("on")), (None, None));
        assert_eq!((members.text("no"), members.boolean("absent")), (None, None));
        let Err(Refusal::Issues(issues)) = members.finish(Some(())) else {
            panic!("nothing was wrong")
        };
        let kinds: Vec<_> = issues.iter().map(|issue| issue.kind).collect();
        assert_eq!(kinds, ["literal_error", "string_type", "out_of_range", "bool_type"]);
        assert!(Members::of(&Json::Null).is_err());
    }
}
