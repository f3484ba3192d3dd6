//! The ubus client beside recordings of the real ubusd and netifd, and against
//! servers that misbehave.

mod damage;
mod dump;
mod misbehaviour;
mod networks;
mod recordings;
mod replays;
mod support;
mod watch;
