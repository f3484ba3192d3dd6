//! Decoding: a corpus of bodies, what holds for any body, and what it costs.

mod corpus;
mod properties;
mod show;
mod typed;
