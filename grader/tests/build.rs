//! Builds in cells: what learners and submissions hand in becomes programs, and nothing else comes of it.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod small;

use std::fs;

use serde_json::Value;
use small::{Course, RIGHT};

/// The status of an exercise, and what was said of its build.
fn graded(course: &Course, words: &[&str]) -> (String, String) {
    let output = course.grader(&[&["check", "greet", "--format", "json"], words].concat()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let exercise = &report["exercises"][0];
    let said = exercise["message"].as_str().unwrap_or_default().to_owned();
    (exercise["status"].as_str().unwrap().to_owned(), said)
}

#[test]
fn a_package_is_built_again_when_it_changes() {
    let course = Course::new(RIGHT);
    assert_eq!(graded(&course, &[]).0, "passed");
    course.exercise("greet", &RIGHT.replace("hi", "ho"));
    assert_eq!(graded(&course, &[]).0, "failed");
    course.exercise("greet", RIGHT);
    assert_eq!(graded(&course, &[]).0, "passed", "an older program is found again by its bytes");
}

#[test]
fn the_compilers_words_name_the_learners_file_and_line() {
    let course = Course::new("fn main() {\n    let x: u8 = \"\";\n}");
    let (status, said) = graded(&course, &[]);
    assert_eq!(status, "build_failed");
    assert!(said.contains("greet/src/main.rs:2:17"), "{said}");
}

#[test]
fn a_broken_manifest_costs_nobody_else_anything() {
    let course = Course::new(RIGHT);
    course.write("exercises/greet-more/Cargo.toml", "this is no manifest");
    assert_eq!(graded(&course, &[]).0, "passed");
}

#[test]
fn a_configuration_in_the_package_is_not_the_builds() {
    let course = Course::new(RIGHT);
    course.write("exercises/greet/.cargo/config.toml", "[build]\ntarget = \"no-such-target\"\n");
    assert_eq!(graded(&course, &[]).0, "passed");
}

#[test]
fn a_package_that_is_a_workspace_itself_is_built() {
    let course = Course::new(RIGHT);
    let manifest = fs::read_to_string(course.path().join("exercises/greet/Cargo.toml")).unwrap();
    course.write("exercises/greet/Cargo.toml", &format!("{manifest}[workspace]\n"));
    assert_eq!(graded(&course, &[]).0, "passed");
}

#[test]
fn a_program_with_another_name_is_not_found() {
    let course = Course::new(RIGHT);
    let manifest = fs::read_to_string(course.path().join("exercises/greet/Cargo.toml")).unwrap();
    course.write("exercises/greet/Cargo.toml", &manifest.replace("\"greet\"", "\"other\""));
    assert_eq!(graded(&course, &[]).0, "build_failed");
}

#[test]
fn a_recipe_is_followed_in_a_copy_and_leaves_the_submission_as_it_is() {
    let course = Course::new(RIGHT);
    course.write(
        "in/submission.yaml",
        "format_version: 1\nexercises:\n  greet: {build: \"sh make.sh\", run: \"./greet\"}\n",
    );
    let script =
        "printf '#!/bin/sh\\nexec python3 -c \"'\"$(cat server.py)\"'\" \"$@\"\\n' > greet && chmod +x greet\n";
    course.write("in/make.sh", script);
    course.write("in/server.py", SERVER);
    let (status, said) = graded(&course, &["--submission", "in"]);
    assert_eq!((status.as_str(), said.as_str()), ("passed", ""));
    assert!(!course.path().join("in/greet").exists(), "built in the copy");
}

const SERVER: &str = "
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    client, _ = server.accept()
    client.sendall(b'hi' + bytes([10]))
    client.close()
";

#[test]
fn a_recipe_that_fails_shows_what_it_printed_in_its_order() {
    let course = Course::new(RIGHT);
    let recipe = "echo one; echo two >&2; echo three; exit 1";
    course.write(
        "in/submission.yaml",
        &format!("format_version: 1\nexercises:\n  greet: {{build: \"{recipe}\", run: x}}\n"),
    );
    let (status, said) = graded(&course, &["--submission", "in"]);
    assert_eq!(status, "build_failed");
    assert_eq!(said, format!("$ {recipe}\none\ntwo\nthree"));
}

#[test]
fn a_recipe_names_programs_in_path_and_in_the_submission_only() {
    let course = Course::new(RIGHT);
    course.write("outside/solution", "#!/bin/sh\n");
    let solution = course.path().join("outside/solution");
    for (run, said) in [
        ("./nothing", "run: no program `./nothing`".to_owned()),
        ("../outside/solution", "run: no program `../outside/solution`".to_owned()),
        (solution.to_str().unwrap(), format!("run: no program `{}`", solution.display())),
    ] {
        course.write("in/submission.yaml", &format!("format_version: 1\nexercises:\n  greet: {{run: {run}}}\n"));
        let (status, message) = graded(&course, &["--submission", "in"]);
        assert_eq!(status, "build_failed");
        assert!(message.starts_with(&said), "{message}");
    }
}

#[test]
fn a_build_that_takes_too_long_is_ended_and_says_so() {
    let course = Course::new(RIGHT);
    let sheet = fs::read_to_string(course.path().join("course.yaml")).unwrap();
    course.write("course.yaml", &sheet.replace("modules:", "limits: {build_s: 1}\nmodules:"));
    course.write("in/submission.yaml", "format_version: 1\nexercises:\n  greet: {build: sleep 1000, run: x}\n");
    let (status, message) = graded(&course, &["--submission", "in"]);
    assert_eq!(status, "build_failed");
    assert_eq!(message, "$ sleep 1000\n\nthe build was ended: it took more than 1 s");
}
