//! `--output`: what is secret in an answer, in a file for its owner alone.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, symlink};
use std::path::Path;
use std::process::Command;

use rustix::fs::OFlags;

use crate::{file, mode_of, nothing_was_sent, only_request, router, skydns, vpnki};
use wansync_test_support::terminal::at_terminal;
use wansync_test_support::waiting::wait_until;
use wansync_test_support::{Ran, Router, ran};

const ADD_VPN: &str = "add_vpn ident=user1 name=a profile_id=1001";

/// Both methods with a secret, to this file.
fn both(path: &Path) -> [(&'static str, String); 2] {
    let path = path.display();
    [
        ("skydns", format!("{ADD_VPN} --output {path}")),
        ("vpnki", format!("add_tunnel --output {path}")),
    ]
}

fn run(router: &Router, service: &'static str, words: &str) -> Ran {
    router.run(&crate::split(service, words))
}

#[track_caller]
fn holds_the_secret(service: &str, text: &str) {
    match service {
        "skydns" => {
            assert!(text.starts_with("client\nremote "), "{text}");
            assert!(
                text.ends_with("</key>\n") && text.contains("PRIVATE KEY"),
                "{text}"
            );
        }
        _ => {
            let lines: Vec<&str> = text.lines().collect();
            let login = lines[0].strip_prefix("login=").expect("a login");
            assert_eq!(lines[1..], [format!("password=invented-{login}")]);
        }
    }
}

#[track_caller]
fn is_written(router: &Router, service: &'static str, words: &str, path: &Path) {
    let ran = run(router, service, words).expect(0);
    assert_eq!(ran.stdout, format!("written to {}\n", path.display()));
    assert_eq!(ran.stderr, "");
    holds_the_secret(service, &fs::read_to_string(path).expect("text"));
    assert_eq!(mode_of(path), 0o600);
}

/// The names in the router's folder, but for its configuration.
fn names(router: &Router) -> Vec<OsString> {
    let names = fs::read_dir(router.path("")).expect("the folder").flatten();
    let names = names.map(|entry| entry.file_name());
    names.filter(|name| name != "wansync").collect()
}

#[test]
fn a_secret_is_for_its_owner_alone() {
    for n in 0..2 {
        let router = router();
        let path = router.path("new.file.ovpn");
        let (service, words) = &both(&path)[n];
        is_written(&router, service, words, &path);
        // Over a file that all may read, and one that none may write.
        for mode in [0o644, 0o666, 0o400] {
            router.sim.reset();
            file(
                &router,
                "new.file.ovpn",
                "old contents\n".repeat(1000),
                mode,
            );
            is_written(&router, service, &format!("{words} --yes"), &path);
        }
        // No draft is left.
        assert_eq!(names(&router), ["new.file.ovpn"]);
    }
}

/// A process that still has the old file open does not see the new.
#[test]
fn an_old_file_is_replaced_and_not_written_to() {
    let router = router();
    let path = file(&router, "a", "old", 0o666);
    let old = fs::metadata(&path).expect("it is there").ino();
    fs::hard_link(&path, router.path("b")).expect("a link");
    let words = format!("{} --yes", both(&path)[1].1);
    is_written(&router, "vpnki", &words, &path);
    assert_ne!(fs::metadata(&path).expect("it is there").ino(), old);
    assert_eq!(fs::read_to_string(router.path("b")).expect("text"), "old");
}

#[test]
fn no_other_file_is_touched() {
    let router = router();
    for name in ["client.new", "client", "client.ovpn.new"] {
        file(&router, name, "mine", 0o644);
    }
    symlink("client.new", router.path("linked.new")).expect("a link");
    for name in ["client.ovpn", "linked.ovpn"] {
        router.sim.reset();
        let path = router.path(name);
        is_written(&router, "skydns", &both(&path)[0].1, &path);
    }
    for name in ["client.new", "client", "client.ovpn.new", "linked.new"] {
        assert_eq!(fs::read_to_string(router.path(name)).expect("text"), "mine");
    }
}

#[test]
fn a_name_without_a_folder() {
    let router = router();
    let mut call = router.command(&["vpnki", "add_tunnel", "--output", "here"]);
    let ended = call.current_dir(router.path("")).output().expect("it runs");
    assert!(ended.status.success());
    assert_eq!(mode_of(&router.path("here")), 0o600);
}

/// What is made at the service cannot be had again.
#[test]
fn what_cannot_be_written_is_not_made() {
    for n in 0..2 {
        let router = router();
        fs::create_dir(router.path("folder")).expect("a folder");
        // Links to devices, so that a fault would not harm the device itself.
        symlink("/dev/null", router.path("null")).expect("a link");
        symlink("/proc/self/fd/1", router.path("stdout")).expect("a link");
        let pipe = Command::new("mkfifo").arg(router.path("pipe")).status();
        assert!(pipe.expect("mkfifo runs").success());
        let before = names(&router);
        for path in [
            router.path("no/such/folder/file"),
            router.path("folder"),
            router.path("folder/"),
            router.path("null"),
            router.path("pipe"),
            router.path("stdout"),
            "/proc/wansync".into(),
        ] {
            let (service, words) = &both(&path)[n];
            for yes in ["", " --yes"] {
                let ran = run(&router, service, &format!("{words}{yes}")).expect(74);
                let message = format!("cannot write {}: ", path.display());
                assert!(ran.stderr.contains(&message), "{ran:?}");
                assert!(ran.stderr.contains("; nothing was sent"), "{ran:?}");
                assert_eq!(ran.stdout, "");
            }
        }
        nothing_was_sent(&router);
        assert_eq!(names(&router), before);
        let inside = fs::read_dir(router.path("folder")).expect("a folder");
        assert_eq!(inside.count(), 0);
        for name in ["null", "pipe"] {
            let what = fs::metadata(router.path(name)).expect("it is there");
            assert!(!what.is_file(), "{name}");
        }
        let link = fs::symlink_metadata(router.path("stdout")).expect("it is there");
        assert!(link.is_symlink());
    }
}

/// The program under a limit to the size of files, in blocks of 512 bytes: to it, a disk
/// that is full.
fn with_blocks(router: &Router, blocks: u32, words: &str) -> Command {
    let call = router.command(&crate::split("skydns", words));
    let mut shell = Command::new("sh");
    let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    shell.args(["-c", &line, "sh"]);
    shell.arg(call.get_program()).args(call.get_args());
    shell
}

#[test]
fn on_a_full_disk_nothing_is_made() {
    let router = router();
    let path = file(&router, "client.ovpn", "old", 0o644);
    let words = format!("{ADD_VPN} --yes --output {}", path.display());
    let mut call = with_blocks(&router, 1, &words);
    let ran = ran(call.output().expect("it runs")).expect(74);
    assert!(ran.stderr.contains("; nothing was sent"), "{ran:?}");
    nothing_was_sent(&router);
    assert_eq!(fs::read_to_string(&path).expect("text"), "old");
    assert_eq!(names(&router), ["client.ovpn"]);
}

/// The disk was not full before: what was made is not lost, nor may it command a terminal.
#[test]
fn what_cannot_be_written_after_all_is_printed() {
    let router = router();
    let text = format!("client\n{}\u{1b}[2J", "# a long line\n".repeat(1000));
    crate::answer_data(&router, &serde_json::json!({ "ovpn": text }));
    let path = file(&router, "client.ovpn", "old", 0o644);
    let words = format!("{ADD_VPN} --yes --output {}", path.display());
    let message = format!("cannot write {}: ", path.display());
    let mut call = with_blocks(&router, 20, &words);
    let piped = ran(call.output().expect("it runs")).expect(1);
    assert!(piped.stderr.contains(&message), "{piped:?}");
    assert!(piped.stderr.contains("; here it is"), "{piped:?}");
    assert_eq!(piped.stdout, format!("{text}\n"));
    let shown = at_terminal(&call, 80, "").expect(1).says(&message);
    assert!(shown.stdout.contains("# a long line"), "{shown:?}");
    assert!(!shown.stdout.contains('\u{1b}'), "{shown:?}");
    assert_eq!(fs::read_to_string(&path).expect("text"), "old");
    assert_eq!(names(&router), ["client.ovpn"]);
}

/// A person who does not want to wait any longer leaves nothing behind, where the file
/// system has files without a name.
#[test]
fn a_call_that_is_killed_leaves_the_files_as_they_were() {
    let router = router();
    let mut unnamed = fs::OpenOptions::new();
    let unnamed = unnamed
        .write(true)
        .custom_flags(OFlags::TMPFILE.bits() as i32);
    if unnamed.open(router.path("")).is_err() {
        return;
    }
    crate::fault(&router, "stall=status");
    let path = router.path("client.ovpn");
    let words = format!("{ADD_VPN} --output {}", path.display());
    let mut call = router.command(&crate::split("skydns", &words));
    let mut child = call.spawn().expect("it starts");
    wait_until("the request came", || !router.sim.requests().is_empty());
    child.kill().expect("killed");
    child.wait().expect("it ends");
    assert!(names(&router).is_empty(), "{:?}", names(&router));
}

#[test]
fn a_file_is_not_replaced_without_a_yes() {
    for n in 0..2 {
        let router = router();
        let path = file(&router, "mine", "mine", 0o644);
        symlink("/no/such/file", router.path("link")).expect("a link");
        let link = router.path("link");
        for path in [&path, &link] {
            let (service, words) = &both(path)[n];
            let name = words.split(' ').next().expect("a method");
            let what = format!("replace the file {}", path.display());
            let message = format!("{name} would {what}: it needs --yes where nobody can be asked");
            let ran = run(&router, service, words).expect(64).says(&message);
            assert_eq!(ran.stdout, "");
            let call = router.command(&crate::split(service, words));
            let ran = at_terminal(&call, 300, "n\n").expect(64);
            ran.says(&format!("{name}: {what}? [y/N]"))
                .says("nothing was sent");
        }
        nothing_was_sent(&router);
        assert_eq!(fs::read_to_string(&path).expect("text"), "mine");
        assert_eq!(mode_of(&path), 0o644);
        let (service, words) = &both(&path)[n];
        let call = router.command(&crate::split(service, words));
        at_terminal(&call, 300, "y\n").expect(0).says("written to");
        holds_the_secret(service, &fs::read_to_string(&path).expect("text"));
        assert_eq!(mode_of(&path), 0o600);
    }
}

/// Of a call that destroys, both questions need a yes of their own.
#[test]
fn a_file_is_asked_about_after_the_call() {
    let router = router();
    let path = file(&router, "mine", "mine", 0o644);
    let words = format!("--any ovpn action=add --output {}", path.display());
    let call = router.command(&crate::split("vpnki", &words));
    let ran = at_terminal(&call, 300, "y\nn\n").expect(64);
    ran.says("ovpn: do what only VPNKI knows (action=add)")
        .says(&format!("ovpn: replace the file {}? [y/N]", path.display()));
    nothing_was_sent(&router);
    assert_eq!(fs::read_to_string(&path).expect("text"), "mine");
    at_terminal(&call, 300, "y\ny\n").expect(0);
    assert!(fs::read_to_string(&path).expect("text").contains("user401"));
}

#[test]
fn other_answers_are_for_standard_output() {
    let router = router();
    let path = router.path("file");
    let path = path.display();
    for words in [
        "profiles ident=user1",
        "subscribe_plans",
        "deactivate ident=user1 --yes",
    ] {
        skydns(&router, &format!("{words} --output {path}"))
            .expect(64)
            .says("--output is for add_vpn, add_tunnel and --any; use > for anything else");
    }
    for words in ["tunnels", "del_tunnel tunnel=user356 --yes"] {
        vpnki(&router, &format!("{words} --output {path}")).expect(64);
    }
    nothing_was_sent(&router);
    assert!(!router.path("file").exists());
}

#[test]
fn a_failure_leaves_the_files_as_they_were() {
    let router = router();
    let old = file(&router, "client.ovpn", "old", 0o644);
    for path in [&old, &router.path("new.ovpn")] {
        router.sim.clear();
        crate::fault(&router, "error=message,text=no");
        for (service, words) in both(path) {
            let ran = run(&router, service, &format!("{words} --yes"));
            assert!(ran.code != Some(0) && ran.stdout.is_empty(), "{ran:?}");
        }
        let words = format!("{} --yes", both(path)[0].1);
        crate::answer(
            &router,
            r#"{"response":{"status":"ok","data":{"ovpn":""}}}"#,
        );
        run(&router, "skydns", &words).expect(1);
        only_request(&router);
        // Nor does one that cannot be sent at all.
        let words = format!("{words} --base-url https://127.0.0.1:1/ --section home");
        run(&router, "skydns", &words).expect(69);
        assert_eq!(fs::read_to_string(&old).expect("text"), "old");
        assert_eq!(mode_of(&old), 0o644);
        assert_eq!(names(&router), ["client.ovpn"]);
    }
}

/// The file has it in any case; the rest goes where it was asked for.
#[test]
fn with_other_options() {
    for mode in ["--format json", "--format csv", "--raw"] {
        let router = router();
        let path = router.path("file");
        for (service, words) in both(&path) {
            let ran = run(&router, service, &format!("{words} {mode} --yes")).expect(0);
            assert!(
                ran.stdout
                    .ends_with(&format!("written to {}\n", path.display()))
            );
            holds_the_secret(service, &fs::read_to_string(&path).expect("text"));
            assert_eq!(mode_of(&path), 0o600);
        }
    }
}
