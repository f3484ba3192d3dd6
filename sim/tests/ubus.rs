//! The stand-in for ubusd and netifd beside the recordings of the real ones.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wansync_sim::ubus::capture::{Capture, Step, message};
use wansync_sim::ubus::message::{Message, id, kind};
use wansync_sim::ubus::{UbusFault, UbusSim, blob, procd};

fn captures() -> Vec<Capture> {
    Capture::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/ubus"))
}

fn capture(number: &str) -> Capture {
    let mut all = captures().into_iter();
    all.find(|capture| capture.name.starts_with(number))
        .unwrap()
}

fn socket(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wansync-ubus-sim-{}-{name}", std::process::id()))
}

fn connect(sim: &UbusSim) -> (UnixStream, Message) {
    let mut stream = UnixStream::connect(sim.path()).unwrap();
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).unwrap();
    let hello = Message::read(&mut stream).unwrap();
    (stream, hello)
}

/// Sends a request and collects its answers, to the status.
fn ask(stream: &mut UnixStream, request: &Message) -> Vec<Message> {
    stream.write_all(&request.encode()).unwrap();
    let mut answers = Vec::new();
    loop {
        let answer = Message::read(stream).unwrap();
        assert_eq!(answer.seq, request.seq);
        let end = answer.kind == kind::STATUS;
        answers.push(answer);
        if end {
            return answers;
        }
    }
}

fn lookup(stream: &mut UnixStream, path: &str) -> Option<u32> {
    let request = Message {
        kind: kind::LOOKUP,
        seq: 7,
        ..Message::default()
    };
    ask(stream, &request.with_text(id::OBJPATH, path))[0].number(id::OBJID)
}

fn call(stream: &mut UnixStream, object: u32, method: &str) -> Vec<Message> {
    let request = Message {
        kind: kind::INVOKE,
        seq: 8,
        peer: object,
        ..Message::default()
    };
    let request = request
        .with_number(id::OBJID, object)
        .with_text(id::METHOD, method)
        .with_fields(id::DATA, &Vec::new());
    ask(stream, &request)
}

fn dump(sim: &UbusSim) -> Value {
    let (mut stream, _) = connect(sim);
    let object = lookup(&mut stream, "network.interface").unwrap();
    let answers = call(&mut stream, object, "dump");
    blob::fields_to_json(&answers[0].fields(id::DATA).unwrap())
}

#[test]
fn recorded_messages_and_values_are_encoded_to_the_same_bytes() {
    let mut tables = 0;
    for capture in captures() {
        // Two of the hand-made clients send what no encoder makes.
        let clean = !["36-", "37-"].iter().any(|no| capture.name.starts_with(no));
        let client = capture.client().filter(|_| clean);
        for bytes in capture.server().chain(client) {
            let message = message(bytes);
            assert_eq!(message.encode(), bytes, "{}", capture.name);
            for (attribute, payload) in &message.attributes {
                if [id::DATA, id::SIGNATURE].contains(attribute) {
                    let fields = blob::decode(payload).expect(&capture.name);
                    assert_eq!(blob::encode(&fields), *payload, "{}", capture.name);
                    tables += 1;
                }
            }
        }
    }
    assert!(tables > 100);
}

#[test]
fn json_becomes_the_values_that_the_stock_client_makes_of_it() {
    let capture = capture("18-");
    let sent = message(capture.client().nth(1).unwrap())
        .fields(id::DATA)
        .unwrap();
    for (name, value) in sent {
        assert_eq!(blob::from_json(&capture.json[&name]), value, "{name}");
    }
}

/// Ids differ from run to run, the order of fields inside of netifd's lists may.
fn comparable(answer: &Message, ids: &[(u32, u32)]) -> (u8, u16, u32, Vec<(u8, Value)>) {
    let replace = |id: u32| {
        ids.iter()
            .find(|(from, _)| *from == id)
            .map_or(id, |(_, to)| *to)
    };
    let attributes = answer.attributes.iter().map(|(attribute, payload)| {
        let value = match *attribute {
            id::DATA | id::SIGNATURE => blob::fields_to_json(&blob::decode(payload).unwrap()),
            id::OBJTYPE => Value::Null,
            id::OBJID => replace(u32::from_be_bytes(payload.as_slice().try_into().unwrap())).into(),
            _ => json!(payload),
        };
        (*attribute, value)
    });
    (
        answer.kind,
        answer.seq,
        replace(answer.peer),
        attributes.collect(),
    )
}

