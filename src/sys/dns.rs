//! One question to a resolver over UDP, which ends after a few seconds.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::device::bind_socket;
use super::os_error::{describe, describe_errno};
use super::wait::{self, Readiness};
use super::{clock, random};
use wansync_core::filtering::message::{MAX_REPLY, Reply, query, read};

const DNS_PORT: u16 = 53;
/// The longest wait for the answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before the question is sent once more: a datagram may be lost.
const REPEAT_INTERVAL: Duration = Duration::from_secs(2);
/// The most datagrams that are looked at: one may be flooded with others.
const MAX_DATAGRAMS: usize = 256;

/// Asks `resolver` for the IPv4 addresses of `name`, through `device` if there is one, and
/// waits until `end` at most.
///
/// # Errors
/// In words that follow on the resolver: why no answer came.
pub fn ask(
    resolver: IpAddr,
    device: Option<&str>,
    name: &str,
    end: Duration,
) -> Result<Reply, String> {
    let socket = open(resolver, device)?;
    let question = query(random::number() as u16, name);
    let mut repeat_at = Duration::ZERO;
    let mut buffer = [0; MAX_REPLY];
    for _ in 0..MAX_DATAGRAMS {
        let now = clock::since_boot();
        if now >= end {
            return Err(format!("nothing came within {} s", TIMEOUT.as_secs()));
        }
        if now >= repeat_at {
            repeat_at = now + REPEAT_INTERVAL;
            socket.send(&question).map_err(|error| describe(&error))?;
        }
        let pause = end.min(repeat_at) - now;
        let is_ready = wait::until_ready(&socket, Readiness::Input, pause);
        if !is_ready.map_err(describe_errno)? {
            continue;
        }
        match socket.recv(&mut buffer) {
            Ok(size) => {
                if let Some(reply) = read(&buffer[..size], &question) {
                    return Ok(reply);
                }
            }
            // A datagram with a wrong checksum wakes and is not there.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(describe(&error)),
        }
    }
    Err("what came is no answer to the question".to_owned())
}

/// A socket that takes datagrams of the resolver alone; the kernel chooses its port, by chance.
fn open(resolver: IpAddr, device: Option<&str>) -> Result<UdpSocket, String> {
    let to = SocketAddr::new(resolver, DNS_PORT);
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP));
    let socket = socket.map_err(|error| describe(&error))?;
    if let Some(device) = device {
        bind_socket(&socket, device)
            .map_err(|cause| format!("cannot be bound to device {device}: {cause}"))?;
    }
    let connected = socket
        .set_nonblocking(true)
        .and_then(|()| socket.connect(&to.into()));
    connected.map_err(|error| describe(&error))?;
    Ok(socket.into())
}
