//! The library in a namespace: this test program once more, inside, where one
//! test that is otherwise ignored does what it is told and prints what it finds.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use wansync_core::reason::Reason;

use crate::sys::netlink::monitor::Changes;
use crate::sys::ping::Echo;
use crate::sys::{counters, netlink};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;

use wansync_test_support::netns::{Netns, behind};
use wansync_test_support::waiting::{HANG, wait_until};

/// What the process inside is to do.
const ACT: &str = "WANSYNC_TEST_ACT";
/// What it prints begins with this; the test harness prints lines too.
const MARK: &str = "found: ";
/// How long an echo is waited for.
const ECHO: Duration = Duration::from_millis(700);

/// A process inside.
pub struct Inside {
    child: Child,
    lines: Receiver<String>,
}

impl Inside {
    #[track_caller]
    pub fn start(net: &Netns, act: &str) -> Inside {
        Inside::run(net.enter(&again(act)))
    }

    /// Without capabilities, which is all that the kernel asks for here.
    #[track_caller]
    pub fn start_unprivileged(net: &Netns, act: &str) -> Inside {
        let setpriv = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
        Inside::run(net.enter(&behind(&setpriv, &again(act))))
    }

    #[track_caller]
    fn run(mut command: Command) -> Inside {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("nsenter (util-linux) runs");
        let stdout = child.stdout.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || found(stdout).for_each(|line| drop(sender.send(line))));
        Inside { child, lines }
    }

    /// What it says next; `None` if it has ended.
    #[track_caller]
    pub fn next(&self) -> Option<String> {
        match self.lines.recv_timeout(HANG) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it says nothing"),
        }
    }

    /// What it says last.
    #[track_caller]
    pub fn last(&self) -> String {
        let mut last = None;
        while let Some(line) = self.next() {
            last = Some(line);
        }
        last.expect("it says something")
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn again(act: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("it runs"));
    command
        .args([
            "sys::netlink::tests::inside::act",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(ACT, act);
    command
}

fn found(stdout: ChildStdout) -> impl Iterator<Item = String> {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    lines.filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()))
}

#[test]
#[ignore = "the other tests run it, in a namespace"]
fn act() {
    let Ok(act) = env::var(ACT) else { return };
    let words: Vec<&str> = act.split(' ').collect();
    match words[..] {
        ["route_of", network, device, ref table @ ..] => {
            let network = network.parse().unwrap();
            let routes = netlink::Routes::read(network, &[network]);
            say(routes.map(|routes| routes.status(network, device, number(table))));
        }
        ["add_route", network, device, ref table @ ..] => {
            say(netlink::add_route(
                network.parse().unwrap(),
                device,
                number(table),
            ));
        }
        ["echo", target, device] => say(echo(target, device)),
        ["answered_echo", target, device] => say(answered_echo(target, device)),
        ["echo_bound", target, device] => {
            say(Echo::open(target.parse().unwrap(), device, 1).map(|_| ()));
        }
        ["echo_then", target, device, ..] => echo_then(target, device, &words[3..]),
        ["monitor", routes] => monitor(routes == "routes", || ()),
        ["monitor_asleep", alarm] => monitor(true, || {
            wait_until("the alarm", || Path::new(alarm).exists());
        }),
        ["counters", device] => {
            say(counters::read().unwrap().of_device(device));
        }
        _ => panic!("what is {act}?"),
    }
}

fn number(words: &[&str]) -> Option<u32> {
    words.first().map(|word| word.parse().unwrap())
}

fn say(found: impl std::fmt::Debug) {
    println!("\n{MARK}{found:?}");
}

/// Whether one of two echoes was answered.
fn echo(target: &str, device: &str) -> Result<bool, Reason> {
    let mut echo = Echo::open(target.parse().unwrap(), device, 77)?;
    for _ in 0..2 {
        echo.send()?;
        if is_answered(&mut echo)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The same, as often as it takes.
fn answered_echo(target: &str, device: &str) -> Result<bool, Reason> {
    let mut echo = Echo::open(target.parse().unwrap(), device, 77)?;
    becomes_answered(&mut echo)
}

fn becomes_answered(echo: &mut Echo) -> Result<bool, Reason> {
    let begin = Instant::now();
    while begin.elapsed() < HANG {
        echo.send()?;
        if is_answered(echo)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_answered(echo: &mut Echo) -> Result<bool, Reason> {
    let end = Instant::now() + ECHO;
    loop {
        if let Some(time) = echo.answer()? {
            assert!(time < HANG, "{time:?}");
            return Ok(true);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        wait(echo, left);
    }
}

/// Sends, runs a program, and sends again.
fn echo_then(target: &str, device: &str, program: &[&str]) {
    let mut echo = Echo::open(target.parse().unwrap(), device, 77).unwrap();
    say(becomes_answered(&mut echo));
    let status = Command::new(program[0]).args(&program[1..]).status();
    assert!(status.unwrap().success());
    // Of the first ones more than one may have been answered.
    let taken = loop {
        match echo.answer() {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    let sent = taken.and_then(|_| echo.send());
    say(sent.and_then(|()| is_answered(&mut echo)));
}

/// Tells of changes until it is killed.
fn monitor(routes: bool, sleep: impl FnOnce()) {
    let mut monitor = netlink::Monitor::open(routes).unwrap();
    assert_eq!(monitor.take(), Changes::default());
    println!("\n{MARK}listening");
    sleep();
    loop {
        wait(&monitor, HANG);
        let changes = monitor.take();
        let kinds = [
            (changes.addresses, "addresses"),
            (changes.links, "links"),
            (changes.routes, "routes"),
        ];
        for (_, kind) in kinds.iter().filter(|(changed, _)| *changed) {
            println!("\n{MARK}{kind}");
        }
    }
}

fn wait(fd: &impl AsFd, patience: Duration) {
    let timeout = Timespec::try_from(patience).unwrap();
    poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout)).unwrap();
}
