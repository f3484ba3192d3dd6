//! What the stand-in for ubusd and netifd tells, beside the recordings of the
//! real ones; and what it does when things are not as they should be.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use wansync_sim::ubus::blob::{self, Blob};
use wansync_sim::ubus::capture::{Capture, Step, message};
use wansync_sim::ubus::message::{Message, id, kind};
use wansync_sim::ubus::{Outcome, UbusFault, UbusSim};
use wansync_test_support::waiting::{HANG, wait_until};

const SHORT: Duration = Duration::from_millis(100);

const ALL: &str = "network.interface";

fn capture(number: &str) -> Capture {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/ubus");
    let mut all = Capture::load(&data).into_iter();
    all.find(|capture| capture.name.starts_with(number))
        .unwrap()
}

fn start(name: &str) -> UbusSim {
    let name = format!("wansync-ubus-told-{}-{name}", std::process::id());
    let path: PathBuf = std::env::temp_dir().join(name);
    UbusSim::start(path).unwrap()
}

/// A client with an object of its own.
struct Client {
    stream: UnixStream,
    object: u32,
    seq: u16,
    /// What came while an answer was waited for.
    heard: Vec<Message>,
}

impl Client {
    fn new(sim: &UbusSim) -> Client {
        let mut client = Client {
            stream: connect(sim),
            object: 0,
            seq: 0,
            heard: Vec::new(),
        };
        let answers = client.ask(kind::ADD_OBJECT, |request| request);
        client.object = answers[0].number(id::OBJID).unwrap();
        client
    }

    fn subscribed(sim: &UbusSim, path: &str) -> Client {
        let mut client = Client::new(sim);
        assert_eq!(client.subscribe(path), 0);
        client
    }

    /// A request, and what comes to its status.
    fn ask(&mut self, kind: u8, fill: impl FnOnce(Message) -> Message) -> Vec<Message> {
        self.seq += 1;
        let request = fill(Message::of(kind, self.seq, 0));
        self.stream.write_all(&request.encode()).unwrap();
        let mut answers = Vec::new();
        loop {
            let answer = Message::read(&mut self.stream).unwrap();
            if ![kind::STATUS, kind::DATA].contains(&answer.kind) {
                self.heard.push(answer);
                continue;
            }
            assert_eq!(answer.seq, self.seq);
            let end = answer.kind == kind::STATUS;
            answers.push(answer);
            if end {
                return answers;
            }
        }
    }

    fn status(&mut self, kind: u8, fill: impl FnOnce(Message) -> Message) -> u32 {
        let answers = self.ask(kind, fill);
        answers.last().unwrap().number(id::STATUS).unwrap()
    }

    fn lookup(&mut self, path: &str) -> Option<u32> {
        let answers = self.ask(kind::LOOKUP, |request| request.with_text(id::OBJPATH, path));
        answers[0].number(id::OBJID)
    }

    fn subscribe(&mut self, path: &str) -> u32 {
        let target = self.lookup(path).unwrap();
        self.relate(kind::SUBSCRIBE, self.object, target)
    }

    /// SUBSCRIBE or UNSUBSCRIBE.
    fn relate(&mut self, kind: u8, object: u32, target: u32) -> u32 {
        self.status(kind, |request| {
            request
                .with_number(id::OBJID, object)
                .with_number(id::TARGET, target)
        })
    }

    fn register(&mut self, pattern: &str) -> u32 {
        let object = Blob::Int32(self.object as i32);
        let pattern = Blob::String(pattern.as_bytes().to_vec());
        let data = vec![
            ("object".to_owned(), object),
            ("pattern".to_owned(), pattern),
        ];
        self.invoke(1, "register", &data)
    }

    fn invoke(&mut self, object: u32, method: &str, data: &blob::Fields) -> u32 {
        self.status(kind::INVOKE, |request| {
            request
                .with_number(id::OBJID, object)
                .with_text(id::METHOD, method)
                .with_fields(id::DATA, data)
        })
    }

    fn call(&mut self, name: &str, method: &str) -> u32 {
        let object = self.lookup(&format!("{ALL}.{name}")).unwrap();
        self.invoke(object, method, &Vec::new())
    }

    /// The next message of ubusd's own accord.
    fn next(&mut self) -> Message {
        match self.heard.is_empty() {
            true => Message::read(&mut self.stream).unwrap(),
            false => self.heard.remove(0),
        }
    }

