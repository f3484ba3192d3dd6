//! Pain 3: locked out by the provider.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use wansync_sim::{ErrorShape, KEY};

use crate::{HOUR, MINUTE, fault, later, later_with, with_each};
use wansync_test_support::Router;

const STATIC: &str = "option source static\noption address 8.8.4.4";

/// A router with its key in a file, which is returned.
fn with_key_file(key: &str) -> Router {
    let router = Router::new();
    write_key(&router, key);
    let file = router.path("key");
    let section = router.home(STATIC).replace(
        &format!("option key '{KEY}'"),
        &format!("option key_file '{}'", file.display()),
    );
    router.configure(&section);
    router
}

fn write_key(router: &Router, key: &str) {
    let file = router.path("key");
    fs::write(&file, format!("{key}\n")).expect("the key is written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// Each boot sent the same address once more, until the provider blocked the account.
#[test]
fn pain_03_reboots_with_the_same_address_send_nothing() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    for reboot in 1..=20 {
        router.reboot();
        later(&router, reboot * 2 * HOUR)
            .expect(0)
            .says("home: unchanged");
    }
    assert_eq!(router.updates(), 1);
}

/// A wrong password was sent 144 or 288 times a day, until the provider blocked
/// the account.
#[test]
fn pain_03_a_wrong_key_is_sent_three_times_a_day() {
    let router = with_key_file("wrong-key");
    for step in 0..96 {
        match step % 5 {
            0 => router.reboot(),
            1 => drop(later_with(
                &router,
                step * 15 * MINUTE,
                &["once", "--force"],
            )),
            _ => {}
        }
        let ran = later(&router, step * 15 * MINUTE).expect(77);
        assert!(!ran.said().contains("confirmed:"), "{ran:?}");
    }
    assert!((1..=3).contains(&router.updates()), "{}", router.updates());
}

/// An updater that knew its own provider's word for a wrong password knew no
/// other, and went on.
#[test]
fn pain_03_every_refusal_holds() {
    let shapes = ErrorShape::ALL
        .iter()
        .map(|shape| format!("error={}", shape.word()));
    let statuses = [401, 403].map(|code| format!("status={code}"));
    let codes = [400, 401, 403, 404, 410].map(|code| format!("error=message,code={code}"));
    let texts = [
        "body=badauth",
        "body=abuse",
        "body=API Key Disabled",
        "html=403",
    ];
    let texts = texts.map(str::to_owned);
    let all = shapes.chain(statuses).chain(codes).chain(texts);
    with_each(all, |text| {
        let router = Router::with_address("8.8.4.4");
        fault(&router, &text);
        router.once().expect(77).says("home: refused");
        for minutes in [5, 65, 70, 430, 440, 800, 1430] {
            router.reboot();
            later(&router, minutes * MINUTE).expect(77);
        }
        assert!(
            (2..=3).contains(&router.updates()),
            "{text}: {}",
            router.updates()
        );
    });
}

/// A user who put the password right had to wait, or to find a lock file to remove.
#[test]
fn pain_03_a_changed_key_file_ends_the_hold_at_once() {
    for reboots in [false, true] {
        let router = with_key_file("wrong-key");
        router.once().expect(77).says("refused");
        router.once().expect(77).says("held");
        write_key(&router, KEY);
        if reboots {
            router.reboot();
        }
        router.once().expect(0).says("home: confirmed");
    }
}

/// A new attempt after three refusals, for every option that decides what is sent.
#[test]
fn pain_03_a_changed_option_ends_the_hold_at_once() {
    let router = Router::new();
    let wrong = router.home(STATIC).replace("user1", "nobody");
    router.configure(&wrong);
    for _ in 0..3 {
        router.run(&["once", "--force"]).expect(77).says("refused");
    }
    router.run(&["once", "--force"]).expect(77).says("held");
    assert_eq!(router.updates(), 3);
    // A change that decides nothing does not send the same once more.
    router.configure(&wrong.replace("option ident", "option refresh 71h\noption ident"));
    router.once().expect(77).says("held");
    assert_eq!(router.updates(), 3);
    router.configure(&router.home(&format!("{STATIC}\noption profile 1002")));
    router.once().expect(0).says("home: confirmed");
}
