//! Programs of the router's owner: `option notify`, and the `option command` of
//! a tunnel.
//!
//! They run one after the other, in the order of what they are told, and what
//! starts them does not wait. Each has its time, and no more.

use std::collections::VecDeque;
use std::time::Duration;

use crate::sys::child::Child;
use crate::sys::clock;

/// The longest that one may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many may wait. Whoever changes state faster than his programs run is
/// told the latest changes.
const MOST: usize = 64;

/// One program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// The section that it is for.
    pub section: String,
    /// An absolute path.
    pub program: String,
    /// Its arguments, passed as they are.
    pub arguments: Vec<String>,
    /// What it is told.
    pub news: News,
}

/// A change, as a program is told of it in its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// `skydns` or `tunnel`, the type of the section.
    pub kind: &'static str,
    /// The state before.
    pub old: &'static str,
    /// The state now.
    pub new: &'static str,
    /// Why.
    pub reason: String,
    /// The address that is confirmed, or the tunnel's name at VPNKI.
    pub subject: String,
}

impl Errand {
    fn start(&self) -> std::io::Result<Child> {
        let news = &self.news;
        let environment = [
            ("WANSYNC_TYPE", news.kind),
            ("WANSYNC_SECTION", &self.section),
            ("WANSYNC_OLD", news.old),
            ("WANSYNC_NEW", news.new),
            ("WANSYNC_REASON", &news.reason),
            match news.kind {
                "tunnel" => ("WANSYNC_TUNNEL", &news.subject),
                _ => ("WANSYNC_ADDRESS", &news.subject),
            },
        ];
        Child::start(&self.program, &self.arguments, &environment, PATIENCE)
    }

    fn complain(&self, what: &str) {
        log::warn!("{}: the program {} {what}", self.section, self.program);
    }
}

/// Runs all of them, and waits for the last.
pub fn run(errands: Vec<Errand>) {
    let mut programs = Programs::default();
    for errand in errands {
        programs.add(errand);
    }
    programs.finish();
}

/// Those that wait, and the one that runs.
#[derive(Default)]
pub struct Programs {
    waiting: VecDeque<Errand>,
    running: Option<(Errand, Child)>,
}

impl Programs {
    /// Adds one behind the others.
    pub fn add(&mut self, errand: Errand) {
        if self.waiting.len() == MOST
            && let Some(oldest) = self.waiting.pop_front()
        {
            oldest.complain("is not run: too many wait for it already");
        }
        self.waiting.push_back(errand);
    }

    /// Takes note of the one that ended, and starts the next.
    pub fn work(&mut self) {
        if let Some((errand, child)) = &mut self.running {
            let Some(ended) = child.ended() else {
                return;
            };
            if ended.code() != Some(0) {
                errand.complain(&ended.to_string());
            }
            self.running = None;
        }
        while let Some(errand) = self.waiting.pop_front() {
            match errand.start() {
                Ok(child) => {
                    self.running = Some((errand, child));
                    return;
                }
                Err(why) => errand.complain(&format!("cannot be run: {why}")),
            }
        }
    }

    /// When the one that runs has had its time, since boot.
    pub fn due(&self) -> Option<Duration> {
        self.running.as_ref().map(|(_, child)| child.deadline())
    }

    /// Runs all of them, and waits for the last.
    pub fn finish(mut self) {
        self.work();
        while self.running.is_some() {
            clock::sleep(Duration::from_millis(10));
            self.work();
        }
    }
}
