//! The limits of restarts and notifications, over the hours.

use crate::night::{Night, finding, holds};
use wansync_test_support::tunnel::Restart;

/// A tunnel without a device, which no restart brings back, and the first time
/// that it is certainly down.
fn lost(options: &str) -> Night {
    let night = Night::with(&format!("option down_after 2\n{options}"));
    night.bed.on_restart(Restart::Useless);
    night.bed.vanish();
    night.pass_at(0).expect(0).says("seen down 1 of 2 times");
    night
}

#[test]
fn three_in_an_hour_and_quiet() {
    let night = lost("option on_down restart\noption notify $HOOK");
    let restarts = || night.restarts();
    let down = "dacha: down: VPNKI lists user356 as active, but vpnki0 is down (";
    for (at, made) in [(60, 1), (70, 1), (180, 2), (200, 2), (500, 3)] {
        night.pass_at(at).expect(1).says(down);
        assert_eq!(restarts(), made, "at {at}");
    }
    for at in [700, 1500, 3000, 3600] {
        night.pass_at(at).expect(1).says(down);
        assert_eq!(restarts(), 3, "at {at}");
    }
    let tunnel = night.tunnel_at(3601);
    holds(
        &finding(&tunnel),
        "; 3 of 3 restarts within an hour did not help, the next is in ",
    );
    assert_eq!(tunnel["restarts_last_hour"], 3);
    let news = |notified: &String| {
        notified
            .split(' ')
            .skip(2)
            .take(2)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let notified: Vec<String> = night.notified().iter().map(news).collect();
    assert_eq!(notified, ["up down", "down given-up"]);

    night.pass_at(3670).expect(1);
    assert_eq!(restarts(), 4, "one is an hour old");
    night.bed.heal();
    night.pass_at(3700).expect(0).says("dacha: up: ");
    assert_eq!(night.notified().len(), 3);
}

#[test]
fn the_command_is_the_last_resort() {
    let night = lost(
        "option on_down restart\noption restart_limit 1\noption command $HOOK\n\
         list arg 'modem reset'\nlist arg '$(reboot)'",
    );
    night
        .pass_at(60)
        .expect(1)
        .says("restarting its network, 1 of 1");
    assert!(night.notified().is_empty());
    night
        .pass_at(70)
        .says("the last attempt has not helped yet");
    night
        .pass_at(200)
        .says("restarts did not help, running the command");
    let notified = night.notified();
    assert_eq!(notified.len(), 1, "{notified:#?}");
    holds(
        &notified[0],
        "tunnel dacha down down user356 [modem reset $(reboot)] VPNKI lists",
    );
    for at in [600, 1200, 3000] {
        night.pass_at(at).expect(1);
    }
    assert_eq!((night.notified().len(), night.restarts()), (1, 1));
}

#[test]
fn only_the_command() {
    let night = lost("option on_down command\noption restart_limit 2\noption command $HOOK");
    for at in [60, 180, 500, 1000, 2000] {
        night.pass_at(at).expect(1);
    }
    assert_eq!((night.notified().len(), night.restarts()), (2, 0));
    holds(
        &finding(&night.tunnel_at(2001)),
        "2 commands within an hour did not help",
    );
}

/// A resource of VPNKI that the program does not know, as the README has it.
#[test]
fn the_command_may_be_a_call_to_vpnki() {
    let night = Night::new();
    let program = night.bed.router.command(&[""; 0]);
    let program = program.get_program().to_string_lossy().into_owned();
    let config = night.bed.router.config().display().to_string();
    night.bed.config(&format!(
        "option on_down command\noption down_after 1\noption command '{program}'\n\
         list arg '-c'\nlist arg '{config}'\nlist arg vpnki\nlist arg '--any'\n\
         list arg '--yes'\nlist arg port\nlist arg 'action=add'\nlist arg 'inip=192.168.1.5'\n\
         list arg 'inport=8080'\n"
    ));
    night.was_well();
    night.bed.stall();
    night.pass_at(60).expect(1).says("running");
    let asked = night.bed.vpnki_requests();
    assert_eq!(asked.last().map(String::as_str), Some("port"), "{asked:?}");
}

#[test]
fn nothing_at_all() {
    let cases = [
        ("option on_down none", "on_down is none"),
        (
            "option on_down restart\noption restart_limit 0",
            "restart_limit is 0",
        ),
    ];
    for (options, why) in cases {
        let night = lost(options);
        for at in [60, 180, 600] {
            night
                .pass_at(at)
                .expect(1)
                .says(&format!("; {why}, so nothing is done"));
        }
        assert_eq!(night.restarts(), 0);
    }
}

/// A log from which nothing is left out: each restart with its reason and count, and
/// once that there will be no more.
#[test]
fn the_log_tells_of_each_restart_and_of_giving_up() {
    let night = lost("option on_down restart");
    let log_at = |at: i64| night.pass_at(at).expect(1).stderr;
    for (at, made) in [(60, 1), (200, 2), (500, 3)] {
        let log = log_at(at);
        holds(&log, "dacha: tunnel user356");
        holds(&log, "vpnki0 is down (");
        holds(
            &log,
            &format!("; restarting its network, {made} of 3 in an hour"),
        );
    }
    log_at(520);
    let log = log_at(900);
    holds(&log, "dacha: tunnel user356 is given up: ");
    holds(&log, "vpnki0 is down (");
    holds(&log, "3 of 3 restarts");
    for at in [1500, 3000, 3600] {
        assert!(!log_at(at).contains("given up"), "at {at}");
    }
    holds(&log_at(3670), "; restarting its network, ");
}
