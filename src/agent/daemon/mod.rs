//! `wansync daemon`: the same as `once`, for ever.
//!
//! One process and one thread. It sleeps in one `poll` until the kernel, netifd,
//! a signal or another wansync has something to say, or until something is due;
//! then it looks at what that concerns, and acts. Nothing in here can block for
//! long: requests run in child processes (see `sections`).

mod accounts;
mod child;
mod event_sources;
mod sections;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::agent::RunError;
use crate::agent::changes::{self, Change};
use crate::agent::history;
use crate::agent::hooks::Programs;
use crate::agent::observe::Observer;
use crate::agent::paths::Paths;
use crate::agent::tunnels::{FollowUp, RouterState, TunnelMonitor};
use crate::sys::control::{self, ControlRequest};
use crate::sys::http::HttpClient;
use crate::sys::lock::{LockGuard, PassLock};
use crate::sys::store::Store;
use crate::sys::{clock, files, log as logging};
use accounts::Accounts;
use event_sources::{EventSources, Events};
use sections::{CheckContext, Sections};
use wansync_core::config::{Config, Mode, Skydns, Source};
use wansync_core::hotplug::Hotplug;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::rpcd;
use wansync_core::time::Boot;

/// The time that a pass that runs at the end has to end by itself. After 2 s the daemon
/// is expected to be gone.
const FINAL_PASS_TIMEOUT: Duration = Duration::from_millis(1500);
/// The pause between two notes that it is at work.
const NOTE_INTERVAL: Duration = Duration::from_secs(60);
/// The longest wait for a `once` that watches the tunnels to end.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// The time that another daemon has to say which process it is.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the daemon until it is asked to end.
///
/// # Errors
/// The class of the problem that ended it, which is logged.
pub fn run(paths: &Paths) -> Result<(), RunError> {
    let (guard, mut daemon) = open(paths)?;
    let ended = daemon.run(&guard);
    guard.release();
    ended
}

struct Daemon<'a> {
    paths: &'a Paths,
    store: Store,
    config: Config,
    /// The configuration as text, for child processes.
    copy: Option<File>,
    sources: EventSources,
    sections: Sections,
    accounts: Accounts,
    monitor: TunnelMonitor,
    programs: Programs,
    /// The moment of the last check of the sections, since boot.
    last_check: Duration,
    /// The moment at which it leaves word again that it is at work, since boot.
    next_note: Duration,
}

fn open(paths: &Paths) -> Result<(LockGuard, Daemon<'_>), RunError> {
    let (config, copy) = paths.load_and_copy().map_err(|why| {
        log::error!("{why}");
        RunError::Configuration
    })?;
    logging::set_level(config.main.log_level);
    let folder = paths.state.display();
    let lock = PassLock::of_daemon(&paths.state);
    let cannot = |error| {
        log::error!("cannot use the folder {folder}: {error}; nothing is sent");
        RunError::Temporary
    };
    let guard = match lock.try_lock_now().map_err(cannot)? {
        Some(guard) => guard,
        None => wait_for(paths, &lock).map_err(cannot)?.ok_or_else(|| {
            log::error!("another wansync still uses the folder {folder}; this one ends");
            RunError::Temporary
        })?,
    };
    let store = paths.store();
    let sources = EventSources::open(&paths.state, has_routes(&config)).map_err(|error| {
        log::error!("cannot listen for changes: {error}");
        RunError::Temporary
    })?;
    let monitor = TunnelMonitor::new(&config, &store, &[]);
    let daemon = Daemon {
        paths,
        sections: Sections::new(&config, &store),
        accounts: Accounts::new(monitor.accounts()),
        monitor,
        programs: Programs::default(),
        last_check: Duration::ZERO,
        next_note: Duration::ZERO,
        store,
        config,
        copy,
        sources,
    };
    Ok((guard, daemon))
}

