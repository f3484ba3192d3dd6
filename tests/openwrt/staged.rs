//! A router in a folder.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use wansync_sim::{KEY, Options, Sim};

use crate::package::packages;
use wansync_test_support::built;
use wansync_test_support::netns::user_namespace;
use wansync_test_support::{Ran, ran};

/// Of busybox's applets on a device, those that the scripts and the stand-ins
/// use, each of which OpenWrt's default configuration has. There is none of
/// `timeout stat nproc base64 od xxd nohup usleep realpath bc`.
const APPLETS: &str = "[ ash awk basename cat chgrp chmod chown cmp cp cut date dirname echo env \
    false find grep hexdump id kill killall ln ls md5sum mkdir mktemp mv pidof printf ps pwd \
    readlink rm rmdir sed sh sleep sort tail tar test touch tr true uniq wc";

/// The folders of OpenWrt's root. `/var` leads to `/tmp`.
const FOLDERS: &str = "bin sbin dev proc tmp/run etc/config etc/crontabs etc/init.d etc/rc.d \
    etc/uci-defaults etc/hotplug.d/iface etc/hotplug.d/ntp lib/functions usr/bin usr/sbin \
    sys/class/net/eth0 real";

/// The user's number on the router, which the managers' scripts give it.
pub const WANSYNC: u32 = 477;

/// The content of a crontab before the package is installed.
pub const CRONTAB: &str = "# mine\n\n0 4 * * * /usr/bin/backup # by /etc/init.d/wansync not\n*/5 * * * * wansync once\n\n";

/// A router, and the services.
pub struct Staged {
    /// The services.
    pub sim: Sim,
    folder: tempfile::TempDir,
}

/// The observed properties of a file: its kind and mode, when it was last touched, and
/// what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    mode: u32,
    inode: u64,
    changed: (i64, i64),
    text: Vec<u8>,
}

impl Staged {
    /// A router on which nothing of ours is installed, with the packages at hand
    /// in `/pkg`, a folder for each release.
    pub fn bare() -> Staged {
        let staged = Staged {
            sim: Sim::start(Options::default()),
            folder: tempfile::tempdir().expect("a folder"),
        };
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openwrt");
        for folder in FOLDERS.split_whitespace() {
            fs::create_dir_all(staged.path(folder)).expect("a folder");
        }
        symlink("tmp", staged.path("var")).expect("a link");
        copy_all(&here.join("router"), &staged.path(""));
        staged.add_programs();
        staged.write("etc/passwd", "root:x:0:0::/root:/bin/ash\n");
        staged.write("etc/group", "root:x:0:\n");
        staged.write("sys/class/net/eth0/address", "02:00:5e:10:00:01\n");
        staged.write("sys/class/net/eth0/addr_assign_type", "0\n");
        staged.write("etc/crontabs/root", CRONTAB);
        for package in packages() {
            package.put(&staged.path("pkg"));
        }
        staged
    }

    /// A router with the package installed.
    pub fn new() -> Staged {
        let staged = Staged::bare();
        staged.manage("opkg install");
        staged
    }

    fn add_programs(&self) {
        let busybox = wansync_test_support::programs::busybox();
        fs::copy(&busybox, self.path("bin/busybox")).expect("a program");
        for applet in APPLETS.split_whitespace() {
            symlink("busybox", self.path("bin").join(applet)).expect("a link");
        }
        // Debian's busybox has no applet for it.
        let flock = Path::new("/usr/bin/flock");
        fs::copy(flock, self.path("bin/flock")).expect("flock (util-linux)");
        for library in libraries(&busybox).iter().chain(&libraries(&built())) {
            let place = self.path(library.trim_start_matches('/'));
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::copy(library, place).expect("a library");
        }
        // What is mounted over them is there while a script runs.
        for name in ["real/wansync", "dev/null", "dev/urandom"] {
            self.write(name, "");
        }
    }

    /// The result of OpenWrt's build of the Makefile: a folder with the files, the
    /// scripts and the list of conffiles.
    pub fn built_by_make(&self) -> PathBuf {
        self.write("made/built/bin/wansync", "the program\n");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let made = Command::new("make")
            .arg("-sC")
            .arg(root.join("openwrt/wansync"))
            .arg(format!(
                "TOPDIR={}",
                root.join("tests/openwrt/sdk").display()
            ))
            .arg(format!("OUT={}", self.path("made").display()))
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .output();
        ran(made.expect("make runs")).expect(0);
        fs::remove_dir_all(self.path("made/built")).expect("a folder");
        self.path("made")
    }

