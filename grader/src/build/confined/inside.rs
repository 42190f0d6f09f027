//! The process that makes a build's cell: copies the sources in, starts the tool, waits within the limits, ends
//! everything, and only then takes out what was made.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::sched_getaffinity;
use nix::unistd::Pid;

use super::job::{Job, Report, Take};
use super::limits;
use crate::build::keep::keep_made;
use crate::build::stage::{StageError, pour};
use crate::build::take;
use crate::cell::empty::EmptyCell;
use crate::cell::running::Running;
use crate::cell::spawn::{self, Place, Spawn};
use crate::cell::{network, own};
use crate::course::model::Limits;
use crate::event::Tier;
use crate::judge::record::ProcessEnd;
use crate::kernel::tasks;

/// The most of a tool's output that is kept, in bytes: its beginning, which says what was wrong first.
const MOST_KEPT: usize = 128 * 1024;

/// Users of the machine that builds are made as when root calls us, the first one that this system can name: they own
/// nothing but what they built.
const BUILDERS: [u32; 2] = [0x6fff_fffe, 65_534];

/// Why no report on the build itself can be given.
type Trouble = String;

/// The build's process. To be called before any thread is started.
pub fn main() -> ExitCode {
    own::serve(|job| (build(&job).unwrap_or_else(Report::Void), ()))
}

fn build(job: &Job) -> Result<Report, Trouble> {
    if job.tier == Tier::Sealed {
        network::enter().and_then(|()| network::make_room(&limits())).map_err(said)?;
    }
    let users = lay_out(job)?;
    if let Take::File { from, path, .. } = &job.take {
        // What an earlier build made must never be taken for what this one makes.
        take::forget(from, path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
    }
    let processors = sched_getaffinity(Pid::from_raw(0)).map_err(said)?;
    let place = Place { tier: job.tier, users: &users, processors: &processors, writable: job.keep.as_slice() };
    let running = EmptyCell::make(place).and_then(|cell| cell.start(&order(job, &users))).map_err(said)?;
    let (end, output) = attend(&running, job)?;
    drop(running);
    Ok(match end {
        End::By(ProcessEnd::Status(0)) => taken(job, output)?,
        End::By(ProcessEnd::Status(_)) => Report::Failed(output),
        End::By(ProcessEnd::Signal(signal)) => Report::Failed(format!("{output}\nthe build was ended by {signal}")),
        End::Limit(limit) => Report::Failed(format!("{output}\nthe build was ended: {limit}")),
    })
}

fn said(error: impl std::fmt::Display) -> Trouble {
    error.to_string()
}

/// Fills the folder to work in; returns the users that the build may be.
fn lay_out(job: &Job) -> Result<Vec<u32>, Trouble> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| format!("cannot prepare {}: {error}", path.display())
    };
    for name in ["tmp", "cargo"] {
        let folder = job.work.join(name);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).map_err(at(&folder))?;
    }
    pour(&job.source, &job.work.join("src")).map_err(said)?;
    Ok(users(job))
}

/// The users that the build may be, the first that works; what it writes to becomes theirs. None if it can only be
/// ourselves: in a user namespace no other user may be named.
fn users(job: &Job) -> Vec<u32> {
    let is_sealed = job.tier == Tier::Sealed;
    let needed = job.visible.iter().chain([&job.work]).chain(&job.keep).map(PathBuf::as_path);
    if !is_sealed && !spawn::are_open_to_others(needed) {
        return Vec::new();
    }
    // A private file system is open to everybody as it is.
    let written: Vec<&PathBuf> = job.keep.iter().chain((!is_sealed).then_some(&job.work)).collect();
    if written.is_empty() {
        return BUILDERS.to_vec();
    }
    let own = |user: &u32| written.iter().all(|folder| chown(folder, Some(*user), Some(*user)).is_ok());
    BUILDERS.into_iter().find(own).into_iter().collect()
}

fn order(job: &Job, users: &[u32]) -> Spawn {
    let mut env = job.env.clone();
    env.push(format!("HOME={}", job.work.join("tmp").display()));
    env.push(format!("TMPDIR={}", job.work.join("tmp").display()));
    Spawn {
        argv: job.argv.clone(),
        env,
        cwd: job.cwd.clone(),
        scratch: job.work.clone(),
        visible: job.visible.clone(),
        limits: Limits { resident_mib: job.mib, ..limits() },
        users: users.to_vec(),
    }
}

