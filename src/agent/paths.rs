//! The places of files and sockets, and the configuration read from there.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::agent::RunError;
use crate::cli::Arguments;
use crate::sys::store::Store;
use crate::sys::{files, identity, log as logging};
use wansync_core::config::Config;
use wansync_core::config::network_file::NetworkFile;
use wansync_core::config::paste::{self, KEY_PREFIXES, PasteFault};
use wansync_core::config::permissions::exposures;
use wansync_core::config::problem::{Problem, Severity};
use wansync_core::config::secret::{KeySource, Secret};
use wansync_core::config::suggest::did_you_mean;
use wansync_core::config::uci::{self, ParseError};
use wansync_core::reason;
use wansync_core::reason::Reason;

/// No configuration of any router comes near this, in bytes. Reading takes up
/// to 24 times as much memory, and a router has 64 MB.
const MAX_CONFIG_SIZE: usize = 2 * 1024 * 1024;
const MAX_KEY_FILE_SIZE: usize = 4096;

/// The options before the command on the command line: the places of all files.
#[derive(Debug, Clone)]
pub struct Paths {
    /// `-c`
    pub config: PathBuf,
    /// `--state`
    pub state: PathBuf,
    /// `--record`
    pub record: PathBuf,
    /// `--ubus`
    pub ubus: PathBuf,
    /// The configuration is on standard input, as the daemon read it; its name
    /// is that of the file all the same.
    pub config_is_on_stdin: bool,
}

/// By this name, standard input is read from its beginning, even if another process
/// read it before.
const STANDARD_INPUT: &str = "/proc/self/fd/0";

impl Paths {
    /// The places that the command line names.
    pub fn new(arguments: &Arguments) -> Paths {
        Paths {
            config: PathBuf::from(&arguments.config),
            state: PathBuf::from(&arguments.state),
            record: PathBuf::from(&arguments.record),
            ubus: PathBuf::from(&arguments.ubus),
            config_is_on_stdin: false,
        }
    }

    /// The store of the states and the record.
    pub fn store(&self) -> Store {
        Store::new(&self.state, &self.record)
    }

    /// The arguments with which this program finds the same places, with these
    /// behind them.
    pub fn arguments(&self, words: &[&str]) -> Vec<OsString> {
        let places = [
            ("--config", &self.config),
            ("--state", &self.state),
            ("--record", &self.record),
            ("--ubus", &self.ubus),
        ];
        let mut all = Vec::new();
        for (option, path) in places {
            all.extend([OsString::from(option), path.into()]);
        }
        all.extend(words.iter().map(OsString::from));
        all
    }

    /// Reads the configuration, or says in one line why it cannot be used at all.
    pub fn load(&self) -> Result<Config, Reason> {
        self.parse(&self.read()?)
    }

    /// Reads the configuration, and makes a copy for child processes: what they do is
    /// then done under the configuration in use, whatever becomes of the file.
    /// There is no copy where the state folder cannot be written.
    pub fn load_and_copy(&self) -> Result<(Config, Option<File>), Reason> {
        let text = self.read()?;
        let config = self.parse(&text)?;
        let path = self.state.join("config.new");
        let copy = files::with_folder(&self.state, &|| files::unnamed(&path, &text));
        Ok((config, copy.ok()))
    }

    /// Reads the text of the configuration, or says in one line why it cannot be read.
    pub fn read(&self) -> Result<Vec<u8>, Reason> {
        let path = match self.config_is_on_stdin {
            true => Path::new(STANDARD_INPUT),
            false => &self.config,
        };
        files::read(path, MAX_CONFIG_SIZE)
            .map_err(|why| reason!(FileUnusable, file = self.config_name(), cause = why))
    }

    /// The name of the configuration's file.
    pub fn config_name(&self) -> String {
        self.config.display().to_string()
    }

    /// The configuration has no such section that is watched, but these.
    pub fn no_section(&self, name: &str, known: &[&str]) -> Reason {
        reason!(
            ConfigNoSection,
            file = self.config_name(),
            section = name,
            hint = did_you_mean(name, known)
        )
    }

    /// Reads the configuration from its text.
    pub fn parse(&self, text: &[u8]) -> Result<Config, Reason> {
        self.parse_candidate(text, &self.config_name())
    }

    /// Reads a configuration that is not in place, and has this name.
    pub fn parse_candidate(&self, text: &[u8], name: &str) -> Result<Config, Reason> {
        let mut config = Config::parse(text).map_err(|error| syntax_reason(name, &error))?;
        config.set_router_number(identity::router_number);
        Ok(config)
    }

    /// Reads netifd's networks. Without the file, or without the right to read it, none
    /// is known.
    pub fn network_file(&self) -> NetworkFile {
        NetworkFile::parse(&self.read_beside("network"))
    }

