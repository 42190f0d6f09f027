//! Control groups (cgroups(7), version 2), where a part of their tree has been given to us: hard limits for all that a
//! program holds, what the kernel holds for it included, and an end to all of it at once.
//!
//! They are one more wall and never needed. Nothing is passed on from process to process: that there are groups, and
//! where, every process of ours reads from the one that it is in itself.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use thiserror::Error;

use crate::course::model::Limits;

/// Where the tree is mounted.
const TREE: &str = "/sys/fs/cgroup";
/// The beginning of the name of a grader's group; its number follows.
const GRADER: &str = "grader.";
/// The group in it that its own processes are in: a group whose children have limits may have none (cgroups(7), "no
/// internal processes").
const OWN: &str = "own";
/// The beginning of the name of a program's group.
const PROGRAM: &str = "program.";
/// The controllers that we want, each with the limits that we set.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// Why there are no groups.
#[derive(Debug, Error)]
pub enum NoGroups {
    /// There is no tree of version 2.
    #[error("there is no cgroup version 2 at {TREE}")]
    NoTree,
    /// The group that we are in does not have what we want.
    #[error("the control group {0} has no {1} controller")]
    NoController(String, &'static str),
    /// It is not ours to change, or others are in it as well.
    #[error("the control group {group} is not ours alone: {source}")]
    NotOurs {
        /// The group.
        group: String,
        /// What the system said.
        source: io::Error,
    },
}

impl NoGroups {
    /// What gives a command a group for itself, where systemd(1) is.
    pub fn cure(&self) -> Option<&'static str> {
        match self {
            NoGroups::NoTree => None,
            NoGroups::NoController(..) | NoGroups::NotOurs { .. } => {
                Some("systemd-run --scope -p Delegate=yes grader … (with --user if you are not root)")
            }
        }
    }
}

/// A grader's groups. Dropping it puts everything back as it was.
#[derive(Debug)]
pub struct Groups(PathBuf);

impl Groups {
    /// Makes groups below the one that this process is in, and moves it there.
    pub fn enter() -> Result<Groups, NoGroups> {
        let base = own_group().ok_or(NoGroups::NoTree)?;
        let name = || format!("/{}", base.strip_prefix(TREE).unwrap_or(&base).display());
        let has = fs::read_to_string(base.join("cgroup.controllers")).unwrap_or_default();
        if let Some(missing) = CONTROLLERS.into_iter().find(|wanted| !has.split_whitespace().any(|one| one == *wanted))
        {
            return Err(NoGroups::NoController(name(), missing));
        }
        // Left by graders that were killed with everything they had: only in the root of the tree can anybody come here
        // then.
        members(&base, GRADER).iter().for_each(|left| remove_all(left));
        let groups = Groups(base.join(format!("{GRADER}{}", process::id())));
        match groups.make(&base) {
            Ok(()) => Ok(groups),
            Err(source) => Err(NoGroups::NotOurs { group: name(), source }),
        }
    }

    fn make(&self, base: &Path) -> io::Result<()> {
        let own = self.0.join(OWN);
        fs::create_dir(&self.0)?;
        fs::create_dir(&own)?;
        join(&own)?;
        [base, &self.0].iter().try_for_each(|group| control(group, '+'))
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        leave(&self.0);
    }
}

/// Puts everything back as it was before the grader that this process belongs to: for whoever lives on after it, however
/// it ended.
pub fn tidy() {
    if let Some(grader) = own_group().and_then(|own| grader_of(&own)) {
        leave(&grader);
    }
}

/// Removes a grader's groups. Programs that are left in them are ended; others, this process among them, move to where the
/// grader came from: a build's process that has yet to notice the end, or what a cargo has left running.
fn leave(grader: &Path) {
    let Some(base) = grader.parent().filter(|_| grader.exists()) else { return };
    // In the root of the tree limits and processes go together, and it is everybody's. Elsewhere no process may come in
    // before.
    let is_root = !base.join("cgroup.type").exists();
    for group in [Some(grader), Some(base).filter(|_| !is_root)].into_iter().flatten() {
        // Fails where nothing was set, or another grader is at work here.
        let _ = control(group, '-');
    }
    // Who cannot be moved or ended stays with its group.
    let _ = empty(&grader.join(OWN), |pid| set(base, "cgroup.procs", pid));
    for group in members(grader, PROGRAM) {
        let _ = empty(&group, |_| end_all(&group));
    }
    remove_all(grader);
}

/// Does something about each process in a group until there is none.
fn empty(group: &Path, each: impl Fn(&str) -> io::Result<()>) -> io::Result<()> {
    loop {
        // The kernel tells of a change only to whoever has read the file since it was opened (cgroups(7), "cgroup.events").
        let events = File::open(group.join("cgroup.events"))?;
        if io::read_to_string(&events)?.contains("populated 0") {
            return Ok(());
        }
        let inside = fs::read_to_string(group.join("cgroup.procs"))?;
        for pid in inside.lines() {
            match each(pid) {
                // It has ended in the meantime.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                result => result?,
            }
        }
        if inside.is_empty() {
            // Who is ending is no longer named.
            let _ = poll(&mut [PollFd::new(events.as_fd(), PollFlags::POLLPRI)], PollTimeout::NONE);
        }
    }
}

/// The group of one program. Dropping it removes it, where all that was in it has ended.
#[derive(Debug)]
pub struct Group(PathBuf);

