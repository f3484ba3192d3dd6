//! 14: flash that wears out.

use std::fs;
use std::os::unix::fs::MetadataExt;

use wansync_sim::Times;
use wansync_sim::ubus::UbusSim;

use crate::network;
use wansync_test_support::clocks::{at_wall, booted_ago};
use wansync_test_support::{Ran, Router, ran};

/// The folder on flash, with what shows that something in it was written.
#[derive(PartialEq, Eq, Debug, Default)]
struct Flash {
    /// Inode, time of change, and the time of change in nanoseconds.
    seen: Vec<(u64, i64, i64)>,
}

impl Flash {
    /// The folder itself counts too: it changes with each file that is made,
    /// renamed or removed in it.
    fn of(router: &Router) -> Flash {
        let folder = router.path("etc");
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let paths = std::iter::once(folder).chain(entries.map(|entry| entry.path()));
        let seen = paths.flat_map(fs::metadata);
        Flash {
            seen: seen
                .map(|what| (what.ino(), what.ctime(), what.ctime_nsec()))
                .collect(),
        }
    }
}

/// A router whose two clocks the test moves on, and whose flash it watches.
struct Year {
    ubus: UbusSim,
    router: Router,
    flash: Flash,
    /// The number of passes that wrote to flash.
    writes: usize,
    /// Seconds by the wall clock since the test began.
    wall: i64,
    /// Seconds since the last boot.
    boot: i64,
}

impl Year {
    fn new(options: &str) -> Year {
        let router = Router::new();
        router.configure(&router.home(&format!("option network wan\n{options}")));
        let ubus = router.ubus();
        Year {
            ubus,
            router,
            flash: Flash::default(),
            writes: 0,
            wall: 0,
            boot: 3600,
        }
    }

    fn set_address(&self, address: &str) {
        self.ubus.set_interface("wan", network("eth1", &[address]));
    }

    fn pass_time(&mut self, seconds: i64) {
        self.wall += seconds;
        self.boot += seconds;
    }

    /// tmpfs is empty, and the clock that counts since boot begins again.
    fn reboot(&mut self) {
        self.router.reboot();
        self.boot = 60;
    }

    /// A pass by these clocks.
    fn once(&mut self) -> Ran {
        let once = at_wall(&self.router.command(&["once"]), &format!("+{}", self.wall));
        let mut command = booted_ago(&once, self.boot);
        let ran = ran(command.output().expect("the program runs"));
        let flash = Flash::of(&self.router);
        if flash != self.flash {
            self.writes += 1;
            self.flash = flash;
        }
        ran
    }

    fn fault(&self, text: &str) {
        self.router.sim.fault(text.parse().expect(text), Times::All);
    }
}

/// “The updater writes its state on each run, and wears out the flash of my
/// router.” A day of passes every five minutes, with renewals, reboots, an hour
/// and a half without the service, and one new address: two writes.
#[test]
fn pain_14_a_day_writes_once_for_each_address_that_is_confirmed() {
    let mut year = Year::new("option refresh 4h");
    year.set_address("8.8.4.4");
    let mut sends = 0;
    for pass in 0..288 {
        match pass {
            60 | 61 | 150 | 200 => year.reboot(),
            // A renewal falls due every four hours at the latest: one does in these.
            110 => year.fault("status=503"),
            158 => {
                sends += year.router.updates();
                year.router.sim.clear();
            }
            220 => year.set_address("8.8.8.8"),
            _ => {}
        }
        let ran = year.once();
        match pass {
            // When it falls due is left to chance, and so is whether it is still owed after
            // a reboot; a wait after a failure may take half an hour.
            110..165 => {}
            _ => assert_eq!(ran.code, Some(0), "pass {pass}: {}", ran.said()),
        }
        year.pass_time(300);
    }
    sends += year.router.updates();
    assert!(
        (8..=24).contains(&sends),
        "{sends} sends, renewals included"
    );
    assert_eq!(year.router.bound(), ["8.8.8.8"]);
    assert_eq!(year.writes, 2);
}

/// “My line flaps all day.” Each change is sent to the service, but flash is
/// written twelve times a day at most, and the next day all is in order again.
#[test]
fn pain_14_a_flapping_wan_does_not_wear_out_the_flash() {
    let mut year = Year::new("option daily_limit 288\noption refresh 30d");
    for change in 1..=50 {
        year.set_address(&format!("8.8.4.{change}"));
        year.once().expect(0).says("is confirmed");
        year.pass_time(300);
    }
    assert_eq!(year.router.updates(), 50);
    assert!((1..=12).contains(&year.writes), "{} writes", year.writes);
    // What flash says is old now, so a reboot costs a send, and no write.
    let before = year.writes;
    year.reboot();
    year.once().expect(0).says("8.8.4.50 is confirmed");
    assert_eq!((year.router.updates(), year.writes), (51, before));
    year.pass_time(86_400);
    year.once().expect(0).says("unchanged");
    assert_eq!(year.writes, before + 1);
    year.reboot();
    year.once().expect(0).says("unchanged");
    assert_eq!((year.router.updates(), year.writes), (51, before + 1));
}

/// A wrong key at each boot of a crash loop: the hold is written, and no more.
#[test]
fn pain_14_a_hold_is_written_once_for_each_refusal() {
    let mut year = Year::new("");
    year.set_address("8.8.4.4");
    year.fault("error=message");
    for _ in 0..40 {
        let ran = year.once();
        assert_eq!(ran.code, Some(77), "{}", ran.said());
        year.pass_time(1800);
        year.reboot();
    }
    assert!(
        year.router.updates() <= 3,
        "{} sends",
        year.router.updates()
    );
    assert_eq!(year.writes, year.router.updates());
}
