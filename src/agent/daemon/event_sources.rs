//! The sources of the daemon's events, waited for in one sleep.

use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use crate::sys::clockwatch::ClockWatch;
use crate::sys::control::{ControlRequest, ControlSocket};
use crate::sys::netlink::Monitor;
use crate::sys::signals::Signals;
use crate::sys::ubus::watch::NetworkWatch;
use crate::sys::{clock, ubus, wait};
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::schedule::netifd::NetifdLink;
use wansync_core::time::Boot;
use wansync_core::ubus::netifd::Network;

/// The sources of events.
pub struct EventSources {
    signals: Signals,
    control: ControlSocket,
    /// Wakes when the wall clock is set.
    clock: ClockWatch,
    monitor: Monitor,
    netifd: Netifd,
}

/// The events of one sleep.
#[derive(Default)]
pub struct Events {
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
    /// The requests of other wansyncs.
    pub requests: Vec<ControlRequest>,
}

impl EventSources {
    /// Opens the sources. The daemon's lock is held.
    pub fn open(state: &Path, routes: bool) -> io::Result<EventSources> {
        Ok(EventSources {
            signals: Signals::open()?,
            control: ControlSocket::listen(state)?,
            clock: ClockWatch::open()?,
            monitor: Monitor::open(routes)?,
            netifd: Netifd::default(),
        })
    }

    /// netifd, as it is known.
    pub fn netifd(&self) -> &Netifd {
        &self.netifd
    }

    /// Listens for routes or not, from now on.
    pub fn follow_routes(&mut self, routes: bool) -> io::Result<()> {
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
        self.netifd.request_dump();
    }

    /// Has netifd say all it knows once more, if it is time for that.
    pub fn refresh_netifd(&mut self, interval: Duration) {
        if self.netifd.link.refresh_is_due(interval, clock::boot()) {
            self.netifd.request_dump();
        }
    }

    /// Sleeps until `until`, or until there is an event, of these sources or of `others`.
    pub fn listen(&mut self, others: &[BorrowedFd<'_>], until: Option<Boot>) -> io::Result<Events> {
        let visitors = self.control.deadline().map(Boot::after_boot);
        let own = [visitors, self.netifd.link.retry_at()];
        let until = own.into_iter().flatten().chain(until).min();
        let patience = until.map(|until| until.since(clock::boot()));
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
        let ready = wait::until_readable(&fds, patience)?;
        let has_visitors = ready[first_visitor..first_other].contains(&true);
        let hears_netifd = first_visitor > 3 && ready[3];
        Ok(self.take([ready[0], ready[1], ready[2]], hears_netifd, has_visitors))
    }

    fn take(&mut self, ready: [bool; 3], netifd: bool, visitors: bool) -> Events {
        let [signals, clock, kernel] = ready;
        let mut events = Events::default();
        if signals {
            let caught = self.signals.take();
            events.end = caught.end;
            events.reload = caught.reload;
            events.pass = caught.pass;
        }
        events.clock = clock && self.clock.take();
        if kernel {
            let changes = self.monitor.take();
            events.kernel = changes.addresses || changes.links || changes.routes;
        }
        if netifd {
            events.networks = self.netifd.take();
        }
        if visitors || self.control.deadline().is_some() {
            events.requests = self.control.take();
        }
        events
    }
}

/// The connection to netifd, which may go away and come back.
pub struct Netifd {
    watch: Result<NetworkWatch, Reason>,
    link: NetifdLink,
    /// The networks as it described them before it was lost.
    last: Vec<Network>,
}

impl Default for Netifd {
    fn default() -> Netifd {
        Netifd {
            watch: Err(reason!(UbusNotAsked)),
            link: NetifdLink::default(),
            last: Vec::new(),
        }
    }
}

impl Netifd {
    /// netifd's networks, or the reason why they are not known. While it restarts, its
    /// last word still counts.
    pub fn networks(&self) -> Result<&[Network], Reason> {
        match &self.watch {
            Ok(watch) => Ok(watch.networks()),
            Err(_) if self.link.is_trusted() => Ok(&self.last),
            Err(why) => Err(why.clone()),
        }
    }

    /// Returns true if what is known of the networks is other than it was.
    fn connect(&mut self, socket: &Path) -> bool {
        let now = clock::boot();
        if !self.link.is_due(now) {
            return false;
        }
        match NetworkWatch::connect(socket) {
            Ok(watch) => {
                if self.link.note_connected(now) {
                    log::info!("netifd is heard again");
                }
                self.watch = Ok(watch);
                true
            }
            Err(error) => {
                self.log_loss(Reason::from(&*error));
                self.link.note_failed(now)
            }
        }
    }

    fn take(&mut self) -> bool {
        self.update_networks(NetworkWatch::take)
    }

    fn request_dump(&mut self) {
        self.link.note_asked(clock::boot());
        self.update_networks(NetworkWatch::refresh);
    }

    fn update_networks(&mut self, from: fn(&mut NetworkWatch) -> ubus::Result<bool>) -> bool {
        let Ok(watch) = &mut self.watch else {
            return false;
        };
        match from(watch) {
            Ok(changed) => changed,
            Err(error) => {
                self.link.note_lost(clock::boot());
                self.log_loss(Reason::from(&*error));
                false
            }
        }
    }

    fn log_loss(&mut self, why: Reason) {
        if self.watch.as_ref().err() != Some(&why) {
            log::warn!("netifd is not heard: {why}; it is tried again and again");
        }
        if let Ok(watch) = mem::replace(&mut self.watch, Err(why)) {
            self.last = watch.into_networks();
        }
    }
}
