//! Pain 16: the WAN is up before DNS and the service are.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::thread;

use wansync_sim::{Options, Sim};

use crate::names::{Names, by_name};
use crate::{Background, processes};
use wansync_test_support::waiting::comes_true;
use wansync_test_support::{Router, ran};

const STATIC: &str = "option source static\noption address 8.8.4.4";

/// The command that netifd runs; it must return at once.
fn ifup(mut command: Command) {
    let hotplug = [("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "eth1")];
    let output = command.envs(hotplug).output().expect("it runs");
    let ran = ran(output).expect(0);
    assert_eq!(ran.said(), "");
}

fn is_tried(router: &Router) -> bool {
    !router.home_status()["outcome"].is_null()
}

/// Waits for the confirmation that comes by itself, and for the end of all processes.
fn recovers(router: &Router, background: &Background) {
    assert!(
        comes_true(|| router.home_status()["confirmed"] == "8.8.4.4"),
        "{}",
        router.home_status()
    );
    assert!(comes_true(|| background.is_gone()));
}

fn the_service_refuses_connections_at_first() {
    let listen = Ipv4Addr::new(127, 0, 0, 2);
    let port = {
        let listener = TcpListener::bind((listen, 0)).expect("a port");
        listener.local_addr().expect("its address").port()
    };
    let router = Router::new();
    let ca_file = router.path("ca.crt");
    let main = format!(
        "config wansync main\noption ca_file '{}'\n",
        ca_file.display()
    );
    let url = format!("https://{listen}:{port}/provider_api/");
    let home = router.home(STATIC).replace(&router.sim.https_url(), &url);
    router.configure_raw(format!("{main}{home}").as_bytes());
    let background = Background(&router);
    ifup(router.command(&["event"]));
    assert!(comes_true(|| is_tried(&router)));
    assert_eq!(router.home_status()["outcome"], "unconfirmed");
    assert!(!background.is_gone(), "it waits for its retry");
    let service = Sim::start(Options {
        listen: listen.into(),
        https_port: port,
        ca_out: Some(ca_file),
        ..Options::default()
    });
    recovers(&router, &background);
    assert_eq!(service.requests().len(), 1);
}

fn names_do_not_resolve_at_first(section: &str, outcome: &str) {
    let router = Router::new();
    router.sim.set_echo("8.8.4.4");
    by_name(&router, &section.replace("PAGE", &router.sim.echo_url()));
    let names = Names::of(&router);
    let background = Background(&router);
    ifup(names.command(&[], &["event"]));
    // Until it has failed, the reason is that it may have been killed.
    let fails = || {
        let status = router.home_status();
        let reason = status["reason"].as_str();
        status["outcome"] == outcome && reason.is_some_and(|why| why.contains("name resolution"))
    };
    assert!(comes_true(fails), "{}", router.home_status());
    names.resolve();
    recovers(&router, &background);
    assert_eq!(router.updates(), 1);
}

/// The hook fired before DNS and the service worked, failed, and was never
/// tried again until the next change.
#[test]
fn pain_16_an_event_that_comes_too_early_is_made_good() {
    let web = "option source web\nlist url 'PAGE'";
    thread::scope(|scope| {
        scope.spawn(the_service_refuses_connections_at_first);
        scope.spawn(|| names_do_not_resolve_at_first(STATIC, "unconfirmed"));
        scope.spawn(|| names_do_not_resolve_at_first(web, "aborted"));
    });
}

/// Each event of a flapping line started a process of its own.
#[test]
fn pain_16_a_flapping_line_makes_one_process_and_one_send() {
    let router = Router::with_address("8.8.4.4");
    let background = Background(&router);
    let mut most = 0;
    for _ in 0..20 {
        ifup(router.command(&["event"]));
        most = most.max(processes(&router).len());
    }
    assert!(most <= 2, "{most}");
    recovers(&router, &background);
    assert_eq!(router.updates(), 1);
}