/// Waits for a daemon that is about to end, or a pass over the tunnels.
fn wait_for(paths: &Paths, lock: &PassLock) -> std::io::Result<Option<LockGuard>> {
    let who = match control::send_request(&paths.state, "pid", CONTROL_TIMEOUT) {
        Ok(Some(pid)) => format!("another wansync daemon (process {pid})"),
        Ok(None) => "a pass of wansync".to_owned(),
        Err(_) => "another wansync".to_owned(),
    };
    let (folder, patience) = (paths.state.display(), LOCK_TIMEOUT.as_secs());
    log::warn!("{who} uses the folder {folder}; waiting for its end, {patience} s at most");
    lock.lock_within(LOCK_TIMEOUT)
}

fn has_routes(config: &Config) -> bool {
    config
        .ready_tunnels()
        .any(|(_, tunnel)| tunnel.route.is_some())
}

impl Daemon<'_> {
    fn run(&mut self, guard: &LockGuard) -> Result<(), RunError> {
        self.log_what_is_watched();
        loop {
            let events = match self.wait_for_events() {
                Ok(events) => events,
                Err(error) => {
                    log::error!("cannot listen for changes: {error}");
                    return Err(RunError::Temporary);
                }
            };
            if events.end {
                self.shut_down();
                return Ok(());
            }
            self.note_work(guard);
            self.handle_events(events);
            self.do_due_work();
        }
    }

    fn log_what_is_watched(&self) {
        let (sections, tunnels) = (
            self.config.ready_sections().count(),
            self.config.ready_tunnels().count(),
        );
        match self.config.main.enabled {
            true => log::info!("running: {sections} skydns sections, {tunnels} tunnels"),
            false => log::warn!("running, but disabled (option enabled '0')"),
        }
    }

    fn wait_for_events(&mut self) -> std::io::Result<Events> {
        let due = match self.config.main.enabled {
            true => [
                self.sections.due(),
                self.accounts.due(),
                self.monitor.due(),
                self.programs.due().map(Boot::after_boot),
            ],
            false => [None; 4],
        };
        let until = due.into_iter().flatten().min();
        let others: Vec<BorrowedFd<'_>> = self.monitor.sockets().collect();
        self.sources.listen(&others, until)
    }

    fn handle_events(&mut self, events: Events) {
        if events.reload {
            self.reload();
        }
        if events.pass {
            log::info!("a pass was asked for (USR1)");
            self.sections.force_passes();
            self.accounts.expedite();
            self.monitor.expedite();
        }
        let is_connected = self.sources.connect(&self.paths.ubus);
        if events.networks || is_connected {
            // What is asked over the Internet may have another way out now.
            self.sections.request_recheck(&self.config, &|_| true);
            self.monitor.expedite();
            self.accounts.expedite();
        } else if events.kernel {
            self.sections.request_recheck(&self.config, &|section| {
                matches!(section.source, Source::Interface(_))
            });
            self.monitor.expedite();
        }
        if events.clock {
            self.sections.request_recheck(&self.config, &|_| true);
            self.accounts.expedite();
        }
        let mut is_doubtful = events.pass;
        for request in events.requests {
            is_doubtful |= self.answer_request(request);
        }
        if is_doubtful {
            // The process that wakes us may know of something that netifd could not send.
            self.sources.ask_netifd();
        }
    }

    /// Returns true if the request was an event that matters.
    fn answer_request(&mut self, request: ControlRequest) -> bool {
        let (what, line) = request
            .text()
            .split_once('\t')
            .unwrap_or((request.text(), ""));
        match what {
            "event" => {
                let hotplug = Hotplug::from_line(line);
                request.answer("ok");
                return hotplug.is_some_and(|hotplug| self.handle_hotplug(&hotplug));
            }
            "passed" => {
                let changes = self.sections.take_notifications(&self.config, &self.store);
                self.tell(changes);
                request.answer("ok");
            }
            "restart" => {
                let ordered = self.restart_tunnel(line);
                request.answer(&match ordered {
                    Ok(done) => rpcd::done(&done),
                    Err(why) => rpcd::refusal(&why),
                });
            }
            "pid" => request.answer(&std::process::id().to_string()),
            "status" => {
                self.monitor.write(&self.store);
                let ago = clock::since_boot().saturating_sub(self.last_check);
                PassLock::of_passes(&self.paths.state).record_done(ago);
                request.answer("ok");
            }
            "config" => {
                let text = self.copy.as_ref().and_then(files::text_of_copy);
                request.answer(&format!("config\n{}", text.unwrap_or_default()));
            }
            _ => request.answer("what?"),
        }
        false
    }

    /// # Errors
    /// Why nothing is done.
    fn restart_tunnel(&mut self, section: &str) -> Result<Reason, Reason> {
        if !self.config.main.enabled {
            return Err(reason!(RpcDisabled));
        }
        let router = RouterState {
            store: &self.store,
            networks: self.sources.netifd().networks(),
            address_is_pending: self.sections.address_is_pending(),
        };
        let mut follow_up = FollowUp::default();
        let monitor = &mut self.monitor;
        let ordered = monitor.order(self.paths, &router, &mut follow_up, section);
        self.programs.add(follow_up.commands);
        ordered
    }

    fn handle_hotplug(&mut self, hotplug: &Hotplug) -> bool {
        if !hotplug.matters(&self.config) {
            return false;
        }
        let concerns = |section: &Skydns| hotplug.concerns(section);
        self.sections.request_recheck(&self.config, &concerns);
        self.monitor.expedite();
        true
    }

    /// A configuration that cannot be read changes nothing.
    fn reload(&mut self) {
        let (config, copy) = match self.paths.load_and_copy() {
            Ok(both) => both,
            Err(why) => {
                log::error!("{why}; the configuration of before stays in use");
                return;
            }
        };
        logging::set_level(config.main.log_level);
        if let Err(error) = self.sources.follow_routes(has_routes(&config)) {
            log::warn!("cannot listen for routes: {error}");
        }
        self.monitor.write(&self.store);
        self.config = config;
        self.copy = copy;
        self.sections.configure(&self.config, &self.store);
        self.monitor = TunnelMonitor::new(&self.config, &self.store, &[]);
        self.accounts = Accounts::new(self.monitor.accounts());
        log::info!("the configuration was read again");
        self.log_what_is_watched();
    }

    fn do_due_work(&mut self) {
        if !self.config.main.enabled {
            return;
        }
        if self.sections.are_due() {
            self.check_sections();
        }
        let networks = self.sources.netifd().networks();
        let router = RouterState {
            store: &self.store,
            networks,
            address_is_pending: self.sections.address_is_pending(),
        };
        let mut follow_up = FollowUp::default();
        let monitor = &mut self.monitor;
        monitor.take_answers(self.paths, &router, &mut follow_up);
        monitor.begin_rounds(self.paths, &router, &mut follow_up);
        self.tell(follow_up.changes);
        self.programs.add(follow_up.commands);
        let queries = &follow_up.account_queries;
        let input = self.copy.as_ref().map(File::as_fd);
        let accounts = &mut self.accounts;
        for account in accounts.run_queries(self.paths, &self.config, input, queries) {
            self.monitor.account_answered(&account);
        }
        self.programs.advance();
    }

    /// Leaves word that it is at work, by which a gap is known after its end.
    fn note_work(&mut self, guard: &LockGuard) {
        let (now, main) = (clock::since_boot(), &self.config.main);
        if main.enabled && now >= self.next_note {
            let passes = PassLock::of_passes(&self.paths.state);
            let looks = (Mode::Daemon, main.interval);
            history::note_gap(self.paths, guard, &passes, looks);
            guard.record_done(Duration::ZERO);
            self.next_note = now + NOTE_INTERVAL;
        }
    }

    fn check_sections(&mut self) {
        self.last_check = clock::since_boot();
        self.sources.refresh_netifd(self.config.main.interval);
        let client = HttpClient::new(self.config.main.ca_file.as_ref(), false);
        let networks = self.sources.netifd().networks().map(<[_]>::to_vec);
        let context = CheckContext {
            paths: self.paths,
            store: &self.store,
            config: &self.config,
            input: self.copy.as_ref().map(File::as_fd),
            observer: &Observer::with_networks(networks, &client),
        };
        let changes = self.sections.advance(&context);
        self.tell(changes);
    }

    fn tell(&mut self, changes: Vec<Change>) {
        self.programs.add(changes::tell(self.paths, changes));
    }

    fn shut_down(&mut self) {
        self.monitor.write(&self.store);
        self.sections.finish_pass(FINAL_PASS_TIMEOUT);
        log::info!("ended");
    }
}
