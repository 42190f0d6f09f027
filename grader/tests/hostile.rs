//! Programs and builds that attack: nothing is gained, nobody else is touched, and nothing is left.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod small;

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::{Value, json};
use small::{Course, RIGHT};

/// What nobody may read.
const SECRET: &str = "the answer to everything";

/// A course, a secret beside it, and the machine's own servers, which no program may reach.
struct Scene {
    course: Course,
    tcp: TcpListener,
    udp: UdpSocket,
    abstract_unix: UnixListener,
    unix: UnixListener,
    mounts: usize,
}

impl Scene {
    fn new() -> Scene {
        // Small ones are reached long before the deadline, however busy the machine.
        Scene::with_limits("deadline_ms: 20000, resident_mib: 128, disk_mib: 16, processes: 64, descriptors: 64")
    }

    fn with_limits(limits: &str) -> Scene {
        let course = Course::new(RIGHT);
        course.write("secret.txt", SECRET);
        let causes = fs::read_to_string(fixtures().join("../../exercises/causes.yaml")).unwrap();
        course.write("exercises/causes.yaml", &causes);
        let sheet = fs::read_to_string(course.path().join("course.yaml")).unwrap();
        course.write("course.yaml", &sheet.replace("modules:", &format!("limits: {{{limits}}}\nmodules:")));
        let name = SocketAddr::from_abstract_name(course.marker()).unwrap();
        let scene = Scene {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            abstract_unix: UnixListener::bind_addr(&name).unwrap(),
            unix: UnixListener::bind(course.path().join("socket")).unwrap(),
            mounts: mounts(),
            course,
        };
        scene.tcp.set_nonblocking(true).unwrap();
        scene.udp.set_nonblocking(true).unwrap();
        scene.abstract_unix.set_nonblocking(true).unwrap();
        scene.unix.set_nonblocking(true).unwrap();
        scene
    }

    /// Hands in the program `attack`, which may have words behind its name.
    fn hand_in(&self, attack: &str) {
        let (attack, words) = attack.split_once(' ').unwrap_or((attack, ""));
        let target = json!({
            "secret": self.course.path().join("secret.txt"),
            "tcp": self.tcp.local_addr().unwrap().port(),
            "udp": self.udp.local_addr().unwrap().port(),
            "abstract": self.course.marker(),
            "unix": self.course.path().join("socket"),
        });
        for name in [attack, "greet"] {
            let file = format!("{name}.py");
            self.course.write(&format!("in/{file}"), &fs::read_to_string(fixtures().join(&file)).unwrap());
        }
        self.course.write("in/target.json", &target.to_string());
        let recipe = format!("format_version: 1\nexercises:\n  greet: {{run: \"python3 {attack}.py {words}\"}}\n");
        self.course.write("in/submission.yaml", &recipe);
    }

    /// Grades what was handed in.
    fn grade(&self, words: &[&str]) -> Value {
        let words = [&["check", "greet", "--submission", "in", "--format", "json"], words].concat();
        let mut grader = self.course.grader(&words);
        if words.contains(&"guarded") {
            // An interpreter in root's home could only be run as root.
            grader.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        }
        let output = grader.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["exercises"][0].clone()
    }

    /// The same in a sealed cell.
    fn grade_sealed(&self) -> Value {
        let exercise = self.grade(&["--isolation", "sealed"]);
        assert!(!exercise.to_string().contains(SECRET), "the secret got out");
        exercise
    }

    /// Nothing was gained, nobody was reached, and nothing is left.
    fn assert_untouched(&self) {
        assert_eq!(fs::read_to_string(self.course.path().join("secret.txt")).unwrap(), SECRET);
        assert!(!self.course.path().join("report.json").exists());
        assert_eq!(self.tcp.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "reached by TCP");
        assert_eq!(self.udp.recv(&mut [0; 64]).unwrap_err().kind(), ErrorKind::WouldBlock, "reached by UDP");
        assert_eq!(self.unix.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "reached by a Unix socket");
        let reached = self.abstract_unix.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(reached, Err(ErrorKind::WouldBlock), "reached by an abstract Unix socket");
        assert_eq!(processes_with(self.course.marker()), Vec::<String>::new(), "processes are left");
        assert!(mounts() <= self.mounts, "mounts are left");
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/hostile")
}

fn mounts() -> usize {
    fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count()
}

/// The command lines of all processes that name `marker`.
fn processes_with(marker: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten().filter(|entry| entry.file_name() != *own);
    let line = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("cmdline")).ok();
    processes.filter_map(line).filter(|line| line.contains(marker)).collect()
}

