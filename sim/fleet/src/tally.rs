//! What the service saw of a scenario, as figures.

use serde::Serialize;

use crate::{MINUTE, Millis, SECOND};

/// The requests in the mean that a minute must have to be compared with others; in a
/// small fleet as many minutes as it takes are one.
const MIN_REQUESTS: f64 = 100.0;
/// The bars of the small histogram.
const BARS: usize = 24;

/// The requests of every second, and when each router was right.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Requests by second.
    pub seconds: Vec<u32>,
    /// For each router that was right at the end, the moment since which it is.
    pub right_since: Vec<Millis>,
    /// Routers that were wrong at the end.
    pub lost: usize,
    /// Sends of each router.
    pub sends: Vec<u32>,
    /// The most of the daily limit that one router used.
    pub limit_used: u32,
}

/// The figures of a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// The scenario's name.
    pub scenario: String,
    /// The routers.
    pub routers: usize,
    /// Routers for which the service had a wrong address at the end.
    pub lost: usize,
    /// Minutes after the moment that counts until 99 % were right.
    pub right_99_min: f64,
    /// The same for all.
    pub right_all_min: f64,
    /// The fullest minute against the mean of the span that counts, see the width of its bins.
    pub peak_minute: f64,
    /// The fullest second against it.
    pub peak_second: f64,
    /// The requests in the fullest second.
    pub most_in_a_second: u32,
    /// Sends of a router, in the mean.
    pub mean_sends: f64,
    /// Sends of the router that sent most.
    pub most_sends: u32,
    /// The most of its daily limit that a router used.
    pub limit_used: u32,
    /// The requests over the span that counts.
    pub histogram: String,
}

impl Tally {
    /// Notes a request.
    pub fn note(&mut self, now: Millis) {
        let second = (now / SECOND) as usize;
        if self.seconds.len() <= second {
            self.seconds.resize(second + 1, 0);
        }
        self.seconds[second] += 1;
    }

    /// The tally of two parts of a fleet.
    #[must_use]
    pub fn with(mut self, other: Tally) -> Tally {
        let length = self.seconds.len().max(other.seconds.len());
        self.seconds.resize(length, 0);
        for (sum, more) in self.seconds.iter_mut().zip(&other.seconds) {
            *sum += more;
        }
        self.right_since.extend(other.right_since);
        self.sends.extend(other.sends);
        self.lost += other.lost;
        self.limit_used = self.limit_used.max(other.limit_used);
        self
    }

    /// The figures. `from` is the moment that counts: of the event, or of its end; the
    /// requests until `until` count, or until 99 % are right.
    pub fn figures(&self, scenario: &str, from: Millis, until: Option<Millis>) -> Figures {
        let mut right: Vec<Millis> = self.right_since.clone();
        right.sort_unstable();
        let minutes = |at: Millis| at.saturating_sub(from) as f64 / MINUTE as f64;
        let nth = |part: f64| {
            let place = ((right.len() as f64 * part).ceil() as usize).clamp(1, right.len().max(1));
            right.get(place - 1).copied().unwrap_or(from)
        };
        let end = until.unwrap_or_else(|| nth(0.99)).max(from + MINUTE);
        let seconds = self.span(from, end);
        let mean = f64::from(seconds.iter().sum::<u32>()) / seconds.len() as f64;
        // In a small fleet chance alone fills a minute.
        let width =
            60 * ((MIN_REQUESTS / (mean * 60.0)).ceil() as usize).clamp(1, seconds.len() / 60);
        let of_bins = seconds
            .chunks_exact(width)
            .map(|bin| bin.iter().sum::<u32>());
        let fullest_bin = of_bins.max().unwrap_or(0);
        let fullest_second = seconds.iter().copied().max().unwrap_or(0);
        let to_mean = |count: u32, span: f64| match mean > 0.0 {
            true => f64::from(count) / (mean * span),
            false => 0.0,
        };
        let sends: u64 = self.sends.iter().copied().map(u64::from).sum();
        Figures {
            scenario: scenario.to_owned(),
            routers: self.sends.len(),
            lost: self.lost,
            right_99_min: minutes(nth(0.99)),
            right_all_min: minutes(nth(1.0)),
            peak_minute: to_mean(fullest_bin, width as f64),
            peak_second: to_mean(fullest_second, 1.0),
            most_in_a_second: fullest_second,
            mean_sends: sends as f64 / self.sends.len().max(1) as f64,
            most_sends: self.sends.iter().copied().max().unwrap_or(0),
            limit_used: self.limit_used,
            histogram: histogram(&seconds),
        }
    }

    /// The seconds from the one to the other, those without a request included.
    fn span(&self, from: Millis, end: Millis) -> Vec<u32> {
        let seconds = (from / SECOND) as usize..end.div_ceil(SECOND) as usize;
        let of_second = |at| self.seconds.get(at).copied().unwrap_or(0);
        seconds.map(of_second).collect()
    }
}

fn histogram(seconds: &[u32]) -> String {
    const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let width = seconds.len().div_ceil(BARS).max(1);
    let bars: Vec<u32> = seconds.chunks(width).map(|bar| bar.iter().sum()).collect();
    let highest = bars.iter().copied().max().unwrap_or(0).max(1);
    let height = |bar: &u32| HEIGHTS[(u64::from(*bar) * 8).div_ceil(highest.into()) as usize];
    bars.iter().map(height).collect()
}