    /// The next notification, as its name and its payload.
    fn notice(&mut self) -> (String, Value) {
        let next = self.next();
        assert_eq!(next.kind, kind::INVOKE, "{next:?}");
        assert_eq!(next.number(id::OBJID), Some(self.object));
        let data = next.fields(id::DATA).unwrap();
        (next.text(id::METHOD).unwrap(), blob::fields_to_json(&data))
    }

    /// The same in brief: a notification or an event.
    fn brief(&mut self) -> String {
        let (name, data) = self.notice();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut words = vec![name, word(&data["interface"])];
        words.extend(data.get("action").map(word));
        words.extend(data.get("up").map(|up| format!("up={up}")));
        words.extend(data.get("updated").map(Value::to_string));
        words.join(" ")
    }

    #[track_caller]
    fn hears(&mut self, all: &[&str]) {
        for expected in all {
            assert_eq!(self.brief(), *expected);
        }
    }

    /// Nothing more has come: what comes next is the answer to this.
    #[track_caller]
    fn hears_nothing(&mut self) {
        self.ask(kind::PING, |request| request);
        assert_eq!(self.heard, []);
    }
}

fn connect(sim: &UbusSim) -> UnixStream {
    let mut stream = UnixStream::connect(sim.path()).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    assert_eq!(Message::read(&mut stream).unwrap().kind, kind::HELLO);
    stream
}

/// What the recorded side calls an id, and what ours does.
type Ids = BTreeMap<u32, u32>;

/// The same message with our ids; `found` is the one to compare it with. What a
/// lookup tells of methods depends on rights, and is compared elsewhere.
fn with_our_ids(expected: &Message, found: &Message, ids: &mut Ids) -> Message {
    let mut ours = expected.clone();
    // Of requests of the other side, ubusd's and netifd's own counters.
    if [kind::INVOKE, kind::UNSUBSCRIBE].contains(&ours.kind) {
        ours.seq = found.seq;
    }
    if ours.peer >= 1024 {
        ours.peer = *ids.entry(expected.peer).or_insert(found.peer);
    }
    if let (Some(from), Some(to)) = (told_id(expected), told_id(found)) {
        ids.insert(from, to);
    }
    for (attribute, payload) in &mut ours.attributes {
        let theirs = |found: &Message| found.number(*attribute);
        match *attribute {
            id::OBJID | id::TARGET => {
                let from = u32::from_be_bytes(payload.as_slice().try_into().unwrap());
                let to = *ids.entry(from).or_insert(theirs(found).unwrap_or(0));
                *payload = to.to_be_bytes().to_vec();
            }
            id::OBJTYPE => *payload = theirs(found).unwrap_or(0).to_be_bytes().to_vec(),
            id::DATA => replace(payload, ids),
            id::SIGNATURE => {
                let same = |(id, _): &&(u8, Vec<u8>)| id == attribute;
                *payload = found.attributes.iter().find(same).unwrap().1.clone();
            }
            _ => {}
        }
    }
    ours
}

/// The id in an event of ubusd's.
fn told_id(event: &Message) -> Option<u32> {
    match event.fields(id::DATA)?.into_iter().next()? {
        (name, Blob::Int32(id)) if name == "id" => Some(id as u32),
        _ => None,
    }
}

fn replace(bytes: &mut [u8], ids: &Ids) {
    for word in bytes.chunks_exact_mut(4) {
        let from = u32::from_be_bytes((&*word).try_into().unwrap());
        if let Some(to) = ids.get(&from).filter(|_| from >= 1024) {
            word.copy_from_slice(&to.to_be_bytes());
        }
    }
}

/// What is done before the recorded message of this number.
type Cue<'a> = (usize, &'a dyn Fn(&UbusSim));

