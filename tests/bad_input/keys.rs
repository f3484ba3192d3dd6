//! Keys of any characters, and files that hold none.

use super::*;

#[test]
fn keys_idents_and_hostnames_of_any_characters_arrive_as_they_are() {
    let router = Router::new();
    let key = "a key with  spaces&=%#/+?ж\"";
    router.sim.add_key(key);
    let file = router.path("the key");
    fs::write(&file, format!("{key}\r\n")).expect("a key file");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("permissions");
    let names = [
        ("школа №1", "роутер 1"),
        ("a&key=b#c%00", "x&ip=1.2.3.4"),
        ("日本 +語", "../..//?#"),
        ("two  blanks", "\"quoted\""),
    ];
    for (number, (ident, hostname)) in names.into_iter().enumerate() {
        router.sim.add_user(ident, &[]);
        let address = format!("8.8.4.{number}");
        let lines =
            format!("option source static\noption address {address}\noption hostname '{hostname}'");
        let inline = router
            .home(&lines)
            .replace("user1", ident)
            .replace(KEY, key);
        let by_file = inline.replace(
            &format!("option key '{key}'"),
            &format!("option key_file '{}'", file.display()),
        );
        for (text, force) in [(inline, "--dry-run"), (by_file, "--force")] {
            router.configure(&text);
            let ran = sound(router.run(&["once", force]), ident).expect(0);
            assert!(ran.stderr.lines().count() <= 1, "{}", ran.stderr);
            not_shown(&ran, key);
            router.run(&["check", "--offline"]).expect(0);
        }
        router.run(&["once", "--force"]).expect(0).says("confirmed");
        let last = router.sim.requests().pop().expect("a request");
        assert_eq!(last.param("key"), Some(key));
        assert_eq!(last.param("ident"), Some(ident));
        assert_eq!(last.param("hostname"), Some(hostname));
        assert_eq!(last.param("ip"), Some(&*address));
        assert_eq!(last.params.len(), 4, "{:?}", last.params);
        assert_eq!(router.sim.bindings(ident)[0].address.to_string(), address);
    }
    let kept = [router.path("run"), router.path("etc")];
    assert!(kept.iter().all(|folder| !is_in_files(folder, "spaces")));
}

#[track_caller]
fn not_shown(ran: &Ran, key: &str) {
    for shown in [key, "spaces&=", "spaces%26"] {
        assert!(!ran.said().contains(shown), "{}", ran.said());
    }
}

#[test]
fn key_files_that_hold_no_key() {
    let settled = Settled::new();
    let file = settled.router.path("key");
    settled.configure_with(
        &format!("option key '{KEY}'"),
        &format!("option key_file '{}'", file.display()),
    );
    let place = format!(
        "{}, line 6: error: section 'home': the key file {} ",
        settled.router.config().display(),
        file.display()
    );
    let refused = |what: &str, part: &str| {
        let said = settled.refuses(what);
        assert!(said.contains(&place), "{what}: no '{place}' in {said}");
        assert!(said.contains(part), "{what}: no '{part}' in {said}");
    };
    refused("missing", "does not exist");
    fs::create_dir(&file).expect("a folder");
    refused("a directory", "is a directory");
    fs::remove_dir(&file).expect("removed");
    for (what, bytes, part) in [
        ("empty", Vec::new(), "is empty"),
        ("blank", b" \r\n\n".to_vec(), "is empty"),
        (
            "two lines",
            b"first-half\nsecond-half\n".to_vec(),
            "more than one line",
        ),
        (
            "a NUL",
            b"first-half\0second-half".to_vec(),
            "control character",
        ),
        ("1 MB", vec![b'x'; 1 << 20], "is larger than"),
        ("rubbish", b"first-half\xff\xfe".to_vec(), "is not UTF-8"),
    ] {
        fs::write(&file, bytes).expect("a key file");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("permissions");
        refused(what, part);
        assert!(!settled.refuses(what).contains("first-half"));
    }
    fs::write(&file, KEY).expect("a key file");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("permissions");
    let ran = settled.router.once().expect(0).says("unchanged");
    assert!(
        ran.stderr
            .contains("line 6: warning: section 'home': every user may read the key"),
        "{}",
        ran.stderr
    );
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("permissions");
    let ran = settled.router.once().expect(0);
    assert_eq!(ran.stderr, "");
    settled.nothing_happened("the key from the file is the same key");
}
