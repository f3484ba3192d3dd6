//! `wansync-sim ping`: one echo, to tell whether a network of a test is as it
//! should be without asking what is tested.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

/// Sends an echo, and says whether it was answered in time.
pub fn ping(to: Ipv4Addr, wait: Duration) -> Result<(), String> {
    match exchange(to, wait) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{to} does not answer")),
        Err(cause) => Err(format!("{to}: {cause}")),
    }
}

fn exchange(to: Ipv4Addr, wait: Duration) -> io::Result<bool> {
    let mut socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4))?;
    let id = std::process::id() as u16;
    socket.send_to(&echo(id), &SocketAddrV4::new(to, 0).into())?;
    let end = Instant::now() + wait;
    let mut packet = [0; 1500];
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match socket.read(&mut packet) {
            Ok(size) if answers(&packet[..size], to, id) => return Ok(true),
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(false)
}

/// RFC 792: type 8, code 0, checksum, identifier, sequence number 1.
fn echo(id: u16) -> [u8; 8] {
    let sum = 0x0800 + u32::from(id) + 1;
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    let ([c0, c1], [i0, i1]) = (checksum.to_be_bytes(), id.to_be_bytes());
    [8, 0, c0, c1, i0, i1, 0, 1]
}

/// A raw socket gets the IP header too, and all ICMP that the machine gets.
fn answers(packet: &[u8], from: Ipv4Addr, id: u16) -> bool {
    let header = packet.first().map_or(0, |byte| usize::from(byte & 15) * 4);
    let icmp = packet.get(header..).unwrap_or_default();
    packet.get(12..16) == Some(&from.octets())
        && icmp.first() == Some(&0)
        && icmp.get(4..6) == Some(&id.to_be_bytes())
}
