//! Rules about everything that the node sent.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    CaseVerdict, Concerns, Failure, Verdict,
    expect::{self, Outcome},
    observe::Observation,
    pattern,
    wrong::{Wrong, short},
};
use crate::{
    bindings::Bindings,
    schemas::Schemas,
    trace::{Answer, CaseRecord, Exchange},
    vectors::{Case, Check, Every, Expect, Subject},
};

/// Judges all rules over all exchanges of a run.
pub fn judge(rules: &[Case], records: &[CaseRecord], schemas: &Schemas) -> Vec<(String, CaseVerdict)> {
    among(rules, records, schemas, &|_, _| true)
}

/// Judges each rule over the records that concern it. Each answer is read once, whatever the number of rules.
pub(super) fn among(
    rules: &[Case],
    records: &[CaseRecord],
    schemas: &Schemas,
    concerns: Concerns<'_>,
) -> Vec<(String, CaseVerdict)> {
    let states = rules
        .iter()
        .filter_map(|rule| Some((rule, State::new(rule.every()?, schemas))));
    let mut states: Vec<(&Case, State<'_>)> = states.collect();
    for record in records {
        let concerned = states.iter_mut().filter(|(rule, _)| concerns(rule, record));
        let mut concerned: Vec<&mut State<'_>> = concerned.map(|(_, state)| state).collect();
        for exchange in record.steps.iter().flat_map(|step| &step.exchanges) {
            let Answer::Response(response) = &exchange.answer else {
                continue;
            };
            let whole = Observation::of_exchange(exchange, response);
            for state in &mut concerned {
                state.look(record, exchange, &whole);
            }
        }
    }
    states
        .into_iter()
        .map(|(rule, state)| (rule.id.clone(), state.verdict()))
        .collect()
}

struct State<'a> {
    every: &'a Every,
    schemas: &'a Schemas,
    /// Why the rule cannot be judged.
    malformed: Option<String>,
    /// For `constant` and `unique`: what a key was seen with, on one node.
    seen: BTreeMap<(Node<'a>, String), Value>,
    subjects: usize,
    broken: usize,
    failures: Vec<Failure>,
}

impl<'a> State<'a> {
    fn new(every: &'a Every, schemas: &'a Schemas) -> Self {
        Self {
            every,
            schemas,
            malformed: malformed(every),
            seen: BTreeMap::new(),
            subjects: 0,
            broken: 0,
            failures: Vec::new(),
        }
    }

    fn verdict(self) -> CaseVerdict {
        if let Some(message) = self.malformed {
            return CaseVerdict::of(Verdict::Error, message);
        }
        if self.subjects == 0 {
            return CaseVerdict::of(Verdict::Inconclusive, "nothing of the kind was observed in this run");
        }
        let Some(first) = self.failures.first() else {
            return CaseVerdict {
                subjects: self.subjects,
                ..CaseVerdict::of(Verdict::Pass, "")
            };
        };
        let (expected, got) = (&first.wrong.expected, &first.wrong.got);
        let message = format!(
            "{} of {} break the rule; the first: expected {expected}, got {got}",
            self.broken, self.subjects
        );
        CaseVerdict {
            verdict: Verdict::Fail,
            subjects: self.subjects,
            message,
            failures: self.failures,
        }
    }

    fn look(&mut self, record: &'a CaseRecord, exchange: &'a Exchange, whole: &Observation) {
        let status = whole.status.unwrap_or_default();
        let succeeded = (200..300).contains(&status);
        if !applies(&self.every.filter, exchange, whole, self.schemas) {
            return;
        }
        match self.every.subject {
            Subject::Response => self.judge_whole(record, exchange, whole),
            Subject::Success if succeeded => self.judge_whole(record, exchange, whole),
            Subject::Error if status >= 400 => self.judge_whole(record, exchange, whole),
            Subject::Success | Subject::Error => {}
            Subject::Fact | Subject::Page | Subject::Conflict => {
                let Some(body) = whole.body.as_ref().filter(|_| succeeded) else {
                    return;
                };
                for (pointer, part) in find(self.every.subject, body) {
                    self.judge_part(record, exchange, &pointer, part);
                }
            }
        }
    }

    fn judge_whole(&mut self, record: &CaseRecord, exchange: &Exchange, whole: &Observation) {
        let Check::Expect(expect) = &self.every.check else {
            return;
        };
        self.subjects += 1;
        if let Outcome::Wrong(wrong, _) = expect::check(expect, whole, &Bindings::default(), self.schemas) {
            self.blame(record, exchange, wrong);
        }
    }

    fn judge_part(&mut self, record: &'a CaseRecord, exchange: &'a Exchange, pointer: &str, part: &Value) {
        match &self.every.check {
            Check::Expect(expect) => {
                self.subjects += 1;
                let wrong = expect
                    .body
                    .as_ref()
                    .and_then(|wanted| pattern::at(pointer, wanted, Some(part)).err())
                    .or_else(|| {
                        let schema = expect.schema.clone().flatten()?;
                        let mismatch = self.schemas.mismatch(&schema, part)?;
                        Some(Wrong::new(
                            &format!("{pointer}{}", mismatch.pointer),
                            mismatch.message,
                            part.pointer(&mismatch.pointer),
                        ))
                    });
                if let Some(wrong) = wrong {
                    self.blame(record, exchange, wrong);
                }
            }
            Check::Constant { by, members } => {
                let values: Vec<Value> = members
                    .iter()
                    .map(|member| part.pointer(member).cloned().unwrap_or_default())
                    .collect();
                // A record without the key is another rule's matter.
                let Some(by) = part.pointer(by) else { return };
                let key = (node_of(record, exchange), by.to_string());
                let Some(before) = self.seen.get(&key) else {
                    self.seen.insert(key, values.into());
                    return;
                };
                // A record that is seen once says nothing about change.
                self.subjects += 1;
                let Some(n) = (0..members.len()).find(|n| !pattern::equal(&before[n], &values[*n])) else {
                    return;
                };
                let wrong = Wrong::new(
                    &format!("{pointer}{}", members[n]),
                    format!("{}, as it was before", short(&before[n])),
                    Some(&values[n]),
                );
                self.blame(record, exchange, wrong);
            }
            Check::Unique { by, key } => {
                let Some(found) = part.pointer(by) else { return };
                let owner = part.pointer(key).cloned().unwrap_or_default();
                self.subjects += 1;
                let before = self
                    .seen
                    .entry((node_of(record, exchange), found.to_string()))
                    .or_insert_with(|| owner.clone());
                if *before != owner {
                    let wrong = Wrong::said(
                        &format!("{pointer}{by}"),
                        "a value of its own",
                        format!("{}, the same as of {}", short(found), short(before)),
                    );
                    self.blame(record, exchange, wrong);
                }
            }
        }
    }

    fn blame(&mut self, record: &CaseRecord, exchange: &Exchange, wrong: Wrong) {
        self.broken += 1;
        if self.failures.len() < MAX_SHOWN {
            let blame = Some((record.case.clone(), exchange.n));
            self.failures.push(Failure {
                step: 0,
                verb: "every".to_owned(),
                wrong,
                exchange: blame,
            });
        }
    }
}

/// Parts of answers have a body, and neither a status nor headers.
fn malformed(every: &Every) -> Option<String> {
    let filter = expect::malformed(&every.filter).map(|message| format!("where: {message}"));
    let Check::Expect(expect) = &every.check else {
        return filter;
    };
    let is_part = matches!(every.subject, Subject::Fact | Subject::Page | Subject::Conflict);
    let of_parts = Expect {
        schema: expect.schema.clone(),
        body: expect.body.clone(),
        ..Expect::default()
    };
    if is_part && **expect != of_parts {
        return Some("expect: a part of an answer has nothing but `body` and `schema`".to_owned());
    }
    filter.or_else(|| expect::malformed(expect))
}

fn applies(filter: &Expect, exchange: &Exchange, whole: &Observation, schemas: &Schemas) -> bool {
    let path = exchange.request.target.split('?').next().unwrap_or_default();
    let fits = |wanted: &Option<Value>, found: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| pattern::matches(wanted, Some(&found.into())).is_ok())
    };
    fits(&filter.method, &exchange.request.method)
        && fits(&filter.path, path)
        && matches!(
            expect::check(filter, whole, &Bindings::default(), schemas),
            Outcome::Holds(_)
        )
}

