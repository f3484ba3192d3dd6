//! Reasons: why an address is not sent, why a connection failed, where the household's
//! questions go. Each is a variant with what it is about as typed fields; its English
//! words are made in its `Display` and nowhere else. One file a subject.

pub mod address;
pub mod alert;
pub mod certificate;
pub mod connection;
pub mod daemon;
pub mod filtering;
pub mod hold;
pub mod refusal;
pub mod state;
pub mod wait;
