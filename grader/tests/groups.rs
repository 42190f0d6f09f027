//! A grader that is alone in a control group: programs have a wall more, and everything is put back.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod own_group;
mod scene;
mod small;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use own_group::OwnGroup;
use rstest::rstest;
use scene::{GRADE, Scene, fixture, lacks, report, works};
use serde_json::{Value, json};

/// No machine is so slow that a program reaches one of them without meaning to.
const LIMITS: &str = "deadline_ms: 600000, cpu_s: 600, processes: 64";

/// A grader of what was handed in, about to be started alone in `group`.
fn grader_in(group: &OwnGroup, scene: &Scene, tier: &str) -> Command {
    // Where nobody else may enter, root's programs can only be run as root.
    fs::set_permissions(scene.course.path(), Permissions::from_mode(0o755)).unwrap();
    group.grader(scene, &[&GRADE[..], &["--isolation", tier]].concat())
}

/// Lets one grade.
fn grade_in(group: &OwnGroup, scene: &Scene, tier: &str) -> Value {
    report(&grader_in(group, scene, tier).output().unwrap())["exercises"][0].clone()
}

/// Holds in a program that has a group; the grader's own processes are in another one.
const IS_IN_A_GROUP: &str = "assert '/program.' in open('/proc/self/cgroup').read()";

#[test]
fn the_doctor_finds_groups_where_it_is_alone_and_puts_everything_back() {
    let Some(group) = OwnGroup::make() else { return };
    let output = group.grader(&Scene::new(), &["doctor", "--lang", "en"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("cgroups  works"), "{text}");
    group.assert_is_as_before();
}

#[rstest]
fn a_right_program_gets_full_marks_in_a_group_and_everything_is_put_back(
    #[values("sealed", "guarded", "basic")] tier: &str,
) {
    let Some(group) = OwnGroup::make().filter(|_| !lacks(tier)) else { return };
    let scene = Scene::with_limits(LIMITS);
    scene.hand_in_right();
    let right = fixture("greet.py");
    scene.course.write("in/greet.py", &format!("{right}\n\n{IS_IN_A_GROUP}\nserve()\n"));
    let exercise = grade_in(&group, &scene, tier);
    assert_eq!((&exercise["status"], &exercise["points"]), (&json!("passed"), &json!(3)), "{exercise:#}");
    group.assert_is_as_before();
    scene.assert_no_process_is_left();
}

/// The limit of a group is twice the sum of these two sizes.
fn little_memory() -> Scene {
    Scene::with_limits(&format!("{LIMITS}, resident_mib: 20, disk_mib: 4, descriptors: 4096"))
}

#[rstest]
fn what_the_kernel_holds_for_a_program_is_limited_in_a_group_and_seen_by_no_sum(
    #[values("mappings", "pipes")] kind: &str,
) {
    if lacks("sealed") {
        return;
    }
    let scene = little_memory();
    scene.hand_in(&format!("kernel_memory {kind}"));
    // In the root of all groups a grader has some without being alone.
    if !works("cgroups") {
        let exercise = scene.grade_sealed();
        assert_eq!(exercise["status"], "passed", "without a group it gets what it wants: {exercise:#}");
    }
    let Some(group) = OwnGroup::make() else { return };
    let exercise = grade_in(&group, &scene, "sealed");
    assert_eq!(exercise["checks"][0]["cause"], "MEMORY_LIMIT", "{exercise:#}");
    assert_eq!(exercise["points"], 0);
    group.assert_is_as_before();
    scene.assert_untouched();
}

#[test]
fn who_lets_a_child_go_over_a_groups_limit_ends_with_it() {
    let Some(group) = OwnGroup::make().filter(|_| !lacks("sealed")) else { return };
    let scene = little_memory();
    scene.hand_in("kernel_memory child");
    let exercise = grade_in(&group, &scene, "sealed");
    assert_eq!(exercise["checks"][0]["cause"], "MEMORY_LIMIT", "{exercise:#}");
}

/// Starts a grader alone in `group`; returns when a process of what was handed in is there.
fn start_in(group: &OwnGroup, scene: &Scene, tier: &str) -> Child {
    let mut grader = grader_in(group, scene, tier).stdout(Stdio::null()).spawn().unwrap();
    while scene.processes().is_empty() {
        assert!(grader.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::yield_now();
    }
    assert!(group.is_used());
    grader
}

#[rstest]
fn a_grader_that_is_killed_in_the_middle_of_a_check_leaves_no_group(
    #[values("sealed", "guarded", "basic")] tier: &str,
) {
    let Some(group) = OwnGroup::make().filter(|_| !lacks(tier)) else { return };
    let scene = Scene::with_limits(LIMITS);
    // A program of many processes, which says nothing to anybody.
    scene.hand_in("daemon");
    let mute = fixture("daemon.py").replace("serve()\n", "time.sleep(1000)\n");
    scene.course.write("in/daemon.py", &mute);
    kill(start_in(&group, &scene, tier), &group, &scene);
}

#[rstest]
fn a_grader_that_is_killed_in_the_middle_of_a_build_leaves_no_group(
    #[values("sealed", "guarded", "basic")] tier: &str,
) {
    let Some(group) = OwnGroup::make().filter(|_| !lacks(tier)) else { return };
    let scene = Scene::with_limits(LIMITS);
    let words = format!("build: \"sh -c 'sleep 1000; : {}'\", run: x", scene.course.marker());
    scene.course.write("in/submission.yaml", &format!("format_version: 1\nexercises:\n  greet: {{{words}}}\n"));
    kill(start_in(&group, &scene, tier), &group, &scene);
}

/// Ends a grader as nobody can prevent it; what it had started ends, and its groups go.
fn kill(mut grader: Child, group: &OwnGroup, scene: &Scene) {
    grader.kill().unwrap();
    grader.wait().unwrap();
    group.assert_is_as_before();
    scene.assert_no_process_is_left();
}

#[test]
fn who_forks_as_fast_as_it_can_is_ended_whole() {
    let Some(group) = OwnGroup::make().filter(|_| !lacks("guarded")) else { return };
    let scene = Scene::with_limits(LIMITS);
    scene.hand_in("chains");
    let attack = fixture("chains.py").replace("\nCHAINS", &format!("\n{IS_IN_A_GROUP}\nCHAINS"));
    scene.course.write("in/chains.py", &attack);
    let exercise = grade_in(&group, &scene, "guarded");
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
    group.assert_is_as_before();
    scene.assert_untouched();
}
