//! Replies of the services that were not understood, kept for a report.

use crate::sys::clock;
use crate::sys::store::Store;
use wansync_core::config::secret::Secret;
use wansync_core::failure::Failure;
use wansync_core::service::reply::Reply;

/// Keeps a reply that failed so, if it was not understood; without these keys.
pub fn keep(store: &Store, subject: &str, reply: &Reply, failure: &Failure, keys: &[&Secret]) {
    let mut kept = store.kept_replies();
    if kept.add(subject, reply, failure, keys, clock::now().boot)
        && let Err(why) = store.write_kept_replies(&kept)
    {
        log::debug!("{subject}: {why}");
    }
}
