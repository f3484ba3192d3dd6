//! The whole way: from a path to networks, against the stand-in.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::sys::ubus;
use crate::sys::ubus::client::UbusClient;
use wansync_core::ubus::Error;
use wansync_sim::ubus::message as sim;
use wansync_sim::ubus::{UbusFault, UbusSim};

use super::support::*;

#[test]
fn dump_follows_netifd() {
    let socket = Socket::new("dump");
    let sim = UbusSim::start(&socket.0).unwrap();
    assert_eq!(ubus::dump_networks(&socket.0), Ok(Vec::new()));
    for number in ["05-", "08-", "11-"] {
        let capture = capture(number);
        sim.set_interface("wan", capture.json.clone());
        assert_eq!(
            ubus::dump_networks(&socket.0),
            Ok(vec![recorded_network(number)])
        );
    }
    sim.follow_device("loopback", "lo");
    let networks = ubus::dump_networks(&socket.0).unwrap();
    assert_eq!(networks[0].name, "loopback");
    assert!(
        networks[0]
            .addresses
            .contains(&addresses(&["127.0.0.1"])[0])
    );
    sim.restart_netifd();
    assert_eq!(ubus::dump_networks(&socket.0).unwrap(), networks);
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
    let networks = ubus::dump_networks(&socket.0).unwrap();
    assert_eq!(networks.len(), 600);
    assert!(networks.iter().all(|network| network.addresses.len() == 1));
}

#[test]
fn a_dump_fails_in_words_where_ubusd_does() {
    let socket = Socket::new("faults");
    let sim = UbusSim::start(&socket.0).unwrap();
    for (fault, words) in [
        (
            UbusFault::Unknown,
            "ubusd hung up without a greeting: \
             this process's user or group is not known to the system",
        ),
        (
            UbusFault::Close,
            "the connection to ubusd broke: closed by ubusd",
        ),
        (
            UbusFault::Garbage,
            "what came over ubus is not understood: a message of an unknown version",
        ),
        (
            UbusFault::Refuse,
            "ubus does not permit this user to call network.interface dump",
        ),
    ] {
        sim.set_fault(fault);
        assert_eq!(
            ubus::dump_networks(&socket.0).unwrap_err().to_string(),
            words
        );
    }
    for fault in [UbusFault::Stall, UbusFault::Silent] {
        sim.set_fault(fault);
        let client = UbusClient::connect(&socket.0, SHORT);
        let error = client.and_then(|mut client| call(&mut client)).unwrap_err();
        assert!(matches!(*error, Error::Timeout { .. }), "{error}");
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
    let none = against("no-data", serve(|| vec![status(2, 0)]), ubus::dump_networks);
    let none = none.unwrap_err();
    assert!(matches!(*none, Error::NoData { .. }), "{none}");
    let other = serve(|| vec![answer(2, 1), status(2, 0)]);
    let other = against("other-data", other, ubus::dump_networks);
    let other = other.unwrap_err();
    assert!(matches!(*other, Error::Malformed { .. }), "{other}");
}
