//! One call of a method for each row of a table: which columns are which parameters,
//! what follows from a failure, what is remembered of a row.
//!
//! | module | subject |
//! | --- | --- |
//! | [`columns`] | the columns of the table, and the parameters that they are |
//! | [`pace`] | whether a row is sent again, and when the run pauses or stops |
//! | [`journal`] | which rows were done, for a run that goes on after an interruption |
//! | [`progress`] | the counts of a run, in words and as a bar |

pub mod columns;
pub mod journal;
pub mod pace;
pub mod progress;
