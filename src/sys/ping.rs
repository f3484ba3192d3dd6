//! An ICMP echo through one device and no other.
//!
//! The answers of the kernel when an echo is sent:
//!
//! | it says | which means |
//! | --- | --- |
//! | nothing | on its way |
//! | `ENETUNREACH`, `EHOSTUNREACH`, `ENETDOWN`, `EHOSTDOWN` | the device is down or knows no way: sent and lost |
//! | `ENOBUFS`, `EAGAIN` | the device's queue is full, as when the program behind the tunnel hangs: sent and lost |
//! | `ENODEV`, `ENXIO` | the device is gone: an error, which tells nothing of the far end |
//! | `EPERM`, `EACCES` | a firewall of this router, or a prohibited route: an error, which tells nothing either |
//! | anything else | an error |
//!
//! In IPv4 no route is needed: what is bound to a device leaves through it. In
//! IPv6 there must be a route through the device, else it is `ENETUNREACH`.
//!
//! A large echo shows whether packets of its size get through. The kernel forbids their
//! fragmentation as long as it knows of no smaller MTU on the way; where a router on the
//! way has one and does not say so, they are lost. (ip(7): IP_PMTUDISC_WANT, the default)
//!
//! An address of this router itself is refused: the kernel lets it answer even
//! a socket that is bound to the device of that address, with the far end dead.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recvfrom, sendto};
use socket2::{Domain, Protocol, Socket, Type};

use super::device::bind_socket;
use super::netlink::is_own_address;
use super::os_error::describe_errno;
use super::{clock, random};
use wansync_core::reason;
use wansync_core::reason::Reason;

/// Messages of others to pass over before others get their turn.
const MAX_MESSAGES_PER_CALL: usize = 256;

/// Bytes of an echo: type, code, checksum, identifier, sequence number
/// (RFC 792, RFC 4443), and in its payload the cookie and when it was sent.
const ECHO_SIZE: usize = 24;
/// The offset of the payload.
const PAYLOAD: usize = 8;
/// An IPv4 header with all its options, and an echo.
const MAX_PACKET: usize = 60 + ECHO_SIZE;

/// Echoes to one target through one device.
pub struct Echo {
    socket: Socket,
    target: IpAddr,
    device: String,
    /// True if the socket is a raw one, which sees the answers to others too.
    raw: bool,
    number: u16,
    /// Bytes of an echo, its header included.
    size: usize,
    /// The numbers of the first echo of this size and of the last one.
    first: u16,
    sequence: u16,
    /// In the payload of each echo, so that nothing else can pass for an answer.
    cookie: [u8; 8],
}

impl Echo {
    /// A socket that is bound to `device`. `number` becomes the identifier of
    /// the echoes; the kernel chooses another for an unprivileged socket.
    ///
    /// # Errors
    /// In words: the target is this router, the device does not exist, or this
    /// process may not send echoes.
    pub fn open(target: IpAddr, device: &str, number: u16) -> Result<Echo, Reason> {
        if is_own_address(target) {
            return Err(reason!(EchoOwnAddress));
        }
        let (socket, raw) = open_socket(target)?;
        bind_socket(&socket, device)
            .map_err(|cause| reason!(EchoUnbound, device = device, cause = cause))?;
        let mut cookie = [0; 8];
        cookie[..4].copy_from_slice(&random::number().to_ne_bytes());
        cookie[4..].copy_from_slice(&random::number().to_ne_bytes());
        Ok(Echo {
            socket,
            target,
            device: device.to_owned(),
            raw,
            number,
            size: ECHO_SIZE,
            first: 1,
            sequence: 0,
            cookie,
        })
    }

    /// True if its echoes are large ones.
    pub fn is_large(&self) -> bool {
        self.size > ECHO_SIZE
    }

    /// Sends an echo with so many bytes of data, and from now on no other: what answers
    /// those before is passed over.
    ///
    /// # Errors
    /// As of [`Echo::send`].
    pub fn send_large(&mut self, size: u16) -> Result<(), Reason> {
        self.size = PAYLOAD + usize::from(size);
        self.first = self.sequence.wrapping_add(1);
        self.send()
    }

