//! The context pull of section 12.3: what is asked at boot, and which of the answers is taken.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::federation::client::Limits;
use crate::operator::environment::{Environment, is_same};
use crate::operator::node::{CallError, Node, target};
use crate::operator::record::FactRecord;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: 8 << 20,
};
/// How long all questions together may take: an agent waits for them.
const ALL: Duration = Duration::from_secs(20);
/// The most facts of one page that a node has to give.
const PAGE: &str = "500";
const MOST_PROJECTS: usize = 16;
/// The most handoffs whose references are asked for.
const MOST_HANDOFFS: usize = 20;

/// What the node had to say, and what went wrong.
#[derive(Default)]
pub(super) struct Pulled {
    pub(super) facts: Vec<FactRecord>,
    pub(super) remarks: Vec<String>,
}

/// Never fails: what cannot be asked counts as no facts.
pub(super) async fn pull(environment: &Environment, entity: &str, projects: &[String]) -> Pulled {
    let mut pull = match Pull::begin(environment).await {
        Ok(pull) => pull,
        Err(error) => {
            return Pulled {
                facts: Vec::new(),
                remarks: vec![error.to_string()],
            };
        }
    };
    pull.preferences(entity).await;
    for project in projects.iter().take(MOST_PROJECTS) {
        pull.constraints(project).await;
    }
    if let Some(source) = &environment.source {
        pull.handoffs(source).await;
    }
    pull.escalations().await;
    pull.pulled
}

struct Pull {
    node: Node,
    deadline: Instant,
    /// Whether the node did not answer: then it is not asked again.
    gone: bool,
    pulled: Pulled,
}

/// One question, and which facts are an answer to it: a node that is asked for one thing may send another.
struct Question<'a> {
    entity: Option<&'a str>,
    /// The relation, or with a colon at its end the namespace.
    relation: &'a str,
    least: f64,
    limit: &'a str,
    /// Facts of one triple whose values differ, too.
    all_values: bool,
}

#[derive(Deserialize)]
struct Page {
    /// Facts, each of which may be none.
    facts: Vec<Value>,
}

impl Pull {
    async fn begin(environment: &Environment) -> Result<Self, CallError> {
        let node = Node::new(environment, LIMITS)?;
        let deadline = Instant::now() + ALL;
        node.probe().await?;
        Ok(Self {
            node,
            deadline,
            gone: false,
            pulled: Pulled::default(),
        })
    }

    async fn preferences(&mut self, entity: &str) {
        let question = Question::about(entity, "preference:", 0.7);
        self.take(&question, |_| true).await;
    }

    async fn constraints(&mut self, project: &str) {
        let question = Question::about(project, "roadmap:constraint", 0.7);
        self.take(&question, |_| true).await;
    }

    /// Work that is handed to `source`, and the facts that it refers to.
    async fn handoffs(&mut self, source: &str) {
        let question = Question::of("intent:handoff_to", 0.8, PAGE);
        // No node normalises what a `ref` says.
        let is_mine = |fact: &FactRecord| fact.value.v.as_str().is_some_and(|target| is_same(target, source));
        let mine = self.take(&question, is_mine).await;
        for handoff in mine.iter().take(MOST_HANDOFFS) {
            let mut question = Question::about(handoff, "intent:context_ref", 0.0);
            // A handoff refers to several facts by one relation, which makes them contradict each other.
            question.all_values = true;
            self.take(&question, |fact| fact.entity == *handoff).await;
        }
    }

    async fn escalations(&mut self) {
        self.take(&Question::of("intent:escalation", 0.8, "10"), |_| true).await;
    }

    /// Asks, takes the facts that are an answer and `are_meant`, and returns their entities.
    async fn take(&mut self, question: &Question<'_>, is_meant: impl Fn(&FactRecord) -> bool) -> Vec<String> {
        let mut entities = Vec::new();
        for fact in self.ask(question).await {
            let known = self.pulled.facts.iter().any(|known| known.id == fact.id);
            if !known && question.is_answered_by(&fact) && is_meant(&fact) {
                entities.push(fact.entity.clone());
                self.pulled.facts.push(fact);
            }
        }
        entities
    }

