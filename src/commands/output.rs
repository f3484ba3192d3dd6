//! Standard output: what a command prints there, and what that is to fit.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

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
    /// Takes the lines in place of standard output.
    taker: Option<Box<LineTaker>>,
}

/// What a command printed.
pub struct Captured {
    /// Its exit code.
    pub exit: Exit,
    /// The lines.
    pub text: String,
    /// There were more.
    pub is_cut: bool,
}

/// Takes a line, which has no end.
type LineTaker = dyn Fn(&str) -> io::Result<()>;

impl Output {
    /// An output whose lines are for another place than standard output.
    pub fn to(taker: Box<LineTaker>) -> Output {
        Output {
            taker: Some(taker),
            ..Output::default()
        }
    }

    /// What `print` prints, as far as whole lines of it fit into so many bytes.
    pub fn capture(limit: usize, print: &dyn Fn(&Output) -> Exit) -> Captured {
        let taken = Rc::new(RefCell::new((String::new(), false)));
        let taker = Rc::clone(&taken);
        let out = Output::to(Box::new(move |line| {
            let (text, is_cut) = &mut *taker.borrow_mut();
            *is_cut |= text.len() + line.len() >= limit;
            if !*is_cut {
                text.push_str(line);
                text.push('\n');
            }
            Ok(())
        }));
        let exit = print(&out);
        let (text, is_cut) = taken.take();
        Captured { exit, text, is_cut }
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
        let written = match (&self.taker, line.len()) {
            (Some(take), _) => take(line),
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
