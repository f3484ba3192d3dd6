//! A simulated resolver in a namespace.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::netns::Netns;
use super::simulator::simulator;
use super::waiting::wait_until;

/// A resolver, which ends with the test.
pub struct Resolver {
    child: Child,
    folder: tempfile::TempDir,
}

impl Resolver {
    /// Starts it with these words of `wansync-sim resolver`: addresses with their ports, and
    /// what it blocks.
    pub fn start(net: &Netns, words: &str) -> Resolver {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = folder.path().join("questions");
        let mut arguments = vec!["resolver", "--log", log.to_str().expect("UTF-8")];
        arguments.extend(words.split_whitespace());
        let mut command = net.enter(&simulator(&arguments));
        command.stdout(Stdio::null());
        let child = command.spawn().expect("it starts");
        let at = words.split(' ').next().expect("an address");
        wait_until("the resolver listens", || listens(net, at));
        Resolver { child, folder }
    }

    /// The questions that it was asked, as `AT NAME`. One that was sent again, since a busy
    /// machine had no answer to it within 2 s, is one question.
    pub fn questions(&self) -> Vec<String> {
        let mut asked: Vec<String> = Vec::new();
        for datagram in self.datagrams() {
            if !asked.contains(&datagram) {
                asked.push(datagram);
            }
        }
        let question = |line: &String| line.rsplitn(3, ' ').nth(2).expect("four words").to_owned();
        asked.iter().map(question).collect()
    }

    /// All that came, as `AT NAME FROM ID`.
    pub fn datagrams(&self) -> Vec<String> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        // The last line may be half written.
        let lines = text
            .split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'));
        lines.map(str::to_owned).collect()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("questions")
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody takes datagrams at an address and port.
fn listens(net: &Netns, at: &str) -> bool {
    !net.command("ss", &format!("-Hlun src {at}")).is_empty()
}
