//! The two tiers of what is remembered.
//!
//! `--state`, on tmpfs: one file a section, written whenever something is
//! learnt, and one of what was complained of. `--record`, on flash: one file,
//! written when a confirmed address or a hold changed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock::{LOCKS, PassLock};
use super::{clock, files, os_error, trap};
use wansync_core::filtering::profile_test::ProfileTest;
use wansync_core::history::ring::{self, Addition};
use wansync_core::history::{self, History};
use wansync_core::json::{Json, JsonWriter, Persist};
use wansync_core::persist;
use wansync_core::reason;
use wansync_core::reason::{Code, Reason};
use wansync_core::record::Record;
use wansync_core::report::replies::KeptReplies;
use wansync_core::state::SectionState;
use wansync_core::time::Boot;
use wansync_core::tunnel;

/// No file of ours comes near this.
const MAX_FILE: usize = 1024 * 1024;
/// The field that says of which boot a file of the state tier is.
const BOOT_ID_FIELD: &str = "boot_id";

/// The file of what a check in the background finds. It is no JSON, but one line a finding.
const FINDINGS: &str = "findings";

/// The file of the replies that were not understood.
const REPLIES: &str = "replies.json";

/// The file of the history.
const HISTORY: &str = "history";
/// The longest wait for another process that writes it.
const HISTORY_TIMEOUT: Duration = Duration::from_millis(500);

/// The two tiers of files.
pub struct Store {
    state: PathBuf,
    record: PathBuf,
    boot_id: String,
}

/// The problems that the last pass reported, by their numbers.
#[derive(Default)]
struct Complaints {
    numbers: Vec<u32>,
}

persist!(Complaints { numbers });

/// A reply to a call over ubus that asked a service for names.
pub struct NamesReply {
    /// The moment at which it came.
    pub at: Boot,
    /// Stands for the configuration under which it was asked.
    pub stamp: u64,
    /// The reply, as JSON.
    pub json: String,
}

impl Store {
    /// The store in these two folders.
    pub fn new(state: &Path, record: &Path) -> Store {
        Store {
            state: state.to_owned(),
            record: record.join("record"),
            boot_id: clock::boot_id(),
        }
    }

    /// The state of a section, if one was remembered since this boot.
    pub fn section_state(&self, section: &str) -> Option<SectionState> {
        self.read_of_this_boot(&self.state_file("skydns", section))
    }

    /// Remembers the state of a section until the next boot.
    pub fn remember_section(&self, section: &str, state: &SectionState) -> Result<(), Reason> {
        self.write_of_this_boot(&self.state_file("skydns", section), state)
    }

    /// Remembers the state of a section before a send. Until what is returned is dropped,
    /// or the process ends, [`Store::is_being_sent`] says that the send is under way.
    pub fn remember_sending(&self, section: &str, state: &SectionState) -> Result<File, Reason> {
        let text = self.with_boot_id(&JsonWriter::of(state));
        self.begin(&self.state_file("skydns", section), &text)
    }

    fn begin(&self, path: &Path, text: &str) -> Result<File, Reason> {
        files::with_folder(&self.state, &|| {
            files::replace_and_lock(path, text.as_bytes())
        })
        .map_err(|e| cannot_write(path, &e))
    }

    /// True if a process sends the address of this section now.
    pub fn is_being_sent(&self, section: &str) -> bool {
        files::is_locked(&self.state_file("skydns", section))
    }

    /// Checks that what is learnt can be remembered until the next boot.
    ///
    /// # Errors
    /// In words: the folder, and why not.
    pub fn check_state_writable(&self) -> Result<(), Reason> {
        let checked = files::check_writable(&self.state);
        checked
            .and_then(|()| trap::check_files(&self.state, &LOCKS))
            .map_err(|e| cannot_write(&self.state, &e))
    }

    /// The state of a tunnel since this boot.
    pub fn tunnel_state(&self, name: &str) -> Option<tunnel::TunnelState> {
        self.read_of_this_boot(&self.state_file("tunnel", name))
    }

    /// Remembers the state of a tunnel, as JSON, until the next boot.
    pub fn write_tunnel_state(&self, name: &str, state: &str) -> Result<(), Reason> {
        self.write_with_boot_id(&self.state_file("tunnel", name), state)
    }

    /// The last test of a section's profile since this boot.
    pub fn profile_test(&self, section: &str) -> Option<ProfileTest> {
        self.read_of_this_boot(&self.state_file("filtering", section))
    }

    /// Remembers it until the next boot.
    pub fn remember_profile_test(&self, section: &str, test: &ProfileTest) -> Result<(), Reason> {
        self.write_of_this_boot(&self.state_file("filtering", section), test)
    }

