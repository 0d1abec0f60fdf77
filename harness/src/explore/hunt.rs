//! One history from the drawing to the verdict, and from a failure to the smallest script that still shows it.

mod chase;

use std::time::Duration;

use serde_json::Value;

use super::{
    checks::Checked,
    draw, file,
    history::History,
    script::{Patience, Script, script},
    trial::{Desk, Trial},
};
use crate::{
    error::{InputError, RunError},
    judge::Verdict,
    vectors::Case,
};

/// What is wanted of one history.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub seed: u64,
    pub nodes: usize,
    pub deeds: usize,
    pub patience: Patience,
    /// How often a smaller history may be tried, and for how long.
    pub shrink_runs: usize,
    pub shrink_time: Duration,
}

/// How a history ended.
#[derive(Debug)]
pub enum End {
    Passed {
        trial: Box<Trial>,
        checked: Checked,
    },
    /// The situation never arose.
    Nothing(String),
    Failed(Box<Found>),
}

/// A script that fails.
#[derive(Debug)]
pub struct Found {
    pub trial: Trial,
    /// The vector file.
    pub file: Value,
    /// Whether it failed more than once.
    pub reproduced: bool,
    pub nodes: usize,
    pub deeds: usize,
}

/// Who hears of things while they happen.
#[derive(Clone, Copy)]
pub struct Audience<'a> {
    pub say: &'a (dyn Fn(&str) + Sync),
    /// Is given the script of a failure, and each smaller one: nothing is lost when somebody loses patience.
    pub keep: &'a (dyn Fn(&Value) -> Result<(), InputError> + Sync),
}

struct Hunt<'a> {
    desk: &'a Desk<'a>,
    wish: Wish,
    audience: Audience<'a>,
    id: String,
}

/// A script that was played.
struct Played {
    script: Script,
    trial: Trial,
}

/// Draws a history, plays it, and makes it small when it fails.
pub async fn hunt(desk: &Desk<'_>, wish: Wish, audience: Audience<'_>) -> Result<End, RunError> {
    let history = draw::history(wish.seed, wish.nodes, wish.deeds);
    let hunt = Hunt {
        desk,
        wish,
        audience,
        id: format!("explored-seed-{}", wish.seed),
    };
    hunt.introduce(&history);
    let first = hunt.play(&history, wish.patience).await?;
    match first.trial.verdict.verdict {
        Verdict::Pass => Ok(End::Passed {
            trial: Box::new(first.trial),
            checked: first.script.checked,
        }),
        Verdict::Fail | Verdict::Unreachable => hunt.run_down(&history, first).await.map(End::Failed),
        Verdict::Error => Err(RunError::Harness(first.trial.verdict.message)),
        _ => Ok(End::Nothing(first.trial.verdict.message)),
    }
}

impl Hunt<'_> {
    fn say(&self, text: &str) {
        (self.audience.say)(text);
    }

    fn introduce(&self, history: &History) {
        let counts = history
            .counts()
            .into_iter()
            .map(|(kind, count)| format!("{count} {kind}"));
        let counts: Vec<String> = counts.collect();
        self.say(&format!(
            "{} nodes in a {}: {}\n{} deeds: {}",
            history.nodes.len(),
            history.shape,
            history.topology(),
            history.deeds.len(),
            counts.join(", ")
        ));
    }

    async fn play(&self, history: &History, patience: Patience) -> Result<Played, RunError> {
        let script = script(history, patience);
        let trial = self.play_steps(&script.nodes, &script.steps).await?;
        Ok(Played { script, trial })
    }

    async fn play_steps(&self, nodes: &[&str], steps: &[Value]) -> Result<Trial, RunError> {
        let case = self.case(nodes, steps)?;
        self.desk.play(&case, self.wish.seed).await
    }

    fn file(&self, nodes: &[&str], steps: &[Value]) -> Value {
        let why = "what nodes hold and show after these steps is not what sections 3 and 6.8 say of them";
        let title = format!("Explored with seed {}", self.wish.seed);
        file::file(&title, &file::case(&self.id, why, nodes, steps))
    }

    /// Our own script goes the way of every vector file; when it is refused we wrote it wrongly.
    fn case(&self, nodes: &[&str], steps: &[Value]) -> Result<Case, RunError> {
        let text = self.file(nodes, steps).to_string();
        let read = self.desk.read(&format!("{}.json", self.id), &text);
        let vectors = read.map_err(|error| RunError::Harness(format!("a script that no reader takes: {error}")))?;
        let case = vectors.cases.into_iter().next();
        case.ok_or_else(|| RunError::Harness("a script without a case".to_owned()))
    }

    fn tell(&self, how: &str, played: &Played) {
        let steps = played.script.steps.len();
        self.say(&format!("{how}, of {steps} steps: {}", visible(&played.trial.told)));
    }

    /// The script up to the step that failed: what comes after it was never played.
    fn told(&self, played: &Played) -> Value {
        let end = played.trial.last_step().min(played.script.steps.len() - 1);
        self.file(&played.script.nodes, &played.script.steps[..=end])
    }

    fn found(&self, history: &History, played: Played, reproduced: bool) -> Box<Found> {
        Box::new(Found {
            file: self.told(&played),
            trial: played.trial,
            reproduced,
            nodes: history.nodes.len(),
            deeds: history.deeds.len(),
        })
    }
}

/// What a node said, for a terminal.
pub fn visible(text: &str) -> String {
    crate::report::curl::visible(text, SHOWN)
}

const SHOWN: usize = 1_000;
