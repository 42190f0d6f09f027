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
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::build::confined::job::{Job, Report, Take};
use crate::build::keep::keep_made;
use crate::build::resolve::Places;
use crate::build::stage::{Copied, MOST, StageError, copy_package};
use crate::build::turn::turn;
use crate::build::{BuildError, Built, Programs, Progress, Terms, confined, exec};
use crate::course::load::Exercise;
use crate::course::model::Limits;
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
    /// What a shell does first, in a copy of the submission's folder.
    #[serde(default)]
    pub build: Option<String>,
    /// How the program is started there; the contract's arguments are appended.
    pub run: String,
}

/// Builds the programs of `exercises` in the submission in `folder`, each in a copy of its own.
pub fn build(
    folder: &Path,
    exercises: &[&Exercise],
    terms: &Terms,
    progress: Progress<'_>,
) -> Result<Programs, BuildError> {
    let place = Place::new(folder, terms);
    let _turn = turn(&place.kept, terms.interrupt)?;
    let mut submission = read(&folder.join(FILE));
    let copied = match copy_package(folder, &place.stage, MOST) {
        Ok(copied) => copied,
        Err(StageError::Build(error)) => return Err(error),
        Err(fault) => {
            submission = Err(fault.to_string());
            Copied::default()
        }
    };
    let mut programs = Programs::new();
    for exercise in exercises {
        let id = exercise.id.as_str();
        progress(&[id]);
        let recipe = match &submission {
            Ok(submission) => submission.exercises.get(id).ok_or_else(|| format!("{FILE} does not name {id}")),
            Err(why) => Err(why.clone()),
        };
        let built = match recipe {
            Ok(recipe) => match build_one(&place, exercise, recipe, terms)? {
                Built::Failed(output) => Built::Failed(output + &copied.note()),
                built => built,
            },
            Err(why) => Built::Failed(why),
        };
        programs.insert(id.to_owned(), built);
    }
    Ok(programs)
}

/// Where a submission is copied to, built, and kept.
struct Place {
    stage: PathBuf,
    work: PathBuf,
    kept: PathBuf,
}

impl Place {
    fn new(folder: &Path, terms: &Terms) -> Place {
        let at = |name: &str| terms.folder(name, folder);
        Place { stage: at("stage"), work: at("work"), kept: at("bin") }
    }
}

fn read(path: &Path) -> Result<Submission, String> {
    let metadata = path.symlink_metadata().map_err(|error| format!("{FILE}: {error}"))?;
    if !metadata.is_file() || metadata.len() > yaml::MOST_BYTES as u64 {
        return Err(format!("{FILE}: not a plain file of at most {} KiB", yaml::MOST_BYTES >> 10));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("{FILE}: {error}"))?;
    let submission: Submission = yaml::parse(&text).map_err(|error| format!("{FILE}: {error}"))?;
    // No command line can hold it.
    let has_nul = |recipe: &Recipe| recipe.build.iter().chain([&recipe.run]).any(|command| command.contains('\0'));
    if let Some((id, _)) = submission.exercises.iter().find(|(_, recipe)| has_nul(recipe)) {
        return Err(format!("{FILE}: a command of {id} has a NUL byte in it"));
    }
    match submission.format_version {
        1 => Ok(submission),
        other => Err(format!("{FILE}: format_version is {other}, and 1 is the only one")),
    }
}

fn build_one(place: &Place, exercise: &Exercise, recipe: &Recipe, terms: &Terms) -> Result<Built, BuildError> {
    let folder = place.kept.join(&exercise.id);
    let made = match &recipe.build {
        Some(script) => confined::job::run(&job(place, script, &folder, terms, &exercise.limits)?, terms.interrupt)?,
        None => match keep_made(&place.stage, &folder) {
            Ok(kept) => Report::Made(kept),
            Err(StageError::Build(error)) => return Err(error),
            Err(fault) => Report::Failed(fault.to_string()),
        },
    };
    Ok(match made {
        Report::Made(folder) => match exec::program(&recipe.run, &folder, &Places::for_submissions(&folder)) {
            Ok(program) => Built::Ready { program, untouched: false },
            Err(why) => Built::Failed(format!("run: {why}")),
        },
        Report::Failed(output) => Built::Failed(format!("$ {}\n{output}", recipe.build.as_deref().unwrap_or_default())),
        Report::Void(why) => return Err(BuildError::Cell(why)),
    })
}

fn job(place: &Place, script: &str, to: &Path, terms: &Terms, limits: &Limits) -> Result<Job, BuildError> {
    let work = confined::job::work(terms.tier, &place.work)?;
    // Behind rustup's stand-ins, which want a home; there may be no Rust at all.
    let toolchain = terms.toolchain().ok();
    let mut path: Vec<PathBuf> = toolchain.iter().map(|toolchain| toolchain.root.join("bin")).collect();
    let mut visible: Vec<PathBuf> = toolchain.iter().map(|toolchain| toolchain.root.clone()).collect();
    let places = Places::of_this_process();
    visible.extend(places.path.iter().filter_map(|folder| places.tools(folder)));
    path.extend(places.path);
    let path = path.iter().map(|folder| folder.to_string_lossy()).collect::<Vec<_>>().join(":");
    Ok(Job {
        tier: terms.tier,
        // One stream, so that output and errors stay in their order.
        argv: ["/bin/sh", "-c", &format!("exec 2>&1\n{script}")].map(str::to_owned).into(),
        env: vec![format!("PATH={path}"), "LANG=C.UTF-8".into()],
        cwd: work.join("src"),
        visible,
        source: place.stage.clone(),
        keep: None,
        seconds: limits.build_s,
        mib: limits.build_mib,
        take: Take::Folder { to: to.to_owned() },
        work,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), text).unwrap();
        read(&folder.path().join(FILE)).unwrap_err()
    }

    #[test]
    fn what_is_wrong_in_the_file_is_named() {
        let one = "format_version: 1\nexercises:\n  a: {run: ./nothing}\n";
        assert!(refused(&one.replace("1", "2")).contains("format_version is 2"));
        let typo = refused(&one.replace("run", "rum"));
        assert!(typo.contains("rum") && typo.contains("line 3"), "{typo}");
    }
}
