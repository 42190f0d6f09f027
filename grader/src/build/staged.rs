//! Rust packages by students: each is copied, put below a workspace of its own, and built alone. So a broken manifest
//! costs nobody else anything, and the compiler's messages read `<exercise>/src/main.rs:3:5`.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::build::binary::{forget, keep, turn};
use crate::build::cargo::Build;
use crate::build::stage::{Copied, MOST, StageError, copy_package};
use crate::build::{BuildError, Built, Programs, Progress};
use crate::text::bytes::hex;

/// Where the packages of one source are copied to and built: no source can touch what belongs to another.
struct Place {
    stage: PathBuf,
    target: PathBuf,
    kept: PathBuf,
    cache: PathBuf,
    lock: PathBuf,
}

impl Place {
    fn new(source: &Path, cache: &Path) -> Place {
        let digest = hex(&Sha256::digest(source.as_os_str().as_encoded_bytes())[..8]);
        Place {
            stage: cache.join("stage").join(&digest),
            target: cache.join("build").join(&digest),
            kept: cache.join("bin").join(&digest),
            cache: cache.to_owned(),
            lock: source.join("Cargo.lock"),
        }
    }
}

/// Builds `packages` (exercise and folder), which all lie in `source`.
pub fn build(
    source: &Path,
    packages: Vec<(&str, PathBuf)>,
    cache: &Path,
    progress: Progress<'_>,
) -> Result<Programs, BuildError> {
    let source = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    let place = Place::new(&source, cache);
    let _turn = turn(&place.stage)?;
    let mut programs = Programs::new();
    for (id, package) in packages {
        progress(&[id]);
        programs.insert(id.to_owned(), build_one(&place, id, &package)?);
    }
    Ok(programs)
}

fn build_one(place: &Place, id: &str, package: &Path) -> Result<Built, BuildError> {
    let workspace = place.stage.join(id);
    let copy = workspace.join(id);
    let copied = match copy_package(package, &copy, MOST) {
        Ok(copied) => copied,
        Err(StageError::Build(error)) => return Err(error),
        Err(fault) => return Ok(Built::Failed(fault.to_string())),
    };
    let manifest = write_workspace(&workspace, &copy, id)?;
    copy_lock(&place.lock, &workspace)?;
    forget(&place.target, id)?;
    let what = vec!["--package", id, "--bin", id];
    let build = Build { manifest: &manifest, cwd: &place.cache, target: &place.target, what };
    match build.run()? {
        Ok(()) => keep(&place.target, id, &place.kept, is_untouched(&copy)),
        Err(output) => Ok(Built::Failed(explain(output, &copied))),
    }
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

/// Takes the source's lock file over when it is newer than ours. Cargo drops from ours what this package does not need.
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

fn explain(output: String, copied: &Copied) -> String {
    let skipped =
        copied.skipped.iter().map(|path| format!("\nnot copied, because it is no plain file: {}", path.display()));
    [output].into_iter().chain(skipped).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"echo\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

    /// A folder of packages with a cache beside it, built by the real cargo.
    struct Source(tempfile::TempDir);

    impl Source {
        fn new() -> Source {
            Source(tempfile::tempdir().unwrap())
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.path().join("source").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn build(&self, ids: &[&str]) -> Programs {
            let source = self.0.path().join("source");
            let packages = ids.iter().map(|id| (*id, source.join(id))).collect();
            build(&source, packages, &self.0.path().join("cache"), &mut |_| {}).unwrap()
        }
    }

    fn says(built: &Built) -> String {
        match built {
            Built::Ready { program, .. } => loop {
                // While the file was copied, another test may have forked and still holds it open for writing.
                match std::process::Command::new(&program.argv[0]).output() {
                    Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {}
                    output => break String::from_utf8(output.unwrap().stdout).unwrap(),
                }
            },
            Built::Failed(why) => format!("failed: {why}"),
        }
    }

    #[test]
    fn a_package_is_built_again_exactly_when_it_changes_and_breaks_alone() {
        let source = Source::new();
        source.write("echo/Cargo.toml", MANIFEST);
        source.write("echo/src/main.rs", "fn main() { println!(\"one\") }");
        source.write("broken/Cargo.toml", "this is no manifest");
        let programs = source.build(&["broken", "echo"]);
        assert_eq!(says(&programs["echo"]), "one\n");
        assert!(matches!(&programs["broken"], Built::Failed(why) if why.contains("broken/Cargo.toml")), "{programs:?}");
        assert_eq!(source.build(&["echo"])["echo"], programs["echo"], "nothing changed");

        source.write("echo/src/main.rs", "fn main() { println!(\"two\") }");
        assert_eq!(says(&source.build(&["echo"])["echo"]), "two\n");
        assert_eq!(says(&programs["echo"]), "one\n", "the older program is still there");

        source.write("echo/src/main.rs", "fn main() {\n    let x: u8 = \"\";\n}");
        let failed = says(&source.build(&["echo"])["echo"]);
        assert!(failed.contains("echo/src/main.rs:2:17"), "{failed}");
    }

    #[test]
    fn a_package_with_a_workspace_or_a_configuration_of_its_own_builds() {
        let source = Source::new();
        source.write("echo/Cargo.toml", &format!("{MANIFEST}[workspace]\n"));
        source.write("echo/src/main.rs", "fn main() { println!(\"one\") }");
        source.write("echo/.cargo/config.toml", "[build]\ntarget = \"no-such-target\"\n");
        assert_eq!(says(&source.build(&["echo"])["echo"]), "one\n");
    }

    #[test]
    fn a_program_with_another_name_is_not_found_and_a_missing_package_is_named() {
        let source = Source::new();
        source.write("echo/Cargo.toml", &MANIFEST.replace("echo", "other"));
        source.write("echo/src/main.rs", "fn main() {}");
        let programs = source.build(&["echo", "nowhere"]);
        assert!(says(&programs["echo"]).starts_with("failed: "), "{programs:?}");
        assert!(says(&programs["nowhere"]).starts_with("failed: there is no package at "), "{programs:?}");
    }

    #[test]
    fn a_skeleton_is_known_by_its_todo() {
        let source = Source::new();
        let untouched = |text: &str| {
            source.write("echo/src/main.rs", text);
            is_untouched(&source.0.path().join("source/echo"))
        };
        assert!(untouched("fn main() {\n    todo!(\"accept a client\")\n}"));
        assert!(!untouched("fn main() {\n    // todo!(\"accept a client\")\n}"));
    }
}
