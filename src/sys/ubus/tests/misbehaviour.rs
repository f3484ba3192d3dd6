//! The client against servers that are late, endless, or no ubusd at all.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::sys::ubus;
use crate::sys::ubus::client::{Notice, UbusClient};
use serde_json::json;
use wansync_core::ubus::Error;
use wansync_core::ubus::wire::{CallArguments, attribute, message};
use wansync_sim::ubus::blob::Blob;
use wansync_sim::ubus::message as sim;
use wansync_sim::ubus::{UbusFault, UbusSim};

use super::support::*;

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
        value(call(&mut UbusClient::connect(path, ENOUGH).unwrap()))
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
        call(&mut UbusClient::connect(path, ENOUGH).unwrap()).unwrap_err()
    });
    let path = "demo".to_owned();
    assert_eq!(*error, Error::NoObject { path });
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
        let mut client = UbusClient::connect(path, MODERATE).unwrap();
        let error = call(&mut client).unwrap_err();
        assert!(matches!(*error, Error::Timeout { .. }), "{error}");
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
        call(&mut UbusClient::connect(path, SHORT).unwrap()).unwrap_err()
    });
    assert!(matches!(*error, Error::Timeout { .. }), "{error}");
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
    sim.set_fault(UbusFault::Drip);
    let start = Instant::now();
    let mut client = UbusClient::connect(&socket.0, SHORT).unwrap();
    let error = client
        .call("network.interface", "dump", &CallArguments::default())
        .unwrap_err();
    assert!(matches!(*error, Error::Timeout { .. }), "{error}");
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
    let error = UbusClient::connect(&socket.0, SHORT).unwrap_err();
    assert!(matches!(*error, Error::Timeout { .. }), "{error}");
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
            UbusClient::connect(path, ENOUGH)
                .and_then(|mut client| call(&mut client))
                .unwrap_err()
        });
        assert_eq!(*error, expected, "{index}");
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
        call(&mut UbusClient::connect(path, ENOUGH).unwrap()).unwrap_err()
    });
    let what = "an answer of more than 1 MiB";
    assert_eq!(*error, Error::Malformed { what });
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
        let arguments = CallArguments::default().text("x", &"x".repeat(2_000_000));
        let mut client = UbusClient::connect(path, ENOUGH).unwrap();
        client.call("demo", "value", &arguments).unwrap_err()
    });
    assert!(matches!(*error, Error::TooLong { .. }), "{error}");
}

#[test]
fn where_nobody_listens_ubusd_is_not_running() {
    let missing = Socket::new("missing");
    let left_over = Socket::new("left-over");
    drop(UnixListener::bind(&left_over.0).unwrap());
    for path in [&missing.0, &left_over.0] {
        let error = ubus::dump_networks(path).unwrap_err().to_string();
        let socket = path.display();
        assert_eq!(
            error,
            format!("ubusd is not running: nobody listens at {socket}")
        );
    }
    let long = PathBuf::from("/tmp/".to_owned() + &"x".repeat(200));
    let error = ubus::dump_networks(&long).unwrap_err();
    assert!(matches!(*error, Error::Connect { .. }), "{error}");
}
