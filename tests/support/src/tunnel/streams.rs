//! Traffic through the tunnel, as its users make it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use super::{FAR, NEAR, TunnelBed};
use crate::netns::Netns;
use crate::simulator::simulator;
use crate::waiting::HANG;

/// The size of a datagram.
const SIZE: usize = 1000;

/// Traffic that goes on until it is dropped, whatever becomes of the tunnel.
pub struct Stream {
    ends: Vec<Child>,
}

impl TunnelBed {
    /// Datagrams of 1000 bytes go to the other end and come back.
    pub fn exchange_every(&self, pause: Duration) -> Stream {
        self.stream(&self.line.far, FAR, &self.line.near, true, pause)
    }

    /// Such datagrams go out, and nothing comes back, not even an ICMP message.
    pub fn send_every(&self, pause: Duration) -> Stream {
        self.stream(&self.line.far, FAR, &self.line.near, false, pause)
    }

    /// Such datagrams come in, and nothing goes back.
    pub fn receive_every(&self, pause: Duration) -> Stream {
        self.stream(&self.line.near, NEAR, &self.line.far, false, pause)
    }

    /// One datagram goes to the other end; true if it comes back.
    pub fn exchange(&self) -> bool {
        let (port, listener) = listen(&self.line.far, true);
        let wait = HANG.as_millis() / 4;
        let words = format!("udp-send {FAR}:{port} --times 1 --size {SIZE} --wait {wait}");
        let words: Vec<&str> = words.split_whitespace().collect();
        let sent = self.inside(&simulator(&words)).output();
        drop(Stream {
            ends: vec![listener],
        });
        sent.expect("it runs").status.success()
    }

    /// So many datagrams go out at once, and nothing comes back.
    pub fn send(&self, times: u32) {
        let (port, listener) = listen(&self.line.far, false);
        let words = format!("udp-send {FAR}:{port} --times {times} --size {SIZE} --every 0");
        let words: Vec<&str> = words.split_whitespace().collect();
        let sent = self.inside(&simulator(&words)).output();
        drop(Stream {
            ends: vec![listener],
        });
        assert!(sent.expect("it runs").status.success());
    }

    fn stream(
        &self,
        to: &Netns,
        address: &str,
        from: &Netns,
        echo: bool,
        pause: Duration,
    ) -> Stream {
        let (port, listener) = listen(to, echo);
        let every = pause.as_millis();
        let words = format!("udp-send {address}:{port} --size {SIZE} --every {every}");
        let sender = started(from, &words);
        Stream {
            ends: vec![sender, listener],
        }
    }
}

/// A listener at a port that no other has, for all addresses that its namespace will have.
fn listen(net: &Netns, echo: bool) -> (u16, Child) {
    static PORT: AtomicU16 = AtomicU16::new(20_000);
    let port = PORT.fetch_add(1, Ordering::Relaxed);
    let echo = if echo { "--echo" } else { "" };
    (
        port,
        started(net, &format!("udp-listen 0.0.0.0:{port} {echo}")),
    )
}

/// The simulator with these words, once it is ready.
fn started(net: &Netns, words: &str) -> Child {
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut command = net.enter(&simulator(&words));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("nsenter (util-linux) runs");
    let stdout = child.stdout.as_mut().expect("it is piped");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "ready"), "{words:?} has ended");
    child
}

impl Drop for Stream {
    fn drop(&mut self) {
        for end in &mut self.ends {
            let _ = end.kill();
            let _ = end.wait();
        }
    }
}