/// Plays the client of a recording, and compares what comes, byte for byte.
fn replay(number: &str, sim: &UbusSim, cues: &[Cue]) {
    let capture = capture(number);
    let mut stream = UnixStream::connect(sim.path()).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    let mut ids = Ids::new();
    for (at, step) in capture.steps.iter().enumerate() {
        for (_, act) in cues.iter().filter(|(cue, _)| *cue == at + 1) {
            act(sim);
        }
        match step {
            Step::Client(bytes) => {
                let mut bytes = bytes.clone();
                replace(&mut bytes[4..], &ids);
                stream.write_all(&bytes).unwrap();
            }
            Step::Server(bytes) => {
                let found = Message::read(&mut stream).unwrap();
                let expected = with_our_ids(&message(bytes), &found, &mut ids);
                let name = format!("{} message {}", capture.name, at + 1);
                assert_eq!(found, expected, "{name}");
                assert_eq!(found.encode(), expected.encode(), "{name}");
            }
            Step::ClientEof | Step::ServerEof => {}
        }
    }
}

/// The payload of the last notification of a recording, and its network.
fn last_told(number: &str) -> (String, Value) {
    let capture = capture(number);
    let mut status = capture.json["events"]
        .as_array()
        .and_then(|events| Some(events.last()?["data"].clone()))
        .unwrap();
    let name = status.as_object_mut().unwrap().remove("interface");
    (name.unwrap().as_str().unwrap().to_owned(), status)
}

/// The WAN as in most recordings.
fn wan(address: &str) -> Value {
    let mut status = last_told("51-").1;
    status["ipv4-address"][0]["address"] = address.into();
    status
}

/// A network that is up and has no more than this.
fn up(device: &str, address: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "l3_device": device, "proto": "vpnki", "device": device,
        "ipv4-address": [{"address": address, "mask": 32}],
    })
}

#[test]
fn another_address_is_told_as_in_the_recordings() {
    let sim = start("51");
    sim.set_interface("wan", wan("198.51.100.11"));
    let change = |sim: &UbusSim| sim.redial("wan", wan("198.51.100.12"));
    replay("51-", &sim, &[(10, &change)]);

    let sim = start("50");
    sim.set_interface("wan", wan("198.51.100.11"));
    replay("50-", &sim, &[(7, &change)]);
}

#[test]
fn renumbering_is_told_as_in_the_recordings() {
    let (name, after) = last_told("53-");
    let mut before = after.clone();
    for field in ["ipv6-address", "route", "ipv6-prefix"] {
        before[field].as_array_mut().unwrap().remove(0);
    }
    before["updated"] = json!([]);
    let change = |sim: &UbusSim| sim.set_interface(&name, after.clone());

    let sim = start("53");
    sim.set_interface(&name, before.clone());
    replay("53-", &sim, &[(10, &change)]);
    // Who only listens hears nothing of it.
    let sim = start("52");
    sim.set_interface(&name, before);
    let mut listener = Client::new(&sim);
    assert_eq!(listener.register(ALL), 0);
    change(&sim);
    listener.hears_nothing();
}

#[test]
fn failures_are_told_as_in_the_recordings() {
    let (name, failed) = last_told("55-");
    let sim = start("55");
    sim.set_interface(&name, failed.clone());
    let again = |sim: &UbusSim| sim.set_interface(&name, failed.clone());
    let cues: Vec<Cue> = (10..15).map(|at| (at, &again as _)).collect();
    replay("55-", &sim, &cues);
    replay("54-", &sim, &[]);

    let sim = start("55-up");
    let mut down = failed.clone();
    down.as_object_mut().unwrap().remove("errors");
    sim.set_interface(&name, down);
    sim.on_up(&name, || Outcome::Fails("AUTH_TOPEER_FAILED".to_owned()));
    let mut caller = Client::new(&sim);
    let mut listener = Client::subscribed(&sim, ALL);
    caller.call(&name, "up");
    let (method, payload) = listener.notice();
    let mut expected = failed.clone();
    expected["interface"] = name.as_str().into();
    assert_eq!((method.as_str(), payload), ("interface.update", expected));
}

#[test]
fn calls_of_up_and_down_are_told_as_in_the_recordings() {
    let sim = start("56");
    sim.set_interface("wan", wan("198.51.100.10"));
    replay("56-", &sim, &[]);
    assert_eq!((sim.called("up", "wan"), sim.called("down", "wan")), (1, 1));
}