    /// Sends one more echo. One that is lost at once was sent.
    ///
    /// # Errors
    /// In words: none could be sent, for a reason that tells nothing of the
    /// far end.
    pub fn send(&mut self) -> Result<(), Reason> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut echo = self.build_request(clock::since_boot()).to_vec();
        // Zeros change no checksum.
        echo.resize(self.size, 0);
        let address = SocketAddr::new(self.target, 0);
        match sendto(&self.socket, &echo, SendFlags::empty(), &address) {
            Ok(_) => Ok(()),
            Err(error) => self.classify(error),
        }
    }

    /// The round-trip time of an echo that was answered meanwhile, if one was.
    /// Never waits.
    ///
    /// # Errors
    /// As of [`Echo::send`].
    pub fn answer(&mut self) -> Result<Option<Duration>, Reason> {
        let mut buffer = [0; MAX_PACKET];
        for _ in 0..MAX_MESSAGES_PER_CALL {
            match recvfrom(&self.socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((taken, _, source)) => {
                    let source = source.and_then(|s| SocketAddr::try_from(s).ok());
                    let sent = self.sent_at(&buffer[..taken]);
                    if let (Some(source), Some(sent)) = (source, sent)
                        && source.ip() == self.target
                    {
                        return Ok(Some(clock::since_boot().saturating_sub(sent)));
                    }
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => self.classify(error)?,
            }
        }
        Ok(None)
    }

    /// Classifies an error: `Ok` if the echo is lost, `Err` if it tells nothing of the
    /// far end.
    fn classify(&self, error: Errno) -> Result<(), Reason> {
        let cause = match error {
            Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::NETDOWN | Errno::HOSTDOWN => {
                return Ok(());
            }
            Errno::NOBUFS | Errno::AGAIN => return Ok(()),
            Errno::NODEV | Errno::NXIO => reason!(EchoDeviceGone),
            Errno::PERM => reason!(EchoForbidden),
            other => Reason::words(&describe_errno(other)),
        };
        Err(reason!(
            EchoFailed,
            address = self.target,
            device = &self.device,
            cause = cause
        ))
    }

    fn build_request(&self, now: Duration) -> [u8; ECHO_SIZE] {
        let mut echo = [0; ECHO_SIZE];
        echo[0] = if self.target.is_ipv4() { 8 } else { 128 };
        echo[4..6].copy_from_slice(&self.number.to_be_bytes());
        echo[6..8].copy_from_slice(&self.sequence.to_be_bytes());
        echo[PAYLOAD..16].copy_from_slice(&self.cookie);
        echo[16..20].copy_from_slice(&(now.as_secs() as u32).to_be_bytes());
        echo[20..].copy_from_slice(&now.subsec_nanos().to_be_bytes());
        // That of ICMPv6 covers the addresses, so the kernel fills it in.
        if self.target.is_ipv4() {
            let sum = checksum(&echo);
            echo[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        echo
    }

    /// The time since boot at which the echo was sent that this packet answers.
    fn sent_at(&self, packet: &[u8]) -> Option<Duration> {
        let echo: &[u8; ECHO_SIZE] = self.without_header(packet)?.first_chunk()?;
        let expected = if self.target.is_ipv4() { 0 } else { 129 };
        let number = u16::from_be_bytes([echo[4], echo[5]]);
        let sequence = u16::from_be_bytes([echo[6], echo[7]]);
        let ours = echo[..2] == [expected, 0]
            // What the kernel chose for an unprivileged socket it checks, too.
            && (number == self.number || !self.raw)
            && (self.first..=self.sequence).contains(&sequence)
            && echo[PAYLOAD..16] == self.cookie;
        let seconds = u32::from_be_bytes([echo[16], echo[17], echo[18], echo[19]]);
        let nanoseconds = u32::from_be_bytes([echo[20], echo[21], echo[22], echo[23]]);
        ours.then(|| Duration::new(seconds.into(), nanoseconds))
    }

    /// Only raw sockets of IPv4 give the IP header as well.
    fn without_header<'a>(&self, packet: &'a [u8]) -> Option<&'a [u8]> {
        match self.raw && self.target.is_ipv4() {
            true => packet.get(usize::from(packet.first()? & 0xf) * 4..),
            false => Some(packet),
        }
    }
}

