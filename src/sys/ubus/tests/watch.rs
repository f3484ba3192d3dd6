//! The daemon's picture of the networks, against a server that plays netifd
//! with what was recorded of it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::sys::ubus;
use crate::sys::ubus::watch::{self, NetworkWatch};
use serde_json::{Value as Json, json};
use wansync_core::ubus::Error;
use wansync_core::ubus::wire::{attribute, message};
use wansync_sim::ubus::UbusSim;
use wansync_sim::ubus::blob;
use wansync_sim::ubus::message as sim;

use super::support::*;

/// A message with a JSON object as its data.
fn with_data(message: sim::Message, data: &Json) -> sim::Message {
    let fields = blob::fields_from_json(data.as_object().unwrap());
    message.with_fields(attribute::DATA, &fields)
}

fn notification(name: &str, data: &Json) -> sim::Message {
    let invoke = from_server(message::INVOKE, 700)
        .with_number(attribute::OBJID, 9)
        .with_text(attribute::METHOD, name);
    let no_reply = sim::Message {
        attributes: [vec![(attribute::NO_REPLY, vec![1])], invoke.attributes].concat(),
        ..invoke
    };
    with_data(no_reply, data)
}

fn gone() -> sim::Message {
    from_server(message::UNSUBSCRIBE, 1)
        .with_number(attribute::OBJID, 9)
        .with_number(attribute::TARGET, 5)
}

/// Takes the next request, which must be of this kind; gives its number.
fn request(stream: &mut UnixStream, kind: u8) -> std::io::Result<u16> {
    let request = sim::Message::read(stream)?;
    assert_eq!(request.kind, kind);
    Ok(request.seq)
}

/// Greets, and serves a subscription.
fn subscription(stream: &mut UnixStream) -> std::io::Result<()> {
    subscription_with(stream, 0)
}

/// The same; the events of ubusd are registered with this status.
fn subscription_with(stream: &mut UnixStream, events: u32) -> std::io::Result<()> {
    stream.write_all(&hello())?;
    let seq = request(stream, message::ADD_OBJECT)?;
    send(stream, &[object(seq, 9), status(seq, 0)])?;
    let seq = request(stream, message::LOOKUP)?;
    send(stream, &[object(seq, 5), status(seq, 0)])?;
    let seq = request(stream, message::SUBSCRIBE)?;
    send(stream, &[status(seq, 0)])?;
    let seq = request(stream, message::INVOKE)?;
    send(stream, &[status(seq, events)])
}

/// Answers a dump, with other messages right before the answer.
fn dump_networks(
    stream: &mut UnixStream,
    before: &[sim::Message],
    dump: &Json,
) -> std::io::Result<()> {
    let seq = request(stream, message::LOOKUP)?;
    send(stream, &[object(seq, 5), status(seq, 0)])?;
    let seq = request(stream, message::INVOKE)?;
    send(stream, before)?;
    send(stream, &[with_data(object(seq, 5), dump), status(seq, 0)])
}

/// The recorded notifications of one capture: name and data.
fn recorded(number: &str) -> Vec<(String, Json)> {
    let events = capture(number).json["events"].as_array().unwrap().clone();
    let each = events.into_iter();
    each.map(|event| {
        let name = event["name"].as_str().unwrap().to_owned();
        (name, event["data"].clone())
    })
    .collect()
}

/// Sleeps until something is there, as the daemon does, and takes it.
fn take(watch: &mut NetworkWatch) -> ubus::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let timeout = Timespec::try_from(ENOUGH).unwrap();
    let ready = poll(&mut [PollFd::new(watch, PollFlags::IN)], Some(&timeout));
    assert_eq!(ready.unwrap(), 1, "nothing came");
    watch.take()
}

fn found(watch: &NetworkWatch, name: &str) -> Option<Vec<String>> {
    let network = watch.networks().iter().find(|one| one.name == name)?;
    let each = network.addresses.iter();
    Some(each.map(|found| found.address.to_string()).collect())
}

fn names(watch: &NetworkWatch) -> Vec<&str> {
    watch
        .networks()
        .iter()
        .map(|one| one.name.as_str())
        .collect()
}

/// Lets the other side send the next piece.
fn go_on(stream: &mut UnixStream) -> std::io::Result<()> {
    stream.read_exact(&mut [0])
}

