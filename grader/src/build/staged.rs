//! Rust packages by students: each is copied, put below a workspace of its own, and built alone. So a broken manifest
//! costs nobody else anything, and the compiler's messages read `<exercise>/src/main.rs:3:5`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::build::confined::job::{Job, Report, Take};
use crate::build::disk::unless_full;
use crate::build::stage::{Copied, MOST, StageError, copy_package};
use crate::build::toolchain::{Toolchain, packages};
use crate::build::turn::turn;
use crate::build::{BuildError, Built, Program, Programs, Progress, Terms, confined};
use crate::course::load::Exercise;
use crate::event::Tier;

/// Where the packages of one source are copied to and built: no source can touch what belongs to another.
pub struct Place {
    /// Copies of the packages. Nothing that is built can write here.
    stage: PathBuf,
    /// What cargo keeps from build to build, if anything.
    target: Option<PathBuf>,
    /// The folder that a build works in where it has no private one.
    work: PathBuf,
    kept: PathBuf,
    lock: PathBuf,
}

impl Place {
    /// The place of `source`. Sources that are not ours get no folder on the disk: they might fill it.
    fn new(source: &Path, terms: &Terms, own: bool) -> Place {
        let at = |name: &str| terms.folder(name, source);
        // The user of the cell owns what was made in it, and that is not the same in every tier.
        let target = at(terms.tier.name());
        Place {
            stage: at("stage"),
            target: own.then_some(target),
            work: at("work"),
            kept: at("bin"),
            lock: terms.course.join("exercises/Cargo.lock"),
        }
    }
}

/// Builds `packages` (exercise and folder), which all lie in `source`; they are the learner's `own` or a submission's.
pub fn build(
    source: &Path,
    packages: Vec<(&Exercise, PathBuf)>,
    terms: &Terms,
    own: bool,
    progress: Progress<'_>,
) -> Result<Programs, BuildError> {
    let source = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    let place = Place::new(&source, terms, own);
    let _turn = turn(&place.stage, terms.interrupt)?;
    let crates = Crates { toolchain: terms.toolchain()?, packages: course_packages(terms)? };
    let mut programs = Programs::new();
    for (exercise, package) in packages {
        progress(&[&exercise.id]);
        programs.insert(exercise.id.clone(), build_one(&place, terms, &crates, exercise, &package)?);
    }
    Ok(programs)
}

/// What builds are given to read.
struct Crates<'t> {
    toolchain: &'t Toolchain,
    /// The course's packages, or why they could not be had.
    packages: Result<PathBuf, String>,
}

fn course_packages(terms: &Terms) -> Result<Result<PathBuf, String>, BuildError> {
    let workspace = terms.course.join("exercises");
    match workspace.join("Cargo.toml").exists() {
        true => packages(&workspace, terms.cache, terms.interrupt),
        false => Ok(Err(format!("there is no {}", workspace.join("Cargo.toml").display()))),
    }
}

fn build_one(
    place: &Place,
    terms: &Terms,
    crates: &Crates,
    exercise: &Exercise,
    package: &Path,
) -> Result<Built, BuildError> {
    let id = exercise.id.as_str();
    let workspace = place.stage.join(id);
    let copy = workspace.join(id);
    let copied = match copy_package(package, &copy, MOST) {
        Ok(copied) => copied,
        Err(StageError::Build(error)) => return Err(error),
        Err(fault) => return Ok(Built::Failed(fault.to_string())),
    };
    let manifest = write_workspace(&workspace, &copy, id)?;
    copy_lock(&place.lock, &workspace)?;
    let job = job(place, terms.tier, crates, exercise, &manifest)?;
    Ok(match confined::job::run(&job, terms.interrupt)? {
        Report::Made(program) => Built::Ready { program: Program::in_folder(&program), untouched: is_untouched(&copy) },
        Report::Failed(output) => {
            let output = place.target.iter().try_fold(output, |output, target| unless_full(target, output))?;
            Built::Failed(explain(output, &copied, crates))
        }
        Report::Void(why) => return Err(BuildError::Cell(why)),
    })
}

