//! A small disk that can be filled: a file system in memory, where one may be mounted.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

const SIZE: &str = "size=24m";

/// Mounted until it is dropped.
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// None where nothing may be mounted, which root may.
    pub(crate) fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "palomar-chaos"])
            .arg(folder)
            .output();
        mounted
            .is_ok_and(|mounted| mounted.status.success())
            .then(|| Self {
                folder: folder.to_owned(),
            })
    }

    /// Leaves not a byte free.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        for size in [64 * 1024, 1] {
            let bytes = vec![0; size];
            while file.write_all(&bytes).is_ok() {}
        }
    }

    pub(crate) fn clear(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // At once, though a look of ours may still have a file there open.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(&self.folder)
            .status();
    }
}
