//! The threads of a process tree, as `/proc` shows them (proc(5)).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::procfs;

/// One thread at one moment. Two equal snapshots of a thread mean that it has not run in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The process, by the number that the grader sees.
    pub pid: i32,
    /// The thread.
    pub tid: i32,
    /// Its state letter: `R`, `S`, `D`, `T`, `t`, `Z`, `X`.
    pub state: char,
    /// The system call that it is in.
    pub call: Option<Call>,
    /// Processor time in nanoseconds and how often it was given the processor (`schedstat`).
    pub ran: (u64, u64),
    /// Nanoseconds in which it was ready and the machine ran something else.
    pub delayed: u64,
}

/// A system call with its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its number on this architecture.
    pub number: i64,
    /// Its arguments, as they stand in the registers.
    pub args: [u64; 6],
}

/// The processes below `root`, without `root` itself, parents first.
pub fn tree(root: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut next = children(root);
    while !next.is_empty() {
        let below = next.iter().flat_map(|pid| children(*pid)).collect();
        found.append(&mut next);
        next = below;
    }
    found
}

fn children(pid: i32) -> Vec<i32> {
    threads(pid)
        .into_iter()
        .filter_map(|tid| procfs::read(format!("/proc/{pid}/task/{tid}/children")).ok())
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
        .collect()
}

fn threads(pid: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut tids: Vec<i32> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    tids.sort_unstable();
    tids
}

/// The folder in `/proc` that shows a process's memory and descriptors. Its own shows nothing once its first thread has
/// ended, though others go on (pthread_exit(3)); that of a thread which goes on does.
pub fn folder(pid: i32) -> String {
    let own = format!("/proc/{pid}");
    if !is_over(&own) {
        return own;
    }
    let mut all = threads(pid).into_iter().map(|tid| format!("{own}/task/{tid}"));
    all.find(|thread| !is_over(thread)).unwrap_or(own)
}

/// True of a thread that has ended.
fn is_over(folder: &str) -> bool {
    let stat = procfs::read(format!("{folder}/stat"));
    stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])))
}

/// True of a process that lives and keeps nothing to itself: it has memory, and its folder is its user's. One that ends
/// has none, and one that is secret (PR_SET_DUMPABLE, prctl(2)) has a folder of root's; few may look into these.
pub fn is_open(pid: i32) -> bool {
    let user = status_field(pid, "Uid:").and_then(|line| line.split_whitespace().next()?.parse::<u32>().ok());
    let owner = fs::metadata(format!("/proc/{pid}")).ok().map(|found| found.uid());
    status_field(pid, "VmSize:").is_some() && user.is_some() && user == owner
}