    /// A path on the router.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file's text; empty if there is none.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// True if there is such a file.
    pub fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path(name)).is_ok()
    }

    /// Its mode.
    pub fn mode(&self, name: &str) -> u32 {
        let what = fs::metadata(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        what.permissions().mode() & 0o7777
    }

    /// Runs a line of shell on the router, whose processes end with it.
    pub fn run(&self, script: &str) -> Ran {
        ran(self.command(script).output().expect("unshare runs"))
    }

    /// The command, ready to be run.
    pub fn command(&self, script: &str) -> Command {
        let new = ["--mount", "--pid", "--fork"];
        self.inside(&new, "mount -t proc proc", script)
    }

    /// The command for a process that stays and hears signals: what this starts is
    /// what the script ends with, by `exec`.
    pub fn resident(&self, script: &str) -> Command {
        self.inside(&["--mount"], "mount --rbind /proc", script)
    }

    fn inside(&self, new: &[&str], mount_proc: &str, script: &str) -> Command {
        let root = self.folder.path().display();
        let program = built();
        let program = program.display();
        let line = format!(
            "set -e; mount --bind {program} {root}/real/wansync; {mount_proc} {root}/proc; \
             for one in null urandom; do mount --bind /dev/$one {root}/dev/$one; done; \
             exec chroot {root} /bin/ash -c \"$1\""
        );
        let mut command = Command::new("unshare");
        command.args(user_namespace()).args(new).arg("--");
        command.args(["sh", "-c", &line, "sh", script]);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.stdin(std::process::Stdio::null());
        command
    }

    /// Runs `/etc/init.d/wansync`, and all that follows from it.
    pub fn service(&self, action: &str) -> Ran {
        self.run(&format!(
            "/etc/init.d/wansync {action}; code=$?; {SETTLE}; exit $code"
        ))
    }

    /// `opkg install` and `apk install` install the first release, `upgrade` the
    /// next one, `remove` what is there.
    pub fn manage(&self, what: &str) -> Ran {
        let command = self.manager(what);
        self.run(&format!("{command} || exit; {SETTLE}")).expect(0)
    }

    /// The command line that one types for it.
    pub fn manager(&self, what: &str) -> String {
        let (manager, action) = what.split_once(' ').expect("a manager and an action");
        let file = match action {
            "install" => "/pkg/1/wansync".to_owned(),
            _ => format!("/pkg/{}/wansync", self.release() + 1),
        };
        match (manager, action) {
            ("opkg", "remove") => "opkg remove wansync".into(),
            ("opkg", _) => format!("opkg install {file}_*.ipk"),
            (_, "remove") => "apk del wansync".into(),
            _ => format!("apk add --allow-untrusted {file}-*.apk"),
        }
    }

    /// The release that is installed; 0 if none is.
    fn release(&self) -> u32 {
        let known =
            self.read("usr/lib/opkg/status.wansync") + &self.read("lib/apk/db/wansync/version");
        let line = known.lines().next().unwrap_or_default();
        let release = line.rsplit_once("-r").map(|(_, number)| number.parse());
        release.map_or(0, |number| number.expect("a number"))
    }

    /// Reboots: tmpfs is empty, and enabled services start.
    pub fn reboot(&self) {
        self.lose_power();
        if self.has("etc/rc.d/S95wansync") {
            self.service("boot");
        }
    }

    /// Empties tmpfs, but for the socket of ubusd, which is there again first.
    pub fn lose_power(&self) {
        let entries = |name: &str| fs::read_dir(self.path(name)).expect("tmpfs").flatten();
        for entry in entries("tmp").chain(entries("tmp/run")) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("tmp/run") && !path.ends_with("run/ubus") {
                fs::remove_dir_all(path).expect("tmpfs");
            } else if !path.is_dir() {
                fs::remove_file(path).expect("tmpfs");
            }
        }
    }

    /// Writes `/etc/config/wansync`: the options of its main section, and these
    /// sections.
    pub fn configure(&self, main: &str, sections: &str) {
        self.write(
            "etc/config/wansync",
            &format!("config wansync 'main'\n{main}\n{sections}"),
        );
    }

    /// A section that publishes this static address at the simulator.
    pub fn home(&self, address: &str) -> String {
        let url = self.sim.http_url();
        format!(
            "config skydns 'home'\noption base_url '{url}'\noption ident 'user1'\n\
             option key '{KEY}'\noption source 'static'\noption address '{address}'\n"
        )
    }

    /// The address that SkyDNS has.
    pub fn bound(&self) -> Vec<String> {
        let bindings = self.sim.bindings("user1");
        bindings.iter().map(|b| b.address.to_string()).collect()
    }

    /// Root's crontab.
    pub fn crontab(&self) -> String {
        self.read("etc/crontabs/root")
    }

    /// The command of our line, without its wait for the router's own second.
    pub fn cron_command(&self) -> String {
        let line = self.cron_lines().pop().expect("a line");
        let command = line.splitn(6, ' ').nth(5).expect("five fields come first");
        assert!(command.starts_with("sleep "), "{command}");
        format!("(sleep() {{ :; }}; {command}\n)")
    }

    /// Our lines in it.
    pub fn cron_lines(&self) -> Vec<String> {
        let text = self.crontab();
        let ours = text
            .lines()
            .filter(|line| line.ends_with("# by /etc/init.d/wansync"));
        ours.map(str::to_owned).collect()
    }

    /// The number of times that cron was restarted.
    pub fn cron_restarts(&self) -> usize {
        self.read("tmp/cron").lines().count()
    }

    /// The service as procd was given it last; none if it has none.
    pub fn procd(&self) -> Option<Vec<String>> {
        let text = fs::read_to_string(self.path("tmp/procd/wansync")).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    /// The lines of [`Staged::procd`] that begin with this word, without it.
    pub fn procd_lines(&self, word: &str) -> Vec<String> {
        let lines = self.procd().unwrap_or_default();
        let ours = lines
            .iter()
            .filter_map(|line| line.strip_prefix(&format!("{word} ")));
        ours.map(str::to_owned).collect()
    }

    /// The log of the service.
    pub fn log(&self) -> String {
        self.read("tmp/log")
    }

    /// All files below these folders.
    pub fn files(&self, folders: &[&str]) -> BTreeMap<String, Known> {
        let mut found = BTreeMap::new();
        for folder in folders {
            self.collect(folder, &mut found);
        }
        found
    }

    fn collect(&self, name: &str, found: &mut BTreeMap<String, Known>) {
        let path = self.path(name);
        let Ok(what) = fs::symlink_metadata(&path) else {
            return;
        };
        let known = Known {
            mode: what.mode(),
            inode: what.ino(),
            changed: (what.ctime(), what.ctime_nsec()),
            text: if what.is_file() {
                fs::read(&path).unwrap_or_default()
            } else {
                Vec::new()
            },
        };
        found.insert(name.to_owned(), known);
        if what.is_dir() {
            for entry in fs::read_dir(&path).expect("a folder").flatten() {
                let entry = entry.file_name().into_string().expect("UTF-8");
                self.collect(&format!("{name}/{entry}"), found);
            }
        }
    }
}

