//! Control groups as folders: of which version one is, and whether anybody is in it.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::EbpfError;

/// A control group, as programs in the kernel tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Of the second version, or no control group at all, which the kernel says.
    Unified,
    /// Of the first version: the kernel's constant for a controller of its hierarchy, and its
    /// number there.
    Old(&'static str, u64),
}

/// Controllers as mounts name them, and the kernel's constants; `include/linux/cgroup_subsys.h`.
const CONTROLLERS: [(&str, &str); 14] = [
    ("cpuset", "cpuset_cgrp_id"),
    ("cpu", "cpu_cgrp_id"),
    ("cpuacct", "cpuacct_cgrp_id"),
    ("blkio", "io_cgrp_id"),
    ("memory", "memory_cgrp_id"),
    ("devices", "devices_cgrp_id"),
    ("freezer", "freezer_cgrp_id"),
    ("net_cls", "net_cls_cgrp_id"),
    ("net_prio", "net_prio_cgrp_id"),
    ("perf_event", "perf_event_cgrp_id"),
    ("hugetlb", "hugetlb_cgrp_id"),
    ("pids", "pids_cgrp_id"),
    ("rdma", "rdma_cgrp_id"),
    ("misc", "misc_cgrp_id"),
];

impl Group {
    /// What a folder is.
    pub(super) fn of(path: &Path) -> Result<Self, EbpfError> {
        let failed = |error: std::io::Error| EbpfError::Group {
            path: path.display().to_string(),
            source: Errno::from_raw(error.raw_os_error().unwrap_or_default()),
        };
        let whole = path.canonicalize().map_err(failed)?;
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").map_err(failed)?;
        let Some(options) = old_options(&mounts, &whole) else {
            return Ok(Self::Unified);
        };
        let constant = CONTROLLERS
            .into_iter()
            .find(|(name, _)| options.contains(*name))
            .map(|(_, constant)| constant)
            .ok_or_else(|| EbpfError::NoController {
                path: path.display().to_string(),
            })?;
        // The number of its folder is that of its node; fs/kernfs/inode.c.
        let number = std::fs::metadata(&whole).map_err(failed)?.ino();
        Ok(Self::Old(constant, number))
    }
}

/// The options of the hierarchy of the first version in which a folder is;
/// `proc_pid_mountinfo(5)`.
fn old_options<'a>(mounts: &'a str, path: &Path) -> Option<BTreeSet<&'a str>> {
    let within = mounts.lines().filter_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        let place = Path::new(mount.split(' ').nth(4)?);
        path.starts_with(place).then_some((place, system))
    });
    // The last of several mounts at one place is the one that shows.
    let (_, system) = within.max_by_key(|(place, _)| place.components().count())?;
    let mut words = system.split(' ');
    (words.next() == Some("cgroup"))
        .then(|| words.next_back().unwrap_or_default().split(',').collect())
}

/// Whether somebody is in a control group or below it; Documentation/admin-guide/cgroup-v2.rst.
/// The root has no such file, and is never empty. Groups of the first version list their processes.
pub(super) fn is_populated(path: &Path) -> bool {
    /// A bound against a tree that grows faster than it is looked at.
    const MAX_FOLDERS: usize = 10_000;
    if let Ok(text) = std::fs::read_to_string(path.join("cgroup.events")) {
        return text.lines().any(|line| line == "populated 1");
    }
    if !path.join("cgroup.clone_children").exists() {
        return true;
    }
    let mut rest: Vec<PathBuf> = vec![path.to_owned()];
    for _ in 0..MAX_FOLDERS {
        let Some(folder) = rest.pop() else {
            return false;
        };
        let processes = std::fs::read_to_string(folder.join("cgroup.procs"));
        if processes.is_ok_and(|text| !text.is_empty()) {
            return true;
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let folders = entries.filter(|it| it.file_type().is_ok_and(|it| it.is_dir()));
        rest.extend(folders.map(|it| it.path()));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies() {
        let mounts = "\
22 1 0:20 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
23 22 0:21 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
24 22 0:22 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup rw,name=systemd
25 22 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";
        let options = |path: &str| old_options(mounts, Path::new(path));
        let cpu = options("/sys/fs/cgroup/cpu,cpuacct/docker/x").unwrap();
        assert!(cpu.contains("cpu") && cpu.contains("cpuacct"), "{cpu:?}");
        assert!(
            options("/sys/fs/cgroup/systemd/a")
                .unwrap()
                .contains("name=systemd")
        );
        assert_eq!(options("/sys/fs/cgroup/unified/a"), None);
        assert_eq!(options("/sys/fs/cgroup"), None);
        assert_eq!(options("/proc"), None);
    }
}