/// The networks that the recorded netifd had, as far as the recording needs them.
fn networks(sim: &UbusSim, capture: &Capture) {
    let add = |name: &str, status: &Value| sim.set_interface(name, status.clone());
    for name in ["lan", "loopback", "wan", "wan6"] {
        add(name, &json!({"up": true}));
    }
    if capture.kind != "call" {
        let recorded = capture.server().map(message);
        for fields in recorded.filter_map(|message| message.fields(id::DATA)) {
            add("wan", &blob::fields_to_json(&fields));
        }
        return;
    }
    if let Some(list) = capture.json["interface"].as_array() {
        for name in ["lan", "loopback", "wan", "wan6"] {
            sim.remove_interface(name);
        }
        for status in list {
            let mut status = status.clone();
            let name = status.as_object_mut().unwrap().remove("interface").unwrap();
            add(name.as_str().unwrap(), &status);
        }
        return;
    }
    let path = capture
        .command
        .as_deref()
        .unwrap()
        .split(' ')
        .nth(3)
        .unwrap();
    let name = path.strip_prefix("network.interface.").unwrap_or("wan");
    add(name, &capture.json);
}

/// Plays the client of a recording to the stand-in, with the stand-in's ids.
fn compare(capture: &Capture) {
    let sim = UbusSim::start(socket(&capture.name)).unwrap();
    networks(&sim, capture);
    let (mut stream, hello) = connect(&sim);
    assert_eq!(
        (hello.kind, hello.seq, &hello.attributes),
        (kind::HELLO, 0, &Vec::new())
    );
    let mut ids: Vec<(u32, u32)> = Vec::new();
    let mut recorded = capture.server().skip(1).map(message);
    for step in &capture.steps {
        let Step::Client(bytes) = step else { continue };
        let mut bytes = bytes.clone();
        for (theirs, ours) in &ids {
            replace(&mut bytes, *theirs, *ours);
        }
        stream.write_all(&bytes).unwrap();
        for expected in recorded.by_ref() {
            let found = Message::read(&mut stream).unwrap();
            if let (Some(theirs), Some(ours)) =
                (expected.number(id::OBJID), found.number(id::OBJID))
            {
                ids.push((theirs, ours));
            }
            let name = &capture.name;
            assert_eq!(
                comparable(&found, &[]),
                comparable(&expected, &ids),
                "{name}"
            );
            if expected.kind == kind::STATUS {
                break;
            }
        }
    }
    if capture.steps.contains(&Step::ServerEof) {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{}", capture.name);
    }
}

fn replace(bytes: &mut [u8], from: u32, to: u32) {
    for at in (4..bytes.len() - 3).step_by(4) {
        if bytes[at..at + 4] == from.to_be_bytes() {
            bytes[at..at + 4].copy_from_slice(&to.to_be_bytes());
        }
    }
}

#[test]
fn it_answers_as_the_real_ones_did() {
    let numbers = [
        2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25, 26,
    ];
    let raw = [33, 35, 36, 37, 38];
    let mut seen = 0;
    for capture in captures() {
        let number: u32 = capture.name[..2].parse().unwrap();
        if numbers.contains(&number) || raw.contains(&number) {
            compare(&capture);
            seen += 1;
        }
    }
    assert_eq!(seen, numbers.len() + raw.len());
}

#[test]
fn fields_come_in_netifds_order() {
    let sim = UbusSim::start(socket("order")).unwrap();
    let capture = capture("08-");
    sim.set_interface("wan", capture.json.clone());
    let (mut stream, _) = connect(&sim);
    let object = lookup(&mut stream, "network.interface.wan").unwrap();
    let found = call(&mut stream, object, "status")[0]
        .fields(id::DATA)
        .unwrap();
    let recorded = capture.server().map(message);
    let recorded = recorded
        .filter_map(|message| message.fields(id::DATA))
        .next()
        .unwrap();
    let names = |fields: blob::Fields| fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(found), names(recorded));
}

#[test]
fn networks_change_while_it_runs_and_ids_die_with_them() {
    let sim = UbusSim::start(socket("change")).unwrap();
    assert_eq!(dump(&sim), json!({"interface": []}));
    sim.set_interface("wan", json!({"up": true}));
    assert_eq!(
        dump(&sim),
        json!({"interface": [{"interface": "wan", "up": true}]})
    );

    let (mut stream, _) = connect(&sim);
    let object = lookup(&mut stream, "network.interface.wan").unwrap();
    sim.set_interface("wan", json!({"up": false}));
    assert_eq!(lookup(&mut stream, "network.interface.wan"), Some(object));
    assert!(sim.remove_interface("wan"));
    assert!(!sim.remove_interface("wan"));
    assert_eq!(lookup(&mut stream, "network.interface.wan"), None);
    let answers = call(&mut stream, object, "status");
    assert_eq!((answers.len(), answers[0].number(id::STATUS)), (1, Some(4)));
    sim.set_interface("wan", json!({"up": true}));
    assert_ne!(lookup(&mut stream, "network.interface.wan"), Some(object));

    let all = lookup(&mut stream, "network.interface");
    sim.restart_netifd();
    assert_ne!(lookup(&mut stream, "network.interface"), all);
    assert_eq!(
        sim.calls(),
        ["network.interface dump", "network.interface dump"]
    );
}

