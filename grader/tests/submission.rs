//! What is odd in a submission costs the submission: it is told which file and what to do, and all else is graded.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod small;

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;
use nix::sys::stat::{Mode, SFlag, mknod};
use nix::unistd::{Uid, mkfifo};
use rstest::rstest;
use serde_json::Value;
use small::{Course, RIGHT};

/// A course, and packages for both its exercises, handed in.
fn handed_in() -> (Course, PathBuf) {
    let course = Course::new(RIGHT);
    for id in ["greet", "greet-more"] {
        let manifest = fs::read_to_string(course.path().join(format!("exercises/{id}/Cargo.toml"))).unwrap();
        course.write(&format!("in/{id}/Cargo.toml"), &manifest);
        course.write(&format!("in/{id}/src/main.rs"), RIGHT);
    }
    let folder = course.path().join("in");
    (course, folder)
}

/// Grades what is handed in.
fn grade(course: &Course) -> Output {
    grade_by(course, Command::new(cargo_bin("grader")))
}

/// The same by somebody who may not read everything. Root without that right is like anybody else, but that it cannot
/// look at its programs either: whether they pass is not to be asked.
fn grade_with_fewer_rights(course: &Course) -> Output {
    if !Uid::effective().is_root() {
        return grade(course);
    }
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-dac_override,-dac_read_search"]).arg(cargo_bin("grader"));
    grade_by(course, command)
}

fn grade_by(course: &Course, mut grader: Command) -> Output {
    grader.args(["check", "--all", "--only", "greeting", "--submission", "in", "--format", "json"]);
    grader.current_dir(course.path()).output().unwrap()
}

/// The statuses of both exercises and what is said of them.
fn results(output: &Output) -> [(String, String); 2] {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| unreachable!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    [0, 1].map(|nth| &report["exercises"][nth]).map(|exercise| (text(&exercise["status"]), text(&exercise["message"])))
}

/// The first exercise is blamed for `what`; the second one is graded.
fn assert_only_the_first_pays(output: &Output, what: &str) {
    let [(first, said), (second, _)] = results(output);
    assert_eq!(first, "build_failed");
    assert!(["passed", "failed"].contains(&second.as_str()), "{second}");
    assert!(said.starts_with(what), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

fn close(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
}

#[rstest]
#[case::a_file("src/notes")]
#[case::a_folder("src/more")]
fn what_cannot_be_read_is_named(#[case] name: &str) {
    let (course, folder) = handed_in();
    fs::create_dir(folder.join("greet/src/more")).unwrap();
    fs::write(folder.join("greet/src/notes"), "").unwrap();
    close(&folder.join("greet").join(name));
    let cure = "Permission denied (os error 13); let everybody read it (chmod -R a+rX), or take it out";
    assert_only_the_first_pays(&grade_with_fewer_rights(&course), &format!("cannot read {name}: {cure}"));
    fs::set_permissions(folder.join("greet").join(name), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_package_that_cannot_be_read_is_named() {
    let (course, folder) = handed_in();
    close(&folder.join("greet"));
    let package = folder.canonicalize().unwrap().join("greet");
    let what = format!("cannot read {}: Permission denied", package.display());
    assert_only_the_first_pays(&grade_with_fewer_rights(&course), &what);
    fs::set_permissions(folder.join("greet"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_recipe_with_a_file_that_cannot_be_read_costs_what_it_makes() {
    let (course, folder) = handed_in();
    course.write("in/submission.yaml", "format_version: 1\nexercises: {greet: {run: sleep 1}}\n");
    fs::write(folder.join("notes"), "").unwrap();
    close(&folder.join("notes"));
    let output = grade_with_fewer_rights(&course);
    assert!(results(&output).iter().all(|(status, said)| {
        status == "build_failed" && said.starts_with("cannot read notes: Permission denied")
    }));
    assert_eq!(output.status.code(), Some(1));
}

#[rstest]
#[case::too_deep("more than a few folders", "folders deeper than 16; `1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1` is too much")]
#[case::too_many("more than many files", "more than 2000 files; `many/")]
#[case::too_large("a large file", "more than 64 MiB; `large` is too much")]
fn what_holds_too_much_is_told_what_is_beyond_the_limit(#[case] kind: &str, #[case] said: &str) {
    let (course, folder) = handed_in();
    let package = folder.join("greet");
    match kind {
        "more than a few folders" => fs::create_dir_all(package.join("1/".repeat(17))).unwrap(),
        "more than many files" => {
            fs::create_dir(package.join("many")).unwrap();
            (0..2_001).for_each(|nth| symlink("/", package.join("many").join(nth.to_string())).unwrap());
        }
        _ => File::create(package.join("large")).unwrap().set_len(65 << 20).unwrap(),
    }
    assert_only_the_first_pays(&grade(&course), &format!("the package holds too much: {said}"));
}

#[test]
fn what_is_no_file_or_has_a_name_that_is_no_text_does_no_harm() {
    let (course, folder) = handed_in();
    let package = folder.join("greet");
    fs::write(package.join(OsStr::from_bytes(b"n\xff\n")), "").unwrap();
    mkfifo(&package.join("fifo"), Mode::S_IRWXU).unwrap();
    // A socket's path may have 107 bytes.
    let _listener = UnixListener::bind(package.join("socket")).unwrap();
    symlink("/dev/zero", package.join("link")).unwrap();
    if Uid::effective().is_root() {
        mknod(&package.join("device"), SFlag::S_IFCHR, Mode::S_IRWXU, nix::sys::stat::makedev(1, 5)).unwrap();
    }
    let output = grade(&course);
    let passed = ("passed".to_owned(), String::new());
    assert_eq!(results(&output), [passed.clone(), passed]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_program_that_is_no_file_is_named() {
    let (course, folder) = handed_in();
    course.write("in/submission.yaml", "format_version: 1\nexercises: {greet: {run: ./server}}\n");
    mkfifo(&folder.join("server"), Mode::S_IRWXU).unwrap();
    let [(status, said), _] = results(&grade(&course));
    assert_eq!(status, "build_failed");
    assert!(said.ends_with("\nnot copied, because it is no plain file: server"), "{said}");
}
