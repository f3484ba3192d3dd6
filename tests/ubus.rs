//! The ubus client beside recordings of the real ubusd and netifd, and against
//! servers that misbehave.
#![expect(
    clippy::disallowed_methods,
    reason = "the other end of the socket is here"
)]

use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use wansync::core::address::Candidate;
use wansync::sys::ubus::client::{Client, Notice, Reply};
use wansync::sys::ubus::netifd::{self, Network, explain};
use wansync::sys::ubus::value::{Malformed, Table, Value, kind};
use wansync::sys::ubus::wire::{self, Arguments, Incoming, Message, attribute, message};
use wansync::sys::ubus::{self, Error};
use wansync_sim::ubus::blob::{self, Blob};
use wansync_sim::ubus::capture::{self, Capture, Pieces, Replay};
use wansync_sim::ubus::message as sim;
use wansync_sim::ubus::{Fault, UbusSim};

const ENOUGH: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);

// ---------------------------------------------------------------- recordings

fn captures() -> Vec<Capture> {
    let captures = Capture::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ubus"));
    assert_eq!(captures.len(), 59);
    captures
}

fn capture(number: &str) -> Capture {
    let mut all = captures().into_iter();
    all.find(|capture| capture.name.starts_with(number))
        .unwrap()
}

/// All messages in `bytes`, given to the reader in pieces of `size`.
fn read(bytes: &[u8], size: usize) -> Result<Vec<Message>, Malformed> {
    let mut incoming = Incoming::default();
    let mut messages = Vec::new();
    for mut piece in bytes.chunks(size) {
        while !piece.is_empty() {
            let space = incoming.space();
            let count = space.len().min(piece.len());
            space[..count].copy_from_slice(&piece[..count]);
            piece = &piece[count..];
            messages.extend(incoming.advance(count)?);
        }
    }
    Ok(messages)
}

fn received(capture: &Capture) -> Vec<Message> {
    read(&capture.server().collect::<Vec<_>>().concat(), 4096).expect(&capture.name)
}

fn data(message: &Message) -> Option<Table<'_>> {
    message.table(attribute::DATA).unwrap()
}

fn json(value: Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Array(array) => array.iter().map(json).collect(),
        Value::Table(table) => table_json(table),
        Value::String(bytes) => String::from_utf8_lossy(bytes).into(),
        Value::Int(int) => int.into(),
        Value::Bool(flag) => flag.into(),
        Value::Double(double) => double.into(),
    }
}

fn table_json(table: Table<'_>) -> Json {
    let text = |name| String::from_utf8_lossy(name).into_owned();
    let each = table.iter().map(|(name, value)| (text(name), json(value)));
    each.collect()
}

/// The stock client prints six decimals, so fractions may differ in the last.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        (Json::Number(a), Json::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-6 * b.abs().max(1.0)
        }
        _ => a == b,
    }
}

#[test]
fn recorded_messages_are_read_in_pieces_of_any_size() {
    for capture in captures() {
        let bytes = capture.server().collect::<Vec<_>>().concat();
        let whole = received(&capture);
        assert_eq!(whole.len(), capture.server().count(), "{}", capture.name);
        for size in [1, 3, 13, 64] {
            assert_eq!(read(&bytes, size).unwrap(), whole, "{}", capture.name);
        }
        for (message, bytes) in whole.iter().zip(capture.server()) {
            let recorded = capture::message(bytes);
            assert_eq!(message.kind(), recorded.kind);
            assert_eq!(
                (message.seq(), message.peer()),
                (recorded.seq, recorded.peer)
            );
            assert_eq!(
                message.number(attribute::OBJID),
                recorded.number(sim::id::OBJID)
            );
        }
    }
}

#[test]
fn recorded_replies_hold_what_the_stock_client_printed() {
    let mut seen = 0;
    for capture in captures().iter().filter(|capture| capture.kind == "call") {
        let messages = received(capture);
        let replies = messages.iter().filter_map(data).collect::<Vec<_>>();
        let [reply] = replies.as_slice() else {
            panic!("{}", capture.name)
        };
        let found = table_json(*reply);
        assert!(same(&found, &capture.json), "{}: {found}", capture.name);
        seen += 1;
    }
    assert_eq!(seen, 17);
}

