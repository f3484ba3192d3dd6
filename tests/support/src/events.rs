//! A listener of ubus's events, as a page's server or a script is.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use wansync_sim::ubus::UbusSim;
use wansync_sim::ubus::blob::{self, Blob};
use wansync_sim::ubus::message::{Message, id, kind};

use super::waiting::wait_until;

/// ubusd's own object.
const EVENTS: u32 = 1;

/// Hears all events of one name, for as long as ubusd runs.
pub struct EventListener {
    heard: Arc<Mutex<Vec<Value>>>,
}

impl EventListener {
    /// Begins to listen.
    ///
    /// # Errors
    /// ubusd cannot be talked to.
    pub fn new(ubus: &UbusSim, name: &str) -> io::Result<EventListener> {
        let mut stream = UnixStream::connect(ubus.path())?;
        Message::read(&mut stream)?;
        let add = Message::of(kind::ADD_OBJECT, 1, 0);
        let object = ask(&mut stream, &add)?[0].number(id::OBJID);
        let object = object.unwrap_or_default();
        let data = vec![
            ("object".to_owned(), Blob::Int32(object as i32)),
            ("pattern".to_owned(), Blob::String(name.into())),
        ];
        let register = Message::of(kind::INVOKE, 2, EVENTS)
            .with_number(id::OBJID, EVENTS)
            .with_text(id::METHOD, "register")
            .with_fields(id::DATA, &data);
        ask(&mut stream, &register)?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        thread::spawn(move || {
            while let Ok(event) = Message::read(&mut stream) {
                let fields = event.fields(id::DATA).unwrap_or_default();
                if let Ok(mut all) = hearing.lock() {
                    all.push(blob::fields_to_json(&fields));
                }
            }
        });
        Ok(EventListener { heard })
    }

    /// The data of the events so far.
    pub fn heard(&self) -> Vec<Value> {
        self.heard.lock().map_or(Vec::new(), |all| all.clone())
    }

    /// Waits until there are so many.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Value> {
        wait_until("the events", || self.heard().len() >= count);
        self.heard()
    }
}

fn ask(stream: &mut UnixStream, request: &Message) -> io::Result<Vec<Message>> {
    stream.write_all(&request.encode())?;
    let mut answers = vec![Message::read(stream)?];
    while answers.last().is_some_and(|last| last.kind != kind::STATUS) {
        answers.push(Message::read(stream)?);
    }
    Ok(answers)
}