#[test]
fn subscriptions_end_as_in_the_recordings() {
    let sim = start("57");
    sim.set_interface("wan", wan("198.51.100.10"));
    let mut caller = Client::new(&sim);
    caller.call("wan", "status");
    let caller = std::sync::Mutex::new(caller);
    let call = |method| assert_eq!(caller.lock().unwrap().call("wan", method), 0);
    replay(
        "57-",
        &sim,
        &[(10, &|_| call("down")), (12, &|_| call("up"))],
    );

    let sim = start("59");
    sim.set_interface("wan", wan("198.51.100.10"));
    let add = |sim: &UbusSim| sim.set_interface("temp", json!({"up": false}));
    let remove = |sim: &UbusSim| assert!(sim.remove_interface("temp"));
    replay("59-", &sim, &[(7, &add), (13, &remove)]);
}

#[test]
fn it_refuses_as_in_the_recordings() {
    let sim = start("44");
    sim.set_fault(UbusFault::Refuse);
    replay("43-", &sim, &[]);
    replay("44-", &sim, &[]);
}

#[test]
fn a_notification_that_wants_an_answer_is_as_in_the_recording() {
    let sim = start("58");
    let mut client = Client::subscribed(&sim, ALL);
    let data = json!({"n": 7});
    sim.notify(ALL, "ping.me", data.as_object().unwrap(), false);
    let found = client.next();
    let recorded = capture("58-");
    let expected = message(recorded.server().nth(6).unwrap());
    assert_eq!(expected.text(id::METHOD).as_deref(), Some("ping.me"));
    let expected = with_our_ids(&expected, &found, &mut Ids::new());
    assert_eq!(found.encode(), expected.encode());

    let answer = found.answer(kind::STATUS).with_number(id::STATUS, 0);
    let answer = answer.with_number(id::OBJID, client.object);
    client.stream.write_all(&answer.encode()).unwrap();
    client.hears_nothing();
}

#[test]
fn subscribers_hear_what_changes_and_nothing_else() {
    let sim = start("changes");
    let mut all = Client::subscribed(&sim, ALL);
    sim.set_interface("vpnki0", up("ppp0", "172.16.1.2"));
    all.hears(&["interface.update vpnki0 up=true [\"addresses\"]"]);
    let mut one = Client::subscribed(&sim, "network.interface.vpnki0");

    sim.set_interface("vpnki0", up("ppp0", "172.16.1.2"));
    let mut names = up("ppp0", "172.16.1.2");
    names["dns-server"] = json!(["198.51.100.1"]);
    sim.set_interface("vpnki0", names);
    all.hears_nothing();

    sim.set_interface("vpnki0", up("ppp0", "172.16.1.3"));
    sim.set_interface("vpnki0", up("ppp1", "172.16.1.3"));
    sim.set_interface("other", json!({"up": false, "pending": true}));
    sim.remove_interface("vpnki0");
    let told = [
        "interface.update vpnki0 up=true [\"addresses\"]",
        "interface.down vpnki0 up=false",
        "interface.down vpnki0 up=false",
        "interface.update vpnki0 up=true [\"addresses\"]",
        "interface.down vpnki0 up=false",
        "interface.down vpnki0 up=false",
    ];
    all.hears(&told);
    all.hears_nothing();
    one.hears(&told);
    assert_eq!(one.next().kind, kind::UNSUBSCRIBE);
    one.hears_nothing();
    assert_eq!(one.lookup("network.interface.vpnki0"), None);
}

#[test]
fn what_was_updated_stands_in_the_status_until_the_next_update() {
    let sim = start("updated");
    sim.set_interface("wan", up("eth1", "8.8.4.4"));
    let mut route = up("eth1", "8.8.4.4");
    route["route"] = json!([{"target": "0.0.0.0", "mask": 0, "nexthop": "8.8.4.1"}]);
    sim.set_interface("wan", route.clone());
    let mut client = Client::new(&sim);
    let status = |client: &mut Client| {
        let object = client.lookup("network.interface.wan").unwrap();
        let answers = client.ask(kind::INVOKE, |request| {
            request
                .with_number(id::OBJID, object)
                .with_text(id::METHOD, "status")
                .with_fields(id::DATA, &Vec::new())
        });
        blob::fields_to_json(&answers[0].fields(id::DATA).unwrap())
    };
    assert_eq!(status(&mut client)["updated"], json!(["routes"]));
    sim.set_interface("wan", route);
    assert_eq!(status(&mut client)["updated"], json!(["routes"]));
}

