//! Replies as the field has them: heads of old servers, bodies that nearly say "ok",
//! refusals in any form, and keys as they are pasted. Each is tried on the real binary,
//! against a server that sends exactly these bytes.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod heads;
mod hostile;
mod pasted;
mod refusals;
mod server;
mod waits;

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::Mutex;
use std::thread;

use server::Server;
use wansync_test_support::{Ran, Router};

const OK: &str = r#"{"response":{"status":"ok"}}"#;
const ERROR: &str = r#"{"response":{"status":"error","message":"No such user"}}"#;

/// A reply of HTTP/1.1 with these header lines, a length and this body.
fn reply(status: impl Display, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A router that sends to a server whose every reply is these bytes.
struct Household {
    router: Router,
    server: Server,
}

impl Household {
    fn new(reply: &[u8]) -> Household {
        let (router, server) = (Router::new(), Server::start(reply));
        let section = router.home("option source 'static'\noption address '8.8.4.4'");
        router.configure(&section.replace(&router.sim.https_url(), &server.url()));
        Household { router, server }
    }

    /// A pass, which must end by itself, in one line.
    #[track_caller]
    fn once(&self, what: &str) -> Ran {
        let ran = self.router.once();
        for word in ["panicked", "fault of wansync"] {
            assert!(!ran.said().contains(word), "{what}: {}", ran.said());
        }
        assert_eq!(ran.stdout.lines().count(), 1, "{what}: {}", ran.said());
        ran
    }
}

/// Does the same with each of many things, a few at a time.
fn with_each<T: Send>(things: impl IntoIterator<Item = T>, job: impl Fn(T) + Sync) {
    let things: Mutex<VecDeque<T>> = Mutex::new(things.into_iter().collect());
    let next = || things.lock().expect("no job holds it").pop_front();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(thing) = next() {
                    job(thing);
                }
            });
        }
    });
}
