//! Four nodes in a ring, cut in two, told different things, and joined again.

use std::time::{Duration, Instant};

use super::{Bench, SCOPES};
use crate::{
    bench::{report::thousands, round::Contender},
    drive::Station,
    error::RunError,
    seed::Draw,
    world::{http::Outgoing, link::Rule},
};

impl Bench<'_> {
    /// Seconds from the moment when the ring is whole again until all four nodes have everything.
    pub(super) async fn ring(&self, contender: &Contender) -> Result<f64, RunError> {
        let mut ring = Vec::new();
        for name in ["ring-a", "ring-b", "ring-c", "ring-d"] {
            let draw = Draw::new(self.seed, name);
            ring.push(Station::enter(self.ground, &contender.target, name, Some(draw)).await?);
        }
        for (n, station) in ring.iter().enumerate() {
            let next = &ring[(n + 1) % ring.len()];
            station.register_at(next, SCOPES).await?;
            next.register_at(station, SCOPES).await?;
        }
        // a and b on one side, c and d on the other.
        let split = [(1, 2), (2, 1), (3, 0), (0, 3)];
        for (from, to) in split {
            order(&ring[from], &ring[to], true).await?;
        }
        let half = self.args.ring / 2;
        let failed = |what: String| RunError::TargetGone(what);
        let mut ids = self
            .fill(&ring[0], half, 1001, "the ring, one side")
            .await
            .map_err(failed)?;
        let others = self.args.ring - half;
        ids.extend(
            self.fill(&ring[2], others, 1002, "the ring, other side")
                .await
                .map_err(failed)?,
        );
        // What each side knows, it has: only what the cut held back is measured.
        let started = Instant::now();
        for (from, to) in split {
            order(&ring[from], &ring[to], false).await?;
        }
        for station in &ring {
            self.await_all(station, &ids).await.map_err(failed)?;
        }
        let took = started.elapsed();
        (self.progress)(&format!(
            "the ring agreed on {} facts {:.2} s after it was whole again",
            thousands(self.args.ring),
            took.as_secs_f64()
        ));
        for station in &ring {
            station.place.end().await;
        }
        Ok(took.as_secs_f64())
    }
}

/// Cuts or mends the way from one node to another.
async fn order(from: &Station, to: &Station, cut: bool) -> Result<(), RunError> {
    let out = Outgoing {
        method: "GET".to_owned(),
        target: "/.well-known/stigmem".to_owned(),
        ..Outgoing::default()
    };
    let document = from.place.http.send(out).await.map_err(RunError::Harness)?;
    let node_id = match document.answer {
        crate::trace::Answer::Response(response) => response.body.json().unwrap_or_default()["node_id"]
            .as_str()
            .map(str::to_owned),
        crate::trace::Answer::None { message, .. } => return Err(RunError::TargetGone(message)),
    };
    let rule = Rule {
        cut,
        delay: Duration::ZERO,
        ..Rule::default()
    };
    if let Some(link) = &to.link {
        link.order(node_id, rule);
    }
    Ok(())
}