/// True if this machine has no such tier; said so, since the test then shows nothing.
fn lacks(tier: &str) -> bool {
    let output = assert_cmd::cargo::cargo_bin_cmd!("grader").arg("doctor").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lacks = !text.lines().any(|line| line.starts_with(tier) && line.contains("works"));
    if lacks {
        eprintln!("skipped: this machine has no {tier} tier:\n{text}");
    }
    lacks
}

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
    let grader = scene.course.path().join("grader");
    fs::copy(assert_cmd::cargo::cargo_bin("grader"), &grader).unwrap();
    give_to(scene.course.path(), USER);
    let mut command = std::process::Command::new(grader);
    command.uid(USER).gid(USER).current_dir(scene.course.path()).env("HOME", scene.course.path());
    command.args(["check", "greet", "--submission", "in", "--format", "json", "--isolation", "sealed"]);
    let output = command.env("PATH", "/usr/local/bin:/usr/bin:/bin").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["exercises"][0]["status"], "passed", "{report:#}");
    scene.assert_untouched();
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
fn an_attack_on_a_guarded_cell_gains_nothing(#[values("write", "trace", "terminal", "daemon")] attack: &str) {
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
    #[values("read", "rights", "network", "kernel", "state", "pins")] attack: &str,
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
fn what_never_ends_by_itself_is_ended(#[values("spin", "stops")] attack: &str) {
    let scene = Scene::new();
    scene.hand_in(attack);
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["status"], "failed", "{exercise:#}");
    assert_eq!(exercise["points"], 0);
    scene.assert_untouched();
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

/// A package whose build script attacks.
fn hand_in_package(scene: &Scene) {
    let script = fs::read_to_string(fixtures().join("build.rs")).unwrap();
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
    .fold(script, |script, (name, value)| script.replace(name, &value));
    scene.course.write("in/greet/Cargo.toml", "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    scene.course.write("in/greet/build.rs", &filled);
    scene
        .course
        .write("in/greet/src/main.rs", &RIGHT.replace("fn main() {", "fn main() {\n    let _ = env!(\"BUILT\");"));
}

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
    scene.course.write("in/greet/Cargo.toml", "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let place = if file == "submission.yaml" { format!("in/{file}") } else { format!("in/greet/{file}") };
    scene.course.write(&place, &text.replace("SECRET", &secret.to_string_lossy()));
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["points"], 0, "{exercise:#}");
    scene.assert_untouched();
}

#[test]
fn links_in_a_submission_lead_nowhere() {
    let scene = Scene::new();
    scene.hand_in("read");
    let link = scene.course.path().join("in/read.py");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(scene.course.path().join("secret.txt"), &link).unwrap();
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["points"], 0, "{exercise:#}");
    scene.assert_untouched();
}

