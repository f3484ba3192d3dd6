//! What holds for any body.

use wansync_core::json::Json;
use wansync_core::service::answer::{Answer, data_json, decode};
use wansync_core::service::columns::{cells_for, for_each_line};
use wansync_core::service::method::Method;
use wansync_core::service::reply::Reply;
use wansync_core::service::{skydns_methods, vpnki_resources};
use wansync_core::time::Wall;

use crate::corpus::cases;
use crate::show::lines;
use wansync_test_support::random::Random;

const ROUNDS: u32 = 20_000;

fn methods() -> Vec<&'static Method> {
    let all = skydns_methods::METHODS.iter();
    all.chain(&vpnki_resources::RESOURCES).collect()
}

#[test]
fn mutated_bodies_are_read_or_refused() {
    let mut random = Random::new(1);
    let cases = cases();
    let methods = methods();
    let mut successes = 0;
    for _ in 0..ROUNDS {
        let case = random.one_of(&cases);
        if case.reply.body.len() > 5_000 {
            continue;
        }
        let mut reply = case.reply.clone();
        for _ in 0..random.below(4) {
            let other = random.one_of(&cases);
            mutate(&mut random, &mut reply.body, &other.reply.body);
        }
        let method = match random.below(4) {
            0 => random.one_of(&methods),
            _ => case.method,
        };
        let shown = lines(method, &reply);
        assert!(!shown.is_empty());
        assert!(shown.iter().all(|line| !line.contains('\n')), "{shown:?}");
        if let Ok(answer) = decode(method, &reply, Wall::from_secs(0)) {
            are_rectangular(method, &answer);
        }
        if let Ok(text) = data_json(method, &reply, Wall::from_secs(0)) {
            successes += 1;
            assert!(Json::parse(text.as_bytes()).is_ok(), "{text}");
            assert_eq!(Json::parse(text.as_bytes()).expect("JSON").compact(), text);
        }
    }
    // Otherwise the errors alone are tested.
    assert!(successes > ROUNDS / 20, "{successes}");
}

/// Each line has a cell for each column, and each row one for each that is known before.
fn are_rectangular(method: &Method, answer: &Answer<'_>) {
    let mut counts = Vec::new();
    for_each_line(method, answer, &mut |cells| counts.push(cells.len()));
    assert!(counts.iter().all(|count| *count == counts[0] && *count > 0));
    let rows = cells_for(method, answer);
    assert_eq!(rows.len(), counts.len() - 1);
    assert!(
        rows.iter()
            .all(|row| row.len() == method.columns().len() + 1)
    );
}

#[test]
fn what_serde_json_takes_is_taken_and_means_the_same() {
    let mut random = Random::new(2);
    let cases = cases();
    for _ in 0..ROUNDS {
        let mut body = random.one_of(&cases).reply.body.clone();
        body.truncate(2_000);
        mutate(&mut random, &mut body, b"[]{},:\"\\u0e9");
        let ours = Json::parse(&body);
        let Ok(theirs) = serde_json::from_slice::<serde_json::Value>(&body) else {
            continue;
        };
        let compact = ours.expect("serde_json takes it").compact();
        let again: serde_json::Value = serde_json::from_str(&compact).expect("compact JSON");
        assert_eq!(again, theirs);
    }
}

#[test]
fn text_survives() {
    let mut random = Random::new(3);
    let profiles = skydns_methods::find("profiles").expect("documented");
    let active = vpnki_resources::find("active").expect("documented");
    for _ in 0..2_000 {
        let texts: Vec<String> = (0..4).map(|_| text(&mut random)).collect();
        let object = serde_json::json!({ "12": texts[0], "13": texts[1] });
        let body = serde_json::json!({ "response": { "status": "ok", "data": object } });
        let reply = reply(body.to_string());
        assert_eq!(
            cells(profiles, &reply),
            [["12", &*texts[0]], ["13", &*texts[1]]]
        );

        let rows = serde_json::json!([{ "login": texts[2], "comment": texts[3] }]);
        let reply = self::reply(escaped(&rows.to_string()));
        assert_eq!(cells(active, &reply), [[&*texts[2], &*texts[3]]]);
    }
}

fn cells(method: &Method, reply: &Reply) -> Vec<Vec<String>> {
    let Ok(Answer::Table(table)) = decode(method, reply, Wall::from_secs(0)) else {
        panic!("{:?}", decode(method, reply, Wall::from_secs(0)));
    };
    // serde_json sorts the names of an object.
    let mut columns: Vec<usize> = (0..table.columns.len()).collect();
    columns.sort_by_key(|at| table.columns[*at] == "comment");
    let row = |cells: Vec<std::borrow::Cow<'_, str>>| {
        columns.iter().map(|at| cells[*at].to_string()).collect()
    };
    table.rows().map(row).collect()
}

fn reply(body: String) -> Reply {
    Reply {
        status: 200,
        body: body.into_bytes(),
        ..Reply::default()
    }
}

/// As PHP writes JSON: ASCII alone.
fn escaped(json: &str) -> String {
    let mut units = [0; 2];
    let mut out = String::new();
    for c in json.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => {
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

/// Damages a reply in one of several ways.
fn mutate(random: &mut Random, body: &mut Vec<u8>, other: &[u8]) {
    let at = random.below(body.len() + 1);
    let to = (at + random.below(12)).min(body.len());
    match random.below(5) {
        0 => body.truncate(at),
        1 => drop(body.drain(at..to)),
        2 => body.insert(at, random.below(256) as u8),
        3 => {
            let piece = body[at..to].to_vec();
            body.splice(at..at, piece);
        }
        _ if other.is_empty() => {}
        _ => {
            let from = random.below(other.len());
            let until = (from + random.below(40)).min(other.len());
            body.splice(at..to, other[from..until].iter().copied());
        }
    }
}

/// Not a moment, which would be rewritten, and not empty.
fn text(random: &mut Random) -> String {
    const PIECES: [&str; 16] = [
        "a", "Я", "漢", "😀", "\"", "\\", "/", "\n", "\t", "\u{1}", "{", "]", ",", ":", " ",
        "\u{7f}",
    ];
    (0..1 + random.below(12))
        .map(|_| *random.one_of(&PIECES))
        .collect()
}