/// Processor time, in nanoseconds, of a process's children that it has waited for, and of theirs (`stat`, proc(5)).
pub fn waited_ns(pid: i32) -> u64 {
    let stat = procfs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    // Of user and system, counted in ticks; the first field here is the third of all.
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks * (1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// All threads of these processes; zombies and those that ended meanwhile are left out.
pub fn snapshot(processes: &[i32]) -> Vec<Task> {
    let mut tasks = with_ended(processes);
    tasks.retain(|task| !matches!(task.state, 'Z' | 'X'));
    tasks
}

/// The same with zombies.
pub fn with_ended(processes: &[i32]) -> Vec<Task> {
    processes.iter().flat_map(|pid| threads(*pid).into_iter().filter_map(|tid| task(*pid, tid))).collect()
}

fn task(pid: i32, tid: i32) -> Option<Task> {
    let folder = format!("/proc/{pid}/task/{tid}");
    let stat = procfs::read(format!("{folder}/stat")).ok()?;
    let state = stat.rsplit_once(") ")?.1.chars().next()?;
    let call = procfs::read(format!("{folder}/syscall")).ok().as_deref().and_then(parse_call);
    let schedstat = procfs::read(format!("{folder}/schedstat")).ok()?;
    let mut numbers = schedstat.split_whitespace().filter_map(|number| number.parse().ok());
    let (busy, delayed, slices) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(Task { pid, tid, state, call, ran: (busy, slices), delayed })
}

/// A line of `/proc/PID/syscall`: the number, then six arguments and two registers in hexadecimal.
fn parse_call(line: &str) -> Option<Call> {
    let mut words = line.split_whitespace();
    let number = words.next()?.parse().ok().filter(|number| *number >= 0)?;
    let mut args = [0; 6];
    for arg in &mut args {
        *arg = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    }
    Some(Call { number, args })
}

/// The name of a thread (`comm`), at most 15 bytes.
pub fn name(task: &Task) -> String {
    let comm = fs::read(format!("/proc/{}/task/{}/comm", task.pid, task.tid)).unwrap_or_default();
    crate::text::bytes::escape(comm.strip_suffix(b"\n").unwrap_or(&comm))
}

/// The number of a process as it sees itself, in its own process namespace.
pub fn own_number(pid: i32) -> i32 {
    status_field(pid, "NSpid:").and_then(|line| line.split_whitespace().last()?.parse().ok()).unwrap_or(pid)
}

/// True if the process has a handler for a signal that timers send: it may wake without any event that we can see.
pub fn catches_alarm(pid: i32) -> bool {
    let timers = procfs::read(format!("/proc/{pid}/timers")).is_ok_and(|text| !text.trim().is_empty());
    let caught = status_field(pid, "SigCgt:").and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let alarms =
        [libc::SIGALRM, libc::SIGVTALRM, libc::SIGPROF].iter().fold(0, |mask, signal| mask | 1 << (signal - 1));
    timers || caught.is_some_and(|mask| mask & alarms != 0)
}

/// The largest resident set that a process has had, in KiB (`VmHWM`).
pub fn peak_kib(pid: i32) -> u64 {
    status_field(pid, "VmHWM:").and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Memory of a process that is in no file, with its page tables, in KiB. What forked processes share is counted in each of them.
pub fn held_kib(pid: i32) -> u64 {
    sum_kib(&format!("{}/status", folder(pid)), &["RssAnon:", "RssShmem:", "VmPTE:"])
}

/// The same, with what is shared counted in proportion: exact in the sum, but some hundred times as slow.
pub fn held_in_proportion_kib(pid: i32) -> u64 {
    let folder = folder(pid);
    let tables = sum_kib(&format!("{folder}/status"), &["VmPTE:"]);
    tables + sum_kib(&format!("{folder}/smaps_rollup"), &["Pss_Anon:", "Pss_Shmem:"])
}

/// How long the memory of processes may be left unlooked at. What they can take in that time is little beside a limit.
pub const LOOK_EVERY: Duration = Duration::from_millis(10);

/// True if these processes together hold more than `most`, in KiB. No limit of the kernel's own counts that without a
/// control group, and those need rights.
pub fn hold_more(processes: &[i32], most: u64) -> bool {
    let sum = |held: fn(i32) -> u64| processes.iter().map(|pid| held(*pid)).sum::<u64>();
    // The exact sum is asked for only where it may matter.
    sum(held_kib) > most && sum(held_in_proportion_kib) > most
}

fn sum_kib(file: &str, fields: &[&str]) -> u64 {
    let text = procfs::read(file).unwrap_or_default();
    let lines = text.lines().filter(|line| fields.iter().any(|field| line.starts_with(field)));
    lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

fn status_field(pid: i32, field: &str) -> Option<String> {
    let status = procfs::read(format!("{}/status", folder(pid))).ok()?;
    status.lines().find_map(|line| line.strip_prefix(field)).map(|value| value.trim().to_owned())
}

/// Nanoseconds in which this thread was ready and the machine ran something else.
pub fn own_delay() -> u64 {
    let read = |path: &Path| procfs::read(path).ok()?.split_whitespace().nth(1)?.parse().ok();
    read(Path::new("/proc/thread-self/schedstat")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_line_of_proc_syscall_is_read() {
        let call = parse_call("45 0x3 0x7f00 0x400 0x0 0x0 0x0 0x7ffe 0x7f13").unwrap();
        assert_eq!((call.number, call.args[0], call.args[2]), (45, 3, 0x400));
        assert_eq!(parse_call("running"), None);
        assert_eq!(parse_call("-1 0x7ffe 0x7f13"), None);
    }

    #[test]
    fn a_child_that_reads_is_found_below_its_parent() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pid = child.id() as i32;
        assert!(tree(std::process::id() as i32).contains(&pid));
        assert!(snapshot(&[pid]).iter().all(|task| task.pid == pid));
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(snapshot(&[pid]).is_empty());
    }
}
