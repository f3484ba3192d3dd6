//! Command lines, and folders that cannot be.

use super::*;

#[test]
fn command_lines_that_make_no_sense() {
    let settled = Settled::new();
    let table: [(&[&str], &str); 12] = [
        (&[], "--help"),
        (&["twice"], "twice"),
        (&["--twice"], "--twice"),
        (&["once", "--twice"], "--twice"),
        (&["once", "nosuch"], "no skydns or tunnel section 'nosuch'"),
        (
            &["once", "home", "nosuch"],
            "no skydns or tunnel section 'nosuch'",
        ),
        (&["status", "--format", "xml"], "xml"),
        (&["status", "--format"], "--format"),
        (&["status", "home"], "home"),
        (&["check", "--online"], "--online"),
        (&["event", "ifup"], "ifup"),
        (&["once", "-c"], "-c"),
    ];
    for (arguments, part) in table {
        let ran = sound(settled.router.run(arguments), part)
            .expect(64)
            .says(part);
        assert_eq!(
            ran.said().lines().count(),
            1,
            "{arguments:?}: {}",
            ran.said()
        );
        settled.nothing_happened(part);
    }
    let no_value = wansync_test_support::program()
        .arg("--config")
        .output()
        .expect("the program runs");
    wansync_test_support::ran(no_value)
        .expect(64)
        .says("--config");
    let latin = OsString::from_vec(b"caf\xe9".to_vec());
    let once: [&OsStr; 2] = ["once".as_ref(), &latin];
    let ran = sound(settled.router.run(&once), "latin 1")
        .expect(64)
        .says("not UTF-8");
    assert_eq!(ran.said().lines().count(), 1);
    settled.nothing_happened("latin 1");
}

#[test]
fn help_and_version_need_nothing() {
    for arguments in [
        &["--help"][..],
        &["help"],
        &["--version"],
        &["once", "--help"],
        &["event", "--help"],
        &["status", "--help"],
        &["check", "--help"],
        &["-c", "/nonexistent", "--version"],
    ] {
        let output = wansync_test_support::program().args(arguments).output();
        let ran = wansync_test_support::ran(output.expect("the program runs")).expect(0);
        assert!(
            ran.stdout.contains("ansync"),
            "{arguments:?}: {}",
            ran.stdout
        );
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}

/// A place for the record or the state that cannot be one.
#[test]
fn folders_that_cannot_be() {
    let settled = Settled::new();
    let router = &settled.router;
    router.set_address("8.8.8.8");
    let places = [
        router.config(),
        PathBuf::from("/proc/nowhere"),
        PathBuf::from("/dev/null/x"),
    ];
    for place in &places {
        let mut command = wansync_test_support::program();
        command.arg("-c").arg(router.config());
        command.arg("--record").arg(router.path("etc"));
        command.arg("--state").arg(place).arg("once");
        let ran = wansync_test_support::ran(command.output().expect("the program runs"));
        let ran = sound(ran, "state").expect(75).says("nothing is sent");
        assert_eq!(ran.said().lines().count(), 1, "{}", ran.said());
        let place = place.display().to_string();
        assert!(ran.stderr.contains(&place), "{}", ran.stderr);
        settled.nothing_happened(&place);
    }
}