/// A way for the test to say when: a pair of sockets.
fn cue() -> (UnixStream, UnixStream) {
    UnixStream::pair().unwrap()
}

#[test]
fn recorded_notifications_are_followed() {
    for (number, states) in [
        (
            "51-",
            &[Some(&[][..]), None, Some(&["198.51.100.12"][..])][..],
        ),
        ("57-", &[Some(&[]), None, Some(&["198.51.100.10"])]),
    ] {
        let (mut test, mut server) = cue();
        let serve = move |stream: &mut UnixStream| {
            subscription(stream)?;
            dump_networks(stream, &[], &capture("14-").json)?;
            for (name, data) in recorded(number) {
                go_on(&mut server)?;
                send(stream, &[notification(&name, &data)])?;
            }
            stream.read_exact(&mut [0])
        };
        against(&format!("followed-{number}"), serve, |path| {
            let mut watch = NetworkWatch::connect(path).unwrap();
            assert_eq!(names(&watch), ["lan", "loopback", "wan", "wan6"]);
            assert_eq!(found(&watch, "wan").unwrap(), ["198.51.100.10"]);
            assert_eq!(watch.take(), Ok(false));
            for state in states {
                test.write_all(&[1]).unwrap();
                // The second `interface.down` says nothing new.
                assert_eq!(take(&mut watch), Ok(state.is_some()));
                if let Some(addresses) = state {
                    assert_eq!(found(&watch, "wan").unwrap(), *addresses);
                }
            }
        });
    }
}

#[test]
fn autostart_is_told_apart() {
    for (number, autostart) in [("51-", true), ("57-", false)] {
        let serve = move |stream: &mut UnixStream| {
            subscription(stream)?;
            dump_networks(stream, &[], &capture("14-").json)?;
            let (name, data) = recorded(number).remove(0);
            send(stream, &[notification(&name, &data)])?;
            stream.read_exact(&mut [0])
        };
        against(&format!("autostart-{number}"), serve, |path| {
            let mut watch = NetworkWatch::connect(path).unwrap();
            assert!(watch.networks().iter().all(|one| one.autostart));
            assert_eq!(take(&mut watch), Ok(true));
            let wan = watch.networks().iter().find(|one| one.name == "wan");
            assert_eq!(wan.unwrap().autostart, autostart);
        });
    }
}

#[test]
fn a_new_prefix_has_everything_asked_again() {
    let renumbered = || {
        let mut dump = capture("14-").json;
        dump["interface"][0]["ipv4-address"][0]["address"] = "192.168.2.1".into();
        dump
    };
    let serve = move |stream: &mut UnixStream| {
        subscription(stream)?;
        dump_networks(stream, &[], &capture("14-").json)?;
        let (name, data) = recorded("53-").remove(0);
        send(stream, &[notification(&name, &data)])?;
        dump_networks(stream, &[], &renumbered())?;
        stream.read_exact(&mut [0])
    };
    against("prefixes", serve, |path| {
        let mut watch = NetworkWatch::connect(path).unwrap();
        assert_eq!(found(&watch, "lan").unwrap(), ["192.168.1.1"]);
        assert_eq!(take(&mut watch), Ok(true));
        assert_eq!(found(&watch, "lan").unwrap(), ["192.168.2.1"]);
        // The dump is the truth, not the notification before it.
        assert_eq!(found(&watch, "wan6").unwrap(), ["2001:db8:1::10"]);
    });
}

#[test]
fn what_came_before_the_answer_does_not_set_the_picture_back() {
    let down = json!({"interface": "wan", "up": false});
    let serve = move |stream: &mut UnixStream| {
        subscription(stream)?;
        let flood = vec![notification("interface.down", &down); 100];
        dump_networks(stream, &flood, &capture("14-").json)?;
        stream.read_exact(&mut [0])
    };
    against("before", serve, |path| {
        let mut watch = NetworkWatch::connect(path).unwrap();
        assert_eq!(watch.take(), Ok(false));
        assert_eq!(found(&watch, "wan").unwrap(), ["198.51.100.10"]);
    });
}

