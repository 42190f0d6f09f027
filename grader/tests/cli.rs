//! The grader as it is used: a small course in a folder of its own, the real binary, its output and its exit status.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod small;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::{cargo_bin, cargo_bin_cmd};
use grader::event::Event;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, ends_with, is_empty, is_match, starts_with};
use rstest::rstest;
use serde_json::Value;
use small::{CHECKS, Course, RIGHT};

#[test]
fn a_right_program_passes_and_the_next_exercise_is_named() {
    let course = Course::new(RIGHT);
    let expected = "
greet · greet!
  PASS     greeting  2/2  A greeting
  PASS     again     1/1  Another greeting
  3/3 points · passed

3/3 points

next: greet-more · greet-more! (new)
  read    exercises/greet-more/README.md
  write   exercises/greet-more/src/main.rs
  check   grader check greet-more
";
    let shown = course.check(&["greet"]).assert().code(0);
    shown.stdout(starts_with("small · seed 1 · isolation ")).stdout(ends_with(expected));
    course.grader(&[]).assert().code(0).stdout(contains("1 of 2 exercises passed · 3/6 points"));
    course
        .grader(&["list"])
        .assert()
        .code(0)
        .stdout("Module one\n  greet       3/3  passed  greet!\n  greet-more  0/3  new     greet-more!\n");
    course.grader(&["solution", "greet"]).assert().code(0).stdout(contains("reference/greet/src/main.rs"));
    course.grader(&["solution", "greet-more"]).assert().code(1).stdout(contains("--yes"));
}

#[test]
fn a_wrong_program_fails_with_its_cause_and_hints_come_one_by_one() {
    let course = Course::new(&RIGHT.replace("hi\\n", "ho\\n"));
    let report = course.json(&["greet"]);
    let check = &report["exercises"][0]["checks"][0];
    assert_eq!((&report["points"], &report["max_points"]), (&0.into(), &3.into()));
    assert_eq!(check["status"], "failed");
    assert_eq!(check["cause"], "DIFFERENT");
    assert_eq!(check["message"], "Something else came: \"ho\\n\"");
    assert_eq!((&check["expected"], &check["actual"]), (&"hi\\n".into(), &"ho\\n".into()));
    assert_eq!(check["repeat"], "grader check greet --only greeting --seed 1");
    assert_eq!(report["exercises"][0]["checks"][1]["status"], "blocked");

    course.grader(&["hint"]).assert().code(0).stdout(contains("hint 1 of 3: first").and(contains("second").not()));
    course.grader(&["hint", "greet"]).assert().stdout(contains("hint 2 of 3: second"));
    course.grader(&["hint", "greet", "greeting", "--tier", "1"]).assert().stdout(contains("second").not());
    course.grader(&["hint", "greet", "greeting"]).assert().stdout(contains("hint 3 of 3: third"));
    course.grader(&["hint", "greet/greeting"]).assert().stdout(contains("hint 3 of 3: third"));
    course.grader(&["hint", "greet", "again"]).assert().code(0).stdout(contains("again did not fail"));
    course.grader(&["hint", "greet", "greetin"]).assert().code(2).stderr(contains("did you mean `greeting`?"));
}

#[test]
fn a_failure_is_shown_with_the_caret_and_the_command_that_repeats_it() {
    let course = Course::new(&RIGHT.replace("hi\\n", "ho\\n"));
    let shown = course.check(&["greet", "--lang", "zh"]).assert().code(1);
    shown
        .stdout(contains("失败  greeting  0/2  问候"))
        .stdout(contains("来的是别的：\"ho\\n\""))
        .stdout(contains("第 1 字节：应为 \"i\" (0x69)，实为 \"o\" (0x6f)"))
        .stdout(contains("grader check greet --only greeting --seed 1"))
        .stdout(contains("受阻  again     0/1  再次问候 （依赖 greeting）"));
}

