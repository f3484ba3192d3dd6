//! The child processes of the daemon: this program once more.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use crate::agent::paths::Paths;
use crate::sys::child::Child;

/// Starts `wansync daemon WORDS`, which may take as long as `limit`. It finds the
/// configuration on its standard input, where `config` is the file that holds it.
pub(super) fn start(
    paths: &Paths,
    words: &[&str],
    config: Option<BorrowedFd<'_>>,
    limit: Duration,
) -> io::Result<Child> {
    let mut all = vec!["daemon"];
    all.extend(config.map(|_| "--given"));
    all.extend(words);
    Child::start_self(&paths.arguments(&all), config, limit)
}
