//! The way from files to a course: reads all of them, and notes all that is wrong before anything is given up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::cause::CausesFile;
use super::check::ChecksFile;
use super::files::Unread;
use super::form;
use super::load::{Course, Exercise};
use super::locate::locate;
use super::model::{CourseFile, Entry, Limits, Module};
use super::path;
use super::problem::{LoadError, Problem};
use super::validate::catalogue::catalogue;
use super::validate::checks::checks;
use super::validate::finding::Finding;
use super::validate::sheet::{entries, points, sheet};
use super::validate::texts::{VERSION, is_id, wrong_version};
use super::yaml;

/// A course that is being read, and what was found wrong with it so far.
pub struct Loading<'a> {
    root: &'a Path,
    read: &'a dyn Fn(&Path) -> Result<String, Unread>,
    /// The files in the order in which they were asked for.
    files: Vec<PathBuf>,
    texts: BTreeMap<PathBuf, String>,
    problems: Vec<Problem>,
}

impl<'a> Loading<'a> {
    /// Nothing has been read yet. `read` gives the texts of files.
    pub fn new(root: &'a Path, read: &'a dyn Fn(&Path) -> Result<String, Unread>) -> Loading<'a> {
        Loading { root, read, files: Vec::new(), texts: BTreeMap::new(), problems: Vec::new() }
    }

    /// Reads everything, so that all that is wrong is known before anything is given up.
    pub fn course(mut self, course_yaml: &Path) -> Result<Course, LoadError> {
        let causes_yaml = self.root.join("exercises").join("causes.yaml");
        let file: Option<CourseFile> = self.whole_file(course_yaml, "say where the course is with `--course PATH`");
        let causes: Option<CausesFile> = self.whole_file(&causes_yaml, "a course keeps its catalogue of causes there");
        self.look(course_yaml, file.as_ref().map(sheet).unwrap_or_default());
        self.look(&causes_yaml, causes.as_ref().map(catalogue).unwrap_or_default());
        let codes = causes.as_ref().map(|causes| causes.causes.keys().cloned().collect::<BTreeSet<_>>());
        let mut exercises = Vec::new();
        for place in file.iter().flat_map(places) {
            exercises.extend(self.exercise(course_yaml, &place, codes.as_ref()));
        }
        match (file, causes) {
            (Some(file), Some(causes)) if self.problems.is_empty() => {
                let root = if self.root.as_os_str().is_empty() { Path::new(".") } else { self.root };
                Ok(Course { root: root.to_owned(), file, causes, exercises })
            }
            _ => Err(self.failed()),
        }
    }

    /// Everything that was noted, file by file from top to bottom.
    fn failed(self) -> LoadError {
        let Loading { files, texts, mut problems, .. } = self;
        let place = |problem: &Problem| {
            let file = files.iter().position(|file| *file == problem.file);
            (file, problem.span.as_ref().map(|span| span.start))
        };
        problems.sort_by_key(place);
        LoadError::new(problems, texts)
    }

    fn read(&mut self, file: &Path) -> Result<String, Unread> {
        self.files.push(file.to_owned());
        (self.read)(file)
    }

    fn exercise(&mut self, course_yaml: &Path, place: &Place, codes: Option<&BTreeSet<String>>) -> Option<Exercise> {
        let Place { entry, module, limits, path } = place;
        if !is_id(&entry.id) {
            // Reported with the sheet; and no path may be made of it.
            return None;
        }
        let folder = self.root.join("exercises").join(&entry.id);
        let checks_yaml = folder.join("checks.yaml");
        let text = match self.read(&checks_yaml) {
            Ok(text) => text,
            Err(why) => {
                let said = format!("cannot read the checks of `{}`: {}", entry.id, why.said());
                let finding = Finding::at(&path.key("id"), said).label(checks_yaml.display().to_string());
                self.look(course_yaml, vec![finding.help("write that file, or drop the exercise")]);
                return None;
            }
        };
        let file: ChecksFile = self.form(&checks_yaml, text)?;
        self.look(&checks_yaml, checks(&file, codes));
        self.look(course_yaml, points(entry, path, &file));
        Some(Exercise {
            id: entry.id.clone(),
            module: module.id.clone(),
            title: entry.title.clone(),
            needs: entry.needs.clone(),
            limits: entry.limits.over(limits),
            points: entry.points.clone(),
            file,
            folder,
        })
    }

    /// A file that the course cannot do without.
    fn whole_file<T: DeserializeOwned>(&mut self, file: &Path, help: &str) -> Option<T> {
        match self.read(file) {
            Ok(text) => self.form(file, text),
            Err(why) => {
                self.problems.push(Problem::of_file(file, format!("cannot read this file: {}", why.said()), help));
                None
            }
        }
    }

    /// What `text` says; or the problem with its form is noted.
    fn form<T: DeserializeOwned>(&mut self, file: &Path, text: String) -> Option<T> {
        let parsed = yaml::parse(&text);
        let problem = parsed.as_ref().err().map(|error| form::problem(file, &text, error));
        self.texts.insert(file.to_owned(), text);
        match problem.map(|problem| (self.other_version(file), problem)) {
            None => {}
            // A newer form has keys that are not known here: its version says more than they do.
            Some((Some(version), _)) => self.look(file, vec![wrong_version(version)]),
            Some((None, problem)) => self.problems.push(problem),
        }
        parsed.ok()
    }

    /// The version of a file, if it says one that is not ours.
    fn other_version(&self, file: &Path) -> Option<u32> {
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let version: Version = yaml::parse(self.texts.get(file)?).ok()?;
        (version.format_version != VERSION).then_some(version.format_version)
    }

    /// Notes findings about a file that was read.
    fn look(&mut self, file: &Path, findings: Vec<Finding>) {
        let text = self.texts.get(file).map(String::as_str).unwrap_or_default();
        self.problems.extend(findings.into_iter().map(|finding| problem(file, text, finding)));
    }
}

/// An exercise in the score sheet.
struct Place<'a> {
    entry: &'a Entry,
    module: &'a Module,
    limits: &'a Limits,
    path: path::Path,
}

fn places(file: &CourseFile) -> impl Iterator<Item = Place<'_>> {
    let modules = file.modules.iter().flat_map(|module| module.exercises.iter().map(move |_| module));
    entries(file).zip(modules).map(|((entry, path), module)| Place { entry, module, limits: &file.limits, path })
}

fn problem(file: &Path, text: &str, finding: Finding) -> Problem {
    let Finding { path, target, message, label, help } = finding;
    // What is not written (a default) is missing at the nearest thing that is.
    let span = path.upwards().find_map(|path| locate(text, &path, target)).map(|place| place.span);
    Problem { file: file.to_owned(), span, message, label, help }
}