#[test]
fn a_target_folder_that_is_handed_in_is_not_used() {
    let scene = Scene::new();
    scene.course.write("in/greet/Cargo.toml", "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    scene.course.write("in/greet/src/main.rs", "fn main() {}");
    scene.course.program("other", RIGHT);
    for folder in ["in/greet/target/debug", "in/target/debug"] {
        fs::create_dir_all(scene.course.path().join(folder)).unwrap();
        fs::copy(scene.course.path().join("other"), scene.course.path().join(folder).join("greet")).unwrap();
    }
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["points"], 0, "{exercise:#}");
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
fn a_package_that_is_a_link_is_nobodys() {
    let scene = Scene::new();
    scene.course.write("in/nothing", "");
    std::os::unix::fs::symlink(scene.course.path().join("exercises/greet-more"), scene.course.path().join("in/greet"))
        .unwrap();
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["points"], 0, "{exercise:#}");
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

/// Gives the check `again` other steps.
fn with_steps(scene: &Scene, steps: &str) {
    let (kept, _) = small::CHECKS.split_once("  - id: again").unwrap();
    let words = "title: {en: Again, zh: 再次}, what: {en: Again., zh: 再次。}";
    scene.course.write("exercises/greet/checks.yaml", &format!("{kept}  - {{id: again, {words}, steps: [{steps}]}}\n"));
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
    scene.hand_in("greet");
    hand_in_recipe(&scene, "run: \"python3 serve.py\"", &[("serve.py", "import greet\ngreet.serve()\n")]);
    let exercise = scene.grade_sealed();
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
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
    fs::copy(assert_cmd::cargo::cargo_bin("grader"), &grader).unwrap();
    let mut command = std::process::Command::new(grader);
    if nix::unistd::Uid::effective().is_root() {
        give_to(scene.course.path(), USER);
        command.uid(USER).gid(USER);
    }
    command.current_dir(scene.course.path()).env("HOME", scene.course.path());
    command.args(["check", "greet", "--submission", "in", "--format", "json", "--isolation", tier]);
    let output = command.env("PATH", "/usr/local/bin:/usr/bin:/bin").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_build_of_many_processes_is_bounded_in_the_sum_of_their_memory() {
    if lacks("sealed") {
        return;
    }
    let scene = Scene::new();
    let sheet = fs::read_to_string(scene.course.path().join("course.yaml")).unwrap();
    scene.course.write("course.yaml", &sheet.replace("resident_mib: 128", "resident_mib: 128, build_mib: 256"));
    let attack = fs::read_to_string(fixtures().join("build_memory.py")).unwrap();
    hand_in_recipe(&scene, "build: \"python3 attack.py\", run: x", &[("attack.py", &attack)]);
    let exercise = scene.grade_sealed();
    let message = exercise["message"].as_str().unwrap();
    let told = "the build was ended: its processes together held more than 256 MiB of memory";
    assert_eq!(message, format!("$ python3 attack.py\n\n{told}"));
    scene.assert_untouched();
}

/// Hands in the program that greets and attacks nobody.
fn hand_in_right(scene: &Scene) {
    scene.hand_in("greet");
    let greet = fs::read_to_string(fixtures().join("greet.py")).unwrap();
    scene.course.write("in/greet.py", &format!("{greet}\n\nserve()\n"));
}

/// Grades what was handed in in `tier` as a root without `rights`.
fn grade_without(rights: &str, tier: &str, scene: &Scene) -> Value {
    let mut command = std::process::Command::new("setpriv");
    command.args(["--bounding-set", rights]).arg(assert_cmd::cargo::cargo_bin("grader"));
    command.args(["check", "greet", "--submission", "in", "--format", "json", "--isolation", tier]);
    // An interpreter in root's home could only be run as root.
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").current_dir(scene.course.path());
    let report: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    report["exercises"][0].clone()
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
    hand_in_right(&scene);
    let passed = grade_without(rights, tier, &scene);
    assert_eq!(passed["status"], "passed", "{passed:#}");
    scene.course.write("in/greet.py", "raise SystemExit(1)\n");
    let failed = grade_without(rights, tier, &scene);
    assert_eq!((&failed["status"], &failed["points"]), (&json!("failed"), &json!(0)), "{failed:#}");
}

#[rstest]
fn two_graders_at_once_do_not_disturb_each_other(#[values("sealed", "guarded", "basic")] tier: &str) {
    if lacks(tier) {
        return;
    }
    let scene = Scene::new();
    hand_in_right(&scene);
    let grade = || scene.grade(&["--isolation", tier, "--seed", "1"]);
    std::thread::scope(|scope| {
        let graders: Vec<_> = (0..4).map(|_| scope.spawn(grade)).collect();
        for exercise in graders.into_iter().map(|grader| grader.join().unwrap()) {
            assert_eq!(exercise["status"], "passed", "{exercise:#}");
        }
    });
    assert_eq!(processes_with(scene.course.marker()), Vec::<String>::new(), "processes are left");
}

#[test]
fn a_program_whose_first_thread_has_ended_is_as_good_as_any() {
    let scene = Scene::new();
    scene.hand_in("leader serve");
    let exercise = scene.grade(&[]);
    assert_eq!(exercise["status"], "passed", "{exercise:#}");
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
