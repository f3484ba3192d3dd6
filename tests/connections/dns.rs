//! A name server that lies: each type of record is answered as the test says.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread;

use crate::far_end::Log;

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
/// The address records that fit into the largest message.
const FLOOD: u32 = 4000;

/// The answer to each type of question.
#[derive(Clone)]
struct Answers {
    a: Answer,
    aaaa: Answer,
}

#[derive(Clone)]
enum Answer {
    Addresses(Vec<IpAddr>),
    /// Thousands of addresses, and this one among the first.
    Flood(IpAddr),
    /// An error by its number.
    Error(u8),
    /// The name is an alias of itself.
    Loop,
    Junk,
    Nothing,
}

/// Serves `SERVER A=ANSWER AAAA=ANSWER`; an answer is a list of addresses,
/// `flood:ADDRESS`, or a word.
pub fn serve(words: &str, log: &Log) {
    let words: Vec<&str> = words.split(' ').collect();
    let [server, a, aaaa] = words[..] else {
        panic!("a name server is 'SERVER A=… AAAA=…', not {words:?}");
    };
    let answer = |word: &str, name| parse(word.strip_prefix(name).expect(name));
    let answers = Arc::new(Answers {
        a: answer(a, "A="),
        aaaa: answer(aaaa, "AAAA="),
    });
    serve_udp(server, Arc::clone(&answers), log.clone());
    serve_tcp(server, answers);
}

fn parse(word: &str) -> Answer {
    match word {
        "servfail" => Answer::Error(2),
        "nxdomain" => Answer::Error(3),
        "notimp" => Answer::Error(4),
        "refused" => Answer::Error(5),
        "nodata" => Answer::Addresses(Vec::new()),
        "loop" => Answer::Loop,
        "junk" => Answer::Junk,
        "dropped" => Answer::Nothing,
        _ => match word.strip_prefix("flood:") {
            Some(address) => Answer::Flood(address.parse().expect("an address")),
            None => {
                let addresses = word
                    .split(',')
                    .map(|text| text.parse().expect("an address"));
                Answer::Addresses(addresses.collect())
            }
        },
    }
}

fn serve_udp(server: &str, answers: Arc<Answers>, log: Log) {
    let socket = UdpSocket::bind((server, 53)).expect("the server's address is there");
    thread::spawn(move || {
        let mut packet = [0; 2048];
        loop {
            let (size, client) = socket.recv_from(&mut packet).expect("a question");
            let Some(question) = Question::read(&packet[..size]) else {
                continue;
            };
            log.write(&format!("question {}", question.kind));
            if let Some(mut reply) = question.reply(&answers) {
                if reply.len() > 512 {
                    reply.truncate(question.end);
                    reply[2] |= 2;
                    reply[6..8].fill(0);
                }
                let _ = socket.send_to(&reply, client);
            }
        }
    });
}

fn serve_tcp(server: &str, answers: Arc<Answers>) {
    let listener = TcpListener::bind((server, 53)).expect("the server's address is there");
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut length = [0; 2];
            if client.read_exact(&mut length).is_err() {
                continue;
            }
            let mut packet = vec![0; u16::from_be_bytes(length).into()];
            let read = client.read_exact(&mut packet);
            let question = read.ok().and_then(|()| Question::read(&packet));
            if let Some(reply) = question.and_then(|question| question.reply(&answers)) {
                let length = u16::try_from(reply.len()).expect("a message's size");
                let _ = client.write_all(&length.to_be_bytes());
                let _ = client.write_all(&reply);
            }
        }
    });
}

/// A question in its message.
struct Question<'a> {
    packet: &'a [u8],
    kind: u16,
    /// The end of the question.
    end: usize,
}

impl<'a> Question<'a> {
    fn read(packet: &'a [u8]) -> Option<Question<'a>> {
        let name = packet.get(12..)?;
        let end = 12 + name.iter().position(|byte| *byte == 0)? + 5;
        let kind = packet.get(end - 4..end)?;
        Some(Question {
            packet,
            kind: u16::from_be_bytes([kind[0], kind[1]]),
            end,
        })
    }

    fn reply(&self, answers: &Answers) -> Option<Vec<u8>> {
        let answer = match self.kind {
            A => &answers.a,
            AAAA => &answers.aaaa,
            _ => return Some(self.message(3, &[])),
        };
        match answer {
            Answer::Nothing => None,
            Answer::Error(number) => Some(self.message(*number, &[])),
            Answer::Junk => Some([&self.packet[..2], &[0xff; 40]].concat()),
            Answer::Loop => Some(self.message(0, &[(CNAME, vec![0xc0, 12])])),
            Answer::Addresses(addresses) => Some(self.addresses(addresses.iter().copied())),
            Answer::Flood(good) => {
                let dead = (0..FLOOD).map(|n| Ipv4Addr::from(0xc800_0001 + n).into());
                let (first, others): (Vec<IpAddr>, Vec<IpAddr>) =
                    (dead.clone().take(2).collect(), dead.skip(2).collect());
                Some(self.addresses(first.into_iter().chain([*good]).chain(others)))
            }
        }
    }

    fn addresses(&self, addresses: impl Iterator<Item = IpAddr>) -> Vec<u8> {
        let records = addresses.map(|address| match address {
            IpAddr::V4(address) => (A, address.octets().to_vec()),
            IpAddr::V6(address) => (AAAA, address.octets().to_vec()),
        });
        self.message(0, &records.collect::<Vec<_>>())
    }

    /// A reply with this error, and these records of the name that was asked for.
    fn message(&self, error: u8, records: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let mut message = self.packet[..self.end].to_vec();
        message[2..4].copy_from_slice(&[0x81, 0x80 | error]);
        let count = u16::try_from(records.len()).expect("a message's records");
        message[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        message[6..8].copy_from_slice(&count.to_be_bytes());
        for (kind, data) in records {
            message.extend([0xc0, 12]);
            message.extend(kind.to_be_bytes());
            // The class, and no time to live: the next test has other answers.
            message.extend([0, 1, 0, 0, 0, 0]);
            message.extend((data.len() as u16).to_be_bytes());
            message.extend(data);
        }
        message
    }
}
