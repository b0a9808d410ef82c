//! Counts for `/metrics`: requests by route and status, and how far everything is. Never a name, an id or a value from a request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::Method;
use zhixin_projections::sample::RowCheckCounts;

use super::App;

/// What was counted since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(&'static str, String, u16), (u64, Duration)>,
    commands: BTreeMap<&'static str, u64>,
}

impl Metrics {
    /// Notes an answered request; `route` is the pattern, never the path itself, and a method that no route has is `other`.
    pub(crate) fn request(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, total) = counts.requests.entry((known(method), route.to_owned(), status)).or_default();
        *count = count.saturating_add(1);
        *total = total.saturating_add(took);
    }

    /// Notes an accepted command.
    pub(crate) fn command(&self, name: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.commands.entry(name).or_default();
        *count = count.saturating_add(1);
    }

    /// The text that collectors read.
    pub(crate) fn text(&self, app: &App) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::from("# TYPE zhixin_requests_total counter\n# TYPE zhixin_request_milliseconds_total counter\n");
        for ((method, route, status), (count, total)) in &counts.requests {
            let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
            let millis = total.as_millis();
            line(&mut out, &format!("zhixin_requests_total{labels} {count}\nzhixin_request_milliseconds_total{labels} {millis}"));
        }
        out.push_str("# TYPE zhixin_commands_accepted_total counter\n");
        for (name, count) in &counts.commands {
            line(&mut out, &format!("zhixin_commands_accepted_total{{command=\"{name}\"}} {count}"));
        }
        drop(counts);
        let end = app.engine().end();
        let reached = app.deps().projections.position();
        let signed = app.engine().published().map_or(0, |published| published.size);
        let recomputation = app.engine().recomputation();
        let gauges = [
            ("zhixin_tree_recomputed_events", recomputation.done()),
            ("zhixin_tree_wrong", u64::from(recomputation.trouble().is_some())),
            ("zhixin_unopened_events", app.engine().unopened_events()),
            ("zhixin_log_events", end),
            ("zhixin_read_models_position", reached),
            ("zhixin_read_models_lag_events", end.saturating_sub(reached)),
            ("zhixin_checkpoint_events", signed),
            (
                "zhixin_read_models_unflushed_bytes",
                u64::try_from(app.deps().projections.unflushed_bytes().load(Ordering::Relaxed)).unwrap_or(u64::MAX),
            ),
        ];
        for (name, value) in gauges {
            line(&mut out, &format!("# TYPE {name} gauge\n{name} {value}"));
        }
        if let Some(checks) = &app.deps().row_checks {
            let RowCheckCounts { samples, rows, wrong, rounds, last_round_at } = checks.counts();
            let last_round_s = last_round_at.map_or(0, |at| u64::try_from(at.0 / 1_000).unwrap_or(0));
            let counters = [("samples", samples), ("rows", rows), ("wrong_rows", wrong), ("rounds", rounds)];
            for (name, value) in counters {
                line(&mut out, &format!("# TYPE zhixin_row_check_{name}_total counter\nzhixin_row_check_{name}_total {value}"));
            }
            let name = "zhixin_row_check_last_round_timestamp_seconds";
            line(&mut out, &format!("# TYPE {name} gauge\n{name} {last_round_s}"));
        }
        out
    }
}

/// The method by name. Callers may send any word as one, and every word would be a label for ever.
fn known(method: &Method) -> &'static str {
    let of_routes = [Method::GET, Method::HEAD, Method::POST, Method::DELETE, Method::OPTIONS];
    let names = ["GET", "HEAD", "POST", "DELETE", "OPTIONS"];
    of_routes.iter().zip(names).find(|(of_route, _)| *of_route == method).map_or("other", |(_, name)| name)
}

fn line(out: &mut String, text: &str) {
    let _written = writeln!(out, "{text}");
}
