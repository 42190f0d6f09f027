//! Programs that take too much: each is ended, and told which limit it was; who takes little is not.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod scene;
mod small;

use rstest::rstest;
use scene::{Scene, lacks};
use serde_json::json;

#[rstest]
#[case("flood", "OUTPUT_FLOOD")]
#[case("memory", "MEMORY_LIMIT")]
#[case("memory_of_many", "MEMORY_LIMIT")]
#[case("leader memory", "MEMORY_LIMIT")]
#[case("processes", "PROCESS_LIMIT")]
#[case("descriptors", "DESCRIPTOR_LIMIT")]
#[case("disk", "DISK_LIMIT")]
#[case("one_file", "DISK_LIMIT")]
fn what_takes_too_much_is_ended_and_told_which_limit_it_was(#[case] attack: &str, #[case] cause: &str) {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    scene.hand_in(attack);
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["checks"][0]["cause"], cause, "{exercise:#}");
    assert_eq!(exercise["points"], 0);
    scene.assert_untouched();
}

#[rstest]
fn what_never_ends_by_itself_is_ended(#[values("spin", "stops", "vfork")] attack: &str) {
    let scene = Scene::new();
    scene.hand_in(attack);
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["status"], "failed", "{exercise:#}");
    assert_eq!(exercise["points"], 0);
    scene.assert_untouched();
}

#[test]
fn page_tables_are_memory_too() {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    scene.hand_in("page_tables");
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["checks"][0]["cause"], "MEMORY_LIMIT", "{exercise:#}");
}

#[rstest]
fn bytes_that_lie_in_sockets_are_memory_too(#[values("tcp", "udp", "unix", "sent_off", "pages")] kind: &str) {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::with_limits("deadline_ms: 20000, resident_mib: 256, descriptors: 1024");
    scene.hand_in(&format!("buffers {kind}"));
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["checks"][0]["cause"], "MEMORY_LIMIT", "{exercise:#}");
    assert_eq!(exercise["points"], 0);
    scene.assert_untouched();
}

#[test]
fn what_a_check_sends_and_nobody_reads_is_not_the_programs_memory() {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::with_limits("deadline_ms: 20000, resident_mib: 32");
    let fill =
        "{connect: {as: 'c{i}'}}, {fill: {to: 'c{i}', bytes: {repeat: {bytes: x, times: 100000}}, at_most: 4000000}}";
    with_steps(&scene, &format!("start: {{}}, freeze, repeat: {{times: 40, steps: [{fill}]}}, thaw"));
    scene.hand_in_right();
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
}

#[test]
fn who_takes_all_ports_has_failed_and_not_stopped_the_check() {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::with_limits("deadline_ms: 20000, processes: 128, descriptors: 1024");
    with_steps(&scene, "start: {}, start: {}");
    scene.hand_in("ports");
    let exercise = scene.grade_sealed();
    for check in [0, 1] {
        assert_eq!(exercise["checks"][check]["cause"], "PORT_LIMIT", "{exercise:#}");
    }
    assert_eq!(exercise["points"], 0);
    scene.assert_untouched();
}

/// Gives the check `again` other steps.
fn with_steps(scene: &Scene, steps: &str) {
    let (kept, _) = small::CHECKS.split_once("  - id: again").unwrap();
    let words = "title: {en: Again, zh: 再次}, what: {en: Again., zh: 再次。}";
    scene.course.write("exercises/greet/checks.yaml", &format!("{kept}  - {{id: again, {words}, steps: [{steps}]}}\n"));
}

#[test]
fn who_keeps_the_processors_busy_is_not_taken_for_one_that_waits_for_them() {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::with_limits("deadline_ms: 2000, cpu_s: 600, processes: 64");
    scene.hand_in("starve");
    let exercise = scene.grade_sealed();
    assert_eq!((&exercise["status"], &exercise["max_points"]), (&json!("failed"), &json!(3)), "{exercise:#}");
    scene.assert_untouched();
}
