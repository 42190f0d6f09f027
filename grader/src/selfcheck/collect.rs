//! Finds all fixtures of a course, makes programs of them, and writes beside each what is claimed of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::claim::Claim;
use super::make::{self, Other, Sources};
use super::spec::{self, Dummy, Mutant};
use super::{Progress, Proof};
use crate::build::{self, BuildError, Built, Program, Source};
use crate::course::load::{Course, Exercise};
use crate::event::Tier;
use crate::interrupt::Interrupt;
use crate::run::error::RunError;
use crate::run::grade::Subject;
use crate::run::plan::Planned;

/// A program with what is claimed of it.
pub struct Fixture<'c> {
    /// What a person calls it: `mutant tcp-echo/one-read (one read is taken for one message)`.
    pub label: String,
    /// The program and its checks.
    pub subject: Subject<'c>,
    /// What must become of it.
    pub claim: Claim,
}

/// All fixtures of the exercises `only`, or of all. What cannot be made is noted in `proof`.
pub fn collect<'c>(
    course: &'c Course,
    only: &[String],
    tier: Tier,
    interrupt: &Interrupt,
    proof: &mut Proof,
    tell: &mut dyn FnMut(Progress),
) -> Result<Vec<Fixture<'c>>, RunError> {
    let cache = course.root.join("target/grader/selfcheck");
    fs::create_dir_all(&cache)?;
    let kept = course.root.join("target/grader");
    let shipped = build::Terms::new(&course.root, &kept, tier, interrupt);
    let mut fixtures = Vec::new();
    let selected = course.exercises.iter().filter(|exercise| only.is_empty() || only.contains(&exercise.id));
    for exercise in selected {
        if interrupt.is_set() {
            break;
        }
        tell(Progress::Building(exercise.id.clone()));
        let mut of_one = Collector {
            course,
            exercise,
            shipped: &shipped,
            interrupt,
            cache: &cache,
            proof: &mut *proof,
            fixtures: &mut fixtures,
        };
        of_one.shipped(&Source::Reference, "reference", &Claim::PassesAll)?;
        of_one.shipped(&Source::Exercises, "skeleton", &Claim::PassesOnly(BTreeSet::new()))?;
        of_one.mutants_and_right()?;
        of_one.dummies()?;
    }
    Ok(fixtures)
}

struct Collector<'c, 'p> {
    course: &'c Course,
    exercise: &'c Exercise,
    /// How references and skeletons are built.
    shipped: &'p build::Terms<'p>,
    interrupt: &'p Interrupt,
    cache: &'p Path,
    proof: &'p mut Proof,
    fixtures: &'p mut Vec<Fixture<'c>>,
}

impl Collector<'_, '_> {
    fn label(&self, kind: &str, name: &str) -> String {
        format!("{kind} {}/{name}", self.exercise.id)
    }

    fn add(&mut self, label: String, program: Program, claim: Claim) {
        let planned = Planned { exercise: self.exercise, checks: self.exercise.file.checks.iter().collect() };
        self.fixtures.push(Fixture { label, subject: Subject { planned, program }, claim });
    }

    fn wrong(&mut self, label: &str, why: &str) {
        self.proof.problems.push(format!("{label}: {why}"));
    }

    /// The reference or the skeleton.
    fn shipped(&mut self, source: &Source, label: &str, claim: &Claim) -> Result<(), BuildError> {
        let mut built = build::build(self.shipped, source, &[self.exercise], &mut |_| {})?;
        let label = format!("{label} {}", self.exercise.id);
        match built.remove(&self.exercise.id) {
            Some(Built::Ready { program, .. }) => self.add(label, program, claim.clone()),
            Some(Built::Failed(output)) => self.wrong(&label, &format!("does not build:\n{output}")),
            None => self.wrong(&label, "is missing"),
        }
        Ok(())
    }

    fn mutants_and_right(&mut self) -> Result<(), BuildError> {
        let mut sources = Sources::default();
        let mut claims = Vec::new();
        let right = self.right_files();
        if right.len() < 3 {
            let label = self.exercise.id.clone();
            self.wrong(&label, &format!("has {} right programs, not three", right.len()));
        }
        for path in right {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.one_right(&name, &path, &mut sources, &mut claims)?;
        }
        for mutant in self.mutants() {
            self.proof.mutants += 1;
            self.one_mutant(&mutant, &mut sources, &mut claims)?;
        }
        let made = make::rust(&self.course.root, self.cache, &self.exercise.id, &sources, self.interrupt)?;
        for (name, label, claim) in claims {
            match made.get(&name) {
                Some(Ok(program)) => self.add(label, program.clone(), claim),
                Some(Err(output)) => self.wrong(&label, &format!("does not build:\n{output}")),
                None => self.wrong(&label, "was not built"),
            }
        }
        Ok(())
    }

