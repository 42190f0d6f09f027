//! Every step of making a cell is made to fail, one at a time: the check is void, names the step, and the program has not
//! run. There is no half-sealed run.
//!
//! The fault is a system call that a seccomp filter refuses; the check's process inherits it from the thread that starts
//! it. Steps that no call of their own can be told from (writing maps, entering a folder, execve) fail by what they are
//! given.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod small;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use grader::build::Program;
use grader::course::load;
use grader::engine::job::Job;
use grader::engine::main::ONE;
use grader::event::Tier;
use grader::judge::record::{Record, Verdict};
use rstest::rstest;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// A system call to be refused, and where it matters only with one argument.
type Fault = (i64, Option<(u8, SeccompCmpOp, u64)>);

fn masked(flag: i32) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(flag.cast_unsigned().into())
}

/// Refuses the call of `fault` with EPERM in this thread and all that it starts.
fn refuse((call, argument): Fault) {
    let condition =
        |(number, compare, value)| SeccompCondition::new(number, SeccompCmpArgLen::Dword, compare, value).unwrap();
    let rules = argument.map(condition).map(|condition| SeccompRule::new(vec![condition]).unwrap());
    let rules = BTreeMap::from([(call, rules.into_iter().collect())]);
    let refuse = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).unwrap();
    seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

/// A check of the course for which the program says `ran` and nothing else.
fn job(cwd: &str) -> Job {
    let course = load::load(&small::Course::new(small::RIGHT).path().join("course.yaml")).unwrap();
    let exercise = course.exercise("greet").unwrap();
    let check = exercise.file.checks[0].clone();
    Job {
        exercise: exercise.id.clone(),
        values: exercise.values(&check),
        check,
        launch: exercise.file.program.clone(),
        rules: serde_json::value::to_raw_value(&course.causes.rules).unwrap(),
        program: Program {
            argv: ["/bin/sh", "-c", "echo ran"].map(str::to_owned).into(),
            cwd: cwd.into(),
            visible: vec![env!("CARGO_MANIFEST_DIR").into()],
        },
        limits: exercise.limits.clone(),
        tier: Tier::Sealed,
        seed: 1,
    }
}

/// Runs a check with a fault.
fn record(job: &Job, fault: Option<Fault>) -> Record {
    let job = format!("{}\n", serde_json::to_string(job).unwrap());
    // A thread of its own: what it can no longer do, others still can.
    let run = move || {
        let (order, line) = std::io::pipe().unwrap();
        let (mut told, report) = std::io::pipe().unwrap();
        let mut line = File::from(std::os::fd::OwnedFd::from(line));
        if let Some(fault) = fault {
            refuse(fault);
        }
        let mut check = Command::new(cargo_bin("grader"));
        check.args([ONE, Tier::Sealed.name()]).stdin(Stdio::from(order)).stdout(Stdio::from(report));
        let mut child = check.spawn().unwrap();
        drop(check);
        line.write_all(job.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        told.read_to_end(&mut bytes).unwrap();
        child.wait().unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    std::thread::spawn(run).join().unwrap()
}

fn has_run(record: &Record) -> bool {
    serde_json::to_string(&record.transcript).unwrap().contains("\"stdout\"")
}

const NEW_PROCESSES: SeccompCmpOp = SeccompCmpOp::MaskedEq(libc::CLONE_NEWPID as u64);

#[rstest]
#[case::network("unshare of the network namespace", (libc::SYS_unshare, None))]
#[case::loopback("bringing up the loopback interface", (libc::SYS_ioctl, Some((1, SeccompCmpOp::Eq, libc::SIOCSIFFLAGS))))]
#[case::pipes("making pipes", (libc::SYS_pipe2, None))]
#[case::clone("clone with new namespaces", (libc::SYS_clone, Some((0, NEW_PROCESSES, libc::CLONE_NEWPID as u64))))]
#[case::session("setting up init", (libc::SYS_setsid, None))]
#[case::host_name("setting up init", (libc::SYS_sethostname, None))]
#[case::reaper("setting up init", (libc::SYS_prctl, Some((0, SeccompCmpOp::Eq, libc::PR_SET_CHILD_SUBREAPER as u64))))]
#[case::death_signal("setting up init", (libc::SYS_prctl, Some((0, SeccompCmpOp::Eq, libc::PR_SET_PDEATHSIG as u64))))]
#[case::root("mounting the private root", (libc::SYS_mount, None))]
#[case::bind("binding a folder", (libc::SYS_mount, Some((3, masked(libc::MS_BIND as i32), libc::MS_BIND))))]
#[case::bind_read_only("binding a folder", (libc::SYS_mount_setattr, None))]
#[case::hold("binding a folder", (libc::SYS_open_tree, None))]
#[case::put("binding a folder", (libc::SYS_move_mount, None))]
#[case::processes("mounting /proc", (libc::SYS_mount, Some((3, SeccompCmpOp::Eq, libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC))))]
#[case::old_root("pivot_root", (libc::SYS_umount2, None))]
#[case::read_only("making the private root read-only", (libc::SYS_mount_setattr, Some((2, SeccompCmpOp::Eq, libc::AT_EMPTY_PATH as u64))))]
#[case::limits("setting resource limits", (libc::SYS_prlimit64, None))]
#[case::group("setting the program's user", (libc::SYS_setresgid, None))]
#[case::user("setting the program's user", (libc::SYS_setresuid, None))]
#[case::privileges("applying Landlock rules", (libc::SYS_prctl, Some((0, SeccompCmpOp::Eq, libc::PR_SET_NO_NEW_PRIVS as u64))))]
#[case::landlock("applying Landlock rules", (libc::SYS_landlock_restrict_self, None))]
#[case::filter("installing the system call filter", (libc::SYS_seccomp, None))]
#[case::descriptors("arranging descriptors", (libc::SYS_close_range, None))]
#[case::fork("fork of the program", (libc::SYS_clone, Some((0, SeccompCmpOp::Eq, libc::SIGCHLD as u64))))]
fn a_step_that_fails_makes_the_check_void(#[case] step: &str, #[case] fault: Fault) {
    let record = record(&job("/"), Some(fault));
    assert_eq!(record.verdict, Verdict::Void, "{record:#?}");
    let detail = record.void.as_ref().unwrap().detail.clone();
    assert!(detail.contains(step), "{detail}");
    assert!(!has_run(&record), "{record:#?}");
}

#[test]
fn a_folder_or_a_program_that_is_not_there_makes_the_check_void() {
    let no_folder = record(&job("/no/such/folder"), None);
    assert!(no_folder.void.as_ref().unwrap().detail.contains("entering the working folder"), "{no_folder:#?}");
    let mut job = job("/");
    job.program.argv[0] = "/no/such/program".to_owned();
    let no_program = record(&job, None);
    assert!(no_program.void.as_ref().unwrap().detail.contains("execve of the program"), "{no_program:#?}");
}

#[test]
fn without_a_fault_the_program_runs() {
    let record = record(&job("/"), Some((libc::SYS_acct, None)));
    assert_eq!(record.verdict, Verdict::Failed, "{record:#?}");
    assert!(has_run(&record), "{record:#?}");
}
