//! Who can reach a key, which files are no key, no configuration and no CA file, and
//! folders that cannot be written.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;
use wansync_sim::KEY;
use wansync_test_support::jail::jailed;
use wansync_test_support::{Router, ran};

const STATIC: &str = "option source 'static'\noption address '8.8.4.4'";

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode");
}

/// A router whose key is in this file.
fn with_key_file(path: &Path) -> Router {
    let router = Router::new();
    let option = format!("option key_file '{}'", path.display());
    let home = router.home(STATIC);
    router.configure(&home.replace(&format!("option key '{KEY}'"), &option));
    router
}

#[test]
fn a_key_that_others_can_reach_is_warned_of_with_what_mends_it() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("keys");
    fs::create_dir(&folder).expect("a folder");
    let key = folder.join("key");
    fs::write(&key, KEY).expect("the key");
    let router = with_key_file(&key);
    let (key_mends, folder_mends) = (
        format!("chmod 600 {}", key.display()),
        format!("chmod go-w {}", folder.display()),
    );
    for (folder_mode, mode, words) in [
        (0o755, 0o600, None),
        (0o1777, 0o600, None),
        (
            0o755,
            0o640,
            Some(("others of its group may read the key in", &key_mends)),
        ),
        (
            0o755,
            0o604,
            Some(("every user may read the key in", &key_mends)),
        ),
        (
            0o755,
            0o602,
            Some(("others may change the key in", &key_mends)),
        ),
        (
            0o755,
            0o620,
            Some(("others may change the key in", &key_mends)),
        ),
        (
            0o777,
            0o600,
            Some(("others may put another key in the place of", &folder_mends)),
        ),
        (
            0o775,
            0o600,
            Some(("others may put another key in the place of", &folder_mends)),
        ),
    ] {
        set_mode(&key, mode);
        set_mode(&folder, folder_mode);
        let _ = fs::remove_file(router.path("run/complaints"));
        for command in [&["check", "--offline"][..], &["check"], &["once"]] {
            let ran = router.run(command).expect(0);
            match words {
                None => assert!(
                    !ran.said().contains("chmod"),
                    "{folder_mode:o} {mode:o}: {ran:?}"
                ),
                Some((words, mends)) => {
                    let line = format!("{words} {}; {mends}", key.display());
                    let ran = ran.says(&line).says("line 6");
                    assert!(!ran.said().contains(KEY), "{ran:?}");
                }
            }
        }
        // What is said mends it.
        if let Some((_, mends)) = words {
            let mended = Command::new("sh").args(["-c", mends]).status();
            assert!(mended.expect("sh runs").success());
            router.run(&["check", "--offline"]).never_says("chmod");
        }
    }
    // The way to it through a link is looked at as well.
    let link = router.path("link");
    symlink(&key, &link).expect("a link");
    set_mode(&folder, 0o777);
    let linked = with_key_file(&link);
    linked
        .run(&["check", "--offline"])
        .expect(0)
        .says(&folder_mends);
}

