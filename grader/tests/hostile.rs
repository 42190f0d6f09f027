//! Programs that attack: nothing is gained, nobody else is touched, and nothing is left.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod scene;
mod small;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use rstest::rstest;
use scene::{GRADE, PATH, SECRET, Scene, lacks, report};
use serde_json::{Value, json};

#[rstest]
fn an_attack_on_a_sealed_cell_gains_nothing(
    #[values(
        "read", "write", "signals", "trace", "terminal", "rights", "network", "kernel", "daemon", "state", "pins"
    )]
    attack: &str,
) {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    scene.hand_in(attack);
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
    scene.assert_untouched();
}

#[rstest]
fn a_cell_that_an_ordinary_user_makes_is_no_weaker(
    #[values("read", "write", "signals", "trace", "rights", "network", "kernel", "daemon", "state", "pins")]
    attack: &str,
) {
    if lacks("sealed") || !nix::unistd::Uid::effective().is_root() {
        // Called by such a user, all the other tests are this one.
        return;
    }
    let scene = Scene::new();
    scene.hand_in(attack);
    let report = grade_as_anybody(&scene, "sealed");
    assert_eq!(report["exercises"][0]["status"], "passed", "{report:#}");
    scene.assert_untouched();
}

#[rstest]
fn an_attack_on_a_guarded_cell_gains_nothing(#[values("write", "trace", "terminal", "daemon", "others")] attack: &str) {
    if lacks("guarded") {
        return;
    }
    let scene = Scene::new();
    // Where nobody else may enter, root's programs can only be run as root.
    fs::set_permissions(scene.course.path(), Permissions::from_mode(0o755)).unwrap();
    scene.hand_in(attack);
    let exercise = scene.grade(&["--isolation", "guarded"]);
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
    scene.assert_untouched();
}

#[rstest]
fn the_same_attack_works_where_nothing_holds_it(
    #[values("read", "rights", "network", "kernel", "state", "pins", "others")] attack: &str,
) {
    let scene = Scene::new();
    scene.hand_in(attack);
    let exercise = scene.grade(&["--isolation", "basic"]);
    for folder in ["/tmp", "/dev/shm", "/var/tmp"] {
        // What `state` leaves where nothing holds it.
        let _ = fs::remove_file(Path::new(folder).join(format!("{}.mark", scene.course.marker())));
    }
    assert_eq!(exercise["status"], "failed", "{exercise:#}");
}

#[rstest]
fn forged_bytes_reach_no_terminal_and_no_report(#[values("human", "json", "jsonl", "github")] format: &str) {
    let scene = Scene::new();
    scene.hand_in("forge");
    let words = ["check", "greet", "--submission", "in", "--format", format, "--color", "never"];
    let output = scene.course.grader(&words).output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(stream.clone()).unwrap();
        let told: Vec<char> = text.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}').collect();
        assert_eq!(told, [], "{text}");
        let mut commands =
            text.lines().map(str::trim_start).filter(|line| line.starts_with("::") || line.starts_with("##"));
        let forged =
            commands.find(|line| line.contains("forged") && line.starts_with("::error::") || line.starts_with("##"));
        assert_eq!(forged, None, "{text}");
        assert!(
            !text.lines().any(|line| line.trim() == "100/100 points" || line.starts_with("::set-output")),
            "{text}"
        );
    }
    assert_eq!(output.status.code(), Some(1));
}

/// A check with a step that is done once the program has greeted somebody.
const FILES: &str = r#"
format_version: 1
program: {args: ["{ip}", "{port}", "{dir}"]}
checks:
  - id: greeting
    title: {en: "A greeting", zh: "问候"}
    what: {en: "A client is greeted.", zh: "客户端得到问候。"}
    steps: [{start: {}}, {connect: {as: c}}, {recv: {from: c, bytes: "hi\n"}}, STEP]
"#;