impl AsFd for Echo {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The unprivileged kind, which sees its own answers only, or a raw one; and
/// whether it is raw. OpenWrt allows no user the first, but gives root the second.
fn open_socket(target: IpAddr) -> Result<(Socket, bool), Reason> {
    let (domain, protocol) = match target {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let open = |kind| {
        let socket = Socket::new(domain, kind, Some(protocol))?;
        socket.set_nonblocking(true).map(|()| socket)
    };
    if let Ok(socket) = open(Type::DGRAM) {
        return Ok((socket, false));
    }
    match open(Type::RAW) {
        Ok(socket) => Ok((socket, true)),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(reason!(EchoNoPermission))
        }
        Err(error) => Err(reason!(EchoNotSent, error = describe_errno(error))),
    }
}

/// The one's complement of the one's complement sum of all 16-bit words.
/// (RFC 1071)
fn checksum(bytes: &[u8; ECHO_SIZE]) -> u16 {
    let words = bytes.chunks_exact(2);
    let mut sum: u32 = words
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])))
        .sum();
    // 12 words fill no more than 20 bits, so a second carry is the last one.
    for _ in 0..2 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::new(1_000_000, 999_999_999);

    /// One that has sent twice, without a socket that could.
    fn echo(target: &str, raw: bool) -> Echo {
        Echo {
            socket: Socket::new(Domain::IPV4, Type::DGRAM, None).expect("UDP"),
            target: target.parse().expect("an address"),
            device: "tun0".to_owned(),
            raw,
            number: 0x1234,
            size: ECHO_SIZE,
            first: 1,
            sequence: 2,
            cookie: *b"a cookie",
        }
    }

    /// The reply of a far end to an echo.
    fn answered(echo: &Echo) -> [u8; ECHO_SIZE] {
        let mut answer = echo.build_request(NOW);
        answer[0] = if echo.target.is_ipv4() { 0 } else { 129 };
        answer
    }

    #[test]
    fn a_request_byte_for_byte() {
        let request = echo("172.16.0.1", true).build_request(NOW);
        let header = [8, 0, request[2], request[3], 0x12, 0x34, 0, 2];
        assert_eq!(request[..8], header);
        assert_eq!(&request[8..16], b"a cookie");
        assert_eq!(request[16..], [0, 0xf, 0x42, 0x40, 0x3b, 0x9a, 0xc9, 0xff]);
        // Of a message with a right checksum the checksum is 0.
        assert_eq!(checksum(&request), 0);
        assert_ne!(request[2..4], [0, 0]);
        let request = echo("fd00::1", true).build_request(NOW);
        assert_eq!(request[..8], [128, 0, 0, 0, 0x12, 0x34, 0, 2]);
    }

    #[test]
    fn checksums() {
        let mut bytes = [0; ECHO_SIZE];
        assert_eq!(checksum(&bytes), 0xffff);
        bytes[..8].copy_from_slice(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        // The example of RFC 1071, section 3.
        assert_eq!(checksum(&bytes), !0xddf2);
        assert_eq!(checksum(&[0xff; ECHO_SIZE]), 0);
    }

    #[test]
    fn what_answers() {
        for target in ["172.16.0.1", "fd00::1"] {
            for raw in [false, true] {
                let echo = echo(target, raw);
                let mut packet = Vec::new();
                if raw && target.contains('.') {
                    // A header with an option.
                    packet = vec![0; 24];
                    packet[0] = 0x46;
                }
                let header = packet.len();
                packet.extend(answered(&echo));
                assert_eq!(echo.sent_at(&packet), Some(NOW), "{target} {raw}");
                for end in 0..packet.len() {
                    assert_eq!(echo.sent_at(&packet[..end]), None, "{end}");
                }
                // Type, code, sequence number and cookie each count.
                for at in [0, 1, 6, 7, 8, 15] {
                    let mut other = packet.clone();
                    other[header + at] ^= 0x40;
                    assert_eq!(echo.sent_at(&other), None, "{target} {raw} {at}");
                }
                let mut other = packet.clone();
                other[header + 4] ^= 0x40;
                assert_eq!(echo.sent_at(&other).is_none(), raw, "{target}");
            }
        }
    }

    #[test]
    fn an_echo_that_was_not_sent_yet_has_no_answer() {
        let mut echo = echo("172.16.0.1", false);
        let answer = answered(&echo);
        for (sent, matches) in [(3, true), (2, true), (1, false), (0, false)] {
            echo.sequence = sent;
            assert_eq!(echo.sent_at(&answer).is_some(), matches, "{sent}");
        }
    }

    #[test]
    fn a_small_echo_does_not_answer_a_large_one() {
        let mut echo = echo("172.16.0.1", false);
        let answer = answered(&echo);
        echo.first = 3;
        echo.sequence = 3;
        assert_eq!(echo.sent_at(&answer), None);
        assert!(echo.sent_at(&answered(&echo)).is_some());
    }

    #[test]
    fn a_damaged_time_is_no_reason_to_stop() {
        let echo = echo("172.16.0.1", false);
        let mut answer = answered(&echo);
        answer[16..].fill(0xff);
        assert!(echo.sent_at(&answer).is_some());
    }

    #[test]
    fn which_errors_tell_something_of_the_far_end() {
        let echo = echo("172.16.0.1", true);
        for lost in [
            Errno::NETUNREACH,
            Errno::HOSTUNREACH,
            Errno::NETDOWN,
            Errno::NOBUFS,
            Errno::AGAIN,
        ] {
            assert_eq!(echo.classify(lost), Ok(()), "{lost}");
        }
        let table = [
            (Errno::NODEV, "the device is gone"),
            (Errno::NXIO, "the device is gone"),
            (Errno::PERM, "a firewall rule of this router forbids it"),
            (Errno::INVAL, "Invalid argument"),
        ];
        for (error, cause) in table {
            let said = echo.classify(error).expect_err("it tells nothing");
            let start = "no echo can be sent to 172.16.0.1 through tun0: ";
            assert_eq!(said.to_string(), format!("{start}{cause}"));
        }
    }

    #[test]
    fn this_router_is_no_target() {
        let refused = Echo::open([127, 0, 0, 1].into(), "lo", 1).err();
        let expected = "'option ping' is an address of this router";
        assert_eq!(
            refused.map(|why| why.to_string()).as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn what_is_no_device() {
        let target = IpAddr::from([192, 0, 2, 1]);
        for device in ["", "a-name-of-16-let", "nosuch0", "l\0o"] {
            // Without the right to send echoes, the reason is that.
            assert!(Echo::open(target, device, 1).is_err(), "{device}");
        }
    }
}