fn job(place: &Place, tier: Tier, crates: &Crates, exercise: &Exercise, manifest: &Path) -> Result<Job, BuildError> {
    let id = exercise.id.as_str();
    let workspace = place.stage.join(id);
    let work = confined::job::work(tier, &place.work)?;
    let target = place.target.clone().unwrap_or_else(|| work.join("target"));
    if place.target.is_some() {
        fs::create_dir_all(&target).map_err(BuildError::io("cannot make", &target))?;
        if tier == Tier::Sealed {
            // What a build leaves here, a setuid program perhaps, nobody else may reach.
            let above = target.parent().unwrap_or(&target);
            fs::set_permissions(above, Permissions::from_mode(0o700)).map_err(BuildError::io("cannot close", above))?;
        }
    }
    let bin = crates.toolchain.root.join("bin");
    let manifest = work.join("src").join(manifest.strip_prefix(&workspace).unwrap_or(manifest));
    let mut argv: Vec<String> =
        [bin.join("cargo").display().to_string(), "build".into(), "--quiet".into(), "--offline".into()].into();
    argv.extend(["--manifest-path".into(), manifest.display().to_string()]);
    argv.extend(["--package", id, "--bin", id].map(str::to_owned));
    if let Ok(packages) = &crates.packages {
        let source = "source.crates-io.replace-with='course'";
        argv.extend(["--config".into(), source.into(), "--config".into()]);
        argv.push(format!("source.course.directory='{}'", packages.display()));
    }
    let mut visible = vec![crates.toolchain.root.clone()];
    visible.extend(crates.packages.iter().cloned());
    Ok(Job {
        tier,
        argv,
        env: vec![
            format!("PATH={}:/usr/local/bin:/usr/bin:/bin", bin.display()),
            format!("CARGO_HOME={}", work.join("cargo").display()),
            format!("CARGO_TARGET_DIR={}", target.display()),
            "CARGO_TERM_COLOR=never".into(),
            "LANG=C.UTF-8".into(),
        ],
        // Cargo looks for its configuration here and above, and so never in a student's folder.
        cwd: work.clone(),
        visible,
        source: workspace,
        keep: place.target.clone(),
        seconds: exercise.limits.build_s,
        mib: exercise.limits.build_mib,
        take: Take::File { from: target, path: Path::new("debug").join(id), to: place.kept.clone() },
        work,
    })
}

/// The manifest to build: that of a workspace around the package, unless the package is a workspace itself.
fn write_workspace(workspace: &Path, copy: &Path, id: &str) -> Result<PathBuf, BuildError> {
    let own = fs::read_to_string(copy.join("Cargo.toml")).unwrap_or_default();
    let manifest = workspace.join("Cargo.toml");
    if own.lines().any(|line| line.trim_start().starts_with("[workspace")) {
        let _ = fs::remove_file(&manifest);
        return Ok(copy.join("Cargo.toml"));
    }
    let text = format!("[workspace]\nresolver = \"3\"\nmembers = [\"{id}\"]\n");
    if fs::read_to_string(&manifest).ok().as_ref() != Some(&text) {
        fs::write(&manifest, text).map_err(BuildError::io("cannot write", &manifest))?;
    }
    Ok(manifest)
}

/// Takes the course's lock file over when it is newer than ours. Cargo drops from ours what this package does not need.
fn copy_lock(lock: &Path, workspace: &Path) -> Result<(), BuildError> {
    let ours = workspace.join("Cargo.lock");
    let time = |path: &Path| path.symlink_metadata().ok().filter(|found| found.is_file())?.modified().ok();
    match (time(lock), time(&ours)) {
        (None, _) => Ok(()),
        (Some(theirs), Some(ours)) if theirs <= ours => Ok(()),
        (Some(_), _) => fs::copy(lock, &ours).map(drop).map_err(BuildError::io("cannot copy", lock)),
    }
}

/// The source still holds a `todo!(` outside of whole-line comments.
fn is_untouched(copy: &Path) -> bool {
    let main = fs::read(copy.join("src/main.rs")).unwrap_or_default();
    let main = String::from_utf8_lossy(&main);
    main.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("todo!("))
}

/// What is to be read about a build that failed.
fn explain(output: String, copied: &Copied, crates: &Crates) -> String {
    // Cargo says this where a package is not at hand; why it is not, only we know.
    let wanted = crates.packages.as_ref().err().filter(|_| output.contains("--offline"));
    let missing = wanted.map(|why| format!("\nthe course's packages could not be fetched:\n{why}"));
    [output, copied.note()].into_iter().chain(missing).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn a_skeleton_is_known_by_its_todo() {
        let copy = tempfile::tempdir().unwrap();
        fs::create_dir(copy.path().join("src")).unwrap();
        let untouched = |text: &str| {
            fs::write(copy.path().join("src/main.rs"), text).unwrap();
            is_untouched(copy.path())
        };
        assert!(untouched("fn main() {\n    todo!(\"accept a client\")\n}"));
        assert!(!untouched("fn main() {\n    // todo!(\"accept a client\")\n}"));
    }
}
