//! A folder with a `submission.yaml`: programs in any language, handed in as a whole. It says how each exercise's
//! program is built and started:
//!
//! ```yaml
//! format_version: 1
//! exercises:
//!   tcp-echo: {build: "cc -O1 -o echo echo.c", run: "./echo"}
//! ```
//!
//! Whatever is wrong in it is the submission's fault and costs the exercise, never the run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::build::process::{Ended, run};
use crate::build::resolve::Places;
use crate::build::{BuildError, Built, Programs, Progress, exec};
use crate::course::yaml;

/// The file's name.
pub const FILE: &str = "submission.yaml";

/// What a `submission.yaml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The version of this file's form; 1 is the only one.
    pub format_version: u32,
    /// The exercises that are handed in.
    pub exercises: BTreeMap<String, Recipe>,
}

/// How one exercise's program comes to run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What a shell does first, in the submission's folder.
    #[serde(default)]
    pub build: Option<String>,
    /// How the program is started there; the contract's arguments are appended.
    pub run: String,
}

/// Builds the programs `ids` of the submission in `folder`.
pub fn build(folder: &Path, ids: &[&str], progress: Progress<'_>) -> Result<Programs, BuildError> {
    let submission = read(&folder.join(FILE));
    let mut programs = Programs::new();
    for id in ids {
        progress(&[id]);
        let recipe = match &submission {
            Ok(submission) => submission.exercises.get(*id).ok_or_else(|| format!("{FILE} does not name {id}")),
            Err(why) => Err(why.clone()),
        };
        let built = match recipe {
            Ok(recipe) => build_one(folder, recipe)?,
            Err(why) => Built::Failed(why),
        };
        programs.insert((*id).to_owned(), built);
    }
    Ok(programs)
}

fn read(path: &Path) -> Result<Submission, String> {
    let metadata = path.symlink_metadata().map_err(|error| format!("{FILE}: {error}"))?;
    if !metadata.is_file() || metadata.len() > yaml::MOST_BYTES as u64 {
        return Err(format!("{FILE}: not a plain file of at most {} KiB", yaml::MOST_BYTES >> 10));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("{FILE}: {error}"))?;
    let submission: Submission = yaml::parse(&text).map_err(|error| format!("{FILE}: {error}"))?;
    match submission.format_version {
        1 => Ok(submission),
        other => Err(format!("{FILE}: format_version is {other}, and 1 is the only one")),
    }
}

fn build_one(folder: &Path, recipe: &Recipe) -> Result<Built, BuildError> {
    if let Some(script) = &recipe.build {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).current_dir(folder);
        match run(&mut shell).map_err(BuildError::io("cannot build in", folder))? {
            Ended::Well(_) => {}
            Ended::Badly(output) => return Ok(Built::Failed(format!("$ {script}\n{output}"))),
            Ended::Killed(signal) => return Err(BuildError::Killed(signal)),
        }
    }
    Ok(match exec::program(&recipe.run, folder, &Places::of_this_process()) {
        Ok(program) => Built::Ready { program, untouched: false },
        Err(why) => Built::Failed(format!("run: {why}")),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn handed_in(text: &str, id: &str) -> Built {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), text).unwrap();
        build(folder.path(), &[id], &mut |_| {}).unwrap().remove(id).unwrap()
    }

    fn why(built: Built) -> String {
        match built {
            Built::Failed(why) => why,
            Built::Ready { program, .. } => format!("ready: {:?}", program.argv),
        }
    }

    #[test]
    fn a_program_is_built_by_its_recipe_and_found_in_the_folder() {
        let recipe = "printf '#!/bin/sh\\n' > echo && chmod +x echo";
        let text = format!(
            "format_version: 1\nexercises:\n  a:\n    build: \"{}\"\n    run: ./echo -v\n",
            recipe.replace('\\', "\\\\")
        );
        let Built::Ready { program, untouched } = handed_in(&text, "a") else { unreachable!("{text}") };
        assert!(program.argv[0].ends_with("/echo") && program.argv[1] == "-v", "{program:?}");
        assert!(program.visible.contains(&program.cwd) && !untouched);
    }

    #[test]
    fn a_recipe_that_fails_shows_what_it_printed() {
        let text = "format_version: 1\nexercises:\n  a: {build: \"echo no luck; exit 1\", run: x}\n";
        assert_eq!(why(handed_in(text, "a")), "$ echo no luck; exit 1\nno luck");
    }

    #[test]
    fn what_is_wrong_in_the_file_costs_the_exercise() {
        let one = "format_version: 1\nexercises:\n  a: {run: ./nothing}\n";
        assert!(why(handed_in(one, "a")).starts_with("run: no program `./nothing`"));
        assert_eq!(why(handed_in(one, "b")), "submission.yaml does not name b");
        assert!(why(handed_in(&one.replace("1", "2"), "a")).contains("format_version is 2"));
        let typo = why(handed_in("format_version: 1\nexercises:\n  a: {rum: x}\n", "a"));
        assert!(typo.contains("rum") && typo.contains("line 3"), "{typo}");
    }
}
