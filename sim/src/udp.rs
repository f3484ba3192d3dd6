//! `wansync-sim udp-listen` and `udp-send`: traffic for a tunnel of a test.
//!
//! Neither side minds what the network says: a sender goes on while there is no
//! way, and a listener takes note of whatever comes.

use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

/// The pause after a datagram that could not be sent or received.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// Takes datagrams at an address for ever. Where it `echoes`, each goes back as it came;
/// else nothing does, not even an ICMP message.
pub fn listen(at: SocketAddr, echoes: bool) -> Result<(), String> {
    let socket = UdpSocket::bind(at).map_err(|cause| format!("{at}: {cause}"))?;
    say("ready");
    let mut datagram = [0; 65_536];
    loop {
        let Ok((size, from)) = socket.recv_from(&mut datagram) else {
            thread::sleep(ERROR_PAUSE);
            continue;
        };
        if echoes {
            let _ = socket.send_to(&datagram[..size], from);
        }
    }
}

/// Sends datagrams of a size, a `pause` apart, so many times or for ever. With `wait`
/// each is given so long to come back; without it nothing is read.
pub struct Sender {
    /// The receiver.
    pub to: SocketAddr,
    /// The size of a datagram.
    pub size: usize,
    /// The pause between two.
    pub pause: Duration,
    /// The number of datagrams; for ever without one.
    pub times: Option<u64>,
    /// The time that each may take to come back, if it is to.
    pub wait: Option<Duration>,
}

impl Sender {
    /// Sends them. An error says how many of those that were awaited did not come back.
    pub fn run(&self) -> Result<(), String> {
        let socket = self.socket().map_err(|cause| cause.to_string())?;
        say("ready");
        let mut lost = 0;
        let mut sent = 0;
        while self.times.is_none_or(|times| sent < times) {
            if sent > 0 {
                thread::sleep(self.pause);
            }
            sent += 1;
            let went = socket.send_to(&vec![0; self.size], self.to).is_ok();
            let came = self
                .wait
                .is_none_or(|wait| went && came_back(&socket, wait));
            lost += u64::from(!came);
        }
        match lost {
            0 => Ok(()),
            _ => Err(format!(
                "{lost} of {sent} did not come back from {}",
                self.to
            )),
        }
    }

    fn socket(&self) -> io::Result<UdpSocket> {
        let any = match self.to {
            SocketAddr::V4(_) => "0.0.0.0:0",
            SocketAddr::V6(_) => "[::]:0",
        };
        UdpSocket::bind(any)
    }
}

fn came_back(socket: &UdpSocket, wait: Duration) -> bool {
    let end = Instant::now() + wait;
    let mut datagram = [0; 65_536];
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let left = left.max(Duration::from_millis(1));
        if socket.set_read_timeout(Some(left)).is_ok() && socket.recv_from(&mut datagram).is_ok() {
            return true;
        }
    }
    false
}

/// Tells the program that started this one; that it has gone is no matter.
fn say(word: &str) {
    let mut out = io::stdout();
    let _ = writeln!(out, "{word}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(to: SocketAddr) -> Sender {
        Sender {
            to,
            size: 100,
            pause: Duration::ZERO,
            times: Some(3),
            wait: Some(Duration::from_secs(20)),
        }
    }

    #[test]
    fn what_is_echoed_comes_back() {
        let free = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let at = free.local_addr().expect("an address");
        thread::spawn(move || {
            let mut datagram = [0; 200];
            loop {
                let (size, from) = free.recv_from(&mut datagram).expect("it is open");
                free.send_to(&datagram[..size], from).expect("it is open");
            }
        });
        assert_eq!(sender(at).run(), Ok(()));
    }

    #[test]
    fn what_is_not_echoed_is_lost() {
        let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let to = silent.local_addr().expect("an address");
        let quick = Sender {
            wait: Some(Duration::from_millis(10)),
            ..sender(to)
        };
        let said = quick.run().expect_err("nothing comes back");
        assert_eq!(said, format!("3 of 3 did not come back from {to}"));
        let unheard = Sender {
            wait: None,
            ..sender(to)
        };
        assert_eq!(unheard.run(), Ok(()));
    }
}