    async fn ask(&mut self, question: &Question<'_>) -> Vec<FactRecord> {
        if self.gone {
            return Vec::new();
        }
        let target = question.target();
        let asked = async { self.node.get(&target).await?.read::<Page>() };
        match timeout_at(self.deadline, asked).await {
            Ok(Ok(page)) => {
                let facts = page.facts.into_iter();
                return facts.filter_map(|fact| serde_json::from_value(fact).ok()).collect();
            }
            Ok(Err(error)) => {
                self.gone = matches!(error, CallError::NoAnswer { .. });
                self.remark(format!("{}: {error}", question.relation.trim_end_matches(':')));
            }
            Err(_) => {
                self.gone = true;
                self.remark(format!("the context is not whole after {} s", ALL.as_secs()));
            }
        }
        Vec::new()
    }

    /// Of several failures the first one tells enough.
    fn remark(&mut self, remark: String) {
        if self.pulled.remarks.is_empty() {
            self.pulled.remarks.push(remark);
        }
    }
}

impl<'a> Question<'a> {
    fn of(relation: &'a str, least: f64, limit: &'a str) -> Self {
        Self {
            entity: None,
            relation,
            least,
            limit,
            all_values: false,
        }
    }

    fn about(entity: &'a str, relation: &'a str, least: f64) -> Self {
        Self {
            entity: Some(entity),
            ..Self::of(relation, least, PAGE)
        }
    }

    fn target(&self) -> String {
        let relation = Some(self.relation).filter(|relation| !relation.ends_with(':'));
        let all_values = self.all_values.then(|| "true".to_owned());
        target(
            "/v1/facts",
            &[
                ("entity", self.entity.map(str::to_owned)),
                ("relation", relation.map(str::to_owned)),
                ("scope", Some("company".to_owned())),
                ("min_confidence", (self.least > 0.0).then(|| self.least.to_string())),
                ("include_contradicted", all_values),
                ("limit", Some(self.limit.to_owned())),
            ],
        )
    }

    fn is_answered_by(&self, fact: &FactRecord) -> bool {
        let relation = if self.relation.ends_with(':') {
            fact.relation.starts_with(self.relation)
        } else {
            fact.relation == self.relation
        };
        let sure = fact.confidence >= self.least && fact.confidence > 0.0 && fact.confidence <= 1.0;
        relation && sure && fact.scope == "company"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fact(relation: &str, confidence: f64, scope: &str) -> FactRecord {
        let record = json!({
            "id": "1", "entity": "user:alice", "relation": relation, "value": { "type": "string", "v": "x" },
            "source": "agent:a", "timestamp": "2026-11-22T06:10:15+00:00", "confidence": confidence, "scope": scope,
        });
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn questions_name_the_scope_and_an_entity_or_a_relation() {
        for (question, asked) in [
            (
                Question::about("user:a b", "preference:", 0.7),
                "/v1/facts?entity=user%3Aa%20b&scope=company&min_confidence=0.7&limit=500",
            ),
            (
                Question::about("project:p", "roadmap:constraint", 0.7),
                "/v1/facts?entity=project%3Ap&relation=roadmap%3Aconstraint&scope=company&min_confidence=0.7&limit=500",
            ),
            (
                Question::of("intent:escalation", 0.8, "10"),
                "/v1/facts?relation=intent%3Aescalation&scope=company&min_confidence=0.8&limit=10",
            ),
        ] {
            assert_eq!(question.target(), asked);
        }
        let mut references = Question::about("handoff:1", "intent:context_ref", 0.0);
        references.all_values = true;
        assert_eq!(
            references.target(),
            "/v1/facts?entity=handoff%3A1&relation=intent%3Acontext_ref&scope=company&include_contradicted=true&limit=500"
        );
    }

    #[test]
    fn what_was_not_asked_for_is_no_answer() {
        let preferences = Question::about("user:alice", "preference:", 0.7);
        assert!(preferences.is_answered_by(&fact("preference:theme", 0.7, "company")));
        for other in [
            fact("preferences", 1.0, "company"),
            fact("stigmem:ttl", 1.0, "company"),
            fact("preference:theme", 0.69, "company"),
            fact("preference:theme", 7.0, "company"),
            fact("preference:theme", 1.0, "local"),
        ] {
            assert!(!preferences.is_answered_by(&other), "{other:?}");
        }
        let references = Question::about("handoff:1", "intent:context_ref", 0.0);
        assert!(references.is_answered_by(&fact("intent:context_ref", 0.1, "company")));
        assert!(!references.is_answered_by(&fact("intent:context_ref", 0.0, "company")));
        assert!(!references.is_answered_by(&fact("intent:context_ref:x", 1.0, "company")));
    }
}
