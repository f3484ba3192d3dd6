//! Pain 5: the process frozen, or gone and in the way.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wansync_sim::Times;

use crate::names::{Names, by_name};
use crate::{AFTER_BACKOFF, fault, later, ten_passes_wait};
use wansync_test_support::waiting::comes_true;
use wansync_test_support::{Ran, Router, ran};

const STATIC: &str = "option source static\noption address 8.8.4.4";
/// The bound on any one call, and as much again for a machine that is busy.
const RUN_TIMEOUT: Duration = Duration::from_secs(60);
/// Of the 30 s that a call has, some are left for the reply.
const TOO_LONG: &str = "took longer than ";

/// A pass, which must end by itself.
fn bounded(mut command: Command) -> Ran {
    let start = Instant::now();
    let output = command.output().expect("it runs");
    assert!(start.elapsed() < RUN_TIMEOUT, "{:?}", start.elapsed());
    ran(output)
}

/// A process that is killed if the test fails.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Running {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(command.spawn().expect("it starts"))
    }

    /// As the out-of-memory killer ends it.
    fn kill(mut self) {
        self.0.kill().expect("it is there");
        self.0.wait().expect("it ends");
    }

    fn end(mut self) -> Ran {
        let status = self.0.wait().expect("it ends");
        let mut output = Output {
            status,
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        let (mut stdout, mut stderr) = (self.0.stdout.take(), self.0.stderr.take());
        let read = |pipe: &mut dyn std::io::Read, to| pipe.read_to_end(to).expect("its output");
        read(stdout.as_mut().expect("piped"), &mut output.stdout);
        read(stderr.as_mut().expect("piped"), &mut output.stderr);
        ran(output)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn stalled_by_the_service(text: &str) {
    let router = Router::with_address("8.8.4.4");
    fault(&router, text);
    bounded(router.command(&["once"])).expect(69).says(TOO_LONG);
    // What has stalled is waited for once, and then left alone for a while.
    if !ten_passes_wait(&router, || bounded(router.command(&["once"]))) {
        return;
    }
    router.sim.clear();
    later(&router, AFTER_BACKOFF).expect(0).says("confirmed");
}

/// A socket whose queue is full: the kernel answers no further connection.
fn stalled_connection() {
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    listener.bind(&any.into()).expect("a port");
    listener.listen(0).expect("it listens");
    let address = listener.local_addr().expect("its address");
    let address = address.as_socket().expect("an IP address");
    let queue = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let _queued: Vec<_> = (0..4).map(|_| queue()).collect();
    let router = Router::new();
    let url = format!("https://{address}/");
    let home = router.home(STATIC).replace(&router.sim.https_url(), &url);
    router.configure(&home);
    bounded(router.command(&["once"]))
        .expect(69)
        .says("home: unconfirmed");
}

/// A name server that swallows what it is asked: a device without a reader.
fn stalled_name_server() {
    const SWALLOW: &str = r#"
        { ip link add t0 type dummy || ip tuntap add mode tun name t0; } 2>/dev/null
        ip address add 192.0.2.1/24 dev t0 && ip link set t0 up && exec "$@"
    "#;
    let router = Router::new();
    by_name(&router, STATIC);
    let names = Names::of(&router);
    names.write("nsswitch.conf", "hosts: dns\n");
    names.write(
        "resolv.conf",
        "nameserver 192.0.2.53\noptions timeout:30 attempts:5\n",
    );
    let mut command = crate::unshare(&["--mount", "--net", "sh", "-c", SWALLOW, "sh"]);
    crate::follow(&mut command, &names.command(&[], &["once"]));
    bounded(command)
        .expect(69)
        .says("name resolution of www.skydns.ru failed: no name server gave an answer within 15 s");
}

fn stalled_page() {
    let router = Router::new();
    let page = router.sim.echo_url();
    router.configure(&router.home(&format!("option source web\nlist url '{page}'")));
    fault(&router, "stall=body");
    bounded(router.command(&["once"]))
        .expect(75)
        .says("took longer than 10 s");
}

fn stalled_command() {
    let router = Router::new();
    router.configure(&router.home(
        "option source command\noption command /bin/sh\nlist arg '-c'\nlist arg 'sleep 300; :'",
    ));
    bounded(router.command(&["once"]))
        .expect(75)
        .says("took longer than 10 s");
}

fn stalled_ubus() {
    let router = Router::new();
    router.configure(&router.home("option source network\noption network wan"));
    let _silent = UnixListener::bind(router.path("ubus.sock")).expect("a socket");
    bounded(router.command(&["once"]))
        .expect(75)
        .says("home: aborted");
    bounded(router.command(&["status"])).expect(0);
}

/// The service accepted the connection and said nothing more; the updater
/// waited for it until a restart by hand.
#[test]
fn pain_05_every_wait_ends() {
    let by_the_service = [
        "tls-stall",
        "stall=status",
        "stall=headers",
        "stall=body",
        "drip=300",
        "delay=90000",
    ];
    let others = [
        stalled_connection,
        stalled_name_server,
        stalled_page,
        stalled_command,
        stalled_ubus,
    ];
    thread::scope(|scope| {
        for text in by_the_service {
            scope.spawn(move || stalled_by_the_service(text));
        }
        for stalled in others {
            scope.spawn(stalled);
        }
    });
}

/// A process that died left its lock behind, and no update was sent for 105 days.
#[test]
fn pain_05_a_killed_pass_blocks_nothing() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "stall=status");
    let stalled = Running::start(router.command(&["once"]));
    assert!(router.sim.wait_for_requests(1, RUN_TIMEOUT));
    stalled.kill();
    router.sim.clear();
    router
        .once()
        .expect(75)
        .says("the process ended while 8.8.4.4 was being sent");
    assert_eq!(
        router.home_status()["sends_left_today"],
        23,
        "it may have arrived"
    );
    later(&router, AFTER_BACKOFF)
        .expect(0)
        .says("home: confirmed");
    assert_eq!(router.updates(), 1);
}

/// Of two triggers at once, one was lost, or both sent.
#[test]
fn pain_05_two_passes_at_once() {
    let router = Router::with_address("8.8.4.4");
    let slow = "delay=1000".parse().expect("a fault");
    router.sim.fault(slow, Times::Next(1));
    let first = Running::start(router.command(&["once"]));
    assert!(router.sim.wait_for_requests(1, RUN_TIMEOUT));
    let same = Running::start(router.command(&["once"]));
    first.end().expect(0).says("home: confirmed");
    same.end().expect(0).says("home: unchanged");
    assert_eq!(router.updates(), 1);
}

/// The address changed while a pass was under way, and that was never seen.
#[test]
fn pain_05_a_change_during_a_pass_is_not_lost() {
    let router = Router::with_address("8.8.4.4");
    let slow = "delay=1000".parse().expect("a fault");
    router.sim.fault(slow, Times::Next(1));
    let first = Running::start(router.command(&["once"]));
    assert!(router.sim.wait_for_requests(1, RUN_TIMEOUT));
    router.set_address("8.8.8.8");
    let others: Vec<_> = (0..3)
        .map(|_| Running::start(router.command(&["once"])))
        .collect();
    first.end().expect(0);
    for other in others {
        other.end().expect(0);
    }
    assert!(comes_true(|| router.bound() == ["8.8.8.8"]));
    assert_eq!(router.updates(), 2);
    assert_eq!(router.home_status()["confirmed"], "8.8.8.8");
}