/// Each is refused at once, with its name and what it is.
#[test]
fn what_is_no_file_is_neither_key_nor_configuration_nor_ca_file() {
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &str| place.path().join(name);
    let made = Command::new("mkfifo").arg(at("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    fs::create_dir(at("folder")).expect("a folder");
    let huge = File::create(at("huge")).expect("a file");
    huge.set_len(1 << 30).expect("a file with a hole");
    set_mode(&at("huge"), 0o600);
    for name in ["pipe", "folder", "huge"] {
        symlink(at(name), at(&format!("link to {name}"))).expect("a link");
    }
    let table = [
        (at("pipe"), "is not a regular file", "it is not a file"),
        (
            at("link to pipe"),
            "is not a regular file",
            "it is not a file",
        ),
        (at("folder"), "is a directory", "it is a directory"),
        (at("link to folder"), "is a directory", "it is a directory"),
        (at("huge"), "is larger than", "it is larger than"),
        (at("link to huge"), "is larger than", "it is larger than"),
        (
            "/dev/zero".into(),
            "is not a regular file",
            "it is not a file",
        ),
        (
            "/dev/random".into(),
            "is not a regular file",
            "it is not a file",
        ),
        (
            "/proc/kmsg".into(),
            "is a file of the kernel's",
            "it is a file of the kernel's",
        ),
        (
            "/proc/version".into(),
            "is a file of the kernel's",
            "it is a file of the kernel's",
        ),
    ];
    for (path, words, of_ca_file) in table {
        let is_of_the_log = path.ends_with("kmsg");
        let refused = is_of_the_log.then(|| File::open(&path).err()).flatten();
        let (words, of_ca_file) = match refused.and_then(|error| error.raw_os_error()) {
            Some(1) => ("may not be read by this user", "Operation not permitted"),
            Some(_) => ("may not be read by this user", "Permission denied"),
            None => (words, of_ca_file),
        };
        let name = path.display().to_string();
        let router = with_key_file(&path);
        let line = format!("the key file {name} {words}");
        router.once().expect(78).says(&line);
        router.run(&["check", "--offline"]).expect(78).says(&line);

        let main = format!("config wansync 'main'\noption ca_file '{name}'\n");
        router.configure_raw(format!("{main}{}", router.home(STATIC)).as_bytes());
        let checked = router.run(&["check"]).expect(78).says(&name);
        let lines = checked.stdout.lines();
        let found = lines
            .filter(|line| line.starts_with("FAIL  the CA file"))
            .count();
        assert_eq!(found, 1, "{checked:?}");
        checked.says(of_ca_file);
        router.once().expect(69).says(of_ca_file);

        for command in ["once", "status", "check", "daemon"] {
            let mut with = wansync_test_support::program();
            with.arg("-c")
                .arg(&path)
                .arg("--state")
                .arg(router.path("run"));
            with.arg("--record").arg(router.path("etc")).arg(command);
            let ran = ran(with.output().expect("it runs")).expect(78);
            assert!(ran.said().contains(&format!("{name} {words}")), "{ran:?}");
        }
        assert!(router.sim.requests().is_empty(), "{name}");
    }
}

/// Room and rights are tried out, and it is said what follows where there is none.
#[test]
fn folders_that_cannot_be_written_are_found_by_check() {
    for (name, words) in [
        ("run", "without it nothing is sent"),
        ("etc", "a reboot forgets what is confirmed or refused"),
    ] {
        let router = Router::with_address("8.8.4.4");
        router.once().expect(0);
        router.run(&["check"]).expect(0).never_says("cannot write");
        let folder = router.path(name);
        let place = folder.display();
        for (line, why) in [
            (
                format!(
                    "mount -t tmpfs -o size=16k none {place}; cat /dev/zero >{place}/all 2>&- || true"
                ),
                "No space left on device",
            ),
            (
                format!("mount -t tmpfs -o ro none {place}"),
                "Read-only file system",
            ),
        ] {
            let Some(mut checked) = jailed(&line, &router.command(&["check"])) else {
                return;
            };
            let checked = ran(checked.output().expect("unshare runs")).expect(75);
            checked.says(&format!("FAIL  cannot write in {place}: {why}; {words}"));
            let offline = router.command(&["check", "--offline"]);
            let mut offline = jailed(&line, &offline).expect("as before");
            ran(offline.output().expect("unshare runs")).expect(0);
        }
        // Nothing of it stays, not even a folder that was not there.
        fs::remove_dir_all(&folder).expect("removed");
        router.run(&["check"]).expect(0);
        assert!(!folder.exists());
    }
}

#[test]
fn folders_that_others_may_write_are_found_by_check() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let folder = router.path("run");
    set_mode(&folder, 0o777);
    let mends = format!("chmod go-w {}", folder.display());
    router.run(&["check"]).expect(0).says(&mends);
    set_mode(&folder, 0o755);
    router.run(&["check"]).expect(0).never_says("chmod");
    if geteuid().is_root() {
        // A stranger's file in it is no state.
        router.once().expect(0).says("unchanged");
    }
}

/// What a path holds cannot begin a line of its own in the log.
#[test]
fn a_newline_in_a_path_makes_no_line_of_its_own() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("a\nwansync: error: forged");
    for name in ["status", "check"] {
        let mut command = wansync_test_support::program();
        let run = command.arg("-c").arg(&path).arg(name).output();
        let ran = ran(run.expect("it runs")).expect(78);
        assert_eq!(ran.said().lines().count(), 1, "{ran:?}");
    }
}
