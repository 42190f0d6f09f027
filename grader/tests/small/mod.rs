//! A small course in a folder of its own, and the real binary in it.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use tempfile::TempDir;

/// Greets every client with `hi\n`.
pub const RIGHT: &str = r#"
use std::{env, io::Write, net::TcpListener};
fn main() {
    let args: Vec<String> = env::args().collect();
    let listener = TcpListener::bind((args[1].as_str(), args[2].parse().unwrap())).unwrap();
    for client in listener.incoming() {
        let _ = client.unwrap().write_all(b"hi\n");
    }
}
"#;

pub const CHECKS: &str = r#"
format_version: 1
program: {args: ["{ip}", "{port}"]}
checks:
  - id: greeting
    title: {en: "A greeting", zh: "问候"}
    what: {en: "A client is greeted.", zh: "客户端得到问候。"}
    steps:
      - start: {}
      - connect: {as: c}
      - recv: {from: c, bytes: "hi\n"}
  - id: again
    title: {en: "Another greeting", zh: "再次问候"}
    what: {en: "The next client is greeted, too.", zh: "下一个客户端也得到问候。"}
    needs: [greeting]
    steps:
      - start: {}
      - repeat:
          times: 2
          steps:
            - connect: {as: "c{i}"}
            - recv: {from: "c{i}", bytes: "hi\n"}
"#;

pub const CAUSES: &str = r#"
format_version: 1
rules: [{cause: DIFFERENT}]
causes:
  DIFFERENT:
    message: {en: "Something else came: {actual}", zh: "来的是别的：{actual}"}
    hints: {en: [first, second, third], zh: [一, 二, 三]}
"#;

/// A course in a folder of its own, with the exercises `greet` and `greet-more`.
pub struct Course(pub TempDir);

impl Course {
    pub fn new(greet: &str) -> Course {
        let course = Course(tempfile::tempdir().unwrap());
        let entry = |id: &str| {
            format!(
                "      - id: {id}\n        title: {{en: \"{id}!\", zh: \"练习 {id}\"}}\n        points: {{greeting: 2, again: 1}}\n"
            )
        };
        let entries = format!("{}{}", entry("greet"), entry("greet-more"));
        course.write(
            "course.yaml",
            &format!(
                "format_version: 1\ncourse: small\ntitle: {{en: \"A small course\", zh: \"小课程\"}}\nmodules:\n  - id: one\n    \
                 title: {{en: \"Module one\", zh: \"模块一\"}}\n    exercises:\n{entries}"
            ),
        );
        course.write("exercises/causes.yaml", CAUSES);
        course.exercise("greet", greet);
        course.exercise("greet-more", RIGHT);
        course
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A text that is in every path of the course and nowhere else.
    pub fn marker(&self) -> &str {
        self.path().file_name().and_then(|name| name.to_str()).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn exercise(&self, id: &str, source: &str) {
        let manifest = format!("[package]\nname = \"{id}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        self.write(&format!("exercises/{id}/Cargo.toml"), &manifest);
        self.write(&format!("exercises/{id}/src/main.rs"), source);
        self.write(&format!("exercises/{id}/checks.yaml"), CHECKS);
        self.write(&format!("reference/{id}/src/main.rs"), RIGHT);
    }

    /// The grader, about to be started in the course's folder.
    pub fn grader(&self, words: &[&str]) -> assert_cmd::Command {
        let mut command = cargo_bin_cmd!("grader");
        command.current_dir(self.path()).args(words);
        for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "CLICOLOR_FORCE", "GITHUB_WORKSPACE"] {
            command.env_remove(name);
        }
        command
    }

    /// `grader check` with a fixed seed.
    pub fn check(&self, words: &[&str]) -> assert_cmd::Command {
        self.grader(&[&["check", "--seed", "1"], words].concat())
    }

    pub fn json(&self, words: &[&str]) -> Value {
        let output = self.check(&[words, &["--format", "json"]].concat()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Compiles `source` to a program in the course's folder.
    pub fn program(&self, name: &str, source: &str) {
        let (main, program) = (self.path().join(name).with_extension("rs"), self.path().join(name));
        fs::write(&main, source).unwrap();
        let rustc = Command::new("rustc").arg("--edition=2024").arg(&main).arg("-o").arg(&program).status().unwrap();
        assert!(rustc.success());
    }
}
