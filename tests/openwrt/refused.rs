//! A configuration that the init script refuses, while the daemon goes on.

use crate::staged::Staged;
use wansync_test_support::daemon::Daemon;

/// Seen in the field: after a refused reload status said "no pass yet, confirmed none".
#[test]
fn status_says_what_the_daemon_does_after_a_refused_reload() {
    let staged = Staged::new();
    let home = staged.home("8.8.4.4");
    staged.configure("option mode 'daemon'", &home);
    staged.service("start").expect(0);
    let script = "exec wansync -c /var/run/wansync/config daemon";
    let mut daemon = Daemon::start(staged.resident(script), staged.path("tmp/daemon.log"));
    daemon.says("8.8.4.4 is confirmed");
    for (wrong, words) in [
        (
            "option refresh 'never'\n",
            "error: section 'home': option 'refresh': ",
        ),
        ("config skydns 'office\n", ": Parse error "),
    ] {
        staged.configure("option mode 'daemon'", &format!("{home}{wrong}"));
        staged
            .service("reload")
            .says("this configuration is refused: what ran before goes on as it was");
        staged
            .run("wansync status")
            .expect(0)
            .says(words)
            .says("; the daemon goes on with the configuration of before")
            .says("home  confirmed")
            .never_says("no pass yet");
    }
    staged.configure("option mode 'daemon'", &home);
    staged
        .run("wansync status")
        .expect(0)
        .never_says("the daemon goes on");
}
