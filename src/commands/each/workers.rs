//! The connections of a run: a thread for each, which sends one row after the other.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::sys::clock;
use crate::sys::http::{Get, HttpClient};
use wansync_core::config::Transport;
use wansync_core::config::secret::Secret;
use wansync_core::csv::read::CsvRow;
use wansync_core::failure::Failure;
use wansync_core::service::reply::{COMMAND_LIMIT, Reply};
use wansync_core::time::Boot;

/// A row that is to be sent.
pub struct Job {
    /// The number of the row in the table, from 0 on.
    pub number: u64,
    /// The row.
    pub row: CsvRow,
    /// Its request. It may hold a key: there is no `Debug` here.
    pub url: String,
    /// The passwords in it.
    pub secrets: Vec<Secret>,
    /// The number that another row hardly has.
    pub fingerprint: u32,
    /// The times that it was sent, this one included.
    pub attempts: u32,
    /// The moment of the last time.
    pub sent: Boot,
}

impl Job {
    /// A row that cannot be sent.
    pub fn unsent(number: u64, row: CsvRow) -> Job {
        Job {
            number,
            row,
            url: String::new(),
            secrets: Vec::new(),
            fingerprint: 0,
            attempts: 0,
            sent: Boot::START,
        }
    }
}

/// A row that was sent, and what came of it.
pub struct Answered {
    /// The row.
    pub job: Job,
    /// The reply, if there was one.
    pub reply: Result<Reply, Box<Failure>>,
}

/// The two ends of the connections.
pub struct Connections {
    /// Takes rows; at most as many as there are connections are under way.
    pub jobs: SyncSender<Job>,
    /// Gives what came of them.
    pub answers: Receiver<Answered>,
}

/// The way to the service.
pub struct Way<'a> {
    /// The certificates that are trusted.
    pub ca_file: &'a Path,
    /// The device to send through, if it may be no other.
    pub device: Option<&'a str>,
    /// The family of the service's addresses.
    pub transport: Transport,
}

/// Calls `run` with `count` connections, which end when it returns.
pub fn with_connections(count: usize, way: &Way<'_>, run: &mut dyn FnMut(Connections)) {
    let (jobs, waiting) = sync_channel::<Job>(count);
    let (done, answers) = sync_channel::<Answered>(count);
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..count {
            let (waiting, done) = (&waiting, done.clone());
            let work = move || {
                let client = HttpClient::new(way.ca_file, clock::now().clock_is_set());
                loop {
                    let job = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok(job) = job else { return };
                    let get = Get::json(&job.url, way.device, way.transport, COMMAND_LIMIT);
                    let reply = client.get(&get);
                    if done.send(Answered { job, reply }).is_err() {
                        return;
                    }
                }
            };
            scope.spawn(work);
        }
        run(Connections { jobs, answers });
    });
}