#[test]
fn rules_of_subscriptions() {
    let sim = start("rules");
    sim.set_interface("wan", up("eth1", "8.8.4.4"));
    let (mut one, mut other) = (Client::new(&sim), Client::new(&sim));
    let target = one.lookup(ALL).unwrap();
    let (own, theirs) = (one.object, other.object);
    assert_eq!(one.relate(kind::SUBSCRIBE, own, 1), 4, "built in");
    assert_eq!(one.relate(kind::SUBSCRIBE, own, 5000), 4, "unknown");
    assert_eq!(one.relate(kind::SUBSCRIBE, own, own), 2, "one's own");
    assert_eq!(one.relate(kind::SUBSCRIBE, theirs, target), 2, "another's");
    let only_one = one.status(kind::SUBSCRIBE, |request| {
        request.with_number(id::OBJID, own)
    });
    assert_eq!(only_one, 2, "no target");
    assert_eq!(one.register(""), 6);
    assert_eq!(one.invoke(1, "register", &Vec::new()), 2);
    assert_eq!(one.invoke(1, "other", &Vec::new()), 1);
    let path = one.status(kind::ADD_OBJECT, |request| {
        request.with_text(id::OBJPATH, "x")
    });
    assert_eq!(path, 2);
    let remove = |client: &mut Client, object| {
        client.status(kind::REMOVE_OBJECT, |request| {
            request.with_number(id::OBJID, object)
        })
    };
    assert_eq!(remove(&mut one, theirs), 6);
    assert_eq!(remove(&mut one, 5000), 4);

    // Twice is heard twice; a pattern or two are heard once.
    assert_eq!((other.subscribe(ALL), other.subscribe(ALL)), (0, 0));
    assert_eq!((other.register("network.*"), other.register("*")), (0, 0));
    sim.set_interface("wan", up("eth1", "8.8.4.5"));
    let update = "interface.update wan up=true [\"addresses\"]";
    other.hears(&[update, update]);
    sim.set_interface("wan", json!({"up": false}));
    let down = "interface.down wan up=false";
    other.hears(&["network.interface wan ifdown", down, down]);
    other.hears(&["network.interface wan ifdown", down, down]);
    assert_eq!(remove(&mut other, theirs), 0);
    sim.set_interface("wan", up("eth1", "8.8.4.5"));
    other.hears_nothing();
    one.hears_nothing();

    assert_eq!(one.subscribe(ALL), 0);
    assert_eq!(sim.subscriptions(), 1);
    drop(one);
    wait_until("the last has left", || {
        sim.subscriptions() == 0 && sim.clients() == 1
    });
}

#[test]
fn what_comes_of_up_is_scripted() {
    let sim = start("script");
    let mut client = Client::subscribed(&sim, ALL);
    sim.set_interface("vpnki0", up("ppp0", "172.16.1.2"));
    client.hears(&["interface.update vpnki0 up=true [\"addresses\"]"]);
    let downs = ["interface.down vpnki0 up=false"; 2];
    let (told, downed) = mpsc::channel();
    sim.on_down("vpnki0", move || told.send(()).unwrap());
    let restart = |client: &mut Client, outcome: Outcome| {
        sim.on_up("vpnki0", move || outcome.clone());
        client.call("vpnki0", "down");
        client.call("vpnki0", "down");
        client.call("vpnki0", "up")
    };

    // At once, with another device; up again does nothing.
    let moved = Outcome::UpAs(up("ppp1", "172.16.1.3"));
    assert_eq!(restart(&mut client, moved), 0);
    client.hears(&downs);
    assert_eq!(client.notice().1["l3_device"], "ppp1");
    assert_eq!(client.call("vpnki0", "up"), 0);
    client.hears_nothing();

    // After a while; pending until then, and up does nothing.
    let slow = Outcome::After(SHORT, Box::new(Outcome::Up));
    restart(&mut client, slow.clone());
    client.hears(&downs);
    client.hears(&["interface.update vpnki0 up=true [\"addresses\"]"]);

    // Not if it was taken down meanwhile.
    restart(&mut client, slow);
    client.call("vpnki0", "down");
    std::thread::sleep(2 * SHORT);
    client.hears(&downs);
    client.hears_nothing();

    // Never, and then said otherwise.
    restart(&mut client, Outcome::Pending);
    client.hears_nothing();
    sim.set_interface("vpnki0", up("ppp1", "172.16.1.3"));
    client.hears(&["interface.update vpnki0 up=true [\"addresses\"]"]);

    assert_eq!(restart(&mut client, Outcome::Refused(9)), 9);
    client.hears(&downs);
    client.hears_nothing();
    assert_eq!(downed.try_iter().count(), 5);
    assert_eq!(
        (sim.called("up", "vpnki0"), sim.called("down", "vpnki0")),
        (6, 11)
    );
}