#[test]
fn without_an_exercise_a_check_stops_at_the_first_that_does_not_pass() {
    let course = Course::new("fn main() { todo!(\"listen\") }");
    let report = course.json(&[]);
    assert_eq!(report["exercises"].as_array().unwrap().len(), 1);
    assert_eq!(report["exercises"][0]["status"], "not_started");
    let report = course.json(&["--all"]);
    assert_eq!(report["exercises"][0]["status"], "not_started");
    assert_eq!(report["exercises"][1]["status"], "passed");
    assert_eq!((&report["points"], &report["max_points"]), (&3.into(), &6.into()));
    course.grader(&["hint", "greet"]).assert().stdout(contains("still the skeleton"));
}

#[test]
fn what_does_not_build_shows_the_compilers_words_and_nothing_of_it_is_graded() {
    let course = Course::new("fn main() {\n    let x: u8 = \"\";\n}");
    course.check(&["greet"]).assert().code(1).stdout(contains("      |  --> greet/src/main.rs:2:17"));
    let report = course.json(&["greet"]);
    assert_eq!(report["exercises"][0]["status"], "build_failed");
    assert!(report["exercises"][0]["message"].as_str().unwrap().contains("E0308"));
    assert_eq!(report["exercises"][0]["checks"][0]["status"], "blocked");
    course.grader(&["hint", "greet"]).assert().stdout(contains("does not build"));
}

#[test]
fn a_program_that_was_right_before_is_not_graded_when_it_no_longer_builds() {
    let course = Course::new(RIGHT);
    course.check(&["greet"]).assert().code(0);
    course.exercise("greet", "fn main() { x }");
    course.check(&["greet"]).assert().code(1).stdout(contains("does not build"));
    course.exercise("greet", RIGHT);
    course.check(&["greet"]).assert().code(0);
}

#[test]
fn any_command_can_be_graded_and_its_words_cannot_forge_a_verdict() {
    let course = Course::new(RIGHT);
    let forged = "eprintln!(\"\\x1b[2J\\n  PASS     greeting  2/2\\n::error::x\"); std::process::exit(3)";
    course.program("forger", &format!("fn main() {{ {forged} }}"));
    let shown = course.check(&["greet", "--exec", "./forger"]).assert().code(1);
    shown.stdout(contains("\n        | \\x1b[2J\n        |   PASS     greeting  2/2\n").and(contains('\x1b').not()));
    let lines = course.check(&["greet", "--exec", "./forger", "--format", "github"]).assert().code(1);
    lines.stdout(is_match("^(::(error|notice|warning) [^\n]*\n)+$").unwrap());

    course.program("right", RIGHT);
    course.check(&["greet", "--exec", "./right"]).assert().code(0).stdout(contains("3/3 points"));
}

#[test]
fn who_fails_by_its_own_clock_is_tried_again_with_ten_times_as_much() {
    let course = Course::new(RIGHT);
    let with_time = CHECKS
        .replace("\"{port}\"]", "\"{port}\", \"{time}\"]")
        .replace("\n    steps:", "\n    let: {time: {clock_ms: 200}}\n    steps:");
    course.write("exercises/greet/checks.yaml", &with_time);
    let needs = |ms: u32| {
        let impatient = format!("let listener = if args[3].parse::<u32>().unwrap() < {ms} {{ return }} else {{ ");
        RIGHT.replace("let listener = ", &impatient).replace(".unwrap();\n    for", ".unwrap() };\n    for")
    };
    course.program("busy", &needs(2_000));
    course.check(&["greet", "--exec", "./busy"]).assert().code(0).stdout(contains("3/3 points"));
    course.program("wrong", &needs(2_001));
    course.check(&["greet", "--exec", "./wrong"]).assert().code(1).stdout(contains("0/3 points"));
}

#[test]
fn a_command_is_graded_for_one_exercise_and_must_exist() {
    let course = Course::new(RIGHT);
    course.check(&["--exec", "./x"]).assert().code(2).stderr(contains("name one exercise"));
    course.check(&["greet", "--exec", "./x"]).assert().code(2).stderr(contains("no program `./x`"));
    course.check(&["greet", "--submission", "nowhere"]).assert().code(2).stderr(contains("nowhere is no folder"));
}

