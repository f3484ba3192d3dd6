//! What was measured, and whether it is what was promised.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The measurements of one kind, and their limit.
#[derive(Debug, Default)]
struct Row {
    limit: Option<Duration>,
    times: Vec<Duration>,
}

/// Everything of all lanes.
#[derive(Debug, Default)]
pub struct Report {
    /// By what happened and what was measured.
    rows: BTreeMap<(&'static str, &'static str), Row>,
    /// The time that a tunnel carried traffic of a kind, and the restarts in it.
    phases: BTreeMap<String, (Duration, usize)>,
    violations: Vec<String>,
}

impl Report {
    /// Takes a measurement, of which at most `limit` is right.
    pub fn measured(
        &mut self,
        lane: &str,
        event: &'static str,
        what: &'static str,
        time: Duration,
        limit: Option<Duration>,
    ) {
        let row = self.rows.entry((event, what)).or_default();
        row.limit = limit;
        row.times.push(time);
        if let Some(limit) = limit.filter(|limit| time > *limit) {
            let (time, limit) = (time.as_secs_f64(), limit.as_secs());
            self.violated(
                lane,
                format!("{event}: {what} after {time:.1} s, more than {limit} s"),
            );
        }
    }

    /// Takes a phase in which nothing was to be restarted.
    pub fn carried(&mut self, lane: &str, phase: String, time: Duration, restarts: usize) {
        if restarts > 0 {
            self.violated(lane, format!("{phase}: restarted {restarts} times"));
        }
        let sum = self.phases.entry(phase).or_default();
        sum.0 += time;
        sum.1 += restarts;
    }

    /// Takes what must not be.
    pub fn violated(&mut self, lane: &str, what: String) {
        println!("{lane}: NOT AS PROMISED: {what}");
        self.violations.push(format!("{lane}: {what}"));
    }

    /// The number of things that must not be.
    pub fn violations(&self) -> usize {
        self.violations.len()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "\n{:56} {:>8} {:>9}", "traffic", "minutes", "restarts")?;
        for (phase, (time, restarts)) in &self.phases {
            let minutes = time.as_secs_f64() / 60.0;
            writeln!(out, "{phase:56} {minutes:8.1} {restarts:9}")?;
        }
        writeln!(
            out,
            "\n{:38} {:17} {:>5} {:>8} {:>8} {:>8}",
            "event", "", "times", "median", "max", "limit"
        )?;
        for ((event, what), row) in &self.rows {
            let mut times = row.times.clone();
            times.sort();
            let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
            let (median, max) = (times[times.len() / 2], times[times.len() - 1]);
            let limit = row.limit.map_or("-".to_owned(), seconds);
            writeln!(
                out,
                "{event:38} {what:17} {:5} {:>8} {:>8} {limit:>8}",
                times.len(),
                seconds(median),
                seconds(max),
            )?;
        }
        for violation in &self.violations {
            writeln!(out, "not as promised: {violation}")?;
        }
        writeln!(out, "{} not as promised", self.violations.len())
    }
}
