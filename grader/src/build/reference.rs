//! The reference programs: packages of the course's own workspace, all built by one call.

use std::path::{Path, PathBuf};

use crate::build::cargo::Build;
use crate::build::disk::unless_full;
use crate::build::take::{self, TakeError};
use crate::build::turn::turn;
use crate::build::{BuildError, Built, Program, Programs, Progress, Terms};

/// Builds the reference programs `ids` of a course.
pub fn build(terms: &Terms, ids: &[&str], progress: Progress<'_>) -> Result<Programs, BuildError> {
    let place = Place { terms, target: terms.cache.join("reference"), kept: terms.cache.join("bin").join("reference") };
    let _turn = turn(&place.target, terms.interrupt)?;
    progress(ids);
    let together = place.build(ids)?;
    let mut programs = Programs::new();
    for id in ids {
        // Where several fail together, each is tried alone, to tell whose fault it is.
        let built = match &together {
            Ok(()) => Ok(()),
            Err(_) if ids.len() > 1 => place.build(&[id])?,
            Err(output) => Err(output.clone()),
        };
        let built = match built {
            Ok(()) => place.take(id)?,
            Err(output) => Built::Failed(output),
        };
        programs.insert((*id).to_owned(), built);
    }
    Ok(programs)
}

struct Place<'a> {
    terms: &'a Terms<'a>,
    target: PathBuf,
    kept: PathBuf,
}

impl Place<'_> {
    fn build(&self, ids: &[&str]) -> Result<Result<(), String>, BuildError> {
        let forget = |id: &&str| take::forget(&self.target, &made(id));
        ids.iter().try_for_each(forget).map_err(BuildError::io("cannot clean", &self.target))?;
        let what = ids.iter().flat_map(|id| ["--package", id]).collect();
        let Terms { course, interrupt, .. } = *self.terms;
        let manifest = course.join("Cargo.toml");
        match (Build { manifest: &manifest, cwd: course, target: &self.target, what, interrupt }).run()? {
            Ok(()) => Ok(Ok(())),
            Err(output) => unless_full(&self.target, output).map(Err),
        }
    }

    fn take(&self, id: &str) -> Result<Built, BuildError> {
        match take::program(&self.target, &made(id), &self.kept, take::by_time) {
            Ok(program) => Ok(Built::Ready { program: Program::in_folder(&program), untouched: false }),
            Err(TakeError::Theirs(why)) => Ok(Built::Failed(why)),
            Err(TakeError::Ours(why)) => Err(BuildError::Cell(why)),
        }
    }
}

fn made(id: &str) -> PathBuf {
    Path::new("debug").join(id)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use std::fs;

    use super::*;
    use crate::event::Tier;
    use crate::interrupt::Interrupt;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn one_reference_that_does_not_build_leaves_the_others_alone() {
        let course = tempfile::tempdir().unwrap();
        let root = course.path();
        write(root, "Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"reference/*\"]\n");
        for (id, main) in [("good", "fn main() {}"), ("bad", "fn main() { x }")] {
            let manifest = format!("[package]\nname = \"{id}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
            write(root, &format!("reference/{id}/Cargo.toml"), &manifest);
            write(root, &format!("reference/{id}/src/main.rs"), main);
        }
        let mut asked = Vec::new();
        let cache = root.join("cache");
        let interrupt = Interrupt::default();
        let terms = Terms::new(root, &cache, Tier::Basic, &interrupt);
        let programs = build(&terms, &["good", "bad"], &mut |ids| asked.push(ids.join(" "))).unwrap();
        assert!(matches!(programs["good"], Built::Ready { .. }), "{programs:?}");
        assert!(matches!(&programs["bad"], Built::Failed(why) if why.contains("reference/bad/src/main.rs:1:13")));
        assert_eq!(asked, ["good bad"]);
        let again = build(&terms, &["good"], &mut |_| {}).unwrap();
        assert_eq!(again["good"], programs["good"], "a build that changes nothing gives the same program");
    }
}