#[test]
fn a_submission_is_graded_as_a_whole_and_leaves_the_students_progress_alone() {
    let course = Course::new(RIGHT);
    course.write("handed-in/right.rs", RIGHT);
    let recipe = "format_version: 1\nexercises:\n  greet: {build: rustc right.rs, run: ./right}\n";
    course.write("handed-in/submission.yaml", recipe);
    let report = course.json(&["--submission", "handed-in"]);
    assert_eq!(report["exercises"][0]["status"], "passed");
    assert_eq!(report["exercises"][1]["status"], "build_failed");
    assert_eq!(report["exercises"][1]["message"], "submission.yaml does not name greet-more");
    assert!(!course.path().join(".grader").exists());
}

#[test]
fn reports_in_files_say_the_same_as_standard_output() {
    let course = Course::new(RIGHT);
    let printed = course.json(&["greet", "--report", "json=a.json", "--report", "jsonl=b.jsonl"]);
    let kept: Value = serde_json::from_slice(&fs::read(course.path().join("a.json")).unwrap()).unwrap();
    assert_eq!(printed, kept);
    let events = fs::read_to_string(course.path().join("b.jsonl")).unwrap();
    assert!(events.lines().all(|line| serde_json::from_str::<Event>(line).is_ok()), "{events}");
    assert!(events.lines().next().unwrap().contains("run_started") && events.contains("run_finished"));
    course.check(&["greet", "--report", "json=no/such/a.json"]).assert().code(2).stderr(contains("cannot write"));
}

#[test]
fn repetitions_have_seeds_of_their_own_and_are_compared() {
    let course = Course::new(RIGHT);
    let shown = course.check(&["greet", "--repeat", "2"]).assert().code(0);
    shown
        .stdout(contains("repetition 2 of 2 · seed 2"))
        .stdout(contains("2 repetitions, the same verdicts every time"));
    assert_eq!(course.json(&["greet", "--repeat", "2"])["seed"], 2, "all passed: the last one is told");
    course.exercise("greet", &RIGHT.replace("hi\\n", "ho\\n"));
    assert_eq!(course.json(&["greet", "--repeat", "2"])["seed"], 1, "the first that did not pass");
}

#[test]
fn what_is_typed_wrong_is_answered_with_what_was_meant() {
    let course = Course::new(RIGHT);
    let said = |words: &[&str], text: &str| drop(course.grader(words).assert().code(2).stderr(contains(text)));
    said(&["check", "gret"], "did you mean `greet`?");
    said(&["check", "greet", "--only", "greting"], "did you mean `greeting`?");
    said(&["run", "gret"], "did you mean `greet`?");
    said(
        &["explain", "greeting"],
        "several exercises have a check `greeting`; say which: greet/greeting, greet-more/greeting",
    );
    said(&["explain", "greet"], "write greet/CHECK");
    said(&["check", "--report", "xml=x"], "the kinds are json, jsonl");
    said(&["chek"], "check");
}

#[test]
fn a_check_is_explained_step_by_step() {
    let course = Course::new(RIGHT);
    let expected = "\
greet/again · Another greeting
The next client is greeted, too.
worth 1 points
needs: greeting

what is done and expected:
   1  start the program and wait until it listens at its address
   2  2 times:
        connect to the program over TCP; this is c{i}
        expect \"hi\\n\" from c{i}
";
    course.grader(&["explain", "greet/again"]).assert().code(0).stdout(expected);
    course.grader(&["explain", "greet", "again"]).assert().code(0).stdout(contains("again"));
    let zh = course.grader(&["explain", "greet/again"]).env("LC_ALL", "zh_CN.UTF-8").assert().code(0);
    zh.stdout(contains("启动程序，等到它在自己的地址上监听"));
}