/// A script that waits for what goes on in the background, 20 s at most: until no process but
/// the shell itself is there.
pub const SETTLE: &str = "i=0; while [ $i -lt 200 ]; do set -- /proc/[0-9]*; [ $# -gt 1 ] || break; \
    sleep 0.1; i=$((i + 1)); done";

/// True if files can be given to other users here.
pub fn is_root() -> bool {
    let is_root = fs::metadata("/proc/self").is_ok_and(|what| what.uid() == 0);
    user_namespace().is_empty() && is_root && has_users()
}

/// True if the namespace has other users than root.
fn has_users() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").expect("/proc");
    map.split_whitespace().nth(2) != Some("1")
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let place = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => {
                fs::create_dir_all(&place).expect("a folder");
                copy_all(&entry.path(), &place);
            }
            false => drop(fs::copy(entry.path(), place).expect("a file")),
        }
    }
}

/// The libraries of a program, as `ldd` names them.
pub fn libraries(program: &Path) -> Vec<String> {
    static OURS: OnceLock<Vec<String>> = OnceLock::new();
    let ask = || {
        let said = Command::new("ldd").arg(program).output().expect("ldd runs");
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let paths = text.split_whitespace().filter(|word| word.starts_with('/'));
        paths.map(str::to_owned).collect()
    };
    match program == built() {
        true => OURS.get_or_init(ask).clone(),
        false => ask(),
    }
}
