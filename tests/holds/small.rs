//! A folder of a file system that can be filled, or made read-only.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use wansync_test_support::netns::{behind, user_namespace};
use wansync_test_support::{Ran, Router, ran};

/// A mount namespace in which a router's state lies on a tmpfs of its own.
pub struct SmallState {
    holder: Child,
    folder: PathBuf,
}

impl SmallState {
    /// Mounts it, with room for this and no more.
    pub fn new(router: &Router, size: &str) -> SmallState {
        let folder = router.path("run");
        let _ = fs::create_dir(&folder);
        let line = format!(
            "mount -t tmpfs -o mode=700,size={size} none {} && exec cat",
            folder.display()
        );
        let mut unshare = Command::new("unshare");
        unshare.arg("--mount").args(user_namespace());
        unshare.args(["--", "sh", "-c", &line]);
        let unshare = unshare.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = unshare.spawn().expect("unshare (util-linux) runs");
        // What comes back comes from inside, after the mount.
        let stdin = holder.stdin.as_mut().expect("it is piped");
        stdin.write_all(b"\n").expect("cat reads");
        let stdout = holder.stdout.as_mut().expect("it is piped");
        stdout.read_exact(&mut [0]).expect("a tmpfs was mounted");
        SmallState { holder, folder }
    }

    /// The command where it is mounted.
    pub fn enter(&self, command: &Command) -> Command {
        let target = self.holder.id().to_string();
        let mut nsenter = vec!["nsenter", "--target", &target, "--mount"];
        if !user_namespace().is_empty() {
            nsenter.extend(["--user", "--preserve-credentials"]);
        }
        nsenter.push("--");
        behind(&nsenter, command)
    }

    /// Runs the program there.
    pub fn run(&self, router: &Router, arguments: &[&str]) -> Ran {
        let mut command = self.enter(&router.command(arguments));
        ran(command.output().expect("nsenter (util-linux) runs"))
    }

    /// A path in it, as it is seen from outside.
    pub fn path(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        let inside = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        root.join(inside).join(name)
    }

    /// Fills it.
    pub fn fill(&self) {
        let mut filler = File::create(self.path("filler")).expect("a file");
        for size in [4096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn make_room(&self) {
        fs::remove_file(self.path("filler")).expect("it was filled");
    }

    /// Makes it read-only.
    pub fn forbid_writing(&self) {
        let mut mount = Command::new("mount");
        mount.args(["-o", "remount,ro"]).arg(&self.folder);
        let done = self.enter(&mount).status().expect("mount runs");
        assert!(done.success(), "remounted");
    }
}

impl Drop for SmallState {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// True if a file has this text.
pub fn contains(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|content| content.contains(text))
}
