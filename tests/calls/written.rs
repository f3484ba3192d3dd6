//! `--output`: what is secret in an answer, in a file for its owner alone.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::{file, mode_of, nothing_was_sent, only_request, router, skydns, vpnki};
use wansync_test_support::{Ran, Router};

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
            is_written(&router, service, words, &path);
        }
        // No draft is left.
        let names = fs::read_dir(router.path("")).expect("the folder").flatten();
        let names = names
            .map(|entry| entry.file_name())
            .filter(|name| name != "wansync");
        assert_eq!(names.collect::<Vec<_>>(), ["new.file.ovpn"]);
    }
}

/// A process that still has the old file open does not see the new.
#[test]
fn an_old_file_is_replaced_and_not_written_to() {
    let router = router();
    let path = file(&router, "a", "old", 0o666);
    let old = fs::metadata(&path).expect("it is there").ino();
    fs::hard_link(&path, router.path("b")).expect("a link");
    is_written(&router, "vpnki", &both(&path)[1].1, &path);
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

/// The file was made just now, and cannot be had again.
#[test]
fn what_cannot_be_written_is_printed() {
    for n in 0..2 {
        let router = router();
        fs::create_dir(router.path("folder")).expect("a folder");
        // Links to devices, so that a fault would not harm the device itself.
        symlink("/dev/null", router.path("null")).expect("a link");
        let pipe = Command::new("mkfifo").arg(router.path("pipe")).status();
        assert!(pipe.expect("mkfifo runs").success());
        for path in [
            router.path("no/such/folder/file"),
            router.path("folder"),
            router.path("folder/"),
            router.path("null"),
            router.path("pipe"),
            "/proc/wansync".into(),
        ] {
            router.sim.reset();
            let (service, words) = &both(&path)[n];
            let ran = run(&router, service, words).expect(1);
            let message = format!("cannot write {}: ", path.display());
            assert!(ran.stderr.contains(&message), "{ran:?}");
            assert!(ran.stderr.contains("; here it is"), "{ran:?}");
            holds_the_secret(service, &ran.stdout);
        }
        assert_eq!(
            fs::read_dir(router.path("folder"))
                .expect("a folder")
                .count(),
            0
        );
        for name in ["null", "pipe"] {
            let what = fs::metadata(router.path(name)).expect("it is there");
            assert!(!what.is_file(), "{name}");
        }
    }
}

/// `rename` over /dev/stdout would put a file in the place of the link.
#[test]
fn standard_output_stays_what_it_is() {
    let router = router();
    let path = router.path("stdout");
    symlink("/proc/self/fd/1", &path).expect("a link");
    let ran = run(&router, "vpnki", &both(&path)[1].1).expect(1);
    holds_the_secret("vpnki", &ran.stdout);
    let link = fs::symlink_metadata(&path).expect("it is there");
    assert!(link.is_symlink());
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
fn a_failure_leaves_the_file_alone() {
    let router = router();
    let path = file(&router, "client.ovpn", "old", 0o644);
    crate::fault(&router, "error=message,text=no");
    for (service, words) in both(&path) {
        let ran = run(&router, service, &words);
        assert_eq!(ran.stdout, "", "{ran:?}");
    }
    crate::answer(
        &router,
        r#"{"response":{"status":"ok","data":{"ovpn":""}}}"#,
    );
    run(&router, "skydns", &both(&path)[0].1).expect(1);
    only_request(&router);
    assert_eq!(fs::read_to_string(&path).expect("text"), "old");
    assert_eq!(mode_of(&path), 0o644);
}

/// The file has it in any case; the rest goes where it was asked for.
#[test]
fn with_other_options() {
    for mode in ["--format json", "--format csv", "--raw"] {
        let router = router();
        let path = router.path("file");
        for (service, words) in both(&path) {
            let ran = run(&router, service, &format!("{words} {mode}")).expect(0);
            assert!(
                ran.stdout
                    .ends_with(&format!("written to {}\n", path.display()))
            );
            holds_the_secret(service, &fs::read_to_string(&path).expect("text"));
            assert_eq!(mode_of(&path), 0o600);
        }
    }
}
