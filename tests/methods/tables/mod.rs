//! One row or more for each method: what it does, and what it refuses.

pub mod accounts;
pub mod addresses;
pub mod profiles;
pub mod refusals;
pub mod reports;
pub mod tunnels;

use crate::rows::Success;

/// Every call that succeeds.
pub fn successes() -> impl Iterator<Item = &'static Success> {
    let tables = [
        accounts::ROWS,
        addresses::ROWS,
        profiles::ROWS,
        reports::ROWS,
        tunnels::ROWS,
    ];
    tables.into_iter().flatten()
}
