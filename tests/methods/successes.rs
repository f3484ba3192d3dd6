//! Every method, and what it does.

use serde_json::Value;
use wansync_core::service::answer::Service;
use wansync_core::service::method::{Effect, Method};

use crate::rows::Prints::{Exactly, Lines};
use crate::rows::{Success, all, find, lines};
use crate::tables::successes;
use crate::world::World;

/// The words of a call of this method that succeeds, if the service's state
/// allows it.
pub fn words_of(method: &Method) -> &'static [&'static str] {
    let row = successes().find(|row| row.method == method.name);
    row.expect("every method has a row").words
}

#[test]
fn every_method_has_a_row() {
    for method in all() {
        let has_row = successes().any(|row| row.method == method.name);
        assert!(has_row, "{}: add a row to the table", method.name);
    }
}

#[test]
fn people_read_what_was_done_and_programs_get_the_data() {
    for row in successes() {
        check(row);
    }
}

/// The call is made four times with the same state of the services: for people,
/// without wansync, for programs, and for spreadsheets.
fn check(row: &Success) {
    let method = find(row.method);
    let world = World::new();
    (row.before)(&world);
    world.sim().mark();
    world.sim().reset();
    let before = world.state();

    let ran = world.call(method, row.words).expect(row.code);
    assert_eq!(ran.stderr, "", "{}", row.method);
    (row.after)(&world);
    // get_daily_stat mails what it gives, where it is asked to.
    if method.effect == Effect::Reads && method.name != "get_daily_stat" {
        assert_eq!(world.state(), before, "{}", row.method);
    }
    let target = world.request().target;

    world.sim().reset();
    let data = data_of(method, &world.get(&target));
    match row.prints {
        Exactly(text) => assert_eq!(ran.stdout, text, "{} {:?}", row.method, row.words),
        Lines(of) => assert_eq!(lines(&ran.stdout), of(&data), "{}", row.method),
    }

    world.sim().reset();
    let words: Vec<&str> = ["--format", "json"]
        .iter()
        .chain(row.words)
        .copied()
        .collect();
    let json = world.run(
        &[
            &[Service::of(method).word()],
            &words[..2],
            &[row.method],
            &words[2..],
        ]
        .concat(),
    );
    let json = json.expect(row.code);
    assert_eq!(json.stderr, "", "{}", row.method);
    assert_eq!(json.stdout.lines().count(), 1, "{}", json.stdout);
    let printed: Value = serde_json::from_str(&json.stdout).expect(&json.stdout);
    assert_eq!(printed, data, "{}", row.method);

    world.sim().reset();
    let words = [row.words, &["--format", "csv"]].concat();
    let csv = world.call(method, &words).expect(row.code);
    assert_eq!(csv.stderr, "", "{}", row.method);
    match row.csv {
        Exactly(text) => assert_eq!(csv.stdout, text, "{} {:?}", row.method, row.words),
        Lines(of) => assert_eq!(csv.stdout.lines().collect::<Vec<_>>(), of(&data)),
    }
}

/// The content of the service's envelope, read without wansync.
fn data_of(method: &Method, body: &str) -> Value {
    // The one reply that is no JSON.
    if method.name == "del_tunnel" {
        assert_eq!(body, "OK");
        return Value::from("OK");
    }
    let body: Value = serde_json::from_str(body).expect(body);
    match Service::of(method) {
        Service::Skydns => body["response"]["data"].clone(),
        Service::Vpnki => body["data"].clone(),
    }
}
