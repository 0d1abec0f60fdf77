//! One history from the drawing to the verdict, and from a failure to the smallest script that still shows it.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{
    checks::Checked,
    draw,
    history::History,
    script::{self, Patience, Script, script},
    shrink::Shrinker,
    trial::{Desk, Manner, Trial},
};
use crate::{error::RunError, judge::Verdict, vectors::Case, world::clock::Deadline};

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

/// Says what happens while it happens.
pub type Say<'a> = &'a (dyn Fn(&str) + Sync);

struct Hunt<'a> {
    desk: &'a Desk<'a>,
    wish: Wish,
    say: Say<'a>,
    id: String,
}

/// A script that was played.
struct Played {
    script: Script,
    trial: Trial,
}

/// What a smaller history must do to count as failing.
struct Chase {
    manner: Option<Manner>,
    /// How often it may be played until it does.
    plays: usize,
}

/// Draws a history, plays it, and makes it small when it fails.
pub async fn hunt(desk: &Desk<'_>, wish: Wish, say: Say<'_>) -> Result<End, RunError> {
    let history = draw::history(wish.seed, wish.nodes, wish.deeds);
    let hunt = Hunt {
        desk,
        wish,
        say,
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
    fn introduce(&self, history: &History) {
        let counts = history
            .counts()
            .into_iter()
            .map(|(kind, count)| format!("{count} {kind}"));
        let counts: Vec<String> = counts.collect();
        (self.say)(&format!(
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
        script::file(&title, &script::case(&self.id, why, nodes, steps))
    }

    /// Our own script goes the way of every vector file; when it is refused we wrote it wrongly.
    fn case(&self, nodes: &[&str], steps: &[Value]) -> Result<Case, RunError> {
        let text = self.file(nodes, steps).to_string();
        let read = self.desk.read(&format!("{}.json", self.id), &text);
        let vectors = read.map_err(|error| RunError::Harness(format!("a script that no reader takes: {error}")))?;
        let case = vectors.cases.into_iter().next();
        case.ok_or_else(|| RunError::Harness("a script without a case".to_owned()))
    }

    /// From the first failure on.
    async fn run_down(&self, history: &History, first: Played) -> Result<Box<Found>, RunError> {
        self.tell("failed", &first);
        let mut plays = 0;
        let again = loop {
            if plays == AGAIN {
                (self.say)(&format!(
                    "played {AGAIN} times more it did not fail: not reproduced, and written as it is"
                ));
                return Ok(self.found(history, first, false));
            }
            plays += 1;
            let again = self.play(history, self.wish.patience).await?;
            if again.trial.failure.is_some() {
                break again;
            }
        };
        self.tell("failed again", &again);
        if plays > 1 {
            (self.say)(&format!(
                "it fails only now and then: smaller ones are played up to {AGAIN} times each"
            ));
        }
        let chase = Chase {
            manner: again.trial.failure.clone(),
            plays: if plays > 1 { AGAIN } else { 1 },
        };
        let mut runs = self.wish.shrink_runs;
        let deadline = Deadline::after(self.wish.shrink_time);
        let full = self.wish.patience;
        let quick = Patience {
            arrive_ms: full.arrive_ms.min(QUICK_MS),
        };
        for patience in [quick, full] {
            let small = self.shrink(history, &chase, patience, &mut runs, deadline).await?;
            if let Some(found) = self.confirm(&small, &chase).await? {
                return Ok(found);
            }
            if quick == full || runs == 0 || deadline.is_over() {
                break;
            }
            (self.say)("the small script fails only when nobody waits as long; once more, waiting as long");
        }
        (self.say)("nothing smaller fails for certain");
        Ok(self.found(history, again, true))
    }

    /// Whether a history fails as it did before, with the play in which it does.
    async fn fails(&self, history: &History, chase: &Chase, patience: Patience) -> Result<Option<Played>, RunError> {
        for _ in 0..chase.plays {
            match self.play(history, patience).await {
                Ok(played) if played.trial.failure == chase.manner => return Ok(Some(played)),
                // A node that does not even start says nothing about the history.
                Ok(_) | Err(RunError::TargetGone(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn tell(&self, how: &str, played: &Played) {
        let steps = played.script.steps.len();
        (self.say)(&format!("{how}, of {steps} steps: {}", visible(&played.trial.told)));
    }

    async fn shrink(
        &self,
        history: &History,
        chase: &Chase,
        patience: Patience,
        runs: &mut usize,
        deadline: Deadline,
    ) -> Result<History, RunError> {
        let mut shrinker = Shrinker::new(history.clone());
        let (started, mut tries) = (Instant::now(), 0);
        while let Some(candidate) = shrinker.propose() {
            if !script(&candidate, patience).judges() {
                shrinker.told(false);
                continue;
            }
            if *runs == 0 || deadline.is_over() {
                (self.say)("the runs or the time for making it smaller are used up");
                break;
            }
            *runs -= 1;
            tries += 1;
            let fails = self.fails(&candidate, chase, patience).await?.is_some();
            shrinker.told(fails);
            if fails {
                let (deeds, nodes) = (candidate.deeds.len(), candidate.nodes.len());
                (self.say)(&format!("  try {tries}: {deeds} deeds on {nodes} nodes still fail"));
            }
        }
        let (deeds, nodes) = (shrinker.best().deeds.len(), shrinker.best().nodes.len());
        let seconds = started.elapsed().as_secs();
        (self.say)(&format!(
            "{deeds} deeds on {nodes} nodes are left after {tries} tries and {seconds} s"
        ));
        Ok(shrinker.best().clone())
    }

    /// Plays the small history with full patience, and then without the checks that do not matter.
    async fn confirm(&self, small: &History, chase: &Chase) -> Result<Option<Box<Found>>, RunError> {
        let Some(whole) = self.fails(small, chase, self.wish.patience).await? else {
            return Ok(None);
        };
        let steps = only_the_last_check(&whole.script, whole.trial.last_step());
        for _ in 0..chase.plays {
            let trial = self.play_steps(&whole.script.nodes, &steps).await?;
            if trial.failure == chase.manner {
                let script = Script { steps, ..whole.script };
                return Ok(Some(self.found(small, Played { script, trial }, true)));
            }
        }
        Ok(Some(self.found(small, whole, true)))
    }

    /// What comes after the step that failed was never played.
    fn found(&self, history: &History, played: Played, reproduced: bool) -> Box<Found> {
        let end = played.trial.last_step().min(played.script.steps.len() - 1);
        Box::new(Found {
            file: self.file(&played.script.nodes, &played.script.steps[..=end]),
            trial: played.trial,
            reproduced,
            nodes: history.nodes.len(),
            deeds: history.deeds.len(),
        })
    }
}

/// The steps before the checks, the check at `last`, and those of the earlier ones that it rests on.
fn only_the_last_check(script: &Script, last: usize) -> Vec<Value> {
    let Some(failed) = script.steps.get(last) else {
        return script.steps.clone();
    };
    let text = failed.to_string();
    let named = |step: &Value| {
        let name = step["save"].as_str();
        name.is_some_and(|name| text.contains(&format!("{{{name}.")) || text.contains(&format!("{{{name}}}")))
    };
    // What is held or kept out shows after all that was waited for.
    let about_facts = |step: &Value| {
        let looks = |verb: &str| step["until"]["step"].get(verb).is_some();
        !looks("conflicts") && !looks("query") && step.get("observe").is_none()
    };
    let holds = failed.get("holds").is_some();
    let earlier = script.steps[..last].iter().enumerate();
    let kept = earlier.filter(|(n, step)| *n < script.told || named(step) || holds && about_facts(step));
    kept.map(|(_, step)| step)
        .chain(std::iter::once(failed))
        .cloned()
        .collect()
}

/// What a node said, for a terminal.
pub fn visible(text: &str) -> String {
    crate::report::curl::visible(text, SHOWN)
}

/// A failure that does not come at once may come now and then.
const AGAIN: usize = 4;
/// While a history is made smaller, what does not arrive is not waited for as long.
const QUICK_MS: u64 = 5_000;
const SHOWN: usize = 1_000;