#[test]
fn networks_made_at_run_time_come_and_go() {
    let child = |up: bool| {
        json!({"interface": "wan_6", "up": up, "dynamic": true, "autostart": true,
            "ipv6-address": [{"address": "2001:db8::1", "mask": 64}]})
    };
    let (mut test, mut server) = cue();
    let serve = move |stream: &mut UnixStream| {
        subscription(stream)?;
        let mut all = capture("14-").json;
        all["interface"]
            .as_array_mut()
            .unwrap()
            .push(json!({"interface": "zz"}));
        dump_networks(stream, &[], &all)?;
        for message in [
            notification("interface.update", &child(true)),
            notification("interface.down", &child(false)),
            notification("interface.down", &child(false)),
            notification("interface.new-kind", &child(true)),
            notification("interface.update", &json!({"up": true})),
        ] {
            go_on(&mut server)?;
            send(stream, &[message])?;
        }
        stream.read_exact(&mut [0])
    };
    against("dynamic", serve, |path| {
        let mut watch = NetworkWatch::connect(path).unwrap();
        let mut next = |watch: &mut NetworkWatch| {
            test.write_all(&[1]).unwrap();
            take(watch)
        };
        assert_eq!(next(&mut watch), Ok(true));
        // In its place: the next dump has the same order.
        assert_eq!(
            names(&watch),
            ["lan", "loopback", "wan", "wan6", "wan_6", "zz"]
        );
        assert_eq!(found(&watch, "wan_6").unwrap(), ["2001:db8::1"]);
        assert_eq!(next(&mut watch), Ok(true));
        assert_eq!(found(&watch, "wan_6"), None);
        for _ in 0..3 {
            assert_eq!(next(&mut watch), Ok(false));
            assert_eq!(names(&watch), ["lan", "loopback", "wan", "wan6", "zz"]);
        }
    });
}

#[test]
fn a_netifd_that_leaves_is_noticed_whenever_it_does() {
    // While idle.
    let serve = |stream: &mut UnixStream| {
        subscription(stream)?;
        dump_networks(stream, &[], &capture("14-").json)?;
        send(stream, &[gone()])?;
        stream.read_exact(&mut [0])
    };
    let error = against("gone", serve, |path| {
        take(&mut NetworkWatch::connect(path).unwrap()).unwrap_err()
    });
    let expected = "netifd is not running: ubus has no object network.interface";
    assert_eq!(error.to_string(), expected);
    // During a call, behind more notifications than are kept.
    let serve = |stream: &mut UnixStream| {
        subscription(stream)?;
        let down = json!({"interface": "wan", "up": false});
        let mut before = vec![notification("interface.down", &down); 100];
        before.push(gone());
        dump_networks(stream, &before, &capture("14-").json)?;
        stream.read_exact(&mut [0])
    };
    let error = against("gone-during", serve, |path| {
        NetworkWatch::connect(path).unwrap().take().unwrap_err()
    });
    assert_eq!(error.to_string(), expected);
    // ubusd itself.
    let serve = |stream: &mut UnixStream| {
        subscription(stream)?;
        dump_networks(stream, &[], &capture("14-").json)
    };
    let error = against("broken", serve, |path| {
        take(&mut NetworkWatch::connect(path).unwrap()).unwrap_err()
    });
    assert!(matches!(*error, Error::Broken { .. }), "{error}");
}

#[test]
fn a_flood_does_not_hold_the_daemon() {
    let serve = |stream: &mut UnixStream| {
        subscription(stream)?;
        dump_networks(stream, &[], &capture("14-").json)?;
        let mut up = false;
        loop {
            up = !up;
            let data = json!({"interface": "wan", "up": up});
            send(stream, &[notification("interface.update", &data)])?;
        }
    };
    against("flood", serve, |path| {
        let mut watch = NetworkWatch::connect(path).unwrap();
        for _ in 0..20 {
            assert_eq!(take(&mut watch), Ok(true));
        }
    });
}