/// How the tool ended.
enum End {
    By(ProcessEnd),
    Limit(String),
}

/// What a tool prints: how much, and the beginning of it.
struct Printed<'r> {
    /// The pipes that are still open at the other end.
    open: Vec<&'r OwnedFd>,
    kept: Vec<u8>,
    bytes: u64,
}

impl Printed<'_> {
    /// Takes in what is there.
    fn drain(&mut self) {
        let Printed { open, kept, bytes } = self;
        let mut buffer = [0; 16 * 1024];
        open.retain(|pipe| {
            loop {
                match nix::unistd::read(pipe, &mut buffer) {
                    Ok(0) => return false,
                    Ok(length) => {
                        *bytes += length as u64;
                        kept.extend_from_slice(&buffer[..length.min(MOST_KEPT.saturating_sub(kept.len()))]);
                    }
                    Err(Errno::EINTR) => {}
                    Err(error) => return error == Errno::EAGAIN,
                }
            }
        });
    }

    fn text(&self) -> String {
        let cut = if self.bytes > self.kept.len() as u64 { "\n…" } else { "" };
        format!("{}{cut}", String::from_utf8_lossy(&self.kept).trim_end())
    }
}

/// Waits for the tool's end, within the limits and as long as our life line is held.
fn attend(running: &Running, job: &Job) -> Result<(End, String), Trouble> {
    let Job { seconds, mib, .. } = *job;
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut looked = Instant::now();
    let mut printed = Printed { open: vec![&running.stdout, &running.stderr], kept: Vec::new(), bytes: 0 };
    let too_much = || End::Limit(format!("its processes together held more than {mib} MiB of memory"));
    let end = loop {
        let end = running.end();
        // After the look: what the tool printed before its end is there now.
        printed.drain();
        if let Some(end) = end {
            break if running.was_full() { too_much() } else { End::By(end) };
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break End::Limit(format!("it took more than {seconds} s"));
        }
        if printed.bytes > limits().output_kib << 10 {
            break End::Limit(format!("it printed more than {} MiB", limits().output_kib >> 10));
        }
        let is_due = looked.elapsed() >= tasks::LOOK_EVERY;
        if is_due && tasks::hold_more(&tasks::tree(running.init()), mib << 10) {
            break too_much();
        }
        if is_due {
            looked = Instant::now();
        }
        wait(running.status_fd(), &printed.open, left.min(tasks::LOOK_EVERY))?;
    };
    Ok((end, printed.text()))
}

/// Waits until something can be read, at most `time`.
fn wait(status: &OwnedFd, open: &[&OwnedFd], time: Duration) -> Result<(), Trouble> {
    let stdin = io::stdin();
    let mut fds = vec![PollFd::new(stdin.as_fd(), PollFlags::POLLIN), PollFd::new(status.as_fd(), PollFlags::POLLIN)];
    fds.extend(open.iter().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
    match poll(&mut fds, PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX)) {
        Ok(_) | Err(Errno::EINTR) if fds[0].any() != Some(true) => Ok(()),
        Ok(_) | Err(Errno::EINTR) => Err("the run was interrupted".to_owned()),
        Err(error) => Err(said(error)),
    }
}

/// Copies out what is wanted. Nothing of the build runs any more.
fn taken(job: &Job, output: String) -> Result<Report, Trouble> {
    match &job.take {
        Take::File { from, path, to } => match take::program(from, path, to, take::by_digest) {
            Ok(program) => Ok(Report::Made(program)),
            Err(take::TakeError::Theirs(why)) => Ok(Report::Failed(format!("{output}\n{why}").trim().to_owned())),
            Err(take::TakeError::Ours(why)) => Err(why),
        },
        Take::Folder { to } => match keep_made(&job.work.join("src"), to) {
            Ok(kept) => Ok(Report::Made(kept)),
            Err(StageError::Build(error)) => Err(said(error)),
            Err(why) => Ok(Report::Failed(format!("{output}\n{why}").trim().to_owned())),
        },
    }
}