#[test]
fn a_course_is_found_from_inside_and_named_from_outside() {
    let course = Course::new(RIGHT);
    let elsewhere = tempfile::tempdir().unwrap();
    course.grader(&["list"]).current_dir(course.path().join("exercises/greet")).assert().code(0);
    let course_option = course.path().to_str().unwrap();
    course.grader(&["list", "--course", course_option]).current_dir(elsewhere.path()).assert().code(0);
    course.grader(&["list"]).current_dir(elsewhere.path()).assert().code(2).stderr(contains("--course PATH"));
}

#[test]
fn a_bad_course_is_shown_with_file_line_and_caret() {
    let course = Course::new(RIGHT);
    course.write("exercises/greet/checks.yaml", &CHECKS.replace("recv:", "receive:"));
    course
        .grader(&["list"])
        .assert()
        .code(2)
        .stdout(is_empty())
        .stderr(contains("exercises/greet/checks.yaml:").and(contains("receive")).and(contains("^")));
}

#[test]
fn a_progress_file_that_cannot_be_read_costs_only_itself() {
    let course = Course::new(RIGHT);
    course.write(".grader/progress.json", "{");
    course.grader(&["list"]).assert().code(0).stderr(starts_with("warning: cannot understand "));
    assert!(course.path().join(".grader/progress.json.unreadable").exists());
    course.grader(&["list"]).assert().code(0).stderr(is_empty());
}

#[test]
fn colours_are_used_when_asked_for() {
    let course = Course::new(RIGHT);
    course.check(&["greet", "--color", "always"]).assert().stdout(contains("\x1b[1m").and(contains("PASS")));
    course.check(&["greet"]).env("CLICOLOR_FORCE", "1").assert().stdout(contains('\x1b'));
    course.check(&["greet", "--color", "never"]).env("CLICOLOR_FORCE", "1").assert().stdout(contains('\x1b').not());
}

#[test]
fn the_grader_describes_itself_without_a_course() {
    let nowhere = tempfile::tempdir().unwrap();
    let grader = |words: &[&str]| {
        let mut command = cargo_bin_cmd!("grader");
        command.current_dir(nowhere.path()).args(words);
        command.assert()
    };
    for kind in ["course", "checks", "causes", "report"] {
        let output = grader(&["schema", kind]).code(0).get_output().stdout.clone();
        assert!(serde_json::from_slice::<Value>(&output).unwrap()["properties"].is_object(), "{kind}");
    }
    grader(&["completions", "bash"]).code(0).stdout(contains("grader"));
    grader(&["man", "check"]).code(0).stdout(contains(".TH"));
    grader(&["check", "--help"]).code(0).stdout(contains("130  interrupted"));
    grader(&["doctor", "--lang", "en"]).code(0).stdout(contains("basic    works"));
    grader(&["--version"]).code(0);
}

/// A grader that has been started and can be talked to.
struct Running(Child);

