//! A night on the test router: the tunnel has been well for ten minutes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use wansync_test_support::clocks::moved;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netns::behind;
use wansync_test_support::tunnel::TunnelBed;
use wansync_test_support::{Ran, ran};

/// The router has been running for longer than the machine, so that there is a
/// time before the test.
const CLOCK_OFFSET: i64 = 1_000_000;
/// Options of a tunnel that is looked at often.
pub const QUICK_OPTIONS: &str = "option interval 5\noption down_after 2\noption on_down restart\n";

pub struct Night {
    pub bed: TunnelBed,
    /// Gives the program another clock or fewer rights.
    pub wrap: fn(&Command) -> Command,
}

impl Night {
    /// The tunnel has these options, and has been up for ten minutes.
    pub fn with(options: &str) -> Night {
        let night = Night::new();
        night.bed.config(&night.filled(options));
        night.was_well();
        night
    }

    /// Without a configuration.
    pub fn new() -> Night {
        Night::on(TunnelBed::new())
    }

    /// On another test router.
    pub fn on(bed: TunnelBed) -> Night {
        let wrap = |command: &Command| behind(&["env"], command);
        Night { bed, wrap }
    }

    /// `$HOOK` in options is a program that writes its environment down.
    pub fn filled(&self, options: &str) -> String {
        let hook = self.bed.router.path("hook");
        let notified = self.bed.router.path("notified");
        let text = format!(
            "#!/bin/sh\necho \"$WANSYNC_TYPE $WANSYNC_SECTION $WANSYNC_OLD $WANSYNC_NEW \
             $WANSYNC_TUNNEL [$*] $WANSYNC_REASON\" >> {}\n",
            notified.display()
        );
        fs::write(&hook, text).expect("the hook is written");
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("it can be run");
        options.replace("$HOOK", &hook.display().to_string())
    }

    /// The changes that the hook was run for since, a line each.
    pub fn notified(&self) -> Vec<String> {
        let text = fs::read_to_string(self.bed.router.path("notified")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// A pass ten minutes ago found all well. The hook may forget it.
    pub fn was_well(&self) {
        self.pass_at(-600).expect(0).says("dacha: up: ");
        let _ = fs::remove_file(self.bed.router.path("notified"));
    }

    /// The program so many seconds from now, ready to be run.
    pub fn at(&self, seconds: i64, arguments: &[&str]) -> Command {
        let command = (self.wrap)(&self.bed.router.command(arguments));
        self.bed.inside(&moved(&command, CLOCK_OFFSET + seconds))
    }

    /// A pass so many seconds from now, by when netifd has done what the last
    /// one asked for, however slow this machine is.
    pub fn pass_at(&self, seconds: i64) -> Ran {
        self.bed.wait("netifd has done it", |bed| {
            bed.restarts() >= self.restarts()
        });
        self.run_at(seconds, &["once"])
    }

    /// Runs the program so many seconds from now.
    pub fn run_at(&self, seconds: i64, arguments: &[&str]) -> Ran {
        ran(self.at(seconds, arguments).output().expect("it runs"))
    }

    /// The daemon, which hears netifd. Another one goes on writing the same log.
    pub fn daemon(&self) -> Daemon {
        let log = self.bed.router.path("daemon.log");
        let mut daemon = Daemon::start(self.at(0, &["daemon"]), log);
        daemon.until("ear for netifd", |_| self.bed.ubus.subscriptions() > 0);
        daemon
    }

    /// The tunnel in `status`, so many seconds from now.
    #[track_caller]
    pub fn tunnel_at(&self, seconds: i64) -> Value {
        let ran = self
            .run_at(seconds, &["status", "--format", "json"])
            .expect(0);
        let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        status["tunnels"][0].clone()
    }

    /// The tunnel in `status` now.
    #[track_caller]
    pub fn tunnel(&self) -> Value {
        self.tunnel_at(0)
    }

    /// Waits until the daemon finds the tunnel in this state.
    #[track_caller]
    pub fn is(&self, daemon: &mut Daemon, state: &str) {
        daemon.until(state, |_| {
            thread::sleep(Duration::from_millis(250));
            self.tunnel()["state"] == state
        });
    }

    /// Waits until the state and the reason hold this; both.
    #[track_caller]
    pub fn finds(&self, daemon: &mut Daemon, part: &str) -> String {
        let mut finding = String::new();
        daemon.until(part, |_| {
            thread::sleep(Duration::from_millis(250));
            finding = self.finding();
            finding.contains(part)
        });
        finding
    }

    /// The state and the reason, together.
    #[track_caller]
    pub fn finding(&self) -> String {
        finding(&self.tunnel())
    }

    /// The number of times that the network was taken down. The stand-in counts a call once
    /// it has done it, which on a slow machine may be after the agent's next one.
    pub fn restarts(&self) -> usize {
        let downs = || self.bed.ubus.called("down", "vpnki0");
        for _ in 0..30 {
            if downs() >= self.bed.restarts() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        downs()
    }

    /// Waits until the network was taken down and up so many times. Where the
    /// machine is slow, netifd may be asked to take it up more than once.
    #[track_caller]
    pub fn restarted(&self, daemon: &mut Daemon, times: usize) {
        daemon.until("restart", |_| self.bed.restarts() >= times);
        assert_eq!(self.restarts(), times, "{}", daemon.log());
    }

    /// For so long the network is left alone.
    #[track_caller]
    pub fn left_alone(&self, daemon: &mut Daemon, time: Duration) {
        let (begun, before) = (Instant::now(), self.restarts());
        daemon.until("end of the pause", |daemon| {
            assert_eq!(self.restarts(), before, "{}", daemon.log());
            begun.elapsed() > time
        });
    }
}

/// State and reason of a tunnel's status.
pub fn finding(tunnel: &Value) -> String {
    let text = |name: &str| tunnel[name].as_str().unwrap_or_default().to_owned();
    format!("{}: {}", text("state"), text("reason"))
}

/// Fails, with the text, if one does not hold the other.
#[track_caller]
pub fn holds(text: &str, part: &str) {
    assert!(text.contains(part), "no '{part}' in: {text}");
}
