//! The small course with a secret beside it, and what attacks it: programs are handed in, graded, and nothing is to be
//! left of them.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::small::{Course, RIGHT};

/// What nobody may read.
pub const SECRET: &str = "the answer to everything";

/// What grades the program that was handed in.
pub const GRADE: [&str; 6] = ["check", "greet", "--submission", "in", "--format", "json"];

/// Where every user finds an interpreter: one in root's home could only be run as root.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A manifest of the package `greet`.
pub const MANIFEST: &str = "[package]\nname = \"greet\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

/// A course, a secret beside it, and the machine's own servers, which no program may reach.
pub struct Scene {
    pub course: Course,
    pub tcp: TcpListener,
    pub udp: UdpSocket,
    abstract_unix: UnixListener,
    unix: UnixListener,
    mounts: usize,
}

impl Scene {
    pub fn new() -> Scene {
        // Small ones are reached long before the deadline, however busy the machine.
        Scene::with_limits("deadline_ms: 20000, resident_mib: 128, disk_mib: 16, processes: 64, descriptors: 64")
    }

    pub fn with_limits(limits: &str) -> Scene {
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
    pub fn hand_in(&self, attack: &str) {
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
            self.course.write(&format!("in/{file}"), &fixture(&file));
        }
        self.course.write("in/target.json", &target.to_string());
        // An option that means nothing to the interpreter: whatever the program forks has it on its command line, too.
        let run = format!("python3 -X {} {attack}.py {words}", self.course.marker());
        let recipe = format!("format_version: 1\nexercises:\n  greet: {{run: \"{run}\"}}\n");
        self.course.write("in/submission.yaml", &recipe);
    }

    /// Hands in the program that greets and attacks nobody.
    pub fn hand_in_right(&self) {
        self.hand_in("greet");
        self.course.write("in/greet.py", &format!("{}\n\nserve()\n", fixture("greet.py")));
    }

    /// Grades what was handed in.
    pub fn grade(&self, words: &[&str]) -> Value {
        let mut grader = self.course.grader(&[&GRADE, words].concat());
        if words.contains(&"guarded") {
            grader.env("PATH", PATH);
        }
        report(&grader.output().unwrap())["exercises"][0].clone()
    }

    /// The same in a sealed cell.
    pub fn grade_sealed(&self) -> Value {
        let exercise = self.grade(&["--isolation", "sealed"]);
        assert!(!exercise.to_string().contains(SECRET), "the secret got out");
        exercise
    }

    /// Nothing was gained, nobody was reached, and nothing is left.
    pub fn assert_untouched(&self) {
        assert_eq!(fs::read_to_string(self.course.path().join("secret.txt")).unwrap(), SECRET);
        assert!(!self.course.path().join("report.json").exists());
        assert_eq!(self.tcp.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "reached by TCP");
        assert_eq!(self.udp.recv(&mut [0; 64]).unwrap_err().kind(), ErrorKind::WouldBlock, "reached by UDP");
        assert_eq!(self.unix.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "reached by a Unix socket");
        let reached = self.abstract_unix.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(reached, Err(ErrorKind::WouldBlock), "reached by an abstract Unix socket");
        self.assert_no_process_is_left();
        assert!(mounts() <= self.mounts, "mounts are left");
    }

    /// The command lines of all processes that name anything of this course.
    pub fn processes(&self) -> Vec<String> {
        let own = std::process::id().to_string();
        let processes = fs::read_dir("/proc").unwrap().flatten().filter(|entry| entry.file_name() != *own);
        let line = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("cmdline")).ok();
        processes.filter_map(line).filter(|line| line.contains(self.course.marker())).collect()
    }

    pub fn assert_no_process_is_left(&self) {
        assert_eq!(self.processes(), Vec::<String>::new(), "processes are left");
    }
}

/// What a grader has said in JSON.
pub fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/hostile")
}

/// The text of a program or a build that attacks.
pub fn fixture(file: &str) -> String {
    fs::read_to_string(fixtures().join(file)).unwrap()
}

fn mounts() -> usize {
    fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count()
}

/// True if this machine has no such tier; said so, since the test then shows nothing.
pub fn lacks(tier: &str) -> bool {
    let lacks = !works(tier);
    if lacks {
        eprintln!("skipped: this machine has no {tier} tier:\n{}", doctor());
    }
    lacks
}

/// True if the grader's doctor finds that it works here.
pub fn works(what: &str) -> bool {
    doctor().lines().any(|line| line.starts_with(what) && line.contains("works"))
}

fn doctor() -> String {
    let output = assert_cmd::cargo::cargo_bin_cmd!("grader").arg("doctor").output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
