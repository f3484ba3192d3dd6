//! `wansync-sim resolver`: a resolver as SkyDNS runs them, over UDP, and one that goes wrong.
//!
//! Known: a name that the profile blocks has the address of the block page, 193.58.251.1 or
//! 193.58.251.11.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `resolver` takes.
#[derive(Debug, Args)]
pub struct Resolver {
    /// Where it listens; several addresses are one resolver.
    #[arg(required = true)]
    pub at: Vec<SocketAddr>,
    /// A name that is blocked, and every name below it.
    #[arg(long = "block", value_name = "NAME")]
    pub blocked: Vec<String>,
    /// The address of every blocked name.
    #[arg(long, value_name = "ADDR", default_value = "193.58.251.1")]
    pub page: Ipv4Addr,
    /// The address of every other name.
    #[arg(long, value_name = "ADDR", default_value = "9.9.9.80")]
    pub other: Ipv4Addr,
    /// How each answer is wrong.
    #[arg(long, value_enum)]
    pub fault: Option<ResolverFault>,
    /// A file that each question is appended to, as `AT NAME FROM ID`: one that is sent
    /// again has the same port and number.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// The ways in which an answer can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResolverFault {
    /// None comes.
    Silent,
    /// The first question is lost, the second answered.
    LoseFirst,
    /// There is no such name.
    Nxdomain,
    /// The resolver has failed.
    Servfail,
    /// It does not answer everybody.
    Refused,
    /// There is no address.
    Empty,
    /// It is for another question, by its number.
    WrongId,
    /// It is for another name.
    WrongName,
    /// 300 answers by another number come, and none that is right.
    Flood,
    /// A pointer in it points to itself.
    Loop,
    /// It is cut off in the middle of a record, with the flag that says so.
    Truncated,
    /// Bytes that are no DNS.
    Rubbish,
}

const HEADER: usize = 12;

/// Answers for ever.
pub fn run(options: Resolver) -> Result<(), String> {
    let open = |at: &SocketAddr| UdpSocket::bind(at).map_err(|cause| format!("{at}: {cause}"));
    let sockets = options
        .at
        .iter()
        .map(open)
        .collect::<Result<Vec<UdpSocket>, String>>()?;
    let log = options
        .log
        .as_ref()
        .map(|path| OpenOptions::new().create(true).append(true).open(path));
    let log = log.transpose().map_err(|cause| cause.to_string())?;
    let mut out = io::stdout();
    let _ = writeln!(out, "ready").and_then(|()| out.flush());
    std::thread::scope(|scope| {
        for (socket, at) in sockets.iter().zip(&options.at) {
            let log = log.as_ref();
            let options = &options;
            scope.spawn(move || answer_all(socket, *at, options, log));
        }
    });
    Ok(())
}

fn answer_all(socket: &UdpSocket, at: SocketAddr, options: &Resolver, log: Option<&File>) {
    let mut datagram = [0; 1500];
    let mut questions = 0;
    loop {
        let Ok((size, from)) = socket.recv_from(&mut datagram) else {
            continue;
        };
        let Some(question) = Question::read(&datagram[..size]) else {
            continue;
        };
        questions += 1;
        if let Some(mut log) = log {
            // In one piece: each address has a thread that writes.
            let id = u16::from_be_bytes([datagram[0], datagram[1]]);
            let line = format!("{} {} {from} {id}\n", at.ip(), question.name);
            let _ = log.write_all(line.as_bytes());
        }
        for answer in options.answers(&question, questions) {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// A question of one name.
struct Question<'a> {
    /// The whole of it, without what stands behind (EDNS).
    bytes: &'a [u8],
    name: String,
    is_for_ipv4: bool,
}

impl<'a> Question<'a> {
    fn read(datagram: &'a [u8]) -> Option<Question<'a>> {
        let mut at = HEADER;
        let mut labels: Vec<String> = Vec::new();
        loop {
            let length = usize::from(*datagram.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            let label = datagram.get(at..at + length)?;
            labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
            at += length;
        }
        let kind = datagram.get(at..at + 4)?;
        Some(Question {
            bytes: &datagram[..at + 4],
            name: labels.join("."),
            is_for_ipv4: kind[..2] == [0, 1],
        })
    }
}

impl Resolver {
    fn address(&self, name: &str) -> Ipv4Addr {
        let is_blocked = self.blocked.iter().any(|blocked| {
            let before = name.strip_suffix(blocked.as_str());
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        });
        if is_blocked { self.page } else { self.other }
    }

    fn answers(&self, question: &Question<'_>, number: usize) -> Vec<Vec<u8>> {
        let record = |pointer: u8| {
            let head = [0xc0, pointer, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
            [&head[..], &self.address(&question.name).octets()].concat()
        };
        let reply = |code: u8, records: &[u8]| {
            let mut reply = question.bytes.to_vec();
            let count = u8::from(!records.is_empty());
            reply[2..HEADER].copy_from_slice(&[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
            reply.extend(records);
            reply
        };
        let good = match question.is_for_ipv4 {
            true => reply(0, &record(HEADER as u8)),
            false => reply(0, &[]),
        };
        let altered = |at: usize, by: u8| {
            let mut reply = good.clone();
            reply[at] ^= by;
            reply
        };
        let Some(fault) = self.fault else {
            return vec![good];
        };
        match fault {
            ResolverFault::Silent => vec![],
            ResolverFault::LoseFirst if number == 1 => vec![],
            ResolverFault::LoseFirst => vec![good],
            ResolverFault::Nxdomain => vec![reply(3, &[])],
            ResolverFault::Servfail => vec![reply(2, &[])],
            ResolverFault::Refused => vec![reply(5, &[])],
            ResolverFault::Empty => vec![reply(0, &[])],
            ResolverFault::WrongId => vec![altered(0, 0x55)],
            ResolverFault::WrongName => vec![altered(HEADER + 1, 0x01)],
            ResolverFault::Flood => vec![altered(1, 0xaa); 300],
            ResolverFault::Loop => vec![reply(0, &record(question.bytes.len() as u8))],
            ResolverFault::Truncated => {
                let mut reply = altered(2, 0x02);
                reply.truncate(reply.len() - 2);
                vec![reply]
            }
            ResolverFault::Rubbish => vec![vec![0xff; 60]],
        }
    }
}
