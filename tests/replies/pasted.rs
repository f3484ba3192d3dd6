//! Keys and logins as they are pasted: what never belongs to them is left out, what
//! hardly does is named, and the key itself shows nowhere.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;
use wansync_sim::KEY;

const STATIC: &str = "option source 'static'\noption address '8.8.4.4'";

fn write_key(router: &Router, text: &str) -> String {
    let file = router.path("key");
    fs::write(&file, text).expect("a key file");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("permissions");
    file.display().to_string()
}

/// The section with its key in a file.
fn by_file(router: &Router, text: &str) -> String {
    let file = write_key(router, text);
    let inline = format!("option key '{KEY}'");
    router
        .home(STATIC)
        .replace(&inline, &format!("option key_file '{file}'"))
}

/// A right key was refused, and held for a day, because an editor had put a byte order
/// mark before it.
#[test]
fn marks_and_blanks_around_a_key_or_a_login_are_left_out() {
    let table = [
        ("\u{feff}", ""),
        ("\u{feff}", "\r\n"),
        ("", " "),
        (" \t", "\t \n\n"),
        ("\r\n\n", "\n"),
        ("\u{a0}", "\u{a0}"),
        ("\u{200b}", "\u{200b}\u{feff}"),
        ("\u{2009}\u{202f}", "\u{3000}\u{2060}"),
        ("\u{200e}", "\u{ad}"),
    ];
    with_each(table, |(before, behind)| {
        let router = Router::new();
        let around = |text: &str| format!("{before}{text}{behind}");
        let plain = router.home(STATIC);
        let inline = plain
            .replace(KEY, &around(KEY))
            .replace("'user1'", &format!("'{}'", around("user1")));
        for section in [inline, by_file(&router, &around(KEY))] {
            router.configure(&section);
            router
                .run(&["check", "--offline"])
                .expect(0)
                .never_says("warn");
            let ran = router
                .run(&["once", "--force"])
                .expect(0)
                .says("home: confirmed");
            ran.never_says("warning");
            let request = router.sim.requests().pop().expect("a request");
            assert_eq!(request.param("key"), Some(KEY));
            assert_eq!(request.param("ident"), Some("user1"));
        }
    });
    let router = Router::new();
    router.configure(&router.home(STATIC).replace("'user1'", "'\u{a0} \u{feff}'"));
    router
        .run(&["check", "--offline"])
        .expect(78)
        .says("line 5: error: section 'home': option 'ident' holds blanks only");
}

/// `check` said ok, and the service refused what nobody could see.
#[test]
fn what_hardly_belongs_to_a_key_or_a_login_is_named_with_its_line() {
    let table = [
        ("key=", "", "begins with 'key=', which is hardly part of it"),
        (
            "\u{feff}KEY: ",
            "\n",
            "begins with 'key:', which is hardly part of it",
        ),
        ("\"", "\"", "begins with U+0022, a quotation mark"),
        (
            "\u{201c}",
            "\u{201d}",
            "holds U+201C, a typographic quotation mark",
        ),
        ("«", "»\r\n", "holds U+00AB, a typographic quotation mark"),
        ("\u{2018}", "", "holds U+2018, a typographic quotation mark"),
        ("x\u{200b}", "", "holds U+200B, which does not show"),
        ("x\u{a0}", "", "holds U+00A0, an unusual blank"),
        ("x\u{2013}", "", "holds U+2013, a dash that is no '-'"),
        (
            "\u{441}",
            "",
            "holds U+0441, a Cyrillic letter that looks like 'c'",
        ),
        (
            "",
            "\u{410}",
            "holds U+0410, a Cyrillic letter that looks like 'A'",
        ),
        (
            "\u{3bf}",
            "",
            "holds U+03BF, a Greek letter that looks like 'o'",
        ),
        (
            "\u{ff43}",
            "",
            "holds U+FF43, a full-width form that looks like 'c'",
        ),
    ];
    with_each(table, |(before, behind, words)| {
        let router = Router::new();
        let key = format!("{before}{KEY}{behind}");
        let place = router.config().display().to_string();
        let warning = format!("{place}, line 6: warning: section 'home': option 'key' {words}");
        router.configure(&router.home(STATIC).replace(KEY, &key));
        warns(&router, &warning);

        router.configure(&by_file(&router, &format!("\n{key}")));
        let file = router.path("key").display().to_string();
        let warning =
            format!("{place}, line 6: warning: section 'home': the key in {file}, line 2, {words}");
        warns(&router, &warning);

        let account = format!(
            "{}config vpnki 'account'\noption key_file '{file}'\n\
             config tunnel 'dacha'\noption vpnki 'account'\noption network 'vpnki0'\n",
            router.home(STATIC)
        );
        let account = format!("{account}option name '\u{435}user356'\n");
        router.configure(&account);
        warns(
            &router,
            &format!("section 'account': the key in {file}, line 2, {words}"),
        );
        warns(
            &router,
            "section 'dacha': option 'name' holds U+0435, a Cyrillic letter that looks like 'e'",
        );
        router.configure(&router.home(STATIC).replace("user1", "us\u{435}r1"));
        warns(
            &router,
            "line 5: warning: section 'home': option 'ident' holds U+0435, a Cyrillic letter",
        );
    });
}

/// `check` and the log both say it, and neither says the key.
#[track_caller]
fn warns(router: &Router, warning: &str) {
    for command in [&["check", "--offline"][..], &["once", "--dry-run"]] {
        router.run(command).expect(0).says(warning).never_says(KEY);
    }
}

#[test]
fn a_value_that_a_comment_cuts_is_named_with_its_line() {
    let router = Router::new();
    router.sim.add_user("user#1", &[]);
    let with = |ident: &str| router.home(STATIC).replace("'user1'", ident);
    let place = router.config().display().to_string();
    for (ident, sign) in [("user1#1", '#'), ("'user1'#1", '#'), ("user1;1", ';')] {
        router.configure(&with(ident));
        let warning = format!(
            "{place}, line 5: warning: section 'home': option 'ident' ends before the '{sign}': \
             quote the value if that is a part of it"
        );
        warns(&router, &warning);
    }
    let (key, file) = (KEY, router.path("key"));
    let cut = router
        .home(STATIC)
        .replace(&format!("'{key}'"), &format!("{key}#2"));
    router.configure(&cut);
    warns(
        &router,
        "line 6: warning: section 'home': option 'key' ends before the '#'",
    );
    for ident in [
        "user1 #1",
        "'user1' # user#1",
        "'user#1'",
        "\"user#1\"",
        "user\\#1",
    ] {
        router.configure(&with(ident));
        router
            .run(&["check", "--offline"])
            .expect(0)
            .never_says("ends before");
    }
    router.configure(&with("'user#1'"));
    router.once().expect(0).says("home: confirmed");
    assert!(!file.exists());
}
