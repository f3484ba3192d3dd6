//! `wansync event`: it returns at once, and one process in the background does
//! the rest, for as long as there is something to do.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getsid, kill_process, kill_process_group};
use serde_json::{Value, json};
use wansync_sim::Times;
use wansync_test_support::waiting::wait_until;
use wansync_test_support::{Ran, Router, netns};

/// A router's boot is not to wait for us. That the work is left to another
/// process is shown by that; the bound is for hangs.
const AT_ONCE: Duration = Duration::from_secs(20);

/// The time after a failure in which its backoff, 12 s or more, surely lasts.
const WITHIN_BACKOFF: Duration = Duration::from_secs(10);

/// A router whose background processes end with the test.
struct Hooked(Router);

impl Hooked {
    fn new() -> Hooked {
        Hooked(Router::with_address("8.8.4.4"))
    }

    /// A router whose source is a script. It counts itself in `passes`, prints
    /// what `address` holds, and then waits for as long as there is `block`.
    fn counting() -> Hooked {
        let hooked = Hooked(Router::new());
        let folder = hooked.0.path("").display().to_string();
        let script = format!(
            "cd {folder} || exit; echo pass >>passes; cat address; while [ -e block ]; do sleep 0.05; done"
        );
        hooked.0.configure(&hooked.0.home(&format!(
            "option source command\noption command /bin/sh\nlist arg -c\nlist arg '{script}'"
        )));
        hooked.set_address("8.8.4.4");
        hooked
    }

    fn set_address(&self, address: &str) {
        fs::write(self.0.path("address"), format!("{address}\n")).expect("an address");
    }

    fn passes(&self) -> usize {
        let passes = fs::read_to_string(self.0.path("passes"));
        passes.map_or(0, |text| text.lines().count())
    }

    /// The hotplug entry with this environment.
    fn command(&self, environment: &[(&str, &str)]) -> Command {
        let mut command = self.0.command(&["event"]);
        for name in [
            "ACTION",
            "INTERFACE",
            "DEVICE",
            "IFUPDATE_ADDRESSES",
            "IFUPDATE_ROUTES",
        ] {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied());
        command
    }

    /// Runs it. That its output ends with it shows that the process in the
    /// background has none of its caller's pipes.
    #[track_caller]
    fn event(&self, environment: &[(&str, &str)]) -> Ran {
        let start = Instant::now();
        let output = self.command(environment).output();
        let ran = wansync_test_support::ran(output.expect("the program runs"));
        assert!(start.elapsed() < AT_ONCE, "{environment:?}");
        ran
    }