#[rstest]
#[case::makes_none("{file: {path: from-the-grader, bytes: x}}", "passed")]
#[case::reads_none("{file_is: {path: secret.txt, bytes: x}}", "failed")]
#[case::lists_none("{files: {in: \".\", names: []}}", "passed")]
fn no_file_is_made_or_read_behind_a_link_in_the_place_of_the_folder(
    #[case] step: &str,
    #[case] status: &str,
    #[values("sealed", "guarded", "basic")] tier: &str,
) {
    if lacks(tier) {
        return;
    }
    let scene = Scene::new();
    let sheet = fs::read_to_string(scene.course.path().join("course.yaml")).unwrap();
    scene.course.write("course.yaml", &sheet.replace("{greeting: 2, again: 1}", "{greeting: 2}"));
    for exercise in ["greet", "greet-more"] {
        scene.course.write(&format!("exercises/{exercise}/checks.yaml"), &FILES.replace("STEP", step));
    }
    scene.hand_in("folder");
    let report = grade_as_anybody(&scene, tier);
    let check = &report["exercises"][0]["checks"][0];
    assert_eq!(check["status"], status, "{report:#}");
    if status == "failed" {
        // It greeted, so the link was there, and nothing was found behind it.
        assert!(check["message"].as_str().unwrap().contains("secret.txt (No such file"), "{report:#}");
    }
    assert!(!report.to_string().contains(SECRET), "{report:#}");
    assert!(!scene.course.path().join("from-the-grader").exists(), "made outside");
    assert_eq!(fs::read_to_string(scene.course.path().join("secret.txt")).unwrap(), SECRET);
}

/// What comes of grading as an ordinary user: only whose program is another user's cannot replace its folder.
fn grade_as_anybody(scene: &Scene, tier: &str) -> Value {
    let grader = scene.course.path().join("grader");
    fs::copy(cargo_bin("grader"), &grader).unwrap();
    let mut command = Command::new(grader);
    if nix::unistd::Uid::effective().is_root() {
        give_to(scene.course.path(), USER);
        command.uid(USER).gid(USER);
    }
    command.current_dir(scene.course.path()).env("HOME", scene.course.path());
    command.args(GRADE).args(["--isolation", tier]);
    report(&command.env("PATH", PATH).output().unwrap())
}

/// An ordinary user that nobody is.
const USER: u32 = 123_456;

/// Gives a folder and all that is in it to a user.
fn give_to(folder: &Path, user: u32) {
    lchown(folder, Some(user), Some(user)).unwrap();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => give_to(&entry.path(), user),
            false => lchown(entry.path(), Some(user), Some(user)).unwrap(),
        }
    }
}

#[rstest]
fn the_root_of_a_container_still_tells_right_from_wrong(
    #[values("-sys_ptrace", "-dac_override,-dac_read_search")] rights: &str,
    #[values("sealed", "guarded", "basic")] tier: &str,
) {
    if lacks(tier) || !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let scene = Scene::new();
    scene.hand_in_right();
    let passed = grade_without(rights, tier, &scene);
    assert_eq!(passed["status"], "passed", "{passed:#}");
    scene.course.write("in/greet.py", "raise SystemExit(1)\n");
    let failed = grade_without(rights, tier, &scene);
    assert_eq!((&failed["status"], &failed["points"]), (&json!("failed"), &json!(0)), "{failed:#}");
}

/// Grades what was handed in in `tier` as a root without `rights`.
fn grade_without(rights: &str, tier: &str, scene: &Scene) -> Value {
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", rights]).arg(cargo_bin("grader")).args(GRADE).args(["--isolation", tier]);
    command.env("PATH", PATH).current_dir(scene.course.path());
    report(&command.output().unwrap())["exercises"][0].clone()
}

#[rstest]
fn two_graders_at_once_do_not_disturb_each_other(#[values("sealed", "guarded", "basic")] tier: &str) {
    if lacks(tier) {
        return;
    }
    let scene = Scene::new();
    scene.hand_in_right();
    let grade = || scene.grade(&["--isolation", tier, "--seed", "1"]);
    std::thread::scope(|scope| {
        let graders: Vec<_> = (0..4).map(|_| scope.spawn(grade)).collect();
        for exercise in graders.into_iter().map(|grader| grader.join().unwrap()) {
            assert_eq!(exercise["status"], "passed", "{exercise:#}");
        }
    });
    scene.assert_no_process_is_left();
}

#[test]
fn a_program_whose_first_thread_has_ended_is_as_good_as_any() {
    let scene = Scene::new();
    scene.hand_in("leader serve");
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
}
