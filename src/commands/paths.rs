//! Where things are, and the configuration read from there.

use std::path::PathBuf;

use super::exit::Exit;
use super::told::Told;
use crate::cli::Arguments;
use crate::config::secret::{KeySource, Secret};
use crate::config::{Config, Skydns};
use crate::sys::store::Store;
use crate::sys::{files, log as logging};

/// No configuration of any router comes near this, in bytes. Reading takes up
/// to 24 times as much memory, and a router has 64 MB.
const CONFIG_LIMIT: usize = 2 * 1024 * 1024;
const KEY_LIMIT: usize = 4096;

/// What stands before the command on the command line.
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
}

impl Paths {
    /// Takes them from the command line.
    pub fn of(arguments: &Arguments) -> Paths {
        Paths {
            config: PathBuf::from(&arguments.config),
            state: PathBuf::from(&arguments.state),
            record: PathBuf::from(&arguments.record),
            ubus: PathBuf::from(&arguments.ubus),
        }
    }

    /// What is remembered there.
    pub fn store(&self) -> Store {
        Store::new(&self.state, &self.record)
    }

    /// Reads the configuration, or says in one line why it cannot be used at all.
    pub fn load(&self) -> Result<Config, String> {
        let name = self.config.display();
        let text =
            files::read(&self.config, CONFIG_LIMIT).map_err(|why| format!("{name} {why}"))?;
        Config::parse(&text).map_err(|error| format!("{name}: {error}"))
    }

    /// Reads it for a command that acts on it: problems are told, the level
    /// of the log is set, and a file that cannot be used ends the command.
    pub fn load_to_act(&self, told: &Told) -> Result<Config, Exit> {
        let config = self.load().map_err(|why| {
            told.tell(log::Level::Error, why);
            told.keep();
            Exit::Config
        })?;
        for problem in config.problems.iter() {
            let level = match problem.is_error() {
                true => log::Level::Error,
                false => log::Level::Warn,
            };
            told.tell(level, format!("{}, {problem}", self.config.display()));
        }
        logging::set_level(config.main.log_level);
        Ok(config)
    }
}

/// A section's key, from wherever it is.
///
/// # Errors
/// In words, with the line of the option.
pub fn key_of(section: &Skydns) -> Result<Option<Secret>, String> {
    match &section.key {
        KeySource::None => Ok(None),
        KeySource::Inline(key) => Ok(Some(key.clone())),
        KeySource::File { path, line } => read_key(path)
            .map(Some)
            .map_err(|why| format!("line {line}: the key file {path} {why}")),
    }
}

fn read_key(path: &str) -> Result<Secret, String> {
    let bytes = files::read(path.as_ref(), KEY_LIMIT)?;
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    Ok(Secret::new(&text)?)
}

/// A warning, if others than its owner may read a section's key file.
pub fn warning_of_key_file(section: &Skydns) -> Option<String> {
    match &section.key {
        KeySource::File { path, line } if files::is_readable_by_others(path.as_ref()) => {
            Some(format!(
                "line {line}: every user of this router may read the key in {path} (chmod 600 {path})"
            ))
        }
        _ => None,
    }
}
