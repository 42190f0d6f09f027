//! Builds that attack, and submissions of odd shape: nothing is read but what was handed in, and nothing is left.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod scene;
mod small;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use rstest::rstest;
use scene::{MANIFEST, Scene, fixture, lacks};
use small::RIGHT;

#[test]
fn a_build_script_gains_nothing_and_leaves_nothing() {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    hand_in_package(&scene);
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
    scene.assert_untouched();
}

#[test]
fn the_same_build_script_works_where_nothing_holds_it() {
    let scene = Scene::new();
    hand_in_package(&scene);
    let exercise = scene.grade(&["--isolation", "basic"]);
    assert_eq!(exercise["status"], "build_failed", "{exercise:#}");
    assert!(exercise["message"].as_str().unwrap().contains("worked: read a secret"), "{exercise:#}");
}

/// A package whose build script attacks.
fn hand_in_package(scene: &Scene) {
    let course = scene.course.path().display().to_string();
    let filled = [
        ("{secret}", format!("{course}/secret.txt")),
        ("{course}", course),
        ("{home}", std::env::var("HOME").unwrap_or_default()),
        ("{tcp}", scene.tcp.local_addr().unwrap().port().to_string()),
        ("{udp}", scene.udp.local_addr().unwrap().port().to_string()),
        ("{marker}", scene.course.marker().to_owned()),
    ]
    .into_iter()
    .fold(fixture("build.rs"), |script, (name, value)| script.replace(name, &value));
    scene.course.write("in/greet/Cargo.toml", MANIFEST);
    scene.course.write("in/greet/build.rs", &filled);
    scene
        .course
        .write("in/greet/src/main.rs", &RIGHT.replace("fn main() {", "fn main() {\n    let _ = env!(\"BUILT\");"));
}

#[rstest]
#[case::included("src/main.rs", "fn main() { print!(\"{}\", include_str!(\"SECRET\")) }")]
#[case::run_by_the_recipe(
    "submission.yaml",
    "format_version: 1\nexercises: {greet: {build: \"cat SECRET\", run: x}}\n"
)]
#[case::run_as_program("submission.yaml", "format_version: 1\nexercises: {greet: {run: \"cat SECRET\"}}\n")]
fn a_build_cannot_read_what_is_not_its_own(#[case] file: &str, #[case] text: &str) {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    let secret = scene.course.path().join("secret.txt");
    scene.course.write("in/greet/Cargo.toml", MANIFEST);
    let place = if file == "submission.yaml" { format!("in/{file}") } else { format!("in/greet/{file}") };
    scene.course.write(&place, &text.replace("SECRET", &secret.to_string_lossy()));
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["points"], 0, "{exercise:#}");
    scene.assert_untouched();
}

#[rstest]
#[case::a_toolchain_of_its_own(
    "build: \"true\", run: \"sleep 1\"",
    &[("rust-toolchain.toml", "[toolchain]\npath = \"COURSE/in/tc\"\n"),
      ("tc/bin/rustc", "#!/bin/sh\ncat COURSE/secret.txt > COURSE/report.json\n"),
      ("tc/bin/cargo", "#!/bin/sh\ncat COURSE/secret.txt > COURSE/report.json\n")],
)]
#[case::files_named_in_a_first_line(
    "build: \"cp s t && chmod +x t\", run: \"./t\"",
    &[("s", "#!/usr/bin/env -S python3 -c print(open('COURSE/secret.txt').read()) COURSE/secret.txt\n")],
)]
#[case::its_folder_replaced_by_a_link(
    "build: \"mv /dev/shm/src /dev/shm/other && ln -s COURSE /dev/shm/src\", run: \"cat secret.txt\"",
    &[],
)]
#[case::a_name_like_one_of_pyenvs("build: \"true\", run: \"./pyenv/shims/x\"", &[("pyenv/shims/x", "#!/bin/sh\n")])]
fn a_recipe_reads_nothing_that_is_not_its_own(#[case] recipe: &str, #[case] files: &[(&str, &str)]) {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    hand_in_recipe(&scene, recipe, files);
    for program in ["in/tc/bin/rustc", "in/tc/bin/cargo"].map(|name| scene.course.path().join(name)) {
        if program.exists() {
            fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
        }
    }
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["points"], 0, "{exercise:#}");
    scene.assert_untouched();
}