#[test]
fn autostart_is_as_the_last_call_left_it() {
    let sim = start("autostart");
    sim.set_interface("wan", wan("198.51.100.10"));
    let mut client = Client::subscribed(&sim, ALL);
    client.call("wan", "down");
    assert_eq!(client.notice().1["autostart"], false);
    assert_eq!(client.notice().1["autostart"], false);
    client.call("wan", "up");
    assert_eq!(client.notice().1["autostart"], true);
}

#[test]
fn netifd_restarts() {
    let sim = start("netifd");
    sim.set_interface("wan", up("eth1", "8.8.4.4"));
    let mut client = Client::subscribed(&sim, ALL);
    client.register("ubus.object.*");
    let before = client.lookup(ALL);
    sim.restart_netifd();
    client.hears(&["interface.down wan up=false"; 2]);
    let next = client.next();
    assert_eq!(
        (next.kind, next.number(id::TARGET)),
        (kind::UNSUBSCRIBE, before)
    );
    let object = |client: &mut Client, event: &str| {
        let (name, data) = client.notice();
        assert_eq!(name, event);
        data["path"].as_str().unwrap().to_owned()
    };
    for event in ["ubus.object.remove", "ubus.object.add"] {
        assert_eq!(object(&mut client, event), ALL);
        assert_eq!(object(&mut client, event), "network.interface.wan");
    }
    client.hears_nothing();
    assert_ne!(client.lookup(ALL), before);

    assert_eq!(client.subscribe(ALL), 0);
    sim.stop_netifd();
    sim.set_interface("wan", up("eth1", "8.8.4.5"));
    assert_eq!(client.lookup(ALL), None);
    sim.start_netifd();
    assert_eq!(client.subscribe(ALL), 0);
}

#[test]
fn ubusd_restarts() {
    let sim = start("ubusd");
    sim.set_interface("wan", up("eth1", "8.8.4.4"));
    let mut client = Client::subscribed(&sim, ALL);
    let before = client.lookup(ALL);
    sim.stop_ubusd();
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
    assert!(!sim.path().exists());
    sim.set_interface("wan", up("eth1", "8.8.4.5"));
    sim.start_ubusd().unwrap();
    let mut client = Client::new(&sim);
    assert_ne!(client.lookup(ALL), before);
    assert_eq!((sim.subscriptions(), client.subscribe(ALL)), (0, 0));
    sim.restart_ubusd(Duration::ZERO).unwrap();
    assert_eq!(client.stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn who_does_not_read_holds_up_nobody() {
    let sim = start("slow");
    sim.set_interface("wan", up("eth1", "8.8.4.4"));
    let slow = Client::subscribed(&sim, ALL);
    let mut quick = Client::subscribed(&sim, ALL);
    let mut long = up("eth1", "8.8.4.4");
    for round in 0..40 {
        long["data"] = json!({"message": format!("{round}").repeat(50_000)});
        sim.set_interface("wan", long.clone());
        assert_eq!(quick.notice().1["data"], long["data"]);
    }
    drop(slow);
    wait_until("the others have left", || sim.clients() == 1);
    sim.set_interface("wan", up("eth1", "8.8.4.5"));
    quick.hears(&["interface.update wan up=true [\"addresses\",\"data\"]"]);
}

#[test]
fn a_stalled_ubusd_tells_nothing() {
    let sim = start("stall");
    sim.set_interface("wan", up("eth1", "8.8.4.4"));
    let mut client = Client::subscribed(&sim, ALL);
    sim.set_fault(UbusFault::Stall);
    sim.set_interface("wan", up("eth1", "8.8.4.5"));
    sim.set_fault(UbusFault::None);
    client.hears_nothing();
    sim.set_fault(UbusFault::Drip);
    sim.set_interface("wan", up("eth1", "8.8.4.6"));
    client.hears(&["interface.update wan up=true [\"addresses\"]"]);
}
