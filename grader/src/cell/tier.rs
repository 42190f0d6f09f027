//! Which tiers of isolation work here: found out by making a cell, not by reading settings, so that the step which
//! fails names the cause.

use std::env;
use std::fs;
use std::io;
use std::process::{Command, ExitCode, Stdio};

use nix::sched::sched_getaffinity;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::empty::EmptyCell;
use super::error::{CellError, Step};
use super::running::Running;
use super::spawn::{self, Place, Spawn};
use super::{network, own};
use crate::course::model::Limits;
use crate::event::Tier;
use crate::judge::record::ProcessEnd;

/// The word that makes the grader try a cell.
pub const TRIAL: &str = "__trial";
/// The word that makes the grader do nothing: the program of a trial.
pub const NOTHING: &str = "__nothing";

/// What a trial of one tier showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The tier.
    pub tier: Tier,
    /// What failed, if it does not work.
    pub failed: Option<Fault>,
}

/// The step of making a cell that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The step, if it was one of ours.
    pub step: Option<Step>,
    /// What the system said.
    pub error: String,
    /// The command or setting that cures it, where one is known.
    pub cure: Option<String>,
}

/// The tier that was asked for does not work here.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The tier.
    pub tier: Tier,
    /// The step of making a cell that failed, and how to cure it.
    pub why: String,
}

/// Tries all tiers, the strongest first.
pub fn doctor() -> Vec<Trial> {
    Tier::ALL.into_iter().map(trial).collect()
}

/// The tier to use: `wish`, or the strongest that works, with a word why it is not the strongest of all.
pub fn choose(wish: Option<Tier>) -> Result<(Tier, Option<String>), Refused> {
    if let Some(tier) = wish {
        return match trial(tier).failed {
            None => Ok((tier, None)),
            Some(fault) => Err(Refused { tier, why: fault.to_string() }),
        };
    }
    let mut note: Option<String> = None;
    for trial in Tier::ALL.into_iter().map(trial) {
        match trial.failed {
            None => return Ok((trial.tier, note)),
            Some(fault) => {
                note.get_or_insert_with(|| fault.to_string());
            }
        }
    }
    let why = note.unwrap_or_default();
    Err(Refused { tier: Tier::Basic, why })
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match &self.cure {
            Some(cure) => write!(f, "{}; try: {cure}", self.error),
            None => f.write_str(&self.error),
        }
    }
}

/// Makes a cell of `tier` in a process of its own.
fn trial(tier: Tier) -> Trial {
    let failed = match ask(tier) {
        Ok(failed) => failed,
        Err(error) => Some(Fault { step: None, error: format!("the trial could not be run: {error}"), cure: None }),
    };
    Trial { tier, failed }
}

fn ask(tier: Tier) -> io::Result<Option<Fault>> {
    let mut child = Command::new("/proc/self/exe")
        .arg(TRIAL)
        .arg(serde_json::to_string(&tier)?)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = io::read_to_string(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?)?;
    child.wait()?;
    Ok(serde_json::from_str(&output)?)
}

/// The trial's process.
pub fn trial_main() -> ExitCode {
    let tier = env::args().nth(2).and_then(|word| serde_json::from_str(&word).ok());
    let Some(tier) = tier else { return ExitCode::from(2) };
    let failed =
        make(tier).err().map(|error| Fault { step: Some(error.step), cure: cure(&error), error: error.to_string() });
    own::answer(&failed)
}

fn make(tier: Tier) -> Result<(), CellError> {
    let exe = fs::canonicalize("/proc/self/exe").map_err(CellError::at(Step::Exec))?;
    let processors = sched_getaffinity(Pid::from_raw(0)).map_err(CellError::at(Step::Limits))?;
    if tier == Tier::Sealed {
        network::enter()?;
        network::make_room(&Limits::default())?;
    }
    let users = spawn::users_outside();
    let place = Place { tier, users: &users, processors: &processors, writable: &[] };
    let running = EmptyCell::make(place)?.start(&Spawn {
        argv: vec![exe.to_string_lossy().into_owned(), NOTHING.to_owned()],
        env: Vec::new(),
        cwd: "/".into(),
        scratch: "/tmp".into(),
        visible: Vec::new(),
        limits: Limits::default(),
        users: users.clone(),
    })?;
    let end = loop {
        wait_for(&running)?;
        if let Some(end) = running.end() {
            break end;
        }
    };
    match end {
        ProcessEnd::Status(0) => Ok(()),
        _ => Err(CellError::new(Step::Exec, io::Error::other("the trial program did not run to its end"))),
    }
}

fn wait_for(running: &Running) -> Result<(), CellError> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let mut fds = [PollFd::new(running.status_fd().as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::NONE).map(drop).map_err(CellError::at(Step::Exec))
}

/// What is known to help against a failed step.
fn cure(error: &CellError) -> Option<String> {
    let apparmor = fs::read_to_string("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    let restricted = apparmor.is_ok_and(|value| value.trim() == "1");
    let count = fs::read_to_string("/proc/sys/user/max_user_namespaces").is_ok_and(|value| value.trim() == "0");
    let cure = match (error.step, error.source.raw_os_error()) {
        (_, _) if count => "sudo sysctl -w user.max_user_namespaces=15000",
        (Step::Network | Step::UidMap | Step::LoopbackUp | Step::Tmpfs | Step::Clone, _) if restricted => {
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        }
        (Step::Network | Step::Clone, Some(libc::EPERM)) => {
            "in a container, allow user namespaces: docker run --security-opt seccomp=unconfined \
             --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
        }
        (Step::Proc, Some(libc::EPERM)) => "in a container: docker run --security-opt systempaths=unconfined",
        _ => return None,
    };
    Some(cure.to_owned())
}
