//! From the first failure to the smallest script that still shows it.

use std::time::Instant;

use serde_json::Value;

use super::{Found, Hunt, Played};
use crate::{
    error::RunError,
    explore::{
        history::History,
        script::{Patience, Script, script},
        shrink::Shrinker,
        trial::Manner,
    },
    world::clock::Deadline,
};

/// What a smaller history must do to count as failing.
#[derive(Clone)]
struct Chase {
    manner: Option<Manner>,
    /// How often it may be played until it does.
    plays: usize,
}

impl Hunt<'_> {
    /// From the first failure on.
    pub(super) async fn run_down(&self, history: &History, first: Played) -> Result<Box<Found>, RunError> {
        self.tell("failed", &first);
        (self.audience.keep)(&self.told(&first))?;
        let mut plays = 0;
        let again = loop {
            if plays == AGAIN {
                self.say(&format!(
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
            self.say(&format!(
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
            self.say("the small script fails only when nobody waits as long; once more, waiting as long");
        }
        self.say("nothing smaller fails for certain");
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
                self.say("the runs or the time for making it smaller are used up");
                break;
            }
            *runs -= 1;
            tries += 1;
            let failed = self.fails(&candidate, chase, patience).await?;
            shrinker.told(failed.is_some());
            if let Some(played) = failed {
                (self.audience.keep)(&self.told(&played))?;
                let (deeds, nodes) = (candidate.deeds.len(), candidate.nodes.len());
                self.say(&format!("  try {tries}: {deeds} deeds on {nodes} nodes still fail"));
            }
        }
        let (deeds, nodes) = (shrinker.best().deeds.len(), shrinker.best().nodes.len());
        let seconds = started.elapsed().as_secs();
        self.say(&format!(
            "{deeds} deeds on {nodes} nodes are left after {tries} tries and {seconds} s"
        ));
        Ok(shrinker.best().clone())
    }

    /// Plays the small history with full patience, and then without the checks that do not matter. What made it fail may be a matter
    /// of time, of which a small history has less, so it gets more chances.
    async fn confirm(&self, small: &History, chase: &Chase) -> Result<Option<Box<Found>>, RunError> {
        let chase = &Chase {
            plays: AGAIN,
            ..chase.clone()
        };
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

/// A failure that does not come at once may come now and then.
const AGAIN: usize = 4;
/// While a history is made smaller, what does not arrive is not waited for as long.
const QUICK_MS: u64 = 5_000;