    #[track_caller]
    fn ifup(&self) {
        let ran = self.event(&[("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "eth1")]);
        assert_eq!(ran.expect(0).said(), "");
    }

    /// The processes in the background of this router.
    fn workers(&self) -> Vec<Pid> {
        let folder = self.0.path("").display().to_string();
        let is_ours = |pid: &Pid| {
            let path = format!("/proc/{}/cmdline", pid.as_raw_nonzero());
            let line = fs::read(path).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).into_owned();
            line.contains(&folder) && line.contains("\0--work\0")
        };
        let entries = fs::read_dir("/proc").expect("/proc").flatten();
        let pids = entries.filter_map(|e| e.file_name().to_str()?.parse().ok());
        pids.filter_map(Pid::from_raw).filter(is_ours).collect()
    }

    /// The number of background processes. One that has let go of its lock and ends beside the
    /// next one does not count; where it is emulated, that takes its time.
    fn lasting_workers(&self) -> usize {
        let workers = self.workers();
        if workers.len() <= 1 {
            return workers.len();
        }
        thread::sleep(Duration::from_secs(1));
        let still = self.workers();
        workers.iter().filter(|pid| still.contains(pid)).count()
    }

    #[track_caller]
    fn worker(&self) -> Pid {
        let workers = self.workers();
        assert_eq!(workers.len(), 1, "{workers:?}");
        workers[0]
    }

    /// Waits until no process is left in the background.
    #[track_caller]
    fn wait_for_the_end(&self) {
        wait_until("the background process ends", || self.workers().is_empty());
    }

    /// Nothing came of an event, and nothing will.
    #[track_caller]
    fn is_quiet(&self) {
        assert_eq!(self.workers(), []);
        assert!(!self.0.path("run").exists(), "a mark was left");
        assert_eq!(self.0.sim.requests().len(), 0);
    }
}

impl Drop for Hooked {
    fn drop(&mut self) {
        for pid in self.workers() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn field(pid: Pid, path: &str) -> String {
    let path = format!("/proc/{}/{path}", pid.as_raw_nonzero());
    match fs::read_link(&path) {
        Ok(target) => target.display().to_string(),
        Err(_) => fs::read_to_string(&path).unwrap_or_default(),
    }
}

#[test]
fn events_that_matter_are_worked_off() {
    let events: [&[(&str, &str)]; 5] = [
        &[("ACTION", "ifup"), ("INTERFACE", "wan")],
        &[("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "eth1")],
        &[
            ("ACTION", "ifupdate"),
            ("INTERFACE", "wan"),
            ("IFUPDATE_ADDRESSES", "1"),
        ],
        &[("ACTION", "step"), ("freq_drift_ppm", "0")],
        &[("ACTION", "stratum")],
    ];
    let routers: Vec<Hooked> = events.iter().map(|_| Hooked::new()).collect();
    for (hooked, event) in routers.iter().zip(events) {
        assert_eq!(hooked.event(event).expect(0).said(), "", "{event:?}");
        assert_eq!(hooked.workers().len(), 1, "{event:?}");
    }
    for (hooked, event) in routers.iter().zip(events) {
        hooked.wait_for_the_end();
        assert_eq!(hooked.0.bound(), ["8.8.4.4"], "{event:?}");
        assert_eq!(hooked.0.updates(), 1, "{event:?}");
        assert_eq!(hooked.0.home_status()["outcome"], "confirmed");
    }
}

/// netifd's description of a network that is up with this address, if there is one.
fn network(address: Option<&str>) -> Value {
    let addresses = address.map(|address| json!({"address": address, "mask": 24}));
    json!({
        "up": true, "pending": false, "available": true, "autostart": true,
        "dynamic": address.is_some(), "uptime": 4, "l3_device": "wwan0", "proto": "qmi",
        "device": "wwan0", "ipv4-address": Vec::from_iter(addresses), "data": {},
    })
}

/// LTE: the network is up before its child has the address.
#[test]
fn an_event_of_a_dynamic_child_is_one_of_the_network() {
    for options in [
        "option network 'wan'",
        "list network 'lan'\nlist network 'wan'",
        "option source static\noption address 8.8.4.4\noption bind 'wan'",
    ] {
        let hooked = Hooked(Router::new());
        hooked.0.configure(&hooked.0.home(options));
        let ubus = hooked.0.ubus();
        ubus.set_interface("wan", network(None));
        let mut child = network(Some("8.8.4.4"));
        child["l3_device"] = "lo".into();
        ubus.set_interface("wan_4", child);
        hooked.event(&[
            ("ACTION", "ifup"),
            ("INTERFACE", "wan_4"),
            ("DEVICE", "wwan0"),
        ]);
        hooked.wait_for_the_end();
        assert_eq!(hooked.0.bound(), ["8.8.4.4"], "{options}");
    }
}

/// Of several networks another is the best when one goes, or when a route does.
#[test]
fn a_fail_over_is_an_event() {
    let gone: [&[(&str, &str)]; 3] = [
        &[("ACTION", "ifdown"), ("INTERFACE", "wan")],
        &[("ACTION", "ifdown"), ("INTERFACE", "wan_4")],
        &[
            ("ACTION", "ifupdate"),
            ("INTERFACE", "wan"),
            ("IFUPDATE_ROUTES", "1"),
        ],
    ];
    for event in gone {
        let hooked = Hooked(Router::new());
        let options = "list network 'wan'\nlist network 'wwan'";
        hooked.0.configure(&hooked.0.home(options));
        let ubus = hooked.0.ubus();
        ubus.set_interface("wan", network(None));
        ubus.set_interface("wwan", network(Some("9.9.9.9")));
        hooked.event(event);
        hooked.wait_for_the_end();
        assert_eq!(hooked.0.bound(), ["9.9.9.9"], "{event:?}");
    }
}

#[test]
fn events_that_do_not_matter_do_nothing() {
    let network = "option source network\noption network wan";
    let device = "option source interface\noption device eth1";
    let fixed = "option source static\noption address 8.8.4.4\noption bind wan";
    let hooked = Hooked(Router::new());
    let table: [(&str, &[(&str, &str)]); 12] = [
        (
            network,
            &[
                ("ACTION", "ifup"),
                ("INTERFACE", "lan"),
                ("DEVICE", "br-lan"),
            ],
        ),
        (network, &[("ACTION", "ifup"), ("INTERFACE", "wan6")]),
        (network, &[("ACTION", "ifup")]),
        (network, &[("ACTION", "ifdown"), ("INTERFACE", "wan")]),
        (network, &[("ACTION", "ifup-failed"), ("INTERFACE", "wan")]),
        (network, &[("ACTION", "ifupdate"), ("INTERFACE", "wan")]),
        (
            network,
            &[
                ("ACTION", "ifupdate"),
                ("INTERFACE", "wan"),
                ("IFUPDATE_ROUTES", "1"),
            ],
        ),
        (network, &[("ACTION", "unsync")]),
        (network, &[("ACTION", ""), ("INTERFACE", "wan")]),
        (
            device,
            &[("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "eth0")],
        ),
        (fixed, &[("ACTION", "ifup"), ("INTERFACE", "lan")]),
        (
            "option enabled 0",
            &[("ACTION", "ifup"), ("INTERFACE", "wan")],
        ),
    ];
    for (options, event) in table {
        hooked.0.configure(&hooked.0.home(options));
        assert_eq!(hooked.event(event).expect(0).said(), "", "{event:?}");
        hooked.is_quiet();
    }
    hooked
        .0
        .configure_raw(b"config wansync\noption enabled 0\n");
    hooked.ifup();
    hooked.is_quiet();
}

#[test]
fn what_is_wrong_is_said_at_once() {
    let hooked = Hooked::new();
    hooked.event(&[]).expect(64).says("ACTION");
    hooked
        .event(&[("INTERFACE", "wan")])
        .expect(64)
        .says("ACTION");
    hooked.is_quiet();
    let ifup = [("ACTION", "ifup"), ("INTERFACE", "wan")];
    fs::write(hooked.0.path("run"), "").expect("a file in the place of the folder");
    let folder = hooked.0.path("run").display().to_string();
    hooked.event(&ifup).expect(75).says(&folder);
    fs::remove_file(hooked.0.path("run")).expect("removed");
    hooked.0.configure_raw(b"rubbish\n");
    hooked.event(&ifup).expect(78).says("line 1");
    hooked.is_quiet();
}

#[test]
fn the_background_process_is_on_its_own() {
    let hooked = Hooked::new();
    // As a hotplug script would: the event, and more work after it.
    let mut shell = Command::new("sh");
    shell.args(["-c", r#""$@"; echo returned >"$MARK"; exec sleep 60"#, "sh"]);
    let event = hooked.command(&[("ACTION", "ifup"), ("INTERFACE", "wan")]);
    shell.arg(event.get_program()).args(event.get_args());
    shell.envs(
        event
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    shell.env("MARK", hooked.0.path("returned"));
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shell = in_its_own_group(shell);
    wait_until("the event returns", || hooked.0.path("returned").exists());

    let worker = hooked.worker();
    assert_eq!(getsid(Some(worker)), Ok(worker), "it leads a session");
    for stdio in ["fd/0", "fd/1", "fd/2"] {
        assert_eq!(field(worker, stdio), "/dev/null");
    }
    let fds = format!("/proc/{}/fd", worker.as_raw_nonzero());
    let pipes = fs::read_dir(fds).expect("descriptors").flatten();
    let pipes = pipes.filter_map(|fd| fs::read_link(fd.path()).ok());
    assert!(pipes.into_iter().all(|target| !target.starts_with("pipe:")));

    let group = Pid::from_child(&shell);
    kill_process_group(group, Signal::KILL).expect("the shell's group");
    shell.wait().expect("the shell ends");
    assert_eq!(hooked.workers(), [worker], "it survives its caller");
    hooked.wait_for_the_end();
    assert_eq!(hooked.0.bound(), ["8.8.4.4"]);
}

/// As in a container: the session began outside, so it has no number inside.
#[test]
fn an_event_in_a_pid_namespace_of_its_own() {
    let hooked = Hooked::new();
    let stay = r#""$@" || exit; while [ ! -e "$MARK" ]; do sleep 1; done"#;
    let mut unshare = vec!["unshare", "--pid", "--fork", "--kill-child"];
    unshare.extend(netns::user_namespace());
    unshare.extend(["--", "sh", "-c", stay, "sh"]);
    let event = hooked.command(&[("ACTION", "ifup"), ("INTERFACE", "wan")]);
    let mut inside = netns::behind(&unshare, &event);
    let mark = hooked.0.path("bound");
    let inside = inside.env("MARK", &mark).spawn().expect("unshare runs");
    let mut inside = Killed(inside);
    wait_until("the update", || {
        let ended = inside.0.try_wait().expect("it is ours");
        assert_eq!(ended, None, "the event failed");
        hooked.0.bound() == ["8.8.4.4"]
    });
    fs::write(mark, "").expect("the mark");
    assert!(inside.0.wait().expect("it ends").success());
}

/// A process that ends with the test at the latest.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn in_its_own_group(mut command: Command) -> Child {
    use std::os::unix::process::CommandExt;
    command.process_group(0).spawn().expect("it starts")
}

/// netifd runs one hotplug script at a time, so the events come one by one.
#[test]
fn fifty_events_are_two_passes_at_most() {
    let hooked = Hooked::counting();
    let start = Instant::now();
    let over = AtomicBool::new(false);
    let most = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !over.load(Ordering::Relaxed) {
                most = most.max(hooked.lasting_workers());
                thread::sleep(Duration::from_millis(2));
            }
            most
        });
        for _ in 0..50 {
            hooked.ifup();
        }
        over.store(true, Ordering::Relaxed);
        watch.join().expect("the watch")
    });
    // One at once and one when the WAN has settled; as many again each second, should
    // the machine be that slow.
    let settled = start.elapsed().as_secs() as usize;
    hooked.wait_for_the_end();
    assert_eq!(most, 1, "background processes at a time");
    let passes = hooked.passes();
    assert!((1..=2 + 2 * settled).contains(&passes), "{passes} passes");
    assert_eq!(hooked.0.updates(), 1);
}

#[test]
fn events_all_at_once_are_two_passes_at_most() {
    let hooked = Hooked::counting();
    let start = Instant::now();
    let ifup = [("ACTION", "ifup"), ("INTERFACE", "wan")];
    let spawn = |_| hooked.command(&ifup).spawn().expect("the program runs");
    let events: Vec<Child> = (0..20).map(spawn).collect();
    for mut event in events {
        assert!(event.wait().expect("it ends").success());
    }
    let settled = start.elapsed().as_secs() as usize;
    hooked.wait_for_the_end();
    let passes = hooked.passes();
    assert!((1..=2 + 2 * settled).contains(&passes), "{passes} passes");
    assert_eq!(hooked.0.updates(), 1);
}

#[test]
fn an_event_during_a_pass_is_not_lost() {
    let hooked = Hooked::counting();
    let block = hooked.0.path("block");
    fs::write(&block, "").expect("a block");
    hooked.ifup();
    wait_until("a pass begins", || hooked.passes() == 1);
    wait_until("it has seen the old address", || is_sleeping(&hooked));
    hooked.set_address("8.8.8.8");
    hooked.ifup();
    hooked.worker();
    fs::remove_file(&block).expect("no block");
    hooked.wait_for_the_end();
    assert_eq!(hooked.passes(), 2);
    assert_eq!(hooked.0.bound(), ["8.8.8.8"]);
    assert_eq!(hooked.0.updates(), 2);
}

/// True if the source's script has printed its address and waits.
fn is_sleeping(hooked: &Hooked) -> bool {
    let folder = fs::canonicalize(hooked.0.path("")).expect("the folder");
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let is_sleep = |path: &Path| {
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        line.starts_with(b"sleep\0")
            && fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd == folder)
    };
    entries.into_iter().any(|entry| is_sleep(&entry.path()))
}

#[test]
fn an_event_during_a_pass_of_another_is_not_lost() {
    let hooked = Hooked::counting();
    let block = hooked.0.path("block");
    fs::write(&block, "").expect("a block");
    let mut once = hooked.0.command(&["once"]);
    let mut once = once
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    wait_until("a pass begins", || hooked.passes() == 1);
    wait_until("it has seen the old address", || is_sleeping(&hooked));
    hooked.set_address("8.8.8.8");
    hooked.ifup();
    // It waits for its turn.
    thread::sleep(Duration::from_secs(3));
    assert_eq!(hooked.passes(), 1, "one pass at a time");
    fs::remove_file(&block).expect("no block");
    assert!(once.wait().expect("it ends").success());
    hooked.wait_for_the_end();
    // One at once, and one when the WAN has settled.
    assert_eq!(hooked.passes(), 3);
    assert_eq!(hooked.0.updates(), 2);
    assert_eq!(hooked.0.bound(), ["8.8.8.8"]);
}

#[test]
fn once_waits_for_a_pass_in_the_background() {
    let hooked = Hooked::counting();
    let block = hooked.0.path("block");
    fs::write(&block, "").expect("a block");
    hooked.ifup();
    wait_until("a pass begins", || hooked.passes() == 1);
    let mut once = hooked.0.command(&["once"]);
    let once = once
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(hooked.passes(), 1, "one pass at a time");
    fs::remove_file(&block).expect("no block");
    let once = once.wait_with_output().expect("it ends");
    wansync_test_support::ran(once)
        .expect(0)
        .says("home: unchanged");
    hooked.wait_for_the_end();
    assert_eq!(hooked.0.updates(), 1);
}

/// After a failure the process stays for the retry, and another address need
/// not wait for that.
#[test]
fn an_event_ends_the_wait_after_a_failure() {
    let hooked = Hooked::counting();
    hooked
        .0
        .sim
        .fault("status=503".parse().expect("a fault"), Times::Next(1));
    hooked.ifup();
    wait_until("the pass fails", || {
        hooked.0.updates() == 1 && hooked.0.home_status()["outcome"] == "unconfirmed"
    });
    thread::sleep(Duration::from_millis(600));
    let worker = hooked.worker();
    hooked.set_address("8.8.8.8");
    hooked.ifup();
    assert_eq!(hooked.worker(), worker, "the same one");
    hooked.wait_for_the_end();
    assert_eq!(hooked.0.bound(), ["8.8.8.8"]);
    assert_eq!(hooked.0.updates(), 2);
}

/// The events of one reconnect, in the orders in which netifd has them run.
#[test]
fn the_events_of_one_change_send_it_once() {
    let ifup = [("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "eth1")];
    let ifup_6 = [
        ("ACTION", "ifup"),
        ("INTERFACE", "wan_6"),
        ("DEVICE", "eth1"),
    ];
    let ifdown = [
        ("ACTION", "ifdown"),
        ("INTERFACE", "wan"),
        ("DEVICE", "eth1"),
    ];
    let update = [
        ("ACTION", "ifupdate"),
        ("INTERFACE", "wan"),
        ("IFUPDATE_ADDRESSES", "1"),
    ];
    let reconnects: [&[&[(&str, &str)]]; 5] = [
        &[&ifdown, &ifup],
        &[&ifup, &ifup_6],
        &[&ifup_6, &ifup],
        &[&ifup, &ifup],
        &[&ifdown, &ifup, &update, &ifup_6, &update],
    ];
    for events in reconnects {
        let hooked = Hooked::new();
        // The service answers only when all of them have come, and the WAN has settled.
        hooked
            .0
            .sim
            .fault("delay=2000".parse().expect("a fault"), Times::Next(1));
        let tunnel = "config tunnel 'dacha'\noption name 'user356'\noption network 'vpnki0'\n\
            option on_down 'none'\n";
        let home = hooked
            .0
            .home("option source 'static'\noption address '8.8.4.4'");
        hooked.0.configure(&format!("{home}{tunnel}"));
        for event in events {
            hooked.event(event).expect(0);
        }
        hooked.wait_for_the_end();
        assert_eq!(hooked.0.bound(), ["8.8.4.4"], "{events:?}");
        assert_eq!(hooked.0.updates(), 1, "{events:?}");
    }
}

/// It is sent before the WAN has settled, and the address that is there then is sent too.
#[test]
fn an_event_starts_a_pass_at_once_and_another_when_the_wan_has_settled() {
    let hooked = Hooked::counting();
    let block = hooked.0.path("block");
    fs::write(&block, "").expect("a block");
    hooked.ifup();
    wait_until("the pass at once", || hooked.passes() == 1);
    wait_until("it has seen the old address", || is_sleeping(&hooked));
    hooked.set_address("8.8.8.8");
    fs::remove_file(&block).expect("no block");
    hooked.wait_for_the_end();
    assert_eq!(hooked.passes(), 2);
    assert_eq!(hooked.0.bound(), ["8.8.8.8"]);
    // Without another address the second one sends nothing.
    hooked.ifup();
    hooked.wait_for_the_end();
    assert_eq!(hooked.passes(), 4);
    let updates = hooked.0.updates();
    assert!(updates <= 2, "{updates}");
}

/// A send that failed at once has its backoff; that the WAN settles does not shorten it.
#[test]
fn a_failed_send_is_not_repeated_when_the_wan_has_settled() {
    let hooked = Hooked::new();
    hooked
        .0
        .sim
        .fault("status=503".parse().expect("a fault"), Times::All);
    let start = Instant::now();
    hooked.ifup();
    wait_until("the pass fails", || hooked.0.updates() >= 1);
    thread::sleep(Duration::from_secs(4));
    let updates = hooked.0.updates();
    if start.elapsed() > WITHIN_BACKOFF {
        return;
    }
    assert_eq!(updates, 1);
    assert_eq!(hooked.0.home_status()["outcome"], "unconfirmed");
    hooked.worker();
}

/// Four changes in a row are more than three a minute: the last one waits, and wins.
#[test]
fn a_wan_that_flaps_is_held_down_from_hotplug_too() {
    let hooked = Hooked::counting();
    for address in ["8.8.4.1", "8.8.4.2", "8.8.4.3", "8.8.4.4"] {
        hooked.set_address(address);
        hooked.ifup();
        wait_until("the address is sent, or waits", || {
            let status = hooked.0.home_status();
            let reason = status["reason"].as_str().unwrap_or_default();
            status["confirmed"] == address || reason.contains("the WAN flaps")
        });
    }
    hooked.wait_for_the_end();
    assert_eq!(hooked.0.bound(), ["8.8.4.4"]);
    assert!(hooked.0.updates() <= 4, "{}", hooked.0.updates());
}

/// `stop` of the init script removes that folder: what waits for a retry ends.
#[test]
fn a_service_that_is_stopped_retries_no_more() {
    let hooked = Hooked::new();
    fs::create_dir_all(hooked.0.path("run/started")).expect("a folder");
    hooked
        .0
        .sim
        .fault("status=503".parse().expect("a fault"), Times::All);
    hooked.ifup();
    wait_until("the pass fails", || hooked.0.updates() == 1);
    fs::remove_dir(hooked.0.path("run/started")).expect("a folder");
    hooked.wait_for_the_end();
    assert_eq!(hooked.0.updates(), 1);
}

#[test]
fn a_retry_follows_a_failure_by_itself() {
    let hooked = Hooked::new();
    hooked
        .0
        .sim
        .fault("status=503".parse().expect("a fault"), Times::Next(1));
    hooked.ifup();
    hooked.wait_for_the_end();
    assert_eq!(hooked.0.bound(), ["8.8.4.4"]);
    assert_eq!(hooked.0.updates(), 2);
}
