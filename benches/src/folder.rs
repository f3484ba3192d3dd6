//! A folder of a measurement's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that is removed when it goes.
pub struct Folder(PathBuf);

impl Folder {
    /// On the disk.
    pub fn new() -> Result<Folder, String> {
        Folder::under(&std::env::temp_dir())
    }

    /// In memory where there is such a place, as `/var` is on a router.
    pub fn volatile() -> Result<Folder, String> {
        let memory = Path::new("/dev/shm");
        match memory.is_dir() {
            true => Folder::under(memory),
            false => Folder::new(),
        }
    }

    fn under(parent: &Path) -> Result<Folder, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("wansync-bench-{}-{number}", process::id()));
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Folder(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
