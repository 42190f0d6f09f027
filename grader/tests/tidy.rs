//! Holds the code to what `ARCHITECTURE.md` and `CONTRIBUTING.md` say about it.
#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file longer than this holds more than one idea, unless it says why.
const LONGEST: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true if path.file_name().is_some_and(|name| name == "target") => {}
            true => found.extend(files_below(&path, extension)),
            false if path.extension().is_some_and(|found| found == extension) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let folder = root().join("grader/src");
    let read = |path: PathBuf| (path.strip_prefix(&folder).unwrap().to_owned(), fs::read_to_string(&path).unwrap());
    files_below(&folder, "rs").into_iter().map(read).collect()
}

/// The part of a file that is not its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap().split("#[cfg(test)]\n#[").next().unwrap()
}

fn room(path: &Path) -> String {
    path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The table of rooms in `ARCHITECTURE.md`.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("grader/ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let uses = cells[2].split(',').map(|room| room.trim().to_owned()).filter(|room| !room.is_empty());
        (cells[0].trim().trim_matches('`').to_owned(), uses.collect())
    })
    .collect()
}

#[test]
fn rooms_use_only_the_rooms_that_the_architecture_allows() {
    let table = table();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room(&path);
        let Some(allowed) = table.get(&room).filter(|allowed| !allowed.contains("everything")) else { continue };
        for part in without_tests(&text).split("crate::").skip(1) {
            let used: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if used != room && !allowed.contains(&used) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_room_stands_in_the_table_and_every_row_is_a_room() {
    let rooms: BTreeSet<String> =
        sources().iter().map(|(path, _)| room(path)).filter(|room| !matches!(room.as_str(), "lib" | "main")).collect();
    assert_eq!(rooms, table().into_keys().collect());
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let silent: Vec<_> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| (path, without_tests(&text).lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn unsafe_code_stands_in_one_file_and_serde_yaml_in_another() {
    for (path, text) in sources() {
        let code = without_tests(&text)
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        assert!(!code.contains("unsafe {") || path == Path::new("cell/sys.rs"), "unsafe in {}", path.display());
        assert!(
            !code.contains("serde_yaml") || path == Path::new("course/yaml.rs"),
            "serde_yaml in {}",
            path.display()
        );
    }
}

#[test]
fn nothing_sleeps_and_nothing_is_left_to_do() {
    for (path, text) in sources() {
        let code = without_tests(&text);
        for word in ["thread::sleep", "TODO", "FIXME", "XXX", "dbg!("] {
            assert!(!code.contains(word), "{word} in {}", path.display());
        }
    }
}

#[test]
fn every_exercise_has_all_that_belongs_to_one() {
    let exercises = root().join("exercises");
    for entry in fs::read_dir(&exercises).unwrap().flatten().filter(|entry| entry.path().join("checks.yaml").exists()) {
        let id = entry.file_name().into_string().unwrap();
        for file in ["Cargo.toml", "README.md", "README.zh.md", "src/main.rs"] {
            assert!(entry.path().join(file).exists(), "exercises/{id}/{file} is missing");
        }
        assert!(root().join("reference").join(&id).join("src/main.rs").exists(), "reference/{id} is missing");
        assert!(root().join("fixtures/mutants").join(format!("{id}.yaml")).exists(), "mutants of {id} are missing");
    }
}

#[test]
fn the_readme_names_only_commands_that_exist() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let help = assert_cmd::cargo::cargo_bin_cmd!("grader").arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let used = readme.split("grader ").skip(1).filter(|rest| readme_command(rest).is_some());
    for command in used.filter_map(readme_command) {
        assert!(help.contains(&format!("\n  {command} ")), "the README names `grader {command}`");
    }
}

/// The command in text that stands behind `grader ` in code.
fn readme_command(rest: &str) -> Option<String> {
    let word: String = rest.chars().take_while(|c| c.is_ascii_lowercase()).collect();
    let ends = rest[word.len()..].starts_with(['`', ' ', '\n']);
    const COMMANDS: [&str; 14] = [
        "list",
        "check",
        "watch",
        "run",
        "hint",
        "explain",
        "solution",
        "reset",
        "selfcheck",
        "batch",
        "doctor",
        "schema",
        "completions",
        "man",
    ];
    (ends && COMMANDS.contains(&word.as_str())).then_some(word)
}
