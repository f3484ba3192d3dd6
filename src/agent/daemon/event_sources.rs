//! All that the daemon listens to, in one sleep.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use crate::sys::clockwatch::ClockWatch;
use crate::sys::control::{Control, Request};
use crate::sys::netlink::Monitor;
use crate::sys::signals::Signals;
use crate::sys::ubus::watch::Watch;
use crate::sys::{clock, wait};
use wansync_core::ubus::Error;
use wansync_core::ubus::netifd::Network;

/// The longest pause before netifd is tried again.
const LONGEST: Duration = Duration::from_secs(30);
/// For so long netifd counts as restarting, and what it said last as true.
const RESTART: Duration = Duration::from_secs(10);

/// What is listened to.
pub struct Ears {
    signals: Signals,
    control: Control,
    /// Tells when the wall clock is set.
    clock: ClockWatch,
    monitor: Monitor,
    netifd: Netifd,
}

/// What was heard.
#[derive(Default)]
pub struct Heard {
    /// TERM or INT.
    pub end: bool,
    /// HUP.
    pub reload: bool,
    /// USR1.
    pub pass: bool,
    /// netifd's networks are other than they were.
    pub networks: bool,
    /// The kernel's addresses, links or routes are.
    pub kernel: bool,
    /// The wall clock was set.
    pub clock: bool,
    /// What other wansyncs ask for.
    pub requests: Vec<Request>,
}

impl Ears {
    /// Opens them. The daemon's lock is held.
    pub fn open(state: &Path, routes: bool) -> io::Result<Ears> {
        Ok(Ears {
            signals: Signals::open()?,
            control: Control::listen(state)?,
            clock: ClockWatch::open()?,
            monitor: Monitor::open(routes)?,
            netifd: Netifd::default(),
        })
    }

    /// netifd, as it is known.
    pub fn netifd(&self) -> &Netifd {
        &self.netifd
    }

    /// Whether routes matter, from now on.
    pub fn hear_routes(&mut self, routes: bool) -> io::Result<()> {
        self.monitor = Monitor::open(routes)?;
        Ok(())
    }

    /// Connects to netifd where that is needed and due. Says whether its
    /// networks are known anew.
    pub fn connect(&mut self, socket: &Path) -> bool {
        self.netifd.connect(socket)
    }

    /// Has netifd say all it knows once more.
    pub fn ask_netifd(&mut self) {
        self.netifd.ask();
    }

    /// Sleeps until `until`, since boot, or until something is heard there or
    /// on `others`.
    pub fn listen(
        &mut self,
        others: &[BorrowedFd<'_>],
        until: Option<Duration>,
    ) -> io::Result<Heard> {
        let own = [self.control.deadline(), self.netifd.retry_at()];
        let until = own.into_iter().flatten().chain(until).min();
        let patience = until.map(|until| until.saturating_sub(clock::since_boot()));
        let mut fds = vec![
            self.signals.as_fd(),
            self.clock.as_fd(),
            self.monitor.as_fd(),
        ];
        let netifd = self.netifd.watch.as_ref().ok();
        fds.extend(netifd.map(|watch| watch.as_fd()));
        let first_visitor = fds.len();
        fds.extend(self.control.descriptors());
        let first_other = fds.len();
        fds.extend(others);
        let ready = wait::readable(&fds, patience)?;
        let has_visitors = ready[first_visitor..first_other].contains(&true);
        let hears_netifd = first_visitor > 3 && ready[3];
        Ok(self.take([ready[0], ready[1], ready[2]], hears_netifd, has_visitors))
    }

    fn take(&mut self, ready: [bool; 3], netifd: bool, visitors: bool) -> Heard {
        let [signals, clock, kernel] = ready;
        let mut heard = Heard::default();
        if signals {
            let caught = self.signals.take();
            heard.end = caught.end;
            heard.reload = caught.reload;
            heard.pass = caught.pass;
        }
        heard.clock = clock && self.clock.take();
        if kernel {
            let changes = self.monitor.take();
            heard.kernel = changes.addresses || changes.links || changes.routes;
        }
        if netifd {
            heard.networks = self.netifd.take();
        }
        if visitors || self.control.deadline().is_some() {
            heard.requests = self.control.take();
        }
        heard
    }
}

/// The connection to netifd, which may go away and come back.
pub struct Netifd {
    watch: Result<Watch, String>,
    /// When it is tried again, and after what pause, since boot.
    retry: (Duration, Duration),
    /// Since when it has been away; none if it never was there.
    away_since: Option<Duration>,
    /// What it said last.
    last: Vec<Network>,
    /// Whether what it said last still counts, though it is away.
    is_trusted: bool,
}

impl Default for Netifd {
    fn default() -> Netifd {
        Netifd {
            watch: Err("not asked yet".to_owned()),
            retry: (Duration::ZERO, Duration::ZERO),
            away_since: None,
            last: Vec::new(),
            is_trusted: false,
        }
    }
}

impl Netifd {
    /// Its networks, or why they are not known. While it restarts, what it said
    /// last still counts.
    pub fn networks(&self) -> Result<&[Network], String> {
        match &self.watch {
            Ok(watch) => Ok(watch.networks()),
            Err(_) if self.is_trusted => Ok(&self.last),
            Err(why) => Err(why.clone()),
        }
    }

    /// When there is something to do about it, since boot.
    fn retry_at(&self) -> Option<Duration> {
        self.watch.is_err().then_some(self.retry.0)
    }

    /// Says whether what is known of the networks is other than it was.
    fn connect(&mut self, socket: &Path) -> bool {
        let now = clock::since_boot();
        if self.watch.is_ok() || now < self.retry.0 {
            return false;
        }
        match Watch::connect(socket) {
            Ok(watch) => {
                if self.retry.1 > Duration::ZERO {
                    log::info!("netifd is heard again");
                }
                self.last = watch.networks().to_vec();
                self.watch = Ok(watch);
                self.retry = (now, Duration::ZERO);
                self.away_since = None;
                true
            }
            Err(error) => {
                self.lose(error.to_string());
                let is_over = self.away_since.is_none_or(|since| now >= since + RESTART);
                let was_trusted = self.is_trusted;
                self.is_trusted = was_trusted && !is_over;
                was_trusted && is_over
            }
        }
    }

    fn take(&mut self) -> bool {
        self.heard(Watch::take)
    }

    fn ask(&mut self) {
        self.heard(Watch::refresh);
    }

    fn heard(&mut self, from: impl Fn(&mut Watch) -> Result<bool, Error>) -> bool {
        let Ok(watch) = &mut self.watch else {
            return false;
        };
        match from(watch) {
            Ok(changed) => {
                if changed {
                    self.last = watch.networks().to_vec();
                }
                changed
            }
            Err(error) => {
                self.away_since = Some(clock::since_boot());
                self.is_trusted = true;
                self.lose(error.to_string());
                false
            }
        }
    }

    /// Tries again in a while: 1 s at first, as netifd needs to restart.
    fn lose(&mut self, why: String) {
        let now = clock::since_boot();
        let pause = (self.retry.1 * 2).clamp(Duration::from_secs(1), LONGEST);
        if self.watch.as_ref().err() != Some(&why) {
            log::warn!("netifd is not heard: {why}; it is tried again and again");
        }
        self.watch = Err(why);
        self.retry = (now + pause, pause);
    }
}