#[test]
fn a_netifd_that_hangs_is_given_up() {
    let start = Instant::now();
    let serve = |stream: &mut UnixStream| {
        subscription(stream)?;
        let seq = request(stream, message::LOOKUP)?;
        send(stream, &[object(seq, 5), status(seq, 0)])?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    };
    let error = against("hung", serve, |path| {
        NetworkWatch::connect(path).unwrap_err()
    });
    let words = "no answer from ubus to network.interface dump within 1 s";
    assert_eq!(error.to_string(), words);
    let serve = |stream: &mut UnixStream| {
        stream.write_all(&hello())?;
        let seq = request(stream, message::LOOKUP)?;
        send(stream, &[object(seq, 5), status(seq, 0)])?;
        stream.read_to_end(&mut Vec::new()).map(drop)
    };
    let error = against("hung-down", serve, |path| {
        watch::down(path, "vpn").unwrap_err()
    });
    assert!(matches!(*error, Error::Timeout { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_network_is_taken_down_and_up_by_its_name() {
    type Order = fn(&std::path::Path, &str) -> ubus::Result<()>;
    for (order, method) in [(watch::down as Order, "down"), (watch::up, "up")] {
        for code in [0, 4] {
            let serve = move |stream: &mut UnixStream| {
                stream.write_all(&hello())?;
                let seq = request(stream, message::LOOKUP)?;
                send(stream, &[object(seq, 5), status(seq, 0)])?;
                let invoke = sim::Message::read(stream)?;
                let name = [method.as_bytes(), &[0]].concat();
                assert!(invoke.attributes.contains(&(attribute::METHOD, name)));
                let fields = invoke.fields(attribute::DATA).unwrap();
                let expected = json!({"interface": "vpn"});
                assert_eq!(
                    fields,
                    blob::fields_from_json(expected.as_object().unwrap())
                );
                let end = status(invoke.seq, code).with_number(attribute::OBJID, 5);
                send(stream, &[end])
            };
            let result = against(&format!("{method}-{code}"), serve, |path| {
                order(path, "vpn")
            });
            let expected = match code {
                0 => Ok(()),
                code => Err(Box::new(Error::Status {
                    call: format!("network.interface {method}"),
                    code,
                })),
            };
            assert_eq!(result, expected);
        }
    }
}

/// The whole way, against the stand-in.
#[test]
fn the_stand_in_is_followed_through_a_restart_of_netifd() {
    let socket = Socket::new("watch");
    let sim = UbusSim::start(&socket.0).unwrap();
    sim.set_interface("wan", capture("05-").json);
    let mut watch = NetworkWatch::connect(&socket.0).unwrap();
    assert_eq!(found(&watch, "wan").unwrap(), ["198.51.100.10"]);
    for (number, address) in [("08-", "203.0.113.100"), ("11-", "203.0.113.77")] {
        sim.set_interface("wan", capture(number).json);
        while found(&watch, "wan").unwrap() != [address] {
            take(&mut watch).unwrap();
        }
    }
    watch::down(&socket.0, "wan").unwrap();
    while !found(&watch, "wan").unwrap().is_empty() {
        take(&mut watch).unwrap();
    }
    watch::up(&socket.0, "wan").unwrap();
    while found(&watch, "wan").unwrap().is_empty() {
        take(&mut watch).unwrap();
    }
    sim.restart_netifd();
    while take(&mut watch).is_ok() {}
    let mut watch = NetworkWatch::connect(&socket.0).unwrap();
    while found(&watch, "wan").unwrap() != ["203.0.113.77"] {
        take(&mut watch).unwrap();
    }
}

/// Of a network that comes with a reload and is not up yet, netifd notifies nothing.
#[test]
fn a_network_that_comes_or_goes_unannounced_is_noticed() {
    let socket = Socket::new("unannounced");
    let sim = UbusSim::start(&socket.0).unwrap();
    sim.set_interface("wan", capture("05-").json);
    let mut watch = NetworkWatch::connect(&socket.0).unwrap();
    sim.set_interface("vpnki0", json!({"up": false, "pending": true}));
    while !take(&mut watch).unwrap() {}
    assert_eq!(names(&watch), ["vpnki0", "wan"]);
    sim.remove_interface("vpnki0");
    while !take(&mut watch).unwrap() {}
    assert_eq!(names(&watch), ["wan"]);
}

/// The rights of a version before this one.
#[test]
fn who_may_not_hear_of_objects_hears_of_networks() {
    let serve = |stream: &mut UnixStream| {
        subscription_with(stream, 6)?;
        dump_networks(stream, &[], &capture("14-").json)?;
        let down = json!({"interface": "wan", "up": false});
        send(stream, &[notification("interface.down", &down)])?;
        stream.read_exact(&mut [0])
    };
    against("no-objects", serve, |path| {
        let mut watch = NetworkWatch::connect(path).unwrap();
        assert_eq!(take(&mut watch), Ok(true));
        assert_eq!(found(&watch, "wan").unwrap(), [""; 0]);
    });
}
