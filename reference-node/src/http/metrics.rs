//! Counters in the Prometheus text format. Labels come from the route table and from status codes, so the number of
//! series is bounded whatever clients send.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency histogram, in seconds.
const BUCKETS: [f64; 10] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    buckets: [AtomicU64; BUCKETS.len()],
    latency_count: AtomicU64,
    latency_micros: AtomicU64,
    facts: AtomicU64,
    contradicted: AtomicU64,
    resolved: AtomicU64,
    retracted: AtomicU64,
    reduced: AtomicU64,
}

impl Metrics {
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let key = (method.to_owned(), route.to_owned(), status);
        *self
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_default() += 1;
        let seconds = took.as_secs_f64();
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS) {
            if seconds <= bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.latency_count.fetch_add(1, Ordering::Relaxed);
        self.latency_micros
            .fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn fact_written(&self, contradicted: bool) {
        self.facts.fetch_add(1, Ordering::Relaxed);
        self.contradicted.fetch_add(u64::from(contradicted), Ordering::Relaxed);
    }

    pub(crate) fn conflict_resolved(&self) {
        self.resolved.fetch_add(1, Ordering::Relaxed);
    }

    /// Facts that a sweep withdrew and reduced.
    pub(crate) fn swept(&self, retracted: u64, reduced: u64) {
        self.retracted.fetch_add(retracted, Ordering::Relaxed);
        self.reduced.fetch_add(reduced, Ordering::Relaxed);
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::from("# TYPE stigmem_requests_total counter\n");
        // Writing to a String cannot fail.
        for ((method, route, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            let _ = writeln!(text, "stigmem_requests_total{{{labels}}} {count}");
        }
        text.push_str("# TYPE stigmem_request_latency_seconds histogram\n");
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS) {
            let _ = writeln!(
                text,
                "stigmem_request_latency_seconds_bucket{{le=\"{bound}\"}} {}",
                load(bucket)
            );
        }
        let count = load(&self.latency_count);
        let sum = Duration::from_micros(load(&self.latency_micros)).as_secs_f64();
        let _ = writeln!(text, "stigmem_request_latency_seconds_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "stigmem_request_latency_seconds_sum {sum}");
        let _ = writeln!(text, "stigmem_request_latency_seconds_count {count}");
        for (name, counter) in [
            ("stigmem_fact_write_total", &self.facts),
            ("stigmem_contradiction_total", &self.contradicted),
            ("stigmem_conflict_resolved_total", &self.resolved),
            ("stigmem_decay_retracted_total", &self.retracted),
            ("stigmem_decay_reduced_total", &self.reduced),
        ] {
            let _ = writeln!(text, "# TYPE {name} counter\n{name} {}", load(counter));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::default();
        metrics.request("GET", "/v1/facts", 200, Duration::from_millis(3));
        metrics.request("GET", "/v1/facts", 200, Duration::from_secs(60));
        metrics.fact_written(true);
        let text = metrics.text();
        for line in [
            "stigmem_requests_total{method=\"GET\",route=\"/v1/facts\",status=\"200\"} 2",
            "stigmem_request_latency_seconds_bucket{le=\"0.005\"} 1",
            "stigmem_request_latency_seconds_bucket{le=\"+Inf\"} 2",
            "stigmem_fact_write_total 1",
            "stigmem_contradiction_total 1",
        ] {
            assert!(
                text.lines().any(|candidate| candidate == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