    /// The problems that the last pass since this boot reported.
    pub fn complaints(&self) -> Vec<u32> {
        let complaints = self.read_of_this_boot(&self.state.join("complaints"));
        complaints.map_or(Vec::new(), |complaints: Complaints| complaints.numbers)
    }

    /// Remembers what a pass complained of.
    pub fn remember_complaints(&self, numbers: &[u32]) -> Result<(), Reason> {
        let numbers = numbers.to_owned();
        self.write_of_this_boot(&self.state.join("complaints"), &Complaints { numbers })
    }

    /// Checks that this user may see what is remembered.
    ///
    /// # Errors
    /// The folder that is closed to it.
    pub fn check_readable(&self) -> Result<(), Reason> {
        for path in [&self.state.join("complaints"), &self.record] {
            let folder = trap::parent_of(path);
            if files::is_out_of_sight(path) {
                let folder = folder.display().to_string();
                return Err(reason!(FolderClosed, file = folder));
            }
            trap::check_folder(folder).map_err(|error| os_error::reason(&error))?;
        }
        Ok(())
    }

    /// The record, which outlives reboots. A record that cannot be read counts as
    /// none: the price is a send too many, not silence.
    pub fn record(&self) -> Record {
        let bytes = usable(files::read_own(&self.record, MAX_FILE));
        let record = bytes.and_then(|bytes| {
            let record = parse_record(&bytes).map_err(|why| damaged(&self.record, why));
            usable(record.map(Some))
        });
        record.unwrap_or_default()
    }

    /// Remembers it for ever.
    pub fn write_record(&self, record: &Record) -> Result<(), Reason> {
        let text = JsonWriter::of(record);
        let folder = self.record.parent().unwrap_or(Path::new("/"));
        files::with_folder(folder, &|| {
            files::replace(&self.record, text.as_bytes(), true)
        })
        .map_err(|e| cannot_write(&self.record, &e))
    }

    /// The state of a VPNKI account since this boot.
    pub fn account_state(&self, account: &str) -> Option<tunnel::account::AccountState> {
        self.read_of_this_boot(&self.state_file("vpnki", account))
    }

    /// Remembers it until the next boot.
    pub fn write_account_state(
        &self,
        account: &str,
        state: &tunnel::account::AccountState,
    ) -> Result<(), Reason> {
        self.write_of_this_boot(&self.state_file("vpnki", account), state)
    }

    /// The reply that a service gave for a section when it was last asked for names of a
    /// kind since this boot.
    pub fn named(&self, kind: &str, section: &str) -> Option<NamesReply> {
        let bytes = usable(files::read_own(&self.state_file(kind, section), MAX_FILE))?;
        let json = self.of_this_boot(&bytes)?;
        Some(NamesReply {
            at: json.read_required("at")?,
            stamp: json.read_required("stamp")?,
            json: json.get("reply")?.compact().into_owned(),
        })
    }

    /// Keeps it until the next boot.
    pub fn keep_named(&self, kind: &str, section: &str, reply: &NamesReply) -> Result<(), Reason> {
        let mut json = JsonWriter::default();
        json.open();
        json.field("at", &reply.at);
        json.field("stamp", &reply.stamp);
        json.name("reply");
        json.raw(&reply.json);
        json.close();
        self.write_with_boot_id(&self.state_file(kind, section), &json.into_text())
    }

    /// Begins a file of findings, whose first line is this object. Until what is returned
    /// is dropped, or the process ends, more are awaited.
    pub fn begin_findings(&self, first: &str) -> Result<File, Reason> {
        let line = self.with_boot_id(first) + "\n";
        let path = self.state.join(FINDINGS);
        self.begin(&path, &line)
    }

    /// True if a process appends findings now.
    pub fn findings_are_awaited(&self) -> bool {
        files::is_locked(&self.state.join(FINDINGS))
    }