#[test]
fn a_build_of_many_processes_is_bounded_in_the_sum_of_their_memory() {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    let sheet = fs::read_to_string(scene.course.path().join("course.yaml")).unwrap();
    scene.course.write("course.yaml", &sheet.replace("resident_mib: 128", "resident_mib: 128, build_mib: 256"));
    hand_in_recipe(&scene, "build: \"python3 attack.py\", run: x", &[("attack.py", &fixture("build_memory.py"))]);
    let exercise = scene.grade_sealed();
    let message = exercise["message"].as_str().unwrap();
    let told = "the build was ended: its processes together held more than 256 MiB of memory";
    assert_eq!(message, format!("$ python3 attack.py\n\n{told}"));
    scene.assert_untouched();
}

/// Hands in a `submission.yaml` with this recipe, and files of these names.
fn hand_in_recipe(scene: &Scene, recipe: &str, files: &[(&str, &str)]) {
    let course = scene.course.path().display().to_string();
    let text = format!("format_version: 1\nexercises:\n  greet: {{{recipe}}}\n").replace("COURSE", &course);
    scene.course.write("in/submission.yaml", &text);
    for (name, text) in files {
        scene.course.write(&format!("in/{name}"), &text.replace("COURSE", &course));
    }
}

#[test]
fn links_in_a_submission_lead_nowhere() {
    let scene = Scene::new();
    scene.hand_in("read");
    let link = scene.course.path().join("in/read.py");
    fs::remove_file(&link).unwrap();
    symlink(scene.course.path().join("secret.txt"), &link).unwrap();
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["points"], 0, "{exercise:#}");
    scene.assert_untouched();
}

#[test]
fn a_target_folder_that_is_handed_in_is_not_used() {
    let scene = Scene::new();
    scene.course.write("in/greet/Cargo.toml", MANIFEST);
    scene.course.write("in/greet/src/main.rs", "fn main() {}");
    scene.course.program("other", RIGHT);
    for folder in ["in/greet/target/debug", "in/target/debug"] {
        fs::create_dir_all(scene.course.path().join(folder)).unwrap();
        fs::copy(scene.course.path().join("other"), scene.course.path().join(folder).join("greet")).unwrap();
    }
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["points"], 0, "{exercise:#}");
}

#[test]
fn a_package_that_is_a_link_is_nobodys() {
    let scene = Scene::new();
    scene.course.write("in/nothing", "");
    symlink(scene.course.path().join("exercises/greet-more"), scene.course.path().join("in/greet")).unwrap();
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["points"], 0, "{exercise:#}");
}

#[rstest]
#[case::no_interpreter("printf '#!/no/such/interpreter\\\\n' > greet; chmod +x greet")]
#[case::nothing_in_it("printf '\\\\0\\\\0\\\\0\\\\0' > greet; chmod +x greet")]
fn what_cannot_be_executed_has_failed_and_not_stopped_the_check(#[case] build: &str) {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    hand_in_recipe(&scene, &format!("build: \"{build}\", run: ./greet"), &[]);
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["status"], "failed", "{exercise:#}");
    assert_eq!(exercise["points"], 0);
    scene.assert_untouched();
}

#[rstest]
#[case::too_long_for_a_command_line(&"a".repeat(140 << 10))]
#[case::nul("a\\0b")]
fn a_recipe_that_no_shell_can_be_given_fails_its_exercise_alone(#[case] build: &str) {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    hand_in_recipe(&scene, &format!("build: \"{build}\", run: ./greet"), &[]);
    assert_eq!(scene.grade_sealed()["status"], "build_failed");
}
