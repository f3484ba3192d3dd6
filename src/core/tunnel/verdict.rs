//! From evidence to Up, Down or Unknown, with a reason in words.

use super::State;
use super::evidence::Evidence;

/// What the tunnel is called where, for the reasons.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// At VPNKI.
    pub service: &'a str,
    /// At netifd.
    pub network: &'a str,
    /// The network that it runs over.
    pub wan: &'a str,
    /// `option ping`
    pub ping: Option<&'a str>,
    /// `option route`
    pub route: Option<&'a str>,
}

/// What the evidence comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it works.
    pub state: State,
    /// What that rests on.
    pub cause: Cause,
    /// The same in words, for whoever reads the log at night.
    pub reason: String,
}

/// What a verdict rests on, as far as it matters for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It carries traffic.
    Alive,
    /// It does not.
    Dead,
    /// Only the route is missing.
    NoRoute,
    /// The WAN is down, or nobody knows.
    NoWan,
    /// Somebody took it down on purpose.
    Off,
    /// The configuration names something that does not exist.
    Configuration,
    /// netifd is at it.
    Pending,
    /// There is too little evidence.
    Unclear,
}

/// What the evidence comes to at the time `now`, in seconds since boot.
pub fn verdict(names: &Names<'_>, evidence: &Evidence, now: i64) -> Verdict {
    let _ = (names, evidence, now);
    todo!()
}
