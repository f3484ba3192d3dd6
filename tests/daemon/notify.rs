//! `option notify` of a `skydns` section.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::{QUIET_TIME, daemon, router, script};
use wansync_test_support::Router;
use wansync_test_support::netifd::up;

/// A hook that writes its environment as one line, after these commands.
fn hook(router: &Router, before: &str) -> String {
    let notified = router.path("notified").display().to_string();
    let line = "$WANSYNC_TYPE|$WANSYNC_SECTION|$WANSYNC_OLD|$WANSYNC_NEW|$WANSYNC_ADDRESS|\
                $WANSYNC_REASON|$WANSYNC_REASON_CODE";
    let text = format!("#!/bin/sh\n{before}\necho \"{line}\" >>{notified}\n");
    script(router, "hook", &text)
}

fn notified(router: &Router) -> Vec<String> {
    let text = fs::read_to_string(router.path("notified")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn hooked(before: &str) -> Router {
    let router = router("");
    let hook = hook(&router, before);
    router.configure(&router.home(&format!("option network wan\noption notify '{hook}'")));
    router
}

const FIRST: &str = "skydns|home|unknown|confirmed|8.8.4.4|8.8.4.4 is confirmed|send.confirmed";

#[test]
fn each_change_is_reported_once_and_in_order() {
    let router = hooked("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.until("news", |_| notified(&router).len() == 1);
    ubus.set_interface("wan", crate::pending());
    daemon.until("news", |_| notified(&router).len() == 2);
    ubus.set_interface("wan", up("8.8.4.4"));
    daemon.until("news", |_| notified(&router).len() == 3);
    ubus.redial("wan", up("9.9.9.9"));
    daemon.until("news", |_| notified(&router).len() == 4);
    thread::sleep(QUIET_TIME);
    let notified = notified(&router);
    assert_eq!(notified.len(), 4, "{notified:?}");
    assert_eq!(notified[0], FIRST);
    assert!(notified[1].starts_with("skydns|home|confirmed|aborted|8.8.4.4|network 'wan'"));
    assert!(notified[2].starts_with("skydns|home|aborted|confirmed|8.8.4.4|"));
    assert_eq!(
        notified[3],
        "skydns|home|confirmed|confirmed|9.9.9.9|9.9.9.9 is confirmed; before it was 8.8.4.4|\
         send.confirmed_after"
    );
}

#[test]
fn what_is_still_confirmed_after_a_reboot_is_no_news() {
    let router = hooked("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut first = daemon(&router);
    first.until("news", |_| notified(&router).len() == 1);
    assert!(first.end().success());
    router.reboot();
    let mut second = daemon(&router);
    second.says("home: unchanged");
    thread::sleep(QUIET_TIME);
    assert_eq!(notified(&router), [FIRST]);
}

#[test]
fn a_hook_that_hangs_is_killed_and_delays_nothing() {
    // Not the second time.
    let router = hooked("[ -e \"$0.ran\" ] || { : >\"$0.ran\"; sleep 300; }");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.until("a hook", |_| router.path("hook.ran").exists());
    let start = Instant::now();
    ubus.redial("wan", up("9.9.9.9"));
    daemon.says("9.9.9.9 is confirmed");
    assert!(start.elapsed() < Duration::from_secs(25));
    assert!(notified(&router).is_empty(), "the first hook hangs");
    daemon.says("took longer than 30 s");
    daemon.until("news", |_| notified(&router).len() == 1);
    assert!(
        notified(&router)[0].contains("|9.9.9.9|"),
        "{:?}",
        notified(&router)
    );
    assert!(daemon.end().success());
}

#[test]
fn a_hook_that_cannot_be_run_or_fails_is_said() {
    let router = router("");
    let path = router.path("none").display().to_string();
    router.configure(&router.home(&format!("option network wan\noption notify '{path}'")));
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says(&format!("home: the program {path} cannot be run: "));
    script(&router, "none", "#!/bin/sh\nexit 3\n");
    ubus.set_interface("wan", up("9.9.9.9"));
    daemon.says(&format!("home: the program {path} failed (exit status: 3)"));
    assert_eq!(router.updates(), 2);
}

#[test]
fn once_tells_it_too() {
    let router = hooked("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    for _ in 0..2 {
        router.once().expect(0);
    }
    router.reboot();
    router.once().expect(0).says("unchanged");
    assert_eq!(notified(&router), [FIRST]);
    ubus.set_interface("wan", up("9.9.9.9"));
    router.once().expect(0);
    assert_eq!(notified(&router).len(), 2);
}

/// A key that is refused is news; that it is held then is the same news.
#[test]
fn a_refusal_is_reported_once() {
    let router = hooked("");
    let text = fs::read_to_string(router.config()).expect("a configuration");
    router.configure_raw(text.replace(wansync_sim::KEY, "wrong-key").as_bytes());
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.until("news", |_| notified(&router).len() == 1);
    ubus.redial("wan", up("9.9.9.9"));
    daemon.signal(rustix::process::Signal::USR1);
    thread::sleep(Duration::from_secs(6));
    let notified = notified(&router);
    assert_eq!(notified.len(), 1, "{notified:?}");
    assert!(
        notified[0].starts_with("skydns|home|unknown|refused||"),
        "{notified:?}"
    );
}