#[test]
fn recorded_lookups_hold_what_they_are_described_to_hold() {
    let mut seen = 0;
    for capture in captures().iter().filter(|capture| capture.kind == "lookup") {
        let objects = received(capture)
            .iter()
            .filter(|message| message.kind() == message::DATA)
            .map(|message| {
                let path = message.text(attribute::OBJPATH).unwrap();
                let signature = message.table(attribute::SIGNATURE).unwrap();
                json!({
                    "path": String::from_utf8_lossy(path),
                    "id": message.number(attribute::OBJID),
                    "type_id": message.number(5),
                    "signature": table_json(signature.unwrap()),
                })
            })
            .collect::<Json>();
        assert_eq!(objects, capture.json["objects"], "{}", capture.name);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn recorded_events_and_statuses_are_as_described() {
    let mut seen = 0;
    for capture in captures() {
        let messages = received(&capture);
        if let Some(events) = capture.json["events"].as_array() {
            let found = messages
                .iter()
                .filter(|message| message.kind() == message::INVOKE);
            let found: Vec<Json> = found
                .map(|message| {
                    let name = message.text(attribute::METHOD).unwrap();
                    json!([String::from_utf8_lossy(name), data(message).map(table_json)])
                })
                .collect();
            let expected = events.iter().filter(|event| event["name"].is_string());
            let expected: Vec<Json> = expected
                .map(|event| json!([event["name"], event["data"]]))
                .collect();
            assert_eq!(found, expected, "{}", capture.name);
            seen += found.len();
        }
        if capture.kind != "call" {
            let mut statuses = messages.iter().filter(|m| m.kind() == message::STATUS);
            let last = statuses.next_back().map(|m| m.number(attribute::STATUS));
            let call_unanswered = capture.kind == "call-error" && capture.json["status"].is_null();
            if !call_unanswered {
                assert_eq!(json!(last), capture.json["status"], "{}", capture.name);
            }
        }
    }
    assert!(seen > 20);
}

/// Arguments of a recorded call, through our encoder.
fn arguments(fields: &[(String, Blob)]) -> Arguments {
    fields
        .iter()
        .fold(Arguments::default(), |all, (name, value)| {
            let name: &'static str = name.clone().leak();
            match value {
                Blob::String(bytes) => all.text(name, std::str::from_utf8(bytes).unwrap()),
                Blob::Int8(byte) => all.flag(name, *byte != 0),
                Blob::Int32(int) => all.int(name, i64::from(*int)),
                Blob::Int64(int) => all.int(name, *int),
                Blob::Table(fields) => all.table(name, arguments(fields)),
                Blob::Double(double) => all.put(kind::DOUBLE, name, &double.to_be_bytes()),
                Blob::Null => all.put(kind::NULL, name, &[]),
                // The encoder has no need for arrays: take the bytes as they were.
                Blob::Array(values) => {
                    let unnamed = values.iter().map(|value| (String::new(), value.clone()));
                    all.put(
                        kind::ARRAY,
                        name,
                        &blob::encode(&unnamed.collect::<Vec<_>>()),
                    )
                }
                Blob::Int16(_) => unreachable!("the stock client sends none"),
            }
        })
}

fn encoded(seq: u16, sent: &sim::Message) -> Vec<u8> {
    let object = sent.number(sim::id::OBJID);
    let target = sent.number(attribute::TARGET);
    match sent.kind {
        message::LOOKUP => wire::lookup(seq, &sent.text(sim::id::OBJPATH).unwrap()),
        message::INVOKE => {
            let fields = sent.fields(sim::id::DATA).unwrap();
            let method = sent.text(sim::id::METHOD).unwrap();
            wire::invoke(seq, object.unwrap(), &method, &arguments(&fields))
        }
        message::ADD_OBJECT => wire::add_object(seq),
        message::SUBSCRIBE => wire::subscribe(seq, object.unwrap(), target.unwrap()),
        message::STATUS => wire::acknowledge(sent.seq, sent.peer, object.unwrap()),
        other => panic!("no encoder for type {other}"),
    }
}

#[test]
fn requests_are_byte_for_byte_those_of_the_stock_client() {
    let mut seen = 0;
    for capture in captures()
        .iter()
        .filter(|capture| capture.command.is_some())
    {
        let mut seq = 0;
        for bytes in capture.client() {
            let sent = capture::message(bytes);
            seq += u16::from(sent.kind != message::STATUS);
            assert_eq!(encoded(seq, &sent), bytes, "{}", capture.name);
            seen += 1;
        }
    }
    assert!(seen > 60);
}

#[test]
fn unsubscribe_is_as_a_recorded_client_sent_it() {
    let capture = capture("57-");
    let mut sent = capture.client().map(capture::message);
    let recorded = sent.find(|sent| sent.kind == message::UNSUBSCRIBE).unwrap();
    let own = recorded.number(attribute::OBJID).unwrap();
    let target = recorded.number(attribute::TARGET).unwrap();
    assert_eq!(wire::unsubscribe(4, own, target), recorded.encode());
}

// ------------------------------------------------------------------- networks

fn addresses(list: &[&str]) -> Vec<Candidate> {
    let parsed = list.iter().map(|text| text.parse::<IpAddr>().unwrap());
    parsed.map(Candidate::from).collect()
}

fn recorded_network(number: &str) -> Network {
    let messages = received(&capture(number));
    let status = messages.iter().find_map(data).unwrap();
    netifd::network("wan", status)
}

#[test]
fn recorded_networks_have_the_state_and_addresses_that_netifd_gave_them() {
    for (number, state, device, found) in [
        ("05-", "up", Some("wan0"), &["198.51.100.10"][..]),
        ("06-", "down", None, &[]),
        ("07-", "pending: waiting for DHCP", None, &[]),
        ("08-", "up", Some("wan0"), &["203.0.113.100"]),
        (
            "09-",
            "up",
            Some("wan0"),
            &["2001:db8:3f::100", "2001:db8:3f:0:5054:ff:fe12:3456"],
        ),
        (
            "10-",
            "up",
            Some("lan0"),
            &["192.168.1.1", "2001:db8:40::1", "fd12:3456:789a::1"],
        ),
        ("11-", "up", Some("pppoe-wan"), &["203.0.113.77"]),
        ("12-", "login refused (AUTH_TOPEER_FAILED)", None, &[]),
        ("13-", "device missing (NO_DEVICE)", None, &[]),
    ] {
        let network = recorded_network(number);
        assert_eq!(explain(&network), state, "{number}");
        assert_eq!(network.l3_device.as_deref(), device, "{number}");
        assert_eq!(network.addresses, addresses(found), "{number}");
        assert_eq!(network.up, state.starts_with("up"), "{number}");
    }
    let failing = recorded_network("12-");
    assert!(failing.pending && failing.available);
    assert_eq!(failing.proto.as_deref(), Some("pppoe"));
    assert_eq!(failing.errors, ["AUTH_TOPEER_FAILED"]);
    assert!(!recorded_network("13-").available);
}

#[test]
fn recorded_dumps_hold_all_networks() {
    for (number, names) in [
        ("14-", &["lan", "loopback", "wan", "wan6"][..]),
        ("15-", &[]),
    ] {
        let capture = capture(number);
        let messages = received(&capture);
        let networks = netifd::networks(messages.iter().find_map(data).unwrap());
        let listed = capture.json["interface"].as_array().unwrap();
        assert_eq!(networks.len(), listed.len());
        for (network, status) in networks.iter().zip(listed) {
            assert_eq!(network.name, status["interface"].as_str().unwrap());
            let count = |name| status[name].as_array().map_or(0, Vec::len);
            let v4 = network
                .addresses
                .iter()
                .filter(|found| found.address.is_ipv4());
            assert_eq!(v4.count(), count("ipv4-address"), "{}", network.name);
        }
        if !names.is_empty() {
            let found: Vec<_> = networks.iter().map(|network| &network.name).collect();
            assert_eq!(found, names);
        }
    }
}

fn network_of(status: Json) -> Network {
    let bytes = blob::encode(&blob::fields_from_json(status.as_object().unwrap()));
    netifd::network("wan", Table::parse(&bytes).unwrap())
}

#[test]
fn what_is_missing_mistyped_or_unknown_is_left_out() {
    let empty = network_of(json!({}));
    assert!(!empty.up && !empty.pending && !empty.available);
    assert!(empty.proto.is_none() && empty.l3_device.is_none() && empty.errors.is_empty());

    let odd = network_of(json!({
        "up": true, "pending": "yes", "available": 1, "proto": 7, "l3_device": null,
        "ipv4-address": [
            "text", 5, null, [], {}, {"address": 9}, {"address": "8.8.4"},
            {"address": "2001:4860::1"}, {"address": " 8.8.4.4"}, {"address": "8.8.4.4/24"},
            {"address": "8.8.4.4", "mask": "x", "new-field": {"a": [1]}},
        ],
        "ipv6-address": {"address": "2001:4860::1"},
        "ipv6-prefix-assignment": [{"local-address": {}}, {"local-address": "2001:4860::1"}],
        "errors": [{}, {"code": 5}, {"code": "NEW_CODE", "data": ["x"]}],
    }));
    assert_eq!(odd.addresses, addresses(&["8.8.4.4"]));
    assert_eq!(odd.errors, ["NEW_CODE"]);
    assert!(odd.up && !odd.pending && !odd.available && odd.proto.is_none());
}

#[test]
fn an_address_whose_preferred_lifetime_is_over_is_deprecated() {
    let network = network_of(json!({
        "up": true,
        "ipv6-address": [
            {"address": "2001:db8::1", "preferred": 0, "valid": 60},
            {"address": "2001:db8::2", "preferred": 60, "valid": 60},
            {"address": "2001:db8::3", "preferred": -2, "valid": -2},
            {"address": "2001:db8::4"},
        ],
        "ipv6-prefix-assignment": [
            {"address": "2001:db8:1::", "preferred": 0, "local-address": {"address": "2001:db8:1::1"}},
        ],
    }));
    let deprecated: Vec<_> = network
        .addresses
        .iter()
        .map(|found| found.deprecated)
        .collect();
    assert_eq!(deprecated, [true, false, false, false, true]);
}

#[test]
fn a_network_that_is_not_up_has_no_addresses() {
    let network = network_of(json!({"ipv4-address": [{"address": "8.8.4.4"}]}));
    assert!(network.addresses.is_empty());
}

#[test]
fn networks_without_a_name_are_left_out() {
    for (dump, count) in [
        (json!({}), 0),
        (json!({"interface": {"interface": "wan"}}), 0),
        (
            json!({"interface": [{"up": true}, 5, {"interface": 5}, {"interface": "wan"}]}),
            1,
        ),
    ] {
        let bytes = blob::encode(&blob::fields_from_json(dump.as_object().unwrap()));
        assert_eq!(netifd::networks(Table::parse(&bytes).unwrap()).len(), count);
    }
}

// ------------------------------------------------------------------- sockets

/// A path for a socket, removed in the end.
struct Socket(PathBuf);

impl Socket {
    fn new(name: &str) -> Socket {
        let path = std::env::temp_dir().join(format!("wansync-ubus-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Socket(path)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Serves one client with a function of its own, and gives what the client
/// made of it. The server may fail: clients leave when they have an error.
fn against<T>(
    name: &str,
    server: impl FnOnce(&mut UnixStream) -> std::io::Result<()> + Send + 'static,
    client: impl FnOnce(&Path) -> T,
) -> T {
    let socket = Socket::new(name);
    let listener = UnixListener::bind(&socket.0).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = server(&mut stream);
    });
    let result = client(&socket.0);
    server.join().unwrap();
    result
}

/// Connects, and calls what the recorded command called.
fn run(socket: &Path, capture: &Capture, patience: Duration) -> Result<Vec<Reply>, Error> {
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
    Client::connect(socket, patience)?.call(path, method, &arguments)
}

fn replay(capture: &Capture, pieces: Pieces, patience: Duration) -> Result<Vec<Reply>, Error> {
    let socket = Socket::new(&format!("{}-{pieces:?}", capture.name));
    let replay = Replay::start(&socket.0, &capture.steps, pieces).unwrap();
    let result = run(&socket.0, capture, patience);
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
    let mut client = Client::connect(&socket.0, ENOUGH).unwrap();
    let error = client.call("network.interface.wan", "status", &Arguments::default());
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
    let error = Client::connect(&socket.0, ENOUGH).unwrap_err();
    assert_eq!(error, Error::UnknownUser);
    replay.finish().unwrap();
}

#[test]
fn an_owner_that_never_answers_is_given_up() {
    let error = replay(&capture("29-"), Pieces::Messages, SHORT).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no answer from ubus to demo never within 0 s"
    );
}

#[test]
fn subscriptions_bring_what_the_stock_client_got() {
    for number in ["51-", "53-", "55-"] {
        let capture = capture(number);
        for pieces in PIECES {
            let socket = Socket::new(&format!("{}-{pieces:?}", capture.name));
            let replay = Replay::start(&socket.0, &capture.steps, pieces).unwrap();
            let mut client = Client::connect(&socket.0, ENOUGH).unwrap();
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

/// As the daemon does it: asks, and sleeps in poll on the descriptor.
fn next_notice(client: &mut Client) -> Notice {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let patience = Timespec {
        tv_sec: 30,
        tv_nsec: 0,
    };
    loop {
        if let Some(notice) = client.notice().unwrap() {
            return notice;
        }
        let ready = poll(&mut [PollFd::new(client, PollFlags::IN)], Some(&patience));
        assert_eq!(ready.unwrap(), 1, "no notice came");
    }
}

// -------------------------------------------------------- scripted servers

fn hello() -> Vec<u8> {
    sim::Message::default().encode()
}

fn from_server(kind: u8, seq: u16) -> sim::Message {
    sim::Message {
        kind,
        seq,
        peer: 77,
        attributes: Vec::new(),
    }
}

fn status(seq: u16, code: u32) -> sim::Message {
    from_server(message::STATUS, seq).with_number(attribute::STATUS, code)
}

fn object(seq: u16, id: u32) -> sim::Message {
    from_server(message::DATA, seq).with_number(attribute::OBJID, id)
}

fn answer(seq: u16, value: i32) -> sim::Message {
    let fields = vec![("value".to_owned(), Blob::Int32(value))];
    object(seq, 5).with_fields(attribute::DATA, &fields)
}

fn event(seq: u16) -> sim::Message {
    let fields = vec![("interface".to_owned(), Blob::String(b"wan".to_vec()))];
    from_server(message::INVOKE, seq)
        .with_number(attribute::OBJID, 9)
        .with_text(attribute::METHOD, "interface.update")
        .with_fields(attribute::DATA, &fields)
}

fn send(stream: &mut UnixStream, messages: &[sim::Message]) -> std::io::Result<()> {
    let bytes: Vec<u8> = messages.iter().flat_map(sim::Message::encode).collect();
    stream.write_all(&bytes)
}

fn call(client: &mut Client) -> Result<Vec<Reply>, Error> {
    client.call("demo", "value", &Arguments::default())
}

fn value(result: Result<Vec<Reply>, Error>) -> i64 {
    result.unwrap()[0].table().int("value").unwrap()
}

#[test]
fn an_object_that_was_published_anew_is_looked_up_once_more() {
    let server = |lookups: u16| {
        move |stream: &mut UnixStream| {
            stream.write_all(&hello())?;
            for round in 0..lookups {
                let seq = 2 * round + 1;
                assert_eq!(sim::Message::read(stream)?.seq, seq);
                send(
                    stream,
                    &[object(seq, 100 + u32::from(round)), status(seq, 0)],
                )?;
                let invoke = sim::Message::read(stream)?;
                let expected = (seq + 1, Some(100 + u32::from(round)));
                assert_eq!((invoke.seq, invoke.number(attribute::OBJID)), expected);
                match round {
                    1 if lookups == 2 => send(stream, &[answer(4, 6), status(4, 0)])?,
                    _ => send(stream, &[status(seq + 1, 4)])?,
                }
            }
            // A third lookup would find nobody.
            stream.read_exact(&mut [0])
        }
    };
    let found = against("stale", server(2), |path| {
        value(call(&mut Client::connect(path, ENOUGH).unwrap()))
    });
    assert_eq!(found, 6);
    let never = |stream: &mut UnixStream| {
        stream.write_all(&hello())?;
        for seq in [1, 3] {
            sim::Message::read(stream)?;
            send(stream, &[object(seq, 1), status(seq, 0)])?;
            sim::Message::read(stream)?;
            send(stream, &[status(seq + 1, 4)])?;
        }
        Ok(())
    };
    let error = against("stale-twice", never, |path| {
        call(&mut Client::connect(path, ENOUGH).unwrap()).unwrap_err()
    });
    let path = "demo".to_owned();
    assert_eq!(error, Error::NoObject { path });
}

#[test]
fn late_answers_are_dropped_and_events_kept() {
    let server = |stream: &mut UnixStream| {
        stream.write_all(&hello())?;
        sim::Message::read(stream)?;
        send(stream, &[object(1, 5), status(1, 0)])?;
        sim::Message::read(stream)?;
        // Nothing for number 2, until the client has given up and asks again.
        sim::Message::read(stream)?;
        let unknown = from_server(200, 3);
        let late = [answer(2, 1), status(2, 0)];
        send(stream, &late)?;
        // An event with the same number as the request is no answer to it.
        send(
            stream,
            &[event(3), unknown, object(3, 5), event(4), status(3, 0)],
        )?;
        sim::Message::read(stream)?;
        send(stream, &[event(5), answer(4, 2), event(6), status(4, 0)])?;
        // Each of the four is acknowledged, since none says NO_REPLY.
        for seq in 3..=6 {
            let acknowledged = sim::Message::read(stream)?;
            assert_eq!(
                acknowledged,
                status(seq, 0).with_number(attribute::OBJID, 9)
            );
        }
        send(stream, &[from_server(message::UNSUBSCRIBE, 1)])?;
        stream.read_exact(&mut [0])
    };
    against("late", server, |path| {
        let mut client = Client::connect(path, SHORT).unwrap();
        let error = call(&mut client).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
        assert_eq!(value(call(&mut client)), 2);
        for _ in 0..4 {
            let Notice::Notification(name, reply) = next_notice(&mut client) else {
                panic!("not a notification")
            };
            assert_eq!(name, "interface.update");
            assert_eq!(reply.table().text("interface").as_deref(), Some("wan"));
        }
        assert!(matches!(next_notice(&mut client), Notice::Gone));
    });
}

#[test]
fn events_that_keep_coming_do_not_extend_the_deadline() {
    let server = |stream: &mut UnixStream| loop {
        send(stream, &[sim::Message::default(), event(1)])?;
    };
    let start = Instant::now();
    let error = against("events", server, |path| {
        call(&mut Client::connect(path, SHORT).unwrap()).unwrap_err()
    });
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(start.elapsed() < ENOUGH);
}

#[test]
fn bytes_that_drip_do_not_extend_the_deadline() {
    let socket = Socket::new("drip");
    let sim = UbusSim::start(&socket.0).unwrap();
    sim.set_interface(
        "wan",
        json!({"up": true, "data": {"x": "x".repeat(100_000)}}),
    );
    sim.set_fault(Fault::Drip);
    let start = Instant::now();
    let mut client = Client::connect(&socket.0, SHORT).unwrap();
    let error = client
        .call("network.interface", "dump", &Arguments::default())
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(start.elapsed() < ENOUGH);
}

#[test]
fn a_server_that_does_not_accept_is_given_up() {
    let socket = Socket::new("backlog");
    let _listener = UnixListener::bind(&socket.0).unwrap();
    // Connections wait in the backlog unaccepted; when it is full, connecting waits.
    let mut waiting = Vec::new();
    for _ in 0..10_000 {
        match rustix_connect(&socket.0) {
            Some(stream) => waiting.push(stream),
            None => break,
        }
    }
    let error = Client::connect(&socket.0, SHORT).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
}

/// Connects without waiting; `None` if the backlog is full.
fn rustix_connect(path: &Path) -> Option<std::os::fd::OwnedFd> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
    let flags = SocketFlags::NONBLOCK;
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).unwrap();
    let address = SocketAddrUnix::new(path).unwrap();
    rustix::net::connect(&socket, &address).ok()?;
    Some(socket)
}

#[test]
fn what_is_no_ubus_is_refused_at_once() {
    let greeting = hello();
    let with = |bytes: &[u8]| [&greeting, bytes].concat();
    let reply = |payload: &[u8]| {
        let length = (4 + 8 + 4 + payload.len()) as u32;
        let data = 0x0700_0000 | (4 + payload.len()) as u32;
        [
            &object(1, 5).encode(),
            &status(1, 0).encode(),
            &b"\0\x02\0\x02\0\0\0\0"[..],
            &length.to_be_bytes(),
            b"\x03\0\0\x08\0\0\0\x05",
            &data.to_be_bytes(),
            payload,
            &status(2, 0).encode(),
        ]
        .concat()
    };
    let mut deep = Vec::new();
    for _ in 0..10_000 {
        let header = 0x8200_0000 | (8 + deep.len()) as u32;
        deep = [&header.to_be_bytes(), &b"\0\x01t\0"[..], &deep].concat();
    }
    let malformed = |what| Error::Malformed { what };
    let length = "a message of an impossible length";
    let does_not_fit = "an attribute's length does not fit";
    for (index, (bytes, expected)) in [
        (
            b"SSH-2.0-dropbear\r\n".to_vec(),
            malformed("a message of an unknown version"),
        ),
        (vec![0; 64], malformed(length)),
        (vec![0xff; 64], malformed("a message of an unknown version")),
        (
            status(0, 0).encode(),
            malformed("the first message is no greeting"),
        ),
        (
            b"\0\0\0\0\0\0\0\0\0\xff\xff\xff".to_vec(),
            malformed(length),
        ),
        (b"\0\0\0\0\0".to_vec(), Error::UnknownUser),
        (with(b"\0\x02\0\x01\0\0\0\0\0\x10\0\x01"), malformed(length)),
        (
            with(b"\0\x02\0\x01\0\0\0\0\0\0\0\x08\x03\0\0\x00"),
            malformed(does_not_fit),
        ),
        (
            with(b"\0\x01\0\x01\0\0\0\0\0\0\0\x04"),
            malformed("a status without its code"),
        ),
        (with(&reply(b"\x83\xff\xff\xff")), malformed(does_not_fit)),
        (
            with(&reply(b"\x89\0\0\x08\0\x01a\0")),
            malformed("a value of an unknown type"),
        ),
        (with(&reply(&deep)), malformed("values nested too deeply")),
        (
            with(b"\0\x02\0\x01\0\0\0\0\0\x10\0\0rest"),
            Error::Broken {
                cause: "closed by ubusd".to_owned(),
            },
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let server = move |stream: &mut UnixStream| {
            stream.write_all(&bytes)?;
            stream.shutdown(Shutdown::Write)?;
            stream.read_to_end(&mut Vec::new()).map(drop)
        };
        let error = against(&format!("malformed-{index}"), server, |path| {
            Client::connect(path, ENOUGH)
                .and_then(|mut client| call(&mut client))
                .unwrap_err()
        });
        assert_eq!(error, expected, "{index}");
    }
}

#[test]
fn an_answer_without_end_is_refused() {
    let server = |stream: &mut UnixStream| {
        stream.write_all(&hello())?;
        let payload = vec![("x".to_owned(), Blob::String(vec![b'x'; 100_000]))];
        let piece = object(1, 5).with_fields(attribute::DATA, &payload);
        loop {
            send(stream, std::slice::from_ref(&piece))?;
        }
    };
    let error = against("endless", server, |path| {
        call(&mut Client::connect(path, ENOUGH).unwrap()).unwrap_err()
    });
    let what = "an answer of more than 1 MiB";
    assert_eq!(error, Error::Malformed { what });
}

#[test]
fn arguments_that_are_too_long_are_not_sent() {
    let server = |stream: &mut UnixStream| {
        stream.write_all(&hello())?;
        sim::Message::read(stream)?;
        send(stream, &[object(1, 5), status(1, 0)])?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest)?;
        assert!(rest.is_empty());
        Ok(())
    };
    let error = against("long", server, |path| {
        let arguments = Arguments::default().text("x", &"x".repeat(2_000_000));
        let mut client = Client::connect(path, ENOUGH).unwrap();
        client.call("demo", "value", &arguments).unwrap_err()
    });
    assert!(matches!(error, Error::TooLong { .. }), "{error}");
}

#[test]
fn where_nobody_listens_ubusd_is_not_running() {
    let missing = Socket::new("missing");
    let left_over = Socket::new("left-over");
    drop(UnixListener::bind(&left_over.0).unwrap());
    for path in [&missing.0, &left_over.0] {
        let error = ubus::dump(path).unwrap_err().to_string();
        let socket = path.display();
        assert_eq!(
            error,
            format!("ubusd is not running: nobody listens at {socket}")
        );
    }
    let long = PathBuf::from("/tmp/".to_owned() + &"x".repeat(200));
    assert!(matches!(ubus::dump(&long), Err(Error::Connect { .. })));
}

// ------------------------------------------------------ the stand-in for netifd

#[test]
fn dump_follows_netifd() {
    let socket = Socket::new("dump");
    let sim = UbusSim::start(&socket.0).unwrap();
    assert_eq!(ubus::dump(&socket.0), Ok(Vec::new()));
    for number in ["05-", "08-", "11-"] {
        let capture = capture(number);
        sim.set_interface("wan", capture.json.clone());
        assert_eq!(ubus::dump(&socket.0), Ok(vec![recorded_network(number)]));
    }
    sim.follow_device("loopback", "lo");
    let networks = ubus::dump(&socket.0).unwrap();
    assert_eq!(networks[0].name, "loopback");
    assert!(
        networks[0]
            .addresses
            .contains(&addresses(&["127.0.0.1"])[0])
    );
    sim.restart_netifd();
    assert_eq!(ubus::dump(&socket.0).unwrap(), networks);
    assert!(
        sim.calls()
            .iter()
            .all(|call| call == "network.interface dump")
    );
}

#[test]
fn a_dump_of_hundreds_of_networks_is_read_whole() {
    let socket = Socket::new("large");
    let sim = UbusSim::start(&socket.0).unwrap();
    let status = capture("05-").json;
    for number in 0..600 {
        sim.set_interface(&format!("net{number:03}"), status.clone());
    }
    let networks = ubus::dump(&socket.0).unwrap();
    assert_eq!(networks.len(), 600);
    assert!(networks.iter().all(|network| network.addresses.len() == 1));
}

#[test]
fn a_dump_fails_in_words_where_ubusd_does() {
    let socket = Socket::new("faults");
    let sim = UbusSim::start(&socket.0).unwrap();
    for (fault, words) in [
        (
            Fault::Unknown,
            "ubusd hung up without a greeting: \
             this process's user or group is not known to the system",
        ),
        (
            Fault::Close,
            "the connection to ubusd broke: closed by ubusd",
        ),
        (
            Fault::Garbage,
            "what came over ubus is not understood: a message of an unknown version",
        ),
        (
            Fault::Refuse,
            "ubus does not permit this user to call network.interface dump",
        ),
    ] {
        sim.set_fault(fault);
        assert_eq!(ubus::dump(&socket.0).unwrap_err().to_string(), words);
    }
    for fault in [Fault::Stall, Fault::Silent] {
        sim.set_fault(fault);
        let client = Client::connect(&socket.0, SHORT);
        let error = client.and_then(|mut client| call(&mut client)).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
    }
}

#[test]
fn a_dump_without_its_list_is_an_error_and_not_an_empty_router() {
    let serve = |replies: fn() -> Vec<sim::Message>| {
        move |stream: &mut UnixStream| {
            stream.write_all(&hello())?;
            sim::Message::read(stream)?;
            send(stream, &[object(1, 5), status(1, 0)])?;
            sim::Message::read(stream)?;
            send(stream, &replies())?;
            stream.read_exact(&mut [0])
        }
    };
    let none = against("no-data", serve(|| vec![status(2, 0)]), ubus::dump);
    assert!(matches!(none, Err(Error::NoData { .. })), "{none:?}");
    let other = serve(|| vec![answer(2, 1), status(2, 0)]);
    let other = against("other-data", other, ubus::dump);
    assert!(matches!(other, Err(Error::Malformed { .. })), "{other:?}");
}

// -------------------------------------------------------------------- any bytes

#[test]
fn the_largest_message_of_the_smallest_parts_costs_linear_time() {
    let elements = b"\0\0\0\x04".repeat(wire::LARGEST / 4 - 20);
    let array = 0x8100_0000 | (4 + 12 + elements.len()) as u32;
    let dump = [&array.to_be_bytes(), &b"\0\x09interface\0"[..], &elements].concat();
    let reply = Table::parse(&dump).unwrap();
    assert_eq!(
        reply.array("interface").unwrap().iter().count(),
        elements.len() / 4
    );
    assert!(netifd::networks(reply).is_empty());
    let length = (4 + elements.len()) as u32;
    let message = [
        &b"\0\x02\0\x01\0\0\0\0"[..],
        &length.to_be_bytes(),
        &elements,
    ]
    .concat();
    let message = &read(&message, 1).unwrap()[0];
    assert_eq!(message.number(attribute::OBJID), None);
}

/// The same numbers in each run.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit
    }
}

/// Uses all that can be used of what can be read.
fn consume(bytes: &[u8]) {
    for message in read(bytes, 4096).unwrap_or_default() {
        for id in 0..=127 {
            let _ = (message.number(id), message.byte(id), message.text(id));
            if let Ok(Some(table)) = message.table(id) {
                let _ = table_json(table);
                let _ = netifd::networks(table);
                let _ = explain(&netifd::network("wan", table));
            }
        }
    }
}

#[test]
fn no_damage_makes_the_decoder_panic() {
    let mut random = Random(0x1234_5678);
    for capture in captures() {
        let bytes = capture.server().collect::<Vec<_>>().concat();
        for _ in 0..if bytes.is_empty() { 0 } else { 40 } {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(damaged.len());
                match random.below(4) {
                    0 => damaged[at] ^= 1 << random.below(8),
                    1 => damaged[at] = [0, 0xff, 0x7f, 0x80][random.below(4)],
                    2 => damaged.truncate(at.max(1)),
                    _ => drop(damaged.remove(at)),
                }
                if damaged.is_empty() {
                    break;
                }
            }
            consume(&damaged);
        }
    }
}