    /// Whether netifd is to start this network by itself, as far as its file says.
    pub fn starts_at_boot(&self, network: &str) -> bool {
        let file = self.network_file();
        file.network(network).is_none_or(|n| n.starts_at_boot)
    }

    /// The text of `/etc/config/dhcp`; `None` if there is none.
    ///
    /// # Errors
    /// In words that follow on its name.
    pub fn dhcp_file(&self) -> Result<Option<Vec<u8>>, Reason> {
        let beside = self.config.with_file_name("dhcp");
        match files::read_optional(&beside, MAX_CONFIG_SIZE) {
            Ok(None) => files::read_optional(Path::new("/etc/config/dhcp"), MAX_CONFIG_SIZE),
            read => read,
        }
    }

    /// The text of another configuration, that beside ours or, since procd's daemon has a
    /// copy of ours elsewhere, OpenWrt's.
    fn read_beside(&self, name: &str) -> Vec<u8> {
        let beside = self.config.with_file_name(name);
        let openwrts = Path::new("/etc/config").join(name);
        let text = files::read(&beside, MAX_CONFIG_SIZE);
        let text = text.or_else(|_| files::read(&openwrts, MAX_CONFIG_SIZE));
        text.unwrap_or_default()
    }

    /// The names of the sections in another configuration.
    pub fn section_names(&self, package: &str) -> Vec<String> {
        let text = self.read_beside(package);
        let package = uci::parse(&text).unwrap_or_default();
        let sections = package.sections.into_iter();
        sections.map(|section| section.name.into_owned()).collect()
    }

    /// Reads the configuration for a command that acts on it: the level of the log is
    /// set, and a file that cannot be used ends the command. The pass logs its problems.
    pub fn load_to_act(&self) -> Result<Config, RunError> {
        let config = self.load().map_err(|why| {
            log::error!("{why}");
            RunError::Configuration
        })?;
        logging::set_level(config.main.log_level);
        Ok(config)
    }
}

/// The reason for which the text of a configuration is none.
pub fn syntax_reason(name: &str, error: &ParseError) -> Reason {
    let cause = Reason::from(error);
    reason!(ConfigOfFile, file = name, cause = cause)
}

/// The key of the section of this name, from the option or its file.
///
/// # Errors
/// A key file that cannot be used is a problem like any other of the configuration.
pub fn key_of(name: &str, source: &KeySource) -> Result<Option<Secret>, Problem> {
    match source {
        KeySource::None => Ok(None),
        KeySource::Inline(key) => Ok(Some(key.clone())),
        KeySource::File { path, line } => read_key(path)
            .map(Some)
            .map_err(|why| Problem::of_section(Severity::Error, *line, name, why)),
    }
}

/// The problem of a section whose key file is not there, or is no file; it is not opened.
pub fn missing_key_file(name: &str, source: &KeySource) -> Option<Problem> {
    let KeySource::File { path, line } = source else {
        return None;
    };
    let why = files::check_file(path.as_ref()).err()?;
    let why = reason!(KeyFile, file = path, cause = why);
    Some(Problem::of_section(Severity::Error, *line, name, why))
}

/// A key from its file.
pub fn read_key(path: &str) -> Result<Secret, Reason> {
    let key = match files::read(path.as_ref(), MAX_KEY_FILE_SIZE) {
        Err(why) => Err(why),
        Ok(bytes) => match str::from_utf8(&bytes) {
            Err(_) => Err(reason!(ValueNotUtf8)),
            Ok(text) => Secret::new(text).map_err(Reason::of),
        },
    };
    key.map_err(|why| reason!(KeyFile, file = path, cause = why))
}

/// The faults of a section's key file as warnings with their line.
pub fn warnings_of_key_file(name: &str, source: &KeySource) -> Vec<Problem> {
    let KeySource::File { path, line } = source else {
        return Vec::new();
    };
    let warning = |fault| Problem::of_section(Severity::Warning, *line, name, fault);
    key_file_faults(path).into_iter().map(warning).collect()
}

/// The faults of a key file: that others than its owner can get at it, and that its key
/// hardly is what the service gave.
pub fn key_file_faults(path: &str) -> Vec<Reason> {
    let mut faults = exposures(&files::path_parts(path.as_ref()));
    faults.extend(paste_fault_in(path));
    faults
}

/// The part of the key in a file that hardly belongs to it, which it does not show.
fn paste_fault_in(path: &str) -> Option<Reason> {
    let bytes = files::read(path.as_ref(), MAX_KEY_FILE_SIZE).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let fault = PasteFault::find(paste::trim(&text), &KEY_PREFIXES)?;
    let line = paste::first_line(&text);
    let fault = Reason::from(&fault);
    Some(reason!(
        KeyPasted,
        file = path,
        line_number = line,
        cause = fault
    ))
}
