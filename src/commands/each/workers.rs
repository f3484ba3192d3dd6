//! The connections of a run: a thread for each, which sends one row after the other.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sys::clock;
use crate::sys::http::{Get, HttpClient};
use crate::sys::job::Job;
use wansync_core::config::Transport;
use wansync_core::config::secret::Secret;
use wansync_core::csv::read::CsvRow;
use wansync_core::failure::Failure;
use wansync_core::service::reply::{COMMAND_LIMIT, Reply};
use wansync_core::time::Boot;

/// A row that is to be sent, or was.
pub struct RowCall {
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
    /// The reply to the last time.
    pub reply: Result<Reply, Box<Failure>>,
}

impl RowCall {
    /// A row that was not sent.
    pub fn unsent(number: u64, row: CsvRow) -> RowCall {
        RowCall {
            number,
            row,
            url: String::new(),
            secrets: Vec::new(),
            fingerprint: 0,
            attempts: 0,
            sent: Boot::START,
            reply: Ok(Reply::default()),
        }
    }
}

/// The way to the service.
pub struct Way {
    /// The certificates that are trusted.
    pub ca_file: String,
    /// The device to send through, if it may be no other.
    pub device: Option<String>,
    /// The family of the service's addresses.
    pub transport: Transport,
}

/// Connections to a service, which take rows and give them back with a reply.
pub struct Connections {
    desk: Arc<Desk>,
    count: usize,
}

/// The place where rows change hands.
struct Desk {
    way: Way,
    trays: Mutex<Trays>,
    sent: Condvar,
    answered: Condvar,
}

#[derive(Default)]
struct Trays {
    to_send: VecDeque<Box<RowCall>>,
    answered: VecDeque<Box<RowCall>>,
}

impl Connections {
    /// At most so many connections, or as many as there are threads for.
    ///
    /// # Errors
    /// There is no thread at all.
    pub fn open(count: usize, way: Way) -> io::Result<Connections> {
        let desk = Arc::new(Desk {
            way,
            trays: Mutex::default(),
            sent: Condvar::new(),
            answered: Condvar::new(),
        });
        for started in 0..count {
            let of_thread = Arc::clone(&desk);
            match Job::start(Box::new(move || of_thread.work())) {
                Err(error) if started == 0 => return Err(error),
                Err(_) => {
                    return Ok(Connections {
                        desk,
                        count: started,
                    });
                }
                Ok(_) => {}
            }
        }
        Ok(Connections { desk, count })
    }

    /// The number of rows that can be under way at once.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Sends a row.
    pub fn send(&self, call: Box<RowCall>) {
        self.desk.trays().to_send.push_back(call);
        self.desk.sent.notify_one();
    }

    /// The next row that has its reply; waits for it for so long at most.
    pub fn receive(&self, timeout: Duration) -> Option<Box<RowCall>> {
        let mut trays = self.desk.trays();
        if trays.answered.is_empty() {
            let waited = self.desk.answered.wait_timeout(trays, timeout);
            trays = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        trays.answered.pop_front()
    }
}

impl Desk {
    fn trays(&self) -> MutexGuard<'_, Trays> {
        self.trays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The work of one connection, as long as the process lives.
    fn work(&self) {
        let way = &self.way;
        let client = HttpClient::new(way.ca_file.as_ref(), clock::now().clock_is_set());
        loop {
            let mut call = self.take();
            let device = way.device.as_deref();
            let get = Get::json(&call.url, device, way.transport, COMMAND_LIMIT);
            call.reply = client.get(&get);
            self.trays().answered.push_back(call);
            self.answered.notify_one();
        }
    }

    fn take(&self) -> Box<RowCall> {
        let mut trays = self.trays();
        loop {
            if let Some(call) = trays.to_send.pop_front() {
                return call;
            }
            let waited = self.sent.wait(trays);
            trays = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}
