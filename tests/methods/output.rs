//! The forms of output beside the usual ones: files, raw replies, bars, local times.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use wansync_sim::KEY;

use crate::rows::{all, find};
use crate::successes::words_of;
use crate::world::World;
use wansync_test_support::ran;

#[test]
fn what_is_secret_goes_to_a_file_for_its_owner_alone() {
    let world = World::new();
    let file = world.router().path("secret");
    let path = file.display().to_string();
    for (name, words, is_there) in [
        (
            "add_vpn",
            &["ident=user1", "name=a", "profile_id=1001"][..],
            "-----BEGIN PRIVATE KEY-----",
        ),
        (
            "add_tunnel",
            &[],
            "login=user400\npassword=invented-user400\n",
        ),
    ] {
        let words = [words, &["--output", &path]].concat();
        let ran = world.call(find(name), &words).expect(0);
        assert_eq!(ran.said(), format!("written to {path}\n"));
        let text = fs::read_to_string(&file).expect("written");
        assert!(text.contains(is_there), "{text}");
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        fs::remove_file(&file).expect("removed");
    }
}

#[test]
fn raw_is_the_reply_as_it_came_but_for_the_key() {
    let world = World::new();
    for method in all() {
        world.sim().reset();
        let mut words = words_of(method).to_vec();
        words.push("--raw");
        let ran = world.call(method, &words);
        let target = world.request().target;
        world.sim().reset();
        assert_eq!(
            ran.stdout.trim_end(),
            world.get(&target).trim_end(),
            "{}",
            method.name
        );
    }
    world.sim().reset();
    world.fault(&format!(
        "body={{\"response\":{{\"status\":\"ok\",\"data\":\"{KEY}\"}}}}"
    ));
    let ran = world
        .call(find("profiles"), &["ident=user1", "--raw"])
        .never_says(KEY);
    assert!(ran.stdout.contains("***"), "{}", ran.stdout);
}

#[test]
fn moments_are_local() {
    let world = World::new();
    world.sim().set_today("2026-11-21");
    world.ask("prolongate ident=user1");
    let mut command = world.command(find("subscription_info"), &["ident=user1"]);
    let ran = ran(command.env("TZ", "MSK-3").output().expect("it runs"));
    assert_eq!(ran.stdout, "date_end: 2026-12-21 03:00:00 MSK\n");
}

#[test]
fn a_report_has_bars_in_the_marks_that_the_locale_has() {
    let world = World::new();
    let words = ["ident=user1", "start={Y}-02-03", "end={Y}-02-03"];
    for (locale, mark) in [("C", '#'), ("ru_RU.UTF-8", '█')] {
        let mut command = world.command(find("get_activity_report"), &words);
        let ran = ran(command.env("LC_ALL", locale).output().expect("it runs"));
        let lines = ran.expect(0).stdout;
        assert_eq!(lines.lines().count(), 1 + 24);
        assert!(
            lines.lines().skip(1).all(|line| line.contains(mark)),
            "{lines}"
        );
    }
}

#[test]
fn ten_thousand_rows_are_shown() {
    let world = World::without_tls();
    world.sim().set_fill(10_000);
    for (name, words) in [("list_ip", &["ident=user1"][..]), ("tunnels", &[])] {
        let ran = world.call(find(name), words).expect(0);
        assert_eq!(ran.stdout.lines().count(), 1 + 10_000, "{name}");
        let json = world.call(find(name), &[words, &["--format", "json"]].concat());
        let data: Value = serde_json::from_str(&json.expect(0).stdout).expect("JSON");
        let rows = data.get("ip").unwrap_or(&data);
        assert_eq!(rows.as_array().map(Vec::len), Some(10_000), "{name}");
    }
}
