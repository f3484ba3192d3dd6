//! Servers that say what no server says. Each ends in words, and the next section is sent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::certificates::Certificates;
use crate::{configure, says};
use wansync_test_support::Router;

const OUT_OF_TURN: &str = "it sent a TLS message out of turn";
/// The binaries for routers do not read what only a client says, and see no damage in it.
const EITHER: &str = "it sent a TLS message";
const RULES: &str = "it breaks the rules of TLS";
const DAMAGED: &str = "it sent a TLS message that is damaged";

/// What a server answers, given the client's hello.
type Answer = fn(Vec<u8>) -> Vec<u8>;

const ANSWERS: [(&str, Answer, &str); 9] = [
    ("hello_of_the_client", |hello| hello, OUT_OF_TURN),
    ("hello_that_is_cut", |_| message(1, b"\x03\x03cut"), EITHER),
    ("hello_that_is_empty", |_| message(1, b""), EITHER),
    ("key_of_a_client", |_| message(16, b"\x01x"), OUT_OF_TURN),
    (
        "compressed_certificate",
        |_| message(25, b"\x00\x01\x00\x00\x01\x00\x00\x01x"),
        OUT_OF_TURN,
    ),
    ("unknown_message", |_| message(99, b"what"), OUT_OF_TURN),
    (
        "encrypted_hello",
        |_| hello_with(b"\xfe\x0d\x00\x02\x00\x00"),
        RULES,
    ),
    ("quic", |_| hello_with(b"\x00\x39\x00\x01x"), RULES),
    (
        "extension_twice",
        |_| hello_with(b"\x12\x34\x00\x00\x55\x55\x00\x00\x12\x34\x00\x00"),
        DAMAGED,
    ),
];

/// A message of the handshake, in a record.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u8::try_from(bytes).expect("it is short");
    let head = [22, 3, 3, 0, length(body.len() + 4)];
    let start = [kind, 0, 0, length(body.len())];
    [&head[..], &start, body].concat()
}

/// A server's hello of TLS 1.2, with ECDHE-RSA-AES128-GCM-SHA256 and these extensions.
fn hello_with(extensions: &[u8]) -> Vec<u8> {
    let length = u8::try_from(extensions.len()).expect("they are short");
    let start = b"\x03\x0301234567890123456789012345678901\x00\xc0\x2f\x00";
    message(2, &[&start[..], &[0, length], extensions].concat())
}

/// The port of a server that answers each client so.
fn serve(answer: Answer) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut hello = vec![0; 5];
            stream.read_exact(&mut hello).expect("the head of a hello");
            let length = u16::from_be_bytes([hello[3], hello[4]]);
            hello.resize(5 + usize::from(length), 0);
            stream.read_exact(&mut hello[5..]).expect("a hello");
            // A client that has heard enough is gone.
            let _ = stream.write_all(&answer(hello));
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    port
}

#[test]
fn what_no_server_says_has_its_words() {
    let certificates = Certificates::new();
    let ca = certificates.authority("/CN=a CA", "P-256", None);
    let router = Router::new();
    let sections: Vec<_> = ANSWERS
        .iter()
        .map(|&(name, answer, _)| (name, serve(answer)))
        .collect();
    configure(&router, &ca.file, &sections);
    let ran = router.once();
    for (name, _, words) in ANSWERS {
        says(&ran, name, words);
    }
    ran.expect(69);
}
