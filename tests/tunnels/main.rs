//! Tunnels that are watched, on the test router: what is found out, what is
//! done, and above all what is not done.
//!
//! Tests of the daemon sleep most of the time, so that more of them run at once
//! than there are cores, which the usual harness would have to be told.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

#[path = "../support/mod.rs"]
mod support;

mod budgets;
mod crashes;
mod devices;
mod evidence;
mod many;
mod night;
mod outages;
mod routes;
mod services;
mod triggers;
mod wan;

use libtest_mimic::{Arguments, Trial};

/// How many run at once, unless the command line says otherwise.
const AT_ONCE: usize = 16;

/// The tests of these names. One that is not among them is dead code.
macro_rules! trials {
    ($($module:ident: $($name:ident)*;)*) => {
        vec![$($(trial(concat!(stringify!($module), "::", stringify!($name)), $module::$name)),*),*]
    };
}

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let trials = trials! {
        // The longest first.
        wan: with_the_default_route_inside_and_no_bind_it_is_restarted_all_the_same
            the_wan_fails_and_comes_back_with_another_address
            a_quick_change_of_address_is_a_new_wan
            with_the_default_route_inside_and_a_bind_all_goes_on
            an_echo_takes_no_other_way;
        many: two_hundred_tunnels;
        outages: at_defaults_it_is_seen_in_time
            a_dead_tunnel_is_restarted
            a_tunnel_that_is_dead_one_way_is_restarted
            a_restart_that_does_not_help_is_not_repeated_at_once
            local_evidence_is_enough
            without_an_account;
        crashes: killed_between_two_restarts
            killed_between_down_and_up
            damaged_files
            files_of_another_time;
        services: whatever_vpnki_does_the_tunnel_stays
            a_vpnki_that_hangs_delays_nothing
            inactive_but_answering
            an_unknown_name;
        routes: a_missing_route_is_restored
            a_missing_route_without_the_option
            a_route_elsewhere;
        devices: the_device_goes_unnoticed_and_comes_under_another_name
            netifd_says_that_it_is_gone
            one_that_was_taken_down_by_hand
            no_echo_can_be_sent
            netifd_and_ubusd_restart;
        evidence: all_is_well
            without_a_ping_vpnki_tells
            without_a_ping_bytes_tell;
        budgets: three_in_an_hour_and_quiet
            the_command_is_the_last_resort
            only_the_command
            nothing_at_all;
        triggers: hotplug_without_a_daemon
            hotplug_wakes_the_daemon
            once_leaves_them_to_the_daemon;
    };
    libtest_mimic::run(&arguments, trials).exit();
}
