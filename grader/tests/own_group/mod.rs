//! A control group that a test has for itself, in which a grader can be started alone.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};

use assert_cmd::cargo::cargo_bin;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Uid;

use crate::scene::{PATH, Scene};

/// Where the tree is mounted.
const TREE: &str = "/sys/fs/cgroup";
/// What a grader's groups need.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];
/// How long the end of processes that nobody waits for may take: much longer than it does on any machine.
const AT_MOST_MS: u16 = 60_000;

static MADE: AtomicUsize = AtomicUsize::new(0);

/// A group of one's own. Dropping it ends whatever is in it.
pub struct OwnGroup(PathBuf);

impl OwnGroup {
    /// Makes one; says so where this machine has none, since the test then shows nothing.
    pub fn make() -> Option<OwnGroup> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(TREE).join(format!("graders-test-{}-{number}", process::id()));
        match hand_down(Path::new(TREE)).and_then(|()| fs::create_dir(&folder).map_err(|error| error.to_string())) {
            Ok(()) => Some(OwnGroup(folder)),
            Err(why) => {
                eprintln!("skipped: no control group can be made here: {why}");
                None
            }
        }
    }

    /// The grader with `words`, about to be started in the course's folder and in this group.
    pub fn grader(&self, scene: &Scene, words: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 0 > \"$0\" && exec \"$@\""]).arg(self.0.join("cgroup.procs"));
        command.arg(cargo_bin("grader")).args(words).current_dir(scene.course.path()).env("PATH", PATH);
        command
    }

    /// True while there are groups of a grader in it.
    pub fn is_used(&self) -> bool {
        !groups_in(&self.0).is_empty()
    }

    /// Nobody is in it any more, and nothing is left of the groups that a grader has made.
    pub fn assert_is_as_before(&self) {
        assert!(self.gets_empty(), "processes are left");
        assert_eq!(groups_in(&self.0), Vec::<PathBuf>::new(), "groups are left");
        let handed_down = fs::read_to_string(self.0.join("cgroup.subtree_control")).unwrap();
        assert_eq!(handed_down.trim(), "", "controllers are left");
    }

    /// Waits until no process is in it or below it. False if that does not happen.
    fn gets_empty(&self) -> bool {
        loop {
            // The kernel tells of a change only to whoever has read the file since it was opened.
            let events = File::open(self.0.join("cgroup.events")).unwrap();
            if std::io::read_to_string(&events).unwrap().contains("populated 0") {
                return true;
            }
            let mut changes = [PollFd::new(events.as_fd(), PollFlags::POLLPRI)];
            if poll(&mut changes, PollTimeout::from(AT_MOST_MS)) == Ok(0) {
                return false;
            }
        }
    }
}

impl Drop for OwnGroup {
    fn drop(&mut self) {
        // A test that has failed fails no more.
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
        self.gets_empty();
        remove(&self.0);
    }
}

/// Has what is below `tree` get the controllers.
fn hand_down(tree: &Path) -> Result<(), String> {
    if !Uid::effective().is_root() {
        return Err("only root may".to_owned());
    }
    let has = |file| fs::read_to_string(tree.join(file)).unwrap_or_default();
    let lacks = |list: &str| CONTROLLERS.iter().any(|wanted| !list.split_whitespace().any(|one| one == *wanted));
    if lacks(&has("cgroup.controllers")) {
        return Err(format!("there is no cgroup version 2 with {} at {TREE}", CONTROLLERS.join(" and ")));
    }
    if !lacks(&has("cgroup.subtree_control")) {
        return Ok(());
    }
    let wanted = CONTROLLERS.map(|name| format!("+{name}")).join(" ");
    fs::write(tree.join("cgroup.subtree_control"), wanted).map_err(|error| error.to_string())
}

fn groups_in(group: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(group).unwrap().flatten().map(|entry| entry.path());
    paths.filter(|path| path.is_dir()).collect()
}

/// Removes a group and those below it.
fn remove(group: &Path) {
    groups_in(group).iter().for_each(|below| remove(below));
    let _ = fs::remove_dir(group);
}
