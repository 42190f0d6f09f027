//! What `course.yaml` says: the score sheet. Plain data; loading and checking it is `load` and `validate`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::Words;

/// The score sheet of a course, as `course.yaml` holds it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CourseFile {
    /// The version of this file's form; 1 is the only one.
    pub format_version: u32,
    /// A short name for the course, used in reports.
    pub course: String,
    /// The course's title.
    pub title: Words,
    /// The limits of every check, unless its exercise says otherwise.
    #[serde(default)]
    pub limits: Limits,
    /// The modules, in the order in which the course is walked.
    pub modules: Vec<Module>,
}

/// A group of exercises about one thing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// A short name, unique in the course.
    pub id: String,
    /// The module's title.
    pub title: Words,
    /// Its exercises, in the order in which they are walked.
    pub exercises: Vec<Entry>,
}

/// An exercise's place in the course and what its checks are worth.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The exercise's name: its folder, its package, and its program.
    pub id: String,
    /// The exercise's title.
    pub title: Words,
    /// The exercises that should be done first.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What each check is worth, in points. Every check of the exercise is named, and no other.
    pub points: BTreeMap<String, u32>,
    /// Limits of this exercise in place of the course's; those that are not named stay.
    #[serde(default)]
    pub limits: LimitChanges,
}

/// What a program may use while a check runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The last resort against waiting for ever, in milliseconds. Time in which the machine kept the program from
    /// running does not count.
    pub deadline_ms: u64,
    /// Address space of each process (RLIMIT_AS), in MiB. 0 is no limit: runtimes that reserve much more than they
    /// use need it.
    pub memory_mib: u64,
    /// Memory that all processes together may hold at one time, in MiB, with what lies in sockets between them; a
    /// program that holds more is ended.
    pub resident_mib: u64,
    /// Processes and threads together (RLIMIT_NPROC).
    pub processes: u64,
    /// Open descriptors of each process (RLIMIT_NOFILE).
    pub descriptors: u64,
    /// The largest file that may be written (RLIMIT_FSIZE) and the size of the private /tmp, in MiB.
    pub disk_mib: u64,
    /// Bytes that may come from stdout and from stderr, each, in KiB; a program that writes more is ended.
    pub output_kib: u64,
    /// Processor time of each process (RLIMIT_CPU), in seconds.
    pub cpu_s: u64,
    /// Time that building the program may take, in seconds.
    pub build_s: u64,
    /// Memory that all processes of a build together may hold at one time, in MiB; a build that holds more is ended.
    pub build_mib: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            deadline_ms: 5_000,
            memory_mib: 0,
            resident_mib: 1024,
            processes: 256,
            descriptors: 512,
            disk_mib: 96,
            output_kib: 4_096,
            cpu_s: 20,
            build_s: 300,
            build_mib: 4096,
        }
    }
}

/// Some limits in place of others. The fields are those of [`Limits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitChanges {
    /// The last resort against waiting for ever, in milliseconds.
    pub deadline_ms: Option<u64>,
    /// Address space of each process, in MiB; 0 is no limit.
    pub memory_mib: Option<u64>,
    /// Memory that all processes together may hold at one time, in MiB.
    pub resident_mib: Option<u64>,
    /// Processes and threads together.
    pub processes: Option<u64>,
    /// Open descriptors of each process.
    pub descriptors: Option<u64>,
    /// The largest file, and the size of the private /tmp, in MiB.
    pub disk_mib: Option<u64>,
    /// Bytes from stdout and from stderr, each, in KiB.
    pub output_kib: Option<u64>,
    /// Processor time of each process, in seconds.
    pub cpu_s: Option<u64>,
    /// Time that building the program may take, in seconds.
    pub build_s: Option<u64>,
    /// Memory that all processes of a build together may hold at one time, in MiB.
    pub build_mib: Option<u64>,
}

impl LimitChanges {
    /// `limits` with these changes.
    pub fn over(&self, limits: &Limits) -> Limits {
        Limits {
            deadline_ms: self.deadline_ms.unwrap_or(limits.deadline_ms),
            memory_mib: self.memory_mib.unwrap_or(limits.memory_mib),
            resident_mib: self.resident_mib.unwrap_or(limits.resident_mib),
            processes: self.processes.unwrap_or(limits.processes),
            descriptors: self.descriptors.unwrap_or(limits.descriptors),
            disk_mib: self.disk_mib.unwrap_or(limits.disk_mib),
            output_kib: self.output_kib.unwrap_or(limits.output_kib),
            cpu_s: self.cpu_s.unwrap_or(limits.cpu_s),
            build_s: self.build_s.unwrap_or(limits.build_s),
            build_mib: self.build_mib.unwrap_or(limits.build_mib),
        }
    }
}

impl From<&Limits> for LimitChanges {
    fn from(limits: &Limits) -> LimitChanges {
        LimitChanges {
            deadline_ms: Some(limits.deadline_ms),
            memory_mib: Some(limits.memory_mib),
            resident_mib: Some(limits.resident_mib),
            processes: Some(limits.processes),
            descriptors: Some(limits.descriptors),
            disk_mib: Some(limits.disk_mib),
            output_kib: Some(limits.output_kib),
            cpu_s: Some(limits.cpu_s),
            build_s: Some(limits.build_s),
            build_mib: Some(limits.build_mib),
        }
    }
}
