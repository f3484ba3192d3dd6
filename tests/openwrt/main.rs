//! The package's scripts on a router in a folder: a root of its own, in which
//! busybox's ash runs them with the applets of a device, and small ones of our
//! own stand in for OpenWrt's shell functions, for procd and for both package
//! managers.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

wansync_test_support::simulator!();

mod cron;
mod disabled;
mod examples;
mod filtering;
mod flash;
mod hotplug;
mod install;
mod messages;
mod online;
mod package;
mod readme;
mod refused;
mod rest;
mod scripts;
mod service;
mod staged;
mod users;
