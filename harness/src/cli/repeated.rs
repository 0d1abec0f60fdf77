//! `run --repeat`: which cases are not stable.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    run::{Outcome, RunArgs, once},
    say,
};
use crate::{
    error::RunError,
    exit::Exit,
    judge::Verdict,
    report::{Report, curl::visible},
    seed::{self, Draw},
};

/// By case, how often it got which verdict, and a word about each.
type Seen = BTreeMap<String, Verdicts>;
type Verdicts = BTreeMap<Verdict, (usize, String)>;

pub(super) fn run(args: &RunArgs) -> Result<Exit, RunError> {
    let first = args.seed.unwrap_or_else(seed::fresh);
    let mut seeds = Draw::new(first, "repeat");
    let (mut seen, mut ends) = (Seen::new(), BTreeSet::new());
    for round in 1..=args.repeat {
        let mut again = args.clone();
        // Small enough to be typed again; the first round is the run without --repeat.
        again.seed = Some(if round == 1 {
            first
        } else {
            seeds.number() % 1_000_000_000
        });
        again.repeat = 1;
        again.report_dir = args.report_dir.join(format!("{round:02}"));
        match once(&again)? {
            Outcome::Ran(report) => {
                ends.insert(report.exit().code());
                note(&mut seen, *report);
            }
            Outcome::Ended(exit) => return Ok(exit),
        }
    }
    let flaky: Vec<_> = seen.iter().filter(|(_, verdicts)| verdicts.len() > 1).collect();
    say(&told(args.repeat, first, seen.len(), &flaky));
    Ok(end(&ends, !flaky.is_empty()))
}

fn note(seen: &mut Seen, report: Report) {
    for case in report.cases {
        let verdicts = seen.entry(case.id).or_default();
        verdicts.entry(case.verdict).or_insert((0, case.message)).0 += 1;
    }
}

fn told(rounds: u16, seed: u64, cases: usize, flaky: &[(&String, &Verdicts)]) -> String {
    let mut text = format!("\n{rounds} runs of {cases} cases, from seed {seed}: ");
    if flaky.is_empty() {
        text.push_str("every case got the same verdict each time\n");
        return text;
    }
    text.push_str(&format!("{} did not get the same verdict each time\n", flaky.len()));
    for (case, verdicts) in flaky {
        let counts: Vec<String> = verdicts
            .iter()
            .map(|(verdict, (n, _))| format!("{n} {}", verdict.word()))
            .collect();
        let messages = verdicts.values().map(|(_, message)| message);
        let message = messages
            .filter(|message| !message.is_empty())
            .map(|message| visible(message, 200));
        let message = message.collect::<Vec<_>>().join("; ");
        text.push_str(&format!("  {case}: {}: {message}\n", counts.join(", ")));
    }
    text
}

/// That of all runs where they agree; flaky cases fail whatever else there is.
fn end(ends: &BTreeSet<u8>, flaky: bool) -> Exit {
    let all = [Exit::Harness, Exit::TargetGone, Exit::NotConformant, Exit::TooLittle];
    let worst = all.into_iter().find(|exit| ends.contains(&exit.code()));
    match worst {
        Some(exit @ (Exit::Harness | Exit::TargetGone)) => exit,
        _ if flaky => Exit::NotConformant,
        other => other.unwrap_or(Exit::Ok),
    }
}