#[test]
fn down_and_up_do_what_they_say() {
    let sim = UbusSim::start(socket("down")).unwrap();
    let up = capture("05-").json;
    sim.set_interface("wan", up.clone());
    let (mut stream, _) = connect(&sim);
    let object = lookup(&mut stream, "network.interface.wan").unwrap();
    call(&mut stream, object, "down");
    let status = call(&mut stream, object, "status")[0]
        .fields(id::DATA)
        .unwrap();
    assert_eq!(blob::fields_to_json(&status), capture("06-").json);
    call(&mut stream, object, "up");
    let status = call(&mut stream, object, "status")[0]
        .fields(id::DATA)
        .unwrap();
    assert_eq!(blob::fields_to_json(&status), up);
}

#[test]
fn procd_lists_instances_and_passes_signals_on() {
    let sim = UbusSim::start(socket("procd")).unwrap();
    let (mut stream, _) = connect(&sim);
    assert_eq!(lookup(&mut stream, "service"), None, "no procd yet");
    let status = procd::running(42, Some([3600, 5, 0]));
    sim.set_instance("openvpn", "vpnki", status.clone());
    sim.set_instance(
        "openvpn",
        "stopped",
        json!({"running": false, "exit_code": 1}),
    );
    let got = Arc::new(Mutex::new(Vec::new()));
    for name in ["vpnki", "stopped"] {
        let got = Arc::clone(&got);
        sim.on_signal("openvpn", name, move |number| {
            got.lock().unwrap().push((name, number))
        });
    }
    let object = lookup(&mut stream, "service").unwrap();
    let mut call = |method: &str, arguments: Value| {
        let request = Message::of(kind::INVOKE, 8, object)
            .with_number(id::OBJID, object)
            .with_text(id::METHOD, method)
            .with_fields(
                id::DATA,
                &blob::fields_from_json(arguments.as_object().unwrap()),
            );
        let answers = ask(&mut stream, &request);
        let data = answers[0]
            .fields(id::DATA)
            .map(|fields| blob::fields_to_json(&fields));
        (answers.last().unwrap().number(id::STATUS), data)
    };
    let (code, listed) = call("list", json!({"name": "openvpn"}));
    assert_eq!(code, Some(0));
    assert_eq!(listed.unwrap()["openvpn"]["instances"]["vpnki"], status);
    assert_eq!(
        call("list", json!({"name": "nosuch"})),
        (Some(0), Some(json!({})))
    );
    let signal = |instance: &str| json!({"name": "openvpn", "instance": instance, "signal": 15});
    assert_eq!(call("signal", signal("vpnki")), (Some(0), None));
    assert_eq!(call("signal", signal("nosuch")).0, Some(4));
    assert_eq!(call("signal", json!({"name": "nosuch"})).0, Some(4));
    // All that run.
    assert_eq!(call("signal", json!({"name": "openvpn"})).0, Some(0));
    assert_eq!(*got.lock().unwrap(), [("vpnki", 15), ("vpnki", 1)]);
    assert!(sim.remove_service("openvpn"));
}

#[test]
fn a_network_follows_a_device() {
    let sim = UbusSim::start(socket("device")).unwrap();
    sim.follow_device("lo", "lo");
    sim.follow_device("old", "no-such-device");
    let dump = dump(&sim);
    let [lo, old] = dump["interface"].as_array().unwrap().as_slice() else {
        panic!("{dump}");
    };
    assert_eq!(lo["up"], true);
    assert_eq!(lo["l3_device"], "lo");
    let address = json!({"address": "127.0.0.1", "mask": 8});
    assert!(
        lo["ipv4-address"].as_array().unwrap().contains(&address),
        "{lo}"
    );
    assert_eq!(old["available"], false);
    assert_eq!(old["errors"][0]["code"], "NO_DEVICE");
}

#[test]
fn faults_do_what_they_say() {
    let sim = UbusSim::start(socket("fault")).unwrap();
    let request = Message {
        kind: kind::LOOKUP,
        seq: 1,
        ..Message::default()
    };
    let request = request.with_text(id::OBJPATH, "network.interface").encode();

    sim.set_fault(UbusFault::Close);
    let (mut stream, _) = connect(&sim);
    stream.write_all(&request).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);

    sim.set_fault(UbusFault::Unknown);
    let mut stream = UnixStream::connect(sim.path()).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);

    sim.set_fault(UbusFault::Garbage);
    let (mut stream, _) = connect(&sim);
    stream.write_all(&request).unwrap();
    let mut four = [0; 4];
    stream.read_exact(&mut four).unwrap();
    assert_eq!(&four, b"HTTP");

    sim.set_fault(UbusFault::Refuse);
    let (mut stream, _) = connect(&sim);
    assert_eq!(lookup(&mut stream, "network.interface"), None);

    sim.set_fault(UbusFault::Stall);
    stream.write_all(&request).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    assert!(Message::read(&mut stream).is_err());
}

#[test]
fn dropping_it_closes_connections_and_removes_the_socket() {
    let path = socket("drop");
    let sim = UbusSim::start(&path).unwrap();
    let (mut stream, _) = connect(&sim);
    drop(sim);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert!(!path.exists());
}
