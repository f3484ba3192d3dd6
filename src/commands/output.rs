//! Standard output: what a command prints there, and what that is to fit.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Write};

use crate::exit::Exit;
use crate::sys::{os_error, terminal, zone};
use wansync_core::text::zone::Zone;
use wansync_core::text::{Screen, is_utf8};

/// The longest line that is copied to be written in one piece with its end, in bytes.
const MAX_COPIED: usize = 4096;

/// The output of one command. What could not be written is remembered, so that
/// `wansync status > new && mv new old` never puts half a status in place.
#[derive(Default)]
pub struct Output {
    is_lost: Cell<bool>,
    kept: Option<KeptLines>,
}

/// The lines that are kept in place of being printed.
struct KeptLines {
    /// The file that they are appended to; without one they are in the text.
    file: Option<File>,
    text: RefCell<String>,
    /// The bytes that more of them may take; 0 once one had no room.
    room: Cell<usize>,
}

impl Output {
    /// An output that keeps the lines: so many bytes of them, in a file or as a text.
    pub fn kept(file: Option<File>, limit: usize) -> Output {
        Output {
            is_lost: Cell::default(),
            kept: Some(KeptLines {
                file,
                text: RefCell::default(),
                room: Cell::new(limit),
            }),
        }
    }

    /// True if a line had no room.
    pub fn is_cut(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.room.get() == 0)
    }

    /// The bytes that more lines may take.
    pub fn room(&self) -> usize {
        self.kept
            .as_ref()
            .map_or(usize::MAX, |kept| kept.room.get())
    }

    /// Gives lines room again.
    pub fn make_room(&self, bytes: usize) {
        if let Some(kept) = &self.kept {
            kept.room.set(bytes);
        }
    }

    /// The text that is kept.
    pub fn into_text(self) -> String {
        self.kept.map_or_else(String::new, |kept| kept.text.take())
    }

    /// Prints a line. The first that is lost is complained of where it can be seen; the
    /// command goes on, since what it does counts for more than what it says.
    pub fn line(&self, line: &str) {
        let was_lost = self.is_lost.get();
        if let Err(error) = self.try_line(line)
            && !was_lost
        {
            let why = os_error::describe(&error);
            terminal::complain(&format!("cannot write to standard output: {why}"));
        }
    }

    /// Prints a line. A reader that has closed the pipe does not want it, which is no
    /// error.
    ///
    /// # Errors
    /// It could not be written, as on a disk that is full.
    pub fn try_line(&self, line: &str) -> io::Result<()> {
        let written = match (&self.kept, line.len()) {
            (Some(kept), _) => kept.add(line),
            (None, ..=MAX_COPIED) => terminal::write_all_now(&format!("{line}\n")),
            (None, _) => terminal::write_all_now(line).and_then(|()| terminal::write_all_now("\n")),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.is_lost.set(true);
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// The exit code of the command, unless it printed what was lost.
    pub fn exit(&self, exit: Exit) -> Exit {
        match self.is_lost.get() {
            true => Exit::OutputLost,
            false => exit,
        }
    }
}

impl KeptLines {
    fn add(&self, line: &str) -> io::Result<()> {
        let room = self.room.get().saturating_sub(line.len() + 1);
        self.room.set(room);
        if room == 0 {
            return Ok(());
        }
        let mut text = self.text.borrow_mut();
        text.push_str(line);
        text.push('\n');
        match &self.file {
            Some(file) => {
                let written = (&*file).write_all(text.as_bytes());
                text.clear();
                written
            }
            None => Ok(()),
        }
    }
}

/// The terminal that standard output goes to, if it goes to one.
pub fn screen() -> Screen {
    Screen {
        width: terminal::columns(),
        utf8: is_utf8(terminal::locale().each_ref().map(Option::as_deref)),
    }
}

/// This router's time zone.
pub fn local_zone() -> Zone {
    Zone::first_of(zone::rules())
}