    /// The lines of the findings since this boot, none if there are none, and whether more
    /// are awaited.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn findings(&self) -> Result<(String, bool), Reason> {
        // Asked first: of a process that ends in between, all is read.
        let are_awaited = self.findings_are_awaited();
        let bytes = files::read_own(&self.state.join(FINDINGS), MAX_FILE)?;
        let text = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        let is_of_this_boot = self.of_this_boot(first.as_bytes()).is_some();
        Ok((
            if is_of_this_boot { text } else { String::new() },
            are_awaited,
        ))
    }

    /// The replies since this boot that were not understood.
    pub fn kept_replies(&self) -> KeptReplies {
        let kept = self.read_of_this_boot(&self.state.join(REPLIES));
        kept.unwrap_or_default()
    }

    /// Keeps them until the next boot.
    pub fn write_kept_replies(&self, kept: &KeptReplies) -> Result<(), Reason> {
        self.write_of_this_boot(&self.state.join(REPLIES), kept)
    }

    /// The name of this boot.
    pub fn boot_id(&self) -> &str {
        &self.boot_id
    }

    /// The history. What cannot be read of it counts as lost.
    pub fn history(&self) -> History {
        let bytes = usable(self.read_history());
        History::read(&bytes.unwrap_or_default(), &self.boot_id, clock::now())
    }

    /// Adds lines to the history. A file that cannot be read is begun again.
    pub fn add_to_history(&self, lines: &[history::Line]) -> Result<(), Reason> {
        let path = self.state.join(HISTORY);
        let lock = PassLock::of_history(&self.state);
        let written = lock.lock_within(HISTORY_TIMEOUT).and_then(|guard| {
            let _guard = guard.ok_or(io::ErrorKind::TimedOut)?;
            let old = usable(self.read_history()).unwrap_or_default();
            match ring::add(&old, &self.boot_id, clock::now(), lines) {
                Addition::Append(text) if !old.is_empty() => {
                    files::append(&path, text.as_bytes(), old.len() as u64)
                }
                Addition::Append(text) | Addition::Replace(text) => {
                    files::replace(&path, text.as_bytes(), false)
                }
            }
        });
        written.map_err(|error| cannot_write(&path, &error))
    }

    fn read_history(&self) -> Result<Option<Vec<u8>>, Reason> {
        files::read_own(&self.state.join(HISTORY), 2 * ring::MAX_BYTES)
    }

    /// The files of the state tier that are damaged or cannot be read, and the record if it
    /// is, in words.
    pub fn faults(&self) -> Vec<String> {
        let mut paths = files::paths_in(&self.state);
        paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
        paths.push(self.record.clone());
        let mut faults = Vec::new();
        for path in paths {
            let fault = match files::read_own(&path, MAX_FILE) {
                Ok(bytes) => bytes
                    .and_then(|bytes| Json::check(&bytes).err())
                    .map(|problem| damaged(&path, Reason::from(&problem))),
                Err(why) => Some(why),
            };
            faults.extend(fault.map(|why| why.to_string()));
        }
        faults
    }

    /// The file of a section of this type.
    fn state_file(&self, kind: &str, section: &str) -> PathBuf {
        // Names of sections are [A-Za-z0-9_]+.
        self.state.join(format!("{kind}.{section}.json"))
    }

    /// The content of a file of the state tier, if it is of this boot: times since
    /// boot are worth nothing after a reboot, wherever the folder lies.
    fn read_of_this_boot<T: Persist>(&self, path: &Path) -> Option<T> {
        let bytes = usable(files::read_own(path, MAX_FILE))?;
        T::read(self.of_this_boot(&bytes)?)
    }

    fn of_this_boot<'a>(&self, bytes: &'a [u8]) -> Option<Json<'a>> {
        let json = Json::parse(bytes).ok()?;
        // It is the first of the fields.
        let mut fields = json.fields();
        let (_, stamp) = fields.find(|(name, _)| name == BOOT_ID_FIELD)?;
        (stamp.text()? == self.boot_id.as_str()).then_some(json)
    }

    fn write_of_this_boot(&self, path: &Path, content: &impl Persist) -> Result<(), Reason> {
        self.write_with_boot_id(path, &JsonWriter::of(content))
    }

    fn write_with_boot_id(&self, path: &Path, text: &str) -> Result<(), Reason> {
        let text = self.with_boot_id(text);
        files::with_folder(&self.state, &|| {
            files::replace(path, text.as_bytes(), false)
        })
        .map_err(|e| cannot_write(path, &e))
    }

    /// The stamp is put into the text of the object.
    fn with_boot_id(&self, text: &str) -> String {
        let fields = text.strip_prefix('{').expect("a struct is an object");
        format!("{{\"{BOOT_ID_FIELD}\":\"{}\",{fields}", self.boot_id)
    }
}

fn damaged(path: &Path, why: Reason) -> Reason {
    reason!(FileDamaged, file = path.display().to_string(), cause = why)
}

/// The content that was read, if it could be; else a warning.
fn usable<T>(read: Result<Option<T>, Reason>) -> Option<T> {
    read.unwrap_or_else(|why| {
        log::warn!("{why}; it counts as empty");
        None
    })
}

fn cannot_write(path: &Path, error: &io::Error) -> Reason {
    let held = os_error::reason(error);
    let cause = match held.code() {
        Code::Words => Reason::words(&error.to_string()),
        _ => held,
    };
    reason!(
        FileCannotWrite,
        file = path.display().to_string(),
        cause = cause
    )
}

fn parse_record(bytes: &[u8]) -> Result<Record, Reason> {
    let json = Json::parse(bytes).map_err(|problem| Reason::from(&problem))?;
    Record::read(json).ok_or_else(|| reason!(FileOtherJson))
}
