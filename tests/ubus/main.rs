//! The ubus client beside recordings of the real ubusd and netifd, and against
//! servers that misbehave.
#![expect(
    clippy::disallowed_methods,
    reason = "the other end of the socket is here"
)]

mod damage;
mod dump;
mod misbehaviour;
mod networks;
mod recordings;
mod replays;
mod support;
mod watch;