impl Group {
    /// Makes one where the grader has groups.
    pub(super) fn make() -> io::Result<Option<Group>> {
        let Some(grader) = own_group().and_then(|own| grader_of(&own)) else { return Ok(None) };
        // A check's process may start several programs.
        let mut names = (0..).map(|number| grader.join(format!("{PROGRAM}{}.{number}", process::id())));
        loop {
            let Some(folder) = names.next() else { return Ok(None) };
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(Some(Group(folder))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What a process writes `0` to in order to join, whoever it has become by then.
    pub(super) fn door(&self) -> io::Result<OwnedFd> {
        Ok(File::options().write(true).open(self.0.join("cgroup.procs"))?.into())
    }

    /// Sets limits. That of memory is a wall behind the sum that is looked at: the kernel counts here what that one does
    /// not see, but also what is nobody's fault.
    pub(super) fn limit(&self, limits: &Limits) -> io::Result<()> {
        let mib = 2 * (limits.resident_mib + limits.disk_mib);
        set(&self.0, "memory.max", &(mib << 20).to_string())?;
        // The limit of processes counts our init, which is not in the group.
        set(&self.0, "pids.max", &limits.processes.saturating_sub(1).to_string())?;
        // No swap, and all of the program ends with the process that is chosen, as where we have looked ourselves.
        for (file, value) in [("memory.swap.max", "0"), ("memory.oom.group", "1")] {
            match set(&self.0, file, value) {
                // A kernel without swap, or before 4.19, does not have it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
        Ok(())
    }

    /// True if the kernel has ended a process of it at its limit of memory, and not because the machine had none left
    /// (`memory.events`).
    pub fn was_full(&self) -> bool {
        let events = fs::read_to_string(self.0.join("memory.events")).unwrap_or_default();
        let is_any = |name: &str| events.lines().any(|line| line.strip_prefix(name).is_some_and(|count| count != "0"));
        is_any("oom ") && is_any("oom_kill ")
    }

    /// Ends all processes in it at once.
    pub(super) fn kill(&self) {
        // A kernel before 5.14 cannot; then they are ended one by one.
        let _ = end_all(&self.0);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        remove(&self.0);
        // Possible only if everybody else has left: the grader was killed, and nobody could know of this group any more.
        if let Some(grader) = self.0.parent() {
            remove(grader);
        }
    }
}

/// The group that this process is in.
fn own_group() -> Option<PathBuf> {
    if statfs(TREE).ok()?.filesystem_type() != CGROUP2_SUPER_MAGIC {
        return None;
    }
    let list = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = list.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(TREE).join(path))
}

/// The groups of the grader whose own processes are in `group`, if it is such a one.
fn grader_of(group: &Path) -> Option<PathBuf> {
    let grader = group.parent().filter(|_| group.ends_with(OWN))?;
    grader.file_name()?.to_str()?.starts_with(GRADER).then(|| grader.to_owned())
}

fn members(group: &Path, beginning: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(group).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    all.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning))).collect()
}

/// Gives the children of a group our controllers, `+`, or takes them away, `-`.
fn control(group: &Path, sign: char) -> io::Result<()> {
    set(group, "cgroup.subtree_control", &CONTROLLERS.map(|name| format!("{sign}{name}")).join(" "))
}

/// Moves this process.
fn join(group: &Path) -> io::Result<()> {
    set(group, "cgroup.procs", "0")
}

/// Ends all processes in a group.
fn end_all(group: &Path) -> io::Result<()> {
    set(group, "cgroup.kill", "1")
}

fn set(group: &Path, file: &str, value: &str) -> io::Result<()> {
    // Not created: where the kernel has no such file, there is none.
    io::Write::write_all(&mut File::options().write(true).open(group.join(file))?, value.as_bytes())
}

/// Removes a grader's groups that nothing is in.
fn remove_all(grader: &Path) {
    members(grader, PROGRAM).iter().for_each(|group| remove(group));
    remove(&grader.join(OWN));
    remove(grader);
}

/// Removes a group with nothing in it; one that has something stays for whoever tidies up.
fn remove(group: &Path) {
    let _ = fs::remove_dir(group);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    /// A folder with such files as a group has.
    fn group(files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
        let group = Group(folder.path().to_owned());
        (folder, group)
    }

    #[test]
    fn a_group_was_full_only_if_its_own_limit_ended_somebody() {
        let events = |text: &str| group(&[("memory.events", text)]).1.was_full();
        assert!(events("low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n"));
        assert!(!events("low 0\nhigh 0\nmax 9\noom 0\noom_kill 0\noom_group_kill 0\n"));
        assert!(
            !events("low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\noom_group_kill 0\n"),
            "the machine's memory was full"
        );
    }

    #[test]
    fn limits_are_written_where_the_kernel_has_them_and_newer_files_may_be_missing() {
        let (folder, group) = group(&[("memory.max", ""), ("pids.max", "")]);
        let limits = Limits { resident_mib: 100, disk_mib: 10, processes: 64, ..Limits::default() };
        group.limit(&limits).unwrap();
        let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((read("memory.max"), read("pids.max")), ((220 << 20).to_string(), "63".to_owned()));
        fs::write(folder.path().join("memory.oom.group"), "").unwrap();
        group.limit(&limits).unwrap();
        assert_eq!(read("memory.oom.group"), "1");
        fs::remove_file(folder.path().join("pids.max")).unwrap();
        assert_eq!(group.limit(&limits).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_grader_has_groups_only_from_its_own_one() {
        let of = |group: &str| grader_of(Path::new(group));
        assert_eq!(of("/sys/fs/cgroup/a/grader.7/own"), Some("/sys/fs/cgroup/a/grader.7".into()));
        assert_eq!(of("/sys/fs/cgroup/a/grader.7"), None);
        assert_eq!(of("/sys/fs/cgroup/a/own"), None);
        assert_eq!(of("/"), None);
    }
}
