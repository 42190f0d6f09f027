//! A disk that is full is nobody's program's fault: the file and the reason are told, nothing is left half-written.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod small;

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use rstest::rstest;
use small::{Course, RIGHT};

/// What came of the grader beside a full disk.
struct Ended {
    code: Option<i32>,
    said: String,
    /// What a shell printed that looked at the disk afterwards.
    after: String,
}

/// Runs the grader with a disk of `size` in the course's folder `at`, after and before some words to a shell that stands
/// in it. The disk is seen by nobody else and gone when all is over. Nothing where that needs rights.
fn with_disk(course: &Course, (at, size): (&str, &str), before: &str, words: &str, after: &str) -> Option<Ended> {
    if !nix::unistd::Uid::effective().is_root() {
        eprintln!("skipped: only root may mount a file system");
        return None;
    }
    let grader = cargo_bin("grader");
    let script = format!(
        "mkdir -p {at} && mount -t tmpfs -o size={size} none {at} || exit 99
         (cd {at} && {before}) || exit 98
         {} {words} 2>said >shown; code=$?
         (cd {at} && {after}) >after; exit $code",
        grader.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).current_dir(course.path()).env("LC_ALL", "C.UTF-8");
    if at == "temporary" {
        command.env("TMPDIR", course.path().join(at));
    }
    let code = command.status().unwrap().code();
    let read = |name: &str| std::fs::read_to_string(course.path().join(name)).unwrap();
    Some(Ended { code, said: read("said"), after: read("after") })
}

/// Fills the disk.
const FILL: &str = "! dd if=/dev/zero of=filler bs=4k 2>/dev/null";

fn course() -> Course {
    let course = Course::new(RIGHT);
    course.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"reference/*\"]\n");
    for id in ["greet", "greet-more"] {
        let manifest = format!("[package]\nname = \"{id}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        course.write(&format!("reference/{id}/Cargo.toml"), &manifest);
    }
    course.write("in/submission.yaml", "format_version: 1\nexercises: {greet: {run: sleep 1}}\n");
    course.write("in/data", &"0123456789abcdef".repeat(30_000));
    course
}

#[rstest]
#[case::ones_own("check greet", "sealed")]
#[case::a_reference("check greet --reference", "reference")]
fn a_build_that_finds_no_room_has_not_failed(#[case] words: &str, #[case] folder: &str) {
    let course = course();
    let Some(ended) = with_disk(&course, ("target", "3m"), "true", words, "true") else { return };
    assert_eq!(ended.code, Some(3), "{}", ended.said);
    let target = course.path().canonicalize().unwrap().join("target/grader").join(folder);
    let told = format!("error: no space is left on the disk for {}", target.display());
    assert!(ended.said.starts_with(&told), "{}", ended.said);
}

#[rstest]
#[case::as_it_came("300k", "stage")]
#[case::as_it_is_started("700k", "bin")]
fn a_copy_that_finds_no_room_is_named_and_not_left_half_written(#[case] size: &str, #[case] folder: &str) {
    let course = course();
    let words = "check greet --submission in";
    let look = format!("find grader/{folder} -name data");
    let Some(ended) = with_disk(&course, ("target", size), "true", words, &look) else { return };
    assert_eq!((ended.code, ended.after.as_str()), (Some(3), ""), "{}", ended.said);
    assert!(
        ended.said.starts_with("error: cannot write ") && ended.said.contains(&format!("/target/grader/{folder}/"))
    );
    assert!(ended.said.contains("/data: No space left on device (os error 28)\n"), "{}", ended.said);
}

#[rstest]
fn a_report_that_finds_no_room_leaves_the_older_one(#[values("json", "jsonl")] kind: &str) {
    let course = course();
    let before = format!("echo old > kept && {FILL}");
    let words = format!("check greet --submission in --report {kind}=reports/kept");
    let after = "cat kept; ls -A";
    let Some(ended) = with_disk(&course, ("reports", "64k"), &before, &words, after) else { return };
    assert_eq!((ended.code, ended.after.as_str()), (Some(3), "old\nfiller\nkept\n"), "{}", ended.said);
    assert_eq!(ended.said, "error: cannot write reports/kept: No space left on device (os error 28)\n");
}

#[test]
fn progress_that_finds_no_room_is_a_warning_and_stays_as_it_was() {
    let course = course();
    let old = "{\"format_version\":1,\"exercises\":{}}";
    let before = format!("echo '{old}' > progress.json && {FILL}");
    let words = "check greet --exec 'sleep 1'";
    let Some(ended) = with_disk(&course, (".grader", "64k"), &before, words, "cat progress.json; ls -A") else {
        return;
    };
    assert_eq!((ended.code, ended.after), (Some(1), format!("{old}\nfiller\nprogress.json\n")), "{}", ended.said);
    let file = course.path().canonicalize().unwrap().join(".grader/progress.json");
    let why = "No space left on device (os error 28)";
    let told = format!("warning: your progress could not be noted: cannot write {}: {why}\n", file.display());
    assert_eq!(ended.said, told);
}

#[test]
fn what_a_tool_prints_finds_no_room_and_that_is_told() {
    let course = course();
    let disk = ("temporary", "64k");
    let Some(ended) = with_disk(&course, disk, FILL, "check greet", "ls -A") else { return };
    assert_eq!((ended.code, ended.after.as_str()), (Some(3), "filler\n"), "{}", ended.said);
    assert!(ended.said.ends_with("/temporary: No space left on device (os error 28)\n"), "{}", ended.said);
}

#[test]
fn standard_output_that_takes_nothing_is_named() {
    let course = course();
    for format in ["human", "json"] {
        let mut grader = Command::new(cargo_bin("grader"));
        grader.args(["check", "greet", "--submission", "in", "--format", format]).current_dir(course.path());
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = grader.env("LC_ALL", "C.UTF-8").stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, "error: cannot write to standard output: No space left on device (os error 28)\n");
        assert_eq!(output.status.code(), Some(3));
    }
}
