//! The client against replays of the real ubusd, in pieces of any size.

use std::path::Path;
use std::time::Duration;

use crate::sys::ubus;
use crate::sys::ubus::client::{Notice, UbusClient, UbusReply};
use wansync_core::ubus::Error;
use wansync_core::ubus::wire::CallArguments;
use wansync_sim::ubus::capture::{self, Capture, Pieces, Replay};
use wansync_sim::ubus::message as sim;

use super::support::*;

/// Connects, and calls what the recorded command called.
fn run(socket: &Path, capture: &Capture, timeout: Duration) -> ubus::Result<Vec<UbusReply>> {
    let command = capture.command.as_deref().unwrap();
    let words = command
        .split("call ")
        .nth(1)
        .expect("the command is a call");
    let mut words = words.split(' ');
    let (path, method) = (words.next().unwrap(), words.next().unwrap());
    let sent = capture.client().nth(1).map(capture::message);
    let fields = sent.and_then(|sent| sent.fields(sim::id::DATA));
    let arguments = arguments(&fields.unwrap_or_default());
    UbusClient::connect(socket, timeout)?.call(path, method, &arguments)
}

fn replay(capture: &Capture, pieces: Pieces, timeout: Duration) -> ubus::Result<Vec<UbusReply>> {
    let socket = Socket::new(&format!("{}-{pieces:?}", capture.name));
    let replay = Replay::start(&socket.0, &capture.steps, pieces).unwrap();
    let result = run(&socket.0, capture, timeout);
    replay
        .finish()
        .unwrap_or_else(|error| panic!("{}: {error}", capture.name));
    result
}

const PIECES: [Pieces; 3] = [Pieces::Messages, Pieces::Bytes, Pieces::Joined];

#[test]
fn the_client_gets_what_the_stock_client_got() {
    for capture in captures() {
        if !["call", "call-noreply"].contains(&capture.kind.as_str()) {
            continue;
        }
        for pieces in PIECES {
            let replies = replay(&capture, pieces, ENOUGH).unwrap();
            let found: Vec<_> = replies
                .iter()
                .map(|reply| table_json(reply.table()))
                .collect();
            match found.as_slice() {
                [] => assert_eq!(capture.kind, "call-noreply"),
                [one] => assert!(same(one, &capture.json), "{}: {one}", capture.name),
                more => panic!("{}: {more:?}", capture.name),
            }
        }
    }
}

#[test]
fn the_client_gets_several_replies() {
    let replies = replay(&capture("27-"), Pieces::Joined, ENOUGH).unwrap();
    let parts: Vec<_> = replies
        .iter()
        .map(|reply| reply.table().int("part"))
        .collect();
    assert_eq!(parts, [Some(1), Some(2), Some(3)]);
}

#[test]
fn recorded_failures_are_told_in_words() {
    for (number, words) in [
        (
            "03-",
            "ubus has no object network.interface.nosuch: is its program running?",
        ),
        (
            "20-",
            "ubus call network.interface.wan nosuch failed: no such method",
        ),
        (
            "21-",
            "ubus call network.interface status failed: invalid argument",
        ),
        (
            "22-",
            "ubus call network.interface status failed: not found",
        ),
        ("28-", "ubus call demo partial failed: unknown error"),
        (
            "47-",
            "ubus does not permit this user to call network.interface.wan down",
        ),
        (
            "48-",
            "ubus does not permit this user to call network.interface.wan nosuch",
        ),
    ] {
        for pieces in PIECES {
            let error = replay(&capture(number), pieces, ENOUGH).unwrap_err();
            assert_eq!(error.to_string(), words);
        }
    }
}

#[test]
fn a_user_without_rights_is_told_so() {
    let capture = capture("40-");
    let socket = Socket::new("no-rights");
    let replay = Replay::start(&socket.0, &capture.steps, Pieces::Messages).unwrap();
    let mut client = UbusClient::connect(&socket.0, ENOUGH).unwrap();
    let error = client.call("network.interface.wan", "status", &CallArguments::default());
    assert_eq!(
        error.unwrap_err().to_string(),
        "ubus does not permit this user to call network.interface.wan status"
    );
    drop(client);
    replay.finish().unwrap();
}

#[test]
fn a_user_whom_the_system_does_not_know_is_told_so() {
    let capture = capture("39-");
    let socket = Socket::new("unknown-user");
    let replay = Replay::start(&socket.0, &capture.steps, Pieces::Messages).unwrap();
    let error = UbusClient::connect(&socket.0, ENOUGH).unwrap_err();
    assert_eq!(*error, Error::UnknownUser);
    replay.finish().unwrap();
}

#[test]
fn an_owner_that_never_answers_is_given_up() {
    let error = replay(&capture("29-"), Pieces::Messages, MODERATE).unwrap_err();
    let seconds = MODERATE.as_secs();
    assert_eq!(
        error.to_string(),
        format!("no answer from ubus to demo never within {seconds} s")
    );
}

#[test]
fn subscriptions_bring_what_the_stock_client_got() {
    for number in ["51-", "53-", "55-"] {
        let capture = capture(number);
        for pieces in PIECES {
            let socket = Socket::new(&format!("{}-{pieces:?}", capture.name));
            let replay = Replay::start(&socket.0, &capture.steps, pieces).unwrap();
            let mut client = UbusClient::connect(&socket.0, ENOUGH).unwrap();
            client.subscribe("network.interface").unwrap();
            for event in capture.json["events"].as_array().unwrap() {
                let Notice::Notification(name, reply) = next_notice(&mut client) else {
                    panic!("{}", capture.name)
                };
                assert_eq!(name, event["name"]);
                assert_eq!(table_json(reply.table()), event["data"]);
            }
            drop(client);
            // All carry NO_REPLY: an acknowledgement would show as "sent more".
            replay.finish().unwrap();
        }
    }
}