/// The node of a record and, where the case has several, which of them.
type Node<'a> = (&'a str, Option<&'a str>);

/// A case with a node of its own shares no store with the others.
fn node_of<'a>(record: &'a CaseRecord, exchange: &'a Exchange) -> Node<'a> {
    let node = record.names.get("node").and_then(Value::as_str);
    (node.unwrap_or_default(), exchange.on.as_deref())
}

/// The parts of a body that are such a record, with their places.
fn find(subject: Subject, body: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    let is_fact = |value: &Value| {
        value.get("entity").is_some() && value.get("relation").is_some() && value.get("value").is_some()
    };
    let list = |name: &str| {
        body.get(name)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    if subject == Subject::Fact && is_fact(body) {
        found.push((String::new(), body));
    }
    if body.get("facts").is_some_and(Value::is_array) && subject == Subject::Page {
        found.push((String::new(), body));
    }
    for (n, fact) in list("facts")
        .iter()
        .enumerate()
        .filter(|(_, fact)| subject == Subject::Fact && is_fact(fact))
    {
        found.push((format!("/facts/{n}"), fact));
    }
    for (n, conflict) in list("conflicts").iter().enumerate() {
        match subject {
            Subject::Conflict => found.push((format!("/conflicts/{n}"), conflict)),
            Subject::Fact => {
                let sides = ["fact_a", "fact_b"]
                    .into_iter()
                    .filter_map(|side| Some((side, conflict.get(side).filter(|fact| is_fact(fact))?)));
                found.extend(sides.map(|(side, fact)| (format!("/conflicts/{n}/{side}"), fact)));
            }
            _ => {}
        }
    }
    found
}

/// How many broken subjects a report shows; the count is of all.
const MAX_SHOWN: usize = 3;