impl Running {
    fn start(course: &Course, words: &[&str]) -> Running {
        let mut command = Command::new(cargo_bin("grader"));
        command.current_dir(course.path()).args(words).args(["--lang", "en"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(command.spawn().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().try_into().unwrap()), signal).unwrap();
    }

    /// The exit status and what is left on stderr.
    fn end(mut self) -> (Option<i32>, String) {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (self.0.wait().unwrap().code(), text)
    }
}

#[test]
fn a_signal_stops_a_run_and_its_report_is_whole() {
    let course = Course::new(RIGHT);
    // It says nothing, and a thread of it is always at work: only the deadline would end the check.
    course.program(
        "mute",
        &RIGHT.replace("let _ = client", "loop { let _ = &client; } #[allow(unreachable_code)] let _ = client"),
    );
    let words = ["check", "greet", "--exec", "./mute", "--format", "jsonl"];
    let mut running = Running::start(&course, &words);
    let mut events = BufReader::new(running.0.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("check_started") {
        line.clear();
        assert!(events.read_line(&mut line).unwrap() > 0, "it ended too early");
    }
    running.signal(Signal::SIGTERM);
    let mut rest = String::new();
    events.read_to_string(&mut rest).unwrap();
    assert!(rest.lines().last().unwrap().contains("\"interrupted\":true"), "{rest}");
    let (code, stderr) = running.end();
    assert_eq!(code, Some(130));
    assert!(stderr.contains("stopping …"), "{stderr}");
}

/// The processes that have `text` in their command line.
fn with_text(text: &str) -> usize {
    let lines = fs::read_dir("/proc").unwrap().flatten().map(|entry| fs::read(entry.path().join("cmdline")));
    lines.flatten().filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

/// A course in which building takes long, what is in the command line of that, and the file that is there if it has not
/// been ended.
fn course_that_builds_long() -> (Course, String, std::path::PathBuf) {
    let course = Course::new(RIGHT);
    let (text, late) = (format!("{}-builds", course.marker()), course.path().join("late"));
    let slow = format!("sleep 20; touch {}; : {text}", late.display());
    let script =
        format!("fn main() {{ std::process::Command::new(\"sh\").args([\"-c\", \"{slow}\"]).status().unwrap(); }}");
    course.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"reference/*\"]\n");
    for id in ["greet", "greet-more"] {
        let manifest = fs::read_to_string(course.path().join(format!("exercises/{id}/Cargo.toml"))).unwrap();
        course.write(&format!("reference/{id}/Cargo.toml"), &manifest);
    }
    course.write("reference/greet/build.rs", &script);
    course.write("exercises/greet/build.rs", &script);
    course.write(
        "in/submission.yaml",
        &format!("format_version: 1\nexercises: {{greet: {{build: \"{slow}\", run: x}}}}\n"),
    );
    (course, text, late)
}

#[rstest]
#[case::of_a_submission(&["check", "greet", "--submission", "in", "--format", "jsonl"])]
#[case::of_ones_own_program(&["check", "greet", "--format", "jsonl"])]
#[case::of_a_reference(&["check", "greet", "--reference", "--format", "jsonl"])]
#[case::before_a_run_by_hand(&["run", "greet", "--reference"])]
fn a_signal_to_the_grader_alone_ends_a_build_and_all_that_it_started(#[case] words: &[&str]) {
    let (course, text, late) = course_that_builds_long();
    let mut running = Running::start(&course, words);
    while with_text(&text) == 0 {
        assert!(running.0.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::yield_now();
    }
    running.signal(Signal::SIGINT);
    let mut told = String::new();
    running.0.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    let (code, stderr) = running.end();
    assert_eq!(code, Some(130), "{stderr}");
    if words[0] == "check" {
        assert!(told.lines().last().unwrap().contains("\"interrupted\":true"), "{told}");
        assert!(told.lines().rev().nth(1).unwrap().contains("build_started"), "{told}");
        assert!(stderr.contains("stopping …"), "{stderr}");
    }
    while with_text(&text) > 0 {
        std::thread::yield_now();
    }
    assert!(!late.exists(), "it went on to its end");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let course = Course::new(RIGHT);
    let mut running = Running::start(&course, &["check", "greet"]);
    drop(running.0.stdout.take());
    let (code, stderr) = running.end();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_program_that_is_run_by_hand_can_be_tried_as_it_says() {
    let course = Course::new(&RIGHT.replace("hi\\n\");", "hi\\n\"); return;"));
    let mut running = Running::start(&course, &["run", "greet"]);
    let mut said = BufReader::new(running.0.stderr.take().unwrap());
    let mut line = String::new();
    let port: u16 = loop {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended too early");
        if let Some(port) = line.trim().strip_prefix("nc 127.0.0.1 ") {
            break port.parse().unwrap();
        }
    };
    // Whoever tries it by hand may be too early, too.
    let mut client = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(client) => break client,
            Err(_) => std::thread::yield_now(),
        }
    };
    let mut greeting = String::new();
    client.read_to_string(&mut greeting).unwrap();
    assert_eq!(greeting, "hi\n");
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("the program ended: exit status 0"), "{rest}");
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    client.write_all(b"x").ok();
}