    fn right_files(&self) -> Vec<PathBuf> {
        let folder = self.course.root.join("fixtures/right").join(&self.exercise.id);
        let mut files: Vec<PathBuf> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        files
    }

    fn one_right(
        &mut self,
        name: &str,
        path: &Path,
        sources: &mut Sources,
        claims: &mut Claims,
    ) -> Result<(), BuildError> {
        let label = self.label("right", name);
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).map_err(BuildError::io("cannot read", path))?;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let program = format!("{}-right-{stem}", self.exercise.id);
            sources.programs.insert(program.clone(), text);
            claims.push((program, label, Claim::PassesAll));
            return Ok(());
        }
        self.not_rust(&label, path, Claim::PassesAll)
    }

    fn not_rust(&mut self, label: &str, path: &Path, claim: Claim) -> Result<(), BuildError> {
        match make::other(self.cache, path)? {
            Other::Program(program) => self.add(label.to_owned(), program, claim),
            Other::Missing(what) => self.proof.skipped.push(format!("{label}: {what} is not installed")),
            Other::Broken(why) => self.wrong(label, &why),
        }
        Ok(())
    }

    fn mutants(&mut self) -> Vec<Mutant> {
        let path = self.course.root.join("fixtures/mutants").join(format!("{}.yaml", self.exercise.id));
        spec::read(&path).unwrap_or_else(|error| {
            self.proof.problems.push(error);
            Vec::new()
        })
    }

    fn one_mutant(&mut self, mutant: &Mutant, sources: &mut Sources, claims: &mut Claims) -> Result<(), BuildError> {
        let label = format!("{} ({})", self.label("mutant", &mutant.id), mutant.why);
        let claim = Claim::Fells(mutant.fells.clone());
        if let Some(program) = &mutant.program {
            return match self.program_of(mutant, &self.course.root.join(program))? {
                Ok(path) => self.not_rust(&label, &path, claim),
                Err(why) => {
                    self.wrong(&label, &why);
                    Ok(())
                }
            };
        }
        let path = self.course.root.join("reference").join(&self.exercise.id).join("src/main.rs");
        let reference = fs::read_to_string(&path).map_err(BuildError::io("cannot read", &path))?;
        match mutant.apply(&reference) {
            Ok(text) => {
                let program = format!("{}-mutant-{}", self.exercise.id, mutant.id);
                match sources.programs.insert(program.clone(), text) {
                    Some(_) => self.wrong(&label, "there are two mutants of this name"),
                    None => claims.push((program, label, claim)),
                }
            }
            Err(why) => self.wrong(&label, &why),
        }
        Ok(())
    }

    /// The program that a mutant names, with its changes; `Err` says what is wrong with them.
    fn program_of(&self, mutant: &Mutant, path: &Path) -> Result<Result<PathBuf, String>, BuildError> {
        if mutant.all_edits().is_empty() {
            return Ok(Ok(path.to_owned()));
        }
        let source = fs::read_to_string(path).map_err(BuildError::io("cannot read", path))?;
        let name = format!("{}.{}", mutant.id, path.extension().unwrap_or_default().to_string_lossy());
        let changed = self.cache.join("changed").join(&self.exercise.id).join(name);
        match mutant.apply(&source) {
            Ok(text) => make::write(&changed, &text).map(|()| Ok(changed)),
            Err(why) => Ok(Err(why)),
        }
    }

    fn dummies(&mut self) -> Result<(), BuildError> {
        let folder = self.course.root.join("fixtures/dummies");
        let dummies = spec::read::<Dummy>(&self.course.root.join("fixtures/dummies.yaml")).unwrap_or_else(|error| {
            self.proof.problems.push(error);
            Vec::new()
        });
        for dummy in dummies {
            let label = format!("{} ({})", self.label("dummy", &dummy.program.to_string_lossy()), dummy.why);
            let earns = dummy.earns.get(&self.exercise.id).cloned().unwrap_or_default();
            let claim = Claim::PassesOnly(earns.into_iter().collect());
            self.not_rust(&label, &folder.join(&dummy.program), claim)?;
        }
        Ok(())
    }
}

/// Name of the program, label, claim.
type Claims = Vec<(String, String, Claim)>;
